/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/offer.c  An offer (RFC 3264) comes in, and goes on rewritten
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/absent.h"
#include "media/load.h"
#include "media/group.h"
#include "media/note.h"
#include "media/moh.h"
#include "media/terms.h"
#include "media/trigger.h"
#include "media/undo.h"

/** One offer being worked on */
struct offer {
	struct media *m;
	const struct media_opts *o;
	struct sdpx *sdp;
	struct filter *filter;
	struct media_call *call;
	struct party *from, *to;
	bool new_call, new_from, new_to;
	struct undo *undo; /* NULL: nothing has changed yet */
	bool finished;     /* it was stored, or tried to be */
	enum sdpx_rtcp rtcpv[SDPX_MEDIA_MAX];
	struct terms_edit *tev[SDPX_MEDIA_MAX];
	struct moh_edit mohv[SDPX_MEDIA_MAX];
	struct group_edit group;
	struct media_err *e;
};

static int get_call(struct offer *of)
{
	struct media *m = of->m;
	int err;

	of->call = call_find(m, &of->o->call_id);
	if (of->call)
		return 0;

	err = load_admit(m, of->e);
	if (err)
		return err;

	of->new_call = true;

	return call_alloc(&of->call, m, &of->o->call_id);
}

static int new_party(struct offer *of, struct party **pp, const struct pl *tag,
		     const struct pl *branch)
{
	int err = party_alloc(pp, of->call, tag, branch);

	if (err == EDQUOT)
		return media_fail(of->e, err,
				  "more than %u parties in one "
				  "call",
				  PARTY_MAX);

	return err;
}

static int get_to(struct offer *of)
{
	const struct media_opts *o = of->o;
	int err;

	if (pl_isset(&o->to_tag)) {
		of->to = party_find(of->call, &o->to_tag);
		if (of->to)
			return 0;

		/* an early dialog whose tag was not told by an answer */
		of->to = party_pending(of->call, of->from);
		if (of->to)
			return party_bind(of->to, &o->to_tag);
	} else if (pl_isset(&o->via_branch)) {
		of->to = party_by_branch(of->call, &o->via_branch);
	} else {
		of->to = party_pending(of->call, of->from);
		if (of->to && of->to->branch)
			of->to = NULL;
	}

	if (of->to)
		return 0;

	err = new_party(of, &of->to, &o->to_tag, &o->via_branch);
	if (err)
		return err;

	of->new_to = true;
	of->to->offerer = of->from;
	of->to->peer = of->from;

	return 0;
}

static int get_parties(struct offer *of)
{
	int err;

	of->from = party_find(of->call, &of->o->from_tag);
	if (!of->from) {
		err = new_party(of, &of->from, &of->o->from_tag, NULL);
		if (err)
			return err;
		of->new_from = true;
	}

	err = get_to(of);
	if (err)
		return err;

	if (of->from == of->to)
		return media_fail(of->e, EINVAL,
				  "from-tag and to-tag name the same party");

	return 0;
}

static int check_directions(struct offer *of)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct pl *name = &of->o->direction[i];

		if (!iface_find(of->m, name, AF_UNSPEC))
			return media_fail(of->e, ENOENT,
					  "unknown interface '%r' in "
					  "direction",
					  name);
	}

	return 0;
}

static int take_ports(struct offer *of, struct stream *s, struct iface *ifc)
{
	int err = stream_ports(s, ifc);

	if (err == ENOSPC)
		return media_fail(of->e, err,
				  "no free port on interface %s "
				  "(%j)",
				  ifc->name, &ifc->addr);
	if (err)
		return media_fail(of->e, err, "port of interface %s: %m",
				  ifc->name, err);

	return 0;
}

/* A line that is new to a party goes where its other lines are */
static struct iface *home_of(const struct stream *s)
{
	struct le *le;

	if (s->iface)
		return s->iface;

	for (le = list_head(&s->party->streams); le; le = le->next) {
		const struct stream *o = le->data;

		if (o->iface)
			return o->iface;
	}

	return NULL;
}

/* The pair that faces the one who offers; it stays once it was told */
static int from_ports(struct offer *of, struct stream *s, const struct desc *d)
{
	int af = sa_af(&d->remote);
	struct pl keep = PL_INIT;
	struct iface *ifc = home_of(s);

	if (!ifc || (sa_af(&ifc->addr) != af && !d->held)) {
		if (ifc)
			pl_set_str(&keep, ifc->name);
		ifc = iface_find(of->m, ifc ? &keep : &of->o->direction[0], af);
	}

	if (sa_af(&ifc->addr) != af && !d->held)
		return media_fail(of->e, ENOENT,
				  "interface %s has no %s "
				  "address to face %j",
				  ifc->name, af == AF_INET6 ? "IPv6" : "IPv4",
				  &d->remote);

	return take_ports(of, s, ifc);
}

