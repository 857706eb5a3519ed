/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of an AOR, as JSON */
#include <errno.h>
#include <string.h>
#include "presence/priv.h"

static int str(struct odict *o, const char *key, const char *s)
{
	return s ? odict_entry_add(o, key, ODICT_STRING, s) : 0;
}

static int num(struct odict *o, const char *key, uint64_t v)
{
	return odict_entry_add(o, key, ODICT_INT, (int64_t)v);
}

/* An object for the end of an array */
static int add_to(struct odict *array, struct odict *o)
{
	char key[16];

	(void)re_snprintf(key, sizeof(key), "%zu", odict_count(array, false));
	return odict_entry_add(array, key, ODICT_OBJECT, o);
}

static int add_tuple(struct odict *array, const struct xml_child *c,
		     const struct pub *pb)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	if (!err)
		err = str(o, "id", c->id);
	if (!err)
		err = str(o, "basic", c->inner[XML_BASIC]);
	if (!err)
		err = str(o, "contact", c->inner[XML_CONTACT]);
	if (!err)
		err = str(o, "note", c->inner[XML_NOTE]);
	if (!err && pb->expires)
		err = num(o, "expires", pb->expires);
	if (!err)
		err = add_to(array, o);
	mem_deref(o);
	return err;
}

static bool is_open(const struct xml_child *c)
{
	const char *basic = c->inner[XML_BASIC];

	return basic && !strcasecmp(basic, "open");
}

static int add_published(struct odict *array, const struct res *r, bool *open)
{
	struct le *pe, *ce;
	int err = 0;

	LIST_FOREACH (&r->pubs, pe) {
		const struct pub *pb = pe->data;

		LIST_FOREACH (&pb->xml->children, ce) {
			const struct xml_child *c = ce->data;

			if (strcmp(c->name, "tuple") != 0)
				continue;
			*open |= is_open(c);
			err = add_tuple(array, c, pb);
			if (err)
				return err;
		}
	}
	return err;
}

static bool there(const struct binding *b, void *arg)
{
	(void)b;
	*(bool *)arg = true;
	return true;
}

/* As a subscriber sees it: what was published, else whether a phone is registered */
static int add_presence(struct odict *out, const struct presence *p,
			const struct pl *aor, bool *any)
{
	const struct res *r = res_find(p, PRESENCE_PRESENCE, aor);
	struct odict *o = NULL, *array = NULL;
	bool open = false, registered = false;
	int err = odict_alloc(&o, 8);

	if (!err)
		err = odict_alloc(&array, 8);
	if (p->loc)
		(void)location_find(p->loc, aor, there, &registered);
	if (!err && r)
		err = add_published(array, r, &open);
	*any |= registered || (r && r->pubs.head);
	if (!r || !r->pubs.head)
		open = registered;
	if (!err)
		err = str(o, "basic", open ? "open" : "closed");
	if (!err)
		err = odict_entry_add(o, "registered", ODICT_BOOL, registered);
	if (!err)
		err = odict_entry_add(o, "tuples", ODICT_ARRAY, array);
	if (!err)
		err = odict_entry_add(out, "presence", ODICT_OBJECT, o);
	mem_deref(array);
	mem_deref(o);
	return err;
}

static int add_dialog(struct odict *array, const struct line *l)
{
	struct odict *o = NULL;
	struct xml *x = NULL;
	const char *why, *state = NULL;
	char *doc = NULL;
	struct pl pl;
	int err = odict_alloc(&o, 8);

	/* its state is in its text */
	if (!err)
		err = re_sdprintf(&doc, "<d>%s</d>", l->text);
	if (!err) {
		pl_set_str(&pl, doc);
		if (!xml_decode(&x, &pl, &why) && x->children.head)
			state = ((struct xml_child *)x->children.head->data)
					->inner[XML_STATE];
		err = str(o, "id", l->id);
	}
	if (!err)
		err = str(o, "state", state);
	if (!err)
		err = add_to(array, o);
	mem_deref(x);
	mem_deref(doc);
	mem_deref(o);
	return err;
}

static int add_dialogs(struct odict *out, const struct presence *p,
		       const struct pl *aor, bool *any)
{
	const struct res *r = res_find(p, PRESENCE_DIALOG, aor);
	struct odict *array = NULL;
	struct le *le;
	int err = odict_alloc(&array, 8);

	for (le = r ? list_head(&r->lines) : NULL; le && !err; le = le->next) {
		const struct line *l = le->data;

		if (l->gone)
			continue;
		*any = true;
		err = add_dialog(array, l);
	}
	if (!err)
		err = odict_entry_add(out, "dialogs", ODICT_ARRAY, array);
	mem_deref(array);
	return err;
}

static int add_mailbox(struct odict *out, const struct presence *p,
		       const struct pl *aor, bool *any)
{
	const struct res *r = res_find(p, PRESENCE_SUMMARY, aor);
	struct odict *o = NULL;
	int err;

	if (!r || !r->boxed)
		return 0;
	*any = true;
	err = odict_alloc(&o, 8);
	if (!err)
		err = num(o, "fresh", r->box.fresh);
	if (!err)
		err = num(o, "old", r->box.old);
	if (!err)
		err = num(o, "urgent_fresh", r->box.urgent_fresh);
	if (!err)
		err = num(o, "urgent_old", r->box.urgent_old);
	if (!err)
		err = odict_entry_add(out, "mailbox", ODICT_OBJECT, o);
	mem_deref(o);
	return err;
}

static int add_subscriptions(struct odict *out, const struct presence *p,
			     const struct pl *aor, bool *any)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	for (int i = 0; i < PRESENCE_PACKAGES && !err; i++) {
		const struct res *r = res_find(p, (enum presence_package)i,
					       aor);
		const uint32_t n = r ? list_count(&r->subs) : 0;

		*any |= n != 0;
		err = num(o, presence_name((enum presence_package)i), n);
	}
	if (!err)
		err = odict_entry_add(out, "subscriptions", ODICT_OBJECT, o);
	mem_deref(o);
	return err;
}

int presence_get(struct odict **op, const struct presence *p,
		 const struct pl *aor)
{
	struct odict *o = NULL;
	bool any = false;
	int err;

	if (!op || !p || !aor)
		return EINVAL;
	err = odict_alloc(&o, 8);
	if (!err)
		err = add_presence(o, p, aor, &any);
	if (!err)
		err = add_dialogs(o, p, aor, &any);
	if (!err)
		err = add_mailbox(o, p, aor, &any);
	if (!err)
		err = add_subscriptions(o, p, aor, &any);
	if (!err && !any)
		err = ENOENT;
	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}
