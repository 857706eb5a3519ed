/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_dispatch_list.c  dispatcher.list: what is read, what is refused
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/types.h>
#include <cmocka.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch_util.h"

static const char example[] =
	"# sets of the north\r\n"
	"\n"
	"   \t \n"
	"2 sip:10.1.0.1:5080;transport=tcp 0 10 class=4;prefix=448;strip=2\n"
	"2\tsip:10.1.0.2 \t 8 5  duid=abc;socket=udp:192.0.2.1:5060;my=xyz\r\n"
	"  7 sips:gw.example.net # the last one\n"
	"2 sip:alice@[2001:db8::1]:5070 12\n"
	"2 sip:10.1.0.4 0 10 \"weight=30; maxload = 20;"
	"ping_from=sip:a@b;x=#1\"\n"
	"0 sip:10.1.0.5 16 rweight=7;latency=25;obproxy=\"sip:p;lr\";flag\n"
	"2147483647 sip:10.1.0.6 duid=q;rweight=9;weight=5;weight=6;";

static void reads(void **state)
{
	static const char *order[] = {
		"sip:10.1.0.4", "sip:10.1.0.1:5080;transport=tcp",
		"sip:10.1.0.2", "sip:alice@[2001:db8::1]:5070"};
	struct ds_list *l = list_of(example);
	const struct ds_entry *en;
	uint32_t id = 1;

	(void)state;
	assert_int_equal(ds_list_count(l), 4);
	assert_int_equal(ds_list_set(l, 0, &id), 1);
	assert_int_equal(id, 0);
	assert_int_equal(ds_list_set(l, 1, &id), 4);
	assert_int_equal(id, 2);
	assert_int_equal(ds_list_set(l, 3, &id), 1);
	assert_int_equal(id, 2147483647);
	assert_int_equal(ds_list_set(l, 4, &id), 0);
	assert_null(ds_list_entry(l, 1, 4));
	assert_null(ds_list_entry(l, 4, 0));

	for (size_t k = 0; k < 4; k++)
		assert_string_equal(ds_list_entry(l, 1, k)->uri, order[k]);

	en = ds_list_entry(l, 1, 0);
	assert_int_equal(en->line, 8);
	assert_int_equal(en->priority, 10);
	assert_int_equal(en->weight, 30);
	assert_int_equal(en->maxload, 20);
	en = ds_list_entry(l, 1, 2);
	assert_int_equal(en->flags, DS_F_PROBING);
	assert_int_equal(en->weight, 1);
	en = ds_list_entry(l, 1, 3);
	assert_int_equal(en->flags, DS_F_DISABLED | DS_F_PROBING);
	assert_null(en->attrs);
	en = ds_list_entry(l, 2, 0);
	assert_string_equal(en->uri, "sips:gw.example.net");
	en = ds_list_entry(l, 0, 0);
	assert_int_equal(en->flags, DS_F_NODNS);
	assert_int_equal(en->weight, 7);
	assert_int_equal(en->latency, 25);
	en = ds_list_entry(l, 3, 0);
	assert_int_equal(en->weight, 6);
	mem_deref(l);

	/* weight goes before rweight, whichever comes first */
	l = list_of("1 sip:a weight=5;rweight=9");
	assert_int_equal(ds_list_entry(l, 0, 0)->weight, 5);
	mem_deref(l);
}

