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
	/* takes the reference on the job when it returns 0 */
	int (*write)(void *b, struct job *job);
	bool (*degraded)(const void *b, const char **why);
};

extern const struct backend backend_sqlite;

/* *bp: mem_deref when done. What store_open() returns */
int sqlite_alloc(void **bp, const char *path, bool readonly);

#endif
