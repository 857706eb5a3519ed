/* SPDX-License-Identifier: BSD-2-Clause */
/* A DNS server on loopback */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "fake_dns.h"

static void destructor(void *arg)
{
	struct fake_dns *s = arg;

	mem_deref(s->us);
	mem_deref(s->tc);
	mem_deref(s->ts);
	list_flush(&s->rrs);
}

static void put_rr(struct mbuf *mb, const struct dnsrr *rr)
{
	assert_int_equal(dns_rr_encode(mb, rr, 0, NULL, 0), 0);
}

static bool wanted(const struct fake_dns *s, const struct dnsrr *rr,
		   const char *name, uint16_t type)
{
	if (s->mood == FAKE_STRAYS)
		return rr->type == type;
	return !str_casecmp(rr->name, name) &&
	       (rr->type == type || rr->type == DNS_TYPE_CNAME);
}

static bool known(const struct fake_dns *s, const char *name)
{
	struct le *le;

	LIST_FOREACH (&s->rrs, le) {
		const struct dnsrr *rr = le->data;

		if (rr->type != DNS_TYPE_SOA && !str_casecmp(rr->name, name))
			return true;
	}
	return false;
}

/* CNAMEs are followed inside the zone, as a server does */
static uint16_t put_answers(struct mbuf *mb, const struct fake_dns *s,
			    const char *name, uint16_t type)
{
	const char *alias = NULL;
	struct le *le;
	uint16_t n = 0;

	for (le = s->backwards ? s->rrs.tail : s->rrs.head; le;
	     le = s->backwards ? le->prev : le->next) {
		const struct dnsrr *rr = le->data;

		if (!wanted(s, rr, name, type))
			continue;
		put_rr(mb, rr);
		n++;
		if (rr->type == DNS_TYPE_CNAME)
			alias = rr->rdata.cname.cname;
	}
	return alias ? n + put_answers(mb, s, alias, type) : n;
}

static struct mbuf *reply(struct fake_dns *s, struct mbuf *mb, bool tcp)
{
	struct mbuf *out = mbuf_alloc(512);
	const size_t start = tcp ? 2 : 0;
	struct dnshdr hdr;
	char *name = NULL;
	struct le *le;
	uint16_t type;

	assert_int_equal(dns_hdr_decode(mb, &hdr), 0);
	assert_int_equal(dns_dname_decode(mb, &name, 0), 0);
	type = ntohs(mbuf_read_u16(mb));
	out->pos = start + DNS_HEADER_SIZE;
	assert_int_equal(dns_dname_encode(out, name, NULL, 0, false), 0);
	(void)mbuf_write_u16(out, htons(type));
	(void)mbuf_write_u16(out, htons(DNS_CLASS_IN));
	hdr.qr = hdr.ra = true;
	hdr.nq = 1;
	hdr.nadd = 0;
	if (s->mood == FAKE_OTHER_ID)
		hdr.id++;
	if (s->mood == FAKE_FAILS) {
		hdr.rcode = DNS_RCODE_SRV_FAIL;
	} else if (s->mood == FAKE_CUTS && !tcp) {
		hdr.tc = true;
	} else if (s->mood == FAKE_GARBLES) {
		hdr.nans = 9;
		(void)mbuf_write_str(out, "\xc0\xff\x3f garbage");
	} else {
		hdr.nans = put_answers(out, s, name, type);
		if (!hdr.nans && !known(s, name))
			hdr.rcode = DNS_RCODE_NAME_ERR;
		for (le = s->rrs.head; le && !hdr.nans; le = le->next) {
			const struct dnsrr *rr = le->data;

			if (rr->type != DNS_TYPE_SOA)
				continue;
			put_rr(out, rr);
			hdr.nauth++;
		}
	}
	out->pos = start;
	assert_int_equal(dns_hdr_encode(out, &hdr), 0);
	out->pos = 0;
	if (tcp)
		(void)mbuf_write_u16(out, htons((uint16_t)(out->end - 2)));
	out->pos = 0;
	mem_deref(name);
	return out;
}

static void udp_recv(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct fake_dns *s = arg;
	struct mbuf *out;

	s->from = *src;
	s->asked++;
	if (s->mood == FAKE_SILENT)
		return;
	out = reply(s, mb, false);
	(void)udp_send(s->us, src, out);
	out->pos = 0;
	if (s->twice)
		(void)udp_send(s->us, src, out);
	mem_deref(out);
}

/* A question comes in one piece, on loopback */
static void tcp_recv(struct mbuf *mb, void *arg)
{
	struct fake_dns *s = arg;
	struct mbuf *out;

	s->asked_tcp++;
	mbuf_advance(mb, 2);
	mb->end = mb->end < mb->pos ? mb->pos : mb->end;
	out = mbuf_alloc(512);
	(void)mbuf_write_mem(out, mbuf_buf(mb), mbuf_get_left(mb));
	out->pos = 0;
	mb = reply(s, out, true);
	(void)tcp_send(s->tc, mb);
	mem_deref(out);
	mem_deref(mb);
}

static void tcp_conn(const struct sa *peer, void *arg)
{
	struct fake_dns *s = arg;
	(void)peer;

	s->tc = mem_deref(s->tc);
	assert_int_equal(tcp_accept(&s->tc, s->ts, NULL, tcp_recv, NULL, s), 0);
}

