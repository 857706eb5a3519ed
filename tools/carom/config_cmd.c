/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file config_cmd.c  carom config: is the file right, what does it say
 */
#include "carom.h"

static int check(struct cli *cli, const char *path)
{
	struct odict *od = NULL;
	int err;

	if (!cli->json) {
		fprintf(cli->out, "%s: good\n", path);
		return CLI_OK;
	}

	err = odict_alloc(&od, 8);
	js_str(&err, od, "file", path);
	js_bool(&err, od, "ok", true);

	return cli_json(cli, err ? mem_deref(od) : od);
}

static int refuse(struct cli *cli, const char *path, int err,
		  const struct config_err *e)
{
	struct odict *od = NULL;
	int jerr;

	if (!str_isset(e->msg))
		cli_error("%s: %m", path, err);
	else
		cli_error("%s", e->msg);

	if (!cli->json)
		return CLI_FAIL;

	jerr = odict_alloc(&od, 8);
	js_str(&jerr, od, "file", path);
	js_bool(&jerr, od, "ok", false);
	js_str(&jerr, od, "error", e->msg);
	(void)cli_json(cli, jerr ? mem_deref(od) : od);

	return CLI_FAIL;
}

static int show(struct cli *cli, const struct config *c)
{
	char *s = NULL;
	int err = re_sdprintf(&s, "%H", config_print, c);

	if (err)
		cli_error("config show: %m", err);
	else
		fputs(s, cli->out);

	mem_deref(s);

	return err ? CLI_FAIL : CLI_OK;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const char *path = cli->conf_path ? cli->conf_path : CONFIG_PATH;
	struct config_err e = {""};
	bool do_show;
	int err;
	(void)cfg;

	if (!argc || (strcmp(argv[0], "check") && strcmp(argv[0], "show"))) {
		cli_error("config: check or show? See carom config --help");
		return CLI_USAGE;
	}

	do_show = !strcmp(argv[0], "show");
	if (do_show && cli->json) {
		cli_error("config show: prints YAML, and knows no --json");
		return CLI_USAGE;
	}

	if (argc > 1)
		path = argv[1];

	err = config_load(&cli->config, path, &e);
	if (!err && !do_show)
		err = config_files(cli->config, &e);
	if (err)
		return refuse(cli, path, err, &e);

	return do_show ? show(cli, cli->config) : check(cli, path);
}

const struct cmd cmd_config = {
	.name = "config",
	.args = "check|show [FILE]",
	.summary = "Check the configuration, or show what is in force",
	.text = "check names the first fault: file, line, key, and what is "
		"allowed there;\nof the files that it names, too: key, "
		"dispatcher list, users, certificate.\nshow prints the file as "
		"YAML, defaults "
		"filled in.",
	.example = "  carom config check\n"
		   "  carom config show carom.yaml.example",
	.argc_max = 2,
	.run = run,
};
