/* SPDX-License-Identifier: BSD-2-Clause */
/* Is somebody there? OPTIONS to all contacts of an address, when somebody asks */
#include <errno.h>
#include <string.h>
#include "registrar/priv.h"

/* A contact that is asked */
struct contact {
	struct le le;
	struct qualify *q;
	struct binding b; /* its texts are ours */
	struct sip_ask *ask;
	uint64_t sent; /* us */
	struct registrar_answer answer;
	char *aor, *id, *uri, *path, *phrase;
};

struct qualify {
	struct le le;
	struct registrar *r;
	struct list contacts;
	unsigned pending;
	struct tmr patience;
	registrar_qualify_h *h;
	void *arg;
};

static void contact_destructor(void *arg)
{
	struct contact *c = arg;

	list_unlink(&c->le);
	mem_deref(c->ask);
	mem_deref(c->aor);
	mem_deref(c->id);
	mem_deref(c->uri);
	mem_deref(c->path);
	mem_deref(c->phrase);
}

static void destructor(void *arg)
{
	struct qualify *q = arg;

	list_unlink(&q->le);
	tmr_cancel(&q->patience);
	list_flush(&q->contacts);
}

/* ---- what comes of it ------------------------------------------------------------- */

static void tell(struct qualify *q, int err)
{
	const uint32_t n = err ? 0 : list_count(&q->contacts);
	struct registrar_answer *v = NULL;
	uint32_t i = 0;
	struct le *le;

	if (n) {
		v = mem_zalloc(n * sizeof(*v), NULL);
		err = v ? 0 : ENOMEM;
	}
	for (le = list_head(&q->contacts); le && v; le = le->next) {
		const struct contact *c = le->data;

		v[i++] = c->answer;
	}
	q->h(err, v, err ? 0 : n, q->arg);
	mem_deref(v);
	mem_deref(q);
}

static void over(struct contact *c)
{
	c->ask = mem_deref(c->ask);
	if (!--c->q->pending)
		tell(c->q, 0);
}

static const char *why(int err)
{
	switch (err) {
	case ETIMEDOUT:
		return "no answer";
	case ENOTCONN:
		return "its connection is gone";
	case EDESTADDRREQ:
		return "its host is a name, which is not looked up here";
	case EAFNOSUPPORT:
		return "no listener of its transport and family";
	default:
		return strerror(err);
	}
}

static void answered(struct contact *c, const struct msg *m)
{
	const uint64_t us = alive_now() - c->sent;
	struct registrar_answer *a = &c->answer;

	a->code = m->code;
	a->rtt = us && us < UINT32_MAX ? (uint32_t)us : 1;
	a->reachable = alive_is_answer(&c->b, m->code);
	a->reason = !pl_strdup(&c->phrase, &m->phrase) ? c->phrase : "";
	if (a->reachable)
		(void)location_alive(c->q->r->loc, &c->b.aor, &c->b.id, a->rtt);
}

static void ask_handler(int err, const struct sip_in *resp, void *arg)
{
	struct contact *c = arg;

	if (err)
		c->answer.reason = why(err);
	else
		answered(c, resp->m);
	over(c);
}

static void patience_handler(void *arg)
{
	struct qualify *q = arg;
	struct le *le;

	LIST_FOREACH (&q->contacts, le) {
		struct contact *c = le->data;

		if (c->ask)
			c->answer.reason = "no answer";
	}
	tell(q, 0);
}

/* ---- asking ------------------------------------------------------------------------ */

static int copy(char **text, struct pl *pl, const struct pl *from)
{
	const int err = from->l ? pl_strdup(text, from) : 0;

	if (!err && from->l)
		pl_set_str(pl, *text);

	return err;
}

/* Asked only when all are known: that changes the table, perhaps */
static bool add(const struct binding *b, void *arg)
{
	struct qualify *q = arg;
	struct contact *c = mem_zalloc(sizeof(*c), contact_destructor);
	int err = c ? 0 : ENOMEM;

	if (err)
		return true;
	list_append(&q->contacts, &c->le, c);
	c->q = q;
	c->b = *b;
	err |= copy(&c->aor, &c->b.aor, &b->aor);
	err |= copy(&c->id, &c->b.id, &b->id);
	err |= copy(&c->uri, &c->b.uri, &b->uri);
	err |= copy(&c->path, &c->b.path, &b->path);
	c->b.instance = c->b.callid = c->b.agent = pl_null;
	c->answer.id = c->b.id;
	c->answer.uri = c->b.uri;

	return err;
}

static void send_all(struct qualify *q)
{
	struct le *le;

	LIST_FOREACH (&q->contacts, le) {
		struct contact *c = le->data;
		int err;

		c->answer.reason = alive_why_not(&c->b);
		if (c->answer.reason)
			continue;
		c->sent = alive_now();
		err = alive_options(&c->ask, q->r, &c->b, ask_handler, c);
		if (err)
			c->answer.reason = why(err);
		else
			++q->pending;
	}
}

int registrar_qualify(struct registrar *r, const struct pl *aor,
		      registrar_qualify_h *h, void *arg)
{
	struct qualify *q;
	bool failed;

	if (!r || !aor || !h)
		return EINVAL;
	if (list_count(&r->qualifies) >= REGISTRAR_QUALIFIES)
		return EBUSY;
	q = mem_zalloc(sizeof(*q), destructor);
	if (!q)
		return ENOMEM;
	list_append(&r->qualifies, &q->le, q);
	tmr_init(&q->patience);
	q->r = r;
	q->h = h;
	q->arg = arg;
	failed = location_find(r->loc, aor, add, q);
	if (failed || list_isempty(&q->contacts)) {
		mem_deref(q);
		return failed ? ENOMEM : ENOENT;
	}
	send_all(q);
	tmr_start(&q->patience, q->pending ? REGISTRAR_QUALIFY : 0,
		  patience_handler, q);

	return 0;
}

void qualify_close(struct registrar *r)
{
	struct le *le;

	while ((le = list_head(&r->qualifies)))
		tell(le->data, ECANCELED);
}
