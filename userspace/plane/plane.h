/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/plane.h  Media workers: threads that take the packets of legs in
 *                      LEG_AGENT, and send others. Knows no RTP
 *
 * A fixed number of threads. Each has an AF_XDP socket on some of the queues of
 * each attached device; a port (the local address of one leg) belongs to one of
 * them. Where AF_XDP cannot be had, a port gets a plain UDP socket.
 *
 * Two kinds of functions: those for the signalling loop's thread, and those for
 * a worker's, called in its handlers. On a worker nothing may be allocated,
 * nothing may block, nobody may wait for another.
 */
#ifndef CAROM_PLANE_H
#define CAROM_PLANE_H

#include <re.h>
#include "fastpath/fastpath.h"

enum {
	PLANE_WORKERS_MAX = 64,
	PLANE_PAYLOAD_MAX = 1900, /**< bytes of a UDP payload that is sent */
	PLANE_EVENT_MAX = 1600,   /**< bytes of an event                   */
	PLANE_HINTS = 8,          /**< see plane_port_hint()               */
};

struct plane;
struct plane_port;
struct plane_dst;

enum plane_mode {
	PLANE_AUTO = 0, /**< AF_XDP where it can be had                 */
	PLANE_XDP,      /**< AF_XDP, or it is an error                  */
	PLANE_PLAIN,    /**< a socket for each port                     */
};

struct plane_conf {
	unsigned workers; /**< 1..PLANE_WORKERS_MAX                      */
	enum plane_mode mode;
	int priority; /**< of SCHED_FIFO, 1..99: packets do not wait for what else
			   runs on the machine; 0: as everybody     */
	int dscp;     /**< of what is sent, 0..63; -1: 0             */
};

/** Figures of one worker. All count from the start */
struct plane_stats {
	uint64_t rx, tx;     /**< packets                                 */
	uint64_t wakes;      /**< times that it woke up                   */
	uint64_t batches;    /**< of those, times that packets were there  */
	uint64_t kicks;      /**< system calls made for packets           */
	uint64_t handed;     /**< packets that came to it for another     */
	uint64_t hand_full;  /**< of those, lost: its queue was full      */
	uint64_t stray;      /**< packets for a port that it does not have */
	uint64_t malformed;  /**< frames that are no UDP                  */
	uint64_t rx_lost;    /**< lost in front of it: it was too slow    */
	uint64_t tx_lost;    /**< not sent: no room, no route, refused    */
	uint64_t tx_slow;    /**< sent through the host's IP stack        */
	uint64_t event_full; /**< events lost                             */
	uint64_t cpu_ns;     /**< processor time used                     */
	unsigned ports;      /**< open now                                */
	unsigned sockets;    /**< AF_XDP sockets open now                 */
};

/**
 * Start the workers
 *
 * @param net   May be NULL (tests): everything is sent through the IP stack
 *
 * @return 0, EINVAL, EAGAIN (no more threads), or why AF_XDP cannot be had in
 *         PLANE_XDP (e says it)
 */
int plane_alloc(struct plane **plp, struct fp *fp, struct fp_net *net,
		const struct plane_conf *conf, struct fp_err *e);

unsigned plane_workers(const struct plane *pl);
/** The worker with the fewest ports: where a call does best to go */
unsigned plane_least(const struct plane *pl);
int plane_stats(const struct plane *pl, unsigned worker,
		struct plane_stats *st);

/** The fast path that it was made with */
struct fp *plane_fp(const struct plane *pl);

/** Do devices have sockets, or do ports? Why the latter: a sentence, or "" */
bool plane_is_xdp(const struct plane *pl);
const char *plane_why_plain(const struct plane *pl);

/** Ask from time to time: where devices were attached or detached, sockets are
 *  opened and closed accordingly, and what cannot be had is logged */
void plane_devices(struct plane *pl);

/* ---- ports --------------------------------------------------------------- */

/** A packet that came: UDP payload, which may be written to */
struct plane_pkt {
	uint8_t *data;
	size_t len;
	size_t room; /**< bytes that may be written at data, len at least */
	struct sa src;
	uint64_t now; /**< CLOCK_MONOTONIC ns when its batch was taken    */
};

/** On the worker */
typedef void(plane_rx_h)(struct plane_port *port, struct plane_pkt *pkt,
			 void *arg);
