/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs: a tone goes in and is heard at the other end, any to any */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include <cmocka.h>
#include "audio/codec.h"
#include "audio/resample.h"
#include "goertzel.h"

enum { TONE = 1000, AMP = 8000, PACKETS = 50 };

/** One direction of a stream: coded, decoded */
struct pipe {
	const struct codec *codec;
	struct codec_enc *enc;
	struct codec_dec *dec;
	unsigned ptime;
};

static int16_t sine(double f, double rate, size_t i)
{
	return (int16_t)lrint(AMP * sin(2 * M_PI * f * (double)i / rate));
}

static void pipe_open(struct pipe *p, const struct codec *c, const char *fmtp,
		      uint32_t rate)
{
	struct codec_param prm = {
		.codec = c, .rate = rate, .complexity = -1, .bitrate = 32000};

	/* no tone is silence to annex B's detector after a second */
	pl_set_str(&prm.fmtp, strncmp(c->name, "G729", 4) ? fmtp : "annexb=no");
	p->codec = c;
	p->ptime = c->ptime;
	assert_int_equal(codec_enc_alloc(&p->enc, &prm), 0);
	assert_int_equal(codec_dec_alloc(&p->dec, &prm), 0);
}

static void pipe_close(struct pipe *p)
{
	p->enc = mem_deref(p->enc);
	p->dec = mem_deref(p->dec);
}

/* Samples through it; returns how many came out */
static size_t pipe_run(struct pipe *p, const int16_t *in, size_t n,
		       int16_t *out)
{
	const size_t step = codec_enc_rate(p->enc) * p->ptime / 1000;
	static int16_t pcm[CODEC_SAMPLES_MAX];
	uint8_t pkt[CODEC_BYTES_MAX];
	size_t total = 0, len, k;

	for (size_t i = 0; i + step <= n; i += step) {
		assert_int_equal(codec_encode(p->enc,
					      in + i * codec_enc_ch(p->enc),
					      step, pkt, &len),
				 0);
		assert_in_range(len, 1, CODEC_BYTES_MAX);
		assert_int_equal(codec_decode(p->dec, pkt, len, pcm, &k), 0);
		assert_int_equal(k, step);
		k *= codec_dec_ch(p->dec);
		memcpy(out + total, pcm, k * sizeof(*pcm));
		total += k;
	}

	return total;
}

/* What a codec leaves of a tone, in dB */
static double expected(const struct codec *c)
{
	static const struct {
		const char *name;
		double snr;
	} v[] = {
		{"PCMU", 30},         {"PCMA", 30},
		{"L16", 35},          {"G722", 25},
		{"GSM", 8},           {"G726-16", 6},
		{"G726-24", 11},      {"G726-32", 17},
		{"G726-40", 22},      {"AAL2-G726-16", 6},
		{"AAL2-G726-24", 11}, {"AAL2-G726-32", 17},
		{"AAL2-G726-40", 22}, {"G729", 3},
		{"G729A", 3},         {"opus", 15},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		if (!strcmp(v[i].name, c->name))
			return v[i].snr;
	}
	fail_msg("%s: no figure", c->name);

	return 0;
}

static int16_t in[48000 * 2], out[48000 * 4], mid[48000 * 4];

static void test_tones(void **state)
{
	static const uint32_t ratev[] = {8000, 16000, 48000};
	unsigned seen = 0;
	(void)state;

	for (unsigned i = 0; codec_nth(i); i++) {
		const struct codec *c = codec_nth(i);

		if (!codec_usable(c))
			continue;
		++seen;
		for (size_t r = 0; r < ARRAY_SIZE(ratev); r++) {
			struct pipe p;
			uint32_t rate;
			size_t n;
			double a, snr;

			pipe_open(&p, c, "", ratev[r]);
			rate = codec_enc_rate(p.enc);
			assert_int_equal(codec_dec_rate(p.dec), rate);
			n = rate; /* a second */
			for (size_t k = 0; k < n; k++) {
				for (unsigned x = 0; x < codec_enc_ch(p.enc);
				     x++)
					in[k * codec_enc_ch(p.enc) + x] = sine(
						TONE, rate, k);
			}
			n = pipe_run(&p, in, n, out);
			if (codec_dec_ch(p.dec) == 2) {
				n /= 2;
				resample_mono(out, n);
			}
			/* the second half: a codec has to find its feet */
			a = goertzel(out + n / 2, n / 2, TONE, rate);
			snr = tone_snr(out + n / 2, n / 2, TONE, rate);
			if (fabs(20 * log10(a / AMP)) > 1.5 ||
			    snr < expected(c))
				fail_msg("%s at %u: amplitude %.0f, %.1f dB",
					 c->name, rate, a, snr);
			pipe_close(&p);
		}
	}
	assert_in_range(seen, 18, 100);
}

/* Through one codec, another rate, another codec: no step is bigger than the
 * tone's steepest and what the codecs add */
