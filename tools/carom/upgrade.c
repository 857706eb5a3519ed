/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file upgrade.c  carom upgrade: a new program over the same maps
 */
#include "carom.h"

struct upgrade {
	const char *object;
};

static const struct opt optv[] = {
	{.name = "object",
	 .key = 'o',
	 .type = OPT_STR,
	 .off = offsetof(struct upgrade, object),
	 .arg = "FILE",
	 .help = "BPF object to load (default: the one built in)"},
	{0},
};

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct upgrade *u = cfg;
	struct fp_err e = {""};
	struct odict *od = NULL;
	unsigned n = 0;
	int err, code = cli_config(cli, false);
	(void)argc;
	(void)argv;

	if (code)
		return code;

	err = fp_upgrade(cli->pin_dir, u->object, &n, &e);
	if (err)
		return cli_fp_error("upgrade", err, &e);

	if (cli->json) {
		err = odict_alloc(&od, 8);
		js_int(&err, od, "upgraded", n);
		return cli_json(cli, err ? mem_deref(od) : od);
	}

	fprintf(cli->out, "program replaced on %u device%s\n", n,
		n == 1 ? "" : "s");

	return CLI_OK;
}

const struct cmd cmd_upgrade = {
	.name = "upgrade",
	.args = "",
	.summary = "Replace the program on attached devices, losing no packet",
	.text = "The maps, and with them every leg and its figures, stay. An "
		"object whose maps\nhave another layout is refused.",
	.example = "  carom upgrade",
	.optv = optv,
	.cfg_size = sizeof(struct upgrade),
	.argc_max = 0,
	.run = run,
};