/* One port for both: one that is free for UDP may be somebody's for TCP, whose tests run
 * beside */
static int listen_both(struct fake_dns *s)
{
	int err;

	(void)sa_set_str(&s->addr, "127.0.0.1", 0);
	err = udp_listen(&s->us, &s->addr, udp_recv, s);
	if (!err)
		err = udp_local_get(s->us, &s->addr);
	if (!err)
		err = tcp_listen(&s->ts, &s->addr, tcp_conn, s);
	if (err)
		s->us = mem_deref(s->us);
	return err;
}

struct fake_dns *fake_dns(void)
{
	struct fake_dns *s = mem_zalloc(sizeof(*s), destructor);
	int err = EADDRINUSE;

	list_init(&s->rrs);
	for (unsigned i = 0; i < 50 && err == EADDRINUSE; i++)
		err = listen_both(s);
	assert_int_equal(err, 0);
	return s;
}

static void rr_data(struct dnsrr *rr, const char *type, char *const v[])
{
	struct sa sa;

	if (!strcmp(type, "A")) {
		rr->type = DNS_TYPE_A;
		assert_int_equal(sa_set_str(&sa, v[0], 0), 0);
		rr->rdata.a.addr = sa_in(&sa);
	} else if (!strcmp(type, "AAAA")) {
		rr->type = DNS_TYPE_AAAA;
		assert_int_equal(sa_set_str(&sa, v[0], 0), 0);
		sa_in6(&sa, rr->rdata.aaaa.addr);
	} else if (!strcmp(type, "CNAME")) {
		rr->type = DNS_TYPE_CNAME;
		(void)str_dup(&rr->rdata.cname.cname, v[0]);
	} else if (!strcmp(type, "SRV")) {
		rr->type = DNS_TYPE_SRV;
		rr->rdata.srv.pri = (uint16_t)atoi(v[0]);
		rr->rdata.srv.weight = (uint16_t)atoi(v[1]);
		rr->rdata.srv.port = (uint16_t)atoi(v[2]);
		(void)str_dup(&rr->rdata.srv.target, v[3]);
	} else if (!strcmp(type, "NAPTR")) {
		rr->type = DNS_TYPE_NAPTR;
		rr->rdata.naptr.order = (uint16_t)atoi(v[0]);
		rr->rdata.naptr.pref = (uint16_t)atoi(v[1]);
		(void)str_dup(&rr->rdata.naptr.flags, v[2]);
		(void)str_dup(&rr->rdata.naptr.services, v[3]);
		(void)str_dup(&rr->rdata.naptr.regexp, "");
		(void)str_dup(&rr->rdata.naptr.replace, v[4]);
	} else {
		rr->type = DNS_TYPE_SOA;
		(void)str_dup(&rr->rdata.soa.mname, "ns");
		(void)str_dup(&rr->rdata.soa.rname, "root");
		rr->rdata.soa.ttlmin = (uint32_t)rr->ttl;
	}
}

void fake_dns_add(struct fake_dns *s, const char *line)
{
	char *text = NULL, *save = NULL, *v[8] = {NULL};
	struct dnsrr *rr = dns_rr_alloc();
	size_t n = 0;

	(void)str_dup(&text, line);
	for (char *p = strtok_r(text, " ", &save); p && n < 8;
	     p = strtok_r(NULL, " ", &save))
		v[n++] = p;
	assert_true(n >= 3);
	rr->dnsclass = DNS_CLASS_IN;
	rr->ttl = atoi(v[1]);
	(void)str_dup(&rr->name, v[0]);
	rr_data(rr, v[2], v + 3);
	list_append(&s->rrs, &rr->le, rr);
	mem_deref(text);
}

static void rr_unlink(struct dnsrr *rr)
{
	list_unlink(&rr->le);
	mem_deref(rr);
}

void fake_dns_del(struct fake_dns *s, const char *name)
{
	struct le *le = s->rrs.head;

	while (le) {
		struct dnsrr *rr = le->data;

		le = le->next;
		if (!str_casecmp(rr->name, name))
			rr_unlink(rr);
	}
}

struct look {
	struct tmr tmr;
	fake_until_h *h;
	void *arg;
	unsigned left;
};

static void look(void *arg)
{
	struct look *l = arg;

	if (l->h(l->arg) || !l->left--)
		re_cancel();
	else
		tmr_start(&l->tmr, 5, look, l);
}

void fake_until(fake_until_h *h, void *arg)
{
	struct look l = {.h = h, .arg = arg, .left = 2000};

	tmr_init(&l.tmr);
	tmr_start(&l.tmr, 0, look, &l);
	(void)re_main(NULL);
	tmr_cancel(&l.tmr);
	assert_true(h(arg));
}

static bool is_set(void *arg)
{
	return *(const bool *)arg;
}

void fake_wait(bool *done)
{
	fake_until(is_set, done);
}

struct dns *fake_client(const struct fake_dns *s)
{
	struct dns_conf conf = {.serverc = 1,
				.timeout = 300,
				.ttl_min = 1,
				.ttl_max = 3600,
				.entries = 64};
	struct dns *d = NULL;

	conf.serverv[0] = s->addr;
	assert_int_equal(dns_alloc(&d, &conf), 0);
	return d;
}
