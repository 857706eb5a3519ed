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
#include "media/group.h"
#include "media/note.h"
#include "media/moh.h"
#include "media/terms.h"
#include "media/trigger.h"

/** One answer being worked on */
struct answer {
	const struct media_opts *o;
	struct sdpx *sdp;
	struct media_call *call;
	struct party *from; /* who offered                              */
	struct party *to;   /* who answers                              */
	bool other;         /* another phone answers than the one before */
	enum sdpx_rtcp rtcpv[SDPX_MEDIA_MAX];
	struct terms_edit *tev[SDPX_MEDIA_MAX];
	struct moh_edit mohv[SDPX_MEDIA_MAX];
	struct group_edit group;
	struct filter *filter; /* NULL: all formats go back               */
	struct media_err *e;
};

static int find_parties(struct answer *an)
{
	const struct media_opts *o = an->o;

	an->from = party_find(an->call, &o->from_tag);
	if (!an->from)
		return media_fail(an->e, ENOENT, "Unknown from-tag");

	an->to = party_find(an->call, &o->to_tag);
	if (!an->to)
		an->to = party_offered(an->call, an->from, &o->via_branch);
	if (!an->to || an->to == an->from)
		return media_fail(an->e, ENOENT, "no offer to answer");

	an->other = an->to->tag && pl_strcmp(&o->to_tag, an->to->tag);

	return 0;
}

/* Refused before anything changes: the call goes on as it was */
static int check_lines(struct answer *an)
{
	for (unsigned i = 0; i < sdpx_mediac(an->sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(an->sdp, i);
		const struct stream *f = stream_find(an->from, i);
		const struct stream *t = stream_find(an->to, i);
		struct desc d;

		if (!f || !t)
			return media_fail(an->e, EBADMSG,
					  "answer has more "
					  "m= lines than the offer");

		desc_set(&d, sm, an->o, NULL);
		if (!d.active || d.held)
			continue;

		if (!t->iface || !f->iface)
			return media_fail(an->e, EBADMSG,
					  "answer accepts m= "
					  "line %u, which was not offered",
					  i + 1);

		if (terms_check(an->sdp, sm, f, t, an->e))
			return ENOTSUP;

		if (sa_af(&d.remote) != sa_af(&t->local))
			return media_fail(an->e, EBADMSG,
					  "answer names %j "
					  "where %j was offered",
					  &d.remote, &t->local);
	}

	return 0;
}

/* Each side is muxed with us, or not, on its own; we go between */
static int agree_mux(struct answer *an, struct stream *f, struct stream *t)
{
	const struct party *p = an->from;
	const struct media_opts *o = an->o;
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

	return media_fail(an->e, ENOTSUP,
			  "rtcp-mux=reject: what is answered by DTLS and ICE "
			  "has RTCP on its port alone");
}

static int answer_line(struct answer *an, unsigned i)
{
	const struct sdpx_media *sm = sdpx_media(an->sdp, i);
	struct stream *f = stream_find(an->from, i);
	struct stream *t = stream_find(an->to, i);
	int err;

	desc_set(&t->next, sm, an->o, t->iface ? &t->iface->adv : NULL);
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
	if (an->o->guard.mode != GUARD_OFF || an->o->guard.delay_ms ||
	    an->o->trigger.begin.l)
		t->guard = an->o->guard;
	err = trigger_set(t, &an->o->trigger);
	if (err)
		return err;

	memset(f->prev, 0, sizeof(f->prev));
	memset(t->prev, 0, sizeof(t->prev));
	f->sent_filter = desc_pts(sm, an->filter ? an->filter->drop[i] : NULL,
				  f->sent, &f->sent_dtmf);

	err = terms_answer(&an->tev[i], an->o, an->sdp, sm, f, t);
	if (!err && an->tev[i] && an->tev[i]->other)
		f->sent_filter = an->tev[i]->sound;
	if (!err && an->tev[i])
		f->sent_dtmf = formats_mask(&f->terms->told, f->sent);

	if (!err)
		err = agree_mux(an, f, t);
	an->rtcpv[i] = f->mux ? SDPX_RTCP_MUX : SDPX_RTCP_PORT;

	return err;
}

static int answer_lines(struct answer *an)
{
	struct le *le;
	int err;

	err = party_bind(an->to, &an->o->to_tag);
	if (err)
		return err;

	for (unsigned i = 0; i < sdpx_mediac(an->sdp) && !err; i++)
		err = answer_line(an, i);
	if (!err)
		err = group_answer(&an->group, an->o, an->sdp, an->from, an->to,
				   an->tev, an->rtcpv);
	if (err)
		return err;

	for (le = list_head(&an->from->streams); le; le = le->next)
		stream_commit(le->data);

	an->from->peer = an->to;
	an->to->peer = an->from;
	an->from->answered = true;
	an->to->answered = true;
	an->call->answered = true;

	return 0;
}

static int choose_codec(struct answer *an)
{
	if (!an->o->single_codec)
		return 0;

	an->filter = mem_zalloc(sizeof(*an->filter), NULL);
	if (!an->filter)
		return ENOMEM;
	filter_single(an->filter, an->sdp);

	return 0;
}

static int finish(struct answer *an, struct mbuf *out)
{
	struct mbuf *mb = mbuf_alloc(2048);
	int err;

	if (!mb)
		return ENOMEM;

	err = moh_take(an->to, an->o, an->e);
	moh_answer(an->mohv, an->from, an->sdp);
	if (!err)
		err = edit_write(mb, an->sdp, an->from, an->filter, an->o,
				 an->rtcpv, an->tev, an->mohv, &an->group,
				 an->e);
	if (!err)
		err = call_options(an->call, an->o);
	if (err)
		goto out;

	call_touch(an->call);
	if (an->o->record_call && !an->call->rec_formats) {
		err = call_record(an->call, REC_START, an->o->rec_formats, NULL,
				  an->e);
		if (err)
			goto out;
	}

	(void)moh_look(an->call);
	err = call_store(an->call);
	if (err) {
		(void)media_fail(an->e, err, "call could not be stored: %m",
				 err);
		goto out;
	}

	err = call_apply(an->call);
	if (err) {
		(void)media_fail(an->e, err, "fast path refused a leg: %m",
				 err);
		goto out;
	}

	err = mbuf_write_mem(out, mb->buf, mb->end);

out:
	mem_deref(mb);

	return err;
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
	an.o = o;
	an.e = e;

	err = opts_ids(o, e);
	if (err)
		return err;

	if (!pl_isset(&o->to_tag))
		return media_fail(e, EINVAL, "No to-tag in message");

	an.call = call_find(m, &o->call_id);
	if (!an.call)
		return media_fail(e, ENOENT, "Unknown call-id");

	err = find_parties(&an);
	if (!err)
		err = opts_sdp(&an.sdp, o, an.to, e);
	if (!err)
		err = opts_check(o, an.sdp, true, e);
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
	mem_deref(an.sdp);
	mem_deref(an.filter);
	for (size_t i = 0; i < SDPX_MEDIA_MAX; i++)
		mem_deref(an.tev[i]);

	return err;
}
