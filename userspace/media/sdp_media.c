/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_media.c  One m= section, understood
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"

enum { TRICKLE_PORT = 9 };

static bool starts(const struct pl *pl, const char *with)
{
	struct pl head = *pl;
	size_t n = str_len(with);

	if (pl->l < n)
		return false;

	head.l = n;

	return !pl_strcasecmp(&head, with);
}

static bool ends(const struct pl *pl, const char *with)
{
	struct pl tail = *pl;
	size_t n = str_len(with);

	if (pl->l < n)
		return false;

	pl_advance(&tail, (ssize_t)(pl->l - n));

	return !pl_strcasecmp(&tail, with);
}

/* RTP over TCP (RFC 4571) is not meant here: it never reaches a UDP port */
static void proto_class(struct sdpx_media *m)
{
	const struct pl *p = &m->proto;

	m->dtls = starts(p, "UDP/TLS/") || starts(p, "UDP/DTLS/") ||
		  starts(p, "DTLS/");
	m->rtp = starts(p, "RTP/") || starts(p, "UDP/TLS/RTP/");
	m->srtp = m->rtp && (ends(p, "/SAVP") || ends(p, "/SAVPF"));
}

static int port_decode(struct sdpx_media *m, const struct pl *word)
{
	struct pl num = *word, count = PL("1");
	const char *slash = pl_strchr(word, '/');
	uint32_t n, c;

	if (slash) {
		num.l = (size_t)(slash - word->p);
		count.p = slash + 1;
		count.l = word->l - num.l - 1;
	}

	if (sdp_uint(&n, &num, 65535) || sdp_uint(&c, &count, 65535) || !c)
		return EBADMSG;

	/* every port of the run has its RTCP beside it */
	if (n + (c - 1) * 2 > 65535)
		return EBADMSG;

	m->port = (uint16_t)n;
	m->nports = (uint16_t)c;

	return 0;
}

/** A section while it is being read */
struct reader {
	struct sdpx_media *m;
	const struct sdp_line *ln;
	size_t line;
	uint16_t rtcp_port;
	struct sdpx_err *e;
};

static int mline_decode(struct reader *r)
{
	struct sdpx_media *m = r->m;
	struct pl rest = r->ln->val, port;

	if (!sdp_word(&rest, &m->type) || !sdp_word(&rest, &port) ||
	    !sdp_word(&rest, &m->proto))
		return sdp_refuse(r->e, r->line,
				  "m=%r: needs media, port,"
				  " protocol and formats",
				  &r->ln->val);

	if (port_decode(m, &port))
		return sdp_refuse(r->e, r->line,
				  "m= port %r is not in"
				  " 0..65535",
				  &port);

	proto_class(m);

	if (sdp_fmt_list(m, rest))
		return sdp_refuse(r->e, r->line, "more than %u formats",
				  (unsigned)SDPX_FMT_MAX);

	/* a refused section may well have lost its formats */
	if (!m->fmtc && m->port)
		return sdp_refuse(r->e, r->line, "m=%r: names no format",
				  &r->ln->val);

	sdp_fmt_static(m);

	return 0;
}

/* RFC 3605 */
static int rtcp_attr_decode(struct reader *r)
{
	struct pl rest = r->ln->aval, word;
	const char *why;
	uint32_t port;

	if (!sdp_word(&rest, &word) || sdp_uint(&port, &word, 65535))
		return sdp_refuse(r->e, r->line,
				  "a=rtcp:%r: port is not in"
				  " 0..65535",
				  &r->ln->aval);

	r->m->rtcp_attr = true;
	r->rtcp_port = (uint16_t)port;

	word = rest;
	if (sdp_word(&word, &rest)) {
		rest.l = (size_t)(word.p + word.l - rest.p);
		if (sdp_addr_decode(&r->m->rtcp, &rest, &why))
			return sdp_refuse(r->e, r->line, "a=rtcp:%r: %s",
					  &r->ln->aval, why);
	}

	return 0;
}

