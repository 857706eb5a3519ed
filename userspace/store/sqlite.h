/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/sqlite.h  Inside the SQLite backend
 *
 * Two connections. The first one reads and writes, for the loop and for the
 * writer's thread in turn, without waiting for the disk. The second one is the
 * thread's own: it has SQLite's log (WAL) written to the disk, and copies it into
 * the database, while the first one goes on.
 *
 * Two tables. What never expires is in one by kind and key, "record". What does is
 * in "log", appended (sqlite_log.c). A record is in one of them.
 */
#ifndef CAROM_STORE_SQLITE_H
#define CAROM_STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/backend.h"
#include "store/logindex.h"

/** Of the table "log" */
struct log {
	sqlite3_stmt *add, *read;
	struct logindex *ix;
	struct mbuf *tx; /**< what this transaction appends                */
	size_t opc;      /**< changes in it                                */
	int64_t next;    /**< row                                          */
	uint64_t at;     /**< row that the statement read has; 0: none     */
	uint64_t bytes;  /**< of all rows                                  */
	int64_t swept;   /**< row that the sweep has come to               */
	bool mixed
		[LOGINDEX_KINDS]; /**< kinds of which "record" has some, too  */
};

struct sqlite {
	pthread_mutex_t lock; /* of all but what is said to be another's */
	sqlite3 *db;
	sqlite3_stmt *put, *del, *get, *begin, *commit, *rollback;
	int log_pages; /* in the log that are not in the database yet */
	struct log log;
	int version;       /* of the schema; an old one in a view         */
	uint64_t sweep_at; /* thread: when the next step is due, ms     */
	bool busy;         /* thread: much came at a time               */
	struct queue *q;   /* loop; NULL in a view                        */
	char *path;        /* NULL: in memory                             */
	sqlite3 *disk;     /* thread                                      */
	int trouble;       /* atomic: how the last commit failed, or 0    */
	bool lost;         /* atomic: the disk failed to keep the log     */
};

/** An errno for a result code; what it was doing goes into the log */
int sqlite_err(sqlite3 *db, int rc, const char *what);

int sqlite_exec(sqlite3 *db, const char *sql);
int sqlite_prepare(sqlite3 *db, sqlite3_stmt **st, const char *sql);

/** Open it, bring the schema up to date. @return what store_open() does */
int sqlite_open_writer(struct sqlite *s, const char *path);
int sqlite_open_reader(struct sqlite *s, const char *path);

/** A further connection to the file. @return 0, or an error */
int sqlite_open_disk(struct sqlite *s);

/** Kind and key, the first two parameters of any statement. @return a result
 * code */
int sqlite_bind_key(sqlite3_stmt *st, const char *kind, const struct pl *key);

/** Put or delete. With the lock */
int sqlite_carry_out(struct sqlite *s, const struct store_op *op);

/** What was queued before comes before: carry it out. With the lock */
void sqlite_catch_up(struct sqlite *s);

/** A turn of the thread */
void sqlite_work(void *arg);

/** Bring what is in the log to the disk. Without the lock */
int sqlite_sync(struct sqlite *s);

/** Copy the log into the database when it has grown long. Without the lock */
void sqlite_checkpoint(struct sqlite *s);

/** A transaction; rolled back when the function says an error. With the lock */
typedef int(sqlite_tx_h)(struct sqlite *s, void *arg);
int sqlite_transact(struct sqlite *s, sqlite_tx_h *h, void *arg);

/* sqlite_log.c, all with the lock */

int sqlite_log_open(struct sqlite *s);
void sqlite_log_close(struct sqlite *s);

/** Has the log to do with this change? */
bool sqlite_log_concerns(struct sqlite *s, const struct store_op *op);

/** What the table "record" is to be asked for besides */
enum log_rest { LOG_REST_NONE = 0, LOG_REST_PUT, LOG_REST_DEL };

/** Append to what the transaction writes, where the change concerns the log */
int sqlite_log_put(struct sqlite *s, const struct store_op *op,
		   enum log_rest *rest);
/** Write it: the last of the transaction */
int sqlite_log_write(struct sqlite *s);
/** It was committed, or not: so it is known, or forgotten */
void sqlite_log_end(struct sqlite *s, bool kept);

/** A view reads what there is now: what follows is of one moment.
 *  @param begun  For sqlite_log_seen() */
int sqlite_log_view(struct sqlite *s, bool *begun);
void sqlite_log_seen(struct sqlite *s, bool begun);

/** @return 0, ENOENT, EIO */
int sqlite_log_get(struct sqlite *s, const char *kind, const struct pl *key,
		   char **value);

struct log_walk {
	uint16_t kind;
	struct logplace *placev; /**< mem_deref when done                  */
	size_t placec, at;
};

/** Those of a kind that there are now */
int sqlite_log_list(struct sqlite *s, const char *kind, struct log_walk *w);
/** The next ones, as they are now, copied into mb; w->at == w->placec: the last */
int sqlite_log_piece(struct sqlite *s, struct mbuf *mb, struct log_walk *w);

/* sqlite_clean.c */

/** Forget some of the records that expired, and drop rows that nothing in them is
 *  needed of any more. Without the lock */
void sqlite_clean(struct sqlite *s);

#endif
