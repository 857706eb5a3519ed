/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/sqlite.h"

enum {
	SCHEMA_VERSION = 2,
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
	"PRAGMA user_version = 2;"
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
};

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

static int migrate(struct sqlite *s)
{
	int err = 0;

	while (s->version < SCHEMA_VERSION && !err) {
		err = sqlite_exec(s->db, migrationv[s->version]);
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
