/* SPDX-License-Identifier: BSD-2-Clause */
/* What the CLI asks a registrar */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/jsonput.h"
#include "base/put.h"
#include "control/control.h"
#include "registrar/control.h"
#include "registrar/priv.h"

/* ---- a binding --------------------------------------------------------------------- */

static void str(int *err, struct odict *o, const char *key,
		const struct pl *val)
{
	char *text = NULL;

	if (*err || !val->l)
		return;
	*err = pl_strdup(&text, val);
	if (!*err)
		*err = odict_entry_add(o, key, ODICT_STRING, text);
	mem_deref(text);
}

static void num(int *err, struct odict *o, const char *key, uint64_t n)
{
	if (!*err)
		*err = odict_entry_add(o, key, ODICT_INT, (int64_t)n);
}

int registration_json(struct odict **op, const struct binding *b, uint64_t now)
{
	struct odict *o = NULL;
	char src[64];
	struct pl pl;
	int err = odict_alloc(&o, 16);

	str(&err, o, "aor", &b->aor);
	str(&err, o, "id", &b->id);
	str(&err, o, "contact", &b->uri);
	if (!err)
		err = odict_entry_add(o, "q", ODICT_DOUBLE,
				      (double)b->q / LOCATION_Q);
	num(&err, o, "expires_in", b->expires > now ? b->expires - now : 0);
	num(&err, o, "registered_for", now > b->since ? now - b->since : 0);
	str(&err, o, "call_id", &b->callid);
	num(&err, o, "cseq", b->cseq);
	(void)re_snprintf(src, sizeof(src), "%J", &b->src);
	pl_set_str(&pl, src);
	str(&err, o, "source", &pl);
	pl_set_str(&pl, msg_transp_name(b->transp));
	str(&err, o, "transport", &pl);
	if (!err)
		err = odict_entry_add(o, "direct", ODICT_BOOL, b->direct);
	str(&err, o, "instance", &b->instance);
	if (b->reg_id)
		num(&err, o, "reg_id", b->reg_id);
	str(&err, o, "path", &b->path);
	str(&err, o, "user_agent", &b->agent);
	if (b->rtt)
		num(&err, o, "rtt_us", b->rtt);
	if (b->failed)
		num(&err, o, "unanswered", b->failed);
	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}

static int optional(struct mbuf *mb, const char *name, const struct pl *val)
{
	return val->l ? jsonput_str(mb, name, val) : 0;
}

static int whence(struct mbuf *mb, const struct binding *b)
{
	int err = jsonput_name(mb, "source");
	struct pl transp;

	err = err ? err : PUT(mb, "\"");
	err = err ? err : put_addr(mb, &b->src);
	err = err ? err : PUT(mb, "\"");
	pl_set_str(&transp, msg_transp_name(b->transp));
	err = err ? err : jsonput_str(mb, "transport", &transp);
	return err ? err : jsonput_bool(mb, "direct", b->direct);
}

static int preference(struct mbuf *mb, uint16_t q)
{
	int err = jsonput_name(mb, "q");

	err = err ? err : put_u64(mb, q / LOCATION_Q);
	err = err ? err : PUT(mb, ".");
	return err ? err : put_digits(mb, q % LOCATION_Q, 3);
}

int registration_print(struct mbuf *mb, const struct binding *b, uint64_t now)
{
	int err = PUT(mb, "{");

	err = err ? err : jsonput_str(mb, "aor", &b->aor);
	err = err ? err : jsonput_str(mb, "id", &b->id);
	err = err ? err : jsonput_str(mb, "contact", &b->uri);
	err = err ? err : preference(mb, b->q);
	err = err ? err
		  : jsonput_u64(mb, "expires_in",
				b->expires > now ? b->expires - now : 0);
	err = err ? err
		  : jsonput_u64(mb, "registered_for",
				now > b->since ? now - b->since : 0);
	err = err ? err : optional(mb, "call_id", &b->callid);
	err = err ? err : jsonput_u64(mb, "cseq", b->cseq);
	err = err ? err : whence(mb, b);
	err = err ? err : optional(mb, "instance", &b->instance);
	if (!err && b->reg_id)
		err = jsonput_u64(mb, "reg_id", b->reg_id);
	err = err ? err : optional(mb, "path", &b->path);
	err = err ? err : optional(mb, "user_agent", &b->agent);
	if (!err && b->rtt)
		err = jsonput_u64(mb, "rtt_us", b->rtt);
	if (!err && b->failed)
		err = jsonput_u64(mb, "unanswered", b->failed);
	return err ? err : PUT(mb, "}");
}

