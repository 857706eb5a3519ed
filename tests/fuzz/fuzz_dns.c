/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DNS server's answer: the first byte says what was asked for, the rest is the
 * message, taken apart as libre's client does. What is kept of it is in bounds, in
 * order, and has only names that may be asked for.
 */
#include <errno.h>
#include <string.h>
#include "dns/priv.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_name(const char *name, bool may_be_empty)
{
	struct pl pl;

	pl_set_str(&pl, name);
	MUST(dns_name_ok(&pl) || (may_be_empty && !pl.l));
}

static void look_at(const struct dns_set *s, uint16_t type,
		    const struct dns_conf *conf)
{
	const uint64_t now = tmr_jiffies();

	MUST(s->recc <= DNS_RECORDS);
	MUST(!s->err || (!s->recc && !s->alias));
	MUST(s->err || !s->alias != !s->recc);
	MUST(s->expires >= now && s->expires <= now + conf->ttl_max * 1000ull);
	if (s->alias)
		look_at_name(s->alias, false);
	for (size_t i = 0; i < s->recc; i++) {
		const struct dns_record *r = &s->recv[i];

		MUST(!i || r[-1].priority <= r->priority);
		if (type == DNS_TYPE_A || type == DNS_TYPE_AAAA)
			MUST(sa_af(&r->addr) ==
			     (type == DNS_TYPE_A ? AF_INET : AF_INET6));
		else
			look_at_name(r->name, type == DNS_TYPE_SRV);
		MUST(type != DNS_TYPE_NAPTR || r->service);
	}
}

static bool unlink_rr(struct le *le, void *arg)
{
	struct dnsrr *rr = le->data;
	(void)arg;

	list_unlink(&rr->le_priv);
	mem_deref(rr);
	return false;
}

static int sections(struct list *lv, struct mbuf *mb, struct dnshdr *hdr)
{
	uint16_t nv[3];
	char *name = NULL;
	int err;

	err = dns_hdr_decode(mb, hdr);
	if (!err)
		err = dns_dname_decode(mb, &name, 0);
	mem_deref(name);
	if (err || mbuf_get_left(mb) < 4)
		return EBADMSG;
	mbuf_advance(mb, 4);
	nv[0] = hdr->nans;
	nv[1] = hdr->nauth;
	nv[2] = hdr->nadd;
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < nv[i] && !err; k++) {
			struct dnsrr *rr = NULL;

			err = dns_rr_decode(mb, &rr, 0);
			if (!err)
				list_append(&lv[i], &rr->le_priv, rr);
		}
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t typev[] = {DNS_TYPE_A, DNS_TYPE_AAAA,
					 DNS_TYPE_SRV, DNS_TYPE_NAPTR};
	const struct dns_conf conf = {.ttl_min = 1, .ttl_max = 60};
	struct list lv[3] = {LIST_INIT, LIST_INIT, LIST_INIT};
	struct dns_set *s = NULL;
	struct dnshdr hdr;
	struct mbuf *mb;
	uint16_t type;

	if (!size)
		return 0;
	type = typev[data[0] & 3];
	mb = mbuf_alloc(size);
	MUST(mb);
	(void)mbuf_write_mem(mb, data + 1, size - 1);
	mb->pos = 0;
	if (!sections(lv, mb, &hdr) &&
	    !set_read(&s, &conf, "a.lab", type, &hdr, &lv[0], &lv[1]))
		look_at(s, type, &conf);
	mem_deref(s);
	for (unsigned i = 0; i < 3; i++)
		(void)list_apply(&lv[i], true, unlink_rr, NULL);
	mem_deref(mb);
	return 0;
}
