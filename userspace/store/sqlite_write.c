/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations, and jobs of them, in transactions */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "store/sqlite.h"

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

int sqlite_carry_out(struct sqlite *s, const struct store_op *op)
{
	sqlite3_stmt *st = op->value.p ? s->put : s->del;
	int rc, err;

	rc = sqlite_bind_key(st, op->kind, &op->key);
	if (!rc && op->value.p) {
		rc = bind_pl(st, 3, &op->value);
		if (!rc)
			rc = sqlite3_bind_int64(st, 4, (int64_t)op->expires);
		if (op->expires)
			s->expiring = true;
	}
	err = sqlite_err(s->db, rc, "bind");
	if (!err)
		err = run(s, st, op->value.p ? "put" : "del");
	(void)sqlite3_clear_bindings(st);

	return err;
}

/* ---- jobs --------------------------------------------------------------- */

static int carry_out_job(struct sqlite *s, const struct job *job)
{
	int err = 0;

	for (size_t i = 0; i < job->opc && !err; i++)
		err = sqlite_carry_out(s, &job->opv[i]);

	return err;
}

/* le to the end of its list, or itself alone */
static int commit(struct sqlite *s, struct le *le, bool alone)
{
	int err;

	err = run(s, s->begin, "begin");
	if (err)
		return err;
	for (; le && !err; le = alone ? NULL : le->next)
		err = carry_out_job(s, le->data);
	if (!err)
		err = run(s, s->commit, "commit");
	if (err)
		(void)run(s, s->rollback, "rollback");

	return err;
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

void sqlite_work(void *arg)
{
	struct sqlite *s = arg;
	struct list jobs = LIST_INIT;
	struct le *le;
	int err;

	/* the loop applies what waits before what it does itself: it must not
	 * find the list empty and the jobs not yet carried out */
	(void)pthread_mutex_lock(&s->lock);
	queue_take(s->q, &jobs);
	apply(s, &jobs);
	(void)pthread_mutex_unlock(&s->lock);

	sqlite_sweep(s);
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
