/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a message ends in a stream, WebSocket's handshake and frames, limits of
 * sources, keep-alives */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "sip/frame.h"
#include "sip/keepalive.h"
#include "sip/source.h"
#include "sip/ws.h"

#define HEAD "OPTIONS sip:a SIP/2.0\r\n"

/* ---- frames ------------------------------------------------------------------ */

static void test_frames(void **state)
{
	static const struct {
		const char *in;
		enum frame_kind kind;
		size_t len;
	} casev[] = {
		{"", FRAME_MORE, 0},
		{"\r", FRAME_MORE, 0},
		{"\r\n", FRAME_CRLF, 2},
		{"\n", FRAME_CRLF, 1},
		{"O", FRAME_MORE, 0},
		{HEAD "Content-Length: 0\r\n", FRAME_MORE, 0},
		{HEAD "Content-Length: 0\r\n\r", FRAME_MORE, 0},
		{HEAD "Content-Length: 0\r\n\r\n", FRAME_MESSAGE, 44},
		{HEAD "Content-Length: 0\n\nX", FRAME_MESSAGE, 42},
		{HEAD "content-length \t:\t3 \r\n\r\nabcd", FRAME_MESSAGE, 50},
		{HEAD "l:2\r\n\r\nab", FRAME_MESSAGE, 32},
		{HEAD "L:2\r\n\r\na", FRAME_MORE, 0},
		{HEAD "Content-Length:\r\n 2\r\n\r\nab", FRAME_MESSAGE, 48},
		/* folded under another header, it is none */
		{HEAD "X: y\r\n l: 1\r\nl:2\r\n\r\nab", FRAME_MESSAGE, 45},
		{HEAD "\r\n", FRAME_BAD, 25},
		{HEAD "l:2\r\nl:2\r\n\r\nab", FRAME_BAD, 35},
		{HEAD "l:-1\r\n\r\n", FRAME_BAD, 31},
		{HEAD "l:\r\n\r\n", FRAME_BAD, 29},
		{HEAD "l:1x\r\n\r\n", FRAME_BAD, 31},
		{HEAD "l:65536\r\n\r\n", FRAME_BAD, 34},
		{HEAD "l:4294967297\r\n\r\n", FRAME_BAD, 39},
		{"\x16\x03\x01", FRAME_BAD, 0},
		{"\xff", FRAME_BAD, 0},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		const char *in = casev[i].in;
		size_t looked = 0, len;
		enum frame_kind k = frame_next(&len, &looked, in, strlen(in));

		if (k != casev[i].kind || len != casev[i].len)
			fail_msg("%s: %d, %zu bytes", in, k, len);
		/* byte by byte, nothing is found earlier, nor something else */
		looked = 0;
		for (size_t n = 1; n <= strlen(in); n++) {
			k = frame_next(&len, &looked, in, n);
			if (k != FRAME_MORE)
				break;
		}
		if (casev[i].kind != FRAME_MORE && casev[i].kind != FRAME_CRLF)
			assert_int_equal(k, casev[i].kind);
	}
}

static void test_endless(void **state)
{
	static char in[FRAME_HEAD + 2];
	size_t looked = 0, len;
	(void)state;

	memset(in, 'a', sizeof(in));
	assert_int_equal(frame_next(&len, &looked, in, FRAME_HEAD), FRAME_MORE);
	assert_int_equal(looked, FRAME_HEAD);
	assert_int_equal(frame_next(&len, &looked, in, FRAME_HEAD + 1),
			 FRAME_BAD);
	assert_int_equal(len, 0);
}

/* ---- WebSocket --------------------------------------------------------------- */

#define UPGRADE                                                                \
	"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"                  \
	"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define SIP "Sec-WebSocket-Protocol: chat, SIP\r\n"

