/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file siptop.c  SIP in one look of carom top
 */
#include "human.h"
#include "siptop.h"

static const struct table_col colv[] = {
	{"SET", true, 0},        {"TARGET", false, 0},
	{"STATE", false, 0},     {"DIALOGS/S", true, 0},
	{"REQUESTS/S", true, 0}, {"RESPONSES/S", true, 0},
	{"RECEIVED/S", true, 1},
};

struct busy {
	size_t i;
	struct sipsnap_rate r;
};

static bool is_there(const struct sipsnap *s)
{
	return s && (s->on || s->listeners);
}

static size_t shown(const struct sipsnap *s)
{
	return s->targetc < SIPTOP_TARGETS ? s->targetc : SIPTOP_TARGETS;
}

unsigned siptop_lines(const struct sipsnap *s)
{
	if (!is_there(s))
		return 0;

	return 1 + (s->targetc ? 2 + (unsigned)shown(s) : 0);
}

/* ---- kinds of messages ----------------------------------------------------- */

static double method(const struct sipsnap *a, const struct sipsnap *b,
		     unsigned m)
{
	return sipsnap_kind(a, b, m) + sipsnap_kind(a, b, m + SIP_COUNT_DIALOG);
}

static double total(const struct sipsnap *a, const struct sipsnap *b)
{
	double sum = 0;

	for (unsigned i = 0; i < SIP_COUNT_MAX; i++)
		sum += sipsnap_kind(a, b, i);

	return sum;
}

static void head(const struct cli *cli, FILE *f, const struct sipsnap *a,
		 const struct sipsnap *b)
{
	const struct table_style *st = &cli->style;
	struct human h;

	fprintf(f, "sip: forwarded %s messages/s", human_num(&h, total(a, b)));
	for (unsigned m = 0; m < SCAN_M_MAX; m++) {
		const double rate = method(a, b, m);

		if (rate > 0)
			fprintf(f, "   %s %s", fp_sip_method(m),
				human_num(&h, rate));
	}
	for (unsigned i = 0; i < 6; i++) {
		const double rate = sipsnap_kind(a, b, SIP_COUNT_RESPONSE + i);

		if (rate > 0)
			fprintf(f, "   %uxx %s", i + 1, human_num(&h, rate));
	}
	if (!b->on)
		fprintf(f, "   %sthe kernel leaves all to the agent%s",
			tint_on(st, TINT_WARN), tint_off(st, TINT_WARN));
	fputc('\n', f);
}

/* ---- targets --------------------------------------------------------------- */

static double sum(const struct sipsnap_rate *r)
{
	return r->requests + r->responses + r->received;
}

/* Busiest first; of equal ones in the list's order */
static int busier(const void *pa, const void *pb)
{
	const struct busy *a = pa, *b = pb;
	const double x = sum(&a->r), y = sum(&b->r);

	if (x != y)
		return x < y ? 1 : -1;

	return a->i < b->i ? -1 : a->i > b->i;
}

static struct busy *busiest(const struct sipsnap *a, const struct sipsnap *b)
{
	struct busy *v = mem_zalloc((b->targetc + 1) * sizeof(*v), NULL);

	if (!v)
		return NULL;

	for (size_t i = 0; i < b->targetc; i++)
		v[i] = (struct busy){i, sipsnap_rate(a, b, i)};
	qsort(v, b->targetc, sizeof(*v), busier);

	return v;
}

static void number(struct table *t, double n)
{
	struct human h;

	table_cell(t, n > 0 ? TINT_NONE : TINT_DIM, "%s", human_num(&h, n));
}

static void row(struct table *t, const struct sipsnap_target *st,
		const struct sipsnap_rate *r)
{
	struct human h;
	struct sa sa;

	sipsnap_addr(&st->t, &sa);
	table_cell(t, TINT_NONE, "%u", st->id);
	table_cell(t, TINT_NONE, "%s", human_sa(&h, &sa));
	table_cell(t, st->t.usable ? TINT_GOOD : TINT_BAD, "%s",
		   sipsnap_state(&st->t));
	number(t, r->dialogs);
	number(t, r->requests);
	number(t, r->responses);
	number(t, r->received);
}

int siptop_print(const struct cli *cli, FILE *f, const struct sipsnap *a,
		 const struct sipsnap *b)
{
	struct table *t = NULL;
	struct busy *v;
	int err;

	if (!a || !is_there(b))
		return 0;

	head(cli, f, a, b);
	if (!b->targetc)
		return 0;

	v = busiest(a, b);
	err = v ? table_alloc(&t, colv, ARRAY_SIZE(colv)) : ENOMEM;
	for (size_t i = 0; !err && i < shown(b); i++)
		row(t, &b->targetv[v[i].i], &v[i].r);
	if (!err) {
		fputc('\n', f);
		err = table_print(t, f, &cli->style);
	}
	mem_deref(t);
	mem_deref(v);

	return err;
}

/* ---- JSON ------------------------------------------------------------------ */

static void target_json(int *err, struct odict *arr, const struct sipsnap *a,
			const struct sipsnap *b, size_t i)
{
	const struct sipsnap_target *st = &b->targetv[i];
	const struct sipsnap_rate r = sipsnap_rate(a, b, i);
	struct odict *o = js_obj(err, arr, NULL);
	struct sa sa;

	sipsnap_addr(&st->t, &sa);
	js_int(err, o, "set", st->id);
	js_sa(err, o, "address", &sa);
	js_str(err, o, "state", sipsnap_state(&st->t));
	js_dbl(err, o, "dialogs_ps", r.dialogs);
	js_dbl(err, o, "requests_ps", r.requests);
	js_dbl(err, o, "responses_ps", r.responses);
	js_dbl(err, o, "received_ps", r.received);
}

void siptop_json(int *err, struct odict *od, const struct sipsnap *a,
		 const struct sipsnap *b)
{
	struct odict *o, *sub;
	char name[8];

	if (!a || !b) {
		js_null(err, od, "sip");
		return;
	}

	o = js_obj(err, od, "sip");
	js_bool(err, o, "on", b->on);
	js_dbl(err, o, "forwarded_ps", total(a, b));
	sub = js_obj(err, o, "requests");
	for (unsigned m = 0; m < SCAN_M_MAX; m++)
		js_dbl(err, sub, fp_sip_method(m), method(a, b, m));
	sub = js_obj(err, o, "responses");
	for (unsigned i = 0; i < 6; i++) {
		(void)re_snprintf(name, sizeof(name), "%uxx", i + 1);
		js_dbl(err, sub, name,
		       sipsnap_kind(a, b, SIP_COUNT_RESPONSE + i));
	}
	sub = js_arr(err, o, "targets");
	for (size_t i = 0; !*err && i < b->targetc; i++)
		target_json(err, sub, a, b, i);
}
