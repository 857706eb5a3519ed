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

static const char kind[] = EVENT_KIND, kind_seq[] = EVENT_KIND_SEQ;

void event_key(char *buf, size_t size, struct pl *key, const struct events *ev,
	       uint64_t first)
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

int event_chunk_add(struct events *ev, const struct event_chunk *c)
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
	l->err = event_chunk_add(l->ev, &c);

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

	event_key(buf, sizeof(buf), &key, ev, c->first);

	return store_get(ev->st, kind, &key, text);
}
