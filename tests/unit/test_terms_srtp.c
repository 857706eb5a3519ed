/* SPDX-License-Identifier: BSD-2-Clause */
/* Profiles that the parties do not share, with keys by a=crypto: what each is told, and what
 * the media workers are asked for */
#include "terms_fix.h"
#include "media/terms.h"

#define KEY "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define CRYPTO80 "AES_CM_128_HMAC_SHA1_80 inline:"
#define CRYPTO32 "AES_CM_128_HMAC_SHA1_32 inline:"

static struct media_opts secure(struct media_opts o, const char *proto)
{
	pl_set_str(&o.transport, proto);

	return o;
}

/* The key of a line of the text */
static void key_of(const struct fix *f, const char *start, struct sdes *s)
{
	const char *p = strstr(f->text, start);
	struct pl pl;

	assert_non_null(p);
	p += strlen("a=crypto:");
	pl.p = p;
	pl.l = strcspn(p, "\r\n");
	assert_int_equal(sdes_decode(s, &pl), SDES_OK);
}

static void to_srtp(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct sdes ours, again;
	struct pl key;
	uint16_t a;

	offer(f, secure(opts("c", "A", NULL), "RTP/SAVP"),
	      audio(ALICE, 4000, "0", NULL));
	has(f, " RTP/SAVP 0\r\n");
	has(f, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:");
	has(f, "a=crypto:3 AEAD_AES_256_GCM inline:");
	key_of(f, "a=crypto:2 " CRYPTO32, &ours);
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "0",
		       "a=crypto:2 " CRYPTO32 KEY "\r\n"));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "crypto");
	a = out_port(f, 0);
	assert_int_equal(state_of(f, EXT4, a), LEG_AGENT);
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].rx.suite, SRTPX_NONE);
	assert_int_equal(fb->mv[0].tx.suite, SRTPX_NONE);
	assert_int_equal(fb->mv[0].ptv[0].act, BRIDGE_PASS);
	assert_null(fb->mv[0].codec);
	assert_memory_equal(&fb->mv[1].tx, &ours.key, sizeof(ours.key));
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_AES_CM_128_HMAC_SHA1_32);
	pl_set_str(&key, "YS___semctl () {\t220;}\n}\nunles");
	assert_memory_equal(fb->mv[1].rx.key, key.p, 30);

	/* a re-offer by either needs no flags, and changes no key of ours */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, " RTP/SAVP 0\r\n");
	key_of(f, "a=crypto:2 " CRYPTO32, &again);
	assert_memory_equal(&again.key, &ours.key, sizeof(ours.key));
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "0",
		       "a=crypto:2 " CRYPTO32 KEY "\r\n"));
	offer(f, opts("c", "B", "A"),
	      profile(BOB, 5000, "RTP/SAVP", "0",
		      "a=crypto:7 " CRYPTO32 KEY "\r\n"));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "crypto");
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	has(f, " RTP/SAVP 0\r\n");
	key_of(f, "a=crypto:7 " CRYPTO32, &again);
	assert_memory_equal(&fb->mv[1].tx, &again.key, sizeof(again.key));
	assert_int_equal(fb->n, 1);
}

/* Of video nothing is transcoded, and of several formats of a name each stays
 * itself */
static void video(void **state)
{
	static const char lines[] =
		"m=video 4002 %s 96 97 98 99\r\n"
		"a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=0\r\n"
		"a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
		"a=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1\r\n"
		"a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n%s";
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	char more[1024];

	(void)re_snprintf(more, sizeof(more), lines, "RTP/AVP", "");
	offer(f, secure(opts("c", "A", NULL), "RTP/SAVP"),
	      audio(ALICE, 4000, "0", more));
	has(f, "RTP/SAVP 96 97 98 99\r\n");
	(void)re_snprintf(more, sizeof(more), lines, "RTP/SAVP",
			  "a=crypto:1 " CRYPTO80 KEY "\r\n");
	{
		char *audio_lines = NULL;

		assert_int_equal(
			re_sdprintf(&audio_lines,
				    "a=crypto:1 " CRYPTO80 KEY "\r\n%s", more),
			0);
		answer(f, opts("c", "A", "B"),
		       profile(BOB, 5000, "RTP/SAVP", "0", audio_lines));
		mem_deref(audio_lines);
	}
	assert_int_equal(fb->n, 2);
	/* the video's was made last */
	for (unsigned pt = 96; pt < 100; pt++) {
		assert_int_equal(fb->mv[0].ptv[pt].act, BRIDGE_PASS);
		assert_int_equal(fb->mv[0].ptv[pt].pt, pt);
		assert_int_equal(fb->mv[1].ptv[pt].pt, pt);
	}
	assert_null(fb->mv[0].codec);
}

