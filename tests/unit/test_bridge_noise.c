/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who speaks falls silent, and says what its silence is like (RFC 3389): the other, who
 * knows no such packets, hears it in its stream, until speech goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "audio/level.h"
#include "bridge/bridge.h"
#include "rtp/packet.h"
#include "goertzel.h"
#include "sim_plane.h"

enum {
	PT = 96,
	PT_NOISE = 13,
	TALK = 10, /* packets of 20 ms */
	SILENCE = 50,
	STEP = 160,
	TONE = 1000,
	LEVEL = 45, /* -dBov */
	NS_20MS = 20000000,
};

/** What the far end hears */
struct ear {
	struct codec_dec *dec;
	int16_t pcm[200 * STEP];
	size_t n;
	struct rtp_head last;
	unsigned packets;
};

static struct ear ear;

static const struct codec *codec(const char *name)
{
	struct pl pl;

	pl_set_str(&pl, name);

	return codec_find(&pl, 0, 0);
}

static void sent(const struct sa *from, const struct sa *to, const uint8_t *p,
		 size_t n, void *arg)
{
	struct rtp_head h;
	size_t k;
	(void)from;
	(void)to;
	(void)arg;

	if (rtp_kind(p, n) != RTP_MEDIA)
		return;
	assert_int_equal(rtp_read(&h, p, n), 0);
	/* one stream, and no hole in it */
	if (ear.packets) {
		assert_int_equal(h.ssrc, ear.last.ssrc);
		assert_int_equal(h.seq, (uint16_t)(ear.last.seq + 1));
		assert_int_equal(h.ts - ear.last.ts, STEP);
	}
	assert_int_equal(h.pt, PT);
	assert_true(ear.n + STEP <= ARRAY_SIZE(ear.pcm));
	assert_int_equal(
		codec_decode(ear.dec, p + h.off, h.len, ear.pcm + ear.n, &k),
		0);
	ear.n += k;
	ear.last = h;
	++ear.packets;
}

static void passed(const struct sa *from, const struct sa *to, const uint8_t *p,
		   size_t n, void *arg)
{
	(void)from;
	(void)to;
	(void)p;
	(void)arg;
	assert_int_equal(n, RTP_HEADER + 4);
	++ear.packets;
}

static void members(struct bridge_member mv[2])
{
	const struct codec *cv[2] = {codec("PCMU"), codec("PCMA")};

	memset(mv, 0, 2 * sizeof(*mv));
	for (unsigned i = 0; i < 2; i++) {
		sa_set_str(&mv[i].local, "192.0.2.1",
			   (uint16_t)(30000 + i * 2));
		sa_set_str(&mv[i].remote, "192.0.2.9",
			   (uint16_t)(4000 + i * 2));
		mv[i].codecv[0].codec = mv[i].codec = cv[i];
		mv[i].codecc = 1;
		mv[i].ptv[PT] = (struct bridge_pt){.act = BRIDGE_DECODE};
		mv[i].pt = PT;
		mv[i].ptime = 20;
		mv[i].complexity = -1;
	}
	mv[0].ptv[PT_NOISE] = (struct bridge_pt){.act = BRIDGE_NOISE,
						 .clock = 8000};
}

/** Who speaks */
struct mouth {
	struct plane *pl;
	struct codec_enc *enc;
	struct bridge_member m;
	struct rtp_head h;
	unsigned at;
};

static void put(struct mouth *mo, uint8_t pt, const uint8_t *pay, size_t n)
{
	uint8_t p[RTP_HEADER + STEP];

	mo->h.pt = pt;
	rtp_write(p, &mo->h);
	memcpy(p + RTP_HEADER, pay, n);
	sim_put(mo->pl, &mo->m.local, &mo->m.remote, p, RTP_HEADER + n);
	++mo->h.seq;
}

static void talk(struct mouth *mo, unsigned packets)
{
	int16_t pcm[STEP];
	uint8_t pay[STEP];
	size_t n;

	while (packets--) {
		for (unsigned i = 0; i < STEP; i++)
			pcm[i] = (int16_t)(8000 * sin(2 * M_PI * TONE *
						      mo->at++ / 8000));
		assert_int_equal(codec_encode(mo->enc, pcm, STEP, pay, &n), 0);
		put(mo, PT, pay, n);
		mo->h.ts += STEP;
		sim_pass(mo->pl, NS_20MS);
	}
}

