/* SPDX-License-Identifier: BSD-2-Clause */
/* What the loop asks of Redis, by way of the thread */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "store/redis.h"

static bool is_up(struct redis *r)
{
	bool up;

	(void)pthread_mutex_lock(&r->lock);
	up = r->state == REDIS_UP;
	(void)pthread_mutex_unlock(&r->lock);

	return up;
}

int redis_wait(struct redis *r, const struct resp *cmd, redisReply **reply)
{
	struct ask ask = {.cmd = cmd};
	int err;

	if (cmd->failed)
		return ENOMEM;
	if (!is_up(r))
		return EAGAIN;

	(void)pthread_mutex_lock(&r->lock);
	list_append(&r->asks, &ask.le, &ask);
	(void)pthread_mutex_unlock(&r->lock);
	queue_wake(r->q);
	(void)pthread_mutex_lock(&r->lock);
	while (!ask.done)
		(void)pthread_cond_wait(&r->cond, &r->lock);
	(void)pthread_mutex_unlock(&r->lock);

	err = ask.err;
	if (!err && ask.reply->type == REDIS_REPLY_ERROR) {
		log_warn("store: Redis: %s", ask.reply->str);
		err = EIO;
	}
	if (err && ask.reply)
		freeReplyObject(ask.reply);
	else
		*reply = ask.reply;

	return err;
}

static int push(struct redis *r, struct job *job)
{
	int err;

	job->seq = r->seq + 1;
	job->deadline = tmr_jiffies() + REDIS_PATIENCE;
	err = queue_push(r->q, job);
	if (err)
		return err;
	++r->seq;
	/* ours already, the thread may be at it: it only reads these */
	for (size_t i = 0; i < job->opc; i++)
		redis_known(r, &job->opv[i], job->seq);

	return 0;
}

static int job_write(void *b, struct job *job)
{
	struct redis *r = b;

	return r->readonly ? EACCES : push(r, job);
}

/* Waits for Redis where it is there. Where it is away a call must go on
 * nevertheless: store_degraded() says so */
static int put(void *b, const struct store_op *op)
{
	static const struct pl key = PL("carom.version");
	struct redis *r = b;
	redisReply *reply = NULL;
	struct resp cmd = {0};
	struct job *job;
	int err, result = 0;

	if (r->readonly)
		return EACCES;
	err = job_alloc(&job, op, 1, NULL, NULL);
	if (err)
		return err;
	job->quiet = true;
	job->result = &result;
	err = push(r, job);
	if (err) {
		mem_deref(job);
		return err;
	}

	/* any question will do: it is answered after what was queued before */
	resp_cmd(&cmd, 2);
	resp_str(&cmd, "EXISTS");
	resp_pl(&cmd, &key);
	if (!redis_wait(r, &cmd, &reply))
		freeReplyObject(reply);
	resp_free(&cmd);
	(void)pthread_mutex_lock(&r->lock);
	err = result;
	job->result = NULL;
	(void)pthread_mutex_unlock(&r->lock);

	return err;
}

static int get(void *b, const char *kind, const struct pl *key, char **value)
{
	struct redis *r = b;
	redisReply *reply = NULL;
	struct resp cmd = {0};
	char buf[REDIS_KIND];
	int err;

	resp_cmd(&cmd, 2);
	resp_str(&cmd, "GET");
	redis_cmd_record(&cmd, redis_kind(r, kind, buf), key);
	err = redis_wait(r, &cmd, &reply);
	resp_free(&cmd);
	if (err)
		return err;

	if (reply->type == REDIS_REPLY_STRING) {
		const struct pl pl = {reply->str, (size_t)reply->len};

		err = pl_strdup(value, &pl);
	} else {
		err = ENOENT;
	}
	freeReplyObject(reply);

	return err;
}

static int ask_array(struct redis *r, const struct resp *cmd,
		     redisReply **reply)
{
	int err = redis_wait(r, cmd, reply);

	if (!err && (*reply)->type != REDIS_REPLY_ARRAY) {
		freeReplyObject(*reply);
		err = EIO;
	}

	return err;
}

