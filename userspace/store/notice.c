/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "store/notice.h"

size_t notice_head(char buf[NOTICE_HEAD], const struct notice *n)
{
	int len;

	if (n->value.p)
		len = re_snprintf(buf, NOTICE_HEAD, "1 %r %llu %r %zu %zu\n",
				  &n->id, n->seq, &n->kind, n->key.l,
				  n->value.l);
	else
		len = re_snprintf(buf, NOTICE_HEAD, "1 %r %llu %r %zu -\n",
				  &n->id, n->seq, &n->kind, n->key.l);

	return len < 0 ? 0 : (size_t)len;
}

/* A word, and the separator behind it */
static bool word(struct pl *w, struct pl *rest, char end)
{
	const char *p = rest->l ? memchr(rest->p, end, rest->l) : NULL;

	if (!p)
		return false;
	w->p = rest->p;
	w->l = (size_t)(p - rest->p);
	rest->p += w->l + 1;
	rest->l -= w->l + 1;

	return w->l > 0;
}

static bool number(const struct pl *w, uint64_t *n)
{
	*n = 0;
	if (w->l > 19)
		return false;
	for (size_t i = 0; i < w->l; i++) {
		if (w->p[i] < '0' || w->p[i] > '9')
			return false;
		*n = *n * 10 + (uint64_t)(w->p[i] - '0');
	}

	return true;
}

int notice_decode(struct notice *n, const char *p, size_t len)
{
	struct pl rest = {p, len}, line, version, seq, klen, vlen;
	uint64_t k, v = 0;

	memset(n, 0, sizeof(*n));
	if (!word(&line, &rest, '\n') || line.l + 2 > NOTICE_HEAD)
		return EBADMSG;
	++line.l; /* its end is a separator, too */
	if (!word(&version, &line, ' '))
		return EBADMSG;
	if (pl_strcmp(&version, "1") != 0)
		return EPROTO;
	if (!word(&n->id, &line, ' ') || !word(&seq, &line, ' ') ||
	    !word(&n->kind, &line, ' ') || !word(&klen, &line, ' ') ||
	    !word(&vlen, &line, '\n') || !number(&seq, &n->seq) ||
	    !number(&klen, &k))
		return EBADMSG;

	if (pl_strcmp(&vlen, "-") != 0) {
		if (!number(&vlen, &v))
			return EBADMSG;
		n->value.p = rest.p;
		n->value.l = (size_t)v;
	}
	if (k > rest.l || v != rest.l - k)
		return EBADMSG;
	n->key.p = rest.p;
	n->key.l = (size_t)k;
	if (n->value.p)
		n->value.p += k;

	return 0;
}
