/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/api.h  HTTP and JSON under /v1
 *
 * A resource is a file here: it says which methods and paths are its own
 * (api_route()) and what is answered (api_reply(), api_problem()). HTTP itself,
 * tokens, scopes, limits, paging and the events are the room's business.
 *
 * docs/openapi.yaml describes every route; a test holds the two together.
 */
#ifndef CAROM_API_H
#define CAROM_API_H

#include <re.h>

struct api;
struct api_req;
struct events;
struct fields_err;
struct store;

/** What a token may do. A bit each */
enum api_scope {
	API_OPEN = 0,        /**< no token needed: /healthz              */
	API_READ = 1 << 0,   /**< look at everything but events          */
	API_WRITE = 1 << 1,  /**< change what is configured              */
	API_CALLS = 1 << 2,  /**< begin, change and end calls            */
	API_EVENTS = 1 << 3, /**< read events                            */
	API_ADMIN = 1 << 4,  /**< states of targets, networks, limits, reload */
	API_ALL = (1 << 5) - 1,
};

enum {
	API_BODY_MAX = 1 << 20, /**< bytes of a request's body               */
	API_TARGET_MAX = 4096,  /**< bytes of a path with its query          */
	API_PARAM_MAX = 255,    /**< bytes of a part of a path               */
	API_PAGE = 100,         /**< entries of a page, when nobody says     */
	API_PAGE_MAX = 1000,
	API_PATIENCE = 30000, /**< ms for an answer that is not at hand    */
	API_SLOW = 1000,      /**< ms for one to who guesses at tokens     */
};

/**
 * A request has come that is allowed, to a path that matches
 *
 * Answers by api_reply(), api_problem() or one of the others; or keeps a
 * reference (mem_ref) and answers later, within API_PATIENCE.
 *
 * @return 0; else, where nothing was answered, a problem is made of it: EINVAL
 *         400, EACCES 403, ENOENT 404, EEXIST and EALREADY 409, EBUSY and
 *         EAGAIN 503, ENOSPC 507, ETIMEDOUT 504, any other 500
 */
typedef int(api_h)(struct api_req *req, void *arg);

struct api_conf {
	const char *node;      /**< name of this node                         */
	struct store *store;   /**< referenced; NULL: nothing is stored       */
	struct events *events; /**< referenced; NULL: there are none       */
};

/**
 * An API without routes and without listeners
 *
 * @param ap  Pointer to the object (mem_deref when done)
 *
 * @return 0, EINVAL, ENOMEM
 */
int api_alloc(struct api **ap, const struct api_conf *conf);

/**
 * Have a handler serve a method and path
 *
 * HEAD comes with GET, OPTIONS with every path.
 *
 * @param method   "GET", "POST", "PUT", "PATCH", "DELETE"
 * @param pattern  "/v1/extensions/{id}/contacts"; kept, not copied. A part in
 *                 braces takes any part that is not empty; one without is
 *                 preferred where both match
 *
 * @return 0, EINVAL, EEXIST, ENOMEM
 */
int api_route(struct api *a, const char *method, const char *pattern,
	      enum api_scope scope, api_h *h, void *arg);

/** Call h for each route, in the order they were made */
typedef void(api_route_h)(const char *method, const char *pattern,
			  enum api_scope scope, void *arg);
void api_each_route(const struct api *a, api_route_h *h, void *arg);

/** What a resource's handlers need: dereferenced when the API is gone, or now on an
 *  error. @return 0, ENOMEM */
int api_keep(struct api *a, void *obj);

/** "read", "write", ...; NULL: none or several */
const char *api_scope_name(enum api_scope scope);
/** @return 0 where there is no such scope */
enum api_scope api_scope_of(const struct pl *name);
/** "read,events" to its bits. @return 0, EBADMSG */
int api_scopes_of(unsigned *scopes, const struct pl *list);

struct store *api_store(const struct api *a);
struct events *api_events(const struct api *a);
const char *api_node(const struct api *a);

/* ---- what was asked (request.c) ------------------------------------------ */

struct api *api_of(const struct api_req *req);
/** As it was sent, HEAD as GET */
const struct pl *api_method(const struct api_req *req);
/** Decoded, without the query; zero-terminated */
const char *api_path(const struct api_req *req);
/** A part of the path, "id" for {id}: decoded, zero-terminated, not empty */
const char *api_param(const struct api_req *req, const char *name);
/** Value of a query's key, decoded; NULL: it is not there */
const char *api_query(const struct api_req *req, const char *name);
/**
 * A number from the query
 *
 * @return 0, def where it is not there; EINVAL: it is no number of min..max, and
 *         a problem was answered
 */
int api_query_number(struct api_req *req, const char *name, uint64_t min,
		     uint64_t max, uint64_t def, uint64_t *n);
/** Refuse what is no key of this query: keyv ends with NULL. @return 0; EINVAL:
 *  a problem was answered */
