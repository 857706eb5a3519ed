/* SPDX-License-Identifier: BSD-2-Clause */
/* Extensions: their HA1s in memory, their records in the store */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "registrar/extension.h"

enum {
	BUCKETS = 16384,
	RAW = DIGEST_HEX / 2, /* bytes of the longest */
};

/* One of them; its names lie behind it: "user@domain", then the realm */
struct extension {
	struct le le;
	uint8_t ha1[DIGEST_ALGS][RAW];
	uint8_t has; /* bit of each algorithm */
	uint16_t userl, keyl, realml;
	char text[];
};

struct extensions {
	struct store *store;
	struct store_watch *watch;
	struct hash *hash;
	struct digest *digest;
	extension_change_h *changeh;
	void *change_arg;
	size_t count;
	char hex[DIGEST_HEX + 1]; /* that was handed out */
};

static void destructor(void *arg)
{
	struct extensions *x = arg;

	mem_deref(x->watch);
	hash_flush(x->hash);
	mem_deref(x->hash);
	mem_deref(x->digest);
}

static void extension_destructor(void *arg)
{
	struct extension *e = arg;

	hash_unlink(&e->le);
}

static bool part_good(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++)
		if ((uint8_t)pl->p[i] <= ' ' || pl->p[i] == 0x7f ||
		    strchr("\"@:<>\\", pl->p[i]))
			return false;
	return pl->l && pl->l <= EXTENSION_PART;
}

/* user@domain, the domain in small letters */
static int make_key(struct pl *key, char buf[2 * EXTENSION_PART + 2],
		    const struct pl *user, const struct pl *domain)
{
	if (!part_good(user) || !part_good(domain))
		return EINVAL;
	memcpy(buf, user->p, user->l);
	buf[user->l] = '@';
	for (size_t i = 0; i < domain->l; i++)
		buf[user->l + 1 + i] = (char)tolower(domain->p[i]);
	key->p = buf;
	key->l = user->l + 1 + domain->l;
	return 0;
}

static uint32_t hash_of(const struct pl *key)
{
	return hash_joaat((const uint8_t *)key->p, key->l);
}

static struct extension *find(const struct extensions *x, const struct pl *key)
{
	struct le *le = list_head(hash_list(x->hash, hash_of(key)));

	for (; le; le = le->next) {
		struct extension *e = le->data;

		if (e->keyl == key->l && !memcmp(e->text, key->p, key->l))
			return e;
	}
	return NULL;
}

/* ---- records --------------------------------------------------------------------- */

static bool hex_in(uint8_t raw[RAW], const char *hex, size_t len)
{
	if (!hex || strlen(hex) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)hex[i]))
			return false;
	return !str_hex(raw, len / 2, hex);
}

static const char *member(const struct odict *o, const char *name)
{
	return odict_string(o, name);
}

/* What a record says, or nothing where it says it wrongly */
static struct extension *from_record(const struct pl *key,
				     const struct odict *o)
{
	const char *user = member(o, "user"), *domain = member(o, "domain"),
		   *realm = member(o, "realm");
	const struct odict_entry *he = odict_lookup(o, "ha1");
	struct extension *e;

	if (!user || !domain || !he || he->type != ODICT_OBJECT ||
	    str_len(user) + 1 + str_len(domain) != key->l)
		return NULL;
	realm = str_isset(realm) ? realm : domain;
	e = mem_zalloc(sizeof(*e) + key->l + strlen(realm),
		       extension_destructor);
	if (!e)
		return NULL;
	for (unsigned i = 0; i < DIGEST_ALGS; i++)
		if (hex_in(e->ha1[i], member(he->u.odict, digest_name(i)),
			   digest_len(i)))
			e->has |= (uint8_t)(1u << i);
	e->userl = (uint16_t)strlen(user);
	e->keyl = (uint16_t)key->l;
	e->realml = (uint16_t)strlen(realm);
	memcpy(e->text, key->p, key->l);
	memcpy(e->text + key->l, realm, e->realml);
	return e;
}

static void told(const struct extensions *x, const struct pl *key)
{
	const char *at = pl_strrchr(key, '@');
	struct pl user, domain;

	if (!x->changeh || !at)
		return;
	user = (struct pl){key->p, (size_t)(at - key->p)};
	domain = (struct pl){at + 1, key->l - user.l - 1};
	x->changeh(&user, &domain, x->change_arg);
}

void extensions_watch(struct extensions *x, extension_change_h *h, void *arg)
{
	x->changeh = h;
	x->change_arg = arg;
}

static void take(struct extensions *x, const struct pl *key,
		 const struct odict *o)
{
	struct extension *e = o ? from_record(key, o) : NULL,
			 *old = find(x, key);

	if (o && !e) {
		log_warn("extension %r: its record can't be read: left out",
			 key);
		return;
	}
	if (old) {
		mem_deref(old);
		--x->count;
	}
	if (e) {
		hash_append(x->hash, hash_of(key), &e->le, e);
		++x->count;
	}
	told(x, key);
}

static void take_text(struct extensions *x, const struct pl *key,
		      const struct pl *value)
{
	struct odict *o = NULL;

	if (value && json_decode_odict(&o, 16, value->p, value->l, 4))
		o = NULL;
	if (!value || o)
		take(x, key, o);
	else
		log_warn("extension %r: its record is no JSON: left out", key);
	mem_deref(o);
}

