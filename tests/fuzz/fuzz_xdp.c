/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames through the XDP program, by BPF_PROG_RUN. The input says from which
 * leg's good packet to start and which bytes of it to change; between two of
 * them the leg gets packets in order, so that both of the program's ways are
 * taken. What comes out is read by a parser that shares nothing with it:
 *
 *   - passed frames are as they came, dropped and relayed ones are counted,
 *     once, with a reason whose class says the same as the verdict;
 *   - what goes up without a reason is not for a media port;
 *   - what is relayed came from the leg's peer, goes to the other one, is as
 *     long as it claims, and says what it said; nothing else is in the leg's
 *     figures;
 *   - a checksum that was right is right again, one that was wrong stays so;
 *   - what took the express lane is put through the long way too, and that
 *     makes the same bytes and the same figures of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <unistd.h>
#include <cmocka.h>
#include "fastpath/priv.h"
#include "sides.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond)                                                             \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
				#cond);                                        \
			abort();                                               \
		}                                                              \
	} while (0)

enum kind { RTP, RTCP, UDPTL };

#define SSRC_OUT 0xabcdef01u
#define DSCP 46
#define TTL 64
#define RAW_MAX 2048 /* BPF_PROG_RUN takes no more than a page holds */

/* data[0]: the way, and */
#define OWN_FRAME 0x80 /* a frame of the input's own making */
#define TTL_DOWN 0x40  /* the TTL goes down by one */

/* A leg, and how a good packet for it looks */
static struct way {
	int in, out; /* SIDE_* */
	uint16_t port;
	enum leg_media media;
	enum kind kind;
	bool filter, ssrc, rtcp_ok, dscp;
	bool demux;   /* RTCP goes by way of the port above, to the one above */
	bool express; /* good packets of it take the express lane */
	uint16_t seq;
	uint32_t ssrc_in;
} ways[] = {
	{.in = SIDE_LAN4,
	 .out = SIDE_WAN4,
	 .port = 30010,
	 .media = LEG_RTP,
	 .kind = RTP,
	 .filter = true,
	 .express = true},
	{.in = SIDE_LAN4,
	 .out = SIDE_WAN4,
	 .port = 30012,
	 .media = LEG_RTP,
	 .kind = RTP,
	 .dscp = true,
	 .express = true},
	{.in = SIDE_LAN6,
	 .out = SIDE_WAN6,
	 .port = 30010,
	 .media = LEG_RTP,
	 .kind = RTP,
	 .filter = true},
	{.in = SIDE_LAN4,
	 .out = SIDE_WAN6,
	 .port = 30014,
	 .media = LEG_RTP,
	 .kind = RTP},
	{.in = SIDE_LAN6,
	 .out = SIDE_WAN4,
	 .port = 30014,
	 .media = LEG_RTP,
	 .kind = RTP},
	{.in = SIDE_TAG4,
	 .out = SIDE_LAN4,
	 .port = 30010,
	 .media = LEG_RTP,
	 .kind = RTP},
	{.in = SIDE_WAN4,
	 .out = SIDE_TAG6,
	 .port = 30016,
	 .media = LEG_SRTP,
	 .kind = RTP},
	{.in = SIDE_LAN4,
	 .out = SIDE_WAN4,
	 .port = 30018,
	 .media = LEG_RTP,
	 .kind = RTP,
	 .ssrc = true},
	{.in = SIDE_LAN4,
	 .out = SIDE_WAN4,
	 .port = 30020,
	 .media = LEG_RTP,
	 .kind = RTCP,
	 .rtcp_ok = true},
	{.in = SIDE_LAN4,
	 .out = SIDE_WAN4,
	 .port = 30022,
	 .media = LEG_RTCP,
	 .kind = RTCP},
	{.in = SIDE_WAN4,
	 .out = SIDE_LAN4,
	 .port = 30024,
	 .media = LEG_OTHER,
	 .kind = UDPTL},
	{.in = SIDE_LAN4,
	 .out = SIDE_WAN4,
	 .port = 30026,
	 .media = LEG_RTP,
	 .kind = RTP,
	 .rtcp_ok = true,
	 .demux = true,
	 .express = true},
	{.in = SIDE_LAN4,
	 .out = SIDE_TAG6,
	 .port = 30028,
	 .media = LEG_RTP,
	 .kind = RTP,
	 .ssrc = true,
	 .dscp = true},
	{.in = SIDE_WAN4,
	 .out = SIDE_WAN4,
	 .port = 30030,
	 .media = LEG_SRTP,
	 .kind = RTP,
	 .rtcp_ok = true,
	 .express = true},
};

