/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file mediastats.c  carom stats media: workers, bridges, calls that were refused
 */
#include "apiask.h"
#include "human.h"
#include "mediastats.h"

static const struct table_col worker_colv[] = {
	{"WORKER", true, 0},   {"RECEIVED", true, 0}, {"SENT", true, 0},
	{"HANDED", true, 4},   {"DROPPED", true, 0},  {"WAKES", true, 3},
	{"LOAD", true, 0},     {"CPU", true, 2},      {"PORTS", true, 1},
	{"REASONS", false, 0},
};

static const struct table_col bridge_colv[] = {
	{"BRIDGES", false, 0},
	{"COUNT", true, 0},
	{"MEANING", false, 0},
};

static const struct table_col session_colv[] = {
	{"SESSIONS", false, 0},
	{"COUNT", true, 0},
	{"MEANING", false, 0},
};

static const struct table_col turn_colv[] = {
	{"TURN", false, 0},
	{"COUNT", true, 0},
	{"MEANING", false, 0},
};

/** One group of figures, on its way into a table or into JSON */
struct view {
	const char *group;
	struct table *t;
	struct odict *to;
	bool all;
	int err;
};

struct odict *mediastats_ask(struct cli *cli)
{
	struct odict *reply = NULL;

	return apiask_quietly(cli, "/v1/statistics", &reply) ? NULL : reply;
}

static double value(const struct odict *o)
{
	const struct odict_entry *e = odict_lookup(o, "value");

	if (e && e->type == ODICT_DOUBLE)
		return e->u.dbl;

	return e && e->type == ODICT_INT ? (double)e->u.integer : 0;
}

static bool is_of(const struct odict *o, const char *group)
{
	const char *of = odict_string(o, "group");

	return of && !strcmp(of, group);
}

/* ---- workers -------------------------------------------------------------- */

/** What is looked for in all figures */
struct wanted {
	const char *key;
	uint64_t worker;
	double sum;
	char *reasons; /* those that are not 0, or NULL */
	size_t size;
};

static void look(const struct odict *o, void *arg)
{
	const char *key = odict_string(o, "key");
	const char *label = odict_string(o, "label");
	struct wanted *w = arg;
	const double v = value(o);
	size_t n;

	if (!is_of(o, "workers") || !key || strcmp(key, w->key) ||
	    ask_number(o, "worker") != w->worker)
		return;
	w->sum += v;
	if (!w->reasons || !label || v == 0)
		return;
	n = strlen(w->reasons);
	(void)snprintf(w->reasons + n, w->size - n, "%s%s %.0f", n ? ", " : "",
		       label, v);
}

static double of_worker(const struct odict *figures, const char *key,
			uint64_t worker)
{
	struct wanted w = {.key = key, .worker = worker};

	ask_each(figures, look, &w);

	return w.sum;
}

static void most(const struct odict *o, void *arg)
{
	uint64_t *n = arg;

	if (is_of(o, "workers") && ask_number(o, "worker") >= *n)
		*n = ask_number(o, "worker") + 1;
}

static uint64_t workers(const struct odict *figures)
{
	uint64_t n = 0;

	ask_each(figures, most, &n);

	return n;
}

static void worker_row(struct table *t, const struct odict *figures, uint64_t i)
{
	static const char *const keyv[] = {"received", "sent", "handed"};
	char reasons[160] = "";
	struct wanted drops = {.key = "dropped",
			       .worker = i,
			       .reasons = reasons,
			       .size = sizeof(reasons)};
	struct human h;

	table_cell(t, TINT_NONE, "%u", (unsigned)i);
	for (size_t k = 0; k < ARRAY_SIZE(keyv); k++)
		table_cell(t, TINT_NONE, "%s",
			   human_num(&h, of_worker(figures, keyv[k], i)));
	ask_each(figures, look, &drops);
	table_cell(t, drops.sum > 0 ? TINT_BAD : TINT_NONE, "%s",
		   human_num(&h, drops.sum));
	table_cell(t, TINT_NONE, "%s",
		   human_num(&h, of_worker(figures, "wakes", i)));
	table_cell(t, TINT_NONE, "%.1f %%",
		   100 * of_worker(figures, "load", i));
	table_cell(t, TINT_NONE, "%.1f s",
		   of_worker(figures, "cpu_seconds", i));
	table_cell(t, TINT_NONE, "%.0f", of_worker(figures, "ports", i));
	table_cell(t, TINT_WARN, "%s", reasons);
}

static int workers_table(struct cli *cli, const struct odict *figures)
{
	const uint64_t n = workers(figures);
	struct table *t = NULL;
	int err = table_alloc(&t, worker_colv, ARRAY_SIZE(worker_colv));

	for (uint64_t i = 0; !err && i < n; i++)
		worker_row(t, figures, i);
	if (!err && n) {
		table_hide_empty(t, "REASONS");
		err = table_print(t, cli->out, &cli->style);
	}
	mem_deref(t);

	return err;
}

