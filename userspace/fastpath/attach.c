/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/attach.c  Programs loaded, maps pinned, devices taken
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/rtnetlink.h>
#include "relay.skel.h"
#include "priv.h"
#include "link.h"

#define SLOTS_DEFAULT 65536
#define TTL_DEFAULT 64

/* Maps that are pinned: the others are the program's own scratch */
static const char *const pinnedv[] = {
	"legs",        "aux",           "successors",
	"adjacencies", "locals",        "settings",
	"devices",     "tx_ports",      "reasons",
	"taps",        "sip_conf",      "sip_listeners",
	"sip_hosts",   "sip_exits",     "sip_nets",
	"sip_domains", "sip_rules",     "sip_sets",
	"sip_slots",   "sip_targets",   "sip_sticky",
	"sip_buckets", "sip_counts",    "sip_copies",
	"sip_users",   "sip_phones",    "sip_hops",
	"xsks",        "sip_registrar", "sip_registrars",
	"sip_realms"};
#define SIZED 3 /* as many of them have an entry for each slot */

/* lo's `forwarding` switches: bpf_fib_lookup() asks as if packets came in by
 * lo, and wants them on. Nothing else looks at lo's */
static const char *const lo_switchv[2] = {"net/ipv4/conf/lo/forwarding",
					  "net/ipv6/conf/lo/forwarding"};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* One attach or detach at a time */
static int lock_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

/* Size of the leg table that is pinned already, or 0 */
static uint32_t pinned_slots(const char *dir)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/legs", dir);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		info.max_entries = 0;
	close(fd);
	return info.max_entries;
}

/* The kernel adds BPF_F_RDONLY_PROG to a device map of its own accord, and
 * libbpf 1.1 then takes the pinned map for another: hand it over by hand */
static int reuse_devmap(struct bpf_map *map, const char *path)
{
	int fd = bpf_obj_get(path);
	int err;

	if (fd < 0)
		return errno == ENOENT ? -bpf_map__set_pin_path(map, path)
				       : errno;
	err = -bpf_map__reuse_fd(map, fd);
	close(fd);
	return err;
}

/* Name the pins and sizes of an opened object's maps */
static int prepare(struct bpf_object *obj, const char *dir, uint32_t slots)
{
	char path[PATH_MAX + 32];
	struct bpf_map *map;
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pinnedv) && !err; i++) {
		map = bpf_object__find_map_by_name(obj, pinnedv[i]);
		if (!map)
			return ENOENT;
		snprintf(path, sizeof(path), "%s/%s", dir, pinnedv[i]);
		if (bpf_map__type(map) == BPF_MAP_TYPE_DEVMAP)
			err = reuse_devmap(map, path);
		else
			err = -bpf_map__set_pin_path(map, path);
		if (i < SIZED && !err)
			err = -bpf_map__set_max_entries(map, slots);
	}
	return err;
}

static int load_fail(int err, const char *dir, struct fp_err *e)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return fp_fail(e, err,
			       "the kernel refused the program (%s); "
			       "run as root",
			       strerror(err));
	case EINVAL:
		return fp_fail(e, err,
			       "maps pinned in %s are of another "
			       "layout: detach with the version that attached",
			       dir);
	}
	return fp_fail(e, err, "loading the XDP program: %s", strerror(err));
}

/* This build's program, opened with its maps tied to the pins. `object` names
 * a file to take instead. *skel or *obj is what the caller frees */
static int open_object(struct bpf_object **obj, struct relay_bpf **skel,
		       const char *object, const char *dir, uint32_t slots,
		       struct fp_err *e)
{
	int err;

	libbpf_set_print(quiet);
	*skel = NULL;
	*obj = NULL;
	if (object) {
		*obj = bpf_object__open_file(object, NULL);
	} else {
		*skel = relay_bpf__open();
		*obj = *skel ? (*skel)->obj : NULL;
	}
	if (!*obj)
		return fp_fail(e, errno, "%s: %s", object ? object : "program",
			       strerror(errno));
	err = prepare(*obj, dir, slots);
	if (err == ENOENT)
		return fp_fail(e, EINVAL, "%s: not a Carom program",
			       object ? object : "program");
	return err ? fp_fail(e, err, "%s", strerror(err)) : 0;
}