int api_query_only(struct api_req *req, const char *const *keyv);
/** A header's value; NULL */
const char *api_header(const struct api_req *req, const char *name);
/** The body, an object of JSON that was found sound; NULL: it had none */
const struct odict *api_body(const struct api_req *req);
/** Name of the token, for logs; "" where there is none */
const char *api_who(const struct api_req *req);
/** Was it answered? */
bool api_answered(const struct api_req *req);

/* ---- what is answered (reply.c) ------------------------------------------ */

/** Answer with an object; NULL: no body. Once for each request.
 *  @return 0, EALREADY, ENOMEM */
int api_reply(struct api_req *req, unsigned status, const struct odict *body);
/** Answer with a text of another type, not copied but referenced */
int api_reply_text(struct api_req *req, unsigned status, const char *type,
		   struct mbuf *text);
/** A header for the answer that is to come. Its value has no line end */
int api_reply_header(struct api_req *req, const char *name, const char *fmt,
		     ...);

/**
 * Answer with a problem (RFC 9457)
 *
 * @param status  400..599
 * @param type    "not-found": becomes urn:carom:problem:not-found; NULL:
 *                about:blank
 * @param fmt     "detail": what is wrong with this request, and what is allowed
 *
 * @return 0, EALREADY, ENOMEM
 */
int api_problem(struct api_req *req, unsigned status, const char *type,
		const char *fmt, ...);

/** A member for the problem that is to come, as "oldest" of 410 */
int api_problem_number(struct api_req *req, const char *name, uint64_t n);

/**
 * A field of the body is wrong: becomes an entry of "errors" in the problem that
 * is to come (RFC 9457 section 3)
 *
 * @param pointer  JSON pointer (RFC 6901): "/contacts/0/uri"
 */
void api_fault(struct api_req *req, const char *pointer, const char *fmt, ...);
/** The same for what base/fields.h found; its path becomes a pointer */
void api_fault_fields(struct api_req *req, const struct fields_err *e);
/** Faults so far */
unsigned api_faults(const struct api_req *req);
/** Answer 422 with the faults. @return 0, EALREADY, ENOMEM */
int api_refuse(struct api_req *req);

/* ---- fields of a body (check.c) ------------------------------------------ */

enum api_type {
	API_STRING, /**< min..max bytes                                  */
	API_NUMBER, /**< a whole one, min..max                           */
	API_BOOL,
	API_OBJECT,
	API_ARRAY, /**< min..max entries                                */
	API_ENUM,  /**< one of "a|b|c" in `allowed`                     */
};

/** A field. A table of them ends with one without a name */
struct api_field {
	const char *name;
	enum api_type type;
	bool required;
	int64_t min, max;    /**< both 0: any                             */
	const char *allowed; /**< of an enum; else in words, for the answer */
};

/**
 * Hold an object against a table: missing, unknown and wrong fields become
 * faults
 *
 * @param pointer  Where the object is: "" for the body itself
 *
 * @return true: no new fault
 */
bool api_check(struct api_req *req, const char *pointer, const struct odict *o,
	       const struct api_field *fieldv);

/* ---- pages (page.c) ------------------------------------------------------ */

/**
 * A page of a list whose entries have a key that does not change. Entries come
 * in the order of their keys; the cursor is the last one's, so that entries
 * which come and go meanwhile neither repeat nor hide others.
 *
 *   struct api_page *p;
 *   err = api_page_begin(&p, req, "targets");
 *   for each entry, in any order:
 *           if (api_page_wants(p, key))
 *                   err = api_page_add(p, key, entry);
 *   err = api_page_reply(p);
 */
struct api_page;

/** @param name  Of the array in the answer. @return 0; EINVAL: limit or cursor
 *               are none, and it was answered; ENOMEM */
int api_page_begin(struct api_page **pp, struct api_req *req, const char *name);
/** Would an entry be on this page, by what has been added so far? */
bool api_page_wants(const struct api_page *p, const struct pl *key);
/** Add one that it wants; o is referenced */
int api_page_add(struct api_page *p, const struct pl *key, struct odict *o);
/** A number besides, as "total". name is kept, not copied; two at most */
void api_page_number(struct api_page *p, const char *name, uint64_t n);
/** Answer {"NAME": [...], "next": CURSOR} with a Link header (RFC 8288); next is
 *  there only where more follows. p is released, whatever becomes of it */
int api_page_reply(struct api_page *p);

/* ---- records of the store as resources (record.c) ------------------------ */

/**
 * Resources that are records of the store: list, read, make, replace, remove,
 * with ETag, If-Match and If-None-Match, by an id that the client gives:
 *
 *   GET PATH            a page of them, in an array `name`
 *   POST PATH           makes one: "id" in the body, or we give one; 409 where it
 *                       is there and differs, 200 where it is the same
 *   GET PATH/{id}
 *   PUT PATH/{id}       makes or replaces it: 201, 200
 *   DELETE PATH/{id}    204
 */
