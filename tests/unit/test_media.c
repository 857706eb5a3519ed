/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_media.c  Offers and answers become recipes of the fast path
 */
#include <stdio.h>
#include "media_fix.h"

static void plain(void **state)
{
	struct fix *f = *state;
	const struct fp_leg *l;
	uint16_t a, b;

	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "0 8 101", DTMF));
	b = out_port(f, 0);
	assert_out(f, 0, EXT4);
	assert_int_equal(b % 2, 0);
	assert_non_null(strstr(f->text, "m=audio"));
	/* until there is an answer, nothing is relayed */
	assert_int_equal(fake_legs(f->fp), 2);
	assert_null(fake_leg(f->fp, EXT4, b));

	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8 101", DTMF));
	a = out_port(f, 0);
	assert_int_not_equal(a, b);
	assert_int_equal(fake_legs(f->fp), 4);

	l = fake_leg(f->fp, EXT4, a);
	assert_int_equal(l->state, LEG_RELAY);
	assert_int_equal(l->media, LEG_RTP);
	assert_sa(&l->remote, ALICE, 4000);
	assert_sa(&l->peer_local, EXT4, b);
	assert_sa(&l->peer_remote, BOB, 5000);
	assert_true(l->latch);
	assert_int_equal(l->latch_window, 5000);
	assert_int_equal(l->latch_grace, 400);
	assert_sa(&l->follow[0], EXT4, b);
	assert_int_equal(l->clock_rate, 8000);
	assert_int_equal(l->dtmf_pt, 101);
	assert_int_equal(l->dscp, -1);
	assert_false(l->rtcp_ok || l->demux || l->any_src || l->tap);
	assert_true(l->pt_filter);
	assert_true(has_pt(l, 0) && has_pt(l, 8) && has_pt(l, 101));
	assert_false(has_pt(l, 3) || has_pt(l, 96));

	l = fake_leg(f->fp, EXT4, b);
	assert_sa(&l->remote, BOB, 5000);
	assert_sa(&l->peer_local, EXT4, a);
	assert_sa(&l->peer_remote, ALICE, 4000);

	l = fake_leg(f->fp, EXT4, a + 1);
	assert_int_equal(l->media, LEG_RTCP);
	assert_sa(&l->remote, ALICE, 4001);
	assert_sa(&l->peer_local, EXT4, b + 1);
	assert_sa(&l->peer_remote, BOB, 5001);
	assert_sa(&l->follow[0], EXT4, b + 1);
	assert_false(l->pt_filter);
}

static void reoffer_keeps(void **state)
{
	struct fix *f = *state;
	const struct fp_leg *l;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	fake_learn(f->fp, EXT4, a, "203.0.113.77", 7000);

	/* Bob re-offers; Alice answers as before */
	offer(f, opts("c", "B", "A"), audio(BOB, 5000, "8", NULL));
	assert_int_equal(out_port(f, 0), a);
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "8", NULL));
	assert_int_equal(out_port(f, 0), b);

	/* what the kernel learnt of Alice still holds, and is sent to */
	l = fake_leg(f->fp, EXT4, a);
	assert_false(l->latch);
	l = fake_leg(f->fp, EXT4, b);
	assert_sa(&l->peer_remote, "203.0.113.77", 7000);

	/* Alice moves: not before it is answered does Bob's media follow */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4400, "8", NULL));
	assert_int_equal(out_port(f, 0), b);
	l = fake_leg(f->fp, EXT4, b);
	assert_sa(&l->peer_remote, "203.0.113.77", 7000);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", NULL));
	assert_int_equal(out_port(f, 0), a);
	l = fake_leg(f->fp, EXT4, b);
	assert_sa(&l->peer_remote, ALICE, 4400);
	l = fake_leg(f->fp, EXT4, a);
	assert_sa(&l->remote, ALICE, 4400);
	assert_true(l->latch);
	assert_int_equal(media_calls(f->m), 1);
	assert_int_equal(fake_legs(f->fp), 4);
}

static void forks_by_branch(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	const struct fp_leg *l;
	uint16_t a, b, c;

	pl_set_str(&o.via_branch, "z1");
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	b = out_port(f, 0);
	pl_set_str(&o.via_branch, "z2");
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	c = out_port(f, 0);
	assert_int_not_equal(b, c);

	/* Carol's phone sends early media on the second branch */
	o = opts("c", "A", "C");
	pl_set_str(&o.via_branch, "z2");
	answer(f, o, audio(CAROL, 6000, "0", NULL));
	a = out_port(f, 0);
	l = fake_leg(f->fp, EXT4, a);
	assert_sa(&l->peer_remote, CAROL, 6000);
	assert_sa(&l->peer_local, EXT4, c);

	/* Bob answers on the first: Alice now talks to Bob */
	o = opts("c", "A", "B");
	pl_set_str(&o.via_branch, "z1");
	answer(f, o, audio(BOB, 5000, "0", NULL));
	assert_int_equal(out_port(f, 0), a);
	l = fake_leg(f->fp, EXT4, a);
	assert_sa(&l->peer_remote, BOB, 5000);
	assert_sa(&l->peer_local, EXT4, b);
	/* both branches send to Alice, and follow her */
	assert_sa(&l->follow[0], EXT4, b);
	assert_sa(&l->follow[1], EXT4, c);
	l = fake_leg(f->fp, EXT4, c);
	assert_sa(&l->peer_remote, ALICE, 4000);
	assert_sa(&l->peer_local, EXT4, a);

	/* the branch that lost is cancelled */
	{
		struct pl id = PL("c"), from = PL("A"), br = PL("z2");

		assert_int_equal(
			media_delete(f->m, &id, &from, NULL, &br, 0, NULL), 0);
	}
	assert_null(fake_leg(f->fp, EXT4, c));
	assert_int_equal(media_calls(f->m), 1);
	assert_int_equal(fake_legs(f->fp), 4);
}