static struct side sides[SIDES];
static struct bed *bed;
static uint8_t ttl_set = TTL;
static struct tally counted; /* up to now */

/* A frame as it lies there */
struct seen {
	const uint8_t *ip, *src, *dst, *payload;
	bool v6;
	uint16_t sport, dport, check;
	size_t iplen, udplen;
};

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static bool look(struct seen *s, const struct pkt *p)
{
	const uint8_t *udp, *end = p->b + p->len;
	size_t l2 = 14, hdr;

	while (l2 + 4 <= p->len && (get16(p->b + l2 - 2) == 0x8100 ||
				    get16(p->b + l2 - 2) == 0x88a8))
		l2 += 4;
	s->ip = p->b + l2;
	s->v6 = get16(p->b + l2 - 2) == 0x86dd;
	if (!s->v6 && get16(p->b + l2 - 2) != 0x0800)
		return false;
	hdr = s->v6 ? 40 : 20;
	if (s->ip + hdr + 8 > end)
		return false;
	s->iplen = s->v6 ? 40u + get16(s->ip + 4) : get16(s->ip + 2);
	s->src = s->ip + (s->v6 ? 8 : 12);
	s->dst = s->ip + (s->v6 ? 24 : 16);
	udp = s->ip + hdr;
	s->sport = get16(udp);
	s->dport = get16(udp + 2);
	s->udplen = get16(udp + 4);
	s->check = get16(udp + 6);
	s->payload = udp + 8;
	return s->ip[0] >> 4 == (s->v6 ? 6 : 4) && s->iplen >= hdr + 8 &&
	       s->ip + s->iplen <= end && s->udplen >= 8 &&
	       s->udplen <= s->iplen - hdr;
}

static bool is_addr(const uint8_t *p, bool v6, const char *text)
{
	uint8_t b[16];

	return inet_pton(v6 ? AF_INET6 : AF_INET, text, b) == 1 &&
	       !memcmp(p, b, v6 ? 16 : 4);
}

/* The way that the frame must have gone, by its destination */
static const struct way *way_of(const struct seen *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (s->v6 == side_v6(&sides[ways[i].in]) &&
		    s->dport == ways[i].port &&
		    is_addr(s->dst, s->v6, sides[ways[i].in].local))
			return &ways[i];
	return NULL;
}

/* Is it for a port of the media range, if one looks no further than that? */
static bool for_media(const struct pkt *p)
{
	static const char *const localv[] = {LAN4, WAN4, TAG4,
					     LAN6, WAN6, TAG6};
	size_t l2 = 14, hdr;
	const uint8_t *ip;
	uint16_t type, port;
	bool v6;

	for (int i = 0; i < 2 && l2 + 4 <= p->len; i++) {
		type = get16(p->b + l2 - 2);
		l2 += type == 0x8100 || type == 0x88a8 ? 4 : 0;
	}
	type = get16(p->b + l2 - 2);
	v6 = type == 0x86dd;
	hdr = v6 ? 40 : 20;
	ip = p->b + l2;
	if ((!v6 && type != 0x0800) || p->len < l2 + hdr + 8 ||
	    (!v6 && (ip[0] & 15) != 5) || ip[v6 ? 6 : 9] != 17)
		return false;
	port = get16(ip + hdr + 2);
	for (size_t i = 0; i < ARRAY_SIZE(localv); i++)
		if (v6 == (strchr(localv[i], ':') != NULL) &&
		    is_addr(ip + (v6 ? 24 : 16), v6, localv[i]))
			return port >= PORT_MIN && port <= PORT_MAX;
	return false;
}

static bool is_rtcp(const struct seen *s)
{
	return s->udplen >= 16 && s->payload[0] >> 6 == 2 &&
	       s->payload[1] >= 192 && s->payload[1] <= 223;
}

