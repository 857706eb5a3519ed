/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/desc.c  What an SDP says of one m= line
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/call.h"

static bool in_net4(uint32_t a, uint32_t net, unsigned bits)
{
	return (a ^ net) >> (32 - bits) == 0;
}

bool sa_private(const struct sa *sa)
{
	uint8_t b[16];
	uint32_t a;

	switch (sa_af(sa)) {

	case AF_INET:
		a = sa_in(sa);
		return in_net4(a, 0x0a000000, 8) ||
		       in_net4(a, 0xac100000, 12) ||
		       in_net4(a, 0xc0a80000, 16) ||
		       in_net4(a, 0x64400000, 10) ||
		       in_net4(a, 0xa9fe0000, 16) || in_net4(a, 0x7f000000, 8);

	case AF_INET6:
		sa_in6(sa, b);
		return (b[0] & 0xfe) == 0xfc ||
		       (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
		       sa_is_loopback(sa);

	default:
		return false;
	}
}

static enum leg_media media_kind(const struct sdpx_media *sm)
{
	if (sm->dtls || sm->srtp)
		return sm->rtp ? LEG_SRTP : LEG_OTHER;

	return sm->rtp ? LEG_RTP : LEG_OTHER;
}

/* Media over TCP never reaches a leg: those sections pass as they are */
bool desc_udp(const struct sdpx_media *sm)
{
	struct pl tcp = sm->proto;

	if (sm->rtp)
		return true;

	if (tcp.l >= 3) {
		tcp.l = 3;
		if (!pl_strcasecmp(&tcp, "TCP"))
			return false;
	}

	return pl_strcasecmp(&sm->proto, "MSRP") != 0;
}

bool desc_pts(const struct sdpx_media *sm, const bool *drop, uint32_t pt[4],
	      int *dtmf_pt)
{
	bool all = true;

	memset(pt, 0, 4 * sizeof(*pt));
	*dtmf_pt = -1;

	for (size_t i = 0; i < sm->fmtc; i++) {
		const struct sdpx_fmt *f = &sm->fmtv[i];

		if (drop && drop[i])
			continue;

		if (f->pt < 0 || f->pt > 127) {
			all = false;
			continue;
		}

		pt[f->pt / 32] |= 1u << (f->pt % 32);

		if (*dtmf_pt < 0 && !pl_strcasecmp(&f->name, "telephone-event"))
			*dtmf_pt = f->pt;
	}

	return all;
}

static uint32_t clock_of(const struct sdpx_media *sm)
{
	for (size_t i = 0; i < sm->fmtc; i++) {
		const struct sdpx_fmt *f = &sm->fmtv[i];

		if (f->rate && pl_strcasecmp(&f->name, "telephone-event"))
			return f->rate;
	}

	return 0;
}

/* The packets of a phone behind NAT come from where its SIP came from */
static void distrust(struct desc *d, const struct sa *from)
{
	uint16_t rtp = sa_port(&d->remote), rtcp = sa_port(&d->rtcp);

	if (!sa_cmp(&d->remote, from, SA_ADDR))
		d->credible = false;

	d->remote = d->rtcp = *from;
	sa_set_port(&d->remote, rtp);
	sa_set_port(&d->rtcp, rtcp);
}

void desc_set(struct desc *d, const struct sdpx_media *sm,
	      const struct media_opts *o, const struct sa *local)
{
	memset(d, 0, sizeof(*d));

	d->known = true;
	d->active = sm->port != 0 && desc_udp(sm);
	d->held = sm->held;
	d->dir = sm->dir;
	d->media = media_kind(sm);
	d->remote = sm->raddr;
	d->rtcp = sm->rtcp;
	/* one leg speaks one family: a=rtcp of another one is not reachable */
	if (sa_af(&d->rtcp) != sa_af(&d->remote)) {
		d->rtcp = d->remote;
		sa_set_port(&d->rtcp, sa_port(&sm->rtcp));
	}
	d->mux = sm->rtcp_mux;
	d->credible = !sa_private(&sm->raddr) || (local && sa_private(local));
	d->strict = o->strict_source;
	d->any_src = o->asymmetric && !o->symmetric;
	d->filter = desc_pts(sm, NULL, d->pt, &d->dtmf_pt);
	d->clock = clock_of(sm);
	(void)pl_strcpy(&sm->type, d->type, sizeof(d->type));
	(void)pl_strcpy(&sm->proto, d->proto, sizeof(d->proto));

	if (!d->held && !o->trust_address &&
	    sa_isset(&o->received_from, SA_ADDR))
		distrust(d, &o->received_from);
}
