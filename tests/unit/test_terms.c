/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs and profiles that the parties do not share: what each is told, and what the
 * media workers are asked for */
#include "terms_fix.h"
#include "media/terms.h"

#define KEY "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define CRYPTO80 "AES_CM_128_HMAC_SHA1_80 inline:"
#define CRYPTO32 "AES_CM_128_HMAC_SHA1_32 inline:"

static struct media_opts transcode(struct media_opts o, const char *a,
				   const char *b)
{
	pl_set_str(&o.transcode[o.transcodec++], a);
	if (b)
		pl_set_str(&o.transcode[o.transcodec++], b);

	return o;
}

static enum leg_state state_of(const struct fix *f, const char *addr,
			       uint16_t port)
{
	return fake_leg(f->fp, addr, port)->state;
}

/* What is offered beside has numbers that are free, and the answer to the one who
 * offered is in what it knows */
static void transcoded(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	uint16_t a, b;

	offer(f, transcode(opts("c", "A", NULL), "opus", "G722"),
	      audio(ALICE, 4000, "0 96",
		    "a=rtpmap:96 telephone-event/8000\r\n"));
	has(f, " RTP/AVP 0 97 9 98 96\r\n");
	has(f, "a=rtpmap:98 telephone-event/48000\r\n");
	has(f, "a=rtpmap:97 opus/48000/2\r\n");
	has(f, "a=rtpmap:9 G722/8000\r\n");
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"),
	       audio(BOB, 5000, "97 96",
		     "a=rtpmap:97 opus/48000/2\r\n"
		     "a=fmtp:97 useinbandfec=1\r\n"
		     "a=rtpmap:96 telephone-event/8000\r\na=ptime:40\r\n"));
	has(f, " RTP/AVP 0 96\r\n");
	has(f, "a=rtpmap:0 PCMU/8000\r\n");
	has_not(f, "opus");
	a = out_port(f, 0);

	assert_int_equal(fb->n, 1);
	assert_int_equal(state_of(f, EXT4, a), LEG_AGENT);
	assert_int_equal(state_of(f, EXT4, b), LEG_AGENT);
	/* Alice: PCMU in, decoded; she is sent PCMU */
	assert_int_equal(fb->mv[0].ptv[0].act, BRIDGE_DECODE);
	assert_int_equal(fb->mv[0].ptv[96].act, BRIDGE_EVENT);
	assert_int_equal(fb->mv[0].ptv[96].pt, 96);
	assert_int_equal(fb->mv[0].ptv[97].act, BRIDGE_DROP);
	assert_string_equal(fb->mv[0].codecv[0].codec->name, "PCMU");
	assert_string_equal(fb->mv[0].codec->name, "PCMU");
	assert_int_equal(fb->mv[0].pt, 0);
	assert_int_equal(fb->mv[0].ptime, 20);
	assert_sa(&fb->mv[0].local, EXT4, a);
	assert_sa(&fb->mv[0].remote, ALICE, 4000);
	assert_sa(&fb->mv[0].rtcp, ALICE, 4001);
	/* Bob: Opus both ways, in packets of 40 ms as he wants */
	assert_int_equal(fb->mv[1].ptv[97].act, BRIDGE_DECODE);
	assert_string_equal(fb->mv[1].codec->name, "opus");
	assert_int_equal(fb->mv[1].pt, 97);
	assert_int_equal(fb->mv[1].ptime, 40);
	assert_string_equal(fb->mv[1].fmtp, "useinbandfec=1");
	assert_sa(&fb->mv[1].remote, BOB, 5000);
	/* the kernel lets in what each was told that it may send, no more */
	assert_int_equal(fake_leg(f->fp, EXT4, a)->pt_mask[0] & 0x301, 1);
}

/* Who needs no transcoding gets none, and a later agreement ends it */
static void passed_on(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	uint16_t a;

	offer(f, transcode(opts("c", "A", NULL), "opus", NULL),
	      audio(ALICE, 4000, "0 8", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", NULL));
	has(f, " RTP/AVP 8\r\n");
	a = out_port(f, 0);
	assert_int_equal(fb->n, 0);
	assert_int_equal(state_of(f, EXT4, a), LEG_RELAY);

	/* Bob wants Opus alone now, and Alice was never asked */
	offer(f, transcode(opts("c", "B", "A"), "PCMA", NULL),
	      audio(BOB, 5000, "97", "a=rtpmap:97 opus/48000/2\r\n"));
	has(f, " RTP/AVP 97 8 0\r\n");
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "8", NULL));
	has(f, " RTP/AVP 97\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(state_of(f, EXT4, a), LEG_AGENT);

	/* and back: no flag is needed */
	offer(f, opts("c", "B", "A"), audio(BOB, 5000, "8", NULL));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "8", NULL));
	assert_int_equal(fb->n, 0);
	assert_int_equal(fb->left, 1);
	assert_int_equal(state_of(f, EXT4, a), LEG_RELAY);
}

