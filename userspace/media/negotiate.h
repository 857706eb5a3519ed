/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/negotiate.h  Which codecs an offer goes on with (RFC 3264, RFC 3551,
 *                          RFC 4733)
 *
 * A pure function over lists of formats: no legs, no sockets, nothing random. What comes of
 * the answer is media/format.h's.
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
	bool always_transcode; /**< as accept=all                        */
	bool keep_order;       /**< reuse-codecs: the order of before holds */
	bool again; /**< what the other party could receive before is offered
		       again, whether the offer has it or not: for calls that
		       are transcoded already */
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
