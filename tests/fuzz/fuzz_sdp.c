/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever decodes must come out unchanged where nothing is edited, and with
 * every address edited it must decode again and show the new addresses.
 * The first byte of the input chooses the edits, its length some more. Any two
 * bodies are an offer and its answer, too, with codecs asked for beside.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "media/negotiate.h"
#include "media/sdp.h"
#include "media/sdp_t38.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mbuf *encode(const struct sdpx *sdp, const struct sdpx_edit *edit)
{
	struct mbuf *mb = mbuf_alloc(512);

	MUST(mb);
	MUST(!sdpx_encode(mb, sdp, edit));

	return mb;
}

static void unchanged(const struct sdpx *sdp, const struct pl *body)
{
	static const struct sdpx_edit none;
	struct mbuf *mb = encode(sdp, &none);

	MUST(mb->end == body->l && !memcmp(mb->buf, body->p, body->l));
	mem_deref(mb);
}

/* Formats turned round, with one of ours in front */
static void edit_formats(struct sdpx_medit *me, const struct sdpx_media *m,
			 int *orderv)
{
	static const struct sdpx_add add = {.pt = 77,
					    .name = "X-FUZZ",
					    .clock = 8000,
					    .ch = 2,
					    .fmtp = "a=1"};

	if (!m->fmtc || m->fmtc == SDPX_FMT_MAX)
		return;

	me->addv = &add;
	me->addc = 1;
	me->orderv = orderv;
	me->orderc = m->fmtc + 1;
	orderv[0] = -1;
	for (size_t i = 0; i < m->fmtc; i++)
		orderv[i + 1] = (int)(m->fmtc - 1 - i);
}

static const struct sdpx_attrs *some_attrs(void)
{
	static const struct pl removev[] = {PL("ssrc"), PL("rtpmap:0")};
	static const struct pl addv[] = {PL("x-fuzz:1"), PL("sendrecv")};
	static const struct sdpx_subst subst = {PL("x-fuzz:1"), PL("x-fuzz:2")};
	static const struct sdpx_attrs a = {removev, 2, &subst, 1, addv, 2};

	return &a;
}

static void edit_more(struct sdpx_edit *e, const struct sdpx *sdp,
		      uint8_t choice, int order[][SDPX_FMT_MAX + 1])
{
	static const struct pl bundle = PL("a b"), mid = PL("99"),
			       avpf = PL("RTP/AVPF");

	e->attrs = choice & 1 ? some_attrs() : NULL;
	e->bundle = choice & 2 ? &bundle : NULL;
	e->dtls_remove = e->extmap_remove = choice & 4;

	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *m = sdpx_media(sdp, i);
		struct sdpx_medit *me = &e->mediav[i];

		me->extmap_remove = choice & 4;
		me->mid = choice & 8 ? &mid : NULL;
		me->feedback_remove = choice & 16;
		me->proto = choice & 32 && m->rtp ? &avpf : NULL;
		me->attr_clear = choice & 64;
		me->attrs = choice & 1 && !me->dir ? some_attrs() : NULL;
		if (choice & 128)
			edit_formats(me, m, order[i]);
	}
}

static void edit_fill(struct sdpx_edit *e, const struct sdpx *sdp,
		      uint8_t choice, bool drop[][SDPX_FMT_MAX])
{
	static const uint64_t version = 99;
	static const enum sdp_dir dir = SDP_RECVONLY;

	(void)sa_set_str(&e->origin, choice & 1 ? "2001:db8::1" : "192.0.2.1",
			 0);
	e->replace_origin = e->replace_session_conn = choice & 2;
	e->replace_username = e->replace_sess_name = choice & 4;
	e->version = choice & 4 ? &version : NULL;
	e->ice_remove = choice & 8;

	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *m = sdpx_media(sdp, i);
		struct sdpx_medit *me = &e->mediav[i];
		uint16_t port = (uint16_t)(30000 + 2 * i);

		/* a section that was refused may have no formats */
		me->reject = !m->port;
		me->set_addr = true;
		(void)sa_set_str(&me->addr,
				 choice & 16 ? "2001:db8::1" : "192.0.2.1",
				 port);
		me->rtcp_addr = me->addr;
		sa_set_port(&me->rtcp_addr, port + 1);
		me->rtcp = (enum sdpx_rtcp)(choice % (SDPX_RTCP_MUX_ONLY + 1));
		me->ice_remove = choice & 8;
		me->dtls_remove = me->crypto_remove = choice & 32;
		me->ptime = choice & 64 ? 40 : 0;
		me->dir = choice & 128 ? &dir : NULL;

		/* the first format, and with it its duplicates, stays */
		for (size_t j = 1; j < m->fmtc; j++)
			drop[i][j] = pl_cmp(&m->fmtv[j].id, &m->fmtv[0].id);
		if (m->fmtc && choice & 4)
			me->fmt_drop = drop[i];
	}
}

static void formats_check(const struct sdpx_medit *me,
			  const struct sdpx_media *m,
			  const struct sdpx_media *old)
{
	if (!me->orderv) {
		MUST(m->fmtc == old->fmtc || me->fmt_drop);
		return;
	}

	MUST(m->fmtc == old->fmtc + 1);
	MUST(!pl_strcmp(&m->fmtv[0].id, "77"));
	for (size_t i = 0; i < old->fmtc; i++)
		MUST(!pl_cmp(&m->fmtv[i + 1].id,
			     &old->fmtv[old->fmtc - 1 - i].id));
}

