/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/plane.c  The workers, and which device queues they listen on
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "plane/core.h"

enum { PORT_BUCKETS = 16384 };

static void moved(void *arg)
{
	dsts_refresh(arg);
}

static void destructor(void *arg)
{
	struct plane *pl = arg;

	tmr_cancel(&pl->tmr);
	fp_net_watch(pl->net, NULL, NULL);
	for (unsigned i = 0; i < pl->workerc; i++)
		worker_stop(pl->workerv[i]);
	for (unsigned i = 0; i < pl->workerc; i++)
		mem_deref(pl->workerv[i]);
	events_close(pl);
	mem_deref(pl->portv);
	mem_deref(pl->ownerv);
	mem_deref(pl->ports);
	mem_deref(pl->net);
	mem_deref(pl->fp);
}

/* ---- sockets of devices ------------------------------------------------- */

struct change {
	struct worker *w;
	struct sock *sock;
	int err;
};

static void add_sock(void *arg)
{
	struct change *c = arg;
	struct worker *w = c->w;

	c->err = worker_watch(w, fp_xsk_fd(c->sock->xsk), c->sock);
	if (c->err)
		return;
	w->sockv[w->sockc++] = c->sock;
	w->st.sockets = w->sockc;
}

static void take_sock(void *arg)
{
	struct change *c = arg;
	struct worker *w = c->w;

	worker_unwatch(w, fp_xsk_fd(c->sock->xsk));
	for (unsigned i = 0; i < w->sockc; i++) {
		if (w->sockv[i] != c->sock)
			continue;
		w->sockv[i] = w->sockv[--w->sockc];
		break;
	}
	w->st.sockets = w->sockc;
}

static void drop_sock(struct plane *pl, struct worker *w, struct sock *s)
{
	struct change c = {.w = w, .sock = s};

	plane_call(pl, w->id, take_sock, &c);
	mem_deref(s->xsk);
	mem_deref(s);
}

static int open_sock(struct plane *pl, uint32_t port, const char *dev,
		     unsigned queue, struct fp_err *e)
{
	struct worker *w = pl->workerv[queue % pl->workerc];
	struct change c = {.w = w};
	struct sock *s;
	int err;

	if (w->sockc >= XSKS_MAX)
		return ENOSPC;
	s = mem_zalloc(sizeof(*s), NULL);
	if (!s)
		return ENOMEM;
	s->watch = WATCH_XSK;
	s->port = port;
	s->ifindex = pl->devicev[port];
	s->queue = queue;
	err = fp_xsk_alloc(&s->xsk, pl->fp, dev, port, queue, e);
	if (!err) {
		c.sock = s;
		plane_call(pl, w->id, add_sock, &c);
		err = c.err;
	}
	if (err) {
		mem_deref(s->xsk);
		mem_deref(s);
	}

	return err;
}

static bool has_sock(const struct plane *pl, uint32_t port, unsigned queue)
{
	const struct worker *w = pl->workerv[queue % pl->workerc];

	for (unsigned i = 0; i < w->sockc; i++) {
		const struct sock *s = w->sockv[i];

		if (s->port == port && s->queue == queue)
			return true;
	}

	return false;
}

static int open_device(struct plane *pl, uint32_t port, struct fp_err *e)
{
	char dev[16];
	unsigned n;
	int err = 0;

	if (fp_device(pl->fp, port, dev))
		return 0;
	n = fp_xsk_queues(dev);
	for (unsigned q = 0; q < n && !err; q++) {
		if (!has_sock(pl, port, q))
			err = open_sock(pl, port, dev, q, e);
	}

	return err;
}

/* Of devices that are attached no more, or have become another one */
static void close_gone(struct plane *pl)
{
	for (unsigned i = 0; i < pl->workerc; i++) {
		struct worker *w = pl->workerv[i];

		for (unsigned k = w->sockc; k > 0; k--) {
			struct sock *s = w->sockv[k - 1];

			if (s->ifindex != pl->devicev[s->port])
				drop_sock(pl, w, s);
		}
	}
}

/* @return true when they are others than the last time */
static bool look_at_devices(struct plane *pl)
{
	bool changed = false;

	for (uint32_t i = 0; i < CAROM_DEVICES; i++) {
		unsigned ifindex = fp_ifindex(pl->fp, i);

		changed |= ifindex != pl->devicev[i];
		pl->devicev[i] = ifindex;
	}

	return changed;
}

