/* SPDX-License-Identifier: BSD-2-Clause */
/* Two sides that check each other, in a time of their own, over a wire that may lose,
 * keep out and translate. Requests and answers are those of RFC 5769 in form */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ice/full.h"

enum { WIRE = 64, SIDES = 2, BEGIN = 1000 };

struct packet {
	unsigned to;
	bool relayed; /* to its address at the relay */
	struct sa src, dst;
	uint8_t p[512];
	size_t n;
	uint64_t at;
};

struct side {
	struct full *x; /* NULL: a lite one                           */
	struct lite us;
	struct sa addr;
	struct sa seen;  /* as it is seen behind its NAT; AF_UNSPEC: as it is */
	bool pinhole;    /* lets in only whom it has sent to           */
	bool deaf;       /* what is sent to it is lost                 */
	bool apart;      /* the same, but of what its relay has for it  */
	struct sa relay; /* its address there; AF_UNSPEC: it has none     */
	unsigned by_relay; /* that it sent                              */
	struct sa sent_to[8];
	unsigned sentc, requests, uses, refusals;
	struct sa nominated; /* lite: by whom                         */
};

static struct side sidev[SIDES];
static struct packet wire[WIRE];
static unsigned wirec;
static uint64_t now;
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

static struct stun_msg *decode(const uint8_t *p, size_t n)
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

static void send_h(const struct sa *dst, const uint8_t *p, size_t n, void *arg)
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

/* ms pass */
static void pass(uint64_t ms)
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

static int setup(void **state)
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

static int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SIDES; i++)
		sidev[i].x = mem_deref(sidev[i].x);

	return 0;
}

static void begin(unsigned i, bool controlling, bool peer_lite)
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

static void knows(unsigned i, const char *addr, uint16_t port, uint32_t prio)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, addr, port), 0);
	assert_int_equal(full_candidate(sidev[i].x, &sa, prio, now), 0);
}

static void is_up(unsigned i, const char *addr, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, addr, port), 0);
	assert_string_equal(full_state_name(full_state(sidev[i].x)), "up");
	assert_true(sa_cmp(full_selected(sidev[i].x), &sa, SA_ALL));
}

static void both_know(void)
{
	begin(0, true, false);
	begin(1, false, false);
	knows(0, "203.0.113.20", 4000, 2130706431);
	knows(1, "192.0.2.1", 4000, 2130706431);
	full_end(sidev[0].x);
	full_end(sidev[1].x);
}

/* Each knows the other: who controls nominates, and both go by that */
static void plain(void **state)
{
	(void)state;
	both_know();
	pass(500);
	is_up(0, "203.0.113.20", 4000);
	is_up(1, "192.0.2.1", 4000);
	assert_true(full_controlling(sidev[0].x));
	assert_int_equal(sidev[0].uses, 1);
	assert_int_equal(sidev[1].uses, 0);
	assert_in_range(sidev[0].requests, 2, 3);
	assert_in_range(sidev[1].requests, 1, 2);
}

static void six(void **state)
{
	(void)state;
	(void)sa_set_str(&sidev[0].addr, "2001:db8::1", 4000);
	(void)sa_set_str(&sidev[1].addr, "2001:db8:1::20", 4002);
	begin(0, true, false);
	begin(1, false, false);
	knows(0, "2001:db8:1::20", 4002, 2130706431);
	knows(1, "2001:db8::1", 4000, 2130706431);
	pass(500);
	is_up(0, "2001:db8:1::20", 4002);
	is_up(1, "2001:db8::1", 4000);
}

/* Both take themselves for the same: one gives in, and says 487 or is told it */
static void conflict_of(bool controlling)
{
	both_know();
	sidev[0].x = mem_deref(sidev[0].x);
	sidev[1].x = mem_deref(sidev[1].x);
	begin(0, controlling, false);
	begin(1, controlling, false);
	knows(0, "203.0.113.20", 4000, 1);
	knows(1, "192.0.2.1", 4000, 1);
	pass(1500);
	is_up(0, "203.0.113.20", 4000);
	is_up(1, "192.0.2.1", 4000);
	assert_true(full_controlling(sidev[0].x) !=
		    full_controlling(sidev[1].x));
	assert_true(!sidev[0].uses != !sidev[1].uses);
}

