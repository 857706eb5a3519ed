/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatcher.c  carom dispatcher: sets of SIP targets, and their states
 */
#include "carom.h"
#include "control/control.h"
#include "human.h"

struct dispatcher {
	const char *set;
	const char *reason;
	const char *socket;
};

static const struct opt optv[] = {
	{.name = "set",
	 .key = 's',
	 .type = OPT_STR,
	 .off = offsetof(struct dispatcher, set),
	 .arg = "ID",
	 .help = "this set alone"},
	{.name = "reason",
	 .key = 'r',
	 .type = OPT_STR,
	 .off = offsetof(struct dispatcher, reason),
	 .arg = "TEXT",
	 .help = "why a state is set, for those who look later"},
	{.name = "socket",
	 .type = OPT_STR,
	 .off = offsetof(struct dispatcher, socket),
	 .arg = "PATH",
	 .help = "the agent's control socket (default: the configured one)"},
	{0},
};

static const struct table_col colv[] = {
	{"SET", true, 0},     {"TARGET", false, 0},  {"STATE", false, 0},
	{"SHARE", true, 0},   {"PRIORITY", true, 3}, {"WEIGHT", true, 2},
	{"LATENCY", true, 0}, {"SINCE", true, 1},    {"REASON", false, 0},
};

static enum tint tint(const char *state)
{
	if (!str_cmp(state, "active"))
		return TINT_GOOD;
	if (!str_cmp(state, "trying"))
		return TINT_WARN;

	return str_cmp(state, "inactive") ? TINT_DIM : TINT_BAD;
}

static uint64_t num(const struct odict *o, const char *key)
{
	uint64_t n = 0;

	(void)odict_get_number(o, &n, key);

	return n;
}

static void row(struct table *t, const struct odict *o)
{
	const char *state = odict_string(o, "state");
	const uint64_t us = num(o, "latency_us");
	struct human h;

	table_cell(t, TINT_NONE, "%u", (unsigned)num(o, "set"));
	table_cell(t, TINT_NONE, "%s", odict_string(o, "uri"));
	table_cell(t, tint(state), "%s", state);
	table_cell(t, TINT_NONE, "%.1f %%",
		   (double)num(o, "slots_permille") / 10.0);
	table_cell(t, TINT_NONE, "%u", (unsigned)num(o, "priority"));
	table_cell(t, TINT_NONE, "%u", (unsigned)num(o, "weight"));
	if (num(o, "answers"))
		table_cell(t, TINT_NONE, "%.2f ms", (double)us / 1000.0);
	else
		table_cell(t, TINT_DIM, "-");
	table_cell(t, TINT_NONE, "%s", human_age(&h, num(o, "since_ms")));
	table_cell(t, TINT_NONE, "%s", odict_string(o, "reason"));
}

static int print_list(struct cli *cli, const struct odict *reply)
{
	const struct odict_entry *e = odict_lookup(reply, "targets");
	const struct odict *arr = e ? e->u.odict : NULL;
	struct table *t = NULL;
	struct le *le;
	int err = table_alloc(&t, colv, ARRAY_SIZE(colv));

	if (err)
		return err;
	for (le = arr ? arr->lst.head : NULL; le; le = le->next)
		row(t, ((struct odict_entry *)le->data)->u.odict);
	if (table_rows(t))
		err = table_print(t, cli->out, &cli->style);
	else
		fprintf(cli->out, "no targets\n");
	mem_deref(t);

	return err;
}

static const char *socket_path(const struct cli *cli,
			       const struct dispatcher *d)
{
	if (d->socket)
		return d->socket;

	return cli->config && cli->config->control ? cli->config->control
						   : CONTROL_PATH;
}

static int unreachable(const char *path, int err)
{
	if (err == ENOENT || err == ECONNREFUSED)
		cli_error("no agent listens at %s; is caromd running, and is "
			  "this its configuration? (--config)",
			  path);
	else if (err == EACCES)
		cli_error("%s: %m; run as root", path, err);
	else
		cli_error("%s: %m", path, err);

	return CLI_FAIL;
}

static int request(struct odict **reqp, const struct dispatcher *d, int argc,
		   char **argv)
{
	const char *sub = argc ? argv[0] : "list";
	struct odict *req = NULL;
	char command[32];
	int err = odict_alloc(&req, 8);

	(void)re_snprintf(command, sizeof(command), "dispatcher %s", sub);
	js_str(&err, req, "command", command);
	if (d->set)
		js_str(&err, req, "set", d->set);
	if (argc > 1)
		js_str(&err, req, "uri", argv[1]);
	if (argc > 2)
		js_str(&err, req, "state", argv[2]);
	if (d->reason)
		js_str(&err, req, "reason", d->reason);
	*reqp = req;

	return err;
}

static int check(int argc, char **argv)
{
	static const struct {
		const char *name;
		int argc;
		const char *usage;
	} subv[] = {
		{"list", 1, "list"},
		{"reload", 1, "reload"},
		{"ping", 2, "ping URI"},
		{"set", 3, "set URI active|inactive|disabled"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(subv); i++) {
		if (!argc)
			return 0;
		if (strcmp(argv[0], subv[i].name) != 0)
			continue;
		if (argc == subv[i].argc)
			return 0;
		cli_error("usage: carom dispatcher %s", subv[i].usage);
		return EINVAL;
	}
	cli_error("dispatcher: '%s' is none of list, set, ping, reload",
		  argv[0]);

	return EINVAL;
}

static int show(struct cli *cli, const struct odict *reply, const char *sub)
{
	const char *text = odict_string(reply, "text");

	if (!strcmp(sub, "list"))
		return print_list(cli, reply);
	fprintf(cli->out, "%s\n", text ? text : "done");

	return 0;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct odict *req = NULL, *reply = NULL;
	const struct dispatcher *d = cfg;
	const char *path;
	bool ok = false;
	int err, code;

	if (check(argc, argv))
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	path = socket_path(cli, d);
	err = request(&req, d, argc, argv);
	if (!err)
		err = control_ask(&reply, path, req);
	mem_deref(req);
	if (err)
		return unreachable(path, err);
	(void)odict_get_boolean(reply, &ok, "ok");
	if (!ok) {
		cli_error("dispatcher: %s", odict_string(reply, "error"));
		mem_deref(reply);
		return CLI_FAIL;
	}
	if (cli->json)
		return cli_json(cli, reply);
	err = show(cli, reply, argc ? argv[0] : "list");
	mem_deref(reply);

	return err ? CLI_FAIL : CLI_OK;
}

const struct cmd cmd_dispatcher = {
	.name = "dispatcher",
	.args = "[list | set URI STATE | ping URI | reload]",
	.summary = "Show and change the sets of SIP targets",
	.text = "SHARE is how much of a set's new calls a target gets now. "
		"set: "
		"active, inactive\n(probes bring it back) or disabled (they "
		"don't). ping: one OPTIONS at once. reload:\nread the list "
		"again; calls under way stay where they are.",
	.example = "  carom dispatcher\n  carom dispatcher set "
		   "sip:192.0.2.7:5060 disabled --reason upgrade",
	.optv = optv,
	.cfg_size = sizeof(struct dispatcher),
	.argc_max = 3,
	.run = run,
};
