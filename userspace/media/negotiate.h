/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/negotiate.h  Which codecs each party is told of, and what becomes of
 * what it sends then (RFC 3264, RFC 3551, RFC 4733)
 *
 * Pure functions over lists of formats: no legs, no sockets, nothing random. An
 * offer is taken in by neg_offer(), which says what goes on to the other party. The
 * answer to that is taken in by neg_answer(), which says what goes back and what
 * is done with each payload type in both directions.
 *
 * What wins, when an answer has come:
 *   1. accept and consume: the first codec of the offerer's that these name, if
 *      it is not the answerer's too. rtpengine does the same.
 *   2. What both have, in the answerer's order. Nothing is transcoded for these.
 *      rtpengine puts a codec of its own before them when the answerer's first
 *      one is not the offerer's; we don't.
 *   3. Only where nothing is left: the offerer's first codec that can be
 *      transcoded, into the answerer's first one that can be.
 * Without any wish to transcode an answer goes back as it came.
 */
#ifndef CAROM_MEDIA_NEGOTIATE_H
#define CAROM_MEDIA_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>
#include "media/sdp.h"

enum {
	NEG_FMTS = SDPX_FMT_MAX, /**< formats of one section               */
	NEG_NAME = 24,           /**< bytes of a codec's name, with its NUL */
	NEG_FMTP = 128,          /**< of a=fmtp; a longer one is no codec that
				      could be transcoded                  */
};

/** A format of one section */
struct neg_fmt {
	uint8_t pt;
	uint8_t ch;          /**< 1 by default                             */
	uint32_t clock;      /**< Hz, 0 unknown                            */
	char name[NEG_NAME]; /**< "" no a=rtpmap                           */
	char fmtp[NEG_FMTP];
	int src;          /**< index in the section's fmtv, -1: it is ours */
	bool cut;         /**< name or fmtp was too long to be kept     */
	bool shown;       /**< the other party is told of it            */
	bool accept;      /**< may be answered, if the other refuses it */
	uint32_t bitrate; /**< bit/s that we encode with, 0 any         */
	uint32_t ptime;   /**< ms that we encode with, 0 any            */
	int complexity;   /**< that we encode with, -1 any              */
};

struct neg_fmts {
	struct neg_fmt v[NEG_FMTS];
	unsigned n;
};

/** A codec that can be transcoded here */
struct neg_codec {
	const char *name;
	uint32_t clock;
	uint8_t ch;
	int pt; /**< static one (RFC 3551), -1 none */
};

/**
 * Table of the codecs that can be both decoded and encoded. telephone-event is
 * none of them
 *
 * @param clock, ch  0: any
 *
 * @return false: there is none
 */
typedef bool(neg_codec_h)(struct neg_codec *c, const struct pl *name,
			  uint32_t clock, unsigned ch, void *arg);

/** Names as in ng's flags: "PCMA", "opus/48000/2/32000/20/useinbandfec=1", "8" */
struct neg_names {
	const struct pl *v;
	size_t n;
};

/** What the driver wants of an offer. Zeroed: formats pass as they are */
struct neg_policy {
	struct neg_names strip, mask, offer, except;
	struct neg_names transcode, accept, consume, set;
	struct neg_names
		internal;      /**< the node's own: offered beside, always */
	bool always_transcode; /**< as accept=all                        */
	bool dtmf;             /**< tones and events are to be converted,
				      both ways (inject-DTMF)              */
	bool keep_order;       /**< reuse-codecs: the order of before holds */
	bool again; /**< what the other party could receive before is offered
		       again, whether the offer has it or not: for calls that
		       are transcoded already */
	uint32_t ptime;         /**< ms towards who gets the offer, 0 none */
	uint32_t ptime_reverse; /**< ms towards who made it, 0 none      */
	neg_codec_h *codech;
	void *arg;
};

/** What is known of a party since before: payload types keep their meaning within
 *  a session (RFC 3264 8.3.2). NULL: nothing */
struct neg_before {
	const struct neg_fmts *told; /**< what it was told last              */
	const struct neg_fmts *own;  /**< what it said last                  */
};

/** An offer, until its answer is there */
struct neg_offer {
	struct neg_fmts mine; /**< of who made it, what was stripped left out */
	struct neg_fmts out;  /**< what goes on, in this order               */
	bool engaged;         /**< transcoding was asked for                */
	bool dtmf;            /**< events are converted, where need be      */
	bool changed;         /**< out is not the offer as it came          */
	uint32_t ptime;       /**< a=ptime that goes on, 0 as it is         */
	uint32_t ptime_back;  /**< a=ptime that goes back, 0 as it is       */
	uint32_t ptime_mine;  /**< a=ptime that the offer has, 0 none       */
};

/** Why a list of codecs was refused */
struct neg_err {
	char msg[160];
};

/** Formats of a section, in its order; those that are no payload types left out */
void neg_take(struct neg_fmts *f, const struct sdpx_media *sm);

