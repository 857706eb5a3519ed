/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_terms_turn_pair.c  The pair by the relay, and what becomes of it when one of the three ends
 */
#include "terms_turn_fix.h"

/* Alice, who knows nothing of ICE, calls Bob. @return his leg's port */
static uint16_t call_bob(struct fix *f)
{
	uint16_t port;

	talk_until(stats(f).ready == READY);
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	port = out_port(f, 0);
	bob_begin(f);
	answer(f, opts("c", "A", "B"), bob_body());

	return port;
}

static struct stream *bob_stream(const struct fix *f)
{
	struct media_call *c = list_ledata(list_head(&f->m->calll));
	struct party *p = list_ledata(list_head(&c->parties)->next);

	return stream_find(p, 0);
}

static const struct fake_relay *relay_of(const struct stream *s)
{
	for (unsigned i = 0; fake_relay(i); i++) {
		if (s->relay && sa_cmp(&fake_relay(i)->local,
				       relayport_local(s->relay), SA_ALL))
			return fake_relay(i);
	}

	return NULL;
}

/* ---- the pair ------------------------------------------------------------------- */

static void relayed(void **state)
{
	struct fix *f = *state;
	const uint16_t port = call_bob(f);
	const struct stream *s = bob_stream(f);
	const struct fake_relay *r;
	const struct fp_leg *b = leg_at(f, port), *a;
	struct relay_stats rs = {.rx = 50, .rx_bytes = 8600};
	uint8_t rtp[172] = {0x80};
	char addr[80];

	assert_int_equal(b->why, LEG_WHY_ICE);
	talk_until(stream_relayed(s));
	talk_until(full_state(bob.x) == FULL_UP);
	assert_sa(full_selected(bob.x), SERVER, sa_port(&serverv[0].relayed));
	r = relay_of(s);
	assert_non_null(r);
	assert_true(sa_cmp(&r->leg, &s->local, SA_ALL));
	talk_until(r->channel);
	/* both legs stay here, and say why; Bob's party is at the port of the relay */
	assert_int_equal(b->state, LEG_AGENT);
	assert_int_equal(b->why, LEG_WHY_RELAY);
	assert_true(sa_cmp(&b->remote, &r->local, SA_ALL));
	assert_false(b->latch);
	a = leg_at(f, out_port(f, 0));
	assert_int_equal(a->state, LEG_AGENT);
	assert_int_equal(a->why, LEG_WHY_RELAY);
	assert_true(sa_cmp(&a->peer_remote, &r->local, SA_ALL));
	assert_true(sa_cmp(&fake_bridges()->mv[1].remote, &r->local, SA_ALL));
	assert_true(sa_cmp(&fake_bridges()->mv[1].rtcp, &r->local, SA_ALL));
	/* and the pair is what SDP says */
	query_says(f, "\"ICE\":\"" BOB ":45678\"");
	(void)re_snprintf(addr, sizeof(addr),
			  "\"relay\":{\"address\":\"%J\",\"server\":\"" SERVER
			  ":3478\",\"selected\":true",
			  &serverv[0].relayed);
	query_says(f, addr);
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, "a=remote-candidates:1 " BOB " 45678\r\n");
	assert_int_equal(stats(f).pairs, 1);
	/* what the worker counts is the call's */
	fake_bridges()->relay_st = rs;
	query_says(f, "\"stats\":{\"packets\":50,\"bytes\":8600,");
	/* what a leg sends before its channel is there goes in an indication */
	fake_relay_event(&r->local, RELAY_LEG, rtp, sizeof(rtp));
	assert_int_equal(bob.heard, 1);
}

/* Media of Bob's that the server has no channel for yet */
static void early_data(void **state)
{
	struct fix *f = *state;
	uint8_t rtp[172] = {0x80};
	const struct fake_relay *r;

	fail_bind = 400;
	(void)call_bob(f);
	talk_until(stream_relayed(bob_stream(f)));
	r = relay_of(bob_stream(f));
	talk();
	assert_int_equal(r->channel, 0);
	bob_sends(&serverv[0].relayed, rtp, sizeof(rtp), NULL);
	talk_until(r->passed);
	fake_relay_event(&r->local, RELAY_LEG, rtp, sizeof(rtp));
	assert_int_equal(bob.heard, 1);
}

static void direct_is_better(void **state)
{
	struct fix *f = *state;
	uint16_t port;

	bob.direct = true;
	port = call_bob(f);
	talk_until(leg_at(f, port)->state == LEG_RELAY);
	assert_sa(&leg_at(f, port)->remote, BOB, 45678);
	assert_false(stream_relayed(bob_stream(f)));
	/* it is not needed, and goes after a while (RFC 8445 8.3.1) */
	talk_until(!bob_stream(f)->relay);
	talk_until(!serverv[0].up);
	talk_until(!leg_at(f, sa_port(&localv[0])));
	assert_int_equal(full_state(bob.x), FULL_UP);
	assert_int_equal(leg_at(f, port)->state, LEG_RELAY);
	/* the next process knows of none either */
	f->m = mem_deref(f->m);
	start(f);
	assert_null(bob_stream(f)->relay);
	assert_int_equal(leg_at(f, port)->state, LEG_RELAY);
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has_not(f, "typ relay");
	assert_int_equal(stats(f).missing, 0);
}

