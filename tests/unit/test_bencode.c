/* SPDX-License-Identifier: BSD-2-Clause */
/* Bencode and JSON: what is taken, what is refused, what comes back */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "ng/bencode.h"
#include "ng/json.h"

typedef int(decode_h)(struct odict **op, const struct pl *pl, size_t *used);
typedef int(scan_h)(const struct pl *pl, size_t *used);

struct coding {
	decode_h *decode;
	scan_h *scan;
};

static const struct coding ben = {bencode_decode, bencode_scan};
static const struct coding json = {ng_json_decode, ng_json_scan};

/* A copy of its own, so that a read beyond the end is found by ASan */
static int try(const struct coding *c, const char *p, size_t len, size_t *used)
{
	struct odict *o = NULL;
	char *copy = malloc(len ? len : 1);
	struct pl pl = {copy, len};
	size_t u1 = 0, u2 = 0;
	int err;

	memcpy(copy, p, len);
	err = c->decode(&o, &pl, &u1);
	assert_int_equal(err, c->scan(&pl, &u2));
	if (err) {
		assert_null(o);
	} else {
		assert_non_null(o);
		assert_int_equal(u1, u2);
	}
	if (used)
		*used = u1;
	mem_deref(o);
	free(copy);

	return err;
}

static int try_str(const struct coding *c, const char *str)
{
	return try(c, str, strlen(str), NULL);
}

static void test_bencode_values(void **state)
{
	struct odict *o = NULL;
	const struct odict_entry *e;
	struct pl pl;
	size_t used = 0;
	(void)state;

	pl_set_str(&pl, "d1:zi-42e1:al2:xy0:dei0ee1:bd1:ki"
			"9223372036854775807eeetrailing");
	assert_int_equal(bencode_decode(&o, &pl, &used), 0);
	assert_int_equal(used, pl.l - strlen("trailing"));

	e = odict_get_type(o, ODICT_INT, "z");
	assert_non_null(e);
	assert_int_equal(e->u.integer, -42);
	e = odict_get_type(o, ODICT_ARRAY, "a");
	assert_non_null(e);
	assert_int_equal(odict_count(e->u.odict, false), 4);
	assert_string_equal(odict_string(e->u.odict, "0"), "xy");
	assert_string_equal(odict_string(e->u.odict, "1"), "");
	assert_non_null(odict_get_type(e->u.odict, ODICT_OBJECT, "2"));
	e = odict_get_type(o, ODICT_OBJECT, "b");
	assert_non_null(e);
	e = odict_get_type(e->u.odict, ODICT_INT, "k");
	assert_non_null(e);
	assert_true(e->u.integer == INT64_MAX);
	mem_deref(o);
}

static void test_bencode_refused(void **state)
{
	static const char *const bad[] = {
		"x",
		"l1:ae",
		"i5e",
		"4:ping",
		"e",
		"d3:key",    /* checked below: cut short, not bad */
		"d01:a1:be", /* leading zero in a length          */
		"d1:ai01ee",
		"d1:ai-0ee",
		"d1:aiee",
		"d1:ai-ee",
		"d1:ai+1ee",
		"d1:ai1.5ee",
		"d1:ai9223372036854775808ee",
		"d1:ai99999999999999999999999999ee",
		"d-1:a1:be",
		"d1:a-1:be",
		"di1e1:ae",
		"dle1:ae",
		"d1:a99999999999999999999:be",
		"d1048577:",
		"d1 :a",
		"d1:a1;be",
		"d1:ae",
	};
	struct odict *o = NULL;
	struct pl pl;
	size_t i;
	(void)state;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(try_str(&ben, bad[i]),
				 strcmp(bad[i], "d3:key") ? EBADMSG : EAGAIN);

	/* what may be any bytes comes out as JSON has it */
	pl = (struct pl){"d4:blob3:b\0c1:a1:be", 19};
	assert_int_equal(bencode_decode(&o, &pl, NULL), 0);
	assert_string_equal(odict_string(o, "blob"), "YgBj");
	assert_string_equal(odict_string(o, "a"), "b");
	mem_deref(o);
	assert_int_equal(try(&ben, "d4:blob3:b\0ce", 13, NULL), 0);
	assert_int_equal(try(&ben, "d4:blob0:e", 10, NULL), 0);
	assert_int_equal(try(&ben, "d4:blobl3:b\0cee", 15, NULL), EBADMSG);
	/* A NUL would cut an odict string short */
	assert_int_equal(try(&ben, "d1:a3:b\0ce", 10, NULL), EBADMSG);
	assert_int_equal(try(&ben,
			     "d2:a\0"
			     "1:be",
			     9, NULL),
			 EBADMSG);
	assert_int_equal(try(&ben, "\0", 1, NULL), EBADMSG);
	assert_int_equal(try_str(&ben, ""), EAGAIN);
}

