/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <re.h>
#include <sqlite3.h>

#include "base/log.h"
#include "store/store.h"

enum {
	SCHEMA_VERSION = 1,
	BUSY_MS = 2000, /* a view holds a lock for far less than this */
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *put, *del, *get;
};

/* seq keeps the order of first writing: an update leaves it alone */
static const char schema[] = "BEGIN IMMEDIATE;"
			     "CREATE TABLE IF NOT EXISTS record ("
			     " seq INTEGER PRIMARY KEY,"
			     " kind TEXT NOT NULL,"
			     " key TEXT NOT NULL,"
			     " value TEXT NOT NULL,"
			     " UNIQUE (kind, key));"
			     "PRAGMA user_version = 1;"
			     "COMMIT;";

static const char sql_put[] =
	"INSERT INTO record (kind, key, value) VALUES (?1, ?2, ?3) "
	"ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value";
static const char sql_del[] = "DELETE FROM record WHERE kind = ?1 AND key = ?2";
static const char sql_get[] =
	"SELECT value FROM record WHERE kind = ?1 AND key = ?2";
static const char sql_each[] =
	"SELECT key, value FROM record WHERE kind = ?1 ORDER BY seq";

static void destructor(void *data)
{
	struct store *s = data;

	(void)sqlite3_finalize(s->put);
	(void)sqlite3_finalize(s->del);
	(void)sqlite3_finalize(s->get);
	(void)sqlite3_close_v2(s->db);
}

static int failed(const struct store *s, int rc, const char *what)
{
	int err;

	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;

	case SQLITE_CANTOPEN:
		err = sqlite3_system_errno(s->db);
		err = err == ENOENT || err == EACCES ? err : EIO;
		break;

	case SQLITE_PERM:
	case SQLITE_READONLY:
		err = EACCES;
		break;

	case SQLITE_NOMEM:
		err = ENOMEM;
		break;

	default:
		err = EIO;
		break;
	}

	log_debug("store: %s: %s", what, sqlite3_errmsg(s->db));

	return err;
}

static int exec(struct store *s, const char *sql)
{
	return failed(s, sqlite3_exec(s->db, sql, NULL, NULL, NULL), sql);
}

static int prepare(struct store *s, sqlite3_stmt **st, const char *sql)
{
	return failed(s,
		      sqlite3_prepare_v3(s->db, sql, -1,
					 SQLITE_PREPARE_PERSISTENT, st, NULL),
		      sql);
}

/* The first statement that touches the file: opening alone does not */
static int version(struct store *s, int *v)
{
	sqlite3_stmt *st = NULL;
	int err;

	err = failed(
		s,
		sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL),
		"open");
	if (!err)
		err = failed(s, sqlite3_step(st), "open");
	if (!err)
		*v = sqlite3_column_int(st, 0);

	(void)sqlite3_finalize(st);

	return err;
}

static int connect_db(struct store *s, const char *name, int flags)
{
	int err;

	err = failed(s,
		     sqlite3_open_v2(name, &s->db,
				     flags | SQLITE_OPEN_EXRESCODE, NULL),
		     "open");
	if (err)
		return err;

	(void)sqlite3_busy_timeout(s->db, BUSY_MS);

	return 0;
}

static int check_version(struct store *s, int *v)
{
	int err;

	err = version(s, v);
	if (err)
		return err;

	return *v > SCHEMA_VERSION ? EPROTO : 0;
}

