/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/agent_plan.c  Why the agent has a pair of streams, and what it does for each
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/digits.h"
#include "media/echo.h"
#include "media/hairpin.h"
#include "media/note.h"
#include "media/play.h"
#include "media/relays.h"
#include "media/terms.h"

enum {
	PTIME = 20,
	BITRATE = 24000,
	COMPLEXITY = 5,
};

static bool opens(const struct terms *s, const struct terms *t)
{
	return s->keys.on || t->keys.on;
}

/* Does what s sends come in packets of another length than t is to be sent? Nobody asks,
 * where nobody was told so: parties may agree on a length among themselves */
static bool repacks(const struct terms *s, const struct terms *t)
{
	const uint32_t wanted = t->sent ? t->sent : t->ptime;
	const uint32_t told = s->sent ? s->sent : t->ptime;

	return (s->sent || t->sent) && wanted &&
	       wanted != (told ? told : PTIME);
}

/* What it may be sent: in calls that are passed on, what both have */
static void formats_heard(struct formats *f, const struct stream *s)
{
	const struct stream *t = stream_peer(s);
	struct formats own, other;

	if (s->terms) {
		formats_agreed(f, &s->terms->own, &s->terms->told);
		return;
	}
	note_formats(&own, s->note);
	note_formats(&other, t ? t->note : NULL);
	formats_common(f, &own, &other);
}

/* How what s sends reaches t. Of calls that are passed on nothing is decoded, but for
 * the digits in it */
static bool plan(struct bridge_member *m, const struct stream *s,
		 const struct stream *t)
{
	const bool guarded = guard_sounds(&s->guard);
	const bool terms = s->terms && t->terms;
	struct formats own;

	if (!terms && !guarded)
		return false;
	formats_heard(&own, t);

	return formats_plan(m, terms ? &s->terms->told : &own, &own,
			    guarded || repacks(s->terms, t->terms));
}

/* Something that s sends has to be transcoded for t */
static bool transcodes(const struct stream *s, const struct stream *t)
{
	struct bridge_member m;

	memset(&m, 0, sizeof(m));

	return plan(&m, s, t);
}

/* It takes part in ICE, and has not yet said by which pair */
static bool searches(const struct terms *t)
{
	return t->ice && !sa_isset(&t->pair, SA_ALL);
}

bool agent_listens(const struct stream *s)
{
	const struct stream *t = stream_peer(s);

	return s->terms && t && t->terms && (s->terms->ice || t->terms->ice) &&
	       stream_peer(t) == s;
}

bool agent_decodes(const struct stream *s)
{
	const struct stream *far = echo_far(s);

	return far && !echo_sunk(s) && transcodes(s, far);
}

enum leg_why agent_why_alone(const struct stream *s)
{
	const struct stream *t = stream_peer(s);

	if (!t || stream_peer(t) != s)
		return LEG_WHY_NOTHING;
	if (fax_between(s, t))
		return LEG_WHY_FAX;
	/* what was agreed of RTP does not hold for what is none */
	if (s->cur.media == LEG_OTHER || t->cur.media == LEG_OTHER)
		return LEG_WHY_NOTHING;
	/* events alone, where nothing can be decoded */
	if (guard_sounds(&s->guard) || guard_sounds(&t->guard))
		return LEG_WHY_TRANSCODING;
	if (s->terms && t->terms) {
		if (agent_decodes(s) || agent_decodes(t))
			return LEG_WHY_TRANSCODING;
		if (opens(s->terms, t->terms))
			return LEG_WHY_SRTP;
		/* once it is known where both are, the kernel relays; checks come
		 * to the agent all the same (PATH_ALIEN) */
		if (searches(s->terms) || searches(t->terms))
			return LEG_WHY_ICE;
		/* what a relay wants around each packet the kernel cannot put */
		if (stream_relayed(stream_carrier(s)) ||
		    stream_relayed(stream_carrier(t)))
			return LEG_WHY_RELAY;
	}

	return play_on(s) || play_on(t) ? LEG_WHY_PLAYING : LEG_WHY_NOTHING;
}

enum leg_why agent_why(const struct stream *s)
{
	const struct stream *t = stream_peer(s);
	const enum leg_why why = agent_why_alone(s);

	if (why || !t || stream_peer(t) != s || !s->party->call->m->plane ||
	    s->cur.media == LEG_OTHER || t->cur.media == LEG_OTHER)
		return why;

	return hairpin_agent(s) || hairpin_agent(t) ? LEG_WHY_JOINED
						    : LEG_WHY_NOTHING;
}

_Static_assert((int)MEDIA_PTIME_MAX <= (int)CODEC_PTIME_MAX,
	       "codecs make what may be asked for");

