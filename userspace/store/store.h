/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/store.h  What must outlive the process, by kind and key
 *
 * A record is a text (by custom a JSON object) under (kind, key), e.g.
 * ("media", Call-ID). A kind is a word of letters, digits and "-_."; a key is
 * any bytes. A store is a file (SQLite) or a Redis that several nodes share.
 *
 * There are two ways to write. store_put() and store_del() act at once: when
 * they return, a crash of the process loses nothing, one of the machine may
 * lose the last moments. store_write() queues, and says later that it is
 * durable, which a loss of power does not take back.
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

struct store_conf {
	const char *path; /**< file, ":memory:" for tests, or
			       redis://[USER@]HOST[:PORT][,...][/DB]: of
			       several addresses that which is master */
	bool readonly;    /**< for views: never blocks the writer     */

	/* of Redis */
	const char *node;  /**< name of this node; NULL: the host's           */
	const char *own;   /**< kinds whose records are this node's alone, with
			       blanks between; nobody is told of them. Only
			       one node of a name may be there then          */
	unsigned replicas; /**< how many have to have a write before it counts
				as durable: a master that dies takes nothing
				with it                                     */
	const char *password_file; /**< its first line; NULL: none           */
};

/**
 * Open a store, or create it
 *
 * What is queued when the last reference goes is written first, and its
 * handlers are called with what came of it.
 *
 * @param sp  Pointer to the object (mem_deref when done)
 *
 * @return 0, EACCES, ENOENT, EPROTO (made by a newer version), EIO; of Redis
 *         also EINVAL (the URL, or the password's file: it is in the log),
 *         EROFS (no master there), EBUSY (another node has that name), ECONNREFUSED, ETIMEDOUT and the like
 */
int store_open_conf(struct store **sp, const struct store_conf *conf);

/** The same with nothing but a path */
int store_open(struct store **sp, const char *path, bool readonly);

/**
 * Write a record that never expires
 *
 * While Redis is away it is queued, and lost if the process ends meanwhile:
 * calls go on. store_degraded() says so.
 *
 * @return 0, EACCES (a view), EAGAIN (the queue is full), ENOSPC, EIO
 */
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
 * What came of a store_write()
 *
 * @param err  0: it outlives a loss of power, and with Redis of the master, as
 *             far as the number of replicas says. ENOSPC, EIO, EACCES: it is as
 *             if it had never been called. ETIMEDOUT, with Redis alone: there
 *             was no (good) answer within seconds, and it may have been done or
 *             not; a watch comes to the truth
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

/**
 * Read one
 *
 * @param value  Zero-terminated; mem_deref when done
 *
 * @return 0, ENOENT, EIO, EAGAIN (Redis is away)
 */
int store_get(struct store *s, const char *kind, const struct pl *key,
	      char **value);

/** Return true to stop */
typedef bool(store_h)(const struct pl *key, const struct pl *value, void *arg);

/**
 * Each record of a kind, in the order it was first written; the handler may
 * read and write in turn. (SQLite: those that expire go before the others, in the
 * order they were written last)
 *
 * @return 0, EIO, EAGAIN (Redis is away)
 */
int store_each(struct store *s, const char *kind, store_h *h, void *arg);

/**
 * Write a record that never expires, unless there is one: of several nodes that
 * begin with an empty Redis, all have what the first one wrote. Nobody is told of it
 *
 * @param kept  What there is now, this value or another's. Zero-terminated;
 *              mem_deref when done
 *
 * @return 0, EACCES (a view), EAGAIN (Redis is away), ETIMEDOUT (not enough replicas
 *         have it), ENOSPC, EIO
 */
int store_first(struct store *s, const char *kind, const struct pl *key,
		const struct pl *value, char **kept);

struct store_watch;

/** Another node wrote a record, or removed it: value NULL. That a record expires
 * is not told while Redis is there: whoever keeps records knows when they do */
typedef void(store_change_h)(const char *kind, const struct pl *key,
			     const struct pl *value, void *arg);

/**
 * Be told what other nodes change; a file has no other nodes
 *
 * What exists when it begins is told first, except what store_each() shows
 * meanwhile: watch, then read. After Redis was away all that changed is told,
 * deletions, too. Told twice is the same as told once; where another node and
 * this one write the same record, what is told last is what Redis has.
 *
 * @param wp    Pointer to the watch (mem_deref when done, before the store)
 * @param kind  Kind of the records
 *
 * @return 0, EINVAL, ENOMEM
 */
int store_watch(struct store_watch **wp, struct store *s, const char *kind,
		store_change_h *h, void *arg);

/**
 * Whether what is written may be lost, or nothing can be written at all
 *
 * @param why  Set to the reason when it is, for a log or a health check; valid
 *             until the next call of anything here. May be NULL.
 */
bool store_degraded(struct store *s, const char **why);

/** What was done since it was opened */
struct store_count {
	uint64_t operations; /**< writes and removals that were taken       */
	uint64_t failed;     /**< of those, which were told an error        */
	uint64_t commits;    /**< groups of store_write() made durable      */
	uint64_t reads;      /**< store_get() and store_each()              */
	uint64_t queued;     /**< operations that wait to be durable, now   */
	bool degraded;       /**< now                                       */
};

/** @param c  Result */
void store_count(struct store *s, struct store_count *c);

#endif
