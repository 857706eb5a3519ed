/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/registrations: contacts of addresses of record */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "api/registrar.h"
#include "event/event.h"

enum { KEY = LOCATION_AOR + LOCATION_TEXT + 2 };

/* Lives as long as the API */
struct regs {
	struct api *a;
	struct registrar *r;
	struct location *loc;
	struct location_watch *watch;
};

static void destructor(void *arg)
{
	struct regs *g = arg;

	mem_deref(g->watch);
}

/* ---- a contact ---------------------------------------------------------------------- */

struct lister {
	struct api_page *page;
	uint64_t now, n;
	int err;
};

static bool add(const struct binding *b, void *arg)
{
	struct lister *l = arg;
	struct odict *o = NULL;
	char key[KEY];
	struct pl pl;

	++l->n;
	(void)re_snprintf(key, sizeof(key), "%r %r", &b->aor, &b->id);
	pl_set_str(&pl, key);
	if (!api_page_wants(l->page, &pl))
		return false;
	l->err = registration_json(&o, b, l->now);
	if (!l->err)
		l->err = api_page_add(l->page, &pl, o);
	mem_deref(o);
	return l->err;
}

/* ---- one address ----------------------------------------------------------------- */

/* "alice@example.com", "sip:alice@example.com". @return 0; EINVAL: it was answered */
static int aor_of(struct api_req *req, const struct regs *g, const char *said,
		  struct pl *aor, char *buf, size_t sz)
{
	char text[API_PARAM_MAX + 8];
	struct pl uri, instance;
	const bool fits = strlen(said) <= API_PARAM_MAX;

	(void)re_snprintf(text, sizeof(text), "%s%s",
			  strncmp(said, "sip:", 4) ? "sip:" : "", said);
	pl_set_str(&uri, text);
	if (fits && !registrar_aor(g->r, aor, &instance, buf, sz, &uri))
		return 0;
	(void)api_problem(req, 404, "not-found",
			  "%s is no address of a domain that registers here",
			  said);
	return EINVAL;
}

/* ---- all of them, or those of an address --------------------------------------- */

static int list(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"limit", "cursor", "aor", NULL};
	const struct regs *g = arg;
	struct lister l = {.now = (uint64_t)time(NULL)};
	const char *said = api_query(req, "aor");
	size_t total = location_count(g->loc, NULL), aors;
	struct pl aor;
	char buf[KEY];
	int err = api_query_only(req, keyv);

	if (!err && said)
		err = aor_of(req, g, said, &aor, buf, sizeof(buf));
	if (!err)
		err = api_page_begin(&l.page, req, "registrations");
	if (err)
		return err;
	(void)location_count(g->loc, &aors);
	if (said)
		(void)location_find(g->loc, &aor, add, &l);
	else
		(void)location_each(g->loc, add, &l);
	if (l.err) {
		mem_deref(l.page);
		return l.err;
	}
	api_page_number(l.page, "total", said ? l.n : total);
	api_page_number(l.page, "addresses", aors);
	return api_page_reply(l.page);
}

struct contacts {
	struct odict *arr;
	uint64_t now;
	unsigned n;
	int err;
};

static bool add_contact(const struct binding *b, void *arg)
{
	struct contacts *c = arg;
	struct odict *o = NULL;
	char key[16];

	c->err = registration_json(&o, b, c->now);
	(void)re_snprintf(key, sizeof(key), "%u", c->n++);
	if (!c->err)
		c->err = odict_entry_add(c->arr, key, ODICT_OBJECT, o);
	mem_deref(o);
	return c->err;
}

static int show(struct api_req *req, void *arg)
{
	const struct regs *g = arg;
	struct contacts c = {.now = (uint64_t)time(NULL)};
	char buf[KEY], text[LOCATION_AOR + 1];
	struct odict *o = NULL;
	struct pl aor;
	int err = aor_of(req, g, api_param(req, "aor"), &aor, buf, sizeof(buf));

	if (err)
		return 0;
	err = odict_alloc(&c.arr, 16);
	if (!err)
		(void)location_find(g->loc, &aor, add_contact, &c);
	err = err ? err : c.err;
	if (!err)
		err = odict_alloc(&o, 4);
	(void)pl_strcpy(&aor, text, sizeof(text));
	if (!err)
		err = odict_entry_add(o, "aor", ODICT_STRING, text);
	if (!err)
		err = odict_entry_add(o, "contacts", ODICT_ARRAY, c.arr);
	if (!err && c.n)
		err = api_reply(req, 200, o);
	else if (!err)
		err = api_problem(req, 404, "not-found", "%s is not registered",
				  text);
	mem_deref(o);
	mem_deref(c.arr);
	return err;
}

/* The answer comes when the store has it */
static void removed(int err, void *arg)
{
	struct api_req *req = arg;

	if (err)
		(void)api_problem(req, err == ENOSPC ? 507 : 503, NULL,
				  "it can't be stored; nothing has changed");
	else
		(void)api_reply(req, 204, NULL);
	mem_deref(req);
}

