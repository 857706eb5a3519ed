/* SPDX-License-Identifier: BSD-2-Clause */
/* SIP, RTCP and log lines, from those who see them to the collector */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "base/log.h"
#include "carom/sipkey.h"
#include "daemon/hep_figures.h"
#include "daemon/role_hep.h"
#include "fastpath/sip.h"

enum {
	LOOK = 20, /* ms between two looks at the kernel's copies */
};

struct role_hep {
	struct config_hep conf;
	uint64_t key[2]; /* of the edges: all of them sample the same calls */
	struct hep *hep;
	struct fp_sip *sip; /* NULL: no edge */
	struct edge *edge;
	struct media *media;
	struct providers *providers;
	struct sip_node *node; /* that is watched; or NULL */
	struct tmr tmr;
	struct mqueue *mq; /* log lines of other threads */
	pthread_t thread;
	char name[32];       /* that lines about no call are found by */
	struct sa self;      /* whom log lines are from and to */
	uint64_t unreadable; /* RTCP                                     */
	uint64_t dropped;    /* log lines of other threads               */
};

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

	if (r->conf.every == 1)
		return true;
	siphash_start(&h, r->key[0], r->key[1]);
	siphash_word(&h, SIP_KEY_CALL);
	sipkey_mem(&h, callid->p, callid->l);
	return !(siphash_end(&h) % r->conf.every);
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

static void passed_handler(const struct sip_passed *e, void *arg)
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

static void look_handler(void *arg)
{
	struct role_hep *r = arg;
	struct look l = {r,
			 clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC)};

	tmr_start(&r->tmr, LOOK, look_handler, r);
	(void)fp_sip_hops(r->sip, hop_handler, &l);
}

void role_hep_providers(struct role_hep *r, struct providers *ps)
{
	if (!r || !r->conf.sip)
		return;
	r->providers = ps;
	providers_watch(ps, passed_handler, r);
}

void role_hep_node(struct role_hep *r, struct sip_node *n)
{
	if (!r || !n || !r->conf.sip)
		return;
	r->node = n;
	sip_node_watch(n, passed_handler, r);
}

/* ---- RTCP -------------------------------------------------------------------------- */

static void rtcp_handler(const struct media_rtcp *m, void *arg)
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
		pl_set_str(&p.correlation,
			   r->conf.node_name ? r->conf.node_name : r->name);
	hep_send(r->hep, &p);
}

static void line_destructor(void *arg)
{
	struct line *l = arg;

	mem_deref(l->about);
}

static void mqueue_handler(int id, void *data, void *arg)
{
	struct line *l = data;
	(void)id;

	show_line(arg, l->text, l->about);
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
static void log_handler(enum log_level level, const char *text,
			const char *about, void *arg)
{
	struct role_hep *r = arg;
	(void)level;

	if (!pthread_equal(pthread_self(), r->thread)) {
		if (hand_over(r, text, about))
			__atomic_fetch_add(&r->dropped, 1, __ATOMIC_RELAXED);
	} else if (!hep_sending(r->hep)) {
		show_line(r, text, about);
	}
}

int role_hep_figures(const struct role_hep *r, struct odict *figures)
{
	struct hep_count c;

	if (!r || !figures)
		return 0;
	hep_count(r->hep, &c);
	return hep_figures(figures, &c, r->unreadable,
			   __atomic_load_n(&r->dropped, __ATOMIC_RELAXED));
}

/* ---- start --------------------------------------------------------------------------- */

static void destructor(void *arg)
{
	struct role_hep *r = arg;

	if (r->conf.log)
		log_watch(NULL, NULL);
	tmr_cancel(&r->tmr);
	if (r->sip)
		__atomic_store_n(&fp_sip_conf(r->sip)->hop_every, 0,
				 __ATOMIC_RELEASE);
	edge_watch(r->edge, NULL, NULL);
	providers_watch(r->providers, NULL, NULL);
	sip_node_watch(r->node, NULL, NULL);
	media_rtcp_handler(r->media, NULL, NULL);
	mem_deref(r->mq);
	mem_deref(r->hep);
	mem_deref(r->sip);
}

/* The kernel's copies: who is no edge, or shows no SIP, wants none. One that died may
 * have left it asking */
static int ask_kernel(struct fp_sip **sip, const struct config *c)
{
	struct fp_err e = {""};
	int err;

	if (!c->sip.on)
		return 0;
	err = fp_sip_open(sip, c->pin_dir, false, &e);
	if (err) {
		log_error("hep: %s", e.msg);
		return err;
	}
	__atomic_store_n(&fp_sip_conf(*sip)->hop_every,
			 c->hep.on && c->hep.sip ? c->hep.every : 0,
			 __ATOMIC_RELEASE);
	return 0;
}

static int open_sender(struct role_hep *r)
{
	const struct config_hep *ch = &r->conf;
	struct hep_conf conf = {.node = {ch->id, ch->node_name, ch->password},
				.transp = ch->transp,
				.dst = ch->dst,
				.large_by_tcp = ch->large_by_tcp,
				.queue = ch->queue,
				.ca = ch->ca};
	char why[256];
	int err = hep_alloc(&r->hep, &conf, why, sizeof(why));

	if (err)
		log_error("hep: %s", why);
	return err;
}

/* Log lines have no ends: both are the address that we reach the collector from */
static void find_self(struct role_hep *r)
{
	const struct sa *dst = &r->conf.dst;
	const int fd = socket(sa_af(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	sa_init(&r->self, sa_af(dst));
	r->self.len = sizeof(r->self.u);
	if (fd < 0 || connect(fd, &dst->u.sa, dst->len) ||
	    getsockname(fd, &r->self.u.sa, &r->self.len))
		log_debug("hep: no address towards %J", dst);
	if (fd >= 0)
		(void)close(fd);
	sa_set_port(&r->self, 0);
}

static int watch(struct role_hep *r, const struct config *c)
{
	struct config_err e = {""};
	int err = 0;

	if (c->sip.on)
		err = config_read_key(r->key, c->sip.key_file, &e);
	if (err) {
		log_error("hep: %s", e.msg);
		return err;
	}
	if (r->sip && r->conf.sip) {
		edge_watch(r->edge, passed_handler, r);
		tmr_start(&r->tmr, LOOK, look_handler, r);
	}
	if (r->conf.rtcp)
		media_rtcp_handler(r->media, rtcp_handler, r);
	if (!r->conf.log)
		return 0;
	err = mqueue_alloc(&r->mq, mqueue_handler, r);
	if (err) {
		r->conf.log = false;
		return err;
	}
	find_self(r);
	log_watch(log_handler, r);
	return 0;
}

int role_hep(struct role_hep **rp, const struct config *c, struct edge *edge,
	     struct media *media)
{
	struct fp_sip *sip = NULL;
	struct role_hep *r;
	int err = ask_kernel(&sip, c);

	if (err || !c->hep.on) {
		mem_deref(sip);
		return err;
	}
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r) {
		mem_deref(sip);
		return ENOMEM;
	}
	tmr_init(&r->tmr);
	r->conf = c->hep;
	r->sip = sip;
	r->edge = edge;
	r->media = media;
	r->thread = pthread_self();
	(void)re_snprintf(r->name, sizeof(r->name), "%u", r->conf.id);
	err = open_sender(r);
	if (!err)
		err = watch(r, c);
	if (err)
		mem_deref(r);
	else
		*rp = r;
	return err;
}
