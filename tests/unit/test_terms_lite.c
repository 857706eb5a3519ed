/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls with ICE whose lite side we are: a browser's, and one of plain RTP */
#include "dtls_phone.h"
#include "media/terms.h"

/* A browser: DTLS and ICE, no address of its own in its SDP yet. We are lite, and wait
 * for it to say where it is */
static void browser(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct phone alice;
	struct lite us = {"", ""};
	struct stun_unknown_attr ua;
	struct stun_msg *msg;
	struct mbuf *mb = mbuf_alloc(256);
	const uint32_t prio = 1;
	const uint64_t tie = 7;
	char user[64], *fp = NULL;
	struct pl val;
	uint16_t a;

	phone_new(&alice, 0, ALICE, 45678);
	fp = lines(&alice, "actpass");
	{
		char *more = NULL;

		assert_int_equal(
			re_sdprintf(&more,
				    "%sa=ice-ufrag:abcd\r\n"
				    "a=ice-pwd:0123456789abcdef01234567\r\n"
				    "a=ice-options:trickle\r\n",
				    fp),
			0);
		offer(f, to("RTP/AVP", opts("c", "A", NULL)),
		      profile("0.0.0.0", 9, TLS, "0", more));
		mem_deref(more);
		mem_deref(fp);
	}
	has_not(f, "a=ice-");
	has_not(f, "candidate");
	has(f, "c=IN IP4 " EXT4 "\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=ice-lite\r\n");
	has(f, "a=setup:active\r\n");
	has(f, "a=end-of-candidates\r\n");
	has(f, "a=rtcp-mux\r\n");
	a = out_port(f, 0);
	assert_true(sdpx_attr(f->out, 0, "candidate", 0, &val));
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	(void)pl_strcpy(&val, us.ufrag, sizeof(us.ufrag));
	assert_true(sdpx_attr(f->out, 0, "ice-pwd", 0, &val));
	(void)pl_strcpy(&val, us.pwd, sizeof(us.pwd));
	assert_int_equal(fb->sentc, 0);
	assert_true(fake_leg(f->fp, EXT4, a)->alien);

	(void)re_snprintf(user, sizeof(user), "%s:abcd", us.ufrag);
	assert_int_equal(
		stun_msg_encode(
			mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
			(const uint8_t *)"0123456789ab", NULL,
			(const uint8_t *)us.pwd, strlen(us.pwd), true, 0, 4,
			STUN_ATTR_USERNAME, user, STUN_ATTR_PRIORITY, &prio,
			STUN_ATTR_CONTROLLING, &tie, STUN_ATTR_USE_CAND, &tie),
		0);
	phone_ring(&alice, f, false);
	fake_event(0, RTP_STUN, &alice.addr, mb->buf, mb->end);
	/* the answer, and as the client's first flight goes to where it was heard from */
	assert_int_equal(fb->sentc, 2);
	mem_deref(mb);
	mb = mbuf_alloc(fb->sentv[0].n);
	assert_int_equal(mbuf_write_mem(mb, fb->sentv[0].p, fb->sentv[0].n), 0);
	mb->pos = 0;
	assert_int_equal(stun_msg_decode(&msg, mb, &ua), 0);
	assert_int_equal(stun_msg_class(msg), STUN_CLASS_SUCCESS_RESP);
	assert_true(sa_cmp(&fb->mv[0].remote, &alice.addr, SA_ALL));
	assert_sa(&fake_leg(f->fp, EXT4, a)->remote, ALICE, 45678);
	talk(&alice, EXT4, a);
	same_keys(&alice);
	/* whoever asks without our password gets a few refusals, and no more */
	us.pwd[0] ^= 1;
	mem_deref(mb);
	mb = mbuf_alloc(256);
	assert_int_equal(
		stun_msg_encode(mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
				(const uint8_t *)"0123456789ab", NULL,
				(const uint8_t *)us.pwd, strlen(us.pwd), true,
				0, 1, STUN_ATTR_USERNAME, user),
		0);
	for (unsigned i = 0; i < 40; i++)
		fake_event(0, RTP_STUN, &alice.addr, mb->buf, mb->end);
	assert_in_range(fb->sentc, 1, 10);
	mem_deref(msg);
	mem_deref(mb);
	phone_end(&alice);
}

