/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file reload.c  carom reload: the agent reads its configuration again
 */
#include "ask.h"

static const struct opt optv[] = {ASK_OPTION, {0}};

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct odict *req = NULL, *reply = NULL;
	int err, code = cli_config(cli, false);
	(void)argc;
	(void)argv;

	if (code)
		return code;
	err = ask_request(&req, "reload", NULL);
	code = ask(cli, cfg, "reload", err ? mem_deref(req) : req, &reply);

	return code ? code : ask_print(cli, reply);
}

const struct cmd cmd_reload = {
	.name = "reload",
	.args = "",
	.summary = "Have the agent read its configuration again",
	.text = "Says what was taken, and what of it takes a restart. Calls "
		"and messages go on\nmeanwhile. A file with a fault changes "
		"nothing. SIGHUP (systemctl reload carom)\ndoes the same, and "
		"says so in the log.",
	.example = "  carom reload",
	.optv = optv,
	.cfg_size = sizeof(struct asking),
	.argc_max = 0,
	.run = run,
};
