/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file network.c  carom network: whose SIP is welcome
 */
#include "ask.h"

static const struct opt optv[] = {ASK_OPTION, {0}};

static const struct verb verbv[] = {
	{"list", 0, 0, "network list"},
	{"add", 2, 2, "network add PREFIX trusted|allow|deny"},
	{"delete", 1, 1, "network delete PREFIX"},
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

static const struct ask_list list = {
	.key = "networks",
	.colv = colv,
	.colc = ARRAY_SIZE(colv),
	.row = row,
	.hide = "SET",
	.nothing =
		"no networks: all sources are strangers, but for the targets",
};

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	static const char *const keyv[] = {"prefix", "kind"};

	return ask_command(cli, cfg, "network", verbv, keyv, &list, argc, argv);
}

const struct cmd cmd_network = {
	.name = "network",
	.args = "[list | add PREFIX KIND | delete PREFIX]",
	.summary = "Show and change which networks' SIP is welcome",
	.text = "deny: all that comes from there is dropped, before it is "
		"read. "
		"allow: no flood\nlimits. trusted: none either, and it may be "
		"sent anywhere. PREFIX is ADDRESS/BITS, or\nan address; the "
		"longest one that fits a source decides. What is added holds "
		"at once,\nin the kernel too, and goes before the "
		"configuration's of the same prefix, until\ncaromd restarts; "
		"delete takes it back.",
	.example = "  carom network add 198.51.100.7 deny\n"
		   "  carom network delete 198.51.100.7\n  carom network",
	.optv = optv,
	.cfg_size = sizeof(struct asking),
	.argc_max = 3,
	.run = run,
};