static void conflict(void **state)
{
	/* whoever has the higher number: some of these each way round */
	for (unsigned i = 0; i < 8; i++) {
		conflict_of(i & 1);
		(void)teardown(state);
		(void)setup(state);
	}
}

/* Behind a NAT: its candidate leads nowhere, but its checks tell where it is */
static void reflexive(void **state)
{
	(void)state;
	assert_int_equal(sa_set_str(&sidev[1].seen, "198.51.100.7", 61000), 0);
	sidev[1].pinhole = true;
	begin(0, true, false);
	begin(1, false, false);
	knows(0, "10.0.0.2", 4000, 2130706431);
	knows(1, "192.0.2.1", 4000, 2130706431);
	pass(1500);
	is_up(0, "198.51.100.7", 61000);
	is_up(1, "192.0.2.1", 4000);
}

/* Of two that work the better one is taken, and checks are 50 ms apart */
static void best(void **state)
{
	unsigned before;
	(void)state;

	begin(0, true, false);
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 5);
	for (uint16_t i = 0; i < 20; i++)
		knows(0, "203.0.113.99", 7000 + i, 2000 + i);
	knows(0, "203.0.113.20", 4000, 1000);
	before = sidev[0].requests;
	pass(490);
	assert_in_range(sidev[0].requests - before, 8, 11);
	pass(1500);
	is_up(0, "203.0.113.20", 4000);
	/* what is not needed any more is not asked for again */
	before = sidev[0].requests;
	pass(1500);
	assert_int_equal(sidev[0].requests, before);
}

/* The other side is lite: we control, whatever we were told, and check */
static void peer_lite(void **state)
{
	(void)state;
	begin(0, false, true);
	knows(0, "203.0.113.20", 4000, 2130706431);
	pass(500);
	is_up(0, "203.0.113.20", 4000);
	assert_true(full_controlling(sidev[0].x));
	assert_true(sa_cmp(&sidev[1].nominated, &sidev[0].addr, SA_ALL));
	/* and asks on */
	pass(120000);
	assert_in_range(sidev[0].requests, 20, 32);
	is_up(0, "203.0.113.20", 4000);
}

/* Lost for a while: sent again, at 0.5, 1, 2, ... s, seven times */
static void repeated(void **state)
{
	(void)state;
	sidev[1].deaf = true;
	begin(0, true, false);
	knows(0, "203.0.113.20", 4000, 1);
	full_end(sidev[0].x);
	pass(3400);
	assert_int_equal(sidev[0].requests, 3);
	sidev[1].deaf = false;
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 1);
	pass(5000);
	is_up(0, "203.0.113.20", 4000);
}

static void failed(void **state)
{
	(void)state;
	sidev[1].deaf = true;
	begin(0, true, false);
	knows(0, "203.0.113.20", 4000, 1);
	full_end(sidev[0].x);
	pass(39400);
	assert_int_equal(sidev[0].requests, 7);
	assert_int_equal(full_state(sidev[0].x), FULL_CHECKING);
	pass(400);
	assert_int_equal(full_state(sidev[0].x), FULL_FAILED);
	assert_int_equal(full_tick(sidev[0].x, now), -1);
	/* they get through after all */
	sidev[1].deaf = false;
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 1);
	pass(1500);
	is_up(0, "203.0.113.20", 4000);
}

/* Nobody who could be asked, as candidates come later: we wait for them */
static void later(void **state)
{
	(void)state;
	begin(0, true, false);
	begin(1, false, false);
	pass(10000);
	assert_int_equal(sidev[0].requests, 0);
	assert_int_equal(full_state(sidev[0].x), FULL_CHECKING);
	knows(1, "192.0.2.1", 4000, 1);
	pass(1000);
	is_up(0, "203.0.113.20", 4000);
	is_up(1, "192.0.2.1", 4000);
}

static void never(void **state)
{
	(void)state;
	begin(0, true, false);
	pass(39400);
	assert_int_equal(full_state(sidev[0].x), FULL_CHECKING);
	pass(400);
	assert_int_equal(full_state(sidev[0].x), FULL_FAILED);
}

