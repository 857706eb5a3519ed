/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written without a format is what the format would write */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <re.h>

#include "base/jsonput.h"
#include "base/jsontext.h"
#include "base/put.h"
#include "base/utf8.h"
#include "registrar/view.h"

static struct mbuf *mb;

static int setup(void **state)
{
	(void)state;
	mb = mbuf_alloc(1);

	return mb ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	mb = mem_deref(mb);

	return 0;
}

static void assert_text(const char *want)
{
	const struct pl have = {(const char *)mb->buf, mb->end};

	if (pl_strcmp(&have, want))
		print_error("\"%.*s\" is not \"%s\"\n", (int)have.l, have.p,
			    want);
	assert_int_equal(pl_strcmp(&have, want), 0);
	mbuf_rewind(mb);
}

static void numbers(void **state)
{
	static const uint64_t nv[] = {0, 1, 9, 10, 99, 1000000007, UINT64_MAX};
	char want[32];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(nv); i++) {
		(void)re_snprintf(want, sizeof(want), "%llu", nv[i]);
		assert_int_equal(put_u64(mb, nv[i]), 0);
		assert_text(want);
	}
	assert_int_equal(put_digits(mb, 7, 3), 0);
	assert_text("007");
	assert_int_equal(put_digits(mb, 1234, 3), 0);
	assert_text("1234");
}

static void addresses(void **state)
{
	static const char *const v[] = {"0.0.0.0",         "192.0.2.7",
					"255.255.255.255", "100.10.1.99",
					"2001:db8::1",     "::ffff:192.0.2.1"};
	char want[64];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct sa sa;

		assert_int_equal(sa_set_str(&sa, v[i], 5060), 0);
		(void)re_snprintf(want, sizeof(want), "%j", &sa);
		assert_int_equal(put_host(mb, &sa), 0);
		assert_text(want);
		(void)re_snprintf(want, sizeof(want), "%J", &sa);
		assert_int_equal(put_addr(mb, &sa), 0);
		assert_text(want);
	}
}

static void times(void **state)
{
	(void)state;
	assert_int_equal(put_time(mb, 0), 0);
	assert_text("1970-01-01T00:00:00");
	assert_int_equal(put_time(mb, 1795835045), 0);
	assert_text("2026-11-28T03:04:05");
}

static void members(void **state)
{
	const struct pl odd = {"a\"b\\c\n\x01\x7f/\xc3\xa9", 11};
	struct odict *o = NULL;
	struct pl text;
	uint64_t n = 0;
	size_t used;
	bool is = false;
	(void)state;

	assert_int_equal(PUT(mb, "{"), 0);
	assert_int_equal(jsonput_str(mb, "odd", &odd), 0);
	assert_int_equal(jsonput_u64(mb, "n", 1ull << 40), 0);
	assert_int_equal(jsonput_bool(mb, "yes", true), 0);
	assert_int_equal(jsonput_str(mb, "empty", &(struct pl){"", 0}), 0);
	assert_int_equal(PUT(mb, "}"), 0);
	text = (struct pl){(const char *)mb->buf, mb->end};
	assert_int_equal(jsontext_decode(&o, &text, 4, 16, &used), 0);
	assert_int_equal(used, text.l);
	assert_memory_equal(odict_string(o, "odd"), odd.p, odd.l);
	assert_true(odict_get_number(o, &n, "n") && n == 1ull << 40);
	assert_true(odict_get_boolean(o, &is, "yes") && is);
	assert_string_equal(odict_string(o, "empty"), "");
	mem_deref(o);
}

/* Every member that one has the other has, of the same value */
static void assert_same(const struct odict *a, const struct odict *b)
{
	struct le *le;

	for (le = a->lst.head; le; le = le->next) {
		const struct odict_entry *x = le->data,
					 *y = odict_lookup(b, x->key);

		assert_non_null(y);
		if (x->type == ODICT_DOUBLE || y->type == ODICT_DOUBLE) {
			assert_true(x->type == y->type);
			assert_true(x->u.dbl - y->u.dbl < 1e-6 &&
				    y->u.dbl - x->u.dbl < 1e-6);
			continue;
		}
		assert_int_equal(x->type, y->type);
		if (x->type == ODICT_STRING)
			assert_string_equal(x->u.str, y->u.str);
		else if (x->type == ODICT_INT)
			assert_true(x->u.integer == y->u.integer);
		else
			assert_int_equal(x->u.boolean, y->u.boolean);
	}
}

static void both_ways(const struct binding *b)
{
	struct odict *o = NULL, *p = NULL;
	struct pl text;
	size_t used;

	mbuf_rewind(mb);
	assert_int_equal(registration_json(&o, b, 1000), 0);
	assert_int_equal(registration_print(mb, b, 1000), 0);
	text = (struct pl){(const char *)mb->buf, mb->end};
	assert_int_equal(jsontext_decode(&p, &text, 4, 64, &used), 0);
	assert_int_equal(used, text.l);
	assert_same(o, p);
	assert_same(p, o);
	mem_deref(o);
	mem_deref(p);
}

static void registrations(void **state)
{
	struct binding b = {.aor = PL("a\"b@example.com"),
			    .id = PL("sip:a@192.0.2.1"),
			    .uri = PL("sip:a@192.0.2.1"),
			    .callid = PL("c1"),
			    .transp = MSG_UDP,
			    .direct = true,
			    .cseq = 7,
			    .q = LOCATION_Q,
			    .since = 900,
			    .expires = 4600};
	(void)state;

	assert_int_equal(sa_set_str(&b.src, "192.0.2.1", 5060), 0);
	both_ways(&b);
	b.q = 5;
	b.expires = 1;
	b.direct = false;
	b.transp = MSG_WSS;
	b.reg_id = 1;
	b.rtt = 12;
	b.failed = 2;
	pl_set_str(&b.instance, "urn:uuid:1");
	pl_set_str(&b.path, "<sip:192.0.2.9;lr>");
	pl_set_str(&b.agent, "A \\ phone\t1");
	assert_int_equal(sa_set_str(&b.src, "2001:db8::1", 5060), 0);
	both_ways(&b);
}

static void what_is_no_utf8_is_found_anywhere(void **state)
{
	char text[40];
	(void)state;

	for (size_t n = 1; n < sizeof(text); n++)
		for (size_t i = 0; i < n; i++) {
			memset(text, 'a', n);
			assert_int_equal(utf8_valid(text, n), n);
			text[i] = '\xff';
			assert_int_equal(utf8_valid(text, n), i);
			assert_int_equal(utf8_scrub(text, n), 1);
			assert_int_equal(text[i], '?');
		}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(numbers),       T(addresses),
		T(times),         T(members),
		T(registrations), T(what_is_no_utf8_is_found_anywhere),
	};

	return cmocka_run_group_tests_name("put", tests, NULL, NULL);
}
