/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of the fast path: one agent has them at a time */
#include <errno.h>
#include <linux/limits.h>

#include <re.h>

#include "base/log.h"
#include "daemon/core.h"
#include "fastpath/fastpath.h"

/* Two agents with a store each would free each other's legs. The directory of
 * the links comes and goes with the maps, and is not what `carom attach` and
 * `carom detach` lock: those go on working while we run */
static int lock_maps(struct daemon *d)
{
	char dir[PATH_MAX], path[PATH_MAX + 8];
	struct fp_err e = {""};
	int err;

	err = fp_pin_path(dir, sizeof(dir), d->conf->pin_dir, false, &e);
	if (err) {
		log_error("fast path: %s", e.msg);
		return err;
	}
	(void)re_snprintf(path, sizeof(path), "%s/links", dir);

	err = lock_take_dir(&d->maps_lock, path);
	if (err == EBUSY)
		log_error("one agent for one set of maps: stop the other one, "
			  "or give this one a pin-dir of its own");

	return err;
}

int daemon_open_maps(struct daemon *d)
{
	struct fp_err e = {""};
	int err;

	err = fp_open(&d->fp, d->conf->pin_dir, false, &e);
	if (err) {
		log_error("fast path: %s", e.msg);
		if (err == ENOENT && d->conf->devicec)
			log_error("devices are configured: `carom attach` "
				  "without arguments takes them");
		return err;
	}

	err = lock_maps(d);
	if (err)
		return err;

	if (fp_slots(d->fp) < d->conf->slots)
		log_warn("the leg table has %u entries, the configuration "
			 "wants %u: they come with `carom detach --all` and "
			 "`carom attach`",
			 fp_slots(d->fp), d->conf->slots);

	err = fp_set_ttl(d->fp, (uint8_t)d->conf->ttl);
	if (!err)
		err = fp_net_alloc(&d->net, d->fp);
	if (err)
		log_error("fast path: %m", err);

	return err;
}
