/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file flow_fix.h  Two edges of one address, a farm behind them, and a client by TCP
 */
#ifndef CAROM_FLOW_FIX_H
#define CAROM_FLOW_FIX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "edge/forward.h"

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#define VIP "192.0.2.100"
#define OWN1 "192.0.2.11"
#define OWN2 "192.0.2.12"
#define FARM "192.0.2.31"
#define CLIENT "198.51.100.7"

enum { UDP = 0, OWN, TCP, WS };

/** Both have VIP; OWN1 and OWN2 are theirs alone */
extern struct policy *edge1, *edge2;
/** The message that was put last */
extern struct msg msg;
/** What became of it */
extern struct forward_out out;
/** What left */
extern char text[8192];

/** An address */
struct sa addr(const char *ip, uint16_t port);

/** One more listener of an edge */
void listener(struct policy *p, enum msg_transp t, const char *ip,
	      uint16_t port, bool own);

/** For cmocka: two edges, that differ in OWN */
int setup(void **state);

/** For cmocka */
int teardown(void **state);

/** A message comes in by a listener of an edge */
enum forward_verdict put(const struct policy *p, unsigned in, const char *ip,
			 uint16_t port, const char *m);

/** What left has this in it */
void has(const char *what);

/** ... or not */
void has_not(const char *what);

/** It left for there */
void goes_to(enum msg_transp t, const char *ip, uint16_t port);

/** A request's text, good until the next one; Via, To-tag ... as named */
const char *request(const char *method, const char *uri, const char *via,
		    const char *more, bool tag);

#define CVIA "SIP/2.0/TCP 10.0.0.1:5061"
#define FVIA "SIP/2.0/UDP " FARM ":5060"

/** The n-th Record-Route of what left */
void record_route(char *to, size_t sz, unsigned n);

/** Record-Routes of the call, as the farm sees them */
extern char top[200], bottom[200];

/** A call from the client to the farm: top, bottom */
void call(void);

/** Two Routes */
const char *routes(const char *a, const char *b);

#endif
