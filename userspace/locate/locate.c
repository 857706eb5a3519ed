/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk from a name to an address (RFC 3263 4) */
#include <errno.h>
#include <string.h>
#include "locate/locator.h"

enum { ALIASES = 8 };

struct walk {
	const struct locator *l;
	const struct locate_want *w;
	struct locate_found *f; /* expires: so far                      */
	struct locate_miss *miss;
	bool spare; /* f has an address, but one that is down           */
};

/* ---- records --------------------------------------------------------------- */

static int missing(struct walk *k, const struct pl *name, uint16_t type)
{
	struct locate_miss *m = k->miss;

	if (!m)
		return EAGAIN;
	if (!name->l || name->l >= sizeof(m->text))
		return EINVAL;
	memcpy(m->text, name->p, name->l);
	m->name = (struct pl){m->text, name->l};
	m->type = type;
	return EAGAIN;
}

/* Records of the name, or of what it is an alias of */
static int records(struct walk *k, struct pl name, uint16_t type,
		   const struct dns_set **setp)
{
	const struct dns_set *set;

	*setp = NULL;
	for (unsigned i = 0; i < ALIASES; i++) {
		set = dns_cached(k->l->dns, &name, type);
		if (!set)
			return missing(k, &name, type);
		if (set->expires < k->f->expires)
			k->f->expires = set->expires;
		if (set->err)
			return set->err;
		if (!set->alias) {
			*setp = set;
			return 0;
		}
		pl_set_str(&name, set->alias);
	}
	return ENOENT;
}

/* ---- addresses --------------------------------------------------------------- */

static bool have(const struct walk *k, enum msg_transp t)
{
	return (k->w->have[0] | k->w->have[1]) >> t & 1;
}

/* Take the address, for good or as a spare */
static bool take(struct walk *k, const struct sa *addr, uint16_t port,
		 enum msg_transp t)
{
	struct sa sa = *addr;
	bool down;

	sa_set_port(&sa, port);
	down = locate_down(k->l, &sa);
	if (down && k->spare)
		return false;
	k->f->addr = sa;
	k->f->transp = t;
	k->spare = down;
	return !down;
}

static bool take_preferred(struct walk *k, const struct dns_set *set,
			   uint16_t port, enum msg_transp t)
{
	for (size_t i = 0; k->w->prefer && i < set->recc; i++)
		if (sa_cmp(k->w->prefer, &set->recv[i].addr, SA_ADDR))
			return take(k, &set->recv[i].addr, port, t);
	return false;
}

/* IPv4 before IPv6, as far as we have a listener of it */
static int by_host(struct walk *k, const struct pl *host, uint16_t port,
		   enum msg_transp t)
{
	static const uint16_t typev[] = {DNS_TYPE_A, DNS_TYPE_AAAA};
	uint8_t orderv[DNS_RECORDS];
	const struct dns_set *set;
	int err = EHOSTUNREACH;

	for (unsigned v = 0; v < ARRAY_SIZE(typev); v++) {
		int e;

		if (!(k->w->have[v] >> t & 1))
			continue;
		e = records(k, *host, typev[v], &set);
		if (e == EAGAIN)
			return e;
		if (e) {
			err = e;
			continue;
		}
		if (take_preferred(k, set, port, t))
			return 0;
		locate_order_addr(orderv, set, k->w->key);
		for (size_t i = 0; i < set->recc; i++)
			if (take(k, &set->recv[orderv[i]].addr, port, t))
				return 0;
	}
	return err;
}

/* ---- services ------------------------------------------------------------------ */

/* ENOENT: there are no such records */
static int by_srv(struct walk *k, const struct pl *name, enum msg_transp t)
{
	uint8_t orderv[DNS_RECORDS];
	const struct dns_set *set;
	int err = records(k, *name, DNS_TYPE_SRV, &set);

	if (err || !set)
		return err;
	locate_order_srv(orderv, set, k->w->key);
	err = EHOSTUNREACH;
	for (size_t i = 0; i < set->recc; i++) {
		const struct dns_record *r = &set->recv[orderv[i]];
		struct pl target;

		pl_set_str(&target, r->name);
		if (!target.l || !r->port)
			continue;
		err = by_host(k, &target, r->port, t);
		if (!err || err == EAGAIN)
			return err;
	}
	/* it has the service: not to be looked for elsewhere */
	return err == ENOENT ? EHOSTUNREACH : err;
}

static int by_service(struct walk *k, enum msg_transp t)
{
	const char *prefix = t == MSG_UDP   ? "_sip._udp"
			     : t == MSG_TCP ? "_sip._tcp"
			     : t == MSG_TLS ? "_sips._tcp"
					    : NULL;
	char text[DNS_NAME + 16];
	struct pl name = {text, 0};

	if (!prefix) /* RFC 7118 has none for WebSocket */
		return ENOENT;
	if (!have(k, t))
		return EHOSTUNREACH;
	if (re_snprintf(text, sizeof(text), "%s.%r", prefix, &k->w->host) < 0)
		return EINVAL;
	name.l = strlen(text);
	/* too long for a service, but it may still be a host */
	return dns_name_ok(&name) ? by_srv(k, &name, t) : ENOENT;
}

