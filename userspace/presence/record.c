/* SPDX-License-Identifier: BSD-2-Clause */
/* Subscriptions and publications as records of the store, and back */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "presence/priv.h"

enum {
	BUCKETS = 32,
	PACE = 200, /* NOTIFYs a second after a restart */
};

static int print_json(struct mbuf *mb, const struct odict *o)
{
	return mbuf_printf(mb, "%H", json_encode_odict, o);
}

static int str(struct odict *o, const char *key, const char *s)
{
	return s ? odict_entry_add(o, key, ODICT_STRING, s) : 0;
}

static int num(struct odict *o, const char *key, uint64_t v)
{
	return odict_entry_add(o, key, ODICT_INT, (int64_t)v);
}

/* ---- out ------------------------------------------------------------------------- */

static int put_flow(struct odict *o, const struct sip_flow *f, bool by_flow)
{
	char peer[80];
	int err;

	(void)re_snprintf(peer, sizeof(peer), "%J", &f->peer);
	err = str(o, "peer", peer);
	if (!err)
		err = num(o, "transport", f->transp);
	return err ? err : num(o, "by_flow", by_flow);
}

int presence_record_sub(struct mbuf *mb, const struct sub *s)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, BUCKETS);

	if (err)
		return err;
	err = str(o, "aor", s->res->aor);
	err |= str(o, "package", presence_name(s->res->pkg));
	err |= str(o, "tag", s->tag);
	err |= str(o, "rtag", s->rtag);
	err |= str(o, "callid", s->callid);
	err |= str(o, "local", s->local);
	err |= str(o, "remote", s->remote);
	err |= str(o, "contact", s->contact);
	err |= str(o, "route", s->route);
	err |= str(o, "event_id", s->event_id);
	err |= str(o, "ours", s->ours);
	err |= num(o, "rcseq", s->rcseq);
	err |= num(o, "lcseq", s->lcseq);
	err |= num(o, "version", s->version);
	err |= num(o, "list", s->listed);
	err |= num(o, "expires", s->expires);
	err |= num(o, "hash", s->hash);
	err |= put_flow(o, &s->flow, s->by_flow);
	err |= num(o, "guest", s->guest);
	if (!err)
		err = print_json(mb, o);
	mem_deref(o);
	return err ? ENOMEM : 0;
}

int presence_record_pub(struct mbuf *mb, const struct pub *pb)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, BUCKETS);

	if (err)
		return err;
	err = str(o, "aor", pb->res->aor);
	err |= str(o, "package", presence_name(pb->res->pkg));
	err |= str(o, "etag", pb->etag);
	err |= num(o, "expires", pb->expires);
	err |= str(o, "body", pb->body);
	if (!err)
		err = print_json(mb, o);
	mem_deref(o);
	return err ? ENOMEM : 0;
}

int presence_record_box(struct mbuf *mb, const struct presence_mailbox *m)
{
	return mbuf_printf(mb,
			   "{\"fresh\":%u,\"old\":%u,\"urgent_fresh\":%u,"
			   "\"urgent_old\":%u}",
			   m->fresh, m->old, m->urgent_fresh, m->urgent_old);
}

/* ---- in -------------------------------------------------------------------------- */

static uint64_t number(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_lookup(o, key);

	return e && e->type == ODICT_INT ? (uint64_t)e->u.integer : 0;
}

static int copy(char **sp, const struct odict *o, const char *key, bool need)
{
	const char *s = odict_string(o, key);

	if (!s)
		return need ? EBADMSG : 0;
	return str_dup(sp, s);
}

static int get_res(struct res **rp, struct presence *p, const struct odict *o)
{
	const char *aor = odict_string(o, "aor");
	const char *name = odict_string(o, "package");
	enum presence_package pkg;
	struct pl pl;

	if (!aor || !name)
		return EBADMSG;
	pl_set_str(&pl, name);
	pkg = package_find(&pl);
	if (pkg == PRESENCE_PACKAGES)
		return EBADMSG;
	pl_set_str(&pl, aor);
	return res_get(rp, p, pkg, &pl);
}

static int fill_sub(struct sub *s, const struct odict *o)
{
	const char *peer = odict_string(o, "peer");
	int err = copy(&s->tag, o, "tag", true);

	if (!err)
		err = copy(&s->rtag, o, "rtag", true);
	if (!err)
		err = copy(&s->callid, o, "callid", true);
	if (!err)
		err = copy(&s->local, o, "local", true);
	if (!err)
		err = copy(&s->remote, o, "remote", true);
	if (!err)
		err = copy(&s->contact, o, "contact", true);
	if (!err)
		err = copy(&s->ours, o, "ours", true);
	if (!err)
		err = copy(&s->route, o, "route", false);
	if (!err)
		err = copy(&s->event_id, o, "event_id", false);
	if (!err && (!peer || sa_decode(&s->flow.peer, peer, strlen(peer))))
		err = EBADMSG;
	s->flow.set = true;
	s->flow.transp = (enum msg_transp)number(o, "transport");
	if (!err && (unsigned)s->flow.transp >= MSG_TRANSP_MAX)
		err = EBADMSG;
	s->by_flow = number(o, "by_flow") != 0;
	s->guest = number(o, "guest") != 0;
	s->rcseq = (uint32_t)number(o, "rcseq");
	s->lcseq = (uint32_t)number(o, "lcseq");
	s->version = (uint32_t)number(o, "version");
	s->expires = number(o, "expires");
	s->hash = number(o, "hash");
	s->listed = number(o, "list") != 0;
	s->answered = true;
	return err;
}

