/* SPDX-License-Identifier: BSD-2-Clause */
/* What others here know: calls, mailboxes, a state that is set by hand */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "presence/priv.h"

#define BY_HAND "by-hand" /**< the entity-tag of what is set by hand */

/* ---- calls ------------------------------------------------------------------------- */

static void own_destructor(void *arg)
{
	struct own *o = arg;

	list_unlink(&o->le);
	mem_deref(o->id);
	mem_deref(o->text);
}

static struct own *own_find(const struct res *r, const struct pl *id)
{
	struct le *le;

	LIST_FOREACH (&r->owns, le) {
		struct own *o = le->data;

		if (!pl_strcmp(id, o->id))
			return o;
	}
	return NULL;
}

static int put_attr(struct mbuf *mb, const char *name, const struct pl *val)
{
	return val->l ? mbuf_printf(mb, " %s=\"%H\"", name, xml_text, val) : 0;
}

static int put_remote(struct mbuf *mb, const struct presence_dialog *d)
{
	int err = mbuf_printf(mb, "<remote><identity");

	if (!err)
		err = put_attr(mb, "display", &d->display);
	return err ? err
		   : mbuf_printf(mb,
				 ">%H</identity><target uri=\"%H\"/>"
				 "</remote>",
				 xml_text, &d->remote, xml_text, &d->remote);
}

static int print_dialog(char **sp, const struct presence_dialog *d)
{
	static const char *const statev[] = {"trying", "proceeding", "early",
					     "confirmed", "terminated"};
	struct mbuf *mb = mbuf_alloc(512);
	int err = mb ? mbuf_printf(mb, "<dialog xmlns=\"%s\"",
				   package_of(PRESENCE_DIALOG)->ns)
		     : ENOMEM;

	if (!err)
		err = put_attr(mb, "id", &d->id);
	if (!err)
		err = put_attr(mb, "call-id", &d->call_id);
	if (!err)
		err = put_attr(mb, "local-tag", &d->local_tag);
	if (!err)
		err = put_attr(mb, "remote-tag", &d->remote_tag);
	if (!err)
		err = mbuf_printf(mb, " direction=\"%s\"><state>%s</state>",
				  d->recipient ? "recipient" : "initiator",
				  statev[d->state]);
	if (!err && d->remote.l)
		err = put_remote(mb, d);
	if (!err)
		err = mbuf_printf(mb, "</dialog>");
	if (!err)
		err = re_sdprintf(sp, "%b", mb->buf, mb->end);
	mem_deref(mb);
	return err;
}

static int own_make(struct own **op, struct res *r, const struct pl *id)
{
	struct own *o;
	int err;

	if (list_count(&r->owns) >= PRESENCE_DIALOGS)
		return ENOSPC;
	o = mem_zalloc(sizeof(*o), own_destructor);
	if (!o)
		return ENOMEM;
	err = pl_strdup(&o->id, id);
	if (err) {
		mem_deref(o);
		return err;
	}
	list_append(&r->owns, &o->le, o);
	*op = o;
	return 0;
}

static int own_change(struct res *r, const struct presence_dialog *d)
{
	struct own *o = own_find(r, &d->id);
	char *text = NULL;
	int err;

	if (d->state == PRESENCE_TERMINATED) {
		mem_deref(o);
		return o ? 0 : EALREADY;
	}
	err = print_dialog(&text, d);
	if (!err && !o)
		err = own_make(&o, r, &d->id);
	if (!err && o->text && !strcmp(o->text, text))
		err = EALREADY;
	if (err) {
		mem_deref(text);
		return err;
	}
	mem_deref(o->text);
	o->text = text;
	return 0;
}

int presence_dialog(struct presence *p, const struct pl *aor,
		    const struct presence_dialog *d)
{
	struct res *r;
	int err;

	if (!p || !aor || !d || !d->id.l || d->id.l > 255 ||
	    (unsigned)d->state > PRESENCE_TERMINATED)
		return EINVAL;
	err = res_get(&r, p, PRESENCE_DIALOG, aor);
	if (err)
		return err;
	err = own_change(r, d);
	if (!err)
		res_changed(r);
	res_release(r);
	return err == EALREADY ? 0 : err;
}

/* ---- what is written first ------------------------------------------------------------ */

/* A change that somebody here makes, until it is safe */
struct set {
	struct life *life;
	struct res *res;
	struct presence_mailbox box;
	bool boxed, mailbox;
	struct pub *pub;
	presence_done_h *h;
	void *arg;
};

static void set_destructor(void *arg)
{
	struct set *s = arg;

	mem_deref(s->pub);
	mem_deref(s->life);
}

static void put_in_force(struct set *s)
{
	static const struct pl tag = PL(BY_HAND);
	struct res *r = s->res;

	if (s->mailbox) {
		r->box = s->box;
		r->boxed = s->boxed;
	} else {
		pub_replace(r, pub_find(r, &tag), s->pub);
	}
	res_changed(r);
}

static void set_done(int err, void *arg)
{
	struct set *s = arg;

	if (s->life->p) {
		--s->res->pending;
		if (!err)
			put_in_force(s);
		res_release(s->res);
	}
	if (s->h)
		s->h(err, s->arg);
	mem_deref(s);
}