static void ptime_decode(struct sdpx_media *m, const struct sdp_line *ln)
{
	struct pl rest = ln->aval, word;
	uint32_t ms;

	if (sdp_word(&rest, &word) && !sdp_uint(&ms, &word, 60000))
		m->ptime = ms;
}

static void crypto_decode(struct sdpx_media *m, const struct sdp_line *ln)
{
	m->crypto = true;
	if (m->cryptoc < SDPX_CRYPTO_MAX)
		m->cryptov[m->cryptoc++] = ln->aval;
}

static int attr_decode(struct reader *r)
{
	const struct sdp_line *ln = r->ln;
	struct sdpx_media *m = r->m;
	struct pl rest = ln->aval;

	if (sdp_attr_is(ln, "rtpmap"))
		sdp_fmt_rtpmap(m, &ln->aval);
	else if (sdp_attr_is(ln, "fmtp"))
		sdp_fmt_fmtp(m, &ln->aval);
	else if (sdp_attr_is(ln, "rtcp"))
		return rtcp_attr_decode(r);
	else if (sdp_attr_is(ln, "rtcp-mux"))
		m->rtcp_mux = true;
	else if (sdp_attr_is(ln, "ptime"))
		ptime_decode(m, ln);
	else if (sdp_attr_is(ln, "mid"))
		(void)sdp_word(&rest, &m->mid);
	else if (sdp_attr_is(ln, "ice-ufrag") || sdp_attr_is(ln, "candidate"))
		m->ice = true;
	else if (sdp_attr_is(ln, "fingerprint"))
		m->fingerprint = true;
	else if (sdp_attr_is(ln, "crypto"))
		crypto_decode(m, ln);
	else
		(void)sdp_attr_dir(&m->dir, ln);

	return 0;
}

static int line_decode(struct reader *r)
{
	struct sa conn;
	const char *why;

	if (r->ln->type == 'a')
		return attr_decode(r);
	if (r->ln->type != 'c')
		return 0;

	if (sdp_addr_decode(&conn, &r->ln->val, &why))
		return sdp_refuse(r->e, r->line, "c=%r: %s", &r->ln->val, why);

	/* several c= lines are multicast layers; the first is the base */
	if (!r->m->has_conn)
		r->m->raddr = conn;
	r->m->has_conn = true;

	return 0;
}

static int addresses_settle(struct reader *r, const struct sdpx *doc)
{
	struct sdpx_media *m = r->m;

	if (!m->has_conn)
		m->raddr = doc->conn;

	if (!m->has_conn && !doc->has_conn)
		return m->port ? sdp_refuse(r->e, r->line,
					    "no c= for this m="
					    " line, nor for the session")
			       : 0;

	if (!m->rtcp_attr)
		r->rtcp_port = m->port && m->port < 65535 ? m->port + 1 : 0;

	if (!sa_isset(&m->rtcp, SA_ADDR))
		m->rtcp = m->raddr;

	/* who trickles candidates has no address yet (RFC 8840 4.1.1) */
	m->held = sa_is_any(&m->raddr) && !(m->ice && m->port == TRICKLE_PORT);

	sa_set_port(&m->raddr, m->port);
	sa_set_port(&m->rtcp, r->rtcp_port);

	return 0;
}

int sdp_media_decode(struct sdpx *doc, size_t i, struct sdpx_err *e)
{
	const struct sdp_range *range = &doc->rangev[i];
	const struct sdp_line *last = &doc->linev[range->end - 1];
	struct reader r = {
		.m = &doc->mediav[i],
		.ln = &doc->linev[range->first],
		.line = range->first,
		.e = e,
	};
	int err;

	r.m->text.p = r.ln->full.p;
	r.m->text.l = (size_t)(last->full.p + last->full.l - r.m->text.p);
	r.m->dir = doc->dir;
	r.m->ice = doc->ice;
	r.m->fingerprint = doc->fingerprint;

	err = mline_decode(&r);

	while (!err && ++r.line < range->end) {
		r.ln = &doc->linev[r.line];
		err = line_decode(&r);
	}

	if (err)
		return err;

	r.line = range->first;

	return addresses_settle(&r, doc);
}
