/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/agent.c  Pairs of streams whose packets go through the agent
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/checks.h"
#include "media/handshake.h"
#include "media/hello.h"
#include "media/digits.h"
#include "media/figures.h"
#include "media/play.h"
#include "media/terms.h"
#include "rtp/packet.h"

enum { LEAVE_MS = 20 };

/** A bridge and the two streams that it is between */
struct agent {
	struct media *m;
	struct bridge *b;
	struct stream *s[2]; /* NULL: went away */
	struct bridge_member mv[2];
	bool left; /* the kernel has the legs; checks of ICE come all the same */
};

static void destructor(void *arg)
{
	struct agent *a = arg;
	struct bridge_stats st;

	for (unsigned i = 0; i < 2; i++) {
		if (a->s[i] && a->s[i]->agent == a)
			a->s[i]->agent = NULL;
		if (a->b) {
			bridge_stats(a->b, i, &st);
			figures_ended(&a->m->bridged, &st);
		}
	}
	mem_deref(a->b);
}

void stream_agent_off(struct stream *s)
{
	mem_deref(s->agent);
}

static unsigned side_of(const struct stream *s)
{
	return s->agent->s[0] == s ? 0 : 1;
}

int agent_play(const struct stream *s, const struct bridge_play *p)
{
	return s->agent ? bridge_play(s->agent->b, side_of(s), p) : ENOTCONN;
}

int agent_digit(const struct stream *s, const struct bridge_digit *d)
{
	return s->agent ? bridge_digit(s->agent->b, side_of(s), d) : ENOENT;
}

bool agent_play_stop(const struct stream *s, struct bridge_left *left)
{
	return s->agent && bridge_play_stop(s->agent->b, side_of(s), left);
}

bool agent_playing(const struct stream *s)
{
	return s->agent && bridge_playing(s->agent->b, side_of(s));
}

int agent_send(const struct stream *s, bool rtcp, const struct sa *dst,
	       const uint8_t *p, size_t n)
{
	const struct agent *a = s->agent;

	if (s->party->bundle && stream_carries(s))
		return bundle_send(s->party->bundle, dst, p, n);

	return a ? bridge_send(a->b, side_of(s), rtcp, dst, p, n) : ENOTCONN;
}

bool stream_agent_stats(const struct stream *s, struct bridge_stats *st)
{
	const struct agent *a = s->agent;

	if (!a)
		return false;
	bridge_stats(a->b, side_of(s), st);

	return true;
}

bool stream_agent_makes(const struct stream *s)
{
	return stream_in_agent(s) && s->agent->mv[side_of(s)].codec;
}

bool stream_agent_first(const struct stream *s)
{
	return s->agent && !side_of(s);
}

/* Copies of what it says are wanted here */
static bool copied(const struct stream *s)
{
	return (stream_opened(s) && stream_tapped(s)) ||
	       (digits_wanted(s) && !agent_decodes(s));
}

bool stream_fax_stats(const struct stream *s, struct fax_stats *st)
{
	return s->agent && bridge_fax(s->agent->b, side_of(s), st);
}

static struct sa local_rtcp(const struct stream *s)
{
	struct sa sa = s->local;

	if (!s->mux)
		sa_set_port(&sa, (uint16_t)(sa_port(&sa) + 1));

	return sa;
}

static void report(struct stream *s, const struct sa *src, const uint8_t *p,
		   size_t n)
{
	const struct sa dst = local_rtcp(s);

	tapsink_report(s, media_now() * 1000000, src, &dst, p, n);
}

/* One of ours, where the stream is made here */
static void made(const struct stream *s, const struct sa *dst, const uint8_t *p,
		 size_t n)
{
	const struct sa src = local_rtcp(s);

	tapsink_show(s, media_now() * 1000000, &src, dst, p, n);
}

/* A member's packets come from elsewhere: the kernel has learnt it, or its SDP was
 * wrong from the start */