/* Where RTCP that came to the RTP port is turned off to */
static int demuxed(const struct way *w, const struct seen *s)
{
	return w->demux && is_rtcp(s);
}

/* RTP whose SSRC is rewritten: all but sequence number, timestamp and SSRC */
static bool same_payload(const struct way *w, const struct seen *a,
			 const struct seen *b)
{
	static const uint8_t ssrc[4] = {SSRC_OUT >> 24, SSRC_OUT >> 16 & 0xff,
					SSRC_OUT >> 8 & 0xff, SSRC_OUT & 0xff};
	size_t n = a->udplen - 8;

	if (!w->ssrc)
		return !memcmp(a->payload, b->payload, n);
	return n >= 12 && !memcmp(a->payload, b->payload, 2) &&
	       !memcmp(b->payload + 8, ssrc, 4) &&
	       !memcmp(a->payload + 12, b->payload + 12, n - 12);
}

static uint8_t tos_of(const struct seen *s)
{
	return s->v6 ? get16(s->ip) >> 4 & 0xff : s->ip[1];
}

static uint8_t ttl_of(const struct seen *s)
{
	return s->ip[s->v6 ? 7 : 8];
}

static void check_l2(const struct pkt *out, const struct seen *b,
		     const struct side *to)
{
	const uint8_t *type = out->b + 12;

	MUST(!memcmp(out->b, to->peer_mac, 6) &&
	     !memcmp(out->b + 6, to->our_mac, 6));
	MUST(b->ip == out->b + (to->vlan ? 18 : 14));
	if (to->vlan) {
		MUST(get16(type) == 0x8100 && get16(type + 2) == to->vlan);
		type += 4;
	}
	MUST(get16(type) == (b->v6 ? 0x86dd : 0x0800));
}

static void check_ip(const struct way *w, const struct seen *a,
		     const struct seen *b)
{
	uint8_t tos = tos_of(a);
	size_t hdr = b->v6 ? 40 : 20;
	bool ok;

	if (w->dscp)
		tos = (tos & 3) | DSCP << 2;
	MUST(b->v6 ? b->ip[6] == 17 : b->ip[0] == 0x45 && b->ip[9] == 17);
	MUST(tos_of(b) == tos);
	MUST(ttl_of(b) == (ttl_set ? ttl_set : ttl_of(a) - 1) && ttl_of(b));
	if (a->v6 == b->v6) {
		MUST(a->iplen == b->iplen);
		MUST(b->v6 ? (get16(a->ip + 2) == get16(b->ip + 2) &&
			      (a->ip[1] & 15) == (b->ip[1] & 15))
			   : !memcmp(a->ip + 4, b->ip + 4, 4));
	} else {
		MUST(b->iplen == hdr + b->udplen);
	}
	if (b->v6)
		return;
	/* translation makes a header of its own, others hand errors on */
	ok = a->v6 || sum_fold(sum_bytes(a->ip, 20)) == 0xffff;
	MUST((sum_fold(sum_bytes(b->ip, 20)) == 0xffff) == ok);
}

/* As an offload leaves it, which the program must make up for */
static bool is_partial(const struct seen *s)
{
	const uint8_t *addrs = s->src;

	return s->check ==
	       sum_fold(sum_bytes(addrs, s->v6 ? 32 : 8) + 17 + s->udplen);
}

static void check_udp(const struct seen *a, const struct seen *b)
{
	bool ok = !udp_verify(a->ip) || is_partial(a);

	if (!a->check) {
		MUST(!a->v6 &&
		     (b->v6 ? b->check && !udp_verify(b->ip) : !b->check));
		return;
	}
	MUST(b->check && !udp_verify(b->ip) == ok);
}

static void check_relayed(const struct pkt *in, const struct pkt *out)
{
	const struct side *from, *to;
	const struct way *w;
	struct seen a, b;
	int rtcp;

	MUST(look(&a, in) && look(&b, out));
	w = way_of(&a);
	MUST(w);
	from = &sides[w->in];
	to = &sides[w->out];
	rtcp = demuxed(w, &a);
	MUST(a.sport == PEER_PORT && is_addr(a.src, a.v6, from->peer));
	MUST(b.v6 == side_v6(to) && b.sport == OUT_PORT + rtcp &&
	     b.dport == PEER_PORT + rtcp && is_addr(b.src, b.v6, to->local) &&
	     is_addr(b.dst, b.v6, to->peer));
	MUST(a.udplen == b.udplen && same_payload(w, &a, &b));
	check_l2(out, &b, to);
	check_ip(w, &a, &b);
	check_udp(&a, &b);
}