/* Consent: asked for each five seconds or so, and lost 30 s after the last answer. Then
 * nothing helps but to begin anew */
static void consent(void **state)
{
	unsigned before;
	(void)state;

	both_know();
	pass(500);
	before = sidev[0].requests;
	pass(60000);
	assert_in_range(sidev[0].requests - before, 9, 15);
	assert_in_range(full_consent_age(sidev[0].x, now), 0, 6100);
	sidev[1].deaf = true;
	pass(23800);
	assert_int_equal(full_state(sidev[0].x), FULL_UP);
	pass(6500);
	assert_int_equal(full_state(sidev[0].x), FULL_LOST);
	before = sidev[0].requests;
	sidev[1].deaf = false;
	pass(20000);
	assert_int_equal(sidev[0].requests, before);
	assert_int_equal(full_state(sidev[0].x), FULL_LOST);
	assert_int_equal(full_tick(sidev[0].x, now), -1);
}

/* A process goes on where another one was */
static void resumed(void **state)
{
	struct sa sa;
	(void)state;

	begin(0, true, false);
	assert_int_equal(sa_set_str(&sa, "203.0.113.20", 4000), 0);
	full_resume(sidev[0].x, &sa, false, now);
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 1);
	pass(60000);
	is_up(0, "203.0.113.20", 4000);
}

/* ---- by a relay ------------------------------------------------------------- */

static void relay_of(unsigned i, const char *addr)
{
	assert_int_equal(sa_set_str(&sidev[i].relay, addr, 49160), 0);
}

/* Side 0 has one, and both know all candidates */
static void with_relay(bool controlling)
{
	relay_of(0, "198.51.100.7");
	begin(0, controlling, false);
	begin(1, !controlling, false);
	knows(0, "203.0.113.20", 4000, 1);
	knows(1, "192.0.2.1", 4000, lite_priority());
	knows(1, "198.51.100.7", 49160, full_relay_priority());
}

/* The direct way is the better one */
static void relay_not_needed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		(void)teardown(state);
		(void)setup(state);
		with_relay(i);
		pass(5000);
		is_up(0, "203.0.113.20", 4000);
		is_up(1, "192.0.2.1", 4000);
		assert_false(full_selected_relayed(sidev[0].x));
	}
}

static void relay_needed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		(void)teardown(state);
		(void)setup(state);
		sidev[1].apart = true;
		with_relay(i);
		pass(5000);
		is_up(0, "203.0.113.20", 4000);
		is_up(1, "198.51.100.7", 49160);
		assert_true(full_selected_relayed(sidev[0].x));
		assert_true(sidev[0].by_relay);
		/* consent goes on by it */
		pass(120000);
		is_up(0, "203.0.113.20", 4000);
		assert_true(full_consent_age(sidev[0].x, now) < 10000);
	}
}

/* A direct one that takes a second try comes first all the same */
static void relay_waits(void **state)
{
	(void)state;
	with_relay(true);
	sidev[1].apart = true;
	pass(400);
	sidev[1].apart = false;
	pass(5000);
	is_up(0, "203.0.113.20", 4000);
	assert_false(full_selected_relayed(sidev[0].x));
}

static void relay_goes(void **state)
{
	unsigned sent;
	(void)state;

	sidev[1].apart = true;
	with_relay(true);
	pass(5000);
	assert_true(full_selected_relayed(sidev[0].x));
	full_relay_gone(sidev[0].x);
	assert_int_equal(full_state(sidev[0].x), FULL_LOST);
	sent = sidev[0].by_relay;
	pass(60000);
	assert_int_equal(sidev[0].by_relay, sent);
	assert_int_equal(full_state(sidev[1].x), FULL_LOST);
}

/* One that is not needed goes, and nobody sees it */
static void relay_goes_unused(void **state)
{
	unsigned sent;
	(void)state;

	with_relay(true);
	pass(5000);
	full_relay_gone(sidev[0].x);
	sent = sidev[0].by_relay;
	pass(60000);
	is_up(0, "203.0.113.20", 4000);
	is_up(1, "192.0.2.1", 4000);
	assert_int_equal(sidev[0].by_relay, sent);
}

