/* SPDX-License-Identifier: BSD-2-Clause */
/* Targets of the dispatcher list that are named */
#include <errno.h>
#include "base/log.h"
#include "carom/siphash.h"
#include "edge/dsname.h"

enum {
	GATHER = 20,  /* ms: changes of a set are told together           */
	SOON = 200,   /* ms: too much is being asked for at the moment    */
	AGAIN = 5000, /* ms: an error that says no time of its own        */
};

struct dsname {
	struct le le;
	struct dsnames *names;
	struct ds_set *set;
	struct ds_target *target;
	struct locate_want want; /* host points into the target's URI     */
	struct locating *locating;
	struct tmr tmr;
	bool here;    /* in the set, as of the last look                  */
	bool settled; /* has had an answer                                */
	bool failed;  /* it is we who made it inactive                    */
	bool warned;
	bool dirty; /* others have to be told                            */
};

struct dsnames {
	struct list list;
	struct locator *locator;
	const struct policy *policy;
	struct tmr tmr;
	size_t unsettled; /* that wait for their first answer            */
	dsname_h *h;
	void *arg;
};

static void dsname_destructor(void *arg)
{
	struct dsname *d = arg;

	tmr_cancel(&d->tmr);
	if (d->le.list && !d->settled)
		--d->names->unsettled;
	list_unlink(&d->le);
	mem_deref(d->locating);
	mem_deref(d->target);
	mem_deref(d->set);
}

static void destructor(void *arg)
{
	struct dsnames *n = arg;

	tmr_cancel(&n->tmr);
	list_flush(&n->list);
	mem_deref(n->locator);
}

/* ---- what came of it ---------------------------------------------------------- */

static bool usable(const struct ds_target *t)
{
	const enum ds_state st = ds_target_status(t)->state;

	return st == DS_ACTIVE || st == DS_TRYING;
}

/* A table is large, and servers answer for many names at about the same time */
static void tell(void *arg)
{
	struct dsnames *n = arg;
	struct le *le, *other;

	LIST_FOREACH (&n->list, le) {
		struct dsname *d = le->data;

		if (!d->dirty)
			continue;
		for (other = le; other; other = other->next) {
			struct dsname *o = other->data;

			if (o->set == d->set)
				o->dirty = false;
		}
		(void)ds_set_build(d->set);
		n->h(d->set, n->arg);
	}
}

static void mark(struct dsname *d)
{
	d->dirty = true;
	if (!tmr_isrunning(&d->names->tmr))
		tmr_start(&d->names->tmr, GATHER, tell, d->names);
}

static void set_state(struct dsname *d, enum ds_state state, const char *why)
{
	const bool probing = ds_target_status(d->target)->probing;

	if (ds_target_set_state(d->target, state, probing, why, tmr_jiffies()))
		mark(d);
}

static const char *words(int err)
{
	switch (err) {
	case ENOENT:
		return "its name is not in the DNS";
	case EHOSTUNREACH:
		return "its name has no service that can be reached from here";
	case EINVAL:
		return "its name is none that the DNS could have";
	case ENOTCONN:
		return "no DNS server is known";
	default:
		return "no usable answer from the DNS";
	}
}

static void resolved(struct dsname *d, const struct locate_found *f)
{
	const struct sa *old = ds_target_addr(d->target);
	const bool moved = !sa_cmp(old, &f->addr, SA_ALL), failed = d->failed;
	const bool inactive = ds_target_status(d->target)->state == DS_INACTIVE;
	char why[96];

	d->failed = d->warned = false;
	if (moved) {
		log_info("dispatcher: set %u: %s is at %J", ds_set_id(d->set),
			 ds_target_uri(d->target), &f->addr);
		ds_target_set_addr(d->target, &f->addr);
	}
	if (failed && inactive) {
		(void)re_snprintf(why, sizeof(why), "its name is known: %J",
				  &f->addr);
		set_state(d,
			  ds_target_flags(d->target) & DS_F_TRYING ? DS_TRYING
								   : DS_ACTIVE,
			  why);
	}
	if (moved)
		mark(d);
}

static void unresolved(struct dsname *d, int err)
{
	const bool gone = err == ENOENT || err == EHOSTUNREACH || err == EINVAL;
	const bool had = ds_target_addr(d->target) != NULL;
	const enum ds_state st = ds_target_status(d->target)->state;

	if (!d->warned)
		log_warn("dispatcher: set %u: %s: %s%s", ds_set_id(d->set),
			 ds_target_uri(d->target), words(err),
			 had && !gone ? "; it stays where it was" : "");
	d->warned = true;
	if (had && !gone)
		return;
	ds_target_set_addr(d->target, NULL);
	if (had)
		mark(d);
	/* what somebody disabled stays so */
	if (usable(d->target) || (d->failed && st == DS_INACTIVE)) {
		d->failed = true;
		set_state(d, DS_INACTIVE, words(err));
	}
}

/* ---- when ------------------------------------------------------------------------ */

static void look_up(void *arg);

static void later(struct dsname *d, uint64_t expires)
{
	const uint64_t now = tmr_jiffies();
	const uint64_t in = expires > now ? expires - now + 1 : 0;

	tmr_start(&d->tmr, in < SOON ? SOON : in, look_up, d);
}

static void conclude(struct dsname *d, int err, const struct locate_found *f)
{
	const uint64_t again = tmr_jiffies() + AGAIN;

	if (!d->settled)
		--d->names->unsettled;
	d->settled = true;
	if (!err)
		resolved(d, f);
	else
		unresolved(d, err);
	later(d, f && f->expires != UINT64_MAX ? f->expires : again);
}