/**
 * Take in an offer
 *
 * @param n       Filled
 * @param sm      A section of the offer that carries RTP
 * @param to      What is known of who gets it, or NULL
 *
 * @return 0; ENOTSUP nothing would be left, or a codec is asked for that cannot be
 *         transcoded here; EINVAL a name that is none; ENOSPC no payload type is
 *         left; ENOMEM
 */
int neg_offer(struct neg_offer *n, const struct sdpx_media *sm,
	      const struct neg_policy *p, const struct neg_before *to,
	      struct neg_err *e);

/** What is done with a payload type */
enum neg_act {
	NEG_DROP = 0,
	NEG_PASS,   /**< sent on as it is, under `to`                       */
	NEG_DECODE, /**< decoded and encoded for the other as plan.enc says */
	NEG_EVENT,  /**< telephone-event: sent on under `to`, in `clock`     */
	NEG_TONE,   /**< telephone-event: becomes a tone in what is encoded */
};

struct neg_way {
	uint8_t pt;
	uint8_t to;
	enum neg_act act;
	uint32_t clock;     /**< NEG_EVENT: Hz, of the receiver's events      */
	struct neg_fmt fmt; /**< as its sender was told that it may send it */
};

/** What is done with what one party sends */
struct neg_plan {
	struct neg_way v[NEG_FMTS];
	unsigned n;
	bool transcode; /**< something is decoded                       */
	bool rewrite;   /**< a payload type that passes gets another number */
	bool detect;    /**< tones in what is decoded become events `event` */
	uint8_t event;  /**< payload type of these                      */
	uint32_t event_clock; /**< Hz */
	bool has_enc;         /**< enc holds                                  */
	struct neg_fmt enc;   /**< what the receiver gets when it is encoded  */
	uint32_t ptime;       /**< ms of that, 0: as it comes                 */
};

struct neg_answer {
	struct neg_fmts
		back;   /**< what the offerer is told, src: in the answer's
				 section                                      */
	bool changed;   /**< back is not the answer as it came          */
	uint32_t ptime; /**< a=ptime that goes back, 0 as it is         */
	struct neg_plan forth; /**< of what the offerer sends                 */
	struct neg_plan home;  /**< of what the answerer sends                */
};

/** What the driver wants of an answer */
struct neg_answer_policy {
	bool single_codec; /**< only the first codec goes back, with its events */
	neg_codec_h *codech;
	void *arg;
};

/**
 * Take in the answer to an offer
 *
 * @param a   Filled
 * @param n   Of neg_offer()
 * @param sm  The section of the answer that belongs to it
 *
 * @return 0; ENOTSUP the two have nothing in common, and it cannot be transcoded
 */
int neg_answer(struct neg_answer *a, const struct neg_offer *n,
	       const struct sdpx_media *sm, const struct neg_answer_policy *p,
	       struct neg_err *e);

/** How something is to reach who gets it */
struct neg_wish {
	bool dtmf;      /**< events and tones are converted where need be     */
	bool repack;    /**< packets of another length than they have: all that
			     can be decoded is                                */
	uint32_t ptime; /**< ms of what is encoded, 0: as it comes            */
	unsigned sure; /**< so many of what may be sent, from the first on, were
			     agreed: only these decide whether anything has to be
			     transcoded                                       */
};

/**
 * What is done with each payload type that a party may send
 *
 * @param pl    Filled
 * @param told  What it was told that it may send
 * @param own   What the other one says that it can receive, the best first
 */
void neg_plan(struct neg_plan *pl, const struct neg_fmts *told,
	      const struct neg_fmts *own, const struct neg_wish *wish,
	      neg_codec_h *codech, void *arg);

/* ---- for those who have lists in their hands ----------------------------- */

/** telephone-event or CN: goes beside a codec */
bool neg_aside(const struct neg_fmt *f);
bool neg_is_event(const struct neg_fmt *f);

/**
 * Can what is sent as x be received as y, without a bit changed? Name, clock and
 * channels are the same, and what their a=fmtp say goes together: annexb of G.729
 * (RFC 4856 2.1.9), octet-align and the like of AMR (RFC 4867 8.3.1), mode of iLBC
 * (RFC 3952 5). Opus always does (RFC 7587 7.1). G726 and AAL2-G726 are two
 * codecs, as they pack their bits the other way round (RFC 3551 4.5.4)
 */
bool neg_same(const struct neg_fmt *x, const struct neg_fmt *y);

/** The format of f that x may be sent as; NULL none */
const struct neg_fmt *neg_like(const struct neg_fmts *f,
			       const struct neg_fmt *x);
const struct neg_fmt *neg_by_pt(const struct neg_fmts *f, uint8_t pt);

/** Value of an a=fmtp parameter. @return false where it is not there */
bool neg_param(const char *fmtp, const char *name, struct pl *val);

#endif