/* Bob begins ICE anew: with a relay, which is not needed this time either, though the pair is
 * the one that it was */
static void begun_anew(void **state)
{
	struct fix *f = *state;
	uint16_t port;

	bob.direct = true;
	port = call_bob(f);
	talk_until(leg_at(f, port)->state == LEG_RELAY);
	talk_until(!bob_stream(f)->relay);
	lite_make(&bob.us);
	bob.x = mem_deref(bob.x);
	talk_until(stats(f).ready == READY);
	offer(f, opts("c", "B", "A"), bob_body());
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	has(f, "typ relay");
	assert_non_null(bob_stream(f)->relay);
	bob_begin(f);
	talk_until(full_state(bob.x) == FULL_UP);
	talk_until(!bob_stream(f)->relay);
	assert_int_equal(leg_at(f, port)->state, LEG_RELAY);
}

static void call_ends(void **state)
{
	struct fix *f = *state;
	struct pl id = PL("c");

	(void)call_bob(f);
	talk_until(stream_relayed(bob_stream(f)));
	assert_int_equal(media_delete(f->m, &id, NULL, NULL, NULL, 0, NULL), 0);
	talk_until(!serverv[0].up);
	talk_until(!leg_at(f, sa_port(&localv[0])));
	assert_int_equal(stats(f).used, 0);
	assert_int_equal(fake_legs(f->fp), READY);
}

/* Its answer has no ICE: nothing is to be relayed */
static void no_ice_answered(void **state)
{
	struct fix *f = *state;

	talk_until(stats(f).ready == READY);
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, "typ relay");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(stats(f).used, 0);
	talk_until(!serverv[0].up);
}

/* The server has forgotten it */
static void lost(void **state)
{
	struct fix *f = *state;
	uint16_t port, a;
	struct lite was;

	fail_bind = 437;
	port = call_bob(f);
	a = out_port(f, 0);
	was = bob_stream(f)->terms->lite;
	talk_until(stats(f).failed[TURN_LOST]);
	assert_null(bob_stream(f)->relay);
	assert_false(stream_relayed(bob_stream(f)));
	assert_true(stream_silenced(bob_stream(f)));
	assert_int_equal(leg_at(f, a)->state, LEG_HELD);
	assert_int_equal(leg_at(f, a)->why, LEG_WHY_CONSENT);
	query_says(f, "\"ICE\":\"consent lost\"");
	/* the next offer begins anew, under another name and with another relay */
	fail_bind = 0;
	for (unsigned i = 0; i < serverc; i++)
		serverv[i].fails = 0;
	talk_until(stats(f).ready == READY);
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, "typ relay");
	has_not(f, was.ufrag);
	bob_begin(f);
	answer(f, opts("c", "A", "B"), bob_body());
	talk_until(stream_relayed(bob_stream(f)));
	talk_until(leg_at(f, port)->why == LEG_WHY_RELAY);
	assert_int_equal(leg_at(f, a)->state, LEG_AGENT);
}

/* Calls end when nothing is heard, by a relay either */
static void timeouts(void **state)
{
	struct fix *f = *state;
	struct media_call *c;
	const uint64_t at = 5000;

	(void)call_bob(f);
	talk_until(stream_relayed(bob_stream(f)));
	c = list_ledata(list_head(&f->m->calll));
	assert_int_equal(call_last_packet(c, media_now()), 0);
	fake_bridges()->relay_st.heard = at * 1000000;
	assert_int_equal(call_last_packet(c, media_now()), at);
}

