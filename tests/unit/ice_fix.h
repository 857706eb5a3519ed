/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice_fix.h  Two sides that check each other, in a time of their own, over a wire that may lose
 */
#ifndef CAROM_ICE_FIX_H
#define CAROM_ICE_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ice/full.h"

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

enum { WIRE = 64, SIDES = 2, BEGIN = 1000 };

struct side {
	struct full *x; /* NULL: a lite one                           */
	struct lite us;
	struct sa addr;
	struct sa seen;  /* as it is seen behind its NAT; AF_UNSPEC: as it is */
	bool pinhole;    /* lets in only whom it has sent to           */
	bool deaf;       /* what is sent to it is lost                 */
	bool apart;      /* the same, but of what its relay has for it  */
	struct sa relay; /* its address there; AF_UNSPEC: it has none     */
	unsigned by_relay; /* that it sent                              */
	struct sa sent_to[8];
	unsigned sentc, requests, uses, refusals;
	struct sa nominated; /* lite: by whom                         */
};

/** What is on its way from one to the other */
struct packet {
	unsigned to;
	bool relayed; /* to its address at the relay */
	struct sa src, dst;
	uint8_t p[512];
	size_t n;
	uint64_t at;
};

/** The two: 0 controls as a rule */
extern struct side sidev[SIDES];
/** What is on its way now */
extern struct packet wire[WIRE];
extern unsigned wirec;
/** ms */
extern uint64_t now;

/** A STUN message, whose fingerprint is right: mem_deref */
struct stun_msg *decode(const uint8_t *p, size_t n);

/** A side sends, from its address */
void send_h(const struct sa *dst, const uint8_t *p, size_t n, void *arg);

/** ms pass: what is on the wire comes, what is due is done */
void pass(uint64_t ms);

/** For cmocka: two lite sides, 192.0.2.1:4000 and 203.0.113.20:4000 */
int setup(void **state);

/** For cmocka */
int teardown(void **state);

/** A side begins to check */
void begin(unsigned i, bool controlling, bool peer_lite);

/** A side has a candidate of the other's */
void knows(unsigned i, const char *addr, uint16_t port, uint32_t prio);

/** A side is up, and the other is at that address */
void is_up(unsigned i, const char *addr, uint16_t port);

/** Both begin and know each other; side 0 controls */
void both_know(void);

#endif