/* A page of records from key i on. @return 0, ENOENT: told to stop */
static int each_page(struct redis *r, const char *kind, const redisReply *keys,
		     size_t i, store_h *h, void *arg)
{
	const size_t n = min(keys->elements - i, (size_t)REDIS_PAGE);
	struct store_op op = {.kind = kind};
	redisReply *values = NULL;
	struct resp cmd = {0};
	char buf[REDIS_KIND];
	int err;

	resp_cmd(&cmd, (unsigned)n + 1);
	resp_str(&cmd, "MGET");
	for (size_t k = 0; k < n; k++) {
		const struct pl key = {keys->element[i + k]->str,
				       (size_t)keys->element[i + k]->len};

		redis_cmd_record(&cmd, redis_kind(r, kind, buf), &key);
	}
	err = ask_array(r, &cmd, &values);
	resp_free(&cmd);
	if (err)
		return err;

	for (size_t k = 0; k < n && k < values->elements && !err; k++) {
		const redisReply *value = values->element[k];

		if (value->type != REDIS_REPLY_STRING)
			continue;
		op.key.p = keys->element[i + k]->str;
		op.key.l = (size_t)keys->element[i + k]->len;
		op.value.p = value->str;
		op.value.l = (size_t)value->len;
		redis_known(r, &op, 0);
		err = h(&op.key, &op.value, arg) ? ENOENT : 0;
	}
	freeReplyObject(values);

	return err;
}

static int each(void *b, const char *kind, store_h *h, void *arg)
{
	struct redis *r = b;
	redisReply *keys = NULL;
	struct resp cmd = {0};
	char buf[REDIS_KIND];
	int err;

	resp_cmd(&cmd, 4);
	resp_str(&cmd, "ZRANGE");
	redis_cmd_index(&cmd, redis_kind(r, kind, buf));
	resp_str(&cmd, "0");
	resp_str(&cmd, "-1");
	err = ask_array(r, &cmd, &keys);
	resp_free(&cmd);
	if (err)
		return err;

	for (size_t i = 0; i < keys->elements && !err; i += REDIS_PAGE)
		err = each_page(r, kind, keys, i, h, arg);
	freeReplyObject(keys);

	return err == ENOENT ? 0 : err;
}

/* Whoever comes first: one script is not interrupted by others */
static const char first_script[] =
	"local v = redis.call('GET', KEYS[1]) "
	"if v then return v end "
	"redis.call('SET', KEYS[1], ARGV[1]) "
	"redis.call('ZADD', KEYS[2], 'NX', ARGV[2], ARGV[3]) "
	"return ARGV[1]";

/* As many replicas as have to, have what was written until now */
static int wait_replicas(struct redis *r)
{
	redisReply *reply = NULL;
	struct resp cmd = {0};
	int err;

	if (!r->replicas)
		return 0;
	resp_cmd(&cmd, 3);
	resp_str(&cmd, "WAIT");
	resp_u64(&cmd, r->replicas);
	resp_u64(&cmd, REDIS_TIMEOUT);
	err = redis_wait(r, &cmd, &reply);
	resp_free(&cmd);
	if (err)
		return err;
	if (reply->integer < (long long)r->replicas)
		err = ETIMEDOUT;
	freeReplyObject(reply);

	return err;
}

static int first(void *b, const struct store_op *op, char **kept)
{
	struct redis *r = b;
	redisReply *reply = NULL;
	struct resp cmd = {0};
	char buf[REDIS_KIND];
	const char *kind = redis_kind(r, op->kind, buf);
	struct timespec ts;
	struct pl text;
	int err;

	if (r->readonly)
		return EACCES;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	resp_cmd(&cmd, 8);
	resp_str(&cmd, "EVAL");
	resp_str(&cmd, first_script);
	resp_str(&cmd, "2");
	redis_cmd_record(&cmd, kind, &op->key);
	redis_cmd_index(&cmd, kind);
	resp_pl(&cmd, &op->value);
	resp_u64(&cmd,
		 (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
	resp_pl(&cmd, &op->key);
	err = redis_wait(r, &cmd, &reply);
	resp_free(&cmd);
	if (err)
		return err;
	text = (struct pl){reply->str, (size_t)reply->len};
	err = reply->type == REDIS_REPLY_STRING ? wait_replicas(r) : EIO;
	if (!err)
		err = pl_strdup(kept, &text);
	freeReplyObject(reply);

	return err;
}

static int watch(void *b, void **wp, const char *kind, store_change_h *h,
		 void *arg)
{
	return redis_watch_alloc(wp, b, kind, h, arg);
}

static bool degraded(void *b, const char **why)
{
	struct redis *r = b;
	bool is;

	(void)pthread_mutex_lock(&r->lock);
	is = r->state != REDIS_UP;
	str_ncpy(r->reason, r->why, sizeof(r->reason));
	(void)pthread_mutex_unlock(&r->lock);
	*why = r->reason;

	return is;
}

static const struct queue *queue(const void *b)
{
	return ((const struct redis *)b)->q;
}

const struct backend backend_redis = {
	.put = put,
	.get = get,
	.each = each,
	.first = first,
	.write = job_write,
	.watch = watch,
	.degraded = degraded,
	.queue = queue,
};
