/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "store/sqlite.h"

enum {
	IDLE_MS = 1000,       /* expired records are looked for             */
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
	sqlite_log_close(s);
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

static int get_row(struct sqlite *s, const char *kind, const struct pl *key,
		   char **value)
{
	struct pl pl;
	int rc, err;

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

	return err;
}

static int get(void *b, const char *kind, const struct pl *key, char **value)
{
	struct sqlite *s = b;
	bool begun;
	int err;

	(void)pthread_mutex_lock(&s->lock);
	sqlite_catch_up(s);
	err = sqlite_log_view(s, &begun);
	if (!err)
		err = sqlite_log_get(s, kind, key, value);
	if (err == ENOENT)
		err = get_row(s, kind, key, value);
	sqlite_log_seen(s, begun);
	(void)pthread_mutex_unlock(&s->lock);

	return err;
}

/* ---- walking: the lock is not kept while the handler runs ----------------- */

static int next_row(struct sqlite *s, sqlite3_stmt *st, struct pl *key,
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

/* ECANCELED: the handler has stopped it */
static int each_row(struct sqlite *s, sqlite3_stmt *st, store_h *h, void *arg)
{
	struct pl key, value;
	int err;

	while (!(err = next_row(s, st, &key, &value)))
		if (h(&key, &value, arg))
			return ECANCELED;

	return err == ENOENT ? 0 : err;
}

static int each_of(const struct mbuf *mb, uint64_t now, store_h *h, void *arg)
{
	struct logop o;
	size_t at = 0;
	int err;

	while (!(err = logop_read(&o, mb->buf, mb->end, at))) {
		at += o.len;
		if (o.expires > now && h(&o.key, &o.value, arg))
			return ECANCELED;
	}

	return err == ENOENT ? 0 : EIO;
}

static int each_logged(struct sqlite *s, struct log_walk *w, store_h *h,
		       void *arg)
{
	const uint64_t now = (uint64_t)time(NULL);
	struct mbuf *mb = mbuf_alloc(4096);
	int err = mb ? 0 : ENOMEM;

	while (w->at < w->placec && !err) {
		(void)pthread_mutex_lock(&s->lock);
		err = sqlite_log_piece(s, mb, w);
		(void)pthread_mutex_unlock(&s->lock);
		if (!err)
			err = each_of(mb, now, h, arg);
	}
	mem_deref(mb);

	return err;
}

static int each(void *b, const char *kind, store_h *h, void *arg)
{
	struct sqlite *s = b;
	sqlite3_stmt *st = NULL;
	struct log_walk w = {.placec = 0};
	bool begun;
	int err;

	(void)pthread_mutex_lock(&s->lock);
	sqlite_catch_up(s);
	err = sqlite_log_view(s, &begun);
	if (!err)
		err = sqlite_log_list(s, kind, &w);
	/* one of its own: the handler may walk, put and delete in turn */
	if (!err)
		err = sqlite_prepare(s->db, &st,
				     s->version < 2 ? sql_each_v1 : sql_each);
	(void)pthread_mutex_unlock(&s->lock);
	if (!err && w.placec)
		err = each_logged(s, &w, h, arg);
	if (!err) {
		(void)sqlite3_bind_text(st, 1, kind, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(st, 3, time(NULL));
		err = each_row(s, st, h, arg);
	}

	(void)pthread_mutex_lock(&s->lock);
	(void)sqlite3_finalize(st);
	sqlite_log_seen(s, begun);
	(void)pthread_mutex_unlock(&s->lock);
	mem_deref(w.placev);

	return err == ECANCELED ? 0 : err;
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
	if (!err)
		err = sqlite_log_open(s);

	if (err)
		mem_deref(s);
	else
		*bp = s;

	return err;
}
