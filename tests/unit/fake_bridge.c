/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "fake_bridge.h"

struct bridge {
	struct le le;
	struct bridge_member mv[2];
	bridge_event_h *eventh;
	void *arg;
};

static struct fake_bridges all;
static struct list bridges, bundles;

struct fake_bridges *fake_bridges(void)
{
	return &all;
}

struct plane *fake_plane(void)
{
	return mem_zalloc(1, NULL);
}

const struct bridge_member *fake_member(unsigned n, unsigned side)
{
	const struct le *le = list_head(&bridges);

	while (le && n--)
		le = le->next;

	return le ? &((const struct bridge *)le->data)->mv[side] : NULL;
}

static void destructor(void *arg)
{
	struct bridge *b = arg;

	list_unlink(&b->le);
	if (all.last == arg)
		all.last = NULL;
	--all.n;
}

int bridge_alloc(struct bridge **bp, struct plane *pl, unsigned worker,
		 const struct bridge_member mv[2], bridge_event_h *eventh,
		 void *arg)
{
	struct bridge *b = mem_zalloc(sizeof(*b), destructor);
	(void)pl;
	(void)worker;

	if (!b)
		return ENOMEM;
	b->eventh = eventh;
	b->arg = arg;
	all.last = b;
	list_append(&bridges, &b->le, b);
	memcpy(b->mv, mv, sizeof(b->mv));
	memcpy(all.mv, mv, sizeof(b->mv));
	++all.n;
	*bp = b;

	return 0;
}

int bridge_change(struct bridge *b, unsigned side,
		  const struct bridge_member *m)
{
	b->mv[side] = *m;
	memcpy(all.mv, b->mv, sizeof(b->mv));
	++all.changes;

	return 0;
}

static int keep(unsigned side, const struct sa *dst, const uint8_t *p, size_t n)
{
	struct fake_datagram *d = &all.sentv[all.sentc];

	if (all.sentc >= FAKE_SENT || n > sizeof(d->p))
		return ENOBUFS;
	++all.sentc;
	d->side = side;
	d->dst = *dst;
	memcpy(d->p, p, n);
	d->n = n;

	return 0;
}

struct bundle {
	struct le le;
	struct sa local;
	bundle_event_h *eventh;
	void *arg;
};

static void bundle_destructor(void *arg)
{
	struct bundle *b = arg;

	list_unlink(&b->le);
	--all.bundles;
}

int bundle_alloc(struct bundle **bp, struct plane *pl, unsigned worker,
		 const struct sa *local, bundle_event_h *eventh, void *arg)
{
	struct bundle *b = mem_zalloc(sizeof(*b), bundle_destructor);
	(void)pl;
	(void)worker;

	if (!b)
		return ENOMEM;
	b->local = *local;
	b->eventh = eventh;
	b->arg = arg;
	all.bundle = b;
	list_append(&bundles, &b->le, b);
	++all.bundles;
	*bp = b;

	return 0;
}

void bundle_close(struct bundle *b)
{
	if (b == all.bundle)
		all.bundle = NULL;
	mem_deref(b);
}

unsigned bundle_worker(const struct bundle *b)
{
	(void)b;

	return 0;
}

const struct sa *bundle_local(const struct bundle *b)
{
	return &b->local;
}

bool bundle_plain(const struct bundle *b)
{
	(void)b;

	return false;
}

int bundle_send(struct bundle *b, const struct sa *dst, const uint8_t *p,
		size_t n)
{
	(void)b;

	return keep(FAKE_BUNDLE, dst, p, n);
}

void fake_bundle_event(unsigned type, const struct sa *src, const uint8_t *p,
		       size_t n)
{
	all.bundle->eventh(type, src, p, n, all.bundle->arg);
}

void fake_port_event(uint16_t port, unsigned type, const struct sa *src,
		     const uint8_t *p, size_t n)
{
	for (const struct le *le = list_head(&bundles); le; le = le->next) {
		const struct bundle *b = le->data;

		if (sa_port(&b->local) != port)
			continue;
		b->eventh(type, src, p, n, b->arg);
		return;
	}
}

bool bridge_fax(const struct bridge *b, unsigned side, struct fax_stats *st)
{
	if (!b->mv[side].t38)
		return false;
	memset(st, 0, sizeof(*st));
	st->pages = 7;

	return true;
}

bool bridge_stream(const struct bridge *b, unsigned side, uint32_t *ssrc)
{
	*ssrc = b->mv[side].ssrc;

	return b->mv[side].codec;
}

int bridge_leave(struct bridge *b, struct fp *fp, unsigned ms)
{
	(void)b;
	(void)fp;
	(void)ms;
	++all.left;

	return 0;
}

void bridge_copy(struct bridge *b, unsigned side, bool on)
{
	(void)b;
	all.copy[side] = on;
}

