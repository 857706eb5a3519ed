/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/port.c  Ports: the local address of a leg, and who has it
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include "plane/core.h"

static void enter(void *arg)
{
	struct plane_port *port = arg;
	struct plane *pl = port->pl;

	pl->portv[port->slot] = port;
	__atomic_store_n(&pl->ownerv[port->slot], (uint8_t)(port->w->id + 1),
			 __ATOMIC_RELEASE);
	if (port->fd >= 0)
		(void)worker_watch(port->w, port->fd, port);
	++port->w->st.ports;
}

static void leave(void *arg)
{
	struct plane_port *port = arg;
	struct plane *pl = port->pl;

	__atomic_store_n(&pl->ownerv[port->slot], 0, __ATOMIC_RELEASE);
	pl->portv[port->slot] = NULL;
	if (port->fd >= 0)
		worker_unwatch(port->w, port->fd);
	--port->w->st.ports;
}

static void destructor(void *arg)
{
	struct plane_port *port = arg;

	if (port->open)
		plane_call(port->pl, port->w->id, leave, port);
	hash_unlink(&port->le);
	if (port->fd >= 0)
		(void)close(port->fd);
}

static int open_socket(struct plane_port *port)
{
	const int one = 1;
	const int dscp = port->pl->conf.dscp;
	int fd, tos = dscp > 0 ? dscp << 2 : 0;

	fd = socket(sa_af(&port->local),
		    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	if (fd < 0)
		return errno;
	if (sa_af(&port->local) == AF_INET6) {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
				 sizeof(one));
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos,
				 sizeof(tos));
	} else {
		(void)setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	}
	if (bind(fd, &port->local.u.sa, port->local.len)) {
		int err = errno;

		(void)close(fd);
		return err;
	}
	port->fd = fd;

	return 0;
}

int plane_port_open(struct plane_port **portp, struct plane *pl,
		    unsigned worker, const struct sa *local, plane_rx_h *rxh,
		    plane_event_h *eventh, void *arg)
{
	struct plane_port *port;
	uint32_t slot;
	int err;

	if (!portp || !pl || worker >= pl->workerc || !local || !rxh)
		return EINVAL;
	err = fp_slot(pl->fp, local, &slot);
	if (err)
		return err;
	if (__atomic_load_n(&pl->ownerv[slot], __ATOMIC_ACQUIRE))
		return EADDRINUSE;
	port = mem_zalloc(sizeof(*port), destructor);
	if (!port)
		return ENOMEM;
	port->watch = WATCH_PORT;
	port->pl = pl;
	port->w = pl->workerv[worker];
	port->slot = slot;
	port->serial = ++pl->serial;
	port->local = *local;
	port->fd = -1;
	port->rxh = rxh;
	port->eventh = eventh;
	port->arg = arg;
	hash_append(pl->ports, slot, &port->le, port);
	if (!pl->xdp) {
		err = open_socket(port);
		if (err) {
			mem_deref(port);
			return err;
		}
	}
	plane_call(pl, worker, enter, port);
	port->open = true;
	*portp = port;

	return 0;
}

void plane_port_hint(struct plane_port *port, const void *const *v)
{
	port->hint = v;
}

bool plane_port_plain(const struct plane_port *port)
{
	return port && port->fd >= 0;
}

const struct sa *plane_port_local(const struct plane_port *port)
{
	return port ? &port->local : NULL;
}

unsigned plane_port_worker(const struct plane_port *port)
{
	return port->w->id;
}
