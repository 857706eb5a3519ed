/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file cli.c  The table of commands, and what they share
 */
#include <getopt.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "carom.h"

#ifndef CAROM_VERSION
#define CAROM_VERSION "0.1.0"
#endif

static const struct cmd *const cmdv[] = {
	&cmd_attach,
	&cmd_detach,
	&cmd_upgrade,
	&cmd_status,
	&cmd_legs,
	&cmd_calls,
	&cmd_stats,
	&cmd_metrics,
	&cmd_api,
	&cmd_events,
	&cmd_token,
	&cmd_top,
	&cmd_dispatcher,
	&cmd_network,
	&cmd_connections,
	&cmd_provider,
	&cmd_route,
	&cmd_limit,
	&cmd_capture,
	&cmd_reload,
	&cmd_user,
	&cmd_config,
	&cmd_registrations,
	&cmd_extension,
	NULL,
};

static const struct opt shared[] = {
	{.name = "json",
	 .key = 'j',
	 .off = offsetof(struct cli, json),
	 .help = "print JSON, figures exact"},
	{.name = "config",
	 .key = 'c',
	 .type = OPT_STR,
	 .off = offsetof(struct cli, conf_path),
	 .arg = "FILE",
	 .help = "configuration (default " CONFIG_PATH ")"},
	{.name = "pin-dir",
	 .key = 'p',
	 .type = OPT_STR,
	 .off = offsetof(struct cli, pin_dir),
	 .arg = "DIR",
	 .help = "where the maps are pinned (default " CAROM_PIN_DIR ")"},
	{.name = "no-color",
	 .off = offsetof(struct cli, no_color),
	 .help = "no colours (so does NO_COLOR in the environment)"},
	{.name = "help",
	 .key = 'h',
	 .off = offsetof(struct cli, help),
	 .help = "print this"},
	{.name = "version",
	 .key = 'V',
	 .off = offsetof(struct cli, version),
	 .help = "print the version"},
	{0},
};

void cli_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)re_fprintf(stderr, "carom: ");
	(void)re_vfprintf(stderr, fmt, ap);
	(void)re_fprintf(stderr, "\n");
	va_end(ap);
}

static const char *what_next(int err, const char *msg)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return strstr(msg, "root") ? NULL : "run carom as root";
	case ENOENT:
		return strstr(msg, "attach")
			       ? NULL
			       : "attach a device first: carom attach DEV";
	case ENODEV:
		return strstr(msg, "ip link")
			       ? NULL
			       : "see what devices there are: ip link";
	default:
		return NULL;
	}
}

int cli_fp_error(const char *what, int err, const struct fp_err *e)
{
	const char *msg = e ? e->msg : "";
	const char *next = what_next(err, msg);

	if (str_isset(msg))
		cli_error("%s: %s", what, msg);
	else
		cli_error("%s: %m", what, err);

	if (next)
		(void)re_fprintf(stderr, "  %s\n", next);

	return CLI_FAIL;
}

int cli_config(struct cli *cli, bool strict)
{
	const char *path = cli->conf_path ? cli->conf_path : CONFIG_PATH;
	struct config_err e = {""};
	int err = config_load(&cli->config, path, &e);

	if (err == ENOENT && !cli->conf_path)
		return 0;

	if (err) {
		if (str_isset(e.msg))
			cli_error("%s", e.msg);
		else
			cli_error("%s: %m", path, err);

		/* what was asked for by name must be there */
		if (strict || cli->conf_path)
			return CLI_FAIL;

		(void)re_fprintf(stderr, "  going on without it\n");
		return 0;
	}

	if (!cli->pin_dir)
		cli->pin_dir = cli->config->pin_dir;

	return 0;
}

int cli_open(struct cli *cli, struct fp **fpp)
{
	struct fp_err e = {""};
	int err = cli_config(cli, false);

	if (err)
		return err;

	err = fp_open(fpp, cli->pin_dir, true, &e);
	if (err)
		return cli_fp_error("cannot read the maps", err, &e);

	return 0;
}

const char *cli_store_path(const struct cli *cli)
{
	return cli->config ? cli->config->store_path : CONFIG_STORE;
}

const char *cli_lock(const struct cli *cli)
{
	return cli->config ? config_lock(cli->config) : CONFIG_STORE;
}

int cli_json(struct cli *cli, struct odict *od)
{
	char *s = NULL;
	int err = od ? re_sdprintf(&s, "%H", json_encode_odict, od) : ENOMEM;

	if (err)
		cli_error("JSON: %m", err);
	else
		fprintf(cli->out, "%s\n", s);

	mem_deref(s);
	mem_deref(od);

	return err ? CLI_FAIL : CLI_OK;
}

