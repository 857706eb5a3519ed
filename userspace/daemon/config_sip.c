/* SPDX-License-Identifier: BSD-2-Clause */
/* The section `sip`: from what the file says to what it means */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/prefix.h"
#include "daemon/config.h"
#include "daemon/config_check.h"
#include "daemon/config_sip_raw.h"
#include "fastpath/sip.h"

/* What is being filled, and where it stood */
struct fill {
	struct config_sip *s;
	const struct raw_sip *raw;
	const struct config_src *src;
	char path[64];
};

static int refuse(struct fill *f, const char *what, const char *value)
{
	return config_tree_refuse(f->src->tree, f->src->e, f->path, "'%s' %s",
				  value, what);
}

static int path_is(struct fill *f, const char *list, size_t i, const char *key)
{
	(void)re_snprintf(f->path, sizeof(f->path), "sip.%s[%zu]%s%s", list, i,
			  *key ? "." : "", key);
	return 0;
}

/* ---- listeners ------------------------------------------------------------ */

/* "192.0.2.1:5060", "[2001:db8::1]:5060": a unicast address and a port */
static int hostport(struct sa *sa, const char *s)
{
	const char *colon = strrchr(s, ':');
	const size_t n = colon ? strspn(colon + 1, "0123456789") : 0;

	if (!n || n > 5 || colon[1 + n] || colon[1] == '0' ||
	    strtoul(colon + 1, NULL, 10) > UINT16_MAX ||
	    sa_decode(sa, s, strlen(s)) || sa_is_any(sa) || sa_is_linklocal(sa))
		return EINVAL;
	if (sa_af(sa) == AF_INET && sa_in(sa) >= 0xe0000000u)
		return EINVAL;
	return sa_af(sa) == AF_INET6 &&
			       ((const uint8_t *)&sa->u.in6.sin6_addr)[0] ==
				       0xff
		       ? EINVAL
		       : 0;
}

static int fill_listen(struct fill *f, size_t i)
{
	const struct raw_sip_listen *r = &f->raw->listenv[i];
	struct config_sip_listen *l = &f->s->listenv[i];

	(void)path_is(f, "listen", i, "address");
	f->s->listenc = i + 1;
	l->transp = r->transport ? (unsigned)*r->transport : CONFIG_UDP;
	l->own = r->own && *r->own;
	if (hostport(&l->addr, r->address))
		return refuse(f, "is no address and port", r->address);
	/* TCP and what runs over it share ports, UDP has its own */
	for (size_t k = 0; k < i; k++)
		if (sa_cmp(&l->addr, &f->s->listenv[k].addr, SA_ALL) &&
		    !l->transp == !f->s->listenv[k].transp)
			return refuse(f, "twice", r->address);
	for (size_t k = 0; k < i; k++) {
		const struct config_sip_listen *o = &f->s->listenv[k];

		(void)path_is(f, "listen", i, "own");
		if (l->own && o->own && l->transp == o->transp &&
		    sa_af(&l->addr) == sa_af(&o->addr))
			return refuse(f, "is of this transport and family too",
				      o->name);
	}
	for (size_t k = 0; k < i; k++) {
		(void)path_is(f, "listen", i, "name");
		if (!strcmp(r->name, f->s->listenv[k].name) &&
		    sa_af(&l->addr) == sa_af(&f->s->listenv[k].addr))
			return refuse(f, "twice", r->name);
	}
	l->advertised = l->addr;
	(void)path_is(f, "listen", i, "advertised");
	if (r->advertised && (hostport(&l->advertised, r->advertised) ||
			      sa_af(&l->advertised) != sa_af(&l->addr)))
		return refuse(f, "is no address and port of the same family",
			      r->advertised);
	return str_dup(&l->name, r->name);
}

/* ---- sets, rules ------------------------------------------------------------ */

static int set_index(const struct config_sip *s, const char *name)
{
	for (size_t i = 0; i < s->setc; i++)
		if (!strcmp(s->setv[i].name, name))
			return (int)i;
	return -1;
}

static int fill_set(struct fill *f, size_t i)
{
	const struct raw_sip_set *r = &f->raw->setv[i];
	struct config_sip_set *s = &f->s->setv[i];

	(void)path_is(f, "sets", i, "name");
	if (set_index(f->s, r->name) >= 0)
		return refuse(f, "twice", r->name);
	(void)path_is(f, "sets", i, "id");
	for (size_t k = 0; k < i; k++)
		if (f->s->setv[k].id == r->id)
			return refuse(f, "is of another set already", r->name);
	s->id = r->id;
	s->kamailio = r->mode && *r->mode;
	s->record_route = !r->record_route || *r->record_route;
	s->path = r->path && *r->path;
	s->own = r->own && *r->own;
	s->auth = r->auth && *r->auth;
	f->s->setc = i + 1;
	return str_dup(&s->name, r->name);
}

