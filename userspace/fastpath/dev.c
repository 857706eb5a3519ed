/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/dev.c  What a device can do, asked of the kernel
 *
 * XDP features come from the netdev family of generic netlink (6.3 and
 * later), links from rtnetlink.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <libmnl/libmnl.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vlan.h>
#include <bpf/bpf.h>
#include "priv.h"

/* linux/netdev.h, which Debian 12's headers do not have yet */
#define NETDEV_FAMILY "netdev"
#define NETDEV_CMD_DEV_GET 1
#define NETDEV_A_DEV_IFINDEX 1
#define NETDEV_A_DEV_XDP_FEATURES 3
#define NETDEV_XDP_ACT_BASIC 1
#define NETDEV_XDP_ACT_REDIRECT 2
#define NETDEV_XDP_ACT_NDO_XMIT 4
#define NETDEV_XDP_ACT_XSK_ZEROCOPY 8

/* One XDP buffer is one page, less head and tail room: larger frames would
 * need a program that takes fragments */
#define XDP_MTU_MAX 3498

void fp_dev_note(struct fp_dev *dev, const char *mend, const char *fmt, ...)
{
	va_list ap;

	if (dev->notec >= ARRAY_SIZE(dev->notes))
		return;
	va_start(ap, fmt);
	vsnprintf(dev->notes[dev->notec].what,
		  sizeof(dev->notes[dev->notec].what), fmt, ap);
	va_end(ap);
	snprintf(dev->notes[dev->notec].mend,
		 sizeof(dev->notes[dev->notec].mend), "%s", mend);
	dev->notec++;
}

static int genl_request(struct mnl_socket *nl, uint16_t type, uint8_t cmd,
			uint16_t attr, const void *data, size_t len,
			mnl_cb_t cb, void *arg)
{
	char buf[8192];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;
	ssize_t n;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	mnl_attr_put(nlh, attr, len, data);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return errno;
	do {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0)
			return errno;
		n = mnl_cb_run(buf, n, 1, mnl_socket_get_portid(nl), cb, arg);
	} while (n > MNL_CB_STOP);
	return n < 0 ? errno : 0;
}

static int family_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *attr;

	mnl_attr_for_each(
		attr, nlh,
		sizeof(struct genlmsghdr)) if (mnl_attr_get_type(attr) ==
					       CTRL_ATTR_FAMILY_ID) *
		(uint16_t *)arg = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int features_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *attr;

	mnl_attr_for_each(
		attr, nlh,
		sizeof(struct genlmsghdr)) if (mnl_attr_get_type(attr) ==
					       NETDEV_A_DEV_XDP_FEATURES) *
		(uint64_t *)arg = mnl_attr_get_u64(attr);
	return MNL_CB_OK;
}

/* The device's XDP features; features_known stays false before 6.3 */
static void get_features(struct fp_dev *dev)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_GENERIC);
	uint64_t features = ~0ULL;
	uint32_t ifindex = dev->ifindex;
	uint16_t family = 0;

	if (!nl)
		return;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		goto out;
	if (genl_request(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
			 CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY,
			 sizeof(NETDEV_FAMILY), family_cb, &family) ||
	    !family)
		goto out;
	if (genl_request(nl, family, NETDEV_CMD_DEV_GET, NETDEV_A_DEV_IFINDEX,
			 &ifindex, sizeof(ifindex), features_cb, &features) ||
	    features == ~0ULL)
		goto out;
	dev->features_known = true;
	dev->basic = features & NETDEV_XDP_ACT_BASIC;
	dev->redirect = features & NETDEV_XDP_ACT_REDIRECT;
	dev->xmit = features & NETDEV_XDP_ACT_NDO_XMIT;
	dev->zerocopy = features & NETDEV_XDP_ACT_XSK_ZEROCOPY;
out:
	mnl_socket_close(nl);
}

static bool rxvlan_on(const char *ifname)
{
	struct ethtool_value v = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq ifr = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool on;

	if (fd < 0)
		return false;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	ifr.ifr_data = (void *)&v;
	on = !ioctl(fd, SIOCETHTOOL, &ifr) && v.data & ETH_FLAG_RXVLAN;
	close(fd);
	return on;
}

