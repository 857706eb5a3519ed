/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/edit.c  The SDP that goes out: our ports in the place of theirs
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/absent.h"
#include "media/group.h"
#include "media/moh.h"
#include "media/terms.h"

/** An SDP on its way out */
struct edit {
	struct sdpx_edit x;
	struct sa addr; /* ours, of the first section relayed      */
	bool shared;    /* a relayed section lives on session's c= */
	bool stays;     /* a held one wants session's c= as it is  */
	uint64_t sess_id;
	struct pl linev[2];        /* a=ice-lite, a=group of the session */
	struct sdpx_attrs session; /* that has them                      */
};

struct sa edit_address(const struct stream *s, const struct media_opts *o)
{
	struct sa sa = sa_isset(&o->media_address, SA_ADDR) ? o->media_address
							    : s->iface->adv;

	sa_set_port(&sa, sa_port(&s->local));

	return sa;
}

static enum sdpx_rtcp rtcp_lines(enum sdpx_rtcp want, bool rtp, bool no_attr)
{
	if (!rtp)
		return SDPX_RTCP_KEEP;

	if (!no_attr)
		return want;

	return want == SDPX_RTCP_MUX || want == SDPX_RTCP_MUX_OFFER
		       ? SDPX_RTCP_MUX_ONLY
		       : SDPX_RTCP_NONE;
}

static void edit_section(struct edit *ed, const struct sdpx_media *sm, size_t i,
			 const struct stream *s, const struct filter *f,
			 const struct media_opts *o, enum sdpx_rtcp rtcp,
			 const struct terms_edit *te)
{
	struct sdpx_medit *me = &ed->x.mediav[i];

	me->set_addr = true;
	me->addr = edit_address(s, o);
	me->keep_zero_addr = sm->held && !o->replace_zero_address;
	me->rtcp = rtcp_lines(rtcp, te && te->other ? te->sound : sm->rtp,
			      o->no_rtcp_attribute);
	me->rtcp_addr = me->addr;
	sa_set_port(&me->rtcp_addr, (uint16_t)(sa_port(&me->addr) + 1));
	me->fmt_drop = f && f->any[i] ? f->drop[i] : NULL;
	/* candidates would let the media go round us */
	me->ice_remove = true;
	me->ptime = s->terms && s->terms->next_sent ? s->terms->next_sent
						    : o->ptime;

	if (!sa_isset(&ed->addr, SA_ADDR))
		ed->addr = me->addr;

	if (!sm->has_conn) {
		if (me->keep_zero_addr)
			ed->stays = true;
		else
			ed->shared = true;
	}
}

static void edit_terms(struct sdpx_medit *me, const struct terms_edit *te)
{
	if (te->orderc) {
		me->orderv = te->orderv;
		me->orderc = te->orderc;
	}
	me->addv = te->addv;
	me->addc = te->addc;
	me->cryptov = te->cryptov;
	me->cryptoc = te->cryptoc;
	me->crypto_remove = te->crypto_remove;
	me->dtls_remove = te->dtls_remove;
	me->attrs = te->attrs.addc ? &te->attrs : NULL;
	me->feedback_remove = te->feedback_remove;
	if (te->proto.l)
		me->proto = &te->proto;
	if (!te->other)
		return;
	me->type = &te->type;
	me->attr_clear = true;
	if (!te->sound)
		me->ptime = 0;
}

/* Who is put on hold without an address: that of the session stays ours */
static void edit_moh(struct sdpx_medit *me, const struct moh_edit *h)
{
	if (!h->on)
		return;
	me->dir = &h->dir;
	me->zero_addr = h->zero && me->set_addr;
}

/* A section that is not ours keeps the peer's address, even if the session's
 * c= that it lived on becomes ours */
static void edit_others(struct edit *ed, const struct sdpx *sdp)
{
	if (!ed->x.replace_session_conn)
		return;

	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(sdp, i);
		struct sdpx_medit *me = &ed->x.mediav[i];

		if (me->set_addr || sm->has_conn || !sm->port)
			continue;

		me->set_addr = true;
		me->addr = sm->raddr;
	}
}

/* Nothing is relayed: the session's lines still name nobody but us */
static void any_address(struct edit *ed, const struct party *to,
			const struct sdpx *sdp, const struct media_opts *o)
{
	const struct sdpx_media *sm = sdpx_media(sdp, 0);
	int af = sm ? sa_af(&sm->raddr) : AF_UNSPEC;
	const struct iface *ifc = NULL;
	struct le *le;

	for (le = list_head(&to->streams); le && !ifc; le = le->next)
		ifc = ((const struct stream *)le->data)->iface;
	if (!ifc)
		ifc = iface_find(to->call->m, &o->direction[0], af);
	if (!ifc)
		ifc = &to->call->m->ifacev[0];
	ed->addr = sa_isset(&o->media_address, SA_ADDR) ? o->media_address
							: ifc->adv;
}

static void edit_session(struct edit *ed, const struct media_opts *o)
{
	ed->x.origin = ed->addr;
	sa_set_port(&ed->x.origin, 0);

	ed->x.replace_origin = o->replace_origin;
	ed->x.replace_session_conn =
		!ed->stays && (ed->shared || o->replace_session_connection);
	ed->x.ice_remove = true;
}

static uint64_t origin_version(const struct sdpx *sdp)
{
	const struct pl *o = sdpx_origin(sdp);
	struct pl ver;

	if (!o || re_regex(o->p, o->l, "[^ ]+ [^ ]+ [0-9]+", NULL, NULL, &ver))
		return 0;

	return pl_u64(&ver);
}

