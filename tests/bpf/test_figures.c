/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A leg's figures: loss, order, duplicates and jitter beside a reference in
 * plain arithmetic that never wraps; and SSRC rewriting without a gap.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "sides.h"

static struct side sides[SIDES];

/* ---- the reference: RFC 3550 with extended sequence numbers ----------- */

#define SEEN 200000

struct ref {
	bool started;
	int64_t base, max; /* extended sequence numbers */
	bool seen[SEEN];   /* by extended number - base + SEEN / 2 */
	int64_t lost, reordered, duplicate;
	double jitter, transit; /* in RTP units */
	uint32_t ssrc;
};

static struct ref ref;

/* The extended number nearest to the highest one */
static int64_t extend(const struct ref *r, uint16_t seq)
{
	return r->max + (int16_t)(seq - (uint16_t)(r->max & 0xffff));
}

static void ref_start(struct ref *r, uint16_t seq, double transit)
{
	memset(r->seen, 0, sizeof(r->seen));
	r->base = r->max = seq;
	r->seen[SEEN / 2] = true;
	r->transit = transit;
	r->started = true;
}

static void ref_order(struct ref *r, int64_t ext)
{
	bool *seen = &r->seen[ext - r->base + SEEN / 2];

	if (ext > r->max) {
		r->lost += ext - r->max - 1;
		r->max = ext;
	} else if (ext <= r->max - 64) {
		r->reordered++; /* too old to tell from a duplicate */
		return;
	} else if (*seen) {
		r->duplicate++;
		return;
	} else {
		r->reordered++;
		if (r->lost > 0)
			r->lost--;
	}
	*seen = true;
}

/* `wraps`: how often the timestamp went past 2^32 */
static void ref_packet(struct ref *r, const struct rtpspec *s, uint64_t ns,
		       double hz, int wraps)
{
	double transit = ns * 1e-9 * hz - (s->ts + wraps * 4294967296.0);
	int64_t ext;

	if (!r->started || s->ssrc != r->ssrc) {
		r->ssrc = s->ssrc;
		r->jitter = 0;
		ref_start(r, s->seq, transit);
		return;
	}
	ext = extend(r, s->seq);
	if (llabs(ext - r->max) > 3000 || ext - r->max == 3000) {
		ref_start(r, s->seq, transit);
		return;
	}
	ref_order(r, ext);
	r->jitter += (fabs(transit - r->transit) - r->jitter) / 16;
	r->transit = transit;
}

/* ---- sending -------------------------------------------------------- */

struct stream {
	struct bed *bed;
	const struct side *in, *out;
	struct fp_leg l;
	double hz;
	int wraps;
	uint64_t packets, bytes;
};

static struct stream stream_make(struct bed *bed, uint32_t hz)
{
	struct stream s = {
		.bed = bed,
		.in = &sides[SIDE_LAN4],
		.out = &sides[SIDE_WAN4],
		.hz = hz,
	};

	memset(&ref, 0, sizeof(ref));
	s.l = side_leg(s.in, s.out);
	s.l.clock_rate = hz;
	bed_clear(bed);
	leg_put(bed, &s.l);
	return s;
}

static const struct leg *leg_of(const struct stream *s)
{
	return leg_at(s->bed, s->in->local, IN_PORT);
}

/* When the kernel says that the packet came: the leg keeps the difference to
 * the timestamp, in RTP units modulo 2^32. Not far from now */
static uint64_t arrival_ns(const struct leg *leg, const struct rtpspec *r,
			   double hz)
{
	uint32_t units = leg->transit + r->ts;
	struct timespec ts;
	double now, at;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (ts.tv_sec + ts.tv_nsec * 1e-9) * hz;
	at = now + (int32_t)(units - (uint32_t)(uint64_t)now);
	if (fabs(at - now) > 5 * hz)
		fail_msg("arrived %f s from now", (at - now) / hz);
	return at / hz * 1e9;
}

static const struct leg_aux *aux_of(const struct stream *s)
{
	return aux_at(s->bed, s->in->local, IN_PORT);
}

