/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/options.h  The OPTIONS that a target is probed with
 *
 * Attributes of the target have their say, as in Kamailio: ping_from is the URI
 * of From, ping_socket (else socket) the address to ask from.
 */
#ifndef CAROM_EDGE_OPTIONS_H
#define CAROM_EDGE_OPTIONS_H

#include <re.h>
#include "dispatch/dispatch.h"
#include "edge/policy.h"

/**
 * Make a request (RFC 3261 11.1)
 *
 * @param t       Target
 * @param via     Our sent-by, "HOST:PORT"
 * @param branch  Of the Via
 * @param from    URI of From where the target has none of its own
 *
 * @return 0, ENOMEM, EIO (no random numbers)
 */
int options_make(struct mbuf *mb, const struct ds_target *t, const char *via,
		 const char *branch, const char *from);

/**
 * The listener that a target wants to be asked from
 *
 * @return Index of a UDP listener of the target's family; -1: it does not say,
 *         or names none of ours
 */
int options_listener(const struct policy *p, const struct ds_target *t);

#endif
