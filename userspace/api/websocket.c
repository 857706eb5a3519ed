/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection that has become a WebSocket (RFC 6455): frames out, little in */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <re.h>
#include <microhttpd.h>
#include <openssl/evp.h>

#include "api/core.h"
#include "api/websocket.h"
#include "event/event.h"
#include "sip/ws.h"

enum {
	/* whole frames, the largest too: what answers a ping goes between them */
	CHUNK = EVENT_TEXT_MAX + WS_FRAME_HEAD,
	WAITING = 2 * CHUNK, /* bytes; who does not read is not listened to */
	IN_MAX = 4096,       /* of a frame that comes                        */
	QUIET = 60000,       /* ms without a byte, though it is pinged        */
};

struct websocket {
	struct le le;
	struct api_req *req;
	struct MHD_UpgradeResponseHandle *urh;
	int fd;
	struct mbuf *in, *out; /* out: from pos on it waits              */
	struct tmr quiet, soon;
	bool ending; /* once out is sent                                */
};

static void destructor(void *arg)
{
	struct websocket *w = arg;

	list_unlink(&w->le);
	tmr_cancel(&w->quiet);
	tmr_cancel(&w->soon);
	w->req->out.stream->wake = NULL;
	fd_close(w->fd);
	/* this closes the socket */
	(void)MHD_upgrade_action(w->urh, MHD_UPGRADE_ACTION_CLOSE);
	mem_deref(w->req);
	mem_deref(w->in);
	mem_deref(w->out);
}

/* ---- out ------------------------------------------------------------------ */

static int frame(struct websocket *w, enum websock_opcode opcode,
		 const uint8_t *p, size_t n)
{
	uint8_t head[WS_FRAME_HEAD];
	const size_t len = ws_head(head, opcode, n);
	int err;

	w->out->pos = w->out->end;
	err = mbuf_write_mem(w->out, head, len);
	if (!err && n)
		err = mbuf_write_mem(w->out, p, n);

	return err;
}

/* What it is told next goes behind what waits */
static int more(struct websocket *w)
{
	struct api_stream *s = w->req->out.stream;
	ssize_t n;
	int err;

	w->out->pos = w->out->end = 0;
	err = mbuf_resize(w->out, CHUNK);
	if (err)
		return err;
	n = w->ending ? 0 : s->pull((char *)w->out->buf, CHUNK, s->arg);
	if (n > 0)
		w->out->end = (size_t)n;

	return n < 0 ? ECONNABORTED : 0;
}

