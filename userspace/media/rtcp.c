/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/rtcp.c  What RTCP passing by says of a call's quality
 */
#include <errno.h>
#include "media/rtcp.h"

enum {
	TYPE_SR = 200,
	TYPE_RR = 201,
	TYPE_MIN = 192, /* RFC 5761: what cannot be an RTP packet */
	TYPE_MAX = 223,
	HDR_LEN = 4,
	SSRC_LEN = 4,
	SENDER_LEN = 20,
	BLOCK_LEN = 24,
};

/** One packet of a compound */
struct packet {
	const uint8_t *body; /* behind the header                       */
	size_t len;          /* of the body, without padding            */
	uint8_t type;
	uint8_t count;
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Length that the packet must have for what its header promises */
static size_t needs(const struct packet *pkt)
{
	size_t blocks = (size_t)pkt->count * BLOCK_LEN;

	switch (pkt->type) {

	case TYPE_SR:
		return SSRC_LEN + SENDER_LEN + blocks;

	case TYPE_RR:
		return SSRC_LEN + blocks;
	}

	return 0;
}

/* Cut the first packet off */
static int next(struct packet *pkt, const uint8_t **p, size_t *n)
{
	const uint8_t *h = *p;
	size_t len, pad = 0;

	if (*n < HDR_LEN || h[0] >> 6 != 2 || h[1] < TYPE_MIN ||
	    h[1] > TYPE_MAX)
		return EBADMSG;

	len = ((size_t)(h[2] << 8 | h[3]) + 1) * 4;
	if (len > *n)
		return EBADMSG;

	if (h[0] & 0x20) {
		pad = h[len - 1];
		if (!pad || pad > len - HDR_LEN)
			return EBADMSG;
	}

	pkt->body = h + HDR_LEN;
	pkt->len = len - HDR_LEN - pad;
	pkt->type = h[1];
	pkt->count = h[0] & 0x1f;

	*p += len;
	*n -= len;

	return pkt->len < needs(pkt) ? EBADMSG : 0;
}

static int check(const uint8_t *p, size_t n)
{
	struct packet pkt;
	int err = n ? 0 : EBADMSG;

	while (n && !err)
		err = next(&pkt, &p, &n);

	return err;
}

static void sender_info(struct rtcpx_party *own, uint64_t now, const uint8_t *p)
{
	struct rtcpx_sr *sr = &own->srv[own->sr_next++ % RTCPX_SRS];

	own->ntp = (uint64_t)get32(p) << 32 | get32(p + 4);
	own->rtp_ts = get32(p + 8);
	own->sr_packets = get32(p + 12);
	own->sr_octets = get32(p + 16);
	++own->srs;

	sr->lsr = (uint32_t)(own->ntp >> 16);
	sr->seen = now;
}

static void round_trip(struct rtcpx_party *own, const struct rtcpx_party *peer,
		       uint64_t now, uint32_t lsr, uint32_t dlsr)
{
	/* DLSR counts 1/65536 s; rounding may take it past what we measured */
	const uint64_t held = (uint64_t)dlsr * 1000000000 >> 16;
	const uint64_t slack = 1000000;

	for (unsigned i = 0; lsr && i < RTCPX_SRS; i++) {
		const struct rtcpx_sr *sr = &peer->srv[i];

		if (sr->lsr != lsr || sr->seen > now ||
		    held > now - sr->seen + slack)
			continue;

		own->rtt = now - sr->seen > held ? now - sr->seen - held : 0;
		own->has_rtt = true;
	}
}

static void report_block(struct rtcpx_party *own,
			 const struct rtcpx_party *peer, uint64_t now,
			 const uint8_t *p)
{
	uint32_t lost = get32(p + 4) & 0xffffff;

	own->rr_ssrc = get32(p);
	own->fraction_lost = p[4];
	own->lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost;
	own->ext_seq = get32(p + 8);
	own->jitter = get32(p + 12);
	own->reported = now;
	++own->blocks;

	if (peer)
		round_trip(own, peer, now, get32(p + 16), get32(p + 20));
}

static const uint8_t *pick_block(const struct rtcpx_party *peer,
				 const uint8_t *p, unsigned count)
{
	for (unsigned i = 0; peer && i < count; i++)
		if (get32(p + i * BLOCK_LEN) == peer->ssrc)
			return p + i * BLOCK_LEN;

	return count ? p : NULL;
}

int rtcpx_update(struct rtcpx_party *own, const struct rtcpx_party *peer,
		 uint64_t now, const uint8_t *p, size_t n)
{
	struct packet pkt;

	if (!own || !p)
		return EINVAL;

	if (check(p, n)) {
		++own->malformed;
		return EBADMSG;
	}

	while (n && !next(&pkt, &p, &n)) {
		const uint8_t *blocks = pkt.body + SSRC_LEN;

		if (pkt.type != TYPE_SR && pkt.type != TYPE_RR)
			continue;

		own->ssrc = get32(pkt.body);

		if (pkt.type == TYPE_SR) {
			sender_info(own, now, blocks);
			blocks += SENDER_LEN;
		}

		blocks = pick_block(peer, blocks, pkt.count);
		if (blocks)
			report_block(own, peer, now, blocks);
	}

	return 0;
}

double rtcpx_mos(double delay, double loss)
{
	double r = 93.2, mos;

	if (delay < 0)
		delay = 0;
	if (loss < 0)
		loss = 0;
	if (loss > 1)
		loss = 1;

	r -= 0.024 * delay;
	if (delay > 177.3)
		r -= 0.11 * (delay - 177.3);

	r -= 95.0 * (100 * loss) / (100 * loss + 25.1);

	if (r <= 0)
		return 1.0;

	mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;

	/* the cubic dips below its own floor near r = 0 */
	return mos < 1.0 ? 1.0 : mos;
}

bool rtcpx_party_mos(double *mos, const struct rtcpx_party *own,
		     const struct rtcpx_party *peer, uint32_t clock)
{
	double delay = 0;

	if (!mos || !own || !own->blocks)
		return false;

	if (own->has_rtt)
		delay += (double)own->rtt / 2e6;
	if (peer && peer->has_rtt)
		delay += (double)peer->rtt / 2e6;
	if (clock)
		delay += 2e3 * own->jitter / clock;

	*mos = rtcpx_mos(delay, own->fraction_lost / 256.0);

	return true;
}
