/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/digit.c  DTMF: tones heard in sound (ITU-T Q.24), and which they are
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <re.h>
#include <spandsp.h>
#include "audio/digit.h"
#include "audio/resample.h"

enum {
	RATE = 8000,
	PART_MS = 20,
	VOLUME_MAX = 63,
	HALF = 3, /* dB: of two sines each has half of the power */
};

struct digit_rx {
	dtmf_rx_state_t *rx;
	struct resample *rs;
	uint32_t rate;
	digit_rx_h *h;
	void *arg;
	int now;
	unsigned volume;
	uint64_t heard, began; /* samples */
};

static const char names[] = "0123456789*#ABCD";

/* dBm0 of a sine of full scale (ITU-T G.711) */
#define FULL_SCALE 3.17

void digit_sound(struct tone *t, uint8_t event, unsigned volume, bool on)
{
	static const double lowv[] = {697, 770, 852, 941};
	static const double highv[] = {1209, 1336, 1477, 1633};
	/* rows and columns of the pad, by event */
	static const uint8_t at[DIGITS] = {0x31, 0x00, 0x01, 0x02, 0x10, 0x11,
					   0x12, 0x20, 0x21, 0x22, 0x30, 0x32,
					   0x03, 0x13, 0x23, 0x33};
	const double amp =
		on ? INT16_MAX * pow(10, -(volume + HALF + FULL_SCALE) / 20)
		   : 0;

	(void)tone_set(t, 0, lowv[at[event % DIGITS] >> 4], amp);
	(void)tone_set(t, 1, highv[at[event % DIGITS] & 3], amp);
}

static void destructor(void *arg)
{
	struct digit_rx *rx = arg;

	if (rx->rx)
		(void)dtmf_rx_free(rx->rx);
	mem_deref(rx->rs);
}

static void end(struct digit_rx *rx)
{
	const uint64_t ms = (rx->heard - rx->began) * 1000 / RATE;

	if (rx->now < 0)
		return;
	if (rx->h)
		rx->h((uint8_t)rx->now, rx->volume, ms ? (uint32_t)ms : 1,
		      rx->arg);
	rx->now = -1;
}

/* spandsp's word: code 0 is the end */
static void report(void *arg, int code, int level, int delay)
{
	struct digit_rx *rx = arg;
	const char *at = code > 0 ? strchr(names, code) : NULL;
	(void)delay;

	end(rx);
	if (!at)
		return;
	rx->now = (int)(at - names);
	rx->volume = level >= 0            ? 0
		     : level < -VOLUME_MAX ? VOLUME_MAX
					   : (unsigned)-level;
	rx->began = rx->heard;
	if (rx->h)
		rx->h((uint8_t)rx->now, rx->volume, 0, rx->arg);
}

int digit_rx_alloc(struct digit_rx **rp, uint32_t rate, digit_rx_h *h,
		   void *arg)
{
	struct digit_rx *rx;
	int err = 0;

	if (!rp || rate < RATE || rate > 48000)
		return EINVAL;
	rx = mem_zalloc(sizeof(*rx), destructor);
	if (!rx)
		return ENOMEM;
	rx->rate = rate;
	rx->h = h;
	rx->arg = arg;
	rx->now = -1;
	rx->rx = dtmf_rx_init(NULL, NULL, NULL);
	if (!rx->rx)
		err = ENOMEM;
	if (!err && rate != RATE)
		err = resample_alloc(&rx->rs, rate, RATE, 1);
	if (err) {
		mem_deref(rx);
		return err;
	}
	dtmf_rx_set_realtime_callback(rx->rx, report, rx);
	*rp = rx;

	return 0;
}

void digit_rx_handler(struct digit_rx *rx, digit_rx_h *h, void *arg)
{
	rx->h = h;
	rx->arg = arg;
}

static void hear(struct digit_rx *rx, const int16_t *pcm, size_t n)
{
	rx->heard += n;
	(void)dtmf_rx(rx->rx, pcm, (int)n);
}

void digit_rx_put(struct digit_rx *rx, const int16_t *pcm, size_t n)
{
	const size_t part = rx->rate * PART_MS / 1000;
	int16_t out[RATE * PART_MS / 1000 + 2];

	while (n) {
		const size_t k = n > part ? part : n;
		size_t room = ARRAY_SIZE(out);

		if (rx->rs) {
			resample_run(rx->rs, pcm, k, out, &room);
			hear(rx, out, room);
		} else {
			hear(rx, pcm, k);
		}
		pcm += k;
		n -= k;
	}
}

int digit_rx_now(const struct digit_rx *rx)
{
	return rx ? rx->now : -1;
}
