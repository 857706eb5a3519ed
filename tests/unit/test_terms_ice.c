/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_terms_ice.c  The full side of ICE in calls: what each is told, and what becomes of the legs
 */
#include "terms_ice_fix.h"

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
	query_says(f, "\"ICE\":\"checking\",\"ICE role\":\"controlling\"");
	assert_int_equal(b->state, LEG_AGENT);
	talk_until(&bob, b->state == LEG_RELAY);
	assert_sa(&b->remote, BOB, 45678);
	assert_true(b->alien);
	assert_in_range(bob.uses, 1, 2);
	assert_int_equal(full_state(bob.x), FULL_UP);
	query_says(f, "\"ICE\":\"" BOB ":45678\",\"ICE role\":\"controlling\","
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
	query_says(f, "\"ICE role\":\"controlled\"");
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
	query_says(f, "\"ICE role\":\"controlling\"");
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
	query_says(f, "\"ICE role\":\"lite\"");
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
	query_says(f, "\"ICE\":\"" BOB ":5000\"");
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
	query_says(f, "\"ICE\":\"failed\"");

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
	query_says(f, "\"ICE\":\"" BOB ":45678\",\"ICE role\":\"controlling\"");
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
	query_says(f, "\"ICE\":\"checking\"");
	mem_deref(mb);
	phone_end(&alice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(offered),  T(asked_for),    T(lite_peer),    T(ways),
		T(restart),  T(another_full), T(another_lite), T(silenced),
		T(restored), T(stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
