// SPDX-License-Identifier: BSD-2-Clause
/* What the benchmark's calls say */
#include <string.h>
#include <opus/opus.h>

#include "common.h"
#include "speech.h"

static uint8_t opusv[SPEECH_PACKETS][BENCH_VOICE];
static size_t opus_lenv[SPEECH_PACKETS];

void speech_init(void)
{
	static opus_int16 pcm[SPEECH_STEP];
	int err, n;
	OpusEncoder *e = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP,
					     &err);
	uint32_t noise = 1;
	double low = 0;

	if (!e)
		die("no Opus");
	(void)opus_encoder_ctl(e, OPUS_SET_BITRATE(24000));
	for (unsigned i = 0; i < SPEECH_PACKETS; i++) {
		for (unsigned k = 0; k < SPEECH_STEP; k++) {
			noise = noise * 1664525 + 1013904223;
			low += ((double)(int32_t)noise / 65536 - low) * 0.2;
			pcm[k] = (opus_int16)(low * ((i / 5) % 3) / 2);
		}
		n = opus_encode(e, pcm, SPEECH_STEP, opusv[i], BENCH_VOICE);
		if (n <= 0)
			die("Opus: %s", opus_strerror(n));
		opus_lenv[i] = (size_t)n;
	}
	opus_encoder_destroy(e);
}

size_t speech_opus(uint8_t *p, uint16_t seq)
{
	const unsigned k = seq % SPEECH_PACKETS;

	memcpy(p, opusv[k], opus_lenv[k]);
	return opus_lenv[k];
}

void speech_noise(uint8_t *p, uint32_t ts)
{
	for (uint32_t i = 0; i < BENCH_VOICE; i += 4)
		memcpy(p + i, &(uint32_t){ts * 2654435761u + i * 40503u}, 4);
}
