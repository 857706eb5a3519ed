/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/media.h  Media calls: offers and answers in, relayed legs out
 *
 * A call (by Call-ID) has parties (by tag, and via-branch while the tag is
 * not known); each party has one media stream per m= line; each stream has a
 * pair of local ports, RTP and RTCP, which face that party. Two parties that
 * are joined relay to each other. Who drives this room (the ng protocol now,
 * Carom's own calls later) speaks of calls and tags only; legs are our affair.
 */
#ifndef CAROM_MEDIA_H
#define CAROM_MEDIA_H

#include <re.h>
#include "bridge/guard.h"
#include "fastpath/fastpath.h"
#include "store/store.h"

struct media; /* all calls of this node */
struct plane; /* plane/plane.h           */
struct media_call;

/** A named interface: where a party's ports are taken from */
struct media_iface_conf {
	const char *name;
	struct sa addr;       /**< local address                          */
	struct sa advertised; /**< written into SDPs; AF_UNSPEC: addr     */
	uint16_t port_min, port_max;
};

/** The TURN server that legs with ICE have candidates at */
struct media_turn_conf {
	struct sa server; /**< AF_UNSPEC: none                            */
	const char *username;
	const char *password; /**< of username; or instead:              */
	const char *secret;   /**< that passwords are made of, as are names
				   (username behind a time)             */
	const char
		*iface; /**< whose legs; NULL: the first one's of its family */
	uint32_t ready; /**< allocations that are kept ready            */
};

struct media_conf {
	const struct media_iface_conf *ifacev; /**< first one: default     */
	size_t ifacec;
	uint32_t timeout;        /**< s without a packet until a call goes  */
	uint32_t silent_timeout; /**< s, for calls whose media is on hold  */
	uint32_t final_timeout;  /**< s after which every call goes, 0 never */
	uint32_t offer_timeout;  /**< s for an offer that is never answered */
	uint32_t delete_delay;   /**< s, default for delete                 */
	uint32_t latch_window;   /**< ms                                    */
	uint32_t latch_grace;    /**< ms                                    */
	int dscp;                /**< -1: leave                             */
	uint32_t max_sessions;   /**< 0: none                               */
	uint32_t
		max_load; /**< %: of the processors, or a media worker; 0 any */
	uint32_t max_bandwidth; /**< kbit/s that come to all legs, 0: any    */
	uint32_t
		moh_max_duration; /**< s of music on hold, 0: any              */
	uint32_t
		moh_max_repeats; /**< times that it is played, 0: any         */
	uint32_t jitter_buffer;  /**< ms that packets which are decoded may be
				      held back, 0: they are not            */
	bool ice_full; /**< we make checks of our own: the full side of ICE  */
	struct media_turn_conf turn;
	bool ssrc_substitute; /**< receivers see one SSRC per stream     */
	const char *recording_dir;
	const char
		*dtls_file; /**< where our certificate is kept, NULL: nowhere */
	struct sa dtmf_log; /**< digits of all calls go there by UDP; AF_UNSPEC:
				   nowhere                              */
	const char *sound_dir;    /**< of what is played by a name without / */
	uint32_t workers;         /**< for who makes them: 0 one a processor */
	int sockets;              /**< the same: enum plane_mode            */
	uint32_t worker_priority; /**< the same: of SCHED_FIFO, 0 none */
	struct plane *plane;      /**< media workers, or NULL            */
};

enum media_rtcp_mux {
	RTCPMUX_DEFAULT = 0,
	RTCPMUX_OFFER,
	RTCPMUX_REQUIRE,
	RTCPMUX_DEMUX,
	RTCPMUX_ACCEPT,
	RTCPMUX_REJECT
};

/** Towards whom we are to be a lite agent (RFC 8445 2.5): who gets the offer, who made
 *  it, both, nobody */
enum media_ice_lite {
	ICE_LITE_UNSAID = 0,
	ICE_LITE_FORWARD,
	ICE_LITE_BACKWARD,
	ICE_LITE_BOTH,
	ICE_LITE_OFF
};

enum {
	MEDIA_CODECS_MAX = 32,
	MEDIA_ATTRS_MAX = 32,
	MEDIA_REMOVES_MAX = 8,
	MEDIA_PTIME_MIN = 10, /**< ms of a packet that can be made */
	MEDIA_PTIME_MAX = 60,
};

/** A sound, in one of these ways */
struct media_sound {
	struct pl file; /**< begins with "/", or is in the sound-dir    */
	struct pl
		id; /**< digits: a file of that name in by-id of the sound-dir */
	struct pl blob; /**< the bytes of a file, in base64              */
};

/** Music that a party's peer hears while the party holds it */
struct media_moh {
	bool on; /**< false: as before                                */
	struct media_sound sound;
	bool sendrecv; /**< who is held is told so; else sendonly        */
	bool zero;     /**< and has no address                           */
};

enum { MEDIA_TRIGGER_MAX = 16 };

/** Digits that change what becomes of digits */
struct media_trigger {
	struct pl begin; /**< digits; "": as before                      */
	struct pl end;   /**< digits behind them; "" none                */
	enum guard_mode on, off; /**< what they change it to             */
	uint32_t ms;             /**< until it is `off`, 0 no limit      */
	unsigned digits;         /**< the same in digits                 */
};

/** An edit of attributes that the driver wants of what goes out */
struct media_attr {
	enum { ATTR_ADD = 0, ATTR_REMOVE, ATTR_SUBSTITUTE } op;
	struct pl where; /**< "audio", ...; "" the session             */
	struct pl value; /**< behind "a="; what is named, see sdpx_attrs */
	struct pl with;  /**< ATTR_SUBSTITUTE: becomes this            */
};

enum { MEDIA_SUITES = 8 /**< that there are: enum srtpx_suite from 1 on */ };

/** Which suites of SRTP are offered and taken by a=crypto lines of ours; zeroed: as we like */
struct media_suites {
	uint32_t no, only;            /**< a bit for each: 1 << suite         */
	uint8_t orderv[MEDIA_SUITES]; /**< these first, in this order         */
	unsigned orderc;
	uint8_t preferv[MEDIA_SUITES]; /**< of those that a party offers, the
					  first of these, else its own first */
	unsigned preferc;
};

/** Who hears itself, of the two of an offer or answer; the other one is heard by nobody */
enum media_echo {
	MEDIA_ECHO_NONE = 0,  /**< as it was                              */
	MEDIA_ECHO_BLACKHOLE, /**< neither                                */
	MEDIA_ECHO_FORWARD,   /**< who gets it                            */
	MEDIA_ECHO_BACKWARDS, /**< who sends it                           */
	MEDIA_ECHO_BOTH,
};

/** What the driver asks of an offer or answer. Strings point into the request */
struct media_opts {
	struct pl call_id, from_tag, to_tag, via_branch;
	struct pl sdp;
	struct pl direction[2];  /**< interface names: from side, to side   */
	struct sa received_from; /**< SIP source address, AF_UNSPEC none   */
	struct sa media_address; /**< advertise this instead               */
	int address_family;      /**< of the SDP that comes out: AF_*, 0 keep */
	struct pl transport; /**< transport-protocol, must equal the SDP's */
	enum media_rtcp_mux rtcp_mux;
	bool rtcp_mux_accept, rtcp_mux_reject; /**< beside offer or require */
	bool trust_address, strict_source, asymmetric, port_latching;
	bool symmetric; /**< undoes asymmetric                    */
	bool replace_origin, replace_session_connection;
	bool replace_username, replace_session_name, replace_sdp_version;
	bool replace_zero_address;
	bool replace_origin_full; /**< o= stays the same, but for its version */
	bool force_version;       /**< o= version rises with each SDP         */
	bool generate_mid, strip_extmap;
	bool single_codec;   /**< of an answer, the first codec only     */
	bool bundle_offer;   /**< what goes out by DTLS is offered as a bundle
			      (RFC 9143)                              */
	bool bundle_require; /**< the same: all but the first bundle-only  */
	bool bundle_reject;  /**< a bundle that is offered is not taken    */
	bool ice_remove;     /**< what goes out has no ICE               */
	bool ice_reject;     /**< who offers it is answered without      */
	bool ice_force;      /**< we take part in ICE with both          */
	bool ice_optional;   /**< the same, where the offer has it       */
	enum media_ice_lite ice_lite; /**< UNSAID: as before, or configured   */
	bool trickle_ice;  /**< what goes out says that we can trickle    */
	bool osrtp_offer;  /**< keys are offered in RTP/AVP (RFC 8643)    */
	bool osrtp_accept; /**< and taken from who offers them so         */
	bool dtls_off;     /**< DTLS with us is neither offered nor taken */
	bool dtls_passive; /**< we are the server towards who offers, where it
				  leaves that to us                         */
	unsigned
		dtls_hash; /**< 1 + enum fp_hash of our fingerprint, 0: sha-256 */
	bool no_rtcp_attribute;
	bool record_call;
	struct media_trigger trigger; /**< of who makes the offer, or answers */
	struct guard
		guard; /**< of who makes the offer, or answers; off: as before */
	unsigned rec_formats; /**< MEDIA_REC_*, 0: as media_record() has it */
	bool detect_dtmf;     /**< digits are listened for, tones, too       */
	struct sa dtmf_log;   /**< where they are logged to, AF_UNSPEC: as
				  configured                           */
	int tos;              /**< TOS byte for this call, -1 default   */
	/** ms of the packets that the one who gets the offer is asked for and sent, and the
	 *  one who makes it; 0: as they say. MEDIA_PTIME_MIN to _MAX */
	uint32_t ptime, ptime_reverse;
	bool reuse_codecs; /**< codecs keep the order that they had         */
	struct media_suites suites; /**< of keys by a=crypto that are ours   */
	/** codec-mask is strip for the party that must not see it */
	struct pl strip[MEDIA_CODECS_MAX], mask[MEDIA_CODECS_MAX],
		offer[MEDIA_CODECS_MAX], except[MEDIA_CODECS_MAX];
	size_t stripc, maskc, offerc, exceptc;
	struct pl transcode
		[MEDIA_CODECS_MAX]; /**< offered beside what there is */
	size_t transcodec;
	struct pl accept[MEDIA_CODECS_MAX], /**< taken from who offers, even if
					       the other party refuses it  */
		consume[MEDIA_CODECS_MAX],  /**< the same, and not shown   */
		set[MEDIA_CODECS_MAX];      /**< how they are encoded       */
	size_t acceptc, consumec, setc;
	bool always_transcode; /**< accept all of them                     */
	bool t38_decode, t38_force, t38_stop; /**< see media/faxterms.h      */
	bool t38_no_ecm, t38_no_v17, t38_no_v27ter, t38_no_v29, t38_no_iaf;
	bool t38_fec; /**< UDPTL has parities instead of copies     */
	enum media_echo echo;
	/** kinds of media whose sections who gets the offer is not shown */
	struct pl removev[MEDIA_REMOVES_MAX];
	size_t removec;
	struct media_attr attrv[MEDIA_ATTRS_MAX];
	size_t attrc;
	struct pl metadata;   /**< goes into a recording's description  */
	struct media_moh moh; /**< of who makes the offer, or answers    */
};

/** Why something was refused: goes out as the reply's error-reason */
struct media_err {
	char msg[256];
};

/**
 * @param fp, net   Fast path; net may be NULL (tests)
 * @param store     Where calls are kept; NULL: nowhere
 *
 * Opens the media addresses on the fast path. Calls in the store are taken
 * over: their legs go on as they are.
 */
int media_alloc(struct media **mp, const struct media_conf *conf, struct fp *fp,
		struct fp_net *net, struct store *store, struct media_err *e);

/**
 * An offer (RFC 3264): new call, new branch, or re-offer by either party.
 *
 * @param out  Rewritten SDP is appended
 *
 * @return 0; EBADMSG bad SDP; ENOENT unknown interface; ENOSPC no port left;
 *         EDQUOT too many sessions; ENOTSUP asked for what we cannot do;
 *         EINVAL a key is missing. e says which
 */
int media_offer(struct media *m, const struct media_opts *o, struct mbuf *out,
		struct media_err *e);

/** An answer. ENOENT: no such call (or no offer to answer) */
int media_answer(struct media *m, const struct media_opts *o, struct mbuf *out,
		 struct media_err *e);

/**
 * Candidates of ICE that come after an offer or answer (RFC 8838), in a part of an SDP
 * (RFC 8840 9.2): of who sends the SDPs with this from-tag, of an answer with this to-tag.
 * Those of another a=ice-ufrag than the party's are left out
 *
 * @return 0; ENOENT no such call or party; EBADMSG bad SDP; EINVAL a key is missing
 */
int media_candidates(struct media *m, const struct media_opts *o, bool answer,
		     struct media_err *e);

/**
 * Delete a call or one branch of it
 *
 * @param delay  Seconds to go on relaying; -1 takes the configured default
 * @param out    Statistics of the call are added here, or NULL
 *
 * @return 0 or ENOENT
 */
int media_delete(struct media *m, const struct pl *call_id,
		 const struct pl *from_tag, const struct pl *to_tag,
		 const struct pl *via_branch, int delay, struct odict *out);

/** Everything known of a call, in the keys of rtpengine's `query` reply
 *  (created, last signal, tags, totals, SSRC), plus "carom" per stream */
int media_query(struct media *m, const struct pl *call_id,
		const struct pl *from_tag, const struct pl *to_tag,
		struct odict *out);

/** Call-IDs, at most limit, appended to the array `out` (string entries) */
int media_list(struct media *m, uint32_t limit, struct odict *out);

/** Totals, in the keys of rtpengine's `statistics` reply */
int media_statistics(struct media *m, struct odict *out);

/**
 * Figures of media workers, of all bridges and of calls, those that have ended too: the
 * array "figures" of objects with group ("workers", "bridges", "sessions"), key, label
 * (a reason; or not there), metric (Prometheus's name, base units), type, help, value,
 * and worker where it is of one. Samples of a metric follow one another
 *
 * @return 0, EINVAL, ENOMEM
 */
int media_figures(const struct media *m, struct odict *out);

/**
 * Opinion scores (G.107) of the stream of a local RTP port, 1.0 to 4.5; means
 *
 * @param slot  Of the port, in the leg table
 * @param in    Result: of what its party sends, where that is heard; 0 not known
 * @param out   Result: of what the party hears; 0 not known
 */
void media_leg_quality(const struct media *m, uint32_t slot, double *in,
		       double *out);

/** Which packets a command is about */
struct media_sel {
	struct pl call_id, from_tag, to_tag, via_branch;
	struct sa address; /**< select by media address, AF_UNSPEC none   */
	bool all;          /**< the whole call                            */
};

int media_block(struct media *m, const struct media_sel *sel, bool block,
		struct media_err *e);
/** What becomes of the digits that the selected dial, and which ones change that; NULL: as
 *  before. But for GUARD_DROP and GUARD_OFF the
 *  call goes to the agent, which decodes what can be. @return 0, ENOENT, ENOTSUP (no media
 *  workers, or only its parties can encrypt) */
int media_block_dtmf(struct media *m, const struct media_sel *sel,
		     const struct guard *guard,
		     const struct media_trigger *trigger, struct media_err *e);

/** What is played to the selected parties */
struct media_clip {
	struct media_sound sound;
	uint64_t start_ms; /**< where in it                              */
	unsigned times;    /**< that it is played, 0: without end        */
	uint64_t max_ms;   /**< that it is played in all, 0: any         */
};

/**
 * Play a file to parties, instead of what they would hear. Their legs are in the agent
 * until it is over
 *
 * @param duration  ms that the file takes
 *
 * @return 0; ENOENT (no such call, party or file, nobody has answered); ENOTSUP (its
 *         codec cannot be made, or only its parties can encrypt); what clip_open()
 *         says. e says which
 */
int media_play(struct media *m, const struct media_sel *sel,
	       const struct media_clip *what, uint64_t *duration,
	       struct media_err *e);
/** @param pos  ms in the file where the first of them was. @return 0, ENOENT */
int media_play_stop(struct media *m, const struct media_sel *sel, uint64_t *pos,
		    struct media_err *e);

/** What is dialled for the selected parties */
struct media_digit {
	uint8_t event;     /**< 0..15: 0 to 9, *, #, A to D (RFC 4733 3.2) */
	uint8_t volume;    /**< -dBm0, 0..63                               */
	unsigned ms;       /**< 1..10000                                   */
	unsigned pause_ms; /**< behind it, 0..10000                        */
};

/** Have their peers hear a digit, as if the selected had dialled it: as an event where
 *  the peer knows telephone-event, else as tones. Digits wait for those before.
 *  @return as media_play(); ENOSPC (too many wait) */
int media_play_dtmf(struct media *m, const struct media_sel *sel,
		    const struct media_digit *digit, struct media_err *e);

/**
 * The same of a digit in the body of a SIP INFO that one of the selected sent: who hears it
 * knows nothing of INFO
 *
 * @param type  Content-Type: application/dtmf-relay or application/dtmf
 *
 * @return as media_play_dtmf(); EBADMSG, ENOTSUP: no digit (media/dtmfinfo.h)
 */
int media_dtmf_info(struct media *m, const struct media_sel *sel,
		    const struct pl *type, const struct pl *body,
		    struct media_err *e);

/** A digit that a party dialled: by telephone-event, or by tones where these are listened
 *  for (media_opts.detect_dtmf, or what is transcoded) */
struct media_dialled {
	const char *call_id;
	const char *tag; /**< of who dialled it, NULL: not known yet     */
	struct media_digit digit; /**< without a pause                   */
	bool tone;
};

typedef void(media_dialled_h)(const struct media_dialled *d, void *arg);

/** Have the digits of all calls told when they are over, so that an INFO can be made of
 *  them (dtmfinfo_print()); NULL: no more. Calls of before tell when they are changed next */
void media_dialled_handler(struct media *m, media_dialled_h *h, void *arg);

/** RTCP that a party sent, or that was made for one, in the clear */
struct media_rtcp {
	const char *call_id;
	struct sa src, dst; /**< the other's, and ours: who sent it to whom */
	uint64_t time;      /**< us since 1970                           */
	const uint8_t *p;   /**< a compound packet                       */
	size_t n;
};

typedef void(media_rtcp_h)(const struct media_rtcp *r, void *arg);

/** Have the RTCP of all calls shown, as far as it can be read: what is encrypted from end
 *  to end can't; and what is made here. NULL: no more */
void media_rtcp_handler(struct media *m, media_rtcp_h *h, void *arg);

enum media_what {
	MEDIA_CREATED,  /**< by a first offer                              */
	MEDIA_ANSWERED, /**< for the first time                           */
	MEDIA_ENDED,
	MEDIA_DIALLED, /**< a digit, of a party whose digits are listened for */
	MEDIA_RECORDING, /**< began, goes on                             */
	MEDIA_RECORDED,  /**< stopped, paused                            */
};

/** Something happened to a call. Texts are the teller's */
struct media_news {
	enum media_what what;
	const char *call_id;
	const char *reason; /**< of an end; NULL                          */
	const char *tag;    /**< of who dialled; NULL                     */
	char digit;         /**< '0'..'9', '*', '#', 'A'..'D'               */
	unsigned ms;        /**< that it took                             */
};

typedef void(media_news_h)(const struct media_news *n, void *arg);

/** Have it told; NULL: no more. The handler changes nothing of the call */
void media_news_handler(struct media *m, media_news_h *h, void *arg);

/** What the selected say is silence for who hears it, or is heard again.
 *  @return as media_play() */
int media_silence(struct media *m, const struct media_sel *sel, bool on,
		  struct media_err *e);

enum media_rec { REC_START = 0, REC_STOP, REC_PAUSE };
/** Formats wanted of a recording; the first two when none is set */
#define MEDIA_REC_PCAP (1u << 0)
#define MEDIA_REC_WAV (1u << 1)
#define MEDIA_REC_OGG (1u << 2) /**< Opus in Ogg */

int media_record(struct media *m, const struct pl *call_id,
		 enum media_rec action, unsigned formats,
		 const struct pl *metadata, struct media_err *e);

uint32_t media_calls(const struct media *m);

#endif
