/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file route.c  carom route: which provider a number goes by
 */
#include "apiask.h"

struct route_cmd {
	struct http_asking ask; /* first */
	const char *caller, *at;
};

static const struct opt optv[] = {
	{.name = "caller",
	 .type = OPT_STR,
	 .off = offsetof(struct route_cmd, caller),
	 .arg = "NUMBER",
	 .help = "test: who calls"},
	{.name = "at",
	 .type = OPT_STR,
	 .off = offsetof(struct route_cmd, at),
	 .arg = "TIME",
	 .help = "test: when, such as 2026-03-29T02:30:00Z (default: now)"},
	HTTP_OPTION,
	{0},
};

static const struct verb verbv[] = {
	{"list", 0, 0, "route list"},
	{"show", 1, 1, "route show ID"},
	{"test", 1, 1, "route test NUMBER [--caller NUMBER] [--at TIME]"},
	{"set", 2, 2, "route set ID FILE"},
	{"delete", 1, 1, "route delete ID"},
	{0},
};

static const struct table_col colv[] = {
	{"ROUTE", false, 0},   {"PREFIX", false, 0}, {"PROVIDER", false, 0},
	{"PRIORITY", true, 0}, {"WEIGHT", true, 0},  {"COST", true, 1},
	{"NAME", false, 2},    {"", false, 0},
};

static const char *text(const struct odict *o, const char *key)
{
	const char *s = odict_string(o, key);

	return s ? s : "";
}

static double real(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_lookup(o, key);

	return !e                        ? 0
	       : e->type == ODICT_DOUBLE ? e->u.dbl
					 : (double)ask_number(o, key);
}

static void row(const struct odict *o, void *arg)
{
	struct table *t = arg;

	table_cell(t, TINT_NONE, "%s", text(o, "id"));
	table_cell(t, TINT_NONE, "%s",
		   *text(o, "prefix") ? text(o, "prefix") : "any");
	table_cell(t, TINT_NONE, "%s", text(o, "provider"));
	table_cell(t, TINT_NONE, "%u", (unsigned)ask_number(o, "priority"));
	table_cell(t, TINT_NONE, "%u", (unsigned)ask_number(o, "weight"));
	table_cell(t, TINT_NONE, "%g", real(o, "cost"));
	table_cell(t, TINT_NONE, "%s", text(o, "name"));
	table_cell(t, TINT_DIM, "%s",
		   ask_bool(o, "disabled") ? "disabled"
		   : ask_array(o, "times") ? "at times"
					   : "");
}

static const struct ask_list list = {
	.key = "routes",
	.colv = colv,
	.colc = ARRAY_SIZE(colv),
	.row = row,
	.hide = "NAME",
	.nothing = "no routes",
};

static const struct apirecords records = {"route", "/v1/routes", &list};

/* ---- test --------------------------------------------------------------------- */

static const struct table_col test_colv[] = {
	{"ROUTE", false, 0},  {"PREFIX", false, 0}, {"PROVIDER", false, 0},
	{"CALLED", false, 0}, {"CALLER", false, 1}, {"", false, 0},
};

static void test_row(const struct odict *o, void *arg)
{
	const bool taken = ask_bool(o, "taken");
	struct table *t = arg;

	table_cell(t, TINT_NONE, "%s", text(o, "route"));
	table_cell(t, TINT_NONE, "%s",
		   *text(o, "prefix") ? text(o, "prefix") : "any");
	table_cell(t, TINT_NONE, "%s", text(o, "provider"));
	table_cell(t, TINT_NONE, "%s", text(o, "called"));
	table_cell(t, TINT_NONE, "%s", text(o, "caller"));
	table_cell(t, taken ? TINT_GOOD : TINT_DIM, "%s", text(o, "why"));
}

static const struct ask_list test_list = {
	.key = "routes",
	.colv = test_colv,
	.colc = ARRAY_SIZE(test_colv),
	.row = test_row,
	.hide = "CALLER",
	.nothing = "no route fits",
};

static void count(const struct odict *o, void *arg)
{
	unsigned *n = arg;

	*n += ask_bool(o, "taken");
}

/* Exit code 1: such a call would be refused */
static int test(struct cli *cli, const struct route_cmd *c, const char *number)
{
	char path[1024], one[200], two[200], at[100];
	struct odict *reply = NULL;
	unsigned taken = 0;
	int code;

	apiask_escape(one, sizeof(one), number);
	apiask_escape(two, sizeof(two), c->caller ? c->caller : "");
	apiask_escape(at, sizeof(at), c->at ? c->at : "");
	(void)re_snprintf(path, sizeof(path),
			  "/v1/routes/resolve?number=%s%s%s%s%s", one,
			  *two ? "&caller=" : "", two, *at ? "&at=" : "", at);
	code = apiask(cli, &c->ask, "route", "GET", path, NULL, &reply);
	if (code)
		return code;
	ask_each(ask_array(reply, "routes"), count, &taken);
	code = cli->json ? cli_json(cli, reply)
			 : ask_table(cli, &test_list, reply);

	return taken ? code : CLI_FAIL;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "route", argc, argv);
	const struct route_cmd *c = cfg;
	int code;

	if (!verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	if (!strcmp(verb->name, "test"))
		return test(cli, c, argv[1]);

	return apirecords_run(cli, &c->ask, &records, verb, argc, argv);
}

const struct cmd cmd_route = {
	.name = "route",
	.args = "[list | show ID | test NUMBER | set ID FILE | delete ID]",
	.summary = "Show and change which provider a number goes by",
	.text = "test: the routes of a number in the order in which they are "
		"tried, and why one is\nnot; exit code 1 where no provider is "
		"left. set: a file of JSON, or - (docs/providers.md).",
	.example = "  carom route\n  carom route test +491512345678 --at "
		   "2026-12-24T20:00:00Z",
	.optv = optv,
	.cfg_size = sizeof(struct route_cmd),
	.argc_max = 3,
	.run = run,
};
