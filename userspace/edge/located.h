/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/located.h  The edge's registered users, from the table of bindings
 *
 * The table is of this process: a registrar beside the edge changes it, or other
 * nodes do, by the store that they share.
 */
#ifndef CAROM_EDGE_LOCATED_H
#define CAROM_EDGE_LOCATED_H

#include "edge/edge.h"
#include "location/location.h"

struct located;

/** Whoever may register, be he so now or not: he is not to be reached then (480), and
 *  the next rule is not his. All may be NULL: those are known who have bindings */
struct located_users {
	bool (*known)(const struct pl *user, const struct pl *domain,
		      void *arg);
	/** Call h with each */
	void (*each)(void (*h)(const struct pl *user, const struct pl *domain,
			       void *harg),
		     void *harg, void *arg);
	/**
	 * Whose the temporary GRUU is (RFC 5627 3.1.2), and which instance's
	 *
	 * @param aor, instance  Result; in buf
	 *
	 * @return 0, ENOENT
	 */
	int (*temporary)(struct pl *aor, struct pl *instance, char *buf,
			 size_t sz, const struct pl *user,
			 const struct pl *domain, void *arg);
	void *arg;
};

/**
 * From now on the edge calls whom the table has
 *
 * @param lp        mem_deref when done, before the edge
 * @param edge      Kept by the caller, as are the others
 * @param users     Copied; NULL: none but those with bindings
 *
 * @return 0, EALREADY: it has a source; ENOMEM
 */
int located_alloc(struct located **lp, struct edge *edge,
		  struct location *location, const struct located_users *users);

/** A user has come or gone whom `known` tells of */
void located_changed(struct located *l, const struct pl *user,
		     const struct pl *domain);

#endif
