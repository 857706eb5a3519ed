/* SPDX-License-Identifier: BSD-2-Clause */
/* What the store has of the log.
 *
 * Kind "event": under NODE/SEQ of the first a batch of events, a line for each,
 * so that it can be cut without being read. Kind "event-seq": under NODE the
 * number up to which all may have been used. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "base/log.h"
#include "event/core.h"
#include "store/store.h"

static const char kind[] = "event", kind_seq[] = "event-seq";

static void key_of(char *buf, size_t size, struct pl *key,
		   const struct events *ev, uint64_t first)
{
	/* as many digits for each, so that their order is that of the text */
	(void)re_snprintf(buf, size, "%s/%020llu", ev->node,
			  (unsigned long long)first);
	pl_set_str(key, buf);
}

bool event_kept_line(struct pl *text, struct pl *line)
{
	const char *nl;

	while ((nl = pl_strchr(text, '\n'))) {
		line->p = text->p;
		line->l = (size_t)(nl - text->p);
		pl_advance(text, (ssize_t)line->l + 1);
		if (line->l && line->p[line->l - 1] == ',')
			--line->l;
		if (line->l > 7 && !strncmp(line->p, "{\"seq\":", 7))
			return true;
	}

	return false;
}

static uint64_t seq_of(const struct pl *line)
{
	const struct pl digits = {line->p + 7, line->l - 7};
	size_t n = 0;

	while (n < digits.l && digits.p[n] >= '0' && digits.p[n] <= '9')
		++n;

	return pl_u64(&(const struct pl){digits.p, n});
}

static uint64_t time_of(const struct pl *line)
{
	struct tm tm = {0};
	char buf[32];
	struct pl t;

	if (re_regex(line->p, line->l, "\"time\":\"[^\"]+\"", &t) ||
	    t.l >= sizeof(buf))
		return 0;
	(void)pl_strcpy(&t, buf, sizeof(buf));

	return strptime(buf, "%Y-%m-%dT%H:%M:%S", &tm) ? (uint64_t)timegm(&tm)
						       : 0;
}

static int add_chunk(struct events *ev, const struct event_chunk *c)
{
	if (!ev->chunkv || ev->chunkc == ev->chunkmax) {
		const size_t n = ev->chunkmax ? 2 * ev->chunkmax : 64;
		struct event_chunk *v;

		v = mem_reallocarray(ev->chunkv, n, sizeof(*v), NULL);
		if (!v)
			return ENOMEM;
		ev->chunkv = v;
		ev->chunkmax = n;
	}
	ev->chunkv[ev->chunkc++] = *c;

	return 0;
}

/* ---- at start ----------------------------------------------------------- */

struct loading {
	struct events *ev;
	int err;
};

static bool load_one(const struct pl *key, const struct pl *value, void *arg)
{
	struct loading *l = arg;
	struct event_chunk c = {0};
	struct pl text = *value, line, last = pl_null;
	const size_t n = strlen(l->ev->node);

	/* another node's are its own */
	if (key->l <= n || strncmp(key->p, l->ev->node, n) || key->p[n] != '/')
		return false;
	while (event_kept_line(&text, &line)) {
		if (!c.first)
			c.first = seq_of(&line);
		last = line;
	}
	if (!c.first)
		return false;
	c.last = seq_of(&last);
	c.time = time_of(&last);
	l->err = add_chunk(l->ev, &c);

	return l->err;
}

