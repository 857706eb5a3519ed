/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/call.h  Calls, parties and streams, as the room's files see them
 *
 * Private to userspace/media. A call owns its parties, a party its streams;
 * nothing outside the call points at them but the tap index.
 */
#ifndef CAROM_MEDIA_CALL_H
#define CAROM_MEDIA_CALL_H

#include <re.h>
#include "bridge/bridge.h"
#include "media/media.h"
#include "media/ports.h"
#include "media/quality.h"
#include "media/record.h"
#include "media/rtcp.h"
#include "media/sdp.h"

enum {
	CALL_ID_MAX = 512, /**< bytes of a Call-ID        */
	TAG_MAX = 256,     /**< bytes of a tag or branch  */
	PARTY_MAX = 64,    /**< branches of one call      */
	GROUP_MID = 64,    /**< of an a=mid, with its NUL: a section with a
			      longer one is not bundled */
};

struct terms;
struct terms_edit;
struct agent;
struct handshake;
struct hello;
struct dtlsx_cert;
struct group_edit;
struct digitlog;
struct digits;
struct moh;
struct moh_edit;
struct note;
struct play;
struct relayport;
struct relays;
struct sounds;
struct trigger;

/* ---- interfaces (iface.c) ------------------------------------------- */

struct iface {
	char *name;
	struct sa addr;
	struct sa adv;       /* written into SDPs                        */
	struct ports *ports; /* shared by interfaces of the same address */
};

/** Figures of calls that have ended, and of refusals */
struct totals {
	uint64_t managed, rejected, timeout, silent, final, offer, regular;
	uint64_t forced, zeroway, oneway;
	uint64_t rejected_load, rejected_bandwidth;
	uint64_t transcoded; /* calls that were, since the start           */
	uint64_t rec_errors; /* writes of recordings that failed        */
	uint64_t packets, bytes, errors;
	double duration, duration2;
};

/** How busy the node was in the last second (load.c) */
struct load {
	uint64_t at;        /* ms: when it was looked at                */
	uint64_t busy, all; /* ticks of the processors                  */
	unsigned percent;   /* of their time that they were busy        */
	unsigned worker;    /* that would get the next call             */
	uint64_t worker_ns; /* its processor time                       */
	unsigned worker_percent;
	uint64_t workers_at; /* ns: when each worker was looked at       */
	uint64_t cpuv[PLANE_WORKERS_MAX]; /* ns that it had used then  */
	unsigned
		permillev[PLANE_WORKERS_MAX]; /* of a processor, since before */
	uint64_t bytes; /* that legs had got                        */
	uint64_t kbits; /* a second                                 */
};

struct media {
	struct media_conf conf; /* strings and ifacev not used: see below */
	char *recording_dir;
	char *dtls_file;
	struct iface *ifacev;
	size_t ifacec;
	struct fp *fp;
	struct fp_net *net;
	struct plane *plane;
	struct dtlsx_cert *cert; /* that we show: made when it is needed  */
	struct store *store;
	struct sounds *sounds;
	struct digitlog *digitlog;
	struct relays *relays;     /* NULL: no TURN server is configured    */
	media_dialled_h *dialledh; /* NULL: nobody is told */
	void *dialled_arg;
	media_rtcp_h *rtcph; /* NULL: nobody is shown any */
	void *rtcp_arg;
	media_news_h *newsh; /* NULL: nobody is told */
	void *news_arg;
	struct fp_tap *tap;
	struct hash *calls;  /* struct media_call by Call-ID             */
	struct hash *taps;   /* struct stream by its slots               */
	struct hash *locals; /* the same, of all that have ports         */
	struct list calll;   /* in the order of their creation           */
	uint32_t callc;
	struct tmr tmr;
	uint64_t started; /* ms                                       */
	struct totals tot;
	struct load load;
	struct bridge_stats
		bridged; /* of bridges that have ended, both sides */
};

/** Tell what happened to a call (news.c) */
void news_tell(const struct media_call *c, enum media_what what,
	       const char *reason);
void news_dialled(const struct media_call *c, const char *tag, char digit,
		  unsigned ms);