/* While it is looked for, too */
static void relay_goes_early(void **state)
{
	(void)state;
	sidev[1].apart = true;
	with_relay(true);
	pass(100);
	full_relay_gone(sidev[0].x);
	pass(60000);
	assert_int_equal(full_state(sidev[0].x), FULL_FAILED);
}

static void relay_resumed(void **state)
{
	struct sa sa;
	(void)state;

	sidev[1].apart = true;
	relay_of(0, "198.51.100.7");
	begin(0, true, false);
	assert_int_equal(sa_set_str(&sa, "203.0.113.20", 4000), 0);
	full_resume(sidev[0].x, &sa, true, now);
	assert_true(full_selected_relayed(sidev[0].x));
	begin(1, false, false);
	knows(1, "198.51.100.7", 49160, 1);
	pass(60000);
	is_up(0, "203.0.113.20", 4000);
}

static void relay_candidate(void **state)
{
	struct full_relay r;
	struct sa sa;
	uint32_t prio;
	char text[160];
	struct pl pl;
	(void)state;

	assert_int_equal(sa_set_str(&r.relayed, "198.51.100.7", 49160), 0);
	assert_int_equal(sa_set_str(&r.mapped, "192.0.2.1", 10000), 0);
	(void)re_snprintf(text, sizeof(text), "%H", full_relay_candidate, &r);
	assert_string_equal(text,
			    "candidate:2 1 UDP 16776959 198.51.100.7 49160 typ "
			    "relay raddr 192.0.2.1 rport 10000");
	pl_set_str(&pl, text + strlen("candidate:"));
	assert_int_equal(full_cand_decode(&sa, &prio, &pl), 0);
	assert_true(sa_cmp(&sa, &r.relayed, SA_ALL));
	assert_int_equal(prio, full_relay_priority());
	assert_true(prio < lite_priority());
}

/* ---- single messages -------------------------------------------------------- */

/* Bytes of a message for side 0, by hand */
static struct mbuf *message(uint8_t cls, const uint8_t tid[12],
			    const char *user, const char *pwd,
			    const struct stun_errcode *ec, uint16_t role,
			    uint64_t tie, bool use)
{
	struct mbuf *mb = mbuf_alloc(256);
	const uint32_t prio = 7;

	assert_int_equal(
		stun_msg_encode(mb, STUN_METHOD_BINDING, cls, tid, ec,
				(const uint8_t *)pwd, strlen(pwd), true, 0, 5,
				STUN_ATTR_USERNAME, user, STUN_ATTR_PRIORITY,
				cls == STUN_CLASS_REQUEST ? &prio : NULL, role,
				cls == STUN_CLASS_REQUEST ? &tie : NULL,
				STUN_ATTR_USE_CAND, use ? &prio : NULL,
				STUN_ATTR_XOR_MAPPED_ADDR,
				cls == STUN_CLASS_SUCCESS_RESP ? &sidev[0].addr
							       : NULL),
		0);

	return mb;
}

static bool takes(const struct mbuf *mb, const struct sa *src, uint16_t *code)
{
	struct mbuf *no;
	bool good = full_recv(sidev[0].x, false, src, mb->buf, mb->end, now,
			      &no);

	*code = 0;
	if (no) {
		struct stun_msg *msg = decode(no->buf, no->end);

		*code = stun_msg_attr(msg, STUN_ATTR_ERR_CODE)->v.err_code.code;
		mem_deref(msg);
	}
	mem_deref(no);

	return good;
}

