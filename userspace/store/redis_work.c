/* SPDX-License-Identifier: BSD-2-Clause */
/* A turn of the thread */
#include <errno.h>

#include "store/redis.h"

enum {
	IDLE_MS = 1000, /* between looks at a server that is there */
	AWAY_MS = 50,   /* and at one that is not                  */
};

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
