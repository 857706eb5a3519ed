/* SPDX-License-Identifier: BSD-2-Clause */
/* A message: start line, headers, body */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "sip/msg.h"

#define NAME(s) s, sizeof(s) - 1

static const struct {
	const char *name;
	size_t len;
	char compact;
	enum msg_hdr type;
} namev[] = {
	{NAME("Via"), 'v', MSG_VIA},
	{NAME("From"), 'f', MSG_FROM},
	{NAME("To"), 't', MSG_TO},
	{NAME("Call-ID"), 'i', MSG_CALL_ID},
	{NAME("CSeq"), 0, MSG_CSEQ},
	{NAME("Max-Forwards"), 0, MSG_MAX_FORWARDS},
	{NAME("Route"), 0, MSG_ROUTE},
	{NAME("Record-Route"), 0, MSG_RECORD_ROUTE},
	{NAME("Content-Length"), 'l', MSG_CONTENT_LENGTH},
	{NAME("Proxy-Require"), 0, MSG_PROXY_REQUIRE},
	{NAME("Event"), 'o', MSG_EVENT},
	{NAME("Contact"), 'm', MSG_CONTACT},
	{NAME("Authorization"), 0, MSG_AUTHORIZATION},
	{NAME("Proxy-Authorization"), 0, MSG_PROXY_AUTHORIZATION},
};

static int fault(struct msg_fault *f, uint16_t code, const char *why)
{
	f->code = code;
	f->why = why;
	return EBADMSG;
}

static enum msg_hdr type_of(const struct pl *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		if (name->l == namev[i].len &&
		    !strncasecmp(name->p, namev[i].name, name->l))
			return namev[i].type;
		if (name->l == 1 && namev[i].compact &&
		    (name->p[0] | 0x20) == namev[i].compact)
			return namev[i].type;
	}
	return MSG_OTHER;
}

/* Not a token, for what we don't know is none of our business (16.3); but nothing
 * that would make it another name for somebody else */
static bool is_name(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++)
		switch (pl->p[i]) {
		case '"':
		case ',':
		case ';':
		case '<':
		case '=':
		case '>':
			return false;
		default:
			if ((uint8_t)pl->p[i] <= ' ')
				return false;
		}
	return pl->l > 0;
}

/* Length of the line with its end; 0: it has none */
static size_t line_len(const struct pl *pl)
{
	const char *lf = memchr(pl->p, '\n', pl->l);

	return lf ? (size_t)(lf - pl->p) + 1 : 0;
}

static bool token_char(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z'))
		return true;
	return c && strchr("-.!%*_+`'~", c);
}

static bool is_token(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++)
		if (!token_char(pl->p[i]))
			return false;
	return pl->l > 0;
}

/* ---- start line ---------------------------------------------------------- */

static int status_line(struct msg *m, struct pl line, struct msg_fault *f)
{
	struct pl code;

	pl_advance(&line, 8); /* "SIP/2.0 " */
	code.p = line.p;
	code.l = min(line.l, (size_t)3);
	m->code = (uint16_t)pl_u32(&code);
	if (line.l < 3 || m->code < 100 || m->code > 699 ||
	    (line.l > 3 && line.p[3] != ' '))
		return fault(f, 0, "status line");
	m->phrase.p = line.p + min(line.l, (size_t)4);
	m->phrase.l = line.l - min(line.l, (size_t)4);
	return 0;
}

/* Exactly one space between the three (7.1) */
static int request_line(struct msg *m, struct pl line, struct msg_fault *f)
{
	const char *sp = pl_strchr(&line, ' '), *sp2;
	bool trailing = false;
	int err;

	if (!sp)
		return ENOENT;
	m->met.p = line.p;
	m->met.l = (size_t)(sp - line.p);
	if (!is_token(&m->met))
		return ENOENT;
	pl_advance(&line, sp + 1 - line.p);
	for (; line.l && line.p[line.l - 1] == ' '; --line.l)
		trailing = true;
	sp2 = pl_strrchr(&line, ' ');
	if (!sp2)
		return ENOENT;
	m->ruri.p = line.p;
	m->ruri.l = (size_t)(sp2 - line.p);
	m->version.p = sp2 + 1;
	m->version.l = line.l - m->ruri.l - 1;
	if (m->version.l < 4 || strncasecmp(m->version.p, "SIP/", 4) != 0)
		return ENOENT;
	if (trailing)
		return fault(f, 400, "Malformed Request-Line");
	err = msg_uri_decode(&m->uri, &m->ruri);
	/* headers would be taken for ours by the next one (19.1.1) */
	m->uri_ok = !err && !m->uri.headers.l;
	if ((err == EBADMSG && !m->uri.scheme.l) || m->ruri.p[0] == '<')
		return fault(f, 400, "Malformed Request-URI");
	if (pl_strcasecmp(&m->version, "SIP/2.0"))
		return fault(f, 505, "Version Not Supported");
	return 0;
}

