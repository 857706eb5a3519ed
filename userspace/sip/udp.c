/* SPDX-License-Identifier: BSD-2-Clause */
/* SIP over UDP: a socket for each listener, read in batches */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/errqueue.h>
#include "sip/udp.h"

enum {
	BATCH = 64,
	DGRAM = 65536,
	/* not a power of two: datagrams' beginnings would all compete for the same
	 * lines of the caches */
	STRIDE = DGRAM + 15 * 64,
	POSTS = 64,
	POST_BYTES = 2 * DGRAM,
	/** A burst waits in the socket while a batch is worked on */
	SOCKBUF = 8 << 20,
};

/* What is sent at the end of a turn */
struct posts {
	struct mmsghdr msgv[POSTS];
	struct iovec iovv[POSTS];
	struct sa dstv[POSTS];
	unsigned n;
	size_t used; /* of the bytes */
	uint8_t bytes[POST_BYTES];
};

struct sip_udp {
	int fd;
	unsigned listener;
	struct sa laddr;
	const struct sip_watcher *watcher;
	sip_udp_h *h;
	sip_udp_lost_h *losth;
	void *arg;
	uint8_t *bufs; /* BATCH of them, STRIDE apart                */
	struct mmsghdr msgv[BATCH];
	struct iovec iovv[BATCH];
	struct sockaddr_storage fromv[BATCH];
	struct posts *posts;
	struct tmr turn;
	bool reading;
};

static void flush(struct sip_udp *u);

static void destructor(void *arg)
{
	struct sip_udp *u = arg;

	flush(u);
	tmr_cancel(&u->turn);
	if (u->fd >= 0) {
		fd_close(u->fd);
		close(u->fd);
	}
	mem_deref(u->posts);
	mem_deref(u->bufs);
}

/* Ours, as the peer sees it: one that is bound to no address has the one that leads to
 * the peer */
