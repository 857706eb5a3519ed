/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/order.c  Packets put in order
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "rtp/order.h"

struct slot {
	bool used;
	uint16_t seq;
	size_t len;
	uint64_t came, due;
	uint8_t data[ORDER_BYTES];
};

struct order {
	uint64_t wait;
	order_h *h;
	void *arg;
	bool started;
	uint16_t next; /* sequence number that is due */
	bool astray;   /* bad holds */
	uint16_t bad;  /* due after one that was far behind */
	unsigned waiting;
	struct order_stats st;
	struct slot slotv[ORDER_SLOTS]; /* by sequence number */
};

int order_alloc(struct order **op, uint64_t wait_ns, order_h *h, void *arg)
{
	struct order *o;

	if (!op || !h)
		return EINVAL;
	o = mem_zalloc(sizeof(*o), NULL);
	if (!o)
		return ENOMEM;
	o->wait = wait_ns;
	o->h = h;
	o->arg = arg;
	*op = o;

	return 0;
}

static struct slot *slot_of(struct order *o, uint16_t seq)
{
	return &o->slotv[seq % ORDER_SLOTS];
}

static void release(struct order *o, struct slot *s, unsigned lost)
{
	s->used = false;
	--o->waiting;
	o->next = (uint16_t)(s->seq + 1);
	o->st.lost += lost;
	o->h(s->data, s->len, lost, o->arg);
}

/* Those that wait and are due now */
static void drain(struct order *o, uint64_t now)
{
	while (o->waiting) {
		struct slot *s = slot_of(o, o->next);

		if (!s->used || s->seq != o->next || s->due > now)
			return;
		release(o, s, 0);
	}
}

/* The one that waits and comes first, with what is missing before it */
static struct slot *first(struct order *o, unsigned *missing)
{
	for (unsigned i = 0; i < ORDER_SLOTS; i++) {
		struct slot *s = slot_of(o, (uint16_t)(o->next + i));

		if (!s->used || s->seq != (uint16_t)(o->next + i))
			continue;
		*missing = i;
		return s;
	}

	return NULL;
}

static void give_up(struct order *o, uint64_t now)
{
	unsigned missing = 0;
	struct slot *s = first(o, &missing);

	if (!s)
		return;
	release(o, s, missing);
	drain(o, now);
}

static void pass(struct order *o, uint16_t seq, const uint8_t *p, size_t n,
		 unsigned lost, uint64_t now)
{
	o->next = (uint16_t)(seq + 1);
	o->st.lost += lost;
	o->h(p, n, lost, o->arg);
	drain(o, now);
}

/* It can't wait: those that do, and are due before it, go first */
static void pass_at_once(struct order *o, uint16_t seq, const uint8_t *p,
			 size_t n, uint64_t now)
{
	unsigned missing;
	struct slot *s;

	while (o->waiting && (s = first(o, &missing)) &&
	       (int16_t)(s->seq - seq) < 0)
		give_up(o, now);
	pass(o, seq, p, n, (uint16_t)(seq - o->next), now);
}

static void restart(struct order *o)
{
	while (o->waiting)
		give_up(o, UINT64_MAX);
	o->started = false;
}

/* Far behind: an old packet, or, when its successor comes next, a sender that began
 * anew */
static bool begins_anew(struct order *o, uint16_t seq)
{
	const bool anew = o->astray && o->bad == seq;

	o->astray = !anew;
	o->bad = (uint16_t)(seq + 1);

	return anew;
}

bool order_put(struct order *o, uint16_t seq, const uint8_t *p, size_t n,
	       uint64_t now, uint64_t due)
{
	int16_t ahead = (int16_t)(seq - o->next);
	struct slot *s;

	if (o->started && (ahead > ORDER_RESTART || ahead < -ORDER_RESTART ||
			   (ahead < -ORDER_BEHIND && begins_anew(o, seq))))
		restart(o);
	if (!o->started) {
		o->started = true;
		pass(o, seq, p, n, 0, now);
		return true;
	}
	if (ahead < 0) {
		++o->st.late;
		return false;
	}
	s = slot_of(o, seq);
	if (s->used && s->seq == seq) {
		++o->st.duplicate;
		return false;
	}
	if (!ahead && due <= now) {
		o->st.reordered += o->waiting > 0;
		pass(o, seq, p, n, 0, now);
		return true;
	}
	/* no room for so much waiting: those that are there go first */
	while (o->waiting && (uint16_t)(seq - o->next) >= ORDER_SLOTS)
		give_up(o, now);
	ahead = (int16_t)(seq - o->next);
	if (ahead < 0 || (!ahead && due <= now) || ahead >= ORDER_SLOTS ||
	    n > ORDER_BYTES || !o->wait) {
		pass_at_once(o, seq, p, n, now);
		return true;
	}
	s->used = true;
	s->seq = seq;
	s->len = n;
	s->came = now;
	s->due = due;
	memcpy(s->data, p, n);
	++o->waiting;

	return true;
}

uint64_t order_tick(struct order *o, uint64_t now)
{
	unsigned missing;
	struct slot *s;
	uint64_t at;

	while (o->waiting) {
		s = first(o, &missing);
		if (!s)
			break;
		at = s->due;
		/* what is missing before it may still come */
		if (missing && at < s->came + o->wait)
			at = s->came + o->wait;
		if (now < at)
			return at - now;
		give_up(o, now);
	}

	return 0;
}

void order_reset(struct order *o)
{
	restart(o);
}

uint16_t order_next(const struct order *o)
{
	return o->next;
}

const struct order_stats *order_stats(const struct order *o)
{
	return &o->st;
}
