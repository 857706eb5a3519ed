/* SPDX-License-Identifier: BSD-2-Clause */
/* DTLS-SRTP in calls: what each is told, the handshake with a phone of its own, and
 * the keys that the media workers get */
#include "dtls_phone.h"
#include "media/terms.h"

#define NO_PRINT                                                               \
	"a=fingerprint:sha-256 "                                               \
	"00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:"   \
	"16:17:"                                                               \
	"18:19:1A:1B:1C:1D:1E:1F\r\n"

/* Alice has RTP, Bob DTLS: he is offered it and is the client */
static void offered(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	offer(f, to(TLS, opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, " " TLS " 0\r\n");
	has(f, "a=fingerprint:sha-256 ");
	has(f, "a=setup:actpass\r\n");
	has(f, "a=tls-id:");
	has(f, "a=rtcp-mux\r\n");
	has_not(f, "a=crypto");
	b = out_port(f, 0);
	phone_ring(&bob, f, true);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "fingerprint");
	has_not(f, "setup");
	assert_true(fb->mv[1].locked);
	assert_false(fb->mv[0].locked);
	assert_true(fake_leg(f->fp, EXT4, b)->alien);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->state, LEG_AGENT);
	says(f, true, "\"DTLS\":\"handshake\"");

	talk(&bob, EXT4, b);
	same_keys(&bob);
	says(f, true, "\"DTLS\":\"up\"");
	says(f, true, "\"why\":\"srtp\"");
	says(f, false, "\"media_userspace\":2");
	says(f, false, "\"received\":7");
	assert_int_equal(fb->mv[0].rx.suite, SRTPX_NONE);
	phone_end(&bob);
}

/* Alice offers DTLS and leaves it to us: we are the client, or the server if told */
static void asked_for(void **state, bool passive)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = to("RTP/AVP", opts("c", "A", NULL));
	struct phone alice;
	uint16_t a;

	phone_new(&alice, 0, ALICE, 4000);
	o.dtls_passive = passive;
	offer(f, o, body(&alice, 4000, "actpass"));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "fingerprint");
	has_not(f, "setup");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, " " TLS " 0\r\n");
	has(f, passive ? "a=setup:passive\r\n" : "a=setup:active\r\n");
	has(f, "a=rtcp-mux\r\n");
	assert_true(fb->mv[0].locked);
	a = out_port(f, 0);
	phone_ring(&alice, f, passive);
	talk(&alice, EXT4, a);
	same_keys(&alice);
	phone_end(&alice);
}

static void asked_active(void **state)
{
	asked_for(state, false);
}

static void asked_passive(void **state)
{
	asked_for(state, true);
}

static void call_bob(struct fix *f, struct phone *bob, uint16_t *b)
{
	offer(f, to(TLS, opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	*b = out_port(f, 0);
	phone_ring(bob, f, true);
	answer(f, opts("c", "A", "B"), body(bob, 5000, "active"));
	talk(bob, EXT4, *b);
	same_keys(bob);
}

/* RFC 8842: what says the same goes on, with its keys; another fingerprint is another
 * association, and until it is there nothing is sent */
static void again(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob, other;
	struct srtpx_key key;
	char *id;
	struct pl val;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	phone_new(&other, 1, BOB, 5000);
	call_bob(f, &bob, &b);
	key = fb->mv[1].rx;

	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, " " TLS " 0\r\n");
	has(f, "a=setup:actpass\r\n");
	assert_true(sdpx_attr(f->out, 0, "tls-id", 0, &val));
	assert_int_equal(pl_strdup(&id, &val), 0);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	assert_true(srtpx_same_key(&fb->mv[1].rx, &key));
	assert_false(fb->mv[1].locked);

	/* he offers himself: roles stay, and so does what we call it */
	offer(f, opts("c", "B", "A"), body(&bob, 5000, "actpass"));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	has(f, "a=setup:passive\r\n");
	assert_true(sdpx_attr(f->out, 0, "tls-id", 0, &val));
	assert_int_equal(pl_strcmp(&val, id), 0);
	assert_true(srtpx_same_key(&fb->mv[1].rx, &key));

	/* another phone has the call now */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	phone_ring(&other, f, true);
	answer(f, opts("c", "A", "B"), body(&other, 5000, "active"));
	assert_true(fb->mv[1].locked);
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_NONE);
	talk(&other, EXT4, b);
	same_keys(&other);
	assert_false(srtpx_same_key(&fb->mv[1].rx, &key));
	mem_deref(id);
	phone_end(&bob);
	phone_end(&other);
}

