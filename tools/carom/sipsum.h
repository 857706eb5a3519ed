/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipsum.h  SIP in a few words, for carom status
 */
#ifndef CAROM_SIPSUM_H
#define CAROM_SIPSUM_H

#include "carom.h"
#include "fastpath/sip.h"

struct sipsum_set {
	uint32_t id;
	unsigned usable, total; /**< targets                              */
};

struct sipsum {
	bool known; /**< the maps could be read                          */
	bool on;    /**< the kernel forwards                             */
	unsigned listeners;
	struct sipsum_set setv[SIP_SETS];
	size_t setc;
};

/** By the agent's word where there is one, for it knows of targets that UDP does
 *  not lead to; else by the kernel's */
void sipsum_take(struct sipsum *s, struct cli *cli);

void sipsum_print(const struct sipsum *s, const struct cli *cli);

/** Object "sip" */
void sipsum_json(int *err, struct odict *od, const struct sipsum *s);

#endif