static void event_handler(struct bridge *b, unsigned side, unsigned type,
			  const struct sa *src, const uint8_t *p, size_t n,
			  void *arg)
{
	struct agent *a = arg;
	struct stream *s = a->s[side];
	struct bridge_heard heard;
	int err;
	(void)b;

	if (s)
		log_about(s->party->call->id, strlen(s->party->call->id));
	if (s && (type == RTP_DTLS || type == BRIDGE_DTLS_RTCP))
		handshake_recv(s, type != RTP_DTLS, src, p, n);
	if (s && type == BRIDGE_COPY) {
		tapsink_copy(s, src, p, n, false);
		/* of what is decoded the worker tells itself */
		if (!agent_decodes(s))
			digits_packet(s, p, n);
	}
	if (s && type == BRIDGE_CONTROL) {
		report(s, src, p, n);
		tapsink_copy(s, src, p, n, true);
	}
	if (s && type == BRIDGE_REPORT)
		made(s, src, p, n);
	if (s && type == BRIDGE_DIGIT && n == sizeof(heard)) {
		memcpy(&heard, p, n);
		digits_dialled(s, &heard);
	}
	if (s && type == RTP_STUN)
		terms_ice_recv(s, false, src, p, n);
	if (s && type == BRIDGE_PLAYED)
		play_over(s);
	err = type == BRIDGE_MOVED && s ? agents_apply(s->party->call) : 0;
	if (err)
		log_warn("media: call %s: %m", s->party->call->id, err);
	log_about(NULL, 0);
}

static bool same_pts(const struct bridge_member *a,
		     const struct bridge_member *b)
{
	for (unsigned i = 0; i < ARRAY_SIZE(a->ptv); i++) {
		if (a->ptv[i].act != b->ptv[i].act ||
		    a->ptv[i].pt != b->ptv[i].pt ||
		    a->ptv[i].codec != b->ptv[i].codec ||
		    a->ptv[i].clock != b->ptv[i].clock ||
		    a->ptv[i].clock_to != b->ptv[i].clock_to)
			return false;
	}
	if (a->codecc != b->codecc)
		return false;
	for (unsigned i = 0; i < a->codecc; i++) {
		if (a->codecv[i].codec != b->codecv[i].codec ||
		    str_cmp(a->codecv[i].fmtp, b->codecv[i].fmtp))
			return false;
	}

	return true;
}

static bool same_section(const struct bridge_member *a,
			 const struct bridge_member *b)
{
	return !strcmp(a->mid, b->mid) && a->mid_id == b->mid_id &&
	       a->ssrcc == b->ssrcc &&
	       !memcmp(a->ssrcv, b->ssrcv, sizeof(a->ssrcv)) &&
	       !memcmp(a->told, b->told, sizeof(a->told));
}

static bool same(const struct bridge_member *a, const struct bridge_member *b)
{
	return sa_cmp(&a->remote, &b->remote, SA_ALL) && a->t38 == b->t38 &&
	       fax_conf_same(&a->fax, &b->fax) &&
	       sa_cmp(&a->rtcp, &b->rtcp, SA_ALL) &&
	       srtpx_same_key(&a->rx, &b->rx) &&
	       srtpx_same_key(&a->tx, &b->tx) && a->locked == b->locked &&
	       a->rtcp_keyed == b->rtcp_keyed &&
	       srtpx_same_key(&a->rtcp_rx, &b->rtcp_rx) &&
	       srtpx_same_key(&a->rtcp_tx, &b->rtcp_tx) &&
	       a->silent == b->silent && a->hear == b->hear &&
	       a->shown == b->shown && a->echo == b->echo &&
	       guard_same(&a->guard, &b->guard) && a->event_pt == b->event_pt &&
	       a->event_clock == b->event_clock && same_pts(a, b) &&
	       a->codec == b->codec && a->pt == b->pt && a->ptime == b->ptime &&
	       same_section(a, b) && a->bitrate == b->bitrate &&
	       a->complexity == b->complexity && !str_cmp(a->fmtp, b->fmtp);
}

static int change(struct agent *a, struct bridge_member mv[2])
{
	int err = 0;

	for (unsigned i = 0; i < 2 && !err; i++) {
		if (same(&a->mv[i], &mv[i]))
			continue;
		mv[i].ssrc = a->mv[i].ssrc;
		mv[i].seq = a->mv[i].seq;
		mv[i].ts = a->mv[i].ts;
		mv[i].go_on = a->mv[i].go_on;
		mv[i].anew = a->mv[i].anew;
		mv[i].resumed |= a->mv[i].resumed;
		err = bridge_change(a->b, i, &mv[i]);
		if (!err)
			a->mv[i] = mv[i];
	}

	return err;
}

