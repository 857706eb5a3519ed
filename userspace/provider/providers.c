/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of providers */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "carom/siphash.h"
#include "provider/challenge.h"
#include "provider/core.h"
#include "provider/outbound.h"
#include "provider/peers.h"
#include "provider/uac.h"
#include "store/store.h"

enum {
	BUCKETS = 4096,
	AGAIN = 30, /* s until one that is never probed has another chance */
};

static void destructor(void *arg)
{
	struct providers *ps = arg;

	prober_stop(ps);
	for (size_t i = 0; i < CORE_KINDS; i++)
		mem_deref(ps->watchv[i]);
	hash_flush(ps->ht);
	mem_deref(ps->ht);
	mem_deref(ps->out);
	mem_deref(ps->transs);
	mem_deref(ps->wire);
	mem_deref(ps->locator);
	mem_deref(ps->routes);
	mem_deref(ps->store);
	mem_deref(ps->from);
}

static void provider_destructor(void *arg)
{
	struct provider *p = arg;

	probing_cancel(p);
	uac_stop(p);
	mem_deref(p->challenge);
	mem_deref(p->peers);
	hash_unlink(&p->he);
	list_unlink(&p->turn);
	mem_deref(p->rec);
}

/* ---- opening ---------------------------------------------------------------- */

static void message_handler(const struct wire_in *in, void *arg)
{
	struct providers *ps = arg;

	(void)transs_response(ps->transs, in);
}

static void fail_handler(enum msg_transp transp, const struct sa *peer,
			 const char *why, void *arg)
{
	struct providers *ps = arg;

	transs_failed(ps->transs, transp, peer, why);
}

int providers_renew(struct providers *ps, const struct providers_conf *conf,
		    char *why, size_t sz)
{
	char *from = NULL;
	int err;

	if (!ps || !conf || !conf->from || !conf->rate || !why)
		return EINVAL;
	err = str_dup(&from, conf->from);
	if (!err)
		err = wire_reload(ps->wire, &conf->probe_wire, why, sz);
	if (!err && ps->out && conf->outbound)
		err = outbound_renew(ps->out, conf->outbound, why, sz);
	if (err) {
		mem_deref(from);
		return err;
	}
	mem_deref(ps->from);
	ps->from = from;
	ps->rate = conf->rate;
	ps->def = conf->def;
	return 0;
}

static int open_all(struct providers *ps, const struct providers_conf *conf,
		    char *why, size_t sz)
{
	int err = hash_alloc(&ps->ht, BUCKETS);

	if (!err)
		err = routes_alloc(&ps->routes);
	if (!err)
		err = locator_alloc(&ps->locator, conf->dns, conf->dns_timeout);
	if (!err)
		err = wire_alloc(&ps->wire, &conf->probe_wire, message_handler,
				 fail_handler, NULL, ps, why, sz);
	if (!err)
		err = transs_alloc(&ps->transs, ps->wire);
	if (!err)
		err = str_dup(&ps->from, conf->from);
	if (err)
		return err;
	ps->store = mem_ref(conf->store);
	ps->rate = conf->rate;
	ps->def = conf->def;
	ps->eventh = conf->eventh;
	ps->arg = conf->arg;
	prober_start(ps);
	err = keep_key(ps);
	if (!err && conf->outbound)
		err = outbound_alloc(&ps->out, conf->outbound, ps, why, sz);
	/* first: what another node changes while it is read is told then */
	if (!err)
		err = keep_watch(ps);
	return err ? err : keep_load(ps);
}

void providers_watch(struct providers *ps, sip_watch_h *h, void *arg)
{
	if (!ps)
		return;
	wire_watch(ps->wire, h, arg);
	wire_watch(outbound_wire(ps->out), h, arg);
}

int providers_alloc(struct providers **pp, const struct providers_conf *conf,
		    char *why, size_t sz)
{
	struct providers *ps;
	int err;

	if (!pp || !conf || !conf->store || !conf->dns || !conf->from ||
	    !conf->rate || !why)
		return EINVAL;
	ps = mem_zalloc(sizeof(*ps), destructor);
	if (!ps)
		return ENOMEM;
	*why = '\0';
	err = open_all(ps, conf, why, sz);
	if (err)
		mem_deref(ps);
	else
		*pp = ps;
	return err;
}

