/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: numbers, batches, what is in memory */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "base/log.h"
#include "base/put.h"
#include "base/utf8.h"
#include "event/core.h"
#include "store/store.h"

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789._-"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static void destructor(void *arg)
{
	struct events *ev = arg;

	(void)events_flush(ev);
	/* whoever comes next goes on without a gap */
	if (ev->st && ev->ring)
		(void)event_kept_end(ev);
	event_kept_forget(ev);
	tmr_cancel(&ev->flush);
	tmr_cancel(&ev->wake);
	event_subs_end(ev);
	for (size_t i = 0; ev->ring && i < EVENT_RING; i++)
		mem_deref(ev->ring[i]);
	mem_deref(ev->ring);
	mem_deref(ev->chunkv);
	mem_deref(ev->st);
}

static bool is_name(const char *s, size_t max)
{
	return str_isset(s) && strlen(s) <= max && !s[strspn(s, name_chars)];
}

int events_alloc(struct events **evp, struct store *st, const char *node,
		 uint32_t keep, uint32_t seconds)
{
	struct events *ev;
	int err;

	if (!evp || !is_name(node, sizeof(ev->node) - 1) ||
	    keep < EVENT_BATCH || !seconds)
		return EINVAL;
	ev = mem_zalloc(sizeof(*ev), destructor);
	if (!ev)
		return ENOMEM;
	tmr_init(&ev->flush);
	tmr_init(&ev->wake);
	list_init(&ev->subs);
	list_init(&ev->writes);
	str_ncpy(ev->node, node, sizeof(ev->node));
	ev->keep = keep;
	ev->seconds = seconds;
	ev->st = mem_ref(st);
	err = st ? event_kept_load(ev) : 0;
	if (!err) {
		ev->start = ev->seen = ev->seq;
		ev->first = ev->seq + 1;
		ev->ring = mem_zalloc(EVENT_RING * sizeof(struct event_mem *),
				      NULL);
		err = ev->ring ? 0 : ENOMEM;
	}
	if (err)
		mem_deref(ev);
	else
		*evp = ev;

	return err;
}

/* ---- what is in memory ---------------------------------------------------- */

struct event_mem *event_mem_find(const struct events *ev, uint64_t seq)
{
	struct event_mem *m = ev->ring[seq % EVENT_RING];

	return m && m->seq == seq ? m : NULL;
}

uint64_t event_mem_first(const struct events *ev)
{
	const uint64_t n = ev->seq - ev->start;

	return ev->seq + 1 - min(n, (uint64_t)EVENT_RING);
}

uint64_t events_oldest(const struct events *ev)
{
	const struct event_chunk *c;

	if (!ev)
		return 0;
	c = event_kept_find(ev, 0);

	return c ? min(c->first, event_mem_first(ev)) : event_mem_first(ev);
}

uint64_t events_last(const struct events *ev)
{
	return ev ? ev->seen : 0;
}

static const char before_type[] = "\"type\":\"";

/* All of it up to its data: written for each, so without formats */
static int print_head(struct mbuf *mb, const struct events *ev, uint64_t seq,
		      const char *type)
{
	struct timespec now;
	int err;

	if (!is_name(type, EVENT_TYPE_MAX))
		return EINVAL;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	err = PUT(mb, "{\"seq\":");
	err = err ? err : put_u64(mb, seq);
	err = err ? err : PUT(mb, ",\"time\":\"");
	err = err ? err : put_time(mb, (uint64_t)now.tv_sec);
	err = err ? err : mbuf_write_u8(mb, '.');
	err = err ? err : put_digits(mb, (uint64_t)now.tv_nsec / 1000000, 3);
	err = err ? err : PUT(mb, "Z\",\"node\":\"");
	err = err ? err : put_str(mb, ev->node);
	err = err ? err : PUT(mb, "\",");
	err = err ? err : put_str(mb, before_type);
	err = err ? err : put_str(mb, type);

	return err ? err : PUT(mb, "\",\"data\":");
}

int event_print(struct mbuf *mb, const struct events *ev, uint64_t seq,
		const char *type, const struct odict *data)
{
	int err = print_head(mb, ev, seq, type);

	if (!err)
		err = data ? mbuf_printf(mb, "%H", json_encode_odict, data)
			   : PUT(mb, "{}");

	return err ? err : PUT(mb, "}");
}

