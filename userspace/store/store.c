/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "store/backend.h"
#include "store/redis_url.h"

struct store {
	const struct backend *be;
	void *b;
	struct store_count count;
};

struct store_watch {
	struct store *s;
	void *w; /* the backend's */
};

static void destructor(void *data)
{
	struct store *s = data;

	mem_deref(s->b);
}

int store_open_conf(struct store **sp, const struct store_conf *conf)
{
	struct store *s;
	int err;

	if (!sp || !conf || !conf->path)
		return EINVAL;

	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;

	if (redis_is_url(conf->path)) {
		s->be = &backend_redis;
		err = redis_alloc(&s->b, conf);
	} else {
		s->be = &backend_sqlite;
		err = sqlite_alloc(&s->b, conf);
	}
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

int store_open(struct store **sp, const char *path, bool readonly)
{
	const struct store_conf conf = {.path = path, .readonly = readonly};

	return store_open_conf(sp, &conf);
}

/* A word: other words stand beside it in what backends write */
static bool is_kind(const char *kind)
{
	size_t n = 0;

	if (!kind)
		return false;
	for (; kind[n]; n++)
		if (!isalnum((unsigned char)kind[n]) && !strchr("-_.", kind[n]))
			return false;

	return n && n <= STORE_KIND_MAX;
}

static bool is_valid(const struct store_op *op)
{
	return is_kind(op->kind) && (op->key.p || !op->key.l);
}

/* An empty text has a place, too */
static struct pl some(const struct pl *pl)
{
	struct pl p = {pl->p ? pl->p : "", pl->l};

	return p;
}

static int put(struct store *s, const struct store_op *op)
{
	int err;

	if (!is_valid(op))
		return EINVAL;

	err = s->be->put(s->b, op);
	++s->count.operations;
	s->count.failed += err != 0;

	return err;
}

int store_put(struct store *s, const char *kind, const struct pl *key,
	      const struct pl *value)
{
	struct store_op op = {.kind = kind};

	if (!s || !key || !value)
		return EINVAL;
	op.key = some(key);
	op.value = some(value);

	return put(s, &op);
}

int store_del(struct store *s, const char *kind, const struct pl *key)
{
	struct store_op op = {.kind = kind};

	if (!s || !key)
		return EINVAL;
	op.key = some(key);

	return put(s, &op);
}

int store_write(struct store *s, const struct store_op *opv, size_t opc,
		store_done_h *h, void *arg)
{
	struct job *job;
	int err;

	if (!s || !opv || !opc)
		return EINVAL;
	for (size_t i = 0; i < opc; i++)
		if (!is_valid(&opv[i]))
			return EINVAL;

	err = job_alloc(&job, opv, opc, h, arg);
	if (err)
		return err;
	err = s->be->write(s->b, job);
	if (err)
		mem_deref(job);
	else
		s->count.operations += opc;

	return err;
}

int store_get(struct store *s, const char *kind, const struct pl *key,
	      char **value)
{
	struct pl k;

	if (!s || !is_kind(kind) || !key || !value)
		return EINVAL;
	k = some(key);
	++s->count.reads;

	return s->be->get(s->b, kind, &k, value);
}

int store_each(struct store *s, const char *kind, store_h *h, void *arg)
{
	if (!s || !is_kind(kind) || !h)
		return EINVAL;
	++s->count.reads;

	return s->be->each(s->b, kind, h, arg);
}

/* Nobody else has it */
static int first(struct store *s, const struct store_op *op, char **kept)
{
	int err = s->be->get(s->b, op->kind, &op->key, kept);

	if (err != ENOENT)
		return err;
	err = s->be->put(s->b, op);

	return err ? err : pl_strdup(kept, &op->value);
}

int store_first(struct store *s, const char *kind, const struct pl *key,
		const struct pl *value, char **kept)
{
	struct store_op op = {.kind = kind};
	int err;

	if (!s || !key || !value || !kept)
		return EINVAL;
	op.key = some(key);
	op.value = some(value);
	if (!is_valid(&op))
		return EINVAL;
	err = s->be->first ? s->be->first(s->b, &op, kept)
			   : first(s, &op, kept);
	++s->count.operations;
	s->count.failed += err != 0;

	return err;
}

static void watch_destructor(void *data)
{
	struct store_watch *w = data;

	mem_deref(w->w);
	mem_deref(w->s);
}

int store_watch(struct store_watch **wp, struct store *s, const char *kind,
		store_change_h *h, void *arg)
{
	struct store_watch *w;
	int err = 0;

	if (!wp || !s || !is_kind(kind) || !h)
		return EINVAL;

	w = mem_zalloc(sizeof(*w), watch_destructor);
	if (!w)
		return ENOMEM;
	w->s = mem_ref(s);
	if (s->be->watch)
		err = s->be->watch(s->b, &w->w, kind, h, arg);
	if (err)
		mem_deref(w);
	else
		*wp = w;

	return err;
}

bool store_degraded(struct store *s, const char **why)
{
	const char *reason = "";
	bool is = s && s->be->degraded(s->b, &reason);

	if (is && why)
		*why = reason;

	return is;
}

void store_count(struct store *s, struct store_count *c)
{
	const struct queue *q = s->be->queue(s->b);

	*c = s->count;
	if (q) {
		c->failed += queue_failed(q);
		c->commits = queue_commits(q);
		c->queued = queue_depth(q);
	}
	c->degraded = store_degraded(s, NULL);
}