static int start_line(struct msg *m, struct pl *rest, struct msg_fault *f)
{
	const size_t n = line_len(rest);
	struct pl line;

	if (!n)
		return ENOENT;
	m->start.p = rest->p;
	m->start.l = n;
	line = m->start;
	while (line.l &&
	       (line.p[line.l - 1] == '\n' || line.p[line.l - 1] == '\r'))
		--line.l;
	pl_advance(rest, (ssize_t)n);
	if (line.l > 8 && !strncasecmp(line.p, "SIP/2.0 ", 8))
		return status_line(m, line, f);
	return request_line(m, line, f);
}

/* ---- headers ------------------------------------------------------------- */

/* A CR that ends no line is an end of line for some, and hides a header from us */
static bool bare_cr(const struct pl *line)
{
	const char *p = line->p, *end = line->p + line->l;

	while ((p = memchr(p, '\r', (size_t)(end - p))) != NULL)
		if (*++p != '\n')
			return true;
	return false;
}

static int header(struct msg *m, const struct pl *line, struct msg_fault *f)
{
	struct msg_header *h;
	const char *colon = memchr(line->p, ':', line->l);

	if (m->hdrc == MSG_HEADERS)
		return fault(f, 400, "Too many headers");
	if (!colon)
		return fault(f, 400, "A line without a colon");
	if (bare_cr(line))
		return fault(f, 400, "A bare CR");
	h = &m->hdrv[m->hdrc++];
	memset(h, 0, sizeof(*h));
	h->line = *line;
	h->name.p = line->p;
	h->name.l = (size_t)(colon - line->p);
	while (h->name.l && (h->name.p[h->name.l - 1] == ' ' ||
			     h->name.p[h->name.l - 1] == '\t'))
		--h->name.l;
	if (!is_name(&h->name))
		return fault(f, 400, "Malformed header name");
	h->val.p = colon + 1;
	h->val.l = line->l - (size_t)(colon + 1 - line->p);
	msg_trim(&h->val);
	h->type = type_of(&h->name);
	if (!m->first[h->type])
		m->first[h->type] = h;
	++m->count[h->type];
	return 0;
}

/* Lines up to the empty one; those that begin with white space go on */
static int headers(struct msg *m, struct pl *rest, struct msg_fault *f)
{
	int err = 0;

	while (!err) {
		size_t n = line_len(rest);
		struct pl line = *rest;

		if (!n)
			return fault(f, 400, "No end of headers");
		if (rest->p[0] == '\n' || (n == 2 && rest->p[0] == '\r')) {
			pl_advance(rest, (ssize_t)n);
			return 0;
		}
		line.l = n;
		pl_advance(rest, (ssize_t)n);
		while (rest->l && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
			n = line_len(rest);
			if (!n)
				return fault(f, 400, "No end of headers");
			line.l += n;
			pl_advance(rest, (ssize_t)n);
		}
		err = header(m, &line, f);
	}
	return err;
}

static int vias(struct msg *m, const struct msg_header *h, struct msg_fault *f)
{
	struct pl list = h->val, entry;
	struct msg_via *v = NULL;

	while (msg_list_next(&list, &entry)) {
		/* who is so far away is for others to look at */
		if (m->viac == MSG_VIAS)
			break;
		v = &m->viav[m->viac++];
		memset(v, 0, sizeof(*v));
		v->hdr = h;
		/* ours to understand is the first one, and in a response the
		 * one behind it: where it goes */
		if (msg_via_decode(v, &entry) && m->viac <= (m->code ? 2 : 1))
			return fault(f, m->viac == 1 && m->code ? 0 : 400,
				     "Malformed Via");
	}
	/* none may stand where the next hop looks */
	if (v)
		v->last = true;
	else if (m->viac < (m->code ? 2 : 1))
		return fault(f, 400, "Empty Via");
	return 0;
}

static int routes(struct msg *m, const struct msg_header *h,
		  struct msg_fault *f)
{
	struct pl list = h->val, entry;
	struct msg_route *r = NULL;

	while (msg_list_next(&list, &entry)) {
		if (m->routec == MSG_ROUTES)
			return 0;
		if (r)
			r->next.p = entry.p;
		r = &m->routev[m->routec++];
		memset(r, 0, sizeof(*r));
		r->hdr = h;
		/* ours to understand: two of our own, and the next hop */
		if (msg_route_decode(r, &entry) && m->routec <= 3)
			return fault(f, 400, "Malformed Route");
	}
	return 0;
}

/* By hand: a regular expression would look at a long number once for each of its
 * digits */
