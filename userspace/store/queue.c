/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "store/queue.h"

struct queue {
	pthread_mutex_t lock; /* of what both sides use */
	struct list todo, done;
	bool stop;
	size_t opc; /* atomic: in flight, counted by the loop */

	pthread_t thread;
	queue_work_h *workh;
	queue_told_h *toldh;
	queue_fail_h *failh;
	void *arg;
	int wake_fd;     /* eventfd: todo, or stop    */
	int fd;          /* eventfd: done, or told    */
	struct tmr turn; /* loop: rings at its end  */

	int also_fd; /* thread */
	unsigned idle_ms;

	uint64_t commits;   /* atomic */
	uint64_t failed;    /* loop   */
	bool started, told; /* loop   */
};

/* ---- the thread --------------------------------------------------------- */

static void ring(int fd)
{
	const uint64_t one = 1;

	/* fails only when it is about to be read anyway */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void wait_for_work(struct queue *q)
{
	struct pollfd fdv[2] = {{.fd = q->wake_fd, .events = POLLIN},
				{.fd = q->also_fd, .events = POLLIN}};
	uint64_t n;

	if (poll(fdv, 2, (int)q->idle_ms) > 0 && fdv[0].revents &&
	    read(q->wake_fd, &n, sizeof(n)) < 0)
		return;
}

static bool is_over(struct queue *q)
{
	bool over;

	(void)pthread_mutex_lock(&q->lock);
	over = q->stop && !q->todo.head;
	(void)pthread_mutex_unlock(&q->lock);

	return over;
}

static void *thread_main(void *arg)
{
	struct queue *q = arg;

	while (!is_over(q)) {
		wait_for_work(q);
		q->workh(q->arg);
	}
	q->workh(q->arg);

	return NULL;
}

/* ---- the loop ----------------------------------------------------------- */

/* What a turn of the loop has written is one batch: a thread that is woken for the
 * first of it commits that one alone */
static void turn_handler(void *arg)
{
	struct queue *q = arg;
	bool some;

	(void)pthread_mutex_lock(&q->lock);
	some = q->todo.head != NULL;
	(void)pthread_mutex_unlock(&q->lock);
	/* else it was awake, and has them already */
	if (some)
		ring(q->wake_fd);
}

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

		if (err)
			q->failed += job->opc;
		if (err && q->failh)
			q->failh(job, q->arg);
		__atomic_sub_fetch(&q->opc, job->opc, __ATOMIC_RELAXED);
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

	if (read(q->fd, &n, sizeof(n)) != sizeof(n))
		return;
	tell(q);
	if (q->toldh)
		q->toldh(q->arg);
}

static int listen_fds(struct queue *q, bool told)
{
	q->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->wake_fd < 0 || q->fd < 0)
		return errno;
	q->told = told;

	return told ? fd_listen(q->fd, FD_READ, done_handler, q) : 0;
}

static void close_fds(struct queue *q)
{
	if (q->fd >= 0) {
		if (q->told)
			fd_close(q->fd);
		(void)close(q->fd);
	}
	if (q->wake_fd >= 0)
		(void)close(q->wake_fd);
	q->fd = q->wake_fd = -1;
}

int queue_start(struct queue *q, bool told)
{
	sigset_t all, old;
	int err;

	if (q->started)
		return 0;

	err = listen_fds(q, told);
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
		close_fds(q);
		log_error("store: no thread to write with: %m", err);
	}

	return err;
}

static void destructor(void *data)
{
	struct queue *q = data;

	queue_stop(q);
	list_flush(&q->todo);
	(void)pthread_mutex_destroy(&q->lock);
}

int queue_alloc(struct queue **qp, unsigned idle_ms, queue_work_h *workh,
		queue_told_h *toldh, void *arg)
{
	struct queue *q;

	q = mem_zalloc(sizeof(*q), destructor);
	if (!q)
		return ENOMEM;

	q->idle_ms = idle_ms;
	q->workh = workh;
	q->toldh = toldh;
	q->arg = arg;
	q->fd = q->wake_fd = q->also_fd = -1;
	tmr_init(&q->turn);
	(void)pthread_mutex_init(&q->lock, NULL);
	*qp = q;

	return 0;
}

void queue_failh(struct queue *q, queue_fail_h *h)
{
	q->failh = h;
}

int queue_push(struct queue *q, struct job *job)
{
	const size_t depth = queue_depth(q);
	bool first;
	int err;

	if (depth && depth + job->opc > STORE_QUEUE)
		return EAGAIN;
	err = queue_start(q, true);
	if (err)
		return err;

	__atomic_add_fetch(&q->opc, job->opc, __ATOMIC_RELAXED);
	(void)pthread_mutex_lock(&q->lock);
	first = !q->todo.head;
	list_append(&q->todo, &job->le, job);
	(void)pthread_mutex_unlock(&q->lock);
	if (first)
		tmr_start(&q->turn, 0, turn_handler, q);

	return 0;
}

void queue_wake(struct queue *q)
{
	ring(q->wake_fd);
}

bool queue_started(const struct queue *q)
{
	return q->started;
}

size_t queue_depth(const struct queue *q)
{
	return __atomic_load_n(&q->opc, __ATOMIC_RELAXED);
}

uint64_t queue_failed(const struct queue *q)
{
	return q->failed;
}

uint64_t queue_commits(const struct queue *q)
{
	return __atomic_load_n(&q->commits, __ATOMIC_RELAXED);
}

void queue_splice(struct list *a, struct list *b)
{
	struct le *le;

	while ((le = b->head)) {
		void *data = le->data;

		list_unlink(le);
		list_append(a, le, data);
	}
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

void queue_return(struct queue *q, struct list *jobs)
{
	(void)pthread_mutex_lock(&q->lock);
	queue_splice(jobs, &q->todo);
	queue_splice(&q->todo, jobs);
	(void)pthread_mutex_unlock(&q->lock);
}

void queue_done(struct queue *q, struct list *jobs)
{
	__atomic_add_fetch(&q->commits, 1, __ATOMIC_RELAXED);
	(void)pthread_mutex_lock(&q->lock);
	queue_splice(&q->done, jobs);
	(void)pthread_mutex_unlock(&q->lock);
	ring(q->fd);
}

void queue_tell(struct queue *q)
{
	ring(q->fd);
}

void queue_expect(struct queue *q, int fd, unsigned idle_ms)
{
	q->also_fd = fd;
	q->idle_ms = idle_ms;
}

bool queue_stopping(struct queue *q)
{
	return is_over(q);
}

void queue_stop(struct queue *q)
{
	if (!q->started)
		return;

	tmr_cancel(&q->turn);
	(void)pthread_mutex_lock(&q->lock);
	q->stop = true;
	(void)pthread_mutex_unlock(&q->lock);
	ring(q->wake_fd);
	(void)pthread_join(q->thread, NULL);
	q->started = false;
	close_fds(q);
	tell(q);
}
