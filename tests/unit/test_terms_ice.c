/* SPDX-License-Identifier: BSD-2-Clause */
/* The full side of ICE in calls: what each is told, checks with a phone that makes its
 * own, and what becomes of the legs */
#include "terms_fix.h"
#include "media/terms.h"
#include "rtp/packet.h"

enum { TURNS = 100 };

/* A phone at the far end of one side's port, which takes part in ICE */
struct phone {
	struct full *x; /* NULL: lite                                    */
	struct lite us;
	struct sa addr, ours; /* ours: as it knows us                      */
	unsigned side, checks, uses;
	bool deaf, rude; /* says nothing; says no                         */
};

static int full_setup(void **state)
{
	struct fix *f = fix_new();

	f->conf.plane = fake_plane();
	f->conf.ice_full = true;
	fix_start(f);
	mem_deref(f->conf.plane);
	memset(fake_bridges(), 0, sizeof(*fake_bridges()));
	*state = f;

	return 0;
}

static void send_h(const struct sa *dst, const uint8_t *p, size_t n, void *arg)
{
	const struct phone *ph = arg;
	(void)dst;

	fake_event(ph->side, RTP_STUN, &ph->addr, p, n);
}

static void phone_new(struct phone *ph, unsigned side, const char *addr,
		      uint16_t port)
{
	memset(ph, 0, sizeof(*ph));
	ph->side = side;
	lite_make(&ph->us);
	assert_int_equal(sa_set_str(&ph->addr, addr, port), 0);
	assert_int_equal(sa_set_str(&ph->ours, EXT4, 10000), 0);
}

static void phone_end(struct phone *ph)
{
	ph->x = mem_deref(ph->x);
}

static struct lite told(const struct fix *f)
{
	struct lite l;
	struct pl val;

	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	assert_int_equal(pl_strcpy(&val, l.ufrag, sizeof(l.ufrag)), 0);
	assert_true(sdpx_attr(f->out, 0, "ice-pwd", 0, &val));
	assert_int_equal(pl_strcpy(&val, l.pwd, sizeof(l.pwd)), 0);

	return l;
}

/* It begins, with what our SDP says */
static void phone_begin(struct phone *ph, const struct fix *f, bool controlling)
{
	const struct lite l = told(f);
	const struct full_conf c = {.us = ph->us,
				    .controlling = controlling,
				    .ufrag = l.ufrag,
				    .pwd = l.pwd,
				    .sendh = send_h,
				    .arg = ph};
	struct pl val;
	struct sa sa;
	uint32_t prio;

	ph->x = mem_deref(ph->x);
	assert_int_equal(full_alloc(&ph->x, &c, media_now()), 0);
	assert_true(sdpx_attr(f->out, 0, "candidate", 0, &val));
	assert_int_equal(full_cand_decode(&sa, &prio, &val), 0);
	assert_int_equal(full_candidate(ph->x, &sa, prio, media_now()), 0);
	ph->ours = sa;
}

static char *body(const struct phone *ph, uint16_t port, const char *more)
{
	char addr[64], *lines = NULL, *s;

	(void)re_snprintf(addr, sizeof(addr), "%j", &ph->addr);
	assert_int_equal(re_sdprintf(&lines,
				     "%sa=rtcp-mux\r\na=ice-ufrag:%s\r\n"
				     "a=ice-pwd:%s\r\n"
				     "a=candidate:1 1 UDP 2130706431 %s %u typ "
				     "host\r\n",
				     more, ph->us.ufrag, ph->us.pwd, addr,
				     sa_port(&ph->addr)),
			 0);
	s = profile(addr, port, "RTP/AVP", "0", lines);
	mem_deref(lines);

	return s;
}

static struct stun_msg *decode(const struct fake_datagram *d)
{
	struct mbuf *mb = mbuf_alloc(d->n);
	struct stun_unknown_attr ua;
	struct stun_msg *msg = NULL;

	assert_int_equal(mbuf_write_mem(mb, d->p, d->n), 0);
	mb->pos = 0;
	assert_int_equal(stun_msg_decode(&msg, mb, &ua), 0);
	mem_deref(mb);

	return msg;
}

