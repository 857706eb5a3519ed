/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_edit.c  Attributes found, taken out, exchanged and put in by name
 */
#include <errno.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"
#include "media/sdp_write.h"

static const struct sdp_range *range_of(const struct sdpx *sdp, size_t i)
{
	if (!sdp)
		return NULL;
	if (i == SDPX_SESSION)
		return &sdp->session;

	return i < sdp->mediac ? &sdp->rangev[i] : NULL;
}

bool sdpx_attr(const struct sdpx *sdp, size_t i, const char *name, unsigned n,
	       struct pl *val)
{
	const struct sdp_range *r = range_of(sdp, i);

	for (size_t k = r ? r->first : 0; r && k < r->end; k++) {
		const struct sdp_line *ln = &sdp->linev[k];

		if (!sdp_attr_is(ln, name) || n--)
			continue;
		*val = ln->aval;
		return true;
	}

	return false;
}

bool sdpx_attr_for(const struct sdpx *sdp, size_t i, const char *name,
		   struct pl *val)
{
	return sdpx_attr(sdp, sdpx_place(sdp, i, name), name, 0, val);
}

static bool mid_taken(const struct sdpx *sdp, const char *mid)
{
	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		if (!pl_strcmp(&sdp->mediav[i].mid, mid))
			return true;
	}

	return false;
}

int sdpx_mid_free(char *mid, size_t size, const struct sdpx *sdp, unsigned want)
{
	/* one of these few is free */
	for (unsigned n = want; n <= want + SDPX_MEDIA_MAX; n++) {
		if (re_snprintf(mid, size, "%u", n) < 0)
			return ENOSPC;
		if (!mid_taken(sdp, mid))
			return 0;
	}

	return ENOSPC;
}

/* By name, by name and the value's first word, or as a whole */
static bool named(const struct sdp_line *ln, const struct pl *match)
{
	struct pl rest = ln->aval, word, m = *match, head;

	if (m.l && m.p[m.l - 1] == ':')
		--m.l;
	if (!pl_cmp(&m, &ln->attr) || !pl_cmp(match, &ln->val))
		return true;
	if (!ln->aval.p || !sdp_word(&rest, &word))
		return false;

	head.p = ln->val.p;
	head.l = (size_t)(word.p + word.l - head.p);

	return !pl_cmp(match, &head);
}

int sdp_put_edited(struct sdp_writer *w, const struct sdpx_attrs *a,
		   const struct sdp_line *ln)
{
	int err;

	for (size_t i = 0; a && i < a->removec; i++) {
		if (named(ln, &a->removev[i]))
			return 0;
	}

	for (size_t i = 0; a && i < a->substc; i++) {
		if (!named(ln, &a->substv[i].match))
			continue;
		err = mbuf_printf(w->mb, "a=%r", &a->substv[i].with);
		return err ? err : sdp_put_eol(w, ln);
	}

	return sdp_put(w, &ln->full);
}

/* Is it there, and does it stay? */
static bool there(const struct sdp_writer *w, const struct sdpx_attrs *a,
		  const struct sdp_range *r, const struct pl *val)
{
	for (size_t i = r->first; i < r->end; i++) {
		const struct sdp_line *ln = &w->doc->linev[i];
		bool goes = false;

		if (ln->type != 'a' || pl_cmp(&ln->val, val))
			continue;
		for (size_t k = 0; k < a->removec; k++)
			goes |= named(ln, &a->removev[k]);
		if (!goes)
			return true;
	}

	return false;
}

int sdp_put_attrs(struct sdp_writer *w, const struct sdpx_attrs *a,
		  const struct sdp_range *r)
{
	int err = 0;

	for (size_t i = 0; a && i < a->addc && !err; i++) {
		if (there(w, a, r, &a->addv[i]))
			continue;
		err |= sdp_begin_line(w);
		err |= mbuf_printf(w->mb, "a=%r%s", &a->addv[i], w->doc->eol);
	}

	return err;
}
