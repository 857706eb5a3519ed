/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipstats.c  carom stats sip: what the kernel forwarded, and for whom
 */
#include "carom.h"
#include "fastpath/sip.h"
#include "human.h"
#include "sipstats.h"

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
	struct fp_sip *sip;
	int err;
};

static uint64_t count(struct view *v, unsigned kind, uint64_t *bytes)
{
	struct sip_count c = {0, 0};
	const int err = fp_sip_count(v->sip, kind, &c);

	if (err)
		v->err = err;
	*bytes += c.bytes;

	return c.packets;
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

static void target_addr(const struct sip_target *t, struct sa *sa)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(t->addr, mapped, sizeof(mapped)) != 0) {
		sa_set_in6(sa, t->addr, t->port);
		return;
	}
	sa_set_in(sa,
		  (uint32_t)t->addr[12] << 24 | (uint32_t)t->addr[13] << 16 |
			  (uint32_t)t->addr[14] << 8 | t->addr[15],
		  t->port);
}

typedef void(target_h)(struct view *v, const struct sip_set *set,
		       const struct sip_target *t, void *arg);

static void each_target(struct view *v, target_h *h, void *arg)
{
	for (unsigned i = 0; i < SIP_SETS; i++) {
		const struct sip_set *set = fp_sip_set_get(v->sip, i);

		for (unsigned k = 0; k < SIP_SET_TARGETS; k++) {
			const struct sip_target *t = fp_sip_target_get(v->sip,
								       i, k);

			if (t->port)
				h(v, set, t, arg);
		}
	}
}

static void target_row(struct view *v, const struct sip_set *set,
		       const struct sip_target *t, void *arg)
{
	struct table *table = arg;
	struct human h;
	struct sa sa;
	(void)v;

	target_addr(t, &sa);
	table_cell(table, TINT_NONE, "%u", set->id);
	table_cell(table, TINT_NONE, "%s", human_sa(&h, &sa));
	table_cell(table, t->usable ? TINT_GOOD : TINT_BAD, "%s",
		   t->usable ? "usable" : "down");
	number(table, t->dialogs);
	number(table, t->requests);
	number(table, t->responses);
	number(table, t->received);
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
	each_target(v, target_row, targets);
	if (table_rows(kinds))
		err = table_print(kinds, v->cli->out, &v->cli->style);
	else
		fprintf(v->cli->out, "no SIP message forwarded so far\n");
	if (!err && table_rows(targets)) {
		fprintf(v->cli->out, "\n");
		err = table_print(targets, v->cli->out, &v->cli->style);
	}
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

static void target_json(struct view *v, const struct sip_set *set,
			const struct sip_target *t, void *arg)
{
	struct odict *o = js_obj(&v->err, arg, NULL);
	struct sa sa;

	target_addr(t, &sa);
	js_int(&v->err, o, "set", set->id);
	js_sa(&v->err, o, "address", &sa);
	js_bool(&v->err, o, "usable", t->usable);
	js_int(&v->err, o, "dialogs", (int64_t)t->dialogs);
	js_int(&v->err, o, "requests", (int64_t)t->requests);
	js_int(&v->err, o, "responses", (int64_t)t->responses);
	js_int(&v->err, o, "received", (int64_t)t->received);
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
	if (!v->err)
		each_target(v, target_json, o);

	return cli_json(v->cli, v->err ? mem_deref(od) : od);
}

int sipstats(struct cli *cli)
{
	struct view v = {.cli = cli};
	struct fp_err e = {""};
	int err = fp_sip_open(&v.sip, cli->pin_dir, true, &e);

	if (err)
		return cli_fp_error("stats sip", err, &e);
	if (cli->json) {
		err = print_json(&v);
	} else {
		err = print_table(&v);
		err = err ? err : v.err;
		err = err ? cli_fp_error("stats sip", err, NULL) : CLI_OK;
	}
	mem_deref(v.sip);

	return err;
}