static void own_addr(struct sa *own, const struct sip_udp *u,
		     const struct sa *peer)
{
	int fd;

	sa_cpy(own, &u->laddr);
	if (!sa_is_any(own))
		return;
	fd = socket(sa_af(peer), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	own->len = sizeof(own->u);
	if (fd < 0 || connect(fd, &peer->u.sa, peer->len) ||
	    getsockname(fd, &own->u.sa, &own->len))
		sa_cpy(own, &u->laddr);
	if (fd >= 0)
		close(fd);
	sa_set_port(own, sa_port(&u->laddr));
}

static void show(const struct sip_udp *u, const struct sa *peer,
		 const struct pl *text, bool sent)
{
	struct sip_passed p = {.transp = MSG_UDP, .text = *text};
	struct sa own;

	own_addr(&own, u, peer);
	sa_cpy(&p.src, sent ? &own : peer);
	sa_cpy(&p.dst, sent ? peer : &own);
	u->watcher->h(&p, u->watcher->arg);
}

/* ---- sending -------------------------------------------------------------------- */

/* The first error may be one that ICMP brought, about another datagram */
static bool of_another(int err)
{
	return err == ECONNREFUSED || err == EHOSTUNREACH || err == ENETUNREACH;
}

static void show_posts(const struct sip_udp *u, unsigned from, unsigned to)
{
	const struct posts *p = u->posts;

	for (unsigned i = from; i < to && sip_watched(u->watcher); i++)
		show(u, &p->dstv[i],
		     &(struct pl){p->iovv[i].iov_base, p->iovv[i].iov_len},
		     true);
}

static void flush(struct sip_udp *u)
{
	struct posts *p = u->posts;
	unsigned done = 0, tries = 0;

	while (p && done < p->n) {
		const int n = sendmmsg(u->fd, p->msgv + done, p->n - done,
				       MSG_DONTWAIT);

		if (n > 0) {
			show_posts(u, done, done + (unsigned)n);
			done += (unsigned)n;
			tries = 0;
		} else if (tries++ || !of_another(errno)) {
			++done;
			tries = 0;
		}
	}
	if (p)
		p->n = p->used = 0;
}

static void turn_handler(void *arg)
{
	flush(arg);
}

int sip_udp_post(struct sip_udp *u, const struct sa *dst, const struct mbuf *mb)
{
	const size_t n = mb ? mbuf_get_left(mb) : 0;
	struct posts *p;

	if (!u || !dst || !mb || n > DGRAM)
		return EINVAL;
	p = u->posts;
	if (p->n == POSTS || n > sizeof(p->bytes) - p->used)
		flush(u);
	memcpy(p->bytes + p->used, mbuf_buf(mb), n);
	p->dstv[p->n] = *dst;
	p->iovv[p->n] = (struct iovec){p->bytes + p->used, n};
	p->msgv[p->n].msg_hdr = (struct msghdr){.msg_name = &p->dstv[p->n].u,
						.msg_namelen = dst->len,
						.msg_iov = &p->iovv[p->n],
						.msg_iovlen = 1};
	p->used += n;
	++p->n;
	/* who answers later than he was asked does so in a turn of its own */
	if (!u->reading && !tmr_isrunning(&u->turn))
		tmr_start(&u->turn, 0, turn_handler, u);
	return 0;
}

int sip_udp_send(struct sip_udp *u, const struct sa *dst, const struct mbuf *mb)
{
	ssize_t n = -1;

	if (!u || !dst || !mb)
		return EINVAL;
	flush(u);
	for (unsigned i = 0; i < 2; i++) {
		n = sendto(u->fd, mbuf_buf(mb), mbuf_get_left(mb), MSG_DONTWAIT,
			   &dst->u.sa, dst->len);
		if (n >= 0)
			break;
		if (!of_another(errno))
			break;
	}
	if (n < 0)
		return errno;
	if (sip_watched(u->watcher))
		show(u, dst,
		     &(struct pl){(const char *)mbuf_buf(mb),
				  mbuf_get_left(mb)},
		     true);
	return 0;
}

/* ---- reading --------------------------------------------------------------------- */

static int receive(struct sip_udp *u)
{
	for (unsigned i = 0; i < BATCH; i++) {
		u->iovv[i].iov_base = u->bufs + (size_t)i * STRIDE;
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

/* Did nobody get it? What else ICMP has to say (a shorter MTU) is the kernel's */
static bool unreached(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		const bool v4 = c->cmsg_level == SOL_IP &&
				c->cmsg_type == IP_RECVERR;
		const bool v6 = c->cmsg_level == SOL_IPV6 &&
				c->cmsg_type == IPV6_RECVERR;
		struct sock_extended_err ee;

		if (!v4 && !v6)
			continue;
		memcpy(&ee, CMSG_DATA(c), sizeof(ee));
		return ee.ee_errno == ECONNREFUSED ||
		       ee.ee_errno == EHOSTUNREACH ||
		       ee.ee_errno == ENETUNREACH;
	}
	return false;
}

/* As many at a time as messages: who makes us send can make errors come back */
static void read_errors(struct sip_udp *u)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct sockaddr_storage to = {.ss_family = AF_UNSPEC};
		uint8_t control[512];
		struct msghdr msg = {
			.msg_name = &to,
			.msg_namelen = sizeof(to),
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		struct sa dst;

		if (recvmsg(u->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		if (unreached(&msg) && !sa_set_sa(&dst, (struct sockaddr *)&to))
			u->losth(&dst, u->arg);
	}
}

static void read_handler(int flags, void *arg)
{
	struct sip_udp *u = arg;
	int n;

	if (flags & FD_EXCEPT)
		read_errors(u);
	n = receive(u);
	u->reading = true;
	for (int i = 0; i < n; i++) {
		struct pl text = {u->iovv[i].iov_base, u->msgv[i].msg_len};
		struct sa src;

		if (sa_set_sa(&src, (struct sockaddr *)&u->fromv[i]))
			continue;
		if (sip_watched(u->watcher))
			show(u, &src, &text, false);
		u->h(&src, &text, u->listener, u->arg);
	}
	u->reading = false;
	flush(u);
}

static int open_socket(struct sip_udp *u, const struct sa *laddr)
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
	if (sa_af(laddr) == AF_INET6
		    ? setsockopt(u->fd, IPPROTO_IPV6, IPV6_RECVERR, &one,
				 sizeof(one))
		    : setsockopt(u->fd, IPPROTO_IP, IP_RECVERR, &one,
				 sizeof(one)))
		return errno;
	/* the kernel gives what it allows */
	if (setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &size,
				 sizeof(size));
	if (setsockopt(u->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(u->fd, SOL_SOCKET, SO_SNDBUF, &size,
				 sizeof(size));
	return bind(u->fd, &laddr->u.sa, laddr->len) ? errno : 0;
}

int sip_udp_alloc(struct sip_udp **up, const struct sa *laddr,
		  unsigned listener, sip_udp_h *h, sip_udp_lost_h *losth,
		  void *arg)
{
	struct sip_udp *u;
	int err;

	if (!up || !laddr || !h || !losth)
		return EINVAL;
	u = mem_zalloc(sizeof(*u), destructor);
	if (!u)
		return ENOMEM;
	u->fd = -1;
	u->listener = listener;
	u->h = h;
	u->losth = losth;
	u->arg = arg;
	tmr_init(&u->turn);
	u->posts = mem_alloc(sizeof(*u->posts), NULL);
	if (u->posts)
		u->posts->n = u->posts->used = 0;
	u->bufs = mem_alloc((size_t)BATCH * STRIDE, NULL);
	err = u->bufs && u->posts ? open_socket(u, laddr) : ENOMEM;
	if (!err)
		err = sip_udp_local(u, &u->laddr);
	if (!err)
		err = fd_listen(u->fd, FD_READ | FD_EXCEPT, read_handler, u);
	if (err)
		mem_deref(u);
	else
		*up = u;
	return err;
}

int sip_udp_local(const struct sip_udp *u, struct sa *sa)
{
	if (!u || !sa)
		return EINVAL;
	sa->len = sizeof(sa->u);
	return getsockname(u->fd, &sa->u.sa, &sa->len) ? errno : 0;
}

void sip_udp_watch(struct sip_udp *u, const struct sip_watcher *w)
{
	if (u)
		u->watcher = w;
}