static void test_handshake(void **state)
{
	static const struct {
		const char *in, *out;
		int err;
	} casev[] = {
		/* the key and what it becomes are RFC 6455's own example */
		{UPGRADE KEY SIP "\r\n",
		 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\n"
		 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
		 "Sec-WebSocket-Protocol: sip\r\n\r\n",
		 0},
		{UPGRADE KEY "\r\n", "HTTP/1.1 400 ", EPROTO},
		{UPGRADE KEY "Sec-WebSocket-Protocol: sips\r\n\r\n",
		 "HTTP/1.1 400 ", EPROTO},
		{UPGRADE SIP "\r\n", "HTTP/1.1 400 ", EPROTO},
		{UPGRADE "Sec-WebSocket-Key: dG==\r\n" SIP "\r\n",
		 "HTTP/1.1 400 ", EPROTO},
		{"GET / HTTP/1.1\r\n" KEY SIP "\r\n", "HTTP/1.1 426 ", EPROTO},
		{"POST / HTTP/1.1\r\n\r\n", "HTTP/1.1 405 ", EPROTO},
		{"nonsense\r\n\r\n", "HTTP/1.1 400 ", EPROTO},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct mbuf *reply = NULL;
		struct pl in;

		pl_set_str(&in, casev[i].in);
		assert_int_equal(ws_handshake(&reply, &in), casev[i].err);
		assert_non_null(reply);
		if (strncmp((char *)mbuf_buf(reply), casev[i].out,
			    strlen(casev[i].out)) != 0)
			fail_msg("%s\n%.*s", casev[i].in,
				 (int)mbuf_get_left(reply),
				 (char *)mbuf_buf(reply));
		mem_deref(reply);
	}
}

static void test_ws_frames(void **state)
{
	/* RFC 6455 5.7: a masked "Hello" */
	static const uint8_t hello[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d,
					0x7f, 0x9f, 0x4d, 0x51, 0x58};
	static const struct {
		uint8_t in[16];
		size_t n;
		int err;
	} badv[] = {
		{{0x81, 0x05, 'H', 'e', 'l', 'l', 'o'}, 7, EBADMSG},
		{{0xc1, 0x80, 0, 0, 0, 0}, 6, EBADMSG},
		{{0x83, 0x80, 0, 0, 0, 0}, 6, EBADMSG},
		{{0x09, 0x80, 0, 0, 0, 0}, 6, EBADMSG},
		{{0x89, 0xfe, 0, 126}, 4, EBADMSG},
		{{0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0}, 8, EMSGSIZE},
		{{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,
		  0, 0, 0},
		 14,
		 EMSGSIZE},
		{{0x82, 0xff, 0, 0, 0, 0}, 6, EAGAIN},
		{{0x82}, 1, EAGAIN},
	};
	struct ws_frame f;
	uint8_t in[16];
	size_t len;
	(void)state;

	for (size_t n = 0; n <= sizeof(hello); n++) {
		memcpy(in, hello, sizeof(hello));
		assert_int_equal(ws_decode(&f, &len, in, n, 1000),
				 n < sizeof(hello) ? EAGAIN : 0);
	}
	assert_int_equal(len, sizeof(hello));
	assert_int_equal(f.opcode, WEBSOCK_TEXT);
	assert_true(f.fin);
	assert_int_equal(pl_strcmp(&f.payload, "Hello"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		memcpy(in, badv[i].in, sizeof(in));
		assert_int_equal(ws_decode(&f, &len, in, badv[i].n, 1000),
				 badv[i].err);
	}
}

static void test_ws_head(void **state)
{
	static const struct {
		size_t n;
		uint8_t head[WS_FRAME_HEAD];
		size_t len;
	} casev[] = {
		{0, {0x81, 0}, 2},
		{125, {0x81, 125}, 2},
		{126, {0x81, 126, 0, 126}, 4},
		{65535, {0x81, 126, 0xff, 0xff}, 4},
		{65536, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 10},
	};
	uint8_t head[WS_FRAME_HEAD];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		assert_int_equal(ws_head(head, WEBSOCK_TEXT, casev[i].n),
				 casev[i].len);
		assert_memory_equal(head, casev[i].head, casev[i].len);
	}
}

/* ---- sources ----------------------------------------------------------------- */