static int cached(struct dsname *d, struct locate_found *f)
{
	d->want.prefer = ds_target_addr(d->target);
	return locate_cached(d->names->locator, &d->want, f, NULL);
}

static void located(int err, void *arg)
{
	struct dsname *d = arg;
	struct locate_found f;

	if (err != ETIMEDOUT) {
		err = cached(d, &f);
		if (err != EAGAIN) {
			conclude(d, err, &f);
			return;
		}
	}
	conclude(d, err, NULL);
}

static void look_up(void *arg)
{
	struct dsname *d = arg;
	struct locate_found f;
	int err = cached(d, &f);

	if (err != EAGAIN) {
		conclude(d, err, &f);
		return;
	}
	d->locating = mem_deref(d->locating);
	err = locate(&d->locating, d->names->locator, &d->want, located, d);
	if (err == EBUSY)
		tmr_start(&d->tmr, SOON, look_up, d);
	else if (err)
		conclude(d, err, NULL);
}

/* ---- which ------------------------------------------------------------------------- */

/* Fills what a target's URI says. @return whether its host is a name */
static bool want_of(struct locate_want *w, const struct policy *p,
		    const struct ds_target *t)
{
	struct siphash h;
	struct uri uri;
	struct pl pl, val;

	pl_set_str(&pl, ds_target_uri(t));
	if (uri_decode(&uri, &pl) || uri.af != AF_UNSPEC)
		return false;
	*w = (struct locate_want){
		.host = uri.host,
		.port = uri.port,
		.transp = MSG_TRANSP_MAX,
		.secure = !pl_strcasecmp(&uri.scheme, "sips"),
	};
	if (msg_param(&uri.params, "transport", &val))
		w->transp = msg_transp(&val);
	policy_have(p, w->have);
	/* where it names none, calls go to a target by UDP */
	if (w->transp == MSG_TRANSP_MAX && !w->secure)
		for (unsigned i = 0; i < 2; i++)
			w->have[i] &= 1u << MSG_UDP;
	/* the same on each edge, for they share the list */
	siphash_start(&h, 0, 0);
	for (size_t i = 0; i < pl.l; i++)
		siphash_word(&h, (uint64_t)(unsigned char)pl.p[i]);
	w->key = siphash_end(&h);
	return true;
}

static struct dsname *find(const struct dsnames *n, const struct ds_target *t)
{
	struct le *le;

	LIST_FOREACH (&n->list, le) {
		struct dsname *d = le->data;

		if (d->target == t)
			return d;
	}
	return NULL;
}

static void add(struct dsnames *n, struct ds_set *set, struct ds_target *t)
{
	struct locate_want w;
	struct dsname *d = find(n, t);

	if (!d && want_of(&w, n->policy, t)) {
		d = mem_zalloc(sizeof(*d), dsname_destructor);
		if (!d)
			return;
		tmr_init(&d->tmr);
		d->names = n;
		d->set = mem_ref(set);
		d->target = mem_ref(t);
		d->want = w;
		list_append(&n->list, &d->le, d);
		++n->unsettled;
		if (usable(t)) {
			d->failed = true;
			set_state(d, DS_INACTIVE,
				  "its name is being looked up");
		}
		look_up(d);
	}
	if (d)
		d->here = true;
}

void dsnames_update(struct dsnames *n)
{
	struct le *le;

	if (!n)
		return;
	LIST_FOREACH (&n->list, le)
		((struct dsname *)le->data)->here = false;
	for (unsigned i = 0; i < SIP_SETS; i++) {
		struct ds_set *set = n->policy->setv[i].set;

		for (size_t k = 0; k < ds_set_count(set); k++)
			add(n, set, ds_set_target(set, k));
	}
	le = list_head(&n->list);
	while (le) {
		struct dsname *d = le->data;

		le = le->next;
		if (!d->here)
			mem_deref(d);
	}
	tmr_cancel(&n->tmr);
	tell(n);
}

void dsnames_renew(struct dsnames *n)
{
	struct le *le;

	if (!n)
		return;
	LIST_FOREACH (&n->list, le) {
		struct dsname *d = le->data;

		/* what is being asked for has an end of its own */
		if (!d->locating)
			tmr_start(&d->tmr, 0, look_up, d);
	}
}

const struct sa *dsnames_find(const struct dsnames *n, const struct pl *host,
			      uint16_t port)
{
	struct le *le;

	if (!n)
		return NULL;
	LIST_FOREACH (&n->list, le) {
		const struct dsname *d = le->data;
		const struct sa *addr = ds_target_addr(d->target);
		const uint16_t own = d->want.port;

		if (addr && !pl_casecmp(&d->want.host, host) &&
		    (port ? port == sa_port(addr) : !own || own == 5060))
			return addr;
	}
	return NULL;
}

bool dsnames_settled(const struct dsnames *n)
{
	return !n || !n->unsettled;
}

int dsnames_alloc(struct dsnames **np, struct locator *locator,
		  const struct policy *policy, dsname_h *h, void *arg)
{
	struct dsnames *n;

	if (!np || !locator || !policy || !h)
		return EINVAL;
	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;
	list_init(&n->list);
	tmr_init(&n->tmr);
	n->locator = mem_ref(locator);
	n->policy = policy;
	n->h = h;
	n->arg = arg;
	*np = n;
	return 0;
}
