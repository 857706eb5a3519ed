/* SPDX-License-Identifier: BSD-2-Clause */
/* How calls sound whose media is encoded here: what rtpengine's users read of it, each way */
#include <math.h>
#include "media/terms.h"
#include "terms_fix.h"

enum { A = 0, B = 1 };

/* Alice's PCMA becomes Bob's PCMU */
static void call(struct fix *f)
{
	struct media_opts o = opts("c", "A", NULL);

	pl_set_str(&o.transcode[o.transcodec++], "PCMU");
	offer(f, o, audio(ALICE, 4000, "8", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(fake_bridges()->n, 1);
}

static struct media_call *the_call(const struct fix *f)
{
	return list_ledata(list_head(&f->m->calll));
}

static struct stream *stream(const struct fix *f, unsigned n)
{
	struct le *le = list_head(&the_call(f)->parties);

	return list_ledata(list_head(
		&((struct party *)(n ? le->next : le)->data)->streams));
}

/* So many packets more, of which so many did not come */
static void pass(struct bridge_stats *st, unsigned packets, unsigned lost)
{
	st->packets += packets - lost;
	st->lost += lost;
}

static double mos_of(double delay, double loss)
{
	return rtcpx_mos(delay, loss);
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

/* Five seconds without a fault, then five in which a tenth is lost on the way to us */
static void both_ways(void **state)
{
	struct fix *f = *state;
	struct bridge_stats *st = fake_bridges()->st;
	struct quality_sample x;
	const struct stream *a, *b;
	uint64_t now = 1000;

	call(f);
	a = stream(f, A);
	b = stream(f, B);
	quality_look(the_call(f), now, QUALITY_MS);
	assert_int_equal(a->mos.samples, 0);
	pass(&st[A], 250, 0);
	pass(&st[B], 250, 0);
	st[A].rtt_us = 40000;
	quality_look(the_call(f), now + QUALITY_MS - 1, QUALITY_MS);
	assert_int_equal(a->mos.samples, 0);
	quality_look(the_call(f), now += QUALITY_MS, QUALITY_MS);
	assert_int_equal(a->mos.samples, 1);
	assert_int_equal(b->mos.samples, 1);
	assert_true(near(a->mos.low.mos, mos_of(20, 0)));

	pass(&st[A], 250, 25);
	pass(&st[B], 250, 0);
	quality_look(the_call(f), now += QUALITY_MS, QUALITY_MS);
	assert_true(near(a->mos.low.mos, mos_of(20, 0.1)));
	assert_true(near(a->mos.high.mos, mos_of(20, 0)));
	assert_true(near(a->mos_in.low.mos, mos_of(20, 0.1)));
	assert_true(near(b->mos_in.low.mos, mos_of(0, 0)));
	/* what Alice hears has come whole */
	assert_true(near(b->mos.low.mos, mos_of(20, 0)));
	assert_int_equal(b->mos_out.samples, 0);
	assert_true(quality_average(&x, &a->mos));
	assert_true(near(x.loss, 0.05));
	assert_true(near(x.mos, (mos_of(20, 0) + mos_of(20, 0.1)) / 2));
}

/* Bob reports that a quarter of what we send does not arrive, and that it is uneven */
static void reported(void **state)
{
	struct fix *f = *state;
	struct bridge_stats *st = fake_bridges()->st;
	const struct stream *a, *b;
	uint64_t now = 1000;

	call(f);
	a = stream(f, A);
	b = stream(f, B);
	quality_look(the_call(f), now, QUALITY_MS);
	pass(&st[A], 250, 125);
	pass(&st[B], 250, 0);
	st[B].far_lost = 64;
	st[B].far_jitter_us = 30000;
	st[B].far_reports = 1;
	st[B].rtt_us = 100000;
	quality_look(the_call(f), now += QUALITY_MS, QUALITY_MS);
	assert_int_equal(b->mos_out.samples, 1);
	assert_true(near(b->mos_out.low.mos, mos_of(50 + 60, 0.25)));
	/* half of what Alice says gets to us, three quarters of that to Bob */
	assert_true(near(a->mos.low.mos, mos_of(50 + 60, 0.625)));
	assert_true(near(a->mos.low.jitter_ms, 30));
	assert_int_equal(a->mos_out.samples, 0);
	/* the same report is not another one */
	pass(&st[A], 250, 0);
	quality_look(the_call(f), now += QUALITY_MS, QUALITY_MS);
	assert_int_equal(b->mos_out.samples, 1);
	/* Bob said nothing in that time: there is nothing to be judged */
	assert_int_equal(b->mos.samples, 1);
	assert_int_equal(a->mos.samples, 2);
}

/* The jitter buffer's delay counts, and that which came too late for it is lost */
static void buffered(void **state)
{
	struct fix *f = *state;
	struct bridge_stats *st = fake_bridges()->st;
	const struct stream *a;
	uint64_t now = 1000;

	call(f);
	a = stream(f, A);
	quality_look(the_call(f), now, QUALITY_MS);
	/* a hundred: ninety in time, ten given up as lost, which came then */
	st[A].packets = 100;
	st[A].lost = 10;
	st[A].late = 10;
	st[A].held_us = 60000;
	st[A].target_us = 80000;
	st[A].jitter_us = 25000;
	quality_look(the_call(f), now + QUALITY_MS, QUALITY_MS);
	assert_true(near(a->mos_in.low.mos, mos_of(60, 0.1)));
	assert_true(near(a->mos.low.mos, mos_of(60, 0.1)));
}

/* Another bridge counts from the start */
static void begun_anew(void **state)
{
	struct fix *f = *state;
	struct bridge_stats *st = fake_bridges()->st;
	const struct stream *a;
	uint64_t now = 1000;

	call(f);
	a = stream(f, A);
	quality_look(the_call(f), now, QUALITY_MS);
	pass(&st[A], 250, 0);
	st[A].rtt_us = 0;
	quality_look(the_call(f), now += QUALITY_MS, QUALITY_MS);
	memset(st, 0, 2 * sizeof(*st));
	pass(&st[A], 100, 50);
	quality_look(the_call(f), now += QUALITY_MS, QUALITY_MS);
	assert_int_equal(a->mos.samples, 2);
	assert_true(near(a->mos.low.mos, mos_of(0, 0.5)));
}

/* What is opened here is passed on, its reports, too: they tell of all of the way */
static void opened(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	uint8_t rr[32] = {0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0x12, 0x34, 64};
	const struct stream *a, *b;
	struct sa src;

	pl_set_str(&o.transport, "RTP/SAVP");
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "0",
		       "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
		       "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"));
	assert_int_equal(fake_bridges()->n, 1);
	assert_null(fake_bridges()->mv[B].codec);
	a = stream(f, A);
	b = stream(f, B);
	assert_int_equal(sa_set_str(&src, BOB, 5001), 0);
	fake_event(B, BRIDGE_CONTROL, &src, rr, sizeof(rr));
	assert_int_equal(a->mos.samples, 1);
	assert_true(near(a->mos.low.mos, mos_of(0, 0.25)));
	/* of what Bob says nobody has spoken; and ours is nobody's count */
	assert_int_equal(b->mos.samples, 0);
	quality_look(the_call(f), 1000, QUALITY_MS);
	pass(&fake_bridges()->st[A], 250, 100);
	quality_look(the_call(f), 1000 + QUALITY_MS, QUALITY_MS);
	assert_int_equal(a->mos.samples, 1);
	assert_int_equal(a->mos_in.samples, 0);
	/* garbage says nothing */
	rr[3] = 99;
	fake_event(B, BRIDGE_CONTROL, &src, rr, sizeof(rr));
	assert_int_equal(a->mos.samples, 1);
}

/* And where it is encoded here, what the phones report to us is half of the way */
static void not_passed(void **state)
{
	struct fix *f = *state;
	uint8_t pkt[28 + 32] = {0x45};
	struct tap tap = {
		.caplen = sizeof(pkt), .payload = 28, .flags = TAP_RTCP};
	uint16_t a;

	call(f);
	a = out_port(f, 0);
	memcpy(pkt + 28, "\x81\xc9\0\7\0\0\0\x09\0\0\x12\x34\x40", 13);
	fake_tap(f->fp, EXT4, (uint16_t)(a + 1), &tap, pkt);
	assert_int_equal(stream(f, A)->reports.blocks, 1);
	assert_int_equal(stream(f, B)->mos.samples, 0);
}

static int64_t number(const struct odict *o, const char *a, const char *b,
		      const char *c)
{
	const struct odict_entry *e = odict_lookup(o, a);

	assert_non_null(e);
	e = odict_lookup(e->u.odict, b);
	assert_non_null(e);
	e = odict_lookup(e->u.odict, c);
	assert_non_null(e);
	assert_int_equal(e->type, ODICT_INT);

	return e->u.integer;
}

/* In query, and in delete though the call was short; in tenths, us, ms and percent */
static void told(void **state)
{
	struct fix *f = *state;
	struct bridge_stats *st = fake_bridges()->st;
	const struct odict_entry *e;
	struct pl id = PL("c");
	struct odict *o;
	char *text = NULL;
	uint16_t a;

	call(f);
	a = out_port(f, 0);
	fake_traffic(f->fp, EXT4, a, 100, media_now() * 1000000);
	/* as if it had begun two seconds ago */
	quality_look(the_call(f), media_now() - 2000, QUALITY_MS);
	pass(&st[A], 100, 20);
	st[A].rtt_us = 50000;
	st[B].far_reports = 1;
	st[B].far_jitter_us = 10000;
	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(media_delete(f->m, &id, NULL, NULL, NULL, 0, o), 0);
	assert_int_equal(re_sdprintf(&text, "%H", json_encode_odict, o), 0);
	e = odict_lookup(o, "SSRC");
	assert_non_null(e);
	assert_int_equal(number(e->u.odict, "4660", "average MOS", "MOS"),
			 lround(mos_of(25 + 20, 0.2) * 10));
	assert_int_equal(number(e->u.odict, "4660", "average MOS", "samples"),
			 1);
	assert_int_equal(
		number(e->u.odict, "4660", "lowest MOS", "round-trip time"),
		50000);
	assert_int_equal(number(e->u.odict, "4660", "highest MOS", "jitter"),
			 10);
	assert_int_equal(
		number(e->u.odict, "4660", "average MOS", "packet loss"), 20);
	assert_non_null(strstr(text, "\"MOS in\":{"));
	assert_non_null(strstr(text, "\"MOS out\":{"));
	mem_deref(text);
	mem_deref(o);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(both_ways), T(reported), T(buffered),   T(begun_anew),
		T(told),      T(opened),   T(not_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
