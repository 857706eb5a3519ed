// SPDX-License-Identifier: BSD-2-Clause
/* What 20 ms of each codec and of each change of rate cost, in ns of CPU time, and
 * G.722 by spandsp beside ours, and by ffmpeg where libavcodec-dev is installed: it is
 * a guest here, not a dependency. Prints JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <re.h>
#include <spandsp.h>
#ifdef HAVE_AVCODEC
#include <libavcodec/avcodec.h>
#endif

#include "audio/codec.h"
#include "audio/resample.h"
#include "common.h"

enum { SECONDS = 4, PACKETS = SECONDS * 50, ROUNDS = 9 };

static int16_t speech[48000 * SECONDS * 2];
static uint8_t pktv[PACKETS][CODEC_BYTES_MAX];
static size_t lenv[PACKETS];
static const char *sep = "";

static double cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Vowels of changing pitch and loudness, some noise: no codec finds it easy */
static void talk(uint32_t rate, unsigned ch)
{
	static uint32_t rate_now;
	static unsigned ch_now;
	uint32_t r = 1;

	if (rate == rate_now && ch == ch_now)
		return;
	rate_now = rate;
	ch_now = ch;
	for (size_t i = 0; i < (size_t)rate * SECONDS; i++) {
		const double t = (double)i / rate;
		const double p = 2 * M_PI * 140 * t + 6 * sin(3 * t);
		double s = 0;

		for (int k = 1; k < 20; k++)
			s += sin(k * p) / k *
			     (1 + cos(k * 0.9 + 2 * sin(5 * t)));
		r = r * 1664525 + 1013904223;
		s = s * 3500 * fabs(sin(4 * t)) + (double)(r >> 24);
		for (unsigned c = 0; c < ch; c++)
			speech[i * ch + c] = (int16_t)s;
	}
}

