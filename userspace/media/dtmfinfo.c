/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/dtmfinfo.c  Digits in the bodies of SIP INFO
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "media/dtmfinfo.h"
#include "rtp/event.h"

enum { BODY_MAX = 1024, NUMBER_DIGITS = 9 };

static void trim(struct pl *pl)
{
	while (pl->l && strchr(" \t\r\n", *pl->p))
		pl_advance(pl, 1);
	while (pl->l && strchr(" \t\r\n", pl->p[pl->l - 1]))
		--pl->l;
}

static struct pl next_line(struct pl *body)
{
	const char *nl = memchr(body->p, '\n', body->l);
	struct pl line = {body->p, nl ? (size_t)(nl - body->p) : body->l};

	pl_advance(body, (ssize_t)(line.l + (nl ? 1 : 0)));
	trim(&line);

	return line;
}

/* "Name = value", in capitals or not */
static bool value_of(struct pl *val, const struct pl *line, const char *name)
{
	const char *eq = memchr(line->p, '=', line->l);
	struct pl key = {line->p, eq ? (size_t)(eq - line->p) : 0};

	if (!eq)
		return false;
	trim(&key);
	*val = *line;
	pl_advance(val, eq + 1 - line->p);
	trim(val);

	return !pl_strcasecmp(&key, name);
}

static bool is_number(const struct pl *pl)
{
	if (!pl->l || pl->l > NUMBER_DIGITS)
		return false;
	for (size_t i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return false;
	}

	return true;
}

static int take_signal(struct dtmfinfo *d, const struct pl *val)
{
	if (val->l == 1) {
		const char c = *val->p;

		for (unsigned i = 0; i < EVENT_DIGITS; i++) {
			const char digit = event_char((uint8_t)i);

			if (c != digit && (i < 12 || (c ^ ' ') != digit))
				continue;
			d->event = (uint8_t)i;
			return 0;
		}
	} else if (is_number(val) && pl_u32(val) < EVENT_DIGITS) {
		d->event = (uint8_t)pl_u32(val);
		return 0;
	}

	return val->l ? ENOTSUP : EBADMSG;
}

static int take_duration(struct dtmfinfo *d, const struct pl *val)
{
	uint32_t ms;

	if (!is_number(val))
		return EBADMSG;
	ms = pl_u32(val);
	if (!ms)
		ms = DTMFINFO_MS;
	d->ms = ms < DTMFINFO_MS_MIN   ? DTMFINFO_MS_MIN
		: ms > DTMFINFO_MS_MAX ? DTMFINFO_MS_MAX
				       : ms;

	return 0;
}

static int take_lines(struct dtmfinfo *d, struct pl body)
{
	bool signal = false;
	int err = 0;

	while (body.l && !err) {
		const struct pl line = next_line(&body);
		struct pl val;

		if (value_of(&val, &line, "Signal")) {
			err = signal ? EBADMSG : take_signal(d, &val);
			signal = true;
		} else if (value_of(&val, &line, "Duration")) {
			err = take_duration(d, &val);
		}
	}

	return err || signal ? err : EBADMSG;
}

int dtmfinfo_decode(struct dtmfinfo *d, const struct pl *type,
		    const struct pl *body)
{
	struct pl name, rest;
	const char *end;
	bool relay;

	if (!d || !type || !body)
		return EINVAL;
	end = type->l ? memchr(type->p, ';', type->l) : NULL;
	name = (struct pl){type->p, end ? (size_t)(end - type->p) : type->l};
	trim(&name);
	relay = !pl_strcasecmp(&name, "application/dtmf-relay");
	if (!relay && pl_strcasecmp(&name, "application/dtmf"))
		return ENOTSUP;
	if (!body->l || body->l > BODY_MAX || memchr(body->p, '\0', body->l))
		return EBADMSG;
	d->event = 0;
	d->ms = DTMFINFO_MS;
	if (relay || memchr(body->p, '=', body->l))
		return take_lines(d, *body);
	rest = *body;
	trim(&rest);

	return take_signal(d, &rest);
}

int dtmfinfo_print(struct re_printf *pf, const struct dtmfinfo *d)
{
	if (!d)
		return 0;

	return re_hprintf(pf, "Signal=%c\r\nDuration=%u\r\n",
			  event_char(d->event), d->ms);
}
