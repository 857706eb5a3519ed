/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/format.h  Payload types of one m= line, and what is done with them
 *
 * Of each party we keep what it said that it can receive (own) and what it was told
 * that may be sent (told). What has to be passed on and what to be transcoded
 * follows from these alone.
 */
#ifndef CAROM_MEDIA_FORMAT_H
#define CAROM_MEDIA_FORMAT_H

#include <re.h>
#include "bridge/bridge.h"
#include "media/media.h"
#include "media/negotiate.h"
#include "media/sdp.h"

enum { FORMATS_MAX = 32, FORMAT_FMTP = 128 };

struct format {
	uint8_t pt;
	uint8_t ch;
	uint32_t clock;
	char name[24];
	char fmtp[FORMAT_FMTP];
	bool accept;      /**< may be answered even if the other refuses it  */
	uint32_t bitrate; /**< bit/s that it is encoded with, 0: our choice  */
	int complexity;   /**< 0..10, -1: our choice                         */
};

struct formats {
	struct format v[FORMATS_MAX];
	unsigned n;
};

/** Formats of a section that are RTP payload types; those of drop[] left out */
void formats_take(struct formats *f, const struct sdpx_media *sm,
		  const bool *drop);

const struct format *formats_pt(const struct formats *f, uint8_t pt);

/** The same codec: name, clock, channels */
const struct format *formats_like(const struct formats *f,
				  const struct format *x);

/** Payload types as a mask. @return the telephone-event's, -1 none */
int formats_mask(const struct formats *f, uint32_t pt[4]);

/** telephone-event or CN: no codec of its own */
bool format_aside(const struct format *f);
/** Its codec, when it can be transcoded here; else NULL */
const struct codec *format_codec(const struct format *f);

/** First format that can be transcoded; NULL none */
const struct format *formats_primary(const struct formats *f);

/** The codecs that can be transcoded here: a neg_codec_h */
bool format_table(struct neg_codec *c, const struct pl *name, uint32_t clock,
		  unsigned ch, void *arg);
/** The same lists, as the negotiation has them. One that is longer than FORMATS_MAX
 *  loses its end */
void formats_from_neg(struct formats *f, const struct neg_fmts *n);
void formats_to_neg(struct neg_fmts *n, const struct formats *f);

/** Those of `a` that are in `b`, too, under a's numbers */
void formats_common(struct formats *out, const struct formats *a,
		    const struct formats *b);

/**
 * What the offerer is told when the answer is there: the first that is to be accepted
 * in any case, else what both have, else the first of its own that can be transcoded
 *
 * @param back     Filled
 * @param offered  What the offerer said
 * @param answer   What the answerer said
 *
 * @return 0, ENOTSUP (nothing that could be)
 */
int formats_back(struct formats *back, const struct formats *offered,
		 const struct formats *answer);

/** What a party listens for: those of its own that it was told, in that order. It need
 *  not listen for others any more (RFC 3264 7) */
void formats_agreed(struct formats *f, const struct formats *own,
		    const struct formats *told);
/** What was asked of a codec that was offered holds for the one that was answered */
void formats_options(struct formats *answer, const struct formats *offered);

/** The first codec alone, and what goes beside it */
void formats_single(struct formats *f);

/**
 * How what a party sends reaches the other
 *
 * @param m      ptv, codecv of the party that sends are set
 * @param told   What the sender was told that it may send
 * @param own    What the receiver can receive
 * @param repack Packets of another length are to be made: all that can be is decoded
 *
 * @return true when something is transcoded
 */
bool formats_plan(struct bridge_member *m, const struct formats *told,
		  const struct formats *own, bool repack);

#endif
