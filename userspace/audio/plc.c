/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/plc.c  What a lost packet of speech may have sounded like
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "audio/plc.h"

enum {
	HISTORY_MS = 45, /* two of the longest pitch periods, and a window */
	LAG_MIN_HZ = 400,
	LAG_MAX_HZ = 66,
	WINDOW_MS = 15, /* compared when looking for the pitch */
	FADE_MS = 5,    /* over which the lost and the new are mixed */
	HOLD_MS = 10,   /* at full level */
	END_MS = 60,    /* silent from here on */
};

struct plc {
	uint32_t rate;
	size_t history_len;
	size_t period; /* of the loss that is being concealed, 0: none */
	size_t at;     /* in the period */
	size_t lost;   /* samples concealed in a row */
	int16_t *history;
};

static void destructor(void *arg)
{
	struct plc *p = arg;

	mem_deref(p->history);
}

static size_t samples(const struct plc *p, unsigned ms)
{
	return (size_t)p->rate * ms / 1000;
}

int plc_alloc(struct plc **pp, uint32_t rate)
{
	struct plc *p;

	if (!pp || rate < 8000 || rate > 48000)
		return EINVAL;
	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;
	p->rate = rate;
	p->history_len = samples(p, HISTORY_MS);
	p->history = mem_zalloc(p->history_len * sizeof(int16_t), NULL);
	if (!p->history) {
		mem_deref(p);
		return ENOMEM;
	}
	*pp = p;

	return 0;
}

static void remember(struct plc *p, const int16_t *pcm, size_t n)
{
	if (n >= p->history_len) {
		memcpy(p->history, pcm + n - p->history_len,
		       p->history_len * sizeof(*pcm));
		return;
	}
	memmove(p->history, p->history + n,
		(p->history_len - n) * sizeof(*pcm));
	memcpy(p->history + p->history_len - n, pcm, n * sizeof(*pcm));
}

/* How alike the last samples are to those `lag` before, less for more energy there;
 * every second sample will do at 16 kHz, and so on */
static double likeness(const struct plc *p, size_t lag, size_t window,
		       size_t step)
{
	const int16_t *end = p->history + p->history_len;
	double cross = 0, energy = 1;

	for (size_t i = 1; i <= window; i += step) {
		double a = *(end - i), b = *(end - i - lag);

		cross += a * b;
		energy += b * b;
	}

	return cross > 0 ? cross * cross / energy : 0;
}

static size_t pitch(const struct plc *p)
{
	const size_t step = p->rate / 8000;
	const size_t window = samples(p, WINDOW_MS);
	const size_t from = p->rate / LAG_MIN_HZ, to = p->rate / LAG_MAX_HZ;
	size_t best = from, coarse;
	double most = -1, v;

	for (size_t lag = from; lag <= to; lag += step) {
		v = likeness(p, lag, window, step);
		if (v > most) {
			most = v;
			best = lag;
		}
	}
	coarse = best;
	for (size_t lag = coarse > from + step ? coarse - step : from;
	     step > 1 && lag < coarse + step && lag <= to; lag++) {
		v = likeness(p, lag, window, step);
		if (v > most) {
			most = v;
			best = lag;
		}
	}

	return best;
}

/* Level after so many lost samples: 1, then down to 0 */
static int32_t gain(const struct plc *p, size_t lost)
{
	const size_t hold = samples(p, HOLD_MS), end = samples(p, END_MS);

	if (lost < hold)
		return 32768;

	return lost < end ? (int32_t)((end - lost) * 32768 / (end - hold)) : 0;
}

static int16_t next(struct plc *p)
{
	const int16_t *period = p->history + p->history_len - p->period;
	int32_t s = period[p->at];

	p->at = p->at + 1 < p->period ? p->at + 1 : 0;

	return (int16_t)(s * gain(p, p->lost++) / 32768);
}

/* Where a period ends and begins anew there is a step: the last quarter is mixed
 * with what stands before the period's start */
static void smooth(struct plc *p)
{
	int16_t *end = p->history + p->history_len;
	const size_t quarter = p->period / 4;

	for (size_t i = 1; i <= quarter; i++) {
		int32_t w = (int32_t)((quarter - i + 1) * 32768 / quarter);

		end[-(ptrdiff_t)i] =
			(int16_t)((end[-(ptrdiff_t)i] * (32768 - w) +
				   end[-(ptrdiff_t)(i + p->period)] * w) /
				  32768);
	}
}

void plc_lost(struct plc *p, int16_t *pcm, size_t n)
{
	if (!p->period) {
		p->period = pitch(p);
		p->at = 0;
		p->lost = 0;
		smooth(p);
	}
	for (size_t i = 0; i < n; i++)
		pcm[i] = next(p);
}

void plc_good(struct plc *p, int16_t *pcm, size_t n)
{
	size_t fade = samples(p, FADE_MS);

	if (p->period) {
		if (fade > n)
			fade = n;
		for (size_t i = 0; i < fade; i++)
			pcm[i] = (int16_t)((pcm[i] * (int32_t)i +
					    next(p) * (int32_t)(fade - i)) /
					   (int32_t)fade);
		p->period = 0;
	}
	remember(p, pcm, n);
}
