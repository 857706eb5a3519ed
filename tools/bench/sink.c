// SPDX-License-Identifier: BSD-2-Clause
/* Where packets end and are counted */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"
#include "sink.h"

struct sink {
	struct bpf_object *obj;
	int link;
	uint64_t *sent; /* by port: when the last packet for it left */
	char at[64];
	int ifindex;
};

static void attach_tc(struct sink *s, const char *prog)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = s->ifindex,
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1,
		    .flags = BPF_TC_F_REPLACE);
	struct bpf_program *p;
	int err;

	p = bpf_object__find_program_by_name(s->obj, prog);
	opts.prog_fd = bpf_program__fd(p);
	err = bpf_tc_hook_create(&hook);
	if (err && err != -EEXIST)
		die("%s: no tc hook: %s", s->at, strerror(-err));
	err = bpf_tc_attach(&hook, &opts);
	if (err)
		die("%s: tc: %s", s->at, strerror(-err));
}

static uint64_t *mapped(const struct sink *s)
{
	void *p = mmap(NULL, SINK_PORTS * sizeof(uint64_t),
		       PROT_READ | PROT_WRITE, MAP_SHARED,
		       object_map(s->obj, "sent_at"), 0);

	if (p == MAP_FAILED)
		die("%s: no map of times: %s", s->at, strerror(errno));
	return p;
}

struct sink *sink_open(const char *dir, const char *at, enum sink_kind kind)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s || strlen(at) >= sizeof(s->at))
		die("%s: no room", at);
	(void)snprintf(s->at, sizeof(s->at), "%s", at);
	s->link = -1;
	s->ifindex = enter_at(at);
	s->obj = object_open(dir, "sink");
	object_load(s->obj);
	if (kind == SINK_TIMED)
		s->sent = mapped(s);
	if (kind != SINK_XDP)
		attach_tc(s, kind == SINK_TIMED ? "bench_sink_timed"
						: "bench_sink_tc");
	else
		s->link = object_xdp(s->obj, "bench_sink", s->ifindex);
	return s;
}

void sink_sent(struct sink *s, uint16_t port, uint64_t now)
{
	__atomic_store_n(&s->sent[port], now, __ATOMIC_RELAXED);
}

void sink_took(const struct sink *s, uint64_t *binv)
{
	int i, n = libbpf_num_possible_cpus();
	uint64_t *v = calloc((size_t)n, sizeof(*v));

	for (uint32_t bin = 0; bin < SINK_BINS; bin++) {
		if (!v ||
		    bpf_map_lookup_elem(object_map(s->obj, "took"), &bin, v))
			die("%s: cannot read the sink's times", s->at);
		for (i = 0; i < n; i++)
			binv[bin] += v[i];
	}
	free(v);
}

uint64_t sink_count(const struct sink *s, int cpu)
{
	int i, n = libbpf_num_possible_cpus();
	uint64_t *v, sum = 0;
	uint32_t zero = 0;

	v = calloc((size_t)n, sizeof(*v));
	if (!v || bpf_map_lookup_elem(object_map(s->obj, "count"), &zero, v))
		die("%s: cannot read the sink's counter", s->at);
	for (i = 0; i < n; i++)
		sum += cpu < 0 || cpu == i ? v[i] : 0;
	free(v);
	return sum;
}

void sink_close(struct sink *s)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = s->ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (s->link >= 0) {
		(void)close(s->link);
	} else {
		(void)enter_at(s->at);
		(void)bpf_tc_hook_destroy(&hook);
	}
	if (s->sent)
		(void)munmap(s->sent, SINK_PORTS * sizeof(uint64_t));
	bpf_object__close(s->obj);
	free(s);
}
