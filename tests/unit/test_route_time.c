/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_route_time.c  Clocks on walls, and windows of them
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <re.h>
#include "route/window.h"
#include "route/zone.h"
#include "route_util.h"

/* ---- zones ---------------------------------------------------------------- */

/* The C library, which knows one zone at a time, is the judge: every change of the
 * clocks within 200 years to the second, and what is between */
static void as_libc_has_it(const char *name)
{
	struct zone *z = NULL;
	int64_t last = 0;

	assert_int_equal(zone_load(&z, name), 0);
	setenv("TZ", name, 1);
	tzset();
	for (int64_t t = -1000000000; t < 5300000000; t += 6 * 3600) {
		const time_t tt = (time_t)t;
		struct tm tm;

		localtime_r(&tt, &tm);
		if (zone_offset(z, t) != tm.tm_gmtoff)
			fail_msg("%s at %lld: %d, should be %ld", name,
				 (long long)t, zone_offset(z, t), tm.tm_gmtoff);
		/* to the second */
		if (tm.tm_gmtoff != last && t > -1000000000) {
			int64_t lo = t - 6 * 3600, hi = t;

			while (hi - lo > 1) {
				const int64_t mid = (lo + hi) / 2;
				const time_t m = (time_t)mid;

				localtime_r(&m, &tm);
				assert_int_equal(zone_offset(z, mid),
						 tm.tm_gmtoff);
				if (tm.tm_gmtoff == last)
					lo = mid;
				else
					hi = mid;
			}
			localtime_r(&tt, &tm);
		}
		last = tm.tm_gmtoff;
	}
	mem_deref(z);
}

static void zones(void **state)
{
	static const char *const v[] = {"UTC",
					"Europe/Berlin",
					"America/New_York",
					"Australia/Sydney",
					"Asia/Kolkata",
					"America/Santiago",
					"Africa/Casablanca",
					"Pacific/Chatham",
					"Europe/Dublin",
					"Etc/GMT+5"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		as_libc_has_it(v[i]);
}

static void no_zones(void **state)
{
	static const char *const v[] = {"Europe/Atlantis",
					"../../etc/passwd",
					"/etc/localtime",
					"",
					"Europe",
					"zone.tab/x",
					"-"};
	static const uint8_t junk[64] = "TZif2";
	struct zone *z = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		assert_int_equal(zone_load(&z, v[i]), ENOENT);
	assert_int_equal(zone_load(&z, "zone.tab"), ENOENT);
	assert_int_equal(zone_decode(&z, junk, sizeof(junk)), EBADMSG);
	assert_int_equal(zone_decode(&z, junk, 3), EBADMSG);
	assert_null(z);
}

static void rules(void **state)
{
	static const char *const badv[] = {"",
					   "C",
					   "CET",
					   "CET-1CEST",
					   "CET-1CEST,M13.1.0,M1.1.0",
					   "CET-1CEST,M3.5.0",
					   "CET-1x",
					   "CET-1CEST,M3.6.0,M10.5.0",
					   "<+03-3",
					   "CET-1CEST,J0,J10",
					   "CET-1CEST,M3.5.0,M10.5.0/3x"};
	struct posixtz tz;
	struct pl pl;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		pl_set_str(&pl, badv[i]);
		if (!posixtz_decode(&tz, &pl))
			fail_msg("%s", badv[i]);
	}
	pl_set_str(&pl, "<+0330>-3:30<+0430>,J79/24,J263/24");
	assert_int_equal(posixtz_decode(&tz, &pl), 0);
	assert_int_equal(tz.std, 12600);
	assert_int_equal(tz.dst, 16200);
	/* day 79 without 29 February is 20 March: 24 h later is the 21st, in a
	 * leap year, too */
	assert_int_equal(posixtz_offset(&tz, 1584736199), 12600);
	assert_int_equal(posixtz_offset(&tz, 1584736200), 16200);
	pl_set_str(&pl, "XXX0YYY,0/0,60/0");
	assert_int_equal(posixtz_decode(&tz, &pl), 0);
	/* day 60, counted from 0 and with the 29th: 1 March of a leap year */
	assert_int_equal(posixtz_offset(&tz, 1583017199), 3600);
	assert_int_equal(posixtz_offset(&tz, 1583017200), 0);
}