static int fill_domain(struct fill *f, size_t i)
{
	const char *s = f->raw->domainv[i];
	int err;

	(void)path_is(f, "domains", i, "");
	if (!*s || strlen(s) > SIP_DOMAIN_MAX ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(s))
		return refuse(f, "is no host name in small letters", s);
	for (size_t k = 0; k < i; k++)
		if (!strcmp(s, f->s->domainv[k]))
			return refuse(f, "twice", s);
	err = str_dup(&f->s->domainv[i], s);
	f->s->domainc = i + 1;
	return err;
}

static int rule_methods(struct fill *f, size_t i, struct sip_rule *rule)
{
	const struct raw_sip_rule *r = &f->raw->rulev[i];

	(void)path_is(f, "rules", i, "methods");
	for (uint32_t k = 0; k < r->methodc; k++) {
		unsigned m = SCAN_M_OTHER + 1;

		while (m < SCAN_M_MAX &&
		       strcmp(fp_sip_method(m), r->methodv[k]) != 0)
			m++;
		if (m == SCAN_M_MAX)
			return refuse(f, "is no method", r->methodv[k]);
		rule->methods |= 1u << m;
	}
	return 0;
}

static int rule_domain(struct fill *f, size_t i, struct sip_rule *rule)
{
	const char *s = f->raw->rulev[i].domain;

	if (!s)
		return 0;
	(void)path_is(f, "rules", i, "domain");
	for (size_t k = 0; k < f->s->domainc; k++)
		if (!strcmp(s, f->s->domainv[k]))
			rule->domain = (uint32_t)k + 1;
	return rule->domain ? 0 : refuse(f, "is none of domains", s);
}

/* To a set, or to registered users: of these the rule itself says what a set says of
 * its nodes */
static int rule_leads(struct fill *f, size_t i, struct sip_rule *rule)
{
	const struct raw_sip_rule *r = &f->raw->rulev[i];
	const bool registered = r->registered && *r->registered;
	const int set = r->set ? set_index(f->s, r->set) : -1;

	(void)path_is(f, "rules", i, "set");
	if (registered && r->set)
		return refuse(f, "does not go with registered", r->set);
	if (!registered && !r->set)
		return refuse(f, "is missing, or registered: true", "set");
	if (!registered && set < 0)
		return refuse(f, "is none of sets", r->set);
	rule->set = registered ? SIP_NONE : (uint16_t)set;
	(void)path_is(f, "rules", i, r->auth ? "auth" : "record-route");
	if (!registered && (r->auth || r->record_route))
		return refuse(f, "goes with registered, else with the set",
			      r->auth ? "auth" : "record-route");
	if (!registered)
		return 0;
	rule->flags |= SIP_RULE_REGISTERED;
	if (!r->record_route || *r->record_route)
		rule->flags |= SIP_RULE_RR;
	if (r->auth && *r->auth)
		rule->flags |= SIP_RULE_AUTH;
	return 0;
}

static int fill_rule(struct fill *f, size_t i)
{
	const struct raw_sip_rule *r = &f->raw->rulev[i];
	struct sip_rule *rule = &f->s->rulev[i].rule;
	int err;

	f->s->rulec = i + 1;
	err = rule_leads(f, i, rule);
	if (err)
		return err;
	(void)path_is(f, "rules", i, "event");
	if (r->event && strcmp(r->event, "presence") != 0)
		return refuse(f, "is not presence", r->event);
	if (r->event)
		rule->flags |= SIP_RULE_PRESENCE;
	(void)path_is(f, "rules", i, "user-prefix");
	if (r->user_prefix) {
		const size_t n = strlen(r->user_prefix);

		if (!n || n > sizeof(rule->user))
			return refuse(f, "has not 1 to 16 bytes",
				      r->user_prefix);
		memcpy(rule->user, r->user_prefix, n);
		memset(rule->mask, 0xff, n);
	}
	err = rule_methods(f, i, rule);
	return err ? err : rule_domain(f, i, rule);
}

/* ---- networks ---------------------------------------------------------------- */

static int fill_net(struct fill *f, size_t i)
{
	static const uint32_t flagv[] = {SIP_NET_TRUSTED, SIP_NET_TRUSTED,
					 SIP_NET_ALLOW, SIP_NET_DENY};
	const struct raw_sip_net *r = &f->raw->netv[i];
	struct config_sip_net *n = &f->s->netv[i];
	int set;

	f->s->netc = i + 1;
	(void)path_is(f, "networks", i, "prefix");
	if (prefix_decode(&n->addr, &n->bits, r->prefix))
		return refuse(f, "is no prefix without host bits", r->prefix);
	for (size_t k = 0; k < i; k++)
		if (n->bits == f->s->netv[k].bits &&
		    sa_cmp(&n->addr, &f->s->netv[k].addr, SA_ADDR))
			return refuse(f, "twice", r->prefix);
	n->flags = flagv[r->kind & 3];
	n->set = SIP_NONE;
	(void)path_is(f, "networks", i, "set");
	if ((r->kind == RAW_NET_TRUNK) != !!r->set)
		return refuse(f, "goes with kind trunk, and with no other",
			      r->set ? r->set : "");
	if (!r->set)
		return 0;
	set = set_index(f->s, r->set);
	if (set < 0)
		return refuse(f, "is none of sets", r->set);
	n->set = (uint32_t)set;
	return 0;
}