static struct nl_cache *link_cache(struct nl_sock **skp)
{
	struct nl_cache *cache = NULL;
	struct nl_sock *sk = nl_socket_alloc();

	if (!sk)
		return NULL;
	if (nl_connect(sk, NETLINK_ROUTE) ||
	    rtnl_link_alloc_cache(sk, AF_UNSPEC, &cache)) {
		nl_socket_free(sk);
		return NULL;
	}
	*skp = sk;
	return cache;
}

static void free_cache(struct nl_cache *cache, struct nl_sock *sk)
{
	nl_cache_free(cache);
	nl_socket_free(sk);
}

static bool is_vlan_on(struct rtnl_link *link, int parent)
{
	return rtnl_link_is_vlan(link) && rtnl_link_get_link(link) == parent;
}

int fp_dev_vlans(int devices_fd, int parent, uint32_t port)
{
	struct nl_sock *sk;
	struct nl_cache *cache = link_cache(&sk);
	struct nl_object *obj;
	int n = 0;

	if (!cache)
		return 0;
	for (obj = nl_cache_get_first(cache); obj;
	     obj = nl_cache_get_next(obj)) {
		struct rtnl_link *link = (struct rtnl_link *)obj;
		struct device d = {.port = port, .ifindex = parent};
		__u32 key = rtnl_link_get_ifindex(link);

		if (!is_vlan_on(link, parent))
			continue;
		d.vlan = rtnl_link_vlan_get_id(link);
		d.mtu = rtnl_link_get_mtu(link);
		if (devices_fd >= 0)
			bpf_map_update_elem(devices_fd, &key, &d, BPF_ANY);
		n++;
	}
	free_cache(cache, sk);
	return n;
}

static void note_link(struct fp_dev *dev, struct rtnl_link *link)
{
	const char *type = rtnl_link_get_type(link);
	char mend[160];

	if (!(rtnl_link_get_flags(link) & IFF_UP)) {
		snprintf(mend, sizeof(mend), "ip link set dev %s up",
			 dev->name);
		fp_dev_note(dev, mend, "device is down");
	}
	if (dev->features_known && !dev->xmit && type && !strcmp(type, "veth"))
		fp_dev_note(dev, "on the peer: ethtool -K PEER gro on",
			    "the veth peer takes no redirected packets: they "
			    "would be lost without a trace");
	else if (dev->features_known && dev->basic && !dev->xmit)
		fp_dev_note(dev, "",
			    "driver cannot send redirected packets: "
			    "calls between two devices will not leave here");
	if (dev->mtu > XDP_MTU_MAX) {
		snprintf(mend, sizeof(mend), "ip link set dev %s mtu 1500",
			 dev->name);
		fp_dev_note(dev, mend,
			    "MTU %u is larger than native XDP takes "
			    "in one buffer (%d)",
			    dev->mtu, XDP_MTU_MAX);
	}
	if (fp_dev_vlans(-1, dev->ifindex, 0) && rxvlan_on(dev->name)) {
		snprintf(mend, sizeof(mend), "ethtool -K %s rxvlan off",
			 dev->name);
		fp_dev_note(dev, mend,
			    "the NIC strips VLAN tags before XDP "
			    "sees them: VLANs look alike");
	}
}

int fp_dev_probe(struct fp_dev *dev, const char *ifname, struct fp_err *e)
{
	struct nl_cache *cache;
	struct rtnl_link *link;
	struct nl_sock *sk;

	memset(dev, 0, sizeof(*dev));
	snprintf(dev->name, sizeof(dev->name), "%s", ifname);
	if (strlen(ifname) >= IFNAMSIZ ||
	    !(dev->ifindex = if_nametoindex(ifname)))
		return fp_fail(e, ENODEV,
			       "%s: no such device; list them with: "
			       "ip link",
			       ifname);
	cache = link_cache(&sk);
	if (!cache)
		return fp_fail(e, EIO, "cannot list links by netlink");
	link = rtnl_link_get(cache, dev->ifindex);
	if (link) {
		dev->mtu = rtnl_link_get_mtu(link);
		get_features(dev);
		note_link(dev, link);
		rtnl_link_put(link);
	}
	free_cache(cache, sk);
	return link ? 0 : fp_fail(e, ENODEV, "%s: gone", ifname);
}