/* The reason that was counted, -1 for none */
static int check_counted(int action, const struct tally *t0,
			 const struct tally *t1)
{
	int reason = -1;

	for (unsigned i = 0; i < CAROM_R_MAX; i++) {
		uint64_t n = t1->packets[i] - t0->packets[i];

		if (!n || !strcmp(fp_reason_class(i), "note"))
			continue;
		MUST(n == 1 && reason < 0);
		reason = (int)i;
	}
	if (reason < 0)
		MUST(action == XDP_PASS);
	else if (action == XDP_PASS)
		MUST(!strcmp(fp_reason_class(reason), "punt"));
	else if (action == XDP_DROP)
		MUST(!strcmp(fp_reason_class(reason), "drop"));
	else
		MUST(reason == CAROM_R_RELAYED);
	return reason;
}

/* One run, and what became of the frame and of the leg */
struct run {
	int action, reason;
	struct pkt out;
	struct leg leg;
	struct leg_aux aux;
};

static uint32_t slot_of(const struct way *w, int rtcp)
{
	struct sa sa = addr(sides[w->in].local, w->port + rtcp);
	uint32_t slot = 0;

	MUST(!fp_slot(bed->fp, &sa, &slot));
	return slot;
}

static void run(struct run *r, int dev, const struct pkt *in, uint32_t slot)
{
	struct tally t0 = counted;
	uint64_t before = bed->fp->legs[slot].packets;

	r->action = bed_run(bed, dev, in, &r->out);
	bed_tally(bed, &counted);
	MUST(r->action == XDP_PASS || r->action == XDP_DROP ||
	     r->action == XDP_TX || r->action == XDP_REDIRECT);
	r->reason = check_counted(r->action, &t0, &counted);
	if (r->action == XDP_PASS) {
		MUST(in->len == r->out.len &&
		     !memcmp(in->b, r->out.b, in->len));
		MUST(r->reason >= 0 || !for_media(in));
	} else if (r->action != XDP_DROP) {
		check_relayed(in, &r->out);
	}
	r->leg = bed->fp->legs[slot];
	r->aux = bed->fp->aux[slot];
	MUST(!slot ||
	     r->leg.packets == before + (r->reason == CAROM_R_RELAYED));
}

static void check_same(const struct run *a, const struct run *b)
{
	const struct leg *la = &a->leg, *lb = &b->leg;
	const struct leg_aux *xa = &a->aux, *xb = &b->aux;

	MUST(a->action == b->action && a->reason == b->reason);
	MUST(a->out.len == b->out.len &&
	     !memcmp(a->out.b, b->out.b, a->out.len));
	MUST(la->packets == lb->packets && la->bytes == lb->bytes);
	MUST(la->ssrc == lb->ssrc && la->seq_max == lb->seq_max &&
	     la->pt == lb->pt);
	MUST(xa->lost == xb->lost && xa->reordered == xb->reordered &&
	     xa->duplicate == xb->duplicate &&
	     xa->ssrc_changes == xb->ssrc_changes);
	MUST(!memcmp(xa->count, xb->count, sizeof(xa->count)));
}

/* The verdict; *express says whether it went so */
static int put(int dev, const struct pkt *in, bool *express)
{
	static struct run fast, slow;
	const struct way *w = NULL;
	uint32_t slot = 0; /* nobody's */
	struct leg_aux aux;
	struct leg leg;
	struct seen s;

	if (look(&s, in))
		w = way_of(&s);
	if (w)
		slot = slot_of(w, demuxed(w, &s));
	leg = bed->fp->legs[slot];
	aux = bed->fp->aux[slot];
	run(&fast, dev, in, slot);
	/* the long way writes down up to where it has seen the sequence */
	*express = w && fast.leg.seq_max != leg.seq_max &&
		   fast.aux.seq_base == aux.seq_base;
	if (!*express)
		return fast.action;

	MUST(leg.ctl.flags & CTL_EXPRESS && w->express);
	leg.ctl.flags &= ~CTL_EXPRESS;
	bed->fp->legs[slot] = leg;
	bed->fp->aux[slot] = aux;
	run(&slow, dev, in, slot);
	MUST(slow.aux.seq_base == slow.leg.seq_max);
	check_same(&fast, &slow);
	return fast.action;
}