static void check(const struct stream *s, const struct rtpspec *r)
{
	const struct leg_aux *x = aux_of(s);
	const struct leg *leg = leg_of(s);

	assert_int_equal(leg->packets, s->packets);
	assert_int_equal(leg->bytes, s->bytes);
	assert_int_equal(leg->pt, r->pt);
	assert_int_equal(leg->ssrc, r->ssrc);
	if (x->lost != ref.lost || x->reordered != ref.reordered ||
	    x->duplicate != ref.duplicate)
		fail_msg("at %u: lost %d, reordered %u, duplicate %u; the "
			 "reference says %d, %d, %d",
			 r->seq, x->lost, x->reordered, x->duplicate,
			 (int)ref.lost, (int)ref.reordered, (int)ref.duplicate);
	/* integers of a sixteenth of a unit, and arrivals cut to 1024 ns:
	 * each step may be off by a unit and a half, a sixteenth of it stays */
	if (fabs(leg->jitter / 16.0 - ref.jitter) > 2)
		fail_msg("at %u: jitter %.2f, the reference says %.2f", r->seq,
			 leg->jitter / 16.0, ref.jitter);
}

static void send_rtp(struct stream *s, const struct rtpspec *r)
{
	uint8_t p[64];
	size_t len = rtp_build(p, r, 20);
	struct spec spec = side_in(s->in, p, len);
	struct pkt in, out;

	pkt_build(&in, &spec);
	assert_int_equal(bed_run(s->bed, s->in->dev, &in, &out), XDP_REDIRECT);
	s->packets++;
	s->bytes += 20 + 8 + len;
	ref_packet(&ref, r, arrival_ns(leg_of(s), r, s->hz), s->hz, s->wraps);
	check(s, r);
}

static void test_in_order(void **state)
{
	struct stream s = stream_make(*state, 8000);
	struct rtpspec r = {.pt = 8, .seq = 65000, .ts = 7, .ssrc = 1};

	for (int i = 0; i < 3000; i++) {
		send_rtp(&s, &r);
		r.seq++;
		r.ts += 160;
	}
	assert_int_equal(aux_of(&s)->lost, 0);
	assert_int_equal(aux_of(&s)->reordered, 0);
	assert_int_equal(aux_of(&s)->duplicate, 0);
}

/* Every gap up to the window and beyond, across 65535 -> 0 */
static void test_loss(void **state)
{
	struct stream s = stream_make(*state, 8000);
	struct rtpspec r = {.pt = 8, .seq = 63000, .ts = 0, .ssrc = 1};
	int64_t lost = 0;

	for (int gap = 0; gap < 130; gap++) {
		send_rtp(&s, &r);
		r.seq += 1 + gap;
		r.ts += 160 * (1 + gap);
		lost += gap;
	}
	send_rtp(&s, &r);
	assert_int_equal(aux_of(&s)->lost, lost);
}

/* A hole, filled late from the far end: what was counted lost comes back */
static void test_late(void **state)
{
	static const uint16_t startv[] = {100, 65530, 65535, 0, 65473};

	for (size_t i = 0; i < ARRAY_SIZE(startv); i++) {
		struct stream s = stream_make(*state, 8000);
		struct rtpspec r = {.pt = 8, .seq = startv[i], .ssrc = 1};

		send_rtp(&s, &r);
		r.seq = startv[i] + 63;
		send_rtp(&s, &r);
		assert_int_equal(aux_of(&s)->lost, 62);
		for (int late = 62; late > 0; late--) {
			r.seq = startv[i] + late;
			send_rtp(&s, &r);
		}
		assert_int_equal(aux_of(&s)->lost, 0);
		assert_int_equal(aux_of(&s)->reordered, 62);
		for (int again = 0; again < 64; again++) {
			r.seq = startv[i] + again;
			send_rtp(&s, &r);
		}
		assert_int_equal(aux_of(&s)->duplicate, 64);
		r.seq = startv[i] + 64;
		send_rtp(&s, &r);
		r.seq = startv[i]; /* out of the window now */
		send_rtp(&s, &r);
		assert_int_equal(aux_of(&s)->duplicate, 64);
		assert_int_equal(aux_of(&s)->reordered, 63);
	}
}

