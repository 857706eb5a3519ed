// SPDX-License-Identifier: GPL-2.0-only
/* Sends prepared SIP frames out of a device, one per run, each written afresh:
 * the kernel hands frames back as the last program left them (gen.bpf.c) */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"

const volatile struct sipgen_cfg cfg = {.len = 1};
struct gen_state state;

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} out SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_SIP_FRAMES);
	__type(key, __u32);
	__type(value, struct sipgen_frame);
} frames SEC(".maps");

SEC("xdp")
int bench_sipgen(struct xdp_md *ctx)
{
	__u32 pos = state.pos;
	__u64 n = state.sent;
	struct sipgen_frame *f = bpf_map_lookup_elem(&frames, &pos);
	__u32 len = cfg.len;

	if (!f || !len || len > sizeof(f->data))
		return XDP_ABORTED;
	if (bpf_xdp_store_bytes(ctx, 0, f->data, len))
		return XDP_ABORTED;
	state.pos = pos + 1 < BENCH_SIP_FRAMES ? pos + 1 : 0;
	if (n == cfg.warm)
		state.t_warm = bpf_ktime_get_ns();
	if (n == cfg.last)
		state.t_last = bpf_ktime_get_ns();
	state.sent = n + 1;
	return bpf_redirect_map(&out, 0, XDP_ABORTED);
}

char _license[] SEC("license") = "GPL";
