/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs carried out by the thread */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "store/notice.h"
#include "store/redis.h"

enum {
	BATCH = 256
}; /* operations in one transaction: Redis does nothing else
			 for about a ms */

/* ---- commands ------------------------------------------------------------ */

/* Later ones have higher scores, on one node at least */
static uint64_t next_score(struct redis *r)
{
	struct timespec ts;
	uint64_t us;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	us = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
	r->score = us > r->score ? us : r->score + 1;

	return r->score;
}

static void publish(struct redis *r, const struct job *job,
		    const struct store_op *op)
{
	struct notice n = {.key = op->key, .value = op->value, .seq = job->seq};
	char head[NOTICE_HEAD];
	struct pl partv[3];

	pl_set_str(&n.id, r->id);
	pl_set_str(&n.kind, op->kind);
	partv[0].p = head;
	partv[0].l = notice_head(head, &n);
	partv[1] = op->key;
	partv[2] = op->value;
	resp_cmd(&r->out, 3);
	resp_str(&r->out, "PUBLISH");
	resp_str(&r->out, r->channel);
	resp_join(&r->out, partv, op->value.p ? 3 : 2);
}

/* Its index has to be swept, when records leave by themselves */
static void note_expiring(struct redis *r, const char *kind)
{
	for (size_t i = 0; i < r->sweepc; i++)
		if (!strcmp(r->sweepv[i].kind, kind))
			return;
	if (r->sweepc < REDIS_SWEPT)
		str_ncpy(r->sweepv[r->sweepc++].kind, kind, REDIS_KIND);
}

static unsigned put_op(struct redis *r, const struct store_op *op,
		       const char *kind)
{
	resp_cmd(&r->out, op->expires ? 5 : 3);
	resp_str(&r->out, "SET");
	redis_cmd_record(&r->out, kind, &op->key);
	resp_pl(&r->out, &op->value);
	if (op->expires) {
		resp_str(&r->out, "EXAT");
		resp_u64(&r->out, op->expires);
		note_expiring(r, kind);
	}
	resp_cmd(&r->out, 5);
	resp_str(&r->out, "ZADD");
	redis_cmd_index(&r->out, kind);
	resp_str(&r->out, "NX");
	resp_u64(&r->out, next_score(r));
	resp_pl(&r->out, &op->key);

	return 2;
}

static unsigned del_op(struct redis *r, const struct store_op *op,
		       const char *kind)
{
	resp_cmd(&r->out, 2);
	resp_str(&r->out, "DEL");
	redis_cmd_record(&r->out, kind, &op->key);
	resp_cmd(&r->out, 3);
	resp_str(&r->out, "ZREM");
	redis_cmd_index(&r->out, kind);
	resp_pl(&r->out, &op->key);

	return 2;
}

/* Returns how many commands that were */
static unsigned job_cmds(struct redis *r, const struct job *job)
{
	unsigned n = 0;

	for (size_t i = 0; i < job->opc; i++) {
		const struct store_op *op = &job->opv[i];
		char buf[REDIS_KIND];
		const char *kind = redis_kind(r, op->kind, buf);

		n += op->value.p ? put_op(r, op, kind) : del_op(r, op, kind);
		if (kind == op->kind) {
			publish(r, job, op);
			++n;
		}
	}

	return n;
}

/* ---- what comes of them --------------------------------------------------- */

/* 0: not to be blamed on the job, try again elsewhere */
static int err_of(const char *text)
{
	static const struct {
		const char *word;
		int err;
	} errv[] = {
		{"OOM", ENOSPC},    {"MISCONF", EIO}, {"NOREPLICAS", ETIMEDOUT},
		{"NOPERM", EACCES}, {"READONLY", 0},  {"LOADING", 0},
		{"MASTERDOWN", 0},  {"NOAUTH", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(errv); i++)
		if (!strncmp(text, errv[i].word, strlen(errv[i].word)))
			return errv[i].err;

	return EIO;
}

/* Read so many replies. *err: that of the first that is one. false: the
 * connection is gone */
static bool read_replies(struct redis *r, unsigned n, int *err, long long *last)
{
	static const struct resp nothing;
	char why[160] = "";

	for (unsigned i = 0; i < n; i++) {
		redisReply *reply = redis_ask(r, &nothing);

		if (!reply)
			return false;
		if (reply->type == REDIS_REPLY_ERROR && !*why) {
			str_ncpy(why, reply->str, sizeof(why));
			*err = err_of(why);
			log_warn("store: Redis: %s", why);
		}
		*last = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
		freeReplyObject(reply);
	}
	if (*why && !*err) {
		redis_disconnect(r, EROFS, why);
		return false;
	}

	return true;
}

static void finish(struct redis *r, struct list *jobs, int err)
{
	struct le *le;

	(void)pthread_mutex_lock(&r->lock);
	for (le = jobs->head; le; le = le->next) {
		struct job *job = le->data;

		job->err = err;
		if (job->result)
			*job->result = err;
		r->finished = job->seq;
	}
	(void)pthread_mutex_unlock(&r->lock);
	/* some of it may be there, some may not */
	if (err && !r->resync_at)
		r->resync_at = tmr_jiffies() + REDIS_PATIENCE;
	queue_done(r->q, jobs);
}

static bool do_batch(struct redis *r, struct list *batch)
{
	unsigned n = 2;
	long long copies = 0;
	struct le *le;
	int err = 0;

	resp_clear(&r->out);
	resp_cmd(&r->out, 1);
	resp_str(&r->out, "MULTI");
	for (le = batch->head; le; le = le->next)
		n += job_cmds(r, le->data);
	resp_cmd(&r->out, 1);
	resp_str(&r->out, "EXEC");
	if (r->replicas) {
		resp_cmd(&r->out, 3);
		resp_str(&r->out, "WAIT");
		resp_u64(&r->out, r->replicas);
		resp_u64(&r->out, REDIS_TIMEOUT);
		++n;
	}
	if (r->out.failed) {
		finish(r, batch, ENOMEM);
		return true;
	}
	(void)redisAppendFormattedCommand(r->c, r->out.p, r->out.n);
	if (!read_replies(r, n, &err, &copies))
		return false;

	if (!err && copies < (long long)r->replicas) {
		err = ETIMEDOUT;
		log_warn("store: %lld of %u replicas have what was written",
			 copies, r->replicas);
	}
	finish(r, batch, err);

	return true;
}

bool redis_flush(struct redis *r)
{
	while (r->todo.head) {
		struct list batch = LIST_INIT;
		struct le *le;
		size_t n = 0;

		while ((le = r->todo.head) && n < BATCH) {
			struct job *job = le->data;

			list_unlink(le);
			list_append(&batch, le, job);
			n += job->opc;
		}
		if (!do_batch(r, &batch)) {
			/* once more, in the same order, when it is back:
			 * twice the same is the same */
			queue_splice(&batch, &r->todo);
			queue_splice(&r->todo, &batch);
			return false;
		}
	}

	return true;
}

void redis_give_up(struct redis *r, bool all)
{
	const uint64_t now = tmr_jiffies();
	struct list late = LIST_INIT;
	struct le *le = r->todo.head;

	while (le) {
		struct job *job = le->data;

		le = le->next;
		if (!all && (job->quiet || job->deadline > now))
			continue;
		list_unlink(&job->le);
		list_append(&late, &job->le, job);
	}
	if (late.head)
		finish(r, &late, ETIMEDOUT);
}
