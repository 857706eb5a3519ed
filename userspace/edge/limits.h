/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/limits.h  Flood limits in force: the file's, and those set by hand
 */
#ifndef CAROM_EDGE_LIMITS_H
#define CAROM_EDGE_LIMITS_H

#include <re.h>
#include "fastpath/sip.h"

enum { LIMITS_MAX = 1000000 /**< messages, of a rate and of a burst */ };

/** Messages a second of one source, and so many at once; rate 0: no limit */
struct limit {
	uint32_t rate, burst;
};

struct limits {
	struct limit filev[SIP_CLASS_MAX], handv[SIP_CLASS_MAX];
	bool by_hand[SIP_CLASS_MAX];
	struct fp_sip *sip; /**< kept by the caller                         */
};

/** The file says this now: what is not set by hand becomes so */
void limits_file(struct limits *l, const struct limit v[SIP_CLASS_MAX]);

/** Set one by hand; NULL takes it back: the file's is in force again */
void limits_set(struct limits *l, unsigned class, const struct limit *v);

/** In force */
struct limit limits_get(const struct limits *l, unsigned class);

/** As the kernel has it */
struct sip_limit limits_bucket(const struct limit *v);

#endif
