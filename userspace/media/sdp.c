/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp.c  SDP body to lines and sections
 */
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"

static void destructor(void *arg)
{
	struct sdpx *doc = arg;

	mem_deref(doc->mediav);
	mem_deref(doc->linev);
	mem_deref(doc->buf);
}

static void line_split(struct sdp_line *ln)
{
	struct pl t = ln->full;
	const char *colon;

	while (t.l && (t.p[t.l - 1] == '\n' || t.p[t.l - 1] == '\r'))
		--t.l;

	if (t.l < 2 || t.p[1] != '=')
		return;

	ln->type = t.p[0];
	ln->val.p = t.p + 2;
	ln->val.l = t.l - 2;

	if (ln->type != 'a')
		return;

	ln->attr = ln->val;
	colon = pl_strchr(&ln->val, ':');
	if (colon) {
		ln->attr.l = (size_t)(colon - ln->val.p);
		ln->aval.p = colon + 1;
		ln->aval.l = ln->val.l - ln->attr.l - 1;
		return;
	}

	/* "a=sendonly " is meant as it looks */
	while (ln->attr.l && sdp_blank(ln->attr.p[ln->attr.l - 1]))
		--ln->attr.l;
}

static int lines_index(struct sdpx *doc, size_t len, struct sdpx_err *e)
{
	const char *p = doc->buf, *end = doc->buf + len;
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += p[i] == '\n';

	doc->linev = mem_zalloc((n + 1) * sizeof(*doc->linev), NULL);
	if (!doc->linev)
		return ENOMEM;

	while (p < end) {
		struct sdp_line *ln = &doc->linev[doc->linec];
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		ln->full.p = p;
		ln->full.l = (size_t)((nl ? nl + 1 : end) - p);
		if (memchr(p, '\0', ln->full.l))
			return sdp_refuse(e, doc->linec, "NUL byte");
		if (ln->full.l > SDP_LINE_MAX)
			return sdp_refuse(e, doc->linec,
					  "line is longer than %u bytes",
					  (unsigned)SDP_LINE_MAX);

		line_split(ln);
		p += ln->full.l;
		++doc->linec;
	}

	return 0;
}

static int version_check(struct sdpx *doc, struct sdpx_err *e)
{
	const struct sdp_line *ln = doc->linev;
	struct pl rest, word;

	if (!doc->linec || ln->type != 'v')
		return sdp_refuse(e, 0, "SDP begins with v=0");

	/* lines that end in CR alone would be one line, with no media in it,
	 * and the SDP would pass as it is */
	if (pl_strchr(&ln->val, '\r'))
		return sdp_refuse(e, 0, "lines end in CR LF, or in LF");

	rest = ln->val;
	if (!sdp_word(&rest, &word) || pl_strcmp(&word, "0"))
		return sdp_refuse(e, 0, "v=%r: only SDP version 0 is known",
				  &ln->val);

	doc->eol = "\n";
	if (ln->full.l > 1 && ln->full.p[ln->full.l - 2] == '\r')
		doc->eol = "\r\n";
	else if (ln->full.p[ln->full.l - 1] != '\n')
		doc->eol = "\r\n";

	return 0;
}

static int sections_index(struct sdpx *doc, struct sdpx_err *e)
{
	doc->session.end = doc->linec;

	for (size_t i = 0; i < doc->linec; i++) {
		if (doc->linev[i].type != 'm')
			continue;

		if (doc->mediac >= SDPX_MEDIA_MAX)
			return sdp_refuse(e, i, "more than %u m= lines",
					  (unsigned)SDPX_MEDIA_MAX);

		if (doc->mediac)
			doc->rangev[doc->mediac - 1].end = i;
		else
			doc->session.end = i;

		doc->rangev[doc->mediac].first = i;
		doc->rangev[doc->mediac].end = doc->linec;
		++doc->mediac;
	}

	return 0;
}

