// SPDX-License-Identifier: BSD-2-Clause
/* What libopus alone takes for the calls of bench-load: as many at once, each in turn,
 * which say the same and have the same rate, bit rate and complexity; nothing but its
 * encoder and its decoder. Prints JSON: ns of CPU time for a packet, half of them encoded,
 * half decoded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <opus/opus.h>
#include <spandsp.h>

#include "common.h"
#include "speech.h"

#define RATE 8000 /* as Carom has it for a narrow other side */
#define STEP (RATE / 50)
#define ROUNDS 5
#define PACKET 1276 /* more is no frame of Opus */

struct call {
	OpusEncoder *enc;
	OpusDecoder *dec;
};

static int16_t heard[SPEECH_PACKETS][STEP];

static uint64_t cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Each call hears its other party's PCMU */
static void noise_make(void)
{
	uint8_t g711[BENCH_VOICE];

	for (unsigned i = 0; i < SPEECH_PACKETS; i++) {
		speech_noise(g711, i * BENCH_VOICE);
		for (unsigned k = 0; k < STEP; k++)
			heard[i][k] = ulaw_to_linear(g711[k]);
	}
}

/* As userspace/audio/codec_opus.c sets it up for such a call */
static void call_make(struct call *c, int complexity)
{
	int err;

	c->enc = opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, &err);
	if (!c->enc)
		die("no encoder: %s", opus_strerror(err));
	(void)opus_encoder_ctl(c->enc, OPUS_SET_BITRATE(24000));
	(void)opus_encoder_ctl(c->enc, OPUS_SET_COMPLEXITY(complexity));
	c->dec = opus_decoder_create(RATE, 1, &err);
	if (!c->dec)
		die("no decoder: %s", opus_strerror(err));
}

static void packet(struct call *c, unsigned seq)
{
	uint8_t p[PACKET];
	int16_t pcm[STEP];
	size_t n;

	if (opus_encode(c->enc, heard[seq % SPEECH_PACKETS], STEP, p,
			sizeof(p)) <= 0)
		die("not encoded");
	n = speech_opus(p, (uint16_t)seq);
	if (opus_decode(c->dec, p, (int)n, pcm, STEP, 0) != STEP)
		die("not decoded");
}

int main(int argc, char *argv[])
{
	uint64_t best = UINT64_MAX, t;
	struct call *callv;
	size_t calls;
	int complexity;

	if (argc != 3)
		die("usage: bench-opus CALLS COMPLEXITY");
	calls = number("calls", argv[1], 1, 100000);
	complexity = (int)number("complexity", argv[2], 0, 10);
	callv = calloc(calls, sizeof(*callv));
	if (!callv)
		die("no memory");
	speech_init();
	noise_make();
	for (size_t i = 0; i < calls; i++)
		call_make(&callv[i], complexity);

	/* the best of some rounds: what disturbs only adds */
	for (unsigned seq = 0; seq < ROUNDS * SPEECH_PACKETS;) {
		t = cpu_ns();
		do {
			for (size_t i = 0; i < calls; i++)
				packet(&callv[i], seq);
		} while (++seq % SPEECH_PACKETS);
		t = (cpu_ns() - t) / (2 * calls * SPEECH_PACKETS);
		best = t < best ? t : best;
	}
	(void)printf("{\"ns\":%llu}\n", (unsigned long long)best);

	for (size_t i = 0; i < calls; i++) {
		opus_encoder_destroy(callv[i].enc);
		opus_decoder_destroy(callv[i].dec);
	}
	free(callv);
	return 0;
}
