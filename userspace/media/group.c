/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/group.c  a=group:BUNDLE: offered, taken, and who shares whose transport
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/checks.h"
#include "media/group.h"
#include "media/play.h"
#include "media/terms.h"

static const char group_word[] = "group:BUNDLE";

/** Sections of a party that are to share a transport, in the group's order */
struct team {
	struct stream *v[SDPX_MEDIA_MAX];
	unsigned n;
};

static void team_add(struct team *t, struct stream *s)
{
	if (t->n < SDPX_MEDIA_MAX)
		t->v[t->n++] = s;
}

static bool team_has(const struct team *t, const struct stream *s)
{
	for (unsigned i = 0; i < t->n; i++) {
		if (t->v[i] == s)
			return true;
	}

	return false;
}

/* The one whose transport the others have already */
static struct stream *carrier_of(const struct party *p)
{
	struct le *le;

	for (le = list_head(&p->streams); le; le = le->next) {
		const struct stream *s = le->data;

		if (s->grp.joined)
			return stream_carrier(s);
	}

	return NULL;
}

/* What a party says of its own section */
static void take(struct stream *s, const struct sdpx *sdp)
{
	struct grouped *g = &s->grp;

	g->ssrcc = sdpx_ssrcs(sdp, s->idx, g->ssrcv, ARRAY_SIZE(g->ssrcv));
	for (unsigned i = g->ssrcc; i < ARRAY_SIZE(g->ssrcv); i++)
		g->ssrcv[i] = 0;
	g->mid_id = sdpx_mid_ext(sdp, s->idx);
}

static void put_line(struct group_edit *g, const struct stream *s)
{
	const size_t n = strlen(g->line);

	(void)re_snprintf(g->line + n, sizeof(g->line) - n, "%s %s",
			  n ? "" : group_word, s->grp.mid);
}

static int put_ext(struct terms_edit *te, uint8_t id)
{
	char *line;
	int err;

	if (!id)
		return 0;
	err = sdpx_mid_ext_print(&line, id);
	if (!err)
		terms_line(te, line);

	return err;
}

/* ---- offers ---------------------------------------------------------------- */

static void offered(const struct media_opts *o, const struct sdpx *sdp,
		    const struct party *from)
{
	const size_t *v, n = sdpx_group(sdp, &v);

	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		struct stream *s = stream_find(from, (unsigned)i);
		const struct pl *mid = &sdpx_media(sdp, i)->mid;

		take(s, sdp);
		s->grp.offered = false;
		s->grp.only = sdpx_bundle_only(sdp, i);
		if (pl_strcpy(mid, s->grp.mid, sizeof(s->grp.mid)))
			s->grp.mid[0] = '\0';
	}
	for (size_t k = 0; k < n && !o->bundle_reject; k++) {
		struct stream *s = stream_find(from, (unsigned)v[k]);

		s->grp.offered = s->grp.mid[0] != '\0';
		s->grp.rank = (unsigned)k;
	}
}

/* By DTLS with us, RTCP by the same port (RFC 9143 9.3) */
static bool can_bundle(const struct stream *t, const struct sdpx_media *sm,
		       const struct terms_edit *te, enum sdpx_rtcp rtcp)
{
	return sm->port && te && !te->other && t->iface && t->terms &&
	       t->terms->next_dtls.on && rtcp != SDPX_RTCP_PORT &&
	       sm->mid.l < GROUP_MID;
}

/* One that no section has, nor is remembered to have had */
static int new_mid(char *mid, const struct sdpx *sdp, const struct party *to)
{
	bool known = true;
	int err = 0;

	for (unsigned want = 1; known && !err; want++) {
		struct le *le;

		err = sdpx_mid_free(mid, GROUP_MID, sdp, want);
		known = false;
		for (le = list_head(&to->streams); le; le = le->next) {
			const struct stream *s = le->data;

			known |= !strcmp(s->grp.mid, mid);
		}
	}

	return err;
}

