/* SPDX-License-Identifier: BSD-2-Clause */
/* What other nodes change, as the store tells it */
#include <string.h>
#include "location/priv.h"

enum { RECORD = 512 };

/* What has to wait until a change of ours is done */
struct held {
	struct le le;
	struct step step;
};

static void held_destructor(void *arg)
{
	struct held *h = arg;

	list_unlink(&h->le);
	mem_deref(h->step.e);
	mem_deref(h->step.id);
}

/* It came to the store behind one that is newer by its phone's own count (RFC 3261
 * 10.3, step 7): two nodes were asked, and the first was slow */
static bool is_late(const struct entry *e, const struct entry *old)
{
	struct binding b, o;

	entry_view(&b, e);
	entry_view(&o, old);
	return !pl_cmp(&b.callid, &o.callid) && b.cseq < o.cseq;
}

/* What the store lost to one that is late */
static void write_again(const struct location *l, const struct entry *e)
{
	struct store_op op = {.kind = LOCATION_KIND, .expires = e->expires};
	struct mbuf *mb = mbuf_alloc(RECORD);
	struct binding b;

	entry_view(&b, e);
	if (mb && !record_key(mb, &b.aor, &b.id)) {
		op.key.l = mb->pos;
		if (!record_print(mb, &b, l->node)) {
			op.key.p = (const char *)mb->buf;
			op.value.p = op.key.p + op.key.l;
			op.value.l = mb->pos - op.key.l;
			(void)store_write(l->store, &op, 1, NULL, NULL);
		}
	}
	mem_deref(mb);
}

static void into(struct location *l, struct aor *a, struct step *s)
{
	struct entry *old = NULL;

	if (s->e) {
		const struct pl id = {s->e->text, s->e->lenv[TEXT_ID]};

		old = entry_find(a, &id);
		s->event = old ? LOCATION_REFRESHED : LOCATION_CREATED;
	}
	if (!old || !is_late(s->e, old))
		change_step(l, a, s);
	else if (!old->elsewhere)
		write_again(l, old);
	/* else its node does so, and says so */
}

void foreign_catch_up(struct location *l, struct aor *a,
		      const struct list *heldl)
{
	for (struct le *le = list_head(heldl); le; le = le->next)
		into(l, a, &((struct held *)le->data)->step);
}

/* The store tells of it while a change of ours is under way: it came behind ours */
static bool hold(const struct location *l, const struct aor *a, struct step *s)
{
	struct list *heldl = change_held(l, a);
	struct held *h = heldl ? mem_zalloc(sizeof(*h), held_destructor) : NULL;

	if (!h)
		return false;
	h->step = *s;
	s->e = NULL;
	s->id = NULL;
	list_append(heldl, &h->le, h);
	return true;
}

void change_foreign(const char *kind, const struct pl *key,
		    const struct pl *value, void *arg)
{
	struct step s = {.event = LOCATION_UNREGISTERED};
	struct location *l = arg;
	struct binding b;
	struct aor *a;
	int err;
	(void)kind;

	if (record_key_parse(&b.aor, &b.id, key))
		return;
	if (value &&
	    (record_parse(&b, value, l->node) || b.expires <= l->now()))
		return;
	a = value ? aor_get(l, &b.aor) : aor_find(l, &b.aor);
	if (!a)
		return;
	err = value ? entry_alloc(&s.e, &b) : pl_strdup(&s.id, &b.id);
	if (!err && !hold(l, a, &s))
		into(l, a, &s);
	mem_deref(s.e);
	mem_deref(s.id);
	aor_put(l, a);
}
