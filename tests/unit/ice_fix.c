/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice_fix.c  Two sides that check each other, in a time of their own, over a wire that may lose
 */
#include "ice_fix.h"

struct side sidev[SIDES];
struct packet wire[WIRE];
unsigned wirec;
uint64_t now;
static unsigned side_no[SIDES] = {0, 1};

static bool has_sent(const struct side *s, const struct sa *to)
{
	for (unsigned i = 0; i < s->sentc; i++) {
		if (sa_cmp(&s->sent_to[i], to, SA_ALL))
			return true;
	}

	return false;
}

static const struct sa *face(const struct side *s)
{
	return sa_isset(&s->seen, SA_ALL) ? &s->seen : &s->addr;
}

struct stun_msg *decode(const uint8_t *p, size_t n)
{
	struct mbuf *mb = mbuf_alloc(n);
	struct stun_unknown_attr ua;
	struct stun_msg *msg = NULL;

	assert_int_equal(mbuf_write_mem(mb, p, n), 0);
	mb->pos = 0;
	assert_int_equal(stun_msg_decode(&msg, mb, &ua), 0);
	assert_int_equal(stun_msg_chk_fingerprint(msg), 0);
	mem_deref(mb);

	return msg;
}

/* Counted; and an answer says where its request came from */
static void tally(struct side *s, const struct sa *dst, const uint8_t *p,
		  size_t n)
{
	struct stun_msg *msg = decode(p, n);
	const struct stun_attr *a;

	if (stun_msg_class(msg) == STUN_CLASS_REQUEST) {
		++s->requests;
		assert_non_null(stun_msg_attr(msg, STUN_ATTR_PRIORITY));
		s->uses += !!stun_msg_attr(msg, STUN_ATTR_USE_CAND);
	} else if (stun_msg_class(msg) == STUN_CLASS_ERROR_RESP) {
		++s->refusals;
	} else {
		a = stun_msg_attr(msg, STUN_ATTR_XOR_MAPPED_ADDR);
		assert_non_null(a);
		assert_true(sa_cmp(&a->v.xor_mapped_addr, dst, SA_ALL));
	}
	mem_deref(msg);
}

static void send_from(struct side *s, const struct sa *src,
		      const struct sa *dst, const uint8_t *p, size_t n)
{
	struct side *t = &sidev[s == sidev];
	struct packet *k = &wire[wirec];
	bool relayed;

	tally(s, dst, p, n);
	if (s->sentc < 8 && !has_sent(s, dst))
		s->sent_to[s->sentc++] = *dst;
	relayed = sa_isset(&t->relay, SA_ALL) && sa_cmp(dst, &t->relay, SA_ALL);
	if (t->deaf || !(relayed || sa_cmp(dst, face(t), SA_ALL)))
		return;
	if (!relayed && (t->apart || s->apart) && sa_cmp(src, face(s), SA_ALL))
		return;
	if (t->pinhole && !has_sent(t, src))
		return;
	assert_true(wirec < WIRE && n <= sizeof(k->p));
	++wirec;
	k->to = (unsigned)(t - sidev);
	k->relayed = relayed;
	k->src = *src;
	k->dst = *dst;
	memcpy(k->p, p, n);
	k->n = n;
	k->at = now + 20;
}

void send_h(const struct sa *dst, const uint8_t *p, size_t n, void *arg)
{
	struct side *s = &sidev[*(unsigned *)arg];

	send_from(s, face(s), dst, p, n);
}

static void relay_h(const struct sa *dst, const uint8_t *p, size_t n, void *arg)
{
	struct side *s = &sidev[*(unsigned *)arg];

	++s->by_relay;
	send_from(s, &s->relay, dst, p, n);
}

static void lite_take(struct side *t, const struct packet *k)
{
	struct mbuf *mb = mbuf_alloc(256);
	enum lite_got got = lite_recv(&t->us, &k->src, k->p, k->n, mb);

	if (got != LITE_NOTHING)
		send_h(&k->src, mb->buf, mb->end, &side_no[t - sidev]);
	if (got == LITE_NOMINATED)
		t->nominated = k->src;
	mem_deref(mb);
}

static void arrive(const struct packet *k)
{
	struct side *t = &sidev[k->to];
	struct mbuf *no;

	if (!t->x) {
		lite_take(t, k);
		return;
	}
	(void)full_recv(t->x, k->relayed, &k->src, k->p, k->n, now, &no);
	if (no)
		(k->relayed ? relay_h : send_h)(&k->src, no->buf, no->end,
						&side_no[k->to]);
	mem_deref(no);
}

void pass(uint64_t ms)
{
	const uint64_t end = now + ms;

	for (; now < end; now += 10) {
		for (unsigned i = 0; i < wirec;) {
			struct packet k = wire[i];

			if (k.at > now) {
				++i;
				continue;
			}
			memmove(&wire[i], &wire[i + 1],
				(--wirec - i) * sizeof(k));
			arrive(&k);
		}
		for (unsigned i = 0; i < SIDES; i++) {
			if (sidev[i].x)
				(void)full_tick(sidev[i].x, now);
		}
	}
}

int setup(void **state)
{
	(void)state;
	memset(sidev, 0, sizeof(sidev));
	wirec = 0;
	now = BEGIN;
	for (unsigned i = 0; i < SIDES; i++) {
		lite_make(&sidev[i].us);
		(void)sa_set_str(&sidev[i].addr,
				 i ? "203.0.113.20" : "192.0.2.1", 4000);
	}

	return 0;
}

int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SIDES; i++)
		sidev[i].x = mem_deref(sidev[i].x);

	return 0;
}

void begin(unsigned i, bool controlling, bool peer_lite)
{
	const struct full_conf c = {
		.us = sidev[i].us,
		.controlling = controlling,
		.ufrag = sidev[!i].us.ufrag,
		.pwd = sidev[!i].us.pwd,
		.peer_lite = peer_lite,
		.sendh = send_h,
		.relayh = sa_isset(&sidev[i].relay, SA_ALL) ? relay_h : NULL,
		.arg = &side_no[i]};

	assert_int_equal(full_alloc(&sidev[i].x, &c, now), 0);
}

void knows(unsigned i, const char *addr, uint16_t port, uint32_t prio)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, addr, port), 0);
	assert_int_equal(full_candidate(sidev[i].x, &sa, prio, now), 0);
}

void is_up(unsigned i, const char *addr, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, addr, port), 0);
	assert_string_equal(full_state_name(full_state(sidev[i].x)), "up");
	assert_true(sa_cmp(full_selected(sidev[i].x), &sa, SA_ALL));
}

void both_know(void)
{
	begin(0, true, false);
	begin(1, false, false);
	knows(0, "203.0.113.20", 4000, 2130706431);
	knows(1, "192.0.2.1", 4000, 2130706431);
	full_end(sidev[0].x);
	full_end(sidev[1].x);
}
