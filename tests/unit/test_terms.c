/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs that the parties do not share: what each is told, and what the media workers are
 * asked for */
#include "terms_fix.h"
#include "media/terms.h"

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
		TEST(transcoded),     TEST(passed_on),
		TEST(one_stream),     TEST(rate_changed),
		TEST(accepted_later), TEST(accepted),
		TEST(masked),         TEST(cannot),
		TEST(repacked),       TEST(repacked_reverse),
		TEST(joined),         TEST(noise_accepted),
		TEST(reused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
