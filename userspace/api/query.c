/* SPDX-License-Identifier: BSD-2-Clause */
/* The query of a request: KEY=VALUE&... (application/x-www-form-urlencoded) */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"

static int add(struct api_req *req, const struct pl *pair, char **pos,
	       size_t *left)
{
	const char *eq = pl_strchr(pair, '=');
	struct pl key = *pair, value = pl_null;
	struct api_keyval *kv = &req->queryv[req->queryc];
	int err;

	if (eq) {
		key.l = (size_t)(eq - pair->p);
		value = (struct pl){eq + 1, pair->l - key.l - 1};
	}
	if (req->queryc == API_QUERY_MAX)
		return EOVERFLOW;
	kv->key = *pos;
	err = api_unescape(*pos, *left, &key, true);
	if (err)
		return err;
	*left -= strlen(kv->key) + 1;
	*pos += strlen(kv->key) + 1;
	if (!*kv->key || api_query(req, kv->key))
		return EBADMSG; /* twice: which one is meant? */
	kv->value = *pos;
	err = api_unescape(*pos, *left, &value, true);
	if (err)
		return err;
	*left -= strlen(kv->value) + 1;
	*pos += strlen(kv->value) + 1;
	++req->queryc;

	return 0;
}

int api_query_decode(struct api_req *req, const struct pl *query)
{
	struct pl rest = *query;
	/* each pair may be without a '=', and has two ends here */
	size_t left = query->l + 2 * API_QUERY_MAX + 2;
	char *pos;
	int err = 0;

	req->querybuf = mem_zalloc(left, NULL);
	if (!req->querybuf)
		return ENOMEM;
	pos = req->querybuf;
	while (rest.l && !err) {
		const char *amp = pl_strchr(&rest, '&');
		const struct pl pair = {rest.p,
					amp ? (size_t)(amp - rest.p) : rest.l};

		if (pair.l)
			err = add(req, &pair, &pos, &left);
		pl_advance(&rest, (ssize_t)pair.l + (amp ? 1 : 0));
	}
	if (!err)
		return 0;
	req->queryc = 0;
	(void)api_problem(req, 400, "bad-query",
			  err == EOVERFLOW
				  ? "the query has more than 16 keys"
				  : "the query is none: allowed: KEY=VALUE "
				    "pairs with '&' between them, each key "
				    "once, %%XX for what is not printable");

	return EINVAL;
}

const char *api_query(const struct api_req *req, const char *name)
{
	for (size_t i = 0; req && i < req->queryc; i++)
		if (!strcmp(req->queryv[i].key, name))
			return req->queryv[i].value;

	return NULL;
}

int api_query_number(struct api_req *req, const char *name, uint64_t min,
		     uint64_t max, uint64_t def, uint64_t *n)
{
	const char *s = api_query(req, name);
	struct pl pl;

	*n = def;
	if (!s)
		return 0;
	pl_set_str(&pl, s);
	*n = pl_u64(&pl);
	if (*s && strlen(s) <= 18 && !s[strspn(s, "0123456789")] && *n >= min &&
	    *n <= max)
		return 0;
	(void)api_problem(req, 400, "bad-query",
			  "%s=%s: allowed: a number, %llu..%llu", name, s,
			  (unsigned long long)min, (unsigned long long)max);

	return EINVAL;
}

int api_query_only(struct api_req *req, const char *const *keyv)
{
	char known[256] = "";

	for (size_t i = 0; i < req->queryc; i++) {
		size_t k = 0;

		while (keyv[k] && strcmp(keyv[k], req->queryv[i].key) != 0)
			++k;
		if (keyv[k])
			continue;
		for (k = 0; keyv[k]; k++)
			(void)re_snprintf(known + strlen(known),
					  sizeof(known) - strlen(known), "%s%s",
					  k ? ", " : "", keyv[k]);
		(void)api_problem(req, 400, "bad-query",
				  "the query has no key '%s'; allowed: %s",
				  req->queryv[i].key, *known ? known : "none");
		return EINVAL;
	}

	return 0;
}
