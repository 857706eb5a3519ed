// SPDX-License-Identifier: GPL-2.0-only
/* The end of the line: counts packets, per CPU, and drops them. As XDP for
 * what arrives as an XDP frame, at tc for what arrives as an skb: whichever
 * costs the path under test less. */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "sink.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} count SEC(".maps");

/* When the last packet for a port was sent, ns: written by who sends. And how long those
 * that came took, by microsecond */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SINK_PORTS);
	__type(key, __u32);
	__type(value, __u64);
} sent_at SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SINK_BINS);
	__type(key, __u32);
	__type(value, __u64);
} took SEC(".maps");

static __always_inline void seen(void)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&count, &zero);

	if (n)
		++*n;
}

SEC("xdp")
int bench_sink(struct xdp_md *ctx)
{
	(void)ctx;
	seen();
	return XDP_DROP;
}

/* An INVITE of bench-call's, which waits for it: for "probe" */
static __always_inline bool is_call(const struct iphdr *ip, const void *end)
{
	const char *user = (const char *)(ip + 1) + 8 + sizeof("INVITE sip:") -
			   1;

	return (const void *)(user + 5) <= end && user[0] == 'p' &&
	       user[1] == 'r' && user[2] == 'o' && user[3] == 'b' &&
	       user[4] == 'e';
}

SEC("tc")
int bench_sink_tc(struct __sk_buff *skb)
{
	void *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = (void *)(long)skb->data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->protocol != IPPROTO_UDP || is_call(ip, end))
		return TC_ACT_OK;
	seen();
	return TC_ACT_SHOT;
}

/* The same, with the time that each packet took; what takes longer than there are bins
 * is in the last one */
SEC("tc")
int bench_sink_timed(struct __sk_buff *skb)
{
	void *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = (void *)(long)skb->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);
	__u64 *sent, *n, us;
	__u32 port, bin;

	if ((void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->protocol != IPPROTO_UDP)
		return TC_ACT_OK;
	seen();
	port = bpf_ntohs(udp->dest);
	sent = bpf_map_lookup_elem(&sent_at, &port);
	/* RTCP is not sent by us */
	if (!sent || !*sent)
		return TC_ACT_SHOT;
	us = (bpf_ktime_get_ns() - *sent) / 1000;
	bin = us < SINK_BINS - 1 ? us : SINK_BINS - 1;
	n = bpf_map_lookup_elem(&took, &bin);
	if (n)
		++*n;
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
