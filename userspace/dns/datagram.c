/* SPDX-License-Identifier: BSD-2-Clause */
/* A question by UDP. libre's client lets the kernel choose its port, which may be one
 * of media's */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include "dns/priv.h"

enum {
	AGAIN = 500,      /* ms until it is sent again, or to the next server */
	AGAIN_MAX = 2000, /* after the first round                           */
};

struct datagram {
	const struct dns_conf *conf;
	struct udp_sock *usv[2]; /* IPv4, IPv6                              */
	char *name;
	uint16_t type, id;
	uint32_t sent;   /* times                                          */
	uint32_t failed; /* servers that said that they can't, in a row     */
	bool done;
	struct tmr tmr;
	dns_query_h *h;
	void *arg;
};

static void destructor(void *arg)
{
	struct datagram *d = arg;

	tmr_cancel(&d->tmr);
	mem_deref(d->usv[0]);
	mem_deref(d->usv[1]);
	mem_deref(d->name);
}

/* ---- sending --------------------------------------------------------------------- */

static void received(const struct sa *src, struct mbuf *mb, void *arg);

/* Only whoever sees the question knows the port (RFC 5452 9.2) */
static int open_socket(struct udp_sock **up, struct datagram *d, int af)
{
	int err = EADDRINUSE;
	struct sa sa;

	for (unsigned i = 0; i < PORT_TRIES && err == EADDRINUSE; i++) {
		sa_init(&sa, af);
		sa_set_port(&sa, ports_other(&d->conf->avoid));
		err = udp_listen(up, &sa, received, d);
	}
	return err;
}

static int compose(struct mbuf *mb, const struct datagram *d)
{
	const struct dnshdr hdr = {
		.id = d->id, .opcode = DNS_OPCODE_QUERY, .rd = true, .nq = 1};
	int err = dns_hdr_encode(mb, &hdr);

	if (!err)
		err = dns_dname_encode(mb, d->name, NULL, 0, false);
	if (!err)
		err = mbuf_write_u16(mb, htons(d->type));
	return err ? err : mbuf_write_u16(mb, htons(DNS_CLASS_IN));
}

static int send_to(struct datagram *d, const struct sa *server)
{
	struct udp_sock **us = &d->usv[sa_af(server) == AF_INET6];
	struct mbuf *mb = mbuf_alloc(512);
	int err = mb ? compose(mb, d) : ENOMEM;

	if (!err && !*us)
		err = open_socket(us, d, sa_af(server));
	if (!err) {
		mb->pos = 0;
		err = udp_send(*us, server, mb);
	}
	mem_deref(mb);
	return err;
}

/* To the next server. One that can't be reached is as good as silent */
static void ask_next(void *arg)
{
	struct datagram *d = arg;
	const uint32_t round = d->sent / d->conf->serverc;

	tmr_start(&d->tmr, round ? AGAIN_MAX : AGAIN, ask_next, d);
	(void)send_to(d, &d->conf->serverv[d->sent++ % d->conf->serverc]);
}

/* ---- what comes --------------------------------------------------------------------- */

static bool was_asked(const struct datagram *d, const struct sa *src)
{
	for (uint32_t i = 0; i < d->conf->serverc && i < d->sent; i++)
		if (sa_cmp(&d->conf->serverv[i], src, SA_ALL))
			return true;
	return false;
}

/* The question as it was put (RFC 5452 9.1) */
static bool is_answer(const struct datagram *d, const struct dnshdr *hdr,
		      struct mbuf *mb)
{
	char *name = NULL;
	bool same;

	if (!hdr->qr || hdr->id != d->id || hdr->nq != 1 ||
	    hdr->opcode != DNS_OPCODE_QUERY || dns_dname_decode(mb, &name, 0))
		return false;
	same = mbuf_get_left(mb) >= 4 && !str_casecmp(name, d->name) &&
	       ntohs(mbuf_read_u16(mb)) == d->type &&
	       ntohs(mbuf_read_u16(mb)) == DNS_CLASS_IN;
	mem_deref(name);
	return same;
}

static int read_records(struct list *l, struct mbuf *mb, unsigned n)
{
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		struct dnsrr *rr = NULL;

		err = dns_rr_decode(mb, &rr, 0);
		if (!err)
			list_append(l, &rr->le, rr);
	}
	return err;
}

/* Another may know: RFC 1035 7.2 */
static bool cannot(struct datagram *d, const struct dnshdr *hdr)
{
	return (hdr->rcode == DNS_RCODE_SRV_FAIL ||
		hdr->rcode == DNS_RCODE_NOT_IMPL ||
		hdr->rcode == DNS_RCODE_REFUSED) &&
	       ++d->failed < d->conf->serverc;
}

static void received(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct datagram *d = arg;
	struct list ansl = LIST_INIT, authl = LIST_INIT;
	struct dnshdr hdr;
	int err = 0;

	if (d->done || !was_asked(d, src) || dns_hdr_decode(mb, &hdr) ||
	    !is_answer(d, &hdr, mb))
		return;
	if (cannot(d, &hdr)) {
		ask_next(d);
		return;
	}
	d->done = true;
	tmr_cancel(&d->tmr);
	/* of one that is cut off nothing counts */
	if (!hdr.tc)
		err = read_records(&ansl, mb, hdr.nans);
	if (!err && !hdr.tc)
		err = read_records(&authl, mb, hdr.nauth);
	d->h(err, &hdr, &ansl, &authl, NULL, d->arg);
	list_flush(&ansl);
	list_flush(&authl);
}

int datagram_ask(struct datagram **dp, const struct dns_conf *conf,
		 const char *name, uint16_t type, dns_query_h *h, void *arg)
{
	struct datagram *d;
	int err;

	if (!conf->serverc)
		return ENOTCONN;
	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;
	tmr_init(&d->tmr);
	d->conf = conf;
	d->type = type;
	d->id = rand_u16();
	d->h = h;
	d->arg = arg;
	err = str_dup(&d->name, name);
	if (err) {
		mem_deref(d);
		return err;
	}
	ask_next(d);
	*dp = d;
	return 0;
}
