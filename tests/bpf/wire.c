/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/wire.c  The far end of the bed's veths
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "wire.h"

static void offload(const char *dev, uint32_t cmd, uint32_t on)
{
	struct ethtool_value v = {.cmd = cmd, .data = on};
	struct ifreq ifr = {.ifr_data = (char *)&v};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	assert_int_equal(ioctl(fd, SIOCETHTOOL, &ifr), 0);
	close(fd);
}

void wire_gro(const char *dev)
{
	offload(dev, ETHTOOL_SGRO, 1);
}

void wire_tx_sums(const char *dev)
{
	offload(dev, ETHTOOL_STXCSUM, 0);
}

int wire_open(const char *dev)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)if_nametoindex(dev)};
	const int one = 1, big = 8 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
			 sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	(void)setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&ll, sizeof(ll)), 0);
	return fd;
}

static uint64_t ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* A frame as it was on the wire: the kernel takes tags out and tells of them */
static ssize_t wire_read(int fd, struct pkt *p)
{
	union control {
		struct cmsghdr h;
		char buf[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} ctl;
	struct iovec iov = {p->b, sizeof(p->b) - 4};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &ctl,
			   .msg_controllen = sizeof(ctl)};
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 14)
		return n;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		struct tpacket_auxdata *a = (void *)CMSG_DATA(h);
		uint16_t tag[2];

		if (h->cmsg_level != SOL_PACKET ||
		    !(a->tp_status & TP_STATUS_VLAN_VALID))
			continue;
		tag[0] = htons(ETH_P_8021Q);
		tag[1] = htons(a->tp_vlan_tci);
		memmove(p->b + 16, p->b + 12, (size_t)n - 12);
		memcpy(p->b + 12, tag, 4);
		n += 4;
	}
	return n;
}

/* The next UDP frame of our ports, or false after some time */
bool wire_recv(int fd, struct pkt *p, unsigned wait)
{
	uint64_t end = ms() + wait;
	struct timeval tv = {.tv_usec = 20000};

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	do {
		ssize_t n = wire_read(fd, p);
		bool v4 = n > 23 && p->b[12] == 8 && !p->b[13] &&
			  p->b[23] == 17;
		bool v6 = n > 20 && p->b[12] == 0x86 && p->b[20] == 17;
		bool tag = n > 20 && p->b[12] == 0x81;

		if (v4 || v6 || tag) {
			p->len = (size_t)n;
			return true;
		}
	} while (ms() < end);
	return false;
}
