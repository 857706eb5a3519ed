/* SPDX-License-Identifier: BSD-2-Clause */
/* Registered users: the choice among their contacts, and the kernel told of it */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "carom/sipkey.h"
#include "edge/key.h"
#include "edge/registered.h"

enum {
	NAME_MAX_ = 256,
	KEPT_BITS = 8,
	TICK = 1000,     /* ms                                       */
	SWEEP = 2048,    /* entries of the kernel's that are looked at in one */
	LINGER = 300000, /* ms: longer than an INVITE may ring (timer C)   */
};

/* A contact that a call went to, not long ago */
struct kept {
	struct le he;
	struct le le; /* in the order of `until`                      */
	struct contact *contact;
	uint64_t until; /* ms                                         */
};

struct registered {
	const struct policy *policy;
	struct fp_sip *sip;
	struct registered_source source;
	struct hash *kept; /* by id                                    */
	struct list order; /* the same, the oldest first                 */
	struct tmr tick;
};

/* A user's name, as the source and the kernel's table have it */
struct name {
	char userv[NAME_MAX_], domainv[SIP_DOMAIN_MAX];
	struct pl user, domain;
	uint64_t key;
};

/* ---- names ------------------------------------------------------------------- */

static uint64_t key_of(const struct policy *p, const struct name *n)
{
	char domain[SIP_DOMAIN_MAX] = "";
	struct siphash h;
	uint64_t w;

	memcpy(domain, n->domain.p, n->domain.l);
	siphash_start(&h, p->key[0], p->key[1]);
	siphash_word(&h, SIP_KEY_USER);
	sipkey_mem(&h, n->user.p, n->user.l);
	for (size_t i = 0; i < sizeof(domain); i += sizeof(w)) {
		memcpy(&w, domain + i, sizeof(w));
		siphash_word(&h, w);
	}
	return siphash_end(&h);
}

