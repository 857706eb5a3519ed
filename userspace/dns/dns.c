/* SPDX-License-Identifier: BSD-2-Clause */
/* Servers, cache, and who waits for which answer */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "base/log.h"
#include "dns/priv.h"

#define RESOLV "/etc/resolv.conf"

enum { LOOK = 5000 /* ms between two looks whether RESOLV is another */ };

/* A question under way */
struct pending {
	struct le le;
	struct dns *d;
	char name[DNS_NAME];
	uint16_t type;
	struct question *q;
	struct list asks;
};

struct dns_ask {
	struct le le;
	struct dns_ask **ap;
	dns_ask_h *h;
	void *arg;
};

struct dns {
	struct dns_conf conf; /* with the servers that are asked          */
	bool own;             /* they are the configuration's             */
	bool failing;         /* no server answered lately                */
	struct cache *cache;
	struct list pending;
	struct timespec changed; /* of RESOLV                             */
	uint64_t looked;         /* ms                                    */
};

/* ---- servers ---------------------------------------------------------------- */

static void read_servers(struct dns *d)
{
	struct sa sv[DNS_SERVERS];
	uint32_t n = ARRAY_SIZE(sv);
	char domain[256];
	struct stat st;

	d->looked = tmr_jiffies();
	if (!stat(RESOLV, &st))
		d->changed = st.st_mtim;
	d->conf.serverc = 0;
	memset(sv, 0, sizeof(sv));
	if (dns_srv_get(domain, sizeof(domain), sv, &n))
		n = 0;
	/* what libre can't read of the file (a link-local address with its
	 * device) is unset */
	for (uint32_t i = 0; i < n; i++)
		if (sa_isset(&sv[i], SA_ALL))
			d->conf.serverv[d->conf.serverc++] = sv[i];
	if (!d->conf.serverc)
		log_warn("dns: %s: no server in it: names can't be looked up",
			 RESOLV);
}

/* Somebody may write another one at any time: DHCP does */
static void look_at_servers(struct dns *d)
{
	const uint64_t now = tmr_jiffies();
	struct stat st;

	if (d->own || (d->looked && now - d->looked < LOOK))
		return;
	if (!d->looked) {
		read_servers(d);
		return;
	}
	d->looked = now;
	if (!stat(RESOLV, &st) && (st.st_mtim.tv_sec != d->changed.tv_sec ||
				   st.st_mtim.tv_nsec != d->changed.tv_nsec))
		read_servers(d);
}

static void note_health(struct dns *d, const struct dns_set *set)
{
	const bool failing = set->err == ETIMEDOUT;

	if (failing == d->failing)
		return;
	d->failing = failing;
	if (failing)
		log_warn("dns: no answer of %J%s", &d->conf.serverv[0],
			 d->conf.serverc > 1 ? " and others" : "");
	else
		log_info("dns: answers again");
}

/* ---- who waits --------------------------------------------------------------- */

static void ask_destructor(void *arg)
{
	struct dns_ask *a = arg;

	list_unlink(&a->le);
}

/* The asks are their owners'; what is left of them waits for nothing */
static void pending_destructor(void *arg)
{
	struct pending *p = arg;

	list_clear(&p->asks);
	list_unlink(&p->le);
	mem_deref(p->q);
}

static void wake(struct pending *p)
{
	struct le *le;

	/* in the order that they came in; any of them may take others away */
	while ((le = list_head(&p->asks))) {
		struct dns_ask *a = le->data;
		dns_ask_h *h = a->h;
		void *arg = a->arg;

		*a->ap = NULL;
		mem_deref(a);
		h(arg);
	}
}

static void answer(struct question *q, struct dns_set *set, void *arg)
{
	struct pending *p = arg;
	struct dns *d = p->d;
	(void)q;

	/* who asks the same while the others are told finds it in the cache */
	list_unlink(&p->le);
	if (set) {
		note_health(d, set);
		(void)cache_put(d->cache, p->name, p->type, set);
	}
	mem_deref(set);
	mem_ref(d);
	wake(p);
	mem_deref(p);
	mem_deref(d);
}

static struct pending *find(const struct dns *d, const char *name,
			    uint16_t type)
{
	struct le *le;

	LIST_FOREACH (&d->pending, le) {
		struct pending *p = le->data;

		if (p->type == type && !strcmp(p->name, name))
			return p;
	}
	return NULL;
}

static int begin(struct pending **pp, struct dns *d, const char *name,
		 uint16_t type)
{
	struct pending *p;
	int err;

	look_at_servers(d);
	if (!d->conf.serverc)
		return ENOTCONN;
	if (list_count(&d->pending) >= DNS_QUESTIONS)
		return EBUSY;
	p = mem_zalloc(sizeof(*p), pending_destructor);
	if (!p)
		return ENOMEM;
	list_init(&p->asks);
	p->d = d;
	p->type = type;
	str_ncpy(p->name, name, sizeof(p->name));
	err = question_alloc(&p->q, &d->conf, name, type, answer, p);
	if (err) {
		mem_deref(p);
		return err;
	}
	list_append(&d->pending, &p->le, p);
	*pp = p;
	return 0;
}

int dns_ask(struct dns_ask **ap, struct dns *d, const struct pl *name,
	    uint16_t type, dns_ask_h *h, void *arg)
{
	char folded[DNS_NAME];
	struct pending *p;
	struct dns_ask *a;
	int err = 0;

	if (!ap || !d || !name || !h || name_fold(folded, name))
		return EINVAL;
	a = mem_zalloc(sizeof(*a), ask_destructor);
	if (!a)
		return ENOMEM;
	p = find(d, folded, type);
	if (!p)
		err = begin(&p, d, folded, type);
	if (err) {
		mem_deref(a);
		return err;
	}
	a->ap = ap;
	a->h = h;
	a->arg = arg;
	list_append(&p->asks, &a->le, a);
	*ap = a;
	return 0;
}

const struct dns_set *dns_cached(struct dns *d, const struct pl *name,
				 uint16_t type)
{
	char folded[DNS_NAME];

	return d && !name_fold(folded, name)
		       ? cache_find(d->cache, folded, type)
		       : NULL;
}

/* ---- the whole ----------------------------------------------------------------- */

void dns_renew(struct dns *d, const struct dns_conf *conf)
{
	d->conf = *conf;
	d->own = conf->serverc;
	cache_max(d->cache, conf->entries);
	dns_reload(d);
}

void dns_reload(struct dns *d)
{
	if (!d)
		return;
	cache_flush(d->cache);
	if (!d->own)
		read_servers(d);
}

static void destructor(void *arg)
{
	struct dns *d = arg;

	list_flush(&d->pending);
	mem_deref(d->cache);
}

int dns_alloc(struct dns **dp, const struct dns_conf *conf)
{
	struct dns *d;
	int err;

	if (!dp || !conf || !conf->timeout || !conf->ttl_min ||
	    conf->ttl_max < conf->ttl_min || !conf->entries ||
	    conf->serverc > DNS_SERVERS)
		return EINVAL;
	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;
	list_init(&d->pending);
	d->conf = *conf;
	d->own = conf->serverc;
	err = cache_alloc(&d->cache, conf->entries);
	if (err) {
		mem_deref(d);
		return err;
	}
	*dp = d;
	return 0;
}
