/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "store/redis_url.h"

static const char scheme[] = "redis://";

bool redis_is_url(const char *path)
{
	return path && strstr(path, "://");
}

static int refuse(const char **why, const char *what)
{
	if (why)
		*why = what;

	return EINVAL;
}

/* Up to one of the characters, or the end */
static struct pl until(const char **p, const char *stop)
{
	struct pl pl = {*p, strcspn(*p, stop)};

	*p += pl.l;

	return pl;
}

static bool is_number(const struct pl *pl, unsigned max, unsigned *n)
{
	*n = 0;
	if (!pl->l || pl->l > 5)
		return false;
	for (size_t i = 0; i < pl->l; i++) {
		if (!isdigit((unsigned char)pl->p[i]))
			return false;
		*n = *n * 10 + (unsigned)(pl->p[i] - '0');
	}

	return *n <= max;
}

static bool is_host(const struct pl *pl, bool brackets)
{
	for (size_t i = 0; i < pl->l; i++) {
		const char c = pl->p[i];

		if (!isalnum((unsigned char)c) && !strchr(".-_", c) &&
		    !(brackets && (c == ':' || c == '%')))
			return false;
	}

	return pl->l > 0;
}

static int decode_addr(struct redis_url *url, const char **p, const char **why)
{
	const bool brackets = **p == '[';
	unsigned n = REDIS_PORT;
	struct pl host, port;

	if (url->addrc == REDIS_ADDRS)
		return refuse(why, "eight addresses are enough");

	if (brackets)
		++*p;
	host = until(p, brackets ? "]" : ":,/");
	if (brackets && *(*p)++ != ']')
		return refuse(why, "\"[\" without \"]\"");
	if (!is_host(&host, brackets) ||
	    pl_strcpy(&host, url->addrv[url->addrc].host,
		      sizeof(url->addrv[0].host)))
		return refuse(why, "an address is HOST, HOST:PORT or "
				   "[IPv6]:PORT");
	if (**p == ':') {
		++*p;
		port = until(p, ",/");
		if (!is_number(&port, 65535, &n) || !n)
			return refuse(why, "a port is 1 to 65535");
	}
	url->addrv[url->addrc++].port = (uint16_t)n;

	return 0;
}

static int decode_user(struct redis_url *url, const char **p, const char **why)
{
	const char *at = strchr(*p, '@');
	struct pl user;

	if (!at)
		return 0;
	user.p = *p;
	user.l = (size_t)(at - *p);
	if (memchr(user.p, ':', user.l))
		return refuse(why, "no password in here, where everybody reads "
				   "it: store-password names a file with it");
	if (!user.l || memchr(user.p, '/', user.l) ||
	    pl_strcpy(&user, url->user, sizeof(url->user)))
		return refuse(why, "a user has 1 to 63 characters");
	*p = at + 1;

	return 0;
}

int redis_url_decode(struct redis_url *url, const char *text, const char **why)
{
	const char *p = text;
	struct pl db;
	int err;

	memset(url, 0, sizeof(*url));
	if (!strncmp(text, "rediss://", 9))
		return refuse(why,
			      "TLS is not there: the hiredis that Carom is "
			      "built with has none");
	if (strncmp(text, scheme, strlen(scheme)) != 0)
		return refuse(why, "a URL here is redis://HOST:PORT/DB");
	p += strlen(scheme);

	err = decode_user(url, &p, why);
	if (err)
		return err;
	for (;;) {
		err = decode_addr(url, &p, why);
		if (err)
			return err;
		if (*p != ',')
			break;
		++p;
	}
	if (!*p || !strcmp(p, "/"))
		return 0;
	if (*p++ != '/')
		return refuse(why, "an address is HOST, HOST:PORT or "
				   "[IPv6]:PORT");
	db = until(&p, "");

	return is_number(&db, 65535, &url->db)
		       ? 0
		       : refuse(why, "a database is a number");
}