/** Copy the interfaces of the configuration and open them on the fast path */
int ifaces_init(struct media *m, const struct media_conf *conf,
		struct media_err *e);
void ifaces_close(struct media *m);

/**
 * Choose an interface
 *
 * @param name    As in `direction`; empty: the first one of the family
 * @param af      Wanted family; another one of that name if it has none
 *
 * @return NULL when no interface has that name
 */
struct iface *iface_find(struct media *m, const struct pl *name, int af);
struct iface *iface_by_addr(struct media *m, const struct sa *addr);

/* ---- what an SDP says of one m= line (desc.c) ----------------------- */

struct desc {
	bool known;  /* a section was seen                           */
	bool active; /* relayed: port is not 0, transport is UDP     */
	bool held;   /* address is 0.0.0.0 or ::                     */
	enum sdp_dir dir;
	enum leg_media media;
	struct sa remote; /* where its packets come from and go to        */
	struct sa rtcp;
	bool mux;      /* a=rtcp-mux                                   */
	bool credible; /* the address may be real: worth a latch grace */
	bool strict, any_src;
	bool filter; /* pt holds for the whole section               */
	uint32_t pt[4];
	int dtmf_pt;    /* -1 none                                      */
	uint32_t clock; /* Hz, 0 unknown                                */
	char type[16], proto[24];
};

/** Describe section sm, under the flags of the message it came in */
void desc_set(struct desc *d, const struct sdpx_media *sm,
	      const struct media_opts *o, const struct sa *local);

/** Does a section's transport use UDP, so that we relay it? */
bool desc_udp(const struct sdpx_media *sm);

/** Payload types of a section, those dropped excluded */
bool desc_pts(const struct sdpx_media *sm, const bool *drop, uint32_t pt[4],
	      int *dtmf_pt);

/** Is this an address that only means something in its own network? */
bool sa_private(const struct sa *sa);

/* ---- streams (stream.c, leg.c) -------------------------------------- */

/** What RFC 9143 calls a BUNDLE group, as one section of a party knows it */
struct grouped {
	bool offered;     /* it is in the group of the last offer     */
	bool only;        /* there as bundle-only                     */
	unsigned rank;    /* and behind how many others               */
	bool joined;      /* ports, keys and ICE are those of another */
	unsigned carrier; /* section                              */
	char mid[GROUP_MID];
	uint8_t mid_id; /* header extension with it, 0 none          */
	uint32_t ssrcv[BRIDGE_SSRCS]; /* that its party announces      */
	unsigned ssrcc;
};

struct stream {
	struct le le;
	struct le tap_lev[2]; /* in media.taps, by each slot            */
	struct le local_le;   /* in media.locals                          */
	struct party *party;
	unsigned idx;
	struct iface *iface; /* NULL: has no ports                       */
	struct sa local;     /* RTP; RTCP is the port after it           */
	uint32_t slot[2];    /* of the RTP and the RTCP port             */
	struct desc cur;     /* in force                                 */
	struct desc next;    /* offered, in force with the answer        */
	bool staged;         /* next holds                               */
	uint32_t sent[4];    /* payload types of the section sent to it  */
	uint32_t prev[4];    /* those welcome until the answer           */
	bool sent_filter;
	int sent_dtmf;
	bool mux_sent; /* the section sent to it had a=rtcp-mux    */
	bool mux;      /* agreed                                   */
	bool blocked;
	struct guard guard;      /* what becomes of digits that it dials     */
	bool rearm;              /* open the latch window at the next set    */
	bool leg_on[2];          /* RTP, RTCP leg is in the fast path        */
	struct sa leg_remote[2]; /* signalled remote it was set with     */
	uint32_t ssrc_out; /* that its packets go out with, if rewritten  */
	bool ssrc_keep;    /* they had it in the agent: they keep it       */
	bool leaving;      /* on the way back to the kernel                */
	struct rtcpx_party reports; /* what its RTCP says               */
	uint32_t heard_blocks;      /* of who hears it, when last looked at   */
	struct quality mos;         /* of what it sends, where it is heard    */
	struct quality mos_in, mos_out; /* where media ends here: up to us; from
					   us to it                      */
	struct quality_count counted;
	struct grouped grp;
	char *absent; /* m= line of a section that its party is not shown */
	struct terms *terms; /* NULL: what comes is passed on          */
	struct agent *agent; /* NULL: the kernel settles it; shared with
				the peer                                */
	struct srtpx_key served_rx, served_tx,
		served_rtcp;  /* of the last bridge           */
	uint64_t refused_at;  /* s: of STUN that is not the party's       */
	unsigned refused;     /* in that second                           */
	struct handshake *hs; /* DTLS with us; NULL: none                */
	struct handshake *hs_rtcp; /* the same of RTCP that is not muxed  */
	struct hello *hello;   /* of DTLS before its answer; NULL: none    */
	struct checks *checks; /* of ICE, our own; NULL: none            */
	struct relayport
		*relay; /* at the TURN server: of m->relays; NULL: none */
	struct note *note, *next_note; /* its formats; offered           */
	struct list redials;           /* digits that are dialled later       */
	struct trigger *trigger; /* digits that change guard; NULL: none */
	struct digits *digits;   /* that it dialled; NULL: none yet */
	struct play *play;       /* what it hears from us; NULL: nothing    */
};

