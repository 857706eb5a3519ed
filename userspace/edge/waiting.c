/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages that wait for a name */
#include <errno.h>
#include <string.h>
#include "edge/waiting.h"

struct waiter {
	struct le le;
	struct waiting *w;
	struct locating *locating;
	struct forward_in in;
	char *text;
};

struct waiting {
	struct locator *locator;
	struct list waiters;
	uint32_t n, max;
	size_t bytes;
	waiting_h *h;
	void *arg;
};

static void waiter_destructor(void *arg)
{
	struct waiter *r = arg;

	if (r->le.list) {
		--r->w->n;
		r->w->bytes -= r->in.text.l;
	}
	list_unlink(&r->le);
	mem_deref(r->locating);
	mem_deref(r->text);
}

static void destructor(void *arg)
{
	struct waiting *w = arg;

	list_flush(&w->waiters);
	mem_deref(w->locator);
}

int waiting_alloc(struct waiting **wp, struct locator *locator, uint32_t max,
		  waiting_h *h, void *arg)
{
	struct waiting *w;

	if (!wp || !locator || !h)
		return EINVAL;
	w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;
	list_init(&w->waiters);
	w->locator = mem_ref(locator);
	w->max = max;
	w->h = h;
	w->arg = arg;
	*wp = w;
	return 0;
}

static bool waits(const struct waiting *w, const struct forward_in *in)
{
	struct le *le;

	LIST_FOREACH (&w->waiters, le) {
		const struct waiter *r = le->data;

		if (r->in.text.l == in->text.l &&
		    r->in.listener == in->listener &&
		    sa_cmp(&r->in.src, &in->src, SA_ALL) &&
		    !memcmp(r->text, in->text.p, in->text.l))
			return true;
	}
	return false;
}

/* Whatever came of it: the cache has it, or the answer is 503 */
static void located(int err, void *arg)
{
	struct waiter *r = arg;
	struct waiting *w = r->w;
	(void)err;

	/* it gives way to others while it is handed on */
	list_unlink(&r->le);
	--w->n;
	w->bytes -= r->in.text.l;
	r->in.looked_up = true;
	w->h(&r->in, w->arg);
	mem_deref(r);
}

int waiting_add(struct waiting *w, const struct forward_in *in,
		const struct locate_want *want)
{
	struct waiter *r;
	int err;

	if (!w || !in || !want)
		return EINVAL;
	if (waits(w, in))
		return 0;
	if (w->n >= w->max || w->bytes + in->text.l > WAITING_BYTES)
		return ENOSPC;
	r = mem_zalloc(sizeof(*r), waiter_destructor);
	if (!r)
		return ENOMEM;
	r->w = w;
	r->in = *in;
	err = pl_strdup(&r->text, &in->text);
	if (err)
		goto out;
	r->in.text.p = r->text;
	err = locate(&r->locating, w->locator, want, located, r);
	if (err)
		goto out;
	list_append(&w->waiters, &r->le, r);
	++w->n;
	w->bytes += r->in.text.l;
out:
	if (err)
		mem_deref(r);
	return err;
}

void waiting_max(struct waiting *w, uint32_t max)
{
	w->max = max;
}

uint32_t waiting_count(const struct waiting *w)
{
	return w ? w->n : 0;
}
