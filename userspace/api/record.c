/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the store as resources: routes, conditions, reading */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include <re.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "api/core.h"
#include "api/record.h"
#include "base/log.h"
#include "base/member.h"
#include "store/store.h"

/* ---- entity tags (RFC 9110 section 8.8.3) --------------------------------- */

int record_etag_key(struct api *a)
{
	static const struct pl name = PL("etag");
	char text[2 * 32 + 1], *kept = NULL;
	struct pl value = {text, sizeof(text) - 1};
	uint8_t key[32];
	int err;

	if (*a->etag_key)
		return 0;
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return EIO;
	(void)re_snprintf(text, sizeof(text), "%w", key, sizeof(key));
	err = store_first(a->conf.store, "api-key", &name, &value, &kept);
	if (!err)
		str_ncpy(a->etag_key, kept, sizeof(a->etag_key));
	mem_deref(kept);

	return err;
}

void record_etag(char etag[RECORD_ETAG], const struct api *a, const char *text)
{
	uint8_t hash[EVP_MAX_MD_SIZE] = {0};

	(void)HMAC(EVP_sha256(), a->etag_key, (int)strlen(a->etag_key),
		   (const uint8_t *)text, strlen(text), hash, NULL);
	(void)re_snprintf(etag, RECORD_ETAG, "\"%w\"", hash, (size_t)12);
}

/* Is the tag in a list, "*" included? */
static bool lists(const char *list, const char *etag)
{
	return !strcmp(list, "*") || strstr(list, etag);
}

int record_condition(struct api_req *req, const char *text)
{
	const char *match = api_header(req, "If-Match");
	const char *none = api_header(req, "If-None-Match");
	char etag[RECORD_ETAG] = "\"";
	bool ok;

	if (text)
		record_etag(etag, req->a, text);
	ok = (!match || (text && lists(match, etag))) &&
	     (!none || !text || !lists(none, etag));
	if (ok)
		return 0;
	(void)api_problem(req, 412, "changed",
			  text ? "it is there, as %s: read it anew"
			       : "it is not there%s",
			  text ? etag : "");

	return EINVAL;
}

/* ---- reading -------------------------------------------------------------- */

int record_read(const struct record *rec, const char *id, char **text,
		struct odict **o)
{
	struct pl key;
	int err;

	pl_set_str(&key, id);
	err = store_get(rec->a->conf.store, rec->r.kind, &key, text);
	if (!err &&
	    json_decode_odict(o, 16, *text, strlen(*text), API_DEPTH_MAX)) {
		log_warn("api: %s %s: the store's record is no JSON",
			 rec->r.kind, id);
		*text = mem_deref(*text);
		err = EIO;
	}

	return err;
}

int record_copy(struct odict **op, const struct odict *from, const char *id)
{
	struct odict *o = NULL;
	struct le *le;
	int err = odict_alloc(&o, 16);

	if (!err)
		err = odict_entry_add(o, "id", ODICT_STRING, id);
	for (le = from ? from->lst.head : NULL; le && !err; le = le->next) {
		const struct odict_entry *e = le->data;

		if (!strcmp(e->key, "id"))
			continue;
		err = member_copy(o, e);
	}
	if (err)
		mem_deref(o);
	else
		*op = o;

	return err;
}

int record_view(const struct record *rec, struct odict **vp,
		const struct odict *stored)
{
	struct odict *v = NULL;
	int err;

	if (!rec->r.view)
		return record_copy(vp, stored, odict_string(stored, "id"));
	err = odict_alloc(&v, 16);
	if (!err)
		err = rec->r.view(v, stored, rec->r.arg);
	if (err)
		mem_deref(v);
	else
		*vp = v;

	return err;
}

int record_reply(const struct record *rec, struct api_req *req, unsigned status,
		 const char *text, const struct odict *stored)
{
	char etag[RECORD_ETAG];
	struct odict *v = NULL;
	int err = record_view(rec, &v, stored);

	record_etag(etag, rec->a, text);
	if (!err)
		err = api_reply_header(req, "ETag", "%s", etag);
	if (!err)
		err = api_reply(req, status, v);
	mem_deref(v);

	return err;
}

static int get(struct api_req *req, void *arg)
{
	const char *none = api_header(req, "If-None-Match");
	const struct record *rec = arg;
	struct odict *stored = NULL;
	char etag[RECORD_ETAG];
	char *text = NULL;
	int err = record_read(rec, api_param(req, "id"), &text, &stored);

	if (!err)
		record_etag(etag, rec->a, text);
	if (err == ENOENT) {
		err = api_problem(req, 404, "not-found", "no %s %s",
				  rec->r.kind, api_param(req, "id"));
	} else if (!err && none && lists(none, etag)) {
		err = api_reply_header(req, "ETag", "%s", etag);
		if (!err)
			err = api_reply(req, 304, NULL);
	} else if (!err) {
		err = record_reply(rec, req, 200, text, stored);
	}
	mem_deref(stored);
	mem_deref(text);

	return err;
}

/* ---- lists ---------------------------------------------------------------- */

struct listing {
	const struct record *rec;
	struct api_page *page;
	int err;
};

static bool list_one(const struct pl *key, const struct pl *value, void *arg)
{
	struct odict *stored = NULL, *v = NULL;
	struct listing *l = arg;

	if (!api_page_wants(l->page, key))
		return false;
	/* one that cannot be read hides no other */
	if (json_decode_odict(&stored, 16, value->p, value->l, API_DEPTH_MAX))
		return false;
	l->err = record_view(l->rec, &v, stored);
	if (!l->err)
		l->err = api_page_add(l->page, key, v);
	mem_deref(v);
	mem_deref(stored);

	return l->err;
}

static int list_all(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"limit", "cursor", NULL};
	const struct record *rec = arg;
	struct listing l = {.rec = rec};
	int err = api_query_only(req, keyv);

	if (!err)
		err = api_page_begin(&l.page, req, rec->r.name);
	if (!err)
		err = store_each(rec->a->conf.store, rec->r.kind, list_one, &l);
	if (!err)
		err = l.err;
	if (err)
		mem_deref(l.page);

	return err ? err : api_page_reply(l.page);
}

/* ---- routes --------------------------------------------------------------- */

static void record_destructor(void *arg)
{
	struct record *rec = arg;

	list_unlink(&rec->le);
	mem_deref(rec->item);
}

int api_records(struct api *a, const struct api_record *r)
{
	struct record *rec;
	int err;

	if (!a || !r || !r->path || !r->name || !r->kind || !a->conf.store)
		return EINVAL;
	rec = mem_zalloc(sizeof(*rec), record_destructor);
	if (!rec)
		return ENOMEM;
	rec->a = a;
	rec->r = *r;
	list_append(&a->records, &rec->le, rec);
	err = record_etag_key(a);
	if (!err)
		err = re_sdprintf(&rec->item, "%s/{id}", r->path);
	if (!err)
		err = api_route(a, "GET", r->path, API_READ, list_all, rec);
	if (!err)
		err = api_route(a, "POST", r->path, API_WRITE, record_post,
				rec);
	if (!err)
		err = api_route(a, "GET", rec->item, API_READ, get, rec);
	if (!err)
		err = api_route(a, "PUT", rec->item, API_WRITE, record_put,
				rec);
	if (!err)
		err = api_route(a, "DELETE", rec->item, API_WRITE,
				record_delete, rec);

	return err;
}
