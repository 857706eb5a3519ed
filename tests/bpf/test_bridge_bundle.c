/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bridges whose members share one transport (BUNDLE, RFC 9143): sound and pictures of one
 * party by one port under one key, those of the other by two ports in the clear.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "bridgebed.h"
#include "rtp/extension.h"

enum {
	SOUND = 0,
	PICTURE,
	SECTIONS,
	MID_ID = 4,
	SAID = 0x5a1d, /* SSRC of an a=ssrc line of the pictures */
};

static struct {
	struct bundle *bundle;
	struct bridge *v[SECTIONS];
	struct srtpx *near_tx, *near_rx; /* as the bundled party has them */
	unsigned stun;
} t;

static uint16_t out_port(unsigned i)
{
	return (uint16_t)(OUT_PORT + 2 * i);
}

static uint16_t far_port(unsigned i)
{
	return (uint16_t)(PEER_PORT + 10 * i);
}

static void event(unsigned type, const struct sa *src, const uint8_t *p,
		  size_t n, void *arg)
{
	(void)src;
	(void)p;
	(void)n;
	(void)arg;
	t.stun += type == RTP_STUN;
	re_cancel();
}

static void key_of(struct srtpx_key *k, uint8_t seed)
{
	memset(k, 0, sizeof(*k));
	k->suite = SRTPX_AEAD_AES_128_GCM;
	for (size_t i = 0; i < sizeof(k->key); i++)
		k->key[i] = (uint8_t)(i * seed + 1);
}

static void telling(struct bridge_member *m, uint8_t pt)
{
	m->ptv[pt] = (struct bridge_pt){.act = BRIDGE_PASS, .pt = pt};
	m->told[pt / 32] |= 1u << pt % 32;
}

/* Sound may be sent as 0 and 100, pictures as 96 and 100 */
static void members(struct bridge_member mv[2], unsigned i)
{
	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], out_port(i));
	mv[0].bundle = t.bundle;
	mv[0].mux = true;
	mv[0].rtcp = mv[0].remote;
	mv[0].ssrc = 0xca30 + i;
	key_of(&mv[0].rx, 3);
	key_of(&mv[0].tx, 5);
	(void)re_snprintf(mv[0].mid, sizeof(mv[0].mid), "%s",
			  i == SOUND ? "a" : "v1");
	mv[0].mid_id = MID_ID;
	telling(&mv[0], i == SOUND ? 0 : 96);
	telling(&mv[0], 100);
	if (i == PICTURE) {
		mv[0].ssrcv[0] = SAID;
		mv[0].ssrcc = 1;
	}
	mv[1].remote = addr(bb_sides[SIDE_WAN4].peer, far_port(i));
	mv[1].rtcp = mv[1].remote;
	sa_set_port(&mv[1].rtcp, (uint16_t)(far_port(i) + 1));
	telling(&mv[1], i == SOUND ? 0 : 96);
}

static void leg(const struct bridge_member *m, const struct bridge_member *o,
		unsigned i)
{
	struct fp_leg l = leg_plain(m->local, m->remote, o->local, o->remote);

	if (i) {
		sa_set_port(&l.local, (uint16_t)(sa_port(&m->local) + 1));
		l.remote = m->rtcp;
	}
	l.state = LEG_AGENT;
	l.plain = bundle_plain(t.bundle);
	l.media = m->bundle ? LEG_SRTP : i ? LEG_RTCP : LEG_RTP;
	l.rtcp_ok = m->bundle != NULL;
	l.alien = m->bundle != NULL;
	l.any_src = true;
	leg_put(bb.bed, &l);
}

