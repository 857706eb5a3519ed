/* SPDX-License-Identifier: BSD-2-Clause */
/* The connections: who may come, what is told of them, and to whom it is of use */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "edge/streams.h"

static void streams_destructor(void *arg)
{
	struct streams *s = arg;

	conntable_close(&s->table);
	mem_deref(s->policy);
}

/* ---- what connections tell ----------------------------------------------------- */

static void wait_handler(struct conn *c, enum conn_wait wait, void *arg)
{
	struct streams *s = arg;

	conntable_wait(&s->table, c, wait);
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
	conntable_remove(&s->table, c);
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
	conntable_add(&s->table, c, listener, s->watcher);
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

	return s->table.n < (trusted ? n : n - n / 8);
}

static int take(struct conn **cp, struct streams *s, struct tcp_sock *sock,
		const struct sa *peer, unsigned listener)
{
	const struct policy_net *net = policy_net(s->policy, peer);
	const bool free = policy_trusted(s->policy, peer) ||
			  (net && net->flags & SIP_NET_ALLOW);

	if (denied(s, peer) || !streams_room(s, free))
		return EAGAIN;
	return conntable_accept(cp, &s->table, sock,
				s->policy->listenerv[listener].transp, peer,
				free, &handlers, s);
}

static void conn_handler(struct tcp_sock *sock, const struct sa *peer,
			 unsigned listener, void *arg)
{
	struct streams *s = arg;
	struct conn *c = NULL;

	if (take(&c, s, sock, peer, listener)) {
		count_up(s->count, COUNT_STREAM_REFUSED);
		tcp_reject(sock);
		return;
	}
	count_up(s->count, COUNT_STREAM_ACCEPTED);
	streams_add(s, c, listener);
}

int streams_listen(struct streams *s, unsigned listener)
{
	return conntable_listen(&s->table, &s->policy->listenerv[listener].addr,
				listener, conn_handler, s);
}

int streams_reload(struct streams *s, const struct cert_conf *cert, char *why,
		   size_t sz)
{
	return s ? conntable_renew(&s->table, cert, why, sz) : 0;
}

/* -------------------------------------------------------------------------------- */

void streams_review(struct streams *s)
{
	for (unsigned i = 0; s && i < CONN_WAITS; i++) {
		struct le *le = list_head(&s->table.waitv[i]);

		while (le) {
			struct conn *c = le->data;

			le = le->next;
			if (denied(s, &c->peer))
				conntable_cut(&s->table, c);
		}
	}
}

int streams_list(const struct streams *s, stream_list_h *h, void *arg)
{
	const uint64_t now = tmr_jiffies();
	int err = 0;

	for (unsigned i = 0; s && i < CONN_WAITS && !err; i++) {
		struct le *le;

		for (le = list_head(&s->table.waitv[i]); le && !err;
		     le = le->next) {
			const struct conn *c = le->data;
			struct stream_info info = {
				.transp = c->transp,
				.peer = c->peer,
				.listener = c->listener,
				.active = c->active,
				.open = c->state == CONN_OPEN,
				.age = now - c->since,
				.quiet = now + s->table.msv[c->wait] - c->due,
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
	err = conntable_open(&s->table, conf->limitv, conf->per_source,
			     conf->idle, cert, why, sz);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}