static void forks_downstream(void **state)
{
	struct fix *f = *state;
	const struct fp_leg *l;
	uint16_t b;

	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "0", NULL));
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	fake_learn(f->fp, EXT4, b, BOB, 5000);

	/* another phone behind the same offer */
	answer(f, opts("c", "A", "C"), audio(CAROL, 6000, "0", NULL));
	l = fake_leg(f->fp, EXT4, b);
	assert_sa(&l->remote, CAROL, 6000);
	assert_true(l->latch);
	l = fake_leg(f->fp, EXT4, out_port(f, 0));
	assert_sa(&l->peer_remote, CAROL, 6000);
	assert_int_equal(fake_legs(f->fp), 4);

	/* the fork that lost is torn down: nothing happens to the call */
	{
		struct pl id = PL("c"), from = PL("A"), to = PL("B");

		assert_int_equal(
			media_delete(f->m, &id, &from, &to, NULL, 0, NULL), 0);
	}
	assert_int_equal(fake_legs(f->fp), 4);
}

static void hold(void **state)
{
	struct fix *f = *state;
	const struct fp_leg *l;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	fake_learn(f->fp, EXT4, a, "203.0.113.77", 7000);

	/* the old way: no address */
	offer(f, opts("c", "A", "B"),
	      audio("0.0.0.0", 4000, "8", "a=sendonly\r\n"));
	assert_int_equal(out_port(f, 0), b);
	assert_true(sdpx_media(f->out, 0)->held);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", "a=recvonly\r\n"));
	assert_int_equal(out_port(f, 0), a);
	l = fake_leg(f->fp, EXT4, b);
	assert_int_equal(l->state, LEG_HELD);
	l = fake_leg(f->fp, EXT4, a);
	assert_int_equal(l->state, LEG_RELAY);

	/* and back: Alice is where she was, and was learnt to be */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "8", NULL));
	assert_false(sdpx_media(f->out, 0)->held);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", NULL));
	l = fake_leg(f->fp, EXT4, b);
	assert_int_equal(l->state, LEG_RELAY);
	assert_sa(&l->peer_remote, "203.0.113.77", 7000);

	/* the new way: direction only, music goes on */
	offer(f, opts("c", "A", "B"),
	      audio(ALICE, 4000, "8", "a=sendonly\r\n"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", "a=recvonly\r\n"));
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->state, LEG_RELAY);
}

static void zero_address(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);

	o.replace_zero_address = true;
	offer(f, o, audio("0.0.0.0", 4000, "8", NULL));
	assert_out(f, 0, EXT4);
}

static void directions(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	const struct fp_leg *l;
	uint16_t a, b;

	pl_set_str(&o.direction[0], "ext");
	pl_set_str(&o.direction[1], "int");
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	assert_out(f, 0, INT4);
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_out(f, 0, EXT4);
	a = out_port(f, 0);
	l = fake_leg(f->fp, EXT4, a);
	assert_sa(&l->peer_local, INT4, b);

	o = opts("d", "A", NULL);
	pl_set_str(&o.direction[1], "nope");
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOENT);
	assert_non_null(strstr(f->e.msg, "nope"));
	assert_int_equal(media_calls(f->m), 1);
}

static void translation(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	const struct fp_leg *l;
	uint16_t a, b;

	o.address_family = AF_INET6;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	assert_out(f, 0, EXT6);
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"), audio("2001:db8:9::9", 5000, "0", NULL));
	assert_out(f, 0, EXT4);
	a = out_port(f, 0);
	l = fake_leg(f->fp, EXT4, a);
	assert_sa(&l->peer_local, EXT6, b);
	assert_sa(&l->peer_remote, "2001:db8:9::9", 5000);
	l = fake_leg(f->fp, EXT6, b);
	assert_sa(&l->peer_remote, ALICE, 4000);

	/* an answer in the family that was not offered */
	o = opts("c", "A", "B");
	assert_int_equal(put(f, true, &o, audio(BOB, 5000, "0", NULL)),
			 EBADMSG);
	assert_int_equal(fake_leg(f->fp, EXT6, b)->state, LEG_RELAY);

	/* no such address on that interface */
	o = opts("d", "A", NULL);
	o.address_family = AF_INET6;
	pl_set_str(&o.direction[1], "int");
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOENT);
}

