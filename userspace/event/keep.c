/* SPDX-License-Identifier: BSD-2-Clause */
/* The log on its way into the store */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "base/put.h"
#include "event/core.h"
#include "store/store.h"

static const char kind[] = EVENT_KIND, kind_seq[] = EVENT_KIND_SEQ;

/* A batch on its way */
struct write {
	struct le le;
	struct events *ev; /* NULL: the log is gone                      */
	uint64_t first, seq;
};

static void write_destructor(void *arg)
{
	struct write *w = arg;

	list_unlink(&w->le);
}

/* One that is written once more, with more in it, has all of it */
static void mark(struct events *ev, uint64_t first, bool missing)
{
	for (size_t i = ev->chunkc; i--;) {
		if (ev->chunkv[i].first == first)
			ev->chunkv[i].missing = missing;
		if (ev->chunkv[i].first <= first)
			return;
	}
}

static void written(int err, void *arg)
{
	struct write *w = arg;

	if (w->ev) {
		mark(w->ev, w->first, err);
		event_written(w->ev, w->seq, err);
	}
	mem_deref(w);
}

void event_kept_forget(struct events *ev)
{
	struct le *le;

	while ((le = list_head(&ev->writes))) {
		struct write *w = le->data;

		w->ev = NULL;
		list_unlink(le);
	}
}

static void print_seq(char *buf, size_t size, struct pl *value, uint64_t seq)
{
	(void)re_snprintf(buf, size, "{\"seq\":%llu}", (unsigned long long)seq);
	pl_set_str(value, buf);
}

int event_kept_end(struct events *ev)
{
	char buf[48];
	struct pl key, value;

	pl_set_str(&key, ev->node);
	print_seq(buf, sizeof(buf), &value, ev->seq);

	return store_put(ev->st, kind_seq, &key, &value);
}

static int print_batch(struct mbuf *mb, const struct events *ev, uint64_t first,
		       uint64_t last)
{
	int err = mbuf_write_str(mb, "{\"events\":[\n");

	for (uint64_t seq = first; seq <= last && !err; seq++) {
		const struct event_mem *m = event_mem_find(ev, seq);

		err = m ? mbuf_write_mem(mb, (const uint8_t *)m->text, m->len)
			: ENOENT;
		if (!err)
			err = seq < last ? PUT(mb, ",\n") : PUT(mb, "\n");
	}

	return err ? err : mbuf_write_str(mb, "]}");
}

/* What a record holds now */
static int note(struct events *ev)
{
	const struct event_chunk now = {ev->first, ev->seq,
					(uint64_t)time(NULL), false};
	struct event_chunk *tail = ev->chunkc ? &ev->chunkv[ev->chunkc - 1]
					      : NULL;

	if (!tail || tail->first != ev->first)
		return event_chunk_add(ev, &now);
	*tail = now;

	return 0;
}

enum { KEY_SIZE = 96, TRIM_MAX = 16 };

/* How many of the oldest records go: the rest is enough, or they are too old */
static size_t too_many(const struct events *ev)
{
	const uint64_t now = (uint64_t)time(NULL);
	size_t n = 0;

	while (n + 1 < ev->chunkc && n < TRIM_MAX) {
		const struct event_chunk *c = &ev->chunkv[n];

		if (ev->seq - c->last < ev->keep && c->time + ev->seconds > now)
			break;
		++n;
	}

	return n;
}

static int write_ops(struct events *ev, const struct store_op *opv, size_t n,
		     uint64_t first, uint64_t seq)
{
	struct write *w = mem_zalloc(sizeof(*w), write_destructor);
	int err;

	if (!w)
		return ENOMEM;
	w->ev = ev;
	w->first = first;
	w->seq = seq;
	list_append(&ev->writes, &w->le, w);
	err = store_write(ev->st, opv, n, written, w);
	if (err)
		mem_deref(w);

	return err;
}

/* @return 0; ENOENT: it is not in memory any more */
static int write_again(struct events *ev, const struct event_chunk *c)
{
	struct store_op op = {.kind = kind, .expires = c->time + ev->seconds};
	struct mbuf *mb = mbuf_alloc(8192);
	char buf[KEY_SIZE];
	int err = mb ? print_batch(mb, ev, c->first, c->last) : ENOMEM;

	event_key(buf, sizeof(buf), &op.key, ev, c->first);
	if (!err) {
		op.value = (struct pl){(char *)mb->buf, mb->end};
		err = write_ops(ev, &op, 1, c->first, c->last);
	}
	mem_deref(mb);

	return err;
}

void event_kept_again(struct events *ev)
{
	for (size_t i = 0; i < ev->chunkc; i++) {
		struct event_chunk *c = &ev->chunkv[i];

		if (!c->missing)
			continue;
		if (write_again(ev, c) == 0)
			c->missing = false;
	}
}

/* All that goes with a batch: numbers reserved, itself, old ones removed */
static int queue(struct events *ev, const struct mbuf *mb)
{
	char keyv[TRIM_MAX + 1][KEY_SIZE], seq[48];
	struct store_op opv[TRIM_MAX + 2];
	const size_t gone = too_many(ev);
	const uint64_t upto = ev->seq + EVENT_BLOCK;
	size_t n = 0;
	int err;

	memset(opv, 0, sizeof(opv));
	if (ev->seq + EVENT_BLOCK / 2 > ev->reserved) {
		opv[n].kind = kind_seq;
		pl_set_str(&opv[n].key, ev->node);
		print_seq(seq, sizeof(seq), &opv[n++].value, upto);
	}
	opv[n].kind = kind;
	event_key(keyv[TRIM_MAX], KEY_SIZE, &opv[n].key, ev, ev->first);
	opv[n].value = (struct pl){(char *)mb->buf, mb->end};
	opv[n++].expires = (uint64_t)time(NULL) + ev->seconds;
	for (size_t i = 0; i < gone; i++) {
		opv[n].kind = kind;
		event_key(keyv[i], KEY_SIZE, &opv[n++].key, ev,
			  ev->chunkv[i].first);
	}

	err = write_ops(ev, opv, n, ev->first, ev->seq);
	if (err)
		return err;
	if (opv[0].kind == kind_seq)
		ev->reserved = upto;
	ev->chunkc -= gone;
	if (gone)
		memmove(ev->chunkv, ev->chunkv + gone,
			ev->chunkc * sizeof(*ev->chunkv));

	return note(ev);
}

int event_kept_write(struct events *ev)
{
	struct mbuf *mb = mbuf_alloc(8192);
	int err = mb ? print_batch(mb, ev, ev->first, ev->seq) : ENOMEM;

	if (!err)
		err = queue(ev, mb);
	if (err && !note(ev))
		mark(ev, ev->first, true);
	mem_deref(mb);

	return err;
}
