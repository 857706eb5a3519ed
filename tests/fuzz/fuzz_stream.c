/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client sends over a connection. Messages end where they do however the
 * bytes come: the first byte of the input says in which pieces. WebSocket frames lie
 * in what was sent, a handshake is answered or refused, a datagram is a keep-alive or
 * none.
 */
#include <errno.h>
#include <string.h>
#include "sip/frame.h"
#include "sip/keepalive.h"
#include "sip/ws.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void frames(const char *p, size_t n, size_t step)
{
	while (n) {
		size_t looked = 0, piecewise = 0, len, len2 = 0, have = 0;
		enum frame_kind k = frame_next(&len, &looked, p, n),
				k2 = FRAME_MORE;

		MUST(len <= n && looked <= n);
		MUST(k == FRAME_BAD || (k == FRAME_MORE) == !len);
		while (k2 == FRAME_MORE && have < n) {
			have = min(n, have + step);
			k2 = frame_next(&len2, &piecewise, p, have);
		}
		/* too long is told by how much has come, not by what it is */
		MUST(k2 == k || (k == FRAME_BAD && !len) ||
		     (k2 == FRAME_BAD && !len2));
		MUST(k2 != k || len2 == len || k == FRAME_BAD);
		if (k != FRAME_MESSAGE && k != FRAME_CRLF)
			return;
		MUST(k != FRAME_MESSAGE || len <= FRAME_MAX);
		p += len;
		n -= len;
	}
}

static void ws_frames(const uint8_t *data, size_t n)
{
	uint8_t *copy = mem_alloc(n + 1, NULL), *p = copy;
	struct ws_frame f;
	size_t len;

	if (!copy)
		return;
	memcpy(copy, data, n);
	while (!ws_decode(&f, &len, p, n, FRAME_MAX)) {
		MUST(len >= 6 && len <= n);
		MUST(f.payload.l <= FRAME_MAX);
		MUST((const uint8_t *)f.payload.p + f.payload.l == p + len);
		MUST(f.opcode < WEBSOCK_CLOSE || (f.fin && f.payload.l < 126));
		p += len;
		n -= len;
	}
	mem_deref(copy);
}

static void handshake(const struct pl *text)
{
	struct mbuf *reply = NULL;
	size_t looked = 0;
	struct pl head = {text->p, frame_head(&looked, text->p, text->l)};
	const int err = head.l ? ws_handshake(&reply, &head) : EPROTO;

	MUST(!err || err == EPROTO);
	MUST(!head.l || reply);
	MUST(!reply ||
	     !memcmp(mbuf_buf(reply), err ? "HTTP/1.1 4" : "HTTP/1.1 101", 10));
	mem_deref(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl text = {(const char *)data + 1, size ? size - 1 : 0};
	struct mbuf *reply;
	struct sa src;

	if (!size)
		return 0;
	frames(text.p, text.l, (size_t)(data[0] & 31) + 1);
	ws_frames(data + 1, size - 1);
	handshake(&text);
	(void)sa_set_str(&src, "192.0.2.1", 5060);
	if (!keepalive(&reply, &src, &text))
		MUST(!reply);
	mem_deref(reply);
	return 0;
}