static void say_no(const struct phone *ph, const struct stun_msg *msg)
{
	struct stun_errcode ec = {.code = 400, .reason = (char *)"No"};
	struct mbuf *mb = mbuf_alloc(256);

	assert_int_equal(stun_msg_encode(mb, STUN_METHOD_BINDING,
					 STUN_CLASS_ERROR_RESP,
					 stun_msg_tid(msg), &ec,
					 (const uint8_t *)ph->us.pwd,
					 strlen(ph->us.pwd), true, 0, 0),
			 0);
	fake_event(ph->side, RTP_STUN, &ph->addr, mb->buf, mb->end);
	mem_deref(mb);
}

/* A datagram of ours arrives */
static void heard(struct phone *ph, const struct fake_datagram *d)
{
	struct stun_msg *msg = decode(d);
	const bool asks = stun_msg_class(msg) == STUN_CLASS_REQUEST;
	struct mbuf *no = NULL, *mb = mbuf_alloc(256);
	const struct sa us = ph->ours;

	ph->checks += asks;
	ph->uses += stun_msg_attr(msg, STUN_ATTR_USE_CAND) != NULL;
	if (ph->deaf) {
		;
	} else if (ph->rude && asks) {
		say_no(ph, msg);
	} else if (ph->x) {
		(void)full_recv(ph->x, false, &us, d->p, d->n, media_now(),
				&no);
	} else if (lite_recv(&ph->us, &us, d->p, d->n, mb) != LITE_NOTHING) {
		fake_event(ph->side, RTP_STUN, &ph->addr, mb->buf, mb->end);
	}
	mem_deref(msg);
	mem_deref(mb);
	assert_null(no);
}

/* Time passes, and what was sent to the phone arrives, until something holds */
#define talk_until(ph, cond)                                                   \
	do {                                                                   \
		unsigned n_ = 0;                                               \
                                                                               \
		while (!(cond) && n_++ < TURNS)                                \
			talk(ph);                                              \
		assert_true(cond);                                             \
	} while (0)

static void talk(struct phone *ph)
{
	struct fake_bridges *fb = fake_bridges();

	turn();
	for (unsigned i = 0; i < fb->sentc; i++) {
		const struct fake_datagram d = fb->sentv[i];

		if (d.side == ph->side && sa_cmp(&d.dst, &ph->addr, SA_ALL))
			heard(ph, &d);
	}
	fb->sentc = 0;
	if (ph->x)
		(void)full_tick(ph->x, media_now());
}

static struct media_opts ice(struct media_opts o)
{
	o.ice_optional = true;

	return o;
}

static struct media_opts forced(struct media_opts o)
{
	o.ice_force = true;

	return o;
}

/* What `query` says of ICE: of the parties, in the order that it has them */
static void says(const struct fix *f, const char *what)
{
	struct odict *o;
	struct pl id = PL("c");
	char *s = NULL;

	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(media_query(f->m, &id, NULL, NULL, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	if (!strstr(s, what))
		fail_msg("'%s' is not in:\n%s", what, s);
	mem_deref(o);
	mem_deref(s);
}

/* Bob is offered ICE: we offered, so we control. Our own checks find where he is, which
 * his SDP does not say */
static void offered(void **state)
{
	struct fix *f = *state;
	uint16_t port;
	struct phone bob;
	const struct fp_leg *b;

	phone_new(&bob, 1, BOB, 45678);
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has_not(f, "ice-lite");
	has(f, "a=ice-options:ice2\r\n");
	has(f, "a=rtcp-mux\r\n");
	has(f, "a=end-of-candidates\r\n");
	port = out_port(f, 0);
	phone_begin(&bob, f, false);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, ""));
	b = fake_leg(f->fp, EXT4, port);
	has_not(f, "ice");
	says(f, "\"ICE\":\"checking\",\"ICE role\":\"controlling\"");
	assert_int_equal(b->state, LEG_AGENT);
	talk_until(&bob, b->state == LEG_RELAY);
	assert_sa(&b->remote, BOB, 45678);
	assert_true(b->alien);
	assert_in_range(bob.uses, 1, 2);
	assert_int_equal(full_state(bob.x), FULL_UP);
	says(f, "\"ICE\":\"" BOB ":45678\",\"ICE role\":\"controlling\","
		"\"consent ms\":");
	/* said in the next offer */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, "a=remote-candidates:1 " BOB " 45678\r\n");
	phone_end(&bob);
}

