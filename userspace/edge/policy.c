/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose is what: addresses, networks, domains, rules */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include "edge/policy.h"
#include "fastpath/sip.h"

static void destructor(void *arg)
{
	struct policy *p = arg;

	for (size_t i = 0; i < p->domainc; i++)
		mem_deref(p->domainv[i]);
	for (size_t i = 0; i < SIP_SETS; i++)
		mem_deref(p->setv[i].set);
	mem_deref(p->netv);
	mem_deref(p->denyv);
	mem_deref(p->auth);
}

int policy_alloc(struct policy **pp)
{
	struct policy *p;

	if (!pp)
		return EINVAL;
	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;
	*pp = p;
	return 0;
}

int policy_self(const struct policy *p, const struct sa *sa)
{
	for (size_t i = 0; i < p->listenerc; i++) {
		const struct policy_listener *l = &p->listenerv[i];

		if (sa_cmp(sa, &l->addr, SA_ALL) ||
		    sa_cmp(sa, &l->advertised, SA_ALL))
			return (int)i;
	}
	return -1;
}

int policy_own_listener(const struct policy *p, enum msg_transp transp, int af)
{
	int only = -1;
	unsigned n = 0;

	for (size_t i = 0; i < p->listenerc; i++) {
		const struct policy_listener *l = &p->listenerv[i];

		if (l->transp != transp || sa_af(&l->addr) != af)
			continue;
		if (l->own)
			return (int)i;
		only = (int)i;
		n++;
	}
	return n == 1 ? only : -1;
}

bool policy_own_addr(const struct policy *p, const struct sa *sa)
{
	for (size_t i = 0; i < p->listenerc; i++)
		if (sa_cmp(sa, &p->listenerv[i].addr, SA_ADDR) ||
		    sa_cmp(sa, &p->listenerv[i].advertised, SA_ADDR))
			return true;
	return false;
}

static size_t bytes_of(const struct sa *sa, const uint8_t **b)
{
	if (sa_af(sa) == AF_INET) {
		*b = (const uint8_t *)&sa->u.in.sin_addr;
		return 4;
	}
	*b = (const uint8_t *)&sa->u.in6.sin6_addr;
	return 16;
}

static bool in_net(const struct policy_net *n, const struct sa *sa)
{
	const uint8_t *a, *b;
	const unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (sa_af(&n->addr) != sa_af(sa))
		return false;
	(void)bytes_of(&n->addr, &a);
	(void)bytes_of(sa, &b);
	return !memcmp(a, b, whole) &&
	       (!rest || !((a[whole] ^ b[whole]) >> (8 - rest)));
}

const struct policy_net *policy_net(const struct policy *p, const struct sa *sa)
{
	const struct policy_net *best = NULL;

	for (size_t i = 0; i < p->netc; i++)
		if (in_net(&p->netv[i], sa) &&
		    (!best || p->netv[i].bits > best->bits))
			best = &p->netv[i];
	return best;
}

struct ds_target *policy_node(const struct policy *p, const struct sa *sa,
			      unsigned *set)
{
	for (unsigned i = 0; i < SIP_SETS; i++) {
		const struct ds_set *s = p->setv[i].set;

		for (size_t k = 0; k < ds_set_count(s); k++) {
			struct ds_target *t = ds_set_target(s, k);

			if (!sa_cmp(ds_target_addr(t), sa, SA_ALL))
				continue;
			if (set)
				*set = i;
			return t;
		}
	}
	return NULL;
}

bool policy_asks_auth(const struct policy *p, const struct sa *sa)
{
	for (unsigned i = 0; i < SIP_SETS; i++) {
		const struct ds_set *s = p->setv[i].set;

		if (!(p->setv[i].flags & SIP_SET_AUTH))
			continue;
		for (size_t k = 0; k < ds_set_count(s); k++)
			if (sa_cmp(ds_target_addr(ds_set_target(s, k)), sa,
				   SA_ALL))
				return true;
	}
	/* one that has gone is still let through for its calls' sake; nobody
	 * remembers what its set asked for */
	return p->auth && !policy_node(p, sa, NULL) && p->was_node &&
	       p->was_node(sa, p->arg);
}