static void up(enum plane_mode mode)
{
	const struct plane_conf conf = {.workers = 1, .mode = mode, .dscp = -1};
	const struct sa local = addr(bb_sides[SIDE_LAN4].local, IN_PORT);
	struct bridge_member mv[2];
	struct fp_err e = {""};

	if (plane_alloc(&bb.pl, bb.bed->fp, bb.net, &conf, &e))
		fail_msg("plane: %s", e.msg);
	assert_int_equal(bundle_alloc(&t.bundle, bb.pl, 0, &local, event, NULL),
			 0);
	for (unsigned i = 0; i < SECTIONS; i++) {
		members(mv, i);
		assert_int_equal(
			bridge_alloc(&t.v[i], bb.pl, 0, mv, NULL, NULL), 0);
		leg(&mv[0], &mv[1], 0);
		leg(&mv[1], &mv[0], 0);
		leg(&mv[1], &mv[0], 1);
	}
	assert_int_equal(srtpx_alloc(&t.near_tx, &mv[0].rx), 0);
	assert_int_equal(srtpx_alloc(&t.near_rx, &mv[0].tx), 0);
}

static int clear(void **state)
{
	for (unsigned i = 0; i < SECTIONS; i++)
		t.v[i] = mem_deref(t.v[i]);
	bundle_close(t.bundle);
	mem_deref(t.near_tx);
	mem_deref(t.near_rx);
	memset(&t, 0, sizeof(t));

	return bb_clear(state);
}

/* ---- who speaks and hears -------------------------------------------------- */

/* The next packet of a wire, and the port that it goes to, or comes from */
static size_t get(int wire, uint8_t *p, uint16_t *from, uint16_t *to)
{
	struct pkt pkt;
	size_t n;

	if (!wire_recv(wire, &pkt, WIRE_WAIT))
		return 0;
	*from = (uint16_t)(pkt.b[34] << 8 | pkt.b[35]);
	*to = (uint16_t)(pkt.b[36] << 8 | pkt.b[37]);
	n = pkt.len - HEADERS;
	memcpy(p, pkt.b + HEADERS, n);

	return n;
}

/* The bundled party sends; nothing: a packet that somebody has spoilt */
static void say(uint8_t pt, uint32_t ssrc, uint16_t seq, const char *mid,
		bool spoilt)
{
	const struct rtpspec r = {
		.pt = pt, .seq = seq, .ts = seq * 160u, .ssrc = ssrc};
	uint8_t p[2000];
	size_t n = rtp_build(p, &r, 40);

	if (mid)
		n = rtp_ext_put(p, n, sizeof(p), MID_ID, (const uint8_t *)mid,
				strlen(mid));
	assert_int_equal(srtpx_protect(t.near_tx, p, &n, sizeof(p)), 0);
	if (spoilt)
		p[n - 1] ^= 1;
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, n);
}

/* It came to the far party's port of a section, in the clear */
static void heard(unsigned section, uint8_t pt, uint32_t ssrc)
{
	uint8_t p[2000];
	uint16_t from, to;
	struct rtp_head h;
	size_t n = get(bb.wan, p, &from, &to);

	assert_int_not_equal(n, 0);
	assert_int_equal(to, far_port(section));
	assert_int_equal(from, out_port(section));
	assert_int_equal(rtp_read(&h, p, n), 0);
	assert_int_equal(h.pt, pt);
	assert_int_equal(h.ssrc, ssrc);
	assert_int_equal(h.len, 40);
}

static uint64_t unknown(void)
{
	struct bundle_stats st;

	bundle_stats(t.bundle, &st);

	return st.unknown;
}

