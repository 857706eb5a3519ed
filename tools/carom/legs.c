/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file legs.c  carom legs: every leg with its figures
 */
#include <unistd.h>
#include "callstore.h"
#include "legmos.h"
#include "legview.h"
#include "snap.h"

struct legs {
	const char *call, *sort;
	double interval;
	bool all;
};

static const struct opt optv[] = {
	{.name = "call",
	 .type = OPT_STR,
	 .off = offsetof(struct legs, call),
	 .arg = "CALL-ID",
	 .help = "legs of this call only"},
	{.name = "all",
	 .key = 'a',
	 .off = offsetof(struct legs, all),
	 .help = "ports that are passed to the host, too"},
	{.name = "sort",
	 .key = 's',
	 .type = OPT_WORD,
	 .off = offsetof(struct legs, sort),
	 .arg = "pps|loss|jitter",
	 .help = "worst first; pps implies --interval 1"},
	{.name = "interval",
	 .key = 'i',
	 .type = OPT_SECONDS,
	 .off = offsetof(struct legs, interval),
	 .arg = "SECONDS",
	 .min = 0.1,
	 .max = 3600,
	 .help = "watch this long, and show packets a second"},
	{0},
};

/** What is to be shown */
struct view {
	struct legview *v;
	size_t n;
	bool sampled;
};

static double loss(const struct legview *v)
{
	double n = (double)v->st.lost + (double)v->st.packets;

	return v->st.lost > 0 && n > 0 ? (double)v->st.lost / n : 0;
}

static int order(double a, double b, const struct legview *va,
		 const struct legview *vb)
{
	if (a != b)
		return a < b ? 1 : -1;

	return va->slot < vb->slot ? -1 : va->slot > vb->slot;
}

static int by_pps(const void *a, const void *b)
{
	const struct legview *va = a, *vb = b;

	return order(va->pps, vb->pps, va, vb);
}

static int by_loss(const void *a, const void *b)
{
	return order(loss(a), loss(b), a, b);
}

static int by_jitter(const void *a, const void *b)
{
	const struct legview *va = a, *vb = b;

	return order(va->st.jitter_ms, vb->st.jitter_ms, va, vb);
}

static void sort(struct view *view, const char *by)
{
	int (*cmp)(const void *, const void *) = NULL;

	if (!by)
		return;

	if (!strcmp(by, "pps"))
		cmp = by_pps;
	else if (!strcmp(by, "loss"))
		cmp = by_loss;
	else if (!strcmp(by, "jitter"))
		cmp = by_jitter;

	if (cmp && view->n)
		qsort(view->v, view->n, sizeof(*view->v), cmp);
}

static bool wanted(const struct legs *l, const struct callrec *rec,
		   const struct fp *fp, const struct snap_leg *leg)
{
	struct sa sa;

	if (rec)
		return !fp_slot_addr(fp, leg->slot, &sa) &&
		       callrec_has_leg(rec, &sa);

	return l->all || leg->state != LEG_FOREIGN;
}

static int fill(struct view *view, const struct legs *l,
		const struct callrec *rec, const struct fp *fp,
		const struct snap *s, const struct snap_rate *rv)
{
	view->v = mem_zalloc((s->legc + 1) * sizeof(*view->v), NULL);
	if (!view->v)
		return ENOMEM;

	for (size_t i = 0; i < s->legc; i++) {
		struct legview *v = &view->v[view->n];

		if (!wanted(l, rec, fp, &s->legv[i]))
			continue;

		/* gone since the snapshot */
		if (fp_leg_stats(fp, s->legv[i].slot, &v->st))
			continue;

		v->slot = s->legv[i].slot;
		if (rv) {
			v->pps = rv[i].pps;
			v->bps = rv[i].bps;
			v->sampled = true;
		}
		++view->n;
	}

	return 0;
}

static int look(struct view *view, const struct legs *l,
		const struct callrec *rec, const struct fp *fp)
{
	struct snap *a = NULL, *b = NULL;
	struct snap_rate *rv = NULL;
	int err = 0;

	view->sampled = l->interval > 0;

	if (view->sampled) {
		err = snap_take(&a, fp);
		if (err)
			goto out;
		(void)usleep((useconds_t)(l->interval * 1e6));
	}

	err = snap_take(&b, fp);
	if (!err && a)
		err = snap_rates(&rv, a, b);
	if (!err)
		err = fill(view, l, rec, fp, b, rv);
	if (!err)
		sort(view, l->sort);

out:
	mem_deref(rv);
	mem_deref(a);
	mem_deref(b);

	return err;
}

static int print(struct cli *cli, const struct fp *fp, const struct view *view)
{
	struct odict *od = NULL, *arr;
	int err;

	if (!cli->json) {
		if (!view->n) {
			fprintf(cli->out, "no legs\n");
			return CLI_OK;
		}
		err = legview_table(cli, cli->out, view->v, view->n,
				    view->sampled);
		return err ? cli_fp_error("legs", err, NULL) : CLI_OK;
	}

	err = odict_alloc(&od, 8);
	arr = js_arr(&err, od, "legs");
	for (size_t i = 0; !err && i < view->n; i++)
		legview_json(&err, arr, fp, &view->v[i]);

	return cli_json(cli, err ? mem_deref(od) : od);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct legs *l = cfg;
	struct view view = {0};
	struct callrec *rec = NULL;
	struct odict *mos = NULL;
	struct fp *fp = NULL;
	int err, code = cli_open(cli, &fp);
	(void)argc;
	(void)argv;

	if (!code && l->call)
		code = callstore_find(cli, l->call, &rec);
	if (code)
		goto out;

	if (l->sort && !strcmp(l->sort, "pps") && l->interval == 0)
		l->interval = 1;

	err = look(&view, l, rec, fp);
	mos = err ? NULL : legmos_ask(cli);
	for (size_t i = 0; i < view.n; i++)
		legmos_fill(&view.v[i], mos);
	code = err ? cli_fp_error("legs", err, NULL) : print(cli, fp, &view);

out:
	mem_deref(mos);
	mem_deref(view.v);
	mem_deref(rec);
	mem_deref(fp);

	return code;
}

const struct cmd cmd_legs = {
	.name = "legs",
	.args = "",
	.summary = "Show each leg: where it relays, and how well",
	.text = "A leg is a local UDP port. SOURCE is where its peer's packets "
		"really come from,\nPEER LEG the port they leave by. LOST, "
		"REORD, DUP and JITTER are as RFC 3550\nhas them. MOS IN is "
		"the "
		"opinion score (G.107) of what the party sends, where it is\n"
		"heard, MOS OUT of what the party hears, where the agent knows "
		"it. REASONS are "
		"those of docs/reasons.md, counted for this leg.",
	.example = "  carom legs --sort loss\n"
		   "  carom legs --call 'a84b4c76e66710@192.0.2.7' --json",
	.optv = optv,
	.cfg_size = sizeof(struct legs),
	.argc_max = 0,
	.run = run,
};
