/* SPDX-License-Identifier: BSD-2-Clause */
/* Content-Length, found without reading the rest */
#include <errno.h>
#include <string.h>
#include "sip/frame.h"

size_t frame_head(size_t *looked, const char *p, size_t n)
{
	size_t i = *looked;

	while (i < n) {
		const char *lf = memchr(p + i, '\n', n - i);

		if (!lf) {
			*looked = n;
			return 0;
		}
		i = (size_t)(lf - p);
		*looked = i;
		if (i + 1 < n && p[i + 1] == '\n')
			return i + 2;
		if (i + 2 < n && p[i + 1] == '\r' && p[i + 2] == '\n')
			return i + 3;
		if (i + 1 >= n || (p[i + 1] == '\r' && i + 2 >= n))
			return 0;
		++i;
	}
	return 0;
}

static bool is_length(const struct pl *line, struct pl *val)
{
	const char *colon = pl_strchr(line, ':');
	struct pl name = {line->p, 0};

	if (!colon)
		return false;
	name.l = (size_t)(colon - line->p);
	while (name.l &&
	       (name.p[name.l - 1] == ' ' || name.p[name.l - 1] == '\t'))
		--name.l;
	if (pl_strcasecmp(&name, "Content-Length") && pl_strcasecmp(&name, "l"))
		return false;
	val->p = colon + 1;
	val->l = line->l - (size_t)(val->p - line->p);
	while (val->l && strchr(" \t\r\n", val->p[0]))
		pl_advance(val, 1);
	while (val->l && strchr(" \t\r\n", val->p[val->l - 1]))
		--val->l;
	return true;
}

static int number(size_t *body, const struct pl *val)
{
	*body = 0;
	if (!val->l || val->l > 9)
		return EBADMSG;
	for (size_t i = 0; i < val->l; i++) {
		if (val->p[i] < '0' || val->p[i] > '9')
			return EBADMSG;
		*body = *body * 10 + (size_t)(val->p[i] - '0');
	}
	return 0;
}

/* Exactly one, that fits */
static int body_len(size_t *body, const char *p, size_t head)
{
	struct pl rest = {p, head}, val;
	unsigned found = 0;

	while (rest.l) {
		const char *lf = memchr(rest.p, '\n', rest.l);
		struct pl line = rest;

		line.l = lf ? (size_t)(lf - rest.p) + 1 : rest.l;
		pl_advance(&rest, (ssize_t)line.l);
		/* what is folded belongs to the line before */
		while (rest.l && (rest.p[0] == ' ' || rest.p[0] == '\t')) {
			lf = memchr(rest.p, '\n', rest.l);
			line.l += lf ? (size_t)(lf - rest.p) + 1 : rest.l;
			pl_advance(&rest, (ssize_t)(lf ? lf - rest.p + 1
						       : (ssize_t)rest.l));
		}
		if (!is_length(&line, &val))
			continue;
		if (found++ || number(body, &val))
			return EBADMSG;
	}
	return found && head + *body <= FRAME_MAX ? 0 : EBADMSG;
}

enum frame_kind frame_next(size_t *len, size_t *looked, const char *p, size_t n)
{
	size_t head, body;

	*len = 0;
	if (!n || (n == 1 && p[0] == '\r'))
		return FRAME_MORE;
	if (p[0] == '\n' || (p[0] == '\r' && p[1] == '\n')) {
		*len = p[0] == '\n' ? 1 : 2;
		return FRAME_CRLF;
	}
	/* a method or "SIP/2.0" begins with a letter: no TLS, no binary */
	if (p[0] < '!' || p[0] > '~')
		return FRAME_BAD;
	head = frame_head(looked, p, n);
	if (!head)
		return n > FRAME_HEAD ? FRAME_BAD : FRAME_MORE;
	if (head > FRAME_HEAD || body_len(&body, p, head)) {
		*len = head;
		return FRAME_BAD;
	}
	if (n < head + body)
		return FRAME_MORE;
	*len = head + body;
	*looked = 0;
	return FRAME_MESSAGE;
}
