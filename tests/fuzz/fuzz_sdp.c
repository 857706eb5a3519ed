/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever decodes must come out unchanged where nothing is edited, and with
 * every address edited it must decode again and show the new addresses.
 * The first byte of the input chooses the edits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "media/sdp.h"
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

static void section_check(const struct sdpx_medit *me,
			  const struct sdpx_media *m,
			  const struct sdpx_media *old)
{
	const struct sa *rtp = me->reject ? &m->raddr : &me->addr;

	MUST(sa_cmp(&m->raddr, rtp, SA_ALL));
	MUST(m->port == (me->reject ? 0 : sa_port(&me->addr)));
	MUST(m->fmtc == old->fmtc || me->fmt_drop);
	MUST(!pl_cmp(&m->type, &old->type) && !pl_cmp(&m->proto, &old->proto));
	MUST(!me->crypto_remove || !m->crypto);
	MUST(!me->dir || m->dir == *me->dir);
	MUST(!me->ptime || m->ptime == me->ptime);

	switch (me->rtcp) {

	case SDPX_RTCP_KEEP:
		MUST(m->rtcp_mux == old->rtcp_mux);
		MUST(m->rtcp_attr == old->rtcp_attr);
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

static void edited(const struct sdpx *sdp, uint8_t choice)
{
	bool(*drop)[SDPX_FMT_MAX];
	struct sdpx_edit *e = mem_zalloc(sizeof(*e), NULL);
	struct sdpx_err why = {0, ""};
	struct sdpx *again = NULL;
	struct mbuf *mb;
	struct pl body;

	drop = mem_zalloc(sizeof(*drop) * SDPX_MEDIA_MAX, NULL);
	MUST(e && drop);
	edit_fill(e, sdp, choice, drop);
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
	mem_deref(drop);
	mem_deref(e);
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
	edited(sdp, data[0]);
	mem_deref(sdp);

	return 0;
}