/* Late ones from before the first: nothing was missed */
static void test_before_first(void **state)
{
	struct stream s = stream_make(*state, 8000);
	struct rtpspec r = {.pt = 8, .seq = 3, .ssrc = 1};

	send_rtp(&s, &r);
	for (int i = 0; i < 10; i++) {
		r.seq--;
		send_rtp(&s, &r);
	}
	assert_int_equal(aux_of(&s)->lost, 0);
	assert_int_equal(aux_of(&s)->reordered, 10);
}

/* A jump past 3000 either way is a sender that started afresh */
static void test_restart(void **state)
{
	static const int jumpv[] = {2999,  3000,  3001,   20000,  32767,
				    -3000, -3001, -20000, -32768, 32768,
				    -2999, -64,   -63};

	for (size_t i = 0; i < ARRAY_SIZE(jumpv); i++) {
		struct stream s = stream_make(*state, 8000);
		struct rtpspec r = {.pt = 8, .seq = 40000, .ts = 5, .ssrc = 1};

		for (int k = 0; k < 100; k++, r.seq++, r.ts += 160)
			send_rtp(&s, &r);
		r.seq += jumpv[i] - 1;
		r.ts = rand();
		if (abs(jumpv[i]) < 3000 || jumpv[i] == -3000)
			r.ts = 5 + 160 * 100;
		for (int k = 0; k < 100; k++, r.seq++, r.ts += 160)
			send_rtp(&s, &r);
		assert_int_equal(
			aux_at(s.bed, s.in->local, IN_PORT)->ssrc_changes, 0);
	}
}

static void test_ssrc_change(void **state)
{
	struct stream s = stream_make(*state, 8000);
	struct rtpspec r = {.pt = 8, .seq = 65000, .ssrc = 0};

	for (int change = 0; change < 5; change++) {
		for (int k = 0; k < 40; k++) {
			send_rtp(&s, &r);
			r.seq += k % 7 ? 1 : 3;
			r.ts += 160;
		}
		assert_int_equal(
			aux_at(s.bed, s.in->local, IN_PORT)->ssrc_changes,
			change);
		r.ssrc = r.ssrc * 5 + 1;
		r.seq = rand();
		r.ts = rand();
	}
	assert_int_equal(aux_of(&s)->lost, ref.lost);
}

/* Timestamps that wander, at each clock, past 2^32 too */
static void test_jitter(void **state)
{
	static const uint32_t hzv[] = {8000, 16000, 48000, 90000};

	for (size_t i = 0; i < ARRAY_SIZE(hzv); i++) {
		struct stream s = stream_make(*state, hzv[i]);
		struct rtpspec r = {.pt = 8, .seq = 65400, .ssrc = 1};
		uint64_t ts = 0xffffffffu - 100 * (hzv[i] / 50);

		for (int k = 0; k < 400; k++) {
			uint64_t at = ts + rand() % (hzv[i] / 25);

			r.ts = at;
			s.wraps = at >> 32;
			send_rtp(&s, &r);
			r.seq += k % 11 ? 1 : -2; /* late ones count too */
			ts += hzv[i] / 50;
		}
		assert_true(ref.jitter > 10);
	}
}

/* Everything at once */
static void test_random_walk(void **state)
{
	for (int round = 0; round < 20; round++) {
		struct stream s = stream_make(*state, 8000);
		struct rtpspec r = {.pt = 8, .seq = rand(), .ssrc = 1};
		uint16_t head = r.seq;

		for (int k = 0; k < 500; k++) {
			int dice = rand() % 100;

			if (dice < 70)
				r.seq = ++head;
			else if (dice < 80)
				r.seq = head += rand() % 100;
			else if (dice < 98)
				r.seq = head - rand() % 70;
			else
				r.seq = head += rand();
			send_rtp(&s, &r);
			head = leg_of(&s)->seq_max;
		}
	}
}

