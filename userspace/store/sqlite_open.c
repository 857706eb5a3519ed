/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/sqlite.h"

enum {
	SCHEMA_VERSION = 3,
	ROW = 1 << 18,  /* bytes that are moved into the log as one row */
	BUSY_MS = 2000, /* a view holds a lock for far less than this */
};

/* From the schema of the index to the next one. 0: an empty file.
 * seq keeps the order of first writing: an update leaves it alone */
static const char *const migrationv[SCHEMA_VERSION] = {
	"BEGIN IMMEDIATE;"
	"CREATE TABLE record ("
	" seq INTEGER PRIMARY KEY,"
	" kind TEXT NOT NULL,"
	" key TEXT NOT NULL,"
	" expires INTEGER NOT NULL DEFAULT 0,"
	" value TEXT NOT NULL,"
	" UNIQUE (kind, key));"
	"CREATE TABLE log ("
	" seq INTEGER PRIMARY KEY,"
	" ops BLOB NOT NULL);"
	"PRAGMA user_version = 3;"
	"COMMIT;",

	/* to read when a record expires, its value need not be passed over */
	"BEGIN IMMEDIATE;"
	"CREATE TABLE new ("
	" seq INTEGER PRIMARY KEY,"
	" kind TEXT NOT NULL,"
	" key TEXT NOT NULL,"
	" expires INTEGER NOT NULL DEFAULT 0,"
	" value TEXT NOT NULL,"
	" UNIQUE (kind, key));"
	"INSERT INTO new (seq, kind, key, value)"
	" SELECT seq, kind, key, value FROM record ORDER BY seq;"
	"DROP TABLE record;"
	"ALTER TABLE new RENAME TO record;"
	"PRAGMA user_version = 2;"
	"COMMIT;",

	/* what expires is moved there before it is committed */
	"BEGIN IMMEDIATE;"
	"CREATE TABLE log ("
	" seq INTEGER PRIMARY KEY,"
	" ops BLOB NOT NULL);",
};

static const char sql_expiring[] =
	"SELECT kind, key, value, expires FROM record WHERE expires != 0 "
	"ORDER BY seq";
static const char sql_moved[] = "DELETE FROM record WHERE expires != 0;"
				"PRAGMA user_version = 3;"
				"COMMIT;";

int sqlite_err(sqlite3 *db, int rc, const char *what)
{
	int err;

	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;

	case SQLITE_CANTOPEN:
		err = sqlite3_system_errno(db);
		err = err == ENOENT || err == EACCES ? err : EIO;
		break;

	case SQLITE_IOERR:
		err = sqlite3_system_errno(db) == ENOSPC ? ENOSPC : EIO;
		break;

	case SQLITE_FULL:
		err = ENOSPC;
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

	log_debug("store: %s: %s", what, sqlite3_errmsg(db));

	return err;
}

