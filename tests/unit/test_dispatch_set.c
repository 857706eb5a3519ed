/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_dispatch_set.c  Targets go down and up, and which are picked then
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

static void confs(void **state)
{
	struct ds_conf conf = ds_conf_default;
	struct ds_sets *s = NULL;

	(void)state;
	conf.slots = 0;
	assert_int_equal(ds_sets_alloc(&s, &conf), EINVAL);
	conf.slots = DS_SLOTS + 1;
	assert_int_equal(ds_sets_alloc(&s, &conf), EINVAL);
	conf.slots = 1;
	conf.mode = (enum ds_mode)2;
	assert_int_equal(ds_sets_alloc(&s, &conf), EINVAL);
	assert_int_equal(ds_sets_alloc(NULL, NULL), EINVAL);
	assert_null(s);
	assert_int_equal(ds_sets_alloc(&s, NULL), 0);
	assert_int_equal(ds_sets_merge(s, NULL, 0, NULL), EINVAL);
	assert_int_equal(ds_sets_merge(NULL, NULL, 0, NULL), EINVAL);
	assert_int_equal(ds_sets_count(s), 0);
	assert_null(ds_sets_at(s, 0));
	assert_null(ds_sets_find(s, 0));
	mem_deref(s);

	/* nobody there */
	assert_null(ds_set_pick(NULL, 1));
	assert_int_equal(ds_set_build(NULL), 0);
	assert_int_equal(ds_set_slot(NULL, 7), 0);
	assert_null(ds_set_target(NULL, 0));
	assert_null(ds_set_find(NULL, "sip:a"));
	assert_false(ds_target_result(NULL, NULL, true, 1, 1));
	assert_false(ds_target_set_state(NULL, DS_ACTIVE, false, NULL, 1));
	assert_null(ds_target_addr(NULL));
}

static void attributes(void **state)
{
	struct ds_sets *s = make(
		DS_RENDEZVOUS,
		"3 sip:10.0.0.1:5080 0 2 weight=4;maxload=9;latency=5;x=y\n"
		"3 sips:[2001:db8::1] 24\n3 sip:gw.example.net 8 1\n"
		"3 sip:10.0.0.2;transport=TLS\n");
	struct ds_set *set = ds_sets_find(s, 3);
	struct ds_target *t = ds_set_target(set, 0);
	struct pl val;
	struct sa sa;
	char buf[64];

	(void)state;
	assert_int_equal(ds_set_id(set), 3);
	assert_int_equal(ds_set_count(set), 4);
	assert_null(ds_set_target(set, 4));
	assert_string_equal(ds_target_uri(t), "sip:10.0.0.1:5080");
	assert_int_equal(ds_target_priority(t), 2);
	assert_int_equal(ds_target_weight(t), 4);
	assert_int_equal(ds_target_maxload(t), 9);
	assert_int_equal(ds_target_flags(t), 0);
	assert_true(ds_attr_get(ds_target_attrs(t), "x", &val));
	assert_int_equal(pl_strcmp(&val, "y"), 0);
	assert_int_equal(ds_target_status(t)->lat.avg, 5000);
	re_snprintf(buf, sizeof(buf), "%J", ds_target_addr(t));
	assert_string_equal(buf, "10.0.0.1:5080");

	t = ds_set_find(set, "sips:[2001:db8::1]");
	re_snprintf(buf, sizeof(buf), "%J", ds_target_addr(t));
	assert_string_equal(buf, "[2001:db8::1]:5061");
	assert_true(ds_target_status(t)->probing);
	t = ds_set_find(set, "sip:10.0.0.2;transport=TLS");
	assert_int_equal(sa_port(ds_target_addr(t)), 5061);

	t = ds_set_find(set, "sip:gw.example.net");
	assert_null(ds_target_addr(t));
	assert_int_equal(sa_set_str(&sa, "192.0.2.1", 5062), 0);
	ds_target_set_addr(t, &sa);
	assert_true(sa_cmp(ds_target_addr(t), &sa, SA_ALL));
	ds_target_set_addr(t, NULL);
	assert_null(ds_target_addr(t));
	mem_deref(s);
}

