/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/core.h  The room's own side of the API
 */
#ifndef CAROM_API_CORE_H
#define CAROM_API_CORE_H

#include "api/api.h"

enum {
	API_PARTS_MAX = 16,   /**< parts of a path                          */
	API_PARAMS_MAX = 4,   /**< of them in braces                        */
	API_QUERY_MAX = 16,   /**< keys of a query                          */
	API_HEADERS_MAX = 16, /**< of an answer                             */
	API_ITEMS_MAX = 5000, /**< values in a body                       */
	API_DEPTH_MAX = 16,   /**< of a body                                */
};

/* ---- paths (path.c) ------------------------------------------------------ */

/** The parts of a path, decoded, side by side in a buffer */
struct api_path {
	char buf[API_TARGET_MAX + API_PARTS_MAX + 2];
	const char *partv[API_PARTS_MAX];
	size_t partc;
};

/**
 * Take a path apart: "/v1/a%2Fb" has the parts "v1" and "a/b"
 *
 * @return 0; EBADMSG: it does not begin with '/', has an empty part, "." or
 *         "..", a '%' without two digits, a byte below 0x20 or 0x7f;
 *         EOVERFLOW: too long, too many parts
 */
int api_path_decode(struct api_path *p, const struct pl *path);

/** Decode %XX, and with `plus` '+' as blank. *len: bytes. @return 0, EBADMSG (a
 *  NUL, too), EOVERFLOW */
int api_unescape(char *buf, size_t size, const struct pl *s, bool plus);

/** Print a text as a part of a path or query */
int api_escape(struct re_printf *pf, const struct pl *s);

/** Does a pattern match? Values of its braces go to paramv */
bool api_pattern_match(const char *pattern, const struct api_path *p,
		       struct pl *namev, const char **valuev, size_t *n);

/* ---- routes (route.c) ---------------------------------------------------- */

struct api_route {
	struct le le;
	const char *method, *pattern;
	enum api_scope scope;
	api_h *h;
	void *arg;
};

/** The route for a path and method; NULL, and *there says whether the path is
 *  there for other methods */
const struct api_route *api_route_find(const struct api *a,
				       const struct pl *method,
				       const struct api_path *path,
				       bool *there);
/** "GET, HEAD, PUT, OPTIONS" of a path */
int api_route_allow(struct mbuf *mb, const struct api *a,
		    const struct api_path *path);

/* ---- requests ------------------------------------------------------------ */

struct api_keyval {
	const char *key, *value;
};

struct api_out {
	unsigned status;   /**< 0: not yet                                  */
	struct mbuf *body; /**< NULL none                                 */
	const char *type;  /**< of the body                               */
	struct {
		char name[32];
		char *value;
	} headerv[API_HEADERS_MAX];
	size_t headerc;
	struct api_stream *stream; /**< instead of a body                */
};

/** Whoever reads requests off the wire is told that the answer is there */
typedef void(api_answered_h)(struct api_req *req, void *arg);
/** ... and knows the headers. NULL: not there */
typedef const char *(api_get_header_h)(const char *name, void *arg);

struct api_in {
	struct pl method;
	struct pl target;      /**< path and query as they were sent          */
	bool open;             /**< needs no token                            */
	const char *only;      /**< the only path there is; NULL all          */
	const struct sa *peer; /**< NULL: a UNIX socket                    */
	api_get_header_h *header;
	api_answered_h *answered;
	void *arg;
};

struct api_req {
	struct le le; /**< in api.reqs while it is not answered            */
	struct api *a;
	const struct api_route *route;
	struct pl method;
	char methodbuf[16];
	bool head;
	struct api_path path;
	struct pl namev[API_PARAMS_MAX];
	const char *valuev[API_PARAMS_MAX];
	size_t paramc;
	char *instance; /**< path as it was sent, for problems           */
	char *querybuf;
	struct api_keyval queryv[API_QUERY_MAX];
	size_t queryc;
	struct odict *body;
	struct odict *faults;
	struct odict *extra; /**< members of the problem to come           */
	unsigned faultc;
	char who[64];
	char *idem; /**< under which the answer is kept; NULL              */
	char *hash; /**< of the body, with it                              */
	struct tmr patience;
	bool held; /**< refused, and told so later                        */
	bool late; /**< no answer came in time; what comes of it is kept  */
	api_get_header_h *header; /**< NULL: gone with the connection     */
	api_answered_h *answered;
	void *arg;
	struct api_out out;     /**< what is sent                         */
	struct api_out outcome; /**< what came of it when it was late     */
};