static void repeat(struct mbuf *mb, const char *str, unsigned n)
{
	while (n--)
		assert_int_equal(mbuf_write_str(mb, str), 0);
}

static int try_mb(const struct coding *c, struct mbuf *mb)
{
	int err = try(c, (const char *)mb->buf, mb->end, NULL);

	mbuf_rewind(mb);

	return err;
}

static void test_depth(void **state)
{
	struct mbuf *mb = mbuf_alloc(1024);
	unsigned n;
	(void)state;

	for (n = NG_DEPTH_MAX - 1; n <= 30000; n += n < 100 ? 1 : 7000) {

		const int want = n < NG_DEPTH_MAX ? 0 : EOVERFLOW;

		/* the dictionary itself, and n inside it */
		repeat(mb, "d1:a", n);
		repeat(mb, "de", 1);
		repeat(mb, "e", n);
		assert_int_equal(try_mb(&ben, mb), want);

		repeat(mb, "d1:a", 1);
		repeat(mb, "l", n);
		repeat(mb, "e", n + 1);
		assert_int_equal(try_mb(&ben, mb), want);

		repeat(mb, "{\"a\":", n);
		repeat(mb, "{}", 1);
		repeat(mb, "}", n);
		assert_int_equal(try_mb(&json, mb), want);

		repeat(mb, "{\"a\":", 1);
		repeat(mb, "[", n);
		repeat(mb, "]", n);
		repeat(mb, "}", 1);
		assert_int_equal(try_mb(&json, mb), want);
	}
	mem_deref(mb);
}

static void test_items(void **state)
{
	struct mbuf *mb = mbuf_alloc(1024);
	unsigned n;
	(void)state;

	for (n = NG_ITEMS_MAX - 1; n <= NG_ITEMS_MAX; n++) {

		const int want = n < NG_ITEMS_MAX ? 0 : EOVERFLOW;

		repeat(mb, "d1:al", 1);
		repeat(mb, "0:", n);
		repeat(mb, "ee", 1);
		assert_int_equal(try_mb(&ben, mb), want);

		repeat(mb, "{\"a\":[0", 1);
		repeat(mb, ",0", n - 1);
		repeat(mb, "]}", 1);
		assert_int_equal(try_mb(&json, mb), want);
	}
	mem_deref(mb);
}

static void test_truncated(void **state)
{
	static const char b[] =
		"d7:command5:offer3:sdp9:v=0\r\ns=-\n5:flagsl13:trust-address"
		"e13:received-froml3:IP410:192.0.2.10e5:limiti32ee";
	static const char j[] =
		"{\"command\" : \"off\\u00e9r\",\"sdp\":\"v=0\\r\\n\", \"f\":"
		"[true,false,null,-1.5e+3,[],{}],\"n\":32 }";
	size_t i, used;
	(void)state;

	for (i = 0; i < sizeof(b) - 1; i++)
		assert_int_equal(try(&ben, b, i, NULL), EAGAIN);
	assert_int_equal(try(&ben, b, i, &used), 0);
	assert_int_equal(used, i);

	for (i = 0; i < sizeof(j) - 1; i++)
		assert_int_equal(try(&json, j, i, NULL), EAGAIN);
	assert_int_equal(try(&json, j, i, &used), 0);
	assert_int_equal(used, i);
}

static void test_64k(void **state)
{
	struct mbuf *mb = mbuf_alloc(70000);
	struct odict *o = NULL;
	struct pl pl;
	(void)state;

	mbuf_printf(mb, "d3:sdp65000:");
	mbuf_fill(mb, 'x', 65000);
	mbuf_write_str(mb, "e");
	pl = (struct pl){(char *)mb->buf, mb->end};

	assert_int_equal(bencode_decode(&o, &pl, NULL), 0);
	assert_int_equal(strlen(odict_string(o, "sdp")), 65000);
	o = mem_deref(o);

	mbuf_rewind(mb);
	mbuf_printf(mb, "{\"sdp\":\"");
	mbuf_fill(mb, 'x', 65000);
	mbuf_write_str(mb, "\"}");
	pl = (struct pl){(char *)mb->buf, mb->end};

	assert_int_equal(ng_json_decode(&o, &pl, NULL), 0);
	assert_int_equal(strlen(odict_string(o, "sdp")), 65000);
	mem_deref(o);
	mem_deref(mb);
}

