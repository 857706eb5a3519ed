/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Speech through bridges, from every codec to every other: it is as good as the codecs
 * are. What comes out at the far end is held against what was said.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "bridge/bridge.h"
#include "rtp/packet.h"
#include "sim_plane.h"
#include "speech.h"

enum {
	SECONDS = 2,
	WIDE = SPEECH_RATE * SECONDS,
	NARROW = SPEECH_NARROW * SECONDS,
	PACKETS = SECONDS * 50,
	PT = 96,
	NS_20MS = 20000000,
};

static int16_t said[WIDE], said_narrow[NARROW], heard[NARROW];

/** Who listens: samples of what it decodes, one channel */
struct ear {
	struct codec_dec *dec;
	int16_t pcm[WIDE + 6 * SPEECH_RATE / 50];
	size_t n, packets;
};

static struct ear ear;

static const struct codec *codec(const char *name)
{
	const struct codec *c;
	struct pl pl;

	pl_set_str(&pl, name);
	c = codec_find(&pl, 0, 0);
	assert_non_null(c);

	return c;
}

static void ear_open(const struct codec *c)
{
	struct codec_param prm = {.codec = c, .rate = 8000, .complexity = -1};

	memset(&ear, 0, sizeof(ear));
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	assert_true(codec_dec_rate(ear.dec) <= SPEECH_RATE);
}

static void ear_hear(const uint8_t *p, size_t n)
{
	static int16_t pcm[CODEC_SAMPLES_MAX];
	size_t k;

	assert_int_equal(codec_decode(ear.dec, p, n, pcm, &k), 0);
	for (size_t i = 0; i < k && ear.n < ARRAY_SIZE(ear.pcm); i++)
		ear.pcm[ear.n++] = pcm[i * codec_dec_ch(ear.dec)];
	++ear.packets;
}

/* How well it heard */
static double judge(double *ms)
{
	double delay = 0, snr;

	memset(heard, 0, sizeof(heard));
	if (codec_dec_rate(ear.dec) == SPEECH_RATE)
		speech_narrow(heard, ear.pcm, WIDE);
	else
		memcpy(heard, ear.pcm, sizeof(heard));
	snr = speech_snr(said_narrow, heard, NARROW, &delay);
	*ms = delay / 8;
	ear.dec = mem_deref(ear.dec);

	return snr;
}

/** Who speaks */
struct mouth {
	struct codec_enc *enc;
	size_t at;
};

/* Opus takes what is wide, too; the others what they are made for */
static void mouth_open(struct mouth *m, const struct codec *c)
{
	struct codec_param prm = {.codec = c,
				  .rate = c->rate > SPEECH_RATE ? SPEECH_RATE
								: c->rate,
				  .bitrate = c->clock > 8000 ? 32000 : 0,
				  .complexity = -1};

	memset(m, 0, sizeof(*m));
	assert_int_equal(codec_enc_alloc(&m->enc, &prm), 0);
}

/* The next 20 ms */
static size_t mouth_speak(struct mouth *m, uint8_t *out)
{
	const size_t n = codec_enc_rate(m->enc) / 50;
	const int16_t *from = n == SPEECH_RATE / 50 ? said : said_narrow;
	int16_t pcm[2 * SPEECH_RATE / 50];
	const unsigned ch = codec_enc_ch(m->enc);
	size_t len;

	for (size_t i = 0; i < n * ch; i++)
		pcm[i] = from[m->at + i / ch];
	m->at += n;
	assert_int_equal(codec_encode(m->enc, pcm, n, out, &len), 0);

	return len;
}

static double alone(const struct codec *c, double *ms)
{
	uint8_t buf[CODEC_BYTES_MAX];
	struct mouth m;

	mouth_open(&m, c);
	ear_open(c);
	for (unsigned i = 0; i < PACKETS; i++)
		ear_hear(buf, mouth_speak(&m, buf));
	mem_deref(m.enc);

	return judge(ms);
}

/* ---- through a bridge ------------------------------------------------------------ */

static void sent(const struct sa *from, const struct sa *to, const uint8_t *p,
		 size_t n, void *arg)
{
	struct rtp_head h;
	(void)from;
	(void)to;
	(void)arg;

	if (rtp_kind(p, n) != RTP_MEDIA)
		return;
	assert_int_equal(rtp_read(&h, p, n), 0);
	ear_hear(p + h.off, h.len);
}

