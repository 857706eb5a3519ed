/* SPDX-License-Identifier: BSD-2-Clause */
/* A name's records, asked for one after the other until the walk has them all */
#include <errno.h>
#include "locate/locator.h"

struct locating {
	struct locate_want w;
	char *host;
	struct locator *l;
	struct dns_ask *ask;
	struct tmr tmr;
	unsigned questions;
	struct locating **lp;
	locate_h *h;
	void *arg;
};

static void locating_destructor(void *arg)
{
	struct locating *g = arg;

	tmr_cancel(&g->tmr);
	mem_deref(g->ask);
	mem_deref(g->l);
	mem_deref(g->host);
}

static void done(struct locating *g, int err)
{
	locate_h *h = g->h;
	void *arg = g->arg;

	*g->lp = NULL;
	mem_deref(g);
	h(err, arg);
}

static void timeout(void *arg)
{
	done(arg, ETIMEDOUT);
}

static void answered(void *arg);

static int next(struct locating *g)
{
	struct locate_found f;
	struct locate_miss miss;
	int err = locate_cached(g->l, &g->w, &f, &miss);

	if (err != EAGAIN)
		return err;
	if (g->questions++ == LOCATE_QUESTIONS)
		return EPROTO;
	err = dns_ask(&g->ask, g->l->dns, &miss.name, miss.type, answered, g);
	return err ? err : EAGAIN;
}

static void answered(void *arg)
{
	struct locating *g = arg;
	const int err = next(g);

	if (err != EAGAIN)
		done(g, err);
}

int locate(struct locating **lp, struct locator *l, const struct locate_want *w,
	   locate_h *h, void *arg)
{
	struct locating *g;
	int err;

	if (!lp || !l || !w || !h)
		return EINVAL;
	g = mem_zalloc(sizeof(*g), locating_destructor);
	if (!g)
		return ENOMEM;
	tmr_init(&g->tmr);
	g->l = mem_ref(l);
	g->w = *w;
	g->w.prefer = NULL;
	g->lp = lp;
	g->h = h;
	g->arg = arg;
	err = pl_strdup(&g->host, &w->host);
	if (!err) {
		pl_set_str(&g->w.host, g->host);
		err = next(g);
	}
	if (err && err != EAGAIN) {
		mem_deref(g);
		return err;
	}
	if (err == EAGAIN)
		tmr_start(&g->tmr, l->timeout, timeout, g);
	else /* it is there already */
		tmr_start(&g->tmr, 0, answered, g);
	*lp = g;
	return 0;
}