static void told_apart(enum plane_mode mode)
{
	struct bridge_stats st;

	up(mode);
	/* by payload type, while only one section has it */
	say(0, 11, 1, NULL, false);
	heard(SOUND, 0, 11);
	say(96, 12, 1, NULL, false);
	heard(PICTURE, 96, 12);
	/* then its SSRC is known */
	say(100, 12, 2, NULL, false);
	heard(PICTURE, 100, 12);
	/* 100 is both's: an SSRC that was announced, a MID, an SSRC that had one */
	say(100, SAID, 1, NULL, false);
	heard(PICTURE, 100, SAID);
	say(100, 13, 1, "a", false);
	heard(SOUND, 100, 13);
	say(100, 13, 2, NULL, false);
	heard(SOUND, 100, 13);
	/* a MID wins over what was known */
	say(100, 13, 3, "v1", false);
	heard(PICTURE, 100, 13);
	say(100, 13, 4, NULL, false);
	heard(PICTURE, 100, 13);
	assert_int_equal(unknown(), 0);

	/* nobody's: a payload type of two, a section that there is not */
	say(100, 14, 1, NULL, false);
	say(0, 14, 2, "b", false);
	say(0, 14, 3, "v", false);
	/* who cannot be believed decides nothing */
	say(100, 15, 1, "v1", true);
	say(100, 15, 2, NULL, false);
	say(0, 11, 2, NULL, false);
	heard(SOUND, 0, 11);
	assert_int_equal(unknown(), 4);
	bridge_stats(t.v[PICTURE], 0, &st);
	assert_int_equal(st.auth, 1);
}

static void test_told_apart(void **state)
{
	(void)state;
	told_apart(PLANE_XDP);
}

static void test_told_apart_plain(void **state)
{
	(void)state;
	told_apart(PLANE_PLAIN);
}

/* ---- towards it -------------------------------------------------------------- */

/* The far party sends to a port of a section */
static void far_put(unsigned section, bool rtcp, const uint8_t *p, size_t n)
{
	const struct side *s = &bb_sides[SIDE_WAN4];
	struct spec spec = side_in(s, p, n);
	struct pkt pkt;

	spec.sport = (uint16_t)(far_port(section) + rtcp);
	spec.dport = (uint16_t)(out_port(section) + rtcp);
	pkt_build(&pkt, &spec);
	assert_int_equal(send(bb.wan, pkt.b, pkt.len, 0), pkt.len);
}

static struct rtp_head near_hears(const char *mid)
{
	uint8_t p[2000];
	const uint8_t *val;
	uint16_t from, to;
	struct rtp_head h;
	size_t n = get(bb.lan, p, &from, &to), len;

	assert_int_not_equal(n, 0);
	assert_int_equal(from, IN_PORT);
	assert_int_equal(srtpx_unprotect(t.near_rx, p, &n), 0);
	assert_true(rtp_ext_find(p, n, MID_ID, &val, &len));
	assert_int_equal(len, strlen(mid));
	assert_memory_equal(val, mid, len);
	assert_int_equal(rtp_read(&h, p, n), 0);

	return h;
}

/* One port, one key: each packet says whose it is; an SSRC that two have becomes
 * another, as the two would be one stream under one key */
static void test_together(void **state)
{
	struct rtpspec r = {.seq = 5, .ts = 7, .ssrc = 77};
	struct rtp_head h;
	uint8_t p[200];
	size_t n;
	(void)state;

	up(PLANE_XDP);
	for (unsigned i = 0; i < 3; i++, ++r.seq) {
		r.pt = 0;
		n = rtp_build(p, &r, 40);
		far_put(SOUND, false, p, n);
		h = near_hears("a");
		assert_int_equal(h.ssrc, 77);
		assert_int_equal(h.seq, r.seq);
		r.pt = 96;
		n = rtp_build(p, &r, 40);
		far_put(PICTURE, false, p, n);
		h = near_hears("v1");
		assert_int_equal(h.ssrc, 0xca30 + PICTURE);
		assert_int_equal(h.pt, 96);
		assert_int_equal(h.len, 40);
	}

	/* the same of one that begins later in the section */
	r.ssrc = 78;
	r.pt = 0;
	n = rtp_build(p, &r, 40);
	far_put(SOUND, false, p, n);
	assert_int_equal(near_hears("a").ssrc, 78);
	r.pt = 96;
	n = rtp_build(p, &r, 40);
	far_put(PICTURE, false, p, n);
	assert_int_equal(near_hears("v1").ssrc, 0xca30 + PICTURE);
}

