/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fax/udptl_priv.h  One end of UDPTL, as its files see it
 */
#ifndef CAROM_UDPTL_PRIV_H
#define CAROM_UDPTL_PRIV_H

#include "fax/udptl.h"

/** An IFP packet that is kept for what comes after it */
struct udptl_kept {
	uint16_t seq;
	uint16_t n; /* 0: none */
	uint8_t v[UDPTL_IFP_MAX];
};

struct udptl {
	struct udptl_conf conf;
	struct udptl_stats st;
	udptl_ifp_h *h;
	void *arg;
	bool started;
	uint16_t expected; /* the next that is to come       */
	uint16_t seq;      /* the next that is sent          */
	uint32_t sent;     /* packets that txv has, at most UDPTL_WINDOW */
	struct udptl_kept rxv[UDPTL_WINDOW];
	struct udptl_kept txv[UDPTL_WINDOW];
};

#endif
