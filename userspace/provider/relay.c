/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "provider/relay.h"

static bool named(const struct msg_header *h, const char *name)
{
	return !pl_strcasecmp(&h->name, name);
}

/* ---- Via -------------------------------------------------------------------- */

/* Parameters but those that we fill in */
static int write_params(struct mbuf *mb, const struct pl *params)
{
	const char *p = params->p, *end = params->p + params->l;
	int err = 0;

	while (p < end && !err) {
		const char *next = memchr(p + 1, ';', (size_t)(end - p - 1));
		struct pl one = {p, (size_t)((next ? next : end) - p)};
		struct pl name = {p + 1, 0};

		while (name.l + 1 < one.l &&
		       (isalnum((unsigned char)name.p[name.l])))
			name.l++;
		if (pl_strcasecmp(&name, "rport") &&
		    pl_strcasecmp(&name, "received"))
			err = mbuf_write_pl(mb, &one);
		p = next ? next : end;
	}
	return err;
}

static int write_first(struct mbuf *mb, const struct msg_via *v,
		       const struct sa *src)
{
	const char *end = v->hdr->val.p + v->hdr->val.l;
	const char *rest = v->entry.p + v->entry.l;
	struct pl head = v->entry;
	struct sa host;
	bool same;
	int err;

	if (v->params.l)
		head.l = (size_t)(v->params.p - head.p);
	err = mbuf_printf(mb, "Via: %r", &head);
	if (!err)
		err = write_params(mb, &v->params);
	same = msg_host_addr(&host, &v->host, 0) && sa_cmp(&host, src, SA_ADDR);
	if (!err && (!same || v->has_rport))
		err = mbuf_printf(mb, ";received=%j", src);
	if (!err && v->has_rport)
		err = mbuf_printf(mb, ";rport=%u", sa_port(src));
	if (!err)
		err = mbuf_write_str(mb, "\r\n");
	/* more of them in the same line */
	while (rest < end && (*rest == ',' || isspace((unsigned char)*rest)))
		rest++;
	if (!err && rest < end)
		err = mbuf_printf(mb, "Via: %b\r\n", rest,
				  (size_t)(end - rest));
	return err;
}

int relay_vias(struct mbuf *mb, const struct msg *m, const struct sa *src)
{
	bool first = true;
	int err = 0;

	if (!m->viac)
		return EBADMSG;
	for (size_t i = 0; i < m->hdrc && !err; i++) {
		if (m->hdrv[i].type != MSG_VIA)
			continue;
		err = first ? write_first(mb, &m->viav[0], src)
			    : mbuf_write_pl(mb, &m->hdrv[i].line);
		first = false;
	}
	return err;
}

/* ---- single headers ------------------------------------------------------------ */

int relay_hops(const struct msg *m)
{
	const struct msg_header *h = m->first[MSG_MAX_FORWARDS];
	struct pl val;

	if (!h)
		return 70;
	val = h->val;
	msg_trim(&val);
	for (size_t i = 0; i < val.l; i++)
		if (!isdigit((unsigned char)val.p[i]))
			return -1;
	return val.l && val.l <= 3 ? (int)pl_u32(&val) : -1;
}

/* The URI replaced, name and parameters kept */
static int write_from(struct mbuf *mb, const struct msg_header *h,
		      const char *uri)
{
	struct pl was, tag;
	const char *end = h->val.p + h->val.l;
	bool bare;
	int err = msg_addr(&was, &tag, &h->val);

	if (err || was.p < h->val.p || was.p + was.l > end)
		return EBADMSG;
	bare = was.p == h->val.p || was.p[-1] != '<';
	return mbuf_printf(mb, "From: %b%s%s%s%b\r\n", h->val.p,
			   (size_t)(was.p - h->val.p), bare ? "<" : "", uri,
			   bare ? ">" : "", was.p + was.l,
			   (size_t)(end - was.p - was.l));
}