static unsigned ptime_of(const struct stream *s, const struct codec *c)
{
	unsigned ms = !s->terms        ? note_ptime(s->note)
		      : s->terms->sent ? s->terms->sent
				       : s->terms->ptime;

	if (ms < MEDIA_PTIME_MIN || ms > MEDIA_PTIME_MAX)
		ms = PTIME;
	/* a whole number of the codec's frames */
	if (ms % c->frame)
		ms = ms < c->frame ? c->frame : ms / c->frame * c->frame;
	/* Opus has no packets of 30 and 50 ms */
	if (!str_casecmp(c->name, "opus") && (ms == 30 || ms == 50))
		ms -= 10;

	return ms;
}

void agent_encoder(struct bridge_member *m, const struct stream *s)
{
	const struct format *x;
	struct formats own;

	formats_heard(&own, s);
	x = formats_primary(&own);
	m->codec = x ? format_codec(x) : NULL;
	m->ptime = PTIME;
	if (!x)
		return;
	m->pt = x->pt;
	(void)re_snprintf(m->fmtp, sizeof(m->fmtp), "%s", x->fmtp);
	m->ptime = ptime_of(s, m->codec);
	m->bitrate = x->bitrate ? x->bitrate : BITRATE;
	m->complexity = x->complexity >= 0 ? x->complexity : COMPLEXITY;
}

int agent_events(const struct stream *s, uint32_t *clock)
{
	const struct format *x, *best = NULL;
	struct formats own;

	formats_heard(&own, s);
	x = formats_primary(&own);
	for (unsigned i = 0; i < own.n; i++) {
		const struct format *y = &own.v[i];

		if (str_casecmp(y->name, "telephone-event") || !y->clock)
			continue;
		if (!best || (x && y->clock == x->clock))
			best = y;
	}
	if (best && clock)
		*clock = best->clock;

	return best ? best->pt : -1;
}

/* Nothing was agreed here: the kernel let through what may be sent */
static void pass_all(struct bridge_member *m)
{
	for (unsigned i = 0; i < ARRAY_SIZE(m->ptv); i++)
		m->ptv[i] = (struct bridge_pt){.act = BRIDGE_PASS,
					       .pt = (uint8_t)i};
}

bool agent_rtcp_keyed(const struct stream *s)
{
	return s->terms && s->terms->dtls.on && !s->mux && !s->terms->ice;
}

bool agent_no_rtcp(const struct stream *s)
{
	return s->terms && s->terms->dtls.on && !s->mux && s->terms->ice;
}

/* Whose its packets are; on a port that it shares, how they are told from the others' */
static void set_section(struct bridge_member *m, const struct stream *s)
{
	const struct grouped *g = &s->grp;

	if (strlen(g->mid) <= BRIDGE_MID) {
		(void)re_snprintf(m->mid, sizeof(m->mid), "%s", g->mid);
		m->mid_id = g->mid_id;
	}
	if (!stream_bundled(s))
		return;
	m->bundle = s->party->bundle;
	m->ssrcc = g->ssrcc;
	memcpy(m->ssrcv, g->ssrcv, sizeof(m->ssrcv));
	for (unsigned k = 0; k < 4; k++)
		m->told[k] = s->sent[k] | s->prev[k];
}

void agent_member(struct bridge_member *m, const struct stream *s,
		  const struct stream *t)
{
	const struct stream *from = echo_back(s) ? s : t;
	const struct terms *keyed;

	memset(m, 0, sizeof(*m));
	m->local = s->local;
	m->remote = stream_whereabouts(s, 0);
	m->mux = s->mux;
	if (s->mux)
		m->rtcp = m->remote;
	else if (!agent_no_rtcp(s))
		m->rtcp = stream_whereabouts(s, 1);
	m->silent = s->cur.held || stream_silenced(s);
	m->ptime = PTIME;
	m->complexity = -1;
	m->jitter_ms = s->party->call->m->conf.jitter_buffer;
	m->hear = digits_wanted(s) && agent_decodes(s);
	m->shown = s->party->call->m->rtcph;
	m->guard = s->guard;
	m->echo = echo_back(s);
	if (m->guard.delay_ms)
		m->guard = (struct guard){.mode = GUARD_SILENCE};
	if (!s->terms || !t->terms) {
		pass_all(m);
		(void)plan(m, s, m->echo ? s : t);
		if (agent_decodes(from))
			agent_encoder(m, s);
		return;
	}
	set_section(m, s);
	keyed = stream_carrier(s)->terms;
	m->resumed = keyed->resumed;
	m->rx = keyed->keys.rx;
	m->tx = keyed->keys.tx;
	m->locked = s->terms->keys.on && m->rx.suite == SRTPX_NONE;
	m->rtcp_keyed = agent_rtcp_keyed(s);
	if (m->rtcp_keyed) {
		m->rtcp_rx = s->terms->rtcp_rx;
		m->rtcp_tx = s->terms->rtcp_tx;
	}
	if (fax_between(s, t)) {
		fax_member(m, s);
		return;
	}
	(void)plan(m, s, m->echo ? s : t);
	if (agent_decodes(from))
		agent_encoder(m, s);
}
