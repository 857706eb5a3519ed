/* SPDX-License-Identifier: BSD-2-Clause */
/* A REGISTER, step by step (RFC 3261 10.3) */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include "registrar/priv.h"

enum { FEW = 4 /* changes without an allocation */ };

static const char known[] = "path outbound gruu";

/* ---- answers that are not 200 ---------------------------------------------------- */

bool reg_refuse(const struct reg *g, uint16_t code, const char *phrase)
{
	++g->r->stats.refused;
	(void)sip_answer(g->in, code, phrase, NULL);
	return false;
}

static bool full(const struct reg *g)
{
	++g->r->stats.full;
	(void)sip_answer(g->in, 503, "Too Many Contacts", "Retry-After: %u\r\n",
			 g->r->conf.min_expires);
	return false;
}

static void failed(const struct reg *g)
{
	++g->r->stats.failed;
	(void)sip_answer(g->in, 503, "Cannot Be Stored", "Retry-After: %u\r\n",
			 RETRY_AFTER);
}

/* ---- what there is --------------------------------------------------------------- */

static bool gather(const struct binding *b, void *arg)
{
	struct registrar *r = arg;

	if (r->havec == r->have_max) {
		const size_t most = r->have_max ? 2 * r->have_max : 16;
		struct binding *v = mem_zalloc(most * sizeof(struct binding),
					       NULL);

		if (!v)
			return true;
		if (r->havec)
			memcpy(v, r->havev, r->havec * sizeof(*v));
		mem_deref(r->havev);
		r->havev = v;
		r->have_max = most;
	}
	r->havev[r->havec++] = *b;
	return false;
}

static const struct binding *match(const struct registrar *r,
				   const struct wanted *w)
{
	for (size_t i = 0; i < r->havec; i++) {
		const struct binding *b = &r->havev[i];

		if (!pl_cmp(&b->id, &w->id))
			return b;
		if (!w->reg_id && !b->reg_id && sip_uri_same(&b->uri, &w->uri))
			return b;
	}
	return NULL;
}

/* ---- what is to change ----------------------------------------------------------- */

struct plan {
	struct location_op *opv;
	size_t opc;
	size_t count; /* bindings when it is done */
	bool late;    /* a CSeq is not higher     */
};

/* By the same Call-ID only a higher CSeq changes anything (10.3, step 7): a lower
 * one was overtaken, the same one came before */
static bool in_order(struct plan *p, const struct reg *g,
		     const struct binding *b)
{
	if (pl_cmp(&b->callid, &g->in->m->callid) != 0)
		return true;
	if (g->in->m->cseq_num < b->cseq)
		p->late = true;
	return g->in->m->cseq_num > b->cseq;
}

static void remove_all(struct plan *p, const struct reg *g)
{
	for (size_t i = 0; i < g->r->havec; i++) {
		const struct binding *b = &g->r->havev[i];

		if (!in_order(p, g, b))
			continue;
		p->opv[p->opc].event = LOCATION_UNREGISTERED;
		p->opv[p->opc++].b = *b;
		--p->count;
	}
}

static void put(struct plan *p, const struct reg *g, const struct wanted *w,
		const struct binding *old)
{
	struct location_op *o = &p->opv[p->opc++];
	const uint64_t expires = g->now + w->expires;

	o->event = !old                     ? LOCATION_CREATED
		   : expires < old->expires ? LOCATION_SHORTENED
					    : LOCATION_REFRESHED;
	o->b = (struct binding){
		.id = old ? old->id : w->id,
		.uri = w->uri,
		.instance = w->instance,
		.path = g->path,
		.callid = g->in->m->callid,
		.agent = g->agent,
		.src = g->in->src,
		.transp = g->in->src_transp,
		.direct = g->in->direct && !g->path.l,
		.cseq = g->in->m->cseq_num,
		.reg_id = w->reg_id,
		.q = w->q,
		.since = old ? old->since : g->now,
		.refreshed = g->now,
		.expires = expires,
		.rtt = old ? old->rtt : 0,
	};
	p->count += !old;
}

/* The same contact twice in one REGISTER: the last says what is meant */
static bool comes_again(const struct reg *g, size_t at)
{
	const struct wanted *w = &g->wantv[at];

	for (size_t i = at + 1; i < g->wantc; i++) {
		const struct wanted *o = &g->wantv[i];

		if (!pl_cmp(&o->id, &w->id) || (!o->reg_id && !w->reg_id &&
						sip_uri_same(&o->uri, &w->uri)))
			return true;
	}
	return false;
}

