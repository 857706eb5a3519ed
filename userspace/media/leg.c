/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/leg.c  Two joined streams turned into recipes of the fast path
 *
 * Leg 0 of a stream is its RTP port, leg 1 the port after it (RTCP).
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/digits.h"
#include "media/echo.h"
#include "media/hello.h"
#include "media/play.h"
#include "media/relays.h"
#include "media/terms.h"

static struct sa leg_local(const struct stream *s, unsigned i)
{
	struct sa sa = s->local;

	sa_set_port(&sa, (uint16_t)(sa_port(&s->local) + i));

	return sa;
}

static const struct sa *signalled(const struct stream *s, unsigned i)
{
	if (s->terms && s->terms->ice && sa_isset(&s->terms->pair, SA_ALL) &&
	    (!i || s->mux))
		return stream_relayed(s) ? relayport_local(s->relay)
					 : &s->terms->pair;

	return i && !s->mux ? &s->cur.rtcp : &s->cur.remote;
}

/* Where a party really is: learnt by the kernel for as long as its SDP says
 * the same as when it was learnt */
struct sa stream_whereabouts(const struct stream *s, unsigned i)
{
	const struct stream *t = stream_carrier(s);
	const struct sa *sig = signalled(t, i);
	struct sa local, real;

	if (t->cur.any_src || t->rearm || !t->leg_on[i] ||
	    !sa_cmp(&t->leg_remote[i], sig, SA_ALL))
		return *sig;

	local = leg_local(t, i);
	if (fp_leg_remote(t->party->call->m->fp, &local, &real))
		return *sig;

	return real;
}

/* The state, but for what is blocked by command */
static enum leg_state base_state(const struct stream *s)
{
	const struct stream *t = stream_peer(s), *far = echo_far(s);

	if (!s->iface || !s->cur.known || !s->cur.active)
		return LEG_FREE;

	if (t && t->cur.known && (!t->cur.active || !t->iface))
		return LEG_FREE;

	if (!t || !t->cur.known || far->cur.held || stream_silenced(far))
		return LEG_HELD;

	/* one side is ahead of the other in a change of RTP to T.38 */
	if (!fax_between(s, t) &&
	    (t->cur.media == LEG_OTHER) != (s->cur.media == LEG_OTHER))
		return LEG_HELD;

	return LEG_RELAY;
}

/* Others live on its port, whatever has become of its own section */
static bool needed(const struct stream *s)
{
	struct le *le;

	for (le = list_head(&s->party->streams); le; le = le->next) {
		const struct stream *o = le->data;
		const struct stream *t = stream_peer(o);

		if (o->grp.joined && o->grp.carrier == s->idx && t &&
		    base_state(o) != LEG_FREE)
			return true;
	}

	return false;
}

enum leg_state stream_state(const struct stream *s)
{
	enum leg_state state = base_state(s);

	if (s->iface && needed(s))
		return LEG_AGENT;

	/* music on hold: who waits is heard by nobody, but played to */
	if (state == LEG_HELD && play_on(s) && agent_why(s))
		return LEG_AGENT;
	if (state != LEG_RELAY)
		return state;
	if (s->blocked || echo_sunk(s))
		return LEG_BLOCKED;

	return s->leaving || agent_why(s) ? LEG_AGENT : LEG_RELAY;
}

static bool want_latch(const struct stream *s, unsigned i)
{
	const struct leg *leg;

	/* nor is there anything to learn of a party behind our relay */
	if (s->cur.strict || s->cur.held || stream_relayed(s))
		return false;

	if (s->rearm || !s->leg_on[i] ||
	    !sa_cmp(&s->leg_remote[i], signalled(s, i), SA_ALL))
		return true;

	/* a window that found nobody opens anew with each word of signalling */
	leg = fp_leg(s->party->call->m->fp, s->slot[i]);

	return leg && leg->ctl.latch == LATCH_OPEN;
}

static void follow_add(struct fp_leg *l, unsigned *n, const struct stream *u,
		       unsigned i)
{
	if (*n < 2 && u && u->iface)
		l->follow[(*n)++] = leg_local(u, i);
}

/* The legs that send to what leg i of s receives from */
static void follow_peer(struct fp_leg *l, unsigned *n, const struct stream *s,
			unsigned i, const struct stream *u)
{
	if (!u)
		return;

	if (i) {
		follow_add(l, n, u, 1);
		return;
	}

	follow_add(l, n, u, 0);
	if (s->mux && !u->mux && s->cur.media != LEG_OTHER)
		follow_add(l, n, u, 1);
}

