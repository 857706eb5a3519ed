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
#include "media/exchange.h"
#include "media/load.h"
#include "media/note.h"
#include "media/trigger.h"
#include "media/undo.h"

/** One offer being worked on */
struct offer {
	struct exchange x;
	struct media *m;
	bool new_call, new_from, new_to;
	struct undo *undo; /* NULL: nothing has changed yet */
};

static int get_call(struct offer *of)
{
	struct media *m = of->m;
	int err;

	of->x.call = call_find(m, &of->x.o->call_id);
	if (of->x.call)
		return 0;

	err = load_admit(m, of->x.e);
	if (err)
		return err;

	of->new_call = true;

	return call_alloc(&of->x.call, m, &of->x.o->call_id);
}

static int new_party(struct offer *of, struct party **pp, const struct pl *tag,
		     const struct pl *branch)
{
	int err = party_alloc(pp, of->x.call, tag, branch);

	if (err == EDQUOT)
		return media_fail(of->x.e, err,
				  "more than %u parties in one "
				  "call",
				  PARTY_MAX);

	return err;
}

static int get_to(struct offer *of)
{
	const struct media_opts *o = of->x.o;
	int err;

	if (pl_isset(&o->to_tag)) {
		of->x.to = party_find(of->x.call, &o->to_tag);
		if (of->x.to)
			return 0;

		/* an early dialog whose tag was not told by an answer */
		of->x.to = party_pending(of->x.call, of->x.from);
		if (of->x.to)
			return party_bind(of->x.to, &o->to_tag);
	} else if (pl_isset(&o->via_branch)) {
		of->x.to = party_by_branch(of->x.call, &o->via_branch);
	} else {
		of->x.to = party_pending(of->x.call, of->x.from);
		if (of->x.to && of->x.to->branch)
			of->x.to = NULL;
	}

	if (of->x.to)
		return 0;

	err = new_party(of, &of->x.to, &o->to_tag, &o->via_branch);
	if (err)
		return err;

	of->new_to = true;
	of->x.to->offerer = of->x.from;
	of->x.to->peer = of->x.from;

	return 0;
}

static int get_parties(struct offer *of)
{
	int err;

	of->x.from = party_find(of->x.call, &of->x.o->from_tag);
	if (!of->x.from) {
		err = new_party(of, &of->x.from, &of->x.o->from_tag, NULL);
		if (err)
			return err;
		of->new_from = true;
	}

	err = get_to(of);
	if (err)
		return err;

	if (of->x.from == of->x.to)
		return media_fail(of->x.e, EINVAL,
				  "from-tag and to-tag name the same party");

	return 0;
}

static int check_directions(struct offer *of)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct pl *name = &of->x.o->direction[i];

		if (!iface_find(of->m, name, AF_UNSPEC))
			return media_fail(of->x.e, ENOENT,
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
		return media_fail(of->x.e, err,
				  "no free port on interface %s "
				  "(%j)",
				  ifc->name, &ifc->addr);
	if (err)
		return media_fail(of->x.e, err, "port of interface %s: %m",
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
		ifc = iface_find(of->m, ifc ? &keep : &of->x.o->direction[0],
				 af);
	}

	if (sa_af(&ifc->addr) != af && !d->held)
		return media_fail(of->x.e, ENOENT,
				  "interface %s has no %s "
				  "address to face %j",
				  ifc->name, af == AF_INET6 ? "IPv6" : "IPv4",
				  &d->remote);

	return take_ports(of, s, ifc);
}

