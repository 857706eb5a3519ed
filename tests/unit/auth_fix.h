/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file auth_fix.h  An edge that asks for digest, and a client that answers
 */
#ifndef CAROM_AUTH_FIX_H
#define CAROM_AUTH_FIX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "edge/auth.h"
#include "edge/forward.h"

#define REALM "example.com"
#define URI "sip:b@example.com"

/** The edges' clock: s since 1970 */
extern uint64_t clock_s;

/* An edge, and what it made of the last message */
struct fix {
	struct policy *p;
	struct users *users;
	struct digest *digest;
	struct count count;
	struct auth_conf conf;
	struct msg msg;
	enum forward_verdict v;
	uint16_t code;
	char out[2048];
	const char *why;
};

/** An edge whose key begins so */
struct fix *edge_of(uint64_t key);

/** An edge */
struct fix *edge(void);

/** It goes */
void close_edge(struct fix *f);

/* A client's answer: what is not set is as it should be */
struct answer {
	const char *user, *password, *realm, *uri, *from, *callid, *src,
		*method, *ruri, *to, *extra;
	enum digest_alg alg;
	const char *nonce; /* NULL: no credentials                      */
	unsigned nc;       /* 0: without qop                            */
};

/** The header that answers */
void credentials(char *text, size_t size, struct fix *f,
		 const struct answer *a);

/** A request, with an answer to a challenge; NULL: without */
void ask(struct fix *f, const struct answer *a);

/** The nonce of the reply's n-th challenge */
char *nonce_of(const struct fix *f, unsigned n, char nonce[128]);

/** Ask without an answer. @return The nonce of the n-th challenge that comes */
char *challenge(struct fix *f, unsigned n, char nonce[128]);

#define assert_sent(f)                                                         \
	do {                                                                   \
		if ((f)->v != FORWARD_SEND)                                    \
			fail_msg("%u %s", (f)->code, (f)->why);                \
	} while (0)

#endif
