/* SPDX-License-Identifier: BSD-2-Clause */
/* carom(8): figures, tables and options as people see them */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/carom/carom.h"
#include "../../tools/carom/human.h"

/* ---- figures ------------------------------------------------------------ */

static void numbers(void **state)
{
	struct human h;
	(void)state;

	assert_string_equal(human_num(&h, 0), "0");
	assert_string_equal(human_num(&h, 9999), "9999");
	assert_string_equal(human_num(&h, 10000), "10.0 k");
	assert_string_equal(human_num(&h, 999949), "999.9 k");
	/* not "1000.0 k" */
	assert_string_equal(human_num(&h, 999950), "1.0 M");
	assert_string_equal(human_num(&h, 1234567), "1.2 M");
	assert_string_equal(human_num(&h, 1e18), "1000.0 P");
	assert_string_equal(human_bits(&h, 0), "0 bit/s");
	assert_string_equal(human_bits(&h, 64000), "64.0 kbit/s");
}

static void ages(void **state)
{
	struct human h;
	(void)state;

	assert_string_equal(human_age(&h, UINT64_MAX), "never");
	assert_string_equal(human_age(&h, 999), "999 ms");
	assert_string_equal(human_age(&h, 1000), "1.0 s");
	assert_string_equal(human_age(&h, 59999), "59.9 s");
	assert_string_equal(human_age(&h, 60000), "1 m 00 s");
	assert_string_equal(human_age(&h, 3599999), "59 m 59 s");
	assert_string_equal(human_age(&h, 3600000), "1 h 00 m");
	assert_string_equal(human_age(&h, 86400000ull * 3), "3 d 00 h");
}

static void addresses(void **state)
{
	struct human h;
	struct sa sa;
	(void)state;

	sa_init(&sa, AF_UNSPEC);
	assert_string_equal(human_sa(&h, &sa), "-");
	assert_int_equal(sa_set_str(&sa, "2001:db8::1", 4000), 0);
	assert_string_equal(human_sa(&h, &sa), "[2001:db8::1]:4000");
}

/* ---- tables ------------------------------------------------------------- */

static const struct table_col colv[] = {
	{"NAME", false, 0},
	{"N", true, 0},
	{"EXTRA", false, 2},
	{"MORE", false, 1},
};

/** Two rows, printed into a string that the caller frees */
static char *print(unsigned width, bool colour, const char *hide)
{
	const struct table_style st = {.colour = colour, .width = width};
	struct table *t = NULL;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(table_alloc(&t, colv, ARRAY_SIZE(colv)), 0);

	table_cell(t, TINT_BAD, "a long name, really");
	table_cell(t, TINT_NONE, "%d", 7);
	table_cell(t, TINT_NONE, "ee");
	table_cell(t, TINT_NONE, "%s", "");
	table_cell(t, TINT_NONE, "b");
	table_cell(t, TINT_NONE, "%d", 1234);
	table_cell(t, TINT_NONE, "eeeee");
	table_cell(t, TINT_NONE, "%s", "");
	assert_int_equal(table_rows(t), 2);

	if (hide)
		table_hide(t, hide);
	table_hide_empty(t, "MORE");
	table_hide_empty(t, "NAME");

	assert_int_equal(table_print(t, f, &st), 0);
	fclose(f);
	mem_deref(t);

	return text;
}

static void table_full(void **state)
{
	char *s = print(0, false, NULL);
	(void)state;

	assert_string_equal(s, "NAME                    N  EXTRA\n"
			       "a long name, really     7  ee\n"
			       "b                    1234  eeeee\n");
	free(s);
}

static void table_hidden(void **state)
{
	char *s = print(0, false, "NAME");
	(void)state;

	assert_string_equal(s, "   N  EXTRA\n   7  ee\n1234  eeeee\n");
	free(s);
}

static void table_drops_then_cuts(void **state)
{
	char *s = print(28, false, NULL);
	(void)state;

	/* EXTRA may go, so it goes; what is left fits */
	assert_string_equal(s, "NAME                    N\n"
			       "a long name, really     7\n"
			       "b                    1234\n");
	free(s);

	s = print(18, false, NULL);
	assert_string_equal(s, "NAME             N\n"
			       "a long name~     7\n"
			       "b             1234\n");
	free(s);

	/* numbers are never cut, whatever the width */
	s = print(3, false, NULL);
	assert_non_null(strstr(s, "1234"));
	free(s);
}

static void table_colours(void **state)
{
	char *s = print(0, true, NULL);
	(void)state;

	assert_non_null(strstr(s, "\033[31ma long name, really\033[0m"));
	free(s);

	s = print(0, false, NULL);
	assert_null(strchr(s, '\033'));
	free(s);
}

