/* SPDX-License-Identifier: BSD-2-Clause */
/* DTLS-SRTP whose RTCP is not muxed: it has an association and keys of its own */
#include "dtls_phone.h"
#include "media/terms.h"

/* RTCP of a phone that does not mux: it has an association of its own, with the same
 * certificate */
static void rtcp_of(struct phone *ph, const struct phone *of, uint16_t port)
{
	*ph = *of;
	ph->cert = mem_ref(of->cert);
	ph->d = NULL;
	ph->side += FAKE_RTCP;
	sa_set_port(&ph->addr, port);
}

/* Both of a phone, each by its own port of ours */
static void hear_both(struct phone *ph, struct phone *rtcp, const char *our,
		      uint16_t port)
{
	struct fake_bridges *fb = fake_bridges();
	struct sa src;

	assert_int_equal(sa_set_str(&src, our, port), 0);
	for (unsigned i = 0; i < fb->sentc; i++) {
		struct fake_datagram d = fb->sentv[i];
		struct phone *to = d.side == ph->side ? ph : rtcp;

		assert_int_equal(d.side, to->side);
		assert_true(sa_cmp(&d.dst, &to->addr, SA_ALL));
		sa_set_port(&src, (uint16_t)(port + (to == rtcp)));
		(void)dtlsx_recv(to->d, &src, d.p, d.n);
	}
	fb->sentc = 0;
}

static void talk_both(struct phone *ph, struct phone *rtcp, const char *our,
		      uint16_t port)
{
	dtlsx_start(ph->d);
	dtlsx_start(rtcp->d);
	hear_both(ph, rtcp, our, port);
}

static void same_rtcp_keys(const struct phone *ph)
{
	const struct bridge_member *m =
		&fake_bridges()->mv[ph->side % FAKE_RTCP];
	struct srtpx_key tx, rx;

	assert_int_equal(dtlsx_keys(ph->d, &tx, &rx), 0);
	assert_true(m->rtcp_keyed);
	assert_true(srtpx_same_key(&m->rtcp_rx, &tx));
	assert_true(srtpx_same_key(&m->rtcp_tx, &rx));
	assert_false(srtpx_same_key(&m->rtcp_rx, &m->rx));
}

