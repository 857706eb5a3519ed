/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/core.h  What the files of this room share
 *
 * Whose is what: a worker's thread owns its `struct worker` but for the fields
 * that say otherwise; the signalling loop owns the rest. Tables by slot are read
 * by all workers; each entry is written by the worker that owns the port, or will.
 */
#ifndef CAROM_PLANE_CORE_H
#define CAROM_PLANE_CORE_H

#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <re.h>
#include "fastpath/fastpath.h"
#include "fastpath/xsk.h"
#include "plane/plane.h"
#include "plane/ring.h"

enum {
	HAND_CELLS = 512,   /* packets on their way from worker to worker */
	EVENT_CELLS = 1024, /* events on their way to the signalling loop */
	WHEEL = 256,        /* ms of a timer wheel's turn                 */
	HEADROOM = 66,      /* Ethernet, 802.1Q, IPv6, UDP                */
	PLAIN_BATCH = 32,   /* packets of a plain socket at once          */
	XSKS_MAX = CAROM_DEVICES,
};

/** What a worker waits for: first in whatever epoll's pointer points at */
enum watch { WATCH_WAKE = 0, WATCH_XSK, WATCH_PORT };

/** One AF_XDP socket */
struct sock {
	enum watch watch;
	struct fp_xsk *xsk;
	uint32_t port;    /* device's index in tx_ports */
	unsigned ifindex; /* of the device             */
	unsigned queue;
	bool dirty; /* committed to, not flushed */
};

/** A packet between workers, or from a port to another of the same worker */
struct handed {
	uint32_t slot, len;
	struct sa src;
	uint8_t data[PLANE_PAYLOAD_MAX];
};

struct event {
	uint64_t serial; /* of the port */
	uint32_t slot;
	unsigned type;
	struct sa src;
	uint32_t len;
	uint8_t data[PLANE_EVENT_MAX];
};

struct worker {
	struct plane *pl;
	unsigned id;
	pthread_t thread;
	int epfd;
	int raw[2]; /* IPv4, IPv6: to send through the IP stack; -1 none */
	struct sock wake;
	int wakefd;
	struct sock *sockv[XSKS_MAX];
	unsigned sockc;
	struct ring *hand; /* packets that others took for us */
	uint64_t
		wakes; /* workers to be woken at the end of this turn, a bit each */
	uint64_t now;      /* ns: of this turn */
	uint64_t gathered; /* ns: the last turn that had packets */

	/* a call of the signalling loop's: it writes and waits */
	plane_call_h *callh;
	void *call_arg;
	sem_t done;
	bool called;
	bool stop;

	struct plane_tmr *wheel[WHEEL];
	uint64_t wheel_at;       /* ms: all before has been run */
	uint64_t wheel_due;      /* ms: no timer is due before */
	struct plane_tmr *quiet; /* wait until there is nothing to do */

	struct {
		const struct plane_port *port;
		const struct plane_dst *dst;
		struct sock *sock;    /* NULL: slow                      */
		struct worker *owner; /* not NULL: it goes to a port of his  */
		uint8_t *data;
	} out; /* what plane_reserve() gave */
	uint8_t *
		scratch; /* HEADROOM + payload: what goes by no socket of ours */
	uint8_t *plain;  /* payload: what came by a socket of a port      */
	struct plane_stats st;
};

struct plane_port {
	enum watch watch;
	struct le le; /* in plane.ports, by slot */
	struct plane *pl;
	struct worker *w;
	uint32_t slot;
	uint64_t serial;
	struct sa local;
	int fd; /* -1: by AF_XDP */
	plane_rx_h *rxh;
	plane_event_h *eventh;
	void *arg;
	const void *const *hint; /* what the handler looks at, or NULL */
	bool open;
};

/** How to get somewhere. Written by the signalling loop between two changes of
 *  `seq`, which is odd meanwhile; workers copy it and look again */
struct plane_dst {
	struct le le;
	struct plane *pl;
	struct sa local, remote;
	uint32_t slot; /* of a media address of ours; NO_SLOT: another's */
	uint32_t seq;
	bool known;
	struct fp_hop hop;
};

#define NO_SLOT (~0u)

_Static_assert(PLANE_WORKERS_MAX <= 64, "worker.wakes has a bit for each");

struct plane {
	struct fp *fp;
	struct fp_net *net;
	struct plane_conf conf;
	bool xdp;
	unsigned
		devicev[CAROM_DEVICES]; /* whose sockets were opened: ifindex */
	char why[256];
	struct worker *workerv[PLANE_WORKERS_MAX];
	unsigned workerc;
	struct plane_port **portv; /* by slot; the owner's to read */
	uint8_t *ownerv;           /* by slot: worker + 1, 0 none  */
	uint32_t slots;
	struct hash *ports; /* by slot: the signalling loop's */
	uint64_t serial;
	struct list dsts;
	struct ring *events;
	int eventfd;
	uint32_t event_wake; /* 1: eventfd was written to and not read yet */
	struct tmr tmr;      /* asks again for next hops that are not known */
};

/* worker.c */
int worker_start(struct worker **wp, struct plane *pl, unsigned id);
/** Its thread ends. Others may still wake it: freed are all when all have ended */
void worker_stop(struct worker *w);
int worker_watch(struct worker *w, int fd, void *what);
void worker_unwatch(struct worker *w, int fd);
void worker_wake(struct worker *w);
/** The same with the next tx_flush(), once for all that it was given until then */
void worker_wake_later(struct worker *w, const struct worker *other);

/* rx.c: packets that came, on the worker */
void rx_frames(struct worker *w, struct sock *s);
void rx_plain(struct worker *w, struct plane_port *port);
void rx_handed(struct worker *w);

/* tx.c: on the worker */
void tx_flush(struct worker *w);

/* wheel.c: on the worker */
void wheel_run(struct worker *w);
/** Those that wait until there is nothing to do */
void wheel_quiet(struct worker *w);
/** ms until the next timer, at most `most` */
int wheel_wait(struct worker *w, int most);

/* dst.c: on the signalling loop */
void dsts_refresh(struct plane *pl);

/* event.c: on the signalling loop */
int events_init(struct plane *pl);
void events_close(struct plane *pl);

uint64_t plane_clock(void);

#endif
