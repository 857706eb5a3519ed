/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "store/sqlite.h"

enum {
	IDLE_MS = 1000,       /* expired records are looked for */
	LOG_PAGES_LOOP = 1000 /* when there is no thread to copy the log  */
};

static const char sql_put[] =
	"INSERT INTO record (kind, key, value, expires) "
	"VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, key) "
	"DO UPDATE SET value = excluded.value, expires = excluded.expires";
static const char sql_del[] = "DELETE FROM record WHERE kind = ?1 AND key = ?2";
static const char sql_get[] =
	"SELECT value FROM record WHERE kind = ?1 AND key = ?2 "
	"AND (expires = 0 OR expires > ?3)";
static const char sql_each[] = "SELECT key, value FROM record WHERE kind = ?1 "
			       "AND (expires = 0 OR expires > ?3) ORDER BY seq";

/* A view may come before the agent that brings the file up to date */
static const char sql_get_v1[] =
	"SELECT value FROM record WHERE kind = ?1 AND key = ?2 AND ?3";
static const char sql_each_v1[] =
	"SELECT key, value FROM record WHERE kind = ?1 AND ?3 ORDER BY seq";

static void destructor(void *data)
{
	struct sqlite *s = data;

	mem_deref(s->q);
	(void)sqlite3_finalize(s->put);
	(void)sqlite3_finalize(s->del);
	(void)sqlite3_finalize(s->get);
	(void)sqlite3_finalize(s->begin);
	(void)sqlite3_finalize(s->commit);
	(void)sqlite3_finalize(s->rollback);
	(void)sqlite3_close_v2(s->disk);
	(void)sqlite3_close_v2(s->db);
	mem_deref(s->path);
	(void)pthread_mutex_destroy(&s->lock);
}

/* ---- what a backend has to offer ------------------------------------------ */

static int put(void *b, const struct store_op *op)
{
	struct sqlite *s = b;
	int err;

	if (!s->q)
		return EACCES;

	(void)pthread_mutex_lock(&s->lock);
	sqlite_catch_up(s);
	err = sqlite_carry_out(s, op);
	__atomic_store_n(&s->trouble, err, __ATOMIC_RELAXED);
	(void)pthread_mutex_unlock(&s->lock);

	return err;
}

static int job_write(void *b, struct job *job)
{
	struct sqlite *s = b;

	return s->q ? queue_push(s->q, job) : EACCES;
}

static void column(sqlite3_stmt *st, int i, struct pl *pl)
{
	pl->p = (const char *)sqlite3_column_text(st, i);
	pl->l = (size_t)sqlite3_column_bytes(st, i);
}

static int get(void *b, const char *kind, const struct pl *key, char **value)
{
	struct sqlite *s = b;
	struct pl pl;
	int rc, err;

	(void)pthread_mutex_lock(&s->lock);
	sqlite_catch_up(s);
	rc = sqlite_bind_key(s->get, kind, key);
	if (!rc)
		rc = sqlite3_bind_int64(s->get, 3, time(NULL));
	if (!rc)
		rc = sqlite3_step(s->get);
	err = sqlite_err(s->db, rc, "get");
	if (rc == SQLITE_ROW) {
		column(s->get, 0, &pl);
		err = pl_strdup(value, &pl);
	} else if (!err) {
		err = ENOENT;
	}
	(void)sqlite3_reset(s->get);
	(void)sqlite3_clear_bindings(s->get);
	(void)pthread_mutex_unlock(&s->lock);

	return err;
}

/* The lock is not kept while the handler runs */
static int step(struct sqlite *s, sqlite3_stmt *st, struct pl *key,
		struct pl *value)
{
	int rc, err;

	(void)pthread_mutex_lock(&s->lock);
	rc = sqlite3_step(st);
	err = sqlite_err(s->db, rc, "each");
	if (rc == SQLITE_ROW) {
		column(st, 0, key);
		column(st, 1, value);
	} else if (!err) {
		err = ENOENT;
	}
	(void)pthread_mutex_unlock(&s->lock);

	return err;
}

static int each(void *b, const char *kind, store_h *h, void *arg)
{
	struct sqlite *s = b;
	sqlite3_stmt *st = NULL;
	struct pl key, value;
	int err;

	(void)pthread_mutex_lock(&s->lock);
	sqlite_catch_up(s);
	/* one of its own: the handler may walk, put and delete in turn */
	err = sqlite_prepare(s->db, &st,
			     s->version < 2 ? sql_each_v1 : sql_each);
	(void)pthread_mutex_unlock(&s->lock);
	if (err)
		return err;

	(void)sqlite3_bind_text(st, 1, kind, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 3, time(NULL));
	while (!(err = step(s, st, &key, &value))) {
		if (h(&key, &value, arg))
			break;
	}

	(void)pthread_mutex_lock(&s->lock);
	(void)sqlite3_finalize(st);
	(void)pthread_mutex_unlock(&s->lock);

	return err == ENOENT ? 0 : err;
}

static const struct queue *queue(const void *b)
{
	return ((const struct sqlite *)b)->q;
}

static bool degraded(void *b, const char **why)
{
	const struct sqlite *s = b;

	if (__atomic_load_n(&s->lost, __ATOMIC_RELAXED))
		*why = "the disk failed to keep what was written to the store";
	else if (__atomic_load_n(&s->trouble, __ATOMIC_RELAXED) == ENOSPC)
		*why = "there is no space for the store on its disk";
	else if (__atomic_load_n(&s->trouble, __ATOMIC_RELAXED))
		*why = "the store's file cannot be written";
	else
		return false;

	return true;
}

const struct backend backend_sqlite = {
	.put = put,
	.get = get,
	.each = each,
	.write = job_write,
	.degraded = degraded,
	.queue = queue,
};

/* ---- opening ------------------------------------------------------------- */

/* Called with the lock, after each commit */
static int log_handler(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sqlite *s = arg;

	s->log_pages = pages;
	if (pages >= LOG_PAGES_LOOP && !queue_started(s->q))
		(void)sqlite3_wal_checkpoint_v2(
			db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	return SQLITE_OK;
}

static int prepare_writer(struct sqlite *s)
{
	int err;

	err = sqlite_prepare(s->db, &s->put, sql_put);
	if (!err)
		err = sqlite_prepare(s->db, &s->del, sql_del);
	if (!err)
		err = sqlite_prepare(s->db, &s->begin, "BEGIN IMMEDIATE");
	if (!err)
		err = sqlite_prepare(s->db, &s->commit, "COMMIT");
	if (!err)
		err = sqlite_prepare(s->db, &s->rollback, "ROLLBACK");
	if (!err)
		err = queue_alloc(&s->q, IDLE_MS, sqlite_work, NULL, s);
	if (!err)
		(void)sqlite3_wal_hook(s->db, log_handler, s);

	return err;
}

int sqlite_alloc(void **bp, const struct store_conf *conf)
{
	const char *path = conf->path;
	struct sqlite *s;
	int err;

	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	(void)pthread_mutex_init(&s->lock, NULL);

	err = conf->readonly ? sqlite_open_reader(s, path)
			     : sqlite_open_writer(s, path);
	if (!err && strcmp(path, ":memory:"))
		err = str_dup(&s->path, path);
	if (!err)
		err = sqlite_prepare(s->db, &s->get,
				     s->version < 2 ? sql_get_v1 : sql_get);
	if (!err && !conf->readonly)
		err = prepare_writer(s);
	s->expiring = true; /* there may be some from before */

	if (err)
		mem_deref(s);
	else
		*bp = s;

	return err;
}
