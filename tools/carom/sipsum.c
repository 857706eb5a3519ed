/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipsum.c  SIP in a few words
 */
#include "apiask.h"
#include "sipsnap.h"
#include "sipsum.h"

static void add(struct sipsum *s, uint32_t id, bool usable)
{
	size_t i = 0;

	while (i < s->setc && s->setv[i].id != id)
		++i;
	if (i == ARRAY_SIZE(s->setv))
		return;
	if (i == s->setc)
		s->setv[s->setc++] = (struct sipsum_set){.id = id};
	s->setv[i].total++;
	s->setv[i].usable += usable;
}

static void set(const struct odict *o, void *arg)
{
	struct sipsum *s = arg;

	if (s->setc < ARRAY_SIZE(s->setv))
		s->setv[s->setc++] = (struct sipsum_set){
			.id = (uint32_t)ask_number(o, "id"),
			.usable = (unsigned)ask_number(o, "active"),
			.total = (unsigned)ask_number(o, "targets")};
}

static bool take_list(struct sipsum *s, struct cli *cli)
{
	struct odict *reply = NULL;

	if (apiask_quietly(cli, "/v1/dispatchers", &reply))
		return false;

	ask_each(ask_array(reply, "dispatchers"), set, s);
	mem_deref(reply);

	return true;
}

void sipsum_take(struct sipsum *s, struct cli *cli)
{
	struct sipsnap *snap = NULL;
	struct fp_sip *sip = NULL;
	struct fp_err e;
	int err = fp_sip_open(&sip, cli->pin_dir, true, &e);

	if (!err)
		err = sipsnap_take(&snap, sip);
	mem_deref(sip);
	if (err)
		return;

	s->known = true;
	s->on = snap->on;
	s->listeners = snap->listeners;
	if (!take_list(s, cli)) {
		for (size_t i = 0; i < snap->targetc; i++) {
			const struct sipsnap_target *t = &snap->targetv[i];

			if (!t->t.gone)
				add(s, t->id, t->t.usable);
		}
	}
	mem_deref(snap);
}

static enum tint tint(const struct sipsum_set *set)
{
	if (!set->usable)
		return TINT_BAD;

	return set->usable < set->total ? TINT_WARN : TINT_GOOD;
}

void sipsum_print(const struct sipsum *s, const struct cli *cli)
{
	const struct table_style *st = &cli->style;

	if (!s->known)
		return;
	if (!s->listeners) {
		fprintf(cli->out, "sip     off\n");
		return;
	}

	fprintf(cli->out, "sip     %s, %u listener%s\n",
		s->on ? "forwarded" : "left to the agent", s->listeners,
		s->listeners == 1 ? "" : "s");
	for (size_t i = 0; i < s->setc; i++) {
		const struct sipsum_set *set = &s->setv[i];

		fprintf(cli->out, "set %-3u %s%u of %u%s targets usable\n",
			set->id, tint_on(st, tint(set)), set->usable,
			set->total, tint_off(st, tint(set)));
	}
}

void sipsum_json(int *err, struct odict *od, const struct sipsum *s)
{
	struct odict *o, *arr, *set;

	if (!s->known) {
		js_null(err, od, "sip");
		return;
	}

	o = js_obj(err, od, "sip");
	js_bool(err, o, "on", s->on);
	js_int(err, o, "listeners", s->listeners);
	arr = js_arr(err, o, "sets");
	for (size_t i = 0; !*err && i < s->setc; i++) {
		set = js_obj(err, arr, NULL);
		js_int(err, set, "id", s->setv[i].id);
		js_int(err, set, "usable", s->setv[i].usable);
		js_int(err, set, "targets", s->setv[i].total);
	}
}
