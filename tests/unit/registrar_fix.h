/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrar_fix.h  A registrar on loopback, and a phone that sends it what the test says
 */
#ifndef CAROM_REGISTRAR_FIX_H
#define CAROM_REGISTRAR_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "location/priv.h"
#include "registrar/registrar.h"

#define INSTANCE ";+sip.instance=\"<urn:uuid:1-2>\""
#define OUTBOUND "Supported: outbound, path, gruu\r\n"

#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)

enum { WAIT = 5000 /* ms until a test has failed */ };

struct fix {
	struct store *store;
	struct location *loc;
	struct extensions *ext;
	struct sip_node *node;
	struct registrar *r;
	struct registrar_conf conf; /**< it is started with next */
	struct sa addr;      /**< the registrar's                       */
	struct udp_sock *us; /**< the phone's                           */
	char reply[8192];    /**< what came to the phone last           */
	unsigned replies;    /**< how many came                         */
	unsigned done;       /**< how many changes of extensions ended  */
	int err;             /**< how the last of them did              */
	unsigned branch;
	unsigned blocked;
};

/** The domains it serves: example.com, and another */
extern const char *const domainv[2];

/** Let the event loop go on until as many have come; the test has failed after WAIT */
void wait_for(const unsigned *counter, unsigned want);

/** What comes to the phone: for udp_listen(), with the fixture */
void datagram(const struct sa *src, struct mbuf *mb, void *arg);

/** The phone sends this */
void send_text(struct fix *f, const char *text);

/** The status code of a response */
uint16_t code_of(const char *reply);

/** The phone sends this. @return The status code of what comes next */
uint16_t exchange(struct fix *f, const char *text);

/** A REGISTER of a user's (user@domain), with further headers, each with its line end */
char *make(struct fix *f, char text[8192], const char *user, const char *callid,
	   unsigned cseq, const char *hdrs);

/** Alice@example.com registers, with further headers. @return The status code */
uint16_t reg(struct fix *f, const char *callid, unsigned cseq,
	     const char *hdrs);

/** Whether the last reply has this in it; if not, both are printed */
bool has(const struct fix *f, const char *what);

/** How many Contacts the last reply has */
unsigned contacts(const struct fix *f);

/** The registrar, out of what is stored */
void start(struct fix *f);

/** It and all that it has in memory go; the store stays */
void stop(struct fix *f);

/** For cmocka: the state is the fixture, started; nobody is asked who he is */
int setup(void **state);

/** For cmocka */
int teardown(void **state);

/** Let the event loop go on for as long */
void run_ms(unsigned ms);

#endif
