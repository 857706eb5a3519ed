// SPDX-License-Identifier: GPL-2.0-only
/* Makes one RTP packet per run and sends it out of a device.
 *
 * Run by BPF_PROG_RUN with BPF_F_TEST_XDP_LIVE_FRAMES. The kernel hands back
 * frames as the last program on their way left them, so every header is
 * written afresh; only the voice, which nobody rewrites, stays. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"

const volatile struct gen_cfg cfg = {.flows = 1};
struct gen_state state;

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} out SEC(".maps");

/* Which flow is next: in sequence, or shuffled by the loader */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BENCH_FLOWS);
	__type(key, __u32);
	__type(value, __u32);
} order SEC(".maps");

/* Frames begin at even addresses: two bytes at a time, not one */
struct frame {
	__u8 head[BENCH_ETH + BENCH_IP];
	__be16 sport;
	__be16 dport;
	__be16 udplen;
	__be16 check;
	__be16 vpt;
	__be16 seq;
	__be32 ts;
	__be32 ssrc;
} __attribute__((packed, aligned(2)));

_Static_assert(sizeof(struct frame) == BENCH_HEAD, "");

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (__u16)~sum;
	return sum ? sum : 0xffff;
}

/* Each flow's numbers follow from its index and the round: no state of the
 * generator's own competes for the cache with the tables under test */
static __always_inline void fill(struct frame *f, __u32 flow, __u32 round)
{
	__u16 sport = BENCH_SPORT + flow * BENCH_STEP;
	__u16 dport = BENCH_DPORT + flow * BENCH_STEP;
	__u16 seq = cfg.seq + flow + round;
	__u32 ts = (cfg.seq + round) * BENCH_VOICE;
	__u32 ssrc = 0x5eed + flow * 0x9e3779b1u;

	f->sport = bpf_htons(sport);
	f->dport = bpf_htons(dport);
	f->seq = bpf_htons(seq);
	f->ts = bpf_htonl(ts);
	f->ssrc = bpf_htonl(ssrc);
	f->check = bpf_htons(fold(cfg.csum + sport + dport + seq + (ts >> 16) +
				  (ts & 0xffff) + (ssrc >> 16) +
				  (ssrc & 0xffff)));
}

SEC("xdp")
int bench_gen(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct frame *f = (void *)(long)ctx->data;
	__u64 *words = (__u64 *)f;
	__u32 pos = state.pos;
	__u64 n = state.sent;
	__u32 *flow;

	if ((void *)(f + 1) > end)
		return XDP_ABORTED;

	flow = bpf_map_lookup_elem(&order, &pos);
	if (!flow)
		return XDP_ABORTED;

#pragma unroll
	for (int i = 0; i < BENCH_HEAD_WORDS; i++)
		words[i] = cfg.head[i];
	fill(f, *flow, state.round);

	if (++pos >= cfg.flows) {
		pos = 0;
		state.round++;
	}
	state.pos = pos;

	if (n == cfg.warm)
		state.t_warm = bpf_ktime_get_ns();
	if (n == cfg.last)
		state.t_last = bpf_ktime_get_ns();
	state.sent = n + 1;

	return bpf_redirect_map(&out, 0, XDP_ABORTED);
}

char _license[] SEC("license") = "GPL";