/* Alice offers it: she controls, and we check all the same */
static void asked_for(void **state)
{
	struct fix *f = *state;
	struct phone alice;
	const struct fp_leg *a;

	phone_new(&alice, 0, ALICE, 45678);
	offer(f, ice(opts("c", "A", NULL)), body(&alice, 4000, ""));
	has(f, "a=ice-options:ice2\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has_not(f, "ice-lite");
	has(f, "a=ice-options:ice2\r\n");
	a = fake_leg(f->fp, EXT4, out_port(f, 0));
	phone_begin(&alice, f, true);
	talk_until(&alice, a->state == LEG_RELAY);
	assert_sa(&a->remote, ALICE, 45678);
	assert_int_not_equal(alice.checks, 0);
	assert_int_equal(alice.uses, 0);
	says(f, "\"ICE role\":\"controlled\"");
	phone_end(&alice);
}

/* Alice is lite: it is for us to check, and to say which pair holds */
static void lite_peer(void **state)
{
	struct fix *f = *state;
	struct phone alice;
	const struct fp_leg *a;
	char *s, *t = NULL;
	char *at;

	phone_new(&alice, 0, ALICE, 45678);
	s = body(&alice, 4000, "");
	at = strstr(s, "m=audio");
	*at = '\0';
	assert_int_equal(re_sdprintf(&t, "%sa=ice-lite\r\nm%s", s, at + 1), 0);
	mem_deref(s);
	offer(f, ice(opts("c", "A", NULL)), t);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has_not(f, "ice-lite");
	a = fake_leg(f->fp, EXT4, out_port(f, 0));
	talk_until(&alice, a->state == LEG_RELAY);
	assert_sa(&a->remote, ALICE, 45678);
	assert_in_range(alice.uses, 1, 2);
	says(f, "\"ICE role\":\"controlling\"");
	phone_end(&alice);
}

/* Lite towards one of them, as the driver says; and again as it is configured */
static void ways(void **state)
{
	struct fix *f = *state;
	struct media_opts o = forced(opts("c", "A", NULL));
	struct phone alice, bob;

	phone_new(&alice, 0, ALICE, 4000);
	phone_new(&bob, 1, BOB, 5000);
	o.ice_lite = ICE_LITE_FORWARD;
	offer(f, o, body(&alice, 4000, ""));
	has(f, "a=ice-lite\r\n");
	has_not(f, "ice2");
	answer(f, opts("c", "A", "B"), body(&bob, 5000, ""));
	has_not(f, "ice-lite");
	has(f, "ice2");
	says(f, "\"ICE role\":\"lite\"");
	/* said once it holds */
	offer(f, opts("c", "A", "B"), body(&alice, 4000, ""));
	has(f, "a=ice-lite\r\n");
	o = opts("d", "A", NULL);
	o.ice_lite = ICE_LITE_BACKWARD;
	offer(f, forced(o), body(&alice, 4000, ""));
	has_not(f, "ice-lite");
	answer(f, opts("d", "A", "B"), body(&bob, 5000, ""));
	has(f, "a=ice-lite\r\n");
	/* another kind of side is another name, too */
	{
		struct lite was, is;

		o = opts("c", "A", "B");
		offer(f, o, body(&alice, 4000, ""));
		was = told(f);
		o.ice_lite = ICE_LITE_OFF;
		offer(f, o, body(&alice, 4000, ""));
		has_not(f, "ice-lite");
		is = told(f);
		assert_string_not_equal(was.pwd, is.pwd);
	}
	phone_end(&alice);
	phone_end(&bob);
}

/* Another name of his begins anew: media goes on as before until there is a pair */
static void restart(void **state)
{
	struct fix *f = *state;
	uint16_t port;
	struct phone bob;
	const struct fp_leg *b;
	struct lite was, is;

	phone_new(&bob, 1, BOB, 5000);
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	port = out_port(f, 0);
	was = told(f);
	phone_begin(&bob, f, false);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, ""));
	b = fake_leg(f->fp, EXT4, port);
	talk_until(&bob, b->state == LEG_RELAY);

	/* the same name: nothing begins */
	offer(f, opts("c", "B", "A"), body(&bob, 5000, ""));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	is = told(f);
	assert_string_equal(was.pwd, is.pwd);
	bob.checks = 0;
	for (unsigned i = 0; i < 5; i++)
		talk(&bob);
	assert_int_equal(bob.checks, 0);

	lite_make(&bob.us);
	(void)sa_set_str(&bob.addr, BOB, 6000);
	offer(f, opts("c", "B", "A"), body(&bob, 6000, ""));
	/* not before the answer */
	says(f, "\"ICE\":\"" BOB ":5000\"");
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	is = told(f);
	assert_string_not_equal(was.pwd, is.pwd);
	assert_string_not_equal(was.ufrag, is.ufrag);
	assert_sa(&b->remote, BOB, 5000);
	phone_begin(&bob, f, true);
	talk_until(&bob, sa_port(&b->remote) == 6000);
	assert_int_equal(b->state, LEG_RELAY);
	phone_end(&bob);
}

