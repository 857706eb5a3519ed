/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists: one subscription to many (RFC 4662) */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "carom/siphash.h"
#include "carom/sipkey.h"
#include "presence/priv.h"

static void destructor(void *arg)
{
	struct roster *l = arg;

	list_unlink(&l->le);
	for (size_t i = 0; i < l->n; i++)
		mem_deref(l->v[i]);
	mem_deref(l->v);
	mem_deref(l->aor);
}

static int alloc(struct roster **lp, const struct presence_list *conf)
{
	struct roster *l = mem_zalloc(sizeof(*l), destructor);
	int err;

	if (!l)
		return ENOMEM;
	err = str_dup(&l->aor, conf->aor);
	l->v = mem_zalloc((conf->memberc + 1) * sizeof(*l->v), NULL);
	if (!l->v)
		err = ENOMEM;
	for (; !err && l->n < conf->memberc; l->n++)
		err = str_dup(&l->v[l->n], conf->memberv[l->n]);
	if (err)
		mem_deref(l);
	else
		*lp = l;
	return err;
}

int roster_read(struct list *lists, const struct presence_conf *conf)
{
	int err = 0;

	for (size_t i = 0; i < conf->listc && !err; i++) {
		struct roster *l = NULL;

		err = alloc(&l, &conf->listv[i]);
		if (!err)
			list_append(lists, &l->le, l);
	}
	return err;
}

struct roster *roster_find(const struct presence *p, enum presence_package pkg,
			   const struct pl *aor)
{
	struct le *le;

	if (package_of(pkg)->self)
		return NULL;
	LIST_FOREACH (&p->lists, le) {
		struct roster *l = le->data;

		if (!pl_strcmp(aor, l->aor))
			return l;
	}
	return NULL;
}

/* ---- the members' states --------------------------------------------------------------- */

/* One of another domain has none here */
static int attach_one(struct res **mp, const struct res *r, const char *text)
{
	const char *at = strrchr(text, '@');
	struct pl aor, host;
	int err;

	pl_set_str(&aor, text);
	pl_set_str(&host, at ? at + 1 : "");
	if (!presence_domain(r->p, &host))
		return 0;
	err = res_get(mp, r->p, r->pkg, &aor);
	if (err)
		return err;
	mem_ref(*mp);
	++(*mp)->listed;
	return 0;
}

int roster_attach(struct res *r, struct roster *l)
{
	int err = 0;

	r->members = mem_zalloc((l->n + 1) * sizeof(*r->members), NULL);
	if (!r->members)
		return ENOMEM;
	r->roster = mem_ref(l);
	for (size_t i = 0; i < l->n && !err; i++)
		err = attach_one(&r->members[i].res, r, l->v[i]);
	return err;
}

/* They are in the table until the next sweep: whoever walks it goes on */
void roster_detach(struct res *r)
{
	for (size_t i = 0; r->roster && i < r->roster->n; i++) {
		if (r->members[i].res)
			--r->members[i].res->listed;
		mem_deref(r->members[i].res);
	}
	r->members = mem_deref(r->members);
	r->roster = mem_deref(r->roster);
}

static bool has(const struct res *r, const struct res *member)
{
	for (size_t i = 0; r->roster && i < r->roster->n; i++)
		if (r->members[i].res == member)
			return true;
	return false;
}

void roster_changed(const struct res *member)
{
	struct le *le;

	if (!member->listed)
		return;
	LIST_FOREACH (&member->p->lists, le) {
		const struct roster *l = le->data;
		struct res *r;
		struct pl aor;

		pl_set_str(&aor, l->aor);
		r = res_find(member->p, member->pkg, &aor);
		if (!r || !has(r, member))
			continue;
		/* of no use any more, it is there until the next sweep: whoever
		 * walks the table goes on */
		++r->gen;
		res_tell(r);
	}
}

/* ---- another configuration ---------------------------------------------------------------- */

