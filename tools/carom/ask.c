/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ask.c  Commands that the running agent carries out
 */
#include "agent.h"
#include "ask.h"
#include "control/control.h"

enum { PATIENCE = 10000 /* ms: for an answer */ };

static const char *socket_path(const struct cli *cli, const struct asking *a)
{
	if (a && a->socket)
		return a->socket;

	return cli->config && cli->config->control ? cli->config->control
						   : CONTROL_PATH;
}

const struct verb *ask_verb(const struct verb *verbv, const char *cmd, int argc,
			    char **argv)
{
	char names[128] = "";

	if (!argc)
		return verbv;

	for (size_t i = 0; verbv[i].name; i++) {
		const struct verb *v = &verbv[i];

		if (!strcmp(argv[0], v->name) && argc - 1 >= v->min &&
		    argc - 1 <= v->max)
			return v;
		if (!strcmp(argv[0], v->name)) {
			cli_error("usage: carom %s", v->usage);
			return NULL;
		}
		(void)re_snprintf(names + strlen(names),
				  sizeof(names) - strlen(names), "%s%s",
				  i ? ", " : "", v->name);
	}
	cli_error("%s: '%s' is none of %s", cmd, argv[0], names);

	return NULL;
}

int ask_request(struct odict **reqp, const char *cmd, const struct verb *verb)
{
	char command[64];
	int err = odict_alloc(reqp, 8);

	(void)re_snprintf(command, sizeof(command), "%s%s%s", cmd,
			  verb ? " " : "", verb ? verb->name : "");
	js_str(&err, *reqp, "command", command);

	return err;
}

int ask(struct cli *cli, const struct asking *a, const char *what,
	struct odict *req, struct odict **reply)
{
	const char *path = socket_path(cli, a);
	bool ok = false;
	int err = req ? control_ask(reply, path, req, PATIENCE) : ENOMEM;

	mem_deref(req);
	if (err)
		return agent_unreachable(what, path, err);

	(void)odict_get_boolean(*reply, &ok, "ok");
	if (ok)
		return CLI_OK;

	cli_error("%s: %s", what, odict_string(*reply, "error"));
	*reply = mem_deref(*reply);

	return CLI_FAIL;
}

uint64_t ask_number(const struct odict *o, const char *key)
{
	uint64_t n = 0;

	(void)odict_get_number(o, &n, key);

	return n;
}

double ask_real(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_lookup(o, key);

	if (e && e->type == ODICT_INT)
		return (double)e->u.integer;

	return e && e->type == ODICT_DOUBLE ? e->u.dbl : 0;
}

bool ask_bool(const struct odict *o, const char *key)
{
	bool b = false;

	(void)odict_get_boolean(o, &b, key);

	return b;
}

const struct odict *ask_array(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_lookup(o, key);

	return e && (e->type == ODICT_ARRAY || e->type == ODICT_OBJECT)
		       ? e->u.odict
		       : NULL;
}

void ask_each(const struct odict *arr, ask_each_h *h, void *arg)
{
	struct le *le;

	for (le = arr ? arr->lst.head : NULL; le; le = le->next) {
		const struct odict_entry *e = le->data;

		if (e->type == ODICT_OBJECT)
			h(e->u.odict, arg);
	}
}

int ask_print(struct cli *cli, struct odict *reply)
{
	const char *text = odict_string(reply, "text");

	if (cli->json)
		return cli_json(cli, reply);

	fprintf(cli->out, "%s\n", text ? text : "done");
	mem_deref(reply);

	return CLI_OK;
}

int ask_table(struct cli *cli, const struct ask_list *l, struct odict *reply)
{
	struct table *t = NULL;
	int err = table_alloc(&t, l->colv, l->colc);

	if (!err) {
		ask_each(ask_array(reply, l->key), l->row, t);
		table_hide_empty(t, l->hide);
		if (table_rows(t))
			err = table_print(t, cli->out, &cli->style);
		else
			fprintf(cli->out, "%s\n", l->nothing);
	}
	mem_deref(t);
	mem_deref(reply);

	return err ? CLI_FAIL : CLI_OK;
}
