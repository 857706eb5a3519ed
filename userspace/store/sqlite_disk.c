/* SPDX-License-Identifier: BSD-2-Clause */
/* What the writer's thread does beside writing: all that waits for the disk */
#include <errno.h>
#include <time.h>

#include "base/log.h"
#include "store/sqlite.h"

enum {
	LOG_PAGES = 16384, /* the log is copied when it is this long      */
	SWEEP_MS = 1000,
	SWEEP_ROWS = 2000, /* looked at each time: less than a ms of lock */
};

/* The log has been opened once something was read by way of it */
static sqlite3_file *log_file(struct sqlite *s)
{
	sqlite3_file *f = NULL;

	if (!s->disk) {
		if (sqlite_open_disk(s))
			return NULL;
		if (sqlite_exec(s->disk, "SELECT 1 FROM record LIMIT 1"))
			return NULL;
	}
	if (sqlite3_file_control(s->disk, "main", SQLITE_FCNTL_JOURNAL_POINTER,
				 (void *)&f))
		return NULL;

	return f && f->pMethods ? f : NULL;
}

/* The log is valid up to the first frame that is missing: what is written
 * after a failed sync may be lost with what was before, and a second sync may
 * well say that all is good. Nothing can be promised any more */
int sqlite_sync(struct sqlite *s)
{
	sqlite3_file *f;
	int rc;

	if (!s->path)
		return 0;
	if (s->lost)
		return EIO;

	f = log_file(s);
	rc = f ? f->pMethods->xSync(f, SQLITE_SYNC_NORMAL) : SQLITE_ERROR;
	if (!rc)
		return 0;

	log_error("store: %s: the disk failed to keep what was written; "
		  "nothing more is acknowledged until caromd is restarted",
		  s->path);
	__atomic_store_n(&s->lost, true, __ATOMIC_RELAXED);

	return EIO;
}

void sqlite_checkpoint(struct sqlite *s)
{
	int pages;

	(void)pthread_mutex_lock(&s->lock);
	pages = s->log_pages;
	(void)pthread_mutex_unlock(&s->lock);
	if (!s->disk || pages < LOG_PAGES)
		return;

	/* most of it while others write, then the few pages that they wrote:
	 * the log starts over only where all of it was copied */
	(void)sqlite3_wal_checkpoint_v2(s->disk, NULL,
					SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	(void)pthread_mutex_lock(&s->lock);
	(void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE,
					NULL, NULL);
	s->log_pages = 0;
	(void)pthread_mutex_unlock(&s->lock);
}

static const char sql_rows[] =
	"SELECT seq, expires FROM record WHERE seq > ?1 ORDER BY seq LIMIT ?2";
static const char sql_gone[] = "DELETE FROM record WHERE seq = ?1";

/* Each record is looked at in turn: an index of expiries would cost every
 * refresh two pages more */
static void sweep(struct sqlite *s, sqlite3_stmt *rows, sqlite3_stmt *gone)
{
	const int64_t now = time(NULL);
	int rowc = 0;

	(void)sqlite3_bind_int64(rows, 1, s->swept);
	(void)sqlite3_bind_int(rows, 2, SWEEP_ROWS);
	for (; sqlite3_step(rows) == SQLITE_ROW; rowc++) {
		const int64_t expires = sqlite3_column_int64(rows, 1);

		s->swept = sqlite3_column_int64(rows, 0);
		if (!expires || expires > now)
			continue;
		(void)sqlite3_bind_int64(gone, 1, s->swept);
		(void)sqlite3_step(gone);
		(void)sqlite3_reset(gone);
	}
	if (rowc < SWEEP_ROWS)
		s->swept = 0;
}

void sqlite_sweep(struct sqlite *s)
{
	sqlite3_stmt *rows = NULL, *gone = NULL;
	const uint64_t now = tmr_jiffies();

	if (now < s->sweep_at)
		return;
	s->sweep_at = now + SWEEP_MS;
	(void)pthread_mutex_lock(&s->lock);
	if (!s->expiring)
		goto out;
	if (sqlite_prepare(s->db, &rows, sql_rows) ||
	    sqlite_prepare(s->db, &gone, sql_gone) ||
	    sqlite_exec(s->db, "BEGIN IMMEDIATE"))
		goto out;
	sweep(s, rows, gone);
	(void)sqlite3_reset(rows);
	if (sqlite_exec(s->db, "COMMIT"))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);

out:
	(void)sqlite3_finalize(rows);
	(void)sqlite3_finalize(gone);
	(void)pthread_mutex_unlock(&s->lock);
}
