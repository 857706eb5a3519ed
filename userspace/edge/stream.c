/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of connections, their listeners, their time */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "edge/streams.h"

enum {
	BUCKETS = 4096,
	TICK = 250, /* ms between two looks at who is late           */
	BACKLOG = 1024,
	EXPIRE = 40, /* ticks between two looks at sources            */
};

static void streams_destructor(void *arg)
{
	struct streams *s = arg;

	tmr_cancel(&s->tick);
	list_flush(&s->listeners);
	hash_flush(s->hash);
	mem_deref(s->hash);
	mem_deref(s->sources);
	mem_deref(s->tls);
	mem_deref(s->policy);
}

/* ---- what connections tell ----------------------------------------------------- */

static void wait_handler(struct conn *c, enum conn_wait wait, void *arg)
{
	struct streams *s = arg;

	/* it is to be closed: nothing that comes by it puts that off */
	if (c->wait_le.list && !c->due)
		return;
	c->wait = wait;
	c->due = tmr_jiffies() + s->msv[wait];
	list_unlink(&c->wait_le);
	list_append(&s->waitv[wait], &c->wait_le, c);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool admit_handler(struct conn *c, const struct pl *text, void *arg)
{
	struct streams *s = arg;

	if (source_take(c->source, text->p, text->l, now_ns()))
		return true;
	count_up(s->count, COUNT_STREAM_FLOOD);
	return false;
}

void streams_watch(struct streams *s, const struct sip_watcher *w)
{
	if (s)
		s->watcher = w;
}

static void message_handler(struct conn *c, const struct pl *text, void *arg)
{
	struct streams *s = arg;

	s->msgh(&c->peer, text, c->listener, s->arg);
}

static void open_handler(struct conn *c, void *arg)
{
	struct streams *s = arg;

	if (c->active)
		count_up(s->count, COUNT_STREAM_CONNECTED);
	streamout_flush(c);
}

static void close_handler(struct conn *c, enum conn_end why, void *arg)
{
	static const enum count_event eventv[CONN_ENDS] = {
		[CONN_END_CLOSED] = COUNT_STREAM_CLOSED,
		[CONN_END_FAILED] = COUNT_STREAM_FAILED,
		[CONN_END_HANDSHAKE] = COUNT_STREAM_HANDSHAKE,
		[CONN_END_MALFORMED] = COUNT_STREAM_MALFORMED,
		[CONN_END_CUT] = COUNT_STREAM_CUT,
		[CONN_END_SLOW] = COUNT_STREAM_SLOW,
		[CONN_END_LATE] = COUNT_STREAM_LATE,
		[CONN_END_IDLE] = COUNT_STREAM_IDLE,
	};
	struct streams *s = arg;

	log_debug("edge: %s to %J: %s", msg_transp_name(c->transp), &c->peer,
		  count_name(eventv[why]));
	count_up(s->count, eventv[why]);
	streamout_fail(s, c);
	--s->connc;
	hash_unlink(&c->hash_le);
	list_unlink(&c->wait_le);
	mem_deref(c);
}

static const struct conn_handlers handlers = {
	.open = open_handler,
	.admit = admit_handler,
	.message = message_handler,
	.wait = wait_handler,
	.close = close_handler,
};

const struct conn_handlers *streams_handlers(void)
{
	return &handlers;
}

void streams_add(struct streams *s, struct conn *c, unsigned listener)
{
	c->listener = listener;
	c->watcher = s->watcher;
	c->since = tmr_jiffies();
	hash_append(s->hash, sa_hash(&c->peer, SA_ALL), &c->hash_le, c);
	++s->connc;
	wait_handler(c, c->active ? CONN_WAIT_CONNECT : CONN_WAIT_OPEN, s);
}

/* ---- who comes ----------------------------------------------------------------- */

static bool denied(const struct streams *s, const struct sa *peer)
{
	const struct policy_net *net = policy_net(s->policy, peer);

	return net && net->flags & SIP_NET_DENY &&
	       !policy_trusted(s->policy, peer);
}

/* The last eighth is for those whom we trust: strangers, however many addresses
 * they have, leave room for nodes */
bool streams_room(const struct streams *s, bool trusted)
{
	const uint32_t n = s->conf.connections;

	return s->connc < (trusted ? n : n - n / 8);
}

static struct source *admit(struct streams *s, const struct sa *peer)
{
	const struct policy_net *net = policy_net(s->policy, peer);
	const bool free = policy_trusted(s->policy, peer) ||
			  (net && net->flags & SIP_NET_ALLOW);

	if (denied(s, peer))
		return NULL;
	return streams_room(s, free) ? source_join(s->sources, peer, free)
				     : NULL;
}

static void conn_handler(const struct sa *peer, void *arg)
{
	const struct slisten *l = arg;
	struct streams *s = l->streams;
	const enum msg_transp t = s->policy->listenerv[l->listener].transp;
	const bool tls = t == MSG_TLS || t == MSG_WSS;
	struct source *src = admit(s, peer);
	struct conn *c = NULL;

	if (!src) {
		count_up(s->count, COUNT_STREAM_REFUSED);
		tcp_reject(l->sock);
		return;
	}
	if (conn_accept(&c, l->sock, tls ? s->tls : NULL, t, peer, &handlers,
			s)) {
		count_up(s->count, COUNT_STREAM_REFUSED);
		source_leave(src);
		return;
	}
	c->source = src;
	count_up(s->count, COUNT_STREAM_ACCEPTED);
	streams_add(s, c, l->listener);
}

static void slisten_destructor(void *arg)
{
	struct slisten *l = arg;

	list_unlink(&l->le);
	mem_deref(l->sock);
}

int streams_listen(struct streams *s, unsigned listener)
{
	const struct sa *addr = &s->policy->listenerv[listener].addr;
	struct slisten *l = mem_zalloc(sizeof(*l), slisten_destructor);
	int err;

	if (!l)
		return ENOMEM;
	l->streams = s;
	l->listener = listener;
	err = tcp_sock_alloc(&l->sock, addr, conn_handler, l);
	if (!err)
		err = tcp_sock_bind(l->sock, addr);
	if (!err)
		err = tcp_sock_listen(l->sock, BACKLOG);
	if (err)
		mem_deref(l);
	else
		list_append(&s->listeners, &l->le, l);
	return err;
}

/* ---- time ---------------------------------------------------------------------- */

static enum conn_end late(const struct conn *c)
{
	if (!c->due)
		return CONN_END_CUT;
	switch (c->wait) {
	case CONN_WAIT_CONNECT:
		return CONN_END_FAILED;
	case CONN_WAIT_OPEN:
		return CONN_END_HANDSHAKE;
	case CONN_WAIT_REST:
		return CONN_END_LATE;
	default:
		return CONN_END_IDLE;
	}
}

static void tick_handler(void *arg)
{
	struct streams *s = arg;
	const uint64_t now = tmr_jiffies();
	struct conn *c;

	tmr_start(&s->tick, TICK, tick_handler, s);
	/* each list is in the order of its times */
	for (unsigned i = 0; i < CONN_WAITS; i++)
		while ((c = list_ledata(list_head(&s->waitv[i]))) &&
		       c->due <= now)
			conn_close(c, late(c));
	if (++s->ticks % EXPIRE == 0)
		sources_expire(s->sources, now_ns());
}

/* -------------------------------------------------------------------------------- */

/* To close one may close another: so it is left to the next tick, for which they
 * are the first in their lists */
void streams_review(struct streams *s)
{
	for (unsigned i = 0; s && i < CONN_WAITS; i++) {
		struct le *le = list_head(&s->waitv[i]);

		while (le) {
			struct conn *c = le->data;

			le = le->next;
			if (!denied(s, &c->peer))
				continue;
			c->due = 0;
			list_unlink(&c->wait_le);
			list_prepend(&s->waitv[i], &c->wait_le, c);
		}
	}
}

int streams_reload(struct streams *s, const struct cert_conf *cert, char *why,
		   size_t sz)
{
	struct tls *tls = NULL;
	int err;

	if (!s)
		return 0;
	err = cert_load(&tls, cert, why, sz);
	if (err)
		return err;
	mem_deref(s->tls);
	s->tls = tls;
	s->verify = cert->ca;
	return 0;
}

int streams_list(const struct streams *s, stream_list_h *h, void *arg)
{
	const uint64_t now = tmr_jiffies();
	int err = 0;

	for (unsigned i = 0; s && i < CONN_WAITS && !err; i++) {
		struct le *le;

		for (le = list_head(&s->waitv[i]); le && !err; le = le->next) {
			const struct conn *c = le->data;
			struct stream_info info = {
				.transp = c->transp,
				.peer = c->peer,
				.listener = c->listener,
				.active = c->active,
				.open = c->state == CONN_OPEN,
				.age = now - c->since,
				.quiet = now + s->msv[c->wait] - c->due,
				.in = c->messages[0],
				.out = c->messages[1],
				.waiting = tcp_conn_txqsz(c->tcp) + c->queued,
			};

			err = h(&info, arg);
		}
	}
	return err;
}

int streams_alloc(struct streams **sp, const struct stream_conf *conf,
		  const struct cert_conf *cert, struct policy *policy,
		  struct count *count, stream_msg_h *msgh, stream_fail_h *failh,
		  void *arg, char *why, size_t sz)
{
	static const unsigned msv[CONN_WAITS] = {3000, 10000, 30000, 10000};
	struct streams *s;
	int err;

	if (!sp || !conf || !cert || !policy || !msgh || !failh)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), streams_destructor);
	if (!s)
		return ENOMEM;
	s->conf = *conf;
	s->policy = mem_ref(policy);
	s->count = count;
	s->msgh = msgh;
	s->failh = failh;
	s->arg = arg;
	memcpy(s->msv, msv, sizeof(s->msv));
	s->msv[CONN_WAIT_IDLE] = conf->idle * 1000;
	tmr_init(&s->tick);
	err = hash_alloc(&s->hash, BUCKETS);
	if (!err)
		err = sources_alloc(&s->sources, conf->limitv,
				    conf->per_source);
	if (!err)
		err = streams_reload(s, cert, why, sz);
	if (err) {
		mem_deref(s);
		return err;
	}
	tmr_start(&s->tick, TICK, tick_handler, s);
	*sp = s;
	return 0;
}