static void from_srtp(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct sdes ours;

	offer(f, secure(opts("c", "A", NULL), "RTP/AVP"),
	      profile(ALICE, 4000, "RTP/SAVPF", "0",
		      "a=rtcp-fb:* nack\r\n"
		      "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" KEY "\r\n"
		      "a=crypto:2 " CRYPTO80 KEY "\r\n"));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "crypto");
	has_not(f, "rtcp-fb");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, " RTP/SAVPF 0\r\n");
	key_of(f, "a=crypto:2 " CRYPTO80, &ours);
	assert_int_equal(fb->n, 1);
	assert_memory_equal(&fb->mv[0].tx, &ours.key, sizeof(ours.key));
	assert_int_equal(fb->mv[0].rx.suite, SRTPX_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(fb->mv[1].tx.suite, SRTPX_NONE);
}

/* A re-offer without rtcp-mux needs another bridge, under the keys of the first one: it
 * has to know that they have served */
static void made_anew(void **state)
{
	static const char crypto[] = "a=crypto:2 " CRYPTO80 KEY "\r\n";
	static const char mux[] = "a=rtcp-mux\r\na=crypto:2 " CRYPTO80 KEY
				  "\r\n";
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct bridge_member was;

	offer(f, secure(opts("c", "A", NULL), "RTP/AVP"),
	      profile(ALICE, 4000, "RTP/SAVP", "0", mux));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", "a=rtcp-mux\r\n"));
	was = fb->mv[0];
	assert_true(was.mux);
	assert_false(was.resumed);
	offer(f, opts("c", "A", "B"),
	      profile(ALICE, 4000, "RTP/SAVP", "0", crypto));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_false(fb->mv[0].mux);
	assert_memory_equal(&fb->mv[0].rx, &was.rx, sizeof(was.rx));
	assert_memory_equal(&fb->mv[0].tx, &was.tx, sizeof(was.tx));
	assert_true(fb->mv[0].resumed);
	assert_int_not_equal(fb->mv[0].ssrc, was.ssrc);
	assert_false(fb->mv[1].resumed);
	/* where Alice is found to be changes the bridge, not that */
	offer(f, opts("c", "A", "B"),
	      profile(ALICE, 4002, "RTP/SAVP", "0", crypto));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_sa(&fb->mv[0].remote, ALICE, 4002);
	assert_true(fb->mv[0].resumed);
}

/* Both speak SRTP, and nothing has to be opened: the kernel relays it */
static void same_keys(void **state)
{
	struct fix *f = *state;
	uint16_t a;

	offer(f, secure(opts("c", "A", NULL), "RTP/SAVP"),
	      profile(ALICE, 4000, "RTP/SAVP", "0",
		      "a=crypto:2 " CRYPTO80 KEY "\r\n"));
	has(f, "a=crypto:2 " CRYPTO80 KEY "\r\n");
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "0",
		       "a=crypto:2 " CRYPTO80 KEY "\r\n"));
	a = out_port(f, 0);
	assert_int_equal(state_of(f, EXT4, a), LEG_RELAY);
	assert_int_equal(fake_bridges()->n, 0);
}

/* SRTP and another codec: it has to be opened on both sides */
static void both(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();

	offer(f, transcode(opts("c", "A", NULL), "PCMA", NULL),
	      profile(ALICE, 4000, "RTP/SAVP", "0",
		      "a=crypto:2 " CRYPTO80 KEY "\r\n"));
	has(f, " RTP/SAVP 0 8\r\n");
	has_not(f, KEY);
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "8",
		       "a=crypto:1 " CRYPTO80 KEY "\r\n"));
	has(f, " RTP/SAVP 0\r\n");
	assert_int_equal(fb->mv[0].rx.suite, SRTPX_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_AES_CM_128_HMAC_SHA1_80);
	assert_string_equal(fb->mv[1].codec->name, "PCMA");
}

