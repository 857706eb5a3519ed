/* SPDX-License-Identifier: BSD-2-Clause */
/* Which handler serves a method and path */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"

static const char *const methodv[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

static void route_destructor(void *arg)
{
	struct api_route *r = arg;

	list_unlink(&r->le);
}

static bool method_is_known(const char *method)
{
	for (size_t i = 0; i < ARRAY_SIZE(methodv); i++)
		if (!str_cmp(method, methodv[i]))
			return true;

	return false;
}

/* Each part a word, or a name in braces */
static bool pattern_is_sound(const char *p)
{
	if (!p || *p != '/')
		return false;
	for (; *p == '/'; p += strcspn(p + 1, "/") + 1) {
		const size_t len = strcspn(p + 1, "/");
		const bool braces = p[1] == '{' && len > 2 && p[len] == '}';

		if (!len || (!braces && memchr(p + 1, '{', len)))
			return false;
	}

	return true;
}

int api_route(struct api *a, const char *method, const char *pattern,
	      enum api_scope scope, api_h *h, void *arg)
{
	struct api_route *r;
	struct le *le;

	if (!a || !h || !method_is_known(method) || !pattern_is_sound(pattern))
		return EINVAL;
	LIST_FOREACH (&a->routes, le) {
		r = le->data;
		if (!strcmp(r->method, method) && !strcmp(r->pattern, pattern))
			return EEXIST;
	}
	r = mem_zalloc(sizeof(*r), route_destructor);
	if (!r)
		return ENOMEM;
	r->method = method;
	r->pattern = pattern;
	r->scope = scope;
	r->h = h;
	r->arg = arg;
	list_append(&a->routes, &r->le, r);

	return 0;
}

void api_each_route(const struct api *a, api_route_h *h, void *arg)
{
	struct le *le;

	if (!a || !h)
		return;
	LIST_FOREACH (&a->routes, le) {
		const struct api_route *r = le->data;

		h(r->method, r->pattern, r->scope, arg);
	}
}

static bool matches(const struct api_route *r, const struct api_path *path,
		    size_t *params)
{
	struct pl namev[API_PARAMS_MAX];
	const char *valuev[API_PARAMS_MAX];

	return api_pattern_match(r->pattern, path, namev, valuev, params);
}

/* How many braces the pattern has that fits the path best */
static size_t best(const struct api *a, const struct api_path *path)
{
	size_t n, fewest = SIZE_MAX;
	struct le *le;

	LIST_FOREACH (&a->routes, le)
		if (matches(le->data, path, &n))
			fewest = min(fewest, n);

	return fewest;
}

const struct api_route *api_route_find(const struct api *a,
				       const struct pl *method,
				       const struct api_path *path, bool *there)
{
	const size_t fewest = best(a, path);
	struct le *le;
	size_t n;

	*there = fewest != SIZE_MAX;
	LIST_FOREACH (&a->routes, le) {
		const struct api_route *r = le->data;

		if (!pl_strcmp(method, r->method) && matches(r, path, &n) &&
		    n == fewest)
			return r;
	}

	return NULL;
}

int api_route_allow(struct mbuf *mb, const struct api *a,
		    const struct api_path *path)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(methodv) && !err; i++) {
		struct pl m;
		bool there;

		pl_set_str(&m, methodv[i]);
		if (!api_route_find(a, &m, path, &there))
			continue;
		err = mbuf_printf(mb, "%s%s, ", methodv[i], i ? "" : ", HEAD");
	}

	return err ? err : mbuf_write_str(mb, "OPTIONS");
}
