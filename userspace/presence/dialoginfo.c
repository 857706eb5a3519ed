/* SPDX-License-Identifier: BSD-2-Clause */
/* dialog-info (RFC 4235): calls that were published, and those that we know of */
#include <errno.h>
#include <string.h>
#include "presence/priv.h"

enum { REMEMBERED = 60 /* s that the end of a dialog is told to the slow */ };

static void line_destructor(void *arg)
{
	struct line *l = arg;

	list_unlink(&l->le);
	mem_deref(l->id);
	mem_deref(l->text);
}

static struct line *find(const struct res *r, const char *id)
{
	struct le *le;

	LIST_FOREACH (&r->lines, le) {
		struct line *l = le->data;

		if (!strcmp(l->id, id))
			return l;
	}
	return NULL;
}

/* A dialog that is there; the first one of an id counts */
static int take(struct res *r, const char *id, const char *text)
{
	struct line *l = find(r, id);
	char *copy = NULL;
	int err = 0;

	if (l && l->seen)
		return 0;
	if (!l) {
		l = mem_zalloc(sizeof(*l), line_destructor);
		if (!l)
			return ENOMEM;
		err = str_dup(&l->id, id);
		if (err) {
			mem_deref(l);
			return err;
		}
		list_append(&r->lines, &l->le, l);
	}
	l->seen = true;
	l->gone = 0;
	if (l->text && !strcmp(l->text, text))
		return 0;
	err = str_dup(&copy, text);
	if (err)
		return err;
	mem_deref(l->text);
	l->text = copy;
	l->gen = r->gen;
	return 0;
}

static int take_published(struct res *r)
{
	struct le *pe, *ce;
	int err = 0;

	LIST_FOREACH (&r->pubs, pe) {
		const struct pub *pb = pe->data;

		LIST_FOREACH (&pb->xml->children, ce) {
			const struct xml_child *c = ce->data;

			if (!c->id || strcmp(c->name, "dialog") != 0)
				continue;
			err = take(r, c->id, c->text);
			if (err)
				return err;
		}
	}
	return err;
}

/* It was there: that it has ended is told, too */
static int end(struct res *r, struct line *l, uint64_t now)
{
	char *text = NULL;
	struct pl id;
	int err;

	if (l->gone)
		return 0;
	pl_set_str(&id, l->id);
	err = re_sdprintf(&text,
			  "<dialog xmlns=\"%s\" id=\"%H\"><state>terminated"
			  "</state></dialog>",
			  package_of(PRESENCE_DIALOG)->ns, xml_text, &id);
	if (err)
		return err;
	mem_deref(l->text);
	l->text = text;
	l->gone = now;
	l->gen = r->gen;
	return 0;
}

int dialoginfo_lines(struct res *r)
{
	const uint64_t now = presence_now(r->p);
	struct le *le;
	int err;

	LIST_FOREACH (&r->lines, le)
		((struct line *)le->data)->seen = false;
	err = take_published(r);
	LIST_FOREACH (&r->owns, le) {
		const struct own *o = le->data;

		if (!err)
			err = take(r, o->id, o->text);
	}
	le = list_head(&r->lines);
	while (le && !err) {
		struct line *l = le->data;

		le = le->next;
		if (!l->seen)
			err = end(r, l, now);
		if (l->gone && now > l->gone + REMEMBERED)
			mem_deref(l);
	}
	return err;
}

int dialoginfo_compose(struct mbuf *mb, struct res *r, const struct sub *s)
{
	/* who knows nothing yet is told all */
	const bool partial = s && s->res == r && s->told && r->p->conf.partial;
	struct pl aor;
	struct le *le;
	int err;

	pl_set_str(&aor, r->aor);
	err = mbuf_printf(mb,
			  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
			  "<dialog-info xmlns=\"%s\" version=\"%u\" "
			  "state=\"%s\" entity=\"sip:%H\">\r\n",
			  package_of(PRESENCE_DIALOG)->ns, s ? s->version : 0,
			  partial ? "partial" : "full", xml_text, &aor);
	LIST_FOREACH (&r->lines, le) {
		const struct line *l = le->data;

		if (err || (partial ? l->gen <= s->told : l->gone != 0))
			continue;
		err = mbuf_printf(mb, "%s\r\n", l->text);
	}
	return err ? err : mbuf_printf(mb, "</dialog-info>\r\n");
}
