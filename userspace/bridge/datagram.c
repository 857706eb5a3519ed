/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/datagram.c  Datagrams of the signalling loop's (DTLS, STUN), from a port that a
 *                          worker has
 */
#include <errno.h>
#include <string.h>
#include "bridge/member.h"

struct datagram {
	struct plane_port *port;
	struct plane_dst *dst;
	const uint8_t *p;
	size_t n;
	int err;
};

static void send_call(void *arg)
{
	struct datagram *d = arg;
	uint8_t *out = plane_reserve(d->port, d->dst);

	if (!out) {
		d->err = ENOBUFS;
		return;
	}
	memcpy(out, d->p, d->n);
	plane_commit(d->port, d->dst, d->n);
}

int datagram_send(struct plane *pl, unsigned worker, struct plane_port *port,
		  const struct sa *dst, const uint8_t *p, size_t n)
{
	struct datagram d = {.port = port, .p = p, .n = n};
	int err;

	if (!p || n > PLANE_PAYLOAD_MAX)
		return EINVAL;
	err = plane_dst_alloc(&d.dst, pl, plane_port_local(port), dst);
	if (err)
		return err;
	plane_call(pl, worker, send_call, &d);
	mem_deref(d.dst);

	return d.err;
}