/* What one has heard as ours goes on as ours when the kernel has it, and when the agent
 * has it again */
static void one_stream(void **state)
{
	static const char opus[] = "a=rtpmap:97 opus/48000/2\r\n";
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	const struct fp_leg *leg;
	uint32_t ssrc;
	uint16_t a, b;

	offer(f, transcode(opts("c", "A", NULL), "opus", NULL),
	      audio(ALICE, 4000, "0", NULL));
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "97", opus));
	a = out_port(f, 0);
	assert_false(sa_isset(&fake_leg(f->fp, EXT4, b)->said, SA_ALL));
	ssrc = fb->mv[0].ssrc;
	assert_int_equal(fb->n, 1);
	/* the kernel has relayed nothing that could go on */
	assert_false(fb->mv[0].go_on || fb->mv[1].go_on);

	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(fb->n, 0);
	assert_int_equal(fb->left, 1);
	/* Bob's packets are what Alice gets */
	leg = fake_leg(f->fp, EXT4, b);
	assert_int_equal(leg->state, LEG_RELAY);
	assert_true(leg->ssrc_rewrite);
	assert_int_equal(leg->ssrc_out, ssrc);
	/* and his RTCP tells of it, and of what Alice sends, by the names that they know */
	leg = fake_leg(f->fp, EXT4, (uint16_t)(b + 1));
	assert_int_equal(leg->media, LEG_RTCP);
	assert_int_equal(sa_port(&leg->said), b);
	assert_int_equal(sa_port(&leg->heard), a);

	offer(f, transcode(opts("c", "A", "B"), "opus", NULL),
	      audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "97", opus));
	assert_int_equal(fb->n, 1);
	assert_true(fb->mv[0].go_on && fb->mv[1].go_on);
}

/* Another bit rate for the same codec: the encoder is made anew */
static void rate_changed(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	const char *const setv[] = {"opus/48000/2/16000", "opus/48000/2/32000"};

	for (unsigned i = 0; i < ARRAY_SIZE(setv); i++) {
		struct media_opts o = opts("c", "A", NULL);

		pl_set_str(&o.consume[o.consumec++], "opus");
		pl_set_str(&o.set[o.setc++], setv[i]);
		offer(f, o,
		      audio(ALICE, 4000, "8 96",
			    "a=rtpmap:96 opus/48000/2\r\n"));
		answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", NULL));
		assert_int_equal(fb->n, 1);
		assert_int_equal(fb->mv[0].bitrate, i ? 32000 : 16000);
	}
}

/* The agent that takes the offer need not be the one that takes the answer */
static void accepted_later(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);

	pl_set_str(&o.consume[o.consumec++], "opus");
	pl_set_str(&o.accept[o.acceptc++], "telephone-event");
	offer(f, o,
	      audio(ALICE, 4000, "8 96 101",
		    "a=rtpmap:96 opus/48000/2\r\n"
		    "a=rtpmap:101 telephone-event/8000\r\n"));
	has(f, " RTP/AVP 8 101\r\n");
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", NULL));
	has(f, " RTP/AVP 96 101\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].ptv[96].act, BRIDGE_DECODE);
	assert_int_equal(fb->mv[0].ptv[101].act, BRIDGE_TONE);
}

/* What is to be accepted goes before what both have, and all is turned into it */
static void accepted(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);

	pl_set_str(&o.consume[o.consumec++], "opus");
	pl_set_str(&o.set[o.setc++], "opus/48000/2/16000////complexity=2");
	offer(f, o, audio(ALICE, 4000, "8 96", "a=rtpmap:96 opus/48000/2\r\n"));
	has(f, " RTP/AVP 8\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", NULL));
	has(f, " RTP/AVP 96\r\n");
	has(f, "a=rtpmap:96 opus/48000/2\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].ptv[96].act, BRIDGE_DECODE);
	assert_string_equal(fb->mv[0].codec->name, "opus");
	assert_int_equal(fb->mv[0].bitrate, 16000);
	assert_int_equal(fb->mv[0].complexity, 2);
	/* PCMA would be known to Alice, but she was told of Opus alone */
	assert_int_equal(fb->mv[1].ptv[8].act, BRIDGE_DECODE);
	assert_int_equal(fb->mv[1].pt, 8);

	/* always: Bob has PCMA, and Alice is transcoded all the same */
	o = opts("d", "A", NULL);
	o.always_transcode = true;
	offer(f, o, audio(ALICE, 4000, "9 8", NULL));
	has(f, " RTP/AVP 9 8\r\n");
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "8", NULL));
	has(f, " RTP/AVP 9\r\n");
	assert_int_equal(fb->n, 2);

	/* unless he has what comes first */
	o = opts("e", "A", NULL);
	o.always_transcode = true;
	offer(f, o, audio(ALICE, 4000, "9 8", NULL));
	answer(f, opts("e", "A", "B"), audio(BOB, 5000, "9", NULL));
	has(f, " RTP/AVP 9\r\n");
	assert_int_equal(fb->n, 2);
}