static int cseq(struct msg *m, struct msg_fault *f)
{
	struct pl met = m->first[MSG_CSEQ]->val;

	m->cseq.p = met.p;
	while (met.l && met.p[0] >= '0' && met.p[0] <= '9')
		pl_advance(&met, 1);
	m->cseq.l = (size_t)(met.p - m->cseq.p);
	m->cseq_met = met;
	msg_trim(&m->cseq_met);
	if (!m->cseq.l || m->cseq.l > 10 || pl_u64(&m->cseq) > INT32_MAX ||
	    !m->cseq_met.l || m->cseq_met.p == met.p)
		return fault(f, 400, "Malformed CSeq");
	for (size_t i = 0; i < m->cseq_met.l; i++)
		if (strchr(" \t\r\n", m->cseq_met.p[i]))
			return fault(f, 400, "Malformed CSeq");
	m->cseq_num = pl_u32(&m->cseq);
	if (!m->code && pl_cmp(&m->cseq_met, &m->met))
		return fault(f, 400, "CSeq of another method");
	return 0;
}

/* The body: as much as Content-Length says, of a datagram (18.3) */
static int body(struct msg *m, struct pl rest, bool dgram, struct msg_fault *f)
{
	const struct msg_header *h = m->first[MSG_CONTENT_LENGTH];
	uint64_t n;

	m->body = rest;
	if (!h)
		return dgram ? 0 : fault(f, 400, "Missing Content-Length");
	if (!h->val.l || h->val.l > 9)
		return fault(f, 400, "Malformed Content-Length");
	for (size_t i = 0; i < h->val.l; i++)
		if (h->val.p[i] < '0' || h->val.p[i] > '9')
			return fault(f, 400, "Malformed Content-Length");
	n = pl_u64(&h->val);
	if (n > rest.l)
		return fault(f, 400, "Content-Length is more than came");
	m->body.l = n;
	m->text.l = (size_t)(m->body.p + n - m->text.p);
	return 0;
}

/* What each message has, and has once (8.1.1) */
static int mandatory(struct msg *m, struct msg_fault *f)
{
	static const enum msg_hdr oncev[] = {
		MSG_FROM, MSG_TO,           MSG_CALL_ID,
		MSG_CSEQ, MSG_MAX_FORWARDS, MSG_CONTENT_LENGTH};

	if (!m->viac)
		return fault(f, 0, "No Via");
	for (size_t i = 0; i < ARRAY_SIZE(oncev); i++) {
		if (m->count[oncev[i]] > 1)
			return fault(f, 400, "A header twice");
		if (i < 4 && !m->count[oncev[i]])
			return fault(f, 400, "A mandatory header is missing");
	}
	m->callid = m->first[MSG_CALL_ID]->val;
	if (!m->callid.l || pl_strchr(&m->callid, ' '))
		return fault(f, 400, "Malformed Call-ID");
	if (msg_tag(&m->from_tag, &m->first[MSG_FROM]->val))
		return fault(f, 400, "Malformed From");
	if (msg_tag(&m->to_tag, &m->first[MSG_TO]->val))
		return fault(f, 400, "Malformed To");
	return cseq(m, f);
}

int msg_decode(struct msg *m, const struct pl *text, bool dgram,
	       struct msg_fault *f)
{
	struct pl rest;
	int err;

	if (!m || !text || !f)
		return EINVAL;
	/* the lists are long: an entry is cleared when it is taken */
	memset(m, 0, offsetof(struct msg, hdrv));
	memset(m->viav, 0, 2 * sizeof(m->viav[0]));
	*f = (struct msg_fault){0, NULL};
	rest = *text;
	while (rest.l && (rest.p[0] == '\r' || rest.p[0] == '\n'))
		pl_advance(&rest, 1);
	m->text = rest;
	err = start_line(m, &rest, f);
	if (err == ENOENT)
		return err;
	if (!err)
		err = headers(m, &rest, f);
	else
		(void)headers(m, &rest, &(struct msg_fault){0, NULL});
	/* for the reply: all Vias, whatever else is wrong */
	for (size_t i = 0; i < m->hdrc; i++) {
		struct msg_fault via = {0, NULL};

		if (m->hdrv[i].type != MSG_VIA || !vias(m, &m->hdrv[i], &via) ||
		    err)
			continue;
		*f = via;
		err = EBADMSG;
	}
	if (err)
		return err;
	err = mandatory(m, f);
	if (!err)
		err = body(m, rest, dgram, f);
	/* a response goes by its Vias, whatever else stands in it */
	for (size_t i = 0; i < m->hdrc && !err && !m->code; i++)
		if (m->hdrv[i].type == MSG_ROUTE)
			err = routes(m, &m->hdrv[i], f);
	return err;
}