/* Whoever does not know the password has no say */
static void strangers(void **state)
{
	static const uint8_t tid[12] = "abcdefghijk";
	struct stun_errcode ec = {.code = 487, .reason = (char *)"Role"};
	char user[64];
	struct mbuf *mb;
	uint16_t code;
	(void)state;

	both_know();
	(void)re_snprintf(user, sizeof(user), "%s:%s", sidev[0].us.ufrag,
			  sidev[1].us.ufrag);
	mb = message(STUN_CLASS_REQUEST, tid, user, "a password of another one",
		     NULL, STUN_ATTR_CONTROLLED, 1, true);
	assert_false(takes(mb, &sidev[1].addr, &code));
	assert_int_equal(code, 401);
	mem_deref(mb);
	mb = message(STUN_CLASS_REQUEST, tid, "x:y", sidev[0].us.pwd, NULL,
		     STUN_ATTR_CONTROLLED, 1, true);
	assert_false(takes(mb, &sidev[1].addr, &code));
	assert_int_equal(code, 401);
	mem_deref(mb);
	/* an answer that nobody asked for, and one without the right */
	mb = message(STUN_CLASS_SUCCESS_RESP, tid, NULL, sidev[1].us.pwd, NULL,
		     STUN_ATTR_CONTROLLED, 1, false);
	assert_false(takes(mb, &sidev[1].addr, &code));
	mem_deref(mb);
	(void)full_tick(sidev[0].x, now);
	mb = message(STUN_CLASS_ERROR_RESP, wire[0].p + 8, NULL,
		     "a password of another one", &ec, STUN_ATTR_CONTROLLED, 1,
		     false);
	assert_false(takes(mb, &sidev[1].addr, &code));
	assert_true(full_controlling(sidev[0].x));
	mem_deref(mb);
	/* but by right it turns the role round; and from elsewhere a check fails */
	mb = message(STUN_CLASS_ERROR_RESP, wire[0].p + 8, NULL,
		     sidev[1].us.pwd, &ec, STUN_ATTR_CONTROLLED, 1, false);
	assert_true(takes(mb, &sidev[1].addr, &code));
	assert_false(full_controlling(sidev[0].x));
	mem_deref(mb);
	assert_int_equal(full_state(sidev[0].x), FULL_CHECKING);
}

/* An answer that comes from somebody else than was asked fails the pair (RFC 8445
 * 7.2.5.2.1) */
static void asymmetric(void **state)
{
	struct sa other;
	struct mbuf *mb;
	uint16_t code;
	(void)state;

	both_know();
	assert_int_equal(sa_set_str(&other, "203.0.113.66", 4000), 0);
	(void)full_tick(sidev[0].x, now);
	assert_int_equal(wirec, 1);
	mb = message(STUN_CLASS_SUCCESS_RESP, wire[0].p + 8, NULL,
		     sidev[1].us.pwd, NULL, STUN_ATTR_CONTROLLED, 1, false);
	assert_true(takes(mb, &other, &code));
	mem_deref(mb);
	(void)full_tick(sidev[0].x, now);
	assert_int_equal(full_state(sidev[0].x), FULL_FAILED);
}

/* Who is asked whether he wants more says no (RFC 7675 5.2) */
static void revoked(void **state)
{
	struct stun_errcode ec = {.code = 403, .reason = (char *)"Forbidden"};
	struct mbuf *mb;
	uint16_t code;
	(void)state;

	both_know();
	pass(500);
	wirec = 0;
	while (!wirec) {
		now += 10;
		(void)full_tick(sidev[0].x, now);
	}
	mb = message(STUN_CLASS_ERROR_RESP, wire[0].p + 8, NULL,
		     sidev[1].us.pwd, &ec, STUN_ATTR_CONTROLLED, 1, false);
	assert_true(takes(mb, &sidev[1].addr, &code));
	mem_deref(mb);
	assert_int_equal(full_state(sidev[0].x), FULL_LOST);
}

/* RFC 5769 2.1's request, of somebody who takes himself for the controlled one: so do
 * we, with a lower number than his or a higher one */
static void rfc5769(void **state)
{
	static const uint8_t sample[] =
		"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6"
		"\x86\xfa\x87\xdf\xae\x80\x22\x00\x10\x53\x54\x55\x4e\x20\x74"
		"\x65\x73\x74\x20\x63\x6c\x69\x65\x6e\x74\x00\x24\x00\x04\x6e"
		"\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36"
		"\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20"
		"\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e"
		"\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5"
		"\x7a\x3b\xcf";
	static const struct lite us = {.ufrag = "evtj",
				       .pwd = "VOkJxbRl1RmTxUk/WvJxBt"};
	struct mbuf *no;
	(void)state;

	sidev[0].us = us;
	(void)re_snprintf(sidev[1].us.ufrag, LITE_UFRAG + 1, "h6vY");
	for (unsigned i = 0; i < 8; i++) {
		begin(0, false, false);
		sidev[0].refusals = 0;
		assert_true(full_recv(sidev[0].x, false, &sidev[1].addr, sample,
				      sizeof(sample) - 1, now, &no));
		assert_null(no);
		assert_int_equal(sidev[0].refusals,
				 !full_controlling(sidev[0].x));
		sidev[0].x = mem_deref(sidev[0].x);
		wirec = 0;
	}
}