static void good(struct way *w, struct pkt *p)
{
	struct rtpspec r = {.pt = 8, .ssrc = w->ssrc_in};
	uint8_t b[256] = {0};
	struct spec s;
	size_t len = 60;

	r.seq = ++w->seq;
	r.ts = w->seq * 160u;
	if (w->kind == RTP)
		len = rtp_build(b, &r, 60 + w->seq % 2);
	else if (w->kind == RTCP)
		len = rtcp_build(b, r.ssrc);
	s = side_in(&sides[w->in], b, len);
	s.dport = w->port;
	pkt_build(p, &s);
}

static void open_leg(const struct way *w)
{
	struct fp_leg l = side_leg(&sides[w->in], &sides[w->out]);

	sa_set_port(&l.local, w->port);
	l.media = w->media;
	l.pt_filter = w->filter;
	memset(l.pt_mask, 0, sizeof(l.pt_mask));
	l.pt_mask[0] = 1 << 8 | 1;
	l.rtcp_ok = w->rtcp_ok;
	l.demux = w->demux;
	l.ssrc_rewrite = w->ssrc;
	l.ssrc_out = SSRC_OUT;
	l.dscp = w->dscp ? DSCP : -1;
	leg_put(bed, &l);
	if (!w->demux)
		return;
	l.demux = false;
	l.media = LEG_RTCP;
	sa_set_port(&l.local, w->port + 1);
	sa_set_port(&l.peer_local, OUT_PORT + 1);
	sa_set_port(&l.peer_remote, PEER_PORT + 1);
	leg_put(bed, &l);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	void *state = NULL;

	(void)argc;
	(void)argv;
	if (geteuid()) {
		fprintf(stderr, "fuzz_xdp: BPF_PROG_RUN needs root\n");
		exit(1);
	}
	MUST(!libre_init());
	MUST(!bed_setup(&state));
	bed = state;
	sides_init(bed, sides);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		open_leg(&ways[i]);
	bed_tally(bed, &counted);
	usleep(3 * LEG_GRACE / 1000);
	return 0;
}

/* Packets in order. The first one is of a new sender, for what was before may
 * have moved the sequence ahead; the next ones are express, but once a second
 * one asks for the next hop */
static void in_order(struct way *w)
{
	bool express = false;
	struct pkt p;

	w->ssrc_in += 0x9e3779b1;
	for (int i = 0; i < 6 && (i < 2 || (w->express && !express)); i++) {
		good(w, &p);
		MUST(put(sides[w->in].dev, &p, &express) >= XDP_TX);
	}
	MUST(express == w->express);
}

/* Cut short or made longer, and bytes changed */
static void mutate(struct pkt *p, const uint8_t *data, size_t size)
{
	memset(p->b + p->len, 0x5a, 128);
	if (data[0] & 1)
		p->len = data[0] / 2 + p->len / 2;
	for (size_t i = 1; i + 1 < size; i += 2)
		p->b[data[i] & 0x7f] = data[i + 1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool express;
	struct way *w;
	struct pkt p;

	if (size < 2 || size > RAW_MAX)
		return 0;
	w = &ways[(data[0] & 0x3f) % ARRAY_SIZE(ways)];
	ttl_set = data[0] & TTL_DOWN ? 0 : TTL;
	fp_set_ttl(bed->fp, ttl_set);
	in_order(w);

	if (data[0] & OWN_FRAME) {
		memcpy(p.b, data + 1, size - 1);
		p.len = size - 1;
	} else {
		good(w, &p);
		mutate(&p, data + 1, size - 1);
	}
	if (p.len >= 14)
		(void)put(sides[w->in].dev, &p, &express);
	return 0;
}
