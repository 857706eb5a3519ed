// SPDX-License-Identifier: GPL-2.0-only
/* The limit: what comes in goes out of the other device, unread. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} out SEC(".maps");

SEC("xdp")
int bench_redirect(struct xdp_md *ctx)
{
	(void)ctx;
	return bpf_redirect_map(&out, 0, XDP_ABORTED);
}

char _license[] SEC("license") = "GPL";
