/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/jitter.c  When a packet is due, so that packets go on evenly
 */
#include <string.h>
#include "rtp/jitter.h"

#define NS_PER_S 1000000000ll
#define NS_PER_MS 1000000ll

enum {
	WINDOW_S = 5, /* the base is the shortest way in one to two of them */
	SHARE = 97,   /* of 100 packets that come in time              */
	COUNT_MAX = 500, /* packets that are remembered: they count half then */
	LOOK = 8,        /* packets between two looks at the target       */
	COUNT_MIN =
		40,  /* until there is one: of fewer, a single one that was late
			   would decide */
	JUMP_S = 10, /* of timestamps: a new start                    */
	ASTRAY_MS =
		1000,   /* behind the base: the sender's time has stepped ... */
	ASTRAY_MAX = 3, /* ... if so many come like that                 */
	HELD_SHIFT = 4,
};

void jitter_init(struct jitter *j, unsigned max_ms)
{
	memset(j, 0, sizeof(*j));
	if (max_ms > JITTER_MAX_MS)
		max_ms = JITTER_MAX_MS;
	j->max = (uint64_t)max_ms * NS_PER_MS;
}

void jitter_reset(struct jitter *j)
{
	j->started = false;
}

static void start(struct jitter *j, uint32_t ts, uint32_t clock, uint64_t now)
{
	j->started = true;
	j->clock = clock;
	j->ts = ts;
	j->units = 0;
	j->low[0] = j->low[1] = (int64_t)now;
	j->until = now + WINDOW_S * NS_PER_S;
	j->astray = 0;
	j->anchored = false;
}

/* How fast the base wanders, since it was first known */
static void look_at_drift(struct jitter *j, uint64_t now)
{
	const int64_t s = (int64_t)(now - j->low0_at) / NS_PER_S;

	if (!j->anchored) {
		j->anchored = true;
		j->low0 = j->low[0];
		j->low0_at = now;
	} else if (s > 0) {
		j->drift_ppb = (int32_t)((j->low[0] - j->low0) / s);
	}
}

static int64_t base(struct jitter *j, int64_t way, uint64_t now)
{
	if (now >= j->until) {
		look_at_drift(j, now);
		j->low[1] = j->low[0];
		j->low[0] = way;
		j->until = now + WINDOW_S * NS_PER_S;
	}
	if (way < j->low[0])
		j->low[0] = way;

	return j->low[0] < j->low[1] ? j->low[0] : j->low[1];
}

static void look_at_target(struct jitter *j)
{
	unsigned sum = 0, bin = 0;

	while (bin < JITTER_BINS - 1) {
		sum += j->binv[bin];
		if (sum * 100 >= j->count * SHARE)
			break;
		++bin;
	}
	/* most come within one bin of each other: smooth */
	j->target = bin ? (uint64_t)(bin + 1) * JITTER_BIN_MS * NS_PER_MS : 0;
	if (j->target > j->max)
		j->target = j->max;
}

static void remember(struct jitter *j, uint64_t longer)
{
	uint64_t bin = longer / (JITTER_BIN_MS * NS_PER_MS);

	if (bin >= JITTER_BINS)
		bin = JITTER_BINS - 1;
	++j->binv[bin];
	++j->count;
	if (j->count >= COUNT_MAX) {
		j->count = 0;
		for (unsigned i = 0; i < JITTER_BINS; i++) {
			j->binv[i] /= 2;
			j->count += j->binv[i];
		}
	}
	if (j->count >= COUNT_MIN && !(j->count % LOOK))
		look_at_target(j);
}

/* One that goes on counting where it was before a pause is not late for ever */
static bool stepped(struct jitter *j, int64_t longer)
{
	if (longer < ASTRAY_MS * NS_PER_MS) {
		j->astray = 0;
		return false;
	}

	return ++j->astray >= ASTRAY_MAX;
}

uint64_t jitter_due(struct jitter *j, uint32_t ts, uint32_t clock, uint64_t now)
{
	const int64_t step = (int32_t)(ts - j->ts);
	int64_t at, longer, low;
	uint64_t due, held;

	if (!j->max || !clock)
		return now;
	if (!j->started || clock != j->clock ||
	    step > (int64_t)clock * JUMP_S || -step > (int64_t)clock * JUMP_S)
		start(j, ts, clock, now);
	else
		j->units += step;
	j->ts = ts;
	/* seconds apart: the product would be too much after two days at 48 kHz */
	at = j->units / clock * NS_PER_S + j->units % clock * NS_PER_S / clock;
	low = base(j, (int64_t)now - at, now);
	longer = (int64_t)now - at - low;
	if (stepped(j, longer)) {
		start(j, ts, clock, now);
		return now;
	}
	/* the packets of an event have one timestamp: the first alone says how long it
	 * took */
	if (step)
		remember(j, (uint64_t)longer);
	due = (uint64_t)(at + low) + j->target;
	j->late += j->target && due < now;
	held = due > now ? due - now : 0;
	j->held += (held >> HELD_SHIFT) - (j->held >> HELD_SHIFT);

	return due;
}