/* No name in front of it has a quote: the first place is the right one */
bool event_type_of(const struct pl *text, struct pl *type)
{
	const char *p = memmem(text->p, text->l, before_type,
			       sizeof(before_type) - 1);
	const char *end;

	if (!p)
		return false;
	type->p = p + sizeof(before_type) - 1;
	end = memchr(type->p, '"', (size_t)(text->p + text->l - type->p));
	type->l = end ? (size_t)(end - type->p) : 0;

	return end;
}

/* ---- batches ------------------------------------------------------------ */

static void flush_handler(void *arg);

void event_written(struct events *ev, uint64_t seq, int err)
{
	if (err && !ev->failing)
		log_warn("events: not kept for now: %m", err);
	if (!err && ev->failing)
		event_kept_again(ev);
	ev->failing = err;
	if (err && !tmr_isrunning(&ev->flush))
		tmr_start(&ev->flush, EVENT_RETRY, flush_handler, ev);
	if (seq <= ev->seen)
		return;
	ev->seen = seq;
	event_subs_wake(ev);
}

/* The batch is written; one that is full is followed by the next, be it lost for
 * the store */
static int flush(struct events *ev)
{
	const uint64_t seq = ev->seq;
	int err = 0;

	tmr_cancel(&ev->flush);
	if (seq < ev->first)
		return 0;
	if (ev->st)
		err = event_kept_write(ev);
	if (seq + 1 - ev->first >= EVENT_BATCH)
		ev->first = seq + 1;
	if (!ev->st || err)
		event_written(ev, seq, err);

	return err;
}

static void flush_handler(void *arg)
{
	(void)flush(arg);
}

int events_flush(struct events *ev)
{
	struct pl key;
	char *value = NULL;
	int err;

	if (!ev)
		return EINVAL;
	err = flush(ev);
	if (err || !ev->st)
		return err;
	/* reading comes after what was written */
	pl_set_str(&key, "");
	err = store_get(ev->st, "event", &key, &value);
	mem_deref(value);
	if (err != ENOENT)
		return err;
	event_written(ev, ev->seq, 0);

	return 0;
}

static int keep_in_memory(struct events *ev, uint64_t seq, struct mbuf *mb)
{
	struct event_mem **place = &ev->ring[seq % EVENT_RING], *m;
	struct pl text;

	m = mem_alloc(sizeof(*m) + mb->end, NULL);
	if (!m)
		return ENOMEM;
	m->seq = seq;
	m->len = mb->end;
	memcpy(m->text, mb->buf, mb->end);
	text.p = m->text;
	text.l = m->len;
	(void)event_type_of(&text, &m->type);
	mem_deref(*place);
	*place = m;

	return 0;
}

static int take(struct events *ev, struct mbuf *mb)
{
	const uint64_t seq = ev->seq + 1;
	int err;

	if (mb->end > EVENT_TEXT_MAX)
		return EMSGSIZE;
	/* a Call-ID may have any bytes, a text of a WebSocket may not */
	(void)utf8_scrub((char *)mb->buf, mb->end);
	err = keep_in_memory(ev, seq, mb);
	if (err)
		return err;
	ev->seq = seq;
	if (seq + 1 - ev->first >= EVENT_BATCH)
		(void)flush(ev);
	else if (!tmr_isrunning(&ev->flush))
		tmr_start(&ev->flush, EVENT_DELAY, flush_handler, ev);

	return 0;
}

int event_emit(struct events *ev, const char *type, const struct odict *data)
{
	struct mbuf *mb;
	int err;

	if (!ev)
		return 0;
	mb = mbuf_alloc(256);
	if (!mb)
		return ENOMEM;
	err = event_print(mb, ev, ev->seq + 1, type, data);
	if (!err)
		err = take(ev, mb);
	mem_deref(mb);

	return err;
}

int event_emit_text(struct events *ev, const char *type,
		    int (*print)(struct mbuf *mb, const void *arg),
		    const void *arg)
{
	struct mbuf *mb;
	int err;

	if (!ev)
		return 0;
	mb = mbuf_alloc(1024);
	if (!mb)
		return ENOMEM;
	err = print_head(mb, ev, ev->seq + 1, type);
	err = err ? err : print(mb, arg);
	err = err ? err : PUT(mb, "}");
	if (!err)
		err = take(ev, mb);
	mem_deref(mb);

	return err;
}
