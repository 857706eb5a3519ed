/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider.c  carom provider: carriers, and how they are
 */
#include <time.h>
#include "apiask.h"
#include "human.h"

static const struct opt optv[] = {HTTP_OPTION, {0}};

static const struct verb verbv[] = {
	{"list", 0, 0, "provider list"},
	{"show", 1, 1, "provider show ID"},
	{"probe", 1, 64, "provider probe ID..."},
	{"set", 2, 2, "provider set ID FILE"},
	{"delete", 1, 1, "provider delete ID"},
	{0},
};

static const struct table_col colv[] = {
	{"PROVIDER", false, 0}, {"HOST", false, 3},       {"STATE", false, 0},
	{"SINCE", true, 1},     {"ANSWER", true, 0},      {"CALLS", true, 2},
	{"FAILED", true, 2},    {"REGISTERED", false, 0}, {"REASON", false, 0},
};

static const char *text(const struct odict *o, const char *key)
{
	const char *s = o ? odict_string(o, key) : NULL;

	return s ? s : "";
}

static void cell_state(struct table *t, const struct odict *o,
		       const struct odict *health)
{
	const char *state = text(health, "state");

	if (ask_bool(o, "disabled"))
		table_cell(t, TINT_DIM, "disabled");
	else
		table_cell(t,
			   !strcmp(state, "up")     ? TINT_GOOD
			   : !strcmp(state, "down") ? TINT_BAD
						    : TINT_DIM,
			   "%s", *state ? state : "unknown");
}

static void cell_since(struct table *t, const struct odict *health)
{
	const uint64_t at = health ? ask_number(health, "changed") : 0;
	const uint64_t now = (uint64_t)time(NULL);
	struct human h;

	if (at)
		table_cell(t, TINT_NONE, "%s",
			   human_age(&h, (now > at ? now - at : 0) * 1000));
	else
		table_cell(t, TINT_DIM, "-");
}

static void row(const struct odict *o, void *arg)
{
	const struct odict *status = ask_array(o, "status");
	const struct odict *health = status ? ask_array(status, "health")
					    : NULL;
	const struct odict *reg = status ? ask_array(status, "registration")
					 : NULL;
	struct table *t = arg;

	table_cell(t, TINT_NONE, "%s", text(o, "id"));
	if (ask_number(o, "port"))
		table_cell(t, TINT_NONE, "%s:%u", text(o, "hostname"),
			   (unsigned)ask_number(o, "port"));
	else
		table_cell(t, TINT_NONE, "%s", text(o, "hostname"));
	cell_state(t, o, health);
	cell_since(t, health);
	if (health && ask_number(health, "rtt_us"))
		table_cell(t, TINT_NONE, "%.1f ms",
			   (double)ask_number(health, "rtt_us") / 1000.0);
	else
		table_cell(t, TINT_DIM, "-");
	table_cell(t, TINT_NONE, "%u",
		   status ? (unsigned)ask_number(status, "calls") : 0);
	table_cell(t, TINT_NONE, "%u",
		   status ? (unsigned)ask_number(status, "calls_failed") : 0);
	table_cell(t,
		   strcmp(text(reg, "state"), "failed") ? TINT_NONE : TINT_BAD,
		   "%s", text(reg, "state"));
	table_cell(t, TINT_NONE, "%s", text(health, "reason"));
}

static const struct ask_list list = {
	.key = "providers",
	.colv = colv,
	.colc = ARRAY_SIZE(colv),
	.row = row,
	.hide = "REGISTERED",
	.nothing = "no providers",
};

static const struct apirecords records = {"provider", "/v1/providers", &list};

static int probe(struct cli *cli, const struct http_asking *a, const char *name)
{
	char path[512], id[256];
	struct odict *reply = NULL;
	bool healthy;
	int code;

	apiask_escape(id, sizeof(id), name);
	(void)re_snprintf(path, sizeof(path), "/v1/providers/%s/probe", id);
	code = apiask(cli, a, "provider", "POST", path, NULL, &reply);
	if (code)
		return code;
	healthy = ask_bool(reply, "healthy");
	if (cli->json) {
		(void)cli_json(cli, reply);
		return healthy ? CLI_OK : CLI_FAIL;
	}
	fprintf(cli->out, "%s  %s: %s", name, healthy ? "healthy" : "unhealthy",
		text(reply, "reason"));
	if (ask_number(reply, "code")) {
		const struct odict_entry *e = odict_lookup(reply, "time_ms");

		if (e && e->type == ODICT_DOUBLE)
			fprintf(cli->out, " in %.1f ms", e->u.dbl);
	}
	fprintf(cli->out, "\n");
	mem_deref(reply);

	return healthy ? CLI_OK : CLI_FAIL;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "provider", argc, argv);
	const struct http_asking *a = cfg;
	int code;

	if (!verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	if (strcmp(verb->name, "probe") != 0)
		return apirecords_run(cli, a, &records, verb, argc, argv);
	for (int i = 1; i < argc; i++)
		if (probe(cli, a, argv[i]))
			code = CLI_FAIL;

	return code;
}

const struct cmd cmd_provider = {
	.name = "provider",
	.args = "[list | show ID | probe ID... | set ID FILE | delete ID]",
	.summary = "Show, probe and change the carriers that calls go to",
	.text = "ANSWER is how long OPTIONS take. probe: one OPTIONS at once; "
		"exit code 1 where one is\nnot healthy. set: a file of JSON, "
		"or - (docs/providers.md); in force at once.",
	.example = "  carom provider\n  carom provider probe acme\n"
		   "  echo '{\"hostname\": \"sip.acme.example\"}' | carom "
		   "provider set acme -",
	.optv = optv,
	.cfg_size = sizeof(struct http_asking),
	.argc_max = 65,
	.run = run,
};
