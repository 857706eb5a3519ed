/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/terms.h  What was agreed of an m= line that the kernel may not be able
 *                      to settle: formats and keys
 *
 * A stream has terms once somebody asked for more than passing on: another codec,
 * or another profile. Without them nothing here is done.
 */
#ifndef CAROM_MEDIA_TERMS_H
#define CAROM_MEDIA_TERMS_H

#include "bridge/play.h"
#include "media/call.h"
#include "ice/lite.h"
#include "media/dtlsterms.h"
#include "media/faxterms.h"
#include "media/format.h"
#include "media/icepeer.h"
#include "media/keys.h"

enum {
	ICE_LINES = 7,
	GROUP_LINES = 1,
	TERMS_LINES = DTLS_LINES + ICE_LINES + T38_LINES + GROUP_LINES
};

/** Of one party's stream */
struct terms {
	struct formats own;  /**< what it can receive                      */
	struct formats told; /**< what it was told that it may send        */
	struct formats next_own, next_told; /**< in force with the answer  */
	struct keys keys; /**< by a=crypto, or those that DTLS agreed on */
	struct srtpx_key rtcp_rx,
		rtcp_tx; /**< by DTLS, of RTCP that is not muxed         */
	struct dtls_terms dtls, next_dtls; /**< next: with the answer       */
	struct fax_terms fax, next_fax; /**< next: with the answer          */
	bool ice, next_ice;    /**< we take part in ICE with it; next: may, if
			       both want it                                */
	struct lite lite;      /**< our name and password                     */
	struct lite next_lite; /**< towards who offers: with the answer     */
	struct ice_peer peer, next_peer; /**< its side; offered             */
	bool full, next_full; /**< we make checks of our own: media/checks.h */
	bool controlling;     /**< ours, when they begin                    */
	struct sa pair;       /**< where it is by the pair that was nominated */
	bool pair_relayed;    /**< it is so by s->relay                    */
	bool pair_kept; /**< pair is a former process's                     */
	char proto[24]; /**< profile that it speaks                    */
	uint32_t ptime; /**< ms that it wants, 0 not said              */
	uint32_t sent, next_sent; /**< ms that it is told and sent, whatever it
			       wants, 0: as it wants; next: with the answer */
	bool osrtp;   /**< keys in RTP/AVP: it may do without (RFC 8643) */
	bool resumed; /**< keys have served a process before this    */
};

/** How a section's SDP changes for it: part of what edit_write() does */
struct terms_edit {
	struct sdpx_add addv[SDPX_ADD_MAX];
	size_t addc;
	int orderv
		[SDPX_FMT_MAX]; /**< formats of the m= line, as sdpx_medit's */
	size_t orderc;          /**< 0: as they come                      */
	char *cryptov[KEYS_OFFERS];
	size_t cryptoc;
	bool crypto_remove, dtls_remove, feedback_remove;
	char *attrv[TERMS_LINES];     /**< of DTLS, ICE, T.38, MID: allocated */
	struct pl linev[TERMS_LINES]; /**< the same                         */
	struct sdpx_attrs attrs;      /**< that has them                    */
	bool ice, ice_full; /**< has lines of ours; as the full side        */
	bool other; /**< it becomes another kind of media: nothing of it stays */
	bool sound;      /**< other: audio, RTP that is                 */
	struct pl type;  /**< other: of the m= line                   */
	struct pl proto; /**< instead of the section's; "" keeps       */
};

/**
 * An offered section: what the one that it goes to is told
 *
 * @param sm    Section f->idx of sdp
 * @param f, t  Who offers, and who will answer
 * @param drop  Formats that a filter takes out, or NULL
 * @param tep   Set to a new object (mem_deref) where the SDP changes
 *
 * @return 0, ENOTSUP, EINVAL (e says why)
 */
int terms_offer(struct terms_edit **tep, const struct media_opts *o,
		const struct sdpx *sdp, const struct sdpx_media *sm,
		const bool *drop, struct stream *f, struct stream *t,
		struct media_err *e);

/** Can the answer be joined with the offer? Changes nothing. @return 0, ENOTSUP */
int terms_check(const struct sdpx *sdp, const struct sdpx_media *sm,
		const struct stream *f, const struct stream *t,
		struct media_err *e);

/** The answer comes into force; checked before */
int terms_answer(struct terms_edit **tep, const struct media_opts *o,
		 const struct sdpx *sdp, const struct sdpx_media *sm,
		 struct stream *f, struct stream *t);

/** In the place of a section's lines of DTLS and ICE: those of the stream whose transport
 *  it has; NULL: none. @return 0, ENOMEM */
int terms_transport(struct terms_edit *te, const struct media_opts *o,
		    const struct stream *s, bool offer);
/** One more line, behind "a="; te has it from now on */
void terms_line(struct terms_edit *te, char *line);

/* terms_keys.c: how a party and we encrypt. terms_offer() and terms_answer() call these */

/** Is it a profile of SRTP? */
bool terms_secure(const struct pl *proto);
/** Does what it encrypts end here? */
bool terms_keyed(const struct terms *t);
/** Lines that s is told: a=crypto, or those of DTLS as in d. @return 0, ENOMEM */
int terms_keys_lines(struct terms_edit *te, const struct stream *s,
		     const struct dtls_terms *d);
