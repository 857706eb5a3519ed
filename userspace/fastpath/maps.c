/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/maps.c  The pinned maps, opened and mapped into memory
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "priv.h"

static void destructor(void *arg)
{
	struct fp *fp = arg;
	int fdv[] = {fp->legs_fd,     fp->aux_fd,     fp->locals_fd,
		     fp->settings_fd, fp->reasons_fd, fp->devices_fd,
		     fp->taps_fd,     fp->xsks_fd};

	if (fp->legs)
		munmap(fp->legs, fp->legs_sz);
	if (fp->aux)
		munmap(fp->aux, fp->aux_sz);
	if (fp->locals)
		munmap(fp->locals, fp->locals_sz);
	if (fp->settings)
		munmap(fp->settings, fp->settings_sz);
	mem_deref(fp->last_local);
	for (size_t i = 0; i < ARRAY_SIZE(fdv); i++)
		if (fdv[i] >= 0)
			close(fdv[i]);
}

static int open_map(const struct fp *fp, const char *name, int *fdp,
		    uint32_t value_size, uint32_t *entries, struct fp_err *e)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX + 32];
	int err;

	snprintf(path, sizeof(path), "%s/%s", fp->dir, name);
	/* not BPF_F_RDONLY: the kernel maps no memory of such a descriptor */
	*fdp = bpf_obj_get(path);
	if (*fdp < 0) {
		err = errno;
		if (err == ENOENT)
			return fp_fail(e, err,
				       "nothing is attached (no %s); "
				       "run: carom attach DEV",
				       path);
		return fp_fail(e, err, "%s: %s%s", path, strerror(err),
			       err == EPERM || err == EACCES ? "; run as root"
							     : "");
	}
	if (bpf_obj_get_info_by_fd(*fdp, &info, &len))
		return fp_fail(e, errno, "%s: %s", path, strerror(errno));
	if (value_size && info.value_size != value_size)
		return fp_fail(e, EPROTO,
			       "%s is of another layout (%u bytes a "
			       "value, not %u): detach with the version that "
			       "attached",
			       path, info.value_size, value_size);
	if (entries)
		*entries = info.max_entries;
	return 0;
}

static int map_memory(const struct fp *fp, int fd, size_t bytes, size_t *sz,
		      void **p)
{
	long page = sysconf(_SC_PAGESIZE);
	void *m;

	*sz = (bytes + page - 1) / page * page;
	m = mmap(NULL, *sz, fp->readonly ? PROT_READ : PROT_READ | PROT_WRITE,
		 MAP_SHARED, fd, 0);
	if (m == MAP_FAILED)
		return errno;
	*p = m;
	return 0;
}

static int open_all(struct fp *fp, struct fp_err *e)
{
	int err;

	err = open_map(fp, "legs", &fp->legs_fd, sizeof(struct leg), &fp->slots,
		       e);
	if (err)
		return err;
	err = open_map(fp, "aux", &fp->aux_fd, sizeof(struct leg_aux), NULL, e);
	if (err)
		return err;
	err = open_map(fp, "locals", &fp->locals_fd, sizeof(struct local), NULL,
		       e);
	if (err)
		return err;
	err = open_map(fp, "settings", &fp->settings_fd,
		       sizeof(struct settings), NULL, e);
	if (err)
		return err;
	err = open_map(fp, "reasons", &fp->reasons_fd,
		       sizeof(struct reason_count), NULL, e);
	if (err)
		return err;
	err = open_map(fp, "devices", &fp->devices_fd, sizeof(struct device),
		       NULL, e);
	if (err || fp->readonly)
		return err;
	err = open_map(fp, "taps", &fp->taps_fd, 0, NULL, e);
	if (err)
		return err;
	return open_map(fp, "xsks", &fp->xsks_fd, 0, NULL, e);
}

static int map_all(struct fp *fp)
{
	int err;

	err = map_memory(fp, fp->legs_fd, fp->slots * sizeof(struct leg),
			 &fp->legs_sz, (void **)&fp->legs);
	if (err)
		return err;
	err = map_memory(fp, fp->aux_fd, fp->slots * sizeof(struct leg_aux),
			 &fp->aux_sz, (void **)&fp->aux);
	if (err)
		return err;
	err = map_memory(fp, fp->locals_fd, CAROM_LOCALS * sizeof(struct local),
			 &fp->locals_sz, (void **)&fp->locals);
	if (err)
		return err;
	return map_memory(fp, fp->settings_fd, sizeof(struct settings),
			  &fp->settings_sz, (void **)&fp->settings);
}

int fp_open(struct fp **fpp, const char *pin_dir, bool readonly,
	    struct fp_err *e)
{
	struct fp *fp;
	int err;

	if (!fpp)
		return EINVAL;
	fp = mem_zalloc(sizeof(*fp), destructor);
	if (!fp)
		return ENOMEM;
	fp->readonly = readonly;
	fp->legs_fd = fp->aux_fd = fp->locals_fd = fp->settings_fd = -1;
	fp->reasons_fd = fp->devices_fd = fp->taps_fd = fp->xsks_fd = -1;
	fp->last_local = mem_zalloc(sizeof(*fp->last_local), NULL);
	if (!fp->last_local) {
		err = ENOMEM;
		goto out;
	}

	err = fp_pin_path(fp->dir, sizeof(fp->dir), pin_dir, false, e);
	if (err)
		goto out;
	err = open_all(fp, e);
	if (err)
		goto out;
	err = map_all(fp);
	if (err)
		err = fp_fail(e, err, "%s: cannot map the leg table: %s",
			      fp->dir, strerror(err));
out:
	if (err)
		mem_deref(fp);
	else
		*fpp = fp;
	return err;
}

unsigned fp_ifindex(const struct fp *fp, uint32_t port)
{
	return fp && port < CAROM_DEVICES
		       ? __atomic_load_n(&fp->settings->ifindex[port],
					 __ATOMIC_RELAXED)
		       : 0;
}

int fp_device(const struct fp *fp, uint32_t port, char name[16])
{
	unsigned ifindex = fp_ifindex(fp, port);

	return ifindex && if_indextoname(ifindex, name) ? 0 : ENOENT;
}

uint32_t fp_slots(const struct fp *fp)
{
	return fp ? fp->slots : 0;
}

const struct leg *fp_leg(const struct fp *fp, uint32_t slot)
{
	return fp && slot < fp->slots ? &fp->legs[slot] : NULL;
}

const struct leg_aux *fp_leg_aux(const struct fp *fp, uint32_t slot)
{
	return fp && slot < fp->slots ? &fp->aux[slot] : NULL;
}

int fp_reason(const struct fp *fp, unsigned reason, struct reason_count *rc)
{
	int n = libbpf_num_possible_cpus();
	struct reason_count *v;
	__u32 key = reason;
	int err = 0;

	if (!fp || !rc || reason >= CAROM_R_MAX || n <= 0)
		return EINVAL;
	v = mem_zalloc(n * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;
	memset(rc, 0, sizeof(*rc));
	rc->reason = reason;
	if (bpf_map_lookup_elem(fp->reasons_fd, &key, v))
		err = errno;
	for (int i = 0; i < n && !err; i++) {
		rc->packets += v[i].packets;
		rc->bytes += v[i].bytes;
	}
	mem_deref(v);
	return err;
}

bool fp_closed(const struct fp *fp)
{
	return fp && __atomic_load_n(&fp->settings->closed, __ATOMIC_RELAXED);
}

int fp_set_ttl(struct fp *fp, uint8_t ttl)
{
	if (!fp || fp->readonly)
		return EINVAL;
	fp->settings->ttl = ttl;
	return 0;
}