static int domain_set(struct name *n, const struct pl *domain)
{
	if (!domain->l || domain->l > sizeof(n->domainv))
		return EINVAL;
	for (size_t i = 0; i < domain->l; i++) {
		const char c = domain->p[i];

		n->domainv[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	n->domain = (struct pl){n->domainv, domain->l};
	return 0;
}

/* By a Request-URI, in which the user may have escapes */
static int name_of_uri(struct name *n, const struct policy *p,
		       const struct uri *u)
{
	struct pl rest = u->user;
	size_t len = 0;

	while (rest.l && len < sizeof(n->userv))
		n->userv[len++] = msg_uri_char(&rest);
	if (!len || rest.l || domain_set(n, &u->host))
		return EINVAL;
	n->user = (struct pl){n->userv, len};
	n->key = key_of(p, n);
	return 0;
}

static int name_set(struct name *n, const struct policy *p,
		    const struct pl *user, const struct pl *domain)
{
	if (!pl_isset(user) || user->l > sizeof(n->userv) ||
	    domain_set(n, domain))
		return EINVAL;
	n->user = *user;
	n->key = key_of(p, n);
	return 0;
}

/* ---- what calls went to -------------------------------------------------------- */

static void kept_destructor(void *arg)
{
	struct kept *k = arg;

	hash_unlink(&k->he);
	list_unlink(&k->le);
	mem_deref(k->contact);
}

static bool has_id(struct le *le, void *arg)
{
	const struct kept *k = le->data;
	const uint32_t *id = arg;

	return k->contact->id == *id;
}

static struct kept *kept_find(const struct registered *r, uint32_t id)
{
	return list_ledata(hash_lookup(r->kept, id, has_id, &id));
}

static void keep(struct registered *r, struct contact *c)
{
	struct kept *k = kept_find(r, c->id);

	if (k) {
		list_unlink(&k->le);
	} else {
		k = mem_zalloc(sizeof(*k), kept_destructor);
		if (!k)
			return;
		k->contact = mem_ref(c);
		hash_append(r->kept, c->id, &k->he, k);
	}
	k->until = tmr_jiffies() + LINGER;
	list_append(&r->order, &k->le, k);
}

static void tick(void *arg)
{
	struct registered *r = arg;
	const uint64_t now = tmr_jiffies();
	struct kept *k;

	while ((k = list_ledata(list_head(&r->order))) && k->until <= now)
		mem_deref(k);
	(void)fp_sip_phones_sweep(r->sip, SWEEP);
	tmr_start(&r->tick, TICK, tick, r);
}

/* ---- choice -------------------------------------------------------------------- */

/* Looking through a user's bindings for one that is to be reached, or for that of
 * an id */
struct search {
	const struct registered *r;
	uint32_t id; /* 0: the best one                               */
	bool sips;   /* sips: was called, and must stay so (26.2.2)       */
	struct contact *found;
	int err; /* ENOMEM                                            */
};

/* A client's connection that is gone does not come back */
static bool reachable(const struct policy *p, const struct contact *c)
{
	return !c->flow || c->transp == MSG_UDP || !p->connected ||
	       p->connected(c->transp, &c->dst, c->listener, p->arg);
}

static bool try(const struct contact_binding *b, void *arg)
{
	struct search *s = arg;
	struct contact *c;
	const int err = contact_alloc(&c, s->r->policy, b);

	if (err == ENOMEM)
		s->err = err;
	if (err)
		return err == ENOMEM;
	if (s->id ? c->id == s->id
		  : reachable(s->r->policy, c) && (c->sips || !s->sips))
		s->found = c;
	else
		mem_deref(c);
	return s->found;
}

/* @return as registered_find() */
static int choose(const struct registered *r, struct contact **cp,
		  const struct name *n, const struct pl *gr, uint32_t id,
		  bool sips)
{
	struct search s = {.r = r, .id = id, .sips = sips};
	const bool known = r->source.each(&n->user, &n->domain, gr, try, &s,
					  r->source.arg);

	*cp = s.found;
	if (s.found)
		return 0;
	if (s.err)
		return s.err;
	return known ? EHOSTUNREACH : ENOENT;
}

/* ---- the kernel ------------------------------------------------------------------ */

/* s since 1970 on the clock that the kernel reads */
static uint64_t deadline(uint64_t expires)
{
	const uint64_t now = (uint64_t)time(NULL);

	return fp_sip_now() + (expires > now ? expires - now : 0) * 1000000000;
}

static int tell_phone(struct registered *r, const struct contact_binding *b)
{
	struct contact *c;
	int err = contact_alloc(&c, r->policy, b);

	if (err)
		return err == ENOMEM ? err : 0;
	if (contact_by_udp(c))
		err = fp_sip_phone(r->sip, &c->dst, deadline(c->expires));
	mem_deref(c);
	return err;
}

/* The contact that was, for calls that went there without our knowing */
static void keep_old(struct registered *r, const struct sip_user *had)
{
	struct contact *c = contact_of_user(had);

	if (c)
		keep(r, c);
	mem_deref(c);
}

static int tell_user(struct registered *r, const struct name *n)
{
	struct sip_user u = {.id = 0}, had;
	const bool was = !fp_sip_user_get(r->sip, n->key, &had);
	struct contact *c;
	int err = choose(r, &c, n, NULL, 0, false);

	if (err && err != EHOSTUNREACH && err != ENOENT)
		return err;
	if (c) {
		contact_user(&u, c, r->policy);
		u.expires = deadline(c->expires);
	}
	mem_deref(c);
	if (was && had.id != u.id)
		keep_old(r, &had);
	if (err != ENOENT)
		return fp_sip_user(r->sip, n->key, &u);
	if (was)
		fp_sip_user_del(r->sip, n->key);
	return 0;
}

/* Is there a rule that leads to them? */
static bool wanted(const struct policy *p)
{
	for (size_t i = 0; i < p->rulec; i++)
		if (p->rulev[i].flags & SIP_RULE_REGISTERED)
			return true;
	return false;
}

void registered_start(struct registered *r)
{
	if (r && r->source.all && wanted(r->policy))
		r->source.all(r->source.arg);
}

int registered_changed(struct registered *r, const struct pl *user,
		       const struct pl *domain, const struct contact_binding *b)
{
	struct name n;
	int err, e;

	if (!r || !user || !domain || name_set(&n, r->policy, user, domain))
		return EINVAL;
	if (!wanted(r->policy))
		return 0;
	err = b ? tell_phone(r, b) : 0;
	e = tell_user(r, &n);
	return err ? err : e;
}

/* ---- calls ------------------------------------------------------------------------ */

/* Of an INVITE's transaction, and so where that went */
static bool follows(const struct msg *m)
{
	return !pl_strcmp(&m->met, "CANCEL") || !pl_strcmp(&m->met, "ACK") ||
	       (!pl_strcmp(&m->met, "INVITE") && !m->to_tag.l);
}

/* As long as the kernel looks: after that a call is where its user is now */
static bool moved(const struct registered *r, uint64_t key)
{
	const uint64_t period = SIP_STICKY_NS;
	struct sip_user u;

	return fp_sip_user_get(r->sip, key, &u) ||
	       fp_sip_now() - u.changed < period;
}

/* Where the call's INVITE went */
static struct contact *called(const struct registered *r, const struct name *n,
			      uint64_t call)
{
	struct contact *c = NULL;
	const struct kept *k;
	uint32_t id;

	if (!moved(r, n->key) || fp_sip_called(r->sip, call, &id))
		return NULL;
	k = kept_find(r, id);
	if (k)
		return mem_ref(k->contact);
	return choose(r, &c, n, NULL, id, false) ? NULL : c;
}

/* What the call is remembered by; instances of one user (RFC 5627) are called apart */
static uint64_t call_key(const struct policy *p, const struct msg *m,
			 const struct name *n, const struct pl *gr)
{
	struct siphash h;

	if (!gr)
		return key_call(p, m) ^ n->key;
	siphash_start(&h, p->key[0], n->key);
	sipkey_mem(&h, gr->p, gr->l);
	return key_call(p, m) ^ siphash_end(&h);
}

/* The value of `gr`, escapes undone. @return NULL: it is no GRUU */
static const struct pl *gr_of(struct pl *gr, char *buf, size_t sz,
			      const struct uri *u)
{
	struct pl rest;
	size_t n = 0;

	if (!msg_param(&u->params, "gr", &rest))
		return NULL;
	while (rest.l && n < sz)
		buf[n++] = msg_uri_char(&rest);
	*gr = (struct pl){buf, rest.l ? 0 : n};
	return gr;
}

int registered_find(struct registered *r, struct contact **cp,
		    const struct msg *m)
{
	char instance[NAME_MAX_];
	const struct pl *gr;
	struct name n;
	struct pl pl;
	uint64_t call;
	int err;

	if (!r || !cp || !m || name_of_uri(&n, r->policy, &m->uri))
		return ENOENT;
	gr = gr_of(&pl, instance, sizeof(instance), &m->uri);
	call = call_key(r->policy, m, &n, gr);
	*cp = follows(m) ? called(r, &n, call) : NULL;
	if (*cp)
		return 0;
	err = choose(r, cp, &n, gr, 0, !pl_strcasecmp(&m->uri.scheme, "sips"));
	if (err || pl_strcmp(&m->met, "INVITE") != 0 || m->to_tag.l)
		return err;
	keep(r, *cp);
	(void)fp_sip_call(r->sip, call, (*cp)->id);
	return 0;
}

bool registered_at(const struct registered *r, const struct sa *sa)
{
	return r && fp_sip_phone_at(r->sip, sa);
}

/* ------------------------------------------------------------------------------------ */

static void destructor(void *arg)
{
	struct registered *r = arg;

	tmr_cancel(&r->tick);
	list_flush(&r->order);
	mem_deref(r->kept);
	mem_deref(r->sip);
}

int registered_alloc(struct registered **rp, const struct policy *policy,
		     struct fp_sip *sip, const struct registered_source *source)
{
	struct registered *r;
	int err;

	if (!rp || !policy || !sip || !source || !source->each)
		return EINVAL;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	err = hash_alloc(&r->kept, 1 << KEPT_BITS);
	if (err) {
		mem_deref(r);
		return err;
	}
	r->policy = policy;
	r->sip = mem_ref(sip);
	r->source = *source;
	tmr_start(&r->tick, TICK, tick, r);
	*rp = r;
	return 0;
}
