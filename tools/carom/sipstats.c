/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipstats.c  carom stats sip: what the kernel forwarded, and for whom
 */
#include "carom.h"
#include "human.h"
#include "sipagent.h"
#include "sipsnap.h"
#include "sipstats.h"
#include "statsview.h"

static const struct table_col kind_colv[] = {
	{"MESSAGE", false, 0},
	{"OUTSIDE A DIALOG", true, 0},
	{"INSIDE", true, 0},
	{"BYTES", true, 1},
};

static const struct table_col target_colv[] = {
	{"SET", true, 0},      {"TARGET", false, 0},  {"STATE", false, 0},
	{"DIALOGS", true, 0},  {"REQUESTS", true, 0}, {"RESPONSES", true, 0},
	{"RECEIVED", true, 1},
};

struct view {
	struct cli *cli;
	struct sipsnap *snap;
	const struct reason_count *rcv;
	struct odict *agent; /* what it did; NULL: it does not answer    */
	bool all;
	int err;
};

static uint64_t count(const struct view *v, unsigned kind, uint64_t *bytes)
{
	*bytes += v->snap->kindv[kind].bytes;

	return v->snap->kindv[kind].packets;
}

static void number(struct table *t, uint64_t n)
{
	struct human h;

	table_cell(t, TINT_NONE, "%s", human_num(&h, (double)n));
}

static void kinds_table(struct view *v, struct table *t)
{
	for (unsigned m = 0; m < SCAN_M_MAX; m++) {
		uint64_t bytes = 0, out, in;

		out = count(v, m, &bytes);
		in = count(v, m + SIP_COUNT_DIALOG, &bytes);
		if (!out && !in)
			continue;
		table_cell(t, TINT_NONE, "%s", fp_sip_method(m));
		number(t, out);
		number(t, in);
		number(t, bytes);
	}
	for (unsigned i = 1; i <= 6; i++) {
		uint64_t bytes = 0, n;

		n = count(v, SIP_COUNT_RESPONSE + i - 1, &bytes);
		if (!n)
			continue;
		table_cell(t, TINT_NONE, "%uxx", i);
		table_cell(t, TINT_DIM, "-");
		number(t, n);
		number(t, bytes);
	}
}

static void target_row(struct table *table, const struct sipsnap_target *st)
{
	const struct sip_target *t = &st->t;
	struct human h;
	struct sa sa;

	sipsnap_addr(t, &sa);
	table_cell(table, TINT_NONE, "%u", st->id);
	table_cell(table, TINT_NONE, "%s", human_sa(&h, &sa));
	table_cell(table, t->usable ? TINT_GOOD : TINT_BAD, "%s",
		   sipsnap_state(t));
	number(table, t->dialogs);
	number(table, t->requests);
	number(table, t->responses);
	number(table, t->received);
}

static int reasons(const struct view *v)
{
	static const char prefix[] = "sip_";
	bool any = v->all;

	for (unsigned i = 0; i < CAROM_R_MAX; i++)
		any |= v->rcv[i].packets > 0 &&
		       !strncmp(fp_reason_name(i), prefix, strlen(prefix));
	if (!any)
		return 0;
	fputc('\n', v->cli->out);

	return stats_table(v->cli, v->rcv, v->all, prefix);
}

static int print_table(struct view *v)
{
	struct table *kinds = NULL, *targets = NULL;
	int err = table_alloc(&kinds, kind_colv, ARRAY_SIZE(kind_colv));

	if (!err)
		err = table_alloc(&targets, target_colv,
				  ARRAY_SIZE(target_colv));
	if (err)
		goto out;
	kinds_table(v, kinds);
	for (size_t i = 0; i < v->snap->targetc; i++)
		target_row(targets, &v->snap->targetv[i]);
	if (table_rows(kinds))
		err = table_print(kinds, v->cli->out, &v->cli->style);
	else
		fprintf(v->cli->out, "no SIP message forwarded so far\n");
	if (!err && table_rows(targets)) {
		fprintf(v->cli->out, "\n");
		err = table_print(targets, v->cli->out, &v->cli->style);
	}
	if (!err)
		err = reasons(v);
	if (!err)
		err = sipagent_print(v->cli, v->agent);
out:
	mem_deref(kinds);
	mem_deref(targets);

	return err;
}

static void kind_json(struct view *v, struct odict *od, const char *name,
		      uint64_t out, uint64_t in, uint64_t bytes)
{
	struct odict *o = js_obj(&v->err, od, name);

	js_int(&v->err, o, "outside_dialog", (int64_t)out);
	js_int(&v->err, o, "inside_dialog", (int64_t)in);
	js_int(&v->err, o, "bytes", (int64_t)bytes);
}

static void target_json(int *err, struct odict *arr,
			const struct sipsnap_target *st)
{
	const struct sip_target *t = &st->t;
	struct odict *o = js_obj(err, arr, NULL);
	struct sa sa;

	sipsnap_addr(t, &sa);
	js_int(err, o, "set", st->id);
	js_sa(err, o, "address", &sa);
	js_bool(err, o, "usable", t->usable);
	js_str(err, o, "state", sipsnap_state(t));
	js_int(err, o, "dialogs", (int64_t)t->dialogs);
	js_int(err, o, "requests", (int64_t)t->requests);
	js_int(err, o, "responses", (int64_t)t->responses);
	js_int(err, o, "received", (int64_t)t->received);
}

static int print_json(struct view *v)
{
	struct odict *od = NULL, *o;
	char name[8];

	v->err = odict_alloc(&od, 16);
	o = js_obj(&v->err, od, "requests");
	for (unsigned m = 0; !v->err && m < SCAN_M_MAX; m++) {
		uint64_t bytes = 0, out, in;

		out = count(v, m, &bytes);
		in = count(v, m + SIP_COUNT_DIALOG, &bytes);
		kind_json(v, o, fp_sip_method(m), out, in, bytes);
	}
	o = js_obj(&v->err, od, "responses");
	for (unsigned i = 1; !v->err && i <= 6; i++) {
		uint64_t bytes = 0, n;

		n = count(v, SIP_COUNT_RESPONSE + i - 1, &bytes);
		(void)re_snprintf(name, sizeof(name), "%uxx", i);
		js_int(&v->err, o, name, (int64_t)n);
	}
	o = js_arr(&v->err, od, "targets");
	for (size_t i = 0; !v->err && i < v->snap->targetc; i++)
		target_json(&v->err, o, &v->snap->targetv[i]);
	stats_json(&v->err, od, v->rcv, v->all, "sip_");
	sipagent_json(&v->err, od, v->agent);

	return cli_json(v->cli, v->err ? mem_deref(od) : od);
}

int sipstats(struct cli *cli, const struct reason_count *rcv, bool all)
{
	struct view v = {.cli = cli, .rcv = rcv, .all = all};
	struct fp_sip *sip = NULL;
	struct fp_err e = {""};
	int err = fp_sip_open(&sip, cli->pin_dir, true, &e);

	if (!err)
		err = sipsnap_take(&v.snap, sip);
	mem_deref(sip);
	if (err)
		return cli_fp_error("stats sip", err, &e);

	v.agent = sipagent_ask(cli);
	if (cli->json) {
		err = print_json(&v);
	} else {
		err = print_table(&v);
		err = err ? cli_fp_error("stats sip", err, NULL) : CLI_OK;
	}
	mem_deref(v.agent);
	mem_deref(v.snap);

	return err;
}