/* ---- registrations ------------------------------------------------------------------ */

struct lister {
	struct odict *arr;
	uint64_t now;
	unsigned n;
	int err;
};

static bool add_one(const struct binding *b, void *arg)
{
	struct lister *l = arg;
	struct odict *o = NULL;
	char key[16];

	if (l->n == CONTROL_SHOWN)
		return true;
	l->err = registration_json(&o, b, l->now);
	(void)re_snprintf(key, sizeof(key), "%u", l->n++);
	if (!l->err)
		l->err = odict_entry_add(l->arr, key, ODICT_OBJECT, o);
	mem_deref(o);
	return l->err;
}

/* "sip:alice@example.com", "alice@example.com" */
static int aor_of(struct registrar *r, struct pl *aor, char *buf, size_t sz,
		  const char *text, struct odict *reply)
{
	struct pl uri, instance;
	char full[LOCATION_AOR + 8];

	if (!text)
		return control_fail(reply, EINVAL, "no address of record");
	(void)re_snprintf(full, sizeof(full), "%s%s",
			  strncmp(text, "sip:", 4) ? "sip:" : "", text);
	pl_set_str(&uri, full);
	return registrar_aor(r, aor, &instance, buf, sz, &uri)
		       ? control_fail(reply, ENOENT,
				      "%s is no address of a domain here", text)
		       : 0;
}

static int list(struct registrar *r, const struct odict *req,
		struct odict *reply)
{
	struct lister l = {.now = (uint64_t)time(NULL)};
	const char *text = odict_string(req, "aor");
	char buf[LOCATION_AOR + 300];
	struct pl aor;
	size_t aors;
	int err = odict_alloc(&l.arr, 64);

	if (!err && text)
		err = aor_of(r, &aor, buf, sizeof(buf), text, reply);
	if (!err && text)
		(void)location_find(r->loc, &aor, add_one, &l);
	else if (!err)
		(void)location_each(r->loc, add_one, &l);
	err = err ? err : l.err;
	if (!err)
		err = odict_entry_add(reply, "registrations", ODICT_ARRAY,
				      l.arr);
	num(&err, reply, "total", text ? l.n : location_count(r->loc, NULL));
	(void)location_count(r->loc, &aors);
	num(&err, reply, "addresses", aors);
	mem_deref(l.arr);
	return err;
}

static int remove_it(struct registrar *r, const struct odict *req,
		     struct odict *reply)
{
	const char *text = odict_string(req, "aor"),
		   *id = odict_string(req, "id");
	char buf[LOCATION_AOR + 300];
	struct pl aor, which;
	int err = aor_of(r, &aor, buf, sizeof(buf), text, reply);

	if (err)
		return err;
	pl_set_str(&which, id ? id : "");
	err = location_remove(r->loc, &aor, id ? &which : NULL,
			      LOCATION_DEACTIVATED, NULL, NULL);
	if (err == ENOENT)
		return control_fail(reply, err, "%s has no such contact", text);
	return err ? err : control_say(reply, "%s: removed", text);
}

/* ---- extensions --------------------------------------------------------------------- */

struct names {
	struct odict *arr;
	unsigned n;
	int err;
};