int bridge_send(struct bridge *b, unsigned side, bool rtcp,
		const struct sa *dst, const uint8_t *p, size_t n)
{
	(void)b;

	return keep(rtcp ? FAKE_RTCP + side : side, dst, p, n);
}

void fake_event(unsigned side, unsigned type, const struct sa *src,
		const uint8_t *p, size_t n)
{
	all.last->eventh(all.last, side, type, src, p, n, all.last->arg);
}

int bridge_play(struct bridge *b, unsigned side, const struct bridge_play *p)
{
	(void)b;
	if (all.play_err)
		return all.play_err;
	++all.plays;
	all.play[side] = *p;
	all.playing[side] = true;

	return 0;
}

int bridge_digit(struct bridge *b, unsigned side, const struct bridge_digit *d)
{
	(void)b;
	if (!all.playing[side])
		return ENOENT;
	all.digit = *d;
	++all.digits;

	return 0;
}

bool bridge_play_stop(struct bridge *b, unsigned side, struct bridge_left *left)
{
	const bool was = all.playing[side];
	(void)b;

	all.playing[side] = false;
	if (was && left) {
		left->pos_ms = 1234;
		left->times = all.play[side].times;
		left->dial = all.dial_left;
	}

	return was;
}

bool bridge_playing(const struct bridge *b, unsigned side)
{
	(void)b;

	return all.playing[side];
}

bool bridge_plain(const struct bridge *b)
{
	(void)b;

	return false;
}

void bridge_stats(const struct bridge *b, unsigned side,
		  struct bridge_stats *st)
{
	(void)b;
	*st = all.st[side];
}

bool plane_is_xdp(const struct plane *pl)
{
	(void)pl;

	return true;
}

const char *plane_why_plain(const struct plane *pl)
{
	(void)pl;

	return "";
}

unsigned plane_workers(const struct plane *pl)
{
	(void)pl;

	return 1;
}

int plane_stats(const struct plane *pl, unsigned worker, struct plane_stats *st)
{
	(void)pl;
	memset(st, 0, sizeof(*st));
	st->rx = 7;
	st->cpu_ns = all.cpu_ns;

	return worker ? EINVAL : 0;
}

unsigned plane_least(const struct plane *pl)
{
	(void)pl;

	return 0;
}

/* ---- relays ------------------------------------------------------------------- */

struct relay {
	struct le le;
	struct fake_relay f; /* as the test sees it */
	relay_event_h *eventh;
	void *arg;
};

static struct list relays;
static void (*relay_sent)(const struct sa *local, const struct sa *server,
			  const uint8_t *p, size_t n);

static void relay_destructor(void *arg)
{
	struct relay *r = arg;

	list_unlink(&r->le);
	--all.relays;
}

int relay_alloc(struct relay **rp, struct plane *pl, unsigned worker,
		const struct sa *local, const struct sa *server,
		relay_event_h *eventh, void *arg)
{
	struct relay *r = mem_zalloc(sizeof(*r), relay_destructor);
	(void)pl;
	(void)worker;

	if (!r)
		return ENOMEM;
	r->f.local = *local;
	r->f.server = *server;
	r->eventh = eventh;
	r->arg = arg;
	list_append(&relays, &r->le, r);
	++all.relays;
	*rp = r;

	return 0;
}

int relay_way(struct relay *r, const struct sa *leg, uint16_t channel)
{
	if (leg)
		r->f.leg = *leg;
	else
		sa_init(&r->f.leg, AF_UNSPEC);
	r->f.channel = channel;

	return 0;
}

int relay_send(struct relay *r, const uint8_t *p, size_t n)
{
	if (relay_sent)
		relay_sent(&r->f.local, &r->f.server, p, n);

	return 0;
}

int relay_pass(struct relay *r, const uint8_t *p, size_t n)
{
	(void)p;
	(void)n;
	++r->f.passed;

	return 0;
}

bool relay_plain(const struct relay *r)
{
	(void)r;

	return false;
}

void relay_stats(const struct relay *r, struct relay_stats *st)
{
	(void)r;
	*st = all.relay_st;
}

const struct fake_relay *fake_relay(unsigned n)
{
	const struct le *le = list_head(&relays);

	while (le && n--)
		le = le->next;

	return le ? &((const struct relay *)le->data)->f : NULL;
}

void fake_relay_sent(void (*h)(const struct sa *local, const struct sa *server,
			       const uint8_t *p, size_t n))
{
	relay_sent = h;
}

void fake_relay_event(const struct sa *local, unsigned type, const uint8_t *p,
		      size_t n)
{
	struct le *le;

	for (le = list_head(&relays); le; le = le->next) {
		struct relay *r = le->data;

		if (!sa_cmp(&r->f.local, local, SA_ALL))
			continue;
		r->eventh(type, p, n, r->arg);
		return;
	}
}