/* Another phone answers than the one that did early: it is not where that one is. As the
 * lite side, too */
static void another(struct fix *f, enum media_ice_lite as)
{
	struct media_opts o = forced(opts("c", "A", NULL));
	struct phone bob, carol;
	const struct fp_leg *b;
	uint16_t port;

	phone_new(&bob, 1, BOB, 45678);
	phone_new(&carol, 1, CAROL, 45679);
	o.ice_lite = as;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	port = out_port(f, 0);
	phone_begin(&bob, f, as == ICE_LITE_BOTH);
	phone_begin(&carol, f, as == ICE_LITE_BOTH);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, ""));
	b = fake_leg(f->fp, EXT4, port);
	talk_until(&bob, b->state == LEG_RELAY);
	assert_sa(&b->remote, BOB, 45678);
	/* the same one says the same again */
	answer(f, opts("c", "A", "B"), body(&bob, 5000, ""));
	assert_int_equal(b->state, LEG_RELAY);
	answer(f, opts("c", "A", "C"), body(&carol, 6000, ""));
	assert_int_equal(b->state, LEG_AGENT);
	assert_sa(&b->remote, CAROL, 6000);
	talk_until(&carol, b->state == LEG_RELAY);
	assert_sa(&b->remote, CAROL, 45679);
	phone_end(&bob);
	phone_end(&carol);
}

static void another_full(void **state)
{
	another(*state, ICE_LITE_UNSAID);
}

static void another_lite(void **state)
{
	another(*state, ICE_LITE_BOTH);
}

/* Who does not let us send is sent nothing; and hears us again when he does */
static void silenced(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	uint16_t port;
	struct phone bob;
	const struct fp_leg *a, *b;

	phone_new(&bob, 1, BOB, 5000);
	bob.rude = true;
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	port = out_port(f, 0);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, ""));
	b = fake_leg(f->fp, EXT4, port);
	a = fake_leg(f->fp, EXT4, out_port(f, 0));
	assert_int_equal(a->state, LEG_AGENT);
	talk_until(&bob, a->state == LEG_HELD);
	assert_int_equal(a->why, LEG_WHY_CONSENT);
	assert_false(sa_isset(&a->peer_remote, SA_ALL));
	assert_true(b->alien);
	assert_true(fb->mv[1].silent);
	assert_false(fb->mv[0].silent);
	says(f, "\"ICE\":\"failed\"");

	/* he begins anew, and nothing is sent before he has said yes */
	bob.rude = false;
	lite_make(&bob.us);
	offer(f, opts("c", "B", "A"), body(&bob, 5000, ""));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	assert_int_equal(a->state, LEG_HELD);
	phone_begin(&bob, f, true);
	talk_until(&bob, a->state == LEG_RELAY);
	assert_false(fb->mv[1].silent);
	assert_sa(&a->peer_remote, BOB, 5000);
	phone_end(&bob);
}

/* An agent that starts anew knows the pair and goes on; or goes on looking for one */
static void restored(void **state)
{
	struct fix *f = *state;
	struct phone bob;
	const struct fp_leg *b;
	uint16_t port;

	phone_new(&bob, 1, BOB, 45678);
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	port = out_port(f, 0);
	phone_begin(&bob, f, false);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, ""));
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	b = fake_leg(f->fp, EXT4, port);
	assert_int_equal(b->state, LEG_AGENT);
	talk_until(&bob, b->state == LEG_RELAY);
	assert_sa(&b->remote, BOB, 45678);

	f->m = mem_deref(f->m);
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	b = fake_leg(f->fp, EXT4, port);
	assert_int_equal(b->state, LEG_RELAY);
	says(f, "\"ICE\":\"" BOB ":45678\",\"ICE role\":\"controlling\"");
	phone_end(&bob);
}

