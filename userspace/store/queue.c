/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/queue.h"

struct queue {
	pthread_mutex_t lock; /* of what both sides use */
	pthread_cond_t cond;  /* todo or stop           */
	struct list todo, done;
	bool stop;

	pthread_t thread;
	queue_work_h *workh;
	void *arg;
	unsigned idle_ms;
	int fd; /* eventfd: there is something in done */

	size_t opc; /* loop: operations in flight */
	bool started;
};

/* ---- jobs --------------------------------------------------------------- */

static void job_destructor(void *data)
{
	struct job *job = data;

	list_unlink(&job->le);
}

static char *copy(char *to, struct pl *pl)
{
	if (!pl->p)
		return to;
	memcpy(to, pl->p, pl->l);
	pl->p = to;

	return to + pl->l;
}

/* A kind is most often that of the operation before */
static bool same_kind(const struct store_op *opv, size_t i)
{
	return i && !strcmp(opv[i - 1].kind, opv[i].kind);
}

int job_alloc(struct job **jp, const struct store_op *opv, size_t opc,
	      store_done_h *h, void *arg)
{
	size_t n = sizeof(struct job) + opc * sizeof(*opv);
	struct job *job;
	char *p;

	for (size_t i = 0; i < opc; i++) {
		if (!same_kind(opv, i))
			n += strlen(opv[i].kind) + 1;
		n += opv[i].key.l + opv[i].value.l;
	}
	job = mem_alloc(n, job_destructor);
	if (!job)
		return ENOMEM;
	memset(job, 0, sizeof(*job));
	job->h = h;
	job->arg = arg;
	job->opc = opc;
	memcpy(job->opv, opv, opc * sizeof(*opv));

	p = (char *)&job->opv[opc];
	for (size_t i = 0; i < opc; i++) {
		struct store_op *op = &job->opv[i];

		if (same_kind(opv, i)) {
			op->kind = op[-1].kind;
		} else {
			const size_t len = strlen(opv[i].kind) + 1;

			op->kind = memcpy(p, opv[i].kind, len);
			p += len;
		}
		if (!op->key.p)
			op->key.p = "";
		p = copy(p, &op->key);
		p = copy(p, &op->value);
	}
	*jp = job;

	return 0;
}

/* ---- the thread --------------------------------------------------------- */

/* Returns true when there is work, or the time for it */
static bool wait_for_work(struct queue *q)
{
	struct timespec ts;
	bool more;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += q->idle_ms / 1000;
	ts.tv_nsec += q->idle_ms % 1000 * 1000000L;
	if (ts.tv_nsec >= 1000000000L) {
		ts.tv_nsec -= 1000000000L;
		++ts.tv_sec;
	}

	(void)pthread_mutex_lock(&q->lock);
	while (!q->todo.head && !q->stop) {
		if (pthread_cond_timedwait(&q->cond, &q->lock, &ts))
			break;
	}
	more = q->todo.head || !q->stop;
	(void)pthread_mutex_unlock(&q->lock);

	return more;
}

static void *thread_main(void *arg)
{
	struct queue *q = arg;

	while (wait_for_work(q))
		q->workh(q->arg);

	return NULL;
}

/* ---- the loop ----------------------------------------------------------- */

static void tell(struct queue *q)
{
	struct list done;
	struct le *le;

	(void)pthread_mutex_lock(&q->lock);
	done = q->done;
	list_init(&q->done);
	(void)pthread_mutex_unlock(&q->lock);

	for (le = done.head; le; le = le->next)
		le->list = &done;
	while (done.head) {
		struct job *job = done.head->data;
		store_done_h *h = job->h;
		void *harg = job->arg;
		int err = job->err;

		q->opc -= job->opc;
		mem_deref(job);
		if (h)
			h(err, harg);
	}
}

static void done_handler(int flags, void *arg)
{
	struct queue *q = arg;
	uint64_t n;
	(void)flags;

	if (read(q->fd, &n, sizeof(n)) == sizeof(n))
		tell(q);
}

static int start(struct queue *q)
{
	sigset_t all, old;
	int err;

	q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->fd < 0)
		return errno;
	err = fd_listen(q->fd, FD_READ, done_handler, q);
	if (err)
		goto out;

	/* signals are for the loop */
	(void)sigfillset(&all);
	err = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (err)
		goto out;
	err = pthread_create(&q->thread, NULL, thread_main, q);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		goto out;
	(void)pthread_setname_np(q->thread, "carom-store");
	q->started = true;

out:
	if (err) {
		fd_close(q->fd);
		(void)close(q->fd);
		q->fd = -1;
		log_error("store: no thread to write with: %m", err);
	}

	return err;
}

static void destructor(void *data)
{
	struct queue *q = data;

	queue_stop(q);
	list_flush(&q->todo);
	(void)pthread_cond_destroy(&q->cond);
	(void)pthread_mutex_destroy(&q->lock);
}

int queue_alloc(struct queue **qp, unsigned idle_ms, queue_work_h *h, void *arg)
{
	pthread_condattr_t attr;
	struct queue *q;

	q = mem_zalloc(sizeof(*q), destructor);
	if (!q)
		return ENOMEM;

	q->idle_ms = idle_ms;
	q->workh = h;
	q->arg = arg;
	q->fd = -1;
	(void)pthread_mutex_init(&q->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&q->cond, &attr);
	(void)pthread_condattr_destroy(&attr);
	*qp = q;

	return 0;
}

int queue_push(struct queue *q, struct job *job)
{
	bool first;
	int err;

	if (q->opc + job->opc > STORE_QUEUE && q->opc)
		return EAGAIN;
	err = q->started ? 0 : start(q);
	if (err)
		return err;

	q->opc += job->opc;
	(void)pthread_mutex_lock(&q->lock);
	first = !q->todo.head;
	list_append(&q->todo, &job->le, job);
	(void)pthread_mutex_unlock(&q->lock);
	if (first)
		(void)pthread_cond_signal(&q->cond);

	return 0;
}

bool queue_started(const struct queue *q)
{
	return q->started;
}

void queue_take(struct queue *q, struct list *jobs)
{
	struct le *le;

	(void)pthread_mutex_lock(&q->lock);
	*jobs = q->todo;
	list_init(&q->todo);
	(void)pthread_mutex_unlock(&q->lock);

	for (le = jobs->head; le; le = le->next)
		le->list = jobs;
}

/* b after a, into a */
static void splice(struct list *a, struct list *b)
{
	struct le *le;

	while ((le = b->head)) {
		void *data = le->data;

		list_unlink(le);
		list_append(a, le, data);
	}
}

void queue_return(struct queue *q, struct list *jobs)
{
	(void)pthread_mutex_lock(&q->lock);
	splice(jobs, &q->todo);
	splice(&q->todo, jobs);
	(void)pthread_mutex_unlock(&q->lock);
}

void queue_done(struct queue *q, struct list *jobs)
{
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&q->lock);
	splice(&q->done, jobs);
	(void)pthread_mutex_unlock(&q->lock);
	/* fails only when it is about to be read anyway */
	if (write(q->fd, &one, sizeof(one)) < 0)
		return;
}

void queue_stop(struct queue *q)
{
	if (!q->started)
		return;

	(void)pthread_mutex_lock(&q->lock);
	q->stop = true;
	(void)pthread_mutex_unlock(&q->lock);
	(void)pthread_cond_signal(&q->cond);
	(void)pthread_join(q->thread, NULL);
	q->started = false;
	fd_close(q->fd);
	(void)close(q->fd);
	tell(q);
}
