/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file status.c  carom status: what is attached, and who is alive
 */
#include <sys/utsname.h>
#include "agent.h"
#include "device.h"
#include "human.h"
#include "sipsum.h"
#include "snap.h"

enum { DEVICES_MAX = CAROM_DEVICES };

struct status {
	struct fp_dev devv[DEVICES_MAX];
	size_t devc;
	char pins[256]; /**< directory of this layout               */
	struct utsname kernel;
	enum agent_state agent;
	int pid;
	bool attached;
	uint32_t slots, used;
	uint32_t statec[SNAP_STATES];
	struct sipsum sip;
};

static const struct table_col colv[] = {
	{"DEVICE", false, 0}, {"MODE", false, 0}, {"HELD BY", false, 0},
	{"PROGRAM", true, 2}, {"MTU", true, 3},
};

static void device_h(const struct fp_dev *dev, void *arg)
{
	struct status *s = arg;

	if (s->devc < DEVICES_MAX)
		s->devv[s->devc++] = *dev;
}

static int count_legs(struct status *s, const struct fp *fp)
{
	struct snap *snap = NULL;
	int err = snap_take(&snap, fp);

	if (err)
		return err;

	s->attached = true;
	s->slots = snap->slots;
	memcpy(s->statec, snap->statec, sizeof(s->statec));
	s->used = snap->statec[LEG_RELAY] + snap->statec[LEG_AGENT] +
		  snap->statec[LEG_BLOCKED] + snap->statec[LEG_HELD];
	mem_deref(snap);

	return 0;
}

/** @return exit code; that nothing is attached is no failure */
static int gather(struct status *s, struct cli *cli)
{
	const char *dir = cli->pin_dir ? cli->pin_dir : CAROM_PIN_DIR;
	struct fp_err e = {""};
	struct fp *fp = NULL;
	int err;

	(void)snprintf(s->pins, sizeof(s->pins), "%s/%d", dir,
		       CAROM_LAYOUT_VERSION);
	(void)uname(&s->kernel);
	s->agent = agent_state(cli, &s->pid);

	err = fp_open(&fp, cli->pin_dir, true, &e);
	if (err == ENOENT)
		return CLI_OK;
	if (err)
		return cli_fp_error("status", err, &e);

	err = count_legs(s, fp);
	mem_deref(fp);
	if (err)
		return cli_fp_error("status", err, NULL);

	sipsum_take(&s->sip, cli);

	err = fp_devices(cli->pin_dir, device_h, s, &e);
	if (err && err != ENOENT)
		return cli_fp_error("status", err, &e);

	return CLI_OK;
}

static int print_devices(const struct status *s, struct cli *cli)
{
	struct table *t = NULL;
	int err;

	if (!s->devc) {
		fprintf(cli->out, "no device attached; to begin: carom attach "
				  "DEV\n");
		return 0;
	}

	err = table_alloc(&t, colv, ARRAY_SIZE(colv));
	if (err)
		return err;

	for (size_t i = 0; i < s->devc; i++) {
		const struct fp_dev *d = &s->devv[i];

		table_cell(t, TINT_NONE, "%s", d->name);
		table_cell(t, d->mode == FP_NATIVE ? TINT_GOOD : TINT_WARN,
			   "%s", device_mode(d->mode));
		table_cell(t, TINT_NONE, "%s", device_hold(d->hold));
		table_cell(t, TINT_NONE, "%u", d->prog_id);
		table_cell(t, TINT_NONE, "%u", d->mtu);
	}

	err = table_print(t, cli->out, &cli->style);
	mem_deref(t);

	for (size_t i = 0; i < s->devc; i++) {
		if (!s->devv[i].notec)
			continue;
		fprintf(cli->out, "\n%s\n", s->devv[i].name);
		device_notes(cli, &s->devv[i]);
	}

	return err;
}

static int print(const struct status *s, struct cli *cli)
{
	enum tint tint = s->agent == AGENT_ALIVE  ? TINT_GOOD
			 : s->agent == AGENT_DEAD ? TINT_BAD
						  : TINT_NONE;
	int err = print_devices(s, cli);

	fprintf(cli->out, "\nagent   %s%s%s", tint_on(&cli->style, tint),
		agent_name(s->agent), tint_off(&cli->style, tint));
	if (s->pid)
		fprintf(cli->out, ", process %d", s->pid);
	fprintf(cli->out, "\n");

	if (s->attached) {
		fprintf(cli->out,
			"legs    %u of %u slots in use: %u relay, %u agent, "
			"%u blocked, %u held\n",
			s->used, s->slots, s->statec[LEG_RELAY],
			s->statec[LEG_AGENT], s->statec[LEG_BLOCKED],
			s->statec[LEG_HELD]);
		sipsum_print(&s->sip, cli);
		fprintf(cli->out, "maps    %s, layout %d\n", s->pins,
			CAROM_LAYOUT_VERSION);
	}

	fprintf(cli->out, "kernel  %s\n", s->kernel.release);

	return err ? cli_fp_error("status", err, NULL) : CLI_OK;
}

static int print_json(const struct status *s, struct cli *cli)
{
	struct odict *od = NULL, *o;
	int err = odict_alloc(&od, 16);

	o = js_arr(&err, od, "devices");
	for (size_t i = 0; !err && i < s->devc; i++)
		device_json(&err, o, &s->devv[i]);

	o = js_obj(&err, od, "agent");
	js_str(&err, o, "state", agent_name(s->agent));
	if (s->pid)
		js_int(&err, o, "pid", s->pid);
	else
		js_null(&err, o, "pid");

	js_bool(&err, od, "attached", s->attached);
	js_int(&err, od, "layout", CAROM_LAYOUT_VERSION);
	js_str(&err, od, "pins", s->pins);
	js_str(&err, od, "kernel", s->kernel.release);

	o = js_obj(&err, od, "legs");
	js_int(&err, o, "slots", s->slots);
	js_int(&err, o, "used", s->used);
	for (unsigned i = LEG_RELAY; i < SNAP_STATES; i++)
		js_int(&err, o, fp_state_name((enum leg_state)i), s->statec[i]);

	sipsum_json(&err, od, &s->sip);

	return cli_json(cli, err ? mem_deref(od) : od);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct status *s;
	int code = cli_config(cli, false);
	(void)cfg;
	(void)argc;
	(void)argv;

	if (code)
		return code;

	s = mem_zalloc(sizeof(*s), NULL);
	if (!s)
		return CLI_FAIL;

	code = gather(s, cli);
	if (!code)
		code = cli->json ? print_json(s, cli) : print(s, cli);

	mem_deref(s);

	return code;
}

const struct cmd cmd_status = {
	.name = "status",
	.args = "",
	.summary = "Show what is attached, how, and whether the agent lives",
	.text = "Notes under a device say what is not as it should be, and "
		"what mends it.",
	.example = "  carom status\n  carom status --json",
	.argc_max = 0,
	.run = run,
};
