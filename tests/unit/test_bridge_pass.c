/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is passed on as it is, and encrypted on its way: whatever its sender does, no two
 * texts are encrypted alike. Who is believed to be somewhere else; and who hears itself.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "bridge/bridge.h"
#include "rtp/packet.h"
#include "sim_plane.h"

enum { SENDERS = 40, PAYLOAD = 20, NS_20MS = 20000000 };

static struct srtpx *far_end;
static struct rtp_head last;
static unsigned gotc;
static uint8_t said;

static void sent(const struct sa *from, const struct sa *to, const uint8_t *p,
		 size_t n, void *arg)
{
	uint8_t copy[200];
	(void)from;
	(void)to;
	(void)arg;

	assert_true(n <= sizeof(copy));
	memcpy(copy, p, n);
	if (rtp_kind(p, n) != RTP_MEDIA)
		return;
	/* a number that came before would be a replay */
	assert_int_equal(srtpx_unprotect(far_end, copy, &n), 0);
	assert_int_equal(rtp_read(&last, copy, n), 0);
	assert_int_equal(last.len, PAYLOAD);
	assert_int_equal(copy[last.off], said);
	++gotc;
}

static void members(struct bridge_member mv[2])
{
	memset(mv, 0, 2 * sizeof(*mv));
	for (unsigned i = 0; i < 2; i++) {
		sa_set_str(&mv[i].local, "192.0.2.1",
			   (uint16_t)(30000 + i * 2));
		sa_set_str(&mv[i].remote, "192.0.2.9",
			   (uint16_t)(4000 + i * 2));
		mv[i].ptv[0] = (struct bridge_pt){.act = BRIDGE_PASS};
		mv[i].ptime = 20;
	}
	mv[1].tx.suite = SRTPX_AEAD_AES_128_GCM;
	memset(mv[1].tx.key, 7, sizeof(mv[1].tx.key));
}

static void say(struct plane *pl, const struct bridge_member *m, uint32_t ssrc,
		uint16_t seq)
{
	struct rtp_head h = {.seq = seq, .ts = seq * 160u, .ssrc = ssrc};
	uint8_t p[RTP_HEADER + PAYLOAD];

	memset(p, ++said, sizeof(p));
	rtp_write(p, &h);
	sim_put(pl, &m->local, &m->remote, p, sizeof(p));
	sim_pass(pl, NS_20MS);
}

/* A sender that takes another name again and again, and then its first one, with a number
 * that it has used */
static void many_names(void **state)
{
	struct bridge_member mv[2];
	struct bridge *br;
	struct plane *pl;
	(void)state;

	members(mv);
	assert_int_equal(srtpx_alloc(&far_end, &mv[1].tx), 0);
	assert_int_equal(sim_plane_alloc(&pl, sent, NULL), 0);
	assert_int_equal(bridge_alloc(&br, pl, 0, mv, NULL, NULL), 0);
	gotc = 0;
	for (uint32_t i = 1; i <= SENDERS; i++)
		say(pl, &mv[0], i, 5);
	/* all are heard: those that there is no room for, under the name of another */
	assert_int_equal(gotc, SENDERS);
	assert_int_equal(last.ssrc, SRTPX_STREAMS);
	say(pl, &mv[0], 1, 5);
	assert_int_equal(gotc, SENDERS + 1);
	assert_int_equal(last.ssrc, SRTPX_STREAMS);
	mem_deref(br);
	mem_deref(pl);
	far_end = mem_deref(far_end);
}

static void gone(const struct sa *from, const struct sa *to, const uint8_t *p,
		 size_t n, void *arg)
{
	(void)from;
	(void)to;
	(void)p;
	(void)n;
	(void)arg;
}

static void count_moved(struct bridge *b, unsigned side, unsigned type,
			const struct sa *src, const uint8_t *p, size_t n,
			void *arg)
{
	unsigned *c = arg;
	(void)b;
	(void)side;
	(void)src;
	(void)p;
	(void)n;

	*c += type == BRIDGE_MOVED;
}