static int set_alloc(struct set **sp, struct presence *p,
		     enum presence_package pkg, const struct pl *aor,
		     presence_done_h *h, void *arg)
{
	struct set *s = mem_zalloc(sizeof(*s), set_destructor);
	int err = s ? res_get(&s->res, p, pkg, aor) : ENOMEM;

	if (err) {
		mem_deref(s);
		return err;
	}
	s->life = mem_ref(p->life);
	s->h = h;
	s->arg = arg;
	*sp = s;
	return 0;
}

static int set_write(struct set *s, struct presence *p, const char *kind,
		     const char *key, const struct mbuf *mb)
{
	struct store_op op = {.kind = kind};
	int err;

	pl_set_str(&op.key, key);
	if (mb) {
		op.value.p = (const char *)mb->buf;
		op.value.l = mb->end;
	}
	err = store_write(p->store, &op, 1, set_done, s);
	if (!err)
		++s->res->pending;
	return err;
}

int presence_mailbox(struct presence *p, const struct pl *aor,
		     const struct presence_mailbox *m, presence_done_h *h,
		     void *arg)
{
	struct mbuf *mb = NULL;
	struct set *s = NULL;
	int err;

	if (!p || !aor || !aor->l || aor->l > AOR)
		return EINVAL;
	err = set_alloc(&s, p, PRESENCE_SUMMARY, aor, h, arg);
	if (err)
		return err;
	s->mailbox = true;
	s->boxed = m != NULL;
	if (m) {
		s->box = *m;
		mb = mbuf_alloc(128);
		err = mb ? presence_record_box(mb, m) : ENOMEM;
	}
	if (!err)
		err = set_write(s, p, BOX_KIND, s->res->aor, mb);
	if (err) {
		res_release(s->res);
		mem_deref(s);
	}
	mem_deref(mb);
	return err;
}

/* ---- presence by hand -------------------------------------------------------------- */

static int make_pidf(struct mbuf *mb, const struct pl *aor, const char *basic,
		     const char *note)
{
	struct pl text;
	int err;

	err = mbuf_printf(mb,
			  "<presence xmlns=\"%s\" entity=\"sip:%H\">"
			  "<tuple id=\"by-hand\"><status><basic>%s</basic>"
			  "</status>",
			  package_of(PRESENCE_PRESENCE)->ns, xml_text, aor,
			  basic);
	pl_set_str(&text, note ? note : "");
	if (!err && note)
		err = mbuf_printf(mb, "<note>%H</note>", xml_text, &text);
	return err ? err : mbuf_printf(mb, "</tuple></presence>");
}

static int make_pub(struct set *s, const struct pl *aor, const char *basic,
		    const char *note, struct mbuf *record)
{
	struct mbuf *mb = mbuf_alloc(512);
	const char *why;
	struct pl body;
	int err = mb ? make_pidf(mb, aor, basic, note) : ENOMEM;

	if (!err) {
		body.p = (const char *)mb->buf;
		body.l = mb->end;
		err = pub_alloc(&s->pub, s->res, &body, &why);
	}
	if (!err) {
		str_ncpy(s->pub->etag, BY_HAND, sizeof(s->pub->etag));
		err = presence_record_pub(record, s->pub);
	}
	mem_deref(mb);
	return err == EBADMSG || err == EMSGSIZE ? EINVAL : err;
}

int presence_set(struct presence *p, const struct pl *aor, const char *basic,
		 const char *note, presence_done_h *h, void *arg)
{
	struct mbuf *record = NULL;
	struct set *s = NULL;
	char key[AOR + 32];
	int err;

	if (!p || !aor || !aor->l || aor->l > AOR ||
	    (basic && strcmp(basic, "open") != 0 &&
	     strcmp(basic, "closed") != 0))
		return EINVAL;
	err = set_alloc(&s, p, PRESENCE_PRESENCE, aor, h, arg);
	if (err)
		return err;
	if (basic) {
		record = mbuf_alloc(512);
		err = record ? make_pub(s, aor, basic, note, record) : ENOMEM;
	}
	(void)re_snprintf(key, sizeof(key), "presence %r " BY_HAND, aor);
	if (!err)
		err = set_write(s, p, PUB_KIND, key, record);
	if (err) {
		res_release(s->res);
		mem_deref(s);
	}
	mem_deref(record);
	return err;
}

/* ---- for those who look ------------------------------------------------------------- */

bool presence_each(const struct presence *p, presence_aor_h *h, void *arg)
{
	for (uint32_t i = 0; p && h && i < hash_bsize(p->resources); i++) {
		struct le *le = list_head(hash_list(p->resources, i));

		for (; le; le = le->next) {
			const struct res *r = le->data;
			struct pl aor;
			bool before = false;

			pl_set_str(&aor, r->aor);
			for (int k = 0; k < (int)r->pkg && !before; k++)
				before = res_find(p, (enum presence_package)k,
						  &aor) != NULL;
			if (!before && h(&aor, arg))
				return true;
		}
	}
	return false;
}

void presence_end(struct presence *p, const struct pl *aor, bool gone)
{
	for (int i = 0; p && aor && i < PRESENCE_PACKAGES; i++) {
		struct res *r = res_find(p, (enum presence_package)i, aor);
		struct le *le = r ? list_head(&r->subs) : NULL;

		if (r)
			++r->pending;
		while (le) {
			struct sub *s = le->data;

			le = le->next;
			sub_finish(s, gone ? SUB_NORESOURCE : SUB_DEACTIVATED);
		}
		if (r) {
			--r->pending;
			res_release(r);
		}
	}
}