static void members(struct bridge_member mv[2], const struct codec *a,
		    const struct codec *b)
{
	const struct codec *cv[2] = {a, b};

	memset(mv, 0, 2 * sizeof(*mv));
	for (unsigned i = 0; i < 2; i++) {
		sa_set_str(&mv[i].local, "192.0.2.1",
			   (uint16_t)(30000 + i * 2));
		sa_set_str(&mv[i].remote, "192.0.2.9",
			   (uint16_t)(4000 + i * 2));
		mv[i].codecv[0].codec = mv[i].codec = cv[i];
		mv[i].codecc = 1;
		mv[i].ptv[PT] = (struct bridge_pt){.act = BRIDGE_DECODE};
		mv[i].pt = PT;
		mv[i].ptime = 20;
		mv[i].complexity = -1;
		mv[i].bitrate = cv[i]->clock > 8000 ? 32000 : 0;
	}
}

static double bridged(const struct codec *a, const struct codec *b, double *ms)
{
	struct rtp_head h = {.pt = PT, .seq = 65500, .ssrc = 7};
	uint8_t pkt[CODEC_BYTES_MAX + RTP_HEADER];
	struct bridge_member mv[2];
	struct plane *pl;
	struct bridge *br;
	struct mouth m;

	members(mv, a, b);
	assert_int_equal(sim_plane_alloc(&pl, sent, NULL), 0);
	assert_int_equal(bridge_alloc(&br, pl, 0, mv, NULL, NULL), 0);
	mouth_open(&m, a);
	ear_open(b);
	for (unsigned i = 0; i < PACKETS; i++) {
		const size_t n = mouth_speak(&m, pkt + RTP_HEADER);

		rtp_write(pkt, &h);
		sim_put(pl, &mv[0].local, &mv[0].remote, pkt, RTP_HEADER + n);
		sim_pass(pl, NS_20MS);
		++h.seq;
		h.ts += a->clock / 50;
	}
	assert_int_equal(ear.packets, PACKETS);
	mem_deref(m.enc);
	mem_deref(br);
	mem_deref(pl);

	return judge(ms);
}

/* Noises add up: of two that are as good as each other, 3 dB. Some is left for a codec that
 * takes another's noise for speech, most of all for one that is made for ears */
static double should(double a, double b, bool both_opus)
{
	const double noise = pow(10, -a / 10) + pow(10, -b / 10);

	return -10 * log10(noise) - (both_opus ? 4 : 1.5);
}

/* A bridge costs no more than the two codecs, and no more time than they take, but for
 * that of a filter between two rates */
static void test_every_pair(void **state)
{
	static const char *const namev[] = {"PCMU", "PCMA",    "G722",
					    "opus", "G726-32", "GSM"};
	enum { N = ARRAY_SIZE(namev), FILTER_MS = 1 };
	double snr[N], ms[N];
	(void)state;

	for (unsigned i = 0; i < N; i++) {
		snr[i] = alone(codec(namev[i]), &ms[i]);
		print_message("%s: %.1f dB, %.1f ms\n", namev[i], snr[i],
			      ms[i]);
		assert_true(snr[i] > 9);
	}
	for (unsigned i = 0; i < N; i++) {
		for (unsigned k = 0; k < N; k++) {
			double late, got = bridged(codec(namev[i]),
						   codec(namev[k]), &late);

			print_message("%s to %s: %.1f dB, %.1f ms\n", namev[i],
				      namev[k], got, late);
			assert_true(got >= should(snr[i], snr[k],
						  i == k && ms[i] > 5));
			assert_true(late <= ms[i] + ms[k] + FILTER_MS);
		}
	}
}

/* The judge is a judge: what is wrong is heard */
static void test_judge(void **state)
{
	double delay, snr;
	(void)state;

	snr = speech_snr(said_narrow, said_narrow, NARROW, &delay);
	assert_true(snr > 34.9 && delay == 0);
	/* half of it comes 1 ms late */
	memcpy(heard, said_narrow, sizeof(heard));
	memmove(heard + NARROW / 2 + 8, heard + NARROW / 2,
		(NARROW / 2 - 8) * sizeof(*heard));
	assert_true(speech_snr(said_narrow, heard, NARROW, &delay) < 25);
	/* all of it later */
	memcpy(heard + 40, said_narrow, sizeof(heard) - 40 * sizeof(*heard));
	snr = speech_snr(said_narrow, heard, NARROW, &delay);
	assert_true(snr > 30 && delay == 40);
}

static int setup(void **state)
{
	(void)state;
	if (libre_init())
		return -1;
	speech_make(said, WIDE);
	speech_narrow(said_narrow, said, WIDE);

	return 0;
}

static int teardown(void **state)
{
	(void)state;
	libre_close();

	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_every_pair),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