/* ---- numbers -------------------------------------------------------------------- */

static void fill_numbers(struct fill *f)
{
	static const uint32_t ratev[SIP_CLASS_MAX] = {50, 20, 200, 50, 400, 10};
	struct config_sip *s = f->s;

	for (unsigned i = 0; i < SIP_CLASS_MAX; i++) {
		const struct raw_sip_limit *l = f->raw->limits
							? f->raw->limits->v[i]
							: NULL;

		s->limitv[i].rate = l && l->rate ? *l->rate : ratev[i];
		s->limitv[i].burst = l && l->burst ? *l->burst
						   : 2 * s->limitv[i].rate;
	}
	s->copy = f->raw->copy ? *f->raw->copy : 0;
	s->force_rport = f->raw->force_rport && *f->raw->force_rport;
	s->reverse_path = !f->raw->reverse_path || *f->raw->reverse_path;
}

static int fill_texts(struct fill *f)
{
	const struct raw_sip *r = f->raw;
	int err;

	strcpy(f->path, "sip.key-file");
	if (*r->key_file != '/')
		return refuse(f, "is no absolute path", r->key_file);
	strcpy(f->path, "sip.dispatcher");
	if (r->dispatcher && *r->dispatcher != '/')
		return refuse(f, "is no absolute path", r->dispatcher);
	if (r->setc && !r->dispatcher)
		return refuse(f, "is missing, and sets need it", "dispatcher");
	err = str_dup(&f->s->key_file, r->key_file);
	if (!err && r->dispatcher)
		err = str_dup(&f->s->dispatcher, r->dispatcher);
	return err;
}

static int each(struct fill *f, size_t n, int (*h)(struct fill *, size_t))
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = h(f, i);
	return err;
}

static void *vector(size_t n, size_t size)
{
	return mem_zalloc((n ? n : 1) * size, NULL);
}

int config_fill_sip(struct config *c, const struct config_src *src)
{
	const struct raw_sip *r = src->raw->sip;
	struct config_sip *s = &c->sip;
	struct fill f = {.s = s, .raw = r, .src = src};
	int err;

	if (!r)
		return 0;
	s->on = true;
	s->listenv = vector(r->listenc, sizeof(*s->listenv));
	s->domainv = vector(r->domainc, sizeof(*s->domainv));
	s->setv = vector(r->setc, sizeof(*s->setv));
	s->rulev = vector(r->rulec, sizeof(*s->rulev));
	s->netv = vector(r->netc, sizeof(*s->netv));
	if (!s->listenv || !s->domainv || !s->setv || !s->rulev || !s->netv)
		return ENOMEM;
	strcpy(f.path, "sip.listen");
	if (!r->listenc)
		return refuse(&f, "needs an entry", "listen");
	err = each(&f, r->listenc, fill_listen);
	if (!err)
		err = fill_texts(&f);
	if (!err)
		err = each(&f, r->domainc, fill_domain);
	if (!err)
		err = each(&f, r->setc, fill_set);
	if (!err)
		err = each(&f, r->rulec, fill_rule);
	if (!err)
		err = each(&f, r->netc, fill_net);
	if (!err)
		err = config_fill_probe(s, src);
	if (!err)
		err = config_fill_streams(s, src);
	if (!err)
		err = config_fill_sip_auth(s, src);
	if (!err)
		err = config_fill_dns(s, src);
	if (!err)
		fill_numbers(&f);
	return err;
}

void config_sip_free(struct config_sip *s)
{
	for (size_t i = 0; i < s->listenc; i++)
		mem_deref(s->listenv[i].name);
	for (size_t i = 0; i < s->domainc; i++)
		mem_deref(s->domainv[i]);
	for (size_t i = 0; i < s->setc; i++)
		mem_deref(s->setv[i].name);
	mem_deref(s->listenv);
	mem_deref(s->domainv);
	mem_deref(s->setv);
	mem_deref(s->rulev);
	mem_deref(s->netv);
	mem_deref(s->key_file);
	mem_deref(s->dispatcher);
	mem_deref(s->tls.certificate);
	mem_deref(s->tls.key);
	mem_deref(s->tls.ca);
	mem_deref(s->probe.from);
	mem_deref(s->probe.acceptv);
	mem_deref(s->auth.realm);
	mem_deref(s->auth.users);
}
