/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_hep.c  HEPv3: bytes, RTCP as JSON, and what becomes of packets that
 *                   nobody takes
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <cmocka.h>
#include "base/log.h"
#include "hep/hep.h"

static const struct hep_node node = {2001, "edge1", "secret"};

static struct sa addr(const char *ip, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, ip, port), 0);
	return sa;
}

/* ---- bytes ------------------------------------------------------------------- */

static void test_golden4(void **state)
{
	static const uint8_t want[] = {
		'H', 'E', 'P', '3', 0, 131,
		/* family, protocol */
		0, 0, 0, 1, 0, 7, 2, 0, 0, 0, 2, 0, 7, 17,
		/* addresses, ports */
		0, 0, 0, 3, 0, 10, 192, 0, 2, 20, 0, 0, 0, 4, 0, 10, 192, 0, 2,
		1, 0, 0, 0, 7, 0, 8, 0x13, 0xc6, 0, 0, 0, 8, 0, 8, 0x13, 0xc4,
		/* 1700000000 s, 250000 us */
		0, 0, 0, 9, 0, 10, 0x65, 0x53, 0xf1, 0x00, 0, 0, 0, 10, 0, 10,
		0x00, 0x03, 0xd0, 0x90,
		/* SIP, node's id, name, password */
		0, 0, 0, 11, 0, 7, 1, 0, 0, 0, 12, 0, 10, 0, 0, 0x07, 0xd1, 0,
		0, 0, 19, 0, 11, 'e', 'd', 'g', 'e', '1', 0, 0, 0, 14, 0, 12,
		's', 'e', 'c', 'r', 'e', 't',
		/* Call-ID, payload */
		0, 0, 0, 17, 0, 7, 'c', 0, 0, 0, 15, 0, 8, 'h', 'i'};
	const struct sa src = addr("192.0.2.20", 5062);
	const struct sa dst = addr("192.0.2.1", 5060);
	const struct hep_packet p = {.type = HEP_SIP,
				     .proto = IPPROTO_UDP,
				     .src = &src,
				     .dst = &dst,
				     .time = 1700000000250000,
				     .correlation = PL("c"),
				     .payload = PL("hi")};
	struct mbuf *mb = mbuf_alloc(16);
	(void)state;

	assert_int_equal(hep_encode(mb, &node, &p), 0);
	assert_int_equal(mb->end, want[5]);
	assert_int_equal(mb->end, sizeof(want));
	assert_memory_equal(mb->buf, want, sizeof(want));
	mem_deref(mb);
}

static void test_golden6(void **state)
{
	static const uint8_t want[] = {
		'H', 'E', 'P', '3', 0, 125, 0, 0, 0, 1, 0, 7, 10, 0, 0, 0, 2, 0,
		7, 6,
		/* addresses */
		0, 0, 0, 5, 0, 22, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 1, 0, 0, 0, 6, 0, 22, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 2,
		/* ports, time, type, id */
		0, 0, 0, 7, 0, 8, 0, 1, 0, 0, 0, 8, 0, 8, 0, 2, 0, 0, 0, 9, 0,
		10, 0, 0, 0, 0, 0, 0, 0, 10, 0, 10, 0, 0, 0, 0, 0, 0, 0, 11, 0,
		7, 100, 0, 0, 0, 12, 0, 10, 0, 0, 0, 0,
		/* payload */
		0, 0, 0, 15, 0, 8, 'h', 'i'};
	const struct hep_node nobody = {0, NULL, NULL};
	const struct sa src = addr("2001:db8::1", 1);
	const struct sa dst = addr("2001:db8::2", 2);
	const struct hep_packet p = {.type = HEP_LOG,
				     .proto = IPPROTO_TCP,
				     .src = &src,
				     .dst = &dst,
				     .payload = PL("hi")};
	struct mbuf *mb = mbuf_alloc(16);
	(void)state;

	assert_int_equal(hep_encode(mb, &nobody, &p), 0);
	assert_int_equal(mb->end, sizeof(want));
	assert_memory_equal(mb->buf, want, sizeof(want));
	mem_deref(mb);
}