static void bridged(struct bridge **bp, struct mouth *mo)
{
	struct codec_param prm = {.codec = codec("PCMA"), .complexity = -1};
	struct bridge_member mv[2];

	memset(&ear, 0, sizeof(ear));
	memset(mo, 0, sizeof(*mo));
	members(mv);
	mo->m = mv[0];
	mo->h.ssrc = 7;
	mo->h.seq = 65530;
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	prm.codec = codec("PCMU");
	assert_int_equal(codec_enc_alloc(&mo->enc, &prm), 0);
	assert_int_equal(sim_plane_alloc(&mo->pl, sent, NULL), 0);
	assert_int_equal(bridge_alloc(bp, mo->pl, 0, mv, NULL, NULL), 0);
}

static void end(struct bridge *br, struct mouth *mo)
{
	mem_deref(br);
	assert_int_equal(sim_timers(mo->pl), 0);
	mem_deref(mo->pl);
	mem_deref(mo->enc);
	mem_deref(ear.dec);
}

static void silence(void **state)
{
	const uint8_t noise = LEVEL;
	struct bridge *br;
	struct mouth mo;
	const int16_t *quiet;
	(void)state;

	bridged(&br, &mo);
	talk(&mo, TALK);
	put(&mo, PT_NOISE, &noise, 1);
	for (unsigned i = 0; i < SILENCE; i++)
		sim_pass(mo.pl, NS_20MS);
	mo.h.ts += SILENCE * STEP;
	talk(&mo, TALK);

	/* the clock of a worker has milliseconds: a step more or less */
	assert_in_range(ear.packets, 2 * TALK + SILENCE - 1,
			2 * TALK + SILENCE + 1);
	assert_true(goertzel(ear.pcm, TALK * STEP, TONE, 8000) > 7000);
	assert_true(goertzel(ear.pcm + ear.n - TALK * STEP, TALK * STEP, TONE,
			     8000) > 7000);
	quiet = ear.pcm + (TALK + 5) * STEP;
	assert_in_range(level_dbov(quiet, (SILENCE - 10) * STEP), LEVEL - 3,
			LEVEL + 3);
	assert_true(goertzel(quiet, (SILENCE - 10) * STEP, TONE, 8000) < 200);
	end(br, &mo);
}

/* Who says nothing more is not heard for ever */
static void gone(void **state)
{
	const uint8_t noise = LEVEL;
	struct bridge *br;
	struct mouth mo;
	unsigned packets;
	(void)state;

	bridged(&br, &mo);
	talk(&mo, 1);
	put(&mo, PT_NOISE, &noise, 1);
	for (unsigned i = 0; i < 70; i++) {
		ear.n = 0;
		sim_pass(mo.pl, (uint64_t)50 * NS_20MS);
	}
	packets = ear.packets;
	assert_in_range(packets, 59 * 50, 61 * 50);
	sim_pass(mo.pl, (uint64_t)50 * NS_20MS);
	assert_int_equal(ear.packets, packets);
	end(br, &mo);
}

/* A party that is sending already when its bridge is made: the other's port is not there
 * yet. What comes next is heard */
static void made_late(void **state)
{
	static const struct rtp_head h = {.pt = PT, .seq = 1, .ssrc = 7};
	struct bridge_member mv[2];
	uint8_t p[RTP_HEADER + 4] = {0};
	struct plane *pl;
	struct bridge *br;
	(void)state;

	memset(&ear, 0, sizeof(ear));
	members(mv);
	mv[0].codec = mv[1].codec = NULL;
	mv[0].codecc = mv[1].codecc = 0;
	mv[0].ptv[PT] = (struct bridge_pt){.act = BRIDGE_PASS, .pt = PT};
	mv[1].ptv[PT] = mv[0].ptv[PT];
	assert_int_equal(sim_plane_alloc(&pl, passed, NULL), 0);
	rtp_write(p, &h);
	sim_early(pl, &mv[0].local, &mv[0].remote, p, sizeof(p));
	assert_int_equal(bridge_alloc(&br, pl, 0, mv, NULL, NULL), 0);
	ear.packets = 0;
	p[3] = 2;
	sim_put(pl, &mv[0].local, &mv[0].remote, p, sizeof(p));
	assert_int_equal(ear.packets, 1);
	mem_deref(br);
	mem_deref(pl);
}

/* A bridge ends while something is due: that has its port still */
static void ended_late(void **state)
{
	const uint8_t silence[1] = {LEVEL};
	struct bridge *br;
	struct mouth mo;
	unsigned before;
	(void)state;

	bridged(&br, &mo);
	talk(&mo, TALK);
	put(&mo, PT_NOISE, silence, sizeof(silence));
	sim_pass(mo.pl, NS_20MS);
	before = ear.packets;
	sim_late(mo.pl, NS_20MS + NS_20MS / 2);
	end(br, &mo);
	assert_int_equal(ear.packets, before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence),
		cmocka_unit_test(gone),
		cmocka_unit_test(ended_late),
		cmocka_unit_test(made_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
