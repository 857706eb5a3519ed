/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/netlink.c  Links, routes and neighbours, followed
 *
 * The kernel part refreshes next hops by itself every second or so. What it
 * cannot do is to have a neighbour resolved: we ask the kernel to manage those
 * in use (NTF_EXT_MANAGED, 5.16), which it goes on doing when we are gone.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/ioctl.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/msg.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vlan.h>
#include <bpf/bpf.h>
#include "base/log.h"
#include "priv.h"
#include "sa6.h"

/* linux/neighbour.h of 5.16, where the build host's is older */
#ifndef NTF_EXT_MANAGED
#define NTF_EXT_MANAGED (1 << 0)
#endif

enum { BUMP_DELAY = 50 /* ms: a burst of changes moves the generation once */ };

struct fp_net {
	struct fp *fp;
	struct nl_sock *mon; /* notifications, non-blocking */
	struct nl_sock *req; /* requests and answers        */
	struct tmr tmr;
	struct hash *wanted; /* next hops that the kernel manages */
	bool relink;         /* links or neighbours went: ask again */
	fp_net_h *watchh;
	void *watch_arg;
};

struct route {
	struct sa gw; /* next hop: the gateway, or the destination itself */
	int ifindex;
};

static int manage_neigh(struct fp_net *net, const struct route *rt);

struct nexthop {
	struct le le;
	struct sa gw;
	int ifindex;
};

static void destructor(void *arg)
{
	struct fp_net *net = arg;

	tmr_cancel(&net->tmr);
	if (net->mon) {
		fd_close(nl_socket_get_fd(net->mon));
		nl_socket_free(net->mon);
	}
	nl_socket_free(net->req);
	hash_flush(net->wanted);
	mem_deref(net->wanted);
	mem_deref(net->fp);
}

/* Devices may have come back with other VLANs on them */
static void refresh_vlans(struct fp_net *net)
{
	for (__u32 i = 0; i < CAROM_DEVICES; i++)
		if (net->fp->settings->ifindex[i])
			fp_dev_vlans(net->fp->devices_fd,
				     net->fp->settings->ifindex[i], i);
}

static bool manage_again(struct le *le, void *arg)
{
	const struct nexthop *nh = le->data;
	struct fp_net *net = arg;
	struct route rt = {.gw = nh->gw, .ifindex = nh->ifindex};

	manage_neigh(net, &rt);
	return false;
}

static void bump(void *arg)
{
	struct fp_net *net = arg;

	if (net->relink) {
		net->relink = false;
		refresh_vlans(net);
		hash_apply(net->wanted, manage_again, net);
	}
	__atomic_fetch_add(&net->fp->settings->nh_generation, 1,
			   __ATOMIC_RELEASE);
	if (net->watchh)
		net->watchh(net->watch_arg);
}

void fp_net_watch(struct fp_net *net, fp_net_h *h, void *arg)
{
	if (!net)
		return;
	net->watchh = h;
	net->watch_arg = arg;
}

static int event_handler(struct nl_msg *msg, void *arg)
{
	struct fp_net *net = arg;

	/* a device that came back has lost the neighbours it had */
	switch (nlmsg_hdr(msg)->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELNEIGH:
		net->relink = true;
		break;
	}
	if (!tmr_isrunning(&net->tmr))
		tmr_start(&net->tmr, BUMP_DELAY, bump, net);
	return NL_OK;
}

static void readable(int flags, void *arg)
{
	struct fp_net *net = arg;

	(void)flags;
	nl_recvmsgs_default(net->mon);
}

static int monitor(struct fp_net *net)
{
	struct nl_sock *sk = nl_socket_alloc();

	if (!sk)
		return ENOMEM;
	net->mon = sk;
	nl_socket_disable_seq_check(sk);
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, event_handler, net);
	if (nl_connect(sk, NETLINK_ROUTE) ||
	    nl_socket_add_memberships(sk, RTNLGRP_LINK, RTNLGRP_NEIGH,
				      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
				      RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, 0))
		return EIO;
	nl_socket_set_nonblocking(sk);
	return fd_listen(nl_socket_get_fd(sk), FD_READ, readable, net);
}

