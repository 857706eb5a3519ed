/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_dispatch_reload.c  A list read again: what stays is kept
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <cmocka.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch_util.h"

static void reload(void **state)
{
	struct ds_sets *s = make(DS_RENDEZVOUS, SIX);
	struct ds_set *set = ds_sets_find(s, 1);
	struct ds_target *down = ds_set_find(set, "sip:10.0.0.2"), *t, *gone;
	uint16_t num = ds_target_number(down);
	struct ds_change c;

	(void)state;
	for (int i = 0; i < 3; i++)
		ds_target_result(down, NULL, false, 0, 2000);
	ds_target_result(ds_set_find(set, "sip:10.0.0.4"), NULL, true, 7000,
			 2000);
	ds_set_build(set);

	c = merge(s, SIX, 3000);
	assert_int_equal(c.kept, 6);
	assert_int_equal(c.added + c.removed + c.slots, 0);
	assert_int_equal(c.sets_added + c.sets_removed, 0);

	/* 1 goes, 7 comes, 2 and 4 stay with another priority and weight */
	gone = mem_ref(ds_set_find(set, "sip:10.0.0.1"));
	c = merge(s,
		  "1 sip:10.0.0.7\n1 sip:10.0.0.2 0 3 weight=9\n"
		  "1 sip:10.0.0.3\n1 sip:10.0.0.4 0 0 duid=x\n"
		  "1 sip:10.0.0.5\n1 sip:10.0.0.6\n5 sip:b\n",
		  4000);
	assert_int_equal(c.kept, 5);
	assert_int_equal(c.added, 2);
	assert_int_equal(c.removed, 1);
	assert_int_equal(c.sets_added, 1);
	assert_true(c.slots > DS_SLOTS);
	assert_true(c.slots < DS_SLOTS + DS_SLOTS / 2);
	assert_ptr_equal(ds_sets_find(s, 1), set);
	assert_ptr_equal(ds_set_find(set, "sip:10.0.0.2"), down);
	assert_ptr_equal(ds_set_target(set, 0), down);
	assert_int_equal(ds_target_number(down), num);
	assert_int_equal(ds_target_weight(down), 9);
	assert_state(down, DS_INACTIVE, "3 of 3 probes without answer", 2000);
	t = ds_set_find(set, "sip:10.0.0.4");
	assert_int_equal(ds_target_status(t)->lat.avg, 7000);
	assert_true(ds_attr_get(ds_target_attrs(t), "duid", NULL));
	t = ds_set_find(set, "sip:10.0.0.7");
	assert_state(t, DS_ACTIVE, "new in the list", 4000);
	assert_int_not_equal(ds_target_number(t), ds_target_number(gone));
	for (uint32_t i = 0; i < 1000; i++)
		assert_ptr_not_equal(ds_set_pick(set, random_key(i)), gone);
	/* whoever held on to it does no harm */
	assert_true(ds_target_result(gone, NULL, false, 0, 5000));
	mem_deref(gone);

	/* one who only goes leaves no slot behind, either */
	gone = mem_ref(ds_set_find(set, "sip:10.0.0.7"));
	c = merge(s,
		  "1 sip:10.0.0.2 0 3 weight=9\n1 sip:10.0.0.3\n"
		  "1 sip:10.0.0.4\n1 sip:10.0.0.5\n1 sip:10.0.0.6\n5 sip:b\n",
		  5500);
	assert_int_equal(c.removed, 1);
	assert_in_range(c.slots, DS_SLOTS * 18 / 100, DS_SLOTS * 22 / 100);
	for (uint32_t i = 0; i < 1000; i++)
		assert_non_null(ds_set_pick(set, random_key(i)));
	mem_deref(gone);

	c = merge(s, "", 6000);
	assert_int_equal(c.sets_removed, 2);
	assert_int_equal(c.removed, 6);
	assert_int_equal(ds_sets_count(s), 0);
	mem_deref(s);
}

/* The list has its say about the state only where it changes its mind */
static void reload_flags(void **state)
{
	struct ds_sets *s = make(DS_RENDEZVOUS, "1 sip:a\n1 sip:b\n1 sip:c 4");
	struct ds_set *set = ds_sets_find(s, 1);
	struct ds_target *a = ds_set_find(set, "sip:a");
	struct ds_target *b = ds_set_find(set, "sip:b");
	struct ds_target *c = ds_set_find(set, "sip:c");

	(void)state;
	ds_target_set_state(a, DS_DISABLED, false, "works", 2000);
	ds_target_set_state(c, DS_ACTIVE, true, "done", 2000);
	ds_set_build(set);

	merge(s, "1 sip:a 8\n1 sip:b 1\n1 sip:c 4", 3000);
	assert_state(a, DS_DISABLED, "works", 2000);
	assert_true(ds_target_status(a)->probing);
	assert_state(b, DS_INACTIVE, "flags in the list are 1", 3000);
	assert_state(c, DS_ACTIVE, "done", 2000);
	assert_true(ds_target_status(c)->probing);
	for (uint32_t i = 0; i < 100; i++)
		assert_ptr_equal(ds_set_pick(set, random_key(i)), c);

	merge(s, "1 sip:a\n1 sip:b\n1 sip:c", 4000);
	assert_state(b, DS_ACTIVE, "flags in the list are 0", 4000);
	assert_state(c, DS_ACTIVE, "flags in the list are 0", 2000);
	assert_state(a, DS_DISABLED, "works", 2000);
	assert_false(ds_target_status(a)->probing);
	mem_deref(s);
}

