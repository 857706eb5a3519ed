/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file legmos.c  How legs sound: opinion scores, which the agent alone knows
 */
#include "ask.h"
#include "legmos.h"

struct odict *legmos_ask(struct cli *cli)
{
	struct odict *req = NULL, *reply = NULL;
	int err = ask_request(&req, "media quality", NULL);

	err = ask_quietly(cli, err ? mem_deref(req) : req, &reply);

	return err ? NULL : reply;
}

static double score(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_lookup(o, key);

	if (e && e->type == ODICT_INT)
		return (double)e->u.integer;

	return e && e->type == ODICT_DOUBLE ? e->u.dbl : 0;
}

void legmos_fill(struct legview *v, const struct odict *mos)
{
	const struct odict *all = mos ? ask_array(mos, "streams") : NULL;
	const struct odict_entry *e;
	char local[80];

	if (!all || v->st.media == LEG_RTCP)
		return;
	(void)re_snprintf(local, sizeof(local), "%J", &v->st.local);
	e = odict_lookup(all, local);
	if (!e || e->type != ODICT_OBJECT)
		return;
	v->mos_in = score(e->u.odict, "in");
	v->mos_out = score(e->u.odict, "out");
}
