/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/report.c  Sender and receiver reports
 */
#include <string.h>
#include "rtp/report.h"

enum {
	SR = 200,
	RR = 201,
	SDES = 202,
	CNAME = 1,
	VERSION = 2 << 6,
	HEAD = 4,
	BLOCK = 24,
	INFO = 20, /* of a sender */
	LOST_MAX = 0x7fffff,
};

#define NTP_1970 2208988800u
#define NS_PER_S 1000000000u

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;

	return p + 4;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint64_t ntp(uint64_t wall)
{
	const uint64_t s = wall / NS_PER_S + NTP_1970;

	return s << 32 | ((wall % NS_PER_S) << 32) / NS_PER_S;
}

/* ---- what comes ----------------------------------------------------------- */

static void begin(struct report_in *in, uint32_t ssrc, uint16_t seq)
{
	memset(in, 0, sizeof(*in));
	in->started = true;
	in->ssrc = ssrc;
	in->base_seq = seq;
	in->max_seq = seq;
}

void report_packet(struct report_in *in, uint32_t ssrc, uint16_t seq,
		   uint32_t ts, uint32_t clock, uint64_t now)
{
	const bool first = !in->started || in->ssrc != ssrc;
	/* wraps with the time stamps, which is all that the difference needs */
	const uint32_t transit = (uint32_t)(now / NS_PER_S * clock +
					    now % NS_PER_S * clock / NS_PER_S) -
				 ts;
	uint32_t d;

	if (first)
		begin(in, ssrc, seq);
	++in->received;
	if ((int16_t)(seq - in->max_seq) > 0) {
		if (seq < in->max_seq)
			in->cycles += 1u << 16;
		in->max_seq = seq;
	}
	if (!first) {
		d = transit - in->transit;
		if (d > INT32_MAX)
			d = 0 - d;
		in->jitter += d - ((in->jitter + 8) >> 4);
	}
	in->transit = transit;
}

static uint32_t expected(const struct report_in *in)
{
	return in->started ? in->cycles + in->max_seq - in->base_seq + 1 : 0;
}

uint32_t report_lost(const struct report_in *in)
{
	const uint32_t n = expected(in);

	return n > in->received ? n - in->received : 0;
}

/* ---- written -------------------------------------------------------------- */

static uint8_t fraction(struct report_in *in)
{
	const uint32_t exp = expected(in);
	const uint32_t due = exp - in->expected_prior;
	const uint32_t got = in->received - in->received_prior;

	in->expected_prior = exp;
	in->received_prior = in->received;
	if (!due || got >= due)
		return 0;

	return (uint8_t)(((uint64_t)(due - got) << 8) / due > 255
				 ? 255
				 : ((uint64_t)(due - got) << 8) / due);
}

static uint8_t *put_block(uint8_t *p, struct report_in *in, uint64_t now)
{
	uint32_t lost = report_lost(in);
	uint32_t dlsr = 0;

	if (lost > LOST_MAX)
		lost = LOST_MAX;
	if (in->lsr_at)
		dlsr = (uint32_t)((now - in->lsr_at) / 1000 * 65536 / 1000000);
	p = put32(p, in->ssrc);
	p = put32(p, (uint32_t)fraction(in) << 24 | lost);
	p = put32(p, in->cycles | in->max_seq);
	p = put32(p, in->jitter >> 4);
	p = put32(p, in->lsr_at ? in->lsr : 0);

	return put32(p, dlsr);
}

/* The time stamp that a packet of this moment would have */
static uint8_t *put_info(uint8_t *p, const struct report_out *out,
			 uint32_t clock, uint64_t now, uint64_t wall)
{
	const uint64_t t = ntp(wall);
	const uint32_t since = (uint32_t)((now - out->at) / 1000 * clock /
					  1000000);

	p = put32(p, (uint32_t)(t >> 32));
	p = put32(p, (uint32_t)t);
	p = put32(p, out->ts + since);
	p = put32(p, out->packets);

	return put32(p, out->octets);
}

static uint8_t *put_head(uint8_t *p, unsigned count, uint8_t type, size_t bytes)
{
	p[0] = (uint8_t)(VERSION | count);
	p[1] = type;
	p[2] = (uint8_t)((bytes / 4 - 1) >> 8);
	p[3] = (uint8_t)(bytes / 4 - 1);

	return p + HEAD;
}

static uint8_t *put_sdes(uint8_t *p, uint32_t ssrc, const char *cname)
{
	size_t len = strlen(cname), bytes;

	if (len >= REPORT_CNAME)
		len = REPORT_CNAME - 1;
	/* an END at least, and up to the next word (RFC 3550 6.5) */
	bytes = (HEAD + 4 + 2 + len + 4) & ~(size_t)3;
	memset(p, 0, bytes);
	p = put32(put_head(p, 1, SDES, bytes), ssrc);
	p[0] = CNAME;
	p[1] = (uint8_t)len;
	memcpy(p + 2, cname, len);

	return p + bytes - HEAD - 4;
}

size_t report_write(uint8_t *p, const struct report_out *out,
		    struct report_in *in, const char *cname, uint32_t clock,
		    uint64_t now, uint64_t wall)
{
	uint8_t *const start = p;
	const bool sent = out->at != 0, comes = in->started;
	const size_t bytes = HEAD + 4 + (sent ? INFO : 0) + (comes ? BLOCK : 0);

	p = put_head(p, comes, sent ? SR : RR, bytes);
	p = put32(p, out->ssrc);
	if (sent)
		p = put_info(p, out, clock, now, wall);
	if (comes)
		p = put_block(p, in, now);
	p = put_sdes(p, out->ssrc, cname);

	return (size_t)(p - start);
}

/* ---- read ----------------------------------------------------------------- */

static void read_block(struct report_out *out, const uint8_t *p, uint64_t wall)
{
	const uint32_t lsr = get32(p + 16), dlsr = get32(p + 20);
	const uint32_t now = (uint32_t)(ntp(wall) >> 16);
	const uint32_t rtt = now - lsr - dlsr;

	if (get32(p) != out->ssrc)
		return;
	out->heard = true;
	++out->reports;
	out->lost = p[4];
	out->jitter = get32(p + 12);
	/* a clock that was set, or a lie: half a minute is no round trip */
	if (lsr && rtt < 30u << 16)
		out->rtt_us = (uint32_t)((uint64_t)rtt * 1000000 >> 16);
}

void report_read(struct report_out *out, struct report_in *in, const uint8_t *p,
		 size_t n, uint64_t now, uint64_t wall)
{
	while (n >= HEAD + 4) {
		const size_t len = ((size_t)p[2] << 8 | p[3]) * 4 + HEAD;
		const unsigned count = p[0] & 31;
		size_t at = HEAD + 4;

		if (p[0] >> 6 != 2 || len > n || len < HEAD + 4)
			return;
		if (p[1] == SR && len >= at + INFO) {
			if (in->started && get32(p + HEAD) == in->ssrc) {
				in->lsr = get32(p + at) << 16 |
					  get32(p + at + 4) >> 16;
				in->lsr_at = now;
			}
			at += INFO;
		} else if (p[1] != RR) {
			at = len;
		}
		for (unsigned i = 0; i < count && at + BLOCK <= len; i++) {
			read_block(out, p + at, wall);
			at += BLOCK;
		}
		p += len;
		n -= len;
	}
}