/* Checks of who has not the password: a few are refused, none is believed */
static void stranger(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct phone alice, eve;
	const uint64_t tie = 1;
	struct mbuf *mb = mbuf_alloc(256);

	phone_new(&alice, 0, ALICE, 4000);
	phone_new(&eve, 0, CAROL, 666);
	offer(f, ice(opts("c", "A", NULL)), body(&alice, 4000, ""));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	fb->sentc = 0;
	assert_int_equal(
		stun_msg_encode(mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
				(const uint8_t *)"0123456789ab", NULL,
				(const uint8_t *)eve.us.pwd, strlen(eve.us.pwd),
				true, 0, 2, STUN_ATTR_USERNAME, "x:y",
				STUN_ATTR_USE_CAND, &tie),
		0);
	for (unsigned i = 0; i < 40; i++)
		fake_event(0, RTP_STUN, &eve.addr, mb->buf, mb->end);
	assert_in_range(fb->sentc, 1, 10);
	says(f, "\"ICE\":\"checking\"");
	mem_deref(mb);
	phone_end(&alice);
}

/* ---- candidates that come later ------------------------------------------------ */

static int later(struct fix *f, struct media_opts o, bool answer,
		 const char *text)
{
	pl_set_str(&o.sdp, text);

	return media_candidates(f->m, &o, answer, &f->e);
}

/* An SDP without an address, of who trickles */
static char *trickled(const struct phone *ph, const char *mid)
{
	char *lines = NULL, *s;

	assert_int_equal(re_sdprintf(&lines,
				     "a=mid:%s\r\na=rtcp-mux\r\n"
				     "a=ice-options:trickle\r\n"
				     "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n",
				     mid, ph->us.ufrag, ph->us.pwd),
			 0);
	s = profile("0.0.0.0", 9, "RTP/AVP", "0", lines);
	mem_deref(lines);

	return s;
}

/* As RFC 8840 writes them; of another section, another name, they are of no use */
static char *fragment(const struct phone *ph, const char *ufrag,
		      const char *mid, const char *last)
{
	char *s = NULL;

	assert_int_equal(re_sdprintf(&s,
				     "a=ice-options:trickle ice2\r\n"
				     "a=ice-ufrag:%s\r\n"
				     "m=audio 9 RTP/AVP 0\r\na=mid:%s\r\n"
				     "a=candidate:1 1 UDP 2130706431 %j %u typ "
				     "host\r\n%s",
				     ufrag, mid, &ph->addr, sa_port(&ph->addr),
				     last),
			 0);

	return s;
}

static void frag(struct fix *f, const struct phone *ph, const char *ufrag,
		 const char *mid, const char *last)
{
	char *s = fragment(ph, ufrag, mid, last);

	if (later(f, opts("c", "A", NULL), false, s))
		fail_msg("refused: %s", f->e.msg);
	mem_deref(s);
}

static void nothing_checked(struct phone *ph)
{
	for (unsigned i = 0; i < 4; i++)
		talk(ph);
	assert_int_equal(ph->checks, 0);
}

