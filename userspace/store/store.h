/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/store.h  What must outlive the process, by kind and key
 *
 * A record is a text (by custom a JSON object) under (kind, key), e.g.
 * ("media", Call-ID). A kind is a short word; a key is any bytes.
 *
 * There are two ways to write. store_put() and store_del() act at once: when
 * they return, a crash of the process loses nothing, one of the machine may
 * lose the last moments. store_write() queues, and says later that the disk
 * has it, which a loss of power does not take back.
 *
 * They keep their order: store_put(), store_del(), store_get() and store_each()
 * come after every store_write() that was called before, and see what it wrote
 * whether its handler was called by then or not.
 *
 * A store belongs to the thread of the event loop, which calls all of this.
 */
#ifndef CAROM_STORE_H
#define CAROM_STORE_H

#include <re.h>

struct store;

enum {
	STORE_QUEUE = 65536, /**< operations that store_write() queues */
	STORE_KIND_MAX = 64, /**< bytes of a kind                      */
};

/**
 * Open or create a database
 *
 * @param sp        Pointer to the object (mem_deref when done)
 * @param path      File; ":memory:" for tests
 * @param readonly  For views: never blocks the writer
 *
 * What is queued when the last reference goes is written first, and its
 * handlers are called with what came of it.
 *
 * @return 0, EACCES, ENOENT, EPROTO (made by a newer version), EIO
 */
int store_open(struct store **sp, const char *path, bool readonly);

/** Write a record that never expires. @return 0, EACCES (a view), ENOSPC, EIO */
int store_put(struct store *s, const char *kind, const struct pl *key,
	      const struct pl *value);

/** Remove a record. @return 0, also when there was none */
int store_del(struct store *s, const char *kind, const struct pl *key);

/** One change of store_write() */
struct store_op {
	const char *kind;
	struct pl key;
	struct pl value;  /**< p NULL: the record is removed, if there is one */
	uint64_t expires; /**< s since 1970, from when on nobody reads it any
			       more; 0: never                              */
};

/**
 * What came of a store_write(): 0 when it outlives a loss of power, else it
 * is as if it had never been called: ENOSPC (no space on the disk), EIO
 */
typedef void(store_done_h)(int err, void *arg);

/**
 * Write and remove records, all or nothing, after what was queued before
 *
 * What the operations point to is copied. The handler is called once, later,
 * from the event loop, or while the store is closed: what arg points to must
 * live until then (mem_ref). Handlers are called in the order of the calls.
 *
 * @param opv  Operations, carried out in this order
 * @param opc  Their number, at least 1
 * @param h    Called when it is done; may be NULL
 *
 * @return 0, or why the handler will not be called: EINVAL, ENOMEM, EACCES (a
 *         view), EAGAIN (STORE_QUEUE operations are waiting: the disk does not
 *         keep up)
 */
int store_write(struct store *s, const struct store_op *opv, size_t opc,
		store_done_h *h, void *arg);

/** Read one. *value: zero-terminated, mem_deref when done. @return 0, ENOENT */
int store_get(struct store *s, const char *kind, const struct pl *key,
	      char **value);

/** Return true to stop */
typedef bool(store_h)(const struct pl *key, const struct pl *value, void *arg);

/**
 * Each record of a kind, in the order it was first written; the handler may
 * read and write in turn
 */
int store_each(struct store *s, const char *kind, store_h *h, void *arg);

struct store_watch;

/** Another node wrote a record, or removed it: value NULL. What expires is not
 * told: whoever keeps records knows when they do */
typedef void(store_change_h)(const char *kind, const struct pl *key,
			     const struct pl *value, void *arg);

/**
 * Be told what other nodes change; a file has no other nodes
 *
 * @param wp    Pointer to the watch (mem_deref when done, before the store)
 * @param kind  Kind of the records
 *
 * @return 0, EINVAL, ENOMEM
 */
int store_watch(struct store_watch **wp, struct store *s, const char *kind,
		store_change_h *h, void *arg);

/**
 * Whether what is acknowledged may be less than it should be, or nothing can be
 * written at all
 *
 * @param why  Set to the reason when it is, for a log or a health check; valid
 *             until the next call of anything here. May be NULL.
 */
bool store_degraded(const struct store *s, const char **why);

#endif
