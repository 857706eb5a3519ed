/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: numbers, batches, what is in memory */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "base/log.h"
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

static int print_time(struct re_printf *pf, const struct timespec *ts)
{
	struct tm tm;

	(void)gmtime_r(&ts->tv_sec, &tm);

	return re_hprintf(pf, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ",
			  tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			  tm.tm_hour, tm.tm_min, tm.tm_sec,
			  ts->tv_nsec / 1000000);
}

static int print_data(struct re_printf *pf, const struct odict *data)
{
	return data ? json_encode_odict(pf, data) : re_hprintf(pf, "{}");
}

static const char before_type[] = "\"type\":\"";

int event_print(struct mbuf *mb, const struct events *ev, uint64_t seq,
		const char *type, const struct odict *data)
{
	struct timespec now;

	if (!is_name(type, EVENT_TYPE_MAX))
		return EINVAL;
	(void)clock_gettime(CLOCK_REALTIME, &now);

	return mbuf_printf(mb,
			   "{\"seq\":%llu,\"time\":\"%H\",\"node\":\"%s\","
			   "%s%s\",\"data\":%H}",
			   (unsigned long long)seq, print_time, &now, ev->node,
			   before_type, type, print_data, data);
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

int event_emit(struct events *ev, const char *type, const struct odict *data)
{
	struct mbuf *mb;
	uint64_t seq;
	int err;

	if (!ev)
		return 0;
	seq = ev->seq + 1;
	mb = mbuf_alloc(256);
	if (!mb)
		return ENOMEM;
	err = event_print(mb, ev, seq, type, data);
	if (!err && mb->end > EVENT_TEXT_MAX)
		err = EMSGSIZE;
	/* a Call-ID may have any bytes, a text of a WebSocket may not */
	if (!err)
		(void)utf8_scrub((char *)mb->buf, mb->end);
	if (!err)
		err = keep_in_memory(ev, seq, mb);
	mem_deref(mb);
	if (err)
		return err;

	ev->seq = seq;
	if (seq + 1 - ev->first >= EVENT_BATCH)
		(void)flush(ev);
	else if (!tmr_isrunning(&ev->flush))
		tmr_start(&ev->flush, EVENT_DELAY, flush_handler, ev);

	return 0;
}