/* What does not fit is refused, and leaves nothing behind */
static void test_limits(void **state)
{
	const struct sa v4 = addr("192.0.2.20", 5062);
	const struct sa v6 = addr("2001:db8::1", 5060);
	struct hep_packet p = {.type = HEP_SIP,
			       .proto = IPPROTO_UDP,
			       .src = &v4,
			       .dst = &v6,
			       .payload = PL("hi")};
	struct mbuf *mb = mbuf_alloc(16), *big = mbuf_alloc(HEP_PACKET_MAX);
	size_t head;
	(void)state;

	assert_int_equal(mbuf_write_str(mb, "before"), 0);
	assert_int_equal(hep_encode(mb, &node, &p), EAFNOSUPPORT);
	assert_int_equal(mb->end, 6);
	p.dst = &v4;
	assert_int_equal(hep_encode(mb, &node, &p), 0);
	head = mb->end - 6 - 2;
	mbuf_rewind(mb);
	memset(big->buf, 'x', big->size);
	p.payload.p = (const char *)big->buf;
	p.payload.l = HEP_PACKET_MAX - head;
	assert_int_equal(hep_encode(mb, &node, &p), 0);
	assert_int_equal(mb->end, HEP_PACKET_MAX);
	assert_int_equal(mb->buf[4] << 8 | mb->buf[5], HEP_PACKET_MAX);
	mbuf_rewind(mb);
	p.payload.l++;
	assert_int_equal(hep_encode(mb, &node, &p), EMSGSIZE);
	assert_int_equal(mb->end, 0);
	mem_deref(big);
	mem_deref(mb);
}

/* ---- Call-ID ------------------------------------------------------------------- */

static void test_callid(void **state)
{
	static const struct {
		const char *text, *callid;
	} casev[] = {
		{"OPTIONS sip:a SIP/2.0\r\nCall-ID: a@b\r\n\r\n", "a@b"},
		{"OPTIONS sip:a SIP/2.0\r\ncALL-iD  :  a@b \r\n\r\n", "a@b"},
		{"SIP/2.0 200 OK\ni:x\n\n", "x"},
		{"OPTIONS sip:a SIP/2.0\r\nIn-Reply-To: y\r\nI: x\r\n\r\n",
		 "x"},
		{"OPTIONS sip:a SIP/2.0\r\n\r\nCall-ID: body\r\n", NULL},
		{"OPTIONS sip:a SIP/2.0\r\nCall-ID:\r\n\r\n", NULL},
		{"OPTIONS sip:a SIP/2.0\r\nX-Call-ID: a\r\n\r\n", NULL},
		{"\r\n\r\n", NULL},
		{"", NULL},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct pl text, callid = PL_INIT;
		int err;

		pl_set_str(&text, casev[i].text);
		err = hep_callid(&callid, &text);
		assert_int_equal(err, casev[i].callid ? 0 : ENOENT);
		if (casev[i].callid)
			assert_int_equal(pl_strcmp(&callid, casev[i].callid),
					 0);
	}
}

/* ---- RTCP ---------------------------------------------------------------------- */

static const uint8_t compound[] = {
	/* SR of 0x11223344 with a block about 0x55667788 */
	0x81, 200, 0, 12, 0x11, 0x22, 0x33, 0x44, 0, 0, 0, 5, 0x80, 0, 0, 0, 0,
	0, 0, 160, 0, 0, 0, 7, 0, 0, 4, 0x60,
	/* block */
	0x55, 0x66, 0x77, 0x88, 64, 0xff, 0xff, 0xfe, 0, 1, 0, 9, 0, 0, 0, 12,
	0, 0, 0, 3, 0, 0, 0, 4,
	/* XR, which is not read */
	0x80, 207, 0, 1, 0x11, 0x22, 0x33, 0x44,
	/* SDES: CNAME a"b */
	0x81, 202, 0, 3, 0x11, 0x22, 0x33, 0x44, 1, 3, 'a', '"', 'b', 0, 0, 0};

static void test_rtcp(void **state)
{
	struct mbuf *mb = mbuf_alloc(16);
	struct odict *o = NULL;
	(void)state;

	assert_int_equal(hep_rtcp_json(mb, compound, sizeof(compound)), 0);
	assert_int_equal(mbuf_write_u8(mb, 0), 0);
	assert_string_equal(
		(char *)mb->buf,
		"{\"sender_information\":{\"ntp_timestamp_sec\":5,"
		"\"ntp_timestamp_usec\":500000,\"rtp_timestamp\":160,"
		"\"packets\":7,\"octets\":1120},\"ssrc\":287454020,"
		"\"type\":200,\"report_count\":1,\"report_blocks\":["
		"{\"source_ssrc\":1432778632,\"highest_seq_no\":65545,"
		"\"fraction_lost\":64,\"ia_jitter\":12,\"packets_lost\":-2,"
		"\"lsr\":3,\"dlsr\":4}],\"sdes_ssrc\":287454020,"
		"\"sdes_report_count\":1,\"sdes_information\":["
		"{\"type\":1,\"text\":\"a\\\"b\"}]}");
	assert_int_equal(
		json_decode_odict(&o, 32, (char *)mb->buf, mb->end - 1, 8), 0);
	mem_deref(o);
	mem_deref(mb);
}

