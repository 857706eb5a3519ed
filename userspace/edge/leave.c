/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices and the listeners at them */
#include <errno.h>
#include <ifaddrs.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/socket.h>
#include "edge/leave.h"

/* lo, dummy: no packet leaves there, so what has its address there may leave by
 * any device */
static bool is_shelf(unsigned flags)
{
	const unsigned dummy = IFF_BROADCAST | IFF_NOARP;

	return flags & IFF_LOOPBACK || (flags & dummy) == dummy;
}

int leave_device_of(unsigned *ifindex, const struct sa *addr)
{
	struct ifaddrs *all = NULL, *a;
	struct sa have;
	int err = ENOENT;

	*ifindex = 0;
	if (getifaddrs(&all))
		return errno;
	for (a = all; a && err; a = a->ifa_next) {
		if (!a->ifa_addr || sa_set_sa(&have, a->ifa_addr) ||
		    !sa_cmp(addr, &have, SA_ADDR))
			continue;
		err = 0;
		if (!is_shelf(a->ifa_flags))
			*ifindex = if_nametoindex(a->ifa_name);
	}
	freeifaddrs(all);
	return err;
}

/* Our own address on the way to dst */
static int source_for(struct sa *src, const struct sa *dst)
{
	socklen_t len = sizeof(src->u);
	int fd, err = 0;

	fd = socket(sa_af(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, &dst->u.sa, dst->len) ||
	    getsockname(fd, &src->u.sa, &len))
		err = errno;
	src->len = len;
	close(fd);
	return err;
}

static unsigned udp_listeners(const struct policy *p, int af)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->listenerc; i++)
		n += p->listenerv[i].transp == MSG_UDP &&
		     sa_af(&p->listenerv[i].addr) == af;
	return n;
}

/* The device by which packets to dst leave; 0: unknown */
static unsigned device_towards(const struct policy *p, const struct sa *dst)
{
	unsigned ifindex;
	struct sa src;

	if (source_for(&src, dst))
		return 0;
	for (size_t i = 0; i < p->listenerc; i++)
		if (sa_cmp(&p->listenerv[i].addr, &src, SA_ADDR))
			return p->listenerv[i].ifindex;
	return leave_device_of(&ifindex, &src) ? 0 : ifindex;
}

/* Can datagrams of dst's family leave from there by that device? */
static bool stands_at(const struct policy_listener *l, const struct sa *dst,
		      unsigned ifindex)
{
	return l->transp == MSG_UDP && sa_af(&l->addr) == sa_af(dst) &&
	       (!l->ifindex || l->ifindex == ifindex);
}

unsigned leave_by(const struct policy *p, const struct sa *dst, unsigned in)
{
	const struct policy_listener *l = &p->listenerv[in];
	const bool fits = l->transp == MSG_UDP && sa_af(&l->addr) == sa_af(dst);
	unsigned ifindex;

	if (fits && udp_listeners(p, sa_af(dst)) == 1)
		return in;
	ifindex = device_towards(p, dst);
	if (stands_at(l, dst, ifindex))
		return in;
	for (size_t i = 0; i < p->listenerc; i++)
		if (stands_at(&p->listenerv[i], dst, ifindex))
			return (unsigned)i;
	for (size_t i = 0; !fits && i < p->listenerc; i++)
		if (p->listenerv[i].transp == MSG_UDP &&
		    sa_af(&p->listenerv[i].addr) == sa_af(dst))
			return (unsigned)i;
	return in;
}