/** Stream idx of a party, made where missing */
int stream_get(struct stream **sp, struct party *p, unsigned idx);
struct stream *stream_find(const struct party *p, unsigned idx);

/** Have local ports at this interface; those it has there already stay */
int stream_ports(struct stream *s, struct iface *ifc);

/** The stream whose transport it has: itself, but in a bundle */
struct stream *stream_carrier(const struct stream *s);
/** Do others have its transport? */
bool stream_carries(const struct stream *s);
/** Either of these */
bool stream_bundled(const struct stream *s);
/** From now on it has the transport of another stream of its party; NULL: none, and is
 *  about to get ports */
void stream_join(struct stream *s, const struct stream *carrier);

/** The offered description comes into force */
void stream_commit(struct stream *s);

/** The stream at the other end of the join; NULL: none */
struct stream *stream_peer(const struct stream *s);

/** Write both legs of a stream into the fast path (leg.c) */
int stream_apply(struct stream *s);
void stream_legs_off(struct stream *s);
/** Does RTCP come to a port of its own? */
bool stream_has_rtcp(const struct stream *s);
/** LEG_AGENT where the agent has to have its packets */
enum leg_state stream_state(const struct stream *s);
/** Where a party really is, for its RTP (0) or RTCP (1) */
struct sa stream_whereabouts(const struct stream *s, unsigned i);
/** The agent's share of a stream ends (agent.c) */
void stream_agent_off(struct stream *s);
/** Does the agent open what it sends? The kernel has no copies for anybody then */
bool stream_opened(const struct stream *s);
/** Has it withdrawn its consent (RFC 7675), or never given it? It is sent nothing */
bool stream_silenced(const struct stream *s);
/** Does the agent have its packets, and not only checks of ICE? */
bool stream_in_agent(const struct stream *s);
/** Is what it hears made here, and not passed on? */
bool stream_agent_makes(const struct stream *s);
/** Does the agent have plain sockets for it? */
bool stream_agent_plain(const struct stream *s);

/* ---- parties (party.c) ---------------------------------------------- */

/** A tag that was bound to a party before another one answered there */
struct oldtag {
	struct le le;
	char *tag;
};

/** What becomes of what a party sends (echo.h) */
enum party_echo { PARTY_HEARD = 0, PARTY_ECHO, PARTY_SINK };

/** One monologue. While its tag is unknown it is pending */
struct party {
	struct le le;
	struct media_call *call;
	char *tag;             /* NULL: not known yet                      */
	char *branch;          /* via-branch of the offer to it, or NULL   */
	struct list oldtags;   /* struct oldtag                            */
	struct party *offerer; /* who made the first offer to it, or NULL */
	struct party *peer;    /* where its packets go                     */
	struct list streams;
	struct bundle
		*bundle;  /* transport that some of them share, on a worker;
				  NULL: not there (yet)                    */
	uint64_t created; /* s, wall clock                            */
	bool answered;    /* an SDP of its own was seen               */
	enum media_rtcp_mux mux_opt; /* of its last offer                */
	bool mux_accept, mux_reject;
	enum party_echo echo;
	struct moh *moh;      /* of who it holds; NULL: none             */
	uint64_t sdp_version; /* of the last SDP sent to it              */
	uint32_t sdp_hash;
	bool sdp_sent;
};