/* The pair that faces the one who will answer */
static int to_ports(struct offer *of, struct stream *s, int af)
{
	const struct media_opts *o = of->x.o;
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
		return media_fail(of->x.e, ENOENT,
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
	const struct sdpx_media *sm = sdpx_media(of->x.sdp, i);
	const uint32_t none[4] = {0};
	struct stream *f, *t;
	struct desc d;
	int err;

	err = stream_get(&f, of->x.from, i);
	if (!err)
		err = stream_get(&t, of->x.to, i);
	if (err)
		return err;

	desc_set(&d, sm, of->x.o, f->iface ? &f->iface->adv : NULL);
	if (absent_is(t) || of->x.group.refuse[i])
		d.active = false;
	if (d.active) {
		err = from_ports(of, f, &d);
		if (!err)
			err = to_ports(of, t, sa_af(&d.remote));
		if (err)
			return err;
		desc_set(&d, sm, of->x.o, &f->iface->adv);
	}

	if (d.active)
		err = terms_offer(&of->x.tev[i], of->x.o, of->x.sdp, sm,
				  of->x.filter->drop[i], f, t, of->x.e);
	if (err)
		return err;

	widen(f, d.pt);
	widen(t, none);
	t->sent_filter = desc_pts(sm, of->x.filter->drop[i], t->sent,
				  &t->sent_dtmf);
	if (of->x.tev[i] && of->x.tev[i]->other)
		t->sent_filter = of->x.tev[i]->sound;
	if (t->terms && d.active)
		t->sent_dtmf = formats_mask(&t->terms->next_told, t->sent);
	of->x.rtcpv[i] = rtcp_offer(of->x.o, sm, t);
	t->mux_sent = of->x.rtcpv[i] != SDPX_RTCP_PORT;
	if (d.active && !t->mux_sent && t->terms && t->terms->next_dtls.on &&
	    t->terms->next_ice)
		return media_fail(of->x.e, ENOTSUP,
				  "rtcp-mux=demux: what we offer by DTLS and "
				  "ICE has RTCP on its port alone");

	if (of->x.o->guard.mode != GUARD_OFF || of->x.o->guard.delay_ms ||
	    of->x.o->trigger.begin.l)
		f->guard = of->x.o->guard;
	err = trigger_set(f, &of->x.o->trigger);
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
	struct party *from = of->x.from;
	struct le *le;
	int err;

	err = absent_offer(of->x.group.refuse, of->x.o, of->x.sdp, of->x.to,
			   of->x.e);
	if (err)
		return err;
	for (unsigned i = 0; i < sdpx_mediac(of->x.sdp); i++) {
		err = offer_line(of, i);
		if (err)
			return err;
	}

	/* RFC 3264 8: lines never go away; one that did is as if refused */
	for (le = list_head(&from->streams); le; le = le->next) {
		struct stream *s = le->data;

		if (s->idx < sdpx_mediac(of->x.sdp))
			continue;
		s->next = s->cur;
		s->next_note = mem_deref(s->next_note);
		s->next.active = false;
		s->staged = true;
	}

	err = group_offer(&of->x.group, of->x.o, of->x.sdp, from, of->x.to,
			  of->x.tev, of->x.rtcpv);
	if (err)
		return err;

	from->mux_opt = of->x.o->rtcp_mux;
	from->mux_accept = of->x.o->rtcp_mux_accept ||
			   of->x.o->rtcp_mux == RTCPMUX_ACCEPT ||
			   of->x.o->rtcp_mux == RTCPMUX_DEMUX;
	from->mux_reject = of->x.o->rtcp_mux_reject ||
			   of->x.o->rtcp_mux == RTCPMUX_REJECT;

	return 0;
}

static int finish(struct offer *of, struct mbuf *out)
{
	struct exchange *x = &of->x;
	int err = moh_take(x->from, x->o, x->e);

	if (err)
		return err;
	moh_offer(x->mohv, x->from, x->sdp);

	return exchange_finish(x, x->to, out);
}

/* What a failed offer made goes; what was there before stays */
static void undo(struct offer *of)
{
	if (of->new_call) {
		if (of->x.call)
			call_unstore(of->x.call);
		mem_deref(of->x.call);
		return;
	}

	if (of->undo)
		undo_run(of->undo);
	if (of->new_to && of->x.to)
		party_drop(of->x.to);
	if (of->new_from && of->x.from)
		party_drop(of->x.from);
	/* some of it may have been written by then */
	if (of->x.stored) {
		(void)call_store(of->x.call);
		(void)call_apply(of->x.call);
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

	mem_deref(of->undo);
	exchange_reset(&of->x);
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
	of->x.o = o;
	of->x.e = e;
	of->x.filter = mem_zalloc(sizeof(*of->x.filter), NULL);

	err = of->x.filter ? opts_ids(o, e) : ENOMEM;
	if (!err)
		err = opts_sdp(&of->x.sdp, o, who_offers(m, o), e);
	if (!err)
		err = opts_check(o, of->x.sdp, false, e);
	if (!err)
		err = filter_make(of->x.filter, of->x.sdp, o, e);
	if (!err)
		err = check_directions(of);
	if (err)
		goto out;

	err = get_call(of);
	if (!err)
		err = get_parties(of);
	if (!err)
		err = undo_take(&of->undo, of->x.from, of->x.to);
	if (!err)
		err = offer_lines(of);
	if (!err)
		err = finish(of, out);
	if (err)
		undo(of);
	else if (of->new_call)
		news_tell(of->x.call, MEDIA_CREATED, NULL);

out:
	if (err && e && !e->msg[0])
		(void)media_fail(e, err, "offer: %m", err);
	mem_deref(of);

	return err;
}