static int compare(const void *a, const void *b)
{
	const struct event_chunk *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static int load_seq(struct events *ev)
{
	struct odict *o = NULL;
	char *value = NULL;
	uint64_t n = 0;
	struct pl key;
	int err;

	pl_set_str(&key, ev->node);
	err = store_get(ev->st, kind_seq, &key, &value);
	if (err)
		return err == ENOENT ? 0 : err;
	err = json_decode_odict(&o, 4, value, strlen(value), 2);
	if (!err && odict_get_number(o, &n, "seq"))
		ev->seq = max(ev->seq, n);
	mem_deref(o);
	mem_deref(value);

	return err;
}

int event_kept_load(struct events *ev)
{
	struct loading l = {ev, 0};
	int err = store_each(ev->st, kind, load_one, &l);

	if (!err)
		err = l.err;
	if (!err && ev->chunkc) {
		qsort(ev->chunkv, ev->chunkc, sizeof(*ev->chunkv), compare);
		ev->seq = ev->chunkv[ev->chunkc - 1].last;
	}
	if (!err)
		err = load_seq(ev);
	ev->reserved = ev->seq;

	return err;
}

/* ---- writing -------------------------------------------------------------- */

/* A batch on its way */
struct write {
	struct le le;
	struct events *ev; /* NULL: the log is gone                      */
	uint64_t seq;
};

static void write_destructor(void *arg)
{
	struct write *w = arg;

	list_unlink(&w->le);
}

static void written(int err, void *arg)
{
	struct write *w = arg;

	if (w->ev)
		event_written(w->ev, w->seq, err);
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

static int print_batch(struct mbuf *mb, const struct events *ev)
{
	int err = mbuf_write_str(mb, "{\"events\":[\n");

	for (uint64_t seq = ev->first; seq <= ev->seq && !err; seq++) {
		const struct event_mem *m = event_mem_find(ev, seq);

		err = m ? mbuf_printf(mb, "%b%s\n", m->text, m->len,
				      seq < ev->seq ? "," : "")
			: ENOENT;
	}

	return err ? err : mbuf_write_str(mb, "]}");
}

/* What a record holds now */
static int note(struct events *ev)
{
	const struct event_chunk now = {ev->first, ev->seq,
					(uint64_t)time(NULL)};
	struct event_chunk *tail = ev->chunkc ? &ev->chunkv[ev->chunkc - 1]
					      : NULL;

	if (!tail || tail->first != ev->first)
		return add_chunk(ev, &now);
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

/* All that goes with a batch: numbers reserved, itself, old ones removed */
static int queue(struct events *ev, const struct mbuf *mb)
{
	char keyv[TRIM_MAX + 1][KEY_SIZE], seq[48];
	struct store_op opv[TRIM_MAX + 2];
	const size_t gone = too_many(ev);
	const uint64_t upto = ev->seq + EVENT_BLOCK;
	struct write *w;
	size_t n = 0;
	int err;

	memset(opv, 0, sizeof(opv));
	if (ev->seq + EVENT_BLOCK / 2 > ev->reserved) {
		opv[n].kind = kind_seq;
		pl_set_str(&opv[n].key, ev->node);
		print_seq(seq, sizeof(seq), &opv[n++].value, upto);
	}
	opv[n].kind = kind;
	key_of(keyv[TRIM_MAX], KEY_SIZE, &opv[n].key, ev, ev->first);
	opv[n].value = (struct pl){(char *)mb->buf, mb->end};
	opv[n++].expires = (uint64_t)time(NULL) + ev->seconds;
	for (size_t i = 0; i < gone; i++) {
		opv[n].kind = kind;
		key_of(keyv[i], KEY_SIZE, &opv[n++].key, ev,
		       ev->chunkv[i].first);
	}

	w = mem_zalloc(sizeof(*w), write_destructor);
	if (!w)
		return ENOMEM;
	w->ev = ev;
	w->seq = ev->seq;
	list_append(&ev->writes, &w->le, w);
	err = store_write(ev->st, opv, n, written, w);
	if (err) {
		mem_deref(w);
		return err;
	}
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
	int err = mb ? print_batch(mb, ev) : ENOMEM;

	if (!err)
		err = queue(ev, mb);
	mem_deref(mb);

	return err;
}

/* ---- reading ------------------------------------------------------------ */

const struct event_chunk *event_kept_find(const struct events *ev, uint64_t seq)
{
	size_t a = 0, b = ev->chunkc;

	while (a < b) {
		const size_t m = (a + b) / 2;

		if (ev->chunkv[m].last < seq)
			a = m + 1;
		else
			b = m;
	}

	return a < ev->chunkc ? &ev->chunkv[a] : NULL;
}

int event_kept_read(const struct events *ev, const struct event_chunk *c,
		    char **text)
{
	struct pl key;
	char buf[96];

	key_of(buf, sizeof(buf), &key, ev, c->first);

	return store_get(ev->st, kind, &key, text);
}
