/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file limit.c  carom limit: flood limits of SIP sources
 */
#include "apiask.h"

static const struct opt optv[] = {HTTP_OPTION, {0}};

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

static const struct ask_list list = {
	.key = "limits",
	.colv = colv,
	.colc = ARRAY_SIZE(colv),
	.row = row,
	.hide = "CONFIGURED",
	.nothing = "no limits",
};

/* What is no number the agent refuses, and says what is allowed */
static void put(int *err, struct odict *o, const char *key, const char *text)
{
	const size_t digits = strspn(text, "0123456789");

	if (digits && digits < 10 && !text[digits])
		js_int(err, o, key, (int64_t)strtoul(text, NULL, 10));
	else
		js_str(err, o, key, text);
}

static int change(struct cli *cli, const struct http_asking *a, int argc,
		  char **argv)
{
	const bool reset = !strcmp(argv[0], "reset");
	struct odict *body = NULL, *reply = NULL;
	char path[256], class[200];
	int code, err = odict_alloc(&body, 4);

	apiask_escape(class, sizeof(class), argv[1]);
	(void)re_snprintf(path, sizeof(path), "/v1/limits/%s", class);
	if (argc > 2)
		put(&err, body, "rate", argv[2]);
	if (argc > 3)
		put(&err, body, "burst", argv[3]);
	code = err ? CLI_FAIL
		   : apiask(cli, a, "limit", reset ? "DELETE" : "PUT", path,
			    reset ? NULL : body, &reply);
	mem_deref(body);

	return code ? code : ask_print(cli, reply);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "limit", argc, argv);
	struct odict *reply = NULL;
	int code;

	if (!verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	if (verb != verbv)
		return change(cli, cfg, argc, argv);
	code = apiask_all(cli, cfg, "limit", "/v1/limits", list.key, &reply);
	if (code)
		return code;

	return cli->json ? cli_json(cli, reply) : ask_table(cli, &list, reply);
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
	.cfg_size = sizeof(struct http_asking),
	.argc_max = 4,
	.run = run,
};
