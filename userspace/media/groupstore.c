/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/groupstore.c  What is kept of a stream's group, for the agent that comes next
 */
#include <errno.h>
#include <stdint.h>
#include <re.h>
#include "media/dict.h"
#include "media/group.h"

int group_put(struct odict *o, const struct grouped *g)
{
	char ssrcs[BRIDGE_SSRCS * 9 + 1] = "";
	struct odict *x;
	size_t n = 0;
	int err;

	if (!g->joined && !g->offered && !g->mid[0])
		return 0;
	err = dict_add(&x, o, "group", ODICT_OBJECT);
	if (err)
		return err;
	for (unsigned i = 0; i < g->ssrcc; i++)
		n += (size_t)re_snprintf(ssrcs + n, sizeof(ssrcs) - n, "%08x ",
					 g->ssrcv[i]);
	err |= dict_int(x, "offered", g->offered);
	err |= dict_int(x, "only", g->only);
	err |= dict_int(x, "rank", g->rank);
	err |= dict_int(x, "carrier", g->joined ? (int64_t)g->carrier : -1);
	err |= dict_str(x, "mid", g->mid);
	err |= dict_int(x, "mid_id", g->mid_id);
	err |= dict_str(x, "ssrcs", ssrcs);

	return err;
}

static int64_t get_int(const struct odict *o, const char *key, int64_t dflt)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_INT, key);

	return e ? e->u.integer : dflt;
}

void group_load(struct grouped *g, const struct odict *o)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, "group");
	const struct odict *x;
	int64_t carrier;
	struct pl pl;

	if (!e)
		return;
	x = e->u.odict;
	carrier = get_int(x, "carrier", -1);
	g->offered = get_int(x, "offered", 0);
	g->only = get_int(x, "only", 0);
	g->rank = (unsigned)get_int(x, "rank", 0);
	g->joined = carrier >= 0;
	g->carrier = g->joined ? (unsigned)carrier : 0;
	g->mid_id = (uint8_t)(get_int(x, "mid_id", 0) & 0x0f);
	pl_set_str(&pl, odict_string(x, "mid"));
	(void)pl_strcpy(&pl, g->mid, sizeof(g->mid));
	pl_set_str(&pl, odict_string(x, "ssrcs"));
	for (; pl.l >= 8 && g->ssrcc < BRIDGE_SSRCS;
	     pl_advance(&pl, pl.l > 8 ? 9 : 8)) {
		const struct pl word = {pl.p, 8};

		g->ssrcv[g->ssrcc++] = pl_x32(&word);
	}
}
