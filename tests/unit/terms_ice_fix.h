/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file terms_ice_fix.h  Calls whose ICE checks a phone answers that makes its own
 */
#ifndef CAROM_TERMS_ICE_FIX_H
#define CAROM_TERMS_ICE_FIX_H

#include "terms_fix.h"
#include "media/terms.h"
#include "rtp/packet.h"

#define T(f) cmocka_unit_test_setup_teardown(f, full_setup, teardown)

enum { TURNS = 100 };

/* A phone at the far end of one side's port, which takes part in ICE */
struct phone {
	struct full *x; /* NULL: lite                                    */
	struct lite us;
	struct sa addr, ours; /* ours: as it knows us                      */
	unsigned side, checks, uses;
	bool deaf, rude; /* says nothing; says no                         */
};

/** For cmocka: each call has the full side of ICE */
int full_setup(void **state);

/** A phone: the side of a call it is at, and its address */
void phone_new(struct phone *ph, unsigned side, const char *addr,
	       uint16_t port);

/** It goes */
void phone_end(struct phone *ph);

/** What the body that went out says of us */
struct lite told(const struct fix *f);

/** It begins, with what our SDP says */
void phone_begin(struct phone *ph, const struct fix *f, bool controlling);

/* Time passes, and what was sent to the phone arrives, until something holds */
#define talk_until(ph, cond)                                                   \
	do {                                                                   \
		unsigned n_ = 0;                                               \
                                                                               \
		while (!(cond) && n_++ < TURNS)                                \
			talk(ph);                                              \
		assert_true(cond);                                             \
	} while (0)

/** Packets go to and fro for a while */
void talk(struct phone *ph);

/** The options, with ICE as the body says */
struct media_opts ice(struct media_opts o);

#endif