static int remove_them(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"id", NULL};
	const struct regs *g = arg;
	const char *id = api_query(req, "id");
	struct pl aor, which;
	char buf[KEY];
	int err = api_query_only(req, keyv);

	if (err ||
	    aor_of(req, g, api_param(req, "aor"), &aor, buf, sizeof(buf)))
		return err;
	pl_set_str(&which, id ? id : "");
	mem_ref(req);
	err = location_remove(g->loc, &aor, id ? &which : NULL,
			      LOCATION_DEACTIVATED, removed, req);
	if (err)
		mem_deref(req);
	if (err == ENOENT)
		return api_problem(req, 404, "not-found", "no such contact");
	return err;
}

/* ---- are they there? ------------------------------------------------------------- */

static int add_answer(struct odict *arr, const struct registrar_answer *r,
		      unsigned i)
{
	char key[16], *id = NULL, *uri = NULL;
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	err = err ? err : pl_strdup(&id, &r->id);
	err = err ? err : pl_strdup(&uri, &r->uri);
	if (!err)
		err = odict_entry_add(o, "id", ODICT_STRING, id);
	if (!err)
		err = odict_entry_add(o, "contact", ODICT_STRING, uri);
	if (!err)
		err = odict_entry_add(o, "reachable", ODICT_BOOL,
				      (int)r->reachable);
	if (!err && r->code)
		err = odict_entry_add(o, "code", ODICT_INT, (int64_t)r->code);
	if (!err && r->code)
		err = odict_entry_add(o, "time_ms", ODICT_DOUBLE,
				      r->rtt / 1000.0);
	if (!err)
		err = odict_entry_add(o, "reason", ODICT_STRING, r->reason);
	(void)re_snprintf(key, sizeof(key), "%u", i);
	if (!err)
		err = odict_entry_add(arr, key, ODICT_OBJECT, o);
	mem_deref(o);
	mem_deref(uri);
	mem_deref(id);
	return err;
}

static void qualified(int err, const struct registrar_answer *v, size_t n,
		      void *arg)
{
	struct odict *o = NULL, *arr = NULL;
	struct api_req *req = arg;

	if (!err)
		err = odict_alloc(&o, 4);
	if (!err)
		err = odict_alloc(&arr, 16);
	for (unsigned i = 0; i < n && !err; i++)
		err = add_answer(arr, &v[i], i);
	if (!err)
		err = odict_entry_add(o, "aor", ODICT_STRING,
				      api_param(req, "aor"));
	if (!err)
		err = odict_entry_add(o, "contacts", ODICT_ARRAY, arr);
	if (err)
		(void)api_problem(req, 503, NULL, "%m", err);
	else
		(void)api_reply(req, 200, o);
	mem_deref(arr);
	mem_deref(o);
	mem_deref(req);
}

static int qualify(struct api_req *req, void *arg)
{
	const struct regs *g = arg;
	struct pl aor;
	char buf[KEY];
	int err;

	if (aor_of(req, g, api_param(req, "aor"), &aor, buf, sizeof(buf)))
		return 0;
	err = registrar_qualify(g->r, &aor, qualified, mem_ref(req));
	if (err)
		mem_deref(req);
	if (err == ENOENT)
		return api_problem(req, 404, "not-found",
				   "%s is not registered",
				   api_param(req, "aor"));
	return err;
}

/* ---- events ------------------------------------------------------------------------ */

/* Phones come again each hour or each minute, and there may be many: their refreshes
 * would leave no room for what happens besides */
static const char *type_of(const struct regs *g, enum location_event ev,
			   const struct binding *b)
{
	switch (ev) {
	case LOCATION_CREATED:
		return "registration.added";
	case LOCATION_REFRESHED:
	case LOCATION_SHORTENED:
		return b->moved || registrar_refresh_events(g->r)
			       ? "registration.refreshed"
			       : NULL;
	case LOCATION_EXPIRED:
		return "registration.expired";
	case LOCATION_PROBATION:
		return "registration.unreachable";
	case LOCATION_UNREGISTERED:
	case LOCATION_DEACTIVATED:
		return "registration.removed";
	default:
		return NULL;
	}
}

static int print(struct mbuf *mb, const void *arg)
{
	return registration_print(mb, arg, (uint64_t)time(NULL));
}

static void changed(enum location_event ev, const struct binding *b, void *arg)
{
	const struct regs *g = arg;
	const char *type = type_of(g, ev, b);

	if (type)
		(void)event_emit_text(api_events(g->a), type, print, b);
}

int api_registrations(struct api *a, struct registrar *r, struct location *loc)
{
	static const char one[] = "/v1/registrations/{aor}";
	struct regs *g = mem_zalloc(sizeof(*g), destructor);
	int err;

	if (!g)
		return ENOMEM;
	g->a = a;
	g->r = r;
	g->loc = loc;
	err = location_watch(&g->watch, loc, changed, g);
	if (!err)
		err = api_route(a, "GET", "/v1/registrations", API_READ, list,
				g);
	if (!err)
		err = api_route(a, "GET", one, API_READ, show, g);
	if (!err)
		err = api_route(a, "DELETE", one, API_ADMIN, remove_them, g);
	if (!err)
		err = api_route(a, "POST", "/v1/registrations/{aor}/qualify",
				API_WRITE, qualify, g);
	/* the routes have it */
	if (!err)
		err = api_keep(a, g);
	else
		mem_deref(g);
	return err;
}
