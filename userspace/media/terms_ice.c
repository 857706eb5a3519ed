/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/terms_ice.c  Our part in ICE, as the lite side (RFC 8445, 8839)
 *
 * One component, one candidate: our port. RTCP is muxed, or has no part in it.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/terms.h"

enum {
	UFRAG_MIN = 4,
	ANSWER_SIZE = 256,
	REFUSALS = 5 /* a second and stream: who asks without right gets few */
};

/* Its name, where it takes part */
static bool takes_part(struct pl *ufrag, const struct sdpx *sdp, size_t i)
{
	struct pl val;

	/* two lite sides have nothing to check (RFC 8445 6.1.1) */
	return !sdpx_attr(sdp, SDPX_SESSION, "ice-lite", 0, &val) &&
	       sdpx_attr_for(sdp, i, "ice-ufrag", ufrag) &&
	       lite_word_ok(ufrag, UFRAG_MIN);
}

/* Another name of theirs begins ICE anew, and ours changes with it (RFC 8839
 * 4.4.1.1.1); the pair holds until another one is nominated */
static void hear(struct terms *t, const struct pl *ufrag)
{
	if (t->peer_ufrag[0] && pl_strcmp(ufrag, t->peer_ufrag))
		lite_make(&t->lite);
	(void)pl_strcpy(ufrag, t->peer_ufrag, sizeof(t->peer_ufrag));
}

void terms_ice_offer(const struct media_opts *o, const struct sdpx *sdp,
		     const struct sdpx_media *sm, struct stream *f,
		     struct stream *t)
{
	struct terms *ft = f->terms, *tt = t->terms;
	struct pl ufrag;

	ft->next_ice = !o->ice_reject && takes_part(&ufrag, sdp, f->idx) &&
		       (o->ice_force || o->ice_optional || ft->ice ||
			dtls_keyed(sm));
	tt->next_ice = !o->ice_remove && (o->ice_force || tt->ice ||
					  (o->ice_optional && sm->ice));
	if (ft->next_ice && !ft->lite.pwd[0])
		lite_make(&ft->lite);
	if (ft->next_ice)
		hear(ft, &ufrag);
	if (tt->next_ice && !tt->lite.pwd[0])
		lite_make(&tt->lite);
}

static void commit(struct terms *t, bool on)
{
	if (!on)
		sa_init(&t->pair, AF_UNSPEC);
	t->ice = on;
}

void terms_ice_answer(const struct media_opts *o, const struct sdpx *sdp,
		      struct stream *f, struct stream *t)
{
	struct terms *ft = f->terms, *tt = t->terms;
	struct pl ufrag;

	commit(tt, tt->next_ice && takes_part(&ufrag, sdp, t->idx));
	if (tt->ice)
		(void)pl_strcpy(&ufrag, tt->peer_ufrag, sizeof(tt->peer_ufrag));
	commit(ft, ft->next_ice && !o->ice_remove && !o->ice_reject);
}

int terms_ice_lines(struct terms_edit *te, const struct media_opts *o,
		    const struct stream *s)
{
	const struct sa addr = edit_address(s, o);
	const struct lite *l = &s->terms->lite;
	size_t n = te->attrs.addc;
	int err;

	err = re_sdprintf(&te->attrv[n++], "ice-ufrag:%s", l->ufrag);
	if (!err)
		err = re_sdprintf(&te->attrv[n++], "ice-pwd:%s", l->pwd);
	if (!err)
		err = re_sdprintf(&te->attrv[n++], "%H", lite_candidate, &addr);
	if (!err)
		err = str_dup(&te->attrv[n++], "end-of-candidates");
	if (err)
		return err;
	te->attrs.addc = n;
	te->ice = true;

	return 0;
}

static bool may_refuse(struct stream *s)
{
	const uint64_t now = media_now() / 1000;

	if (s->refused_at != now) {
		s->refused_at = now;
		s->refused = 0;
	}

	return ++s->refused <= REFUSALS;
}

/* It is where the pair says: legs and bridge follow */
static void nominated(struct stream *s, const struct sa *src)
{
	struct media_call *c = s->party->call;
	int err;

	if (sa_cmp(&s->terms->pair, src, SA_ALL))
		return;
	s->terms->pair = *src;
	err = call_apply(c);
	if (!err)
		err = call_store(c);
	if (err)
		log_warn("media: call %s: pair with %J: %m", c->id, src, err);
}

void terms_ice_recv(struct stream *s, const struct sa *src, const uint8_t *p,
		    size_t n)
{
	enum lite_got got;
	struct mbuf *mb;

	if (!s->terms || !s->terms->ice)
		return;
	mb = mbuf_alloc(ANSWER_SIZE);
	if (!mb)
		return;
	got = lite_recv(&s->terms->lite, src, p, n, mb);
	if (got == LITE_REFUSED ? may_refuse(s) : got != LITE_NOTHING)
		(void)agent_send(s, src, mb->buf, mb->end);
	if (got == LITE_NOMINATED)
		nominated(s, src);
	mem_deref(mb);
}