static void masked(void **state)
{
	struct fix *f = *state;
	struct media_opts o = transcode(opts("c", "A", NULL), "PCMU", NULL);
	const struct fake_bridges *fb = fake_bridges();

	pl_set_str(&o.mask[o.maskc++], "all");
	offer(f, o,
	      audio(ALICE, 4000, "111 9", "a=rtpmap:111 opus/48000/2\r\n"));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "opus");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, " RTP/AVP 111\r\n");
	has(f, "a=rtpmap:111 opus/48000/2\r\n");
	assert_int_equal(fb->n, 1);
	assert_string_equal(fb->mv[0].codec->name, "opus");
	assert_string_equal(fb->mv[1].codec->name, "PCMU");

	/* what is stripped is not even for the one who offered */
	o = transcode(opts("d", "A", NULL), "PCMU", NULL);
	pl_set_str(&o.strip[o.stripc++], "opus");
	pl_set_str(&o.mask[o.maskc++], "G722");
	offer(f, o,
	      audio(ALICE, 4000, "111 9", "a=rtpmap:111 opus/48000/2\r\n"));
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, " RTP/AVP 9\r\n");
}

static void cannot(void **state)
{
	struct fix *f = *state;
	struct media_opts o = transcode(opts("c", "A", NULL), "AMR", NULL);

	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "AMR"));
	assert_int_equal(media_calls(f->m), 0);

	offer(f, transcode(opts("c", "A", NULL), "opus", NULL),
	      audio(ALICE, 4000, "0", NULL));
	o = opts("c", "A", "B");
	assert_int_equal(
		put(f, true, &o,
		    audio(BOB, 5000, "98", "a=rtpmap:98 AMR/8000\r\n")),
		ENOTSUP);
	assert_int_equal(fake_bridges()->n, 0);
	/* a better answer is still taken */
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
}

/* ---- keys ------------------------------------------------------------------ */

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

static void start_again(struct fix *f)
{
	f->m = mem_deref(f->m);
	assert_int_equal(fake_bridges()->n, 0);
	f->conf.plane = fake_plane();
	fix_start(f);
	mem_deref(f->conf.plane);
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

/* Packets have the length that the driver asked for, whatever their receiver says; a
 * length that they have anyway leaves the call to the kernel */
static void repacked(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);

	o.ptime = 40;
	offer(f, o, audio(ALICE, 4000, "8", "a=ptime:20\r\n"));
	has(f, "a=ptime:40\r\n");
	has_not(f, "a=ptime:20\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", "a=ptime:20\r\n"));
	has(f, "a=ptime:20\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].ptv[8].act, BRIDGE_DECODE);
	assert_int_equal(fb->mv[0].ptime, 20);
	/* Bob was told 40, so he sends that, and Alice wants 20 */
	assert_int_equal(fb->mv[1].ptv[8].act, BRIDGE_DECODE);
	assert_int_equal(fb->mv[1].ptime, 40);

	/* an agent that starts again goes on so */
	start_again(f);
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[1].ptime, 40);

	/* she takes what Bob was asked for: nothing is left to do */
	offer(f, opts("c", "A", "B"),
	      audio(ALICE, 4000, "8", "a=ptime:40\r\n"));
	has(f, "a=ptime:40\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", "a=ptime:40\r\n"));
	assert_int_equal(fb->n, 0);
}

/* The other way round: who offers is told with the answer */
static void repacked_reverse(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);

	o.ptime_reverse = 30;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	has_not(f, "ptime");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=ptime:30\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].ptime, 30);
	assert_int_equal(fb->mv[1].ptv[0].act, BRIDGE_DECODE);
	/* Bob does not mind what he gets */
	assert_int_equal(fb->mv[0].ptv[0].act, BRIDGE_PASS);
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

