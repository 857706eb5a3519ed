/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/track.c  Two channels of samples, placed by time, given on in order
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/track.h"

enum {
	WINDOW = 2 * TRACK_RATE, /* frames held back                        */
	BATCH = TRACK_RATE,      /* frames given on at a time, if we can    */
};

struct track {
	track_h *h;
	void *arg;
	uint64_t given; /* frames that left the ring                 */
	uint64_t end;   /* frames up to the last one placed          */
	int16_t ring[WINDOW][TRACK_CH]; /* frame n is at n % WINDOW   */
};

static void destructor(void *arg)
{
	(void)track_flush(arg);
}

int track_alloc(struct track **tp, track_h *h, void *arg)
{
	struct track *t;

	if (!tp || !h)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	t->h = h;
	t->arg = arg;
	*tp = t;

	return 0;
}

/* Frames that leave the ring make room even if nobody could take them */
static int give(struct track *t, uint64_t upto)
{
	int err = 0;

	while (t->given < upto) {
		const size_t first = (size_t)(t->given % WINDOW);
		size_t n = (size_t)(upto - t->given);
		int e;

		if (n > WINDOW - first)
			n = WINDOW - first;
		e = t->h((const int16_t(*)[TRACK_CH])t->ring[first], n, t->arg);
		if (e)
			err = e;
		memset(t->ring[first], 0, n * sizeof(t->ring[0]));
		t->given += n;
	}

	return err;
}

int track_place(struct track *t, unsigned ch, uint64_t pos,
		const int16_t *sampv, size_t sampc)
{
	int err = 0;

	if (!t || ch >= TRACK_CH || sampc > WINDOW / 2)
		return EINVAL;

	if (pos + sampc > t->given + WINDOW) {
		const uint64_t upto = pos + sampc - WINDOW + BATCH;

		err = give(t, upto < pos ? upto : pos);
	}

	if (pos < t->given)
		return err ? err : ETIME;

	for (size_t i = 0; i < sampc; i++)
		t->ring[(pos + i) % WINDOW][ch] = sampv[i];

	if (pos + sampc > t->end)
		t->end = pos + sampc;

	return err;
}

int track_pass(struct track *t, uint64_t now)
{
	if (!t || now <= t->given + WINDOW)
		return 0;
	if (now - WINDOW > t->end)
		t->end = now - WINDOW;

	return give(t, now - WINDOW);
}

uint64_t track_end(const struct track *t)
{
	return t ? t->end : 0;
}

int track_flush(struct track *t)
{
	return t ? give(t, t->end) : 0;
}