static void walls(void **state)
{
	struct zone *z = NULL;
	unsigned wday, minute;

	(void)state;
	assert_int_equal(zone_load(&z, "Europe/Berlin"), 0);
	/* Sunday 29 March 2026, 01:59 and, a second later, 03:00 */
	zone_wall(z, 1774745999, &wday, &minute);
	assert_int_equal(wday, 0);
	assert_int_equal(minute, 119);
	zone_wall(z, 1774746000, &wday, &minute);
	assert_int_equal(minute, 180);
	/* Thursday 1 January 1970, and the day before */
	zone_wall(NULL, 0, &wday, &minute);
	assert_int_equal(wday, 4);
	assert_int_equal(minute, 0);
	zone_wall(NULL, -60, &wday, &minute);
	assert_int_equal(wday, 3);
	assert_int_equal(minute, 1439);
	mem_deref(z);
}

/* ---- windows ---------------------------------------------------------------- */

static int read_window(struct window *w, const char *text, struct fields_err *e)
{
	struct odict *o = json(text);
	struct fields f;

	e->path[0] = '\0';
	fields_init(&f, o, e);
	window_read(w, &f);
	mem_deref(o);
	return f.err;
}

static void windows(void **state)
{
	struct fields_err e = {"", ""};
	struct window w;

	(void)state;
	assert_int_equal(read_window(&w,
				     "{\"days\":[\"mon\",\"fri\"],"
				     "\"from\":\"08:00\",\"to\":\"18:30\"}",
				     &e),
			 0);
	assert_false(window_open(&w, 1, 479));
	assert_true(window_open(&w, 1, 480));
	assert_true(window_open(&w, 5, 1109));
	assert_false(window_open(&w, 5, 1110));
	assert_false(window_open(&w, 2, 600));

	/* Friday night is Saturday morning */
	assert_int_equal(read_window(&w,
				     "{\"days\":[\"fri\"],\"from\":\"22:00\","
				     "\"to\":\"06:00\"}",
				     &e),
			 0);
	assert_true(window_open(&w, 5, 1320));
	assert_true(window_open(&w, 6, 0));
	assert_true(window_open(&w, 6, 359));
	assert_false(window_open(&w, 6, 360));
	assert_false(window_open(&w, 6, 1330));
	assert_false(window_open(&w, 5, 100));

	/* Saturday's is Sunday's, whose number begins anew */
	assert_int_equal(read_window(&w,
				     "{\"days\":[\"sat\"],\"from\":\"23:00\","
				     "\"to\":\"01:00\"}",
				     &e),
			 0);
	assert_true(window_open(&w, 0, 59));

	assert_int_equal(
		read_window(&w, "{\"from\":\"00:00\",\"to\":\"24:00\"}", &e),
		0);
	for (unsigned d = 0; d < 7; d++) {
		assert_true(window_open(&w, d, 0));
		assert_true(window_open(&w, d, 1439));
	}
}

static void bad_windows(void **state)
{
	static const struct {
		const char *text, *path;
	} v[] = {
		{"{\"to\":\"10:00\"}", "from"},
		{"{\"from\":\"25:00\",\"to\":\"10:00\"}", "from"},
		{"{\"from\":\"9:00\",\"to\":\"10:00\"}", "from"},
		{"{\"from\":\"09:60\",\"to\":\"10:00\"}", "from"},
		{"{\"from\":\"24:00\",\"to\":\"10:00\"}", "from"},
		{"{\"from\":\"09:00\",\"to\":\"24:01\"}", "to"},
		{"{\"from\":\"09:00\",\"to\":1000}", "to"},
		{"{\"from\":\"09:00\",\"to\":\"10:00\",\"days\":[\"xyz\"]}",
		 "days"},
		{"{\"from\":\"09:00\",\"to\":\"10:00\",\"days\":[1]}",
		 "days[0]"},
		{"{\"from\":\"09:00\",\"to\":\"10:00\",\"day\":[]}", "day"},
	};
	struct fields_err e;
	struct window w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(read_window(&w, v[i].text, &e), EBADMSG);
		assert_string_equal(e.path, v[i].path);
		assert_true(str_isset(e.text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones),   cmocka_unit_test(no_zones),
		cmocka_unit_test(rules),   cmocka_unit_test(walls),
		cmocka_unit_test(windows), cmocka_unit_test(bad_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