static void bad_keys(void **state)
{
	struct fix *f = *state;
	struct media_opts o = secure(opts("c", "A", NULL), "RTP/AVP");

	assert_int_equal(put(f, false, &o,
			     profile(ALICE, 4000, "RTP/SAVP", "0",
				     "a=crypto:1 " CRYPTO80 "short\r\n")),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "a=crypto"));
	offer(f, secure(opts("c", "A", NULL), "RTP/SAVP"),
	      audio(ALICE, 4000, "0", NULL));
	o = opts("c", "A", "B");
	assert_int_equal(put(f, true, &o,
			     profile(BOB, 5000, "RTP/SAVP", "0",
				     "a=crypto:9 " CRYPTO80 KEY "\r\n")),
			 ENOTSUP);
	assert_int_equal(fake_bridges()->n, 0);
}

/* Another process takes the call over, keys and all */
static void restart(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct bridge_member was[2];
	uint16_t a;

	offer(f,
	      secure(transcode(opts("c", "A", NULL),
			       "opus/48000/2/20000////complexity=3", NULL),
		     "RTP/SAVP"),
	      audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "96",
		       "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 cbr=1; x=y\r\n"
		       "a=crypto:2 " CRYPTO32 KEY "\r\n"));
	a = out_port(f, 0);
	memcpy(was, fb->mv, sizeof(was));
	start_again(f);
	assert_int_equal(fb->n, 1);
	assert_int_equal(state_of(f, EXT4, a), LEG_AGENT);
	for (unsigned i = 0; i < 2; i++) {
		assert_memory_equal(&fb->mv[i].rx, &was[i].rx,
				    sizeof(was[i].rx));
		assert_memory_equal(&fb->mv[i].tx, &was[i].tx,
				    sizeof(was[i].tx));
		assert_memory_equal(fb->mv[i].ptv, was[i].ptv,
				    sizeof(was[i].ptv));
		assert_ptr_equal(fb->mv[i].codec, was[i].codec);
		assert_string_equal(fb->mv[i].fmtp, was[i].fmtp);
		assert_int_equal(fb->mv[i].bitrate, was[i].bitrate);
		assert_int_equal(fb->mv[i].complexity, was[i].complexity);
		/* a stream of its own: no replay to the receiver */
		assert_int_not_equal(fb->mv[i].ssrc, was[i].ssrc);
	}
	assert_string_equal(fb->mv[1].fmtp, "cbr=1; x=y");
	assert_int_equal(fb->mv[1].bitrate, 20000);
	assert_int_equal(fb->mv[1].complexity, 3);
	/* and signalling goes on where it was */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, " RTP/SAVP 0 96\r\n");
	has(f, "a=crypto:2 " CRYPTO32);
}

/* Keys in a profile that is in the clear: Bob is asked, and may do without */
static void best_effort_offered(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);
	static const char crypto[] = "a=crypto:1 " CRYPTO80 KEY "\r\n";
	uint16_t b;

	o.osrtp_offer = true;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	has(f, "RTP/AVP 0\r\n");
	has(f, "a=crypto:1 " CRYPTO80);
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", crypto));
	has_not(f, "crypto");
	has(f, "RTP/AVP 0\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(fb->mv[1].tx.suite, SRTPX_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(fb->mv[0].rx.suite, SRTPX_NONE);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->state, LEG_AGENT);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->media, LEG_SRTP);

	o = opts("d", "A", NULL);
	o.osrtp_offer = true;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	b = out_port(f, 0);
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(fake_leg(f->fp, EXT4, b)->state, LEG_RELAY);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->media, LEG_RTP);
	assert_int_equal(fb->n, 1);
}

/* And Alice, who asks so, is answered */
static void best_effort_taken(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);
	static const char crypto[] = "a=crypto:1 " CRYPTO80 KEY "\r\n";

	o.osrtp_accept = true;
	offer(f, o, audio(ALICE, 4000, "0", crypto));
	has_not(f, "crypto");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=crypto:1 " CRYPTO80);
	has(f, "RTP/AVP 0\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].rx.suite, SRTPX_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_NONE);

	/* without the flag it is their affair, as ever */
	offer(f, opts("d", "A", NULL), audio(ALICE, 4000, "0", crypto));
	has(f, "a=crypto:1 " CRYPTO80 KEY);
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "0", crypto));
	assert_int_equal(fb->n, 1);

	/* it is gone when she offers without */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has_not(f, "crypto");
	assert_int_equal(fb->n, 0);
}

