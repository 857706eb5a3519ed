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
	bool applied; /* for the backend: visible, not yet durable */
	size_t opc;
	struct store_op opv[]; /* with what it points to behind it */
};

int job_alloc(struct job **jp, const struct store_op *opv, size_t opc,
	      store_done_h *h, void *arg);

struct queue;

/** In the thread, when there are jobs or time has passed: queue_take(), work,
 * queue_done() */
typedef void(queue_work_h)(void *arg);

/**
 * @param idle_ms  Call the handler after so long without a job, too
 */
int queue_alloc(struct queue **qp, unsigned idle_ms, queue_work_h *h,
		void *arg);

/** Loop: append; the first one starts the thread. @return 0, EAGAIN (full) */
int queue_push(struct queue *q, struct job *job);

/** Whether the thread runs, or did */
bool queue_started(const struct queue *q);

/** Either: all that wait, in order, into an empty list */
void queue_take(struct queue *q, struct list *jobs);

/** Loop: put back in front what it took */
void queue_return(struct queue *q, struct list *jobs);

/** Thread: they are done, the handlers get job->err */
void queue_done(struct queue *q, struct list *jobs);

/** Loop: finish what waits, end the thread, call the handlers */
void queue_stop(struct queue *q);

#endif
