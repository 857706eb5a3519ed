/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "route/window.h"

enum { ALL = 0x7f, DAY = 1440 };

static const char *const dayv[] = {"sun", "mon", "tue", "wed",
				   "thu", "fri", "sat"};

/* "08:00", "24:00" */
static bool time_of_day(const char *s, uint16_t *minute)
{
	unsigned n;

	if (!s || strlen(s) != 5 || s[2] != ':')
		return false;
	for (size_t i = 0; i < 5; i++)
		if (i != 2 && !isdigit((unsigned char)s[i]))
			return false;
	n = (unsigned)((s[0] - '0') * 600 + (s[1] - '0') * 60 +
		       (s[3] - '0') * 10 + s[4] - '0');
	*minute = (uint16_t)n;
	return s[3] < '6' && n <= DAY;
}

static void read_time(struct fields *f, const char *key, uint16_t *minute)
{
	char *s = NULL;

	fields_string(f, key, &s, 1, 8);
	if (!f->err && !time_of_day(s, minute))
		(void)fields_bad(f, key,
				 "'%s' is no time; allowed: 00:00 to 24:00", s);
	mem_deref(s);
}

static void read_days(struct window *w, struct fields *f)
{
	const struct odict *arr = fields_array(f, "days", 7);
	size_t i = 0;
	struct le *le;

	w->days = arr ? 0 : ALL;
	for (le = arr ? list_head(&arr->lst) : NULL; le; le = le->next, i++) {
		const char *s = fields_text(f, "days", i, le->data);
		unsigned k = 0;

		while (s && k < 7 && str_casecmp(s, dayv[k]) != 0)
			k++;
		if (k < 7 && s)
			w->days |= (uint8_t)(1 << k);
		else if (s)
			(void)fields_bad(f, "days",
					 "'%s'; allowed: mon, tue, wed, thu, "
					 "fri, sat, sun",
					 s);
	}
}

void window_read(struct window *w, struct fields *f)
{
	read_days(w, f);
	read_time(f, "from", &w->from);
	read_time(f, "to", &w->to);
	if (!f->err && w->from == DAY)
		(void)fields_bad(f, "from", "allowed: 00:00 to 23:59");
	(void)fields_done(f);
}

int window_json(struct odict *o, const struct window *w)
{
	struct odict *days = NULL;
	char text[8];
	int err = odict_alloc(&days, 8);

	/* weeks begin on Monday, in the file */
	for (unsigned i = 1; i <= 7 && !err; i++)
		if (w->days >> i % 7 & 1)
			err = odict_entry_add(days, dayv[i % 7], ODICT_STRING,
					      dayv[i % 7]);
	if (!err)
		err = odict_entry_add(o, "days", ODICT_ARRAY, days);
	(void)re_snprintf(text, sizeof(text), "%02u:%02u", w->from / 60u,
			  w->from % 60u);
	if (!err)
		err = odict_entry_add(o, "from", ODICT_STRING, text);
	(void)re_snprintf(text, sizeof(text), "%02u:%02u", w->to / 60u,
			  w->to % 60u);
	if (!err)
		err = odict_entry_add(o, "to", ODICT_STRING, text);
	mem_deref(days);
	return err;
}

bool window_open(const struct window *w, unsigned wday, unsigned minute)
{
	const bool today = w->days >> wday & 1;
	const bool yesterday = w->days >> (wday + 6) % 7 & 1;

	if (w->from < w->to)
		return today && minute >= w->from && minute < w->to;
	return (today && minute >= w->from) || (yesterday && minute < w->to);
}
