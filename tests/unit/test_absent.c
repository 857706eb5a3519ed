/* SPDX-License-Identifier: BSD-2-Clause */
/* sdp-media-remove: who is offered a call is not shown some of its sections */
#include "media_fix.h"

#define HEAD(addr)                                                             \
	"v=0\r\no=- 1 1 IN IP4 " addr "\r\ns=-\r\nc=IN IP4 " addr              \
	"\r\nt=0 0\r\n"
#define AUDIO(port) "m=audio " port " RTP/AVP 0\r\n"
#define VIDEO(port) "m=video " port " RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"

static struct media_opts without(struct media_opts o, const char *type)
{
	pl_set_str(&o.removev[o.removec++], type);

	return o;
}

static char *body(const char *text)
{
	char *s;

	assert_int_equal(str_dup(&s, text), 0);

	return s;
}

static void sections(const struct fix *f, size_t n)
{
	if (sdpx_mediac(f->out) != n)
		fail_msg("not %zu sections:\n%s", n, f->text);
}

static void section(const struct fix *f, size_t i, const char *type, bool on)
{
	const struct sdpx_media *sm = sdpx_media(f->out, i);

	if (!sm || pl_strcmp(&sm->type, type) || !sm->port == on)
		fail_msg("section %zu is not %s %s:\n%s", i, type,
			 on ? "with a port" : "refused", f->text);
}

/* Alice has video in front of audio; Bob sees audio alone, whoever offers, for the rest of
 * the call */
static void hidden(void **state)
{
	static const char both[] = HEAD(ALICE) VIDEO("4002") AUDIO("4000");
	struct fix *f = *state;

	offer(f, without(opts("c", "A", NULL), "Video"), body(both));
	sections(f, 1);
	section(f, 0, "audio", true);
	assert_null(strstr(f->text, "H264"));
	answer(f, opts("c", "A", "B"), body(HEAD(BOB) AUDIO("5000")));
	sections(f, 2);
	section(f, 0, "video", false);
	assert_non_null(strstr(f->text, "m=video 0 RTP/AVP 97\r\n"));
	section(f, 1, "audio", true);
	assert_int_equal(fake_leg(f->fp, EXT4, out_port(f, 1))->state,
			 LEG_RELAY);

	offer(f, opts("c", "A", "B"), body(both));
	sections(f, 1);
	answer(f, opts("c", "A", "B"), body(HEAD(BOB) AUDIO("5000")));
	sections(f, 2);

	/* an agent that starts again knows it, too */
	f->m = mem_deref(f->m);
	fix_start(f);
	offer(f, opts("c", "B", "A"), body(HEAD(BOB) AUDIO("5000")));
	sections(f, 2);
	section(f, 0, "video", false);
	section(f, 1, "audio", true);
	answer(f, opts("c", "B", "A"),
	       body(HEAD(ALICE) VIDEO("0") AUDIO("4000")));
	sections(f, 1);
	section(f, 0, "audio", true);

	/* what he adds goes behind, in an SDP without the session's address, and without
	 * an end */
	offer(f, opts("c", "B", "A"),
	      body("v=0\r\no=- 1 1 IN IP4 " BOB "\r\ns=-\r\nt=0 0\r\n" AUDIO(
		      "5000") "c=IN IP4 " BOB "\r\n" VIDEO("5002") "c=IN IP4 "
								   "" BOB));
	sections(f, 3);
	section(f, 0, "video", false);
	section(f, 1, "audio", true);
	section(f, 2, "video", true);
	answer(f, opts("c", "B", "A"),
	       body(HEAD(ALICE) VIDEO("0") AUDIO("4000") VIDEO("4004")));
	sections(f, 2);
	section(f, 0, "audio", true);
	section(f, 1, "video", true);
}

/* What is behind the last that he knows is put back, too */
static void last(void **state)
{
	struct fix *f = *state;

	offer(f, without(without(opts("c", "A", NULL), "video"), "image"),
	      body(HEAD(ALICE) AUDIO("4000")
			   VIDEO("4002") "m=image 4004 udptl t38\r\n"));
	sections(f, 1);
	answer(f, opts("c", "A", "B"), body(HEAD(BOB) AUDIO("5000")));
	sections(f, 3);
	section(f, 0, "audio", true);
	section(f, 1, "video", false);
	section(f, 2, "image", false);
}

/* What he knows already is refused, and does not vanish */
static void known(void **state)
{
	static const char both[] = HEAD(ALICE) AUDIO("4000") VIDEO("4002");
	struct fix *f = *state;

	offer(f, opts("c", "A", NULL), body(both));
	answer(f, opts("c", "A", "B"),
	       body(HEAD(BOB) AUDIO("5000") VIDEO("5002")));
	offer(f, without(opts("c", "A", "B"), "video"), body(both));
	sections(f, 2);
	section(f, 1, "video", false);
	answer(f, opts("c", "A", "B"),
	       body(HEAD(BOB) AUDIO("5000") VIDEO("0")));
	sections(f, 2);
	section(f, 1, "video", false);
}

static void nothing(void **state)
{
	struct fix *f = *state;
	struct media_opts o = without(opts("c", "A", NULL), "audio");

	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "sdp-media-remove"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fix_setup, fix_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hidden),
		TEST(last),
		TEST(known),
		TEST(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