/** @param proto  That t is offered. @return 0, ENOTSUP, EINVAL (e says why) */
int terms_keys_offer(const struct media_opts *o, const struct sdpx *sdp,
		     const struct sdpx_media *sm, const struct pl *proto,
		     struct stream *f, struct stream *t, struct media_err *e);
/** Keys of the answer come into force; associations whose end it is go */
int terms_keys_answer(const struct sdpx *sdp, const struct sdpx_media *sm,
		      struct stream *f, struct stream *t);

/* terms_ice.c: our part in ICE. terms_offer() and terms_answer() call these */

void terms_ice_offer(const struct media_opts *o, const struct sdpx *sdp,
		     const struct sdpx_media *sm, struct stream *f,
		     struct stream *t);
void terms_ice_answer(const struct media_opts *o, const struct sdpx *sdp,
		      struct stream *f, struct stream *t);
/** Lines of our side, behind those that te has.
 *  @param offer  In an offer, else an answer. @return 0, ENOMEM */
int terms_ice_lines(struct terms_edit *te, const struct media_opts *o,
		    const struct stream *s, bool offer);
/** Another one answers than the one whose pair we have */
void terms_ice_forget(struct stream *s);
/** Its media goes to the pair that is nominated: legs and bridge follow */
void terms_ice_nominated(struct stream *s, const struct sa *pair, bool relayed);
/** A STUN message that came to the stream's RTP port, or by its relay */
void terms_ice_recv(struct stream *s, bool relayed, const struct sa *src,
		    const uint8_t *p, size_t n);

/** Add terms to a stored stream; NULL adds nothing (terms_store.c) */
int terms_put(struct odict *o, const struct terms *t);
/** Read them again, where there are any */
int terms_load(struct terms **tp, const struct odict *o);

/** Formats in a stored object, and read again: added behind those of f */
int terms_put_formats(struct odict *o, const char *key,
		      const struct formats *f);
void terms_load_formats(struct formats *f, const struct odict *o,
			const char *key);

/* ---- carrier.c: streams of a party that share a transport ------------------------------ */

/** Their ports on the workers, opened or closed: before their bridges are made */
int carriers_apply(struct media_call *c);
/** Handshakes and checks of those whose own section has no bridge: behind them */
int carriers_start(struct media_call *c);
/** Where a bridge of these two has to be */
unsigned carrier_worker(const struct stream *s, const struct stream *t);

/* ---- agent.c, agent_plan.c -------------------------------------------------------------- */

/** Why a stream's packets go through the agent; LEG_WHY_NOTHING: they do not have to */
enum leg_why agent_why(const struct stream *s);
/** The same, whatever calls it is joined to */
enum leg_why agent_why_alone(const struct stream *s);
/** Has the agent got its packets now? */
bool agent_serves(const struct stream *s);

/** Its keys come by DTLS, and its RTCP is not muxed: that has an association of its own (RFC
 *  5764 4.1) */
bool agent_rtcp_keyed(const struct stream *s);
/** The same with ICE, of which we have one component: there is no RTCP with it */
bool agent_no_rtcp(const struct stream *s);
/** Is what a stream sends decoded on its worker? */
bool agent_decodes(const struct stream *s);
/** What a stream is to its bridge; `t` is its peer. But for what numbers it begins with */
void agent_member(struct bridge_member *m, const struct stream *s,
		  const struct stream *t);

/** Does the agent have to have the checks of ICE of a stream or of its peer, though the
 *  kernel may relay the rest? */
bool agent_listens(const struct stream *s);

/** Send a datagram of ours (DTLS, STUN) from a stream's RTP port, or its RTCP port. @return
 *  0, ENOTCONN, EINVAL, ENOBUFS */
int agent_send(const struct stream *s, bool rtcp, const struct sa *dst,
	       const uint8_t *p, size_t n);

/** What a stream's party is sent when it is encoded for it, now: codec, pt, fmtp, ptime,
 *  bitrate, complexity of m; no codec where none can be made */
void agent_encoder(struct bridge_member *m, const struct stream *s);
/** The payload type that it knows telephone-event by, best in its codec's clock; -1: it
 *  does not. @param clock  Hz of it, or NULL */
int agent_events(const struct stream *s, uint32_t *clock);
/** As bridge_play() and so on, to its party. @return ENOTCONN, ENOENT: no bridge */
int agent_play(const struct stream *s, const struct bridge_play *p);
int agent_digit(const struct stream *s, const struct bridge_digit *d);
bool agent_play_stop(const struct stream *s, struct bridge_left *left);
bool agent_playing(const struct stream *s);

/** Figures of what a stream sends, where the agent has it */
bool stream_fax_stats(const struct stream *s, struct fax_stats *st);
bool stream_agent_stats(const struct stream *s, struct bridge_stats *st);
/** Of the two that share a bridge, is it the first? */
bool stream_agent_first(const struct stream *s);

/** Bridges of all pairs of a call that need one, made or changed: before their legs
 *  are */
int agents_apply(struct media_call *c);
/** Legs whose bridges are not needed any more go back to the kernel, and lose nothing:
 *  before the legs are written */
void agents_leave(struct media_call *c);
/** Those that are not needed any more go: after their legs have */
void agents_sweep(struct media_call *c);

#endif