static void test_json_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"\"a\"",
		"1",
		"x",
		"{,}",
		"{\"a\"}",
		"{\"a\" 1}",
		"{a:1}",
		"{\"a\":1,}",
		"{\"a\":1 \"b\":2}",
		"{\"a\":[1,]}",
		"{\"a\":[1 2]}",
		"{\"a\":01}",
		"{\"a\":-}",
		"{\"a\":+1}",
		"{\"a\":1.}",
		"{\"a\":.5}",
		"{\"a\":1e}",
		"{\"a\":nul1}",
		"{\"a\":True}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u00g0\"}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":\"line\nfeed\"}",
		"{\"a\":'b'}",
		"{\"a\":9999999999999999999}",
		"{\"a\":1e999}",
		"{\"a\":]}",
		"{1:2}",
		"{\"a\":undefined}",
	};
	size_t i;
	(void)state;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(try_str(&json, bad[i]), EBADMSG);

	assert_int_equal(try(&json, "{\"a\":\"\0\"}", 9, NULL), EBADMSG);
	assert_int_equal(try(&json, "{\"a\":\"\\\0\"}", 10, NULL), EBADMSG);
	assert_int_equal(try(&json, "{\"a\":\"\\u\0000\"}", 13, NULL), EBADMSG);
}

static void test_json_values(void **state)
{
	struct odict *o = NULL;
	const struct odict_entry *e;
	struct pl pl;
	bool b = false;
	(void)state;

	pl_set_str(&pl, "{\"s\":\"a\\\"\\\\\\/\\n\\u00e9\",\"i\":-7,"
			"\"b\":true,\"l\":[\"x\",2],\"d\":{}} rest");
	assert_int_equal(ng_json_decode(&o, &pl, NULL), 0);
	assert_string_equal(odict_string(o, "s"), "a\"\\/\n\xc3\xa9");
	e = odict_get_type(o, ODICT_INT, "i");
	assert_non_null(e);
	assert_int_equal(e->u.integer, -7);
	assert_true(odict_get_boolean(o, &b, "b"));
	assert_true(b);
	e = odict_get_type(o, ODICT_ARRAY, "l");
	assert_non_null(e);
	assert_string_equal(odict_string(e->u.odict, "0"), "x");
	mem_deref(o);
}

static void test_encode(void **state)
{
	struct odict *o = NULL, *o2 = NULL;
	struct mbuf *mb = mbuf_alloc(64);
	struct pl pl;
	(void)state;

	pl_set_str(&pl, "d6:result2:ok3:sdp5:a\r\n\xff"
			"b1:lli-1e0:dee1:x"
			"le1:yi0e1:zdee");
	assert_int_equal(bencode_decode(&o, &pl, NULL), 0);
	assert_int_equal(mbuf_printf(mb, "%H", bencode_encode, o), 0);
	assert_int_equal(mb->end, pl.l);
	assert_memory_equal(mb->buf, pl.p, pl.l);
	o = mem_deref(o);

	/* What bencode has no word for */
	assert_int_equal(odict_alloc(&o2, 8), 0);
	odict_entry_add(o2, "b", ODICT_BOOL, true);
	odict_entry_add(o2, "n", ODICT_NULL);
	odict_entry_add(o2, "d", ODICT_DOUBLE, 1.5);
	mbuf_rewind(mb);
	assert_int_equal(mbuf_printf(mb, "%H", bencode_encode, o2), 0);
	pl_set_str(&pl, "d1:b3:yes1:n0:1:d8:1.500000e");
	assert_int_equal(mb->end, pl.l);
	assert_memory_equal(mb->buf, pl.p, pl.l);
	mem_deref(o2);
	mem_deref(mb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bencode_values),
		cmocka_unit_test(test_bencode_refused),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_64k),
		cmocka_unit_test(test_json_refused),
		cmocka_unit_test(test_json_values),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