/* The address of a node, whatever its port: it may call from another one */
static bool node_addr(const struct policy *p, const struct sa *sa)
{
	for (unsigned i = 0; i < SIP_SETS; i++) {
		const struct ds_set *s = p->setv[i].set;

		for (size_t k = 0; k < ds_set_count(s); k++)
			if (sa_cmp(ds_target_addr(ds_set_target(s, k)), sa,
				   SA_ADDR))
				return true;
	}
	return p->was_node && p->was_node(sa, p->arg);
}

bool policy_trusted(const struct policy *p, const struct sa *sa)
{
	const struct policy_net *n = policy_net(p, sa);
	const unsigned host = sa_af(sa) == AF_INET ? 32 : 128;

	/* as in the kernel's table: the node's own prefix is the longest, but
	 * for one that the configuration names */
	if (n && n->bits == host)
		return n->flags & SIP_NET_TRUSTED;
	if (node_addr(p, sa))
		return true;
	return n && n->flags & SIP_NET_TRUSTED;
}

bool policy_forbidden(const struct policy *p, const struct sa *sa)
{
	const uint8_t *b;

	if (!sa_isset(sa, SA_ALL) || !sa_port(sa) || policy_own_addr(p, sa))
		return true;
	if (bytes_of(sa, &b) == 4)
		return b[0] == 0 || b[0] == 127 || b[0] >= 224;
	/* multicast; an IPv4 address in disguise */
	if (b[0] == 0xff || IN6_IS_ADDR_V4MAPPED(&sa->u.in6.sin6_addr))
		return true;
	for (unsigned i = 0; i < 15; i++)
		if (b[i])
			return false;
	return b[15] <= 1;
}

bool policy_denied(const struct policy *p, const struct sa *sa)
{
	const struct prefix *net = prefix_find(p->denyv, p->denyc, sa);

	return net && (sa_port(&net->addr) ||
		       !(policy_trusted(p, sa) || policy_node(p, sa, NULL)));
}

uint32_t policy_domain(const struct policy *p, const struct pl *host)
{
	for (size_t i = 0; i < p->domainc; i++)
		if (!pl_strcasecmp(host, p->domainv[i]))
			return (uint32_t)i + 1;
	return 0;
}

void policy_have(const struct policy *p, uint32_t have[2])
{
	have[0] = have[1] = 0;
	for (size_t i = 0; i < p->listenerc; i++)
		have[sa_af(&p->listenerv[i].addr) == AF_INET6] |=
			1u << p->listenerv[i].transp;
}

/* ---- rules --------------------------------------------------------------- */

static uint32_t method_bit(const struct pl *met)
{
	for (unsigned i = SCAN_M_OTHER + 1; i < SCAN_M_MAX; i++)
		if (!pl_strcmp(met, fp_sip_method(i)))
			return 1u << i;
	return 1u << SCAN_M_OTHER;
}

static bool user_begins(const struct sip_rule *r, const struct pl *user)
{
	const uint8_t *want = (const uint8_t *)r->user;
	const uint8_t *mask = (const uint8_t *)r->mask;
	struct pl rest = *user;

	for (size_t i = 0; i < sizeof(r->user) && mask[i]; i++)
		if (!rest.l || (uint8_t)msg_uri_char(&rest) != want[i])
			return false;
	return true;
}

static bool fits(const struct msg *m, const struct sip_rule *r, uint32_t domain)
{
	const struct msg_header *ev = m->first[MSG_EVENT];

	if (r->methods && !(r->methods & method_bit(&m->met)))
		return false;
	/* whoever it names, it is for the registrar, or the presence agent */
	if (r->flags & SIP_RULE_REGISTERED &&
	    (!pl_strcmp(&m->met, "REGISTER") || !pl_strcmp(&m->met, "PUBLISH")))
		return false;
	if (r->domain && r->domain != domain)
		return false;
	if (r->flags & SIP_RULE_PRESENCE &&
	    (!ev || ev->val.l < 8 ||
	     strncasecmp(ev->val.p, "presence", 8) != 0))
		return false;
	return user_begins(r, &m->uri.user);
}

const struct sip_rule *policy_rule(const struct policy *p, const struct msg *m,
				   uint32_t domain, const struct sip_rule *last)
{
	const struct sip_rule *r = last ? last + 1 : p->rulev;

	for (; r < p->rulev + p->rulec; r++)
		if (fits(m, r, domain))
			return r;
	return NULL;
}
