/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_terms_bundle.c  BUNDLE (RFC 9143) in calls of a browser: what each is told, whose transport is whose
 */
#include "bundle_fix.h"

enum { ONE = 1, ONLY = 2, NO_SOUND = 4, BARE = 8, THREE = 16, NO_GROUP = 32 };

/*
 * Its SDP, sound and pictures; flags: ONE port for both, pictures bundle-ONLY, BARE of
 * header extensions
 */
static char *web_sdp(unsigned flags, const char *setup)
{
	char *tr = transport(setup), *s = NULL, *more = NULL;
	const unsigned port = sa_port(&web.addr);
	const bool both = !(flags & (ONE | ONLY));

	assert_int_equal(
		re_sdprintf(&more,
			    flags & THREE
				    ? "m=video %u " TLS " 97\r\na=mid:2\r\n"
				      "a=rtpmap:97 VP8/90000\r\na=rtcp-mux\r\n"
				    : "",
			    port),
		0);
	assert_int_equal(
		re_sdprintf(
			&s,
			"v=0\r\no=- 1 1 IN IP4 %j\r\ns=-\r\n"
			"c=IN IP4 %j\r\nt=0 0\r\n%s"
			"m=audio %u " TLS " 0\r\na=mid:0\r\na=rtcp-mux\r\n%s"
			"%sm=video %u " TLS " 96\r\na=mid:1\r\n%s"
			"a=rtpmap:96 VP8/90000\r\n"
			"a=rtcp-mux\r\na=ssrc:4242 cname:x\r\n%s%s%s",
			&web.addr, &web.addr,
			flags & NO_GROUP ? ""
			: flags & THREE  ? "a=group:BUNDLE 0 1 2\r\n"
					 : "a=group:BUNDLE 0 1\r\n",
			flags & NO_SOUND ? 0 : port,
			flags & BARE ? "" : "a=extmap:3 " MID_EXT "\r\n", tr,
			flags & ONLY  ? 0
			: flags & ONE ? port
				      : port + 2,
			flags & BARE ? ""
				     : "a=extmap:3/sendrecv " MID_EXT "\r\n",
			flags & ONLY ? "a=bundle-only\r\n" : "",
			both || flags & NO_SOUND ? tr : "", more),
		0);
	mem_deref(tr);
	mem_deref(more);

	return s;
}

/* ---- the handshake -------------------------------------------------------- */

static void send_h(const uint8_t *p, size_t n, void *arg)
{
	(void)arg;
	fake_bundle_event(RTP_DTLS, &web.addr, p, n);
}

/* It is where its checks of ICE come from: one that says so */
static void nominate(const struct fix *f)
{
	struct stream *s = NULL;
	struct media_call *c;
	struct le *le, *se;
	struct pl id = PL("c");

	c = call_find(f->m, &id);
	for (le = list_head(&c->parties); le; le = le->next) {
		struct party *p = le->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *x = se->data;

			if (stream_carries(x))
				s = x;
		}
	}
	assert_non_null(s);
	assert_true(s->terms->ice);
	terms_ice_nominated(s, &web.addr, false);
}

static void handshake(const struct fix *f, size_t i, bool active,
		      const char *our, uint16_t port)
{
	struct fake_bridges *fb = fake_bridges();
	struct fingerprint fp;
	struct dtlsx_conf conf = {.cert = web.cert,
				  .active = active,
				  .fpv = &fp,
				  .fpc = 1,
				  .sendh = send_h};
	struct pl val;
	struct sa src;

	assert_int_equal(sa_set_str(&src, our, port), 0);
	assert_true(sdpx_attr(f->out, i, "fingerprint", 0, &val));
	assert_int_equal(fingerprint_decode(&fp, &val), 0);
	web.d = mem_deref(web.d);
	assert_int_equal(dtlsx_alloc(&web.d, &conf), 0);
	dtlsx_start(web.d);
	for (unsigned k = 0; k < fb->sentc; k++) {
		struct fake_datagram d = fb->sentv[k];

		assert_int_equal(d.side, FAKE_BUNDLE);
		assert_true(sa_cmp(&d.dst, &web.addr, SA_ALL));
		(void)dtlsx_recv(web.d, &src, d.p, d.n);
	}
	fb->sentc = 0;
	assert_int_equal(dtlsx_state(web.d), DTLSX_UP);
}

