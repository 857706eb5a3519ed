/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths taken apart, and held against patterns */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;

	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int api_unescape(char *buf, size_t size, const struct pl *s, bool plus)
{
	size_t n = 0;

	for (size_t i = 0; i < s->l; i++) {
		unsigned char c = (unsigned char)s->p[i];

		if (c == '%') {
			const int a = i + 2 < s->l ? hex(s->p[i + 1]) : -1;
			const int b = i + 2 < s->l ? hex(s->p[i + 2]) : -1;

			if (a < 0 || b < 0)
				return EBADMSG;
			c = (unsigned char)(a << 4 | b);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		/* control characters end up in logs and headers */
		if (c < 0x20 || c == 0x7f)
			return EBADMSG;
		if (n + 1 >= size)
			return EOVERFLOW;
		buf[n++] = (char)c;
	}
	buf[n] = '\0';

	return 0;
}

/* All but what is never more than itself (RFC 3986 section 2.3) */
int api_escape(struct re_printf *pf, const struct pl *s)
{
	int err = 0;

	for (size_t i = 0; i < s->l && !err; i++) {
		const unsigned char c = (unsigned char)s->p[i];
		const bool plain = (c >= '0' && c <= '9') ||
				   ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
				   (c && strchr("-._~@:", c));

		err = plain ? pf->vph(s->p + i, 1, pf->arg)
			    : re_hprintf(pf, "%%%02X", (unsigned)c);
	}

	return err;
}

int api_path_decode(struct api_path *p, const struct pl *path)
{
	struct pl rest = *path;
	size_t used = 0;

	p->partc = 0;
	if (!rest.l || *rest.p != '/')
		return EBADMSG;
	pl_advance(&rest, 1);
	/* "/" has none */
	while (rest.l || p->partc) {
		const char *slash = pl_strchr(&rest, '/');
		const struct pl part = {rest.p, slash ? (size_t)(slash - rest.p)
						      : rest.l};
		char *to = p->buf + used;
		int err;

		if (p->partc == API_PARTS_MAX)
			return EOVERFLOW;
		err = api_unescape(to, sizeof(p->buf) - used, &part, false);
		if (err)
			return err;
		/* who wrote "%2e%2e" meant the same */
		if (!*to || !strcmp(to, ".") || !strcmp(to, ".."))
			return EBADMSG;
		if (strlen(to) > API_PARAM_MAX)
			return EOVERFLOW;
		p->partv[p->partc++] = to;
		used += strlen(to) + 1;
		if (!slash)
			break;
		pl_advance(&rest, (ssize_t)part.l + 1);
	}

	return 0;
}

bool api_pattern_match(const char *pattern, const struct api_path *p,
		       struct pl *namev, const char **valuev, size_t *n)
{
	size_t i = 0;

	*n = 0;
	while (*pattern == '/') {
		const char *part = ++pattern;
		const size_t len = strcspn(part, "/");

		if (!len && !i && !p->partc)
			return true;
		if (i == p->partc)
			return false;
		if (*part == '{') {
			if (*n == API_PARAMS_MAX)
				return false;
			namev[*n] = (struct pl){part + 1, len - 2};
			valuev[(*n)++] = p->partv[i];
		} else if (strlen(p->partv[i]) != len ||
			   memcmp(p->partv[i], part, len)) {
			return false;
		}
		++i;
		pattern += len;
	}

	return i == p->partc;
}