/* Lines with one URI are targets of their own, and each keeps its state */
static void reload_twice(void **state)
{
	static const char text[] = "1 sip:a\n1 sip:b\n1 sip:a\n1 sip:a\n";
	struct ds_sets *s = make(DS_RENDEZVOUS, text);
	struct ds_set *set = ds_sets_find(s, 1);
	struct ds_target *t = ds_set_target(set, 1);

	(void)state;
	ds_target_set_state(t, DS_DISABLED, false, NULL, 2000);
	ds_set_build(set);
	assert_int_equal(merge(s, text, 3000).slots, 0);
	assert_ptr_equal(ds_set_target(set, 1), t);
	assert_int_equal(ds_set_usable(set), 3);
	mem_deref(s);
}

/* A full set replaced by another full one, over and over: numbers last */
static void turnover(void **state)
{
	struct ds_conf conf = ds_conf_default;
	struct ds_sets *s = NULL;
	struct mbuf *mb = mbuf_alloc(65536);

	(void)state;
	conf.slots = 64;
	assert_int_equal(ds_sets_alloc(&s, &conf), 0);
	for (unsigned round = 0; round < 5; round++) {
		bool seen[DS_NUMBERS] = {false};
		struct ds_change c;

		mbuf_rewind(mb);
		for (unsigned i = 0; i < DS_TARGETS_MAX; i++)
			mbuf_printf(mb, "1 sip:t%u\n",
				    round * (round % 2 ? 700 : 1024) + i);
		mbuf_write_u8(mb, 0);
		c = merge(s, (char *)mb->buf, 1000);
		assert_int_equal(c.added + c.kept, DS_TARGETS_MAX);
		for (unsigned i = 0; i < DS_TARGETS_MAX; i++) {
			uint16_t n = ds_target_number(
				ds_set_target(ds_sets_at(s, 0), i));

			assert_in_range(n, 0, DS_NUMBERS - 1);
			assert_false(seen[n]);
			seen[n] = true;
		}
		assert_non_null(ds_set_pick(ds_sets_at(s, 0), round));
	}
	mem_deref(mb);
	mem_deref(s);
}

/* One set as Kamailio does it, another one not, whenever that is said */
static void modes(void **state)
{
	static const char list[] =
		"1 sip:127.0.0.1:7001\n1 sip:127.0.0.1:7002\n"
		"2 sip:127.0.0.1:7001\n2 sip:127.0.0.1:7002\n";
	struct ds_sets *s = NULL;
	uint32_t n;

	(void)state;
	assert_int_equal(ds_sets_alloc(&s, NULL), 0);
	assert_int_equal(ds_sets_mode(NULL, 1, DS_KAMAILIO), EINVAL);
	assert_int_equal(ds_sets_mode(s, 1, (enum ds_mode)2), EINVAL);
	assert_int_equal(ds_sets_mode(s, 2, DS_KAMAILIO), 0);
	merge(s, list, 1);
	(void)ds_set_slots(ds_sets_find(s, 1), &n);
	assert_int_equal(n, DS_SLOTS);
	(void)ds_set_slots(ds_sets_find(s, 2), &n);
	assert_int_equal(n, 2);
	assert_string_equal(ds_target_uri(ds_set_pick(ds_sets_find(s, 2), 6)),
			    "sip:127.0.0.1:7002");

	/* changed while the set is there, and kept through a reload */
	assert_int_equal(ds_sets_mode(s, 1, DS_KAMAILIO), 0);
	assert_int_equal(ds_sets_mode(s, 2, DS_RENDEZVOUS), 0);
	for (int i = 0; i < 2; i++) {
		(void)ds_set_slots(ds_sets_find(s, 1), &n);
		assert_int_equal(n, 2);
		assert_non_null(ds_set_pick(ds_sets_find(s, 1), 7));
		(void)ds_set_slots(ds_sets_find(s, 2), &n);
		assert_int_equal(n, DS_SLOTS);
		assert_non_null(ds_set_pick(ds_sets_find(s, 2), 7));
		merge(s, list, 2);
	}
	mem_deref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reload),       cmocka_unit_test(reload_flags),
		cmocka_unit_test(reload_twice), cmocka_unit_test(turnover),
		cmocka_unit_test(modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
