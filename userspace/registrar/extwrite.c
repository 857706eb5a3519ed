/* SPDX-License-Identifier: BSD-2-Clause */
/* Extensions: their records, written and shown */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "base/member.h"
#include "registrar/exttable.h"

bool extkey_part(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++)
		if ((uint8_t)pl->p[i] <= ' ' || pl->p[i] == 0x7f ||
		    strchr("\"@:<>\\", pl->p[i]))
			return false;
	return pl->l && pl->l <= EXTENSION_PART;
}

/* user@domain, the domain in small letters */
int extkey_make(struct pl *key, char buf[EXTENSION_KEY], const struct pl *user,
		const struct pl *domain)
{
	if (!extkey_part(user) || !extkey_part(domain))
		return EINVAL;
	memcpy(buf, user->p, user->l);
	buf[user->l] = '@';
	for (size_t i = 0; i < domain->l; i++)
		buf[user->l + 1 + i] = (char)tolower(domain->p[i]);
	key->p = buf;
	key->l = user->l + 1 + domain->l;
	return 0;
}

/* ---- writing ---------------------------------------------------------------------- */

struct write {
	struct extensions *x;
	struct odict *o; /* NULL: deleted */
	extension_done_h *h;
	void *arg;
	size_t keyl;
	char key[EXTENSION_KEY];
};

static void write_destructor(void *arg)
{
	struct write *w = arg;

	mem_deref(w->o);
	mem_deref(w->x);
}

static void done_handler(int err, void *arg)
{
	struct write *w = arg;
	const struct pl key = {w->key, w->keyl};

	if (!err)
		exttable_take(w->x, &key, w->o);
	if (w->h)
		w->h(err, w->arg);
	mem_deref(w);
}

static int write_alloc(struct write **wp, struct extensions *x,
		       const struct pl *user, const struct pl *domain,
		       extension_done_h *h, void *arg)
{
	struct write *w = mem_zalloc(sizeof(*w), write_destructor);
	struct pl key;
	int err;

	if (!w)
		return ENOMEM;
	err = extkey_make(&key, w->key, user, domain);
	if (err) {
		mem_deref(w);
		return err;
	}
	w->keyl = key.l;
	w->x = mem_ref(x);
	w->h = h;
	w->arg = arg;
	*wp = w;
	return 0;
}

/* Whoever does not want to be called has it done at once */
static int write_now(struct write *w, const struct pl *value)
{
	const struct pl key = {w->key, w->keyl};
	int err = value ? store_put(w->x->store, EXTENSION_KIND, &key, value)
			: store_del(w->x->store, EXTENSION_KIND, &key);

	if (err)
		mem_deref(w);
	else
		done_handler(0, w);
	return err;
}

static int write_out(struct write *w, const struct pl *value)
{
	const struct store_op op = {.kind = EXTENSION_KIND,
				    .key = {w->key, w->keyl},
				    .value = value ? *value : pl_null};
	int err;

	if (!w->h)
		return write_now(w, value);
	err = store_write(w->x->store, &op, 1, done_handler, w);
	if (err)
		mem_deref(w);
	return err;
}

static int read_record(struct odict **op, const struct extensions *x,
		       const struct pl *key)
{
	char *text = NULL;
	int err = store_get(x->store, EXTENSION_KIND, key, &text);

	if (!err && json_decode_odict(op, 16, text, strlen(text), 4))
		err = EBADMSG;
	mem_deref(text);
	return err;
}

static int set(struct odict *o, const char *name, const struct pl *val)
{
	char text[EXTENSION_KEY];

	odict_entry_del(o, name);
	if (pl_strcpy(val, text, sizeof(text)))
		return EINVAL;
	return odict_entry_add(o, name, ODICT_STRING, text);
}

static int set_ha1(const struct extensions *x, struct odict *o,
		   const struct pl *user, const struct pl *realm,
		   const struct pl *password)
{
	struct odict *ha1 = NULL;
	int err = odict_alloc(&ha1, 4);

	for (unsigned i = 0; i < DIGEST_ALGS && !err; i++) {
		char hex[DIGEST_HEX + 1];

		err = digest_join(x->digest, hex, i,
				  (struct pl[]){*user, *realm, *password}, 3);
		if (!err)
			err = odict_entry_add(ha1, digest_name(i), ODICT_STRING,
					      hex);
	}
	odict_entry_del(o, "ha1");
	if (!err)
		err = odict_entry_add(o, "ha1", ODICT_OBJECT, ha1);
	mem_deref(ha1);
	return err;
}