static int read_sub(struct presence *p, const struct odict *o)
{
	struct res *r = NULL;
	struct sub *s = NULL;
	int err = get_res(&r, p, o);

	if (!err)
		err = sub_alloc(&s, p, r);
	if (!err)
		err = fill_sub(s, o);
	if (err) {
		mem_deref(s);
		res_release(r);
		return err;
	}
	sub_link(s);
	return 0;
}

static int read_pub(struct presence *p, const struct odict *o)
{
	const char *etag = odict_string(o, "etag");
	const char *text = odict_string(o, "body");
	struct pub *pb = NULL;
	struct res *r = NULL;
	const char *why = "";
	struct pl body;
	int err;

	if (!etag || !text || strlen(etag) >= ETAG)
		return EBADMSG;
	err = get_res(&r, p, o);
	if (err)
		return err;
	pl_set_str(&body, text);
	err = pub_alloc(&pb, r, &body, &why);
	if (!err) {
		str_ncpy(pb->etag, etag, sizeof(pb->etag));
		pb->expires = number(o, "expires");
		pub_replace(r, NULL, pb);
		mem_deref(pb);
	}
	res_release(r);
	return err;
}

static int read_box(struct presence *p, const struct pl *aor,
		    const struct odict *o)
{
	struct res *r;
	int err = res_get(&r, p, PRESENCE_SUMMARY, aor);

	if (err)
		return err;
	r->boxed = true;
	r->box = (struct presence_mailbox){(uint32_t)number(o, "fresh"),
					   (uint32_t)number(o, "old"),
					   (uint32_t)number(o, "urgent_fresh"),
					   (uint32_t)number(o, "urgent_old")};
	return 0;
}

static int decode(struct odict **op, const struct pl *value)
{
	return json_decode_odict(op, BUCKETS, value->p, value->l, 4);
}

/* One that can't be read is left where it is, and said so */
static bool sub_handler(const struct pl *key, const struct pl *value, void *arg)
{
	struct odict *o = NULL;
	int err = decode(&o, value);

	if (!err)
		err = read_sub(arg, o);
	if (err)
		log_warn("presence: stored subscription %r: %m", key, err);
	mem_deref(o);
	return err == ENOMEM;
}

static bool pub_handler(const struct pl *key, const struct pl *value, void *arg)
{
	struct odict *o = NULL;
	int err = decode(&o, value);

	if (!err)
		err = read_pub(arg, o);
	if (err)
		log_warn("presence: stored publication %r: %m", key, err);
	mem_deref(o);
	return err == ENOMEM;
}

static bool box_handler(const struct pl *key, const struct pl *value, void *arg)
{
	struct odict *o = NULL;
	int err = decode(&o, value);

	if (!err)
		err = read_box(arg, key, o);
	if (err)
		log_warn("presence: stored mailbox %r: %m", key, err);
	mem_deref(o);
	return err == ENOMEM;
}

/* What is a list, or none, since the restart is to be subscribed to anew */
static void resume_one(struct sub *s, uint32_t ms)
{
	if (s->listed != (s->res->roster != NULL)) {
		s->end = SUB_DEACTIVATED;
		s->must = true;
	}
	sub_resume(s, ms);
}

/* Whose state is not what they were told last are told, not all at once */
static void resume(struct presence *p)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < hash_bsize(p->resources); i++) {
		struct le *le = list_head(hash_list(p->resources, i)), *se;

		for (; le; le = le->next) {
			struct res *r = le->data;

			if (r->pkg == PRESENCE_DIALOG)
				(void)dialoginfo_lines(r);
			LIST_FOREACH (&r->subs, se)
				resume_one(se->data, n++ * 1000 / PACE);
		}
	}
	if (n)
		log_info("presence: %u subscriptions go on", n);
}

int presence_read(struct presence *p)
{
	int err = store_each(p->store, PUB_KIND, pub_handler, p);

	if (!err)
		err = store_each(p->store, BOX_KIND, box_handler, p);
	if (!err)
		err = store_each(p->store, SUB_KIND, sub_handler, p);
	if (!err)
		resume(p);
	return err;
}

/* ---- other nodes ------------------------------------------------------------------ */

/* "PACKAGE AOR ETAG" */
static struct res *res_of_key(struct presence *p, const struct pl *key,
			      struct pl *etag)
{
	struct pl name, aor;
	enum presence_package pkg;

	if (re_regex(key->p, key->l, "[^ ]+ [^ ]+ [^ ]+", &name, &aor, etag))
		return NULL;
	pkg = package_find(&name);
	return pkg == PRESENCE_PACKAGES ? NULL : res_find(p, pkg, &aor);
}

void presence_pub_changed(const char *kind, const struct pl *key,
			  const struct pl *value, void *arg)
{
	struct presence *p = arg;
	struct pub *pb = NULL;
	struct res *r;
	struct pl etag;
	(void)kind;

	r = res_of_key(p, key, &etag);
	pb = pub_find(r, &etag);
	if (pb)
		pub_replace(r, pb, NULL);
	if (value)
		(void)pub_handler(key, value, p);
	r = res_of_key(p, key, &etag);
	if (!r)
		return;
	res_changed(r);
	res_release(r);
}

void presence_box_changed(const char *kind, const struct pl *key,
			  const struct pl *value, void *arg)
{
	struct presence *p = arg;
	struct res *r;
	(void)kind;

	if (value)
		(void)box_handler(key, value, p);
	r = res_find(p, PRESENCE_SUMMARY, key);
	if (!r)
		return;
	r->boxed = value != NULL;
	res_changed(r);
	res_release(r);
}