static void text_is_defused(void **state)
{
	char s[] = "a\033[2Jb\nc\x7f\xc2\x9b"
		   "d\xc3\xa9";
	(void)state;

	text_defuse(s);
	assert_string_equal(s, "a?[2Jb?c???d\xc3\xa9");
	assert_int_equal(text_width("d\xc3\xa9"), 2);
}

/* ---- options ------------------------------------------------------------ */

struct obj {
	bool flag;
	const char *str, *word;
	uint32_t n;
	double secs;
};

static const struct opt own[] = {
	{.name = "flag", .key = 'f', .off = offsetof(struct obj, flag)},
	{.name = "str",
	 .type = OPT_STR,
	 .off = offsetof(struct obj, str),
	 .arg = "S"},
	{.name = "word",
	 .type = OPT_WORD,
	 .off = offsetof(struct obj, word),
	 .arg = "pps|loss"},
	{.name = "number",
	 .key = 'n',
	 .type = OPT_U32,
	 .off = offsetof(struct obj, n),
	 .arg = "N",
	 .min = 1,
	 .max = 4294967295.0},
	{.name = "secs",
	 .type = OPT_SECONDS,
	 .off = offsetof(struct obj, secs),
	 .arg = "S",
	 .min = 0.1,
	 .max = 10},
	{0},
};

static const struct opt none[] = {{0}};

static int parse(struct obj *o, int *next, char *msg, bool stop, int argc,
		 const char *const *args)
{
	char *argv[8] = {"cmd"};

	memset(o, 0, sizeof(*o));
	for (int i = 0; i < argc; i++)
		argv[i + 1] = (char *)args[i];

	return opts_parse(none, NULL, own, o, argc + 1, argv, stop, next, msg,
			  256);
}

#define PARSE(...)                                                             \
	parse(&o, &next, msg, false,                                           \
	      (int)ARRAY_SIZE(((const char *[]){__VA_ARGS__})),                \
	      (const char *[]){__VA_ARGS__})

static void options_good(void **state)
{
	char msg[256] = "";
	struct obj o;
	int next;
	(void)state;

	assert_int_equal(PARSE("-f", "arg", "--str", "x", "-n", "4294967295"),
			 0);
	assert_true(o.flag);
	assert_string_equal(o.str, "x");
	assert_int_equal(o.n, UINT32_MAX);
	assert_int_equal(next, 6);

	assert_int_equal(PARSE("--word", "loss", "--secs=0.5", "--", "-f"), 0);
	assert_string_equal(o.word, "loss");
	assert_true(o.secs == 0.5);
	assert_false(o.flag);
	assert_int_equal(next, 5);
}

static void options_bad(void **state)
{
	static const char *const badv[][2] = {
		{"--word", "lo"},       {"--word", ""},
		{"--word", "pps|loss"}, {"--number", "0"},
		{"--number", "1.5"},    {"--number", "4294967296"},
		{"--number", "-1"},     {"--number", "nan"},
		{"--number", "0x10"},   {"--number", ""},
		{"--number", "1e3"},    {"--secs", "inf"},
		{"--secs", "11"},       {"--secs", "1s"},
	};
	char msg[256];
	struct obj o;
	int next;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		msg[0] = '\0';
		assert_int_equal(parse(&o, &next, msg, false, 2, badv[i]),
				 EINVAL);
		assert_memory_equal(msg, badv[i][0], strlen(badv[i][0]));
	}

	assert_int_equal(PARSE("--nope"), EINVAL);
	assert_string_equal(msg, "unknown option --nope");
	assert_int_equal(PARSE("-x"), EINVAL);
	assert_string_equal(msg, "unknown option -x");
	assert_int_equal(PARSE("--str"), EINVAL);
	assert_string_equal(msg, "--str needs an argument: S");
	assert_int_equal(PARSE("--flag=1"), EINVAL);
	assert_string_equal(msg, "--flag takes no argument");
}

static void options_stop(void **state)
{
	static const char *const args[] = {"-f", "legs", "--nope"};
	char msg[256] = "";
	struct obj o;
	int next;
	(void)state;

	/* what comes after the command is the command's affair */
	assert_int_equal(parse(&o, &next, msg, true, 3, args), 0);
	assert_true(o.flag);
	assert_int_equal(next, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(ages),
		cmocka_unit_test(addresses),
		cmocka_unit_test(table_full),
		cmocka_unit_test(table_hidden),
		cmocka_unit_test(table_drops_then_cuts),
		cmocka_unit_test(table_colours),
		cmocka_unit_test(text_is_defused),
		cmocka_unit_test(options_good),
		cmocka_unit_test(options_bad),
		cmocka_unit_test(options_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
