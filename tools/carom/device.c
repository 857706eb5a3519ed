/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file device.c  A device, as attach and status show it
 */
#include "device.h"

const char *device_mode(enum fp_mode mode)
{
	switch (mode) {
	case FP_NONE:
		return "none";
	case FP_NATIVE:
		return "native";
	case FP_GENERIC:
		return "generic";
	}

	return "?";
}

const char *device_hold(enum fp_hold hold)
{
	switch (hold) {
	case FP_HOLD_NONE:
		return "none";
	case FP_HOLD_LINK:
		return "link";
	case FP_HOLD_DISPATCHER:
		return "dispatcher";
	}

	return "?";
}

void device_notes(const struct cli *cli, const struct fp_dev *dev)
{
	for (unsigned i = 0; i < dev->notec; i++) {
		fprintf(cli->out, "  %snote:%s %s\n",
			tint_on(&cli->style, TINT_WARN),
			tint_off(&cli->style, TINT_WARN), dev->notes[i].what);

		if (dev->notes[i].mend[0])
			fprintf(cli->out, "  mend: %s\n", dev->notes[i].mend);
	}
}

static void features(int *err, struct odict *o, const struct fp_dev *dev)
{
	struct odict *f;

	if (!dev->features_known) {
		js_null(err, o, "features");
		return;
	}

	f = js_obj(err, o, "features");
	js_bool(err, f, "basic", dev->basic);
	js_bool(err, f, "redirect", dev->redirect);
	js_bool(err, f, "ndo_xmit", dev->xmit);
	js_bool(err, f, "xsk_zerocopy", dev->zerocopy);
}

void device_json(int *err, struct odict *arr, const struct fp_dev *dev)
{
	struct odict *o = js_obj(err, arr, NULL), *notes, *n;

	js_str(err, o, "device", dev->name);
	js_int(err, o, "ifindex", dev->ifindex);
	js_str(err, o, "mode", device_mode(dev->mode));
	js_str(err, o, "hold", device_hold(dev->hold));
	js_int(err, o, "mtu", dev->mtu);
	js_int(err, o, "program", dev->prog_id);
	features(err, o, dev);

	notes = js_arr(err, o, "notes");
	for (unsigned i = 0; i < dev->notec; i++) {
		n = js_obj(err, notes, NULL);
		js_str(err, n, "what", dev->notes[i].what);
		if (dev->notes[i].mend[0])
			js_str(err, n, "mend", dev->notes[i].mend);
		else
			js_null(err, n, "mend");
	}
}