static int open_devices(struct plane *pl, struct fp_err *e)
{
	int err = 0;

	for (uint32_t i = 0; i < CAROM_DEVICES && !err; i++)
		err = open_device(pl, i, e);

	return err;
}

void plane_devices(struct plane *pl)
{
	struct fp_err e = {""};

	if (!pl || !pl->xdp || !look_at_devices(pl))
		return;
	close_gone(pl);
	if (open_devices(pl, &e))
		log_warn("media workers: %s", e.msg);
}

/* AF_XDP on all that is attached, or sockets for ports: a mixture would depend
 * on the way that a packet takes */
static int choose_mode(struct plane *pl, struct fp_err *e)
{
	struct fp_err why = {""};
	int err;

	if (pl->conf.mode == PLANE_PLAIN) {
		(void)snprintf(pl->why, sizeof(pl->why), "as configured");
		return 0;
	}
	(void)look_at_devices(pl);
	err = open_devices(pl, &why);
	if (!err) {
		pl->xdp = true;
		return 0;
	}
	if (pl->conf.mode == PLANE_XDP) {
		if (e)
			*e = why;
		return err;
	}
	for (unsigned i = 0; i < pl->workerc; i++) {
		struct worker *w = pl->workerv[i];

		while (w->sockc)
			drop_sock(pl, w, w->sockv[0]);
	}
	(void)snprintf(pl->why, sizeof(pl->why), "%.255s", why.msg);
	log_warn("media workers: %s; they use plain sockets", why.msg);

	return 0;
}

/* ---- all of it ---------------------------------------------------------- */

static int tables(struct plane *pl)
{
	int err;

	pl->slots = fp_slots(pl->fp);
	pl->portv = mem_zalloc(pl->slots * sizeof(struct plane_port *), NULL);
	pl->ownerv = mem_zalloc(pl->slots, NULL);
	if (!pl->portv || !pl->ownerv)
		return ENOMEM;
	err = hash_alloc(&pl->ports, PORT_BUCKETS);

	return err ? err : events_init(pl);
}

int plane_alloc(struct plane **plp, struct fp *fp, struct fp_net *net,
		const struct plane_conf *conf, struct fp_err *e)
{
	struct plane *pl;
	int err;

	if (!plp || !fp || !conf || conf->workers < 1 ||
	    conf->workers > PLANE_WORKERS_MAX)
		return EINVAL;
	pl = mem_zalloc(sizeof(*pl), destructor);
	if (!pl)
		return ENOMEM;
	pl->fp = mem_ref(fp);
	pl->net = mem_ref(net);
	pl->conf = *conf;
	pl->eventfd = -1;
	tmr_init(&pl->tmr);
	err = tables(pl);
	for (unsigned i = 0; i < conf->workers && !err; i++) {
		err = worker_start(&pl->workerv[i], pl, i);
		if (!err)
			++pl->workerc;
	}
	if (!err)
		err = choose_mode(pl, e);
	if (err) {
		mem_deref(pl);
		return err;
	}
	fp_net_watch(net, moved, pl);
	*plp = pl;

	return 0;
}

unsigned plane_workers(const struct plane *pl)
{
	return pl ? pl->workerc : 0;
}

unsigned plane_least(const struct plane *pl)
{
	unsigned best = 0;

	for (unsigned i = 1; i < pl->workerc; i++) {
		if (pl->workerv[i]->st.ports < pl->workerv[best]->st.ports)
			best = i;
	}

	return best;
}

struct fp *plane_fp(const struct plane *pl)
{
	return pl->fp;
}

bool plane_is_xdp(const struct plane *pl)
{
	return pl && pl->xdp;
}

const char *plane_why_plain(const struct plane *pl)
{
	return pl ? pl->why : "";
}

int plane_stats(const struct plane *pl, unsigned worker, struct plane_stats *st)
{
	const struct worker *w;

	if (!pl || !st || worker >= pl->workerc)
		return EINVAL;
	w = pl->workerv[worker];
	*st = w->st;
	for (unsigned i = 0; i < w->sockc; i++) {
		struct fp_xsk_stats xs;

		fp_xsk_stats(w->sockv[i]->xsk, &xs);
		st->kicks += xs.kicks;
		st->rx_lost += xs.rx_lost;
		st->tx_lost += xs.tx_bad;
	}

	return 0;
}
