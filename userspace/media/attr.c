/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/attr.c  Attributes that a driver wants put in, taken out or exchanged
 *
 * These come last: they see the SDP as it would have gone out.
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/call.h"

/** Attributes of one place */
struct place {
	struct sdpx_attrs a;
	struct pl removev[MEDIA_ATTRS_MAX], addv[MEDIA_ATTRS_MAX];
	struct sdpx_subst substv[MEDIA_ATTRS_MAX];
};

/** An SDP that gets them */
struct attr_edit {
	struct sdpx_edit x;
	struct place placev[1 + SDPX_MEDIA_MAX]; /* the session, sections */
};

static void place_fill(struct place *p, const struct media_opts *o,
		       const struct pl *where)
{
	p->a.removev = p->removev;
	p->a.substv = p->substv;
	p->a.addv = p->addv;

	for (size_t i = 0; i < o->attrc; i++) {
		const struct media_attr *at = &o->attrv[i];

		if (pl_casecmp(&at->where, where))
			continue;

		switch (at->op) {

		case ATTR_ADD:
			p->addv[p->a.addc++] = at->value;
			break;
		case ATTR_REMOVE:
			p->removev[p->a.removec++] = at->value;
			break;
		case ATTR_SUBSTITUTE:
			p->substv[p->a.substc++] = (struct sdpx_subst){
				at->value, at->with};
			break;
		}
	}
}

/* What was put in may be no SDP any more: nobody is told that */
static int check(const struct mbuf *mb, size_t pos, struct media_err *e)
{
	const struct pl body = {(const char *)mb->buf + pos, mb->end - pos};
	struct sdpx_err se = {0, ""};
	struct sdpx *sdp = NULL;
	int err = sdpx_decode(&sdp, &body, &se);

	mem_deref(sdp);

	return err == EBADMSG ? media_fail(e, EINVAL,
					   "sdp-attr makes a bad SDP: "
					   "line %u: %s",
					   se.line, se.msg)
			      : err;
}

int attr_write(struct mbuf *out, const struct mbuf *in,
	       const struct media_opts *o, struct media_err *e)
{
	const struct pl body = {(const char *)in->buf, in->end};
	const size_t pos = out->pos;
	struct attr_edit *ae;
	struct sdpx *sdp = NULL;
	int err;

	ae = mem_zalloc(sizeof(*ae), NULL);
	if (!ae)
		return ENOMEM;

	err = sdpx_decode(&sdp, &body, NULL);
	if (err)
		goto out;

	place_fill(&ae->placev[0], o, &pl_null);
	ae->x.attrs = &ae->placev[0].a;
	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		place_fill(&ae->placev[1 + i], o, &sdpx_media(sdp, i)->type);
		ae->x.mediav[i].attrs = &ae->placev[1 + i].a;
	}

	err = sdpx_encode(out, sdp, &ae->x);
	if (!err)
		err = check(out, pos, e);

out:
	mem_deref(sdp);
	mem_deref(ae);

	return err;
}

uint32_t attr_hash(const struct media_opts *o)
{
	uint32_t h = 0;

	for (size_t i = 0; i < o->attrc; i++) {
		const struct media_attr *at = &o->attrv[i];

		h = h * 31 + (uint32_t)at->op + 1;
		h = h * 31 +
		    hash_joaat((const uint8_t *)at->where.p, at->where.l);
		h = h * 31 +
		    hash_joaat((const uint8_t *)at->value.p, at->value.l);
		h = h * 31 +
		    hash_joaat((const uint8_t *)at->with.p, at->with.l);
	}

	return h;
}
