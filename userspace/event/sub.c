/* SPDX-License-Identifier: BSD-2-Clause */
/* Those who read the log: each one a place in it */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>

#include "event/core.h"

struct event_sub {
	struct le le;
	struct events *ev; /* NULL: the log is gone                       */
	uint64_t seq;      /* the last that was read                      */
	char *types;
	event_h *h;
	void *arg;
	bool waiting; /* was told that there is nothing              */

	struct event_mem *mem; /* what the last event's text is in      */
	struct mbuf *cut;
	char *chunk;    /* a record of the store...                    */
	struct pl rest; /* ... and what of it was not read yet         */
};

static void destructor(void *arg)
{
	struct event_sub *s = arg;

	list_unlink(&s->le);
	mem_deref(s->types);
	mem_deref(s->mem);
	mem_deref(s->cut);
	mem_deref(s->chunk);
}

/* ---- types ---------------------------------------------------------------- */

static bool next_type(struct pl *list, struct pl *type)
{
	const char *comma = pl_strchr(list, ',');

	if (!list->l)
		return false;
	*type = *list;
	if (comma)
		type->l = (size_t)(comma - list->p);
	pl_advance(list, (ssize_t)min(type->l + 1, list->l));

	return true;
}

static bool types_are(const char *s)
{
	struct pl list, type;
	unsigned n = 0;

	if (!str_isset(s))
		return true;
	pl_set_str(&list, s);
	if (list.p[list.l - 1] == ',')
		return false;
	while (next_type(&list, &type)) {
		if (!type.l || type.l > EVENT_TYPE_MAX || ++n > EVENT_TYPES_MAX)
			return false;
		for (size_t i = 0; i < type.l; i++) {
			const char c = type.p[i];

			if (c == '*' && i + 1 == type.l &&
			    (!i || type.p[i - 1] == '.'))
				continue;
			if (!((c >= 'a' && c <= 'z') ||
			      (c >= '0' && c <= '9') || strchr("._-", c)))
				return false;
		}
	}

	return true;
}

static bool wanted(const struct event_sub *s, const struct pl *type)
{
	struct pl list, t;

	if (!str_isset(s->types))
		return true;
	pl_set_str(&list, s->types);
	while (next_type(&list, &t)) {
		const bool some = t.p[t.l - 1] == '*';

		if (some ? type->l >= t.l - 1 && !strncmp(type->p, t.p, t.l - 1)
			 : !pl_cmp(type, &t))
			return true;
	}

	return false;
}

/* ---- who waits ------------------------------------------------------------ */

static bool has_more(const struct event_sub *s)
{
	return s->ev && s->seq < s->ev->seen;
}

static void wake_handler(void *arg)
{
	struct events *ev = mem_ref(arg);
	struct le *le = list_head(&ev->subs);
	size_t n = list_count(&ev->subs);

	/* each that is there now once: who is woken goes to the end, and may
	 * go altogether */
	while (le && n--) {
		struct event_sub *s = le->data;

		list_unlink(&s->le);
		list_append(&ev->subs, &s->le, s);
		if (s->waiting && has_more(s)) {
			s->waiting = false;
			if (s->h)
				s->h(s->arg);
		}
		le = list_head(&ev->subs);
	}
	mem_deref(ev);
}

void event_subs_wake(struct events *ev)
{
	if (!list_isempty(&ev->subs))
		tmr_start(&ev->wake, 0, wake_handler, ev);
}

void event_subs_end(struct events *ev)
{
	struct le *le;

	while ((le = list_head(&ev->subs))) {
		struct event_sub *s = le->data;

		s->ev = NULL;
		list_unlink(le);
	}
}

int event_subscribe(struct event_sub **sp, struct events *ev, uint64_t since,
		    const char *types, event_h *h, void *arg)
{
	struct event_sub *s;
	int err = 0;

	if (!sp || !ev || !types_are(types))
		return EINVAL;
	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	s->ev = ev;
	s->seq = since;
	s->h = h;
	s->arg = arg;
	s->waiting = true;
	if (types)
		err = str_dup(&s->types, types);
	if (err) {
		mem_deref(s);
		return err;
	}
	list_append(&ev->subs, &s->le, s);
	if (has_more(s))
		event_subs_wake(ev);
	*sp = s;

	return 0;
}