/* ---- candidates -------------------------------------------------------------- */

static int cand(const char *text, const char *addr, uint16_t port,
		uint32_t prio)
{
	struct sa sa, want;
	uint32_t p;
	struct pl pl;
	int err;

	pl_set_str(&pl, text);
	err = full_cand_decode(&sa, &p, &pl);
	if (!err && addr) {
		assert_int_equal(sa_set_str(&want, addr, port), 0);
		assert_true(sa_cmp(&sa, &want, SA_ALL));
		assert_int_equal(p, prio);
	}

	return err;
}

static void candidates(void **state)
{
	struct sa sa;
	char ours[128];
	(void)state;

	assert_int_equal(cand("1 1 UDP 2130706431 203.0.113.5 8998 typ host",
			      "203.0.113.5", 8998, 2130706431),
			 0);
	assert_int_equal(cand("2 1 udp 1694498815 192.0.2.3 45664 typ srflx "
			      "raddr 10.0.1.1 rport 8998 generation 0",
			      "192.0.2.3", 45664, 1694498815),
			 0);
	assert_int_equal(
		cand("x 1 UDP 5 2001:db8::7 1 typ relay", "2001:db8::7", 1, 5),
		0);
	assert_int_equal(
		cand("1 2 UDP 1 203.0.113.5 8999 typ host", NULL, 0, 0),
		ENOTSUP);
	assert_int_equal(cand("1 1 TCP 1 203.0.113.5 9 typ host tcptype active",
			      NULL, 0, 0),
			 ENOTSUP);
	assert_int_equal(cand("1 1 UDP 1 0.0.0.0 9 typ host", NULL, 0, 0),
			 ENOTSUP);
	assert_int_equal(cand("1 1 UDP 1 203.0.113.5 0 typ host", NULL, 0, 0),
			 ENOTSUP);
	assert_int_not_equal(
		cand("1 1 UDP 1 d1e8.local 9 typ host", NULL, 0, 0), 0);
	assert_int_equal(cand("", NULL, 0, 0), EBADMSG);
	assert_int_equal(cand("1 1 UDP", NULL, 0, 0), EBADMSG);
	/* what we say of ourselves */
	assert_int_equal(sa_set_str(&sa, "192.0.2.9", 4242), 0);
	(void)re_snprintf(ours, sizeof(ours), "%H", lite_candidate, &sa);
	assert_int_equal(cand(ours + strlen("candidate:"), "192.0.2.9", 4242,
			      2130706431),
			 0);
}

/* More than there is room for, the same one twice, one of another family */
static void many(void **state)
{
	struct sa sa;
	unsigned full = 0;
	(void)state;

	begin(0, true, false);
	knows(0, "203.0.113.20", 4000, 1);
	knows(0, "203.0.113.20", 4000, 1);
	knows(0, "2001:db8::1", 4000, 1);
	for (uint16_t i = 0; i < 50; i++) {
		(void)sa_set_str(&sa, "203.0.113.99", 7000 + i);
		full += full_candidate(sidev[0].x, &sa, 2, now) == ENOSPC;
	}
	assert_int_equal(full, 50 - (FULL_CANDS - 1));
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 1);
	pass(3000);
	is_up(0, "203.0.113.20", 4000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(plain),
		T(six),
		T(conflict),
		T(reflexive),
		T(best),
		T(peer_lite),
		T(repeated),
		T(failed),
		T(later),
		T(never),
		T(consent),
		T(resumed),
		T(relay_not_needed),
		T(relay_needed),
		T(relay_waits),
		T(relay_goes),
		T(relay_goes_unused),
		T(relay_goes_early),
		T(relay_resumed),
		T(relay_candidate),
		T(strangers),
		T(asymmetric),
		T(revoked),
		T(rfc5769),
		T(candidates),
		T(many),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
