/* SPDX-License-Identifier: BSD-2-Clause */
/* What the writer's thread does beside writing: all that waits for the disk */
#include <errno.h>

#include "base/log.h"
#include "store/sqlite.h"

enum {
	LOG_PAGES = 4096, /* the log is copied when it is this long */
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
