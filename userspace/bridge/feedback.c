/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/feedback.c  Feedback (RFC 4585) on a stream that is made here
 *
 * Reports on it end here. What asks the source for something goes on to it: for a whole
 * picture (PLI, FIR of RFC 5104), for a bit rate (REMB). What names packets by their
 * numbers (NACK, TWCC) tells of ours, which the source never had.
 */
#include <string.h>
#include "bridge/member.h"
#include "rtp/translate.h"

enum {
	PSFB = 206,
	PLI = 1,
	FIR = 4,
	AFB = 15,
	FCI = 12,    /* where feedback's own part begins */
	ROOM = 1024, /* of what goes on at once           */
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Does it ask for something, of the stream that m gets? */
static bool asks(const struct member *m, const uint8_t *p, size_t n)
{
	if (p[1] != PSFB || n < FCI)
		return false;
	switch (p[0] & 31) {
	case PLI:
		return get32(p + 8) == m->tx.ssrc;
	case FIR:
		return n >= FCI + 8;
	case AFB:
		return n >= FCI + 8 && !memcmp(p + FCI, "REMB", 4);
	default:
		return false;
	}
}

/* Its sender is we, the stream that of the source */
static void rename_streams(const struct member *m, const struct member *to,
			   uint8_t *p, size_t n)
{
	const struct report_out *ours = &to->rep.out;
	const struct rtcp_map said = {
		.on = true,
		.ssrc_in = get32(p + 4),
		.ssrc_out = ours->at ? ours->ssrc : to->prog->conf.ssrc};
	const struct rtcp_map heard = {
		.on = true, .ssrc_in = to->rx.ssrc, .ssrc_out = m->tx.ssrc};

	rtcp_translate(p, n, &said, &heard);
}

void feedback_pass(struct member *m, const uint8_t *p, size_t n)
{
	struct member *to = m->other;
	uint8_t buf[ROOM];
	size_t len, all = 0;

	if (!to->rx.started || !m->tx.started)
		return;
	while (n >= 4 && p[0] >> 6 == 2) {
		len = 4 + (size_t)(p[2] << 8 | p[3]) * 4;
		if (len > n)
			break;
		/* padding (RFC 3550 6.4.1) may be at the end of all alone */
		if (!(p[0] & 0x20) && all + len <= ROOM && asks(m, p, len)) {
			memcpy(buf + all, p, len);
			rename_streams(m, to, buf + all, len);
			all += len;
		}
		p += len;
		n -= len;
	}
	if (all)
		reporter_feedback(to, buf, all);
}