static void set_follow(struct fp_leg *l, const struct stream *s, unsigned i)
{
	const struct party *p = s->party;
	unsigned n = 0;
	struct le *le;

	for (unsigned k = 0; k < 2; k++)
		sa_init(&l->follow[k], AF_UNSPEC);

	if (echo_back(s)) {
		follow_add(l, &n, s, i);
		return;
	}
	if (p->peer && p->peer->peer == p)
		follow_peer(l, &n, s, i, stream_find(p->peer, s->idx));

	for (le = list_head(&p->call->parties); le && n < 2; le = le->next) {
		const struct party *q = le->data;

		if (q != p->peer && q != p && q->peer == p)
			follow_peer(l, &n, s, i, stream_find(q, s->idx));
	}
}

static void set_source(struct fp_leg *l, const struct stream *s, unsigned i)
{
	const struct media_conf *conf = &s->party->call->m->conf;
	const struct desc *d = &s->cur;

	l->local = leg_local(s, i);
	l->remote = *signalled(s, i);
	if (sa_af(&l->remote) != sa_af(&l->local))
		(void)sa_set_str(&l->remote,
				 sa_af(&l->local) == AF_INET6 ? "::"
							      : "0.0.0.0",
				 sa_port(signalled(s, i)));
	l->any_src = d->any_src;
	l->src_fixed = d->any_src;
	l->latch = (l->state == LEG_RELAY || l->state == LEG_AGENT) &&
		   want_latch(s, i);
	l->plain = stream_agent_plain(s) || hello_plain(s);
	l->latch_window = conf->latch_window;
	l->latch_grace = d->credible && !d->any_src ? conf->latch_grace : 0;
	set_follow(l, s, i);
}

static void set_target(struct fp_leg *l, const struct stream *s, unsigned i)
{
	const struct stream *t = echo_far(s);

	sa_init(&l->peer_local, AF_UNSPEC);
	sa_init(&l->peer_remote, AF_UNSPEC);

	if (!t || !t->iface || !t->cur.known || !t->cur.active || t->cur.held ||
	    stream_silenced(t))
		return;

	if (t->mux)
		i = 0;

	l->peer_local = leg_local(t, i);
	l->peer_remote = stream_whereabouts(t, i);
}

/* A party that has no port for RTCP: a=rtcp:0, or RTP on 65535; or whose address is
 * that of candidates, of which it has none for RTCP */
static bool no_rtcp(const struct stream *s)
{
	return !s->mux && s->cur.known &&
	       (!sa_port(&s->cur.rtcp) ||
		(s->terms && s->terms->ice && sa_is_any(&s->cur.rtcp)));
}

/* Does the kernel give what s sends an SSRC of ours? Who gets its own back would take us
 * for itself */
static bool renames(const struct stream *s)
{
	return s->cur.media == LEG_RTP &&
	       (s->party->call->m->conf.ssrc_substitute || s->ssrc_keep ||
		echo_back(s));
}

static void set_rtp(struct fp_leg *l, const struct stream *s)
{
	const struct desc *d = &s->cur;
	const struct stream *t = echo_far(s);
	bool tapped = stream_tapped(s) && !stream_opened(s);

	l->media = d->media;
	l->alien = s->terms &&
		   (s->terms->dtls.on || s->terms->ice || hello_welcome(s));
	l->clock_rate = d->clock;
	l->dtmf_pt = s->sent_dtmf >= 0 ? s->sent_dtmf : d->dtmf_pt;
	/* who has its events decides: the agent has to hear them first */
	l->dtmf_block = s->guard.mode == GUARD_DROP && l->dtmf_pt >= 0 &&
			!(stream_in_agent(s) && agent_decodes(s));
	/* the agent has what it has to hear of those that come to it */
	l->tap = tapped || (digits_tones_wanted(s) && !stream_in_agent(s));
	l->tap_dtmf = digits_wanted(s) && !stream_in_agent(s) &&
		      d->media == LEG_RTP && l->dtmf_pt >= 0;
	l->tap_rtcp = s->mux && (tapped || d->media == LEG_RTP);
	l->rtcp_ok = s->mux;
	l->demux = s->mux && t && !t->mux && !no_rtcp(t);

	if (d->media != LEG_RTP)
		return;

	l->pt_filter = d->filter && s->sent_filter;
	for (unsigned k = 0; k < 4; k++)
		l->pt_mask[k] = d->pt[k] | s->sent[k] | s->prev[k];

	if (renames(s)) {
		l->ssrc_rewrite = true;
		l->ssrc_out = s->ssrc_out;
	}
}

