/* SPDX-License-Identifier: BSD-2-Clause */
/* dispatcher.list: what is refused has a reason; what is taken makes sets that
 * a second reading does not change, whatever the targets' states */
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "must.h"

static void entries(const struct ds_list *l)
{
	uint32_t id = 0, last = 0;

	for (size_t i = 0; i < ds_list_count(l); i++, last = id) {
		size_t n = ds_list_set(l, i, &id);

		MUST(n && n <= DS_TARGETS_MAX && id <= INT32_MAX);
		MUST(!i || id > last);
		for (size_t k = 0; k < n; k++) {
			const struct ds_entry *en = ds_list_entry(l, i, k);

			MUST(strlen(en->uri) <= DS_URI_MAX);
			MUST(en->flags <= DS_F_ALL);
			MUST(en->weight <= DS_WEIGHT_MAX);
			MUST(en->latency <= DS_LATENCY_MAX);
			MUST(!ds_attr_get(en->attrs, "", NULL));
		}
	}
}

/* Results as the bytes say; then who is picked has to be there to answer */
static void probe(struct ds_set *set, const uint8_t *data, size_t size)
{
	struct ds_target *t;
	bool usable = false;

	for (size_t i = 0; i < ds_set_count(set); i++) {
		uint8_t b = data[i % size];

		t = ds_set_target(set, i);
		for (unsigned k = 0; k < (b >> 1) % 4u; k++)
			(void)ds_target_result(t, NULL, b & 1, b, i);
		usable |= ds_target_status(t)->state <= DS_TRYING &&
			  ds_target_weight(t);
	}

	(void)ds_set_build(set);
	MUST(!ds_set_build(set));
	t = ds_set_pick(set, data[0] * 0x01010101u);
	MUST(!t || ds_target_status(t)->state <= DS_TRYING);
	MUST(t || !usable);
}

static void sets(const struct ds_list *l, enum ds_mode mode,
		 const uint8_t *data, size_t size)
{
	struct ds_conf conf = ds_conf_default;
	struct ds_sets *s = NULL;
	struct ds_change a, b;

	conf.mode = mode;
	conf.slots = 32;
	MUST(!ds_sets_alloc(&s, &conf));
	MUST(!ds_sets_merge(s, l, 1, &a));
	MUST(ds_sets_count(s) == ds_list_count(l));
	MUST(a.sets_added == ds_list_count(l) && !a.kept && !a.removed);

	for (size_t i = 0; i < ds_sets_count(s); i++)
		probe(ds_sets_at(s, i), data, size);

	MUST(!ds_sets_merge(s, l, 2, &b));
	MUST(b.kept == a.added && !b.added && !b.removed && !b.slots);
	mem_deref(s);
}

/* Said to people, on a terminal: a text of one line */
static void warned(const char *text, void *arg)
{
	unsigned *n = arg;

	MUST(!strncmp(text, "line ", 5) && strlen(text) < 256);
	MUST(!strchr(text, '\n'));
	MUST(++*n <= 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pl pl = {(const char *)data, size};
	struct ds_list *l = NULL;
	struct ds_err e = {""};
	unsigned n = 0;

	MUST(ds_hash(&pl));

	if (ds_list_parse(&l, "fuzz", &pl, &e)) {
		MUST(!l && !strncmp(e.msg, "fuzz:", 5));
		MUST(strstr(e.msg, "; allowed: "));
		return 0;
	}

	entries(l);
	ds_list_warn(l, warned, &n);
	if (size) {
		sets(l, DS_RENDEZVOUS, data, size);
		sets(l, DS_KAMAILIO, data, size);
	}
	mem_deref(l);

	return 0;
}