static void test_rtcp_odd(void **state)
{
	static const uint8_t rr[] = {0x80, 201, 0, 1, 0, 0, 0, 9};
	static const uint8_t bye[] = {0x81, 203, 0, 1, 0, 0, 0, 9};
	struct mbuf *mb = mbuf_alloc(16);
	(void)state;

	assert_int_equal(hep_rtcp_json(mb, rr, sizeof(rr)), 0);
	assert_int_equal(mbuf_write_u8(mb, 0), 0);
	assert_string_equal((char *)mb->buf,
			    "{\"ssrc\":9,\"type\":201,\"report_count\":0,"
			    "\"report_blocks\":[]}");
	mbuf_rewind(mb);
	assert_int_equal(hep_rtcp_json(mb, bye, sizeof(bye)), EBADMSG);
	/* each of them, cut anywhere: refused, or shorter */
	for (size_t n = 0; n < sizeof(compound); n++) {
		uint8_t *cut = malloc(n + 1);

		memcpy(cut, compound, n);
		mbuf_rewind(mb);
		if (hep_rtcp_json(mb, cut, n))
			assert_int_equal(mb->end, 0);
		free(cut);
	}
	mem_deref(mb);
}

/* ---- sending ------------------------------------------------------------------- */

/* A collector, and what it got */
struct collector {
	struct hep *hep;
	struct udp_sock *us;
	struct tcp_sock *ts;
	struct tcp_conn *tc;
	struct sa addr;
	struct mbuf *got; /* TCP */
	unsigned datagrams, conns;
	size_t longest;
	unsigned want; /* packets until the loop ends                  */
	struct tmr tmr;
};

static void late(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Until enough has come, or it is plain that it will not */
static void run(struct collector *c)
{
	tmr_start(&c->tmr, 5000, late, c);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&c->tmr);
}

static void recv_udp(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct collector *c = arg;
	(void)src;

	c->longest = max(c->longest, mbuf_get_left(mb));
	if (++c->datagrams == c->want)
		re_cancel();
}

static unsigned packets(const struct mbuf *mb)
{
	unsigned n = 0;

	for (size_t at = 0; at + 6 <= mb->end; n++) {
		assert_memory_equal(mb->buf + at, "HEP3", 4);
		at += (size_t)mb->buf[at + 4] << 8 | mb->buf[at + 5];
		if (at > mb->end)
			break;
	}
	return n;
}

static void recv_tcp(struct mbuf *mb, void *arg)
{
	struct collector *c = arg;

	assert_int_equal(
		mbuf_write_mem(c->got, mbuf_buf(mb), mbuf_get_left(mb)), 0);
	if (packets(c->got) >= c->want)
		re_cancel();
}

static void gone(int err, void *arg)
{
	(void)err;
	(void)arg;
}

static void come(const struct sa *peer, void *arg)
{
	struct collector *c = arg;
	(void)peer;

	c->conns++;
	mem_deref(c->tc);
	assert_int_equal(tcp_accept(&c->tc, c->ts, NULL, recv_tcp, gone, c), 0);
}

static void collector(struct collector *c)
{
	memset(c, 0, sizeof(*c));
	tmr_init(&c->tmr);
	c->got = mbuf_alloc(64);
	/* an address that no other test has connections from: both ports are free */
	c->addr = addr("127.0.0.3", 0);
	assert_int_equal(udp_listen(&c->us, &c->addr, recv_udp, c), 0);
	udp_rxsz_set(c->us, 65536);
	assert_int_equal(udp_local_get(c->us, &c->addr), 0);
	assert_int_equal(tcp_listen(&c->ts, &c->addr, come, c), 0);
}

static void collector_end(struct collector *c)
{
	mem_deref(c->hep);
	mem_deref(c->tc);
	mem_deref(c->ts);
	mem_deref(c->us);
	mem_deref(c->got);
}

static struct hep_conf conf_of(const struct collector *c, enum hep_transp t)
{
	return (struct hep_conf){
		.node = node, .transp = t, .dst = c->addr, .queue = 65536};
}

static void show(struct hep *hep, size_t n)
{
	const struct sa sa = addr("192.0.2.20", 5062);
	char *text = malloc(n + 1);
	struct hep_packet p = {.type = HEP_SIP,
			       .proto = IPPROTO_UDP,
			       .src = &sa,
			       .dst = &sa,
			       .payload = {text, n}};

	memset(text, 'x', n);
	hep_send(hep, &p);
	free(text);
}

static void start(struct collector *c, const struct hep_conf *conf)
{
	char why[128];

	assert_int_equal(hep_alloc(&c->hep, conf, why, sizeof(why)), 0);
}

