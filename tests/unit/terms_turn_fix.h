/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file terms_turn_fix.h  Calls to Bob, who is reached by a TURN server
 */
#ifndef CAROM_TERMS_TURN_FIX_H
#define CAROM_TERMS_TURN_FIX_H

#include "terms_fix.h"
#include "fake_turn.h"
#include "media/relays.h"
#include "media/terms.h"
#include "rtp/packet.h"

#define T(f) cmocka_unit_test_setup_teardown(f, turn_setup, turn_teardown)

enum { TURNS = 2000, SERVERS = 64, QUEUE = 256, READY = 2 };

#define SERVER "198.51.100.7"

/* A phone at the far end of one side's port. Direct: it hears us there, too */
struct phone {
	struct full *x;
	struct lite us;
	struct sa addr;
	bool direct;
	unsigned heard; /* that is no STUN                             */
};

/** The server, an allocation each */
extern struct fake_turn serverv[SERVERS];
/** Where each allocation is asked for, and how many there are */
extern struct sa localv[SERVERS];
extern unsigned serverc;
/** It says nothing; new ones, too */
extern bool mute;
/** The code it refuses a channel with; 0 none */
extern uint16_t fail_bind;
/** that the server refers to */
extern struct sa alternate;
/** Whom the calls go to */
extern struct phone bob;
/** Bob's leg, as he knows it */
extern struct sa leg;
/** where DTLS of a bundle's went last */
extern struct sa hello;

/** Bob sends, by the server or straight */
void bob_sends(const struct sa *dst, const uint8_t *p, size_t n, void *arg);

/** Time passes, and what is on its way arrives */
void talk(void);

#define talk_until(cond)                                                       \
	do {                                                                   \
		unsigned n_ = 0;                                               \
                                                                               \
		while (!(cond) && n_++ < TURNS)                                \
			talk();                                                \
		assert_true(cond);                                             \
	} while (0)

/** Media, that keeps allocations at the server */
void start(struct fix *f);

/** For cmocka: the server, and two allocations that are ready */
int turn_setup(void **state);

/** For cmocka */
int turn_teardown(void **state);

/** Figures of the allocations */
struct relays_stats stats(const struct fix *f);

/** Bob's answer: his candidate, in front of no NAT: mem_deref */
char *bob_body(void);

/** Bob begins, with what he was told */
void bob_begin(const struct fix *f);

/** The leg at one of our ports */
const struct fp_leg *leg_at(const struct fix *f, uint16_t port);

#endif