uint64_t event_sub_seq(const struct event_sub *s)
{
	return s ? s->seq : 0;
}

/* ---- reading -------------------------------------------------------------- */

/* Numbers from..to are gone */
static int cut(struct event_sub *s, uint64_t to, struct event *e)
{
	struct odict *data = NULL;
	int err = odict_alloc(&data, 4);

	if (!err)
		err = odict_entry_add(data, "from", ODICT_INT,
				      (int64_t)(s->seq + 1));
	if (!err)
		err = odict_entry_add(data, "to", ODICT_INT, (int64_t)to);
	s->cut = mem_deref(s->cut);
	if (!err && !(s->cut = mbuf_alloc(256)))
		err = ENOMEM;
	if (!err)
		err = event_print(s->cut, s->ev, to, "events.cut", data);
	mem_deref(data);
	if (err)
		return err;
	s->seq = to;
	e->seq = to;
	e->text.p = (char *)s->cut->buf;
	e->text.l = s->cut->end;
	(void)event_type_of(&e->text, &e->type);

	return 0;
}

static void from_memory(struct event_sub *s, struct event_mem *m,
			struct event *e)
{
	mem_deref(s->mem);
	s->mem = mem_ref(m);
	e->seq = m->seq;
	e->type = m->type;
	e->text.p = m->text;
	e->text.l = m->len;
}

static uint64_t number(const struct pl *line)
{
	struct pl n;

	return re_regex(line->p, line->l, "{\"seq\":[0-9]+", &n) ? 0
								 : pl_u64(&n);
}

/* From the record that was read last, or is read now. ENOENT: not there */
static int from_store(struct event_sub *s, const struct event_chunk *c,
		      struct event *e)
{
	const uint64_t seq = s->seq + 1;
	struct pl line;

	for (int twice = 0; twice < 2; twice++) {
		while (event_kept_line(&s->rest, &line)) {
			e->seq = number(&line);
			e->text = line;
			if (e->seq == seq && event_type_of(&line, &e->type))
				return 0;
			if (e->seq > seq)
				break;
		}
		s->chunk = mem_deref(s->chunk);
		s->rest = pl_null;
		if (!twice) {
			const int err = event_kept_read(s->ev, c, &s->chunk);

			/* a store that is away is no end of the log */
			if (err)
				return err == EAGAIN ? EBUSY : err;
			pl_set_str(&s->rest, s->chunk);
		}
	}

	return ENOENT;
}

static int read_one(struct event_sub *s, struct event *e)
{
	const uint64_t seq = s->seq + 1;
	struct event_mem *m = event_mem_find(s->ev, seq);
	const struct event_chunk *c;
	uint64_t next;
	int err;

	if (m) {
		from_memory(s, m, e);
		s->seq = seq;
		return 0;
	}
	c = event_kept_find(s->ev, seq);
	if (c && c->first <= seq) {
		err = from_store(s, c, e);
		if (!err)
			s->seq = seq;
		if (err != ENOENT)
			return err;
		/* a record that is not what it was: it is gone */
		next = c->last + 1;
	} else {
		next = c ? c->first : UINT64_MAX;
	}
	if (seq < event_mem_first(s->ev))
		next = min(next, event_mem_first(s->ev));

	return cut(s, min(next - 1, s->ev->seen), e);
}

int event_next(struct event_sub *s, struct event *e)
{
	int err = 0;

	if (!s || !e)
		return EINVAL;
	while (has_more(s)) {
		const uint64_t before = s->seq;

		err = read_one(s, e);
		if (err)
			return err;
		/* what was cut is told to everybody: who knows what it was */
		if (s->seq > before + 1 || wanted(s, &e->type) ||
		    !pl_strcmp(&e->type, "events.cut"))
			return 0;
	}
	s->waiting = true;

	return EAGAIN;
}
