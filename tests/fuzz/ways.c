/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The legs that fuzz_xdp has: each family to each, tags, each kind of media.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "ways.h"

struct side sides[SIDES];
static const struct bed *opened;

/* clang-format off */
struct way ways[WAYS] = {
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30010, .media = LEG_RTP,
	 .kind = RTP, .filter = true, .express = true},
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30012, .media = LEG_RTP,
	 .kind = RTP, .dscp = true, .express = true},
	{.in = SIDE_LAN6, .out = SIDE_WAN6, .port = 30010, .media = LEG_RTP,
	 .kind = RTP, .filter = true},
	{.in = SIDE_LAN4, .out = SIDE_WAN6, .port = 30014, .media = LEG_RTP,
	 .kind = RTP},
	{.in = SIDE_LAN6, .out = SIDE_WAN4, .port = 30014, .media = LEG_RTP,
	 .kind = RTP},
	{.in = SIDE_TAG4, .out = SIDE_LAN4, .port = 30010, .media = LEG_RTP,
	 .kind = RTP},
	{.in = SIDE_WAN4, .out = SIDE_TAG6, .port = 30016, .media = LEG_SRTP,
	 .kind = RTP},
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30018, .media = LEG_RTP,
	 .kind = RTP, .ssrc = true},
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30020, .media = LEG_RTP,
	 .kind = RTCP, .rtcp_ok = true},
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30022, .media = LEG_RTCP,
	 .kind = RTCP},
	{.in = SIDE_WAN4, .out = SIDE_LAN4, .port = 30024, .media = LEG_OTHER,
	 .kind = UDPTL},
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30026, .media = LEG_RTP,
	 .kind = RTP, .rtcp_ok = true, .demux = true, .express = true},
	{.in = SIDE_LAN4, .out = SIDE_TAG6, .port = 30028, .media = LEG_RTP,
	 .kind = RTP, .ssrc = true, .dscp = true},
	{.in = SIDE_WAN4, .out = SIDE_WAN4, .port = 30030, .media = LEG_SRTP,
	 .kind = RTP, .rtcp_ok = true, .express = true},
	{.in = SIDE_LAN6, .out = SIDE_WAN6, .port = 30026, .media = LEG_RTP,
	 .kind = RTCP, .rtcp_ok = true, .demux = true},
	{.in = SIDE_LAN6, .out = SIDE_WAN6, .port = 30027, .media = LEG_RTCP,
	 .kind = RTCP, .up = true},
	{.in = SIDE_LAN6, .out = SIDE_TAG4, .port = 30028, .media = LEG_RTP,
	 .kind = RTP, .ssrc = true, .dscp = true, .tap = true},
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30027, .media = LEG_RTCP,
	 .kind = RTCP, .up = true},
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30032, .media = LEG_SRTP,
	 .kind = RTP, .rtcp_ok = true, .agent = true, .alien = true},
	{.in = SIDE_TAG6, .out = SIDE_WAN4, .port = 30032, .media = LEG_RTP,
	 .kind = RTP, .filter = true, .agent = true},
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30034, .media = LEG_SRTP,
	 .kind = RTP, .alien = true, .express = true},
	{.in = SIDE_LAN4, .out = SIDE_WAN4, .port = 30037, .media = LEG_RTCP,
	 .kind = RTCP, .told = true},
};
/* clang-format on */

static struct sa told(void)
{
	const struct way *w = &ways[WAY_TOLD];

	return addr(sides[w->in].local, w->port);
}

void way_open(struct bed *bed, const struct way *w)
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
	l.tap = w->tap;
	l.alien = w->alien;
	l.plain = w->agent || w->alien;
	if (w->agent)
		l.state = LEG_AGENT;
	sa_set_port(&l.peer_local, OUT_PORT + w->up);
	sa_set_port(&l.peer_remote, PEER_PORT + w->up);
	if (w->told)
		l.said = l.heard = told();
	leg_put(bed, &l);
	opened = bed;
}

struct rtcp_map way_map(void)
{
	const struct sa sa = told();
	struct fp_stream st = {0};

	if (fp_leg_stream(opened->fp, &sa, &st))
		st.active = false;

	return (struct rtcp_map){.on = st.active,
				 .ssrc_in = st.ssrc_in,
				 .ssrc_out = st.ssrc,
				 .seq_off = st.seq_off,
				 .ts_off = st.ts_off};
}

/* A report that names the stream by both of its names */
static size_t report(uint8_t *p)
{
	const struct rtcp_map m = way_map();

	(void)rtcp_build(p, m.ssrc_in);
	p[0] |= 1;
	p[3] = 7;
	for (unsigned i = 0; i < 4; i++)
		p[8 + i] = (uint8_t)(m.ssrc_out >> (24 - 8 * i));

	return 32;
}

void way_packet(struct way *w, struct pkt *p)
{
	struct rtpspec r = {.pt = 8, .ssrc = w->ssrc_in};
	uint8_t b[256] = {0};
	struct spec s;
	size_t len = 60;

	r.seq = ++w->seq;
	r.ts = w->seq * 160u;
	if (w->kind == RTP)
		len = rtp_build(b, &r, 60 + w->seq % 2);
	else if (w->told)
		len = report(b);
	else if (w->kind == RTCP)
		len = rtcp_build(b, r.ssrc);
	s = side_in(&sides[w->in], b, len);
	s.dport = w->port;
	s.tos = w->seq & 0xff;
	s.id = s.flow = 0x5a00 | (w->seq & 0xff);
	pkt_build(p, &s);
}

const struct way *way_of(const struct frame *f)
{
	for (size_t i = 0; i < WAYS; i++)
		if (f->v6 == side_v6(&sides[ways[i].in]) &&
		    f->dport == ways[i].port &&
		    frame_is_addr(f->dst, f->v6, sides[ways[i].in].local))
			return &ways[i];
	return NULL;
}

bool way_is_rtcp(const struct frame *f)
{
	return f->udplen >= 16 && f->payload[0] >> 6 == 2 &&
	       f->payload[1] >= 192 && f->payload[1] <= 223;
}

bool way_turns_off(const struct way *w, const struct frame *f)
{
	return w->demux && way_is_rtcp(f);
}
