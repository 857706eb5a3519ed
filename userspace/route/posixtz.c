/* SPDX-License-Identifier: BSD-2-Clause */
/* The rule of a zone as POSIX writes it: what its file has for all later years */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "route/zone.h"

enum { DAY = 86400 };

/* ---- reading ------------------------------------------------------------ */

static bool number(struct pl *pl, unsigned max, unsigned *n)
{
	size_t i = 0;

	for (*n = 0; i < pl->l && isdigit((unsigned char)pl->p[i]); i++) {
		*n = *n * 10 + (unsigned)(pl->p[i] - '0');
		if (*n > max)
			return false;
	}
	pl_advance(pl, (ssize_t)i);
	return i > 0;
}

static bool take(struct pl *pl, char c)
{
	if (!pl->l || pl->p[0] != c)
		return false;
	pl_advance(pl, 1);
	return true;
}

/* "CET", "<+03>" */
static bool name(struct pl *pl)
{
	const bool quoted = take(pl, '<');
	size_t i = 0;

	while (i < pl->l && (isalpha((unsigned char)pl->p[i]) ||
			     (quoted && (isdigit((unsigned char)pl->p[i]) ||
					 strchr("+-", pl->p[i])))))
		i++;
	pl_advance(pl, (ssize_t)i);
	return i >= 3 && (!quoted || take(pl, '>'));
}

/* [+-]hh[:mm[:ss]], in s */
static bool hours(struct pl *pl, unsigned max, int32_t *s)
{
	const bool minus = take(pl, '-');
	unsigned h, m = 0, sec = 0;

	if (!minus)
		(void)take(pl, '+');
	if (!number(pl, max, &h))
		return false;
	if (take(pl, ':') && !number(pl, 59, &m))
		return false;
	if (take(pl, ':') && !number(pl, 59, &sec))
		return false;
	*s = (int32_t)(h * 3600 + m * 60 + sec);
	if (minus)
		*s = -*s;
	return true;
}

static bool change(struct pl *pl, struct posixtz_change *c)
{
	bool ok;

	if (!take(pl, ','))
		return false;
	c->time = 7200;
	if (take(pl, 'M')) {
		c->kind = 'M';
		ok = number(pl, 12, &c->month) && c->month && take(pl, '.') &&
		     number(pl, 5, &c->week) && c->week && take(pl, '.') &&
		     number(pl, 6, &c->day);
	} else if (take(pl, 'J')) {
		c->kind = 'J';
		ok = number(pl, 365, &c->day) && c->day;
	} else {
		c->kind = 'N';
		ok = number(pl, 365, &c->day);
	}
	return ok && (!take(pl, '/') || hours(pl, 167, &c->time));
}

int posixtz_decode(struct posixtz *tz, const struct pl *text)
{
	struct pl pl = *text;

	memset(tz, 0, sizeof(*tz));
	/* POSIX counts west of Greenwich */
	if (!name(&pl) || !hours(&pl, 24, &tz->std))
		return EBADMSG;
	tz->std = -tz->std;
	if (!pl.l)
		return 0;
	tz->changes = true;
	if (!name(&pl))
		return EBADMSG;
	tz->dst = tz->std + 3600;
	if (pl.l && pl.p[0] != ',') {
		if (!hours(&pl, 24, &tz->dst))
			return EBADMSG;
		tz->dst = -tz->dst;
	}
	return change(&pl, &tz->to_dst) && change(&pl, &tz->to_std) && !pl.l
		       ? 0
		       : EBADMSG;
}

/* ---- the calendar ------------------------------------------------------- */

static bool leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* Days from 1970 to the first of January */
static int64_t days_before(int64_t y)
{
	const int64_t p = y - 1;

	return 365 * (y - 1970) + (p / 4 - p / 100 + p / 400) -
	       (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static int64_t year_of(int64_t t)
{
	int64_t y = 1970 + t / (365 * (int64_t)DAY + DAY / 4);

	while (days_before(y) * DAY > t)
		y--;
	while (days_before(y + 1) * DAY <= t)
		y++;
	return y;
}

static unsigned month_days(int64_t y, unsigned month)
{
	static const uint8_t v[] = {31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31};

	return v[month - 1] + (month == 2 && leap(y));
}

/* The nth weekday of a month; the 5th is the last */
static int64_t by_month(const struct posixtz_change *c, int64_t y)
{
	int64_t first = days_before(y), day;

	for (unsigned m = 1; m < c->month; m++)
		first += month_days(y, m);
	/* 1 January 1970 was a Thursday */
	day = (c->day + 7 - (first + 4) % 7) % 7 + 7 * (int64_t)(c->week - 1);
	while (day >= month_days(y, c->month))
		day -= 7;
	return first + day;
}

/* When it happens, in s of the clock that is on the wall before it */
static int64_t when(const struct posixtz_change *c, int64_t y)
{
	int64_t day;

	if (c->kind == 'M')
		day = by_month(c, y);
	else if (c->kind == 'J')
		day = days_before(y) + c->day - 1 + (leap(y) && c->day > 59);
	else
		day = days_before(y) + c->day;
	return day * DAY + c->time;
}

int32_t posixtz_offset(const struct posixtz *tz, int64_t t)
{
	int64_t y, begin, end;

	if (!tz->changes || t < 0)
		return tz->std;
	y = year_of(t + tz->std);
	begin = when(&tz->to_dst, y) - tz->std;
	end = when(&tz->to_std, y) - tz->dst;
	/* in the south it begins in one year and ends in the next */
	if (begin < end)
		return t >= begin && t < end ? tz->dst : tz->std;
	return t >= begin || t < end ? tz->dst : tz->std;
}