/* ---- the table ---------------------------------------------------------------- */

static bool is(struct le *le, void *arg)
{
	const struct provider *p = le->data;

	return !strcmp(p->rec->id, arg);
}

struct provider *provider_find(const struct providers *ps, const char *id)
{
	if (!ps || !id)
		return NULL;
	return list_ledata(
		hash_lookup(ps->ht, hash_joaat_str(id), is, (void *)id));
}

static int add(struct providers *ps, struct record *rec)
{
	struct provider *p;

	if (ps->n >= PROVIDERS_MAX)
		return ENOSPC;
	p = mem_zalloc(sizeof(*p), provider_destructor);
	if (!p)
		return ENOMEM;
	p->all = ps;
	p->rec = mem_ref(rec);
	hash_append(ps->ht, hash_joaat_str(rec->id), &p->he, p);
	++ps->n;
	prober_begin(p);
	return uac_update(p);
}

void provider_found(struct provider *p, const struct sa *addr)
{
	if (p->rec->secret.username)
		(void)peers_add_addr(&p->peers, addr);
}

int provider_put(struct providers *ps, struct record *rec)
{
	struct provider *p;
	bool same;

	if (!ps || !rec)
		return EINVAL;
	p = provider_find(ps, rec->id);
	if (!p)
		return add(ps, rec);
	same = record_same_peer(p->rec, rec);
	uac_stop(p);
	p->challenge = mem_deref(p->challenge);
	if (!same)
		p->peers = mem_deref(p->peers);
	mem_ref(rec);
	mem_deref(p->rec);
	p->rec = rec;
	if (!same) {
		probing_cancel(p);
		memset(&p->health, 0, sizeof(p->health));
		p->held = 0;
		keep_forget(ps, rec->id);
	}
	prober_begin(p);
	return uac_update(p);
}

int provider_del(struct providers *ps, const char *id)
{
	struct provider *p = provider_find(ps, id);

	if (!p)
		return ENOENT;
	keep_forget(ps, id);
	--ps->n;
	mem_deref(p);
	return 0;
}

const struct record *provider_record(const struct provider *p)
{
	return p ? p->rec : NULL;
}

const struct health *provider_health(const struct provider *p)
{
	return p ? &p->health : NULL;
}

const struct record_defaults *providers_defaults(const struct providers *ps)
{
	return ps ? &ps->def : NULL;
}

size_t providers_count(const struct providers *ps)
{
	return ps ? ps->n : 0;
}

struct each {
	provider_h *h;
	void *arg;
};

static bool each(struct le *le, void *arg)
{
	const struct each *e = arg;

	return e->h(le->data, e->arg);
}

void providers_each(const struct providers *ps, provider_h *h, void *arg)
{
	struct each e = {h, arg};

	if (ps && h)
		(void)hash_apply(ps->ht, each, &e);
}

/* ---- health -------------------------------------------------------------------- */

enum route_health provider_route_health(const struct provider *p)
{
	if (!p)
		return ROUTE_NONE;
	if (p->rec->disabled)
		return ROUTE_OFF;
	if (p->held > tmr_jiffies())
		return ROUTE_DOWN;
	if (p->health.state != HEALTH_DOWN)
		return ROUTE_UP;
	/* where no probe will find that it lives, a call has to */
	return !p->rec->probe.interval &&
			       (uint64_t)time(NULL) >= p->health.at + AGAIN
		       ? ROUTE_UP
		       : ROUTE_DOWN;
}

static void tell(const struct provider *p, enum health_state before)
{
	const struct health *h = &p->health;
	struct odict *o = NULL;

	log_info("provider %s is %s: %s", p->rec->id, health_name(h->state),
		 h->last.reason);
	if (!p->all->eventh ||
	    (before == HEALTH_UNKNOWN && h->state == HEALTH_UP))
		return;
	if (!odict_alloc(&o, 8) &&
	    !odict_entry_add(o, "id", ODICT_STRING, p->rec->id) &&
	    !health_json(o, h))
		p->all->eventh(h->state == HEALTH_UP ? "provider.up"
						     : "provider.down",
			       o, p->all->arg);
	mem_deref(o);
}

