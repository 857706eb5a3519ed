/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrations.c  carom registrations: who is registered, and where
 */
#include "apiask.h"
#include "human.h"

static const struct opt optv[] = {HTTP_OPTION, {0}};

/* The first is for whatever is none of the others */
static const struct verb verbv[] = {
	{"list", 0, 1, "registrations [AOR]"},
	{"delete", 1, 2, "registrations delete AOR [ID]"},
	{"qualify", 1, 1, "registrations qualify AOR"},
};

static const struct table_col colv[] = {
	{"ADDRESS", false, 0}, {"CONTACT", false, 0}, {"Q", true, 1},
	{"EXPIRES", true, 0},  {"FROM", false, 0},    {"BY", false, 0},
	{"RTT", true, 2},      {"PHONE", false, 3},
};

static void row(const struct odict *o, void *arg)
{
	const struct odict_entry *q = odict_lookup(o, "q");
	const uint64_t rtt = ask_number(o, "rtt_us");
	const char *phone = odict_string(o, "user_agent");
	struct table *t = arg;
	struct human h;

	table_cell(t, TINT_NONE, "%s", odict_string(o, "aor"));
	table_cell(t, TINT_NONE, "%s", odict_string(o, "contact"));
	table_cell(t, TINT_DIM, "%.3g",
		   q && q->type == ODICT_DOUBLE ? q->u.dbl : 1.0);
	table_cell(t, TINT_NONE, "%s",
		   human_age(&h, ask_number(o, "expires_in") * 1000));
	table_cell(t, TINT_NONE, "%s", odict_string(o, "source"));
	table_cell(t, TINT_NONE, "%s%s", odict_string(o, "transport"),
		   ask_bool(o, "direct") ? "" : ", an edge");
	if (ask_number(o, "unanswered"))
		table_cell(t, TINT_WARN, "none");
	else if (rtt)
		table_cell(t, TINT_NONE, "%.1f ms", (double)rtt / 1000);
	else
		table_cell(t, TINT_NONE, "%s", "");
	table_cell(t, TINT_DIM, "%s", phone ? phone : "");
}

static int print_list(struct cli *cli, struct odict *reply)
{
	const uint64_t total = ask_number(reply, "total");
	struct table *t = NULL;
	int err = table_alloc(&t, colv, ARRAY_SIZE(colv));

	if (!err)
		ask_each(ask_array(reply, "registrations"), row, t);
	if (!err && !table_rows(t))
		fprintf(cli->out, "nobody is registered\n");
	else if (!err)
		err = table_print(t, cli->out, &cli->style);
	if (!err && total > table_rows(t))
		fprintf(cli->out, "... %llu in all\n",
			(unsigned long long)total);
	mem_deref(t);
	mem_deref(reply);

	return err ? CLI_FAIL : CLI_OK;
}

static int list(struct cli *cli, const struct http_asking *a, const char *aor)
{
	char path[1600], who[1536] = "";
	struct odict *reply = NULL;
	int code;

	if (aor)
		apiask_escape(who, sizeof(who), aor);
	(void)re_snprintf(path, sizeof(path),
			  "/v1/registrations?limit=1000%s%s",
			  aor ? "&aor=" : "", who);
	code = apiask(cli, a, "registrations", "GET", path, NULL, &reply);
	if (code)
		return code;

	return cli->json ? cli_json(cli, reply) : print_list(cli, reply);
}

static int delete_them(struct cli *cli, const struct http_asking *a,
		       const char *aor, const char *id)
{
	char path[4096], who[1536], which[2048] = "";
	struct odict *reply = NULL;
	int code;

	apiask_escape(who, sizeof(who), aor);
	if (id)
		apiask_escape(which, sizeof(which), id);
	(void)re_snprintf(path, sizeof(path), "/v1/registrations/%s%s%s", who,
			  id ? "?id=" : "", which);
	code = apiask(cli, a, "registrations", "DELETE", path, NULL, &reply);
	mem_deref(reply);
	if (!code)
		fprintf(cli->out, "%s: removed\n", aor);

	return code;
}