/* @return 0; ECONNABORTED: it is over */
static int flush(struct websocket *w)
{
	for (;;) {
		ssize_t n;

		if (!mbuf_get_left(w->out)) {
			if (w->ending || more(w))
				return ECONNABORTED;
			if (!mbuf_get_left(w->out))
				return 0;
		}
		n = send(w->fd, mbuf_buf(w->out), mbuf_get_left(w->out),
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK
				       ? 0
				       : ECONNABORTED;
		mbuf_advance(w->out, n);
	}
}

static void io_handler(int flags, void *arg);

static void go_on(struct websocket *w)
{
	const bool over = flush(w);
	const size_t left = mbuf_get_left(w->out);
	const int flags = (left ? (int)FD_WRITE : 0) |
			  (left < WAITING ? (int)FD_READ : 0);

	if (over || fd_listen(w->fd, flags, io_handler, w))
		mem_deref(w);
}

static void soon_handler(void *arg)
{
	go_on(arg);
}

/* Whoever wakes us may be in the middle of something */
static void woken(void *arg)
{
	struct websocket *w = arg;

	tmr_start(&w->soon, 0, soon_handler, w);
}

static void quiet_handler(void *arg)
{
	mem_deref(arg);
}

/* ---- in ------------------------------------------------------------------- */

static int close_with(struct websocket *w, uint16_t code)
{
	const uint8_t p[] = {(uint8_t)(code >> 8), (uint8_t)code};

	w->ending = true;

	return frame(w, WEBSOCK_CLOSE, p, sizeof(p));
}

static int take(struct websocket *w, const struct ws_frame *f)
{
	const uint8_t *p = (const uint8_t *)f->payload.p;

	switch (f->opcode) {
	case WEBSOCK_CLOSE:
		return close_with(w, 1000);
	case WEBSOCK_PING:
		return frame(w, WEBSOCK_PONG, p, f->payload.l);
	default:
		return 0; /* what else it says concerns nobody */
	}
}

/* What was sent goes, or who reads a little at a time would have it grow */
static void compact(struct mbuf *mb)
{
	const size_t left = mbuf_get_left(mb);

	memmove(mb->buf, mbuf_buf(mb), left);
	mb->pos = 0;
	mb->end = left;
}

/* Frames go behind whatever waits */
static int read_frames(struct websocket *w)
{
	struct ws_frame f;
	size_t len = 0;
	int err = 0;

	compact(w->out);
	while (!err && w->in->end && !w->ending) {
		err = ws_decode(&f, &len, w->in->buf, w->in->end, IN_MAX);
		if (err == EBADMSG || err == EMSGSIZE)
			err = close_with(w, err == EBADMSG ? 1002 : 1009);
		else if (!err)
			err = take(w, &f);
		if (err || w->ending)
			break;
		memmove(w->in->buf, w->in->buf + len, w->in->end - len);
		w->in->end -= len;
	}
	w->out->pos = 0;

	return err == EAGAIN ? 0 : err;
}

static void io_handler(int flags, void *arg)
{
	struct websocket *w = arg;
	uint8_t buf[IN_MAX];
	ssize_t n;
	int err = 0;

	if (flags & FD_READ) {
		n = recv(w->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (!n || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) {
			mem_deref(w);
			return;
		}
		if (n > 0) {
			tmr_start(&w->quiet, QUIET, quiet_handler, w);
			w->in->pos = w->in->end;
			err = mbuf_write_mem(w->in, buf, (size_t)n);
		}
		if (!err)
			err = read_frames(w);
	}
	if (err)
		mem_deref(w);
	else
		go_on(w);
}

int websocket_alloc(struct list *l, struct api_req *req, int fd,
		    struct MHD_UpgradeResponseHandle *urh, const void *extra,
		    size_t n)
{
	struct api_stream *s = req->out.stream;
	struct websocket *w = mem_zalloc(sizeof(*w), destructor);
	int err = 0;

	if (!w) {
		(void)MHD_upgrade_action(urh, MHD_UPGRADE_ACTION_CLOSE);
		return ENOMEM;
	}
	w->req = mem_ref(req);
	w->urh = urh;
	w->fd = fd;
	tmr_init(&w->quiet);
	tmr_init(&w->soon);
	list_append(l, &w->le, w);
	w->in = mbuf_alloc(256);
	w->out = mbuf_alloc(CHUNK);
	if (!w->in || !w->out)
		err = ENOMEM;
	/* it may have sent frames at once, behind its request */
	if (!err && n)
		err = mbuf_write_mem(w->in, extra, n);
	if (!err)
		err = read_frames(w);
	if (err) {
		mem_deref(w);
		return err;
	}
	s->wake = woken;
	s->wake_arg = w;
	tmr_start(&w->quiet, QUIET, quiet_handler, w);
	woken(w);

	return 0;
}

void websocket_end(struct websocket *w)
{
	(void)flush(w);
	if (!mbuf_get_left(w->out) && !close_with(w, 1001)) {
		w->out->pos = 0;
		(void)flush(w);
	}
	mem_deref(w);
}

/* ---- the handshake -------------------------------------------------------- */

static bool has_word(const char *list, const char *word)
{
	const size_t n = strlen(word);

	while (list && *list) {
		list += strspn(list, ", \t");
		if (!strncasecmp(list, word, n) && strchr(", \t", list[n]))
			return true;
		list += strcspn(list, ",");
	}

	return false;
}

bool websocket_wanted(const struct api_req *req)
{
	return has_word(api_header(req, "Upgrade"), "websocket");
}

int websocket_accept(struct api_req *req)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	const char *version = api_header(req, "Sec-WebSocket-Version");
	const char *key = api_header(req, "Sec-WebSocket-Key");
	uint8_t hash[EVP_MAX_MD_SIZE];
	char both[64], accept[64];
	size_t n = sizeof(accept);
	unsigned len = 0;
	int err;

	if (!version || strcmp(version, "13") != 0) {
		(void)api_reply_header(req, "Sec-WebSocket-Version", "13");
		(void)api_reply_header(req, "Upgrade", "websocket");
		(void)api_problem(req, 426, NULL,
				  "allowed: Sec-WebSocket-Version: 13");
		return EINVAL;
	}
	if (!key || strlen(key) != 24 ||
	    !has_word(api_header(req, "Connection"), "Upgrade")) {
		(void)api_problem(req, 400, NULL,
				  "this is no opening handshake (RFC 6455 "
				  "section 4.1)");
		return EINVAL;
	}
	(void)re_snprintf(both, sizeof(both), "%s%s", key, guid);
	if (EVP_Digest(both, strlen(both), hash, &len, EVP_sha1(), NULL) != 1)
		return EIO;
	err = base64_encode(hash, len, accept, &n);
	if (!err)
		err = api_reply_header(req, "Upgrade", "websocket");
	if (!err)
		err = api_reply_header(req, "Sec-WebSocket-Accept", "%b",
				       accept, n);

	return err;
}