static void section_check(const struct sdpx_medit *me,
			  const struct sdpx_media *m,
			  const struct sdpx_media *old)
{
	const struct sa *rtp = me->reject ? &m->raddr : &me->addr;

	MUST(sa_cmp(&m->raddr, rtp, SA_ALL));
	MUST(m->port == (me->reject ? 0 : sa_port(&me->addr)));
	MUST(!pl_cmp(&m->type, &old->type));
	MUST(!pl_cmp(&m->proto, me->proto ? me->proto : &old->proto));
	formats_check(me, m, old);
	MUST(!me->mid || m->mid.l);
	MUST(!me->crypto_remove || !m->crypto);
	MUST(!me->dir || m->dir == *me->dir);
	MUST(!me->ptime || m->ptime == me->ptime);

	switch (me->rtcp) {

	case SDPX_RTCP_KEEP:
		MUST(m->rtcp_mux == (old->rtcp_mux && !me->attr_clear));
		MUST(m->rtcp_attr == (old->rtcp_attr && !me->attr_clear));
		break;

	case SDPX_RTCP_MUX:
		MUST(m->rtcp_mux && m->rtcp_attr);
		MUST(me->reject || sa_cmp(&m->rtcp, rtp, SA_ALL));
		break;

	case SDPX_RTCP_PORT:
	case SDPX_RTCP_MUX_OFFER:
		MUST(m->rtcp_mux == (me->rtcp == SDPX_RTCP_MUX_OFFER));
		MUST(me->reject || sa_cmp(&m->rtcp, &me->rtcp_addr, SA_ALL));
		break;

	case SDPX_RTCP_NONE:
	case SDPX_RTCP_MUX_ONLY:
		MUST(!m->rtcp_attr);
		MUST(m->rtcp_mux == (me->rtcp == SDPX_RTCP_MUX_ONLY));
		break;
	}
}

static void edited(const struct sdpx *sdp, uint8_t choice, uint8_t more)
{
	int(*order)[SDPX_FMT_MAX + 1];
	bool(*drop)[SDPX_FMT_MAX];
	struct sdpx_edit *e = mem_zalloc(sizeof(*e), NULL);
	struct sdpx_err why = {0, ""};
	struct sdpx *again = NULL;
	struct mbuf *mb;
	struct pl body;

	drop = mem_zalloc(sizeof(*drop) * SDPX_MEDIA_MAX, NULL);
	order = mem_zalloc(sizeof(*order) * SDPX_MEDIA_MAX, NULL);
	MUST(e && drop && order);
	edit_fill(e, sdp, choice, drop);
	edit_more(e, sdp, more, order);
	mb = encode(sdp, e);
	body.p = (char *)mb->buf;
	body.l = mb->end;

	/* what was added may have taken it over the limit */
	if (body.l <= 65536) {
		if (sdpx_decode(&again, &body, &why)) {
			(void)re_fprintf(stderr, "line %u: %s\n%b\n", why.line,
					 why.msg, body.p, body.l);
			abort();
		}
		MUST(sdpx_mediac(again) == sdpx_mediac(sdp));
		for (size_t i = 0; i < sdpx_mediac(sdp); i++)
			section_check(&e->mediav[i], sdpx_media(again, i),
				      sdpx_media(sdp, i));
	}

	mem_deref(again);
	mem_deref(mb);
	mem_deref(order);
	mem_deref(drop);
	mem_deref(e);
}

/* ---- negotiation ----------------------------------------------------------- */

static bool table(struct neg_codec *c, const struct pl *name, uint32_t clock,
		  unsigned ch, void *arg)
{
	static const struct neg_codec v[] = {{"PCMU", 8000, 1, 0},
					     {"PCMA", 8000, 1, 8},
					     {"opus", 48000, 2, -1}};

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		if (pl_strcasecmp(name, v[i].name) ||
		    (clock && clock != v[i].clock) || (ch && ch != v[i].ch))
			continue;
		*c = v[i];
		return true;
	}

	return false;
}

/* No number twice, and each with one meaning */
static void list_check(const struct neg_fmts *f)
{
	MUST(f->n && f->n <= NEG_FMTS);
	for (unsigned i = 0; i < f->n; i++) {
		MUST(f->v[i].pt < 128);
		MUST(neg_by_pt(f, f->v[i].pt) == &f->v[i]);
	}
}

static void negotiate(const struct sdpx_media *offer, uint8_t choice)
{
	static const struct pl opus = PL("opus"), all = PL("all"),
			       ev = PL("telephone-event");
	struct neg_policy p = {.codech = table};
	struct neg_offer *n = mem_zalloc(sizeof(*n), NULL);

	MUST(n);
	p.keep_order = choice & 2;
	p.transcode = (struct neg_names){&opus, choice & 4 ? 1 : 0};
	p.mask = (struct neg_names){&all, choice & 8 ? 1 : 0};
	p.consume = (struct neg_names){&ev, choice & 32 ? 1 : 0};
	p.always_transcode = choice & 64;
	if (!neg_offer(n, offer, &p, NULL, NULL))
		list_check(&n->out);
	mem_deref(n);
}

static void negotiated(const struct sdpx *sdp, uint8_t choice)
{
	struct t38_sdp t;

	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *m = sdpx_media(sdp, i);

		t38_decode(&t, sdp, i);
		if (m->rtp)
			negotiate(m, choice);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sdpx *sdp = NULL;
	struct sdpx_err e;
	struct pl body;

	if (!size)
		return 0;

	body.p = (const char *)data + 1;
	body.l = size - 1;

	if (sdpx_decode(&sdp, &body, &e))
		return 0;

	unchanged(sdp, &body);
	edited(sdp, data[0], (uint8_t)(size * 31));
	negotiated(sdp, data[0]);
	mem_deref(sdp);

	return 0;
}
