/* SPDX-License-Identifier: BSD-2-Clause */
/* What SUBSCRIBE and PUBLISH have in common: Event, whose state, Expires */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "presence/priv.h"

bool req_refuse(const struct req *q, uint16_t code, const char *phrase,
		const char *fmt, ...)
{
	va_list ap;

	++q->p->stats.refused;
	va_start(ap, fmt);
	(void)sip_answer(q->in, code, phrase, fmt ? "%v" : NULL, fmt, &ap);
	va_end(ap);
	return false;
}

/* "presence;id=1", "dialog" */
static bool read_event(struct req *q)
{
	const struct msg_header *h = q->in->m->first[MSG_EVENT];
	struct pl name = PL_INIT, params = PL_INIT;
	const char *semi;

	if (h) {
		semi = pl_strchr(&h->val, ';');
		name = h->val;
		if (semi) {
			name.l = (size_t)(semi - name.p);
			params.p = semi;
			params.l = h->val.l - name.l;
		}
		msg_trim(&name);
	}
	q->pkg = package_find(&name);
	if (!h || q->pkg == PRESENCE_PACKAGES)
		return req_refuse(q, 489, "Bad Event", "%H", package_allow,
				  NULL);
	if (!msg_param(&params, "id", &q->event_id))
		q->event_id = pl_null;
	return true;
}

static bool read_aor(struct req *q)
{
	const struct msg *m = q->in->m;
	const struct msg_header *from = m->first[MSG_FROM];
	struct pl uri, tag;

	if (!m->uri_ok ||
	    presence_aor(q->p, &q->aor, q->aorbuf, sizeof(q->aorbuf), &m->ruri))
		return req_refuse(q, 404, "Not Found", NULL);
	if (!from || msg_addr(&uri, &tag, &from->val) ||
	    presence_aor(q->p, &q->user, q->userbuf, sizeof(q->userbuf), &uri))
		q->user = pl_null;
	return true;
}

static bool number(uint32_t *n, const struct pl *pl)
{
	uint64_t v = 0;

	if (!pl->l || pl->l > 10)
		return false;
	for (size_t i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(pl->p[i] - '0');
	}
	*n = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
	return true;
}

bool req_expires(struct req *q)
{
	const struct presence_conf *c = &q->p->conf;
	struct pl val;

	q->expires = c->default_expires;
	q->has_expires = sip_header(q->in->m, "Expires", 0, NULL, &val);
	if (q->has_expires && !number(&q->expires, &val))
		return req_refuse(q, 400, "Malformed Expires", NULL);
	if (q->expires && q->expires < c->min_expires)
		return req_refuse(q, 423, "Interval Too Brief",
				  "Min-Expires: %u\r\n", c->min_expires);
	if (q->expires > c->max_expires)
		q->expires = c->max_expires;
	return true;
}

bool req_read(struct req *q, struct presence *p, const struct sip_in *in)
{
	struct pl other;

	memset(q, 0, sizeof(*q));
	q->p = p;
	q->in = in;
	if (sip_requires_other(in->m, "eventlist", &other))
		return req_refuse(q, 420, "Bad Extension",
				  "Unsupported: %r\r\n", &other);
	if (!read_event(q))
		return false;
	/* in a dialog it is the dialog's */
	return in->m->to_tag.l || read_aor(q);
}
