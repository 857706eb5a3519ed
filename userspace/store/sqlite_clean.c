/* SPDX-License-Identifier: BSD-2-Clause */
/* The log is kept short: its oldest rows are dropped, and what is still needed of
 * them is written again behind the last. Oldest first, so that a removal goes when
 * nothing is left that it removes */
#include <errno.h>
#include <time.h>

#include "store/sqlite.h"

enum {
	TIMES = 3,       /* as long as what is needed of it, at most ... */
	SLACK = 1 << 18, /* ... and this many bytes                      */
	STEP = 1 << 18,  /* bytes in a transaction: about a ms of lock   */
	STEPS = 4,       /* transactions in a turn                       */
	SWEEP_MS = 1000,
	SWEEP = 1 << 18, /* bytes that are looked at each time           */
};

static const char sql_first[] =
	"SELECT seq, ops FROM log WHERE seq > ?1 ORDER BY seq LIMIT 1";
static const char sql_drop[] = "DELETE FROM log WHERE seq <= ?1";

struct row {
	int64_t seq;
	const uint8_t *text; /* until the statement is reset */
	size_t n;
};

static int next(struct sqlite *s, sqlite3_stmt *st, struct row *row)
{
	int rc;

	(void)sqlite3_reset(st);
	(void)sqlite3_bind_int64(st, 1, row->seq);
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? ENOENT
					 : sqlite_err(s->db, rc, "clean");
	row->seq = sqlite3_column_int64(st, 0);
	row->text = sqlite3_column_blob(st, 1);
	row->n = (size_t)sqlite3_column_bytes(st, 1);

	return 0;
}

/* Is this the last word on a record? One that has expired nobody asks for */
static bool needed(struct sqlite *s, const struct row *row,
		   const struct logop *o, uint64_t now)
{
	const uint64_t hash = logindex_hash(s->log.ix, &o->kind, &o->key);
	const struct logplace *p = logindex_find(s->log.ix, hash);

	if (!o->value.p || !p || p->row != (uint64_t)row->seq || p->at != o->at)
		return false;
	if (o->expires > now)
		return true;
	logindex_remove(s->log.ix, hash);

	return false;
}

/* ---- dropping ------------------------------------------------------------ */

struct step {
	sqlite3_stmt *first, *drop;
	uint64_t dropped; /* bytes */
};

static int keep(struct sqlite *s, const struct row *row, uint64_t now)
{
	struct logop o;
	size_t at = 0;
	int err = 0;

	while (!err && !logop_read(&o, row->text, row->n, at)) {
		at += o.len;
		if (!needed(s, row, &o, now))
			continue;
		++s->log.opc;
		err = mbuf_write_mem(s->log.tx, row->text + o.at, o.len);
	}

	return err;
}

static int step(struct sqlite *s, void *arg)
{
	const uint64_t now = (uint64_t)time(NULL);
	struct step *st = arg;
	struct row row = {.seq = 0};
	int err = 0;

	st->dropped = 0;
	while (!err && st->dropped < STEP && row.seq + 1 < s->log.next) {
		err = next(s, st->first, &row);
		if (err)
			break;
		st->dropped += row.n;
		err = keep(s, &row, now);
	}
	(void)sqlite3_reset(st->first);
	if (err && err != ENOENT)
		return err;
	(void)sqlite3_bind_int64(st->drop, 1, row.seq);
	err = sqlite_err(s->db, sqlite3_step(st->drop), "clean");
	(void)sqlite3_reset(st->drop);

	return err;
}

static bool too_long(const struct sqlite *s)
{
	return s->log.bytes > TIMES * logindex_bytes(s->log.ix) + SLACK;
}

/* Where there is no space for it, there is when something has expired */
static void drop(struct sqlite *s)
{
	struct step st = {NULL, NULL, 0};
	int err;

	err = sqlite_prepare(s->db, &st.first, sql_first);
	if (!err)
		err = sqlite_prepare(s->db, &st.drop, sql_drop);
	for (unsigned i = 0; i < STEPS && !err && too_long(s); i++) {
		err = sqlite_transact(s, step, &st);
		if (!err)
			s->log.bytes -= st.dropped;
	}
	(void)sqlite3_finalize(st.first);
	(void)sqlite3_finalize(st.drop);
}

/* ---- what has expired ------------------------------------------------------ */

static void sweep(struct sqlite *s)
{
	const uint64_t now = (uint64_t)time(NULL);
	struct row row = {.seq = s->log.swept};
	sqlite3_stmt *st = NULL;
	size_t n = 0;
	int err = sqlite_prepare(s->db, &st, sql_first);

	while (!err && n < SWEEP) {
		struct logop o;
		size_t at = 0;

		err = next(s, st, &row);
		if (err)
			break;
		n += row.n;
		while (!logop_read(&o, row.text, row.n, at)) {
			at += o.len;
			(void)needed(s, &row, &o, now);
		}
	}
	(void)sqlite3_finalize(st);
	s->log.swept = err ? 0 : row.seq;
}

void sqlite_clean(struct sqlite *s)
{
	const uint64_t now = tmr_jiffies();

	(void)pthread_mutex_lock(&s->lock);
	if (now >= s->sweep_at) {
		s->sweep_at = now + SWEEP_MS;
		sweep(s);
	}
	if (too_long(s))
		drop(s);
	(void)pthread_mutex_unlock(&s->lock);
}
