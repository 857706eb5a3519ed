/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes: into the store first, then into the table, then told */
#include <errno.h>
#include <string.h>
#include "location/priv.h"

enum { FEW = 4 /* changes without an allocation */ };

struct change {
	struct le le;
	struct location *l; /* NULL: it is gone                         */
	struct aor *aor;
	location_done_h *h;
	void *arg;
	struct list heldl; /* what another node did meanwhile              */
	size_t stepc;
	struct step stepv[];
};

static bool puts_it(enum location_event ev)
{
	return ev <= LOCATION_SHORTENED;
}

static void destructor(void *arg)
{
	struct change *c = arg;

	list_unlink(&c->le);
	list_flush(&c->heldl);
	for (size_t i = 0; i < c->stepc; i++) {
		mem_deref(c->stepv[i].e);
		mem_deref(c->stepv[i].id);
	}
}

/* ---- into the table -------------------------------------------------------------- */

static void remove_one(struct location *l, struct aor *a, const struct pl *id,
		       enum location_event ev)
{
	struct entry *e = entry_find(a, id);

	if (!e)
		return;
	entry_out(l, e);
	watch_tell(l, ev, e);
	mem_deref(e);
}

/* Takes the entry */
static void put_one(struct location *l, struct aor *a, struct entry *e,
		    enum location_event ev)
{
	const struct pl id = {e->text, e->lenv[TEXT_ID]};
	struct entry *old = entry_find(a, &id);

	if (old) {
		e->moved = entry_moved(old, e);
		entry_out(l, old);
		mem_deref(old);
	}
	entry_add(l, a, e);
	watch_tell(l, ev, e);
}

void change_step(struct location *l, struct aor *a, struct step *s)
{
	struct pl id;

	if (s->e) {
		put_one(l, a, s->e, s->event);
		s->e = NULL;
	} else {
		pl_set_str(&id, s->id);
		remove_one(l, a, &id, s->event);
	}
}

static void done_handler(int err, void *arg)
{
	struct change *c = arg;
	location_done_h *h = c->h;
	void *harg = c->arg;

	if (!c->l) {
		mem_deref(c);
		return;
	}
	/* busy until all is told: who is told can't change it in between */
	for (size_t i = 0; i < c->stepc && !err; i++)
		change_step(c->l, c->aor, &c->stepv[i]);
	foreign_catch_up(c->l, c->aor, &c->heldl);
	c->aor->busy = false;
	aor_put(c->l, c->aor);
	mem_deref(c);
	if (h)
		h(err, harg);
}

void change_close(struct location *l)
{
	struct change *c;

	/* the store has yet to call for each of them */
	while ((c = list_ledata(list_head(&l->changel)))) {
		list_unlink(&c->le);
		c->l = NULL;
		if (c->h)
			c->h(ECANCELED, c->arg);
	}
}

/* ---- into the store -------------------------------------------------------------- */

static int step(struct step *s, const struct location_op *op)
{
	s->event = op->event;
	return puts_it(op->event) ? entry_alloc(&s->e, &op->b)
				  : pl_strdup(&s->id, &op->b.id);
}

struct range {
	size_t key, value, end;
};

static int records(struct mbuf *mb, struct range *rv, const char *node,
		   const struct pl *aor, const struct location_op *opv,
		   size_t opc)
{
	int err = 0;

	for (size_t i = 0; i < opc && !err; i++) {
		rv[i].key = mb->pos;
		err = record_key(mb, aor, &opv[i].b.id);
		rv[i].value = mb->pos;
		if (!err && puts_it(opv[i].event))
			err = record_print(mb, &opv[i].b, node);
		rv[i].end = mb->pos;
	}
	return err;
}

static int write_all(struct change *c, const struct pl *aor,
		     const struct location_op *opv, size_t opc)
{
	struct store_op few[FEW], *sv = few;
	struct range few_ranges[FEW], *rv = few_ranges;
	struct mbuf *mb = c->l->mb;
	int err;

	if (opc > FEW) {
		sv = mem_alloc(opc * sizeof(*sv), NULL);
		rv = mem_alloc(opc * sizeof(*rv), NULL);
	}
	mbuf_rewind(mb);
	err = sv && rv ? records(mb, rv, c->l->node, aor, opv, opc) : ENOMEM;
	for (size_t i = 0; i < opc && !err; i++) {
		const char *p = (const char *)mb->buf;

		sv[i] = (struct store_op){
			.kind = LOCATION_KIND,
			.key = {p + rv[i].key, rv[i].value - rv[i].key}};
		if (!puts_it(opv[i].event))
			continue;
		sv[i].value = (struct pl){p + rv[i].value,
					  rv[i].end - rv[i].value};
		sv[i].expires = opv[i].b.expires;
	}
	if (!err)
		err = store_write(c->l->store, sv, opc, done_handler, c);
	if (sv != few)
		mem_deref(sv);
	if (rv != few_ranges)
		mem_deref(rv);
	return err;
}

struct list *change_held(const struct location *l, const struct aor *a)
{
	struct le *le = list_head(&l->changel);

	while (le && ((struct change *)le->data)->aor != a)
		le = le->next;
	return le ? &((struct change *)le->data)->heldl : NULL;
}

bool location_busy(const struct location *l, const struct pl *aor)
{
	const struct aor *a = l && aor ? aor_find(l, aor) : NULL;

	return a && a->busy;
}

int location_change(struct location *l, const struct pl *aor,
		    const struct location_op *opv, size_t opc,
		    location_done_h *h, void *arg)
{
	struct change *c;
	struct aor *a;
	int err = 0;

	if (!l || !aor || !aor->l || aor->l > LOCATION_AOR || !opv || !opc)
		return EINVAL;
	a = aor_get(l, aor);
	if (!a)
		return ENOMEM;
	if (a->busy)
		return EBUSY;
	c = mem_zalloc(sizeof(*c) + opc * sizeof(c->stepv[0]), destructor);
	if (!c)
		err = ENOMEM;
	for (size_t i = 0; i < opc && !err; i++)
		err = step(&c->stepv[c->stepc++], &opv[i]);
	if (!err) {
		c->l = l;
		c->aor = a;
		c->h = h;
		c->arg = arg;
		a->busy = true;
		list_append(&l->changel, &c->le, c);
		err = write_all(c, aor, opv, opc);
		/* else it has been called, or will be */
		if (!err)
			return 0;
		a->busy = false;
	}
	mem_deref(c);
	aor_put(l, a);
	return err;
}

int location_remove(struct location *l, const struct pl *aor,
		    const struct pl *id, enum location_event ev,
		    location_done_h *h, void *arg)
{
	const struct aor *a = l && aor ? aor_find(l, aor) : NULL;
	struct location_op *opv;
	size_t n = 0;
	int err;

	if (!a || !a->count || puts_it(ev))
		return a && puts_it(ev) ? EINVAL : ENOENT;
	opv = mem_zalloc(a->count * sizeof(*opv), NULL);
	if (!opv)
		return ENOMEM;
	for (const struct entry *e = a->first; e; e = e->next) {
		entry_view(&opv[n].b, e);
		opv[n].event = ev;
		if (!id || !pl_cmp(id, &opv[n].b.id))
			++n;
	}
	err = n ? location_change(l, aor, opv, n, h, arg) : ENOENT;
	mem_deref(opv);
	return err;
}
