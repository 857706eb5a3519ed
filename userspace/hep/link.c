/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "base/log.h"
#include "hep/link.h"

enum {
	AGAIN_MIN = 1000, /* ms from a failure to the next attempt */
	AGAIN_MAX = 30000,
	LASTS = 10000,      /* ms after which a connection was a good one */
	CONNECT = 5000,     /* ms that an attempt may take           */
	UNANSWERED = 15000, /* ms until a peer that is gone is noticed */
	TX = 262144,        /* bytes that libre may hold              */
};

/* A packet that waits */
struct packet {
	struct le le;
	struct mbuf *mb;
};

struct hep_link {
	const struct hep_conf *conf;
	struct hep_count *count;
	struct tls *tls;
	struct tcp_conn *tcp;
	struct tls_conn *tc;
	struct list queue;
	struct tmr tmr; /* until the next attempt, or the end of this one */
	uint32_t again; /* ms */
	uint64_t since; /* ms, when it was opened last */
	bool open;
	bool said; /* that it can't be reached, or does not last */
};

static void connect_now(struct hep_link *l);

static void packet_destructor(void *arg)
{
	struct packet *p = arg;

	list_unlink(&p->le);
	mem_deref(p->mb);
}

static void hang_up(struct hep_link *l)
{
	l->open = false;
	l->tc = mem_deref(l->tc);
	l->tcp = mem_deref(l->tcp);
}

static void destructor(void *arg)
{
	struct hep_link *l = arg;

	tmr_cancel(&l->tmr);
	hang_up(l);
	list_flush(&l->queue);
	mem_deref(l->tls);
}

/* ---- sending -------------------------------------------------------------------- */

static int put(struct hep_link *l, struct packet *p)
{
	const size_t n = mbuf_get_left(p->mb);
	int err;

	list_unlink(&p->le);
	l->count->queued -= n;
	err = tcp_send(l->tcp, p->mb);
	if (!err) {
		l->count->packets++;
		l->count->bytes += n;
	} else {
		l->count->lost[HEP_LOST_CLOSED]++;
	}
	mem_deref(p);
	return err;
}

static void broken(struct hep_link *l, int err);

/* As long as the peer takes it: of what is in libre's own queue nobody knows where a
 * packet ends */
static void pump(struct hep_link *l)
{
	int err = 0;

	while (l->open && !err && l->queue.head && !tcp_conn_txqsz(l->tcp))
		err = put(l, l->queue.head->data);
	if (err)
		broken(l, err);
}

static void send_handler(void *arg)
{
	pump(arg);
}

void hep_link_send(struct hep_link *l, struct mbuf *mb)
{
	const size_t n = mbuf_get_left(mb);
	struct packet *p = NULL;

	if (l->count->queued + n <= l->conf->queue)
		p = mem_zalloc(sizeof(*p), packet_destructor);
	if (!p) {
		l->count->lost[HEP_LOST_QUEUE]++;
		return;
	}
	p->mb = mem_ref(mb);
	list_append(&l->queue, &p->le, p);
	l->count->queued += n;
	if (!l->tcp && !tmr_isrunning(&l->tmr))
		connect_now(l);
	pump(l);
}

/* ---- the connection ---------------------------------------------------------------- */

static void again(void *arg)
{
	connect_now(arg);
}

static void broken(struct hep_link *l, int err)
{
	const bool was = l->open;
	bool say;

	if (l->tcp && tcp_conn_txqsz(l->tcp))
		l->count->lost[HEP_LOST_CLOSED]++;
	/* a peer that takes connections to close them is as good as none */
	if (was && tmr_jiffies() - l->since > LASTS) {
		l->again = AGAIN_MIN;
		l->said = false;
	}
	say = !l->said;
	l->said = true;
	l->count->up = false;
	hang_up(l);
	tmr_start(&l->tmr, l->again, again, l);
	l->again = min(2 * l->again, AGAIN_MAX);
	/* last: the line itself may be shown, and waits then */
	if (say)
		log_warn("hep: %J: %s: %m; %zu bytes wait", &l->conf->dst,
			 was ? "the connection broke" : "can't be connected to",
			 err ? err : ECONNRESET, l->count->queued);
}

static void close_handler(int err, void *arg)
{
	broken(arg, err);
}

static void late(void *arg)
{
	broken(arg, ETIMEDOUT);
}

/* A collector has nothing to say */
static void recv_handler(struct mbuf *mb, void *arg)
{
	(void)mb;
	(void)arg;
}

static void estab_handler(void *arg)
{
	struct hep_link *l = arg;
	const unsigned ms = UNANSWERED;

	(void)setsockopt(tcp_conn_fd(l->tcp), IPPROTO_TCP, TCP_USER_TIMEOUT,
			 &ms, sizeof(ms));
	tmr_cancel(&l->tmr);
	l->open = true;
	l->since = tmr_jiffies();
	l->count->up = true;
	l->count->connects++;
	if (l->again <= 2 * AGAIN_MIN)
		log_info("hep: connected to %J", &l->conf->dst);
	pump(l);
}

static int secure(struct hep_link *l)
{
	char host[64];
	int err;

	if (!l->tls)
		return 0;
	err = tls_start_tcp(&l->tc, l->tls, l->tcp, 0);
	if (err || !l->conf->ca)
		return err;
	(void)re_snprintf(host, sizeof(host), "%j", &l->conf->dst);
	return tls_set_verify_server(l->tc, host);
}

static void connect_now(struct hep_link *l)
{
	int err = tcp_conn_alloc(&l->tcp, &l->conf->dst, estab_handler,
				 recv_handler, close_handler, l);

	if (!err) {
		tcp_conn_txqsz_set(l->tcp, TX);
		(void)tcp_set_send(l->tcp, send_handler);
		err = tcp_conn_connect(l->tcp, &l->conf->dst);
	}
	if (!err)
		err = secure(l);
	if (err)
		broken(l, err);
	else
		tmr_start(&l->tmr, CONNECT, late, l);
}

void hep_link_start(struct hep_link *l)
{
	if (l && !l->tcp)
		connect_now(l);
}

int hep_link_alloc(struct hep_link **lp, struct tls *tls,
		   const struct hep_conf *conf, struct hep_count *count)
{
	struct hep_link *l;

	if (!lp || !conf || !count)
		return EINVAL;
	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	tmr_init(&l->tmr);
	l->tls = mem_ref(tls);
	l->conf = conf;
	l->count = count;
	l->again = AGAIN_MIN;
	*lp = l;
	return 0;
}
