/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file connections.c  carom connections: SIP over TCP, TLS, WS and WSS
 */
#include "apiask.h"
#include "human.h"

static const struct opt optv[] = {HTTP_OPTION, {0}};

static const struct table_col colv[] = {
	{"TRANSPORT", false, 0}, {"PEER", false, 0}, {"AT", false, 1},
	{"BY", false, 2},        {"AGE", true, 0},   {"QUIET", true, 1},
	{"RECEIVED", true, 0},   {"SENT", true, 0},  {"WAITING", true, 2},
};

static void row(const struct odict *o, void *arg)
{
	struct table *t = arg;
	struct human h;

	table_cell(t, ask_bool(o, "open") ? TINT_NONE : TINT_WARN, "%s",
		   odict_string(o, "transport"));
	table_cell(t, TINT_NONE, "%s", odict_string(o, "peer"));
	table_cell(t, TINT_NONE, "%s", odict_string(o, "listener"));
	table_cell(t, TINT_NONE, "%s",
		   ask_bool(o, "made_by_us") ? "us" : "them");
	table_cell(t, TINT_NONE, "%s", human_age(&h, ask_number(o, "age_ms")));
	table_cell(t, TINT_NONE, "%s",
		   human_age(&h, ask_number(o, "quiet_ms")));
	table_cell(t, TINT_NONE, "%s",
		   human_num(&h, (double)ask_number(o, "received")));
	table_cell(t, TINT_NONE, "%s",
		   human_num(&h, (double)ask_number(o, "sent")));
	table_cell(t, ask_number(o, "waiting_bytes") ? TINT_WARN : TINT_DIM,
		   "%s", human_num(&h, (double)ask_number(o, "waiting_bytes")));
}

static int print_list(struct cli *cli, struct odict *reply)
{
	const uint64_t total = ask_number(reply, "total");
	struct table *t = NULL;
	int err = table_alloc(&t, colv, ARRAY_SIZE(colv));

	if (!err)
		ask_each(ask_array(reply, "connections"), row, t);
	if (!err && !table_rows(t))
		fprintf(cli->out, "no connections\n");
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
	struct odict *reply = NULL;
	int code = cli_config(cli, false);
	(void)argc;
	(void)argv;

	if (!code)
		code = apiask(cli, cfg, "connections", "GET",
			      "/v1/connections?limit=1000", NULL, &reply);
	if (code)
		return code;

	return cli->json ? cli_json(cli, reply) : print_list(cli, reply);
}

const struct cmd cmd_connections = {
	.name = "connections",
	.args = "",
	.summary = "Show SIP's connections: TCP, TLS, WS, WSS",
	.text = "AT is the listener; BY who made the connection. RECEIVED and "
		"SENT are messages,\nWAITING bytes that the peer has not taken "
		"yet. The first thousand are shown.",
	.example = "  carom connections\n  carom connections --json | jq "
		   "'.connections | length'",
	.optv = optv,
	.cfg_size = sizeof(struct http_asking),
	.run = run,
};
