/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api_fix.h  The API without a network: a request goes in, an answer comes out
 */
#ifndef CAROM_API_FIX_H
#define CAROM_API_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <re.h>

#include "api/core.h"
#include "store/store.h"

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct header {
	const char *name, *value;
};

struct fix {
	struct store *st;
	struct api *a;
	struct header headerv[4]; /**< of the next request */
	bool closed;         /**< a token is needed                        */
	struct sa peer;      /**< who asks; unset: by the Unix socket      */
	struct api_req *req; /**< the last request                         */
	unsigned answers;    /**< it had: 0 or 1                           */
	struct odict *reply; /**< the body of its answer, or NULL          */
	unsigned runs;       /**< how often the handler of /v1/things ran  */
	unsigned changes;
	struct tmr look;
	struct api_req *kept; /**< the request of /v1/later: it answers none */
};

/** The fixture */
struct fix *fix_of(void **state);

/** For api_route(): answers with what it was asked for; counted in runs */
int echo(struct api_req *req, void *arg);

/** For cmocka: an API with /v1/things, /v1/later, /v1/fail, /v1/checked, /v1/pages */
int setup(void **state);

/** For cmocka */
int teardown(void **state);

/** One request. @param body  JSON, or NULL. @return Its status; 0: it is not answered yet */
unsigned ask(struct fix *f, const char *method, const char *target,
	     const char *body);

/** A string of the answer's body; "" none */
const char *text(const struct fix *f, const char *key);

/** A header of the answer; "" none */
const char *reply_header(const struct fix *f, const char *name);

/** The detail of the fault at a pointer; "" none */
const char *fault(const struct fix *f, const char *pointer);

#endif
