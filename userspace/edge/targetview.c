/* SPDX-License-Identifier: BSD-2-Clause */
/* A target as the control socket shows it */
#include <errno.h>
#include "edge/targetview.h"

static unsigned permille(const struct ds_set *set, const struct ds_target *t)
{
	const uint16_t number = ds_target_number(t);
	const uint16_t *slotv;
	uint64_t mine = 0;
	uint32_t n;

	slotv = ds_set_slots(set, &n);
	for (uint32_t i = 0; i < n; i++)
		mine += slotv[i] == number;
	return n ? (unsigned)(mine * 1000 / n) : 0;
}

static int put_status(struct odict *o, const struct ds_status *st)
{
	const struct {
		const char *key;
		uint64_t n;
	} v[] = {
		{"since_ms", tmr_jiffies() - st->changed},
		{"latency_us", st->lat.avg},
		{"latency_min_us", st->lat.min},
		{"latency_max_us", st->lat.max},
		{"answers", st->lat.answers},
		{"timeouts", st->lat.timeouts},
		{"fails", st->fails},
		{"last_code", st->code},
		{"last_us", st->rtt},
	};
	int err = odict_entry_add(o, "state", ODICT_STRING,
				  ds_state_name(st->state));

	if (!err)
		err = odict_entry_add(o, "reason", ODICT_STRING, st->reason);
	for (size_t i = 0; i < ARRAY_SIZE(v) && !err; i++)
		err = odict_entry_add(o, v[i].key, ODICT_INT, (int64_t)v[i].n);
	return err;
}

int targetview_sent(struct odict *arr, const struct ds_set *set)
{
	char key[24];
	int err = 0;

	for (size_t k = 0; k < ds_set_count(set) && !err; k++) {
		const struct ds_target *t = ds_set_target(set, k);
		const struct ds_status *st = ds_target_status(t);
		struct odict *o = NULL;

		if (!st->requests && !st->responses)
			continue;
		err = odict_alloc(&o, 4);
		if (!err)
			err = odict_entry_add(o, "set", ODICT_INT,
					      (int64_t)ds_set_id(set));
		if (!err)
			err = odict_entry_add(o, "uri", ODICT_STRING,
					      ds_target_uri(t));
		if (!err)
			err = odict_entry_add(o, "requests", ODICT_INT,
					      (int64_t)st->requests);
		if (!err)
			err = odict_entry_add(o, "responses", ODICT_INT,
					      (int64_t)st->responses);
		(void)re_snprintf(key, sizeof(key), "%u-%zu", ds_set_id(set),
				  k);
		if (!err)
			err = odict_entry_add(arr, key, ODICT_OBJECT, o);
		mem_deref(o);
	}
	return err;
}

static int put_attrs(struct odict *o, const struct ds_target *t)
{
	const char *attrs = ds_target_attrs(t);
	struct pl val;
	char text[128];
	int err = 0;

	if (attrs)
		err = odict_entry_add(o, "attrs", ODICT_STRING, attrs);
	if (!err && ds_attr_get(attrs, "duid", &val)) {
		(void)re_snprintf(text, sizeof(text), "%r", &val);
		err = odict_entry_add(o, "duid", ODICT_STRING, text);
	}
	return err;
}

/* Where calls to it go; a name may have none */
static int put_address(struct odict *o, const struct ds_target *t)
{
	const struct sa *sa = ds_target_addr(t);
	char text[64];

	if (!sa)
		return 0;
	(void)re_snprintf(text, sizeof(text), "%J", sa);
	return odict_entry_add(o, "address", ODICT_STRING, text);
}

int targetview(struct odict *arr, const struct ds_set *set,
	       const struct ds_target *t, size_t nth)
{
	const struct {
		const char *key;
		uint64_t n;
	} v[] = {
		{"set", ds_set_id(set)},
		{"slots_permille", permille(set, t)},
		{"priority", ds_target_priority(t)},
		{"weight", ds_target_weight(t)},
		{"flags", ds_target_flags(t)},
	};
	struct odict *o = NULL;
	char key[24];
	int err = odict_alloc(&o, 16);

	if (!err)
		err = odict_entry_add(o, "uri", ODICT_STRING, ds_target_uri(t));
	for (size_t i = 0; i < ARRAY_SIZE(v) && !err; i++)
		err = odict_entry_add(o, v[i].key, ODICT_INT, (int64_t)v[i].n);
	if (!err)
		err = put_status(o, ds_target_status(t));
	if (!err)
		err = put_attrs(o, t);
	if (!err)
		err = put_address(o, t);
	/* an array's keys are never shown, yet must differ */
	(void)re_snprintf(key, sizeof(key), "%u-%zu", ds_set_id(set), nth);
	if (!err)
		err = odict_entry_add(arr, key, ODICT_OBJECT, o);
	mem_deref(o);
	return err;
}
