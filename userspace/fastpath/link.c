/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/link.c  How a device is held: a pinned bpf_link of ours, or
 *                        a place in libxdp's dispatcher
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>
#include "priv.h"
#include "link.h"

void link_path(char *buf, size_t sz, const char *dir, const char *ifname)
{
	char *p;
	int n = snprintf(buf, sz, "%s/links/", dir);

	snprintf(buf + n, sz - n, "%s", ifname);
	/* bpffs takes no dots in names */
	for (p = buf + n; *p; p++)
		if (*p == '.')
			*p = '%';
}

static enum fp_mode attached_mode(int ifindex)
{
	DECLARE_LIBBPF_OPTS(bpf_xdp_query_opts, q);

	if (bpf_xdp_query(ifindex, 0, &q))
		return FP_NONE;
	switch (q.attach_mode) {
	case XDP_ATTACHED_DRV:
	case XDP_ATTACHED_HW:
		return FP_NATIVE;
	case XDP_ATTACHED_SKB:
		return FP_GENERIC;
	}
	return FP_NONE;
}

enum fp_mode fp_dev_mode(const char *ifname)
{
	const unsigned ifindex = ifname ? if_nametoindex(ifname) : 0;

	return ifindex ? attached_mode((int)ifindex) : FP_NONE;
}

/* Our program in the dispatcher of a device, or NULL. Keep *mp while using */
static struct xdp_program *find_shared(int ifindex, struct xdp_multiprog **mp)
{
	struct xdp_program *prog = NULL;

	*mp = xdp_multiprog__get_from_ifindex(ifindex);
	if (libxdp_get_error(*mp)) {
		*mp = NULL;
		return NULL;
	}
	while ((prog = xdp_multiprog__next_prog(prog, *mp)))
		if (!strcmp(xdp_program__name(prog), LINK_PROG))
			return prog;
	return NULL;
}

static bool in_dispatcher(int ifindex)
{
	struct xdp_multiprog *mp;
	bool found = find_shared(ifindex, &mp) && !xdp_multiprog__is_legacy(mp);

	xdp_multiprog__close(mp);
	return found;
}

int fp_link_query(struct fp_dev *dev, const char *dir)
{
	char path[PATH_MAX + 32];
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	struct xdp_multiprog *mp;
	struct xdp_program *prog;
	int fd;

	link_path(path, sizeof(path), dir, dev->name);
	fd = bpf_obj_get(path);
	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
		dev->prog_id = info.prog_id;
		dev->hold = FP_HOLD_LINK;
		dev->mode = attached_mode(dev->ifindex);
		return 0;
	}
	prog = find_shared(dev->ifindex, &mp);
	if (prog && !xdp_multiprog__is_legacy(mp)) {
		dev->prog_id = xdp_program__id(prog);
		dev->hold = FP_HOLD_DISPATCHER;
		dev->mode = attached_mode(dev->ifindex);
	}
	xdp_multiprog__close(mp);
	return prog ? 0 : ENOENT;
}

static int link_create(const char *path, int prog_fd, int ifindex,
		       uint32_t flags)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);
	int err = 0;

	if (fd < 0)
		return errno;
	if (bpf_obj_pin(fd, path))
		err = errno;
	close(fd);
	return err;
}

int link_update(const char *dir, const char *ifname, int prog_fd)
{
	char path[PATH_MAX + 32];
	int fd, err = 0;

	link_path(path, sizeof(path), dir, ifname);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno;
	if (bpf_link_update(fd, prog_fd, NULL))
		err = errno;
	close(fd);
	if (err == ENOLINK) { /* the device was deleted and made anew */
		unlink(path);
		err = ENOENT;
	}
	return err;
}

static int busy(struct fp_err *e, const char *ifname)
{
	return fp_fail(e, EBUSY,
		       "%s: another XDP program holds the device; "
		       "take it off with: ip link set dev %s xdp off, or live "
		       "beside it with: carom attach --shared %s",
		       ifname, ifname, ifname);
}