/* Mids for the sections that need one; each keeps the one that its party knows */
static int make_mids(struct group_edit *g, const struct media_opts *o,
		     const struct sdpx *sdp, const struct team *team,
		     const struct party *to)
{
	int err = 0;

	for (size_t i = 0; i < sdpx_mediac(sdp) && !err; i++) {
		struct stream *t = stream_find(to, (unsigned)i);
		const struct pl *mid = &sdpx_media(sdp, i)->mid;

		if (mid->l) {
			(void)pl_strcpy(mid, t->grp.mid, sizeof(t->grp.mid));
			continue;
		}
		if (!o->generate_mid && !team_has(team, t))
			continue;
		if (!t->grp.mid[0])
			err = new_mid(g->textv[i], sdp, to);
		else
			memcpy(g->textv[i], t->grp.mid, GROUP_MID);
		memcpy(t->grp.mid, g->textv[i], GROUP_MID);
		pl_set_str(&g->midv[i], g->textv[i]);
	}

	return err;
}

static int offer_member(struct group_edit *g, const struct media_opts *o,
			const struct sdpx *sdp, const struct team *team,
			unsigned k, struct terms_edit *te, enum sdpx_rtcp *rtcp)
{
	struct stream *t = team->v[k], *carrier = stream_carrier(t);
	const bool first = k == 0;
	int err = 0;

	t->grp.offered = true;
	t->grp.rank = k;
	put_line(g, t);
	/* what is bundled already says once where it is; and so does what can be had
	 * bundled alone */
	if (first && carrier != t)
		err = terms_transport(te, o, carrier, true);
	else if (!first && (t->grp.joined || o->bundle_require))
		err = terms_transport(te, o, NULL, true);
	if (!first && o->bundle_require && !t->grp.joined) {
		g->only[t->idx] = true;
		*rtcp = SDPX_RTCP_MUX_ONLY;
	}
	if (err || o->strip_extmap || sdpx_mid_ext(sdp, t->idx))
		return err;

	return put_ext(te, stream_bundled(t) && t->grp.mid_id
				   ? t->grp.mid_id
				   : sdpx_ext_free(sdp));
}

int group_offer(struct group_edit *g, const struct media_opts *o,
		const struct sdpx *sdp, struct party *from, struct party *to,
		struct terms_edit *const *tev, enum sdpx_rtcp *rtcpv)
{
	const struct stream *carrier = carrier_of(to);
	const bool want = o->bundle_offer || o->bundle_require || carrier;
	struct team team = {.n = 0};
	int err;

	offered(o, sdp, from);
	/* whose transport it is goes first, then the others in their order */
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < sdpx_mediac(sdp); i++) {
			struct stream *t = stream_find(to, i);

			t->grp.offered = false;
			if (want && (t == carrier) == !pass &&
			    can_bundle(t, sdpx_media(sdp, i), tev[i], rtcpv[i]))
				team_add(&team, t);
		}
	}
	err = make_mids(g, o, sdp, &team, to);
	for (unsigned k = 0; k < team.n && !err; k++) {
		const unsigned i = team.v[k]->idx;

		err = offer_member(g, o, sdp, &team, k, tev[i], &rtcpv[i]);
	}

	return err;
}

/* ---- answers ---------------------------------------------------------------- */

/* Its transport is another's: nothing of its own is left */
static void shed(struct stream *s)
{
	struct terms *t = s->terms;

	s->hs = mem_deref(s->hs);
	s->hs_rtcp = mem_deref(s->hs_rtcp);
	s->checks = mem_deref(s->checks);
	t->ice = false;
	t->dtls.on = false;
	memset(&t->keys, 0, sizeof(t->keys));
	t->keys.on = true;
}

static void join(struct stream *s, const struct stream *carrier)
{
	struct stream *t = stream_peer(s);

	play_suspend(s);
	if (t)
		play_suspend(t);
	stream_join(s, carrier);
}

/* One who was bundled, and is it no more, has ports again */
static int part(struct stream *s)
{
	struct iface *ifc = s->iface;

	join(s, NULL);

	return s->cur.active && ifc ? stream_ports(s, ifc) : 0;
}