/* Somebody whose certificate is not the one that was named gets nowhere */
static void stranger(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob, mallory;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	phone_new(&mallory, 1, BOB, 5000);
	offer(f, to(TLS, opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	b = out_port(f, 0);
	phone_ring(&mallory, f, true);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	talk(&mallory, EXT4, b);
	assert_true(fb->mv[1].locked);
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_NONE);
	phone_end(&bob);
	phone_end(&mallory);
}

/* From DTLS to a=crypto, to nothing, and back: each time with keys that are new */
static void changes(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob;
	struct srtpx_key key;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	call_bob(f, &bob, &b);
	offer(f, to("RTP/AVP", opts("c", "A", "B")),
	      audio(ALICE, 4000, "0", NULL));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "fingerprint");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(fb->n, 0);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->state, LEG_RELAY);
	assert_false(fake_leg(f->fp, EXT4, b)->alien);

	offer(f, to(TLS, opts("c", "A", "B")), audio(ALICE, 4000, "0", NULL));
	phone_ring(&bob, f, true);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	assert_true(fb->mv[1].locked);
	talk(&bob, EXT4, b);
	same_keys(&bob);
	key = fb->mv[1].tx;

	offer(f, to("RTP/SAVP", opts("c", "A", "B")),
	      audio(ALICE, 4000, "0", NULL));
	has(f, " RTP/SAVP 0\r\n");
	has(f, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:");
	has_not(f, "fingerprint");
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "0",
		       "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
		       "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"));
	assert_false(fb->mv[1].locked);
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_AES_CM_128_HMAC_SHA1_80);
	assert_memory_equal(fb->mv[1].rx.key, "YS___semctl", 11);
	assert_false(srtpx_same_key(&fb->mv[1].tx, &key));
	phone_end(&bob);
}

/* An agent that starts again has the keys, and no association: the next offer begins
 * another one */
static void restart(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob;
	struct srtpx_key key;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	call_bob(f, &bob, &b);
	key = fb->mv[1].rx;
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	mem_deref(f->conf.plane);
	assert_int_equal(fb->n, 1);
	assert_true(srtpx_same_key(&fb->mv[1].rx, &key));
	assert_false(fb->mv[1].locked);

	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	phone_ring(&bob, f, true);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	talk(&bob, EXT4, b);
	same_keys(&bob);
	assert_false(srtpx_same_key(&fb->mv[1].rx, &key));
	phone_end(&bob);
}

static void refused(void **state)
{
	struct fix *f = *state;
	struct media_opts o = to(TLS, opts("c", "A", NULL));
	struct media_opts t = to("RTP/AVP", opts("c", "A", NULL));
	struct media_opts ans = opts("c", "A", "B");

	assert_int_equal(
		put(f, false, &t, profile(ALICE, 4000, TLS, "0", NULL)),
		EINVAL);
	assert_non_null(strstr(f->e.msg, "a=fingerprint"));
	assert_int_equal(put(f, false, &t,
			     profile(ALICE, 4000, TLS, "0",
				     NO_PRINT "a=setup:holdconn\r\n")),
			 EINVAL);
	assert_non_null(strstr(f->e.msg, "a=setup"));
	o.dtls_off = true;
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "DTLS=off"));

	o.dtls_off = false;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	assert_int_equal(put(f, true, &ans, profile(BOB, 5000, TLS, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "a=fingerprint"));
	assert_int_equal(put(f, true, &ans,
			     profile(BOB, 5000, TLS, "0",
				     NO_PRINT "a=setup:actpass\r\n")),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "a=setup"));
}

