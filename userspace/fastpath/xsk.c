/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/xsk.c  AF_XDP: packets of one device queue, in and out
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <linux/ethtool.h>
#include <linux/if_xdp.h>
#include <linux/sockios.h>
#include <bpf/bpf.h>
#include <xdp/xsk.h>
#include "fastpath/xsk.h"
#include "priv.h"

enum {
	FRAME = FP_XSK_FRAME,
	RX_FRAMES = 2048,
	TX_FRAMES = 2048,
	TRIES = 200,
	TRY_MS = 10,
	KICKS = 128, /* in a row; each sends 32 frames at least */
};

struct fp_xsk {
	struct fp *fp;
	struct xsk_umem *umem;
	struct xsk_socket *sock;
	void *area;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons comp, rx;
	uint32_t key; /* in `xsks` */
	bool entered;
	uint64_t freev[TX_FRAMES]; /* frames to send with */
	unsigned freec;
	uint64_t held[FP_XSK_BATCH]; /* received, not given back */
	unsigned heldc;
	uint64_t reserved; /* frame, valid after reserve */
	unsigned committed;
	struct fp_xsk_stats st;
};

static void destructor(void *arg)
{
	struct fp_xsk *x = arg;

	if (x->entered)
		bpf_map_delete_elem(x->fp->xsks_fd, &x->key);
	if (x->sock)
		xsk_socket__delete(x->sock);
	if (x->umem)
		xsk_umem__delete(x->umem);
	if (x->area)
		munmap(x->area, (size_t)(RX_FRAMES + TX_FRAMES) * FRAME);
	mem_deref(x->fp);
}

unsigned fp_xsk_queues(const char *ifname)
{
	struct ethtool_channels ch = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq ifr = {};
	unsigned n = 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	ifr.ifr_data = (char *)&ch;
	if (!ioctl(fd, SIOCETHTOOL, &ifr))
		n = ch.combined_count + ch.rx_count;
	close(fd);
	if (n < 1)
		return 1;
	return n > CAROM_QUEUES ? CAROM_QUEUES : n;
}

static int make_umem(struct fp_xsk *x)
{
	const struct xsk_umem_config conf = {
		.fill_size = RX_FRAMES,
		.comp_size = TX_FRAMES,
		.frame_size = FRAME,
	};
	size_t sz = (size_t)(RX_FRAMES + TX_FRAMES) * FRAME;
	uint32_t at;

	x->area = mmap(NULL, sz, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (x->area == MAP_FAILED) {
		x->area = NULL;
		return errno;
	}
	if (xsk_umem__create(&x->umem, x->area, sz, &x->fill, &x->comp, &conf))
		return errno;
	if (xsk_ring_prod__reserve(&x->fill, RX_FRAMES, &at) != RX_FRAMES)
		return EIO;
	for (uint32_t i = 0; i < RX_FRAMES; i++)
		*xsk_ring_prod__fill_addr(&x->fill, at + i) = (uint64_t)i *
							      FRAME;
	xsk_ring_prod__submit(&x->fill, RX_FRAMES);
	for (uint32_t i = 0; i < TX_FRAMES; i++)
		x->freev[x->freec++] = (uint64_t)(RX_FRAMES + i) * FRAME;
	return 0;
}

static void ask_mode(struct fp_xsk *x)
{
	struct xdp_options opt = {};
	socklen_t len = sizeof(opt);

	if (!getsockopt(fp_xsk_fd(x), SOL_XDP, XDP_OPTIONS, &opt, &len))
		x->st.zerocopy = opt.flags & XDP_OPTIONS_ZEROCOPY;
}

static int make_socket(struct fp_xsk *x, const char *ifname, unsigned queue)
{
	const struct xsk_socket_config conf = {
		.rx_size = RX_FRAMES,
		.tx_size = TX_FRAMES,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_USE_NEED_WAKEUP,
	};
	int err, fd;

	/* a socket that was closed just now is taken apart by and by */
	for (int i = 0; i < TRIES; i++) {
		err = -xsk_socket__create(&x->sock, ifname, queue, x->umem,
					  &x->rx, &x->tx, &conf);
		if (err != EBUSY)
			break;
		sys_msleep(TRY_MS);
	}
	if (err)
		return err;
	ask_mode(x);
	fd = fp_xsk_fd(x);
	if (bpf_map_update_elem(x->fp->xsks_fd, &x->key, &fd, 0))
		return errno;
	x->entered = true;
	return 0;
}

static const char *remedy(int err)
{
	switch (err) {
	case EPERM:
		return "; it takes CAP_NET_RAW";
	case EBUSY:
		return "; another program has an AF_XDP socket there";
	case ENOBUFS:
		return "; raise the limit on locked memory (LimitMEMLOCK=)";
	default:
		return "";
	}
}

int fp_xsk_alloc(struct fp_xsk **xp, struct fp *fp, const char *ifname,
		 uint32_t port, unsigned queue, struct fp_err *e)
{
	struct fp_xsk *x;
	int err;

	if (!xp || !fp || fp->readonly || !ifname || port >= CAROM_DEVICES ||
	    queue >= CAROM_QUEUES)
		return EINVAL;
	x = mem_zalloc(sizeof(*x), destructor);
	if (!x)
		return ENOMEM;
	x->fp = mem_ref(fp);
	x->key = xsk_index(port, queue);
	err = make_umem(x);
	if (!err)
		err = make_socket(x, ifname, queue);
	if (err) {
		fp_fail(e, err, "AF_XDP on %s queue %u: %s%s", ifname, queue,
			strerror(err), remedy(err));
		mem_deref(x);
		return err;
	}
	*xp = x;
	return 0;
}

int fp_xsk_fd(const struct fp_xsk *x)
{
	return x ? xsk_socket__fd(x->sock) : -1;
}

unsigned fp_xsk_recv(struct fp_xsk *x, struct fp_xsk_pkt *v)
{
	uint32_t at, n = xsk_ring_cons__peek(&x->rx, FP_XSK_BATCH, &at);

	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&x->rx,
								  at + i);

		x->held[i] = d->addr & ~(uint64_t)(FRAME - 1);
		v[i].data = xsk_umem__get_data(x->area, d->addr);
		v[i].len = d->len;
	}
	xsk_ring_cons__release(&x->rx, n);
	x->heldc = n;
	x->st.rx += n;
	return n;
}