/* The same where both were let be at first */
static void test_later(void **state)
{
	struct rtpspec r = {.pt = 0, .seq = 5, .ts = 7, .ssrc = 77};
	uint8_t p[200];
	size_t n;
	(void)state;

	up(PLANE_XDP);
	n = rtp_build(p, &r, 40);
	far_put(SOUND, false, p, n);
	assert_int_equal(near_hears("a").ssrc, 77);
	r.pt = 96;
	for (r.ssrc = 79; r.ssrc < 81; ++r.ssrc) {
		n = rtp_build(p, &r, 40);
		far_put(PICTURE, false, p, n);
		assert_int_equal(near_hears("v1").ssrc, r.ssrc);
	}
	r.ssrc = 77;
	++r.seq;
	n = rtp_build(p, &r, 40);
	far_put(PICTURE, false, p, n);
	assert_int_equal(near_hears("v1").ssrc, 80);
}

/* Reports of both under one counter: none is a replay, though their senders have the
 * same SSRC */
static void test_reports_together(void **state)
{
	uint8_t p[200];
	(void)state;

	up(PLANE_XDP);
	for (unsigned i = 0; i < 4; i++) {
		uint16_t from, to;
		size_t n = rtcp_build(p, 9);

		far_put(i % 2, true, p, n);
		n = get(bb.lan, p, &from, &to);
		assert_int_not_equal(n, 0);
		assert_int_equal(from, IN_PORT);
		assert_int_equal(srtpx_unprotect_rtcp(t.near_rx, p, &n), 0);
		assert_int_equal(n, 8);
	}
}

/* ---- its reports ---------------------------------------------------------------- */

static size_t add(uint8_t *p, size_t at, unsigned count, unsigned type,
		  unsigned words, uint32_t ssrc)
{
	memset(p + at, 0, words * 4);
	p[at] = (uint8_t)(0x80 | count);
	p[at + 1] = (uint8_t)type;
	p[at + 3] = (uint8_t)(words - 1);
	p[at + 6] = (uint8_t)(ssrc >> 8);
	p[at + 7] = (uint8_t)ssrc;

	return at + words * 4;
}

static void report(uint8_t *p, size_t n)
{
	assert_int_equal(srtpx_protect_rtcp(t.near_tx, p, &n, 400), 0);
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, n);
}

static void told(unsigned section, const uint8_t *want, size_t n)
{
	uint8_t p[400];
	uint16_t from, to;

	assert_int_equal(get(bb.wan, p, &from, &to), n);
	assert_int_equal(to, far_port(section) + 1);
	assert_memory_equal(p, want, n);
}

static void test_reports(void **state)
{
	const struct rtpspec r = {.pt = 96, .seq = 1, .ssrc = 0x7777};
	uint8_t p[400], want[400];
	size_t n;
	(void)state;

	up(PLANE_XDP);
	say(0, 0xa1, 1, NULL, false);
	heard(SOUND, 0, 0xa1);
	n = rtp_build(p, &r, 40);
	far_put(PICTURE, false, p, n);
	(void)near_hears("v1");

	/* of who sends sound; SDES with it */
	n = add(p, 0, 0, 200, 7, 0xa1);
	n = add(p, n, 1, 202, 3, 0xa1);
	memcpy(want, p, n);
	report(p, n);
	told(SOUND, want, n);

	/* of somebody who sends nothing, of the pictures that it gets */
	n = add(p, 0, 1, 201, 8, 1);
	p[10] = p[11] = 0x77;
	memcpy(want, p, n);
	report(p, n);
	told(PICTURE, want, n);

	/* both in one: a picture is wanted anew behind a report of the sound */
	n = add(p, 0, 0, 200, 7, 0xa1);
	n = add(p, n, 1, 206, 3, 0xa1);
	p[n - 2] = p[n - 1] = 0x77;
	memcpy(want, p, n);
	report(p, n);
	told(SOUND, want, 28);
	memmove(want + 8, want + 28, 12);
	(void)add(want, 0, 0, 201, 2, 0xa1);
	told(PICTURE, want, 20);

	/* of nobody whom we know */
	n = add(p, 0, 0, 201, 2, 0xbad);
	report(p, n);
	n = add(p, 0, 0, 200, 7, 0xa1);
	memcpy(want, p, n);
	report(p, n);
	told(SOUND, want, n);
}

