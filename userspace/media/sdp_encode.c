/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_encode.c  SDP body written again, with edits
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"
#include "media/sdp_write.h"

int sdp_put(struct sdp_writer *w, const struct pl *pl)
{
	return mbuf_write_mem(w->mb, (const uint8_t *)pl->p, pl->l);
}

/* The line ending that a line came with */
int sdp_put_eol(struct sdp_writer *w, const struct sdp_line *ln)
{
	struct pl eol = ln->full;

	pl_advance(&eol, ln->val.p + ln->val.l - eol.p);

	return sdp_put(w, &eol);
}

/* Lines that we add must not run on from one without an ending */
int sdp_begin_line(struct sdp_writer *w)
{
	const struct mbuf *mb = w->mb;

	if (mb->pos == w->start || mb->buf[mb->pos - 1] == '\n')
		return 0;

	return mbuf_write_str(w->mb, w->doc->eol);
}

const char *sdp_family(const struct sa *sa)
{
	return sa_af(sa) == AF_INET6 ? "IP6" : "IP4";
}

/* Blanks between words are kept: only the words named by the edit change */
int sdp_put_word(struct sdp_writer *w, struct pl *rest, const char **from,
		 const struct pl *instead)
{
	struct pl word, gap;
	int err;

	if (!sdp_word(rest, &word))
		return 0;

	gap.p = *from;
	gap.l = (size_t)(word.p - *from);
	*from = word.p + word.l;

	err = sdp_put(w, &gap);
	if (!err)
		err = sdp_put(w, instead ? instead : &word);

	return err;
}

static int put_origin(struct sdp_writer *w, const struct sdp_line *ln)
{
	const struct sdpx_edit *e = w->edit;
	struct pl dash = PL("-"), rest = ln->val, tail;
	struct pl version = PL_INIT, type = PL_INIT, addr = PL_INIT;
	struct pl id = PL_INIT;
	char vbuf[24], ibuf[24], abuf[64], tbuf[4];
	const char *from = ln->full.p;
	int err = 0;

	if (e->version) {
		(void)re_snprintf(vbuf, sizeof(vbuf), "%llu", *e->version);
		pl_set_str(&version, vbuf);
	}

	if (e->sess_id) {
		(void)re_snprintf(ibuf, sizeof(ibuf), "%llu", *e->sess_id);
		pl_set_str(&id, ibuf);
	}

	if (e->replace_origin) {
		(void)re_snprintf(abuf, sizeof(abuf), "%j", &e->origin);
		(void)re_snprintf(tbuf, sizeof(tbuf), "%s",
				  sdp_family(&e->origin));
		pl_set_str(&addr, abuf);
		pl_set_str(&type, tbuf);
	}

	/* "o=" goes out as the gap before the first word */
	err |= sdp_put_word(w, &rest, &from,
			    e->replace_username ? &dash : NULL);
	err |= sdp_put_word(w, &rest, &from, e->sess_id ? &id : NULL);
	err |= sdp_put_word(w, &rest, &from, e->version ? &version : NULL);
	err |= sdp_put_word(w, &rest, &from, NULL);
	err |= sdp_put_word(w, &rest, &from, e->replace_origin ? &type : NULL);
	err |= sdp_put_word(w, &rest, &from, e->replace_origin ? &addr : NULL);

	tail.p = from;
	tail.l = (size_t)(ln->full.p + ln->full.l - from);

	return err | sdp_put(w, &tail);
}

bool sdp_ice_line(const struct sdp_line *ln)
{
	static const char *const namev[] = {"candidate", "end-of-candidates",
					    "remote-candidates", "ice2"};
	struct pl head = ln->attr;

	if (head.l > 4) {
		head.l = 4;
		if (!pl_strcmp(&head, "ice-"))
			return true;
	}

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++)
		if (sdp_attr_is(ln, namev[i]))
			return true;

	return false;
}

bool sdp_dtls_line(const struct sdp_line *ln)
{
	return sdp_attr_is(ln, "fingerprint") || sdp_attr_is(ln, "setup") ||
	       sdp_attr_is(ln, "tls-id");
}

bool sdp_extmap_line(const struct sdp_line *ln)
{
	return sdp_attr_is(ln, "extmap") ||
	       sdp_attr_is(ln, "extmap-allow-mixed");
}

static bool bundle_line(const struct sdp_line *ln)
{
	struct pl rest = ln->aval, word;

	return sdp_attr_is(ln, "group") && sdp_word(&rest, &word) &&
	       !pl_strcmp(&word, "BUNDLE");
}

static int put_session_attr(struct sdp_writer *w, const struct sdp_line *ln)
{
	const struct sdpx_edit *e = w->edit;
	int err;

	if ((e->ice_remove && sdp_ice_line(ln)) ||
	    (e->dtls_remove && sdp_dtls_line(ln)) ||
	    (e->extmap_remove && sdp_extmap_line(ln)))
		return 0;

	if (!bundle_line(ln) || (!e->bundle && !e->ice_remove))
		return sdp_put_edited(w, e->attrs, ln);

	if (!e->bundle || !e->bundle->l)
		return 0;

	err = mbuf_printf(w->mb, "a=group:BUNDLE %r", e->bundle);

	return err ? err : sdp_put_eol(w, ln);
}

static int put_session_line(struct sdp_writer *w, const struct sdp_line *ln)
{
	const struct sdpx_edit *e = w->edit;
	int err;

	switch (ln->type) {

	case 'o':
		return put_origin(w, ln);

	case 's':
		if (!e->replace_sess_name)
			break;
		err = mbuf_write_str(w->mb, "s=-");
		return err ? err : sdp_put_eol(w, ln);

	case 'c':
		if (!e->replace_session_conn)
			break;
		err = mbuf_printf(w->mb, "c=IN %s %j", sdp_family(&e->origin),
				  &e->origin);
		return err ? err : sdp_put_eol(w, ln);

	case 'a':
		return put_session_attr(w, ln);
	}

	return sdp_put(w, &ln->full);
}

static int put_session(struct sdp_writer *w)
{
	const struct sdp_range *r = &w->doc->session;
	size_t last = r->end;
	int err = 0;

	/* empty lines at the end stay behind what is put in */
	while (last > 1 && !w->doc->linev[last - 1].type)
		--last;

	for (size_t i = 0; i <= r->end && !err; i++) {
		if (i == last)
			err |= sdp_put_attrs(w, w->edit->attrs, r);
		if (i < r->end)
			err |= put_session_line(w, &w->doc->linev[i]);
	}

	return err;
}

int sdpx_encode(struct mbuf *mb, const struct sdpx *sdp,
		const struct sdpx_edit *edit)
{
	struct sdp_writer w = {.mb = mb, .doc = sdp, .edit = edit};
	int err = 0;

	if (!mb || !sdp || !edit)
		return EINVAL;

	if ((edit->replace_origin || edit->replace_session_conn) &&
	    !sa_isset(&edit->origin, SA_ADDR))
		return EINVAL;

	w.start = mb->pos;

	err = put_session(&w);

	for (size_t i = 0; i < sdp->mediac && !err; i++) {
		if (!edit->mediav[i].omit)
			err = sdp_put_media(&w, i);
	}

	return err;
}