/* RTCP without rtcp-mux has an association of its own (RFC 5764 4.1), until it is muxed */
static void unmuxed(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone alice, rtcp;
	struct srtpx_key key;
	char *fp;
	uint16_t a;

	phone_new(&alice, 0, ALICE, 4000);
	rtcp_of(&rtcp, &alice, 4001);
	fp = lines_with(&alice, "actpass", "");
	offer(f, to("RTP/AVP", opts("c", "A", NULL)),
	      profile(ALICE, 4000, TLS, "0", fp));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has_not(f, "rtcp-mux");
	a = out_port(f, 0);
	assert_sa(&fb->mv[0].rtcp, ALICE, 4001);
	assert_true(fb->mv[0].rtcp_keyed);
	assert_int_equal(fb->mv[0].rtcp_rx.suite, SRTPX_NONE);
	assert_false(fb->mv[1].rtcp_keyed);
	assert_true(fake_leg(f->fp, EXT4, a + 1)->alien);
	assert_int_equal(fake_leg(f->fp, EXT4, a + 1)->state, LEG_AGENT);
	phone_ring(&alice, f, false);
	phone_ring(&rtcp, f, false);
	talk_both(&alice, &rtcp, EXT4, a);
	same_keys(&alice);
	same_rtcp_keys(&rtcp);
	says(f, true, "\"DTLS\":\"up\"");
	says(f, true, "\"DTLS of RTCP\":\"up\"");
	key = fb->mv[0].rtcp_rx;

	/* they survive */
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	assert_true(srtpx_same_key(&fb->mv[0].rtcp_rx, &key));
	assert_true(fb->mv[0].resumed);

	offer(f, opts("c", "A", "B"), body(&alice, 4000, "actpass"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=rtcp-mux\r\n");
	assert_false(fb->mv[0].rtcp_keyed);
	mem_deref(fp);
	phone_end(&alice);
	phone_end(&rtcp);
}

/* Who is offered it by DTLS need not take it, nor be offered it, and may be the client */
static void unmuxed_answer(void **state)
{
	struct fix *f = *state;
	struct media_opts o = to(TLS, opts("c", "A", NULL));
	struct phone bob, rtcp;
	char *fp;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	rtcp_of(&rtcp, &bob, 5001);
	o.rtcp_mux = RTCPMUX_DEMUX;
	offer(f, o, audio(ALICE, 4000, "0", "a=rtcp-mux\r\n"));
	has_not(f, "rtcp-mux");
	b = out_port(f, 0);
	phone_ring(&bob, f, true);
	phone_ring(&rtcp, f, true);
	fp = lines_with(&bob, "active", "");
	answer(f, opts("c", "A", "B"), profile(BOB, 5000, TLS, "0", fp));
	talk_both(&bob, &rtcp, EXT4, b);
	same_keys(&bob);
	same_rtcp_keys(&rtcp);
	mem_deref(fp);
	phone_end(&bob);
	phone_end(&rtcp);
}

/* And neither has to wait for his answer */
static void unmuxed_early(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct phone bob, rtcp;
	uint16_t b;
	char *fp;

	phone_new(&bob, 1, BOB, 5000);
	rtcp_of(&rtcp, &bob, 5001);
	offer(f, to(TLS, opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	b = out_port(f, 0);
	phone_ring(&bob, f, true);
	phone_ring(&rtcp, f, true);
	dtlsx_start(rtcp.d);
	dtlsx_start(bob.d);
	assert_int_equal(fb->sentc, 0);
	fp = lines_with(&bob, "active", "");
	answer(f, opts("c", "A", "B"), profile(BOB, 5000, TLS, "0", fp));
	assert_int_equal(fb->sentc, 2);
	hear_both(&bob, &rtcp, EXT4, b);
	same_keys(&bob);
	same_rtcp_keys(&rtcp);
	mem_deref(fp);
	phone_end(&bob);
	phone_end(&rtcp);
}

/* Of ICE we have one component: there it has to be muxed */
static void unmuxed_ice(void **state)
{
	static const char ice[] = "a=ice-ufrag:abcd\r\n"
				  "a=ice-pwd:0123456789abcdef01234567\r\n";
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = to("RTP/AVP", opts("c", "A", NULL));
	struct phone alice;
	char *fp;

	phone_new(&alice, 0, ALICE, 4000);
	fp = lines_with(&alice, "actpass", ice);
	offer(f, o, profile(ALICE, 4000, TLS, "0", fp));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_false(sa_isset(&fb->mv[0].rtcp, SA_ALL));
	assert_false(fb->mv[0].rtcp_keyed);
	says(f, true, "none: with DTLS and ICE it needs rtcp-mux");
	mem_deref(fp);

	fp = lines_with(&alice, "actpass",
			"a=rtcp-mux\r\na=ice-ufrag:abcd\r\n"
			"a=ice-pwd:0123456789abcdef01234567\r\n");
	o = to("RTP/AVP", opts("d", "A", NULL));
	offer(f, o, profile(ALICE, 4000, TLS, "0", fp));
	o = opts("d", "A", "B");
	o.rtcp_mux_reject = true;
	assert_int_equal(put(f, true, &o, audio(BOB, 5000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "rtcp-mux=reject"));
	o = to(TLS, opts("e", "A", NULL));
	o.rtcp_mux = RTCPMUX_DEMUX;
	o.ice_force = true;
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "rtcp-mux=demux"));
	mem_deref(fp);
	phone_end(&alice);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unmuxed),
		TEST(unmuxed_answer),
		TEST(unmuxed_early),
		TEST(unmuxed_ice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
