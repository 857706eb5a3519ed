/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/events: by the page, or as they come (SSE) */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "api/websocket.h"
#include "event/event.h"
#include "sip/ws.h"

enum { HEARTBEAT = 15000 /* ms: who listens is still there, and so are we */ };

/* Who reads as they come */
struct reader {
	struct event_sub *sub;
	struct api_stream *stream;
	struct api *a; /* counts us; it lives longer                   */
	struct tmr tmr;
	struct mbuf *mb; /* what did not fit yet, from pos on            */
	bool beat;
	bool frames; /* of a WebSocket, instead of SSE                  */
};

static void reader_destructor(void *arg)
{
	struct reader *r = arg;

	tmr_cancel(&r->tmr);
	--r->a->streams;
	mem_deref(r->sub);
	mem_deref(r->mb);
}

static void come(void *arg)
{
	struct reader *r = arg;

	api_stream_wake(r->stream);
}

static void beat_handler(void *arg)
{
	struct reader *r = arg;

	r->beat = true;
	tmr_start(&r->tmr, HEARTBEAT, beat_handler, r);
	api_stream_wake(r->stream);
}

static int write_frame(struct mbuf *mb, enum websock_opcode opcode,
		       const struct pl *text)
{
	uint8_t head[WS_FRAME_HEAD];
	const size_t n = ws_head(head, opcode, text->l);
	int err = mbuf_write_mem(mb, head, n);

	return err || !text->l
		       ? err
		       : mbuf_write_mem(mb, (const uint8_t *)text->p, text->l);
}

/* HTML, section "Server-sent events" */
static int write_event(const struct reader *r, const struct event *e)
{
	if (r->frames)
		return write_frame(r->mb, WEBSOCK_TEXT, &e->text);

	return mbuf_printf(r->mb, "id: %llu\nevent: %r\ndata: %r\n\n",
			   (unsigned long long)e->seq, &e->type, &e->text);
}

static int write_beat(const struct reader *r)
{
	return r->frames ? write_frame(r->mb, WEBSOCK_PING, &pl_null)
			 : mbuf_write_str(r->mb, ":\n\n");
}

/* The next thing to say */
static int say(struct reader *r)
{
	struct event e;
	int err = event_next(r->sub, &e);

	r->mb->pos = r->mb->end = 0;
	if (!err) {
		err = write_event(r, &e);
		tmr_start(&r->tmr, HEARTBEAT, beat_handler, r);
	} else if (err == EAGAIN && r->beat) {
		err = write_beat(r);
	}
	r->beat = false;
	r->mb->pos = 0;

	return err;
}

static ssize_t pull(char *buf, size_t max, void *arg)
{
	struct reader *r = arg;
	size_t n;
	int err;

	if (!mbuf_get_left(r->mb)) {
		err = say(r);
		if (err)
			return err == EAGAIN ? 0 : -1;
	}
	n = min(max, mbuf_get_left(r->mb));
	memcpy(buf, mbuf_buf(r->mb), n);
	mbuf_advance(r->mb, (ssize_t)n);

	return (ssize_t)n;
}

static int follow(struct api_req *req, struct events *ev, uint64_t since,
		  bool frames)
{
	struct reader *r = mem_zalloc(sizeof(*r), reader_destructor);
	int err;

	if (!r)
		return ENOMEM;
	tmr_init(&r->tmr);
	r->a = api_of(req);
	r->frames = frames;
	++r->a->streams;
	r->mb = mbuf_alloc(1024);
	/* so that whoever asked has an answer at once */
	r->beat = true;
	err = r->mb ? event_subscribe(&r->sub, ev, since,
				      api_query(req, "types"), come, r)
		    : ENOMEM;
	if (!err && frames)
		err = websocket_accept(req);
	if (!err)
		err = api_reply_stream(req, frames ? 101 : 200,
				       frames ? NULL : "text/event-stream",
				       pull, r, &r->stream);
	if (err)
		mem_deref(r);
	else
		tmr_start(&r->tmr, HEARTBEAT, beat_handler, r);

	return err;
}