/* The version only rises when what this party reads differs from the last */
static int set_version(struct edit *ed, const struct sdpx *sdp,
		       struct party *to, const struct media_opts *o)
{
	const uint64_t none = 0;
	struct mbuf *mb = mbuf_alloc(1024);
	uint32_t hash;
	int err;

	if (!mb)
		return ENOMEM;

	ed->x.version = &none;
	err = sdpx_encode(mb, sdp, &ed->x);
	if (err)
		goto out;

	hash = hash_joaat(mb->buf, mb->end) ^ attr_hash(o);
	if (!to->sdp_sent)
		to->sdp_version = origin_version(sdp);
	else if (hash != to->sdp_hash || o->force_version)
		++to->sdp_version;

	to->sdp_hash = hash;
	to->sdp_sent = true;

out:
	ed->x.version = &to->sdp_version;
	mem_deref(mb);

	return err;
}

/* An origin that tells one session from another, and does not change in it: who
 * made it, and whether it faces the one who called or the one who was */
static void edit_origin(struct edit *ed, const struct party *to,
			const struct media_opts *o)
{
	ed->x.replace_username = o->replace_username || o->replace_origin_full;
	if (!o->replace_origin_full)
		return;

	ed->x.replace_origin = true;
	ed->sess_id = to->call->created + (to->offerer ? 1 : 0);
	ed->x.sess_id = &ed->sess_id;
}

/* The session's fingerprint is that of all sections without one of their own. It goes
 * when none needs it any more */
static void edit_dtls(struct edit *ed, const struct sdpx *sdp)
{
	bool ours = false, passes = false;

	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(sdp, i);

		if (ed->x.mediav[i].dtls_remove)
			ours = true;
		else if (sm->port && sm->fingerprint)
			passes = true;
	}
	ed->x.dtls_remove = ours && !passes;
}

/* Lines that say nothing of the media */
static void edit_plain(struct edit *ed, const struct sdpx *sdp,
		       const struct media_opts *o)
{
	ed->x.extmap_remove = o->strip_extmap;
	for (size_t i = 0; i < sdpx_mediac(sdp); i++)
		ed->x.mediav[i].extmap_remove = o->strip_extmap;
}

static void edit_group(struct edit *ed, const struct sdpx *sdp,
		       const struct group_edit *g)
{
	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		struct sdpx_medit *me = &ed->x.mediav[i];

		me->mid = g->midv[i].l ? &g->midv[i] : NULL;
		me->bundle_only = g->only[i];
		me->reject |= g->refuse[i];
	}
	if (g->line[0])
		pl_set_str(&ed->linev[ed->session.addc++], g->line);
}

static int encode(struct mbuf *out, const struct sdpx *sdp,
		  const struct sdpx_edit *x, const struct media_opts *o,
		  struct media_err *e)
{
	struct mbuf *mb;
	int err;

	if (!o->attrc)
		return sdpx_encode(out, sdp, x);

	mb = mbuf_alloc(2048);
	if (!mb)
		return ENOMEM;

	err = sdpx_encode(mb, sdp, x);
	if (!err)
		err = attr_write(out, mb, o, e);
	mem_deref(mb);

	return err;
}

int edit_write(struct mbuf *out, const struct sdpx *sdp, struct party *to,
	       const struct filter *f, const struct media_opts *o,
	       const enum sdpx_rtcp *rtcpv, struct terms_edit *const *tev,
	       const struct moh_edit *mohv, const struct group_edit *g,
	       struct media_err *e)
{
	struct edit *ed;
	bool lite = false;
	int err = 0;

	ed = mem_zalloc(sizeof(*ed), NULL);
	if (!ed)
		return ENOMEM;

	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(sdp, i);
		const struct stream *s = stream_find(to, (unsigned)i);

		ed->x.mediav[i].omit = absent_is(s);
		if (s && s->iface && sm->port && desc_udp(sm)) {
			edit_section(ed, sm, i, s, f, o, rtcpv[i],
				     tev ? tev[i] : NULL);
			if (tev && tev[i]) {
				edit_terms(&ed->x.mediav[i], tev[i]);
				lite |= tev[i]->ice && !tev[i]->ice_full;
			}
			edit_moh(&ed->x.mediav[i], &mohv[i]);
		} else if (tev && tev[i]) {
			edit_terms(&ed->x.mediav[i], tev[i]);
		}
	}

	if (!sa_isset(&ed->addr, SA_ADDR))
		any_address(ed, to, sdp, o);
	edit_session(ed, o);
	edit_dtls(ed, sdp);
	if (lite)
		pl_set_str(&ed->linev[ed->session.addc++], "ice-lite");
	edit_group(ed, sdp, g);
	ed->session.addv = ed->linev;
	ed->x.attrs = ed->session.addc ? &ed->session : NULL;
	edit_others(ed, sdp);
	ed->x.replace_sess_name = o->replace_session_name;
	edit_origin(ed, to, o);
	edit_plain(ed, sdp, o);

	if (o->replace_sdp_version || o->replace_origin_full ||
	    o->force_version)
		err = set_version(ed, sdp, to, o);
	if (!err)
		err = encode(out, sdp, &ed->x, o, e);
	if (err && !(e && e->msg[0]))
		(void)media_fail(e, err, "SDP could not be rewritten: %m", err);

	mem_deref(ed);

	return err;
}
