/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file topview.c  One look of carom top
 */
#include <time.h>
#include "human.h"
#include "legview.h"
#include "topview.h"

/** Rates by class of reason */
struct totals {
	double relay, drop, punt, bps;
	int64_t lost;
};

static const struct table_col reason_colv[] = {
	{"REASON", false, 0}, {"CLASS", false, 3},   {"PACKETS/S", true, 0},
	{"TOTAL", true, 0},   {"MEANING", false, 2},
};

static void count(struct totals *t, const struct topview *v,
		  const struct snap_rate *rv)
{
	memset(t, 0, sizeof(*t));

	for (unsigned i = 0; i < CAROM_R_MAX; i++) {
		const char *class = fp_reason_class(i);
		double pps = snap_reason_pps(v->old, v->new, i);

		/* SIP has a line of its own */
		if (i == CAROM_R_RELAYED)
			t->relay += pps;
		else if (!strcmp(class, "drop"))
			t->drop += pps;
		else if (!strcmp(class, "punt"))
			t->punt += pps;
	}

	t->bps = snap_reason_bps(v->old, v->new, CAROM_R_RELAYED);

	for (size_t i = 0; i < v->new->legc; i++)
		t->lost += rv[i].lost;
}

static void head(const struct topview *v, FILE *f, const struct totals *t)
{
	const struct table_style *st = &v->cli->style;
	const struct snap *s = v->new;
	struct human a, b, c, d;
	time_t now = time(NULL);
	struct tm tm;
	char when[16] = "";

	if (localtime_r(&now, &tm))
		(void)strftime(when, sizeof(when), "%H:%M:%S", &tm);

	fprintf(f, "%scarom%s %s   relayed %s packets/s, %s\n",
		tint_on(st, TINT_HEAD), tint_off(st, TINT_HEAD), when,
		human_num(&a, t->relay), human_bits(&b, t->bps));

	fprintf(f,
		"dropped %s%s/s%s   punted %s/s   lost by the network %lld "
		"in %.1f s\n",
		tint_on(st, t->drop > 0 ? TINT_BAD : TINT_NONE),
		human_num(&c, t->drop),
		tint_off(st, t->drop > 0 ? TINT_BAD : TINT_NONE),
		human_num(&d, t->punt), (long long)t->lost,
		snap_seconds(v->old, v->new));

	fprintf(f,
		"legs: %u relay, %u agent, %u blocked, %u held, %u foreign, "
		"%u free of %u\n",
		s->statec[LEG_RELAY], s->statec[LEG_AGENT],
		s->statec[LEG_BLOCKED], s->statec[LEG_HELD],
		s->statec[LEG_FOREIGN], s->statec[LEG_FREE], s->slots);
}

static bool is_trouble(unsigned reason)
{
	const char *class = fp_reason_class(reason);

	return !strcmp(class, "drop") || !strcmp(class, "punt");
}

unsigned topview_overhead(const struct snap *s, const struct sipsnap *sip)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CAROM_R_MAX; i++)
		n += s->reasonv[i].packets && is_trouble(i);

	/* head, blank line, header of the legs; the same for the reasons */
	return 5 + siptop_lines(sip) + (n ? n + 2 : 0);
}

static int reasons(const struct topview *v, FILE *f)
{
	struct table *t = NULL;
	struct human h;
	int err;

	err = table_alloc(&t, reason_colv, ARRAY_SIZE(reason_colv));
	if (err)
		return err;

	for (unsigned i = 0; i < CAROM_R_MAX; i++) {
		double pps = snap_reason_pps(v->old, v->new, i);

		if (!v->new->reasonv[i].packets || !is_trouble(i))
			continue;

		table_cell(t, TINT_NONE, "%s", fp_reason_name(i));
		table_cell(t, TINT_NONE, "%s", fp_reason_class(i));
		table_cell(t, pps > 0 ? TINT_BAD : TINT_DIM, "%s",
			   human_num(&h, pps));
		table_cell(t, TINT_NONE, "%s",
			   human_num(&h, (double)v->new->reasonv[i].packets));
		table_cell(t, TINT_DIM, "%s", fp_reason_text(i));
	}

	if (table_rows(t)) {
		fputc('\n', f);
		err = table_print(t, f, &v->cli->style);
	}

	mem_deref(t);

	return err;
}

