/* SPDX-License-Identifier: BSD-2-Clause */
/* RTCP as JSON, under the names that HOMER reads */
#include <errno.h>
#include "hep/hep.h"

enum { HEAD = 4 /* bytes that each packet begins with */, PARTS = 8 };

/* What a compound packet says */
struct report {
	const struct rtcp_msg *sr, *first, *sdes;
	struct mbuf *blocks; /* of all SRs and RRs */
	unsigned blockc;
	int err;
};

static int block(const struct rtcp_rr *rr, struct report *r)
{
	return mbuf_printf(r->blocks,
			   "%s{\"source_ssrc\":%u,\"highest_seq_no\":%u,"
			   "\"fraction_lost\":%u,\"ia_jitter\":%u,"
			   "\"packets_lost\":%d,\"lsr\":%u,\"dlsr\":%u}",
			   r->blockc++ ? "," : "", rr->ssrc, rr->last_seq,
			   rr->fraction, rr->jitter, rr->lost, rr->lsr,
			   rr->dlsr);
}

static int take_blocks(const struct rtcp_msg *m, struct report *r)
{
	const struct rtcp_rr *rrv = m->hdr.pt == RTCP_SR ? m->r.sr.rrv
							 : m->r.rr.rrv;
	int err = 0;

	if (!r->first)
		r->first = m;
	if (!rrv)
		return 0;
	for (unsigned i = 0; i < m->hdr.count && !err; i++)
		err = block(&rrv[i], r);
	return err;
}

static int take(struct rtcp_msg *m, struct report *r)
{
	switch (m->hdr.pt) {
	case RTCP_SR:
		r->sr = m;
		return take_blocks(m, r);
	case RTCP_RR:
		return take_blocks(m, r);
	case RTCP_SDES:
		r->sdes = m;
		return 0;
	default:
		return 0;
	}
}

/* A string of SDES may be any bytes: what is no plain ASCII becomes '?' */
static int print_text(struct re_printf *pf, const struct rtcp_sdes_item *item)
{
	int err = 0;

	for (unsigned i = 0; i < item->length && !err; i++) {
		const unsigned char c = (unsigned char)item->data[i];
		char out[2] = {c < ' ' || c > '~' ? '?' : (char)c, 0};

		if (c == '"' || c == '\\')
			err = pf->vph("\\", 1, pf->arg);
		if (!err)
			err = pf->vph(out, 1, pf->arg);
	}
	return err;
}

static int put_sdes(struct mbuf *mb, const struct rtcp_msg *m)
{
	const struct rtcp_sdes *s = m->r.sdesv;
	int err;

	if (!m->hdr.count || !s)
		return 0;
	err = mbuf_printf(mb,
			  ",\"sdes_ssrc\":%u,\"sdes_report_count\":%u,"
			  "\"sdes_information\":[",
			  s->src, s->n);
	for (uint32_t i = 0; i < s->n && !err; i++)
		err = mbuf_printf(mb, "%s{\"type\":%u,\"text\":\"%H\"}",
				  i ? "," : "", s->itemv[i].type, print_text,
				  &s->itemv[i]);
	return err ? err : mbuf_write_u8(mb, ']');
}

static int put_sender(struct mbuf *mb, const struct rtcp_msg *m)
{
	return mbuf_printf(
		mb,
		"\"sender_information\":{"
		"\"ntp_timestamp_sec\":%u,"
		"\"ntp_timestamp_usec\":%u,"
		"\"rtp_timestamp\":%u,\"packets\":%u,"
		"\"octets\":%u},",
		m->r.sr.ntp_sec,
		(uint32_t)((uint64_t)m->r.sr.ntp_frac * 1000000 >> 32),
		m->r.sr.rtp_ts, m->r.sr.psent, m->r.sr.osent);
}

static int print(struct mbuf *mb, const struct report *r)
{
	const struct rtcp_msg *m = r->sr      ? r->sr
				   : r->first ? r->first
					      : r->sdes;
	const uint32_t ssrc = m->hdr.pt == RTCP_SR   ? m->r.sr.ssrc
			      : m->hdr.pt == RTCP_RR ? m->r.rr.ssrc
			      : m->r.sdesv           ? m->r.sdesv->src
						     : 0;
	int err = mbuf_write_u8(mb, '{');

	if (r->sr && !err)
		err = put_sender(mb, r->sr);
	if (!err)
		err = mbuf_printf(mb,
				  "\"ssrc\":%u,\"type\":%u,"
				  "\"report_count\":%u,\"report_blocks\":[%b]",
				  ssrc, m->hdr.pt, r->blockc, r->blocks->buf,
				  r->blocks->end);
	if (r->sdes && !err)
		err = put_sdes(mb, r->sdes);
	return err ? err : mbuf_write_u8(mb, '}');
}

/* One off the front; what we don't read is skipped by its length */
static int next(struct rtcp_msg **mp, struct mbuf *in)
{
	const uint8_t *p = mbuf_buf(in);
	const size_t n = ((size_t)p[2] << 8 | p[3]) * 4 + HEAD;
	struct mbuf one = {.buf = mbuf_buf(in), .size = n, .end = n};
	int err = 0;

	if (p[0] >> 6 != 2 || n > mbuf_get_left(in))
		return EBADMSG;
	if (p[1] == RTCP_SR || p[1] == RTCP_RR || p[1] == RTCP_SDES)
		err = rtcp_decode(mp, &one);
	mbuf_advance(in, (ssize_t)n);
	return err && err != ENOMEM ? EBADMSG : err;
}

static int read_parts(struct rtcp_msg **msgv, unsigned *msgc, struct mbuf *in,
		      struct report *r)
{
	int err = 0;

	while (!err && mbuf_get_left(in) >= HEAD && *msgc < PARTS) {
		err = next(&msgv[*msgc], in);
		if (!err && msgv[*msgc])
			err = take(msgv[(*msgc)++], r);
	}
	return !err && !r->first && !r->sdes ? EBADMSG : err;
}

int hep_rtcp_json(struct mbuf *mb, const uint8_t *p, size_t n)
{
	struct mbuf in = {.buf = (uint8_t *)(uintptr_t)p, .size = n, .end = n};
	struct rtcp_msg *msgv[PARTS] = {NULL};
	struct report r = {.blocks = NULL};
	unsigned msgc = 0;
	int err;

	if (!mb || !p)
		return EINVAL;
	r.blocks = mbuf_alloc(256);
	err = r.blocks ? read_parts(msgv, &msgc, &in, &r) : ENOMEM;
	if (!err)
		err = print(mb, &r);
	for (unsigned i = 0; i < msgc; i++)
		mem_deref(msgv[i]);
	mem_deref(r.blocks);
	return err;
}