/**
 * A request's head has come: the route is looked up, the token checked
 *
 * @return 0, also where it was answered with a problem; ENOMEM
 */
int api_begin(struct api_req **rp, struct api *a, const struct api_in *in);
/** All of it has come. It is answered now or later */
void api_run(struct api_req *req, const struct pl *body);
/** Whoever asked is gone: an answer interests nobody any more */
void api_abandon(struct api_req *req);

/** May it be asked, by the token it has, or by where it came from? @return 0, also where
 *  it was refused and answered; ENOMEM (admit.c) */
int api_admit(struct api_req *req, const struct api_in *in);
/** Read its query. @return 0, EINVAL answered, ENOMEM */
int api_query_decode(struct api_req *req, const struct pl *query);
/** Read its body. @return 0, EINVAL answered, ENOMEM */
int api_body_decode(struct api_req *req, const struct pl *body);
/** The answer is complete */
void api_done(struct api_req *req);
/** Where the answer goes: to whoever asked, or, where he was told that it takes too
 *  long, to what is kept of it */
struct api_out *api_out_of(struct api_req *req);
/** Answer an error of a handler */
void api_failed(struct api_req *req, int err);

const char *api_status_text(unsigned status);

/** The node goes, and says so (node.c) */
void api_node_end(struct api *a);

/* ---- tokens (token.c) ---------------------------------------------------- */

struct api_tokens;

/** Whose token it is, and what it may do; 0 nobody's. Takes the same time for
 *  all that are wrong */
unsigned api_token_scopes(const struct api_tokens *t, const struct pl *token,
			  char *who, size_t size);
int api_tokens_load(struct api_tokens **tp, const char *path, char *why,
		    size_t size);

/* ---- idempotency (idem.c) ------------------------------------------------ */

/** Was this done before? Then the answer is the one it got; while it is under way,
 *  also after whoever asked was told 504 or has gone, it is 409. @return 0; EALREADY
 *  answered */
int api_idem_begin(struct api_req *req, const struct pl *body);
/** Keep the answer */
void api_idem_keep(struct api_req *req);

/* ---- streams (stream.c) -------------------------------------------------- */

/** Bytes for an answer that does not end: how many; 0 none now; < 0 it ends */
typedef ssize_t(api_pull_h)(char *buf, size_t max, void *arg);

struct api_stream {
	api_pull_h *pull;
	void *arg;               /**< referenced                            */
	void (*wake)(void *arg); /**< set by the listener                   */
	void *wake_arg;
};

/** Answer with what pull gives, until it ends. arg is released with it */
int api_reply_stream(struct api_req *req, unsigned status, const char *type,
		     api_pull_h *pull, void *arg, struct api_stream **sp);
/** There is something to pull */
void api_stream_wake(struct api_stream *s);

struct api {
	struct api_conf conf;
	char *node;
	struct list routes;
	struct list reqs;
	struct list listeners;
	struct list records;
	char etag_key[65]; /**< of entity tags, of the store; "" not yet    */
	struct list parts; /**< that have to be ready                     */
	struct list kept;  /**< struct kept: what handlers need           */
	struct api_tokens *tokens;
	struct list figures;
	uint64_t started; /**< s since 1970                               */
	const char *rolev[16];
	size_t rolec;
	uint32_t patience; /**< ms: API_PATIENCE                          */
	uint32_t slow;     /**< ms that a refusal is held back            */
	struct tmr heartbeat;
	struct tmr bury; /**< of listeners whose certificate is another now  */
	struct fp *fp;
	api_begin_figures_h *figuresh;
	void *figures_arg;
	uint64_t answersv[6]; /**< by the first digit of the status       */
	unsigned streams;     /**< that are open                          */
	struct {
		uint64_t since;  /**< ms, of the minute's begin            */
		unsigned n[256]; /**< wrong tokens by source, hashed       */
	} wrong;
};

/** Add the store's figures (storefigures.c) */
int api_store_figures(struct odict *arr, struct store *s);

#endif