/* Both bridges have the transport and its keys */
static void both(unsigned side, uint16_t port, unsigned first, unsigned second)
{
	const struct bridge_member *a = fake_member(first, side);
	const struct bridge_member *v = fake_member(second, side);
	struct srtpx_key tx, rx;

	assert_non_null(a);
	assert_non_null(v);
	assert_non_null(a->bundle);
	assert_ptr_equal(a->bundle, v->bundle);
	assert_ptr_equal(a->bundle, fake_bridges()->bundle);
	assert_true(a->mux && v->mux);
	assert_int_equal(sa_port(&a->local), port);
	assert_int_equal(sa_port(&v->local), port);
	assert_true(sa_cmp(&a->remote, &web.addr, SA_ALL));
	assert_true(sa_cmp(&v->remote, &web.addr, SA_ALL));
	assert_string_equal(a->mid, "0");
	assert_string_equal(v->mid, "1");
	assert_int_equal(v->ssrcc, 1);
	assert_int_equal(v->ssrcv[0], 4242);
	assert_int_equal(a->ssrcc, 0);
	assert_true(a->told[0] & 1u);
	assert_true(v->told[3] & 1u);
	assert_false(v->told[0] & 1u);
	assert_null(fake_member(first, !side)->bundle);
	assert_null(fake_member(second, !side)->bundle);
	assert_int_equal(dtlsx_keys(web.d, &tx, &rx), 0);
	assert_true(srtpx_same_key(&a->rx, &tx) && srtpx_same_key(&v->rx, &tx));
	assert_true(srtpx_same_key(&a->tx, &rx) && srtpx_same_key(&v->tx, &rx));
	assert_false(a->locked || v->locked);
}

/* ---- a browser calls -------------------------------------------------------- */

static void asked(void **state, unsigned flags)
{
	struct fix *f = *state;
	uint16_t a, b[2];

	web_new(ALICE, 4000);
	offer(f, to("RTP/AVP", opts("c", "A", NULL)),
	      web_sdp(flags, "actpass"));
	has_not(f, "BUNDLE");
	has_not(f, "bundle-only");
	has_not(f, "candidate");
	b[0] = out_port(f, 0);
	b[1] = out_port(f, 1);
	assert_int_not_equal(b[1], 0);
	assert_int_not_equal(b[0], b[1]);
	answer(f, opts("c", "A", "B"), plain_sdp(BOB, 5000, 5002));

	/* one port; of the transport the tagged section alone speaks */
	has(f, "a=group:BUNDLE 0 1\r\n");
	a = out_port(f, 0);
	assert_int_equal(out_port(f, 1), a);
	assert_true(says(f, 0, "mid", "0"));
	assert_true(says(f, 1, "mid", "1"));
	assert_true(says(f, 0, "fingerprint", NULL));
	assert_true(says(f, 0, "setup", "active"));
	assert_true(says(f, 0, "candidate", NULL));
	assert_false(says(f, 1, "fingerprint", NULL));
	assert_false(says(f, 1, "setup", NULL));
	assert_false(says(f, 1, "ice-ufrag", NULL));
	assert_false(says(f, 1, "candidate", NULL));
	assert_true(says(f, 0, "rtcp-mux", NULL));
	assert_true(says(f, 1, "rtcp-mux", NULL));
	if (!(flags & BARE)) {
		assert_true(says(f, 0, "extmap", "3 " MID_EXT));
		assert_true(says(f, 1, "extmap", "3 " MID_EXT));
	} else {
		has_not(f, MID_EXT);
	}

	/* two bridges on one port, one association */
	assert_int_equal(fake_bridges()->n, 2);
	assert_int_equal(fake_bridges()->bundles, 1);
	assert_true(fake_member(0, 0)->locked);
	assert_true(fake_member(1, 0)->locked);
	nominate(f);
	handshake(f, 0, false, EXT4, a);
	both(0, a, 0, 1);
	assert_int_equal(fake_member(1, 0)->mid_id, flags & BARE ? 0 : 3);
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
	assert_int_equal(leg(f, a)->why, LEG_WHY_BUNDLE);
	assert_int_equal(leg(f, b[1])->why, LEG_WHY_SRTP);
	assert_int_equal(sa_port(&leg(f, b[1])->peer_local), a);
	query_says(f, "\"bundled as\":\"1\"");
}

