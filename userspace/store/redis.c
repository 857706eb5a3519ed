/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/redis.h"

enum {
	IDLE_MS = 1000, /* between looks at a server that is there */
	AWAY_MS = 50,   /* and at one that is not                  */
};

/* ---- names ---------------------------------------------------------------- */

bool redis_is_own(const struct redis *r, const char *kind)
{
	const size_t len = strlen(kind);
	const char *p = r->own;

	while ((p = strstr(p, kind))) {
		if ((p == r->own || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
			return true;
		p += len;
	}

	return false;
}

const char *redis_kind(const struct redis *r, const char *kind,
		       char buf[REDIS_KIND])
{
	if (!redis_is_own(r, kind))
		return kind;
	(void)re_snprintf(buf, REDIS_KIND, "%s@%s", kind, r->node);

	return buf;
}

void redis_cmd_record(struct resp *cmd, const char *kind, const struct pl *key)
{
	const struct pl partv[] = {
		PL("carom:"), {kind, strlen(kind)}, PL(":"), *key};

	resp_join(cmd, partv, ARRAY_SIZE(partv));
}

void redis_cmd_index(struct resp *cmd, const char *kind)
{
	const struct pl partv[] = {PL("carom.index:"), {kind, strlen(kind)}};

	resp_join(cmd, partv, ARRAY_SIZE(partv));
}

/* ---- the thread ------------------------------------------------------------ */

bool redis_do_jobs(struct redis *r)
{
	struct list jobs = LIST_INIT;

	queue_take(r->q, &jobs);
	queue_splice(&r->todo, &jobs);

	return r->c && redis_flush(r);
}

static struct ask *next_ask(struct redis *r)
{
	struct ask *ask;

	(void)pthread_mutex_lock(&r->lock);
	ask = list_ledata(r->asks.head);
	if (ask)
		list_unlink(&ask->le);
	(void)pthread_mutex_unlock(&r->lock);

	return ask;
}

/* Whoever asks sees what it wrote before */
static void answer(struct redis *r)
{
	struct ask *ask;

	while ((ask = next_ask(r))) {
		if (redis_do_jobs(r))
			ask->reply = redis_ask(r, ask->cmd);
		(void)pthread_mutex_lock(&r->lock);
		ask->err = ask->reply ? 0 : EAGAIN;
		ask->done = true;
		(void)pthread_cond_broadcast(&r->cond);
		(void)pthread_mutex_unlock(&r->lock);
	}
}

static bool is_watched(struct redis *r)
{
	bool is;

	(void)pthread_mutex_lock(&r->lock);
	is = r->watched;
	(void)pthread_mutex_unlock(&r->lock);

	return is;
}

/* What failed may have been done, and what it would have published is not to
 * be waited for */
static void recover(struct redis *r)
{
	const bool due = r->resync_at && tmr_jiffies() >= r->resync_at;

	if (due && !r->fresh)
		redis_resubscribe(r);
	if (r->c && (due || is_watched(r)))
		redis_resync(r);
}

static void keep_up(struct redis *r)
{
	const uint64_t checked = r->checked;

	if (r->c)
		redis_listen(r);
	if (r->c && !r->readonly)
		recover(r);
	if (r->c)
		redis_check(r);
	if (r->c && !r->readonly && r->checked != checked)
		redis_sweep(r);
}

void redis_work(void *arg)
{
	struct redis *r = arg;

	if (!r->c && tmr_jiffies() >= r->next_try && redis_connect(r))
		r->resync_at = tmr_jiffies();
	(void)redis_do_jobs(r);
	answer(r);
	keep_up(r);
	if (queue_stopping(r->q) && r->c)
		redis_lease_leave(r);
	redis_give_up(r, queue_stopping(r->q));
	if (r->sub)
		queue_expect(r->q, r->sub->fd, IDLE_MS);
	else
		queue_expect(r->q, -1, r->c ? IDLE_MS : AWAY_MS);
}

/* ---- the loop -------------------------------------------------------------- */

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
	.write = job_write,
	.watch = watch,
	.degraded = degraded,
	.queue = queue,
};

/* ---- opening --------------------------------------------------------------- */

static void destructor(void *data)
{
	struct redis *r = data;
	struct le *le;

	mem_deref(r->q); /* ends the thread */
	if (r->c)
		redisFree(r->c);
	if (r->sub)
		redisFree(r->sub);
	while ((le = r->news.head)) {
		void *news = le->data;

		list_unlink(le);
		free(news);
	}
	hash_flush(r->pending);
	mem_deref(r->pending);
	resp_free(&r->out);
	free(r->watchedv);
	mem_deref(r->password);
	(void)pthread_cond_destroy(&r->cond);
	(void)pthread_mutex_destroy(&r->lock);
}

static int read_password(struct redis *r, const char *path)
{
	char line[256] = "";
	FILE *f = fopen(path, "re");
	int err = 0;

	if (!f || (!fgets(line, sizeof(line), f) && ferror(f)))
		err = errno;
	if (f)
		(void)fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	if (!err && !*line)
		err = EINVAL;
	if (err)
		log_error("store-password: %s: %m", path, err);
	else
		err = str_dup(&r->password, line);
	explicit_bzero(line, sizeof(line));

	return err;
}

static int configure(struct redis *r, const struct store_conf *conf)
{
	const char *why = "";
	int err;

	err = redis_url_decode(&r->url, conf->path, &why);
	if (err) {
		log_error("store: %s: %s", conf->path, why);
		return err;
	}
	r->readonly = conf->readonly;
	r->replicas = conf->replicas;
	str_ncpy(r->own, conf->own ? conf->own : "", sizeof(r->own));
	if (conf->node)
		str_ncpy(r->node, conf->node, sizeof(r->node));
	else if (gethostname(r->node, sizeof(r->node) - 1))
		return errno;
	(void)re_snprintf(r->id, sizeof(r->id), "%016llx", rand_u64());
	(void)re_snprintf(r->channel, sizeof(r->channel), "carom.changes.%u",
			  r->url.db);

	return conf->password_file ? read_password(r, conf->password_file) : 0;
}

/* Until it was tried once, at every address, and once more after a lease that a
 * node may have left behind */
static int wait_first(struct redis *r)
{
	const uint64_t end = tmr_jiffies() + REDIS_LEASE + REDIS_TIMEOUT;
	int err;

	(void)pthread_mutex_lock(&r->lock);
	while (r->state == REDIS_NEW ||
	       (r->state == REDIS_DOWN && r->err == EBUSY &&
		tmr_jiffies() < end))
		(void)pthread_cond_wait(&r->cond, &r->lock);
	err = r->state == REDIS_UP ? 0 : r->err;
	(void)pthread_mutex_unlock(&r->lock);

	return err;
}

int redis_alloc(void **bp, const struct store_conf *conf)
{
	struct redis *r;
	int err;

	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->cond, NULL);

	err = configure(r, conf);
	if (!err)
		err = redis_lease_alloc(r);
	if (!err)
		err = hash_alloc(&r->pending, 8192);
	if (!err)
		err = queue_alloc(&r->q, 0, redis_work, redis_told, r);
	if (!err)
		err = queue_start(r->q, !r->readonly);
	if (!err)
		err = wait_first(r);

	if (err)
		mem_deref(r);
	else
		*bp = r;

	return err;
}