static void down_and_up(void **state)
{
	struct ds_conf conf = {.down = 3, .up = 2, .smooth = 10};
	struct ds_sets *s = make(DS_RENDEZVOUS, "1 sip:a");
	struct ds_target *t = ds_set_target(ds_sets_find(s, 1), 0);

	(void)state;
	assert_state(t, DS_ACTIVE, "new in the list", 1000);
	assert_false(ds_target_result(t, &conf, true, 5, 1100));
	assert_true(ds_target_result(t, &conf, false, 0, 1200));
	assert_state(t, DS_TRYING, "1 of 3 probes without answer", 1200);
	assert_true(ds_target_result(t, &conf, true, 5, 1300));
	assert_state(t, DS_ACTIVE, "answers again", 1300);

	assert_true(ds_target_result(t, &conf, false, 0, 1400));
	assert_false(ds_target_result(t, &conf, false, 0, 1500));
	assert_state(t, DS_TRYING, "2 of 3 probes without answer", 1400);
	assert_true(ds_target_result(t, &conf, false, 0, 1600));
	assert_state(t, DS_INACTIVE, "3 of 3 probes without answer", 1600);
	assert_false(ds_target_result(t, &conf, false, 0, 1700));
	assert_state(t, DS_INACTIVE, "3 of 3 probes without answer", 1600);

	/* two in a row, not one and one */
	assert_false(ds_target_result(t, &conf, true, 5, 1800));
	assert_false(ds_target_result(t, &conf, false, 0, 1900));
	assert_false(ds_target_result(t, &conf, true, 5, 2000));
	assert_true(ds_target_result(t, &conf, true, 5, 2100));
	assert_state(t, DS_ACTIVE, "2 of 2 probes answered", 2100);
	assert_int_equal(ds_target_status(t)->lat.timeouts, 6);
	assert_int_equal(ds_target_status(t)->lat.answers, 5);

	/* a threshold of one leaves nothing in between; 0 is one */
	conf.down = conf.up = 0;
	assert_true(ds_target_result(t, &conf, false, 0, 2200));
	assert_state(t, DS_INACTIVE, "1 of 1 probes without answer", 2200);
	assert_true(ds_target_result(t, &conf, true, 1, 2300));
	assert_state(t, DS_ACTIVE, "1 of 1 probes answered", 2300);
	mem_deref(s);
}

static void latency(void **state)
{
	struct ds_conf conf = {.down = 3, .up = 1, .smooth = 10};
	struct ds_sets *s = make(DS_RENDEZVOUS, "1 sip:a");
	struct ds_target *t = ds_set_target(ds_sets_find(s, 1), 0);
	const struct ds_latency *lat = &ds_target_status(t)->lat;

	(void)state;
	assert_int_equal(lat->avg, 0);
	ds_target_result(t, &conf, true, 20000, 1);
	assert_int_equal(lat->avg, 20000);
	ds_target_result(t, &conf, true, 30000, 2);
	assert_int_equal(lat->avg, 21000);
	ds_target_result(t, &conf, true, 1000, 3);
	assert_int_equal(lat->avg, 19000);
	ds_target_result(t, &conf, false, 999999, 4);
	assert_int_equal(lat->avg, 19000);
	assert_int_equal(lat->min, 1000);
	assert_int_equal(lat->max, 30000);
	assert_int_equal(lat->answers, 3);
	assert_int_equal(lat->timeouts, 1);

	conf.smooth = 1000;
	ds_target_result(t, &conf, true, UINT32_MAX, 5);
	assert_int_equal(lat->avg, DS_LATENCY_MAX * 1000u);
	conf.smooth = 0;
	ds_target_result(t, &conf, true, 0, 6);
	assert_int_equal(lat->avg, DS_LATENCY_MAX * 990u);
	assert_int_equal(lat->min, 0);
	mem_deref(s);
}

static void by_hand(void **state)
{
	struct ds_sets *s = make(DS_RENDEZVOUS, "1 sip:a 8\n1 sip:b 4\n"
						"1 sip:c 1\n1 sip:d 2\n"
						"1 sip:e 7");
	struct ds_set *set = ds_sets_find(s, 1);
	struct ds_target *t = ds_set_find(set, "sip:a");
	char longer[300];

	(void)state;
	assert_state(ds_set_find(set, "sip:b"), DS_DISABLED,
		     "flags in the list are 4", 1000);
	assert_state(ds_set_find(set, "sip:c"), DS_INACTIVE,
		     "flags in the list are 1", 1000);
	assert_state(ds_set_find(set, "sip:d"), DS_TRYING,
		     "flags in the list are 2", 1000);
	assert_state(ds_set_find(set, "sip:e"), DS_DISABLED,
		     "flags in the list are 7", 1000);
	assert_int_equal(ds_set_usable(set), 2);

	assert_true(ds_target_status(t)->probing);
	assert_true(ds_target_set_state(t, DS_DISABLED, false, NULL, 2000));
	assert_state(t, DS_DISABLED, "set by hand", 2000);
	assert_false(ds_target_status(t)->probing);
	for (int i = 0; i < 5; i++) {
		assert_false(ds_target_result(t, NULL, true, 1, 2100));
		assert_false(ds_target_result(t, NULL, false, 1, 2100));
	}
	assert_state(t, DS_DISABLED, "set by hand", 2000);

	/* no change, but another reason */
	memset(longer, 'x', sizeof(longer));
	longer[299] = '\0';
	assert_false(ds_target_set_state(t, DS_DISABLED, true, longer, 3000));
	assert_int_equal(strlen(ds_target_status(t)->reason), 127);
	assert_int_equal(ds_target_status(t)->changed, 2000);
	assert_false(ds_target_set_state(t, (enum ds_state)9, true, "", 3000));
	assert_string_equal(ds_state_name((enum ds_state)9), "?");

	/* out of action by hand, back by probes */
	assert_true(ds_target_set_state(t, DS_INACTIVE, true, "work", 4000));
	assert_true(ds_target_result(t, NULL, true, 1, 4100));
	assert_state(t, DS_ACTIVE, "1 of 1 probes answered", 4100);
	mem_deref(s);
}