void provider_result(struct provider *p, const struct health_result *r)
{
	const enum health_state before = p->health.state;

	if (health_take(&p->health, r, p->rec->probe.down, p->rec->probe.up,
			(uint64_t)time(NULL))) {
		tell(p, before);
		keep_health(p);
	}
	/* whether it is dead should be known soon, however long the interval */
	if (!r->ok && p->health.state != HEALTH_DOWN)
		prober_turn(p, PROBER_SOON);
	/* and, where more than one answer is wanted, whether it lives */
	if (r->ok && p->health.state == HEALTH_DOWN)
		prober_turn(p, PROBER_SOON);
}

void provider_adopt(struct provider *p, const struct health *h)
{
	const enum health_state before = p->health.state;

	if (!health_adopt(&p->health, h->state, h->last.reason, h->last.code,
			  (uint64_t)time(NULL)))
		return;
	/* the event is the other node's */
	log_info("provider %s is %s, another node says: %s", p->rec->id,
		 health_name(p->health.state), p->health.last.reason);
	if (before != HEALTH_UNKNOWN)
		prober_turn(p, 0);
}

void provider_passive(struct provider *p, const struct health_result *r)
{
	if (!p || !r)
		return;
	provider_result(p, r);
	/* a call has failed: the others want to know now */
	if (!r->ok)
		prober_turn(p, 0);
}

void provider_hold(struct provider *p, uint32_t seconds)
{
	if (p)
		p->held = tmr_jiffies() + seconds * 1000ull;
}

static int put_number(struct odict *o, const char *key, uint64_t n)
{
	return odict_entry_add(o, key, ODICT_INT, (int64_t)n);
}

static int put_registration(struct odict *o, const struct provider *p)
{
	struct odict *in = NULL;
	int err;

	if (!p->uac)
		return 0;
	err = odict_alloc(&in, 4);
	if (!err)
		err = uac_json(in, p->uac);
	if (!err)
		err = odict_entry_add(o, "registration", ODICT_OBJECT, in);
	mem_deref(in);
	return err;
}

int provider_status(struct odict *o, const struct provider *p)
{
	struct odict *in = NULL;
	int err;

	if (!o || !p)
		return EINVAL;
	err = odict_alloc(&in, 8);
	if (!err)
		err = health_json(in, &p->health);
	if (!err)
		err = odict_entry_add(o, "health", ODICT_OBJECT, in);
	if (!err)
		err = put_registration(o, p);
	if (!err)
		err = put_number(o, "calls", p->calls);
	if (!err)
		err = put_number(o, "calls_failed", p->failed);
	mem_deref(in);
	return err;
}

void provider_calls(const struct provider *p, uint64_t *sent, uint64_t *failed)
{
	*sent = p ? p->calls : 0;
	*failed = p ? p->failed : 0;
}

bool provider_registered(const struct provider *p, bool *wanted)
{
	*wanted = p && p->uac;
	return p && uac_registered(p->uac);
}

const struct outbound_count *providers_outbound(const struct providers *ps)
{
	return ps && ps->out ? outbound_count(ps->out) : NULL;
}

/* ---- routes --------------------------------------------------------------------- */

struct routes *providers_routes(const struct providers *ps)
{
	return ps ? ps->routes : NULL;
}

static enum route_health health_handler(const char *id, void *arg)
{
	return provider_route_health(provider_find(arg, id));
}

uint64_t provider_hash(const struct providers *ps, const char *p, size_t n)
{
	struct siphash s;
	uint64_t w = 0;
	size_t i;

	siphash_start(&s, ps->key[0], ps->key[1]);
	for (i = 0; i < n; i++) {
		w |= (uint64_t)(uint8_t)p[i] << i % 8 * 8;
		if (i % 8 == 7) {
			siphash_word(&s, w);
			w = 0;
		}
	}
	siphash_word(&s, w | (uint64_t)(i & 0xff) << 56);
	return siphash_end(&s);
}

size_t provider_choose(const struct providers *ps, const char *called,
		       const char *caller, int64_t when,
		       const struct pl *callid, struct route_choice *v)
{
	struct route_ask q = {.called = called,
			      .caller = caller,
			      .when = when,
			      .healthh = health_handler,
			      .arg = (void *)ps};

	if (!ps || !called || !v)
		return 0;
	if (callid)
		q.hash = provider_hash(ps, callid->p, callid->l);
	return route_find(ps->routes, &q, v);
}
