// SPDX-License-Identifier: BSD-2-Clause
/* SIP messages through an edge. Without --rate: as many as one CPU takes, made
 * in XDP, as bench-xdp does it. With --rate: from a socket, paced. Prints a line
 * of JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sipmsg.h"

enum { HEAD = BENCH_ETH + BENCH_IP + BENCH_UDP, BATCH = 64, POOL = 4096 };
#define TICK 1000000u /* ns */

struct args {
	const char *dir, *from, *to, *relay, *relay_to;
	enum sipmsg_kind kind;
	struct sipmsg_addr addr;
	uint8_t smac[6], dmac[6];
	uint64_t count, rate;
	uint32_t run;
	bool tc;
};

static const char usage[] =
	"bench-sip --kind dialog|invite|response --from NETNS:DEV\n"
	"          --near IP --edge IP --far IP --smac MAC --dmac MAC\n"
	"          [--to NETNS:DEV] [--count N] [--rate N] [--run N] [--tc]\n"
	"          [--relay NETNS:DEV --relay-to NETNS:DEV]\n";

static void parse(struct args *a, int argc, char *argv[])
{
	static const struct option longs[] = {
		{"kind", 1, NULL, 'k'},  {"from", 1, NULL, 'f'},
		{"to", 1, NULL, 't'},    {"near", 1, NULL, 'n'},
		{"edge", 1, NULL, 'e'},  {"far", 1, NULL, 'F'},
		{"smac", 1, NULL, 's'},  {"dmac", 1, NULL, 'd'},
		{"count", 1, NULL, 'c'}, {"rate", 1, NULL, 'r'},
		{"run", 1, NULL, 'u'},   {"tc", 0, NULL, 'T'},
		{"relay", 1, NULL, 'x'}, {"relay-to", 1, NULL, 'y'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'k':
			a->kind = sipmsg_kind(optarg);
			break;
		case 'f':
			a->from = optarg;
			break;
		case 't':
			a->to = optarg;
			break;
		case 'n':
			a->addr.near = optarg;
			break;
		case 'e':
			a->addr.edge = optarg;
			break;
		case 'F':
			a->addr.far = optarg;
			break;
		case 's':
			mac(a->smac, optarg);
			break;
		case 'd':
			mac(a->dmac, optarg);
			break;
		case 'c':
			a->count = number("count", optarg, 100, 1u << 30);
			break;
		case 'r':
			a->rate = number("rate", optarg, 100, 10000000);
			break;
		case 'u':
			a->run = (uint32_t)number("run", optarg, 0, UINT32_MAX);
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
		default:
			die("usage: %s", usage);
		}
	}
	if (!a->from || (!a->to && a->rate) || !a->addr.near || !a->addr.edge ||
	    !a->addr.far || !a->relay != !a->relay_to || optind != argc)
		die("usage: %s", usage);
}

/* ---- frames ----------------------------------------------------------------- */

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t sum(const uint8_t *p, size_t len)
{
	uint32_t s = 0;

	for (size_t i = 0; i < len; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static size_t frame(uint8_t *f, size_t sz, const struct args *a, uint32_t n)
{
	const size_t len = sipmsg_make((char *)f + HEAD, sz - HEAD, a->kind,
				       &a->addr, a->run, n);
	uint8_t *ip = f + BENCH_ETH, *udp = ip + BENCH_IP;
	uint32_t src = ipv4(a->addr.near), dst = ipv4(a->addr.edge);
	uint16_t check;

	memset(f, 0, HEAD);
	memcpy(f, a->dmac, 6);
	memcpy(f + 6, a->smac, 6);
	put16(f + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(BENCH_IP + BENCH_UDP + len));
	put16(ip + 6, 0x4000);
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, &src, 4);
	memcpy(ip + 16, &dst, 4);
	put16(ip + 10, fold(sum(ip, BENCH_IP)));
	put16(udp, sipmsg_sport(a->kind));
	put16(udp + 2, 5060);
	put16(udp + 4, (uint32_t)(BENCH_UDP + len));
	check = fold(sum(ip + 12, 8) + IPPROTO_UDP +
		     (uint32_t)(BENCH_UDP + len) + sum(udp, BENCH_UDP + len));
	put16(udp + 6, check ? check : 0xffff);
	return HEAD + len;
}

/* ---- as many as one CPU takes -------------------------------------------------- */

static void relay_only(const struct args *a)
{
	struct bpf_object *o = object_open(a->dir, "redirect");
	uint32_t out = (uint32_t)enter_at(a->relay_to);

	object_load(o);
	object_port(o, "out", out);
	(void)object_xdp(o, "bench_redirect", enter_at(a->relay));
}

static size_t fill_frames(struct bpf_object *o, const struct args *a)
{
	const size_t bytes = sizeof(struct sipgen_frame) * BENCH_SIP_FRAMES;
	struct sipgen_frame *v = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				      MAP_SHARED, object_map(o, "frames"), 0);
	size_t len = 0, first = 0;

	if (v == MAP_FAILED)
		die("frames: %s", strerror(errno));
	for (uint32_t i = 0; i < BENCH_SIP_FRAMES; i++) {
		len = frame(v[i].data, sizeof(v[i].data), a, i);
		first = first ? first : len;
		if (len != first)
			die("frames of %zu and %zu bytes", first, len);
	}
	(void)munmap(v, bytes);
	return len;
}