/* ---- are they there? ------------------------------------------------------------- */

static const struct table_col answer_colv[] = {
	{"CONTACT", false, 0},
	{"STATE", false, 0},
	{"RTT", true, 0},
	{"ANSWER", false, 0},
};

static void answer(const struct odict *o, void *arg)
{
	const struct odict_entry *ms = odict_lookup(o, "time_ms");
	const unsigned code = (unsigned)ask_number(o, "code");
	const bool there = ask_bool(o, "reachable");
	struct table *t = arg;

	table_cell(t, TINT_NONE, "%s", odict_string(o, "contact"));
	table_cell(t, there ? TINT_GOOD : TINT_BAD, "%s",
		   there ? "reachable" : "unreachable");
	if (ms && ms->type == ODICT_DOUBLE)
		table_cell(t, TINT_NONE, "%.1f ms", ms->u.dbl);
	else
		table_cell(t, TINT_DIM, "-");
	if (code)
		table_cell(t, TINT_NONE, "%u %s", code,
			   odict_string(o, "reason"));
	else
		table_cell(t, TINT_WARN, "%s", odict_string(o, "reason"));
}

static const struct ask_list answers = {
	.key = "contacts",
	.colv = answer_colv,
	.colc = ARRAY_SIZE(answer_colv),
	.row = answer,
	.nothing = "nobody is registered",
};

static void count_lost(const struct odict *o, void *arg)
{
	*(bool *)arg |= !ask_bool(o, "reachable");
}

static int qualify(struct cli *cli, const struct http_asking *a,
		   const char *aor)
{
	char path[1600], who[1536];
	struct odict *reply = NULL;
	bool lost = false;
	int code;

	apiask_escape(who, sizeof(who), aor);
	(void)re_snprintf(path, sizeof(path), "/v1/registrations/%s/qualify",
			  who);
	code = apiask(cli, a, "registrations", "POST", path, NULL, &reply);
	if (code)
		return code;
	ask_each(ask_array(reply, "contacts"), count_lost, &lost);
	code = cli->json ? cli_json(cli, reply)
			 : ask_table(cli, &answers, reply);

	return lost ? CLI_FAIL : code;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = verbv;
	int code;

	for (size_t i = 0; argc && i < ARRAY_SIZE(verbv); i++) {
		if (strcmp(argv[0], verbv[i].name) != 0)
			continue;
		verb = &verbv[i];
		--argc;
		++argv;
		break;
	}
	if (argc < verb->min || argc > verb->max) {
		cli_error("registrations: usage: carom %s", verb->usage);
		return CLI_USAGE;
	}
	code = cli_config(cli, false);
	if (code)
		return code;
	if (!strcmp(verb->name, "delete"))
		return delete_them(cli, cfg, argv[0],
				   argc > 1 ? argv[1] : NULL);

	return !strcmp(verb->name, "qualify")
		       ? qualify(cli, cfg, argv[0])
		       : list(cli, cfg, argc ? argv[0] : NULL);
}

const struct cmd cmd_registrations = {
	.name = "registrations",
	.args = "[AOR | delete AOR [ID] | qualify AOR]",
	.summary = "Show who is registered, and where",
	.text = "FROM is where the phone registered from, as seen from outside "
		"its NAT; RTT how long\nit took to answer the last keep-alive. "
		"delete takes an address's contacts away, or\nthe one with "
		"this id (--json shows ids). The first thousand are shown.",
	.example = "  carom registrations\n  carom registrations "
		   "alice@example.com --json\n  carom registrations delete "
		   "alice@example.com\n  carom registrations qualify "
		   "alice@example.com",
	.optv = optv,
	.cfg_size = sizeof(struct http_asking),
	.argc_max = 3,
	.run = run,
};