/* Sound and pictures by one port of Bob's: one relay is enough for both */
static void bundled(void **state)
{
	static const char print[] =
		"sha-256 "
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
	struct fix *f = *state;
	struct media_opts o = forced(opts("c", "A", NULL));
	const struct sa *at;
	char *s = NULL;

	talk_until(stats(f).ready == READY);
	o.bundle_offer = true;
	pl_set_str(&o.transport, "UDP/TLS/RTP/SAVPF");
	assert_int_equal(re_sdprintf(&s, "v=0\r\no=- 1 1 IN IP4 " ALICE
					 "\r\ns=-\r\nc=IN IP4 " ALICE
					 "\r\nt=0 0\r\n"
					 "m=audio 4000 RTP/AVP 0\r\n"
					 "m=video 4002 RTP/AVP 96\r\n"
					 "a=rtpmap:96 VP8/90000\r\n"),
			 0);
	offer(f, o, s);
	assert_int_equal(stats(f).used, 2);
	bob_begin(f);
	s = NULL;
	assert_int_equal(
		re_sdprintf(
			&s,
			"v=0\r\no=- 1 1 IN IP4 " BOB "\r\ns=-\r\n"
			"c=IN IP4 " BOB "\r\nt=0 0\r\n"
			"a=group:BUNDLE 1 2\r\n"
			"m=audio 45678 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n"
			"a=rtcp-mux\r\na=fingerprint:%s\r\n"
			"a=setup:passive\r\na=ice-ufrag:%s\r\n"
			"a=ice-pwd:%s\r\na=candidate:1 1 UDP 2130706431 " BOB
			" 45678 typ host\r\n"
			"m=video 45678 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\n"
			"a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n",
			print, bob.us.ufrag, bob.us.pwd),
		0);
	answer(f, opts("c", "A", "B"), s);
	assert_int_equal(stats(f).used, 1);
	assert_int_equal(fake_bridges()->bundles, 1);
	talk_until(stream_relayed(bob_stream(f)));
	at = relayport_local(bob_stream(f)->relay);
	for (unsigned i = 0; i < 2; i++)
		assert_true(sa_cmp(&fake_member(i, 1)->remote, at, SA_ALL));
	assert_true(sa_cmp(&relay_of(bob_stream(f))->leg, &bob_stream(f)->local,
			   SA_ALL));
	/* our ClientHello goes to where they are */
	talk_until(sa_cmp(&hello, at, SA_ALL));
}

/* ---- another process ------------------------------------------------------------ */

static void restored(void **state)
{
	struct fix *f = *state;
	const uint16_t port = call_bob(f);
	const struct fake_relay *r;
	unsigned allocates;
	uint16_t channel;
	struct sa local;

	talk_until(stream_relayed(bob_stream(f)));
	talk_until(relay_of(bob_stream(f))->channel);
	local = relay_of(bob_stream(f))->local;
	channel = relay_of(bob_stream(f))->channel;
	allocates = serverv[0].asked[STUN_METHOD_ALLOCATE];
	f->m = mem_deref(f->m);
	assert_true(serverv[0].up);
	assert_non_null(leg_at(f, sa_port(&local)));
	start(f);
	assert_true(stream_relayed(bob_stream(f)));
	r = relay_of(bob_stream(f));
	assert_non_null(r);
	assert_true(sa_cmp(&r->local, &local, SA_ALL));
	assert_true(sa_cmp(&r->leg, &bob_stream(f)->local, SA_ALL));
	assert_int_equal(r->channel, channel);
	assert_int_equal(leg_at(f, port)->why, LEG_WHY_RELAY);
	assert_int_equal(leg_at(f, sa_port(&local))->why, LEG_WHY_RELAY);
	talk_until(serverv[0].asked[STUN_METHOD_REFRESH]);
	talk_until(stats(f).ready == READY);
	assert_true(serverv[0].up);
	assert_int_equal(serverv[0].asked[STUN_METHOD_ALLOCATE], allocates);
	assert_true(stream_relayed(bob_stream(f)));
	assert_int_equal(full_state(bob.x), FULL_UP);
}

/* The server, too, began again */
static void restored_lost(void **state)
{
	struct fix *f = *state;

	(void)call_bob(f);
	talk_until(stream_relayed(bob_stream(f)));
	f->m = mem_deref(f->m);
	fake_turn_restart(&serverv[0]);
	start(f);
	assert_true(stream_relayed(bob_stream(f)));
	talk_until(stats(f).failed[TURN_LOST]);
	assert_true(stream_silenced(bob_stream(f)));
	query_says(f, "\"ICE\":\"consent lost\"");
}

/* The configuration knows of no server any more */
static void restored_without(void **state)
{
	struct fix *f = *state;
	const uint16_t port = call_bob(f);
	struct sa local;

	talk_until(stream_relayed(bob_stream(f)));
	local = *relayport_local(bob_stream(f)->relay);
	f->m = mem_deref(f->m);
	sa_init(&f->conf.turn.server, AF_UNSPEC);
	start(f);
	assert_null(bob_stream(f)->relay);
	assert_false(sa_isset(&bob_stream(f)->terms->pair, SA_ALL));
	assert_int_equal(leg_at(f, port)->why, LEG_WHY_ICE);
	/* nobody owns the relay's leg */
	assert_null(leg_at(f, sa_port(&local)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(relayed),    T(early_data),    T(direct_is_better),
		T(begun_anew), T(call_ends),     T(no_ice_answered),
		T(lost),       T(timeouts),      T(bundled),
		T(restored),   T(restored_lost), T(restored_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
