/* SPDX-License-Identifier: BSD-2-Clause */
/* SIP, RTCP and log lines, as they are shown to the collector */
#include <errno.h>
#include <string.h>
#include <netinet/in.h>

#include "carom/sipkey.h"
#include "daemon/hep_show.h"
#include "fastpath/sip.h"

/* A log line on its way from another thread */
struct line {
	char *about;
	char text[];
};

static uint64_t clock_us(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* As the kernel samples (sip_hash_call) */
static bool sampled(const struct role_hep *r, const struct pl *callid)
{
	struct siphash h;

	if (r->conf->c.every == 1)
		return true;
	siphash_start(&h, r->key[0], r->key[1]);
	siphash_word(&h, SIP_KEY_CALL);
	sipkey_mem(&h, callid->p, callid->l);
	return !(siphash_end(&h) % r->conf->c.every);
}

/* ---- SIP --------------------------------------------------------------------------- */

static void show_sip(struct role_hep *r, const struct sa *src,
		     const struct sa *dst, const struct pl *text, bool stream,
		     uint64_t us)
{
	struct hep_packet p = {.type = HEP_SIP,
			       .proto = stream ? IPPROTO_TCP : IPPROTO_UDP,
			       .src = src,
			       .dst = dst,
			       .time = us,
			       .payload = *text};

	/* keep-alives, STUN, and what else is none */
	if (hep_callid(&p.correlation, text) || !sampled(r, &p.correlation))
		return;
	hep_send(r->hep, &p);
}

void hep_passed(const struct sip_passed *e, void *arg)
{
	show_sip(arg, &e->src, &e->dst, &e->text, e->transp != MSG_UDP,
		 clock_us(CLOCK_REALTIME));
}

struct look {
	struct role_hep *r;
	uint64_t wall; /* us: CLOCK_REALTIME - CLOCK_MONOTONIC */
};

/* The kernel has sampled already */
static void hop_handler(const struct sip_copy *c, const char *text, void *arg)
{
	const struct look *l = arg;
	const struct pl pl = {text, c->len};
	struct sa src, dst;

	fp_sip_addr(&src, c->src, c->sport);
	fp_sip_addr(&dst, c->dst, c->dport);
	show_sip(l->r, &src, &dst, &pl, false, c->time / 1000 + l->wall);
}

void hep_look(void *arg)
{
	struct role_hep *r = arg;
	struct look l = {r,
			 clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC)};

	tmr_start(&r->tmr, HEP_LOOK, hep_look, r);
	(void)fp_sip_hops(r->sip, hop_handler, &l);
}

/* ---- RTCP -------------------------------------------------------------------------- */

void hep_rtcp(const struct media_rtcp *m, void *arg)
{
	struct role_hep *r = arg;
	struct hep_packet p = {.type = HEP_RTCP,
			       .proto = IPPROTO_UDP,
			       .src = &m->src,
			       .dst = &m->dst,
			       .time = m->time};
	struct mbuf *mb;

	pl_set_str(&p.correlation, m->call_id);
	if (!sampled(r, &p.correlation))
		return;
	mb = mbuf_alloc(1024);
	if (!mb || hep_rtcp_json(mb, m->p, m->n)) {
		r->unreadable++;
	} else {
		p.payload.p = (const char *)mb->buf;
		p.payload.l = mb->end;
		hep_send(r->hep, &p);
	}
	mem_deref(mb);
}

/* ---- log lines ------------------------------------------------------------------- */

static void show_line(struct role_hep *r, const char *text, const char *about)
{
	struct hep_packet p = {.type = HEP_LOG,
			       .proto = IPPROTO_UDP,
			       .src = &r->self,
			       .dst = &r->self,
			       .time = clock_us(CLOCK_REALTIME)};

	pl_set_str(&p.payload, text);
	pl_set_str(&p.correlation, about);
	if (p.correlation.l && !sampled(r, &p.correlation))
		return;
	/* sipcapture refuses what has none */
	if (!p.correlation.l)
		pl_set_str(&p.correlation, r->conf->c.node_name
						   ? r->conf->c.node_name
						   : r->name);
	hep_send(r->hep, &p);
}

static void line_destructor(void *arg)
{
	struct line *l = arg;

	mem_deref(l->about);
}

void hep_line_came(int id, void *data, void *arg)
{
	struct role_hep *r = arg;
	struct line *l = data;
	(void)id;

	/* it may have been wanted when it was logged */
	if (r->hep)
		show_line(r, l->text, l->about);
	mem_deref(l);
}

/* Of another thread: it waits for the event loop */
static int hand_over(struct role_hep *r, const char *text, const char *about)
{
	const size_t n = strlen(text) + 1;
	struct line *l = mem_zalloc(sizeof(*l) + n, line_destructor);
	int err;

	if (!l)
		return ENOMEM;
	memcpy(l->text, text, n);
	err = str_dup(&l->about, about);
	if (!err)
		err = mqueue_push(r->mq, 0, l);
	if (err)
		mem_deref(l);
	return err;
}

/* What the sender itself has to say of what it is just sending stays here */
void hep_line(enum log_level level, const char *text, const char *about,
	      void *arg)
{
	struct role_hep *r = arg;
	(void)level;

	if (!__atomic_load_n(&r->lines, __ATOMIC_ACQUIRE))
		return;
	if (!pthread_equal(pthread_self(), r->thread)) {
		if (hand_over(r, text, about))
			__atomic_fetch_add(&r->dropped, 1, __ATOMIC_RELAXED);
	} else if (!hep_sending(r->hep)) {
		show_line(r, text, about);
	}
}