static void close_object(struct bpf_object *obj, struct relay_bpf *skel)
{
	if (skel)
		relay_bpf__destroy(skel);
	else
		bpf_object__close(obj);
}

static int prog_fd(const struct bpf_object *obj)
{
	struct bpf_program *p = bpf_object__find_program_by_name(obj,
								 LINK_PROG);

	return p ? bpf_program__fd(p) : -1;
}

static void remove_pins(const char *dir)
{
	char path[PATH_MAX + 32];
	char *slash;

	for (size_t i = 0; i < ARRAY_SIZE(pinnedv); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, pinnedv[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/links", dir);
	rmdir(path);
	rmdir(dir);
	snprintf(path, sizeof(path), "%s", dir);
	slash = strrchr(path, '/');
	if (slash) {
		*slash = '\0';
		rmdir(path);
	}
}

/* A fresh table: defaults, and lo's switches as detach will put them back */
static void init_settings(struct fp *fp)
{
	fp->settings->ttl = TTL_DEFAULT;
	fp->settings->slots = fp->slots;
	for (int i = 0; i < 2; i++)
		fp->settings->lo_forwarding[i] = fp_sysctl_get(lo_switchv[i],
							       0);
}

static int set_lo(struct fp_dev *dev)
{
	for (int i = 0; i < 2; i++) {
		int err = fp_sysctl_set(lo_switchv[i], "1");

		if (err && err != ENOENT)
			fp_dev_note(dev,
				    "sysctl -w net.ipv4.conf.lo.forwarding"
				    "=1 net.ipv6.conf.lo.forwarding=1",
				    "%s is off and cannot be set (%s): no next "
				    "hop will be found",
				    lo_switchv[i], strerror(err));
	}
	return 0;
}

/* The device's place in tx_ports: its old one, or the first that is free */
static int register_device(struct fp *fp, const struct fp_dev *dev,
			   struct fp_err *e)
{
	struct device d = {.ifindex = dev->ifindex, .mtu = dev->mtu};
	char path[PATH_MAX + 32];
	__u32 key = dev->ifindex;
	int fd, err = 0, free = -1;

	for (int i = CAROM_DEVICES - 1; i >= 0; i--)
		if (!fp->settings->ifindex[i] ||
		    fp->settings->ifindex[i] == key)
			free = i;
	for (int i = 0; i < CAROM_DEVICES; i++)
		if (fp->settings->ifindex[i] == key)
			free = i;
	if (free < 0)
		return fp_fail(e, ENOSPC,
			       "%d devices are attached: no more "
			       "room",
			       CAROM_DEVICES);
	snprintf(path, sizeof(path), "%s/tx_ports", fp->dir);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fp_fail(e, errno, "%s: %s", path, strerror(errno));
	d.port = free;
	if (bpf_map_update_elem(fd, &d.port, &key, BPF_ANY) ||
	    bpf_map_update_elem(fp->devices_fd, &key, &d, BPF_ANY))
		err = errno;
	close(fd);
	if (err)
		return fp_fail(e, err, "%s: %s", dev->name, strerror(err));
	fp->settings->ifindex[free] = key;
	fp_dev_vlans(fp->devices_fd, dev->ifindex, free);
	fp->settings->nh_generation++;
	return 0;
}

static void unregister_device(struct fp *fp, __u32 ifindex)
{
	char path[PATH_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/tx_ports", fp->dir);
	fd = bpf_obj_get(path);
	for (__u32 i = 0; i < CAROM_DEVICES; i++) {
		if (fp->settings->ifindex[i] != ifindex)
			continue;
		fp->settings->ifindex[i] = 0;
		if (fd >= 0)
			bpf_map_delete_elem(fd, &i);
	}
	if (fd >= 0)
		close(fd);
	bpf_map_delete_elem(fp->devices_fd, &ifindex);
	fp->settings->nh_generation++;
}

static unsigned device_count(const struct fp *fp)
{
	unsigned n = 0;

	for (int i = 0; i < CAROM_DEVICES; i++)
		n += fp->settings->ifindex[i] != 0;
	return n;
}

static int do_attach(const char *dir, const char *pin_dir,
		     const struct fp_attach_opts *o, struct fp_dev *dev,
		     bool fresh, uint32_t slots, struct fp_err *e)
{
	struct relay_bpf *skel;
	struct bpf_object *obj;
	struct fp *fp = NULL;
	int err;

	err = open_object(&obj, &skel, NULL, dir, slots, e);
	if (err)
		goto out;
	if (o->shared) {
		err = link_attach_shared(dev, obj, e);
	} else {
		err = -bpf_object__load(obj);
		err = err ? load_fail(err, dir, e) : 0;
	}
	if (err)
		goto out;
	err = fp_open(&fp, pin_dir, false, e);
	if (err)
		goto out;
	if (fresh)
		init_settings(fp);
	set_lo(dev);
	err = register_device(fp, dev, e);
	if (!err && !o->shared)
		err = link_attach(dir, dev, prog_fd(obj), o->generic_only, e);
	if (err && fresh)
		unregister_device(fp, dev->ifindex);
out:
	mem_deref(fp);
	close_object(obj, skel);
	return err;
}

/* A link keeps the mode that it was made in; the program in it is replaced */
static void note_mode(struct fp_dev *dev, const struct fp_attach_opts *o)
{
	char mend[160];

	if (!o->generic_only || dev->mode != FP_NATIVE)
		return;
	snprintf(mend, sizeof(mend),
		 "carom detach %s; carom attach --generic %s", dev->name,
		 dev->name);
	fp_dev_note(dev, mend, "was attached before, and stays in native mode");
}

int fp_attach(const char *ifname, const struct fp_attach_opts *o,
	      struct fp_dev *dev, struct fp_err *e)
{
	char dir[PATH_MAX], path[PATH_MAX + 32];
	uint32_t slots;
	int err, lock;

	if (!ifname || !o || !dev)
		return EINVAL;
	if (o->shared && o->generic_only)
		return fp_fail(e, EINVAL,
			       "libxdp's dispatcher chooses the mode: either "
			       "--shared or --generic");
	err = fp_dev_probe(dev, ifname, e);
	if (err)
		return err;
	err = fp_pin_path(dir, sizeof(dir), o->pin_dir, true, e);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/links", dir);
	err = fp_mkdirs(path);
	if (err)
		return fp_fail(e, err, "%s: %s%s", path, strerror(err),
			       err == EACCES || err == EPERM ? "; run as root"
							     : "");
	lock = lock_dir(dir);
	slots = pinned_slots(dir);
	if (!slots) {
		err = do_attach(dir, o->pin_dir, o, dev, true,
				o->slots ? o->slots : SLOTS_DEFAULT, e);
		if (err)
			remove_pins(dir);
	} else {
		if (o->slots && o->slots != slots)
			fp_dev_note(dev, "carom detach --all; carom attach",
				    "leg table keeps its %u slots (%u asked "
				    "for) while it is in use",
				    slots, o->slots);
		err = do_attach(dir, o->pin_dir, o, dev, false, slots, e);
	}
	if (!err) {
		fp_link_query(dev, dir);
		note_mode(dev, o);
	}
	if (lock >= 0)
		close(lock);
	return err;
}

/* The last device is gone: nothing stays behind */
static void tear_down(struct fp *fp, const char *dir)
{
	for (int i = 0; i < 2; i++)
		if (!fp->settings->lo_forwarding[i])
			fp_sysctl_set(lo_switchv[i], "0");
	remove_pins(dir);
	fp->settings->closed = 1; /* tells the agent that holds them */
}

int fp_detach(const char *ifname, const char *pin_dir, struct fp_err *e)
{
	struct fp *fp = NULL;
	char dir[PATH_MAX];
	int err, ifindex, lock;

	err = fp_pin_path(dir, sizeof(dir), pin_dir, false, e);
	if (err)
		return err;
	err = fp_open(&fp, pin_dir, false, e);
	if (err)
		return err;
	lock = lock_dir(dir);
	ifindex = if_nametoindex(ifname);
	err = link_detach(dir, ifname, ifindex, e);
	if (!err) {
		if (ifindex)
			unregister_device(fp, ifindex);
		if (!device_count(fp))
			tear_down(fp, dir);
	}
	if (lock >= 0)
		close(lock);
	mem_deref(fp);
	return err;
}

/* Links of devices that do not exist any more */
static void drop_dead_links(const char *dir)
{
	char path[PATH_MAX + 8], file[PATH_MAX + 300];
	struct dirent *de;
	DIR *d;

	snprintf(path, sizeof(path), "%s/links", dir);
	d = opendir(path);
	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, de->d_name);
		unlink(file);
	}
	if (d)
		closedir(d);
}

int fp_detach_all(const char *pin_dir, unsigned *n, struct fp_err *e)
{
	struct fp *fp = NULL;
	char dir[PATH_MAX], name[IF_NAMESIZE];
	int err;

	*n = 0;
	err = fp_pin_path(dir, sizeof(dir), pin_dir, false, e);
	if (err)
		return err;
	err = fp_open(&fp, pin_dir, false, e);
	if (err)
		return err;
	for (int i = 0; i < CAROM_DEVICES; i++) {
		__u32 ifindex = fp->settings->ifindex[i];

		if (!ifindex)
			continue;
		if (if_indextoname(ifindex, name) &&
		    !link_detach(dir, name, ifindex, NULL))
			(*n)++;
		unregister_device(fp, ifindex);
	}
	drop_dead_links(dir);
	tear_down(fp, dir);
	mem_deref(fp);
	return 0;
}

int fp_upgrade(const char *pin_dir, const char *object, unsigned *n,
	       struct fp_err *e)
{
	char dir[PATH_MAX], name[IF_NAMESIZE];
	struct relay_bpf *skel = NULL;
	struct bpf_object *obj = NULL;
	struct fp *fp = NULL;
	int err;

	*n = 0;
	err = fp_pin_path(dir, sizeof(dir), pin_dir, false, e);
	if (err)
		return err;
	err = fp_open(&fp, pin_dir, true, e);
	if (err)
		return err;
	err = open_object(&obj, &skel, object, dir, fp->slots, e);
	if (err)
		goto out;
	err = -bpf_object__load(obj);
	if (err) {
		err = load_fail(err, dir, e);
		goto out;
	}
	for (int i = 0; i < CAROM_DEVICES; i++) {
		if (!fp->settings->ifindex[i] ||
		    !if_indextoname(fp->settings->ifindex[i], name))
			continue;
		err = link_update(dir, name, prog_fd(obj));
		if (err) {
			err = fp_fail(e, err, "%s: %s%s", name, strerror(err),
				      err == ENOENT ? "; held by libxdp's "
						      "dispatcher: carom "
						      "attach --shared again "
						      "takes the new program"
						    : "");
			goto out;
		}
		(*n)++;
	}
out:
	close_object(obj, skel);
	mem_deref(fp);
	return err;
}

int fp_dev_query(const char *ifname, const char *pin_dir, struct fp_dev *dev,
		 struct fp_err *e)
{
	char dir[PATH_MAX];
	int err = fp_dev_probe(dev, ifname, e);

	if (!err && !fp_pin_path(dir, sizeof(dir), pin_dir, false, NULL))
		fp_link_query(dev, dir);
	return err;
}

int fp_devices(const char *pin_dir, fp_dev_h *h, void *arg, struct fp_err *e)
{
	char name[IF_NAMESIZE];
	struct fp *fp = NULL;
	struct fp_dev dev;
	int err = fp_open(&fp, pin_dir, true, e);

	for (int i = 0; !err && i < CAROM_DEVICES; i++)
		if (fp->settings->ifindex[i] &&
		    if_indextoname(fp->settings->ifindex[i], name) &&
		    !fp_dev_query(name, pin_dir, &dev, NULL))
			h(&dev, arg);
	mem_deref(fp);
	return err;
}