static void test_any_to_any(void **state)
{
	(void)state;

	for (unsigned i = 0; codec_nth(i); i++) {
		for (unsigned k = 0; codec_nth(k); k++) {
			struct resample *r;
			struct pipe a, b;
			size_t n, room = ARRAY_SIZE(mid);
			uint32_t ra, rb;
			double amp;

			if (!codec_usable(codec_nth(i)) ||
			    !codec_usable(codec_nth(k)) ||
			    codec_nth(i)->ch == 2 || codec_nth(k)->ch == 2)
				continue;
			pipe_open(&a, codec_nth(i), "", 0);
			pipe_open(&b, codec_nth(k), "", 0);
			ra = codec_dec_rate(a.dec);
			rb = codec_enc_rate(b.enc);
			n = ra / 2;
			for (size_t x = 0; x < n; x++)
				in[x] = sine(TONE, ra, x);
			n = pipe_run(&a, in, n, out);
			assert_int_equal(resample_alloc(&r, ra, rb, 1), 0);
			resample_run(r, out, n, mid, &room);
			assert_in_range(room, (size_t)rb / 2 * 9 / 10,
					(size_t)rb / 2 + 10);
			n = pipe_run(&b, mid, room, out);
			amp = goertzel(out + n / 2, n / 2, TONE, rb);
			if (fabs(20 * log10(amp / AMP)) > 3)
				fail_msg("%s %u to %s %u: amplitude %.0f",
					 a.codec->name, ra, b.codec->name, rb,
					 amp);
			mem_deref(r);
			pipe_close(&a);
			pipe_close(&b);
		}
	}
}

/* No sound where none was: resampling makes no clicks */
static void test_resample(void **state)
{
	static const uint32_t ratev[] = {8000,  16000, 24000,
					 32000, 44100, 48000};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(ratev); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(ratev); k++) {
			const uint32_t a = ratev[i], b = ratev[k];
			const size_t step = a / 50;
			size_t total = 0, room;
			struct resample *r;
			double most = 2 * M_PI * TONE / b * AMP * 1.05 + 4;

			assert_int_equal(resample_alloc(&r, a, b, 1), 0);
			for (size_t x = 0; x < 50; x++) {
				for (size_t y = 0; y < step; y++)
					in[y] = sine(TONE, a, x * step + y);
				room = ARRAY_SIZE(out) - total;
				resample_run(r, in, step, out + total, &room);
				total += room;
			}
			assert_in_range(total, b * 98 / 100, b + 10);
			assert_true(
				fabs(20 * log10(goertzel(out, total, TONE, b) /
						AMP)) < 0.5);
			/* whole periods */
			assert_true(tone_snr(out + b / 10, b / 100 * 80, TONE,
					     b) > 45);
			/* the filter has its first samples behind it */
			for (size_t x = b / 100; x < total; x++) {
				if (abs(out[x] - out[x - 1]) >= most)
					fail_msg("%u to %u: a step of %d at "
						 "%zu, %.0f allowed",
						 a, b, out[x] - out[x - 1], x,
						 most);
			}
			mem_deref(r);
		}
	}
}

static void test_concealed(void **state)
{
	(void)state;

	for (unsigned i = 0; codec_nth(i); i++) {
		const struct codec *c = codec_nth(i);
		struct pipe p;
		size_t n, step;
		uint32_t rate;
		double level = 0;

		if (!codec_usable(c) || c->ch == 2)
			continue;
		pipe_open(&p, c, "", 0);
		rate = codec_dec_rate(p.dec);
		for (size_t k = 0; k < rate / 2; k++)
			in[k] = sine(400, rate, k);
		n = pipe_run(&p, in, rate / 2, out);
		assert_true(n > 0);
		/* the lost packet sounds like those before it, and a long loss
		 * like nothing */
		step = rate / 50;
		codec_conceal(p.dec, out, step, NULL, 0);
		for (size_t k = 0; k < step; k++)
			level += (double)out[k] * out[k];
		level = sqrt(level / (double)step);
		if (level < AMP * 0.4)
			fail_msg("%s: a lost packet is silence (%.0f)", c->name,
				 level);
		for (int k = 0; k < 50; k++)
			codec_conceal(p.dec, out, step, NULL, 0);
		level = 0;
		for (size_t k = 0; k < step; k++)
			level += (double)out[k] * out[k];
		level = sqrt(level / (double)step);
		if (level > AMP * 0.2)
			fail_msg("%s: a second later it still sounds (%.0f)",
				 c->name, level);
		pipe_close(&p);
	}
}

/* Whatever comes: an error or samples, never a crash */
static void test_garbage(void **state)
{
	static int16_t pcm[CODEC_SAMPLES_MAX];
	uint8_t p[CODEC_BYTES_MAX];
	(void)state;

	srand(1);
	for (unsigned i = 0; codec_nth(i); i++) {
		struct codec_param prm = {.codec = codec_nth(i),
					  .complexity = -1};
		struct codec_dec *d;

		if (!codec_usable(prm.codec)) {
			assert_int_equal(codec_dec_alloc(&d, &prm), ENOTSUP);
			continue;
		}
		assert_int_equal(codec_dec_alloc(&d, &prm), 0);
		for (int k = 0; k < 3000; k++) {
			size_t len = (size_t)rand() % sizeof(p), n = 0;

			for (size_t x = 0; x < len; x++)
				p[x] = (uint8_t)rand();
			if (!codec_decode(d, p, len, pcm, &n))
				assert_in_range(n * codec_dec_ch(d), 1,
						CODEC_SAMPLES_MAX);
		}
		assert_int_equal(codec_decode(d, p, 0, pcm, &(size_t){0}),
				 EBADMSG);
		mem_deref(d);
	}
}

