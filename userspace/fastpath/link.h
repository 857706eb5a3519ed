/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/link.h  How a device is held (private to the room)
 */
#ifndef CAROM_LINK_H
#define CAROM_LINK_H

#include "fastpath/fastpath.h"

struct bpf_object;

/** Name of the XDP program */
#define LINK_PROG "carom_xdp"

/** Path under which a device's link is pinned */
void link_path(char *buf, size_t sz, const char *dir, const char *ifname);

/**
 * Hold a device by a pinned link: made new, or its program replaced in place.
 * Native mode first, generic as a last resort with a note.
 */
int link_attach(const char *dir, struct fp_dev *dev, int prog_fd,
		bool generic_only, struct fp_err *e);

/** Replace the program of a link. @return 0, ENOENT (no link), errno */
int link_update(const char *dir, const char *ifname, int prog_fd);

/** Through libxdp's dispatcher. `obj` is opened, not loaded: libxdp does it */
int link_attach_shared(struct fp_dev *dev, struct bpf_object *obj,
		       struct fp_err *e);

/** Let go of a device. ifindex 0: it does not exist any more */
int link_detach(const char *dir, const char *ifname, int ifindex,
		struct fp_err *e);

#endif
