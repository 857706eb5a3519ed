/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file detach.c  carom detach: leave devices as they were
 */
#include "agent.h"
#include "carom.h"

struct detach {
	bool all;
};

static const struct opt optv[] = {
	{.name = "all",
	 .key = 'a',
	 .off = offsetof(struct detach, all),
	 .help = "every attached device"},
	{0},
};

static int print(struct cli *cli, unsigned n)
{
	struct odict *od = NULL;
	int err;

	if (!cli->json)
		return CLI_OK;

	err = odict_alloc(&od, 8);
	js_int(&err, od, "detached", n);

	return cli_json(cli, err ? mem_deref(od) : od);
}

/* An agent holds the maps that it started with; it sees that they went, and
 * stops */
static void warn_agent(const struct cli *cli)
{
	struct fp_err e = {""};
	struct fp *fp = NULL;
	int err, pid = 0;

	err = fp_open(&fp, cli->pin_dir, true, &e);
	mem_deref(fp);
	if (err != ENOENT || agent_state(cli, &pid) != AGENT_ALIVE)
		return;

	cli_error("the maps are gone, and caromd (process %d) stops: start it "
		  "again after the next `carom attach`, unless systemd does",
		  pid);
}

static int detach_all(struct cli *cli)
{
	struct fp_err e = {""};
	unsigned n = 0;
	int err = fp_detach_all(cli->pin_dir, &n, &e);

	/* nothing there is what was asked for */
	if (err && err != ENOENT)
		return cli_fp_error("detach", err, &e);

	if (n)
		warn_agent(cli);

	if (!cli->json)
		fprintf(cli->out, "%u device%s detached\n", n,
			n == 1 ? "" : "s");

	return print(cli, n);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct detach *d = cfg;
	int err, code = cli_config(cli, false);
	unsigned n = 0;

	if (code)
		return code;

	if (d->all && argc) {
		cli_error("detach: either --all or names of devices");
		return CLI_USAGE;
	}

	if (d->all)
		return detach_all(cli);

	if (!argc) {
		cli_error("detach: which device? `carom status` shows what is "
			  "attached; --all takes them all");
		return CLI_USAGE;
	}

	for (int i = 0; i < argc; i++) {
		struct fp_err e = {""};
		char what[64];

		err = fp_detach(argv[i], cli->pin_dir, &e);
		if (err) {
			(void)snprintf(what, sizeof(what), "detach %.32s",
				       argv[i]);
			code = cli_fp_error(what, err, &e);
			continue;
		}

		++n;
		if (!cli->json)
			fprintf(cli->out, "%s: detached\n", argv[i]);
	}

	if (n)
		warn_agent(cli);

	return print(cli, n) ? CLI_FAIL : code;
}

const struct cmd cmd_detach = {
	.name = "detach",
	.args = "DEV...|--all",
	.summary = "Take the fast path off network devices",
	.text = "Calls that are relayed stop. The last device takes the pinned "
		"maps with it,\nand nothing is left behind.",
	.example = "  carom detach eth0\n  carom detach --all",
	.optv = optv,
	.cfg_size = sizeof(struct detach),
	.argc_max = -1,
	.run = run,
};