/* The pair that faces the one who will answer */
static int to_ports(struct offer *of, struct stream *s, int af)
{
	const struct media_opts *o = of->o;
	struct iface *ifc = home_of(s);
	struct pl keep = PL_INIT;
	const struct pl *name = &o->direction[1];

	if (ifc) {
		pl_set_str(&keep, ifc->name);
		if (!pl_isset(name))
			name = &keep;

		if (!pl_strcmp(name, ifc->name) &&
		    (!o->address_family ||
		     sa_af(&ifc->addr) == o->address_family))
			return take_ports(of, s, ifc);

		if (!o->address_family)
			af = sa_af(&ifc->addr);
	}

	if (o->address_family)
		af = o->address_family;

	ifc = iface_find(of->m, name, af);
	if (o->address_family && sa_af(&ifc->addr) != af)
		return media_fail(of->e, ENOENT,
				  "interface %s has no %s "
				  "address",
				  ifc->name, af == AF_INET6 ? "IPv6" : "IPv4");

	return take_ports(of, s, ifc);
}

static enum sdpx_rtcp rtcp_offer(const struct media_opts *o,
				 const struct sdpx_media *sm,
				 const struct stream *to)
{
	switch (o->rtcp_mux) {

	case RTCPMUX_DEMUX:
		return SDPX_RTCP_PORT;
	case RTCPMUX_REQUIRE:
		return SDPX_RTCP_MUX;
	default:
		break;
	}

	if (to->mux)
		return SDPX_RTCP_MUX;

	/* an association by DTLS serves one port, and RFC 8834 4.5 wants one; of ICE we
	 * have one component */
	if (to->terms && (to->terms->next_dtls.on || to->terms->next_ice))
		return SDPX_RTCP_MUX_OFFER;

	return sm->rtcp_mux || o->rtcp_mux == RTCPMUX_OFFER
		       ? SDPX_RTCP_MUX_OFFER
		       : SDPX_RTCP_PORT;
}

/* Until the answer comes, the types of before are welcome too */
static void widen(struct stream *s, const uint32_t more[4])
{
	for (unsigned k = 0; k < 4; k++) {
		s->prev[k] |= more[k] | s->sent[k];
		if (s->cur.known)
			s->prev[k] |= s->cur.pt[k];
	}
}

static int offer_line(struct offer *of, unsigned i)
{
	const struct sdpx_media *sm = sdpx_media(of->sdp, i);
	const uint32_t none[4] = {0};
	struct stream *f, *t;
	struct desc d;
	int err;

	err = stream_get(&f, of->from, i);
	if (!err)
		err = stream_get(&t, of->to, i);
	if (err)
		return err;

	desc_set(&d, sm, of->o, f->iface ? &f->iface->adv : NULL);
	if (absent_is(t) || of->group.refuse[i])
		d.active = false;
	if (d.active) {
		err = from_ports(of, f, &d);
		if (!err)
			err = to_ports(of, t, sa_af(&d.remote));
		if (err)
			return err;
		desc_set(&d, sm, of->o, &f->iface->adv);
	}

	if (d.active)
		err = terms_offer(&of->tev[i], of->o, of->sdp, sm,
				  of->filter->drop[i], f, t, of->e);
	if (err)
		return err;

	widen(f, d.pt);
	widen(t, none);
	t->sent_filter = desc_pts(sm, of->filter->drop[i], t->sent,
				  &t->sent_dtmf);
	if (of->tev[i] && of->tev[i]->other)
		t->sent_filter = of->tev[i]->sound;
	if (t->terms && d.active)
		t->sent_dtmf = formats_mask(&t->terms->next_told, t->sent);
	of->rtcpv[i] = rtcp_offer(of->o, sm, t);
	t->mux_sent = of->rtcpv[i] != SDPX_RTCP_PORT;
	if (d.active && !t->mux_sent && t->terms && t->terms->next_dtls.on &&
	    t->terms->next_ice)
		return media_fail(of->e, ENOTSUP,
				  "rtcp-mux=demux: what we offer by DTLS and "
				  "ICE has RTCP on its port alone");

	if (of->o->guard.mode != GUARD_OFF || of->o->guard.delay_ms ||
	    of->o->trigger.begin.l)
		f->guard = of->o->guard;
	err = trigger_set(f, &of->o->trigger);
	if (err)
		return err;

	err = note_take(&f->next_note, sm);
	if (err)
		return err;
	f->next = d;
	f->staged = true;
	if (!f->cur.known)
		stream_commit(f);

	return 0;
}

