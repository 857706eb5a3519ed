/* SPDX-License-Identifier: BSD-2-Clause */
/* Records that expire: written over and over, read when somebody starts. Each
 * transaction appends its changes as one row; an index says where the last word on
 * each record is. A table by key would have to be changed in a page or two for
 * each of them, wherever its key lies */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "store/sqlite.h"

enum {
	ROW = 1 << 18,   /* bytes, from which on the next row begins */
	PIECE = 1 << 16, /* bytes that a walk copies at a time       */
};

static const char sql_add[] = "INSERT INTO log (seq, ops) VALUES (?1, ?2)";
static const char sql_read[] = "SELECT ops FROM log WHERE seq = ?1";
static const char sql_all[] = "SELECT seq, ops FROM log ORDER BY seq";
static const char sql_kind[] = "SELECT 1 FROM record WHERE kind = ?1 LIMIT 1";

/* ---- what is in it ------------------------------------------------------- */

/* Has the table of what never expires records of this kind, too? */
static bool has_rows(struct sqlite *s, const struct pl *kind)
{
	sqlite3_stmt *st = NULL;
	bool some = true;

	if (!sqlite_prepare(s->db, &st, sql_kind)) {
		(void)sqlite3_bind_text(st, 1, kind->p, (int)kind->l,
					SQLITE_STATIC);
		some = sqlite3_step(st) != SQLITE_DONE;
	}
	(void)sqlite3_finalize(st);

	return some;
}

static uint16_t kind_of(struct sqlite *s, const struct pl *kind, bool make)
{
	uint16_t k = logindex_kind(s->log.ix, kind, false);

	if (k != UINT16_MAX || !make)
		return k;
	k = logindex_kind(s->log.ix, kind, true);
	if (k != UINT16_MAX)
		s->log.mixed[k] = has_rows(s, kind);

	return k;
}

/* What a row says is so from now on */
static int learn(struct sqlite *s, int64_t row, const void *text, size_t n)
{
	const uint64_t now = (uint64_t)time(NULL);
	struct logop o;
	size_t at = 0;
	int err;

	while (!(err = logop_read(&o, text, n, at))) {
		const uint16_t kind = kind_of(s, &o.kind, true);
		struct logplace p = {
			.hash = logindex_hash(s->log.ix, &o.kind, &o.key),
			.row = (uint64_t)row,
			.kind = kind,
			.at = (uint32_t)at,
			.len = (uint32_t)o.len};

		at += o.len;
		if (!o.value.p || o.expires <= now)
			logindex_remove(s->log.ix, p.hash);
		else if (kind != UINT16_MAX && !logindex_reserve(s->log.ix, 1))
			logindex_set(s->log.ix, &p);
		else
			return ENOMEM;
	}

	return err == ENOENT ? 0 : err;
}

static int load(struct sqlite *s)
{
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_DONE, err;

	s->log.ix = mem_deref(s->log.ix);
	s->log.bytes = 0;
	err = logindex_alloc(&s->log.ix);
	if (err || s->version < 3)
		return err;
	err = sqlite_prepare(s->db, &st, sql_all);
	while (!err && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const int64_t row = sqlite3_column_int64(st, 0);
		const void *text = sqlite3_column_blob(st, 1);
		const size_t n = (size_t)sqlite3_column_bytes(st, 1);

		err = learn(s, row, text, n);
		if (err == EBADMSG)
			log_error("store: the log's row %lld is damaged", row);
		s->log.bytes += n;
		s->log.next = row + 1;
	}
	if (!err)
		err = sqlite_err(s->db, rc, "log");
	(void)sqlite3_finalize(st);

	return err == EBADMSG ? EIO : err;
}

int sqlite_log_open(struct sqlite *s)
{
	int err = 0;

	s->log.next = 1;
	if (s->version >= 3)
		err = sqlite_prepare(s->db, &s->log.read, sql_read);
	if (!s->q)
		return err;
	s->log.tx = mbuf_alloc(4096);
	if (!s->log.tx)
		return ENOMEM;
	err = err ? err : sqlite_prepare(s->db, &s->log.add, sql_add);

	return err ? err : load(s);
}

void sqlite_log_close(struct sqlite *s)
{
	(void)sqlite3_finalize(s->log.add);
	(void)sqlite3_finalize(s->log.read);
	mem_deref(s->log.tx);
	mem_deref(s->log.ix);
}

/* ---- changes, in a transaction -------------------------------------------- */

static bool knows(const struct sqlite *s, const struct pl *kind,
		  const struct pl *key)
{
	return s->log.tx->end ||
	       logindex_find(s->log.ix, logindex_hash(s->log.ix, kind, key));
}

bool sqlite_log_concerns(struct sqlite *s, const struct store_op *op)
{
	struct pl kind;

	pl_set_str(&kind, op->kind);

	return (op->value.p && op->expires) ||
	       (kind_of(s, &kind, false) != UINT16_MAX &&
		knows(s, &kind, &op->key));
}

static int append(struct sqlite *s, const struct store_op *op)
{
	++s->log.opc;

	return logop_write(s->log.tx, op);
}

int sqlite_log_put(struct sqlite *s, const struct store_op *op,
		   enum log_rest *rest)
{
	const struct store_op gone = {.kind = op->kind, .key = op->key};
	const bool expires = op->value.p && op->expires;
	struct pl kind;
	uint16_t k;