static bool read_one(const struct pl *key, const struct pl *value, void *arg)
{
	take_text(arg, key, value);
	return false;
}

static void changed(const char *kind, const struct pl *key,
		    const struct pl *value, void *arg)
{
	(void)kind;
	take_text(arg, key, value);
}

int extensions_alloc(struct extensions **xp, struct store *store)
{
	struct extensions *x;
	int err;

	if (!xp || !store)
		return EINVAL;
	x = mem_zalloc(sizeof(*x), destructor);
	if (!x)
		return ENOMEM;
	x->store = store;
	err = hash_alloc(&x->hash, BUCKETS);
	if (!err)
		err = digest_alloc(&x->digest);
	if (!err)
		err = store_watch(&x->watch, store, EXTENSION_KIND, changed, x);
	if (!err)
		err = store_each(store, EXTENSION_KIND, read_one, x);
	if (err)
		mem_deref(x);
	else
		*xp = x;
	return err;
}

/* ---- looking --------------------------------------------------------------------- */

size_t extensions_count(const struct extensions *x)
{
	return x ? x->count : 0;
}

const char *extension_ha1(struct extensions *x, const struct pl *user,
			  const struct pl *domain, const struct pl *realm,
			  enum digest_alg alg)
{
	static const char digitv[] = "0123456789abcdef";
	char buf[2 * EXTENSION_PART + 2];
	const struct extension *e;
	struct pl key;
	size_t n;

	if (!x || make_key(&key, buf, user, domain) || alg >= DIGEST_ALGS)
		return NULL;
	e = find(x, &key);
	if (!e || !(e->has >> alg & 1) || e->realml != realm->l ||
	    memcmp(e->text + e->keyl, realm->p, realm->l) != 0)
		return NULL;
	n = digest_len(alg);
	for (size_t i = 0; i < n / 2; i++) {
		x->hex[2 * i] = digitv[e->ha1[alg][i] >> 4];
		x->hex[2 * i + 1] = digitv[e->ha1[alg][i] & 15];
	}
	x->hex[n] = '\0';
	return x->hex;
}

bool extension_known(const struct extensions *x, const struct pl *user,
		     const struct pl *domain)
{
	char buf[2 * EXTENSION_PART + 2];
	struct pl key;

	return x && !make_key(&key, buf, user, domain) && find(x, &key);
}

struct each {
	extension_h *h;
	void *arg;
};

static bool each_handler(struct le *le, void *arg)
{
	const struct extension *e = le->data;
	const struct each *a = arg;
	const struct pl user = {e->text, e->userl},
			domain = {e->text + e->userl + 1,
				  e->keyl - e->userl - 1u};

	return a->h(&user, &domain, a->arg);
}

bool extension_each(const struct extensions *x, extension_h *h, void *arg)
{
	struct each a = {h, arg};

	return x && h && hash_apply(x->hash, each_handler, &a) != NULL;
}

/* ---- changing -------------------------------------------------------------------- */

struct write {
	struct extensions *x;
	struct odict *o; /* NULL: deleted */
	extension_done_h *h;
	void *arg;
	size_t keyl;
	char key[2 * EXTENSION_PART + 2];
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
		take(w->x, &key, w->o);
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
	err = make_key(&key, w->key, user, domain);
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
	char text[2 * EXTENSION_PART + 2];

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
		switch (e->type) {
		case ODICT_OBJECT:
		case ODICT_ARRAY:
			err = odict_entry_add(o, e->key, e->type, e->u.odict);
			break;
		case ODICT_STRING:
			err = odict_entry_add(o, e->key, e->type, e->u.str);
			break;
		case ODICT_INT:
			err = odict_entry_add(o, e->key, e->type, e->u.integer);
			break;
		case ODICT_DOUBLE:
			err = odict_entry_add(o, e->key, e->type, e->u.dbl);
			break;
		case ODICT_BOOL:
			err = odict_entry_add(o, e->key, e->type,
					      (int)e->u.boolean);
			break;
		default:
			err = odict_entry_add(o, e->key, ODICT_NULL);
			break;
		}
	}
	return err;
}

int extension_fill(const struct extensions *x, struct odict *record,
		   const struct pl *user, const struct pl *domain,
		   const struct pl *realm, const struct pl *password)
{
	char buf[2 * EXTENSION_PART + 2];
	struct pl key, low;
	int err;

	if (!x || !record || !user || !domain ||
	    (password && (!password->l || password->l > EXTENSION_PASSWORD)) ||
	    (realm && realm->l && !part_good(realm)) ||
	    make_key(&key, buf, user, domain))
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

void extension_changed(struct extensions *x, const struct pl *id,
		       const struct odict *record)
{
	if (x && id)
		take(x, id, record);
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
	    (realm && realm->l && !part_good(realm)))
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
	if (!find(x, &(struct pl){w->key, w->keyl})) {
		mem_deref(w);
		return ENOENT;
	}
	return write_out(w, NULL);
}

int extension_get(struct odict **op, const struct extensions *x,
		  const struct pl *user, const struct pl *domain)
{
	char buf[2 * EXTENSION_PART + 2];
	struct pl key;
	int err;

	if (!op || !x || !user || !domain || make_key(&key, buf, user, domain))
		return EINVAL;
	err = read_record(op, x, &key);
	if (!err)
		odict_entry_del(*op, "ha1");
	return err;
}
