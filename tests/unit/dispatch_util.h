/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch_util.h  Lists and Call-IDs for the tests of dispatch/
 */
#ifndef DISPATCH_UTIL_H
#define DISPATCH_UTIL_H

#include <re.h>
#include "dispatch/dispatch.h"

enum { KEYS = 60000 };

static inline struct ds_list *list_of(const char *text)
{
	struct ds_list *l = NULL;
	struct ds_err e = {""};
	struct pl pl;

	pl_set_str(&pl, text);
	if (ds_list_parse(&l, "t.list", &pl, &e))
		fail_msg("%s", e.msg);

	return l;
}

static inline struct ds_change merge(struct ds_sets *s, const char *text,
				     uint64_t now)
{
	struct ds_list *l = list_of(text);
	struct ds_change c;

	assert_int_equal(ds_sets_merge(s, l, now, &c), 0);
	mem_deref(l);

	return c;
}

static inline uint32_t hash_of(const char *str)
{
	struct pl pl;

	pl_set_str(&pl, str);

	return ds_hash(&pl);
}

/* Hash of the i'th random Call-ID; the same ones in each run */
static inline uint32_t random_key(uint32_t i)
{
	uint64_t r = (i + 1) * 0x9e3779b97f4a7c15ull;
	char cid[64];

	r = (r ^ (r >> 29)) * 0xff51afd7ed558ccdull;
	r ^= r >> 32;
	re_snprintf(cid, sizeof(cid), "%016llx@10.0.0.%u", r, i % 200);

	return hash_of(cid);
}

/** A list of one set with six targets */
#define SIX                                                                    \
	"1 sip:10.0.0.1\n1 sip:10.0.0.2\n1 sip:10.0.0.3\n"                     \
	"1 sip:10.0.0.4\n1 sip:10.0.0.5\n1 sip:10.0.0.6\n"

/** Sets of a list, taken at 1000 ms: mem_deref */
static inline struct ds_sets *make(enum ds_mode mode, const char *text)
{
	struct ds_conf conf = ds_conf_default;
	struct ds_sets *s = NULL;

	conf.mode = mode;
	assert_int_equal(ds_sets_alloc(&s, &conf), 0);
	merge(s, text, 1000);

	return s;
}

static inline void assert_state(const struct ds_target *t, enum ds_state state,
				const char *reason, uint64_t changed)
{
	const struct ds_status *st = ds_target_status(t);

	assert_string_equal(ds_state_name(st->state), ds_state_name(state));
	assert_string_equal(st->reason, reason);
	assert_int_equal(st->changed, changed);
}

#endif
