/* SPDX-License-Identifier: BSD-2-Clause */
/* The routes of a number, in the order in which they are tried */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "route/table.h"
#include "route/zone.h"

const char *route_why(enum route_why w)
{
	static const char *const v[] = {
		[ROUTE_TAKEN] = "taken",
		[ROUTE_W_DISABLED] = "the route is disabled",
		[ROUTE_W_CALLER] = "it is for other callers",
		[ROUTE_W_TIME] = "it is closed at that time",
		[ROUTE_W_NONE] = "its provider does not exist",
		[ROUTE_W_OFF] = "its provider is disabled",
		[ROUTE_W_DOWN] = "its provider is unhealthy",
		[ROUTE_W_AGAIN] = "its provider comes before",
		[ROUTE_W_NUMBER] = "rewriting leaves no number",
	};

	return (size_t)w < ARRAY_SIZE(v) ? v[w] : "?";
}

/* ---- order ---------------------------------------------------------------- */

/* A route with its draw: those of equal priority are sorted by it */
struct drawn {
	struct route *r;
	double draw; /* the smaller the earlier                            */
};

/* The finaliser of MurmurHash3: any bit of the input changes half of the output */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

/* Each draws a time from an exponential distribution whose rate is its weight: who
 * is first is so by its share of the weights, and so on among the rest */
static double draw(const struct route *r, uint64_t hash)
{
	uint64_t x;

	if (!r->weight)
		return INFINITY;
	x = mix(hash ^
		mix(hash_joaat_str(r->id) + ((uint64_t)strlen(r->id) << 32)));
	return -log(((double)(x >> 11) + 0.5) / 9007199254740992.0) / r->weight;
}

static int compare(const void *a, const void *b)
{
	const struct drawn *x = a, *y = b;

	if (x->r->priority != y->r->priority)
		return x->r->priority < y->r->priority ? -1 : 1;
	if (x->draw < y->draw || x->draw > y->draw)
		return x->draw < y->draw ? -1 : 1;
	if (x->r->cost < y->r->cost || x->r->cost > y->r->cost)
		return x->r->cost < y->r->cost ? -1 : 1;
	return strcmp(x->r->id, y->r->id);
}

/* Of a group that is larger than there is room, the first still are the first */
static size_t order(const struct group *g, uint64_t hash,
		    struct route_choice *v, size_t max)
{
	struct drawn *dv = mem_alloc(g->n * sizeof(*dv), NULL);
	size_t n = 0;

	if (!dv)
		return 0;
	for (size_t i = 0; i < g->n; i++)
		dv[i] = (struct drawn){g->v[i], draw(g->v[i], hash)};
	qsort(dv, g->n, sizeof(*dv), compare);
	for (; n < g->n && n < max; n++) {
		memset(&v[n], 0, sizeof(v[n]));
		v[n].route = dv[n].r;
	}
	mem_deref(dv);
	return n;
}

/* ---- fitness ---------------------------------------------------------------- */

static bool begins(const char *s, const char *prefix)
{
	return !strncmp(s ? s : "", prefix, strlen(prefix));
}

static bool open_at(const struct route *r, int64_t when)
{
	unsigned wday, minute;

	if (!r->windowc)
		return true;
	zone_wall(r->zone, when, &wday, &minute);
	for (size_t i = 0; i < r->windowc; i++)
		if (window_open(&r->windowv[i], wday, minute))
			return true;
	return false;
}

static int rewrite(struct route_choice *c, const struct route_ask *q)
{
	int err;

	str_ncpy(c->called.s, q->called, sizeof(c->called.s));
	str_ncpy(c->caller.s, q->caller ? q->caller : "", sizeof(c->caller.s));
	err = rewrite_apply(c->route->called_rw, &c->called);
	/* who withholds a number (RFC 3323) has none to rewrite */
	if (!err && c->caller.s[0] &&
	    str_casecmp(c->caller.s, "anonymous") != 0)
		err = rewrite_apply(c->route->caller_rw, &c->caller);
	return err;
}

static bool taken(const struct route_choice *v, size_t n, const char *provider)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].why == ROUTE_TAKEN &&
		    !strcmp(v[i].route->provider, provider))
			return true;
	return false;
}

static enum route_why judge(struct route_choice *v, size_t i,
			    const struct route_ask *q)
{
	const struct route *r = v[i].route;

	if (r->disabled)
		return ROUTE_W_DISABLED;
	if (!begins(q->caller, r->caller))
		return ROUTE_W_CALLER;
	if (!open_at(r, q->when))
		return ROUTE_W_TIME;
	if (taken(v, i, r->provider))
		return ROUTE_W_AGAIN;
	switch (q->healthh(r->provider, q->arg)) {

	case ROUTE_NONE:
		return ROUTE_W_NONE;
	case ROUTE_OFF:
		return ROUTE_W_OFF;
	case ROUTE_DOWN:
		return ROUTE_W_DOWN;
	default:
		break;
	}
	return rewrite(&v[i], q) ? ROUTE_W_NUMBER : ROUTE_TAKEN;
}

size_t route_find(const struct routes *t, const struct route_ask *q,
		  struct route_choice *v)
{
	struct pl prefix;
	size_t n = 0;

	if (!t || !q || !q->called || !q->healthh || !v)
		return 0;
	pl_set_str(&prefix, q->called);
	prefix.l = MIN(prefix.l, ROUTE_PREFIX);
	for (;; prefix.l--) {
		const struct group *g = routes_group(t, &prefix);

		if (g)
			n += order(g, q->hash, v + n, ROUTE_CHOICES - n);
		if (!prefix.l || n == ROUTE_CHOICES)
			break;
	}
	for (size_t i = 0; i < n; i++)
		v[i].why = judge(v, i, q);
	return n;
}

/* ---- numbers ----------------------------------------------------------------- */

static int hex(char c)
{
	const int low = c | 0x20;

	return c >= '0' && c <= '9'       ? c - '0'
	       : low >= 'a' && low <= 'f' ? low - 'a' + 10
					  : -1;
}

static bool is_tel(const char *s)
{
	return s[strspn(s, "+0123456789-.()*#")] == '\0';
}

/* Without what is there for people's eyes. "-" alone is no number: it stays */
static void bare(struct number *n)
{
	char *to = n->s;

	if (!is_tel(n->s) || !n->s[strspn(n->s, "-.()")])
		return;
	for (const char *from = n->s; *from; from++)
		if (!strchr("-.()", *from))
			*to++ = *from;
	*to = '\0';
}

int number_decode(struct number *n, const struct pl *user)
{
	size_t len = 0;

	if (!n || !user || !pl_isset(user))
		return EINVAL;
	for (size_t i = 0; i < user->l && user->p[i] != ';'; i++) {
		char c = user->p[i];

		if (c == '%' && i + 2 < user->l && hex(user->p[i + 1]) >= 0 &&
		    hex(user->p[i + 2]) >= 0) {
			c = (char)(hex(user->p[i + 1]) * 16 +
				   hex(user->p[i + 2]));
			i += 2;
		}
		if ((unsigned char)c < ' ' || c == 0x7f)
			return EINVAL;
		if (len == NUMBER_MAX)
			return EOVERFLOW;
		n->s[len++] = c;
	}
	n->s[len] = '\0';
	bare(n);
	return len ? 0 : EINVAL;
}