int link_attach(const char *dir, struct fp_dev *dev, int prog_fd,
		bool generic_only, struct fp_err *e)
{
	char path[PATH_MAX + 32], mend[160];
	int err;

	err = link_update(dir, dev->name, prog_fd);
	if (err != ENOENT)
		return err ? fp_fail(e, err, "%s: replacing the program: %s",
				     dev->name, strerror(err))
			   : 0;
	link_path(path, sizeof(path), dir, dev->name);
	err = generic_only ? EOPNOTSUPP
			   : link_create(path, prog_fd, dev->ifindex,
					 XDP_FLAGS_DRV_MODE);
	if (err == EBUSY || err == EEXIST)
		return busy(e, dev->name);
	if (!err)
		return 0;
	if (!generic_only) {
		snprintf(mend, sizeof(mend),
			 "ethtool -i %s  (needs a driver "
			 "with native XDP)",
			 dev->name);
		fp_dev_note(dev, mend,
			    "native mode refused (%s): generic mode "
			    "is several times slower",
			    strerror(err));
	}
	err = link_create(path, prog_fd, dev->ifindex, XDP_FLAGS_SKB_MODE);
	if (err == EBUSY || err == EEXIST)
		return busy(e, dev->name);
	return err ? fp_fail(e, err, "%s: attaching: %s", dev->name,
			     strerror(err))
		   : 0;
}

int link_attach_shared(struct fp_dev *dev, struct bpf_object *obj,
		       struct fp_err *e)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = obj,
			    .prog_name = LINK_PROG);
	struct xdp_program *old, *prog = xdp_program__create(&opts);
	struct xdp_multiprog *mp;
	int err = libxdp_get_error(prog);

	if (err)
		return fp_fail(e, -err, "libxdp: %s", strerror(-err));
	old = find_shared(dev->ifindex, &mp);
	err = xdp_program__attach(prog, dev->ifindex, XDP_MODE_NATIVE, 0);
	if (!err && old)
		xdp_program__detach(old, dev->ifindex, XDP_MODE_NATIVE, 0);
	xdp_multiprog__close(mp);
	/* where it has no dispatcher, libxdp attaches the program alone: that
	 * is not what was asked for, and we would not find it again */
	if (!err && !in_dispatcher(dev->ifindex)) {
		xdp_program__detach(prog, dev->ifindex, XDP_MODE_NATIVE, 0);
		err = -EOPNOTSUPP;
	}
	xdp_program__close(prog);
	if (err)
		return fp_fail(e, -err,
			       "%s: libxdp's dispatcher was refused "
			       "(%s): it needs a kernel that takes programs of "
			       "type EXT and function trampolines; attach "
			       "without --shared",
			       dev->name, strerror(-err));
	return 0;
}

int link_detach(const char *dir, const char *ifname, int ifindex,
		struct fp_err *e)
{
	char path[PATH_MAX + 32];
	struct xdp_multiprog *mp;
	struct xdp_program *prog;
	struct bpf_link *link;
	int err = 0;

	link_path(path, sizeof(path), dir, ifname);
	/* without this the kernel takes the program off when it comes to it */
	link = bpf_link__open(path);
	if (link)
		(void)bpf_link__detach(link);
	bpf_link__destroy(link);
	if (!unlink(path))
		return 0;
	if (errno != ENOENT)
		return fp_fail(e, errno, "%s: %s", path, strerror(errno));
	prog = ifindex ? find_shared(ifindex, &mp) : NULL;
	if (!prog)
		return fp_fail(e, ENOENT, "%s: not attached; see: carom status",
			       ifname);
	err = xdp_program__detach(prog, ifindex, XDP_MODE_NATIVE, 0);
	xdp_multiprog__close(mp);
	return err ? fp_fail(e, -err, "%s: libxdp: %s", ifname, strerror(-err))
		   : 0;
}
