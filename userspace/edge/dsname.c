/* SPDX-License-Identifier: BSD-2-Clause */
/* A target that is named: what came of the lookup, and when the next one is due */
#include <errno.h>
#include "base/log.h"
#include "carom/siphash.h"
#include "edge/dsnames.h"

enum {
	SOON = 200,   /* ms: too much is being asked for at the moment    */
	AGAIN = 5000, /* ms: an error that says no time of its own        */
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

/* ---- what came of it ---------------------------------------------------------- */

static bool usable(const struct ds_target *t)
{
	const enum ds_state st = ds_target_status(t)->state;

	return st == DS_ACTIVE || st == DS_TRYING;
}

static void set_state(struct dsname *d, enum ds_state state, const char *why)
{
	const bool probing = ds_target_status(d->target)->probing;

	if (ds_target_set_state(d->target, state, probing, why, tmr_jiffies()))
		dsnames_mark(d);
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
		dsnames_mark(d);
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
		dsnames_mark(d);
	/* what somebody disabled stays so */
	if (usable(d->target) || (d->failed && st == DS_INACTIVE)) {
		d->failed = true;
		set_state(d, DS_INACTIVE, words(err));
	}
}

/* ---- when ------------------------------------------------------------------------ */

static void later(struct dsname *d, uint64_t expires)
{
	const uint64_t now = tmr_jiffies();
	const uint64_t in = expires > now ? expires - now + 1 : 0;

	tmr_start(&d->tmr, in < SOON ? SOON : in, dsname_look_up, d);
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

void dsname_look_up(void *arg)
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
		tmr_start(&d->tmr, SOON, dsname_look_up, d);
	else if (err)
		conclude(d, err, NULL);
}

/* ---- start ------------------------------------------------------------------------- */

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

int dsname_add(struct dsnames *n, struct ds_set *set, struct ds_target *t)
{
	struct locate_want w;
	struct dsname *d;

	if (!want_of(&w, n->policy, t))
		return ENOENT;
	d = mem_zalloc(sizeof(*d), dsname_destructor);
	if (!d)
		return ENOMEM;
	tmr_init(&d->tmr);
	d->names = n;
	d->set = mem_ref(set);
	d->target = mem_ref(t);
	d->want = w;
	d->here = true;
	list_append(&n->list, &d->le, d);
	++n->unsettled;
	if (usable(t)) {
		d->failed = true;
		set_state(d, DS_INACTIVE, "its name is being looked up");
	}
	dsname_look_up(d);
	return 0;
}
