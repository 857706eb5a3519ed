/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file attach.c  carom attach: put the fast path on devices
 */
#include "device.h"

struct attach {
	bool generic, shared;
	uint32_t slots;
};

static const struct opt optv[] = {
	{.name = "generic",
	 .key = 'g',
	 .off = offsetof(struct attach, generic),
	 .help = "generic mode: works on any device, slowly"},
	{.name = "shared",
	 .key = 's',
	 .off = offsetof(struct attach, shared),
	 .help = "live beside other XDP programs, by libxdp's dispatcher"},
	{.name = "legs",
	 .key = 'n',
	 .type = OPT_U32,
	 .off = offsetof(struct attach, slots),
	 .arg = "N",
	 .min = 2,
	 .max = 16777216,
	 .help = "slots of the leg table when it is created"},
	{0},
};

static const char *how(enum fp_hold hold)
{
	switch (hold) {
	case FP_HOLD_LINK:
		return "held by its own pinned link";
	case FP_HOLD_DISPATCHER:
		return "held through libxdp's dispatcher";
	case FP_HOLD_NONE:
		break;
	}

	return "held by the device alone: another program may replace it";
}

static void print(const struct cli *cli, const struct fp_dev *dev)
{
	enum tint tint = dev->mode == FP_NATIVE ? TINT_GOOD : TINT_WARN;

	fprintf(cli->out, "%s: attached, %s%s mode%s, %s\n", dev->name,
		tint_on(&cli->style, tint), device_mode(dev->mode),
		tint_off(&cli->style, tint), how(dev->hold));

	device_notes(cli, dev);
}

static int attach(struct cli *cli, const struct fp_attach_opts *o,
		  const char *name, struct odict *arr, int *jerr)
{
	struct fp_dev dev;
	struct fp_err e = {""};
	char what[64];
	int err;

	memset(&dev, 0, sizeof(dev));

	err = fp_attach(name, o, &dev, &e);
	if (err) {
		(void)snprintf(what, sizeof(what), "attach %.32s", name);
		return cli_fp_error(what, err, &e);
	}

	if (cli->json)
		device_json(jerr, arr, &dev);
	else
		print(cli, &dev);

	return CLI_OK;
}

static int no_device(const struct cli *cli)
{
	cli_error("attach: which device? Name it (carom attach DEV), or list "
		  "it under `devices` in %s; `ip link` shows what there is",
		  cli->conf_path ? cli->conf_path : CONFIG_PATH);

	return CLI_USAGE;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct attach *a = cfg;
	struct fp_attach_opts o = {.shared = a->shared,
				   .generic_only = a->generic,
				   .slots = a->slots};
	struct odict *od = NULL, *arr = NULL;
	int code, jerr = 0;

	code = cli_config(cli, true);
	if (code)
		return code;

	o.pin_dir = cli->pin_dir;

	if (cli->config && !o.slots)
		o.slots = cli->config->slots;

	if (!argc && cli->config) {
		argc = (int)cli->config->devicec;
		argv = cli->config->devicev;
	}

	if (!argc)
		return no_device(cli);

	if (cli->json) {
		jerr = odict_alloc(&od, 8);
		arr = js_arr(&jerr, od, "devices");
	}

	for (int i = 0; i < argc; i++) {
		if (attach(cli, &o, argv[i], arr, &jerr) != CLI_OK)
			code = CLI_FAIL;
	}

	if (cli->json) {
		if (jerr)
			od = mem_deref(od);
		if (cli_json(cli, od))
			code = CLI_FAIL;
	}

	return code;
}

const struct cmd cmd_attach = {
	.name = "attach",
	.args = "[DEV...]",
	.summary = "Put the fast path on network devices",
	.text = "Loads the XDP program, pins its maps and holds each device "
		"until `carom detach`.\n"
		"A device that is attached already gets this build's program, "
		"without losing a packet.\n"
		"Without DEV, the `devices` of the configuration are taken.",
	.example = "  carom attach eth0 eth1\n"
		   "  carom attach --legs 65536 eth0",
	.optv = optv,
	.cfg_size = sizeof(struct attach),
	.argc_max = -1,
	.run = run,
};
