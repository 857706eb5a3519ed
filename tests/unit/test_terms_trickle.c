/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_terms_trickle.c  Candidates that come later than the body (RFC 8838, RFC 8840)
 */
#include "terms_ice_fix.h"

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
	const struct CMUnitTest tests[] = {
		T(trickle),      T(trickle_early),    T(trickle_unmuxed),
		T(trickle_told), T(trickle_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