static bool add_name(const struct pl *user, const struct pl *domain, void *arg)
{
	struct names *l = arg;
	char key[16], id[2 * EXTENSION_PART + 2];
	struct odict *o = NULL;

	if (l->n == CONTROL_SHOWN)
		return true;
	(void)re_snprintf(key, sizeof(key), "%u", l->n++);
	(void)re_snprintf(id, sizeof(id), "%r@%r", user, domain);
	l->err = odict_alloc(&o, 4);
	if (!l->err)
		l->err = odict_entry_add(o, "id", ODICT_STRING, id);
	if (!l->err)
		l->err = odict_entry_add(l->arr, key, ODICT_OBJECT, o);
	mem_deref(o);
	return l->err;
}

static int list_extensions(const struct registrar *r, struct odict *reply)
{
	struct names l = {.n = 0};
	int err = odict_alloc(&l.arr, 64);

	if (!err)
		(void)extension_each(r->ext, add_name, &l);
	err = err ? err : l.err;
	if (!err)
		err = odict_entry_add(reply, "extensions", ODICT_ARRAY, l.arr);
	num(&err, reply, "total", extensions_count(r->ext));
	mem_deref(l.arr);
	return err;
}

/* Without a domain it is the first one's */
static int name_of(const struct registrar *r, struct pl *user,
		   struct pl *domain, const char *id, struct odict *reply)
{
	const char *at = id ? strchr(id, '@') : NULL;

	if (!str_isset(id) || at == id)
		return control_fail(reply, EINVAL,
				    "no extension; allowed: USER or "
				    "USER@DOMAIN");
	user->p = id;
	user->l = at ? (size_t)(at - id) : strlen(id);
	pl_set_str(domain, at ? at + 1 : r->domainv[0]);
	return registrar_domain(r, domain)
		       ? 0
		       : control_fail(reply, EINVAL,
				      "%s is none of registrar.domains",
				      at ? at + 1 : r->domainv[0]);
}

static int add_extension(struct registrar *r, const struct odict *req,
			 struct odict *reply)
{
	const char *secret = odict_string(req, "password");
	struct pl user, domain, password, realm;
	bool had;
	int err = name_of(r, &user, &domain, odict_string(req, "id"), reply);

	if (err)
		return err;
	pl_set_str(&password, secret ? secret : "");
	pl_set_str(&realm, r->realm ? r->realm : "");
	had = extension_known(r->ext, &user, &domain);
	err = extension_put(r->ext, &user, &domain, r->realm ? &realm : NULL,
			    &password, NULL, NULL, NULL);
	if (err == EINVAL)
		return control_fail(reply, err,
				    "no name or no password; allowed: a name "
				    "of 1..255 bytes without blanks and any of "
				    "\"@:<>\\, a password of 1..256 bytes");
	return err ? err
		   : control_say(reply, "%s: %s", odict_string(req, "id"),
				 had ? "changed" : "added");
}

static int delete_extension(struct registrar *r, const struct odict *req,
			    struct odict *reply)
{
	struct pl user, domain;
	int err = name_of(r, &user, &domain, odict_string(req, "id"), reply);

	if (err)
		return err;
	err = extension_del(r->ext, &user, &domain, NULL, NULL);
	if (err == ENOENT)
		return control_fail(reply, err, "there is no extension %s",
				    odict_string(req, "id"));
	return err ? err
		   : control_say(reply,
				 "%s: gone; contacts stay until they expire",
				 odict_string(req, "id"));
}

/* ------------------------------------------------------------------------------------- */

int registrar_control(struct registrar *r, const char *command,
		      const struct odict *req, struct odict *reply)
{
	if (!strcmp(command, "registrations list"))
		return list(r, req, reply);
	if (!strcmp(command, "registrations delete"))
		return remove_it(r, req, reply);
	if (!strcmp(command, "extension list"))
		return list_extensions(r, reply);
	if (!strcmp(command, "extension add"))
		return add_extension(r, req, reply);
	if (!strcmp(command, "extension delete"))
		return delete_extension(r, req, reply);
	return ENOSYS;
}