/* The members of the group have the transport of one */
static int regroup(const struct party *p, const struct team *team)
{
	const struct stream *carrier = carrier_of(p);
	struct le *le;
	int err = 0;

	if (!carrier && team->n < 2)
		return 0;
	if (!carrier)
		carrier = team->v[0];
	for (le = list_head(&p->streams); le && !err; le = le->next) {
		struct stream *s = le->data;

		if (s == carrier)
			continue;
		if (!team_has(team, s)) {
			err = s->grp.joined ? part(s) : 0;
			continue;
		}
		if (!s->grp.joined || s->grp.carrier != carrier->idx ||
		    !sa_cmp(&s->local, &carrier->local, SA_ALL))
			join(s, carrier);
		shed(s);
	}

	return err;
}

static bool by_dtls(const struct stream *s)
{
	return s->grp.offered && s->cur.active && s->mux && s->iface &&
	       s->terms && s->terms->dtls.on;
}

/* Whom we offered a group to: the sections that it names are in it */
static int answerer(const struct sdpx *sdp, const struct party *to)
{
	const size_t *v, n = sdpx_group(sdp, &v);
	struct team team = {.n = 0};

	for (unsigned i = 0; i < sdpx_mediac(sdp); i++)
		take(stream_find(to, i), sdp);
	for (size_t k = 0; k < n; k++) {
		struct stream *t = stream_find(to, (unsigned)v[k]);

		if (t && by_dtls(t))
			team_add(&team, t);
	}

	return regroup(to, &team);
}

/* In the order that it was offered in; of those that are refused none is in it */
static void accepted(struct team *team, const struct party *from,
		     const struct party *to, struct terms_edit *const *tev,
		     size_t n)
{
	for (unsigned rank = 0; rank < n; rank++) {
		for (unsigned i = 0; i < n; i++) {
			struct stream *f = stream_find(from, i);
			const struct stream *t = stream_find(to, i);

			if (f->grp.rank == rank && by_dtls(f) && t &&
			    t->cur.active && tev[i] && !tev[i]->other)
				team_add(team, f);
		}
	}
}

static int answer_member(struct group_edit *g, const struct media_opts *o,
			 const struct sdpx *sdp, const struct team *team,
			 unsigned k, struct terms_edit *te)
{
	struct stream *f = team->v[k], *carrier = stream_carrier(f);
	int err = 0;

	put_line(g, f);
	if (!sdpx_media(sdp, f->idx)->mid.l)
		pl_set_str(&g->midv[f->idx], f->grp.mid);
	if (k)
		err = terms_transport(te, o, NULL, false);
	else if (carrier != f)
		err = terms_transport(te, o, carrier, false);
	if (o->strip_extmap)
		f->grp.mid_id = 0;
	if (err || sdpx_mid_ext(sdp, f->idx))
		return err;

	return put_ext(te, f->grp.mid_id);
}

/* What is offered as bundled or not at all, and could not be bundled, is refused */
static void refuse(struct group_edit *g, const struct team *team,
		   const struct party *from, size_t n)
{
	for (unsigned i = 0; i < n; i++) {
		struct stream *f = stream_find(from, i);

		if (!f->grp.only || !f->cur.active || team_has(team, f))
			continue;
		f->cur.active = false;
		g->refuse[i] = true;
	}
}

int group_answer(struct group_edit *g, const struct media_opts *o,
		 const struct sdpx *sdp, struct party *from, struct party *to,
		 struct terms_edit *const *tev, enum sdpx_rtcp *rtcpv)
{
	const size_t n = sdpx_mediac(sdp);
	struct team team = {.n = 0};
	int err;

	err = answerer(sdp, to);
	accepted(&team, from, to, tev, n);
	/* before its lines are written anew: with the port that it has then */
	if (!err)
		err = regroup(from, &team);
	for (unsigned k = 0; k < team.n && !err; k++) {
		const unsigned i = team.v[k]->idx;

		err = answer_member(g, o, sdp, &team, k, tev[i]);
		rtcpv[i] = SDPX_RTCP_MUX;
	}
	refuse(g, &team, from, n);
	for (unsigned i = 0; i < n; i++) {
		struct stream *f = stream_find(from, i);

		/* agreed is what is in the answer */
		if (!team_has(&team, f))
			f->grp.mid_id = o->strip_extmap ? 0
							: sdpx_mid_ext(sdp, i);
	}

	return err;
}