/* ---- coming and going ------------------------------------------------------------ */

static void cancel(void *arg)
{
	(void)arg;
	re_cancel();
}

static void test_stun(void **state)
{
	static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	const struct sa dst = addr(bb_sides[SIDE_LAN4].peer, PEER_PORT);
	struct tmr tmr;
	uint16_t from, to;
	uint8_t p[200];
	(void)state;

	up(PLANE_XDP);
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, stun, sizeof(stun));
	tmr_init(&tmr);
	tmr_start(&tmr, WIRE_WAIT, cancel, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
	assert_int_equal(t.stun, 1);
	assert_int_equal(bundle_send(t.bundle, &dst, stun, sizeof(stun)), 0);
	assert_int_equal(get(bb.lan, p, &from, &to), sizeof(stun));
	assert_int_equal(from, IN_PORT);
	assert_int_equal(to, PEER_PORT);
}

/* A section ends: the others go on, under the counters of before */
static void test_one_leaves(void **state)
{
	struct bridge_member mv[2];
	(void)state;

	up(PLANE_XDP);
	say(0, 11, 1, NULL, false);
	heard(SOUND, 0, 11);
	say(96, 12, 1, NULL, false);
	heard(PICTURE, 96, 12);
	t.v[SOUND] = mem_deref(t.v[SOUND]);
	say(0, 11, 2, NULL, false);
	say(96, 12, 2, NULL, false);
	heard(PICTURE, 96, 12);
	assert_int_equal(unknown(), 1);

	members(mv, SOUND);
	assert_int_equal(bridge_alloc(&t.v[SOUND], bb.pl, 0, mv, NULL, NULL),
			 0);
	say(0, 11, 3, NULL, false);
	heard(SOUND, 0, 11);
	/* another port, or another transport, is another bridge */
	mv[0].bundle = NULL;
	assert_int_equal(bridge_change(t.v[SOUND], 0, &mv[0]), EINVAL);
}

/* Who has agreed on saying MIDs is told, too, by what has a port of its own */
static void test_alone(void **state)
{
	struct rtpspec r = {.pt = 0, .seq = 5, .ts = 7, .ssrc = 77};
	struct bridge_member mv[2];
	const uint8_t *val;
	uint16_t from, to;
	uint8_t p[200];
	size_t n, len;
	(void)state;

	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], OUT_PORT);
	telling(&mv[1], 0);
	mv[0].mid_id = MID_ID;
	(void)re_snprintf(mv[0].mid, sizeof(mv[0].mid), "x");
	bb_up(PLANE_XDP, mv);
	n = rtp_build(p, &r, 40);
	far_put(SOUND, false, p, n);
	n = get(bb.lan, p, &from, &to);
	assert_int_not_equal(n, 0);
	assert_true(rtp_ext_find(p, n, MID_ID, &val, &len));
	assert_int_equal(len, 1);
	assert_int_equal(*val, 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_told_apart, clear),
		cmocka_unit_test_teardown(test_told_apart_plain, clear),
		cmocka_unit_test_teardown(test_together, clear),
		cmocka_unit_test_teardown(test_later, clear),
		cmocka_unit_test_teardown(test_reports_together, clear),
		cmocka_unit_test_teardown(test_reports, clear),
		cmocka_unit_test_teardown(test_stun, clear),
		cmocka_unit_test_teardown(test_one_leaves, clear),
		cmocka_unit_test_teardown(test_alone, bb_clear),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