static void flat_out(const struct args *a)
{
	struct sink *sink = a->to ? sink_open(a->dir, a->to,
					      a->tc ? SINK_TC : SINK_XDP)
				  : NULL;
	struct bpf_object *o;
	struct sipgen_cfg cfg = {.warm = a->count / 8, .last = a->count - 1};
	struct gen_state st;
	uint8_t first[sizeof(struct sipgen_frame)];
	uint32_t zero = 0;
	uint64_t got, here;
	double sec;

	if (a->relay)
		relay_only(a);
	o = object_open(a->dir, "sipgen");
	cfg.len = (uint32_t)frame(first, sizeof(first), a, 0);
	if (bpf_map__set_initial_value(
		    bpf_object__find_map_by_name(o, ".rodata"), &cfg,
		    sizeof(cfg)))
		die("sipgen: no .rodata of %zu bytes", sizeof(cfg));
	{
		const int ifindex = enter_at(a->from);
		struct bpf_program *p;
		struct xdp_md md = {.data_end = cfg.len};
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = first,
			    .data_size_in = cfg.len, .ctx_in = &md,
			    .ctx_size_in = sizeof(md), .repeat = (int)a->count,
			    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

		object_load(o);
		object_port(o, "out", (uint32_t)ifindex);
		(void)fill_frames(o, a);
		p = bpf_object__next_program(o, NULL);
		if (bpf_prog_test_run_opts(bpf_program__fd(p), &opts))
			die("BPF_PROG_RUN: %s", strerror(errno));
	}
	if (bpf_map_lookup_elem(object_map(o, ".bss"), &zero, &st))
		die("sipgen: cannot read .bss");
	got = sink ? sink_count(sink, -1) : 0;
	here = sink ? sink_count(sink, sched_getcpu()) : 0;
	sec = (double)(st.t_last - st.t_warm) / 1e9;
	(void)printf("{\"sent\":%llu,\"received\":%llu,\"other_cpu\":%llu,"
		     "\"bytes\":%u,\"sent_mps\":%.0f,\"mps\":%.0f}\n",
		     (unsigned long long)st.sent, (unsigned long long)got,
		     (unsigned long long)(got - here), cfg.len - HEAD,
		     (double)(st.sent - cfg.warm - 1) / sec,
		     (double)(st.sent - cfg.warm - 1) * (double)got /
			     (double)st.sent / sec);
	bpf_object__close(o);
	if (sink)
		sink_close(sink);
}

/* ---- paced ------------------------------------------------------------------------ */

static char pool[POOL][1024];
static size_t pool_len[POOL];

static int open_socket(const struct args *a)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(sipmsg_sport(a->kind)),
		.sin_addr.s_addr = ipv4(a->addr.near),
	};
	int fd, size = 4 << 20;

	(void)enter_at(a->from);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("%s: %s", a->addr.near, strerror(errno));
	sin.sin_port = htons(5060);
	sin.sin_addr.s_addr = ipv4(a->addr.edge);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("%s: %s", a->addr.edge, strerror(errno));
	return fd;
}

static unsigned send_some(int fd, uint64_t at, uint64_t due)
{
	struct mmsghdr m[BATCH] = {0};
	struct iovec iov[BATCH];
	unsigned n = due - at < BATCH ? (unsigned)(due - at) : BATCH;
	int got;

	for (unsigned i = 0; i < n; i++) {
		const size_t k = (at + i) % POOL;

		iov[i].iov_base = pool[k];
		iov[i].iov_len = pool_len[k];
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	got = sendmmsg(fd, m, n, 0);
	/* an ICMP message about an earlier one is reported once */
	return got < 0 ? 0 : (unsigned)got;
}

static void paced(const struct args *a)
{
	struct sink *sink = sink_open(a->dir, a->to,
				      a->tc ? SINK_TC : SINK_XDP);
	const int fd = open_socket(a);
	uint64_t start, t, sent = 0, end;

	for (uint32_t i = 0; i < POOL; i++)
		pool_len[i] = sipmsg_make(pool[i], sizeof(pool[i]), a->kind,
					  &a->addr, a->run, i);
	start = t = now_ns();
	end = start + a->count * 1000000000u / a->rate;
	while (t < end && sent < a->count) {
		uint64_t due = (t - start) * a->rate / 1000000000u;

		due = due < a->count ? due : a->count;
		while (sent < due)
			sent += send_some(fd, sent, due);
		sleep_until(t + TICK);
		t = now_ns();
	}
	t = now_ns() - start;
	(void)usleep(100000);
	(void)printf("{\"sent\":%llu,\"received\":%llu,\"seconds\":%.6f}\n",
		     (unsigned long long)sent,
		     (unsigned long long)sink_count(sink, -1), (double)t / 1e9);
	sink_close(sink);
	close(fd);
}

int main(int argc, char *argv[])
{
	struct args a = {.dir = "build/bench", .count = BENCH_SIP_FRAMES};

	parse(&a, argc, argv);
	if (a.rate)
		paced(&a);
	else
		flat_out(&a);
	return 0;
}