/* Calls of one who goes down go to the others, evenly, and come back */
static void calls(void **state)
{
	static struct ds_target *had[KEYS];
	struct ds_sets *s = make(DS_RENDEZVOUS, SIX);
	struct ds_set *set = ds_sets_find(s, 1);
	struct ds_target *gone = ds_set_find(set, "sip:10.0.0.3");
	uint32_t perv[DS_NUMBERS] = {0}, moved = 0, changed;

	(void)state;
	for (uint32_t i = 0; i < KEYS; i++) {
		had[i] = ds_set_pick(set, random_key(i));
		++perv[ds_target_number(had[i])];
	}
	for (uint32_t i = 0; i < 6; i++)
		assert_in_range(perv[i], KEYS / 6 * 0.9, KEYS / 6 * 1.1);

	ds_target_set_state(gone, DS_INACTIVE, true, NULL, 2000);
	changed = ds_set_build(set);
	assert_int_equal(ds_set_build(set), 0);
	memset(perv, 0, sizeof(perv));
	for (uint32_t i = 0; i < KEYS; i++) {
		struct ds_target *t = ds_set_pick(set, random_key(i));

		assert_ptr_not_equal(t, gone);
		assert_true(t == had[i] || had[i] == gone);
		moved += t != had[i];
		++perv[ds_target_number(t)];
	}
	assert_true(moved <= KEYS * 18 / 100);
	for (uint32_t i = 0; i < 6; i++) {
		if (i != ds_target_number(gone))
			assert_in_range(perv[i], KEYS / 5 * 0.9,
					KEYS / 5 * 1.1);
	}

	ds_target_set_state(gone, DS_ACTIVE, true, NULL, 3000);
	assert_int_equal(ds_set_build(set), changed);
	for (uint32_t i = 0; i < KEYS; i++)
		assert_ptr_equal(ds_set_pick(set, random_key(i)), had[i]);
	mem_deref(s);
}

/* Call-IDs that count, as sipp's do, spread as well */
static void counting(void **state)
{
	static const char *fmtv[] = {"%u-12345@127.0.0.1", "%u@10.0.0.1",
				     "call-%u", "%08u-0000-aaaa@example.com"};
	struct ds_sets *s = make(DS_RENDEZVOUS, SIX);
	struct ds_set *set = ds_sets_find(s, 1);

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(fmtv); k++) {
		uint32_t perv[DS_NUMBERS] = {0};
		char cid[64];

		for (uint32_t i = 1; i <= KEYS; i++) {
			re_snprintf(cid, sizeof(cid), fmtv[k], i);
			++perv[ds_target_number(
				ds_set_pick(set, hash_of(cid)))];
		}
		for (uint32_t i = 0; i < 6; i++)
			assert_in_range(perv[i], KEYS / 6 * 0.9,
					KEYS / 6 * 1.1);
	}
	mem_deref(s);
}

static void priorities(void **state)
{
	struct ds_sets *s = make(DS_RENDEZVOUS,
				 "1 sip:a 0 9\n1 sip:b 0 9\n1 sip:c 0 5\n"
				 "1 sip:d 0 5 weight=0\n1 sip:e 4 20\n"
				 "1 sip:f 0 30 weight=0\n");
	struct ds_set *set = ds_sets_find(s, 1);
	const uint16_t *slotv;
	uint32_t n;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(
			ds_target_priority(ds_set_pick(set, random_key(i))), 9);

	/* one of both is enough, also when it is only trying */
	ds_target_set_state(ds_set_find(set, "sip:a"), DS_INACTIVE, 0, 0, 1);
	ds_target_set_state(ds_set_find(set, "sip:b"), DS_TRYING, 0, 0, 1);
	ds_set_build(set);
	assert_string_equal(ds_target_uri(ds_set_pick(set, 5)), "sip:b");

	ds_target_set_state(ds_set_find(set, "sip:b"), DS_DISABLED, 0, 0, 1);
	assert_int_equal(ds_set_build(set), DS_SLOTS);
	for (uint32_t i = 0; i < 1000; i++)
		assert_string_equal(
			ds_target_uri(ds_set_pick(set, random_key(i))),
			"sip:c");

	/* nobody: the table is empty */
	ds_target_set_state(ds_set_find(set, "sip:c"), DS_INACTIVE, 0, 0, 1);
	assert_int_equal(ds_set_build(set), DS_SLOTS);
	assert_null(ds_set_pick(set, 5));
	slotv = ds_set_slots(set, &n);
	assert_int_equal(n, DS_SLOTS);
	assert_int_equal(slotv[0], DS_NONE);
	mem_deref(s);
}

