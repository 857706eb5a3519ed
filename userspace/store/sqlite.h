/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/sqlite.h  Inside the SQLite backend
 *
 * Two connections. The first one reads and writes, for the loop and for the
 * writer's thread in turn, without waiting for the disk. The second one is the
 * thread's own: it has the log written to the disk, and copies the log into
 * the database, while the first one goes on.
 */
#ifndef CAROM_STORE_SQLITE_H
#define CAROM_STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/backend.h"

struct sqlite {
	pthread_mutex_t lock; /* of all but what is said to be another's */
	sqlite3 *db;
	sqlite3_stmt *put, *del, *get, *begin, *commit, *rollback;
	int log_pages;     /* in the log that are not in the database yet */
	bool expiring;     /* there are records that expire               */
	int64_t swept;     /* thread: how far the sweep has come          */
	int version;       /* of the schema; an old one in a view         */
	uint64_t sweep_at; /* thread: when the next step is due, ms     */
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

/** Remove some of the records that expired. Without the lock */
void sqlite_sweep(struct sqlite *s);

#endif