/* A packet from elsewhere moves a member if it is the member's: it was authentic */
static void moved(void **state)
{
	struct rtp_head h = {.seq = 5, .ssrc = 9};
	struct bridge_member mv[2];
	uint8_t p[200] = {0};
	struct srtpx *tx;
	struct bridge *br;
	struct plane *pl;
	struct sa src;
	unsigned c = 0;
	size_t n = RTP_HEADER + PAYLOAD;
	(void)state;

	members(mv);
	mv[1].tx.suite = SRTPX_NONE;
	mv[0].rx.suite = SRTPX_AEAD_AES_128_GCM;
	memset(mv[0].rx.key, 3, sizeof(mv[0].rx.key));
	assert_int_equal(srtpx_alloc(&tx, &mv[0].rx), 0);
	assert_int_equal(sim_plane_alloc(&pl, gone, NULL), 0);
	assert_int_equal(bridge_alloc(&br, pl, 0, mv, count_moved, &c), 0);
	sim_pass(pl, 2000000000);
	assert_int_equal(sa_set_str(&src, "192.0.2.77", 7), 0);
	rtp_write(p, &h);
	assert_int_equal(srtpx_protect(tx, p, &n, sizeof(p)), 0);
	p[n - 1] ^= 1;
	sim_put(pl, &mv[0].local, &src, p, n);
	sim_events(pl);
	assert_int_equal(c, 0);
	p[n - 1] ^= 1;
	sim_put(pl, &mv[0].local, &mv[0].remote, p, n);
	sim_events(pl);
	assert_int_equal(c, 0);
	/* nor has who has heard it and says it again */
	sim_put(pl, &mv[0].local, &src, p, n);
	sim_events(pl);
	assert_int_equal(c, 0);
	++h.seq;
	n = RTP_HEADER + PAYLOAD;
	memset(p, 0, sizeof(p));
	rtp_write(p, &h);
	assert_int_equal(srtpx_protect(tx, p, &n, sizeof(p)), 0);
	sim_put(pl, &mv[0].local, &src, p, n);
	sim_events(pl);
	assert_int_equal(c, 1);
	mem_deref(br);
	mem_deref(pl);
	mem_deref(tx);
}

struct echoed {
	struct bridge_member *m; /* whose packets come back */
	struct srtpx *rx;        /* of what it gets; NULL: RTP */
	struct rtp_head h;
	uint8_t p[200];
	size_t n;
	unsigned rtp, rtcp;
};

