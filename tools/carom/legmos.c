/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file legmos.c  How legs sound: opinion scores, which the agent alone knows
 */
#include "apiask.h"
#include "legmos.h"

struct gathering {
	struct odict *by_local;
	int err;
};

/* Of those that are heard, by our address */
static void gather(const struct odict *leg, void *arg)
{
	const char *local = odict_string(leg, "local");
	struct gathering *g = arg;
	struct odict *o;

	if (!local ||
	    (!odict_lookup(leg, "mos_in") && !odict_lookup(leg, "mos_out")))
		return;
	o = js_obj(&g->err, g->by_local, local);
	js_dbl(&g->err, o, "in", ask_real(leg, "mos_in"));
	js_dbl(&g->err, o, "out", ask_real(leg, "mos_out"));
}

struct odict *legmos_ask(struct cli *cli)
{
	struct gathering g = {0};
	char path[640] = "/v1/legs?limit=1000", next[600];

	if (odict_alloc(&g.by_local, 4096))
		return NULL;
	while (*path && !g.err) {
		struct odict *page = NULL;
		const char *cursor;

		if (apiask_quietly(cli, path, &page))
			break;
		ask_each(ask_array(page, "legs"), gather, &g);
		cursor = odict_string(page, "next");
		if (cursor)
			apiask_escape(next, sizeof(next), cursor);
		(void)re_snprintf(path, sizeof(path), "%s%s",
				  cursor ? "/v1/legs?limit=1000&cursor=" : "",
				  cursor ? next : "");
		mem_deref(page);
	}

	return g.by_local;
}

void legmos_fill(struct legview *v, const struct odict *mos)
{
	const struct odict_entry *e;
	char local[80];

	if (!mos || v->st.media == LEG_RTCP)
		return;
	(void)re_snprintf(local, sizeof(local), "%J", &v->st.local);
	e = odict_lookup(mos, local);
	if (!e || e->type != ODICT_OBJECT)
		return;
	v->mos_in = ask_real(e->u.odict, "in");
	v->mos_out = ask_real(e->u.odict, "out");
}
