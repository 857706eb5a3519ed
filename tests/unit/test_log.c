/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <re.h>

#include "base/log.h"

static char text[4096];

/* stderr goes into a file while one of these is open */
static FILE *file;
static int saved;

static void capture(void)
{
	file = tmpfile();
	assert_non_null(file);
	saved = dup(STDERR_FILENO);
	assert_true(saved >= 0);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
}

static const char *captured(void)
{
	size_t n;

	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	rewind(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return text;
}

static void level_names(void **state)
{
	enum log_level l = LOG_ERROR;

	(void)state;
	assert_int_equal(log_level_parse(&l, "debug"), 0);
	assert_int_equal(l, LOG_DEBUG);
	assert_int_equal(log_level_parse(&l, "info"), 0);
	assert_int_equal(l, LOG_INFO);
	assert_int_equal(log_level_parse(&l, "warning"), 0);
	assert_int_equal(l, LOG_WARN);
	assert_int_equal(log_level_parse(&l, "error"), 0);
	assert_int_equal(l, LOG_ERROR);
	assert_int_equal(log_level_parse(&l, "loud"), EINVAL);
	assert_int_equal(log_level_parse(&l, ""), EINVAL);
	assert_int_equal(log_level_parse(&l, NULL), EINVAL);
	assert_int_equal(l, LOG_ERROR);
}

static void levels_filter(void **state)
{
	const char *s;

	(void)state;
	unsetenv("JOURNAL_STREAM");
	capture();
	log_init(LOG_WARN);
	log_error("first");
	log_warn("second");
	log_info("third");
	log_debug("fourth");
	s = captured();
	assert_non_null(strstr(s, "ERROR first\n"));
	assert_non_null(strstr(s, "WARN  second\n"));
	assert_null(strstr(s, "third"));
	assert_null(strstr(s, "fourth"));
	/* a file is no terminal: no colours */
	assert_null(strchr(s, '\033'));
}

static void libre_formats(void **state)
{
	struct sa sa;
	struct pl pl;
	const char *s;

	(void)state;
	assert_int_equal(sa_set_str(&sa, "192.0.2.1", 5060), 0);
	pl_set_str(&pl, "pointer-length");
	capture();
	log_init(LOG_INFO);
	log_info("%J %r %m %d", &sa, &pl, ENOENT, 42);
	s = captured();
	assert_non_null(
		strstr(s, "192.0.2.1:5060 pointer-length No such file"));
	assert_non_null(strstr(s, " 42\n"));
}

static void one_message_one_line(void **state)
{
	const char *s;

	(void)state;
	capture();
	log_init(LOG_INFO);
	log_info("call %s", "a\r\n2026 ERROR forged\033[2J\n\n");
	s = captured();
	assert_ptr_equal(strchr(s, '\n'), s + strlen(s) - 1);
	assert_null(strchr(s, '\r'));
	assert_null(strchr(s, '\033'));
	assert_non_null(strstr(s, "a? 2026 ERROR forged?[2J"));
}

static void journal_prefix(void **state)
{
	struct stat st;
	char var[64];
	const char *s;

	(void)state;
	capture();
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(var, sizeof(var), "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", var, 1);
	log_init(LOG_DEBUG);
	log_error("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
	s = captured();
	assert_string_equal(s, "<3>e\n<4>w\n<6>i\n<7>d\n");
}

/* Inherited from a parent whose stderr was the journal: ours is not */
static void journal_of_another(void **state)
{
	static const char *const vars[] = {"1:1", "", ":", "x", "1:", "1:1x"};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vars); i++) {
		const char *s;

		setenv("JOURNAL_STREAM", vars[i], 1);
		capture();
		log_init(LOG_INFO);
		log_error("x");
		s = captured();
		assert_int_not_equal(s[0], '<');
		assert_non_null(strstr(s, "ERROR x\n"));
	}
}

/* What was shown last */
static struct shown {
	unsigned n;
	enum log_level level;
	char text[64], about[64];
} shown;

static void show(enum log_level level, const char *line, const char *about,
		 void *arg)
{
	struct shown *s = arg;

	s->n++;
	s->level = level;
	(void)snprintf(s->text, sizeof(s->text), "%s", line);
	(void)snprintf(s->about, sizeof(s->about), "%s", about);
}

static void lines_are_shown(void **state)
{
	(void)state;
	capture();
	log_init(LOG_INFO);
	log_watch(show, &shown);
	log_about("a@bc", 3);
	log_warn("one\n");
	assert_int_equal(shown.n, 1);
	assert_int_equal(shown.level, LOG_WARN);
	assert_string_equal(shown.text, "one");
	assert_string_equal(shown.about, "a@b");
	log_about(NULL, 0);
	log_debug("not printed, not shown");
	log_info("two");
	assert_int_equal(shown.n, 2);
	assert_string_equal(shown.about, "");
	log_watch(NULL, NULL);
	log_info("three");
	assert_int_equal(shown.n, 2);
	assert_non_null(strstr(captured(), "three"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level_names),
		cmocka_unit_test(levels_filter),
		cmocka_unit_test(libre_formats),
		cmocka_unit_test(one_message_one_line),
		cmocka_unit_test(journal_prefix),
		cmocka_unit_test(journal_of_another),
		cmocka_unit_test(lines_are_shown),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
