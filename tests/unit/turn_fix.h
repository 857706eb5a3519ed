/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file turn_fix.h  A client and a TURN server, in a time of their own, over a wire that may lose
 */
#ifndef CAROM_TURN_FIX_H
#define CAROM_TURN_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fake_turn.h"
#include "ice/turn.h"

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

enum { WIRE = 256, BEGIN = 1000, DELAY = 20, STEP = 10 };

extern struct fake_turn server;

extern struct turn *client;

/** How many packets were sent, either way; how many of 100 are lost */
extern unsigned sent, lose;
/** How many are on their way */
extern unsigned wirec;
/** ms */
extern uint64_t now;

/** Two peers; say() is for the first one */
extern struct sa peer, peer2;

/** Whom what the client got last came from */
extern struct sa from;

/** What came last: to the client, to the peer; and how often */
extern char got[64], heard[64];
extern unsigned gots, heards;

/** For turn_alloc(): to the server */
void send_h(const uint8_t *p, size_t n, void *arg);

/** What comes to the client from a peer */
void data_h(const struct sa *src, const uint8_t *p, size_t n, void *arg);

/** ms pass */
void pass(uint64_t ms);

/** A client. @param kept  What one before it left, or NULL */
void begin(const struct turn_kept *kept);

/** For cmocka: a server, a client, which has begun */
int setup(void **state);

/** For cmocka */
int teardown(void **state);

/** The client has its allocation */
void is_up(void);

/** It has none any more, for that reason */
void is_over(enum turn_why why);

/** The client says this to the peer */
int say(const char *s);

#endif