static void test_opus_fmtp(void **state)
{
	struct codec_param prm = {.complexity = -1};
	struct codec_enc *e;
	struct pl name;
	uint8_t p[CODEC_BYTES_MAX];
	size_t len, total = 0;
	(void)state;

	pl_set_str(&name, "OPUS");
	prm.codec = codec_find(&name, 48000, 2);
	assert_non_null(prm.codec);
	pl_set_str(&prm.fmtp, "stereo=1; maxaveragebitrate=64000;"
			      "useinbandfec=1");
	assert_int_equal(codec_enc_alloc(&e, &prm), 0);
	assert_int_equal(codec_enc_ch(e), 2);
	mem_deref(e);

	pl_set_str(&prm.fmtp, "maxaveragebitrate=12000;cbr=1");
	assert_int_equal(codec_enc_alloc(&e, &prm), 0);
	assert_int_equal(codec_enc_ch(e), 1);
	for (unsigned i = 0; i < PACKETS; i++) {
		for (size_t k = 0; k < 960; k++)
			in[k] = sine(300 + 40 * i, 48000, k);
		assert_int_equal(codec_encode(e, in, 960, p, &len), 0);
		total += len;
	}
	/* 12 kbit/s, constant: 30 bytes a packet */
	assert_int_equal(total, PACKETS * 30);
	mem_deref(e);

	/* DTX: silence is not sent, after some packets */
	pl_set_str(&prm.fmtp, "usedtx=1");
	assert_int_equal(codec_enc_alloc(&e, &prm), 0);
	memset(in, 0, sizeof(in));
	total = 0;
	for (unsigned i = 0; i < 2 * PACKETS; i++) {
		assert_int_equal(codec_encode(e, in, 960, p, &len), 0);
		total += !len;
	}
	assert_in_range(total, PACKETS, 2 * PACKETS);
	mem_deref(e);
}

/* A copy of the lost packet is in the one after it */
static void test_opus_fec(void **state)
{
	struct pl name;
	struct pipe p;
	uint8_t pkt[2][CODEC_BYTES_MAX];
	size_t len[2], n;
	double with, without;
	(void)state;

	pl_set_str(&name, "opus");
	for (int fec = 0; fec < 2; fec++) {
		pipe_open(&p, codec_find(&name, 0, 0), "useinbandfec=1", 16000);
		/* silence, and a tone in the packet that is lost */
		memset(in, 0, sizeof(in));
		for (size_t k = 0; k < 320; k++)
			in[320 * 20 + k] = sine(500, 16000, k);
		for (unsigned i = 0; i < 22; i++) {
			assert_int_equal(codec_encode(p.enc, in + 320 * i, 320,
						      pkt[i & 1], &len[i & 1]),
					 0);
			if (i < 20 && len[i & 1])
				assert_int_equal(codec_decode(p.dec, pkt[i & 1],
							      len[i & 1], out,
							      &n),
						 0);
		}
		codec_conceal(p.dec, out, 320, fec ? pkt[1] : NULL, len[1]);
		*(fec ? &with : &without) = goertzel(out, 320, 500, 16000);
		pipe_close(&p);
	}
	assert_true(with > 10 * without + AMP / 20);
}

static void test_find(void **state)
{
	struct pl name, val, fmtp;
	(void)state;

	pl_set_str(&name, "L16");
	assert_int_equal(codec_find(&name, 44100, 2)->pt, 10);
	assert_int_equal(codec_find(&name, 44100, 1)->pt, 11);
	assert_null(codec_find(&name, 22050, 1));
	pl_set_str(&name, "speex");
	assert_null(codec_find(&name, 0, 0));
	assert_string_equal(codec_static(9)->name, "G722");
	assert_int_equal(codec_static(9)->rate, 16000);
	assert_null(codec_static(-1));
	assert_null(codec_static(77));
	pl_set_str(&fmtp, " annexb = no");
	assert_false(codec_fmtp(&fmtp, "annexb", &val));
	pl_set_str(&fmtp, "minptime=10; useinbandfec=1 ;x");
	assert_true(codec_fmtp(&fmtp, "USEINBANDFEC", &val));
	assert_int_equal(pl_strcmp(&val, "1"), 0);
	assert_true(codec_fmtp(&fmtp, "x", &val));
	assert_int_equal(val.l, 0);
	assert_false(codec_fmtp(&fmtp, "minp", &val));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_tones),
		cmocka_unit_test(test_any_to_any),
		cmocka_unit_test(test_resample),
		cmocka_unit_test(test_concealed),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_opus_fmtp),
		cmocka_unit_test(test_opus_fec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
