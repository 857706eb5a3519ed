/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/backend.h  What a backend gives store.c
 */
#ifndef CAROM_STORE_BACKEND_H
#define CAROM_STORE_BACKEND_H

#include "store/queue.h"
#include "store/store.h"

/* Arguments were checked: kinds are short, keys and values have a p, except
 * the value of a removal */
struct backend {
	int (*put)(void *b, const struct store_op *op);
	int (*get)(void *b, const char *kind, const struct pl *key,
		   char **value);
	int (*each)(void *b, const char *kind, store_h *h, void *arg);
	/* NULL: nobody else writes between a get and a put */
	int (*first)(void *b, const struct store_op *op, char **kept);
	/* takes the reference on the job when it returns 0 */
	int (*write)(void *b, struct job *job);
	/* *wp: mem_deref when done; NULL: nobody else writes */
	int (*watch)(void *b, void **wp, const char *kind, store_change_h *h,
		     void *arg);
	bool (*degraded)(void *b, const char **why);
	const struct queue *(*queue)(const void *b); /* NULL: none */
};

extern const struct backend backend_sqlite;
extern const struct backend backend_redis;

/* *bp: mem_deref when done. What store_open() returns */
int sqlite_alloc(void **bp, const struct store_conf *conf);
int redis_alloc(void **bp, const struct store_conf *conf);

#endif