/* The suites that may be offered, in their order; and what may not be taken is not */
static void suites(void **state)
{
	struct fix *f = *state;
	struct media_opts o = secure(opts("c", "A", NULL), "RTP/SAVP");
	const char *last;

	o.suites.no = 1u << SRTPX_AEAD_AES_128_GCM |
		      1u << SRTPX_AES_CM_128_HMAC_SHA1_32;
	o.suites.orderv[o.suites.orderc++] = SRTPX_AEAD_AES_256_GCM;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	has(f, "a=crypto:1 AEAD_AES_256_GCM inline:");
	has(f, "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:");
	has(f, "a=crypto:3 AES_256_CM_HMAC_SHA1_80 inline:");
	has_not(f, "crypto:4");
	last = strstr(f->text, "crypto:3");
	assert_true(strstr(f->text, "crypto:1") < last);

	/* one that is not among what we offer of our own accord */
	memset(&o.suites, 0, sizeof(o.suites));
	o.suites.only = 1u << SRTPX_AES_192_CM_HMAC_SHA1_80;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	has(f, "a=crypto:1 AES_192_CM_HMAC_SHA1_80 inline:");
	has_not(f, "crypto:2");

	/* who offers it is answered with what may be */
	o = secure(opts("d", "A", NULL), "RTP/AVP");
	o.suites.no = 1u << SRTPX_AES_CM_128_HMAC_SHA1_32;
	offer(f, o,
	      profile(ALICE, 4000, "RTP/SAVP", "0",
		      "a=crypto:1 " CRYPTO32 KEY "\r\n"
		      "a=crypto:2 " CRYPTO80 KEY "\r\n"));
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=crypto:2 " CRYPTO80);
	has_not(f, "crypto:1");

	/* by what is preferred, if that is there and may be */
	o = secure(opts("p", "A", NULL), "RTP/AVP");
	o.suites.no = 1u << SRTPX_AEAD_AES_256_GCM;
	o.suites.preferv[o.suites.preferc++] = SRTPX_AEAD_AES_256_GCM;
	o.suites.preferv[o.suites.preferc++] = SRTPX_AES_256_CM_HMAC_SHA1_80;
	o.suites.preferv[o.suites.preferc++] = SRTPX_AES_CM_128_HMAC_SHA1_32;
	offer(f, o,
	      profile(ALICE, 4000, "RTP/SAVP", "0",
		      "a=crypto:1 " CRYPTO80 KEY "\r\n"
		      "a=crypto:2 " CRYPTO32 KEY "\r\n"));
	answer(f, opts("p", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=crypto:2 " CRYPTO32);
	has_not(f, "crypto:1");

	/* or refused */
	o = secure(opts("e", "A", NULL), "RTP/AVP");
	o.suites.no = 1u << SRTPX_AES_CM_128_HMAC_SHA1_32;
	o.suites.no |= 1u << SRTPX_AES_CM_128_HMAC_SHA1_80;
	assert_int_equal(put(f, false, &o,
			     profile(ALICE, 4000, "RTP/SAVP", "0",
				     "a=crypto:2 " CRYPTO80 KEY "\r\n")),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "a=crypto"));
}

/* What is blocked is the media: its reports are opened as before */
static void blocked(void **state)
{
	const struct media_sel sel = {.call_id = PL("c"), .from_tag = PL("A")};
	struct fix *f = *state;
	uint16_t a;

	offer(f, secure(opts("c", "A", NULL), "RTP/AVP"),
	      profile(ALICE, 4000, "RTP/SAVP", "0",
		      "a=crypto:2 " CRYPTO80 KEY "\r\n"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	a = out_port(f, 0);
	assert_int_equal(media_block(f->m, &sel, true, &f->e), 0);
	assert_int_equal(state_of(f, EXT4, a), LEG_BLOCKED);
	assert_int_equal(state_of(f, EXT4, (uint16_t)(a + 1)), LEG_AGENT);
	assert_int_equal(fake_bridges()->n, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(to_srtp),
		TEST(video),
		TEST(from_srtp),
		TEST(made_anew),
		TEST(same_keys),
		TEST(both),
		TEST(bad_keys),
		TEST(restart),
		TEST(best_effort_offered),
		TEST(best_effort_taken),
		TEST(blocked),
		TEST(suites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
