/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations, and jobs of them, in transactions */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "store/sqlite.h"

enum {
	MANY = 8,         /* jobs of a batch, from which on others gather     */
	ENOUGH = 512,     /* operations that wait: no need to                 */
	GATHER_US = 2000, /* for so long                                     */
};

static int bind_pl(sqlite3_stmt *st, int i, const struct pl *pl)
{
	return sqlite3_bind_text64(st, i, pl->p, pl->l, SQLITE_STATIC,
				   SQLITE_UTF8);
}

int sqlite_bind_key(sqlite3_stmt *st, const char *kind, const struct pl *key)
{
	int rc = sqlite3_bind_text(st, 1, kind, -1, SQLITE_STATIC);

	return rc ? rc : bind_pl(st, 2, key);
}

/* Compiled statements are kept, and let go of what they pointed to */
static int run(struct sqlite *s, sqlite3_stmt *st, const char *what)
{
	int err = sqlite_err(s->db, sqlite3_step(st), what);

	(void)sqlite3_reset(st);

	return err;
}

static int run_op(struct sqlite *s, const struct store_op *op, bool put)
{
	sqlite3_stmt *st = put ? s->put : s->del;
	int rc, err;

	rc = sqlite_bind_key(st, op->kind, &op->key);
	if (!rc && put)
		rc = bind_pl(st, 3, &op->value);
	if (!rc && put)
		rc = sqlite3_bind_int64(st, 4, (int64_t)op->expires);
	err = sqlite_err(s->db, rc, "bind");
	if (!err)
		err = run(s, st, put ? "put" : "del");
	(void)sqlite3_clear_bindings(st);

	return err;
}

/* In a transaction, if the log has to do with it */
static int carry_out(struct sqlite *s, const struct store_op *op)
{
	enum log_rest rest;
	int err = sqlite_log_put(s, op, &rest);

	return err || rest == LOG_REST_NONE
		       ? err
		       : run_op(s, op, rest == LOG_REST_PUT);
}

int sqlite_transact(struct sqlite *s, sqlite_tx_h *h, void *arg)
{
	int err = run(s, s->begin, "begin");

	if (err)
		return err;
	err = h(s, arg);
	if (!err)
		err = sqlite_log_write(s);
	if (!err)
		err = run(s, s->commit, "commit");
	if (err)
		(void)run(s, s->rollback, "rollback");
	sqlite_log_end(s, !err);

	return err;
}

static int one(struct sqlite *s, void *arg)
{
	return carry_out(s, arg);
}

int sqlite_carry_out(struct sqlite *s, const struct store_op *op)
{
	struct store_op copy = *op;

	return sqlite_log_concerns(s, op) ? sqlite_transact(s, one, &copy)
					  : carry_out(s, op);
}

/* ---- jobs --------------------------------------------------------------- */

struct batch {
	struct le *le; /* to the end of its list, or itself alone */
	bool alone;
};

static int carry_out_jobs(struct sqlite *s, void *arg)
{
	const struct batch *b = arg;
	int err = 0;

	for (struct le *le = b->le; le && !err;
	     le = b->alone ? NULL : le->next) {
		const struct job *job = le->data;

		for (size_t i = 0; i < job->opc && !err; i++)
			err = carry_out(s, &job->opv[i]);
	}

	return err;
}

static int commit(struct sqlite *s, struct le *le, bool alone)
{
	struct batch b = {le, alone};

	return sqlite_transact(s, carry_out_jobs, &b);
}

/* All in one transaction; when that fails, each has to try for itself */
static void apply(struct sqlite *s, struct list *jobs)
{
	struct le *le = jobs->head;
	int err;

	while (le && ((struct job *)le->data)->applied)
		le = le->next;
	if (!le)
		return;

	err = commit(s, le, false);
	for (; le; le = le->next) {
		struct job *job = le->data;

		job->err = err ? commit(s, le, true) : 0;
		job->applied = true;
		__atomic_store_n(&s->trouble, job->err, __ATOMIC_RELAXED);
	}
}

/* A sync costs the same for one as for many: where many come, more of them are
 * let gather for it */
static void gather(struct sqlite *s)
{
	if (s->busy && queue_depth(s->q) < ENOUGH)
		sys_usleep(GATHER_US);
}

void sqlite_work(void *arg)
{
	struct sqlite *s = arg;
	struct list jobs = LIST_INIT;
	struct le *le;
	int err;

	gather(s);

	/* the loop applies what waits before what it does itself: it must not
	 * find the list empty and the jobs not yet carried out */
	(void)pthread_mutex_lock(&s->lock);
	queue_take(s->q, &jobs);
	apply(s, &jobs);
	(void)pthread_mutex_unlock(&s->lock);

	sqlite_clean(s);
	s->busy = list_count(&jobs) >= MANY;
	if (!jobs.head)
		return;
	err = sqlite_sync(s);
	for (le = jobs.head; le && err; le = le->next)
		((struct job *)le->data)->err = err;
	queue_done(s->q, &jobs);
	sqlite_checkpoint(s);
}

/* With the lock: what was queued before comes before */
void sqlite_catch_up(struct sqlite *s)
{
	struct list jobs = LIST_INIT;

	if (!s->q || !queue_started(s->q))
		return;

	queue_take(s->q, &jobs);
	apply(s, &jobs);
	queue_return(s->q, &jobs);
}
