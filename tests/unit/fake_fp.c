/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fake_fp.c  A fast path that only remembers what it was told
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "fake_fp.h"

enum { SLOTS = 8192, LOCALS = 8 };

struct fake {
	struct fp_leg set;
	struct leg leg;
	struct leg_aux aux;
	struct sa learnt;
};

struct fp {
	struct {
		struct sa addr;
		uint16_t min, max;
		uint32_t base;
	} localv[LOCALS];
	unsigned localc;
	uint32_t used;
	unsigned sets;
	int fail;
	fp_tap_h *tap_h;
	void *tap_arg;
	struct fake legv[SLOTS];
};

struct fp_tap {
	struct fp *fp;
};

struct fp *fake_fp(void)
{
	struct fp *fp = mem_zalloc(sizeof(*fp), NULL);

	if (fp)
		fp->used = 1;

	return fp;
}

int fp_local_add(struct fp *fp, const struct sa *laddr, uint16_t port_min,
		 uint16_t port_max, struct fp_err *e)
{
	(void)e;

	for (unsigned i = 0; i < fp->localc; i++) {
		if (sa_cmp(&fp->localv[i].addr, laddr, SA_ADDR))
			return 0;
	}

	if (fp->localc == LOCALS || fp->used + port_max - port_min + 1u > SLOTS)
		return ENOSPC;

	fp->localv[fp->localc].addr = *laddr;
	fp->localv[fp->localc].min = port_min;
	fp->localv[fp->localc].max = port_max;
	fp->localv[fp->localc++].base = fp->used;
	fp->used += port_max - port_min + 1u;

	return 0;
}

/* Even ports first, as local_slot() has them */
static uint32_t slot_of(const struct fp *fp, unsigned i, uint16_t port)
{
	const uint32_t n = fp->localv[i].max - fp->localv[i].min + 1u;
	const uint32_t off = port - fp->localv[i].min;

	return fp->localv[i].base + off / 2 + (off & 1 ? (n + 1) / 2 : 0);
}

int fp_slot(const struct fp *fp, const struct sa *local, uint32_t *slot)
{
	for (unsigned i = 0; i < fp->localc; i++) {
		uint16_t port = sa_port(local);

		if (!sa_cmp(&fp->localv[i].addr, local, SA_ADDR) ||
		    port < fp->localv[i].min || port > fp->localv[i].max)
			continue;
		*slot = slot_of(fp, i, port);
		return 0;
	}

	return ENOENT;
}

static struct fake *find(const struct fp *fp, const struct sa *local)
{
	uint32_t slot;

	if (fp_slot(fp, local, &slot))
		return NULL;

	return (struct fake *)&fp->legv[slot];
}

static struct fake *find_str(const struct fp *fp, const char *addr,
			     uint16_t port)
{
	struct sa sa;

	if (sa_set_str(&sa, addr, port))
		return NULL;

	return find(fp, &sa);
}

const struct leg *fp_leg(const struct fp *fp, uint32_t slot)
{
	return slot < SLOTS ? &fp->legv[slot].leg : NULL;
}

/* The same refusals as the real one's */
static bool valid(const struct fp_leg *l)
{
	int in = sa_af(&l->local), out = sa_af(&l->peer_local);

	if (l->state == LEG_FREE || l->dscp > 63 || l->dtmf_pt > 127)
		return false;
	if (sa_isset(&l->remote, SA_ADDR) && sa_af(&l->remote) != in)
		return false;
	if (sa_isset(&l->peer_remote, SA_ADDR) && sa_af(&l->peer_remote) != out)
		return false;

	return l->state != LEG_RELAY || (sa_isset(&l->peer_local, SA_ALL) &&
					 sa_isset(&l->peer_remote, SA_ALL));
}

int fp_leg_set(struct fp *fp, const struct fp_leg *l)
{
	struct fake *f = find(fp, &l->local);
	bool same;

	if (fp->fail) {
		int err = fp->fail;

		fp->fail = 0;
		return err;
	}
	if (!f)
		return ENOENT;
	if (!valid(l))
		return EINVAL;

	++fp->sets;
	same = f->leg.ctl.state != LEG_FREE &&
	       sa_cmp(&f->set.remote, &l->remote, SA_ALL);
	if (f->leg.ctl.state == LEG_FREE)
		memset(&f->leg, 0, sizeof(f->leg));
	if (!same || l->latch) {
		sa_init(&f->learnt, AF_UNSPEC);
		f->leg.ctl.latch = l->latch ? LATCH_OPEN : LATCH_NONE;
	}
	f->set = *l;
	f->leg.ctl.state = l->state;

	return 0;
}