static void usage(FILE *f)
{
	fprintf(f, "Usage: carom COMMAND [options]\n\n"
		   "Relays RTP and forwards SIP in the kernel. "
		   "Commands:\n\n");

	for (size_t i = 0; cmdv[i]; i++)
		fprintf(f, "  %-13s %s\n", cmdv[i]->name, cmdv[i]->summary);

	fprintf(f, "\nOptions of every command:\n\n");
	opts_help(f, shared);
	fprintf(f, "\nMore on each: carom COMMAND --help, carom(8)\n");
}

static void help(FILE *f, const struct cmd *cmd)
{
	fprintf(f, "Usage: carom %s%s%s [options]\n\n%s.\n", cmd->name,
		cmd->args[0] ? " " : "", cmd->args, cmd->summary);

	if (cmd->text)
		fprintf(f, "%s\n", cmd->text);

	if (cmd->optv) {
		fprintf(f, "\nOptions:\n");
		opts_help(f, cmd->optv);
	}

	fprintf(f, "\nOptions of every command:\n");
	opts_help(f, shared);
	fprintf(f, "\nExample:\n%s\n", cmd->example);
}

static const struct cmd *find(const char *name)
{
	for (size_t i = 0; cmdv[i]; i++) {
		if (!strcmp(cmdv[i]->name, name))
			return cmdv[i];
	}

	return NULL;
}

static int unknown(const char *name)
{
	const char *hint = NULL;
	size_t len = strlen(name);

	for (size_t i = 0; len && cmdv[i]; i++) {
		size_t n = strlen(cmdv[i]->name);

		if (!strncmp(cmdv[i]->name, name, len < n ? len : n))
			hint = cmdv[i]->name;
	}

	if (hint)
		cli_error("no command \"%s\"; did you mean \"%s\"?", name,
			  hint);
	else
		cli_error("no command \"%s\"; see carom --help", name);

	return CLI_USAGE;
}

static void style(struct cli *cli)
{
	int fd = fileno(cli->out);
	const char *no_color = getenv("NO_COLOR");
	struct winsize ws;

	if (fd < 0 || !isatty(fd))
		return;

	cli->style.colour = !cli->no_color && !str_isset(no_color);

	if (!ioctl(fd, TIOCGWINSZ, &ws))
		cli->style.width = ws.ws_col;
}

static int run(struct cli *cli, const struct cmd *cmd, int argc, char **argv)
{
	char errmsg[256] = "";
	void *cfg = NULL;
	int next, code;

	if (cmd->cfg_size) {
		cfg = mem_zalloc(cmd->cfg_size, NULL);
		if (!cfg)
			return CLI_FAIL;
	}

	if (opts_parse(shared, cli, cmd->optv, cfg, argc, argv, false, &next,
		       errmsg, sizeof(errmsg))) {
		cli_error("%s: %s; see carom %s --help", cmd->name, errmsg,
			  cmd->name);
		code = CLI_USAGE;
	} else if (cli->help) {
		help(cli->out, cmd);
		code = CLI_OK;
	} else if (cmd->argc_max >= 0 && argc - next > cmd->argc_max) {
		cli_error("%s: \"%s\" is one argument too many; "
			  "see carom %s --help",
			  cmd->name, argv[next + cmd->argc_max], cmd->name);
		code = CLI_USAGE;
	} else {
		style(cli);
		code = cmd->run(cli, cfg, argc - next, argv + next);
	}

	mem_deref(cfg);

	return code;
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
	const struct cmd *cmd;
	char errmsg[256] = "";
	int next;

	if (opts_parse(shared, cli, NULL, NULL, argc, argv, true, &next, errmsg,
		       sizeof(errmsg))) {
		cli_error("%s; see carom --help", errmsg);
		return CLI_USAGE;
	}

	if (cli->version) {
		fprintf(cli->out, "carom %s, map layout %d\n", CAROM_VERSION,
			CAROM_LAYOUT_VERSION);
		return CLI_OK;
	}

	if (next == argc) {
		usage(cli->help ? cli->out : stderr);
		return cli->help ? CLI_OK : CLI_USAGE;
	}

	cmd = find(argv[next]);

	return cmd ? run(cli, cmd, argc - next, argv + next)
		   : unknown(argv[next]);
}

int cli_main(FILE *out, int argc, char **argv)
{
	struct cli cli = {.out = out};
	int code = dispatch(&cli, argc, argv);

	mem_deref(cli.config);

	/* a full disk or a closed pipe must not look like success */
	if (fflush(out) && code == CLI_OK) {
		cli_error("output: %m", errno);
		code = CLI_FAIL;
	}

	return code;
}
