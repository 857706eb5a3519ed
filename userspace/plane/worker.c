/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/worker.c  A media worker: a thread and its loop
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <netinet/in.h>
#include "base/log.h"
#include "plane/core.h"

enum {
	IDLE_MS = 200, /* longest sleep */
	WATCHES = 64,
	BUSY_NS = 100000,  /* packets again so soon: many come            */
	GATHER_NS = 50000, /* from one turn to the next, then             */
};

uint64_t plane_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int worker_watch(struct worker *w, int fd, void *what)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = what};

	return epoll_ctl(w->epfd, EPOLL_CTL_ADD, fd, &ev) ? errno : 0;
}

void worker_unwatch(struct worker *w, int fd)
{
	(void)epoll_ctl(w->epfd, EPOLL_CTL_DEL, fd, NULL);
}

void worker_wake(struct worker *w)
{
	const uint64_t one = 1;

	if (write(w->wakefd, &one, sizeof(one)) < 0)
		return; /* it is awake: the counter is full */
}

void worker_wake_later(struct worker *w, const struct worker *other)
{
	if (other != w)
		w->wakes |= (uint64_t)1 << other->id;
}

static void woken(struct worker *w)
{
	uint64_t n;

	if (read(w->wakefd, &n, sizeof(n)) < 0)
		return;
}

/* What the signalling loop asked for. It waits */
static void run_call(struct worker *w)
{
	plane_call_h *h;

	if (!__atomic_load_n(&w->called, __ATOMIC_ACQUIRE))
		return;
	h = w->callh;
	__atomic_store_n(&w->called, false, __ATOMIC_RELAXED);
	h(w->call_arg);
	(void)sem_post(&w->done);
}

static void ready(struct worker *w, void *what)
{
	switch (*(enum watch *)what) {
	case WATCH_WAKE:
		woken(w);
		break;
	case WATCH_XSK:
		rx_frames(w, what);
		break;
	case WATCH_PORT:
		rx_plain(w, what);
		break;
	}
}

static uint64_t thread_cpu(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);

	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* A turn for each packet or two is a wake-up for each, which costs who sends it and us
 * more than the packet: where many come, they are taken some at a time. Who has not kept
 * up with that does not wait */
static void gather(struct worker *w)
{
	const uint64_t since = w->now - w->gathered;
	struct timespec ts;
	uint64_t until;

	w->gathered = w->now;
	if (since >= BUSY_NS)
		return;
	until = w->now + GATHER_NS;
	if (plane_clock() >= until)
		return;
	ts.tv_sec = (time_t)(until / 1000000000);
	ts.tv_nsec = (long)(until % 1000000000);
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* Calls come last: what they close is not among what is ready any more */
static void *worker_main(void *arg)
{
	struct epoll_event ev[WATCHES];
	struct worker *w = arg;
	uint64_t packets;
	unsigned turn = 0;
	int n;

	while (!w->stop) {
		n = epoll_wait(w->epfd, ev, WATCHES, wheel_wait(w, IDLE_MS));
		w->now = plane_clock();
		++w->st.wakes;
		packets = w->st.rx;
		for (int i = 0; i < n; i++)
			ready(w, ev[i].data.ptr);
		rx_handed(w);
		wheel_run(w);
		tx_flush(w);
		if (w->st.rx != packets)
			++w->st.batches;
		wheel_quiet(w);
		run_call(w);
		tx_flush(w);
		if (!(++turn & 63) || n <= 0)
			w->st.cpu_ns = thread_cpu();
		if (w->st.rx != packets)
			gather(w);
	}

	return NULL;
}

/* A socket whose packets we write from the IP header on */
static int raw_socket(int af)
{
	const int one = 1;
	int fd = socket(af, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			IPPROTO_RAW);

	if (fd < 0)
		return -1;
	if (af == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &one,
				 sizeof(one));

	return fd;
}

static void worker_destructor(void *arg)
{
	struct worker *w = arg;

	for (unsigned i = 0; i < w->sockc; i++) {
		mem_deref(w->sockv[i]->xsk);
		mem_deref(w->sockv[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (w->raw[i] >= 0)
			(void)close(w->raw[i]);
	}
	if (w->wakefd >= 0)
		(void)close(w->wakefd);
	if (w->epfd >= 0)
		(void)close(w->epfd);
	(void)sem_destroy(&w->done);
	mem_deref(w->hand);
	mem_deref(w->scratch);
	mem_deref(w->plain);
}

/* A build that runs beside us must not hold packets up for its time slice. The kernel
 * leaves a twentieth of the processor to the others, whatever we do */
static void hurry(const struct worker *w)
{
	const struct sched_param prm = {.sched_priority = w->pl->conf.priority};
	int err;

	if (!prm.sched_priority)
		return;
	err = pthread_setschedparam(w->thread, SCHED_FIFO, &prm);
	if (err && !w->id)
		log_warn("media workers have no priority: %m; see "
			 "media.worker-priority",
			 err);
}

/* Signals are the main thread's: a worker that got SIGHUP would not know that
 * it is to be read from a descriptor, and end us all */
static int thread_start(struct worker *w)
{
	char name[16];
	sigset_t all, old;
	int err;

	(void)sigfillset(&all);
	err = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (err)
		return err;
	err = pthread_create(&w->thread, NULL, worker_main, w);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return err;
	(void)snprintf(name, sizeof(name), "carom-m%u", w->id);
	(void)pthread_setname_np(w->thread, name);
	hurry(w);

	return 0;
}

int worker_start(struct worker **wp, struct plane *pl, unsigned id)
{
	struct worker *w;
	int err;

	w = mem_zalloc(sizeof(*w), worker_destructor);
	if (!w)
		return ENOMEM;
	w->pl = pl;
	w->id = id;
	w->now = plane_clock();
	w->wheel_at = w->wheel_due = w->now / 1000000;
	w->wake.watch = WATCH_WAKE;
	(void)sem_init(&w->done, 0, 0);
	w->raw[0] = raw_socket(AF_INET);
	w->raw[1] = raw_socket(AF_INET6);
	w->epfd = epoll_create1(EPOLL_CLOEXEC);
	w->wakefd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->scratch = mem_zalloc(HEADROOM + PLANE_PAYLOAD_MAX, NULL);
	w->plain = mem_zalloc(PLANE_PAYLOAD_MAX, NULL);
	if (w->epfd < 0 || w->wakefd < 0)
		err = errno;
	else if (!w->scratch || !w->plain)
		err = ENOMEM;
	else
		err = ring_alloc(&w->hand, HAND_CELLS, sizeof(struct handed));
	if (!err)
		err = worker_watch(w, w->wakefd, &w->wake);
	if (!err)
		err = thread_start(w);
	if (err)
		mem_deref(w);
	else
		*wp = w;

	return err;
}

static void stop_call(void *arg)
{
	struct worker *w = arg;

	w->stop = true;
}

void worker_stop(struct worker *w)
{
	plane_call(w->pl, w->id, stop_call, w);
	(void)pthread_join(w->thread, NULL);
}

void plane_call(struct plane *pl, unsigned worker, plane_call_h *h, void *arg)
{
	struct worker *w = pl->workerv[worker];

	w->callh = h;
	w->call_arg = arg;
	__atomic_store_n(&w->called, true, __ATOMIC_RELEASE);
	worker_wake(w);
	while (sem_wait(&w->done) && errno == EINTR)
		;
}

uint64_t plane_now(const struct plane_port *port)
{
	return port->w->now;
}
