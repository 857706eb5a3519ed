/* SPDX-License-Identifier: BSD-2-Clause */
/* One question to the servers: by UDP, by TCP where the answer was cut off */
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include "base/log.h"
#include "dns/priv.h"

struct question {
	struct dns_conf conf; /* libre refers to the servers in it        */
	struct datagram *datagram;
	struct dnsc *client; /* by TCP                                    */
	struct dns_query *query;
	char *name;
	uint16_t type;
	bool tcp;
	struct tmr tmr;
	struct dns_set *set;
	question_h *h;
	void *arg;
};

static void destructor(void *arg)
{
	struct question *q = arg;

	tmr_cancel(&q->tmr);
	mem_deref(q->datagram);
	mem_deref(q->query);
	mem_deref(q->client);
	mem_deref(q->set);
	mem_deref(q->name);
}

static void done(void *arg)
{
	struct question *q = arg;
	struct dns_set *set = q->set;

	q->set = NULL;
	q->h(q, set, q->arg);
}

/* Not at once: who calls this may be freed then */
static void finish(struct question *q)
{
	tmr_start(&q->tmr, 0, done, q);
}

static void answered(int err, const struct dnshdr *hdr, struct list *ansl,
		     struct list *authl, struct list *addl, void *arg)
{
	struct question *q = arg;
	(void)addl;

	if (q->set)
		return;
	if (!err && hdr->tc && !q->tcp) {
		q->tcp = true;
		err = dnsc_alloc(&q->client, NULL, q->conf.serverv,
				 q->conf.serverc);
		if (!err)
			err = dnsc_query_srv(&q->query, q->client, q->name,
					     q->type, DNS_CLASS_IN, IPPROTO_TCP,
					     q->conf.serverv, &q->conf.serverc,
					     true, answered, q);
		if (!err)
			return;
	}
	if (!err)
		err = set_read(&q->set, &q->conf, q->name, q->type, hdr, ansl,
			       authl);
	if (err) {
		log_debug("dns: %s %s: %m", q->name, dns_rr_typename(q->type),
			  err);
		(void)set_alloc(&q->set, err == ETIMEDOUT ? err : EPROTO,
				DNS_TTL_FAILED);
	}
	finish(q);
}

static void timeout(void *arg)
{
	struct question *q = arg;

	q->query = mem_deref(q->query);
	q->datagram = mem_deref(q->datagram);
	(void)set_alloc(&q->set, ETIMEDOUT, DNS_TTL_FAILED);
	done(q);
}

int question_alloc(struct question **qp, const struct dns_conf *conf,
		   const char *name, uint16_t type, question_h *h, void *arg)
{
	struct question *q = mem_zalloc(sizeof(*q), destructor);
	int err;

	if (!q)
		return ENOMEM;
	tmr_init(&q->tmr);
	q->conf = *conf;
	q->type = type;
	q->h = h;
	q->arg = arg;
	err = str_dup(&q->name, name);
	if (!err)
		err = datagram_ask(&q->datagram, &q->conf, q->name, type,
				   answered, q);
	if (err) {
		mem_deref(q);
		return err;
	}
	tmr_start(&q->tmr, conf->timeout, timeout, q);
	*qp = q;
	return 0;
}
