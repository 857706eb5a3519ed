/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/neg_priv.h  What the files of the negotiation share
 */
#ifndef CAROM_MEDIA_NEG_PRIV_H
#define CAROM_MEDIA_NEG_PRIV_H

#include "media/negotiate.h"

/** A codec as a flag names it: NAME/CLOCK/CHANNELS/BITRATE/PTIME/FMTP/OPTIONS,
 *  or a payload type, or one of the words */
struct neg_spec {
	bool all, full; /**< "all" or "any", "full"                       */
	int pt;         /**< "8"; -1 none                                 */
	struct pl name;
	uint32_t clock, ch, bitrate, ptime; /**< 0 not said               */
	int complexity;                     /**< -1 not said               */
	struct pl fmtp;
};

/** @return 0, EINVAL */
int neg_spec_decode(struct neg_spec *s, const struct pl *text);
/** Does it name this format? The words name none */
bool neg_spec_names(const struct neg_spec *s, const struct neg_fmt *f);
/** Is f named in the list, by name or number? */
bool neg_listed(const struct neg_names *l, const struct neg_fmt *f);
/** Does the list have "all" (or "any"), or "full"? */
bool neg_has_all(const struct neg_names *l, bool *full);

/** Copy text into a field of a format; what is too long is marked */
void neg_copy(struct neg_fmt *f, char *to, size_t size, const struct pl *text);

/** Can it be decoded and encoded? */
bool neg_usable(const struct neg_fmt *f, neg_codec_h *codech, void *arg);

int neg_fail(struct neg_err *e, int err, const char *fmt, ...);

/** What an offer is being made of */
struct neg_work {
	struct neg_offer *n;
	const struct neg_policy *p;
	const struct neg_before *to;
	struct neg_fmts all; /**< as it came, for its payload types         */
	struct neg_err *e;
};

/** Give x a payload type that is free. @param fixed  The static one, or -1
 *  @return 0, ENOSPC */
int neg_pt_choose(const struct neg_work *w, struct neg_fmt *x, int fixed);
/** Put it in behind the last codec. @return 0, ENOSPC */
int neg_insert(struct neg_fmts *f, const struct neg_fmt *x);
/** A format of ours, without a payload type */
void neg_fill(struct neg_fmt *x, const struct neg_codec *c,
	      const struct neg_spec *s);
/** Add the codecs of a list to n->out (neg_add.c) */
int neg_add(struct neg_work *w, const struct neg_names *l);
/** What the party could receive before */
int neg_add_known(struct neg_work *w);
/** telephone-event in the clock of each codec that is ours, or with `always` of any,
 *  where there is none (neg_event.c) */
int neg_add_events(struct neg_work *w, bool always);

#endif
