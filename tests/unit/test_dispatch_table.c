/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_dispatch_table.c  Fair shares, and none moves without need
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
#include "dispatch/hash.h"
#include "dispatch/table.h"
#include "dispatch_util.h"

static uint16_t tab[DS_SLOTS], other[DS_SLOTS];

/* n members of the same weight, sip:10.0.0.1 and so on, values from 0 */
static void members(struct ds_member *v, unsigned n, uint16_t weight)
{
	char uri[32];

	for (unsigned i = 0; i < n; i++) {
		re_snprintf(uri, sizeof(uri), "sip:10.0.0.%u", i + 1);
		v[i] = (struct ds_member){ds_id(uri, 0), weight, (uint16_t)i};
	}
}

static void count(uint32_t *perv, unsigned n)
{
	memset(perv, 0, n * sizeof(*perv));
	for (uint32_t i = 0; i < DS_SLOTS; i++) {
		assert_in_range(tab[i], 0, n - 1);
		++perv[tab[i]];
	}
}

/* As `kamcmd dispatcher.hash` of Kamailio 5.6.3 says, on x86 */
static void hashes(void **state)
{
	static const struct {
		const char *key;
		uint32_t hash;
	} v[] = {
		{"a84b4c76e66710@pc33.atlanta.com", 2175018094u},
		{"1-12345@127.0.0.1", 3653088559u},
		{"f81d4fae-7dec-11d0-a765-00a0c91e6bf6@foo.bar.com",
		 1180737664u},
		{"x", 119},
		{"abc", 7167810},
		{"\xc3\xa9", (uint32_t)-534561596},
		{"abcd\xc3\xa9", 1297776350},
		{"\xc3\xa9"
		 "a\xe2\x82\xac"
		 "b",
		 (uint32_t)-1148505715},
		{"", 1},
	};
	static const struct pl zeros = PL("\0\0\0\0\0");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		assert_int_equal(hash_of(v[i].key), v[i].hash);
	assert_int_equal(ds_hash(NULL), 1);
	assert_int_equal(ds_hash(&pl_null), 1);
	assert_int_equal(ds_hash(&zeros), 1);
}

static void empty(void **state)
{
	struct ds_member m[2];

	(void)state;
	memset(tab, 0, sizeof(tab));
	assert_int_equal(ds_table_share(tab, 100, NULL, 0), 100);
	assert_int_equal(tab[99], DS_NONE);
	assert_int_equal(tab[100], 0);
	assert_int_equal(ds_table_share(tab, 100, NULL, 0), 0);

	/* out of range is out of the game */
	members(m, 2, 101);
	m[1].weight = 0;
	assert_int_equal(ds_table_share(tab, 100, m, 2), 0);
	m[1].weight = 1;
	assert_int_equal(ds_table_share(tab, 100, m, 2), 100);
	assert_int_equal(tab[0], 1);
}

static void even(void **state)
{
	struct ds_member m[16];
	uint32_t perv[16];

	(void)state;
	for (unsigned n = 1; n <= 16; n++) {
		members(m, n, 1);
		ds_table_share(tab, DS_SLOTS, m, n);
		count(perv, n);
		for (unsigned i = 0; i < n; i++)
			assert_in_range(perv[i], DS_SLOTS * 0.9 / n,
					DS_SLOTS * 1.1 / n);
	}
}

/* What a removed one had goes to the others, and nothing else moves */
static void leave(void **state)
{
	struct ds_member m[6], rest[5];

	(void)state;
	members(m, 6, 7);
	ds_table_share(tab, DS_SLOTS, m, 6);

	for (unsigned gone = 0; gone < 6; gone++) {
		uint32_t moved = 0, changed;

		for (unsigned i = 0, k = 0; i < 6; i++) {
			if (i != gone)
				rest[k++] = m[i];
		}
		memcpy(other, tab, sizeof(tab));
		changed = ds_table_share(other, DS_SLOTS, rest, 5);

		for (uint32_t i = 0; i < DS_SLOTS; i++) {
			if (tab[i] == gone)
				++moved;
			else
				assert_int_equal(other[i], tab[i]);
		}
		assert_int_equal(changed, moved);
		assert_true(moved <= DS_SLOTS * 18 / 100);
		/* and all of it comes back */
		assert_int_equal(ds_table_share(other, DS_SLOTS, m, 6), moved);
		assert_memory_equal(other, tab, sizeof(tab));
	}
}

