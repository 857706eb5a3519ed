/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/priv.h  What the files of this room share
 */
#ifndef CAROM_FASTPATH_PRIV_H
#define CAROM_FASTPATH_PRIV_H

#include <net/if.h>
#include <linux/limits.h>
#include "fastpath/fastpath.h"

struct bpf_map;

struct fp {
	char dir[PATH_MAX]; /* pin directory of this layout */
	int legs_fd, aux_fd, locals_fd, settings_fd, reasons_fd, devices_fd;
	int taps_fd, xsks_fd;
	struct leg *legs;
	struct leg_aux *aux;
	struct local *locals;
	struct settings *settings;
	size_t legs_sz, aux_sz, locals_sz, settings_sz;
	uint32_t slots;
	uint32_t *last_local; /* index that fp_slot_addr() tries first */
	bool readonly;
};

/** Printf into e; returns err */
int fp_fail(struct fp_err *e, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** Write a switch under /proc/sys. @return 0 or errno */
int fp_sysctl_set(const char *name, const char *value);
/** Read an integer from a switch under /proc/sys, or `def` */
int fp_sysctl_get(const char *name, int def);

/** mkdir -p on a bpffs */
int fp_mkdirs(const char *path);

/* leg.c */

/** Free a leg from the writer that died with it: what it had not finished is
 * forgotten */
void fp_leg_recover(struct leg *leg);

/* dev.c */

/** Fill name, ifindex, MTU, features, and notes on what stands in the way */
int fp_dev_probe(struct fp_dev *dev, const char *ifname, struct fp_err *e);

/** Add a note. `mend` may be "" */
void fp_dev_note(struct fp_dev *dev, const char *mend, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** Enter the VLAN devices that stand on an attached device into `devices` */
int fp_dev_vlans(int devices_fd, int parent, uint32_t port);

/** Program attached to a device by us: mode, hold, prog_id. @return 0/ENOENT */
int fp_link_query(struct fp_dev *dev, const char *dir);

#endif