/* What we encode is a stream of its own, which no predecessor has begun: under SRTP its
 * numbers would be replays. But what the kernel relays now goes on. Who is being played
 * something may have heard the beginning from a bridge that is gone, in the stream that
 * there was
 *
 * @param to    Whose member it is
 * @param from  Whose packets the member gets */
static void number(struct bridge_member *m, const struct stream *to,
		   const struct stream *from)
{
	const struct leg *leg = fp_leg(from->party->call->m->fp, from->slot[0]);

	m->ssrc = rand_u32();
	m->seq = rand_u16() & 0x7fff;
	m->ts = rand_u32();
	m->go_on = m->tx.suite == SRTPX_NONE && leg &&
		   leg->ctl.state == LEG_RELAY;
	m->anew = play_on(to);
}

/* Keys that served another bridge of the stream's: where its counters stood is known no
 * more, and what was encrypted once must not be again */
static void go_on_with_keys(struct bridge_member *m, struct stream *s)
{
	m->resumed |= (m->rx.suite != SRTPX_NONE &&
		       srtpx_same_key(&m->rx, &s->served_rx)) ||
		      (m->tx.suite != SRTPX_NONE &&
		       srtpx_same_key(&m->tx, &s->served_tx)) ||
		      (m->rtcp_tx.suite != SRTPX_NONE &&
		       srtpx_same_key(&m->rtcp_tx, &s->served_rtcp));
}

static void have_served(struct stream *s)
{
	const struct bridge_member *m = &s->agent->mv[side_of(s)];

	s->served_rx = m->rx;
	s->served_tx = m->tx;
	s->served_rtcp = m->rtcp_tx;
}

/* relayed: for checks of ICE alone, as of now */
static int make(struct stream *s, struct stream *t,
		const struct bridge_member mv[2], bool relayed)
{
	struct plane *pl = s->party->call->m->plane;
	struct bridge_member fresh[2];
	struct agent *a;
	int err;

	play_suspend(s);
	play_suspend(t);
	stream_agent_off(s);
	stream_agent_off(t);
	hello_close(s);
	hello_close(t);
	memcpy(fresh, mv, sizeof(fresh));
	number(&fresh[0], s, fresh[0].echo ? s : t);
	number(&fresh[1], t, fresh[1].echo ? t : s);
	go_on_with_keys(&fresh[0], s);
	go_on_with_keys(&fresh[1], t);
	a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;
	a->m = s->party->call->m;
	a->s[0] = s;
	a->s[1] = t;
	a->left = relayed;
	memcpy(a->mv, fresh, sizeof(a->mv));
	err = bridge_alloc(&a->b, pl, carrier_worker(s, t), fresh,
			   event_handler, a);
	if (err) {
		mem_deref(a);
		return err;
	}
	s->agent = t->agent = a;

	return 0;
}

static void count_transcoded(const struct stream *s)
{
	struct media_call *c = s->party->call;

	if (c->transcoded || agent_why(s) != LEG_WHY_TRANSCODING)
		return;
	c->transcoded = true;
	++c->m->tot.transcoded;
}

/* Its packets are not for the agent: relayed, or for nobody */
static bool left_alone(const struct stream *s)
{
	const enum leg_state state = stream_state(s);

	return state == LEG_RELAY || state == LEG_HELD ||
	       (state == LEG_BLOCKED && !agent_why(s));
}

static int pair_apply(struct stream *s, struct stream *t)
{
	const bool relayed = left_alone(s) && left_alone(t);
	struct bridge_member mv[2];
	int err;

	agent_member(&mv[0], s, t);
	agent_member(&mv[1], t, s);
	if (s->agent && s->agent == t->agent && s->agent->s[0] == s &&
	    sa_cmp(&s->agent->mv[0].local, &s->local, SA_ALL) &&
	    sa_cmp(&s->agent->mv[1].local, &t->local, SA_ALL) &&
	    s->agent->mv[0].mux == s->mux && s->agent->mv[1].mux == t->mux &&
	    s->agent->mv[0].bundle == mv[0].bundle &&
	    s->agent->mv[1].bundle == mv[1].bundle &&
	    s->agent->mv[0].t38 == mv[0].t38 &&
	    s->agent->mv[1].t38 == mv[1].t38)
		err = change(s->agent, mv);
	else
		err = make(s, t, mv, relayed);
	if (!err) {
		have_served(s);
		have_served(t);
		count_transcoded(s);
		s->agent->left &= relayed;
		bridge_copy(s->agent->b, 0, copied(s));
		bridge_copy(s->agent->b, 1, copied(t));
		err = handshake_start(s);
	}
	if (!err)
		err = handshake_start(t);
	if (!err)
		err = checks_start(s);
	if (!err)
		err = checks_start(t);
	if (err)
		log_warn("media: call %s: the agent cannot take %J: %m",
			 s->party->call->id, &s->local, err);

	return err;
}