static void test_udp(void **state)
{
	struct collector c;
	struct hep_count n;
	struct hep_conf conf;
	(void)state;

	collector(&c);
	conf = conf_of(&c, HEP_UDP);
	start(&c, &conf);
	c.want = 2;
	show(c.hep, 10);
	show(c.hep, 60000); /* IP fragments what the device can't send whole */
	run(&c);
	assert_int_equal(c.datagrams, 2);
	assert_true(c.longest > 60000);
	hep_count(c.hep, &n);
	assert_int_equal(n.packets, 2);
	assert_true(n.up);
	/* fits into HEP, but into no datagram; and not even that */
	show(c.hep, 65400);
	show(c.hep, 65536);
	hep_count(c.hep, &n);
	assert_int_equal(n.packets, 2);
	assert_int_equal(n.lost[HEP_LOST_LONG], 2);
	collector_end(&c);
}

/* lo's MTU is 65536: what is longer than a datagram may be goes by TCP */
static void test_large(void **state)
{
	struct collector c;
	struct hep_count n;
	struct hep_conf conf;
	(void)state;

	collector(&c);
	conf = conf_of(&c, HEP_UDP);
	conf.large_by_tcp = true;
	conf.queue = 200000;
	start(&c, &conf);
	c.want = 1;
	show(c.hep, 65400);
	run(&c);
	assert_int_equal(packets(c.got), 1);
	assert_true(c.got->end > 65400);
	assert_int_equal(c.conns, 1);
	show(c.hep, 100);
	run(&c);
	assert_int_equal(c.datagrams, 1);
	hep_count(c.hep, &n);
	assert_int_equal(n.packets, 2);
	assert_int_equal(n.lost[HEP_LOST_LONG], 0);
	collector_end(&c);
}

/* Nobody listens: ICMP says so, and it is counted */
static void test_refused(void **state)
{
	struct collector c;
	struct hep_count n;
	struct hep_conf conf;
	(void)state;

	collector(&c);
	conf = conf_of(&c, HEP_UDP);
	c.us = mem_deref(c.us);
	start(&c, &conf);
	show(c.hep, 10);
	show(c.hep, 10);
	hep_count(c.hep, &n);
	assert_int_equal(n.lost[HEP_LOST_UNSENT], 1);
	collector_end(&c);
}

static void test_tcp(void **state)
{
	struct collector c;
	struct hep_count n;
	struct hep_conf conf;
	(void)state;

	collector(&c);
	conf = conf_of(&c, HEP_TCP);
	start(&c, &conf);
	/* they wait for the connection */
	for (unsigned i = 0; i < 20; i++)
		show(c.hep, 1000);
	c.want = 20;
	run(&c);
	assert_int_equal(packets(c.got), 20);
	/* the collector goes, and comes again */
	c.tc = mem_deref(c.tc);
	mbuf_rewind(c.got);
	c.want = 1;
	for (unsigned i = 0; i < 8 && c.conns < 2; i++) {
		show(c.hep, 1000);
		tmr_start(&c.tmr, 300, late, &c);
		assert_int_equal(re_main(NULL), 0);
		tmr_cancel(&c.tmr);
	}
	if (!c.got->end)
		run(&c);
	assert_int_equal(c.conns, 2);
	hep_count(c.hep, &n);
	assert_int_equal(n.connects, 2);
	assert_true(n.up);
	assert_int_equal(n.queued, 0);
	collector_end(&c);
}

/* The queue has an end; each packet that finds no room is counted */
static void test_queue(void **state)
{
	struct collector c;
	size_t one;
	struct hep_count n;
	struct hep_conf conf;
	(void)state;

	collector(&c);
	conf = conf_of(&c, HEP_TCP);
	c.ts = mem_deref(c.ts);
	start(&c, &conf);
	for (unsigned i = 0; i < 100; i++)
		show(c.hep, 1000);
	hep_count(c.hep, &n);
	assert_false(n.up);
	assert_int_equal(n.packets, 0);
	assert_in_range(n.queued, 60000, 65536);
	/* what was shown either waits or is counted */
	one = n.queued / (100 - n.lost[HEP_LOST_QUEUE]);
	assert_int_equal(n.queued, one * (100 - n.lost[HEP_LOST_QUEUE]));
	assert_in_range(one, 1000, 1200);
	collector_end(&c);
}

static int setup(void **state)
{
	(void)state;
	log_init(LOG_ERROR);
	return libre_init();
}

static int teardown(void **state)
{
	(void)state;
	libre_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden4), cmocka_unit_test(test_golden6),
		cmocka_unit_test(test_limits),  cmocka_unit_test(test_callid),
		cmocka_unit_test(test_rtcp),    cmocka_unit_test(test_rtcp_odd),
		cmocka_unit_test(test_udp),     cmocka_unit_test(test_large),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_queue),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