static bool is_ours(const char *name)
{
	static const char *const namev[] = {"id", "user", "domain", "realm",
					    "ha1"};

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++)
		if (!strcmp(namev[i], name))
			return true;
	return false;
}

static int add_more(struct odict *o, const struct odict *more)
{
	int err = 0;

	for (struct le *le = more ? list_head(&more->lst) : NULL; le && !err;
	     le = le->next) {
		const struct odict_entry *e = le->data;

		if (is_ours(e->key))
			return EINVAL;
		odict_entry_del(o, e->key);
		err = member_copy(o, e);
	}
	return err;
}

int extension_fill(const struct extensions *x, struct odict *record,
		   const struct pl *user, const struct pl *domain,
		   const struct pl *realm, const struct pl *password)
{
	char buf[EXTENSION_KEY];
	struct pl key, low;
	int err;

	if (!x || !record || !user || !domain ||
	    (password && (!password->l || password->l > EXTENSION_PASSWORD)) ||
	    (realm && realm->l && !extkey_part(realm)) ||
	    extkey_make(&key, buf, user, domain))
		return EINVAL;
	low = (struct pl){key.p + user->l + 1, domain->l};
	realm = realm && realm->l ? realm : &low;
	err = set(record, "id", &key);
	err = err ? err : set(record, "user", user);
	err = err ? err : set(record, "domain", &low);
	if (!err && password)
		err = set(record, "realm", realm);
	if (!err && password)
		err = set_ha1(x, record, user, realm, password);
	return err;
}

static int fill(struct write *w, const struct pl *user, const struct pl *domain,
		const struct pl *realm, const struct pl *password,
		const struct odict *more)
{
	const struct pl key = {w->key, w->keyl};
	int err = read_record(&w->o, w->x, &key);

	if (err == ENOENT && password)
		err = odict_alloc(&w->o, 8);
	if (!err)
		err = extension_fill(w->x, w->o, user, domain, realm, password);
	return err ? err : add_more(w->o, more);
}

int extension_put(struct extensions *x, const struct pl *user,
		  const struct pl *domain, const struct pl *realm,
		  const struct pl *password, const struct odict *more,
		  extension_done_h *h, void *arg)
{
	struct write *w = NULL;
	char *text = NULL;
	struct pl value;
	int err;

	if (!x || !user || !domain ||
	    (password && (!password->l || password->l > EXTENSION_PASSWORD)) ||
	    (realm && realm->l && !extkey_part(realm)))
		return EINVAL;
	err = write_alloc(&w, x, user, domain, h, arg);
	if (err)
		return err;
	err = fill(w, user, domain, realm, password, more);
	if (!err)
		err = re_sdprintf(&text, "%H", json_encode_odict, w->o);
	if (err) {
		mem_deref(w);
		return err;
	}
	pl_set_str(&value, text);
	err = write_out(w, &value);
	mem_deref(text);
	return err;
}

int extension_del(struct extensions *x, const struct pl *user,
		  const struct pl *domain, extension_done_h *h, void *arg)
{
	struct write *w = NULL;
	int err;

	if (!x || !user || !domain)
		return EINVAL;
	err = write_alloc(&w, x, user, domain, h, arg);
	if (err)
		return err;
	if (!exttable_find(x, &(struct pl){w->key, w->keyl})) {
		mem_deref(w);
		return ENOENT;
	}
	return write_out(w, NULL);
}

int extension_get(struct odict **op, const struct extensions *x,
		  const struct pl *user, const struct pl *domain)
{
	char buf[EXTENSION_KEY];
	struct pl key;
	int err;

	if (!op || !x || !user || !domain ||
	    extkey_make(&key, buf, user, domain))
		return EINVAL;
	err = read_record(op, x, &key);
	if (!err)
		odict_entry_del(*op, "ha1");
	return err;
}