/* RFC 3263 4.1: what of a NAPTR's services we can, or may for sips: */
static enum msg_transp service(const struct walk *k, const char *name)
{
	static const struct {
		const char *name;
		enum msg_transp transp;
	} v[] = {{"SIP+D2U", MSG_UDP},
		 {"SIP+D2T", MSG_TCP},
		 {"SIPS+D2T", MSG_TLS}};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		if (!str_casecmp(name, v[i].name) && have(k, v[i].transp) &&
		    (!k->w->secure || v[i].transp == MSG_TLS))
			return v[i].transp;
	return MSG_TRANSP_MAX;
}

/* ENOENT: none that is of use */
static int by_naptr(struct walk *k)
{
	const struct dns_set *set;
	int err = records(k, k->w->host, DNS_TYPE_NAPTR, &set);
	int last = ENOENT;

	/* servers that don't know the type at all are still about */
	if (err == EPROTO)
		return ENOENT;
	if (err)
		return err;
	/* they are in order, and we take the first that we can go by */
	for (size_t i = 0; i < set->recc; i++) {
		const struct dns_record *r = &set->recv[i];
		const enum msg_transp t = service(k, r->service);
		struct pl name;

		if (t == MSG_TRANSP_MAX)
			continue;
		pl_set_str(&name, r->name);
		err = by_srv(k, &name, t);
		if (!err || err == EAGAIN)
			return err;
		last = err == ENOENT ? EHOSTUNREACH : err;
	}
	return last;
}

static int by_any_srv(struct walk *k)
{
	int err, last = ENOENT;

	if (k->w->secure)
		return by_service(k, MSG_TLS);
	for (enum msg_transp t = MSG_UDP; t <= MSG_TCP; t++) {
		if (!have(k, t))
			continue;
		err = by_service(k, t);
		if (!err || err == EAGAIN)
			return err;
		if (err != ENOENT)
			last = err;
	}
	return last;
}

/* ---- the walk -------------------------------------------------------------------- */

static enum msg_transp transport(const struct locate_want *w)
{
	if (!w->secure)
		return w->transp;
	return w->transp == MSG_WS || w->transp == MSG_WSS ? MSG_WSS : MSG_TLS;
}

static uint16_t default_port(enum msg_transp t)
{
	return t == MSG_TLS || t == MSG_WSS ? 5061 : 5060;
}

static int walk(struct walk *k)
{
	const struct locate_want *w = k->w;
	const bool named = w->transp != MSG_TRANSP_MAX;
	enum msg_transp t = transport(w);
	int err = ENOENT;

	if (w->port)
		return by_host(k, &w->host, w->port,
			       named || w->secure ? t : MSG_UDP);
	if (named) {
		err = by_service(k, t);
	} else {
		err = by_naptr(k);
		if (err == ENOENT)
			err = by_any_srv(k);
		if (!w->secure)
			t = MSG_UDP;
	}
	return err == ENOENT ? by_host(k, &w->host, default_port(t), t) : err;
}

int locate_cached(const struct locator *l, const struct locate_want *w,
		  struct locate_found *f, struct locate_miss *miss)
{
	struct walk k = {.l = l, .w = w, .f = f, .miss = miss};
	int err;

	if (!l || !w || !f)
		return EINVAL;
	f->expires = UINT64_MAX;
	if (!dns_name_ok(&w->host))
		return EINVAL;
	err = walk(&k);
	/* better one that was down lately than none */
	return err && err != EAGAIN && k.spare ? 0 : err;
}

/* ---- the locator ------------------------------------------------------------------ */

void locate_given(struct locator *l, const struct locate_found *f)
{
	down_given(&l->down, &f->addr);
}

void locate_refused(struct locator *l, const struct sa *addr)
{
	if (l)
		down_mark(&l->down, addr, tmr_jiffies() + LOCATE_DOWN);
}

bool locate_down(const struct locator *l, const struct sa *addr)
{
	return down_is(&l->down, addr, tmr_jiffies());
}

static void destructor(void *arg)
{
	struct locator *l = arg;

	mem_deref(l->dns);
}

int locator_alloc(struct locator **lp, struct dns *dns, uint32_t timeout)
{
	struct locator *l;

	if (!lp || !dns || !timeout)
		return EINVAL;
	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	l->dns = mem_ref(dns);
	l->timeout = timeout;
	*lp = l;
	return 0;
}

void locator_timeout(struct locator *l, uint32_t timeout)
{
	l->timeout = timeout;
}