int party_alloc(struct party **pp, struct media_call *call,
		const struct pl *tag, const struct pl *branch);
struct party *party_by_tag(const struct media_call *call, const struct pl *tag);
/** By a tag that is bound, or was before another one answered there */
struct party *party_find(const struct media_call *call, const struct pl *tag);
/** Is this the tag that is bound now? */
bool party_is(const struct party *p, const struct pl *tag);
/** Was this tag bound to p, or is it now? */
bool party_has_tag(const struct party *p, const struct pl *tag);
struct party *party_by_branch(const struct media_call *call,
			      const struct pl *branch);
/** The pending party of an offer from `from`; the youngest one */
struct party *party_pending(const struct media_call *call,
			    const struct party *from);
/** Youngest party that `from` made an offer to, bound or not */
struct party *party_offered(const struct media_call *call,
			    const struct party *from, const struct pl *branch);
int party_bind(struct party *p, const struct pl *tag);
/** Remember a tag that is bound no more */
int party_oldtag(struct party *p, const struct pl *tag);
/** Take a party out of its call: its ports are free, nobody points at it */
void party_drop(struct party *p);

/* ---- calls (call.c) ------------------------------------------------- */

struct media_call {
	struct le he, le;
	struct media *m;
	char *id;
	struct list parties;  /* in the order of their creation           */
	uint64_t created;     /* us, wall clock                           */
	uint64_t signalled;   /* s, wall clock: last offer or answer      */
	uint64_t born;        /* ms, monotonic                            */
	uint64_t touched;     /* ms, monotonic: last signalling           */
	uint64_t check_at;    /* ms: nothing can time out before          */
	uint64_t delete_at;   /* ms: goes then; 0 not being deleted       */
	uint64_t delete_wall; /* s, the same for the store               */
	bool answered;
	bool applying;    /* hairpins_apply() has come by                    */
	bool transcoded;  /* it was counted as such              */
	int dscp;         /* -1: leave                                */
	bool detect_dtmf; /* tones, too, are listened for        */
	struct sa dtmf_log; /* its digits go there; AF_UNSPEC: as configured */
	struct record *rec;
	unsigned rec_formats; /* 0: not recorded                         */
	bool rec_paused;
	bool rec_failing;       /* the disk takes nothing now              */
	uint64_t rec_failed_at; /* ms: last                                */
	char *metadata;
};

int call_alloc(struct media_call **cp, struct media *m, const struct pl *id);
struct media_call *call_find(const struct media *m, const struct pl *id);
/** Write all legs of a call */
int call_apply(struct media_call *c);
/** Forget a call: legs, ports, store; its figures go into the totals */
void call_drop(struct media_call *c);
/** ms (monotonic) of the last packet on any leg, 0 none; not after `now` */
uint64_t call_last_packet(const struct media_call *c, uint64_t now);
/** Delete it if its time has come. Returns true if it went */
bool call_check(struct media_call *c, uint64_t now);
void call_touch(struct media_call *c);

/* ---- SDPs that go out (edit.c, codec.c) ----------------------------- */

/** Which sections and payload types leave; filled before anything changes */
struct filter {
	bool drop[SDPX_MEDIA_MAX][SDPX_FMT_MAX];
	bool any[SDPX_MEDIA_MAX];
};

/** @return 0, ENOTSUP (nothing would be left) */
int filter_make(struct filter *f, const struct sdpx *sdp,
		const struct media_opts *o, struct media_err *e);

/** Of each audio section of an answer the first codec, and what goes beside it */
void filter_single(struct filter *f, const struct sdpx *sdp);