static void one(struct plan *p, const struct reg *g, const struct wanted *w)
{
	const struct binding *old = match(g->r, w);

	if (old && !in_order(p, g, old))
		return;
	if (w->expires) {
		put(p, g, w, old);
	} else if (old) {
		p->opv[p->opc].event = LOCATION_UNREGISTERED;
		p->opv[p->opc++].b = *old;
		--p->count;
	}
}

/* ---- those that wait ------------------------------------------------------------- */

/* A REGISTER of an AOR whose change is under way */
struct parked {
	struct le le;
	struct sip_kept *kept;
	uint32_t request; /* hash of what a retransmission has in common */
	size_t aorl;
	char aor[];
};

static void parked_destructor(void *arg)
{
	struct parked *p = arg;

	hash_unlink(&p->le);
	mem_deref(p->kept);
}

static uint32_t hash_of(const struct pl *aor)
{
	return hash_joaat((const uint8_t *)aor->p, aor->l);
}

static bool is_of(const struct parked *p, const struct pl *aor)
{
	return p->aorl == aor->l && !memcmp(p->aor, aor->p, aor->l);
}

static uint32_t request_of(const struct msg *m)
{
	return hash_of(&m->callid) ^ hash_of(&m->viav[0].branch) ^ m->cseq_num;
}

/* @return 0: it is answered later, or another like it is */
static int park(const struct reg *g)
{
	const struct pl *aor = &g->aor;
	const uint32_t request = request_of(g->in->m);
	struct list *bucket = hash_list(g->r->parked, hash_of(aor));
	struct parked *p;
	unsigned n = 0;
	int err;

	for (struct le *le = list_head(bucket); le; le = le->next) {
		const struct parked *other = le->data;

		if (!is_of(other, aor))
			continue;
		if (other->request == request)
			return 0;
		++n;
	}
	if (n >= PARKED_EACH || g->r->parkedc >= PARKED)
		return EAGAIN;
	p = mem_zalloc(sizeof(*p) + aor->l, parked_destructor);
	if (!p)
		return ENOMEM;
	memcpy(p->aor, aor->p, aor->l);
	p->aorl = aor->l;
	p->request = request;
	err = sip_keep(&p->kept, g->in);
	if (err) {
		mem_deref(p);
		return err;
	}
	hash_append(g->r->parked, hash_of(aor), &p->le, p);
	++g->r->parkedc;
	return 0;
}

static void again(const struct sip_in *in, void *arg);

/* The AOR is free: the next one, in the order in which they came */
static void unpark(struct registrar *r, const struct pl *aor)
{
	struct le *le = list_head(hash_list(r->parked, hash_of(aor)));
	struct parked *p = NULL;

	while (le && !location_busy(r->loc, aor)) {
		p = le->data;
		le = le->next;
		if (!is_of(p, aor))
			continue;
		hash_unlink(&p->le);
		--r->parkedc;
		sip_kept_again(p->kept, again, r);
		mem_deref(p);
		le = list_head(hash_list(r->parked, hash_of(aor)));
	}
}

/* ---- step 7, and the answer ------------------------------------------------------ */

struct doing {
	struct le le;
	struct registrar *r; /* NULL: it is gone */
	struct promise *promise;
	size_t aorl;
	char aor[];
};

static void doing_destructor(void *arg)
{
	struct doing *d = arg;

	list_unlink(&d->le);
	mem_deref(d->promise);
}

static void done_handler(int err, void *arg)
{
	struct doing *d = arg;
	struct registrar *r = d->r;
	const struct pl aor = {d->aor, d->aorl};

	if (r && err) {
		++r->stats.failed;
		(void)sip_later_answer(promise_later(d->promise), 503,
				       "Cannot Be Stored",
				       "Retry-After: %u\r\n", RETRY_AFTER);
	} else if (r) {
		++r->stats.accepted;
		(void)promise_keep(d->promise);
	}
	if (r)
		unpark(r, &aor);
	mem_deref(d);
}

static void answer_now(const struct reg *g)
{
	struct promise *p = NULL;

	++g->r->stats.accepted;
	if (!promise_alloc(&p, g))
		(void)promise_keep(p);
	mem_deref(p);
}

