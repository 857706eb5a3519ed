/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/answer.c  An answer (RFC 3264) joins two parties
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/echo.h"
#include "media/exchange.h"
#include "media/note.h"
#include "media/trigger.h"

/** One answer being worked on */
struct answer {
	struct exchange x;
	bool other; /* another phone answers than the one before */
};

static int find_parties(struct answer *an)
{
	const struct media_opts *o = an->x.o;

	an->x.from = party_find(an->x.call, &o->from_tag);
	if (!an->x.from)
		return media_fail(an->x.e, ENOENT, "Unknown from-tag");

	an->x.to = party_find(an->x.call, &o->to_tag);
	if (!an->x.to)
		an->x.to = party_offered(an->x.call, an->x.from,
					 &o->via_branch);
	if (!an->x.to || an->x.to == an->x.from)
		return media_fail(an->x.e, ENOENT, "no offer to answer");

	an->other = an->x.to->tag && pl_strcmp(&o->to_tag, an->x.to->tag);

	return 0;
}

/* Refused before anything changes: the call goes on as it was */
static int check_lines(struct answer *an)
{
	for (unsigned i = 0; i < sdpx_mediac(an->x.sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(an->x.sdp, i);
		const struct stream *f = stream_find(an->x.from, i);
		const struct stream *t = stream_find(an->x.to, i);
		struct desc d;

		if (!f || !t)
			return media_fail(an->x.e, EBADMSG,
					  "answer has more "
					  "m= lines than the offer");

		desc_set(&d, sm, an->x.o, NULL);
		if (!d.active || d.held)
			continue;

		if (!t->iface || !f->iface)
			return media_fail(an->x.e, EBADMSG,
					  "answer accepts m= "
					  "line %u, which was not offered",
					  i + 1);

		if (terms_check(an->x.sdp, sm, f, t, an->x.e))
			return ENOTSUP;

		if (sa_af(&d.remote) != sa_af(&t->local))
			return media_fail(an->x.e, EBADMSG,
					  "answer names %j "
					  "where %j was offered",
					  &d.remote, &t->local);
	}

	return 0;
}

/* Each side is muxed with us, or not, on its own; we go between */
static int agree_mux(struct answer *an, struct stream *f, struct stream *t)
{
	const struct party *p = an->x.from;
	const struct media_opts *o = an->x.o;
	bool accept = p->mux_accept || o->rtcp_mux_accept ||
		      o->rtcp_mux == RTCPMUX_ACCEPT ||
		      o->rtcp_mux == RTCPMUX_DEMUX ||
		      (f->terms && (f->terms->dtls.on || f->terms->ice));
	bool reject = p->mux_reject || o->rtcp_mux_reject ||
		      o->rtcp_mux == RTCPMUX_REJECT;

	t->mux = t->mux_sent && t->cur.mux;
	f->mux = f->cur.mux && !reject && (accept || t->cur.mux);
	f->mux_sent = f->mux;
	if (!reject || !f->cur.mux || !agent_no_rtcp(f))
		return 0;

	return media_fail(an->x.e, ENOTSUP,
			  "rtcp-mux=reject: what is answered by DTLS and ICE "
			  "has RTCP on its port alone");
}

static int answer_line(struct answer *an, unsigned i)
{
	const struct sdpx_media *sm = sdpx_media(an->x.sdp, i);
	struct stream *f = stream_find(an->x.from, i);
	struct stream *t = stream_find(an->x.to, i);
	int err;

	desc_set(&t->next, sm, an->x.o, t->iface ? &t->iface->adv : NULL);
	err = note_take(&t->next_note, sm);
	if (err)
		return err;
	t->staged = true;
	stream_commit(t);
	stream_commit(f);

	if (an->other) {
		t->rearm = true;
		terms_ice_forget(t);
	}
	if (an->x.o->guard.mode != GUARD_OFF || an->x.o->guard.delay_ms ||
	    an->x.o->trigger.begin.l)
		t->guard = an->x.o->guard;
	err = trigger_set(t, &an->x.o->trigger);
	if (err)
		return err;

	memset(f->prev, 0, sizeof(f->prev));
	memset(t->prev, 0, sizeof(t->prev));
	f->sent_filter = desc_pts(sm,
				  an->x.filter ? an->x.filter->drop[i] : NULL,
				  f->sent, &f->sent_dtmf);

	err = terms_answer(&an->x.tev[i], an->x.o, an->x.sdp, sm, f, t);
	if (!err && an->x.tev[i] && an->x.tev[i]->other)
		f->sent_filter = an->x.tev[i]->sound;
	if (!err && an->x.tev[i])
		f->sent_dtmf = formats_mask(&f->terms->told, f->sent);

	if (!err)
		err = agree_mux(an, f, t);
	an->x.rtcpv[i] = f->mux ? SDPX_RTCP_MUX : SDPX_RTCP_PORT;

	return err;
}

static int answer_lines(struct answer *an)
{
	struct le *le;
	int err;

	err = party_bind(an->x.to, &an->x.o->to_tag);
	if (err)
		return err;

	for (unsigned i = 0; i < sdpx_mediac(an->x.sdp) && !err; i++)
		err = answer_line(an, i);
	if (!err)
		err = group_answer(&an->x.group, an->x.o, an->x.sdp, an->x.from,
				   an->x.to, an->x.tev, an->x.rtcpv);
	if (err)
		return err;

	for (le = list_head(&an->x.from->streams); le; le = le->next)
		stream_commit(le->data);

	an->x.from->peer = an->x.to;
	an->x.to->peer = an->x.from;
	an->x.from->answered = true;
	an->x.to->answered = true;
	if (!an->x.call->answered)
		news_tell(an->x.call, MEDIA_ANSWERED, NULL);
	an->x.call->answered = true;

	return 0;
}

static int choose_codec(struct answer *an)
{
	if (!an->x.o->single_codec)
		return 0;

	an->x.filter = mem_zalloc(sizeof(*an->x.filter), NULL);
	if (!an->x.filter)
		return ENOMEM;
	filter_single(an->x.filter, an->x.sdp);

	return 0;
}

static int finish(struct answer *an, struct mbuf *out)
{
	struct exchange *x = &an->x;
	int err = moh_take(x->to, x->o, x->e);

	if (err)
		return err;
	moh_answer(x->mohv, x->from, x->sdp);
	(void)moh_look(x->call);

	return exchange_finish(x, x->from, out);
}

int media_answer(struct media *m, const struct media_opts *o, struct mbuf *out,
		 struct media_err *e)
{
	struct answer an;
	int err;

	if (!m || !o || !out)
		return EINVAL;
	if (e)
		e->msg[0] = '\0';

	memset(&an, 0, sizeof(an));
	an.x.o = o;
	an.x.e = e;

	err = opts_ids(o, e);
	if (err)
		return err;

	if (!pl_isset(&o->to_tag))
		return media_fail(e, EINVAL, "No to-tag in message");

	an.x.call = call_find(m, &o->call_id);
	if (!an.x.call)
		return media_fail(e, ENOENT, "Unknown call-id");

	err = find_parties(&an);
	if (!err)
		err = opts_sdp(&an.x.sdp, o, an.x.to, e);
	if (!err)
		err = opts_check(o, an.x.sdp, true, e);
	if (!err)
		err = echo_check(o, an.x.from, an.x.to, e);
	if (!err)
		err = check_lines(&an);
	if (!err)
		err = choose_codec(&an);
	if (!err)
		err = answer_lines(&an);
	if (!err)
		err = finish(&an, out);

	if (err && e && !e->msg[0])
		(void)media_fail(e, err, "answer: %m", err);
	exchange_reset(&an.x);

	return err;
}
