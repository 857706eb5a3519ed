/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_attr.c  Attributes of a section: kept, replaced, removed, added
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"
#include "media/sdp_write.h"

static bool fmt_dropped(const struct sdp_writer *w, const struct pl *id)
{
	bool dropped = false;

	for (size_t i = 0; i < w->m->fmtc; i++) {
		if (pl_cmp(&w->m->fmtv[i].id, id))
			continue;

		/* written twice, and one of them stays */
		if (sdp_fmt_stays(w, i))
			return false;
		dropped = true;
	}

	return dropped;
}

static int put_rtcp(struct sdp_writer *w)
{
	const struct sdpx_medit *me = w->me;
	const struct sa *rtcp = &me->rtcp_addr;
	int err;

	w->rtcp_done = true;

	if (me->rtcp == SDPX_RTCP_MUX)
		return mbuf_printf(w->mb, "a=rtcp:%u",
				   sdp_sets_addr(w) ? sa_port(&me->addr)
						    : w->m->port);

	err = mbuf_printf(w->mb, "a=rtcp:%u", sa_port(rtcp));

	if (!err && sa_isset(rtcp, SA_ADDR) && sdp_sets_addr(w) &&
	    !sa_cmp(rtcp, &me->addr, SA_ADDR))
		err = mbuf_printf(w->mb, " IN %s %j", sdp_family(rtcp), rtcp);

	return err;
}

static bool wants_rtcp(const struct sdp_writer *w)
{
	return w->me->rtcp == SDPX_RTCP_PORT || w->me->rtcp == SDPX_RTCP_MUX ||
	       w->me->rtcp == SDPX_RTCP_MUX_OFFER;
}

static bool wants_mux(const struct sdp_writer *w)
{
	return w->me->rtcp == SDPX_RTCP_MUX ||
	       w->me->rtcp == SDPX_RTCP_MUX_OFFER ||
	       w->me->rtcp == SDPX_RTCP_MUX_ONLY;
}

static int put_dir(struct sdp_writer *w)
{
	static const char *const namev[] = {
		[SDP_INACTIVE] = "inactive",
		[SDP_RECVONLY] = "recvonly",
		[SDP_SENDONLY] = "sendonly",
		[SDP_SENDRECV] = "sendrecv",
	};

	w->dir_done = true;

	return mbuf_printf(w->mb, "a=%s", namev[*w->me->dir & 3]);
}

static int put_ptime(struct sdp_writer *w)
{
	w->ptime_done = true;

	return mbuf_printf(w->mb, "a=ptime:%u", w->me->ptime);
}

/* Once at its old place; a second line of the kind goes */
static int put_once(struct sdp_writer *w, const struct sdp_line *ln, bool done,
		    int (*puth)(struct sdp_writer *w))
{
	int err;

	if (done)
		return 0;

	err = puth(w);

	return err ? err : sdp_put_eol(w, ln);
}

/* What of another kind of media says something of this one, too */
static bool outlives(const struct sdp_line *ln)
{
	enum sdp_dir dir;

	return sdp_attr_is(ln, "mid") || sdp_attr_dir(&dir, ln);
}

static bool attr_removed(const struct sdp_writer *w, const struct sdp_line *ln)
{
	const struct sdpx_medit *me = w->me;
	struct pl rest = ln->aval, id;

	if (me->ice_remove && sdp_ice_line(ln))
		return true;

	if (me->attr_clear && !outlives(ln))
		return true;

	if (me->dtls_remove && sdp_dtls_line(ln))
		return true;

	if (me->extmap_remove && sdp_extmap_line(ln))
		return true;

	/* it has a transport of its own, unless we say so anew */
	if (me->set_addr && sdp_attr_is(ln, "bundle-only"))
		return true;

	if (me->crypto_remove && sdp_attr_is(ln, "crypto"))
		return true;

	if (me->feedback_remove && sdp_attr_is(ln, "rtcp-fb"))
		return true;

	/* "only" contradicts every kind of RTCP but the muxed (RFC 8858) */
	if (sdp_attr_is(ln, "rtcp-mux-only"))
		return me->rtcp == SDPX_RTCP_PORT ||
		       me->rtcp == SDPX_RTCP_NONE ||
		       me->rtcp == SDPX_RTCP_MUX_OFFER;

	if (!sdp_attr_is(ln, "rtpmap") && !sdp_attr_is(ln, "fmtp") &&
	    !sdp_attr_is(ln, "rtcp-fb"))
		return false;

	return sdp_word(&rest, &id) && fmt_dropped(w, &id);
}

