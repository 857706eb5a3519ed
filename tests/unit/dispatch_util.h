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

#endif
