// SPDX-License-Identifier: BSD-2-Clause
/* BPF objects, loaded from their files */
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "common.h"

struct bpf_object *object_open(const char *dir, const char *name)
{
	char path[512];
	struct bpf_object *o;

	(void)snprintf(path, sizeof(path), "%s/%s.bpf.o", dir, name);
	o = bpf_object__open_file(path, NULL);
	if (!o)
		die("%s: %s", path, strerror(errno));
	return o;
}

void object_load(struct bpf_object *o)
{
	if (bpf_object__load(o))
		die("%s: the kernel refuses it: %s", bpf_object__name(o),
		    strerror(errno));
}

int object_map(struct bpf_object *o, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(o, name);

	if (fd < 0)
		die("no map \"%s\" in %s", name, bpf_object__name(o));
	return fd;
}

void object_port(struct bpf_object *o, const char *map, uint32_t ifindex)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(object_map(o, map), &zero, &ifindex, BPF_ANY))
		die("%s: device %u: %s", map, ifindex, strerror(errno));
}

int object_xdp(struct bpf_object *o, const char *prog, int ifindex)
{
	struct bpf_program *p = bpf_object__find_program_by_name(o, prog);
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	int fd;

	if (!p)
		die("no program \"%s\" in %s", prog, bpf_object__name(o));
	fd = bpf_link_create(bpf_program__fd(p), ifindex, BPF_XDP, &opts);
	if (fd < 0)
		die("%s: cannot attach to device %d: %s", prog, ifindex,
		    strerror(errno));
	/* The link lives as long as its descriptor */
	return fd;
}
