/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file extension.c  carom extension: who may register
 */
#include "ask.h"
#include "password.h"

static const struct opt optv[] = {ASK_OPTION, {0}};

static const struct verb verbv[] = {
	{"list", 0, 0, "extension list"},
	{"add", 1, 1, "extension add USER[@DOMAIN]"},
	{"delete", 1, 1, "extension delete USER[@DOMAIN]"},
	{0},
};

enum { VERB_ADD = 1 };

static const struct table_col colv[] = {{"EXTENSION", false, 0}};

static void row(const struct odict *o, void *arg)
{
	table_cell(arg, TINT_NONE, "%s", odict_string(o, "id"));
}

static const struct ask_list list = {
	.key = "extensions",
	.colv = colv,
	.colc = ARRAY_SIZE(colv),
	.row = row,
	.nothing = "no extensions",
};

static int add(struct cli *cli, const struct asking *a, const char *id)
{
	struct odict *req = NULL, *reply = NULL;
	char secret[PASSWORD];
	int err, code;

	if (password_read(secret, "extension add"))
		return CLI_FAIL;
	err = ask_request(&req, "extension", &verbv[VERB_ADD]);
	js_str(&err, req, "id", id);
	js_str(&err, req, "password", secret);
	explicit_bzero(secret, sizeof(secret));
	code = ask(cli, a, "extension", err ? mem_deref(req) : req, &reply);

	return code ? code : ask_print(cli, reply);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	static const char *const keyv[] = {"id"};
	const struct verb *verb = ask_verb(verbv, "extension", argc, argv);
	int code;

	if (!verb)
		return CLI_USAGE;
	if (verb != &verbv[VERB_ADD])
		return ask_command(cli, cfg, "extension", verbv, keyv, &list,
				   argc, argv);
	code = cli_config(cli, false);

	return code ? code : add(cli, cfg, argv[1]);
}

const struct cmd cmd_extension = {
	.name = "extension",
	.args = "[list | add USER[@DOMAIN] | delete USER[@DOMAIN]]",
	.summary = "Show and change who may register",
	.text = "add reads the password from standard input; what the agent "
		"keeps is its hash for\neach algorithm. An extension that is "
		"there gets the new one. Without DOMAIN it is\nthe first of "
		"registrar.domains. The first thousand are shown.",
	.example = "  carom extension add alice\n  carom extension add "
		   "bob@example.com <password\n  carom extension",
	.optv = optv,
	.cfg_size = sizeof(struct asking),
	.argc_max = 2,
	.run = run,
};