static int carry_out(const struct reg *g, const struct plan *p)
{
	struct doing *d = mem_zalloc(sizeof(*d) + g->aor.l, doing_destructor);
	int err;

	if (!d)
		return ENOMEM;
	d->r = g->r;
	memcpy(d->aor, g->aor.p, g->aor.l);
	d->aorl = g->aor.l;
	err = promise_alloc(&d->promise, g);
	if (!err)
		err = location_change(g->r->loc, &g->aor, p->opv, p->opc,
				      done_handler, d);
	if (err)
		mem_deref(d);
	else
		list_append(&g->r->waiting, &d->le, d);
	return err;
}

static void change(struct reg *g)
{
	struct registrar *r = g->r;
	struct plan p = {.opc = 0};
	struct location_op few[FEW];
	const size_t most = max(g->wantc, (size_t)1);

	r->havec = 0;
	(void)location_find(r->loc, &g->aor, gather, r);
	p.count = r->havec;
	p.opv = most + r->havec <= FEW
			? few
			: mem_alloc((most + r->havec) * sizeof(*p.opv), NULL);
	if (!p.opv) {
		failed(g);
		return;
	}
	if (g->star)
		remove_all(&p, g);
	for (size_t i = 0; i < g->wantc; i++)
		if (!comes_again(g, i))
			one(&p, g, &g->wantv[i]);
	if (p.late)
		(void)reg_refuse(g, 500, "CSeq Is Not Higher");
	else if (p.count > r->conf.max_contacts && p.count > r->havec)
		(void)full(g);
	else if (!p.opc)
		answer_now(g);
	else if (carry_out(g, &p))
		failed(g);
	if (p.opv != few)
		mem_deref(p.opv);
}

static uint64_t wall_clock(void)
{
	return (uint64_t)time(NULL);
}

/* After who it is has been settled */
static void settle(struct reg *g)
{
	if (!contacts_read(g))
		return;
	g->now = wall_clock();
	if (!location_busy(g->r->loc, &g->aor))
		change(g);
	else if (park(g))
		failed(g);
}

/* ---- the request ----------------------------------------------------------------- */

static bool addressed(struct reg *g)
{
	const struct msg *m = g->in->m;
	struct pl uri, tag;
	struct sa sa;

	/* a phone that knows the domain by its address is meant, too */
	if (!m->uri_ok || (!registrar_domain(g->r, &m->uri.host) &&
			   sa_set(&sa, &m->uri.host, 0)))
		return reg_refuse(g, 403, "Domain Not Served");
	if (msg_addr(&uri, &tag, &m->first[MSG_TO]->val) || !reg_aor(g, &uri))
		return reg_refuse(g, 404, "No Such Address Of Record");
	return true;
}

static bool extensions_known(const struct reg *g)
{
	struct pl other;

	if (!sip_requires_other(g->in->m, known, &other))
		return true;
	++g->r->stats.refused;
	(void)sip_answer(g->in, 420, "Bad Extension", "Unsupported: %r\r\n",
			 &other);
	return false;
}

static struct reg *reg_alloc(const struct sip_in *in, struct registrar *r)
{
	/* its texts are written before they are read */
	struct reg *g = r->spare ? r->spare : mem_alloc(sizeof(*g), NULL);

	r->spare = NULL;
	if (!g)
		return NULL;
	memset(g, 0, offsetof(struct reg, aorbuf));
	g->path = g->agent = pl_null;
	g->star = g->outbound = g->gruu = false;
	g->wantc = 0;
	g->r = r;
	g->in = in;
	return g;
}

static void reg_done(struct registrar *r, struct reg *g)
{
	if (r->spare)
		mem_deref(g);
	else
		r->spare = g;
}

void register_handler(const struct sip_in *in, void *arg)
{
	struct reg *g = reg_alloc(in, arg);

	if (g && extensions_known(g) && addressed(g) && auth_passes(g))
		settle(g);
	reg_done(arg, g);
}

/* It has waited; who it is has been settled */
static void again(const struct sip_in *in, void *arg)
{
	struct reg *g = reg_alloc(in, arg);

	if (g && addressed(g))
		settle(g);
	reg_done(arg, g);
}

void register_close(struct registrar *r)
{
	struct le *le;

	/* the location tells each of them once more */
	while ((le = list_head(&r->waiting))) {
		struct doing *d = le->data;

		list_unlink(le);
		d->r = NULL;
		d->promise = mem_deref(d->promise);
	}
	hash_flush(r->parked);
	mem_deref(r->parked);
}
