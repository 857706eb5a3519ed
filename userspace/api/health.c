/* SPDX-License-Identifier: BSD-2-Clause */
/* /healthz: the process answers. /readyz: all that it needs is there. /v1: what may
 * be asked */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "store/store.h"

struct part {
	struct le le;
	const char *name;
	api_ready_h *h;
	void *arg;
};

static void part_destructor(void *arg)
{
	struct part *p = arg;

	list_unlink(&p->le);
}

int api_ready(struct api *a, const char *name, api_ready_h *h, void *arg)
{
	struct part *p;

	if (!a || !name || !h)
		return EINVAL;
	p = mem_zalloc(sizeof(*p), part_destructor);
	if (!p)
		return ENOMEM;
	p->name = name;
	p->h = h;
	p->arg = arg;
	list_append(&a->parts, &p->le, p);

	return 0;
}

static int healthz(struct api_req *req, void *arg)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, 4);
	(void)arg;

	if (!err)
		err = odict_entry_add(o, "status", ODICT_STRING, "ok");
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);

	return err;
}

static int add_part(struct odict *parts, const struct part *p, bool verbose,
		    bool *ready)
{
	char text[256] = "", key[64];
	struct odict *o = NULL;
	const bool ok = p->h(text, sizeof(text), p->arg);
	int err = odict_alloc(&o, 4);

	*ready &= ok;
	if (!err)
		err = odict_entry_add(o, "name", ODICT_STRING, p->name);
	if (!err)
		err = odict_entry_add(o, "ready", ODICT_BOOL, ok);
	if (!err && !ok)
		err = odict_entry_add(o, "reason", ODICT_STRING, text);
	else if (!err && verbose && *text)
		err = odict_entry_add(o, "detail", ODICT_STRING, text);
	(void)re_snprintf(key, sizeof(key), "%u",
			  (unsigned)odict_count(parts, false));
	if (!err)
		err = odict_entry_add(parts, key, ODICT_OBJECT, o);
	mem_deref(o);

	return err;
}

/* "?verbose", as Kubernetes' own servers have it: what was looked at, too */
static int readyz(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"verbose", NULL};
	const bool verbose = api_query(req, "verbose");
	struct odict *o = NULL, *parts = NULL;
	struct api *a = arg;
	bool ready = true;
	struct le *le;
	int err = api_query_only(req, keyv);

	if (!err)
		err = odict_alloc(&o, 4);
	if (!err)
		err = odict_alloc(&parts, 8);
	for (le = list_head(&a->parts); le && !err; le = le->next)
		err = add_part(parts, le->data, verbose, &ready);
	if (!err)
		err = odict_entry_add(o, "status", ODICT_STRING,
				      ready ? "ready" : "not ready");
	if (!err)
		err = odict_entry_add(o, "parts", ODICT_ARRAY, parts);
	if (!err)
		err = api_reply(req, ready ? 200 : 503, o);
	mem_deref(parts);
	mem_deref(o);

	return err;
}

/* ---- what there is -------------------------------------------------------- */

struct index {
	struct odict *arr;
	unsigned n;
	int err;
};

static void add_route(const char *method, const char *pattern,
		      enum api_scope scope, void *arg)
{
	const char *name = api_scope_name(scope);
	struct index *x = arg;
	struct odict *o = NULL;
	char key[16];

	if (x->err)
		return;
	x->err = odict_alloc(&o, 4);
	if (!x->err)
		x->err = odict_entry_add(o, "method", ODICT_STRING, method);
	if (!x->err)
		x->err = odict_entry_add(o, "path", ODICT_STRING, pattern);
	if (!x->err && name)
		x->err = odict_entry_add(o, "scope", ODICT_STRING, name);
	(void)re_snprintf(key, sizeof(key), "%u", x->n++);
	if (!x->err)
		x->err = odict_entry_add(x->arr, key, ODICT_OBJECT, o);
	mem_deref(o);
}

static int index_get(struct api_req *req, void *arg)
{
	struct odict *o = NULL;
	struct index x = {0};
	int err = odict_alloc(&x.arr, 64);

	if (!err)
		api_each_route(arg, add_route, &x);
	if (!err)
		err = x.err;
	if (!err)
		err = odict_alloc(&o, 4);
	if (!err)
		err = odict_entry_add(o, "version", ODICT_STRING,
				      CAROM_VERSION);
	if (!err)
		err = odict_entry_add(o, "routes", ODICT_ARRAY, x.arr);
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(x.arr);
	mem_deref(o);

	return err;
}

int api_health(struct api *a)
{
	int err = api_route(a, "GET", "/healthz", API_OPEN, healthz, a);

	if (!err)
		err = api_route(a, "GET", "/readyz", API_OPEN, readyz, a);

	return err ? err : api_route(a, "GET", "/v1", API_READ, index_get, a);
}
