/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file nodes_fix.h  Two nodes whose stores are one Redis
 */
#ifndef CAROM_NODES_FIX_H
#define CAROM_NODES_FIX_H

#include "redis_srv.h"
#include "store_fix.h"

#define R(f) cmocka_unit_test_setup_teardown(f, nodes_setup, nodes_teardown)

enum {
	KEYS = 100,
	WINDOW = 32,
	ROUNDS = 3,
	MANY = 3000,
};

/** The state of the tests */
struct nodes {
	struct fix *f; /**< node a; teardown() ends it */
	struct redis_srv *srv, *replica, *other, *sentinel;
	struct store *b; /**< node b's, or NULL */
	struct store_watch *wa, *wb;
	char said_a[512],
		said_b[512]; /**< what each was told: "KEY=VALUE -KEY " */
	bool (*until)(struct nodes *n);
	struct tmr tmr;
};

/** For store_watch(): node b was told */
void change_b(const char *kind, const struct pl *key, const struct pl *value,
	      void *arg);

/** A node of that name opens the store. @param replicas  That must have a write */
int open_node(struct store **sp, struct nodes *n, const char *name,
	      unsigned replicas);

/** For cmocka: a Redis, and node a */
int nodes_setup(void **state);

/** ... and a replica of it */
int replica_setup(void **state);

/** For cmocka */
int nodes_teardown(void **state);

/** Let the event loop go on until that holds; the test has failed after PATIENCE */
void wait_until(struct nodes *n, bool (*until)(struct nodes *n));

/** Node a says that its store is degraded */
bool is_degraded(struct nodes *n);

/** Neither node says so */
bool is_good(struct nodes *n);

/** Node b writes a record of kind m */
void b_puts(struct nodes *n, const char *key, const char *value);

/** Node b begins; both are told of kind m: said_a, said_b */
void watch_both(struct nodes *n);

#endif