/* What Kamailio 5.6.3 answered with ds_select_dst(set, "0") */
static void kamailio(void **state)
{
	static const char *want1[] = {
		"sip:127.0.0.1:7002", "sip:127.0.0.1:7002",
		"sip:127.0.0.1:7005", "sip:127.0.0.1:7003",
		"sip:127.0.0.1:7001", "sip:127.0.0.1:7001"};
	static const char *want2[] = {"sip:127.0.0.1:7106;transport=udp",
				      "sip:127.0.0.1:7105",
				      "sip:127.0.0.1:7102",
				      "sip:127.0.0.1:7102",
				      "sip:127.0.0.1:7102",
				      "sip:127.0.0.1:7101"};
	struct ds_sets *s = make(
		DS_KAMAILIO,
		"1 sip:127.0.0.1:7001\n"
		"1 sip:127.0.0.1:7002 0 5\n"
		"1	sip:127.0.0.1:7003 8 1 weight=10;foo=bar\n"
		"  1 sip:127.0.0.1:7004 1 5 \"duid=abc;weight=30\"\n"
		"1 sip:127.0.0.1:7005 0 3 duid=q;socket=udp:127.0.0.1:5\n"
		"1 sip:127.0.0.1:7006 4\n"
		"2 sip:127.0.0.1:7101\n2 sip:127.0.0.1:7102\n"
		"2 sip:127.0.0.1:7103 1\n2 sip:127.0.0.1:7104 1\n"
		"2 sip:127.0.0.1:7105\n"
		"2 sip:127.0.0.1:7106;transport=udp 0 0 rweight=20 # x\n");
	struct ds_set *set = ds_sets_find(s, 1);
	uint32_t n;

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		assert_string_equal(ds_target_uri(ds_set_pick(set, 600 + i)),
				    want1[i]);
		assert_string_equal(
			ds_target_uri(ds_set_pick(ds_sets_find(s, 2), 6 + i)),
			want2[i]);
	}

	/* a table that shrinks, and one without anybody */
	merge(s, "1 sip:127.0.0.1:7001\n1 sip:127.0.0.1:7002 0 5\n", 2000);
	(void)ds_set_slots(set, &n);
	assert_int_equal(n, 2);
	assert_int_equal(ds_sets_count(s), 1);
	ds_target_set_state(ds_set_target(set, 0), DS_INACTIVE, 0, 0, 1);
	assert_int_equal(ds_set_build(set), 1);
	ds_target_set_state(ds_set_target(set, 1), DS_INACTIVE, 0, 0, 1);
	assert_int_equal(ds_set_build(set), 2);
	assert_null(ds_set_pick(set, 77));
	mem_deref(s);
}

/* The reason says what the probes were answered, where they were */
static void answers(void **state)
{
	struct ds_sets *s = make(DS_RENDEZVOUS, SIX);
	struct ds_target *t = ds_set_target(ds_sets_find(s, 1), 0);
	const struct ds_status *st = ds_target_status(t);

	(void)state;
	ds_target_note(t, 503, 1500);
	assert_true(ds_target_result(t, NULL, false, 0, 1));
	assert_string_equal(st->reason,
			    "1 of 3 probes failed, the last by answer 503");
	assert_int_equal(st->code, 503);
	assert_int_equal(st->rtt, 1500);
	ds_target_note(t, 0, 7);
	assert_int_equal(st->rtt, 0);
	(void)ds_target_result(t, NULL, false, 0, 2);
	assert_string_equal(st->reason, "2 of 3 probes without answer");
	ds_target_note(NULL, 200, 1);
	mem_deref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confs),       cmocka_unit_test(attributes),
		cmocka_unit_test(down_and_up), cmocka_unit_test(latency),
		cmocka_unit_test(by_hand),     cmocka_unit_test(calls),
		cmocka_unit_test(counting),    cmocka_unit_test(priorities),
		cmocka_unit_test(kamailio),    cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