static void say(const char *name, double ns)
{
	(void)printf("%s\n  \"%s\": %.0f", sep, name, ns);
	sep = ",";
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* The best of some rounds: what disturbs only adds */
static void one(const struct codec *c, uint32_t rate, int complexity)
{
	struct codec_param prm = {.codec = c,
				  .rate = rate,
				  .bitrate = 24000,
				  .complexity = complexity};
	static int16_t pcm[CODEC_SAMPLES_MAX];
	double enc = 1e12, dec = 1e12, t;
	struct codec_enc *e;
	struct codec_dec *d;
	size_t n, step;
	char name[64];

	for (int round = 0; round < ROUNDS; round++) {
		if (codec_enc_alloc(&e, &prm) || codec_dec_alloc(&d, &prm))
			die("%s: no codec", c->name);
		step = codec_enc_rate(e) / 50;
		talk(codec_enc_rate(e), codec_enc_ch(e));
		t = cpu_ns();
		for (size_t i = 0; i < PACKETS; i++) {
			if (codec_encode(e, speech + i * step * codec_enc_ch(e),
					 step, pktv[i], &lenv[i]))
				die("%s: not encoded", c->name);
		}
		enc = least(enc, (cpu_ns() - t) / PACKETS);
		t = cpu_ns();
		for (size_t i = 0; i < PACKETS; i++) {
			if (lenv[i] &&
			    codec_decode(d, pktv[i], lenv[i], pcm, &n))
				die("%s: not decoded", c->name);
		}
		dec = least(dec, (cpu_ns() - t) / PACKETS);
		mem_deref(e);
		mem_deref(d);
	}
	(void)snprintf(name, sizeof(name), "%s/%u/c%d encode", c->name,
		       (unsigned)(step * 50), complexity);
	say(name, enc);
	(void)snprintf(name, sizeof(name), "%s/%u/c%d decode", c->name,
		       (unsigned)(step * 50), complexity);
	say(name, dec);
}

static void codecs(void)
{
	for (unsigned i = 0; codec_nth(i); i++) {
		const struct codec *c = codec_nth(i);

		/* 20 ms of more than these do not fit a packet */
		if (!codec_usable(c) ||
		    (!strcmp(c->name, "L16") && c->rate * c->ch > 32000))
			continue;
		if (!strcmp(c->name, "opus")) {
			one(c, 8000, 5);
			one(c, 16000, 5);
			one(c, 48000, 0);
			one(c, 48000, 5);
			one(c, 48000, 10);
			continue;
		}
		/* beside the others' */
		if (!strcmp(c->name, "G722"))
			continue;
		one(c, 0, -1);
	}
}

static void rates(void)
{
	static const uint32_t v[] = {8000, 16000, 24000, 32000, 48000};
	static int16_t out[48000 / 50 + 64];
	char name[64];

	for (size_t k = 0; k < ARRAY_SIZE(v) * ARRAY_SIZE(v); k++) {
		const uint32_t a = v[k / ARRAY_SIZE(v)],
			       b = v[k % ARRAY_SIZE(v)];
		struct resample *r;
		double best = 1e12;

		if (a == b)
			continue;
		talk(a, 1);
		if (resample_alloc(&r, a, b, 1))
			die("no memory");
		for (int round = 0; round < ROUNDS; round++) {
			const double t = cpu_ns();

			for (size_t i = 0; i < PACKETS; i++) {
				size_t room = ARRAY_SIZE(out);

				resample_run(r, speech + i * (a / 50), a / 50,
					     out, &room);
			}
			best = least(best, (cpu_ns() - t) / PACKETS);
		}
		(void)snprintf(name, sizeof(name), "resample %u to %u", a, b);
		say(name, best);
		mem_deref(r);
	}
}

/* ---- G.722 by others ---------------------------------------------------- */

static void by_spandsp(void)
{
	static int16_t pcm[320];
	double enc = 1e12, dec = 1e12, t;

	talk(16000, 1);
	for (int round = 0; round < ROUNDS; round++) {
		g722_encode_state_t *e = g722_encode_init(NULL, 64000, 0);
		g722_decode_state_t *d = g722_decode_init(NULL, 64000, 0);

		t = cpu_ns();
		for (size_t i = 0; i < PACKETS; i++)
			(void)g722_encode(e, pktv[i], speech + 320 * i, 320);
		enc = least(enc, (cpu_ns() - t) / PACKETS);
		t = cpu_ns();
		for (size_t i = 0; i < PACKETS; i++)
			(void)g722_decode(d, pcm, pktv[i], 160);
		dec = least(dec, (cpu_ns() - t) / PACKETS);
		(void)g722_encode_free(e);
		(void)g722_decode_free(d);
	}
	say("G722/16000 encode, spandsp", enc);
	say("G722/16000 decode, spandsp", dec);
}

#ifdef HAVE_AVCODEC
static AVCodecContext *av_open(const AVCodec *codec)
{
	AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;

	if (!c)
		die("ffmpeg: no G.722");
	c->sample_rate = 16000;
	c->sample_fmt = AV_SAMPLE_FMT_S16;
	av_channel_layout_default(&c->ch_layout, 1);
	/* as rtpengine has it: no look at other paths */
	c->trellis = 0;
	if (avcodec_open2(c, codec, NULL))
		die("ffmpeg: G.722 does not open");
	return c;
}

static double av_encode(AVCodecContext *c, AVFrame *f, AVPacket *p)
{
	double t;

	f->nb_samples = 320;
	f->format = AV_SAMPLE_FMT_S16;
	f->sample_rate = 16000;
	av_channel_layout_default(&f->ch_layout, 1);
	if (av_frame_get_buffer(f, 0))
		die("ffmpeg: no frame");
	t = cpu_ns();
	for (size_t i = 0; i < PACKETS; i++) {
		if (av_frame_make_writable(f))
			die("ffmpeg: no frame");
		memcpy(f->data[0], speech + 320 * i, 640);
		if (avcodec_send_frame(c, f) || avcodec_receive_packet(c, p))
			die("ffmpeg: not encoded");
		memcpy(pktv[i], p->data, (size_t)p->size);
		lenv[i] = (size_t)p->size;
		av_packet_unref(p);
	}
	return (cpu_ns() - t) / PACKETS;
}

static double av_decode(AVCodecContext *c, AVFrame *f, AVPacket *p)
{
	const double t = cpu_ns();

	for (size_t i = 0; i < PACKETS; i++) {
		p->data = pktv[i];
		p->size = (int)lenv[i];
		if (avcodec_send_packet(c, p) || avcodec_receive_frame(c, f))
			die("ffmpeg: not decoded");
		av_frame_unref(f);
	}
	return (cpu_ns() - t) / PACKETS;
}

static void by_ffmpeg(void)
{
	double enc = 1e12, dec = 1e12;

	talk(16000, 1);
	for (int round = 0; round < ROUNDS; round++) {
		AVCodecContext *e = av_open(
			avcodec_find_encoder(AV_CODEC_ID_ADPCM_G722));
		AVCodecContext *d = av_open(
			avcodec_find_decoder(AV_CODEC_ID_ADPCM_G722));
		AVFrame *in = av_frame_alloc(), *out = av_frame_alloc();
		AVPacket *p = av_packet_alloc();

		if (!in || !out || !p)
			die("no memory");
		enc = least(enc, av_encode(e, in, p));
		dec = least(dec, av_decode(d, out, p));
		av_packet_free(&p);
		av_frame_free(&in);
		av_frame_free(&out);
		avcodec_free_context(&e);
		avcodec_free_context(&d);
	}
	say("G722/16000 encode, ffmpeg", enc);
	say("G722/16000 decode, ffmpeg", dec);
}
#else
static void by_ffmpeg(void)
{
}
#endif

int main(void)
{
	(void)printf("{");
	codecs();
	rates();
	one(codec_static(9), 8000, -1);
	one(codec_static(9), 16000, -1);
	by_spandsp();
	by_ffmpeg();
	(void)printf("\n}\n");
	return 0;
}
