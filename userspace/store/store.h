/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/store.h  What must outlive the process, by kind and key
 *
 * A record is a JSON object under (kind, key), e.g. ("media", Call-ID).
 * One interface, several backends; SQLite (WAL) is the embedded one.
 */
#ifndef CAROM_STORE_H
#define CAROM_STORE_H

#include <re.h>

struct store;

/**
 * Open or create a database
 *
 * @param sp        Pointer to the object (mem_deref when done)
 * @param path      File; ":memory:" for tests
 * @param readonly  For views: never blocks the writer
 *
 * @return 0, EACCES, ENOENT, EPROTO (made by a newer version), EIO
 */
int store_open(struct store **sp, const char *path, bool readonly);

/** Write a record; durable against a crash of the process on return */
int store_put(struct store *s, const char *kind, const struct pl *key,
	      const struct pl *value);

/** Remove a record. @return 0, also when there was none */
int store_del(struct store *s, const char *kind, const struct pl *key);

/** Read one. *value: zero-terminated, mem_deref when done. @return 0, ENOENT */
int store_get(struct store *s, const char *kind, const struct pl *key,
	      char **value);

/** Return true to stop */
typedef bool(store_h)(const struct pl *key, const struct pl *value, void *arg);

/** Each record of a kind, in the order it was first written */
int store_each(struct store *s, const char *kind, store_h *h, void *arg);

#endif