/* bundlePolicy balanced: each section has a port in the offer */
static void asked_balanced(void **state)
{
	asked(state, 0);
}

/* max-bundle: one port, the others are bundle-only */
static void asked_only(void **state)
{
	asked(state, ONLY);
}

/* All have one port, as in a later offer */
static void asked_one(void **state)
{
	asked(state, ONE);
}

static void asked_bare(void **state)
{
	asked(state, BARE | ONE);
}

/* A section that is refused is in no group; one that is left has no bundle */
static void refused(void **state)
{
	struct fix *f = *state;

	web_new(ALICE, 4000);
	offer(f, to("RTP/AVP", opts("c", "A", NULL)), web_sdp(ONLY, "actpass"));
	answer(f, opts("c", "A", "B"), plain_sdp(BOB, 5000, 0));
	has(f, "a=group:BUNDLE 0\r\n");
	has(f, "m=video 0 ");
	assert_int_equal(fake_member(0, 0)->mid_id, 3);
	assert_int_equal(fake_member(0, 1)->mid_id, 0);
	assert_int_equal(fake_bridges()->n, 1);
	assert_int_equal(fake_bridges()->bundles, 0);
	assert_null(fake_member(0, 0)->bundle);
}

/* The tagged section is refused: the next one has the transport */
static void tag_refused(void **state)
{
	struct fix *f = *state;

	web_new(ALICE, 4000);
	offer(f, to("RTP/AVP", opts("c", "A", NULL)), web_sdp(ONLY, "actpass"));
	answer(f, opts("c", "A", "B"), plain_sdp(BOB, 0, 5002));
	has(f, "a=group:BUNDLE 1\r\n");
	assert_int_equal(out_port(f, 0), 0);
	assert_true(says(f, 1, "fingerprint", NULL));
	assert_true(says(f, 1, "ice-ufrag", NULL));
	assert_int_equal(fake_bridges()->n, 1);
	assert_true(sa_cmp(&fake_member(0, 0)->remote, &web.addr, SA_ALL));
}

/* bundle=reject: what can be had alone is, what is bundle-only is refused */
static void rejected(void **state)
{
	struct fix *f = *state;
	struct media_opts o = to("RTP/AVP", opts("c", "A", NULL));

	web_new(ALICE, 4000);
	o.bundle_reject = true;
	offer(f, o, web_sdp(0, "actpass"));
	answer(f, opts("c", "A", "B"), plain_sdp(BOB, 5000, 5002));
	has_not(f, "BUNDLE");
	assert_int_not_equal(out_port(f, 0), out_port(f, 1));
	assert_true(says(f, 1, "fingerprint", NULL));

	o = to("RTP/AVP", opts("d", "A", NULL));
	o.bundle_reject = true;
	offer(f, o, web_sdp(ONLY, "actpass"));
	has(f, "m=video 0 ");
	answer(f, opts("d", "A", "B"), plain_sdp(BOB, 5000, 0));
	has_not(f, "BUNDLE");
	has(f, "m=video 0 ");
}

/* Who passes keys on opens nothing, and cannot tell sections apart: what is bundle-only
 * is refused */
static void passed(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);

	web_new(ALICE, 4000);
	o.ice_reject = true;
	offer(f, o, web_sdp(ONLY, "actpass"));
	answer(f, opts("c", "A", "B"), web_sdp(NO_GROUP, "active"));
	has_not(f, "BUNDLE");
	assert_int_not_equal(out_port(f, 0), 0);
	assert_int_equal(out_port(f, 1), 0);
	assert_int_equal(fake_bridges()->bundles, 0);
}

