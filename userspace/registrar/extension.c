/* SPDX-License-Identifier: BSD-2-Clause */
/* Extensions: the table of their HA1s, as the store has them */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "registrar/exttable.h"

enum { BUCKETS = 16384 };

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

static uint32_t hash_of(const struct pl *key)
{
	return hash_joaat((const uint8_t *)key->p, key->l);
}

struct extension *exttable_find(const struct extensions *x,
				const struct pl *key)
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

static bool hex_in(uint8_t raw[EXTENSION_RAW], const char *hex, size_t len)
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

void exttable_take(struct extensions *x, const struct pl *key,
		   const struct odict *o)
{
	struct extension *e = o ? from_record(key, o) : NULL,
			 *old = exttable_find(x, key);

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
		exttable_take(x, key, o);
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
	char buf[EXTENSION_KEY];
	const struct extension *e;
	struct pl key;
	size_t n;

	if (!x || extkey_make(&key, buf, user, domain) || alg >= DIGEST_ALGS)
		return NULL;
	e = exttable_find(x, &key);
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
	char buf[EXTENSION_KEY];
	struct pl key;

	return x && !extkey_make(&key, buf, user, domain) &&
	       exttable_find(x, &key);
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

void extension_changed(struct extensions *x, const struct pl *id,
		       const struct odict *record)
{
	if (x && id)
		exttable_take(x, id, record);
}
