/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/demux.c  What comes by a transport that members share: for whom is it?
 *                       (RFC 9143 9.2)
 */
#include <string.h>
#include "bridge/member.h"
#include "rtp/extension.h"

enum {
	SR = 200,
	RR = 201,
	RTPFB = 205,
	PSFB = 206,
	FIR = 4,   /* RFC 5104 4.3.1 */
	AFB = 15,  /* RFC 4585 6.4   */
	BLOCK = 8, /* of a receiver's report: its first block */
	SR_BLOCK = 28,
	TARGET = 8, /* of feedback: SSRC of the media source */
	FIRST = 12, /* of a FIR: SSRC of its first entry     */
	REMB = 12,  /* of an AFB: its name                   */
	REMB_SSRC = 20,
	EMPTY_RR = 8,
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* ---- RTP -------------------------------------------------------------------- */

/* A packet that names a section is for it, or for nobody */
static bool by_mid(const struct bundle *b, const uint8_t *p, size_t n,
		   struct member **mp)
{
	const uint8_t *mid = NULL;
	size_t len = 0;
	bool named = false;

	for (unsigned i = 0; i < BUNDLE_MEMBERS; i++) {
		struct member *m = b->mv[i];
		const struct bridge_member *c;

		if (!m || !m->prog->conf.mid_id)
			continue;
		c = &m->prog->conf;
		if (!rtp_ext_find(p, n, c->mid_id, &mid, &len))
			continue;
		named = true;
		if (strlen(c->mid) == len && !memcmp(c->mid, mid, len)) {
			*mp = m;
			return true;
		}
	}

	return named;
}

static struct member *by_ssrc(const struct bundle *b, uint32_t ssrc)
{
	for (unsigned i = 0; i < BUNDLE_SSRCS; i++) {
		if (b->ownerv[i].m && b->ownerv[i].ssrc == ssrc)
			return b->ownerv[i].m;
	}
	for (unsigned i = 0; i < BUNDLE_MEMBERS; i++) {
		struct member *m = b->mv[i];

		for (unsigned k = 0; m && k < m->prog->conf.ssrcc; k++) {
			if (m->prog->conf.ssrcv[k] == ssrc)
				return m;
		}
	}

	return NULL;
}

/* A payload type of one section alone */
static struct member *by_pt(const struct bundle *b, uint8_t pt)
{
	struct member *found = NULL;

	for (unsigned i = 0; i < BUNDLE_MEMBERS; i++) {
		struct member *m = b->mv[i];

		if (!m || !(m->prog->conf.told[pt / 32] & 1u << pt % 32))
			continue;
		if (found)
			return NULL;
		found = m;
	}

	return found;
}

uint32_t bundle_ssrc(const uint8_t *p)
{
	return get32(p + 8);
}

struct member *bundle_find(struct bundle *b, const uint8_t *p, size_t n,
			   bool *learn)
{
	const uint32_t ssrc = bundle_ssrc(p);
	struct member *m = NULL, *known;

	if (by_mid(b, p, n, &m)) {
		*learn = m && by_ssrc(b, ssrc) != m;
		return m;
	}
	known = by_ssrc(b, ssrc);
	if (known)
		return known;
	*learn = true;

	return by_pt(b, p[1] & 0x7f);
}

void bundle_learn(struct bundle *b, uint32_t ssrc, struct member *m)
{
	for (unsigned i = 0; i < BUNDLE_SSRCS; i++) {
		if (b->ownerv[i].m && b->ownerv[i].ssrc == ssrc) {
			b->ownerv[i].m = m;
			return;
		}
	}
	b->ownerv[b->next] = (struct bundle_owner){.ssrc = ssrc, .m = m};
	b->next = (b->next + 1) % BUNDLE_SSRCS;
}

/* Whose stream of ours has this SSRC? */
static struct member *hearer(const struct bundle *b, uint32_t ssrc)
{
	for (unsigned i = 0; i < BUNDLE_SSRCS; i++) {
		if (b->sentv[i].m && b->sentv[i].ssrc == ssrc)
			return b->sentv[i].m;
	}

	return NULL;
}

bool bundle_taken(struct member *m, uint32_t ssrc)
{
	struct bundle *b = m->bundle;
	const struct member *has = hearer(b, ssrc);

	if (has)
		return has != m;
	b->sentv[b->next_sent] = (struct bundle_owner){.ssrc = ssrc, .m = m};
	b->next_sent = (b->next_sent + 1) % BUNDLE_SSRCS;

	return false;
}

/* ---- RTCP ------------------------------------------------------------------- */

/* The stream of ours that a packet is about first; false: none */
static bool about(const uint8_t *p, size_t n, uint32_t *ssrc)
{
	const unsigned count = p[0] & 0x1f;
	size_t off = 0;

	if (p[1] == RR && count)
		off = BLOCK;
	else if (p[1] == SR && count)
		off = SR_BLOCK;
	else if (p[1] == PSFB && count == FIR)
		off = FIRST;
	else if (p[1] == PSFB && count == AFB && n >= REMB_SSRC + 4 &&
		 !memcmp(p + REMB, "REMB", 4))
		off = REMB_SSRC;
	else if (p[1] == RTPFB || p[1] == PSFB)
		off = TARGET;
	if (!off || off + 4 > n)
		return false;
	*ssrc = get32(p + off);

	return true;
}

/* One packet of a compound: a sender's report is of its sender, the others are of what
 * they tell of */
static struct member *owner(const struct bundle *b, const uint8_t *p, size_t n)
{
	struct member *m = NULL;
	uint32_t ssrc;

	if (n < RTCP_HEADER)
		return NULL;
	if (p[1] == SR)
		m = by_ssrc(b, get32(p + 4));
	if (!m && about(p, n, &ssrc))
		m = hearer(b, ssrc);

	return m ? m : by_ssrc(b, get32(p + 4));
}

/* Consecutive packets of a compound that are for one. RTCP begins with a report
 * (RFC 3550 6.1): where this was left to another, it gets an empty one */
static void piece(struct member *m, const struct sa *src, const uint8_t *p,
		  size_t n, uint64_t now)
{
	uint8_t buf[PLANE_PAYLOAD_MAX];

	if (p[1] == SR || p[1] == RR || n < RTCP_HEADER ||
	    n + EMPTY_RR > sizeof(buf)) {
		member_control(m, src, p, n, now);
		return;
	}
	buf[0] = 0x80;
	buf[1] = RR;
	buf[2] = 0;
	buf[3] = 1;
	memcpy(buf + 4, p + 4, 4);
	memcpy(buf + EMPTY_RR, p, n);
	member_control(m, src, buf, n + EMPTY_RR, now);
}

/* Whoever is not known is whoever the packet before was for: SDES behind a report of
 * one who sends nothing */
void bundle_reports(struct bundle *b, const struct sa *src, const uint8_t *p,
		    size_t n, uint64_t now)
{
	struct member *m = NULL;
	size_t from = 0, off = 0;

	while (off + 4 <= n) {
		const size_t len = 4 +
				   ((size_t)p[off + 2] << 8 | p[off + 3]) * 4;
		struct member *next;

		if (off + len > n)
			break;
		next = owner(b, p + off, len);
		if (m && next && next != m) {
			piece(m, src, p + from, off - from, now);
			from = off;
		}
		if (next)
			m = next;
		off += len;
	}
	if (m && off > from)
		piece(m, src, p + from, off - from, now);
}