/* What is there goes on when a section is added, held and taken away again */
static void again(void **state)
{
	struct fix *f = *state;
	struct bundle *bundle;
	struct srtpx_key key;
	uint16_t a;

	asked(state, 0);
	bundle = fake_bridges()->bundle;
	key = fake_member(0, 0)->rx;
	a = out_port(f, 0);

	/* the same once more */
	offer(f, opts("c", "A", "B"), web_sdp(ONE, "actpass"));
	answer(f, opts("c", "A", "B"), plain_sdp(BOB, 5000, 5002));
	has(f, "a=group:BUNDLE 0 1\r\n");
	assert_int_equal(out_port(f, 1), a);
	assert_ptr_equal(fake_bridges()->bundle, bundle);
	assert_true(srtpx_same_key(&fake_member(1, 0)->rx, &key));
	assert_false(fake_member(1, 0)->locked);

	/* the other one asks: Alice is told of the group that she has */
	offer(f, opts("c", "B", "A"), plain_sdp(BOB, 5000, 5002));
	has(f, "a=group:BUNDLE 0 1\r\n");
	assert_int_equal(out_port(f, 0), a);
	assert_int_equal(out_port(f, 1), a);
	assert_false(says(f, 1, "fingerprint", NULL));
	answer(f, opts("c", "B", "A"), web_sdp(ONE, "passive"));
	has_not(f, "BUNDLE");
	assert_ptr_equal(fake_bridges()->bundle, bundle);
	assert_true(srtpx_same_key(&fake_member(1, 0)->rx, &key));
	assert_false(fake_member(1, 0)->locked);

	/* she has no sound any more: the pictures go on by the port that they have */
	offer(f, opts("c", "A", "B"), web_sdp(NO_SOUND | ONE, "actpass"));
	answer(f, opts("c", "A", "B"), plain_sdp(BOB, 0, 5002));
	has(f, "a=group:BUNDLE 1\r\n");
	assert_int_equal(out_port(f, 1), a);
	assert_true(says(f, 1, "fingerprint", NULL));
	assert_ptr_equal(fake_bridges()->bundle, bundle);
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
}

/* One more joins */
static void third(void **state)
{
	struct fix *f = *state;
	struct bundle *bundle;
	char *body = NULL;
	uint16_t a;

	asked(state, ONLY);
	bundle = fake_bridges()->bundle;
	a = out_port(f, 0);
	offer(f, to("RTP/AVP", opts("c", "A", "B")),
	      web_sdp(ONE | THREE, "actpass"));
	assert_int_not_equal(out_port(f, 2), 0);
	assert_int_equal(re_sdprintf(&body,
				     "v=0\r\no=- 1 1 IN IP4 " BOB "\r\ns=-\r\n"
				     "c=IN IP4 " BOB "\r\nt=0 0\r\n"
				     "m=audio 5000 RTP/AVP 0\r\n"
				     "m=video 5002 RTP/AVP 96\r\n"
				     "m=video 5004 RTP/AVP 97\r\n"),
			 0);
	answer(f, opts("c", "A", "B"), body);
	has(f, "a=group:BUNDLE 0 1 2\r\n");
	assert_int_equal(out_port(f, 2), a);
	assert_ptr_equal(fake_bridges()->bundle, bundle);
	assert_int_equal(fake_bridges()->n, 3);
	assert_ptr_equal(fake_member(2, 0)->bundle, bundle);
	assert_false(fake_member(2, 0)->locked);
	assert_true(
		srtpx_same_key(&fake_member(2, 0)->rx, &fake_member(0, 0)->rx));
}

/* ---- the next agent ------------------------------------------------------------- */

static void restart(void **state)
{
	struct fix *f = *state;
	struct srtpx_key key;
	uint16_t a;

	asked(state, ONLY);
	a = out_port(f, 0);
	key = fake_member(0, 0)->rx;
	f->m = mem_deref(f->m);
	assert_int_equal(fake_bridges()->bundles, 0);
	f->conf.plane = fake_plane();
	fix_start(f);
	mem_deref(f->conf.plane);
	assert_int_equal(fake_bridges()->bundles, 1);
	both(0, a, 0, 1);
	assert_true(srtpx_same_key(&fake_member(1, 0)->rx, &key));
	assert_true(fake_member(1, 0)->resumed);
	assert_int_equal(fake_member(1, 0)->mid_id, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(asked_balanced), T(asked_only),  T(asked_one), T(asked_bare),
		T(refused),        T(tag_refused), T(rejected),  T(passed),
		T(again),          T(third),       T(restart),
	};

	return cmocka_run_group_tests(tests, all_up, all_down);
}
