// SPDX-License-Identifier: BSD-2-Clause
/* Packets per second on one CPU: makes packets in XDP, sends them out of one
 * device and counts what arrives at another. What lies between is the
 * device under test. Prints one line of JSON. */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

struct args {
	const char *dir;
	const char *from;     /* NETNS:DEVICE that packets leave by     */
	const char *to;       /* NETNS:DEVICE where they are counted    */
	const char *relay;    /* NETNS:DEVICE that only redirects ...   */
	const char *relay_to; /* ... to this one, or NULL               */
	struct frame_addr addr;
	uint32_t flows;
	uint64_t count;
	bool shuffle, tc;
	bool hold; /* only redirect, until standard input ends */
};

static const char usage[] =
	"bench-xdp --from NETNS:DEV --to NETNS:DEV --smac MAC --dmac MAC\n"
	"          --saddr IP --daddr IP [--flows N] [--count N] [--shuffle]\n"
	"          [--tc] [--relay NETNS:DEV --relay-to NETNS:DEV]\n"
	"          [--objects DIR]\n"
	"bench-xdp --hold --relay NETNS:DEV --relay-to NETNS:DEV\n";

static void parse(struct args *a, int argc, char *argv[])
{
	static const struct option longs[] = {
		{"from", 1, NULL, 'f'},    {"to", 1, NULL, 't'},
		{"smac", 1, NULL, 's'},    {"dmac", 1, NULL, 'd'},
		{"saddr", 1, NULL, 'S'},   {"daddr", 1, NULL, 'D'},
		{"flows", 1, NULL, 'n'},   {"count", 1, NULL, 'c'},
		{"shuffle", 0, NULL, 'r'}, {"tc", 0, NULL, 'T'},
		{"relay", 1, NULL, 'x'},   {"relay-to", 1, NULL, 'y'},
		{"objects", 1, NULL, 'o'}, {"hold", 0, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			a->from = optarg;
			break;
		case 't':
			a->to = optarg;
			break;
		case 's':
			mac(a->addr.smac, optarg);
			break;
		case 'd':
			mac(a->addr.dmac, optarg);
			break;
		case 'S':
			a->addr.saddr = ipv4(optarg);
			break;
		case 'D':
			a->addr.daddr = ipv4(optarg);
			break;
		case 'n':
			a->flows = (uint32_t)number("flows", optarg, 1,
						    BENCH_FLOWS);
			break;
		case 'c':
			a->count = number("count", optarg, 1000, 1u << 30);
			break;
		case 'r':
			a->shuffle = true;
			break;
		case 'T':
			a->tc = true;
			break;
		case 'x':
			a->relay = optarg;
			break;
		case 'y':
			a->relay_to = optarg;
			break;
		case 'h':
			a->hold = true;
			break;
		case 'o':
			a->dir = optarg;
			break;
		default:
			die("usage: %s", usage);
		}
	}
	if (!a->relay != !a->relay_to || optind != argc ||
	    (a->hold ? !a->relay
		     : !a->from || !a->to || !a->addr.saddr || !a->addr.daddr))
		die("usage: %s", usage);
}

/* Fisher and Yates, the same every time: runs are compared */
static void fill_order(struct bpf_object *o, const struct args *a)
{
	uint32_t *v = calloc(a->flows, sizeof(*v));
	uint32_t i, j, t, x = 0x2545f491;
	int fd = object_map(o, "order");

	if (!v)
		die("no memory");
	for (i = 0; i < a->flows; i++)
		v[i] = i;
	for (i = a->flows - 1; a->shuffle && i > 0; i--) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		j = x % (i + 1);
		t = v[i];
		v[i] = v[j];
		v[j] = t;
	}
	for (i = 0; i < a->flows; i++) {
		if (bpf_map_update_elem(fd, &i, &v[i], BPF_ANY))
			die("order: %s", strerror(errno));
	}
	free(v);
}

static struct bpf_object *make_generator(const struct args *a, uint8_t *frame)
{
	struct frame_flow flow = {0};
	struct gen_cfg cfg = {
		.flows = a->flows,
		.seq = (uint32_t)(now_ns() >> 24),
		.warm = a->count / 8,
		.last = a->count - 1,
	};
	struct bpf_object *o = object_open(a->dir, "gen");
	struct bpf_map *ro = bpf_object__find_map_by_name(o, ".rodata");
	int ifindex = enter_at(a->from);

	frame_make(frame, &a->addr, &flow);
	memcpy(cfg.head, frame, sizeof(cfg.head));
	cfg.csum = frame_csum(frame);
	if (!ro || bpf_map__set_initial_value(ro, &cfg, sizeof(cfg)))
		die("gen: no .rodata of %zu bytes", sizeof(cfg));

	object_load(o);
	object_port(o, "out", (uint32_t)ifindex);
	fill_order(o, a);
	return o;
}

static void read_state(struct bpf_object *o, struct gen_state *st)
{
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(object_map(o, ".bss"), &zero, st))
		die("gen: cannot read .bss");
}

static void run(struct bpf_object *o, uint8_t *frame, uint64_t count)
{
	struct bpf_program *p = bpf_object__next_program(o, NULL);
	struct xdp_md md = {.data_end = BENCH_FRAME};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = BENCH_FRAME, .ctx_in = &md,
		    .ctx_size_in = sizeof(md), .repeat = (int)count,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	if (bpf_prog_test_run_opts(bpf_program__fd(p), &opts))
		die("BPF_PROG_RUN: %s", strerror(errno));
}

static void relay_only(const struct args *a)
{
	struct bpf_object *o = object_open(a->dir, "redirect");
	uint32_t out = (uint32_t)enter_at(a->relay_to);

	object_load(o);
	object_port(o, "out", out);
	(void)object_xdp(o, "bench_redirect", enter_at(a->relay));
}

static void report(const struct gen_state *st, const struct sink *sink)
{
	double sec = (double)(st->t_last - st->t_warm) / 1e9;
	uint64_t got = sink_count(sink, -1);
	uint64_t here = sink_count(sink, sched_getcpu());
	uint64_t timed = st->sent - st->sent / 8 - 1;
	double share = (double)got / (double)st->sent;

	(void)printf("{\"sent\":%llu,\"received\":%llu,\"other_cpu\":%llu,"
		     "\"seconds\":%.6f,\"pps\":%.0f}\n",
		     (unsigned long long)st->sent, (unsigned long long)got,
		     (unsigned long long)(got - here), sec,
		     (double)timed * share / sec);
}

int main(int argc, char *argv[])
{
	struct args a = {.dir = "build/bench", .flows = 1, .count = 1000000};
	uint8_t frame[BENCH_FRAME];
	struct gen_state st;
	struct bpf_object *gen;
	struct sink *sink;

	parse(&a, argc, argv);
	if (a.hold) {
		relay_only(&a);
		(void)puts("ready");
		(void)fflush(stdout);
		(void)getchar();
		return 0;
	}
	sink = sink_open(a.dir, a.to, a.tc ? SINK_TC : SINK_XDP);
	if (a.relay)
		relay_only(&a);
	gen = make_generator(&a, frame);

	run(gen, frame, a.count);
	read_state(gen, &st);
	report(&st, sink);

	bpf_object__close(gen);
	sink_close(sink);
	return 0;
}
