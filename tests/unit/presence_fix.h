/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file presence_fix.h  Presence on loopback with a clock of the test's own, and a phone that asks it
 */
#ifndef CAROM_PRESENCE_FIX_H
#define CAROM_PRESENCE_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "presence/presence.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

enum { WAIT = 5000 /* ms until a test has failed */, GOT = 32 };

/** What presence takes for the time: s since 1970 */
extern uint64_t now;

/** A phone: what it got, and how it answers a NOTIFY */
struct fix {
	struct sip_node *node;
	struct store *store;
	struct location *loc;
	struct presence *p;
	struct presence_conf conf;
	struct sa addr, phone;
	struct udp_sock *us;
	struct tcp_sock *ts;
	struct tcp_conn *tc;
	struct mbuf *stream;
	char *gotv[GOT]; /**< what it got since forget() */
	unsigned got;
	unsigned want;        /**< run() ends with as many     */
	unsigned notify_code; /**< 0: no answer                */
	char totag[64];       /**< of the last 200             */
	unsigned branch;
	char *path; /**< of the store */
};

/** Let the event loop go on until f->want messages came; after WAIT the test has failed */
void run(void);

/** Nothing more comes for as long */
void quiet(struct fix *f, uint64_t ms);

/** The value of a header of a message.
 *  @param name  With line end, colon and blank: "\r\nTo: " */
void header(char *buf, size_t sz, const char *text, const char *name);

/** Keep what came to the phone */
void note(struct fix *f, const char *p, size_t n);

/** The answer to a request. @return Its length */
int echo(char *buf, size_t sz, const char *text, unsigned code);

/** The phone sends this */
void send_text(struct fix *f, const char *text);

/** Presence, out of what is stored */
void start(struct fix *f);

/** It, the locations and the store go; the file stays */
void end(struct fix *f);

/** For cmocka: the state is the fixture, started */
int setup(void **state);

/** What the phone got is forgotten */
void forget(struct fix *f);

/** For cmocka */
int teardown(void **state);

/** One request and its answer, and n more messages */
void ask(struct fix *f, unsigned more, const char *method, const char *ruri,
	 const char *totag, unsigned cseq, const char *headers,
	 const char *body);

/** The watcher subscribes to bob, is taken and told: f->gotv[0], f->gotv[1] */
void subscribe(struct fix *f, const char *event, const char *headers);

/** A request of the watcher's, answered with that code */
void refused(struct fix *f, const char *method, const char *ruri,
	     const char *headers, const char *body, unsigned code);

/** A PUBLISH of bob's own (From is bob), answered with that code, and n more messages */
void publish(struct fix *f, unsigned more, const char *headers,
	     const char *body, unsigned code);

#define PIDF "Event: presence\r\nContent-Type: application/pidf+xml\r\n"
#define DOC(tuples)                                                            \
	"<?xml version=\"1.0\"?><p:presence xmlns:p=\"urn:ietf:params:xml:ns:" \
	"pidf\" xmlns:r=\"urn:x\" entity=\"sip:bob@example.com\">" tuples      \
	"</p:presence>"
#define OPEN                                                                   \
	"<p:tuple id=\"t1\"><p:status><p:basic>open</p:basic><r:on/>"          \
	"</p:status></p:tuple>"

/** Changes by set_done() that are done */
extern unsigned calls;

/** For presence_set() and presence_mailbox(): counted in calls */
void set_done(int err, void *arg);

#endif
