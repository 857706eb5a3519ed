/* SPDX-License-Identifier: BSD-2-Clause */
/* From a server's records to what is kept of them */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dns/priv.h"

enum { ALIASES = 8 /* CNAMEs in a row */ };

static void destructor(void *arg)
{
	struct dns_set *s = arg;

	for (size_t i = 0; i < s->recc; i++) {
		mem_deref(s->recv[i].name);
		mem_deref(s->recv[i].service);
	}
	mem_deref(s->recv);
	mem_deref(s->alias);
}

int set_alloc(struct dns_set **sp, int err, uint32_t ttl)
{
	struct dns_set *s = mem_zalloc(sizeof(*s), destructor);

	if (!s)
		return ENOMEM;
	s->err = err;
	s->expires = tmr_jiffies() + (uint64_t)ttl * 1000;
	*sp = s;
	return 0;
}

/* RFC 2181 8: with the top bit set it is 0 */
static uint32_t ttl_of(const struct dnsrr *rr)
{
	return rr->ttl > INT32_MAX ? 0 : (uint32_t)rr->ttl;
}

static uint32_t bound(uint32_t ttl, const struct dns_conf *conf)
{
	if (ttl < conf->ttl_min)
		return conf->ttl_min;
	return ttl > conf->ttl_max ? conf->ttl_max : ttl;
}

/* For how long it is not there (RFC 2308 5) */
static uint32_t missing(const struct dns_conf *conf, struct list *authl)
{
	const struct dnsrr *soa = dns_rrlist_find(authl, NULL, DNS_TYPE_SOA,
						  DNS_CLASS_IN, false);
	uint32_t ttl = DNS_TTL_FAILED;

	if (soa) {
		ttl = ttl_of(soa);
		if (soa->rdata.soa.ttlmin < ttl)
			ttl = soa->rdata.soa.ttlmin;
	}
	return bound(ttl < DNS_TTL_MISSING ? ttl : DNS_TTL_MISSING, conf);
}

static bool belongs(const struct dnsrr *rr, const char *name, uint16_t type)
{
	return rr->type == type && rr->dnsclass == DNS_CLASS_IN &&
	       !str_casecmp(rr->name, name);
}

static size_t count(const struct list *l, const char *name, uint16_t type)
{
	struct le *le;
	size_t n = 0;

	LIST_FOREACH (l, le)
		n += belongs(le->data, name, type);
	return n;
}

/* A name in a record, empty for "." */
static int put_name(char **to, const char *from)
{
	char name[DNS_NAME];
	struct pl pl;

	pl_set_str(&pl, from);
	if (!pl.l)
		return str_dup(to, "");
	return name_fold(name, &pl) ? EBADMSG : str_dup(to, name);
}

/* RFC 3263 4.1 wants flag "s", a replacement and no expression */
static int put_naptr(struct dns_record *r, const struct dnsrr *rr)
{
	int err;

	if (str_casecmp(rr->rdata.naptr.flags, "s") ||
	    *rr->rdata.naptr.regexp || !*rr->rdata.naptr.replace)
		return EBADMSG;
	r->priority = rr->rdata.naptr.order;
	r->weight = rr->rdata.naptr.pref;
	err = put_name(&r->name, rr->rdata.naptr.replace);
	return err ? err : str_dup(&r->service, rr->rdata.naptr.services);
}

/* EBADMSG: a record that is of no use */
static int put(struct dns_record *r, const struct dnsrr *rr)
{
	switch (rr->type) {
	case DNS_TYPE_A:
		sa_set_in(&r->addr, rr->rdata.a.addr, 0);
		return 0;
	case DNS_TYPE_AAAA:
		sa_set_in6(&r->addr, rr->rdata.aaaa.addr, 0);
		return 0;
	case DNS_TYPE_SRV:
		r->priority = rr->rdata.srv.pri;
		r->weight = rr->rdata.srv.weight;
		r->port = rr->rdata.srv.port;
		return put_name(&r->name, rr->rdata.srv.target);
	case DNS_TYPE_NAPTR:
		return put_naptr(r, rr);
	default:
		return EBADMSG;
	}
}