/* What each side gets, and how its legs are put together */
static void mux_case(struct fix *f, const char *id, enum media_rtcp_mux how,
		     bool offered, bool answered, bool a_mux, bool b_sent,
		     bool b_mux)
{
	const char *line = "a=rtcp-mux\r\n";
	struct media_opts o = opts(id, "A", NULL);
	const struct fp_leg *l, *r;
	uint16_t a, b;

	o.rtcp_mux = how;
	offer(f, o, audio(ALICE, 4000, "0", offered ? line : NULL));
	b = out_port(f, 0);
	assert_int_equal(sdpx_media(f->out, 0)->rtcp_mux, b_sent);
	assert_int_equal(sa_port(&sdpx_media(f->out, 0)->rtcp),
			 how == RTCPMUX_REQUIRE ? b : b + 1);

	answer(f, opts(id, "A", "B"),
	       audio(BOB, 5000, "0", answered ? line : NULL));
	a = out_port(f, 0);
	assert_int_equal(sdpx_media(f->out, 0)->rtcp_mux, a_mux);
	assert_int_equal(sa_port(&sdpx_media(f->out, 0)->rtcp),
			 a_mux ? a : a + 1);

	l = fake_leg(f->fp, EXT4, a);
	r = fake_leg(f->fp, EXT4, a + 1);
	assert_int_equal(l->rtcp_ok, a_mux);
	assert_int_equal(l->demux, a_mux && !b_mux);

	if (a_mux && b_mux) {
		assert_null(r);
		assert_null(fake_leg(f->fp, EXT4, b + 1));
		return;
	}

	/* RTCP that reaches leg a + 1's path goes where Bob wants it */
	assert_non_null(r);
	assert_sa(&r->peer_local, EXT4, b_mux ? b : b + 1);
	assert_sa(&r->peer_remote, BOB, b_mux ? 5000 : 5001);

	l = fake_leg(f->fp, EXT4, b);
	assert_int_equal(l->rtcp_ok, b_mux);
	assert_int_equal(l->demux, b_mux && !a_mux);
	assert_sa(&l->follow[0], EXT4, a);
	if (b_mux)
		assert_sa(&l->follow[1], EXT4, a + 1);
	else
		assert_false(sa_isset(&l->follow[1], SA_ADDR));
}

static void mux(void **state)
{
	struct fix *f = *state;

	mux_case(f, "1", RTCPMUX_DEFAULT, 0, 0, false, false, false);
	mux_case(f, "2", RTCPMUX_DEFAULT, 0, 1, false, false, false);
	mux_case(f, "3", RTCPMUX_DEFAULT, 1, 0, false, true, false);
	mux_case(f, "4", RTCPMUX_DEFAULT, 1, 1, true, true, true);
	mux_case(f, "5", RTCPMUX_OFFER, 0, 1, false, true, true);
	mux_case(f, "6", RTCPMUX_OFFER, 1, 0, false, true, false);
	mux_case(f, "7", RTCPMUX_REQUIRE, 0, 1, false, true, true);
	mux_case(f, "8", RTCPMUX_REQUIRE, 1, 1, true, true, true);
	mux_case(f, "9", RTCPMUX_DEMUX, 1, 0, true, false, false);
	mux_case(f, "10", RTCPMUX_DEMUX, 1, 1, true, false, false);
	mux_case(f, "11", RTCPMUX_ACCEPT, 1, 0, true, true, false);
	mux_case(f, "12", RTCPMUX_ACCEPT, 0, 1, false, false, false);
	mux_case(f, "13", RTCPMUX_REJECT, 1, 1, false, true, true);
}

/* RTP on the last port there is, or a=rtcp:0: RTCP has nowhere to go */
static void rtcp_nowhere(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	const struct fp_leg *l;

	offer(f, o, audio(ALICE, 65535, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(fake_legs(f->fp), 2);
	l = fake_leg(f->fp, EXT4, out_port(f, 0));
	assert_int_equal(l->state, LEG_RELAY);

	offer(f, opts("d", "A", NULL), audio(ALICE, 4000, "0", "a=rtcp:0\r\n"));
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "0", "a=rtcp:0\r\n"));
	assert_int_equal(fake_legs(f->fp), 4);

	/* muxed on one side, nowhere on the other */
	o = opts("e", "A", NULL);
	o.rtcp_mux = RTCPMUX_DEMUX;
	offer(f, o, audio(ALICE, 4000, "0", "a=rtcp-mux\r\n"));
	answer(f, opts("e", "A", "B"), audio(BOB, 65535, "0", NULL));
	assert_int_equal(fake_legs(f->fp), 6);
	l = fake_leg(f->fp, EXT4, out_port(f, 0));
	assert_true(l->rtcp_ok);
	assert_false(l->demux);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_setup, fix_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(plain),
		T(reoffer_keeps),
		T(forks_by_branch),
		T(forks_downstream),
		T(hold),
		T(zero_address),
		T(rtcp_nowhere),
		T(directions),
		T(translation),
		T(mux),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
