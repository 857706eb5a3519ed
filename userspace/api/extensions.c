/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/extensions: who may register */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>

#include "api/registrar.h"

struct exts {
	struct registrar *r;
	struct extensions *x;
};

static const struct api_field fieldv[] = {
	{"id", API_STRING, false, 3, API_PARAM_MAX, "USER@DOMAIN"},
	{"password", API_STRING, false, 1, EXTENSION_PASSWORD, NULL},
	{"realm", API_STRING, false, 1, 128, NULL},
	{"name", API_STRING, false, 0, 255, NULL},
	/* what is shown may come back */
	{"user", API_STRING, false, 0, 0, NULL},
	{"domain", API_STRING, false, 0, 0, NULL},
	{0},
};

/* The two parts of an id, which has to be as we would write it */
static bool split(const struct exts *g, struct pl *user, struct pl *domain,
		  const char *id)
{
	const char *at = strchr(id, '@');
	char buf[LOCATION_AOR + 300], text[API_PARAM_MAX + 8];
	struct pl uri, aor, instance;

	if (!at || at == id)
		return false;
	user->p = id;
	user->l = (size_t)(at - id);
	pl_set_str(domain, at + 1);
	(void)re_snprintf(text, sizeof(text), "sip:%s", id);
	pl_set_str(&uri, text);
	return !registrar_aor(g->r, &aor, &instance, buf, sizeof(buf), &uri) &&
	       !pl_strcmp(&aor, id);
}

/* Nobody is shown an HA1: who writes back what he has read has not meant to take it
 * away */
static int keep_secret(struct odict *stored, const struct odict *old)
{
	const struct odict_entry *e = old ? odict_get_type(old, ODICT_OBJECT,
							   "ha1")
					  : NULL;
	const char *realm = old ? odict_string(old, "realm") : NULL;
	int err = 0;

	if (e)
		err = odict_entry_add(stored, "ha1", ODICT_OBJECT, e->u.odict);
	if (!err && realm && !odict_lookup(stored, "realm"))
		err = odict_entry_add(stored, "realm", ODICT_STRING, realm);
	return err;
}

static void check_secret(struct api_req *req, const struct odict *stored,
			 const struct odict *old)
{
	const char *realm = odict_string(stored, "realm"),
		   *had = old ? odict_string(old, "realm") : NULL;

	if (odict_lookup(stored, "password"))
		return;
	if (!old)
		api_fault(req, "/password",
			  "is missing; allowed: 1..256 bytes, once");
	else if (realm && had && strcmp(realm, had) != 0)
		api_fault(req, "/password",
			  "is missing; another realm needs it once more");
}

static int check(struct api_req *req, const char *id, struct odict *stored,
		 const struct odict *old, void *arg)
{
	const struct exts *g = arg;
	const char *secret = odict_string(stored, "password"),
		   *said = odict_string(stored, "realm");
	struct pl user, domain, password = pl_null, realm;
	int err = 0;

	if (!split(g, &user, &domain, id))
		api_fault(req, "/id",
			  "is no USER@DOMAIN, or its domain is none of "
			  "registrar.domains");
	check_secret(req, stored, old);
	if (api_faults(req))
		return 0;
	if (secret)
		pl_set_str(&password, secret);
	pl_set_str(&realm, said ? said : registrar_realm(g->r));
	if (!secret)
		err = keep_secret(stored, old);
	if (!err)
		err = extension_fill(g->x, stored, &user, &domain, &realm,
				     secret ? &password : NULL);
	odict_entry_del(stored, "password");
	if (err == EINVAL)
		api_fault(req, "/realm", "is none");
	return err == EINVAL ? 0 : err;
}

static int view(struct odict *v, const struct odict *stored, void *arg)
{
	static const char *const shownv[] = {"id", "user", "domain", "realm",
					     "name"};
	int err = 0;
	(void)arg;

	for (size_t i = 0; i < ARRAY_SIZE(shownv) && !err; i++) {
		const char *text = odict_string(stored, shownv[i]);

		if (text)
			err = odict_entry_add(v, shownv[i], ODICT_STRING, text);
	}
	return err;
}

static void changed(const char *id, const struct odict *stored, void *arg)
{
	const struct exts *g = arg;
	struct pl key;

	pl_set_str(&key, id);
	extension_changed(g->x, &key, stored);
}

int api_extensions(struct api *a, struct registrar *r, struct extensions *x)
{
	struct exts *g = mem_zalloc(sizeof(*g), NULL);
	struct api_record rec = {
		.path = "/v1/extensions",
		.name = "extensions",
		.kind = EXTENSION_KIND,
		.fieldv = fieldv,
		.check = check,
		.view = view,
		.changed = changed,
		.arg = g,
	};
	int err;

	if (!g)
		return ENOMEM;
	g->r = r;
	g->x = x;
	err = api_records(a, &rec);
	if (!err)
		err = api_keep(a, g);
	else
		mem_deref(g);
	return err;
}
