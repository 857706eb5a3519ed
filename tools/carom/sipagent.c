/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipagent.c  What the agent did with SIP
 */
#include "apiask.h"
#include "human.h"
#include "sipagent.h"

static const struct table_col event_colv[] = {
	{"AGENT", false, 0},
	{"MESSAGES", true, 0},
	{"MEANING", false, 0},
};

static const struct table_col outcome_colv[] = {
	{"ANSWER", false, 0},
	{"MESSAGES", true, 0},
	{"REASON", false, 0},
};

static const struct table_col target_colv[] = {
	{"SET", true, 0},
	{"TARGET, BY THE AGENT", false, 0},
	{"REQUESTS", true, 0},
	{"RESPONSES", true, 0},
};

struct odict *sipagent_ask(struct cli *cli)
{
	struct odict *reply = NULL;

	return apiask_quietly(cli, "/v1/statistics/sip", &reply) ? NULL : reply;
}

static void events(struct table *t, const struct odict *reply)
{
	const struct odict *ev = ask_array(reply, "events");
	const struct odict *texts = ask_array(reply, "texts");
	struct human h;
	struct le *le;

	for (le = ev ? ev->lst.head : NULL; le; le = le->next) {
		const struct odict_entry *e = le->data;

		if (e->type != ODICT_INT || !e->u.integer)
			continue;
		table_cell(t, TINT_NONE, "%s", e->key);
		table_cell(t, TINT_NONE, "%s",
			   human_num(&h, (double)e->u.integer));
		table_cell(t, TINT_NONE, "%s",
			   texts && odict_string(texts, e->key)
				   ? odict_string(texts, e->key)
				   : "");
	}
}

static void outcome(const struct odict *o, void *arg)
{
	const unsigned code = (unsigned)ask_number(o, "code");
	struct table *t = arg;
	struct human h;

	if (code)
		table_cell(t, code < 300 ? TINT_GOOD : TINT_WARN, "%u", code);
	else
		table_cell(t, TINT_BAD, "none");
	table_cell(t, TINT_NONE, "%s",
		   human_num(&h, (double)ask_number(o, "count")));
	table_cell(t, TINT_NONE, "%s", odict_string(o, "reason"));
}

static void target(const struct odict *o, void *arg)
{
	struct table *t = arg;
	struct human h;

	table_cell(t, TINT_NONE, "%u", (unsigned)ask_number(o, "set"));
	table_cell(t, TINT_NONE, "%s", odict_string(o, "uri"));
	table_cell(t, TINT_NONE, "%s",
		   human_num(&h, (double)ask_number(o, "requests")));
	table_cell(t, TINT_NONE, "%s",
		   human_num(&h, (double)ask_number(o, "responses")));
}

static int print(struct cli *cli, struct table *t)
{
	if (!table_rows(t))
		return 0;

	fputc('\n', cli->out);

	return table_print(t, cli->out, &cli->style);
}

int sipagent_print(struct cli *cli, const struct odict *reply)
{
	struct table *ev = NULL, *out = NULL, *to = NULL;
	int err;

	if (!reply) {
		fprintf(cli->out, "\nthe agent does not answer: what it did "
				  "is not known\n");
		return 0;
	}

	err = table_alloc(&ev, event_colv, ARRAY_SIZE(event_colv));
	if (!err)
		err = table_alloc(&out, outcome_colv, ARRAY_SIZE(outcome_colv));
	if (!err)
		err = table_alloc(&to, target_colv, ARRAY_SIZE(target_colv));
	if (!err) {
		ask_each(ask_array(reply, "targets"), target, to);
		events(ev, reply);
		ask_each(ask_array(reply, "outcomes"), outcome, out);
		err = print(cli, ev);
	}
	if (!err)
		err = print(cli, out);
	if (!err)
		err = print(cli, to);
	mem_deref(to);
	mem_deref(ev);
	mem_deref(out);

	return err;
}

static void add_outcome(const struct odict *o, void *arg)
{
	struct odict *arr = arg, *one;
	int err = 0;

	one = js_obj(&err, arr, NULL);
	js_int(&err, one, "code", (int64_t)ask_number(o, "code"));
	js_str(&err, one, "reason", odict_string(o, "reason"));
	js_int(&err, one, "count", (int64_t)ask_number(o, "count"));
}

static void add_target(const struct odict *o, void *arg)
{
	struct odict *arr = arg, *one;
	int err = 0;

	one = js_obj(&err, arr, NULL);
	js_int(&err, one, "set", (int64_t)ask_number(o, "set"));
	js_str(&err, one, "uri", odict_string(o, "uri"));
	js_int(&err, one, "requests", (int64_t)ask_number(o, "requests"));
	js_int(&err, one, "responses", (int64_t)ask_number(o, "responses"));
}

void sipagent_json(int *err, struct odict *od, const struct odict *reply)
{
	const struct odict *ev = ask_array(reply, "events");
	struct odict *o, *to;
	struct le *le;

	if (!reply) {
		js_null(err, od, "agent");
		return;
	}

	o = js_obj(err, od, "agent");
	to = js_obj(err, o, "events");
	for (le = ev ? ev->lst.head : NULL; le; le = le->next) {
		const struct odict_entry *e = le->data;

		if (e->type == ODICT_INT)
			js_int(err, to, e->key, e->u.integer);
	}
	to = js_arr(err, o, "outcomes");
	if (!*err)
		ask_each(ask_array(reply, "outcomes"), add_outcome, to);
	to = js_arr(err, o, "targets");
	if (!*err)
		ask_each(ask_array(reply, "targets"), add_target, to);
}