/* ---- by the page ---------------------------------------------------------- */

static int add(struct mbuf *mb, const struct event *e, unsigned n)
{
	return mbuf_printf(mb, "%s%r", n ? ",\n" : "", &e->text);
}

static int page(struct api_req *req, struct events *ev, uint64_t since)
{
	struct mbuf *mb = mbuf_alloc(8192);
	struct event_sub *sub = NULL;
	uint64_t limit = 0;
	struct event e;
	unsigned n = 0;
	int err;

	err = api_query_number(req, "limit", 1, API_PAGE_MAX, API_PAGE, &limit);
	if (!err && !mb)
		err = ENOMEM;
	if (!err)
		err = event_subscribe(&sub, ev, since, api_query(req, "types"),
				      NULL, NULL);
	if (!err)
		err = mbuf_write_str(mb, "{\"events\":[\n");
	while (!err && n < limit) {
		err = event_next(sub, &e);
		if (!err)
			err = add(mb, &e, n++);
	}
	if (err == EAGAIN)
		err = 0;
	if (!err)
		err = mbuf_printf(mb, "\n],\"last\":%llu}\n",
				  (unsigned long long)event_sub_seq(sub));
	if (!err)
		err = api_reply_text(req, 200, "application/json", mb);
	mem_deref(sub);
	mem_deref(mb);

	return err;
}

/* ---- from where ----------------------------------------------------------- */

static bool wants_stream(const struct api_req *req)
{
	const char *accept = api_header(req, "Accept");

	return accept && strstr(accept, "text/event-stream");
}

/* What is not kept any more, or never was, is said at once */
static int check_since(struct api_req *req, const struct events *ev,
		       uint64_t since)
{
	const uint64_t oldest = events_oldest(ev), last = events_last(ev);

	if (since + 1 >= oldest && since <= last)
		return 0;
	(void)api_problem_number(req, "oldest", oldest);
	(void)api_problem_number(req, "last", last);
	(void)api_problem(req, 410, "events-gone",
			  "since=%llu: kept are events %llu to %llu; read what "
			  "they tell of anew, and go on with since=%llu",
			  (unsigned long long)since, (unsigned long long)oldest,
			  (unsigned long long)last, (unsigned long long)last);

	return EINVAL;
}

static int since_of(struct api_req *req, const struct events *ev, bool stream,
		    uint64_t *since)
{
	const uint64_t def = stream ? events_last(ev) : events_oldest(ev) - 1;
	const char *last = api_header(req, "Last-Event-ID");
	const char *asked = api_query(req, "since");
	int err;

	err = api_query_number(req, "since", 0, INT64_MAX, def, since);
	/* a browser that comes back asks as it did, and says how far it got */
	if (!err && stream && last && *last &&
	    !last[strspn(last, "0123456789")] && strlen(last) < 19) {
		struct pl pl;

		pl_set_str(&pl, last);
		*since = pl_u64(&pl);
		asked = last;
	}

	return err || !asked ? err : check_since(req, ev, *since);
}

static int events_get(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"since", "types", "limit", NULL};
	struct events *ev = api_events(api_of(req));
	const bool frames = websocket_wanted(req);
	const bool stream = frames || wants_stream(req);
	uint64_t since;
	int err;
	(void)arg;

	err = api_query_only(req, keyv);
	if (!err)
		err = since_of(req, ev, stream, &since);
	if (err)
		return err;
	err = stream ? follow(req, ev, since, frames) : page(req, ev, since);
	if (err == EINVAL && !api_answered(req))
		(void)api_problem(req, 400, "bad-query",
				  "types=%s: allowed: types with ',' between "
				  "them, 'call.*' for all that begin so",
				  api_query(req, "types"));

	return err;
}

int api_event_routes(struct api *a)
{
	return api_route(a, "GET", "/v1/events", API_EVENTS, events_get, a);
}