/* What the agent sends to a leg of ours the kernel never sees: a call that is joined to a
 * transcoded one is the agent's, too, and the kernel's again when that is over */
static void joined(void **state)
{
	static const char opus[] = "a=rtpmap:96 opus/48000/2\r\n";
	const struct pl id = PL("c");
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	uint16_t a1, b1, a2, b2;

	/* Alice - c - d - Bob */
	offer(f, transcode(opts("c", "A", NULL), "opus", NULL),
	      audio(ALICE, 4000, "0", NULL));
	b1 = out_port(f, 0);
	offer(f, opts("d", "A", NULL), audio(EXT4, b1, "96", opus));
	b2 = out_port(f, 0);
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "96", opus));
	a2 = out_port(f, 0);
	assert_int_equal(state_of(f, EXT4, a2), LEG_RELAY);
	answer(f, opts("c", "A", "B"), audio(EXT4, a2, "96", opus));
	a1 = out_port(f, 0);

	assert_int_equal(fb->n, 2);
	assert_int_equal(state_of(f, EXT4, a1), LEG_AGENT);
	assert_int_equal(state_of(f, EXT4, b1), LEG_AGENT);
	assert_int_equal(state_of(f, EXT4, a2), LEG_AGENT);
	assert_int_equal(state_of(f, EXT4, b2), LEG_AGENT);
	assert_int_equal(fake_leg(f->fp, EXT4, a1)->why, LEG_WHY_TRANSCODING);
	assert_int_equal(fake_leg(f->fp, EXT4, a2)->why, LEG_WHY_JOINED);

	start_again(f);
	assert_int_equal(fb->n, 2);

	/* Alice has learnt Opus */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "96", opus));
	answer(f, opts("c", "A", "B"), audio(EXT4, a2, "96", opus));
	assert_int_equal(fb->n, 0);
	assert_int_equal(state_of(f, EXT4, b1), LEG_RELAY);
	assert_int_equal(state_of(f, EXT4, a2), LEG_RELAY);

	/* and forgotten it; and the call ends */
	offer(f, transcode(opts("c", "A", "B"), "opus", NULL),
	      audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(EXT4, a2, "96", opus));
	assert_int_equal(fb->n, 2);
	assert_int_equal(media_delete(f->m, &id, NULL, NULL, NULL, 0, NULL), 0);
	assert_int_equal(fb->n, 0);
	assert_int_equal(state_of(f, EXT4, a2), LEG_RELAY);
}

/* Comfort noise is taken from who offers it, where that is asked for: the other, who
 * answers without, hears it as sound */
static void noise_accepted(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);

	pl_set_str(&o.accept[o.acceptc++], "CN");
	offer(f, o, audio(ALICE, 4000, "0 13", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, " RTP/AVP 0 13\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].ptv[0].act, BRIDGE_PASS);
	assert_int_equal(fb->mv[0].ptv[13].act, BRIDGE_NOISE);
	assert_int_equal(fb->mv[0].ptv[13].clock, 8000);
	assert_string_equal(fb->mv[1].codec->name, "PCMU");
	/* who knows it gets it as it is */
	offer(f, o, audio(ALICE, 4000, "0 13", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0 13", NULL));
	assert_int_equal(fb->n, 0);
}

/* The codec of a call stays the first in a re-offer that has another order */
static void reused(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);

	o.reuse_codecs = true;
	offer(f, o, audio(ALICE, 4000, "0 8", NULL));
	has(f, " RTP/AVP 0 8\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0 8", NULL));
	o = opts("c", "A", "B");
	o.reuse_codecs = true;
	offer(f, o, audio(ALICE, 4000, "8 0", NULL));
	has(f, " RTP/AVP 0 8\r\n");
	answer(f, o, audio(BOB, 5000, "0 8", NULL));
	o.reuse_codecs = false;
	offer(f, o, audio(ALICE, 4000, "8 0", NULL));
	has(f, " RTP/AVP 8 0\r\n");
	answer(f, o, audio(BOB, 5000, "8 0", NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(transcoded),
		TEST(best_effort_offered),
		TEST(best_effort_taken),
		TEST(passed_on),
		TEST(one_stream),
		TEST(masked),
		TEST(rate_changed),
		TEST(accepted),
		TEST(accepted_later),
		TEST(cannot),
		TEST(to_srtp),
		TEST(from_srtp),
		TEST(same_keys),
		TEST(made_anew),
		TEST(both),
		TEST(bad_keys),
		TEST(video),
		TEST(restart),
		TEST(repacked),
		TEST(repacked_reverse),
		TEST(reused),
		TEST(noise_accepted),
		TEST(suites),
		TEST(joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