static int offer_lines(struct offer *of)
{
	struct party *from = of->from;
	struct le *le;
	int err;

	err = absent_offer(of->group.refuse, of->o, of->sdp, of->to, of->e);
	if (err)
		return err;
	for (unsigned i = 0; i < sdpx_mediac(of->sdp); i++) {
		err = offer_line(of, i);
		if (err)
			return err;
	}

	/* RFC 3264 8: lines never go away; one that did is as if refused */
	for (le = list_head(&from->streams); le; le = le->next) {
		struct stream *s = le->data;

		if (s->idx < sdpx_mediac(of->sdp))
			continue;
		s->next = s->cur;
		s->next_note = mem_deref(s->next_note);
		s->next.active = false;
		s->staged = true;
	}

	err = group_offer(&of->group, of->o, of->sdp, from, of->to, of->tev,
			  of->rtcpv);
	if (err)
		return err;

	from->mux_opt = of->o->rtcp_mux;
	from->mux_accept = of->o->rtcp_mux_accept ||
			   of->o->rtcp_mux == RTCPMUX_ACCEPT ||
			   of->o->rtcp_mux == RTCPMUX_DEMUX;
	from->mux_reject = of->o->rtcp_mux_reject ||
			   of->o->rtcp_mux == RTCPMUX_REJECT;

	return 0;
}

/* The store knows of a call before anybody is told of its ports */
static int finish(struct offer *of, struct mbuf *out)
{
	struct mbuf *mb = mbuf_alloc(2048);
	int err;

	if (!mb)
		return ENOMEM;

	err = moh_take(of->from, of->o, of->e);
	moh_offer(of->mohv, of->from, of->sdp);
	if (!err)
		err = edit_write(mb, of->sdp, of->to, of->filter, of->o,
				 of->rtcpv, of->tev, of->mohv, &of->group,
				 of->e);
	if (!err)
		err = call_options(of->call, of->o);
	if (err)
		goto out;

	call_touch(of->call);
	if (of->o->record_call && !of->call->rec_formats) {
		err = call_record(of->call, REC_START, of->o->rec_formats, NULL,
				  of->e);
		if (err)
			goto out;
	}

	of->finished = true;
	err = call_store(of->call);
	if (err) {
		(void)media_fail(of->e, err, "call could not be stored: %m",
				 err);
		goto out;
	}

	err = call_apply(of->call);
	if (err) {
		(void)media_fail(of->e, err, "fast path refused a leg: %m",
				 err);
		goto out;
	}

	err = mbuf_write_mem(out, mb->buf, mb->end);

out:
	mem_deref(mb);

	return err;
}

/* What a failed offer made goes; what was there before stays */
static void undo(struct offer *of)
{
	if (of->new_call) {
		if (of->call)
			call_unstore(of->call);
		mem_deref(of->call);
		return;
	}

	if (of->undo)
		undo_run(of->undo);
	if (of->new_to && of->to)
		party_drop(of->to);
	if (of->new_from && of->from)
		party_drop(of->from);
	/* some of it may have been written by then */
	if (of->finished) {
		(void)call_store(of->call);
		(void)call_apply(of->call);
	}
}

/* NULL: nobody that is known */
static const struct party *who_offers(const struct media *m,
				      const struct media_opts *o)
{
	const struct media_call *c = call_find(m, &o->call_id);

	return c ? party_find(c, &o->from_tag) : NULL;
}

static void offer_destructor(void *arg)
{
	struct offer *of = arg;

	mem_deref(of->sdp);
	mem_deref(of->filter);
	mem_deref(of->undo);
	for (size_t i = 0; i < SDPX_MEDIA_MAX; i++)
		mem_deref(of->tev[i]);
}

int media_offer(struct media *m, const struct media_opts *o, struct mbuf *out,
		struct media_err *e)
{
	struct offer *of;
	int err;

	if (!m || !o || !out)
		return EINVAL;
	if (e)
		e->msg[0] = '\0';

	of = mem_zalloc(sizeof(*of), offer_destructor);
	if (!of)
		return ENOMEM;

	of->m = m;
	of->o = o;
	of->e = e;
	of->filter = mem_zalloc(sizeof(*of->filter), NULL);

	err = of->filter ? opts_ids(o, e) : ENOMEM;
	if (!err)
		err = opts_sdp(&of->sdp, o, who_offers(m, o), e);
	if (!err)
		err = opts_check(o, of->sdp, false, e);
	if (!err)
		err = filter_make(of->filter, of->sdp, o, e);
	if (!err)
		err = check_directions(of);
	if (err)
		goto out;

	err = get_call(of);
	if (!err)
		err = get_parties(of);
	if (!err)
		err = undo_take(&of->undo, of->from, of->to);
	if (!err)
		err = offer_lines(of);
	if (!err)
		err = finish(of, out);
	if (err)
		undo(of);

out:
	if (err && e && !e->msg[0])
		(void)media_fail(e, err, "offer: %m", err);
	mem_deref(of);

	return err;
}
