/* SPDX-License-Identifier: BSD-2-Clause */
/* A binding in one allocation */
#include <errno.h>
#include <string.h>
#include "location/priv.h"

static void texts_of(struct pl textv[TEXTS], const struct binding *b)
{
	textv[TEXT_ID] = b->id;
	textv[TEXT_URI] = pl_cmp(&b->uri, &b->id) ? b->uri : pl_null;
	textv[TEXT_INSTANCE] = b->instance;
	textv[TEXT_PATH] = b->path;
	textv[TEXT_CALLID] = b->callid;
	textv[TEXT_AGENT] = b->agent;
}

static void pack_addr(struct entry *e, const struct sa *sa)
{
	e->v6 = sa_af(sa) == AF_INET6;
	if (e->v6)
		memcpy(e->addr, &sa->u.in6.sin6_addr, 16);
	else if (sa_af(sa) == AF_INET)
		memcpy(e->addr, &sa->u.in.sin_addr, 4);
	e->port = sa_af(sa) == AF_UNSPEC ? 0 : sa_port(sa);
}

int entry_alloc(struct entry **ep, const struct binding *b)
{
	struct pl textv[TEXTS];
	struct entry *e;
	size_t n = 0;
	char *p;

	texts_of(textv, b);
	if (!b->id.l || !b->uri.l)
		return EINVAL;
	for (unsigned i = 0; i < TEXTS; i++) {
		if (textv[i].l > LOCATION_TEXT)
			return EINVAL;
		n += textv[i].l;
	}
	e = mem_alloc(sizeof(*e) + n, NULL);
	if (!e)
		return ENOMEM;
	memset(e, 0, sizeof(*e));
	p = e->text;
	for (unsigned i = 0; i < TEXTS; i++) {
		e->lenv[i] = (uint16_t)textv[i].l;
		if (textv[i].l)
			memcpy(p, textv[i].p, textv[i].l);
		p += textv[i].l;
	}
	pack_addr(e, &b->src);
	e->transp = b->transp & 7;
	e->direct = b->direct;
	e->elsewhere = b->elsewhere;
	e->cseq = b->cseq;
	e->reg_id = b->reg_id;
	e->q = b->q;
	e->since = (uint32_t)b->since;
	e->refreshed = (uint32_t)b->refreshed;
	e->expires = (uint32_t)b->expires;
	e->rtt = b->rtt;
	e->failed = b->failed;
	*ep = e;
	return 0;
}

static bool same_text(const struct entry *a, const struct entry *b, enum text t)
{
	const char *pa = a->text, *pb = b->text;

	for (unsigned i = 0; i < t; i++) {
		pa += a->lenv[i];
		pb += b->lenv[i];
	}
	return a->lenv[t] == b->lenv[t] && !memcmp(pa, pb, a->lenv[t]);
}

bool entry_moved(const struct entry *old, const struct entry *e)
{
	static const enum text textv[] = {TEXT_URI, TEXT_INSTANCE, TEXT_PATH,
					  TEXT_AGENT};

	for (size_t i = 0; i < ARRAY_SIZE(textv); i++)
		if (!same_text(old, e, textv[i]))
			return true;
	return old->q != e->q || old->port != e->port || old->v6 != e->v6 ||
	       memcmp(old->addr, e->addr, sizeof(e->addr)) != 0 ||
	       old->transp != e->transp || old->direct != e->direct;
}

void entry_view(struct binding *b, const struct entry *e)
{
	struct pl textv[TEXTS];
	const char *p = e->text;

	memset(b, 0, sizeof(*b));
	for (unsigned i = 0; i < TEXTS; i++) {
		textv[i].p = e->lenv[i] ? p : NULL;
		textv[i].l = e->lenv[i];
		p += e->lenv[i];
	}
	if (e->aor)
		b->aor = (struct pl){e->aor->name, e->aor->len};
	b->id = textv[TEXT_ID];
	b->uri = textv[TEXT_URI].l ? textv[TEXT_URI] : b->id;
	b->instance = textv[TEXT_INSTANCE];
	b->path = textv[TEXT_PATH];
	b->callid = textv[TEXT_CALLID];
	b->agent = textv[TEXT_AGENT];
	if (e->v6)
		sa_set_in6(&b->src, e->addr, e->port);
	else if (e->port)
		sa_set_in(&b->src,
			  (uint32_t)e->addr[0] << 24 |
				  (uint32_t)e->addr[1] << 16 |
				  (uint32_t)e->addr[2] << 8 | e->addr[3],
			  e->port);
	b->transp = e->transp;
	b->direct = e->direct;
	b->elsewhere = e->elsewhere;
	b->moved = e->moved;
	b->cseq = e->cseq;
	b->reg_id = e->reg_id;
	b->q = e->q;
	b->since = e->since;
	b->refreshed = e->refreshed;
	b->expires = e->expires;
	b->rtt = e->rtt;
	b->failed = e->failed;
}