static void test_sources(void **state)
{
	/* ten OPTIONS a second, two at once; no limit for the rest */
	struct sip_limit limitv[SIP_CLASS_MAX] = {
		[SIP_CLASS_OTHER] = {100000000, 100000000}};
	struct sources *s = NULL;
	struct source *a, *b, *other;
	struct sa sa, same, far;
	(void)state;

	sa_set_str(&sa, "2001:db8::1", 1);
	sa_set_str(&same, "2001:db8::2:1", 2);
	sa_set_str(&far, "2001:db8:0:1::1", 1);
	assert_int_equal(sources_alloc(&s, limitv, 2), 0);
	a = source_join(s, &sa, false);
	b = source_join(s, &same, false);
	assert_non_null(a);
	assert_ptr_equal(a, b); /* one /64 */
	assert_null(source_join(s, &sa, false));
	other = source_join(s, &far, false);
	assert_non_null(other);
	assert_ptr_not_equal(a, other);

	assert_true(source_take(a, "OPTIONS ", 8, 1000000000));
	assert_true(source_take(a, "OPTIONS ", 8, 1000000000));
	assert_false(source_take(a, "OPTIONS ", 8, 1000000000));
	assert_true(source_take(a, "BYE sip:", 8, 1000000000));
	assert_true(source_take(other, "OPTIONS ", 8, 1000000000));
	/* who comes back finds his bucket as it was */
	source_leave(a);
	source_leave(b);
	sources_expire(s, 1000000000);
	a = source_join(s, &sa, false);
	assert_false(source_take(a, "OPTIONS ", 8, 1000000000));
	assert_true(source_take(a, "OPTIONS ", 8, 1100000000));
	/* a limit that is changed holds at once */
	limitv[SIP_CLASS_OTHER].interval = 0;
	assert_true(source_take(a, "OPTIONS ", 8, 1100000000));
	limitv[SIP_CLASS_OTHER].interval = 100000000;
	source_leave(a);
	/* time has passed: forgotten */
	sources_expire(s, 9000000000);
	a = source_join(s, &sa, true);
	for (unsigned i = 0; i < 100; i++)
		assert_true(source_take(a, "OPTIONS ", 8, 9000000000));
	source_leave(a);
	source_leave(other);
	mem_deref(s);
}

/* ---- keep-alives ------------------------------------------------------------- */

static void test_keepalive(void **state)
{
	static const uint8_t binding[20] = {0,    1, 0, 0,  0x21, 0x12, 0xa4,
					    0x42, 1, 2, 3,  4,    5,    6,
					    7,    8, 9, 10, 11,   12};
	static const uint8_t unknown[24] = {
		0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42, 1,    2,    3, 4,
		5, 6, 7, 8, 9,    10,   11,   12,   0x7f, 0x7f, 0, 0};
	static const struct pl notv[] = {PL("OPTIONS sip:a SIP/2.0\r\n\r\n"),
					 PL("\r\n\r\nO"), PL("\1\2\3")};
	struct pl crlf = PL("\r\n\r\n"), stun = {(const char *)binding, 20};
	struct mbuf *reply;
	struct sa src;
	(void)state;

	sa_set_str(&src, "192.0.2.1", 0x1234);
	assert_true(keepalive(&reply, &src, &crlf));
	assert_null(reply);
	assert_true(keepalive(&reply, &src, &stun));
	assert_non_null(reply);
	assert_int_equal(mbuf_get_left(reply), 32);
	assert_memory_equal(mbuf_buf(reply), "\1\1\0\x0c", 4);
	assert_memory_equal(mbuf_buf(reply) + 4, binding + 4, 16);
	/* XOR-MAPPED-ADDRESS: port and address, masked by the cookie */
	assert_memory_equal(mbuf_buf(reply) + 20,
			    "\x00\x20\x00\x08\x00\x01\x33\x26\xe1\x12\xa6\x43",
			    12);
	mem_deref(reply);
	stun.p = (const char *)unknown;
	stun.l = 24;
	assert_true(keepalive(&reply, &src, &stun));
	assert_non_null(reply);
	assert_memory_equal(mbuf_buf(reply), "\1\x11", 2); /* an error: 420 */
	mem_deref(reply);
	for (size_t i = 0; i < ARRAY_SIZE(notv); i++)
		assert_false(keepalive(&reply, &src, &notv[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_ws_frames),
		cmocka_unit_test(test_ws_head),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_keepalive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