bool stream_opened(const struct stream *s)
{
	return s->agent && s->terms && s->terms->keys.on;
}

bool stream_in_agent(const struct stream *s)
{
	return s->agent && !s->agent->left;
}

bool stream_agent_plain(const struct stream *s)
{
	return (s->agent && bridge_plain(s->agent->b)) ||
	       bundle_plain(s->party->bundle);
}

/* Both ways are one bridge: it is made once, for the first of the two */
static bool is_first(const struct stream *s, const struct stream *t)
{
	const struct le *le = &s->party->le;

	for (; le; le = le->next) {
		if (le->data == t->party)
			return true;
	}

	return false;
}

/* One that is blocked may still be played to; one that is relayed may have checks of
 * ICE */
static bool agent_has(const struct stream *s)
{
	const enum leg_state state = stream_state(s);

	if (state == LEG_RELAY && agent_listens(s))
		return true;
	/* nobody may be sent what it says, but perhaps again */
	if (state == LEG_HELD && s->agent && stream_silenced(stream_peer(s)))
		return true;

	return state == LEG_AGENT || (state == LEG_BLOCKED && agent_why(s));
}

bool agent_serves(const struct stream *s)
{
	return s->agent && !s->agent->left;
}

int agents_apply(struct media_call *c)
{
	struct le *pe, *se;
	int err = carriers_apply(c);

	for (pe = list_head(&c->parties); pe && !err; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se && !err; se = se->next) {
			struct stream *s = se->data, *t = stream_peer(s);

			if (t && agent_has(s) && agent_has(t) && is_first(s, t))
				err = pair_apply(s, t);
		}
	}

	if (!err)
		err = carriers_start(c);
	hellos_apply(c);

	return err;
}

/* Both ways at once. What the receiver has seen as ours stays ours */
static void leave(struct agent *a)
{
	struct media *m = a->s[0]->party->call->m;
	int err = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct stream *s = a->s[i];
		uint32_t ssrc;

		if (bridge_stream(a->b, a->mv[i].echo ? i : !i, &ssrc)) {
			s->ssrc_out = ssrc;
			s->ssrc_keep = true;
		}
		s->leaving = true;
	}
	for (unsigned i = 0; i < 2 && !err; i++)
		err = stream_apply(a->s[i]);
	for (unsigned i = 0; i < 2; i++)
		a->s[i]->leaving = false;
	if (!err)
		err = bridge_leave(a->b, m->fp, LEAVE_MS);
	/* should it have them again: behind what the kernel sent by then */
	for (unsigned i = 0; i < 2; i++)
		a->mv[i].go_on = a->mv[i].tx.suite == SRTPX_NONE;
	a->left = true;
	if (err)
		log_debug("media: call %s: left in haste: %m",
			  a->s[0]->party->call->id, err);
}

static void look_leave(struct agent *a)
{
	const enum leg_state x = stream_state(a->s[0]),
			     y = stream_state(a->s[1]);

	if (x == LEG_RELAY && y == LEG_RELAY)
		leave(a);
	/* of what is blocked nothing goes on */
	else if ((x == LEG_BLOCKED || y == LEG_BLOCKED) &&
		 left_alone(a->s[0]) && left_alone(a->s[1]))
		a->left = true;
}

void agents_leave(struct media_call *c)
{
	struct le *pe, *se;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *s = se->data;
			struct agent *a = s->agent;

			if (a && !a->left && a->s[0] == s && a->s[1] &&
			    stream_peer(s) == a->s[1])
				look_leave(a);
		}
	}
}

void agents_sweep(struct media_call *c)
{
	struct le *pe, *se;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *s = se->data;

			if (s->agent && !agent_why(s) && !agent_listens(s))
				stream_agent_off(s);
		}
	}
}
