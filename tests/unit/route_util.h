/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file route_util.h  Objects from JSON, for tests of routes and providers
 */
#ifndef ROUTE_UTIL_H
#define ROUTE_UTIL_H

#include "route/route.h"

static inline struct odict *json(const char *text)
{
	struct odict *o = NULL;

	assert_int_equal(json_decode_odict(&o, 16, text, strlen(text), 16), 0);
	return o;
}

static inline struct route *route_of(const char *text)
{
	struct fields_err e = {"", ""};
	struct odict *o = json(text);
	struct route *r = NULL;

	if (route_decode(&r, o, &e))
		fail_msg("%s: %s", e.path, e.text);
	mem_deref(o);
	return r;
}

#endif
