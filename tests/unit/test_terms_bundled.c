/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_terms_bundled.c  BUNDLE (RFC 9143) in calls to a browser
 */
#include "bundle_fix.h"

static void called(void **state, bool require)
{
	struct fix *f = *state;
	struct media_opts o = to(TLS, opts("c", "A", NULL));
	uint16_t b[2];

	web_new(BOB, 5000);
	o.bundle_offer = !require;
	o.bundle_require = require;
	o.ice_force = true;
	offer(f, o, plain_sdp(ALICE, 4000, 4002));
	/* mids are made, and the header extension with them */
	has(f, "a=group:BUNDLE 1 2\r\n");
	assert_true(says(f, 0, "mid", "1"));
	assert_true(says(f, 1, "mid", "2"));
	assert_true(says(f, 0, "extmap", "1 " MID_EXT));
	assert_true(says(f, 1, "extmap", "1 " MID_EXT));
	b[0] = out_port(f, 0);
	b[1] = out_port(f, 1);
	assert_int_not_equal(b[0], b[1]);
	assert_int_equal(says(f, 1, "bundle-only", NULL), require);
	assert_int_equal(!b[1], require);
	assert_int_equal(says(f, 1, "fingerprint", NULL), !require);
	assert_int_equal(says(f, 1, "candidate", NULL), !require);
	assert_true(says(f, 1, "rtcp-mux", NULL));
	assert_false(says(f, 0, "bundle-only", NULL));
	assert_true(says(f, 0, "setup", "actpass"));
}

static char *web_answer(const char *group, bool bundled)
{
	char *tr = transport("active"), *s = NULL;
	const unsigned port = sa_port(&web.addr);

	assert_int_equal(
		re_sdprintf(&s,
			    "v=0\r\no=- 1 1 IN IP4 %j\r\ns=-\r\n"
			    "c=IN IP4 %j\r\nt=0 0\r\n%s"
			    "m=audio %u " TLS " 0\r\na=mid:1\r\na=rtcp-mux\r\n"
			    "a=extmap:1 " MID_EXT "\r\n%s"
			    "m=video %u " TLS " 96\r\na=mid:2\r\n"
			    "a=rtpmap:96 VP8/90000\r\na=rtcp-mux\r\n"
			    "a=ssrc:4242 cname:x\r\n%s",
			    &web.addr, &web.addr, group, port, tr,
			    bundled ? port : port + 2, bundled ? "" : tr),
		0);
	mem_deref(tr);

	return s;
}

static void offered(void **state, bool require)
{
	struct fix *f = *state;
	const struct bridge_member *a, *v;
	uint16_t b;

	called(state, require);
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"),
	       web_answer("a=group:BUNDLE 1 2\r\n", true));
	has_not(f, "BUNDLE");
	has_not(f, "fingerprint");
	assert_int_not_equal(out_port(f, 0), out_port(f, 1));
	assert_int_equal(fake_bridges()->bundles, 1);
	a = fake_member(0, 1);
	v = fake_member(1, 1);
	assert_non_null(a->bundle);
	assert_ptr_equal(a->bundle, v->bundle);
	assert_int_equal(sa_port(&a->local), b);
	assert_int_equal(sa_port(&v->local), b);
	assert_string_equal(v->mid, "2");
	/* where it has the extension, and where not */
	assert_int_equal(a->mid_id, 1);
	assert_int_equal(v->mid_id, 0);
	assert_true(a->locked && v->locked);
	assert_int_equal(leg(f, b)->why, LEG_WHY_BUNDLE);
}

static void offered_balanced(void **state)
{
	offered(state, false);
}

static void offered_only(void **state)
{
	offered(state, true);
}

/* It does not know of bundles: each section is as it was offered */
static void not_taken(void **state)
{
	struct fix *f = *state;
	uint16_t b[2];

	called(state, false);
	b[0] = out_port(f, 0);
	b[1] = out_port(f, 1);
	answer(f, opts("c", "A", "B"), web_answer("", false));
	assert_int_equal(fake_bridges()->bundles, 0);
	assert_int_equal(fake_bridges()->n, 2);
	assert_int_equal(sa_port(&fake_member(0, 1)->local), b[0]);
	assert_int_equal(sa_port(&fake_member(1, 1)->local), b[1]);
	assert_int_equal(leg(f, b[1])->why, LEG_WHY_SRTP);
}

/* Without DTLS there is nothing to bundle, and without the wish nothing is */
static void not_offered(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);

	o.bundle_offer = true;
	offer(f, o, plain_sdp(ALICE, 4000, 4002));
	has_not(f, "BUNDLE");
	has_not(f, "a=mid");
	offer(f, to(TLS, opts("d", "A", NULL)), plain_sdp(ALICE, 4000, 4002));
	has_not(f, "BUNDLE");
	has_not(f, "a=mid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(offered_balanced),
		T(offered_only),
		T(not_taken),
		T(not_offered),
	};

	return cmocka_run_group_tests(tests, all_up, all_down);
}