/* Alice has candidates behind her offer, and behind its answer */
static void trickle(void **state)
{
	struct fix *f = *state;
	struct phone alice;
	const struct fp_leg *a;

	phone_new(&alice, 0, ALICE, 45678);
	alice.deaf = true;
	offer(f, ice(opts("c", "A", NULL)), trickled(&alice, "snd"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=ice-options:trickle ice2\r\n");
	has(f, "a=end-of-candidates\r\n");
	/* there is no candidate for RTCP alone */
	has(f, "a=rtcp-mux\r\n");
	a = fake_leg(f->fp, EXT4, out_port(f, 0));
	nothing_checked(&alice);
	frag(f, &alice, "another", "snd", "");
	frag(f, &alice, alice.us.ufrag, "other", "");
	nothing_checked(&alice);
	frag(f, &alice, alice.us.ufrag, "snd", "a=end-of-candidates\r\n");
	talk_until(&alice, alice.checks);
	assert_int_equal(a->state, LEG_AGENT);
	alice.deaf = false;
	phone_begin(&alice, f, true);
	talk_until(&alice, a->state == LEG_RELAY);
	assert_sa(&a->remote, ALICE, 45678);
	phone_end(&alice);
}

/* Without rtcp-mux there is nowhere for RTCP: no leg is asked to lead there */
static void trickle_unmuxed(void **state)
{
	struct fix *f = *state;
	struct phone alice;
	const struct fp_leg *a;
	char *s, *mux;
	uint16_t port;

	phone_new(&alice, 0, ALICE, 45678);
	s = trickled(&alice, "snd");
	mux = strstr(s, "a=rtcp-mux");
	memcpy(mux, "a=x-nothin", 10);
	offer(f, ice(opts("c", "A", NULL)), s);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has_not(f, "a=rtcp-mux");
	port = out_port(f, 0);
	a = fake_leg(f->fp, EXT4, port);
	phone_begin(&alice, f, true);
	talk_until(&alice, a->state == LEG_RELAY);
	assert_null(fake_leg(f->fp, EXT4, port + 1));
	phone_end(&alice);
}

/* Before the answer; and without a section, or a name, as some write them. The answerer
 * has some, too */
static void trickle_early(void **state)
{
	struct fix *f = *state;
	struct phone alice, bob;
	const struct fp_leg *a, *b;
	char *s = NULL;
	uint16_t port;

	phone_new(&alice, 0, ALICE, 45678);
	phone_new(&bob, 1, BOB, 45679);
	offer(f, ice(opts("c", "A", NULL)), trickled(&alice, "0"));
	has_not(f, "trickle");
	port = out_port(f, 0);
	assert_int_equal(later(f, opts("c", "A", NULL), false,
			       "a=candidate:1 1 udp 5 " ALICE
			       " 45678 typ host\r\n"),
			 0);
	phone_begin(&bob, f, false);
	answer(f, opts("c", "A", "B"), trickled(&bob, "0"));
	a = fake_leg(f->fp, EXT4, out_port(f, 0));
	b = fake_leg(f->fp, EXT4, port);
	phone_begin(&alice, f, true);
	talk_until(&alice, full_state(alice.x) == FULL_UP);
	s = fragment(&bob, bob.us.ufrag, "0", "");
	assert_int_equal(later(f, opts("c", "A", "B"), true, s), 0);
	mem_deref(s);
	talk_until(&bob, a->state == LEG_RELAY && b->state == LEG_RELAY);
	assert_sa(&a->remote, ALICE, 45678);
	assert_sa(&b->remote, BOB, 45679);
	phone_end(&alice);
	phone_end(&bob);
}

/* Said to who is offered it where the driver says so; and what cannot be taken */
static void trickle_told(void **state)
{
	struct fix *f = *state;
	struct media_opts o = forced(opts("c", "A", NULL));

	o.trickle_ice = true;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	has(f, "a=ice-options:trickle ice2\r\n");
	assert_int_equal(later(f, opts("x", "A", NULL), false, "a=mid:0\r\n"),
			 ENOENT);
	assert_int_equal(later(f, opts("c", "X", NULL), false, "a=mid:0\r\n"),
			 ENOENT);
	assert_int_equal(later(f, opts("c", "A", NULL), false, "m=\r\n"),
			 EBADMSG);
	assert_int_equal(later(f, opts("c", "A", NULL), false, ""), EINVAL);
	/* she has no part in it */
	assert_int_equal(
		later(f, opts("c", "A", NULL), false,
		      "m=audio 9 RTP/AVP 0\r\na=candidate:1 1 udp 5 " ALICE
		      " 45678 typ host\r\n"),
		0);
}

/* An agent that starts anew knows those that came later */
static void trickle_restored(void **state)
{
	struct fix *f = *state;
	struct phone alice;
	const struct fp_leg *a;
	uint16_t port;

	phone_new(&alice, 0, ALICE, 45678);
	offer(f, ice(opts("c", "A", NULL)), trickled(&alice, "snd"));
	frag(f, &alice, alice.us.ufrag, "snd", "");
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	port = out_port(f, 0);
	phone_begin(&alice, f, true);
	f->m = mem_deref(f->m);
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	a = fake_leg(f->fp, EXT4, port);
	talk_until(&alice, a->state == LEG_RELAY);
	assert_true(alice.checks);
	phone_end(&alice);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, full_setup, teardown)
	const struct CMUnitTest tests[] = {
		T(offered),          T(asked_for),
		T(lite_peer),        T(ways),
		T(restart),          T(another_full),
		T(another_lite),     T(silenced),
		T(restored),         T(stranger),
		T(trickle),          T(trickle_early),
		T(trickle_unmuxed),  T(trickle_told),
		T(trickle_restored),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
