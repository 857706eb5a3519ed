/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrations.c  carom registrations: who is registered, and where
 */
#include "ask.h"
#include "human.h"

static const struct opt optv[] = {ASK_OPTION, {0}};

static const struct verb listv = {"list", 0, 1, "registrations [AOR]"},
			 deletev = {"delete", 1, 2,
				    "registrations delete AOR [ID]"};

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

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const bool del = argc && !strcmp(argv[0], "delete");
	const struct verb *verb = del ? &deletev : &listv;
	struct odict *req = NULL, *reply = NULL;
	const int n = argc - del;
	int err, code;

	if (argc && !strcmp(argv[0], "list"))
		return run(cli, cfg, argc - 1, argv + 1);
	if (n < verb->min || n > verb->max) {
		cli_error("registrations: usage: carom %s", verb->usage);
		return CLI_USAGE;
	}
	code = cli_config(cli, false);
	if (code)
		return code;
	err = ask_request(&req, "registrations", verb);
	if (n)
		js_str(&err, req, "aor", argv[del]);
	if (n > 1)
		js_str(&err, req, "id", argv[2]);
	code = ask(cli, cfg, "registrations", err ? mem_deref(req) : req,
		   &reply);
	if (code)
		return code;

	return cli->json || del ? ask_print(cli, reply)
				: print_list(cli, reply);
}

const struct cmd cmd_registrations = {
	.name = "registrations",
	.args = "[AOR | delete AOR [ID]]",
	.summary = "Show who is registered, and where",
	.text = "FROM is where the phone registered from, as seen from outside "
		"its NAT; RTT how long\nit took to answer the last keep-alive. "
		"delete takes an address's contacts away, or\nthe one with "
		"this id (--json shows ids). The first thousand are shown.",
	.example = "  carom registrations\n  carom registrations "
		   "alice@example.com --json\n  carom registrations delete "
		   "alice@example.com",
	.optv = optv,
	.cfg_size = sizeof(struct asking),
	.argc_max = 3,
	.run = run,
};