/** On the signalling loop: what the worker wrote with plane_event() */
typedef void(plane_event_h)(unsigned type, const struct sa *src,
			    const uint8_t *p, size_t n, void *arg);

/**
 * Have the packets of a leg. The leg itself is the caller's: it must get
 * fp_leg.plain as plane_port_plain() says
 *
 * @param portp   Pointer to the object (mem_deref when done, on the signalling
 *                loop: no handler is called after it)
 * @param worker  0..plane_workers() - 1
 * @param local   A media address and port
 *
 * @return 0, ENOENT (no media address), EADDRINUSE, EINVAL
 */
int plane_port_open(struct plane_port **portp, struct plane *pl,
		    unsigned worker, const struct sa *local, plane_rx_h *rxh,
		    plane_event_h *eventh, void *arg);

/**
 * Say what the handler will look at, beside the begin of `arg`. It is fetched for a
 * whole batch before the first handler is called. Before packets come
 *
 * @param v  PLANE_HINTS pointers, NULLs among them, which stay where they are; the
 *           worker may change them
 */
void plane_port_hint(struct plane_port *port, const void *const *v);

/** Has it got a socket of its own? */
bool plane_port_plain(const struct plane_port *port);
const struct sa *plane_port_local(const struct plane_port *port);
unsigned plane_port_worker(const struct plane_port *port);

/* ---- destinations -------------------------------------------------------- */

/**
 * Somewhere to send to from a port. How to get there is looked up, and looked up
 * again when routes and neighbours move; until the next hop is known the IP stack
 * sends
 *
 * @param dstp  Pointer to the object (mem_deref when done, on the signalling
 *              loop, when no worker has it any more)
 */
int plane_dst_alloc(struct plane_dst **dstp, struct plane *pl,
		    const struct sa *local, const struct sa *remote);
const struct sa *plane_dst_remote(const struct plane_dst *dst);

/* ---- the signalling loop and the workers --------------------------------- */

typedef void(plane_call_h)(void *arg);

/**
 * Have a worker run h between two batches, and wait until it has. This is how
 * objects are handed to it and taken back
 */
void plane_call(struct plane *pl, unsigned worker, plane_call_h *h, void *arg);

/* ---- on a worker --------------------------------------------------------- */

/**
 * Room for the payload of a packet from `port`. What is not sent is given up
 *
 * @return PLANE_PAYLOAD_MAX bytes, or NULL (counted): nothing can be sent now
 */
uint8_t *plane_reserve(struct plane_port *port, const struct plane_dst *dst);

/** Send what was reserved last, `len` bytes of it. It goes at the end of the
 *  batch. A destination that is a port of ours gets it without a wire */
void plane_commit(struct plane_port *port, const struct plane_dst *dst,
		  size_t len);

/** Tell the signalling loop: the port's eventh is called there
 *
 * @return false when it was lost (counted)
 */
bool plane_event(struct plane_port *port, unsigned type, const struct sa *src,
		 const uint8_t *p, size_t n);

/** CLOCK_MONOTONIC ns as of this turn of the port's worker */
uint64_t plane_now(const struct plane_port *port);

/** A timer of a worker. Zero it before its first use; it lies where you like */
struct plane_tmr {
	struct plane_tmr *next, **link;
	uint64_t at; /**< ms                                        */
	plane_call_h *h;
	void *arg;
};

/** Call h in `ms` milliseconds (at least 1) on the port's worker; running: anew */
void plane_tmr_start(struct plane_tmr *tmr, struct plane_port *port,
		     uint32_t ms, plane_call_h *h, void *arg);
/** Call h at an instant of CLOCK_MONOTONIC, in ms; the past: in the next turn */
void plane_tmr_at(struct plane_tmr *tmr, struct plane_port *port, uint64_t at,
		  plane_call_h *h, void *arg);
void plane_tmr_stop(struct plane_tmr *tmr);

/**
 * Call h when the worker has sent all that it has, and nothing more waits for it:
 * the moment to give a leg back to the kernel, which would otherwise overtake us.
 * What comes between that look and the leg's change is handled as before
 *
 * @param tmr  As for a timer; plane_tmr_stop() undoes it
 */
void plane_quiet(struct plane_tmr *tmr, struct plane_port *port,
		 plane_call_h *h, void *arg);

#endif