int sqlite_exec(sqlite3 *db, const char *sql)
{
	return sqlite_err(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

int sqlite_prepare(sqlite3 *db, sqlite3_stmt **st, const char *sql)
{
	return sqlite_err(db,
			  sqlite3_prepare_v3(db, sql, -1,
					     SQLITE_PREPARE_PERSISTENT, st,
					     NULL),
			  sql);
}

/* The first statement that touches the file: opening alone does not */
static int read_version(struct sqlite *s)
{
	sqlite3_stmt *st = NULL;
	int err;

	err = sqlite_prepare(s->db, &st, "PRAGMA user_version");
	if (!err)
		err = sqlite_err(s->db, sqlite3_step(st), "open");
	if (!err)
		s->version = sqlite3_column_int(st, 0);

	(void)sqlite3_finalize(st);

	return err ? err : s->version > SCHEMA_VERSION ? EPROTO : 0;
}

static int connect_db(sqlite3 **db, const char *name, int flags)
{
	int err;

	err = sqlite_err(
		*db,
		sqlite3_open_v2(name, db, flags | SQLITE_OPEN_EXRESCODE, NULL),
		"open");
	if (err)
		return err;

	(void)sqlite3_busy_timeout(*db, BUSY_MS);

	return 0;
}

static void column(sqlite3_stmt *st, int i, struct pl *pl)
{
	pl->p = (const char *)sqlite3_column_text(st, i);
	pl->l = (size_t)sqlite3_column_bytes(st, i);
}

static int copy_op(struct mbuf *mb, sqlite3_stmt *st)
{
	struct store_op op = {.kind = (const char *)sqlite3_column_text(st, 0)};

	column(st, 1, &op.key);
	column(st, 2, &op.value);
	op.expires = (uint64_t)sqlite3_column_int64(st, 3);

	return op.kind && op.key.p && op.value.p ? logop_write(mb, &op)
						 : ENOMEM;
}

static int add_row(struct sqlite *s, sqlite3_stmt *add, struct mbuf *mb)
{
	int err;

	if (!mb->end)
		return 0;
	(void)sqlite3_bind_blob64(add, 1, mb->buf, mb->end, SQLITE_STATIC);
	err = sqlite_err(s->db, sqlite3_step(add), "migrate");
	(void)sqlite3_reset(add);
	mbuf_rewind(mb);

	return err;
}

/* Version 2 had them in the table of all others */
static int move_expiring(struct sqlite *s)
{
	sqlite3_stmt *from = NULL, *add = NULL;
	struct mbuf *mb = mbuf_alloc(ROW);
	int err = mb ? 0 : ENOMEM, rc = SQLITE_DONE;

	if (!err)
		err = sqlite_prepare(s->db, &from, sql_expiring);
	if (!err)
		err = sqlite_prepare(s->db, &add,
				     "INSERT INTO log (ops) VALUES (?1)");
	while (!err && (rc = sqlite3_step(from)) == SQLITE_ROW) {
		err = copy_op(mb, from);
		if (!err && mb->end >= ROW)
			err = add_row(s, add, mb);
	}
	if (!err)
		err = sqlite_err(s->db, rc, "migrate");
	if (!err)
		err = add_row(s, add, mb);
	(void)sqlite3_finalize(from);
	(void)sqlite3_finalize(add);
	mem_deref(mb);

	return err ? err : sqlite_exec(s->db, sql_moved);
}

static int migrate(struct sqlite *s)
{
	int err = 0;

	while (s->version < SCHEMA_VERSION && !err) {
		err = sqlite_exec(s->db, migrationv[s->version]);
		if (!err && s->version == 2)
			err = move_expiring(s);
		if (!err)
			err = read_version(s);
	}
	if (err)
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);

	return err;
}

int sqlite_open_writer(struct sqlite *s, const char *path)
{
	int err;

	err = connect_db(&s->db, path,
			 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	if (err)
		return err;

	err = read_version(s);
	if (err)
		return err;

	/* NORMAL: a commit does not wait for the disk. sqlite_sync() does,
	 * for those who want to know */
	err = sqlite_exec(s->db, "PRAGMA journal_mode = WAL");
	err |= sqlite_exec(s->db, "PRAGMA synchronous = NORMAL");
	err |= sqlite_exec(s->db, "PRAGMA cache_size = -8192"); /* KiB */
	if (err)
		return EIO;

	return migrate(s);
}

int sqlite_open_disk(struct sqlite *s)
{
	return connect_db(&s->disk, s->path, SQLITE_OPEN_READWRITE);
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
static int open_still(struct sqlite *s, const char *path)
{
	char *uri = NULL;
	int err;

	if (re_sdprintf(&uri, "file:%H?immutable=1", uri_print, path))
		return ENOMEM;

	(void)sqlite3_close_v2(s->db);
	s->db = NULL;
	err = connect_db(&s->db, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
	mem_deref(uri);

	return err ? err : read_version(s);
}

int sqlite_open_reader(struct sqlite *s, const char *path)
{
	int err;

	if (access(path, R_OK))
		return errno == ENOENT ? ENOENT : EACCES;

	err = connect_db(&s->db, path, SQLITE_OPEN_READONLY);
	if (!err)
		err = read_version(s);
	if (err && err != EPROTO && !wal_exists(path))
		err = open_still(s, path);
	if (err)
		return err;

	/* a file that nobody wrote to yet */
	return s->version ? 0 : ENOENT;
}