static void got_back(const struct sa *from, const struct sa *to,
		     const uint8_t *p, size_t n, void *arg)
{
	struct echoed *e = arg;
	const bool rtcp = rtp_kind(p, n) == RTP_CONTROL;

	assert_true(sa_cmp(from, &e->m->local, SA_ALL));
	assert_true(sa_cmp(to, &e->m->remote, SA_ALL));
	assert_true(n <= sizeof(e->p));
	memcpy(e->p, p, n);
	if (e->rx)
		assert_int_equal(rtcp ? srtpx_unprotect_rtcp(e->rx, e->p, &n)
				      : srtpx_unprotect(e->rx, e->p, &n),
				 0);
	e->n = n;
	e->rtp += !rtcp;
	e->rtcp += rtcp;
	if (!rtcp)
		assert_int_equal(rtp_read(&e->h, e->p, n), 0);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* What it says comes back to it, and nobody else hears it: in one stream, which is not its
 * own; its report is of that */
static void echo(bool secure)
{
	struct bridge_member mv[2];
	struct rtp_head h = {.ts = 1, .ssrc = 9};
	struct srtpx *tx = NULL;
	struct echoed e = {.m = &mv[0]};
	struct bridge *br;
	struct plane *pl;
	uint8_t p[200];

	members(mv);
	memset(&mv[1].tx, 0, sizeof(mv[1].tx));
	mv[0].echo = mv[0].mux = mv[1].mux = true;
	mv[0].ssrc = 77;
	mv[0].rtcp = mv[0].remote;
	mv[1].rtcp = mv[1].remote;
	if (secure) {
		mv[0].rx.suite = mv[0].tx.suite = SRTPX_AEAD_AES_128_GCM;
		memset(mv[0].rx.key, 3, sizeof(mv[0].rx.key));
		memset(mv[0].tx.key, 4, sizeof(mv[0].tx.key));
		assert_int_equal(srtpx_alloc(&tx, &mv[0].rx), 0);
		assert_int_equal(srtpx_alloc(&e.rx, &mv[0].tx), 0);
	}
	assert_int_equal(sim_plane_alloc(&pl, got_back, &e), 0);
	assert_int_equal(bridge_alloc(&br, pl, 0, mv, NULL, NULL), 0);
	for (unsigned i = 0; i < 5; i++) {
		const struct rtp_head was = e.h;
		size_t n = RTP_HEADER + PAYLOAD;

		memset(p, (int)i, sizeof(p));
		h.seq = (uint16_t)(100 + i);
		h.ts += 160;
		rtp_write(p, &h);
		if (tx)
			assert_int_equal(srtpx_protect(tx, p, &n, sizeof(p)),
					 0);
		sim_put(pl, &mv[0].local, &mv[0].remote, p, n);
		sim_pass(pl, NS_20MS);
		assert_int_equal(e.rtp, i + 1);
		assert_int_equal(e.h.ssrc, 77);
		assert_int_equal(e.n, RTP_HEADER + PAYLOAD);
		assert_int_equal(e.p[RTP_HEADER], i);
		if (!i)
			continue;
		assert_int_equal(e.h.seq, (uint16_t)(was.seq + 1));
		assert_int_equal(e.h.ts, was.ts + 160);
	}
	{
		size_t n = 28 + 24;

		/* a report of what it sends, and of what it hears */
		memset(p, 0, sizeof(p));
		memcpy(p, "\x81\xc8\0\x0c\0\0\0\x09", 8);
		p[28 + 3] = 77;
		if (tx)
			assert_int_equal(
				srtpx_protect_rtcp(tx, p, &n, sizeof(p)), 0);
		sim_put(pl, &mv[0].local, &mv[0].remote, p, n);
	}
	assert_int_equal(e.rtcp, 1);
	assert_int_equal(get32(e.p + 4), 77);
	assert_int_equal(get32(e.p + 28), 9);
	mem_deref(br);
	mem_deref(pl);
	mem_deref(tx);
	mem_deref(e.rx);
}

static void echoes(void **state)
{
	(void)state;
	echo(false);
	echo(true);
}

/* No member has packets that are shorter than its codec's frames */
static void too_short(void **state)
{
	static const unsigned ptimev[] = {0, 9, CODEC_PTIME_MAX + 1};
	const struct pl name = PL("opus");
	struct bridge_member mv[2];
	struct bridge *br = NULL;
	struct plane *pl;
	(void)state;

	members(mv);
	mv[1].codec = codec_find(&name, 48000, 2);
	assert_non_null(mv[1].codec);
	assert_int_equal(sim_plane_alloc(&pl, gone, NULL), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(ptimev); i++) {
		mv[1].ptime = ptimev[i];
		assert_int_equal(bridge_alloc(&br, pl, 0, mv, NULL, NULL),
				 EINVAL);
	}
	mv[1].ptime = 20;
	assert_int_equal(bridge_alloc(&br, pl, 0, mv, NULL, NULL), 0);
	mem_deref(br);
	mem_deref(pl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_names),
		cmocka_unit_test(moved),
		cmocka_unit_test(too_short),
		cmocka_unit_test(echoes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