static void test_rtcp_is_no_stream(void **state)
{
	struct stream s = stream_make(*state, 8000);
	struct rtpspec r = {.pt = 8, .seq = 9, .ssrc = 1};
	struct pkt in, out;
	struct spec spec;
	uint8_t p[64];

	s.l.rtcp_ok = true;
	leg_put(s.bed, &s.l);
	send_rtp(&s, &r);
	spec = side_in(s.in, p, rtcp_build(p, 77));
	pkt_build(&in, &spec);
	assert_int_equal(bed_run(s.bed, s.in->dev, &in, &out), XDP_REDIRECT);
	s.packets++;
	s.bytes += 36;
	check(&s, &r);
}

/* What fp_leg_stats() makes of it */
static void test_stats_view(void **state)
{
	struct stream s = stream_make(*state, 16000);
	struct rtpspec r = {.pt = 9, .seq = 1, .ssrc = 42};
	struct fp_leg_stats st;
	uint32_t slot;

	for (int k = 0; k < 50; k++, r.seq += 2, r.ts += 320)
		send_rtp(&s, &r);
	assert_int_equal(fp_slot(s.bed->fp, &s.l.local, &slot), 0);
	assert_int_equal(fp_leg_stats(s.bed->fp, slot, &st), 0);
	assert_int_equal(st.packets, 50);
	assert_int_equal(st.lost, 49);
	assert_int_equal(st.clock_rate, 16000);
	assert_int_equal(st.pt, 9);
	assert_int_equal(st.ssrc, 42);
	assert_true(fabs(st.jitter_ms - ref.jitter / 16) < 0.2);
	assert_true(sa_cmp(&st.local, &s.l.local, SA_ALL));
	assert_true(sa_cmp(&st.remote, &s.l.remote, SA_ALL));
	assert_true(sa_cmp(&st.peer_local, &s.l.peer_local, SA_ALL));
	assert_true(sa_cmp(&st.peer_remote, &s.l.peer_remote, SA_ALL));
	assert_int_equal(st.state, LEG_RELAY);
	assert_int_equal(st.age_ms < 60000, 1);
}

/* A port that is used again starts from nothing */
static void test_fresh_leg(void **state)
{
	struct stream s = stream_make(*state, 8000);
	struct rtpspec r = {.pt = 8, .seq = 1, .ssrc = 1};

	send_rtp(&s, &r);
	r.seq = 50;
	send_rtp(&s, &r);
	assert_int_equal(fp_leg_del(s.bed->fp, &s.l.local), 0);
	assert_int_equal(leg_of(&s)->packets, 2); /* readable until then */
	leg_put(s.bed, &s.l);
	memset(&ref, 0, sizeof(ref));
	s.packets = s.bytes = 0;
	r.ssrc = 2;
	send_rtp(&s, &r);
	assert_int_equal(aux_at(s.bed, s.in->local, IN_PORT)->ssrc_changes, 0);
}

/* Changed in mid-stream: figures go on */
static void test_changed_leg(void **state)
{
	struct stream s = stream_make(*state, 8000);
	struct rtpspec r = {.pt = 8, .seq = 1, .ssrc = 1};

	for (int k = 0; k < 20; k++, r.seq++) {
		s.l.dscp = k;
		leg_put(s.bed, &s.l);
		send_rtp(&s, &r);
	}
	assert_int_equal(leg_of(&s)->packets, 20);
}

/* ---- SSRC rewriting --------------------------------------------------- */

struct sent {
	uint16_t seq;
	uint32_t ts, ssrc;
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static struct sent substituted(struct stream *s, const struct rtpspec *r)
{
	uint8_t p[64];
	struct spec spec = side_in(s->in, p, rtp_build(p, r, 21));
	const uint8_t *rtp;
	struct pkt in, out;
	struct sent sent;

	pkt_build(&in, &spec);
	assert_int_equal(bed_run(s->bed, s->in->dev, &in, &out), XDP_REDIRECT);
	assert_int_equal(udp_verify(out.b + 14), 0);
	rtp = out.b + 14 + 20 + 8;
	assert_memory_equal(rtp, p, 2);
	assert_memory_equal(rtp + 12, p + 12, 21);
	sent.seq = rtp[2] << 8 | rtp[3];
	sent.ts = get32(rtp + 4);
	sent.ssrc = get32(rtp + 8);
	return sent;
}

static struct stream rewriting(struct bed *bed)
{
	struct stream s = stream_make(bed, 8000);