/** The busiest legs with their figures; *np: how many were there still */
static int busiest(const struct topview *v, struct snap_rate *rv,
		   struct legview **lvp, size_t *np)
{
	size_t max = v->legs < v->new->legc ? v->legs : v->new->legc;
	struct legview *lv = mem_zalloc((max + 1) * sizeof(*lv), NULL);
	size_t n = 0;

	if (!lv)
		return ENOMEM;

	snap_busiest(rv, v->new->legc, max);

	for (size_t i = 0; i < max; i++) {
		if (rv[i].pps <= 0)
			break;
		if (fp_leg_stats(v->fp, rv[i].slot, &lv[n].st))
			continue;

		lv[n].slot = rv[i].slot;
		lv[n].pps = rv[i].pps;
		lv[n].bps = rv[i].bps;
		lv[n].sampled = true;
		++n;
	}

	*lvp = lv;
	*np = n;

	return 0;
}

int topview_print(const struct topview *v, FILE *f)
{
	struct snap_rate *rv = NULL;
	struct legview *lv = NULL;
	struct totals t;
	size_t n = 0;
	int err = snap_rates(&rv, v->old, v->new);

	if (err)
		return err;

	count(&t, v, rv);
	head(v, f, &t);

	err = siptop_print(v->cli, f, v->sip_old, v->sip_new);
	if (!err)
		err = reasons(v, f);
	if (!err)
		err = busiest(v, rv, &lv, &n);

	if (!err && n) {
		fputc('\n', f);
		err = legview_table(v->cli, f, lv, n, true);
	} else if (!err) {
		fprintf(f, "\nno leg relays at the moment\n");
	}

	mem_deref(lv);
	mem_deref(rv);

	return err;
}

static void json_legs(int *err, struct odict *od, const struct topview *v)
{
	static const enum leg_state statev[] = {LEG_RELAY,   LEG_AGENT,
						LEG_BLOCKED, LEG_HELD,
						LEG_FOREIGN, LEG_FREE};
	struct odict *o = js_obj(err, od, "legs");

	for (size_t i = 0; i < ARRAY_SIZE(statev); i++)
		js_int(err, o, fp_state_name(statev[i]),
		       v->new->statec[statev[i]]);

	js_int(err, o, "slots", v->new->slots);
}

static void json_reasons(int *err, struct odict *od, const struct topview *v)
{
	struct odict *o = js_obj(err, od, "reasons"), *r;

	for (unsigned i = 0; !*err && i < CAROM_R_MAX; i++) {
		if (!v->new->reasonv[i].packets)
			continue;

		r = js_obj(err, o, fp_reason_name(i));
		js_str(err, r, "class", fp_reason_class(i));
		js_dbl(err, r, "pps", snap_reason_pps(v->old, v->new, i));
		js_int(err, r, "packets", (int64_t)v->new->reasonv[i].packets);
	}
}

int topview_json(const struct topview *v)
{
	struct odict *od = NULL, *arr;
	struct snap_rate *rv = NULL;
	struct legview *lv = NULL;
	struct totals t;
	size_t n = 0;
	int err = odict_alloc(&od, 16);

	if (!err)
		err = snap_rates(&rv, v->old, v->new);
	if (err)
		goto out;

	count(&t, v, rv);
	js_dbl(&err, od, "seconds", snap_seconds(v->old, v->new));
	js_dbl(&err, od, "relayed_pps", t.relay);
	js_dbl(&err, od, "relayed_bps", t.bps);
	js_dbl(&err, od, "dropped_pps", t.drop);
	js_dbl(&err, od, "punted_pps", t.punt);
	js_int(&err, od, "lost", t.lost);
	json_legs(&err, od, v);
	json_reasons(&err, od, v);
	siptop_json(&err, od, v->sip_old, v->sip_new);

	arr = js_arr(&err, od, "busiest");
	if (!err)
		err = busiest(v, rv, &lv, &n);
	for (size_t i = 0; !err && i < n; i++)
		legview_json(&err, arr, v->fp, &lv[i]);

out:
	mem_deref(lv);
	mem_deref(rv);

	return cli_json(v->cli, err ? mem_deref(od) : od);
}
