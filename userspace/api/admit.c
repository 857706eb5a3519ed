/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may ask, and whether he takes what is answered */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"

/* An address is read as one: "127.evil.example" is a name */
static bool names_host(const char *host)
{
	static const char *const mine[] = {"localhost", "[::1]"};
	const size_t len = strcspn(host, ":");
	char text[INET_ADDRSTRLEN];
	struct in_addr in;

	for (size_t i = 0; i < ARRAY_SIZE(mine); i++) {
		const size_t n = strlen(mine[i]);

		if (!strncasecmp(host, mine[i], n) &&
		    (!host[n] || host[n] == ':'))
			return true;
	}
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';

	return inet_pton(AF_INET, text, &in) == 1 &&
	       ntohl(in.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* Who needs no token is a program of this host. What a browser here was told to
 * send by a page from elsewhere is not, and names where it came from, or, by a
 * name of the page's own for this address, a strange host */
static int admit_open(struct api_req *req, const struct api_in *in)
{
	const char *host = api_header(req, "Host");

	if (api_header(req, "Origin"))
		return api_problem(req, 403, NULL,
				   "a page of a browser needs a token");
	if (in->peer && host && !names_host(host))
		return api_problem(req, 421, NULL,
				   "the host '%s' is not here; allowed: "
				   "localhost, 127.0.0.1, [::1]",
				   host);
	return 0;
}

enum { WRONG_MAX = 20 /* wrong tokens of one source in a minute */ };

/* Whoever has an IPv6 address has all of its /64 */
static uint32_t source_hash(const struct sa *peer)
{
	const struct in6_addr *in6 = &peer->u.in6.sin6_addr;

	if (sa_af(peer) == AF_INET)
		return hash_fast((const char *)&peer->u.in.sin_addr, 4);

	return hash_fast(
		(const char *)in6,
		sa_is_linklocal(peer) || IN6_IS_ADDR_V4MAPPED(in6) ? 16 : 8);
}

static unsigned *wrong_of(struct api *a, const struct sa *peer)
{
	const uint64_t now = tmr_jiffies();

	if (now - a->wrong.since >= 60000) {
		memset(&a->wrong, 0, sizeof(a->wrong));
		a->wrong.since = now;
	}

	return &a->wrong.n[peer ? source_hash(peer) % ARRAY_SIZE(a->wrong.n)
				: 0];
}

static int unauthorized(struct api_req *req, const char *error,
			const char *detail)
{
	(void)api_reply_header(req, "WWW-Authenticate",
			       "Bearer realm=\"carom\"%s", error);

	return api_problem(req, 401, "no-token", "%s", detail);
}

static void refuse_slowly(void *arg)
{
	struct api_req *req = arg;

	(void)api_reply_header(req, "Retry-After", "60");
	if (api_problem(req, 429, "too-many-tokens",
			"too many wrong tokens from this address"))
		(void)api_reply(req, 429, NULL);
}

/* Who guesses on waits for each answer. Nobody else there does: it is the wrong token
 * that is slow, not the address it came from */
static int wrong_token(struct api_req *req, const struct sa *peer)
{
	unsigned *wrong = wrong_of(req->a, peer);

	if (*wrong >= WRONG_MAX) {
		req->held = true;
		tmr_start(&req->patience, req->a->slow, refuse_slowly, req);
		return 0;
	}
	++*wrong;

	return unauthorized(req, ", error=\"invalid_token\"",
			    "this token is not known");
}

static int admit_token(struct api_req *req, const struct api_in *in)
{
	static const char bearer[] = "Bearer ";
	const char *auth = api_header(req, "Authorization");
	unsigned scopes;
	struct pl token;

	if (!auth || strncasecmp(auth, bearer, sizeof(bearer) - 1) != 0)
		return unauthorized(req, "",
				    "a token is needed; allowed: "
				    "Authorization: Bearer TOKEN");
	pl_set_str(&token, auth + sizeof(bearer) - 1);
	scopes = api_token_scopes(req->a->tokens, &token, req->who,
				  sizeof(req->who));
	if (!scopes)
		return wrong_token(req, in->peer);
	if (!(scopes & req->route->scope)) {
		const char *scope = api_scope_name(req->route->scope);

		(void)api_reply_header(req, "WWW-Authenticate",
				       "Bearer realm=\"carom\", "
				       "error=\"insufficient_scope\", "
				       "scope=\"%s\"",
				       scope);
		return api_problem(req, 403, "no-scope",
				   "token %s has not the scope %s", req->who,
				   scope);
	}

	return 0;
}

/* Does it take any of what we answer with? Which of them a path has is known to who
 * asks for it */
static bool takes_answer(const struct api_req *req)
{
	static const char *const typev[] = {
		"*/*",
		"application/*",
		"application/json",
		"application/problem+json",
		"text/*",
		"text/plain",
		"text/event-stream",
	};
	const char *p = api_header(req, "Accept");

	if (!p || !*p)
		return true;
	while (*p) {
		p += strspn(p, ", \t");
		for (size_t i = 0; i < ARRAY_SIZE(typev); i++) {
			const size_t n = strlen(typev[i]);

			if (!strncasecmp(p, typev[i], n) &&
			    strchr(",; \t", p[n]))
				return true;
		}
		p += strcspn(p, ",");
	}

	return false;
}

int api_admit(struct api_req *req, const struct api_in *in)
{
	int err = 0;

	if (!in->only && req->route->scope != API_OPEN)
		err = in->open ? admit_open(req, in) : admit_token(req, in);
	if (!err && !req->out.status && !req->held && !takes_answer(req))
		err = api_problem(req, 406, NULL,
				  "allowed: Accept: application/json (or "
				  "text/event-stream for events, text/plain "
				  "for /metrics)");

	return err;
}
