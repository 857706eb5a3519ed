/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "edge/count.h"

static void test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT_MAX; i++) {
		assert_true(str_isset(count_name(i)));
		assert_true(str_isset(count_text(i)));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(count_name(i), count_name(k));
	}
	assert_string_equal(count_name(COUNT_MAX), "?");
	assert_string_equal(count_text(COUNT_MAX), "?");
}

static uint64_t number(const struct odict *od, const char *key)
{
	uint64_t n = 12345;

	assert_true(odict_get_number(od, &n, key));
	return n;
}

static const struct odict *entry(const struct odict *od, unsigned i)
{
	const struct le *le = list_head(
		&odict_lookup(od, "outcomes")->u.odict->lst);

	while (le && i--)
		le = le->next;
	return le ? ((const struct odict_entry *)le->data)->u.odict : NULL;
}

static void test_outcomes(void **state)
{
	char copy[] = "Forbidden";
	struct count c = {.outcomec = 0};
	struct odict *od = NULL;
	const struct odict *events;
	(void)state;

	count_up(&c, COUNT_RECEIVED);
	count_outcome(&c, 403, "Forbidden");
	count_outcome(&c, 483, "Too Many Hops");
	count_outcome(&c, 403, copy); /* by its words, not its address */
	count_outcome(&c, 0, "Forbidden");
	count_outcome(&c, 0, NULL);
	assert_int_equal(odict_alloc(&od, 8), 0);
	assert_int_equal(count_json(od, &c), 0);

	events = odict_lookup(od, "events")->u.odict;
	assert_int_equal(number(events, "received"), 1);
	assert_int_equal(number(events, "replied"), 3);
	assert_int_equal(number(events, "dropped"), 2);
	assert_int_equal(number(events, "requests"), 0);

	assert_int_equal(number(entry(od, 0), "code"), 403);
	assert_int_equal(number(entry(od, 0), "count"), 2);
	assert_string_equal(odict_string(entry(od, 1), "reason"),
			    "Too Many Hops");
	assert_int_equal(number(entry(od, 2), "code"), 0);
	assert_string_equal(odict_string(entry(od, 3), "reason"), "");
	assert_null(entry(od, 4));
	mem_deref(od);
}

/* More kinds than there is room for are counted, but not told apart */
static void test_full(void **state)
{
	struct count c = {.outcomec = 0};
	(void)state;

	for (unsigned i = 0; i < 3 * COUNT_OUTCOMES; i++)
		count_outcome(&c, (uint16_t)(300 + i), "why");
	assert_int_equal(c.outcomec, COUNT_OUTCOMES);
	assert_int_equal(c.eventv[COUNT_REPLIED], 3 * COUNT_OUTCOMES);
	count_outcome(&c, 300, "why");
	assert_int_equal(c.outcomev[0].n, 2);
	count_up(NULL, COUNT_RECEIVED);
	count_outcome(NULL, 200, "OK");
}

int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
