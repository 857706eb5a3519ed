/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider_fix.h  The proxy to the providers: a node and two carriers, scripted, on loopback
 */
#ifndef CAROM_PROVIDER_FIX_H
#define CAROM_PROVIDER_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "provider/core.h"
#include "store/store.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

enum { ENOUGH = 20000 /* ms: a hang is a failure */, QUEUE = 16 };

/* Somebody with a socket, and what came to it */
struct party {
	struct udp_sock *us;
	struct sa addr;
	char *gotv[QUEUE];
	size_t n;
	char *last; /* that was waited for                                 */
};

struct house {
	struct fake_dns *dns;
	struct dns *client;
	struct store *store;
	struct providers *ps;
	struct sa proxy; /**< where the proxy takes calls              */
	struct party node, one, two;
	struct tmr end;
	const struct party *waiting;
	unsigned branch; /**< of the node's requests: counted up by it */
};

/** The house of the test that runs: set_up() makes it anew */
extern struct house t;

/** For a timer: the event loop ends */
void give_up(void *arg);

/** The next message to it that begins so, good until the next call. Others before it don't
 *  count; the test has failed if none comes */
const char *await(struct party *p, const char *begin);

/** Nothing that begins so comes to it within some time */
void quiet(struct party *p, const char *begin, unsigned ms);

/** It sends this to the proxy */
void say(struct party *p, const char *text);

/** Headers of a message: those of that name, with their line ends; good for 8 calls */
char *headers(const char *msg, const char *name);

/** It answers a request. @param status  "200 OK"; @param more  Headers, or "" */
void answer_to(struct party *p, const char *req, const char *status,
	       const char *more);

/** It answers the request that was waited for last */
void answer(struct party *p, const char *status, const char *more);

/** The node's request. @param more  Headers, or "" */
void request(const char *method, const char *uri, const char *cseq,
	     const char *to_tag, const char *more);

/** The node calls +4912 */
void invite(void);

/** Route headers of the dialog, out of the response that came to the node */
const char *routes(void);

/** A provider whose carrier is that party. @param more  Further fields of its JSON, or "" */
void add_provider(const char *id, const struct party *p, const char *more);

/** A route, of JSON */
void add_route(const char *text);

/** The proxy. @param always  It stays in the path of each dialog */
void make_house(bool always);

/** For cmocka: the proxy, the node, providers one and two, no route */
int set_up(void **state);

/** For cmocka */
int tear_down(void **state);

/** A message has this in it */
void contains(const char *msg, const char *what);

/** A message does not have this in it */
void lacks(const char *msg, const char *what);

/** One first, and by that failover (JSON) two */
void two_routes(const char *failover);

/** For cmocka: before all tests, and behind them */
int all_up(void **state);
int all_down(void **state);

#endif
