/* SPDX-License-Identifier: BSD-2-Clause */
/* Event states, by AOR and package */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "presence/priv.h"

static void destructor(void *arg)
{
	struct res *r = arg;

	hash_unlink(&r->he);
	list_flush(&r->pubs);
	list_flush(&r->owns);
	list_flush(&r->lines);
	roster_detach(r);
	mem_deref(r->aor);
}

static uint32_t key(enum presence_package pkg, const struct pl *aor)
{
	return hash_joaat((const uint8_t *)aor->p, aor->l) + (uint32_t)pkg;
}

struct res *res_find(const struct presence *p, enum presence_package pkg,
		     const struct pl *aor)
{
	struct le *le = list_head(hash_list(p->resources, key(pkg, aor)));

	for (; le; le = le->next) {
		struct res *r = le->data;

		if (r->pkg == pkg && !pl_strcmp(aor, r->aor))
			return r;
	}
	return NULL;
}

int res_get(struct res **rp, struct presence *p, enum presence_package pkg,
	    const struct pl *aor)
{
	struct res *r = res_find(p, pkg, aor);
	struct roster *l;
	int err;

	if (!r) {
		r = mem_zalloc(sizeof(*r), destructor);
		if (!r)
			return ENOMEM;
		err = pl_strdup(&r->aor, aor);
		if (err) {
			mem_deref(r);
			return err;
		}
		r->p = p;
		r->pkg = pkg;
		r->gen = 1;
		l = roster_find(p, pkg, aor);
		err = l ? roster_attach(r, l) : 0;
		if (err) {
			mem_deref(r);
			return err;
		}
		hash_append(p->resources, key(pkg, aor), &r->he, r);
	}
	*rp = r;
	return 0;
}

void res_release(struct res *r)
{
	if (r && !r->pubs.head && !r->subs.head && !r->owns.head && !r->boxed &&
	    !r->pending && !r->listed)
		mem_deref(r);
}

static void tell(const struct res *r)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, 4);

	if (!err)
		err = odict_entry_add(o, "aor", ODICT_STRING, r->aor);
	if (!err)
		err = odict_entry_add(o, "package", ODICT_STRING,
				      presence_name(r->pkg));
	if (!err)
		err = event_emit(r->p->events, "presence.changed", o);
	if (err)
		log_warn("presence: %s: event: %m", r->aor, err);
	mem_deref(o);
}

void res_changed(struct res *r)
{
	++r->gen;
	if (r->pkg == PRESENCE_DIALOG && dialoginfo_lines(r))
		log_warn("presence: %s: its dialogs: out of memory", r->aor);
	if (r->p->events)
		tell(r);
	res_tell(r);
	roster_changed(r);
}

void res_tell(struct res *r)
{
	struct le *le;

	/* who can't be told is dropped, and the last one is not to take it with him:
	 * the caller looks whether it is of use yet */
	++r->pending;
	le = list_head(&r->subs);
	while (le) {
		struct sub *s = le->data;

		le = le->next;
		sub_notify(s, false);
	}
	--r->pending;
}

int res_compose(struct mbuf *mb, struct res *r, const struct sub *s)
{
	return r->roster ? roster_compose(mb, r, s)
			 : package_of(r->pkg)->compose(mb, r, s);
}
