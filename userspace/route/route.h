/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file route/route.h  Which provider a number goes by: pure logic
 *
 * A route leads numbers that begin with its prefix to a provider. Of the routes
 * that fit a number those of the longest prefix come first, of these the ones of
 * the lowest priority; equals are in an order that follows from a keyed hash of
 * the call's Call-ID, by weight; those without weight come after them, the
 * cheapest first. What comes second is taken when the first fails.
 *
 * No sockets, no clock: who asks says when, and how providers are.
 */
#ifndef CAROM_ROUTE_H
#define CAROM_ROUTE_H

#include <re.h>
#include "base/fields.h"
#include "route/codes.h"
#include "route/rewrite.h"
#include "route/window.h"

enum {
	ROUTES_MAX = 200000, /**< in a table                               */
	ROUTE_CHOICES = 32,  /**< of a number; those behind are not looked
				 at                                         */
	ROUTE_PREFIX = 32,   /**< characters                               */
};

struct zone;

struct route {
	char *id, *name; /**< name may be NULL                            */
	char *prefix;    /**< "" any number                               */
	char *caller;    /**< prefix of the caller's number; "" any caller  */
	char *provider;  /**< id                                          */
	uint32_t priority, weight; /**< 0..65535, the lower first; 0..1000 */
	double cost;               /**< of a minute, in whatever           */
	bool disabled;
	struct codes failover; /**< answers on which the next is tried */
	uint32_t timeout;      /**< ms without any answer but 100, until the
				      next is tried                       */
	char *zone_name;       /**< NULL: UTC                          */
	struct zone *zone;
	struct window windowv[WINDOWS];
	size_t windowc; /**< 0: always open                     */
	struct rewrite *called_rw, *caller_rw; /**< NULL: as it is        */
};

/**
 * A route, of JSON as docs/providers.md has it
 *
 * @param rp  Pointer to the route (mem_deref when done)
 * @param e   Says what is wrong
 *
 * @return 0, EBADMSG, EINVAL, ENOMEM
 */
int route_decode(struct route **rp, const struct odict *o,
		 struct fields_err *e);

/** All of it, defaults filled in, added to o: what route_decode() takes. @return 0 or
 *  ENOMEM */
int route_json(struct odict *o, const struct route *r);

/* ---- the table ---------------------------------------------------------- */

struct routes;

/** @param rp  Pointer to the object (mem_deref when done). @return 0, EINVAL, ENOMEM */
int routes_alloc(struct routes **rp);

/** Add, or take the place of the one of the same id. Referenced. @return 0,
 *  ENOSPC, ENOMEM */
int routes_put(struct routes *t, struct route *r);

/** @return 0, ENOENT */
int routes_del(struct routes *t, const char *id);

/** NULL: none of that id */
struct route *routes_get(const struct routes *t, const char *id);

/** How many there are */
size_t routes_count(const struct routes *t);

/** In the order of their ids. Return true to stop */
typedef bool(routes_h)(struct route *r, void *arg);

/** @param after  Begin behind this id; NULL: with the first. @return 0, EINVAL */
int routes_each(const struct routes *t, const char *after, routes_h *h,
		void *arg);

/** A route that leads to that provider; NULL: none does */
const struct route *routes_use(const struct routes *t, const char *provider);

/* ---- choosing ----------------------------------------------------------- */

/** How a provider is, for who chooses */
enum route_health {
	ROUTE_UP,
	ROUTE_DOWN,
	ROUTE_OFF,  /**< disabled                                       */
	ROUTE_NONE, /**< there is no such provider                       */
};

typedef enum route_health(route_health_h)(const char *provider, void *arg);

/** What became of a route that fits the number */
enum route_why {
	ROUTE_TAKEN,
	ROUTE_W_DISABLED,
	ROUTE_W_CALLER, /**< is for other callers                      */
	ROUTE_W_TIME,   /**< is closed at that time                    */
	ROUTE_W_NONE,   /**< its provider does not exist               */
	ROUTE_W_OFF,    /**< its provider is disabled                  */
	ROUTE_W_DOWN,   /**< its provider is unhealthy                 */
	ROUTE_W_AGAIN,  /**< its provider has been taken already       */
	ROUTE_W_NUMBER, /**< no number is left after rewriting, or too
			       long a one                              */
};

/** "taken", "disabled", ... in words */
const char *route_why(enum route_why w);

struct route_ask {
	const char *called, *caller; /**< caller may be NULL              */
	int64_t when;                /**< s since 1970                    */
	uint64_t hash;               /**< keyed, of the Call-ID           */
	route_health_h *healthh;
	void *arg;
};

struct route_choice {
	struct route *route; /**< not referenced                          */
	enum route_why why;
	struct number called, caller; /**< rewritten; where it is taken   */
};

/**
 * All routes that fit a number, in the order in which they are tried, with those
 * that are not taken where they would stand
 *
 * @param v  Room for ROUTE_CHOICES
 *
 * @return How many
 */
size_t route_find(const struct routes *t, const struct route_ask *q,
		  struct route_choice *v);

/**
 * A number out of the user part of a SIP URI: unescaped, without parameters, and
 * without what is written between digits for people's eyes (RFC 3966 5.1.1)
 *
 * @return 0; EINVAL: empty; EOVERFLOW: longer than NUMBER_MAX
 */
int number_decode(struct number *n, const struct pl *user);

#endif
