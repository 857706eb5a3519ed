/* SPDX-License-Identifier: BSD-2-Clause */
/* POST with an Idempotency-Key: done once, answered as often as it is asked.
 *
 * Kind "api-once": under TOKEN's name, path and key the answer, with the hash of
 * what was asked. Kept for a day. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include <re.h>
#include <openssl/evp.h>

#include "api/core.h"
#include "base/log.h"
#include "store/store.h"

static const char kind[] = "api-once";

enum { DAY = 86400, KEY_MAX = 128, HASH = 32, KEPT_MAX = 65536 };

static bool key_is_sound(const char *s)
{
	if (!*s || strlen(s) > KEY_MAX)
		return false;
	for (; *s; s++)
		if (*s < 0x21 || *s > 0x7e)
			return false;

	return true;
}

static int print_hash(struct re_printf *pf, const struct pl *body)
{
	uint8_t hash[EVP_MAX_MD_SIZE];

	if (EVP_Digest(body->p ? body->p : "", body->l, hash, NULL,
		       EVP_sha256(), NULL) != 1)
		return EIO;

	return re_hprintf(pf, "%w", hash, (size_t)HASH);
}

/* What is said of the key itself is no answer to keep under it */
static int refuse(struct api_req *req, unsigned status, const char *type,
		  const char *detail)
{
	req->idem = mem_deref(req->idem);
	if (status == 409)
		(void)api_reply_header(req, "Retry-After", "1");
	(void)api_problem(req, status, type, "%s", detail);

	return EALREADY;
}

/* It was done: with the same body the answer is the one it got */
static int replay(struct api_req *req, const struct odict *o)
{
	const char *was = odict_string(o, "hash");
	const char *body = odict_string(o, "body");
	const char *location = odict_string(o, "location");
	uint64_t status = 0;
	struct mbuf *mb;

	if (!was || !odict_get_number(o, &status, "status"))
		return 0;
	if (strcmp(was, req->hash) != 0)
		return refuse(req, 422, "idempotency-key-reused",
			      "this Idempotency-Key came with another body "
			      "before; allowed: a key of its own for each "
			      "request");
	mb = body ? mbuf_alloc(strlen(body) + 1) : NULL;
	if (mb)
		(void)mbuf_write_str(mb, body);
	req->idem = mem_deref(req->idem); /* it is kept already */
	(void)api_reply_header(req, "Idempotent-Replayed", "true");
	if (location)
		(void)api_reply_header(req, "Location", "%s", location);
	(void)api_reply_text(req, (unsigned)status,
			     mb ? "application/json" : NULL, mb);
	mem_deref(mb);

	return EALREADY;
}

static int look(struct api_req *req)
{
	struct odict *o = NULL;
	char *value = NULL;
	struct pl key;
	int err;

	pl_set_str(&key, req->idem);
	err = store_get(req->a->conf.store, kind, &key, &value);
	if (err)
		return err == ENOENT ? 0 : err;
	err = json_decode_odict(&o, 8, value, strlen(value), 4);
	if (!err)
		err = replay(req, o);
	mem_deref(o);
	mem_deref(value);

	return err;
}

/* The same request may be under way on another connection, or on none any more */
static bool is_under_way(const struct api_req *req)
{
	struct le *le;

	LIST_FOREACH (&req->a->reqs, le) {
		const struct api_req *other = le->data;

		if (other != req && other->idem && !api_answered(other) &&
		    !strcmp(other->idem, req->idem))
			return true;
	}

	return false;
}

int api_idem_begin(struct api_req *req, const struct pl *body)
{
	const char *key = api_header(req, "Idempotency-Key");
	int err;

	if (!key || pl_strcmp(&req->method, "POST") || !req->a->conf.store)
		return 0;
	if (!key_is_sound(key)) {
		(void)api_problem(req, 400, NULL,
				  "Idempotency-Key: allowed: 1..%d printable "
				  "characters without blanks",
				  KEY_MAX);
		return EALREADY;
	}
	err = re_sdprintf(&req->idem, "%s %s %s", req->who, req->instance, key);
	if (!err)
		err = re_sdprintf(&req->hash, "%H", print_hash, body);
	if (err)
		return err;
	return is_under_way(req)
		       ? refuse(req, 409, "idempotency-key-in-use",
				"the same request is under way; "
				"what comes of it is kept for this key")
		       : look(req);
}

static const char *location_of(const struct api_out *out)
{
	for (size_t i = 0; i < out->headerc; i++)
		if (!strcmp(out->headerv[i].name, "Location"))
			return out->headerv[i].value;

	return NULL;
}

static int keep(struct api_req *req)
{
	const struct api_out *out = api_out_of(req);
	const char *location = location_of(out);
	char *body = NULL, *text = NULL;
	struct odict *o = NULL;
	struct store_op op = {.kind = kind,
			      .expires = (uint64_t)time(NULL) + DAY};
	int err = odict_alloc(&o, 8);

	if (!err)
		err = odict_entry_add(o, "hash", ODICT_STRING, req->hash);
	if (!err)
		err = odict_entry_add(o, "status", ODICT_INT,
				      (int64_t)out->status);
	if (!err && out->body)
		err = re_sdprintf(&body, "%b", out->body->buf, out->body->end);
	if (!err && body)
		err = odict_entry_add(o, "body", ODICT_STRING, body);
	if (!err && location)
		err = odict_entry_add(o, "location", ODICT_STRING, location);
	if (!err)
		err = re_sdprintf(&text, "%H", json_encode_odict, o);
	if (!err) {
		pl_set_str(&op.key, req->idem);
		pl_set_str(&op.value, text);
		err = store_write(req->a->conf.store, &op, 1, NULL, NULL);
	}
	mem_deref(text);
	mem_deref(body);
	mem_deref(o);

	return err;
}

/* What failed on our side may be tried again */
void api_idem_keep(struct api_req *req)
{
	const struct api_out *out = api_out_of(req);
	int err;

	if (!req->idem || out->status >= 500 || out->stream ||
	    (out->body && out->body->end > KEPT_MAX))
		return;
	err = keep(req);
	if (err)
		log_warn("api: %s: its answer is not kept: %m", req->instance,
			 err);
}
