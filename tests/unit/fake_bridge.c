/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "fake_bridge.h"

struct bridge {
	struct bridge_member mv[2];
};

static struct fake_bridges all;

struct fake_bridges *fake_bridges(void)
{
	return &all;
}

struct plane *fake_plane(void)
{
	return mem_zalloc(1, NULL);
}

static void destructor(void *arg)
{
	(void)arg;
	--all.n;
}

int bridge_alloc(struct bridge **bp, struct plane *pl, unsigned worker,
		 const struct bridge_member mv[2], bridge_event_h *eventh,
		 void *arg)
{
	struct bridge *b = mem_zalloc(sizeof(*b), destructor);
	(void)pl;
	(void)worker;
	(void)eventh;
	(void)arg;

	if (!b)
		return ENOMEM;
	memcpy(b->mv, mv, sizeof(b->mv));
	memcpy(all.mv, mv, sizeof(b->mv));
	++all.n;
	*bp = b;

	return 0;
}

int bridge_change(struct bridge *b, unsigned side,
		  const struct bridge_member *m)
{
	b->mv[side] = *m;
	memcpy(all.mv, b->mv, sizeof(b->mv));
	++all.changes;

	return 0;
}

bool bridge_plain(const struct bridge *b)
{
	(void)b;

	return false;
}

void bridge_stats(const struct bridge *b, unsigned side,
		  struct bridge_stats *st)
{
	(void)b;
	(void)side;
	memset(st, 0, sizeof(*st));
}

unsigned plane_least(const struct plane *pl)
{
	(void)pl;

	return 0;
}