static void join(void **state)
{
	struct ds_member m[7];
	uint32_t changed;

	(void)state;
	members(m, 7, 1);
	ds_table_share(tab, DS_SLOTS, m, 6);
	memcpy(other, tab, sizeof(tab));
	changed = ds_table_share(tab, DS_SLOTS, m, 7);
	assert_true(changed <= DS_SLOTS * 16 / 100);
	for (uint32_t i = 0; i < DS_SLOTS; i++)
		assert_true(tab[i] == other[i] || tab[i] == 6);
}

static void weights(void **state)
{
	static const uint16_t wv[][4] = {{1, 2, 3},
					 {10, 20, 30},
					 {100, 50, 1},
					 {33, 33, 34},
					 {7, 7, 1, 90}};
	struct ds_member m[4];
	uint32_t perv[4];

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(wv); k++) {
		unsigned n = wv[k][3] ? 4 : 3, sum = 0;

		members(m, n, 1);
		for (unsigned i = 0; i < n; i++)
			sum += m[i].weight = wv[k][i];
		ds_table_share(tab, DS_SLOTS, m, n);
		count(perv, n);
		for (unsigned i = 0; i < n; i++) {
			double due = (double)DS_SLOTS * wv[k][i] / sum;

			assert_in_range(perv[i], due * 0.9, due * 1.1);
		}
	}
}

/* A heavier one takes from the others and gives nothing */
static void heavier(void **state)
{
	struct ds_member m[5];

	(void)state;
	members(m, 5, 10);
	ds_table_share(tab, DS_SLOTS, m, 5);
	memcpy(other, tab, sizeof(tab));
	m[2].weight = 13;
	ds_table_share(tab, DS_SLOTS, m, 5);
	for (uint32_t i = 0; i < DS_SLOTS; i++)
		assert_true(tab[i] == other[i] || tab[i] == 2);
}

static void any_order(void **state)
{
	struct ds_member m[40], x;

	(void)state;
	members(m, 40, 1);
	for (unsigned i = 0; i < 40; i++)
		m[i].weight = (uint16_t)(1 + i * 13 % 100);
	ds_table_share(tab, DS_SLOTS, m, 40);
	memset(other, 0xee, sizeof(other));

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 39; i > 0; i--) {
			unsigned k = rand_u32() % (i + 1);

			x = m[i];
			m[i] = m[k];
			m[k] = x;
		}
		ds_table_share(other, DS_SLOTS, m, 40);
		assert_memory_equal(other, tab, sizeof(tab));
	}
}

/* All machines have to agree, also those of the next release: whoever changes
 * this moves calls in the middle of an upgrade */
static void carved_in_stone(void **state)
{
	struct ds_member m[3];
	uint64_t sum = 0;

	(void)state;
	members(m, 3, 1);
	m[1].weight = 2;
	m[2].weight = 3;
	ds_table_share(tab, DS_SLOTS, m, 3);
	for (uint32_t i = 0; i < DS_SLOTS; i++)
		sum = ds_mix(sum ^ tab[i]);
	assert_true(ds_id("sip:10.0.0.1", 0) == 0xf03a3d2e30259080ull);
	assert_true(ds_id("sip:10.0.0.1", 1) != ds_id("sip:10.0.0.1", 0));
	assert_true(sum == 0x042b297304f30168ull);
}

static void probe(void **state)
{
	static const uint16_t none[4] = {DS_NONE, DS_NONE, DS_NONE, DS_NONE};
	static const uint16_t all[4] = {7, 8, 9, 10};
	static const uint16_t some[4] = {DS_NONE, 8, DS_NONE, DS_NONE};
	static const uint16_t two[4] = {7, DS_NONE, DS_NONE, 10};
	static const uint16_t two_want[4] = {7, 10, 10, 10};

	(void)state;
	memset(tab, 0xff, sizeof(tab));
	assert_int_equal(ds_table_probe(tab, none, 0), 0);
	assert_int_equal(ds_table_probe(tab, none, 4), 0);
	assert_int_equal(ds_table_probe(tab, all, 4), 4);
	assert_memory_equal(tab, all, sizeof(all));
	assert_int_equal(ds_table_probe(tab, two, 4), 2);
	assert_memory_equal(tab, two_want, sizeof(two_want));
	assert_int_equal(ds_table_probe(tab, some, 4), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(tab[i], 8);
	assert_int_equal(ds_table_probe(tab, none, 4), 4);
	assert_memory_equal(tab, none, sizeof(none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes),
		cmocka_unit_test(empty),
		cmocka_unit_test(even),
		cmocka_unit_test(leave),
		cmocka_unit_test(join),
		cmocka_unit_test(weights),
		cmocka_unit_test(heavier),
		cmocka_unit_test(any_order),
		cmocka_unit_test(carved_in_stone),
		cmocka_unit_test(probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
