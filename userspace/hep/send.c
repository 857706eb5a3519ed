/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets to the collector */
#define USE_OPENSSL 1
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <openssl/ssl.h>
#include "base/log.h"
#include "hep/link.h"

enum {
	MTU_LOOK = 1000, /* ms that what was seen of the path's MTU holds */
	UDP_MAX = 65507, /* bytes of a datagram over IPv4                  */
	QUIET = 60000,   /* ms between two lines in the log on what was lost */
};

struct hep {
	struct hep_conf conf;
	struct hep_count count;
	int fd;                /* UDP; else -1                             */
	struct hep_link *link; /* TCP, TLS, and what is too long for UDP   */
	struct tls *tls;
	struct mbuf *mb; /* what is sent by UDP                            */
	size_t mtu;      /* bytes of UDP's payload                         */
	uint64_t looked; /* ms                                            */
	uint64_t said;   /* ms                                            */
	bool sending;
};

static void destructor(void *arg)
{
	struct hep *h = arg;

	if (h->fd >= 0)
		(void)close(h->fd);
	mem_deref(h->link);
	mem_deref(h->tls);
	mem_deref(h->mb);
}

static void lost(struct hep *h, enum hep_lost why, int err)
{
	const uint64_t now = tmr_jiffies();

	h->count.lost[why]++;
	if (h->said && now - h->said < QUIET)
		return;
	h->said = now;
	log_warn("hep: %J: packets are lost: %s: %m", &h->conf.dst,
		 hep_lost_name(why), err);
}

/* ---- UDP ----------------------------------------------------------------------- */

/* What the path takes in one piece, as the kernel knows it */
static size_t path_mtu(struct hep *h)
{
	const bool v6 = sa_af(&h->conf.dst) == AF_INET6;
	const uint64_t now = tmr_jiffies();
	socklen_t len = sizeof(int);
	int mtu = 0;

	if (h->looked && now - h->looked < MTU_LOOK)
		return h->mtu;
	h->looked = now;
	h->mtu = 1280 - 48; /* of any path, RFC 8200 5 */
	if (!getsockopt(h->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			v6 ? IPV6_MTU : IP_MTU, &mtu, &len) &&
	    mtu > 576)
		h->mtu = (size_t)mtu - (v6 ? 48 : 28);
	return h->mtu;
}

/* An error may be one that ICMP brought, on a datagram before: that one is lost, this
 * one is tried again */
static void send_udp(struct hep *h, const struct mbuf *mb)
{
	ssize_t n = -1;

	for (unsigned i = 0; i < 2; i++) {
		n = send(h->fd, mb->buf, mb->end, MSG_DONTWAIT);
		if (n >= 0)
			break;
		lost(h, errno == EMSGSIZE ? HEP_LOST_LONG : HEP_LOST_UNSENT,
		     errno);
		h->count.up = false;
		if (errno != ECONNREFUSED)
			return;
	}
	if (n < 0)
		return;
	h->count.packets++;
	h->count.bytes += (size_t)n;
	h->count.up = true;
}

static int open_udp(struct hep *h)
{
	const bool v6 = sa_af(&h->conf.dst) == AF_INET6;
	const int dont = v6 ? IPV6_PMTUDISC_DONT : IP_PMTUDISC_DONT;

	h->fd = socket(sa_af(&h->conf.dst),
		       SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (h->fd < 0)
		return errno;
	/* no "don't fragment": routers may, too */
	if (setsockopt(h->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
		       v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &dont,
		       sizeof(dont)))
		return errno;
	if (connect(h->fd, &h->conf.dst.u.sa, h->conf.dst.len))
		return errno;
	h->count.up = true;
	return 0;
}

/* ---- a packet ------------------------------------------------------------------- */

static bool goes_by_link(struct hep *h, size_t n)
{
	if (h->fd < 0)
		return true;
	return h->conf.large_by_tcp && (n > path_mtu(h) || n > UDP_MAX);
}

/* Who waits keeps what it waits with: it can't be the scratch */
static void send_link(struct hep *h)
{
	hep_link_send(h->link, h->mb);
	h->mb = mem_deref(h->mb);
}

void hep_send(struct hep *h, const struct hep_packet *p)
{
	int err = 0;

	if (!h || !p || h->sending)
		return;
	h->sending = true;
	if (!h->mb)
		h->mb = mbuf_alloc(2048);
	if (h->mb) {
		mbuf_rewind(h->mb);
		err = hep_encode(h->mb, &h->conf.node, p);
		h->mb->pos = 0;
	} else {
		err = ENOMEM;
	}
	if (err)
		lost(h, err == ENOMEM ? HEP_LOST_QUEUE : HEP_LOST_LONG, err);
	else if (goes_by_link(h, h->mb->end))
		send_link(h);
	else
		send_udp(h, h->mb);
	h->sending = false;
}

bool hep_sending(const struct hep *h)
{
	return h && h->sending;
}

/* ---- start ---------------------------------------------------------------------- */

static int make_tls(struct hep *h, char *why, size_t sz)
{
	int err = tls_alloc(&h->tls, TLS_METHOD_SSLV23, NULL, NULL);

	if (err)
		return err;
	(void)SSL_CTX_set_min_proto_version(tls_openssl_context(h->tls),
					    TLS1_2_VERSION);
	if (!h->conf.ca)
		return 0;
	err = tls_add_ca(h->tls, h->conf.ca);
	if (err)
		(void)re_snprintf(why, sz, "%s: can't be used", h->conf.ca);
	return err;
}

static int open_link(struct hep *h, char *why, size_t sz)
{
	int err = 0;

	if (h->conf.transp == HEP_TLS)
		err = make_tls(h, why, sz);
	if (!err)
		err = hep_link_alloc(&h->link, h->tls, &h->conf, &h->count);
	if (!err && h->conf.transp != HEP_UDP)
		hep_link_start(h->link);
	return err;
}

int hep_alloc(struct hep **hp, const struct hep_conf *conf, char *why,
	      size_t sz)
{
	struct hep *h;
	int err = 0;

	if (!hp || !conf || !why || !sz)
		return EINVAL;
	*why = '\0';
	h = mem_zalloc(sizeof(*h), destructor);
	if (!h)
		return ENOMEM;
	h->fd = -1;
	h->conf = *conf;
	if (conf->transp == HEP_UDP)
		err = open_udp(h);
	if (!err && (conf->transp != HEP_UDP || conf->large_by_tcp))
		err = open_link(h, why, sz);
	if (err && !*why)
		(void)re_snprintf(why, sz, "%J: %m", &conf->dst, err);
	if (err)
		mem_deref(h);
	else
		*hp = h;
	return err;
}

void hep_count(const struct hep *h, struct hep_count *c)
{
	if (h && c)
		*c = h->count;
}

const char *hep_lost_name(enum hep_lost why)
{
	static const char *const namev[HEP_LOST_MAX] = {
		"queue_full", "too_long", "not_sent", "closed"};

	return (unsigned)why < HEP_LOST_MAX ? namev[why] : "?";
}
