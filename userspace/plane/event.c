/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/event.c  What workers tell the signalling loop
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include "plane/core.h"

bool plane_event(struct plane_port *port, unsigned type, const struct sa *src,
		 const uint8_t *p, size_t n)
{
	struct plane *pl = port->pl;
	const uint64_t one = 1;
	struct event *ev;
	uint64_t ticket;

	ev = n <= sizeof(ev->data) ? ring_claim(pl->events, &ticket) : NULL;
	if (!ev) {
		++port->w->st.event_full;
		return false;
	}
	ev->serial = port->serial;
	ev->slot = port->slot;
	ev->type = type;
	ev->len = (uint32_t)n;
	if (src)
		ev->src = *src;
	else
		sa_init(&ev->src, AF_UNSPEC);
	if (n)
		memcpy(ev->data, p, n);
	ring_publish(pl->events, ticket);
	/* one wake-up serves all events until it is read */
	if (!__atomic_exchange_n(&pl->event_wake, 1, __ATOMIC_ACQ_REL) &&
	    write(pl->eventfd, &one, sizeof(one)) < 0)
		return true;

	return true;
}

static bool is_port(struct le *le, void *arg)
{
	const struct plane_port *port = le->data;
	const struct event *ev = arg;

	return port->slot == ev->slot && port->serial == ev->serial;
}

/* Of a port that was closed meanwhile: nobody wants to know */
static void dispatch(struct plane *pl, struct event *ev)
{
	struct le *le = hash_lookup(pl->ports, ev->slot, is_port, ev);
	struct plane_port *port = list_ledata(le);

	if (port && port->eventh)
		port->eventh(ev->type, &ev->src, ev->data, ev->len, port->arg);
}

/* At most one queue's worth a turn, so that others get theirs */
static void readable(int flags, void *arg)
{
	struct plane *pl = arg;
	const uint64_t one = 1;
	struct event *ev;
	uint64_t n;
	(void)flags;

	if (read(pl->eventfd, &n, sizeof(n)) < 0)
		return;
	__atomic_store_n(&pl->event_wake, 0, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < EVENT_CELLS; i++) {
		ev = ring_front(pl->events);
		if (!ev)
			return;
		dispatch(pl, ev);
		ring_pop(pl->events);
	}
	if (write(pl->eventfd, &one, sizeof(one)) < 0)
		return;
}

int events_init(struct plane *pl)
{
	int err;

	err = ring_alloc(&pl->events, EVENT_CELLS, sizeof(struct event));
	if (err)
		return err;
	pl->eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pl->eventfd < 0)
		return errno;

	return fd_listen(pl->eventfd, FD_READ, readable, pl);
}

void events_close(struct plane *pl)
{
	if (pl->eventfd >= 0) {
		fd_close(pl->eventfd);
		(void)close(pl->eventfd);
		pl->eventfd = -1;
	}
	pl->events = mem_deref(pl->events);
}