/* RAck names the CSeq of the INVITE: "1 314159 INVITE" (RFC 3262 7.2) */
static int write_rack(struct mbuf *mb, const struct msg_header *h,
		      uint32_t cseq)
{
	struct pl rseq, num, met;

	if (re_regex(h->val.p, h->val.l, "[0-9]+[ \t]+[0-9]+[ \t]+[^ \t]+",
		     &rseq, NULL, &num, NULL, &met))
		return EBADMSG;
	return mbuf_printf(mb, "RAck: %r %u %r\r\n", &rseq, pl_u32(&num) + cseq,
			   &met);
}

/* Behind the routes that are taken off, what is left of a line */
static int write_route(struct mbuf *mb, const struct msg *m,
		       const struct msg_header *h, unsigned pop, unsigned *seen)
{
	struct pl list = h->val, entry;
	int err = 0;
	(void)m;

	while (!err && msg_list_next(&list, &entry))
		if ((*seen)++ >= pop)
			err = mbuf_printf(mb, "Route: %r\r\n", &entry);
	return err;
}

/* ---- messages --------------------------------------------------------------------- */

static int write_header(struct mbuf *mb, const struct msg *m,
			const struct msg_header *h, const struct relay *r,
			unsigned *routes)
{
	switch (h->type) {

	case MSG_VIA:
	case MSG_MAX_FORWARDS:
		return 0;
	case MSG_ROUTE:
		return write_route(mb, m, h, r->pop, routes);
	case MSG_FROM:
		return r->from ? write_from(mb, h, r->from)
			       : mbuf_write_pl(mb, &h->line);
	case MSG_CSEQ:
		return mbuf_printf(mb, "CSeq: %u %r\r\n", m->cseq_num + r->cseq,
				   &m->cseq_met);
	default:
		if (r->cseq && named(h, "RAck"))
			return write_rack(mb, h, r->cseq);
		return mbuf_write_pl(mb, &h->line);
	}
}

int relay_request(struct mbuf *mb, const struct msg *m, const struct relay *r)
{
	const int hops = relay_hops(m);
	unsigned routes = 0;
	int err;

	if (hops <= 0)
		return EBADMSG;
	err = relay_vias(mb, m, r->src);
	if (!err)
		err = mbuf_printf(mb, "Max-Forwards: %d\r\n%s", hops - 1,
				  r->lines ? r->lines : "");
	for (size_t i = 0; i < m->hdrc && !err; i++)
		err = write_header(mb, m, &m->hdrv[i], r, &routes);
	if (!err)
		err = mbuf_printf(mb, "\r\n%r", &m->body);
	return err;
}

/* The Vias below ours */
static int write_vias(struct mbuf *mb, const struct msg *m)
{
	bool first = true;
	int err = 0;

	for (size_t i = 0; i < m->hdrc && !err; i++) {
		const struct msg_header *h = &m->hdrv[i];
		const char *rest, *end = h->val.p + h->val.l;

		if (h->type != MSG_VIA)
			continue;
		if (!first) {
			err = mbuf_write_pl(mb, &h->line);
			continue;
		}
		first = false;
		rest = m->viav[0].entry.p + m->viav[0].entry.l;
		while (rest < end &&
		       (*rest == ',' || isspace((unsigned char)*rest)))
			rest++;
		if (rest < end)
			err = mbuf_printf(mb, "Via: %b\r\n", rest,
					  (size_t)(end - rest));
	}
	return err;
}

int relay_response(struct mbuf *mb, const struct msg *m, const struct msg *req)
{
	int err = mbuf_printf(mb, "SIP/2.0 %u %r\r\n", m->code, &m->phrase);

	if (!err)
		err = write_vias(mb, m);
	for (size_t i = 0; i < m->hdrc && !err; i++) {
		const struct msg_header *h = &m->hdrv[i];

		if (h->type == MSG_VIA)
			continue;
		if (h->type == MSG_FROM)
			err = mbuf_write_pl(mb, &req->first[MSG_FROM]->line);
		else if (h->type == MSG_CSEQ)
			err = mbuf_write_pl(mb, &req->first[MSG_CSEQ]->line);
		else
			err = mbuf_write_pl(mb, &h->line);
	}
	if (!err)
		err = mbuf_printf(mb, "\r\n%r", &m->body);
	return err;
}