	s.l.ssrc_rewrite = true;
	s.l.ssrc_out = 0xfeedbeef;
	leg_put(bed, &s.l);
	return s;
}

/* The first stream keeps its numbers; each that follows goes on from there */
static void test_substitute(void **state)
{
	struct stream s = rewriting(*state);
	struct rtpspec r = {.pt = 8, .seq = 65500, .ts = 0xfffffff0, .ssrc = 7};
	struct sent last = {0}, now;

	for (int change = 0; change < 6; change++) {
		for (int k = 0; k < 50; k++) {
			now = substituted(&s, &r);
			assert_int_equal(now.ssrc, 0xfeedbeef);
			if (!change) {
				assert_int_equal(now.seq, r.seq);
				assert_int_equal(now.ts, r.ts);
			} else {
				assert_int_equal((uint16_t)(now.seq - last.seq),
						 1);
			}
			if (change && k)
				assert_int_equal(now.ts - last.ts, 160);
			else if (change) /* on, and no further than time did */
				assert_in_range(now.ts - last.ts, 1, 8000 * 60);
			last = now;
			r.seq++;
			r.ts += 160;
		}
		r.ssrc++;
		r.seq = rand();
		r.ts = rand();
	}
	/* the figures are those of what came in */
	assert_int_equal(leg_of(&s)->ssrc, r.ssrc - 1);
	assert_int_equal(aux_at(s.bed, s.in->local, IN_PORT)->ssrc_changes, 5);
}

/* Order and loss are the sender's to have: they show unchanged */
static void test_substitute_order(void **state)
{
	static const uint16_t seqv[] = {10, 11, 13, 12, 12, 20, 19, 21};
	struct stream s = rewriting(*state);
	struct rtpspec r = {.pt = 8, .seq = 500, .ssrc = 7};
	struct sent first = substituted(&s, &r), now;

	r.ssrc = 8;
	for (size_t i = 0; i < ARRAY_SIZE(seqv); i++) {
		r.seq = seqv[i];
		now = substituted(&s, &r);
		assert_int_equal(now.seq, first.seq + 1 + seqv[i] - seqv[0]);
	}
	/* a late one was not the last: what follows goes on from 21 */
	r.seq = 20;
	substituted(&s, &r);
	r.ssrc = 9;
	r.seq = 4000;
	now = substituted(&s, &r);
	assert_int_equal(now.seq, first.seq + 1 + 21 - 10 + 1);
}

/* The sender jumps back without a new SSRC, and then takes a new one */
static void test_substitute_jump(void **state)
{
	struct stream s = rewriting(*state);
	struct rtpspec r = {.pt = 8, .seq = 50000, .ssrc = 7};
	struct sent last, now;

	substituted(&s, &r);
	r.seq = 30000;
	last = substituted(&s, &r);
	assert_int_equal(last.seq, 30000);
	r.ssrc = 8;
	r.seq = 5;
	now = substituted(&s, &r);
	assert_int_equal(now.seq, last.seq + 1);
}

/* RTCP and other payloads of such a leg are nobody's to rewrite */
static void test_substitute_rtp_only(void **state)
{
	struct stream s = rewriting(*state);
	struct gold g;
	uint8_t p[64];

	s.l.rtcp_ok = true;
	leg_put(s.bed, &s.l);
	g = side_gold("RTCP", s.in, s.out, p, rtcp_build(p, 7));
	gold_run(s.bed, &g);
}

static int setup(void **state)
{
	bed_setup(state);
	sides_init(*state, sides);
	srand(1);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_before_first),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_ssrc_change),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_random_walk),
		cmocka_unit_test(test_rtcp_is_no_stream),
		cmocka_unit_test(test_stats_view),
		cmocka_unit_test(test_fresh_leg),
		cmocka_unit_test(test_changed_leg),
		cmocka_unit_test(test_substitute),
		cmocka_unit_test(test_substitute_order),
		cmocka_unit_test(test_substitute_jump),
		cmocka_unit_test(test_substitute_rtp_only),
	};

	return cmocka_run_group_tests(tests, setup, bed_teardown);
}
