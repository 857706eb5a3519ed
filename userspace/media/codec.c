/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/codec.c  Codecs that must not be offered
 *
 * Only filtering: a payload type that is taken out of an offer is never sent,
 * so nothing has to be transcoded.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/call.h"

/* "opus", "opus/48000" and "opus/48000/2" all name it; a number its type */
static bool names(const struct pl *want, const struct sdpx_fmt *f)
{
	struct pl name = PL_INIT, rate = PL_INIT, ch = PL_INIT;

	if (!pl_strcasecmp(want, "all"))
		return false;

	if (!pl_cmp(want, &f->id))
		return true;

	if (re_regex(want->p, want->l, "[^/]+[/]*[0-9]*[/]*[0-9]*", &name, NULL,
		     &rate, NULL, &ch))
		return false;

	if (!pl_isset(&f->name) || pl_casecmp(&name, &f->name))
		return false;

	if (pl_isset(&rate) && pl_u32(&rate) != f->rate)
		return false;

	return !pl_isset(&ch) || pl_u32(&ch) == (f->ch ? f->ch : 1);
}

bool codec_listed(const struct pl *v, size_t n, const struct sdpx_fmt *f)
{
	for (size_t i = 0; i < n; i++) {
		if (names(&v[i], f))
			return true;
	}

	return false;
}

static bool has_all(const struct pl *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!pl_strcasecmp(&v[i], "all") ||
		    !pl_strcasecmp(&v[i], "full"))
			return true;
	}

	return false;
}

static bool dropped(const struct media_opts *o, const struct sdpx_fmt *f)
{
	if (codec_listed(o->strip, o->stripc, f) ||
	    codec_listed(o->mask, o->maskc, f))
		return true;

	if (!has_all(o->strip, o->stripc) && !has_all(o->mask, o->maskc))
		return false;

	return !codec_listed(o->except, o->exceptc, f) &&
	       !codec_listed(o->offer, o->offerc, f);
}

bool codec_asked(const struct media_opts *o)
{
	return o->transcodec || o->acceptc || o->consumec ||
	       o->always_transcode;
}

void filter_single(struct filter *f, const struct sdpx *sdp)
{
	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(sdp, i);
		bool found = false;

		if (!sm->rtp || pl_strcasecmp(&sm->type, "audio"))
			continue;

		for (size_t k = 0; k < sm->fmtc; k++) {
			const struct pl *name = &sm->fmtv[k].name;

			if (!pl_strcasecmp(name, "telephone-event") ||
			    !pl_strcasecmp(name, "CN"))
				continue;
			f->drop[i][k] = found;
			f->any[i] |= found;
			found = true;
		}
	}
}

int filter_make(struct filter *f, const struct sdpx *sdp,
		const struct media_opts *o, struct media_err *e)
{
	memset(f, 0, sizeof(*f));

	if (!o->stripc && !o->maskc)
		return 0;

	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(sdp, i);
		size_t left = 0;

		if (!sm->rtp || !sm->port)
			continue;

		for (size_t k = 0; k < sm->fmtc; k++) {
			f->drop[i][k] = dropped(o, &sm->fmtv[k]);
			if (f->drop[i][k])
				f->any[i] = true;
			else
				++left;
		}

		/* terms.c finds something to put in their place */
		if (!left &&
		    !(codec_asked(o) && !pl_strcasecmp(&sm->type, "audio")))
			return media_fail(e, ENOTSUP,
					  "codec filter leaves no codec in m= "
					  "line %zu (%r), and none is to be "
					  "transcoded",
					  i + 1, &sm->type);
	}

	return 0;
}