/** Is transcoding wanted, should it be needed? */
bool codec_asked(const struct media_opts *o);

/** Is a format named in a list of a codec-... flag? "all" names none */
bool codec_listed(const struct pl *v, size_t n, const struct sdpx_fmt *f);

/** Is a stream one of those that a command is about? */
bool sel_has(const struct media_sel *sel, const struct party *p,
	     const struct stream *s);

/** A profile of RTP that can be made of another, and into another */
bool opts_changeable(const struct pl *proto);
/** Refuse what cannot be honoured, before anything changes */
int opts_check(const struct media_opts *o, const struct sdpx *sdp, bool answer,
	       struct media_err *e);

/**
 * Rewrite sdp for the party `to`, whose streams have their ports
 *
 * @param rtcpv  Per section, what its RTCP lines shall say
 * @param tev    Per section, what its terms change, or NULL
 * @param mohv   Per section, how hold shows
 * @param g      Of group_offer() or group_answer()
 */
int edit_write(struct mbuf *out, const struct sdpx *sdp, struct party *to,
	       const struct filter *f, const struct media_opts *o,
	       const enum sdpx_rtcp *rtcpv, struct terms_edit *const *tev,
	       const struct moh_edit *mohv, const struct group_edit *g,
	       struct media_err *e);

/** The address and port of a stream as SDPs have it; it has ports */
struct sa edit_address(const struct stream *s, const struct media_opts *o);

/** What `sdp-attr` wants of an SDP that is ready otherwise (attr.c): copied to out
 *  with its edits. @return 0, EINVAL (a value that would break the SDP), ENOMEM */
int attr_write(struct mbuf *out, const struct mbuf *in,
	       const struct media_opts *o, struct media_err *e);
/** A number that is another one when these edits are others */
uint32_t attr_hash(const struct media_opts *o);

/** Decode the SDP of a request. @param p  Who says it; NULL: nobody that is known. @return
 *  0, EINVAL, EBADMSG */
int opts_sdp(struct sdpx **sdpp, const struct media_opts *o,
	     const struct party *p, struct media_err *e);
/** Is there a Call-ID and a from-tag, of a bearable length? */
int opts_ids(const struct media_opts *o, struct media_err *e);
/** Take over what holds for the whole call */
int call_options(struct media_call *c, const struct media_opts *o);

/* ---- other ---------------------------------------------------------- */

int call_store(const struct media_call *c);
void call_unstore(const struct media_call *c);
int calls_load(struct media *m);

int call_stats(const struct media_call *c, const struct pl *from_tag,
	       const struct pl *to_tag, struct odict *out);
void call_totals(const struct media_call *c, uint64_t *packets, uint64_t *bytes,
		 uint64_t *errors);

int call_record(struct media_call *c, enum media_rec action, unsigned formats,
		const struct pl *metadata, struct media_err *e);
/** Taps of all streams as the call's recording wants them */
bool stream_tapped(const struct stream *s);
int tapsink_init(struct media *m);
void tapsink_stream(struct stream *s);
/** A packet of s goes to its call's recording */
void tapsink_record(struct stream *s, const struct tap *tap,
		    const uint8_t *pkt);
/** RTCP of s, in the clear, is shown to whoever wants it (media_rtcp_handler()) */
void tapsink_show(const struct stream *s, uint64_t at, const struct sa *src,
		  const struct sa *dst, const uint8_t *p, size_t n);
/** The same of what its party sent, which is read, too. @param at  ns when it came */
void tapsink_report(struct stream *s, uint64_t at, const struct sa *src,
		    const struct sa *dst, const uint8_t *p, size_t n);
/** 0: of who made the call's first offer; 1: the other one */
unsigned tapsink_side(const struct stream *s);
/** RTP, or RTCP, that the agent has opened, for the recording (tapcopy.c) */
void tapsink_copy(struct stream *s, const struct sa *src, const uint8_t *p,
		  size_t n, bool rtcp);

/** Set the message and hand err through */
int media_fail(struct media_err *e, int err, const char *fmt, ...);

/** ms of CLOCK_MONOTONIC */
uint64_t media_now(void);

#endif
