/* SPDX-License-Identifier: BSD-2-Clause */
/* An offer that fails leaves the call as it was: what was offered before is offered still */
#include "terms_fix.h"

/* Its second line cannot be had: the interface of the first has no IPv6 */
static char *half(uint16_t port)
{
	char *s = NULL;

	assert_int_equal(re_sdprintf(&s,
				     "v=0\r\no=- 1 1 IN IP4 " ALICE
				     "\r\ns=-\r\nt=0 0\r\n"
				     "m=audio %u RTP/AVP 8\r\n"
				     "c=IN IP4 " ALICE "\r\n"
				     "m=video 4010 RTP/AVP 97\r\n"
				     "c=IN IP6 2001:db8::9\r\n"
				     "a=rtpmap:97 H264/90000\r\n",
				     port),
			 0);

	return s;
}

static struct media_opts inside(struct media_opts o)
{
	pl_set_str(&o.direction[0], "int");
	pl_set_str(&o.direction[1], "int");

	return o;
}

static void fails(struct fix *f, struct media_opts o, char *body)
{
	assert_int_equal(put(f, false, &o, body), ENOENT);
	assert_non_null(strstr(f->e.msg, "has no IPv6"));
}

/* One that waits for its answer gets it */
static void pending(void **state)
{
	struct fix *f = *state;
	struct media_opts o = inside(opts("c", "A", "B"));
	uint16_t b;

	offer(f, inside(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	offer(f, inside(opts("c", "A", "B")), audio(ALICE, 4002, "0", NULL));
	b = out_port(f, 0);
	o.guard.mode = GUARD_DROP;
	o.rtcp_mux_accept = true;
	fails(f, o, half(4444));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(sdpx_mediac(f->out), 1);
	assert_sa(&fake_leg(f->fp, INT4, out_port(f, 0))->remote, ALICE, 4002);
	/* her payload types alone, and no word of the rest */
	assert_int_equal(fake_leg(f->fp, INT4, b)->pt_mask[0], 1);
	assert_false(fake_leg(f->fp, INT4, b)->dtmf_block);
	assert_null(stream_find(
		list_ledata(list_head(
			&call_find(f->m, &(struct pl)PL("c"))->parties)),
		1));
}

/* The same without one: the next answer is to the other side's offer */
static void settled(void **state)
{
	struct fix *f = *state;
	uint16_t a;

	offer(f, inside(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	a = out_port(f, 0);
	fails(f, inside(opts("c", "A", "B")), half(4444));
	/* nor is it there after a restart */
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	assert_sa(&fake_leg(f->fp, INT4, a)->remote, ALICE, 4000);
	offer(f, inside(opts("c", "B", "A")), audio(BOB, 5002, "0", NULL));
	assert_int_equal(sdpx_mediac(f->out), 1);
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	assert_sa(&fake_leg(f->fp, INT4, a)->remote, ALICE, 4000);
}

/* Of what it asked for in codecs nothing stays */
static void codecs(void **state)
{
	struct fix *f = *state;
	struct media_opts o = inside(opts("c", "A", "B"));

	offer(f, inside(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	pl_set_str(&o.transcode[o.transcodec++], "PCMU");
	fails(f, o, half(4000));
	offer(f, inside(opts("c", "A", "B")), audio(ALICE, 4000, "8", NULL));
	has(f, "RTP/AVP 8\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", NULL));
	assert_int_equal(fake_bridges()->n, 0);
}

/* The fast path refuses a leg: nothing has happened */
static void refused(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", "B");
	uint16_t a;

	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	a = out_port(f, 0);
	fake_fail(f->fp, EIO);
	assert_int_equal(put(f, false, &o, audio(ALICE, 4004, "8", NULL)), EIO);
	offer(f, opts("c", "B", "A"), audio(BOB, 5000, "0", NULL));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	assert_sa(&fake_leg(f->fp, EXT4, a)->remote, ALICE, 4000);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->pt_mask[0], 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pending),
		TEST(settled),
		TEST(codecs),
		TEST(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
