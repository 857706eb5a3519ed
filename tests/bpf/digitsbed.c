/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digitsbed.c  Digits of a phone into a bridge, and what comes out
 */
#include "digitsbed.h"

struct bridge_heard heardv[8];
unsigned heardc;
struct phone ph;

static void event_handler(struct bridge *b, unsigned side, unsigned type,
			  const struct sa *src, const uint8_t *p, size_t n,
			  void *arg)
{
	(void)b;
	(void)src;
	(void)arg;
	if (type != BRIDGE_DIGIT)
		return;
	assert_int_equal(side, 0);
	assert_int_equal(n, sizeof(heardv[0]));
	assert_in_range(heardc, 0, ARRAY_SIZE(heardv) - 1);
	memcpy(&heardv[heardc++], p, n);
}

static void cancel(void *arg)
{
	(void)arg;
	re_cancel();
}

void turn(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 20, cancel, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}

void up(struct bridge_member mv[2])
{
	bb.eventh = event_handler;
	heardc = 0;
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
}

void dial(uint8_t event, unsigned n, unsigned lost)
{
	for (unsigned i = 0; i < n + 2; i++) {
		const unsigned len = STEP * (i < n ? i + 1 : n);
		struct rtp_head h = ph.h;
		uint8_t p[RTP_HEADER + EVENT_BYTES];

		h.pt = 101;
		h.marker = !i;
		rtp_write(p, &h);
		p[12] = event;
		p[13] = (uint8_t)((i + 1 >= n ? 0x80 : 0) | 10);
		p[14] = (uint8_t)(len >> 8);
		p[15] = (uint8_t)len;
		if (i != lost)
			bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, sizeof(p));
		++ph.h.seq;
	}
	ph.h.ts += STEP * n;
}

void speak(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		size_t len = phone_packet(&ph);

		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, len);
		phone_next(&ph, bb_codec("PCMU"));
	}
}

void dial_tones(struct tone *t, uint8_t event, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int16_t pcm[STEP];
		size_t len;

		digit_sound(t, event, 10, true);
		tone_render(t, pcm, STEP);
		assert_int_equal(codec_encode(ph.enc, pcm, STEP,
					      ph.pkt + RTP_HEADER, &len),
				 0);
		rtp_write(ph.pkt, &ph.h);
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, RTP_HEADER + len);
		phone_next(&ph, bb_codec("PCMU"));
	}
}

struct got look(void)
{
	struct got g = {0};
	struct rtp_head h;
	uint8_t p[2000];
	size_t n;

	while ((n = bb_get(p, 100))) {
		assert_int_equal(rtp_read(&h, p, n), 0);
		if (h.pt == 97) {
			++g.sound;
			continue;
		}
		assert_int_equal(n, RTP_HEADER + EVENT_BYTES);
		++g.events;
		g.begins += h.marker;
		g.ends += p[13] >> 7;
		g.len = (unsigned)(p[14] << 8 | p[15]);
		g.pt = h.pt;
		g.event = p[12];
		g.volume = p[13] & 0x3f;
		g.ts = h.ts;
	}

	return g;
}