static bool same(const struct roster *a, const struct roster *b)
{
	if (!a || !b)
		return a == b;
	for (size_t i = 0; i < a->n; i++)
		if (a->n != b->n || strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

/* Who subscribed is to do so anew: it may be no list any more, or another one */
static void exchange(struct res *r, struct roster *l)
{
	struct le *le;

	roster_detach(r);
	if (l && roster_attach(r, l))
		log_warn("presence: list %s: out of memory", r->aor);
	++r->gen;
	++r->pending;
	le = list_head(&r->subs);
	while (le) {
		struct sub *s = le->data;

		le = le->next;
		sub_finish(s, SUB_DEACTIVATED);
	}
	--r->pending;
}

void roster_renew(struct presence *p)
{
	for (uint32_t i = 0; i < hash_bsize(p->resources); i++) {
		struct le *le = list_head(hash_list(p->resources, i));

		while (le) {
			struct res *r = le->data;
			struct roster *l;
			struct pl aor;

			le = le->next;
			pl_set_str(&aor, r->aor);
			l = roster_find(p, r->pkg, &aor);
			if (same(r->roster, l))
				continue;
			exchange(r, l);
			res_release(r);
		}
	}
}

/* ---- SUBSCRIBE ---------------------------------------------------------------------------- */

static bool takes(const struct req *q, const char *type)
{
	struct pl list, entry;
	bool said = false;
	size_t at = 0;

	while (sip_header(q->in->m, "Accept", 0, &at, &list)) {
		said = true;
		while (msg_list_next(&list, &entry)) {
			const char *semi = pl_strchr(&entry, ';');

			if (semi)
				entry.l = (size_t)(semi - entry.p);
			msg_trim(&entry);
			if (!pl_strcasecmp(&entry, type) ||
			    !pl_strcmp(&entry, "*/*"))
				return true;
		}
	}
	return !said;
}

bool roster_accepts(const struct req *q)
{
	const char *type = package_of(q->pkg)->type;

	if (!sip_option(q->in->m, "Supported", 'k', "eventlist") &&
	    !sip_option(q->in->m, "Require", 0, "eventlist"))
		return req_refuse(q, 421, "Extension Required",
				  "Require: eventlist\r\n");
	return (takes(q, "multipart/related") &&
		takes(q, "application/rlmi+xml") && takes(q, type)) ||
	       req_refuse(q, 406, "Not Acceptable",
			  "Accept: multipart/related, application/rlmi+xml, "
			  "%s\r\n",
			  type);
}

/* ---- NOTIFY -------------------------------------------------------------------------------- */

/* Nobody who publishes can know it, and write it into his document */
static int put_boundary(struct re_printf *pf, const struct sub *s)
{
	struct siphash h;

	if (!s)
		return re_hprintf(pf, "carom");
	siphash_start(&h, s->p->conf.key[0], s->p->conf.key[1]);
	sipkey_mem(&h, s->tag, strlen(s->tag));
	sipkey_mem(&h, s->callid, strlen(s->callid));
	return re_hprintf(pf, "carom-%016llx", siphash_end(&h));
}

int roster_type(struct re_printf *pf, const struct sub *s)
{
	return re_hprintf(pf,
			  "multipart/related;type=\"application/rlmi+xml\";"
			  "start=\"<list.%H@carom>\";boundary=\"%H\"",
			  put_boundary, s, put_boundary, s);
}

static int put_part(struct mbuf *mb, const struct sub *s, const char *id,
		    const char *type)
{
	return mbuf_printf(mb,
			   "--%H\r\nContent-Transfer-Encoding: binary\r\n"
			   "Content-ID: <%s.%H@carom>\r\n"
			   "Content-Type: %s;charset=\"UTF-8\"\r\n\r\n",
			   put_boundary, s, id, put_boundary, s, type);
}

/* Whoever may subscribe to the list may not see all who are in it */
static bool may_see(const struct res *r, const struct sub *s, size_t i)
{
	char buf[AOR + 1];
	struct pl aor, user = PL_INIT, uri, tag, remote;

	if (!s)
		return true;
	pl_set_str(&remote, s->remote);
	if (msg_addr(&uri, &tag, &remote) ||
	    presence_aor(r->p, &user, buf, sizeof(buf), &uri))
		user = pl_null;
	pl_set_str(&aor, r->members[i].res->aor);
	return presence_may(r->p, r->pkg, &aor, &user);
}

static int put_resource(struct mbuf *mb, const struct res *r,
			const struct sub *s, size_t i)
{
	struct pl aor;
	int err;

	pl_set_str(&aor, r->roster->v[i]);
	err = mbuf_printf(mb, "<resource uri=\"sip:%H\">", xml_text, &aor);
	if (err)
		return err;
	if (!r->members[i].res)
		err = mbuf_printf(mb, "<instance id=\"1\" state=\"terminated\" "
				      "reason=\"noresource\"/>");
	else if (!may_see(r, s, i))
		err = mbuf_printf(mb, "<instance id=\"1\" state=\"terminated\" "
				      "reason=\"rejected\"/>");
	else
		err = mbuf_printf(mb,
				  "<instance id=\"1\" state=\"active\" "
				  "cid=\"%zu.%H@carom\"/>",
				  i, put_boundary, s);
	return err ? err : mbuf_printf(mb, "</resource>\r\n");
}

int roster_compose(struct mbuf *mb, const struct res *r, const struct sub *s)
{
	const struct package *pk = package_of(r->pkg);
	struct pl aor;
	char id[16];
	int err = put_part(mb, s, "list", "application/rlmi+xml");

	pl_set_str(&aor, r->aor);
	if (!err)
		err = mbuf_printf(
			mb,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
			"<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" "
			"uri=\"sip:%H\" version=\"%u\" fullState=\"true\">\r\n",
			xml_text, &aor, s ? s->version : 0);
	for (size_t i = 0; i < r->roster->n && !err; i++)
		err = put_resource(mb, r, s, i);
	if (!err)
		err = mbuf_printf(mb, "</list>\r\n");
	for (size_t i = 0; i < r->roster->n && !err; i++) {
		if (!r->members[i].res || !may_see(r, s, i))
			continue;
		(void)re_snprintf(id, sizeof(id), "%zu", i);
		err = put_part(mb, s, id, pk->type);
		if (!err)
			err = pk->compose(mb, r->members[i].res, s);
	}
	return err ? err : mbuf_printf(mb, "--%H--\r\n", put_boundary, s);
}