int fp_leg_state(struct fp *fp, const struct sa *local, enum leg_state state)
{
	struct fake *f = find(fp, local);

	if (!f || f->leg.ctl.state == LEG_FREE)
		return ENOENT;
	f->leg.ctl.state = f->set.state = state;

	return 0;
}

int fp_leg_del(struct fp *fp, const struct sa *local)
{
	struct fake *f = find(fp, local);

	if (!f)
		return ENOENT;
	memset(&f->leg.ctl, 0, sizeof(f->leg.ctl));
	sa_init(&f->learnt, AF_UNSPEC);

	return 0;
}

int fp_leg_remote(const struct fp *fp, const struct sa *local,
		  struct sa *remote)
{
	const struct fake *f = find(fp, local);

	if (!f || f->leg.ctl.state == LEG_FREE)
		return ENOENT;
	*remote = sa_isset(&f->learnt, SA_ALL) ? f->learnt : f->set.remote;

	return 0;
}

int fp_leg_stats(const struct fp *fp, uint32_t slot, struct fp_leg_stats *st)
{
	const struct fake *f;

	if (slot >= SLOTS)
		return ENOENT;

	f = &fp->legv[slot];
	memset(st, 0, sizeof(*st));
	st->state = f->leg.ctl.state;
	st->latch = f->leg.ctl.latch;
	st->media = f->set.media;
	st->remote = sa_isset(&f->learnt, SA_ALL) ? f->learnt : f->set.remote;
	st->peer_remote = f->set.peer_remote;
	st->packets = f->leg.packets;
	st->bytes = f->leg.bytes;
	st->age_ms = f->leg.packets ? 0 : UINT64_MAX;
	st->ssrc = f->leg.ssrc;

	return 0;
}

int fp_net_want(struct fp_net *net, const struct sa *dst, const struct sa *src)
{
	(void)net;
	(void)dst;
	(void)src;

	return 0;
}

static void tap_destructor(void *arg)
{
	struct fp_tap *t = arg;

	t->fp->tap_h = NULL;
	mem_deref(t->fp);
}

int fp_tap_alloc(struct fp_tap **tapp, struct fp *fp, uint32_t interval_ms,
		 fp_tap_h *h, void *arg)
{
	struct fp_tap *t = mem_zalloc(sizeof(*t), tap_destructor);

	(void)interval_ms;
	if (!t)
		return ENOMEM;

	t->fp = mem_ref(fp);
	fp->tap_h = h;
	fp->tap_arg = arg;
	*tapp = t;

	return 0;
}

void fp_tap_flush(struct fp_tap *tap)
{
	(void)tap;
}

const struct fp_leg *fake_leg(const struct fp *fp, const char *addr,
			      uint16_t port)
{
	const struct fake *f = find_str(fp, addr, port);

	return f && f->leg.ctl.state != LEG_FREE ? &f->set : NULL;
}

unsigned fake_legs(const struct fp *fp)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		n += fp->legv[i].leg.ctl.state != LEG_FREE;

	return n;
}

unsigned fake_sets(const struct fp *fp)
{
	return fp->sets;
}

void fake_learn(struct fp *fp, const char *addr, uint16_t port,
		const char *remote, uint16_t rport)
{
	struct fake *f = find_str(fp, addr, port);

	(void)sa_set_str(&f->learnt, remote, rport);
	f->leg.ctl.latch = LATCH_DONE;
}

void fake_traffic(struct fp *fp, const char *addr, uint16_t port,
		  uint64_t packets, uint64_t seen)
{
	struct fake *f = find_str(fp, addr, port);

	f->leg.packets += packets;
	f->leg.bytes += packets * 200;
	f->leg.seen = seen >> LEG_SEEN_SHIFT;
	f->leg.packets += !f->leg.packets;
	f->leg.ssrc = 0x1234;
}

void fake_tap(struct fp *fp, const char *addr, uint16_t port, struct tap *tap,
	      const uint8_t *pkt)
{
	struct sa sa;

	(void)sa_set_str(&sa, addr, port);
	(void)fp_slot(fp, &sa, &tap->slot);
	if (fp->tap_h)
		fp->tap_h(tap, pkt, fp->tap_arg);
}

void fake_fail(struct fp *fp, int err)
{
	fp->fail = err;
}