bool fp_xsk_pending(struct fp_xsk *x)
{
	return xsk_cons_nb_avail(&x->rx, 1) > 0;
}

void fp_xsk_done(struct fp_xsk *x)
{
	uint32_t at, n = x->heldc;

	if (!n)
		return;
	/* there is room: the ring holds all frames that there are */
	if (xsk_ring_prod__reserve(&x->fill, n, &at) != n)
		return;
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&x->fill, at + i) = x->held[i];
	xsk_ring_prod__submit(&x->fill, n);
	x->heldc = 0;
	if (xsk_ring_prod__needs_wakeup(&x->fill)) {
		++x->st.kicks;
		(void)recvfrom(fp_xsk_fd(x), NULL, 0, MSG_DONTWAIT, NULL, NULL);
	}
}

static void reap(struct fp_xsk *x)
{
	uint32_t at, n = xsk_ring_cons__peek(&x->comp, TX_FRAMES, &at);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t addr = *xsk_ring_cons__comp_addr(&x->comp, at + i);

		x->freev[x->freec++] = addr & ~(uint64_t)(FRAME - 1);
	}
	xsk_ring_cons__release(&x->comp, n);
}

uint8_t *fp_xsk_reserve(struct fp_xsk *x)
{
	if (!x->freec)
		reap(x);
	if (!x->freec) {
		fp_xsk_flush(x);
		if (!x->freec) {
			++x->st.tx_full;
			return NULL;
		}
	}
	x->reserved = x->freev[x->freec - 1];
	return xsk_umem__get_data(x->area, x->reserved);
}

uint8_t *fp_xsk_reserved(const struct fp_xsk *x)
{
	return xsk_umem__get_data(x->area, x->reserved);
}

void fp_xsk_commit(struct fp_xsk *x, uint32_t off, uint32_t len)
{
	struct xdp_desc *d;
	uint32_t at;

	/* as many frames as the ring has entries: it cannot be full */
	if (!x->freec || xsk_ring_prod__reserve(&x->tx, 1, &at) != 1) {
		++x->st.tx_full;
		return;
	}
	--x->freec;
	d = xsk_ring_prod__tx_desc(&x->tx, at);
	d->addr = x->reserved + off;
	d->len = len;
	d->options = 0;
	xsk_ring_prod__submit(&x->tx, 1);
	++x->committed;
	++x->st.tx;
}

/* In copy mode the kernel sends a few dozen frames a call, and says EAGAIN while
 * there are more */
void fp_xsk_flush(struct fp_xsk *x)
{
	int fd = fp_xsk_fd(x);

	if (!x->committed)
		return;
	x->committed = 0;
	for (int i = 0; i < KICKS; i++) {
		if (!xsk_ring_prod__needs_wakeup(&x->tx))
			break;
		++x->st.kicks;
		if (sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
			break;
		if (errno != EAGAIN && errno != EBUSY && errno != ENOBUFS)
			break;
		reap(x);
	}
	reap(x);
}

void fp_xsk_stats(const struct fp_xsk *x, struct fp_xsk_stats *st)
{
	struct xdp_statistics s = {};
	socklen_t len = sizeof(s);

	*st = x->st;
	if (getsockopt(fp_xsk_fd(x), SOL_XDP, XDP_STATISTICS, &s, &len))
		return;
	st->rx_lost = s.rx_dropped + s.rx_ring_full;
	st->tx_bad = s.tx_invalid_descs;
}
