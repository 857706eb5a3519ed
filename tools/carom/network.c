/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file network.c  carom network: whose SIP is welcome
 */
#include "ask.h"

static const struct opt optv[] = {ASK_OPTION, {0}};

static const struct verb verbv[] = {
	{"list", 0, 0, "network list"},
	{"add", 2, 2, "network add PREFIX trusted|allow|deny"},
	{"del", 1, 1, "network del PREFIX"},
	{0},
};

static const struct table_col colv[] = {
	{"NETWORK", false, 0},
	{"KIND", false, 0},
	{"SET", true, 0},
	{"FROM", false, 0},
};

static enum tint tint(const char *kind)
{
	if (!str_cmp(kind, "deny"))
		return TINT_BAD;

	return str_cmp(kind, "allow") ? TINT_GOOD : TINT_NONE;
}

static void row(const struct odict *o, void *arg)
{
	const char *kind = odict_string(o, "kind");
	const bool hand = ask_bool(o, "temporary");
	struct table *t = arg;

	table_cell(t, TINT_NONE, "%s", odict_string(o, "prefix"));
	table_cell(t, tint(kind), "%s", kind);
	if (odict_lookup(o, "set"))
		table_cell(t, TINT_NONE, "%u", (unsigned)ask_number(o, "set"));
	else
		table_cell(t, TINT_NONE, "%s", "");
	table_cell(t, hand ? TINT_WARN : TINT_NONE, "%s",
		   hand ? "by hand" : "configuration");
}

static int print_list(struct cli *cli, struct odict *reply)
{
	struct table *t = NULL;
	int err = table_alloc(&t, colv, ARRAY_SIZE(colv));

	if (!err) {
		ask_each(ask_array(reply, "networks"), row, t);
		table_hide_empty(t, "SET");
		if (table_rows(t))
			err = table_print(t, cli->out, &cli->style);
		else
			fprintf(cli->out,
				"no networks: all sources are strangers, but "
				"for the targets\n");
	}
	mem_deref(t);
	mem_deref(reply);

	return err ? CLI_FAIL : CLI_OK;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "network", argc, argv);
	struct odict *req = NULL, *reply = NULL;
	int err, code;

	if (!verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	err = ask_request(&req, "network", verb);
	if (argc > 1)
		js_str(&err, req, "prefix", argv[1]);
	if (argc > 2)
		js_str(&err, req, "kind", argv[2]);
	code = ask(cli, cfg, "network", err ? mem_deref(req) : req, &reply);
	if (code)
		return code;

	return verb == verbv && !cli->json ? print_list(cli, reply)
					   : ask_print(cli, reply);
}

const struct cmd cmd_network = {
	.name = "network",
	.args = "[list | add PREFIX KIND | del PREFIX]",
	.summary = "Show and change which networks' SIP is welcome",
	.text = "deny: all that comes from there is dropped, before it is "
		"read. "
		"allow: no flood\nlimits. trusted: none either, and it may be "
		"sent anywhere. PREFIX is ADDRESS/BITS, or\nan address; the "
		"longest one that fits a source decides. What is added holds "
		"at once,\nin the kernel too, and goes before the "
		"configuration's of the same prefix, until\ncaromd restarts; "
		"del takes it back.",
	.example = "  carom network add 198.51.100.7 deny\n"
		   "  carom network del 198.51.100.7\n  carom network",
	.optv = optv,
	.cfg_size = sizeof(struct asking),
	.argc_max = 3,
	.run = run,
};
