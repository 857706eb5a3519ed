/* SPDX-License-Identifier: BSD-2-Clause */
/* SIP over UDP: a socket for each listener, read in batches */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include "edge/udp.h"

enum {
	BATCH = 32,
	DGRAM = 65536,
	/** A burst waits in the socket while a batch is worked on */
	SOCKBUF = 8 << 20,
};

struct udp_edge {
	int fd;
	unsigned listener;
	udp_edge_h *h;
	void *arg;
	uint8_t *bufs; /* BATCH of DGRAM each                        */
	struct mmsghdr msgv[BATCH];
	struct iovec iovv[BATCH];
	struct sockaddr_storage fromv[BATCH];
};

static void destructor(void *arg)
{
	struct udp_edge *u = arg;

	if (u->fd >= 0) {
		fd_close(u->fd);
		close(u->fd);
	}
	mem_deref(u->bufs);
}

static int receive(struct udp_edge *u)
{
	for (unsigned i = 0; i < BATCH; i++) {
		u->iovv[i].iov_base = u->bufs + (size_t)i * DGRAM;
		u->iovv[i].iov_len = DGRAM;
		u->msgv[i].msg_hdr = (struct msghdr){
			.msg_name = &u->fromv[i],
			.msg_namelen = sizeof(u->fromv[i]),
			.msg_iov = &u->iovv[i],
			.msg_iovlen = 1,
		};
	}
	return recvmmsg(u->fd, u->msgv, BATCH, MSG_DONTWAIT, NULL);
}

static void read_handler(int flags, void *arg)
{
	struct udp_edge *u = arg;
	int n;
	(void)flags;

	/* an error is an ICMP message about what we sent: of no concern */
	n = receive(u);
	for (int i = 0; i < n; i++) {
		struct pl text = {u->iovv[i].iov_base, u->msgv[i].msg_len};
		struct sa src;

		if (!sa_set_sa(&src, (struct sockaddr *)&u->fromv[i]))
			u->h(&src, &text, u->listener, u->arg);
	}
}

static int open_socket(struct udp_edge *u, const struct sa *laddr)
{
	int one = 1, size = SOCKBUF;

	u->fd = socket(sa_af(laddr), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0);
	if (u->fd < 0)
		return errno;
	(void)setsockopt(u->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (sa_af(laddr) == AF_INET6 &&
	    setsockopt(u->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)))
		return errno;
	/* the kernel gives what it allows */
	if (setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &size,
				 sizeof(size));
	return bind(u->fd, &laddr->u.sa, laddr->len) ? errno : 0;
}

int udp_edge_alloc(struct udp_edge **up, const struct sa *laddr,
		   unsigned listener, udp_edge_h *h, void *arg)
{
	struct udp_edge *u;
	int err;

	if (!up || !laddr || !h)
		return EINVAL;
	u = mem_zalloc(sizeof(*u), destructor);
	if (!u)
		return ENOMEM;
	u->fd = -1;
	u->listener = listener;
	u->h = h;
	u->arg = arg;
	u->bufs = mem_alloc((size_t)BATCH * DGRAM, NULL);
	err = u->bufs ? open_socket(u, laddr) : ENOMEM;
	if (!err)
		err = fd_listen(u->fd, FD_READ, read_handler, u);
	if (err)
		mem_deref(u);
	else
		*up = u;
	return err;
}

int udp_edge_send(const struct udp_edge *u, const struct sa *dst,
		  const struct mbuf *mb)
{
	if (!u || !dst || !mb)
		return EINVAL;
	return sendto(u->fd, mbuf_buf(mb), mbuf_get_left(mb), MSG_DONTWAIT,
		      &dst->u.sa, dst->len) < 0
		       ? errno
		       : 0;
}