static void set_rtcp(struct fp_leg *l, const struct stream *s)
{
	/* DTLS and STUN come to the RTCP port too where it is not muxed */
	l->media = s->cur.media == LEG_SRTP ? LEG_SRTP : LEG_RTCP;
	l->rtcp_ok = true;
	l->alien = agent_rtcp_keyed(s) || hello_welcome(s);
	l->tap_rtcp = (stream_tapped(s) && !stream_opened(s)) ||
		      s->cur.media == LEG_RTP;
	l->dtmf_pt = -1;
}

/* RTCP tells of what its sender sends and hears, whose SSRCs may be changed here */
static void set_told(struct fp_leg *l, const struct stream *s)
{
	const struct stream *t = echo_far(s);

	sa_init(&l->said, AF_UNSPEC);
	sa_init(&l->heard, AF_UNSPEC);
	if (renames(s))
		l->said = leg_local(s, 0);
	if (t && t->iface && echo_far(t) == s && renames(t))
		l->heard = leg_local(t, 0);
}

static enum leg_why held_why(const struct stream *s)
{
	return stream_silenced(echo_far(s)) ? LEG_WHY_CONSENT : LEG_WHY_NOTHING;
}

static int leg_write(struct stream *s, unsigned i, enum leg_state state)
{
	struct media_call *c = s->party->call;
	struct fp_leg l;
	struct sa used;
	int err;

	memset(&l, 0, sizeof(l));
	l.state = state;
	l.why = state == LEG_HELD   ? held_why(s)
		: stream_bundled(s) ? LEG_WHY_BUNDLE
				    : agent_why(s);
	l.dscp = c->dscp;

	if (i)
		set_rtcp(&l, s);
	else
		set_rtp(&l, s);
	set_source(&l, s, i);
	set_told(&l, s);

	/* the kernel may learn the peer's source while we write: look again */
	do {
		set_target(&l, s, i);
		used = l.peer_remote;
		err = fp_leg_set(c->m->fp, &l);
		if (err)
			return err;

		l.latch = l.latch && want_latch(s, i);
		set_target(&l, s, i);
	} while (sa_isset(&used, SA_ALL) &&
		 !sa_cmp(&used, &l.peer_remote, SA_ALL));

	if (c->m->net && sa_isset(&used, SA_ADDR))
		(void)fp_net_want(c->m->net, &used, &l.peer_local);

	s->leg_on[i] = true;
	s->leg_remote[i] = *signalled(s, i);

	return 0;
}

static void leg_off(struct stream *s, unsigned i)
{
	struct sa local;

	if (!s->leg_on[i])
		return;

	s->leg_on[i] = false;
	local = leg_local(s, i);
	(void)fp_leg_del(s->party->call->m->fp, &local);
}

void stream_legs_off(struct stream *s)
{
	leg_off(s, 0);
	leg_off(s, 1);
}

/* Muxed on both sides, RTCP never comes to a port of its own */
bool stream_has_rtcp(const struct stream *s)
{
	const struct stream *t = echo_far(s);

	if (s->cur.media == LEG_OTHER)
		return false;

	if (no_rtcp(s) || (t && no_rtcp(t)))
		return false;

	return !s->mux || (t && !t->mux);
}

/* For a ClientHello that comes before its answer, where one may */
static int listen_only(struct stream *s)
{
	int err = 0;

	for (unsigned i = 0; i < 2 && !err; i++) {
		if (hello_listens(s, i))
			err = leg_write(s, i, LEG_HELD);
		else
			leg_off(s, i);
	}

	return err;
}

/* Blocked is the media, not its reports; but who is heard by nobody has none of that */
static enum leg_state rtcp_state(const struct stream *s, enum leg_state state)
{
	if (state == LEG_AGENT || (state == LEG_BLOCKED && echo_sunk(s)))
		return state;
	if (state == LEG_BLOCKED && agent_why(s))
		return LEG_AGENT;

	return base_state(s);
}

int stream_apply(struct stream *s)
{
	enum leg_state state = stream_state(s);
	int err;

	/* its packets come by another one's leg */
	if (s->grp.joined) {
		s->rearm = false;
		return 0;
	}
	if (state == LEG_FREE) {
		s->rearm = true;
		return listen_only(s);
	}

	err = leg_write(s, 0, state);
	if (err)
		return err;

	if (stream_has_rtcp(s)) {
		err = leg_write(s, 1, rtcp_state(s, state));
		if (err)
			return err;
	} else {
		leg_off(s, 1);
	}

	if (state == LEG_RELAY || state == LEG_AGENT)
		s->rearm = false;

	return 0;
}