/* Keys by DTLS in a profile that is in the clear (RFC 8643), from who can do without */
static void best_effort(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	struct phone ph;
	char *more;

	phone_new(&ph, 0, ALICE, 4000);
	more = lines(&ph, "actpass");
	o.osrtp_accept = true;
	offer(f, o, audio(ALICE, 4000, "0", more));
	has_not(f, "fingerprint");
	has(f, "RTP/AVP 0\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "RTP/AVP 0\r\n");
	has(f, "a=setup:active\r\n");
	phone_ring(&ph, f, false);
	turn();
	talk(&ph, EXT4, out_port(f, 0));
	same_keys(&ph);

	/* not asked for: theirs */
	offer(f, opts("d", "A", NULL), audio(ALICE, 4000, "0", more));
	has(f, "a=setup:actpass\r\n");
	mem_deref(more);
	phone_end(&ph);
}

/* Nobody asked us to end it: it is theirs */
static void passes(void **state)
{
	struct fix *f = *state;
	struct phone alice;
	uint16_t a;

	phone_new(&alice, 0, ALICE, 4000);
	offer(f, opts("c", "A", NULL), body(&alice, 4000, "actpass"));
	has(f, "a=setup:actpass\r\n");
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, TLS, "0",
		       NO_PRINT "a=setup:active\r\na=rtcp-mux\r\n"));
	has(f, NO_PRINT);
	a = out_port(f, 0);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(fake_bridges()->n, 0);
	phone_end(&alice);
}

/* A client need not wait until its answer is here (RFC 5763 5): what it says meanwhile is
 * kept, and answered at once. Nobody sends anything a second time */
static void early(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct phone bob, mallory;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	phone_new(&mallory, 1, BOB, 6000);
	offer(f, to(TLS, opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	b = out_port(f, 0);
	/* RTCP's too: he need not mux */
	assert_int_equal(fb->bundles, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(fake_leg(f->fp, EXT4, b + i)->state, LEG_HELD);
		assert_true(fake_leg(f->fp, EXT4, b + i)->alien);
	}
	phone_ring(&bob, f, true);
	phone_ring(&mallory, f, true);
	/* no ClientHello: it takes nobody's place */
	fake_port_event(b, RTP_STUN, &mallory.addr, (const uint8_t *)"", 1);
	fake_port_event(b, RTP_DTLS, &mallory.addr,
			(const uint8_t[]){22, 254, 253, 0, 1, 0, 0, 0, 0, 0, 0,
					  0, 1, 1},
			14);
	dtlsx_start(bob.d);
	/* the first one counts */
	dtlsx_start(mallory.d);
	assert_int_equal(fb->sentc, 0);

	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	assert_int_equal(fb->bundles, 0);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->state, LEG_AGENT);
	assert_int_equal(fb->sentc, 1);
	assert_true(fb->mv[1].locked);
	listens(&bob, EXT4, b);
	same_keys(&bob);
	phone_end(&bob);
	phone_end(&mallory);
}

/* It is the server after all, or does not want it; and an agent that starts again while a
 * phone rings listens, too */
static void early_for_nothing(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct phone bob;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	offer(f, to(TLS, opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	phone_ring(&bob, f, true);
	dtlsx_start(bob.d);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "passive"));
	/* our own ClientHello alone */
	assert_int_equal(fb->sentc, 1);
	fb->sentc = 0;

	offer(f, to(TLS, opts("d", "A", NULL)), audio(ALICE, 4002, "0", NULL));
	b = out_port(f, 0);
	assert_int_equal(fb->bundles, 2);
	f->m = mem_deref(f->m);
	assert_int_equal(fb->bundles, 0);
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	assert_int_equal(fb->bundles, 2);
	assert_true(fake_leg(f->fp, EXT4, b)->alien);
	answer(f, opts("d", "A", "B"), profile(BOB, 0, TLS, "0", NULL));
	assert_int_equal(fb->bundles, 0);
	assert_null(fake_leg(f->fp, EXT4, b));
	phone_end(&bob);
}

/* Who has a bridge already has its ClientHello kept as well: another phone takes the call */
static void early_again(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct phone bob, other;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	phone_new(&other, 1, BOB, 5000);
	call_bob(f, &bob, &b);
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	assert_int_equal(fb->bundles, 0);
	phone_ring(&other, f, true);
	dtlsx_start(other.d);
	fb->sentc = 0;
	answer(f, opts("c", "A", "B"), body(&other, 5000, "active"));
	assert_int_equal(fb->sentc, 1);
	listens(&other, EXT4, b);
	same_keys(&other);
	phone_end(&bob);
	phone_end(&other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(offered),     TEST(asked_active), TEST(asked_passive),
		TEST(again),       TEST(stranger),     TEST(changes),
		TEST(restart),     TEST(refused),      TEST(passes),
		TEST(best_effort), TEST(early),        TEST(early_for_nothing),
		TEST(early_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