static int origin_check(struct sdpx *doc, size_t i, struct sdpx_err *e)
{
	struct pl rest = doc->linev[i].val, word;
	unsigned n = 0;

	if (doc->origin.p)
		return sdp_refuse(e, i, "second o= line");

	doc->origin = doc->linev[i].val;

	while (sdp_word(&rest, &word))
		++n;

	return n == 6 ? 0 : sdp_refuse(e, i, "o= has %u fields, not 6", n);
}

static void session_attr(struct sdpx *doc, const struct sdp_line *ln)
{
	struct pl rest = ln->aval, word;

	if (sdp_attr_is(ln, "ice-ufrag"))
		doc->ice = true;
	else if (sdp_attr_is(ln, "fingerprint"))
		doc->fingerprint = true;
	else if (sdp_attr_is(ln, "group"))
		doc->bundle |= sdp_word(&rest, &word) &&
			       !pl_strcmp(&word, "BUNDLE");
	else
		(void)sdp_attr_dir(&doc->dir, ln);
}

static int session_decode(struct sdpx *doc, struct sdpx_err *e)
{
	const char *why;
	int err = 0;

	doc->dir = SDP_SENDRECV;

	for (size_t i = 0; i < doc->session.end && !err; i++) {
		const struct sdp_line *ln = &doc->linev[i];

		switch (ln->type) {

		case 'o':
			err = origin_check(doc, i, e);
			break;

		case 'c':
			if (sdp_addr_decode(&doc->conn, &ln->val, &why))
				err = sdp_refuse(e, i, "c=%r: %s", &ln->val,
						 why);
			doc->has_conn = true;
			break;

		case 'a':
			session_attr(doc, ln);
			break;
		}
	}

	return err;
}

static int decode(struct sdpx *doc, const struct pl *body, struct sdpx_err *e)
{
	int err;

	doc->buf = mem_alloc(body->l + 1, NULL);
	if (!doc->buf)
		return ENOMEM;

	memcpy(doc->buf, body->p, body->l);

	err = lines_index(doc, body->l, e);
	if (!err)
		err = version_check(doc, e);
	if (!err)
		err = sections_index(doc, e);
	if (!err)
		err = session_decode(doc, e);
	if (err)
		return err;

	doc->mediav = mem_zalloc((doc->mediac + 1) * sizeof(*doc->mediav),
				 NULL);
	if (!doc->mediav)
		return ENOMEM;

	for (size_t i = 0; i < doc->mediac && !err; i++)
		err = sdp_media_decode(doc, i, e);
	if (!err)
		sdp_bundle_read(doc);

	return err;
}

int sdpx_decode(struct sdpx **sdpp, const struct pl *body, struct sdpx_err *e)
{
	struct sdpx *doc;
	int err;

	if (!sdpp || !body)
		return EINVAL;

	if (!pl_isset(body))
		return sdp_refuse(e, 0, "empty SDP");
	if (body->l > SDP_BODY_MAX)
		return sdp_refuse(e, 0, "SDP is longer than %u bytes",
				  (unsigned)SDP_BODY_MAX);

	doc = mem_zalloc(sizeof(*doc), destructor);
	if (!doc)
		return ENOMEM;

	err = decode(doc, body, e);
	if (err)
		mem_deref(doc);
	else
		*sdpp = doc;

	return err;
}

size_t sdpx_mediac(const struct sdpx *sdp)
{
	return sdp ? sdp->mediac : 0;
}

const struct sdpx_media *sdpx_media(const struct sdpx *sdp, size_t i)
{
	return sdp && i < sdp->mediac ? &sdp->mediav[i] : NULL;
}

const struct pl *sdpx_origin(const struct sdpx *sdp)
{
	return sdp && sdp->origin.p ? &sdp->origin : NULL;
}

bool sdpx_bundle(const struct sdpx *sdp)
{
	return sdp && sdp->bundle;
}