int sdp_put_attr(struct sdp_writer *w, const struct sdp_line *ln)
{
	const struct sdpx_medit *me = w->me;
	enum sdp_dir dir;

	if (attr_removed(w, ln))
		return 0;

	if (me->rtcp && sdp_attr_is(ln, "rtcp"))
		return wants_rtcp(w) ? put_once(w, ln, w->rtcp_done, put_rtcp)
				     : 0;

	if (me->rtcp && sdp_attr_is(ln, "rtcp-mux")) {
		if (!wants_mux(w) || w->mux_done)
			return 0;
		w->mux_done = true;
	}

	if (me->ptime && sdp_attr_is(ln, "ptime"))
		return put_once(w, ln, w->ptime_done, put_ptime);

	if (me->dir && sdp_attr_dir(&dir, ln))
		return put_once(w, ln, w->dir_done, put_dir);

	return sdp_put_edited(w, me->attrs, ln);
}

int sdp_add_line(struct sdp_writer *w, int (*puth)(struct sdp_writer *w))
{
	int err = sdp_begin_line(w);

	if (!err)
		err = puth(w);
	if (!err)
		err = mbuf_write_str(w->mb, w->doc->eol);

	return err;
}

static int put_mux(struct sdp_writer *w)
{
	return mbuf_write_str(w->mb, "a=rtcp-mux");
}

/* A static payload type needs no rtpmap, but some want one all the same */
static int put_format(struct sdp_writer *w, const struct sdpx_add *a)
{
	int err = 0;

	if (!a->name)
		return 0;

	err |= sdp_begin_line(w);

	err |= mbuf_printf(w->mb, "a=rtpmap:%d %s/%u", a->pt, a->name,
			   a->clock);
	if (a->ch > 1)
		err |= mbuf_printf(w->mb, "/%u", a->ch);
	err |= mbuf_write_str(w->mb, w->doc->eol);
	if (a->fmtp && a->fmtp[0])
		err |= mbuf_printf(w->mb, "a=fmtp:%d %s%s", a->pt, a->fmtp,
				   w->doc->eol);

	return err;
}

static int put_added(struct sdp_writer *w)
{
	const struct sdpx_medit *me = w->me;
	int err = 0;

	for (size_t i = 0; i < me->addc; i++)
		err |= put_format(w, &me->addv[i]);
	for (size_t i = 0; i < me->cryptoc; i++) {
		err |= sdp_begin_line(w);
		err |= mbuf_printf(w->mb, "a=crypto:%s%s", me->cryptov[i],
				   w->doc->eol);
	}

	return err;
}

static int put_mid(struct sdp_writer *w)
{
	return mbuf_printf(w->mb, "a=mid:%r", w->me->mid);
}

static int put_bundle_only(struct sdp_writer *w)
{
	return mbuf_write_str(w->mb, "a=bundle-only");
}

int sdp_put_missing(struct sdp_writer *w)
{
	int err = put_added(w);

	if (w->me->mid && !w->m->mid.l)
		err |= sdp_add_line(w, put_mid);
	if (w->me->bundle_only)
		err |= sdp_add_line(w, put_bundle_only);
	if (w->me->dir && !w->dir_done)
		err |= sdp_add_line(w, put_dir);
	if (w->me->ptime && !w->ptime_done)
		err |= sdp_add_line(w, put_ptime);
	if (wants_rtcp(w) && !w->rtcp_done)
		err |= sdp_add_line(w, put_rtcp);
	if (wants_mux(w) && !w->mux_done)
		err |= sdp_add_line(w, put_mux);

	return err | sdp_put_attrs(w, w->me->attrs,
				   &w->doc->rangev[w->m - w->doc->mediav]);
}
