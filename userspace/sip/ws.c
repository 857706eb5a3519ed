/* SPDX-License-Identifier: BSD-2-Clause */
/* WebSocket, a server's side */
#include <errno.h>
#include <string.h>
#include <openssl/sha.h>
#include "sip/ws.h"

static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/* ---- handshake --------------------------------------------------------------- */

/* Is the word in a header's comma-separated list, any case? */
static bool lists(const struct http_msg *msg, const char *name,
		  const char *word)
{
	struct le *le;

	LIST_FOREACH (&msg->hdrl, le) {
		const struct http_hdr *h = le->data;
		struct pl rest = h->val, one;

		if (pl_strcasecmp(&h->name, name))
			continue;
		while (rest.l &&
		       !re_regex(rest.p, rest.l, "[^, \t\r\n]+", &one)) {
			if (!pl_strcasecmp(&one, word))
				return true;
			rest.l = (size_t)(rest.p + rest.l - (one.p + one.l));
			rest.p = one.p + one.l;
		}
	}
	return false;
}

static bool key_ok(const struct pl *key)
{
	uint8_t raw[24];
	size_t n = sizeof(raw);

	return key->l == 24 && !base64_decode(key->p, key->l, raw, &n) &&
	       n == 16;
}

static int accept_print(struct re_printf *pf, const struct pl *key)
{
	uint8_t md[SHA_DIGEST_LENGTH];
	char text[24 + sizeof(magic)];

	(void)re_snprintf(text, sizeof(text), "%r%s", key, magic);
	(void)SHA1((const uint8_t *)text, strlen(text), md);
	return base64_print(pf, md, sizeof(md));
}

static int refuse(struct mbuf *mb, const char *status)
{
	const int err = mbuf_printf(mb,
				    "HTTP/1.1 %s\r\n"
				    "Upgrade: websocket\r\n"
				    "Sec-WebSocket-Version: 13\r\n"
				    "Sec-WebSocket-Protocol: sip\r\n"
				    "Connection: close\r\n"
				    "Content-Length: 0\r\n\r\n",
				    status);

	return err ? err : EPROTO;
}

static int answer(struct mbuf *mb, const struct http_msg *msg)
{
	const struct http_hdr *key = http_msg_xhdr(msg, "Sec-WebSocket-Key");

	if (pl_strcmp(&msg->met, "GET"))
		return refuse(mb, "405 Method Not Allowed");
	if (!lists(msg, "Upgrade", "websocket") ||
	    !lists(msg, "Connection", "upgrade") ||
	    !lists(msg, "Sec-WebSocket-Version", "13"))
		return refuse(mb, "426 Upgrade Required");
	if (!key || !key_ok(&key->val) ||
	    !lists(msg, "Sec-WebSocket-Protocol", "sip"))
		return refuse(mb, "400 Bad Request");
	return mbuf_printf(mb,
			   "HTTP/1.1 101 Switching Protocols\r\n"
			   "Upgrade: websocket\r\n"
			   "Connection: Upgrade\r\n"
			   "Sec-WebSocket-Accept: %H\r\n"
			   "Sec-WebSocket-Protocol: sip\r\n\r\n",
			   accept_print, &key->val);
}

int ws_handshake(struct mbuf **reply, const struct pl *head)
{
	struct mbuf *in = mbuf_alloc(head->l), *mb = mbuf_alloc(512);
	struct http_msg *msg = NULL;
	int err = ENOMEM;

	if (!in || !mb)
		goto out;
	err = mbuf_write_pl(in, head);
	in->pos = 0;
	if (err)
		goto out;
	if (http_msg_decode(&msg, in, true))
		err = refuse(mb, "400 Bad Request");
	else
		err = answer(mb, msg);
	mb->pos = 0;
	if (!err || err == EPROTO)
		*reply = mem_ref(mb);
out:
	mem_deref(msg);
	mem_deref(mb);
	mem_deref(in);
	return err;
}

/* ---- frames -------------------------------------------------------------------- */

static bool known(unsigned opcode)
{
	return opcode <= WEBSOCK_BIN ||
	       (opcode >= WEBSOCK_CLOSE && opcode <= WEBSOCK_PONG);
}

/* Control frames are whole and short (RFC 6455 5.5) */
static bool lawful(const uint8_t *p)
{
	const unsigned opcode = p[0] & 0x0f;

	if (p[0] & 0x70 || !(p[1] & 0x80) || !known(opcode))
		return false;
	return opcode < WEBSOCK_CLOSE || (p[0] & 0x80 && (p[1] & 0x7f) <= 125);
}

int ws_decode(struct ws_frame *f, size_t *len, uint8_t *p, size_t n, size_t max)
{
	size_t head = 2, body;

	if (n >= 2 && !lawful(p))
		return EBADMSG;
	if (n < 2)
		return EAGAIN;
	body = p[1] & 0x7f;
	if (body == 127)
		head += 8;
	else if (body == 126)
		head += 2;
	if (n < head + 4)
		return EAGAIN;
	if (head > 2) {
		uint64_t v = 0;

		for (size_t i = 2; i < head; i++)
			v = v << 8 | p[i];
		if (v > max)
			return EMSGSIZE;
		body = (size_t)v;
	}
	if (n < head + 4 + body)
		return EAGAIN;
	for (size_t i = 0; i < body; i++)
		p[head + 4 + i] ^= p[head + (i & 3)];
	f->opcode = (enum websock_opcode)(p[0] & 0x0f);
	f->fin = p[0] & 0x80;
	f->payload.p = (const char *)p + head + 4;
	f->payload.l = body;
	*len = head + 4 + body;
	return 0;
}

size_t ws_head(uint8_t head[WS_FRAME_HEAD], enum websock_opcode opcode,
	       size_t n)
{
	head[0] = (uint8_t)(0x80 | opcode);
	if (n < 126) {
		head[1] = (uint8_t)n;
		return 2;
	}
	if (n <= UINT16_MAX) {
		head[1] = 126;
		head[2] = (uint8_t)(n >> 8);
		head[3] = (uint8_t)n;
		return 4;
	}
	head[1] = 127;
	for (unsigned i = 0; i < 8; i++)
		head[2 + i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
	return 10;
}
