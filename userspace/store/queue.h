/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/queue.h  Writes on their way: the loop, the writer, the loop
 *
 * The loop appends jobs; the writer's thread takes all there are, does them
 * and hands them back; the loop tells whoever asked. Jobs are made and freed
 * by the loop alone.
 */
#ifndef CAROM_STORE_QUEUE_H
#define CAROM_STORE_QUEUE_H

#include "store/store.h"

/** One store_write() */
struct job {
	struct le le;
	store_done_h *h;
	void *arg;
	int err;
	bool applied;      /* SQLite: visible, not yet durable       */
	bool quiet;        /* Redis: without a deadline              */
	int *result;       /* Redis: gets err at once, if not NULL   */
	uint64_t deadline; /* Redis: when to give up, tmr_jiffies()  */
	uint64_t seq;      /* Redis: counts jobs from 1              */
	size_t opc;
	struct store_op opv[]; /* with what it points to behind it */
};

int job_alloc(struct job **jp, const struct store_op *opv, size_t opc,
	      store_done_h *h, void *arg);

struct queue;

/** In the thread, when there are jobs, or input, or time has passed:
 * queue_take(), work, queue_done(). And once more when it is to end */
typedef void(queue_work_h)(void *arg);

/** In the loop, after queue_done() and queue_tell() */
typedef void(queue_told_h)(void *arg);

/**
 * @param idle_ms  Call the handler after so long without a job, too
 * @param toldh    May be NULL
 */
int queue_alloc(struct queue **qp, unsigned idle_ms, queue_work_h *workh,
		queue_told_h *toldh, void *arg);

/** In the loop, before the handler of a job that failed */
typedef void(queue_fail_h)(const struct job *job, void *arg);
void queue_failh(struct queue *q, queue_fail_h *h);

/**
 * Loop: start the thread, if it does not run; queue_push() does, too
 *
 * @param told  Whether the loop is to be told; one that is not there cannot
 */
int queue_start(struct queue *q, bool told);

/** Loop: append. @return 0, EAGAIN (full) */
int queue_push(struct queue *q, struct job *job);

/** Loop: have the thread look */
void queue_wake(struct queue *q);

/** Loop: whether the thread runs */
bool queue_started(const struct queue *q);

/** Either: operations in jobs that were pushed and not told yet */
size_t queue_depth(const struct queue *q);

/** Loop: operations whose jobs failed, and how often queue_done() was called */
uint64_t queue_failed(const struct queue *q);
uint64_t queue_commits(const struct queue *q);

/** Either: all that wait, in order, into an empty list */
void queue_take(struct queue *q, struct list *jobs);

/** Loop: put back in front what it took */
void queue_return(struct queue *q, struct list *jobs);

/** Thread: they are done, the handlers get job->err */
void queue_done(struct queue *q, struct list *jobs);

/** Thread: have the loop call toldh */
void queue_tell(struct queue *q);

/** Thread: what to wait for beside jobs: input on a descriptor (-1: none), and
 * so many ms at most */
void queue_expect(struct queue *q, int fd, unsigned idle_ms);

/** Thread: this is the last call */
bool queue_stopping(struct queue *q);

/** Loop: finish what waits, end the thread, call the handlers */
void queue_stop(struct queue *q);

/** Either: move all of b behind a */
void queue_splice(struct list *a, struct list *b);

#endif