static int compare_addr(const struct sa *a, const struct sa *b)
{
	if (sa_af(a) == AF_INET)
		return memcmp(&a->u.in.sin_addr, &b->u.in.sin_addr, 4);
	return sa_af(a) == AF_INET6
		       ? memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, 16)
		       : 0;
}

static int compare(const void *pa, const void *pb)
{
	const struct dns_record *a = pa, *b = pb;
	int d = a->priority - b->priority;

	if (!d)
		d = a->weight - b->weight;
	if (!d)
		d = a->port - b->port;
	if (!d && a->name && b->name)
		d = strcmp(a->name, b->name);
	return d ? d : compare_addr(&a->addr, &b->addr);
}

static int fill(struct dns_set *s, const struct list *l, const char *name,
		uint16_t type, size_t n)
{
	struct le *le;
	int err = 0;

	s->recv = mem_zalloc(n * sizeof(*s->recv), NULL);
	if (!s->recv)
		return ENOMEM;
	for (le = list_head(l); le && err != ENOMEM; le = le->next) {
		struct dns_record *r = &s->recv[s->recc];

		if (!belongs(le->data, name, type))
			continue;
		err = put(r, le->data);
		if (!err) {
			s->recc++;
			continue;
		}
		r->name = mem_deref(r->name);
		r->service = mem_deref(r->service);
	}
	if (err == ENOMEM)
		return err;
	qsort(s->recv, s->recc, sizeof(*s->recv), compare);
	for (; s->recc > DNS_RECORDS; s->recc--) {
		mem_deref(s->recv[s->recc - 1].name);
		mem_deref(s->recv[s->recc - 1].service);
	}
	if (!s->recc)
		s->err = ENOENT;
	return 0;
}

/* Name at the end of the CNAMEs that begin at `name`; ttl: of the shortest */
static const char *follow(struct list *l, const char *name, uint32_t *ttl)
{
	for (unsigned i = 0; i < ALIASES; i++) {
		const struct dnsrr *rr = dns_rrlist_find(
			l, name, DNS_TYPE_CNAME, DNS_CLASS_IN, false);

		if (!rr)
			break;
		name = rr->rdata.cname.cname;
		if (ttl_of(rr) < *ttl)
			*ttl = ttl_of(rr);
	}
	return name;
}

static uint32_t shortest(const struct list *l, const char *name, uint16_t type,
			 uint32_t ttl)
{
	struct le *le;

	LIST_FOREACH (l, le)
		if (belongs(le->data, name, type) && ttl_of(le->data) < ttl)
			ttl = ttl_of(le->data);
	return ttl;
}

int set_read(struct dns_set **sp, const struct dns_conf *conf, const char *name,
	     uint16_t type, const struct dnshdr *hdr, struct list *ansl,
	     struct list *authl)
{
	struct dns_set *s = NULL;
	uint32_t ttl = conf->ttl_max;
	const char *end;
	size_t n;
	int err;

	if (hdr->rcode == DNS_RCODE_NAME_ERR)
		return set_alloc(sp, ENOENT, missing(conf, authl));
	if (hdr->rcode != DNS_RCODE_OK)
		return set_alloc(sp, EPROTO, DNS_TTL_FAILED);
	end = follow(ansl, name, &ttl);
	n = count(ansl, end, type);
	if (!n && !str_casecmp(end, name))
		return set_alloc(sp, ENOENT, missing(conf, authl));
	err = set_alloc(&s, 0, bound(shortest(ansl, end, type, ttl), conf));
	if (err)
		return err;
	if (n)
		err = fill(s, ansl, end, type, n);
	else
		err = *end ? put_name(&s->alias, end) : EBADMSG;
	if (err == EBADMSG) { /* an alias that is no name */
		s->err = ENOENT;
		err = 0;
	}
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}