static void attrs(void **state)
{
	struct ds_list *l = list_of(example);
	const char *a = ds_list_entry(l, 0, 0)->attrs;
	struct pl val;

	(void)state;
	assert_true(ds_attr_get(a, "obproxy", &val));
	assert_int_equal(pl_strcmp(&val, "sip:p;lr"), 0);
	assert_true(ds_attr_get(a, "flag", &val));
	assert_int_equal(val.l, 0);
	assert_true(ds_attr_get(a, "latency", NULL));
	assert_false(ds_attr_get(a, "lr", &val));
	assert_false(ds_attr_get(NULL, "lr", &val));
	assert_false(ds_attr_get(a, NULL, &val));
	/* a text that did not come from a list */
	assert_false(ds_attr_get("a=\"b", "a", &val));
	assert_false(ds_attr_get("a=\"", "a", &val));

	a = ds_list_entry(l, 1, 0)->attrs;
	assert_true(ds_attr_get(a, "x", &val));
	assert_int_equal(pl_strcmp(&val, "#1"), 0);
	assert_true(ds_attr_get(a, "maxload", &val));
	assert_int_equal(pl_strcmp(&val, "20"), 0);
	a = ds_list_entry(l, 1, 2)->attrs;
	assert_true(ds_attr_get(a, "socket", &val));
	assert_int_equal(pl_strcmp(&val, "udp:192.0.2.1:5060"), 0);
	assert_true(ds_attr_get(a, "my", &val));
	/* the last one counts */
	assert_true(ds_attr_get(ds_list_entry(l, 3, 0)->attrs, "weight", &val));
	assert_int_equal(pl_strcmp(&val, "6"), 0);
	mem_deref(l);
}

static void collect(const char *text, void *arg)
{
	char *all = arg;

	const size_t n = strlen(all);

	assert_true(snprintf(all + n, 2048 - n, "%s\n", text) <
		    (int)(2048 - n));
}

/* What is of no effect is named, once each, by its first line */
static void vain(void **state)
{
	struct ds_list *l = list_of(
		"1 sip:a weight=5;duid=x;latency=3;ping_from=sip:a@b\n"
		"1 sip:b maxload=10;rweight=4;ping_socket=udp:192.0.2.1:5060\n"
		"2 sip:c maxload=20;class=4\n2 sip:d "
		"maxload=30;obproxy=sip:p\n");
	char text[2048] = "";

	(void)state;
	ds_list_warn(l, collect, text);
	assert_non_null(strstr(text, " and 2 more: attribute maxload: "));
	assert_non_null(strstr(text, "line 3: attribute class: kept and"));
	assert_non_null(strstr(text, "line 4: attribute obproxy: calls"));
	assert_null(strstr(text, "weight"));
	assert_null(strstr(text, "duid"));
	assert_null(strstr(text, "latency:"));
	assert_null(strstr(text, "ping"));
	mem_deref(l);

	text[0] = '\0';
	l = list_of("1 sip:a\n1 sip:b 0 0 weight=1\n");
	ds_list_warn(l, collect, text);
	assert_string_equal(text, "");
	ds_list_warn(NULL, collect, text);
	ds_list_warn(l, NULL, NULL);
	mem_deref(l);
}

static void nothing(void **state)
{
	static const char *v[] = {"",      "\n",    "\r\n\r\n", "# a",
				  "#\"\n", "  # b", "\t\n\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct ds_list *l = list_of(v[i]);

		assert_int_equal(ds_list_count(l), 0);
		mem_deref(l);
	}
}