/* ---- bridges, sessions ------------------------------------------------------ */

static void row(const struct odict *o, void *arg)
{
	const char *label = odict_string(o, "label");
	const char *key = odict_string(o, "key");
	const char *help = odict_string(o, "help");
	struct view *v = arg;
	const double val = value(o);
	struct human h;

	if (!is_of(o, v->group) || !key || (val == 0 && !v->all))
		return;
	table_cell(v->t, TINT_NONE, "%s%s%s", key, label ? ": " : "",
		   label ? label : "");
	table_cell(v->t, TINT_NONE, "%s", human_num(&h, val));
	table_cell(v->t, TINT_NONE, "%s", help ? help : "");
}

static int group_table(struct cli *cli, const struct odict *figures,
		       const char *group, bool all,
		       const struct table_col *colv, size_t colc)
{
	struct view v = {.group = group, .all = all};
	int err = table_alloc(&v.t, colv, colc);

	if (!err)
		ask_each(figures, row, &v);
	if (!err && table_rows(v.t)) {
		fputc('\n', cli->out);
		err = table_print(v.t, cli->out, &cli->style);
	}
	mem_deref(v.t);

	return err;
}

static int print(struct cli *cli, const struct odict *reply, bool all)
{
	const struct odict *figures = ask_array(reply, "figures");
	int err = workers_table(cli, figures);

	if (!err)
		err = group_table(cli, figures, "bridges", all, bridge_colv,
				  ARRAY_SIZE(bridge_colv));
	if (!err)
		err = group_table(cli, figures, "sessions", all, session_colv,
				  ARRAY_SIZE(session_colv));
	if (!err)
		err = group_table(cli, figures, "turn", all, turn_colv,
				  ARRAY_SIZE(turn_colv));

	return err ? cli_fp_error("stats media", err, NULL) : CLI_OK;
}

/* ---- JSON --------------------------------------------------------------------- */

static void put_value(struct view *v, struct odict *to, const char *key,
		      const struct odict *o)
{
	const struct odict_entry *e = odict_lookup(o, "value");

	if (e && e->type == ODICT_INT)
		js_int(&v->err, to, key, e->u.integer);
	else
		js_dbl(&v->err, to, key, value(o));
}

/* Samples with a label become an object of their key's name */
static void put(const struct odict *o, struct view *v)
{
	const char *label = odict_string(o, "label");
	const char *key = odict_string(o, "key");
	const struct odict_entry *e;

	if (v->err || !key)
		return;
	if (!label) {
		put_value(v, v->to, key, o);
		return;
	}
	e = odict_lookup(v->to, key);
	put_value(v, e ? e->u.odict : js_obj(&v->err, v->to, key), label, o);
}

static void group_json(const struct odict *o, void *arg)
{
	struct view *v = arg;

	if (is_of(o, v->group))
		put(o, v);
}

struct worker_view {
	struct view v;
	uint64_t worker;
};

static void worker_json(const struct odict *o, void *arg)
{
	struct worker_view *w = arg;

	if (is_of(o, "workers") && ask_number(o, "worker") == w->worker)
		put(o, &w->v);
}

static int print_json(struct cli *cli, const struct odict *reply)
{
	const struct odict *figures = ask_array(reply, "figures");
	static const char *const groupv[] = {"bridges", "sessions", "turn"};
	const uint64_t n = workers(figures);
	struct odict *od = NULL, *arr;
	int err = odict_alloc(&od, 8);

	js_str(&err, od, "by", odict_string(reply, "by"));
	arr = js_arr(&err, od, "workers");
	for (uint64_t i = 0; !err && i < n; i++) {
		struct worker_view w = {.worker = i};

		w.v.to = js_obj(&w.v.err, arr, NULL);
		ask_each(figures, worker_json, &w);
		err = w.v.err;
	}
	for (size_t i = 0; !err && i < ARRAY_SIZE(groupv); i++) {
		struct view v = {.group = groupv[i]};

		v.to = js_obj(&v.err, od, groupv[i]);
		ask_each(figures, group_json, &v);
		err = v.err;
	}

	return cli_json(cli, err ? mem_deref(od) : od);
}

int mediastats(struct cli *cli, bool all)
{
	struct odict *reply = NULL;
	int code = cli_config(cli, false);

	if (code)
		return code;
	code = apiask(cli, NULL, "stats media", "GET", "/v1/statistics", NULL,
		      &reply);
	if (code)
		return code;
	code = cli->json ? print_json(cli, reply) : print(cli, reply, all);
	mem_deref(reply);

	return code;
}
