/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/jsontext.c  Strict check of JSON before libre decodes it
 */
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/jsontext.h"

enum {
	/** Digits of a number: int64_t holds any of 18 */
	DIGITS_MAX = 18,
	/** Digits of an exponent: any two keep a double finite */
	EXP_DIGITS_MAX = 2,
};

struct scan {
	const char *p, *end;
	unsigned depth_max, items_max, items;
};

static int scan_value(struct scan *s, unsigned depth);

/* Skip white space. EAGAIN at the end of the buffer */
static int scan_ws(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
				 *s->p == '\r' || *s->p == '\n'))
		s->p++;

	return s->p < s->end ? 0 : EAGAIN;
}

static int scan_literal(struct scan *s, const char *word)
{
	const size_t len = strlen(word);
	const size_t left = (size_t)(s->end - s->p);

	if (memcmp(s->p, word, min(len, left)))
		return EBADMSG;
	if (left < len)
		return EAGAIN;

	s->p += len;

	return 0;
}

/* One or more digits, not more than max */
static int scan_digits(struct scan *s, size_t max)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;

	if ((size_t)(s->p - start) > max)
		return EBADMSG;
	if (s->p == s->end)
		return EAGAIN;

	return s->p > start ? 0 : EBADMSG;
}

static int scan_number(struct scan *s)
{
	const char *start;
	int err;

	if (*s->p == '-')
		s->p++;

	start = s->p;
	err = scan_digits(s, DIGITS_MAX);
	if (err)
		return err;
	if (*start == '0' && s->p > start + 1)
		return EBADMSG;

	if (*s->p == '.') {
		s->p++;
		err = scan_digits(s, DIGITS_MAX);
		if (err)
			return err;
	}

	if (*s->p == 'e' || *s->p == 'E') {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		err = scan_digits(s, EXP_DIGITS_MAX);
	}

	return err;
}

/* What follows the backslash */
static int scan_escape(struct scan *s)
{
	unsigned i, v = 0;

	if (s->p == s->end)
		return EAGAIN;

	if (*s->p != 'u')
		return strchr("\"\\/bfnrt", *s->p++) ? 0 : EBADMSG;

	s->p++;
	for (i = 0; i < 4; i++) {

		if (s->p == s->end)
			return EAGAIN;
		if (!strchr("0123456789abcdefABCDEF", *s->p) || !*s->p)
			return EBADMSG;
		v = v << 4 | ch_hex(*s->p++);
	}

	/* odict holds C strings: a NUL would cut this one short */
	return v ? 0 : EBADMSG;
}

static int scan_string(struct scan *s)
{
	int err;

	if (*s->p++ != '"')
		return EBADMSG;

	while (s->p < s->end) {

		const unsigned char c = (unsigned char)*s->p++;

		if (c == '"')
			return 0;
		if (c < 0x20)
			return EBADMSG;
		if (c == '\\') {
			if (s->p < s->end && !*s->p)
				return EBADMSG;
			err = scan_escape(s);
			if (err)
				return err;
		}
	}

	return EAGAIN;
}

static int scan_member(struct scan *s, bool object, unsigned depth)
{
	int err;

	if (object) {
		err = scan_string(s);
		if (!err)
			err = scan_ws(s);
		if (err)
			return err;
		if (*s->p++ != ':')
			return EBADMSG;
		err = scan_ws(s);
		if (err)
			return err;
	}

	return scan_value(s, depth);
}

/* An object or array, from its opening bracket on */
static int scan_container(struct scan *s, unsigned depth)
{
	const bool object = *s->p == '{';
	const char close = object ? '}' : ']';
	int err;

	if (depth > s->depth_max)
		return EOVERFLOW;

	s->p++;
	err = scan_ws(s);
	if (err)
		return err;
	if (*s->p == close) {
		s->p++;
		return 0;
	}

	for (;;) {
		err = scan_member(s, object, depth);
		if (!err)
			err = scan_ws(s);
		if (err)
			return err;

		if (*s->p == close) {
			s->p++;
			return 0;
		}
		if (*s->p++ != ',')
			return EBADMSG;

		err = scan_ws(s);
		if (err)
			return err;
	}
}

static int scan_value(struct scan *s, unsigned depth)
{
	if (++s->items > s->items_max)
		return EOVERFLOW;

	switch (*s->p) {

	case '{':
	case '[':
		return scan_container(s, depth + 1);
	case '"':
		return scan_string(s);
	case 't':
		return scan_literal(s, "true");
	case 'f':
		return scan_literal(s, "false");
	case 'n':
		return scan_literal(s, "null");
	default:
		return scan_number(s);
	}
}

int jsontext_scan(const struct pl *pl, unsigned depth, unsigned items,
		  size_t *used)
{
	struct scan s;
	int err;

	if (!pl || !pl->p || !used)
		return EINVAL;

	s = (struct scan){pl->p, pl->p + pl->l, depth, items, 0};
	err = scan_ws(&s);
	if (!err && *s.p != '{')
		err = EBADMSG;
	if (!err)
		err = scan_container(&s, 1);
	/* when it is not sound: where it stopped to be */
	*used = (size_t)(s.p - pl->p);

	return err;
}

int jsontext_decode(struct odict **op, const struct pl *pl, unsigned depth,
		    unsigned items, size_t *used)
{
	size_t len = 0;
	int err;

	if (!op)
		return EINVAL;

	err = jsontext_scan(pl, depth, items, &len);
	if (!err)
		err = json_decode_odict(op, 8, pl->p, len, depth);
	if (used)
		*used = len;

	return err;
}