/* A line that is wrong, and what the message has to speak of */
static void refuses(void **state)
{
	static const struct {
		const char *line, *say;
	} v[] = {
		{"x sip:a", "set is \"x\""},
		{"-1 sip:a", "set is \"-1\""},
		{"2147483648 sip:a", "allowed: 0 to 2147483647"},
		{"99999999999999999999999 sip:a", "set is"},
		{"1", "without a destination"},
		{"1 # sip:a", "without a destination"},
		{"1 10.0.0.1", "destination is \"10.0.0.1\""},
		{"1 tel:+4930", "destination"},
		{"1 <sip:a>", "destination"},
		{"1 sip:", "destination"},
		{"1 sip:a@", "destination"},
		{"1 sip:a:0", "destination"},
		{"1 sip:a:65536", "destination"},
		{"1 sip:10.0.0.1:5060x", "destination"},
		{"1 sip:a:99999999999999", "destination"},
		{"1 sip:[::1]5060", "destination"},
		{"1 sip:[::1", "destination"},
		{"1 sip:a/b", "destination"},
		{"1 sip:a b", "flags are \"b\""},
		{"1 sip:a 64", "flags are \"64\""},
		{"1 sip:a -1", "flags are"},
		{"1 sip:a 0 -5", "priority is \"-5\""},
		{"1 sip:a 0 2147483648", "priority is"},
		{"1 sip:a 0 0 weight=101", "allowed: 0 to 100"},
		{"1 sip:a 0 0 weight=abc", "attribute weight is \"abc\""},
		{"1 sip:a 0 0 weight=", "attribute weight is \"\""},
		{"1 sip:a weight=1;rweight=300", "attribute rweight"},
		{"1 sip:a 0 0 maxload=-1", "attribute maxload"},
		{"1 sip:a 0 0 latency=4000000", "allowed: 0 to 3600000"},
		{"1 sip:a 0 0 a=1;;b=2", "wrong at \";b=2\""},
		{"1 sip:a 0 0 =1", "wrong at \"=1\""},
		{"1 sip:a 0 0 ;", "wrong at"},
		{"1 sip:a 0 0 a=x\"y\"", "wrong at"},
		{"1 sip:a 0 0 a=\"y\"z", "wrong at"},
		{"1 sip:a 0 0 \"a=1\"\"b\"", "inside of quoted"},
		{"1 sip:a 0 0 \"a=1", "not closed"},
		{"1 sip:a 0 0 a=1 b=2", "\"b=2\" behind the attributes"},
		{"1 sip:a a=1 8", "\"8\" behind the attributes"},
		{"1 sip:a 0 0 \x01", "control character 0x01"},
		{"1 sip:a\x7f", "control character 0x7f"},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct ds_list *l = NULL;
		struct ds_err e = {""};
		struct pl pl;

		re_snprintf(text, sizeof(text), "#\n1 sip:ok\n%s\n1 sip:b\n",
			    v[i].line);
		pl_set_str(&pl, text);
		if (ds_list_parse(&l, "my.list", &pl, &e) != EBADMSG)
			fail_msg("taken: %s", v[i].line);
		assert_null(l);
		if (strncmp(e.msg, "my.list:3: ", 11) ||
		    !strstr(e.msg, v[i].say) || !strstr(e.msg, "; allowed: "))
			fail_msg("%s\n-> %s", v[i].line, e.msg);
		assert_int_equal(ds_list_parse(&l, "my.list", &pl, NULL),
				 EBADMSG);
	}
}

/* NUL is a control character as well, and 64 KiB of anything come to an end */
static void odd(void **state)
{
	static const char fill[] = {'\0', ' ',  'a', '1', '"', ';',   '=',
				    '#',  '\t', ':', '[', '@', '\xff'};
	const size_t max = 2 * DS_LINE_MAX;
	char *buf = malloc(max + 16);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fill) * 3; i++) {
		static const char *lead[] = {"", "1 sip:", "1 sip:a 0 0 "};
		size_t len = strlen(lead[i % 3]);
		size_t n = i % 2 ? DS_LINE_MAX : max;
		struct ds_list *l = NULL;
		struct ds_err e = {""};
		struct pl pl = {buf, n};

		memset(buf, fill[i / 3], n);
		memcpy(buf, lead[i % 3], len);
		if (ds_list_parse(&l, "t", &pl, &e)) {
			assert_true(str_isset(e.msg));
			assert_true(strlen(e.msg) < 300);
		}
		if (n > DS_LINE_MAX)
			assert_string_equal(e.msg, "t:1: line of 131070 bytes; "
						   "allowed: 65535");
		mem_deref(l);
	}
	free(buf);
}