	pl_set_str(&kind, op->kind);
	k = kind_of(s, &kind, expires);
	*rest = op->value.p ? LOG_REST_PUT : LOG_REST_DEL;
	if (k == UINT16_MAX)
		return 0;
	if (expires || !op->value.p)
		*rest = s->log.mixed[k] ? LOG_REST_DEL : LOG_REST_NONE;
	else
		s->log.mixed[k] = true;
	if (expires)
		return append(s, op);

	return knows(s, &kind, &op->key) ? append(s, &gone) : 0;
}

typedef int(row_h)(struct sqlite *s, int64_t row, const void *text, size_t n);

/* What is to be written, row by row */
static int rows(struct sqlite *s, row_h *h)
{
	const struct mbuf *tx = s->log.tx;
	int64_t row = s->log.next;
	struct logop o;
	size_t at = 0;
	int err = 0;

	while (at < tx->end && !err) {
		size_t n = 0;

		while (n < ROW && !logop_read(&o, tx->buf, tx->end, at + n))
			n += o.len;
		err = h(s, row++, tx->buf + at, n);
		at += n;
	}

	return err;
}

static int insert(struct sqlite *s, int64_t row, const void *text, size_t n)
{
	int err;

	(void)sqlite3_bind_int64(s->log.add, 1, row);
	(void)sqlite3_bind_blob64(s->log.add, 2, text, n, SQLITE_STATIC);
	err = sqlite_err(s->db, sqlite3_step(s->log.add), "log");
	(void)sqlite3_reset(s->log.add);
	(void)sqlite3_clear_bindings(s->log.add);

	return err;
}

int sqlite_log_write(struct sqlite *s)
{
	int err;

	if (!s->log.opc)
		return 0;
	err = logindex_reserve(s->log.ix, s->log.opc);

	return err ? err : rows(s, insert);
}

static int took(struct sqlite *s, int64_t row, const void *text, size_t n)
{
	s->log.bytes += n;
	s->log.next = row + 1;

	return learn(s, row, text, n);
}

void sqlite_log_end(struct sqlite *s, bool kept)
{
	if (kept)
		(void)rows(s, took);
	s->log.opc = 0;
	mbuf_rewind(s->log.tx);
	if (s->log.tx->size > ROW)
		(void)mbuf_resize(s->log.tx, 4096);
}

/* ---- reading ------------------------------------------------------------- */

/* A view has what the writer wrote meanwhile, as of one moment */
int sqlite_log_view(struct sqlite *s, bool *begun)
{
	int err;

	*begun = !s->q && sqlite3_get_autocommit(s->db);
	if (!*begun)
		return 0;
	err = sqlite_exec(s->db, "BEGIN");
	if (err)
		*begun = false;

	return err ? err : load(s);
}

void sqlite_log_seen(struct sqlite *s, bool begun)
{
	if (begun)
		(void)sqlite_exec(s->db, "COMMIT");
}

/* The row's text is there until the statement is reset */
static int read_op(struct sqlite *s, struct logop *o, const struct logplace *p)
{
	sqlite3_stmt *st = s->log.read;
	int rc = SQLITE_ROW;

	if (s->log.at != p->row) {
		(void)sqlite3_reset(st);
		(void)sqlite3_bind_int64(st, 1, (int64_t)p->row);
		rc = sqlite3_step(st);
		s->log.at = p->row;
	}
	if (rc != SQLITE_ROW) {
		(void)sqlite_err(s->db, rc, "log");
		return EIO;
	}

	return logop_read(o, sqlite3_column_blob(st, 0),
			  (size_t)sqlite3_column_bytes(st, 0), p->at)
		       ? EIO
		       : 0;
}

static void read_end(struct sqlite *s)
{
	s->log.at = 0;
	(void)sqlite3_reset(s->log.read);
}

int sqlite_log_get(struct sqlite *s, const char *name, const struct pl *key,
		   char **value)
{
	const struct logplace *p;
	struct logop o;
	struct pl kind;
	int err;

	pl_set_str(&kind, name);
	if (kind_of(s, &kind, false) == UINT16_MAX)
		return ENOENT;
	p = logindex_find(s->log.ix, logindex_hash(s->log.ix, &kind, key));
	if (!p)
		return ENOENT;
	err = read_op(s, &o, p);
	if (!err)
		err = o.expires > (uint64_t)time(NULL)
			      ? pl_strdup(value, &o.value)
			      : ENOENT;
	read_end(s);

	return err;
}

int sqlite_log_list(struct sqlite *s, const char *name, struct log_walk *w)
{
	struct pl kind;

	memset(w, 0, sizeof(*w));
	pl_set_str(&kind, name);
	w->kind = kind_of(s, &kind, false);
	if (w->kind == UINT16_MAX)
		return 0;

	return logindex_list(s->log.ix, w->kind, &w->placev, &w->placec);
}

int sqlite_log_piece(struct sqlite *s, struct mbuf *mb, struct log_walk *w)
{
	int err = 0;

	mbuf_rewind(mb);
	for (; w->at < w->placec && mb->end < PIECE && !err; w->at++) {
		const struct logplace *p = logindex_find(s->log.ix,
							 w->placev[w->at].hash);
		struct logop o;

		/* written again meanwhile, or gone */
		if (!p || p->kind != w->kind)
			continue;
		err = read_op(s, &o, p);
		if (!err)
			err = mbuf_write_mem(
				mb, (const uint8_t *)o.kind.p - LOGOP_HEAD,
				o.len);
	}
	read_end(s);

	return err;
}