static int open_writer(struct store *s, const char *path)
{
	int v, err;

	err = connect_db(s, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	if (err)
		return err;

	err = check_version(s, &v);
	if (err)
		return err;

	/* NORMAL: a crash of the process loses nothing, one of the machine
	 * the last moments, which its calls did not survive either */
	err = exec(s, "PRAGMA journal_mode = WAL");
	err |= exec(s, "PRAGMA synchronous = NORMAL");
	if (err)
		return EIO;

	return v < SCHEMA_VERSION ? exec(s, schema) : 0;
}

/* "file:" URI of a path; what SQLite would read as its syntax is escaped */
static int uri_print(struct re_printf *pf, const char *path)
{
	int err = 0;

	for (; *path && !err; path++) {
		if (strchr("%?#", *path))
			err = re_hprintf(pf, "%%%02x", (unsigned)*path);
		else
			err = pf->vph(path, 1, pf->arg);
	}

	return err;
}

static bool wal_exists(const char *path)
{
	char *wal = NULL;
	bool there;

	if (re_sdprintf(&wal, "%s-wal", path))
		return true;
	there = access(wal, F_OK) == 0;
	mem_deref(wal);

	return there;
}

/* After a clean stop there is no log, and a reader who may not write into the
 * directory cannot make its shared memory file: the file is all there is then,
 * and nobody changes it */
static int open_still(struct store *s, const char *path, int *v)
{
	char *uri = NULL;
	int err;

	if (re_sdprintf(&uri, "file:%H?immutable=1", uri_print, path))
		return ENOMEM;

	(void)sqlite3_close_v2(s->db);
	s->db = NULL;
	err = connect_db(s, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
	mem_deref(uri);

	return err ? err : check_version(s, v);
}

static int open_reader(struct store *s, const char *path)
{
	int v = 0, err;

	if (access(path, R_OK))
		return errno == ENOENT ? ENOENT : EACCES;

	err = connect_db(s, path, SQLITE_OPEN_READONLY);
	if (!err)
		err = check_version(s, &v);
	if (err && err != EPROTO && !wal_exists(path))
		err = open_still(s, path, &v);
	if (err)
		return err;

	/* a file that nobody wrote to yet */
	return v ? 0 : ENOENT;
}

int store_open(struct store **sp, const char *path, bool readonly)
{
	struct store *s;
	int err;

	if (!sp || !path)
		return EINVAL;

	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;

	err = readonly ? open_reader(s, path) : open_writer(s, path);
	if (err)
		goto out;

	err = prepare(s, &s->get, sql_get);
	if (!err && !readonly) {
		err = prepare(s, &s->put, sql_put);
		if (!err)
			err = prepare(s, &s->del, sql_del);
	}

out:
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

static int bind_pl(struct store *s, sqlite3_stmt *st, int i,
		   const struct pl *pl)
{
	/* a NULL pointer would bind SQL's NULL, which equals nothing */
	return failed(s,
		      sqlite3_bind_text64(st, i, pl->p ? pl->p : "", pl->l,
					  SQLITE_STATIC, SQLITE_UTF8),
		      "bind");
}

static int bind_key(struct store *s, sqlite3_stmt *st, const char *kind,
		    const struct pl *key)
{
	struct pl k;

	if (!s || !kind || !key)
		return EINVAL;
	if (!st)
		return EACCES;

	pl_set_str(&k, kind);

	return bind_pl(s, st, 1, &k) || bind_pl(s, st, 2, key) ? EIO : 0;
}

static void release(sqlite3_stmt *st)
{
	(void)sqlite3_reset(st);
	(void)sqlite3_clear_bindings(st);
}

int store_put(struct store *s, const char *kind, const struct pl *key,
	      const struct pl *value)
{
	int err;

	if (!s || !value)
		return EINVAL;

	err = bind_key(s, s->put, kind, key);
	if (!err)
		err = bind_pl(s, s->put, 3, value);
	if (!err)
		err = failed(s, sqlite3_step(s->put), "put");
	if (s->put)
		release(s->put);

	return err;
}

int store_del(struct store *s, const char *kind, const struct pl *key)
{
	int err;

	if (!s)
		return EINVAL;

	err = bind_key(s, s->del, kind, key);
	if (!err)
		err = failed(s, sqlite3_step(s->del), "del");
	if (s->del)
		release(s->del);

	return err;
}

static void column(sqlite3_stmt *st, int i, struct pl *pl)
{
	pl->p = (const char *)sqlite3_column_text(st, i);
	pl->l = (size_t)sqlite3_column_bytes(st, i);
}

int store_get(struct store *s, const char *kind, const struct pl *key,
	      char **value)
{
	struct pl pl;
	int rc, err;

	if (!s || !value)
		return EINVAL;

	err = bind_key(s, s->get, kind, key);
	if (err)
		goto out;

	rc = sqlite3_step(s->get);
	err = failed(s, rc, "get");
	if (err)
		goto out;

	if (rc != SQLITE_ROW) {
		err = ENOENT;
		goto out;
	}

	column(s->get, 0, &pl);
	err = pl_strdup(value, &pl);

out:
	release(s->get);

	return err;
}

int store_each(struct store *s, const char *kind, store_h *h, void *arg)
{
	sqlite3_stmt *st = NULL;
	struct pl k;
	int rc = SQLITE_DONE, err;

	if (!s || !kind || !h)
		return EINVAL;

	/* one of its own: the handler may walk, put and delete in turn */
	err = prepare(s, &st, sql_each);
	if (err)
		return err;

	pl_set_str(&k, kind);
	err = bind_pl(s, st, 1, &k);

	while (!err && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct pl key, value;

		column(st, 0, &key);
		column(st, 1, &value);
		if (h(&key, &value, arg))
			break;
	}
	if (!err)
		err = failed(s, rc, "each");

	(void)sqlite3_finalize(st);

	return err;
}