/* n lines, each printed with two numbers */
static int many(const char *fmt, unsigned a, unsigned b, struct ds_err *e)
{
	struct mbuf *mb = mbuf_alloc(1 << 20);
	struct ds_list *l = NULL;
	struct pl pl;
	int err;

	for (unsigned i = 0; i < a; i++) {
		for (unsigned k = 0; k < b; k++)
			assert_int_equal(mbuf_printf(mb, fmt, i, k), 0);
	}
	pl = (struct pl){(char *)mb->buf, mb->end};
	err = ds_list_parse(&l, "t", &pl, e);
	mem_deref(l);
	mem_deref(mb);

	return err;
}

static void bounds(void **state)
{
	struct ds_err e = {""};

	(void)state;
	assert_int_equal(many("%u sip:t%u\n", 1, DS_TARGETS_MAX, &e), 0);
	assert_int_equal(many("%u sip:t%u\n", 1, DS_TARGETS_MAX + 1, &e),
			 EBADMSG);
	assert_string_equal(e.msg, "t:1025: set 0 has one target too many; "
				   "allowed: 1024 in a set");
	assert_int_equal(many("%u sip:t%u\n", DS_SETS_MAX, 1, &e), 0);
	assert_int_equal(many("%u sip:t%u\n", DS_SETS_MAX + 1, 1, &e), EBADMSG);
	assert_string_equal(e.msg,
			    "t:4097: set 4096 is one too many; allowed: 4096 "
			    "sets");
	/* each one of 300,000 is compared with those before it */
	assert_int_equal(many("%u sip:t%u\n", 290, DS_TARGETS_MAX, &e), 0);
	assert_int_equal(many("%u sip:t%u;abcdefgh\n", 300, DS_TARGETS_MAX, &e),
			 EFBIG);
	assert_non_null(strstr(e.msg, "allowed: 4194304"));
	assert_int_equal(ds_list_parse(NULL, "t", &pl_null, &e), EINVAL);
}

static void twice(void **state)
{
	struct ds_list *l = list_of("1 sip:a\n1 sip:b\n1 sip:a\n1 sip:a\n"
				    "2 sip:a\n");
	const struct ds_entry *a = ds_list_entry(l, 0, 3);

	(void)state;
	assert_int_equal(ds_list_set(l, 0, NULL), 4);
	assert_string_equal(a->uri, "sip:a");
	assert_true(a->id != ds_list_entry(l, 0, 0)->id);
	assert_true(a->id != ds_list_entry(l, 0, 1)->id);
	assert_true(ds_list_entry(l, 0, 0)->id != ds_list_entry(l, 0, 1)->id);
	assert_true(a->id == ds_list_entry(l, 1, 0)->id);
	mem_deref(l);
}

static void files(void **state)
{
	char path[] = "/tmp/carom-dslist-XXXXXX";
	struct ds_list *l = NULL;
	struct ds_err e = {""};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, example, sizeof(example) - 1),
			 (ssize_t)sizeof(example) - 1);
	assert_int_equal(ds_list_load(&l, path, &e), 0);
	assert_int_equal(ds_list_count(l), 4);
	l = mem_deref(l);

	/* as large as can be, and a byte more */
	assert_int_equal(ftruncate(fd, DS_FILE_MAX + 1), 0);
	assert_int_equal(ds_list_load(&l, path, &e), EFBIG);
	(void)close(fd);
	(void)unlink(path);

	assert_int_equal(ds_list_load(&l, path, &e), ENOENT);
	assert_non_null(strstr(e.msg, path));
	assert_int_equal(ds_list_load(&l, "/tmp", &e), EINVAL);
	assert_int_equal(ds_list_load(&l, "/dev/zero", &e), EINVAL);
	assert_int_equal(ds_list_load(&l, NULL, &e), EINVAL);
	assert_null(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),   cmocka_unit_test(attrs),
		cmocka_unit_test(nothing), cmocka_unit_test(refuses),
		cmocka_unit_test(odd),     cmocka_unit_test(bounds),
		cmocka_unit_test(twice),   cmocka_unit_test(files),
		cmocka_unit_test(vain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
