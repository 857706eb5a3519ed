/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "provider/where.h"

struct where {
	struct where_ask ask;
	char *host;
	struct locating *locating;
	struct tmr tmr;
	int err; /* that is told by the timer                             */
	struct where **wp;
	where_h *h;
	void *arg;
};

static void destructor(void *arg)
{
	struct where *w = arg;

	tmr_cancel(&w->tmr);
	mem_deref(w->locating);
	mem_deref(w->ask.locator);
	mem_deref(w->host);
}

static const char *fault(int err)
{
	return err == ENOENT         ? "there is no such name"
	       : err == EHOSTUNREACH ? "the name has no such service"
	       : err == ETIMEDOUT    ? "the name server does not answer"
	       : err == EPROTO       ? "the name server failed"
				     : "the name can't be looked up";
}

static void want(struct locate_want *l, const struct where *w)
{
	memset(l, 0, sizeof(*l));
	l->host = w->ask.host;
	l->port = w->ask.port;
	l->transp = w->ask.transp;
	wire_have(w->ask.wire, l->have);
	l->key = w->ask.key;
}

static uint16_t default_port(enum msg_transp t)
{
	return t == MSG_TLS ? 5061 : 5060;
}

/* @return whether the host is an address */
static bool literal(const struct where *w, struct locate_found *f)
{
	f->transp = w->ask.transp == MSG_TRANSP_MAX ? MSG_UDP : w->ask.transp;
	return !sa_set(&f->addr, &w->ask.host,
		       w->ask.port ? w->ask.port : default_port(f->transp));
}

static void tell(struct where *w, int err)
{
	where_h *h = w->h;
	void *arg = w->arg;
	struct locate_found f = {.transp = MSG_UDP};
	struct locate_want l;

	want(&l, w);
	if (!err && !literal(w, &f))
		err = locate_cached(w->ask.locator, &l, &f, NULL);
	*w->wp = NULL;
	mem_deref(w);
	h(err ? NULL : &f, err ? fault(err) : NULL, arg);
}

static void located(int err, void *arg)
{
	tell(arg, err);
}

static void at_once(void *arg)
{
	struct where *w = arg;

	tell(w, w->err);
}

int where_find(struct where **wp, const struct where_ask *a, where_h *h,
	       void *arg)
{
	struct locate_found f;
	struct locate_want l;
	struct where *w;

	if (!wp || !a || !a->locator || !a->wire || !h)
		return EINVAL;
	w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;
	tmr_init(&w->tmr);
	w->ask = *a;
	w->ask.locator = mem_ref(a->locator);
	w->wp = wp;
	w->h = h;
	w->arg = arg;
	if (pl_strdup(&w->host, &a->host)) {
		mem_deref(w);
		return ENOMEM;
	}
	pl_set_str(&w->ask.host, w->host);
	want(&l, w);
	if (!literal(w, &f))
		w->err = locate(&w->locating, w->ask.locator, &l, located, w);
	if (!w->locating)
		tmr_start(&w->tmr, 0, at_once, w);
	*wp = w;
	return 0;
}
