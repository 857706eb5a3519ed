/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file limit.c  carom limit: flood limits of SIP sources
 */
#include "ask.h"

static const struct opt optv[] = {ASK_OPTION, {0}};

static const struct verb verbv[] = {
	{"list", 0, 0, "limit list"},
	{"set", 2, 3, "limit set CLASS RATE [BURST]"},
	{"reset", 1, 1, "limit reset CLASS"},
	{0},
};

static const struct table_col colv[] = {
	{"CLASS", false, 0}, {"A SECOND", true, 0},    {"AT ONCE", true, 0},
	{"FROM", false, 0},  {"CONFIGURED", false, 1},
};

static void row(const struct odict *o, void *arg)
{
	const unsigned rate = (unsigned)ask_number(o, "rate");
	const bool hand = ask_bool(o, "temporary");
	struct table *t = arg;

	table_cell(t, TINT_NONE, "%s", odict_string(o, "class"));
	if (rate) {
		table_cell(t, TINT_NONE, "%u", rate);
		table_cell(t, TINT_NONE, "%u",
			   (unsigned)ask_number(o, "burst"));
	} else {
		table_cell(t, TINT_WARN, "no limit");
		table_cell(t, TINT_DIM, "-");
	}
	table_cell(t, hand ? TINT_WARN : TINT_NONE, "%s",
		   hand ? "by hand" : "configuration");
	if (hand)
		table_cell(t, TINT_DIM, "%u, %u",
			   (unsigned)ask_number(o, "file_rate"),
			   (unsigned)ask_number(o, "file_burst"));
	else
		table_cell(t, TINT_DIM, "%s", "");
}

static int print_list(struct cli *cli, struct odict *reply)
{
	struct table *t = NULL;
	int err = table_alloc(&t, colv, ARRAY_SIZE(colv));

	if (!err) {
		ask_each(ask_array(reply, "limits"), row, t);
		table_hide_empty(t, "CONFIGURED");
		err = table_print(t, cli->out, &cli->style);
	}
	mem_deref(t);
	mem_deref(reply);

	return err ? CLI_FAIL : CLI_OK;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "limit", argc, argv);
	struct odict *req = NULL, *reply = NULL;
	int err, code;

	if (!verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	err = ask_request(&req, "limit", verb);
	if (argc > 1)
		js_str(&err, req, "class", argv[1]);
	if (argc > 2)
		js_str(&err, req, "rate", argv[2]);
	if (argc > 3)
		js_str(&err, req, "burst", argv[3]);
	code = ask(cli, cfg, "limit", err ? mem_deref(req) : req, &reply);
	if (code)
		return code;

	return verb == verbv && !cli->json ? print_list(cli, reply)
					   : ask_print(cli, reply);
}

const struct cmd cmd_limit = {
	.name = "limit",
	.args = "[list | set CLASS RATE [BURST] | reset CLASS]",
	.summary = "Show and change the flood limits of SIP sources",
	.text = "A source may send RATE messages of a class a second, BURST at "
		"once (twice the rate,\nwhere it is not given); 0: no limit. "
		"Nodes and networks of kind trusted, trunk and\nallow have "
		"none. Classes: invite, register, dialog, other, response, "
		"junk. What is\nset holds at once, in the kernel too, until "
		"caromd restarts; reset goes back to the\nconfiguration.",
	.example = "  carom limit\n  carom limit set register 5 10\n"
		   "  carom limit reset register",
	.optv = optv,
	.cfg_size = sizeof(struct asking),
	.argc_max = 4,
	.run = run,
};
