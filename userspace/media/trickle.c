/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/trickle.c  Candidates that come later (RFC 8838), in a part of an SDP
 *                        (RFC 8840 9.2)
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/checks.h"
#include "media/terms.h"

/** One being worked on */
struct trickle {
	struct sdpx *sdp;
	struct party *p;
	bool any; /* of it was for us                                 */
};

/* What it lacks to be an SDP goes before it */
static int decode(struct sdpx **sdpp, const struct pl *frag,
		  struct media_err *e)
{
	static const char head[] = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\n"
				   "c=IN IP4 0.0.0.0\r\nt=0 0\r\n";
	const bool whole = frag->l > 2 && !strncmp(frag->p, "v=", 2);
	struct sdpx_err se = {0, ""};
	char *text = NULL;
	struct pl pl;
	int err;

	if (!pl_isset(frag))
		return media_fail(e, EINVAL, "No SDP body in message");
	err = re_sdprintf(&text, "%s%r", whole ? "" : head, frag);
	if (err)
		return err;
	pl_set_str(&pl, text);
	err = sdpx_decode(sdpp, &pl, &se);
	mem_deref(text);

	return err == EBADMSG
		       ? media_fail(e, err, "Failed to parse SDP fragment: %s",
				    se.msg)
		       : err;
}

/* Of the name that it has now, or had: what is of another one comes too late */
static bool is_of(const struct trickle *tr, size_t i,
		  const struct ice_peer *peer)
{
	struct pl ufrag;

	return peer->ufrag[0] &&
	       (!sdpx_attr_for(tr->sdp, i, "ice-ufrag", &ufrag) ||
		!pl_strcmp(&ufrag, peer->ufrag));
}

static int put(struct trickle *tr, struct stream *s, size_t i)
{
	struct terms *t = s->terms;

	if (t->next_ice && is_of(tr, i, &t->next_peer)) {
		icepeer_add(&t->next_peer, tr->sdp, i);
		tr->any = true;
	}
	if (!t->ice || !is_of(tr, i, &t->peer))
		return 0;
	icepeer_add(&t->peer, tr->sdp, i);
	tr->any = true;

	return s->checks ? checks_start(s) : 0;
}

static bool in_ice(const struct stream *s)
{
	return s->terms && (s->terms->ice || s->terms->next_ice);
}

/* The one of that a=mid, or without one that of the same number */
static struct stream *stream_of(const struct trickle *tr, size_t i)
{
	const struct pl *mid = &sdpx_media(tr->sdp, i)->mid;
	struct stream *s;
	struct le *le;

	for (le = list_head(&tr->p->streams); le && mid->l; le = le->next) {
		s = le->data;
		if (in_ice(s) && (!pl_strcmp(mid, s->terms->peer.mid) ||
				  !pl_strcmp(mid, s->terms->next_peer.mid)))
			return s;
	}
	s = mid->l ? NULL : stream_find(tr->p, (unsigned)i);

	return s && in_ice(s) ? s : NULL;
}

/* What stands before all sections is of each of them: that there are no more; and the
 * candidates, where there is no section */
static int put_session(struct trickle *tr)
{
	const bool alone = !sdpx_mediac(tr->sdp);
	struct pl val;
	struct le *le;
	int err = 0;

	if (!alone &&
	    !sdpx_attr(tr->sdp, SDPX_SESSION, "end-of-candidates", 0, &val))
		return 0;
	for (le = list_head(&tr->p->streams); le && !err; le = le->next) {
		struct stream *s = le->data;

		if (in_ice(s))
			err = put(tr, s, SDPX_SESSION);
	}

	return err;
}

static int put_all(struct trickle *tr)
{
	int err = 0;

	for (size_t i = 0; i < sdpx_mediac(tr->sdp) && !err; i++) {
		struct stream *s = stream_of(tr, i);

		if (s)
			err = put(tr, s, i);
	}

	return err ? err : put_session(tr);
}

int media_candidates(struct media *m, const struct media_opts *o, bool answer,
		     struct media_err *e)
{
	const struct pl *tag = answer && pl_isset(&o->to_tag) ? &o->to_tag
							      : &o->from_tag;
	struct trickle tr = {.any = false};
	struct media_call *c;
	int err;

	if (!m || !o)
		return EINVAL;
	if (e)
		e->msg[0] = '\0';
	err = opts_ids(o, e);
	if (err)
		return err;
	c = call_find(m, &o->call_id);
	if (!c)
		return media_fail(e, ENOENT, "Unknown call-id");
	tr.p = party_find(c, tag);
	if (!tr.p)
		return media_fail(e, ENOENT, "Unknown %s-tag",
				  tag == &o->to_tag ? "to" : "from");
	err = decode(&tr.sdp, &o->sdp, e);
	if (err)
		return err;
	err = put_all(&tr);
	if (!err && tr.any) {
		call_touch(c);
		err = call_store(c);
	}
	mem_deref(tr.sdp);

	return err;
}