struct api_record {
	const char *path; /**< "/v1/extensions"                            */
	const char *name; /**< "extensions"                                */
	const char *kind; /**< of the store: "extension"                   */
	/** What a body may have, "id" too; NULL: check looks at all of it */
	const struct api_field *fieldv;
	/** Look at a body further: api_fault(). May change what is stored:
	 *  stored begins as a copy of the body with its "id". NULL: fine as it is.
	 *  old: what is there; NULL it is made */
	int (*check)(struct api_req *req, const char *id, struct odict *stored,
		     const struct odict *old, void *arg);
	/** What is shown of a record; may add what is known besides, and leave
	 *  out what is secret. NULL: all of it as it is stored */
	int (*view)(struct odict *view, const struct odict *stored, void *arg);
	/** It is in the store, durably; stored NULL: it is gone */
	void (*changed)(const char *id, const struct odict *stored, void *arg);
	void *arg;
};

/** Make the routes. r is not copied. @return 0, ENOMEM */
int api_records(struct api *a, const struct api_record *r);

/* ---- our own resources ---------------------------------------------------- */

struct edge;
struct fp;
struct media;

/** /readyz: is it ready? text: the reason where it is not; else what was looked at, for
 *  ?verbose, or "" */
typedef bool(api_ready_h)(char *text, size_t size, void *arg);
int api_health(struct api *a); /**< and /v1: which routes there are */
/** A part that has to be ready, or /readyz is 503. name is kept, not copied */
int api_ready(struct api *a, const char *part, api_ready_h *h, void *arg);

/** /v1/events. @return 0, ENOMEM */
int api_event_routes(struct api *a);

/** /v1/dispatchers, /v1/networks, /v1/limits, /v1/connections; the targets' states
 *  as events. @return 0, ENOMEM */
int api_edge(struct api *a, struct edge *e);

/** /v1/calls; what happens to calls as events. @return 0, ENOMEM */
int api_media(struct api *a, struct media *m);

/** /v1/legs. fp and m are kept by the caller. @return 0, ENOMEM */
int api_legs(struct api *a, const struct fp *fp, const struct media *m);

/** /v1/nodes: this one, and others that share its store. @return 0, ENOMEM */
int api_nodes(struct api *a);

/** A role that this node has: "edge"; kept, not copied */
void api_role(struct api *a, const char *role);

/* ---- figures (figure.c) --------------------------------------------------- */

/** A figure of a metric. Those of one metric follow one another */
struct api_figure {
	const char *group, *key; /**< in JSON: "api", "requests"           */
	const char *metric;      /**< "carom_api_requests_total"           */
	const char *type;        /**< "counter", "gauge"                   */
	const char *help;        /**< without a full stop                  */
	const char *labels; /**< as Prometheus has them: code="2xx"; NULL  */
};

int api_figure_add(struct odict *arr, const struct api_figure *f, int64_t n);

/** Add a room's figures to the array, by api_figure_add() */
typedef int(api_figures_h)(struct odict *arr, void *arg);

/** Have a room's figures in /metrics and /v1/statistics */
int api_figures(struct api *a, api_figures_h *h, void *arg);

/** The array "figures" with those of media, as media_figures() */
typedef int(api_begin_figures_h)(struct odict *out, void *arg);

/** /metrics, /v1/statistics. fp: referenced; h: of what is no room's above. @return 0,
 *  ENOMEM */
int api_statistics(struct api *a, struct fp *fp, api_begin_figures_h *h,
		   void *arg);

/* ---- listeners (listen.c) ------------------------------------------------ */

struct api_tls {
	const char *certificate, *key; /**< PEM files                       */
};

/** Where the API is served */
struct api_listen {
	const char *path; /**< UNIX socket; NULL: addr             */
	const struct sa *addr;
	const struct api_tls *tls; /**< NULL plain                          */
	bool open; /**< no token is asked for: UNIX, loopback without tokens */
	const char *only; /**< this one path, without a token; NULL all    */
};

/** Serve it. Logged. @return 0, EADDRINUSE, errno */
int api_listen(struct api *a, const struct api_listen *l);

/** Read certificates and keys again; where they are others, connections that come from
 *  now on have them. Logged. @return 0, EBADMSG, errno: the old ones stay */
int api_listen_renew(struct api *a);

/**
 * Tokens that are taken: lines "NAME:SCOPE,...:SHA-256 of the token in
 * hexadecimal digits"; '#' begins a comment. May be called again (reload)
 *
 * @param why  What is wrong with it, and where
 *
 * @return 0, EBADMSG, ENOMEM, errno; nothing has changed then
 */
int api_tokens(struct api *a, const char *path, char *why, size_t size);
/** Is such a file sound? */
int api_tokens_check(const char *path, char *why, size_t size);

#endif
