/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames through the XDP program, by BPF_PROG_RUN. The input says from which
 * leg's good packet to start and which bytes of it to change; between two of
 * them the leg gets packets in order, so that both of the program's ways are
 * taken. What comes out is read by a parser that shares nothing with it:
 *
 *   - passed frames are as they came, dropped and relayed ones are counted,
 *     once, with a reason whose class says the same as the verdict;
 *   - what is relayed came from the leg's peer, goes to the other one, is as
 *     long as it claims, and says what it said;
 *   - a checksum that was right is right again.
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

/* A leg, and how a good packet for it looks */
static struct way {
	int in, out; /* SIDE_* */
	uint16_t port;
	enum leg_media media;
	enum kind kind;
	bool filter, ssrc, rtcp_ok, demux, dscp;
	uint16_t seq;
} ways[] = {
	{.in = SIDE_LAN4,
	 .out = SIDE_WAN4,
	 .port = 30010,
	 .media = LEG_RTP,
	 .kind = RTP,
	 .filter = true},
	{.in = SIDE_LAN4,
	 .out = SIDE_WAN4,
	 .port = 30012,
	 .media = LEG_RTP,
	 .kind = RTP,
	 .dscp = true},
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
};

static struct side sides[SIDES];
static struct bed *bed;

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
	return s->iplen >= hdr + 8 && s->ip + s->iplen <= end &&
	       s->udplen >= 8 && s->udplen <= s->iplen - hdr;
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

/* RTP whose SSRC is rewritten: all but sequence number, timestamp and SSRC */
static bool same_payload(const struct way *w, const struct seen *a,
			 const struct seen *b)
{
	size_t n = a->udplen - 8;

	if (!w->ssrc)
		return !memcmp(a->payload, b->payload, n);
	return n >= 12 && !memcmp(a->payload, b->payload, 2) &&
	       !memcmp(a->payload + 12, b->payload + 12, n - 12);
}

static void check_relayed(const struct pkt *in, const struct pkt *out)
{
	const struct side *from, *to;
	const struct way *w;
	struct seen a, b;
	bool right;

	MUST(look(&a, in) && look(&b, out));
	w = way_of(&a);
	MUST(w);
	from = &sides[w->in];
	to = &sides[w->out];
	MUST(a.sport == PEER_PORT && is_addr(a.src, a.v6, from->peer));
	MUST(b.v6 == side_v6(to) && b.sport == OUT_PORT &&
	     b.dport == PEER_PORT && is_addr(b.src, b.v6, to->local) &&
	     is_addr(b.dst, b.v6, to->peer));
	MUST(!memcmp(out->b, to->peer_mac, 6) &&
	     !memcmp(out->b + 6, to->our_mac, 6));
	MUST(a.udplen == b.udplen && same_payload(w, &a, &b));
	if (!b.v6 && !a.v6 && sum_fold(sum_bytes(a.ip, 20)) != 0xffff)
		MUST(sum_fold(sum_bytes(b.ip, 20)) != 0xffff);
	else if (!b.v6)
		MUST(sum_fold(sum_bytes(b.ip, 20)) == 0xffff);
	right = a.check && !udp_verify(a.ip);
	if (right || (!a.check && b.v6))
		MUST(b.check && !udp_verify(b.ip));
	if (!a.check && !b.v6)
		MUST(!b.check);
}

static void check_counted(int action, const struct tally *t0,
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
		MUST(!strcmp(fp_reason_class(reason), "punt") ||
		     reason == CAROM_R_NO_DEVICE);
	else if (action == XDP_DROP)
		MUST(!strcmp(fp_reason_class(reason), "drop"));
	else
		MUST(reason == CAROM_R_RELAYED);
}

static int put(int dev, const struct pkt *in)
{
	struct tally t0, t1;
	struct pkt out;
	int action;

	bed_tally(bed, &t0);
	action = bed_run(bed, dev, in, &out);
	bed_tally(bed, &t1);
	MUST(action == XDP_PASS || action == XDP_DROP || action == XDP_TX ||
	     action == XDP_REDIRECT);
	check_counted(action, &t0, &t1);
	if (action == XDP_PASS)
		MUST(in->len == out.len && !memcmp(in->b, out.b, in->len));
	else if (action != XDP_DROP)
		check_relayed(in, &out);
	return action;
}

static void good(struct way *w, struct pkt *p)
{
	struct rtpspec r = {.pt = 8, .ssrc = 0x1000u + w->port};
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
	l.ssrc_rewrite = w->ssrc;
	l.ssrc_out = 0xabcdef01;
	l.dscp = w->dscp ? 46 : -1;
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
	usleep(3 * LEG_GRACE / 1000);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct way *w;
	struct pkt p;

	if (size < 2 || size > PKT_MAX)
		return 0;
	w = &ways[data[0] % ARRAY_SIZE(ways)];
	for (int i = 0; i < 2; i++) {
		good(w, &p);
		MUST(put(sides[w->in].dev, &p) >= XDP_TX);
	}

	if (data[0] & 0x80) { /* a frame of its own making */
		memcpy(p.b, data + 1, size - 1);
		p.len = size - 1;
	} else { /* cut short or made longer, and bytes changed */
		good(w, &p);
		memset(p.b + p.len, 0x5a, 64);
		if (data[1] & 1)
			p.len = data[1] / 2 + p.len / 2;
		for (size_t i = 2; i + 1 < size; i += 2)
			p.b[data[i] & 0x7f] = data[i + 1];
	}
	if (p.len >= 14)
		(void)put(sides[w->in].dev, &p);
	return 0;
}
