/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the store as resources: made, replaced, removed. The answer comes
 * when the disk has it */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "api/record.h"
#include "store/store.h"

/* A change on its way to the disk */
struct change {
	struct api_req *req;
	const struct record *rec; /* lives as long as the API; so does req.a */
	char *id;
	char *text;
	struct odict *stored; /* NULL: it goes                            */
	unsigned status;
};

static void change_destructor(void *arg)
{
	struct change *c = arg;

	mem_deref(c->req);
	mem_deref(c->id);
	mem_deref(c->text);
	mem_deref(c->stored);
}

static int located(struct change *c)
{
	struct pl id;

	pl_set_str(&id, c->id);

	return api_reply_header(c->req, "Location", "%s/%H", c->rec->r.path,
				api_escape, &id);
}

static void written(int err, void *arg)
{
	struct change *c = arg;

	/* the API may have gone meanwhile, and its records with it */
	if (!c->req->le.list) {
		mem_deref(c);
		return;
	}
	if (!err && c->rec->r.changed)
		c->rec->r.changed(c->id, c->stored, c->rec->r.arg);
	if (!err && c->status == 201)
		err = located(c);
	if (!err && c->stored)
		err = record_reply(c->rec, c->req, c->status, c->text,
				   c->stored);
	else if (!err)
		err = api_reply(c->req, 204, NULL);
	if (err)
		api_failed(c->req, err);
	mem_deref(c);
}

static int change_alloc(struct change **cp, struct api_req *req,
			const struct record *rec, const char *id)
{
	struct change *c = mem_zalloc(sizeof(*c), change_destructor);
	int err;

	if (!c)
		return ENOMEM;
	c->req = mem_ref(req);
	c->rec = rec;
	err = str_dup(&c->id, id);
	if (err)
		mem_deref(c);
	else
		*cp = c;

	return err;
}

/* c is released, now or later */
static int write_it(struct change *c)
{
	struct store_op op = {.kind = c->rec->r.kind};
	int err;

	pl_set_str(&op.key, c->id);
	if (c->text)
		pl_set_str(&op.value, c->text);
	err = store_write(c->rec->a->conf.store, &op, 1, written, c);
	if (err)
		mem_deref(c);

	return err;
}

/* ---- what is to be stored ------------------------------------------------- */

static int make(struct change *c, const struct odict *old)
{
	const struct api_record *r = &c->rec->r;
	struct api_req *req = c->req;
	const char *said = odict_string(api_body(req), "id");
	int err;

	if (r->fieldv)
		(void)api_check(req, "", api_body(req), r->fieldv);
	if (said && strcmp(said, c->id) != 0)
		api_fault(req, "/id", "is not that of the path; allowed: %s",
			  c->id);
	if (strlen(c->id) > API_PARAM_MAX || !*c->id)
		api_fault(req, "/id", "allowed: 1..%d bytes", API_PARAM_MAX);
	if (api_faults(req))
		return api_refuse(req) ? ENOMEM : EINVAL;
	err = record_copy(&c->stored, api_body(req), c->id);
	if (!err && r->check)
		err = r->check(req, c->id, c->stored, old, r->arg);
	if (!err && !api_answered(req) && api_faults(req))
		err = api_refuse(req) ? ENOMEM : EINVAL;
	if (!err && api_answered(req))
		err = EINVAL;

	return err ? err
		   : re_sdprintf(&c->text, "%H", json_encode_odict, c->stored);
}

/* ---- handlers ------------------------------------------------------------- */

static int put(struct api_req *req, const struct record *rec, const char *id,
	       bool post)
{
	struct odict *old = NULL;
	struct change *c = NULL;
	char *text = NULL;
	int err = record_read(rec, id, &text, &old);

	if (err == ENOENT)
		err = 0;
	if (!err)
		err = record_condition(req, text);
	if (!err)
		err = change_alloc(&c, req, rec, id);
	if (!err)
		err = make(c, old);
	if (!err && post && text && strcmp(text, c->text) != 0) {
		err = api_problem(
			req, 409, "exists",
			"%s %s is there, and is another; allowed: PUT "
			"replaces it",
			rec->r.kind, id);
	} else if (!err && text && !strcmp(text, c->text)) {
		err = record_reply(rec, req, 200, text, old);
	} else if (!err) {
		c->status = text ? 200 : 201;
		err = write_it(c);
		c = NULL;
	}
	mem_deref(c);
	mem_deref(old);
	mem_deref(text);

	return err;
}

int record_put(struct api_req *req, void *arg)
{
	return put(req, arg, api_param(req, "id"), false);
}

/* Without an id it gets one. It may be POSTed again with the id that it got */
int record_post(struct api_req *req, void *arg)
{
	const char *id = odict_string(api_body(req), "id");
	char made[33];

	if (id && !*id)
		id = " "; /* no name, which is said */
	(void)re_snprintf(made, sizeof(made), "%016llx",
			  (unsigned long long)rand_u64());

	return put(req, arg, id ? id : made, true);
}

int record_delete(struct api_req *req, void *arg)
{
	const char *id = api_param(req, "id");
	const struct record *rec = arg;
	struct odict *old = NULL;
	struct change *c = NULL;
	char *text = NULL;
	int err = record_read(rec, id, &text, &old);

	if (err == ENOENT)
		err = api_problem(req, 404, "not-found", "no %s %s",
				  rec->r.kind, id);
	else if (!err)
		err = record_condition(req, text);
	if (!err && text)
		err = change_alloc(&c, req, rec, id);
	if (c)
		err = write_it(c);
	mem_deref(old);
	mem_deref(text);

	return err;
}
