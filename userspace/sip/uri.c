/* SPDX-License-Identifier: BSD-2-Clause */
/* URIs, read strictly: what has two readings goes to neither of them */
#include <errno.h>
#include <string.h>
#include "sip/msg.h"

static bool host_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

/* A port may have zeros in front (25.1): up to nine digits, as carom/sipword.h has it */
static bool number16(const struct pl *pl, uint16_t *n)
{
	if (!pl->l || pl->l > 9)
		return false;
	for (size_t i = 0; i < pl->l; i++)
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return false;
	if (pl_u32(pl) > UINT16_MAX || !pl_u32(pl))
		return false;
	*n = (uint16_t)pl_u32(pl);
	return true;
}

/* "[2001:db8::1]" off the front: without the brackets */
static int reference(struct pl *host, struct pl *rest)
{
	const char *end = pl_strchr(rest, ']');
	struct sa sa;

	if (!end)
		return EBADMSG;
	host->p = rest->p + 1;
	host->l = (size_t)(end - host->p);
	pl_advance(rest, end + 1 - rest->p);
	/* an IPv4 address in an IPv6 one is IPv4 for libre, and so for us */
	return sa_set(&sa, host, 1) || !pl_strchr(host, ':') ? EBADMSG : 0;
}

int msg_hostport(struct pl *host, uint16_t *port, const struct pl *text)
{
	struct pl rest = *text;
	size_t n = 0;
	int err = 0;

	*port = 0;
	if (rest.l && rest.p[0] == '[') {
		err = reference(host, &rest);
	} else {
		while (n < rest.l && host_char(rest.p[n]))
			++n;
		host->p = rest.p;
		host->l = n;
		pl_advance(&rest, (ssize_t)n);
	}
	if (err || !host->l)
		return EBADMSG;
	msg_trim(&rest);
	if (!rest.l)
		return 0;
	if (rest.p[0] != ':')
		return EBADMSG;
	pl_advance(&rest, 1);
	msg_trim(&rest);
	return number16(&rest, port) ? 0 : EBADMSG;
}

/* Length up to the first of two letters; all of it where there is none */
static size_t up_to(const struct pl *pl, char a, char b)
{
	size_t n = 0;

	while (n < pl->l && pl->p[n] != a && pl->p[n] != b)
		++n;
	return n;
}

static struct pl take(struct pl *rest, size_t n)
{
	const struct pl pl = {rest->p, n};

	pl_advance(rest, (ssize_t)n);
	return pl;
}

/* user:password in front of the '@', which nothing else has in it */
static void userinfo(struct uri *u, struct pl *rest)
{
	size_t n = up_to(rest, '@', '@');
	struct pl info;

	if (n == rest->l)
		return;
	info = take(rest, n);
	pl_advance(rest, 1);
	u->user = take(&info, up_to(&info, ':', ':'));
	if (info.l) {
		pl_advance(&info, 1);
		u->password = info;
	}
}

int msg_uri_decode(struct uri *u, const struct pl *text)
{
	struct pl rest = *text, hostport;
	size_t n = up_to(&rest, ':', ':');

	memset(u, 0, sizeof(*u));
	/* what is in a Route becomes a Request-URI: it must not end its line */
	for (size_t i = 0; i < text->l; i++)
		if ((uint8_t)text->p[i] <= ' ' || text->p[i] == 0x7f)
			return EBADMSG;
	if (!n || n == rest.l)
		return EBADMSG;
	u->scheme = take(&rest, n);
	pl_advance(&rest, 1);
	if (!pl_strcasecmp(&u->scheme, "tel")) {
		u->user = take(&rest, up_to(&rest, ';', '?'));
		u->params = rest;
		return u->user.l ? 0 : EBADMSG;
	}
	if (pl_strcasecmp(&u->scheme, "sip") &&
	    pl_strcasecmp(&u->scheme, "sips"))
		return ENOTSUP;
	userinfo(u, &rest);
	hostport = take(&rest, up_to(&rest, ';', '?'));
	u->params = take(&rest, up_to(&rest, '?', '?'));
	u->headers = rest;
	return msg_hostport(&u->host, &u->port, &hostport);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char msg_uri_char(struct pl *pl)
{
	const char c = pl->p[0];
	int hi, lo;

	pl_advance(pl, 1);
	if (c != '%' || pl->l < 2)
		return c;
	hi = hex(pl->p[0]);
	lo = hex(pl->p[1]);
	if (hi < 0 || lo < 0)
		return c;
	pl_advance(pl, 2);
	return (char)(hi << 4 | lo);
}

static bool named(struct pl name, const char *want)
{
	while (name.l && *want)
		if ((msg_uri_char(&name) | 0x20) != *want++)
			return false;
	return !name.l && !*want;
}

bool msg_uri_param(const struct uri *u, const char *name)
{
	struct pl list = u->params, one;

	while (list.l) {
		pl_advance(&list, 1); /* ';' */
		one = take(&list, up_to(&list, ';', ';'));
		one.l = up_to(&one, '=', '=');
		if (named(one, name))
			return true;
	}
	return false;
}