/* A check that nominates, from an address; @return datagrams that were sent for it */
static unsigned nominate(const struct lite *us, const char *addr, uint16_t port)
{
	struct fake_bridges *fb = fake_bridges();
	struct mbuf *mb = mbuf_alloc(256);
	const unsigned before = fb->sentc;
	const uint32_t prio = 1;
	const uint64_t tie = 7;
	char user[64];
	struct sa src;

	assert_int_equal(sa_set_str(&src, addr, port), 0);
	(void)re_snprintf(user, sizeof(user), "%s:abcd", us->ufrag);
	assert_int_equal(
		stun_msg_encode(
			mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
			(const uint8_t *)"0123456789ab", NULL,
			(const uint8_t *)us->pwd, strlen(us->pwd), true, 0, 4,
			STUN_ATTR_USERNAME, user, STUN_ATTR_PRIORITY, &prio,
			STUN_ATTR_CONTROLLING, &tie, STUN_ATTR_USE_CAND, &tie),
		0);
	fake_event(0, RTP_STUN, &src, mb->buf, mb->end);
	mem_deref(mb);

	return fb->sentc - before;
}

/* ICE alone is no reason to stay in the agent: once it is known where she is, the kernel
 * relays. Checks are answered all the same, and followed; what is played takes the legs
 * for as long; and an agent that starts anew hears checks, too */
static void ice_relayed(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);
	const struct media_digit d = {.event = 1, .ms = 100};
	struct media_sel sel = {.call_id = PL("c"), .from_tag = PL("B")};
	struct lite us = {"", ""};
	struct pl val;
	uint16_t a;

	o.ice_optional = true;
	offer(f, o,
	      profile(ALICE, 4000, "RTP/AVP", "0",
		      "a=rtcp-mux\r\na=ice-ufrag:abcd\r\n"
		      "a=ice-pwd:0123456789abcdef01234567\r\n"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	a = out_port(f, 0);
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	(void)pl_strcpy(&val, us.ufrag, sizeof(us.ufrag));
	assert_true(sdpx_attr(f->out, 0, "ice-pwd", 0, &val));
	(void)pl_strcpy(&val, us.pwd, sizeof(us.pwd));
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_AGENT);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->why, LEG_WHY_ICE);

	assert_int_equal(nominate(&us, ALICE, 45678), 1);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->why, LEG_WHY_NOTHING);
	assert_true(fake_leg(f->fp, EXT4, a)->alien);
	assert_sa(&fake_leg(f->fp, EXT4, a)->remote, ALICE, 45678);
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->left, 1);

	/* consent, and another pair */
	assert_int_equal(nominate(&us, ALICE, 45678), 1);
	assert_int_equal(nominate(&us, ALICE, 50000), 1);
	assert_sa(&fake_leg(f->fp, EXT4, a)->remote, ALICE, 50000);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(fb->left, 1);

	assert_int_equal(media_play_dtmf(f->m, &sel, &d, &f->e), 0);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_AGENT);
	assert_true(fb->mv[0].go_on);
	fb->playing[0] = false;
	fake_event(0, BRIDGE_PLAYED, NULL, NULL, 0);
	for (unsigned i = 0; i < 100 && fb->left < 2; i++)
		turn();
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(fb->n, 1);

	f->m = mem_deref(f->m);
	assert_int_equal(fb->n, 0);
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	assert_int_equal(fb->n, 1);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(nominate(&us, ALICE, 50000), 1);
}

/* Who has no use for it is told nothing of it */
static void ice_wanted(void **state)
{
	static const char ice[] = "a=ice-ufrag:abcd\r\n"
				  "a=ice-pwd:0123456789abcdef01234567\r\n";
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	char *id;
	struct pl val;

	offer(f, o, profile(ALICE, 4000, "RTP/AVP", "0", ice));
	has_not(f, "ice");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has_not(f, "ice");
	assert_int_equal(fake_bridges()->n, 0);

	o = opts("d", "A", NULL);
	o.ice_force = true;
	offer(f, o, profile(ALICE, 4000, "RTP/AVP", "0", ice));
	has(f, "a=ice-lite\r\n");
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	assert_int_equal(pl_strdup(&id, &val), 0);
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=ice-lite\r\n");
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	assert_int_not_equal(pl_strcmp(&val, id), 0);
	assert_int_equal(fake_bridges()->n, 1);
	mem_deref(id);

	/* another name of theirs begins it anew */
	assert_int_equal(pl_strdup(&id, &val), 0);
	offer(f, opts("d", "A", "B"),
	      profile(ALICE, 4000, "RTP/AVP", "0",
		      "a=ice-ufrag:efgh\r\n"
		      "a=ice-pwd:0123456789abcdef01234567\r\n"));
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	assert_int_not_equal(pl_strcmp(&val, id), 0);
	mem_deref(id);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(browser),
		TEST(ice_wanted),
		TEST(ice_relayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
