/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/providers */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "api/providers.h"
#include "base/member.h"
#include "provider/provider.h"

int api_become(struct odict *o, const struct odict *from)
{
	struct le *le;
	int err = 0;

	while ((le = list_head(&o->lst)))
		mem_deref(le->data);
	for (le = list_head(&from->lst); le && !err; le = le->next) {
		const struct odict_entry *e = le->data;

		if (e->type != ODICT_NULL)
			err = member_copy(o, e);
	}
	return err;
}

/* ---- records ------------------------------------------------------------------ */

static bool same_text(const struct odict *a, const struct odict *b,
		      const char *key)
{
	const char *x = odict_string(a, key), *y = odict_string(b, key);

	return x && y && !strcmp(x, y);
}

bool api_keeps_secret(const struct odict *body, const struct odict *old)
{
	return old && odict_get_type(old, ODICT_OBJECT, "ha1") &&
	       !odict_lookup(body, "password") && !odict_lookup(body, "ha1") &&
	       same_text(body, old, "username") &&
	       same_text(body, old, "realm");
}

int api_keep_secret(struct odict *body, const struct odict *old)
{
	return api_keeps_secret(body, old)
		       ? odict_entry_add(
				 body, "ha1", ODICT_OBJECT,
				 odict_get_type(old, ODICT_OBJECT, "ha1")
					 ->u.odict)
		       : 0;
}

/* Whoever may write, but knows no password, has none sent to a host of his own, nor in
 * the clear where it went by TLS */
static void check_secret(struct api_req *req, const struct odict *body,
			 const struct odict *old)
{
	const char *host = odict_string(body, "hostname"),
		   *had = old ? odict_string(old, "hostname") : NULL,
		   *by = old ? odict_string(old, "transport") : NULL;

	if (!host || !had || !api_keeps_secret(body, old))
		return;
	if (str_casecmp(host, had) != 0)
		api_fault(req, "/password",
			  "is missing; what is kept of it is for %s: another "
			  "host needs it once more",
			  had);
	else if (by && !strcmp(by, "tls") && !same_text(body, old, "transport"))
		api_fault(req, "/password",
			  "is missing; what is kept of it goes by tls: another "
			  "transport needs it once more");
}

static int check(struct api_req *req, const char *id, struct odict *stored,
		 const struct odict *old, void *arg)
{
	const struct providers *ps = arg;
	struct fields_err e = {"", ""};
	struct record *r = NULL;
	struct odict *o = NULL;
	int err;
	(void)id;

	/* what is known of it is shown beside it, and may come back */
	odict_entry_del(stored, "status");
	check_secret(req, stored, old);
	if (api_faults(req))
		return 0;
	err = api_keep_secret(stored, old);
	if (!err)
		err = record_decode(&r, stored, providers_defaults(ps), &e);
	if (err == EBADMSG) {
		api_fault_fields(req, &e);
		return 0;
	}
	if (!err)
		err = odict_alloc(&o, 16);
	if (!err)
		err = record_json(o, r, true);
	if (!err)
		err = api_become(stored, o);
	mem_deref(o);
	mem_deref(r);
	return err;
}

static int view(struct odict *v, const struct odict *stored, void *arg)
{
	const struct provider *p = provider_find(arg,
						 odict_string(stored, "id"));
	struct odict *status = NULL;
	int err = api_become(v, stored);

	odict_entry_del(v, "ha1");
	if (err || !p)
		return err;
	err = odict_alloc(&status, 8);
	if (!err)
		err = provider_status(status, p);
	if (!err)
		err = odict_entry_add(v, "status", ODICT_OBJECT, status);
	mem_deref(status);
	return err;
}

static void changed(const char *id, const struct odict *stored, void *arg)
{
	struct fields_err e = {"", ""};
	struct record *r = NULL;

	if (!stored)
		(void)provider_del(arg, id);
	else if (!record_decode(&r, stored, providers_defaults(arg), &e))
		(void)provider_put(arg, r);
	mem_deref(r);
}

/* ---- probes -------------------------------------------------------------------- */

/* Somebody waits for the answer of a provider */
struct asked {
	struct api_req *req;
	struct probe_wait *wait;
	char *id;
};

static void asked_destructor(void *arg)
{
	struct asked *k = arg;

	mem_deref(k->wait);
	mem_deref(k->req);
	mem_deref(k->id);
}

static int put_result(struct odict *o, const char *id,
		      const struct health_result *r)
{
	int err = odict_entry_add(o, "id", ODICT_STRING, id);

	if (!err)
		err = odict_entry_add(o, "healthy", ODICT_BOOL, r->ok);
	if (!err && r->code)
		err = odict_entry_add(o, "code", ODICT_INT, (int64_t)r->code);
	if (!err && r->code)
		err = odict_entry_add(o, "time_ms", ODICT_DOUBLE,
				      r->rtt / 1000.0);
	return err ? err
		   : odict_entry_add(o, "reason", ODICT_STRING, r->reason);
}

static void answered(const struct health_result *r, void *arg)
{
	struct asked *k = arg;
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	if (!err)
		err = put_result(o, k->id, r);
	if (!err)
		(void)api_reply(k->req, 200, o);
	else
		(void)api_problem(k->req, 500, NULL, "out of memory");
	mem_deref(o);
	mem_deref(k);
}

/* {"count": true}: it counts as one of the regular probes */
static int probe(struct api_req *req, void *arg)
{
	static const struct api_field fieldv[] = {
		{.name = "count", .type = API_BOOL}, {0}};
	const char *id = api_param(req, "id");
	struct provider *p = provider_find(arg, id);
	bool count = false;
	struct asked *k;
	int err;

	if (!p)
		return api_problem(req, 404, "not-found", "no provider %s", id);
	if (api_body(req)) {
		if (!api_check(req, "", api_body(req), fieldv))
			return api_refuse(req);
		(void)odict_get_boolean(api_body(req), &count, "count");
	}
	k = mem_zalloc(sizeof(*k), asked_destructor);
	if (!k)
		return ENOMEM;
	err = str_dup(&k->id, id);
	if (!err)
		err = provider_probe(&k->wait, p, count, answered, k);
	if (err) {
		mem_deref(k);
		return err == EBUSY ? api_problem(req, 503, "busy",
						  "%d probes are waited for "
						  "already",
						  PROBES_ASKED)
				    : err;
	}
	k->req = mem_ref(req);
	return 0;
}

int api_providers(struct api *a, struct providers *ps)
{
	const struct api_record r = {.path = "/v1/providers",
				     .name = "providers",
				     .kind = "provider",
				     .check = check,
				     .view = view,
				     .changed = changed,
				     .arg = ps};
	int err = api_records(a, &r);

	if (!err)
		err = api_route(a, "POST", "/v1/providers/{id}/probe",
				API_WRITE, probe, ps);
	if (!err)
		err = api_figures(a, provider_figures, ps);
	return err ? err : api_routes(a, ps);
}