int fp_net_alloc(struct fp_net **netp, struct fp *fp)
{
	struct fp_net *net;
	int err;

	if (!netp || !fp)
		return EINVAL;
	net = mem_zalloc(sizeof(*net), destructor);
	if (!net)
		return ENOMEM;
	net->fp = mem_ref(fp);
	err = hash_alloc(&net->wanted, 1024);
	if (err)
		goto out;
	net->req = nl_socket_alloc();
	if (!net->req || nl_connect(net->req, NETLINK_ROUTE)) {
		err = EIO;
		goto out;
	}
	nl_socket_disable_auto_ack(net->req);
	err = monitor(net);
out:
	if (err)
		mem_deref(net);
	else
		*netp = net;
	return err;
}

/* ---- where does a destination go ------------------------------------ */

static int put_addr(struct nl_msg *msg, int attr, const struct sa *sa)
{
	uint8_t a[16];

	if (sa6_from_sa(a, sa))
		return EINVAL;
	return sa_af(sa) == AF_INET ? nla_put(msg, attr, 4, a + 12)
				    : nla_put(msg, attr, 16, a);
}

static void get_addr(struct sa *sa, const struct nlattr *attr)
{
	const uint8_t *p = nla_data(attr);
	uint32_t v4;

	if (nla_len(attr) == 4) {
		memcpy(&v4, p, 4);
		sa_set_in(sa, ntohl(v4), 0);
	} else if (nla_len(attr) == 16) {
		sa_set_in6(sa, p, 0);
	}
}

/* RTA_VIA: a gateway of the other family (RFC 5549) */
static void get_via(struct sa *sa, const struct nlattr *attr)
{
	const struct rtvia *via = nla_data(attr);

	if (nla_len(attr) >= 18 && via->rtvia_family == AF_INET6)
		sa_set_in6(sa, via->rtvia_addr, 0);
}

static int route_handler(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[RTA_MAX + 1] = {};
	struct route *rt = arg;

	if (nlmsg_hdr(msg)->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(struct rtmsg), tb, RTA_MAX,
			NULL))
		return NL_SKIP;
	if (tb[RTA_OIF])
		rt->ifindex = nla_get_u32(tb[RTA_OIF]);
	if (tb[RTA_GATEWAY])
		get_addr(&rt->gw, tb[RTA_GATEWAY]);
	else if (tb[RTA_VIA])
		get_via(&rt->gw, tb[RTA_VIA]);
	return NL_STOP;
}

static int send_recv(struct fp_net *net, struct nl_msg *msg,
		     nl_recvmsg_msg_cb_t h, void *arg)
{
	int n;

	if (h)
		nl_socket_modify_cb(net->req, NL_CB_VALID, NL_CB_CUSTOM, h,
				    arg);
	n = nl_send_auto(net->req, msg);
	if (n >= 0)
		n = h ? nl_recvmsgs_default(net->req)
		      : nl_wait_for_ack(net->req);
	return n < 0 ? EIO : 0;
}

static int get_route(struct fp_net *net, const struct sa *dst,
		     const struct sa *src, struct route *rt)
{
	int af = sa_af(dst);
	struct rtmsg rtm = {
		.rtm_family = af,
		.rtm_dst_len = af == AF_INET ? 32 : 128,
		.rtm_src_len = af == AF_INET ? 32 : 128,
	};
	struct nl_msg *msg;
	int err = ENOMEM;

	msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST);
	if (!msg)
		return ENOMEM;
	rt->gw = *dst;
	rt->ifindex = 0;
	if (nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) ||
	    put_addr(msg, RTA_DST, dst) || put_addr(msg, RTA_SRC, src))
		goto out;
	err = send_recv(net, msg, route_handler, rt);
	if (!err && !rt->ifindex)
		err = EHOSTUNREACH;
out:
	nlmsg_free(msg);
	return err;
}

static int manage_neigh(struct fp_net *net, const struct route *rt)
{
	struct ndmsg ndm = {
		.ndm_family = sa_af(&rt->gw),
		.ndm_ifindex = rt->ifindex,
		.ndm_state = NUD_NONE,
		.ndm_flags = NTF_USE,
	};
	struct nl_msg *msg;
	int err = ENOMEM;

	msg = nlmsg_alloc_simple(RTM_NEWNEIGH,
				 NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK);
	if (!msg)
		return ENOMEM;
	if (!nlmsg_append(msg, &ndm, sizeof(ndm), NLMSG_ALIGNTO) &&
	    !put_addr(msg, NDA_DST, &rt->gw) &&
	    !nla_put_u32(msg, NDA_FLAGS_EXT, NTF_EXT_MANAGED))
		err = send_recv(net, msg, NULL, NULL);
	nlmsg_free(msg);
	return err;
}

static bool same_nexthop(struct le *le, void *arg)
{
	const struct nexthop *nh = le->data;
	const struct route *rt = arg;

	return nh->ifindex == rt->ifindex && sa_cmp(&nh->gw, &rt->gw, SA_ADDR);
}

static void nexthop_destructor(void *arg)
{
	struct nexthop *nh = arg;

	hash_unlink(&nh->le);
}

int fp_net_want(struct fp_net *net, const struct sa *dst, const struct sa *src)
{
	struct nexthop *nh;
	struct route rt;
	uint32_t key;
	int err;

	if (!net || !dst || !src)
		return EINVAL;
	err = get_route(net, dst, src, &rt);
	if (err)
		return err;
	key = sa_hash(&rt.gw, SA_ADDR);
	if (hash_lookup(net->wanted, key, same_nexthop, &rt))
		return 0;
	err = manage_neigh(net, &rt);
	if (err) {
		log_warn("next hop %j: the kernel does not manage it", &rt.gw);
		return err;
	}
	nh = mem_zalloc(sizeof(*nh), nexthop_destructor);
	if (!nh)
		return ENOMEM;
	nh->gw = rt.gw;
	nh->ifindex = rt.ifindex;
	hash_append(net->wanted, key, &nh->le, nh);
	return 0;
}

/* ---- what a frame needs ----------------------------------------------- */

static int neigh_handler(struct nl_msg *msg, void *arg)
{
	const struct ndmsg *ndm = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *tb[NDA_MAX + 1] = {};
	struct fp_hop *hop = arg;

	if (nlmsg_hdr(msg)->nlmsg_type != RTM_NEWNEIGH ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(*ndm), tb, NDA_MAX, NULL))
		return NL_SKIP;
	if (ndm->ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NONE) ||
	    !tb[NDA_LLADDR] || nla_len(tb[NDA_LLADDR]) != ETH_ALEN)
		return NL_STOP;
	memcpy(hop->dmac, nla_data(tb[NDA_LLADDR]), ETH_ALEN);
	hop->mtu = 1; /* known */
	return NL_STOP;
}

static int get_neigh(struct fp_net *net, const struct route *rt,
		     struct fp_hop *hop)
{
	struct ndmsg ndm = {
		.ndm_family = sa_af(&rt->gw),
		.ndm_ifindex = rt->ifindex,
	};
	struct nl_msg *msg;
	int err = ENOMEM;

	msg = nlmsg_alloc_simple(RTM_GETNEIGH, NLM_F_REQUEST);
	if (!msg)
		return ENOMEM;
	hop->mtu = 0;
	if (!nlmsg_append(msg, &ndm, sizeof(ndm), NLMSG_ALIGNTO) &&
	    !put_addr(msg, NDA_DST, &rt->gw))
		err = send_recv(net, msg, neigh_handler, hop);
	nlmsg_free(msg);
	/* an entry that is not there is an error to netlink */
	return err == ENOMEM ? err : hop->mtu ? 0 : EAGAIN;
}

static int own_mac(int ifindex, uint8_t mac[6])
{
	struct ifreq ifr = {};
	int fd, err = 0;

	if (!if_indextoname((unsigned)ifindex, ifr.ifr_name))
		return errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		err = errno;
	else
		memcpy(mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	(void)close(fd);
	return err;
}

int fp_hop_find(struct fp_net *net, const struct sa *dst, const struct sa *src,
		struct fp_hop *hop)
{
	struct device dev;
	struct route rt;
	__u32 key;
	int err;

	if (!net || !dst || !src || !hop)
		return EINVAL;
	memset(hop, 0, sizeof(*hop));
	err = get_route(net, dst, src, &rt);
	if (err)
		return err == ENOMEM ? err : EHOSTUNREACH;
	key = (__u32)rt.ifindex;
	if (bpf_map_lookup_elem(net->fp->devices_fd, &key, &dev))
		return ENODEV;
	err = get_neigh(net, &rt, hop);
	if (err == EAGAIN)
		(void)fp_net_want(net, dst, src);
	if (!err)
		err = own_mac(rt.ifindex, hop->smac);
	hop->port = dev.port;
	hop->vlan = dev.vlan;
	hop->mtu = dev.mtu ? dev.mtu : ETH_DATA_LEN;
	return err;
}
