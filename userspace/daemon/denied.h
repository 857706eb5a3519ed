/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/denied.h  Where no registered user is called
 */
#ifndef CAROM_DAEMON_DENIED_H
#define CAROM_DAEMON_DENIED_H

#include "base/prefix.h"
#include "daemon/config.h"

enum { DENIED = 256 };

/**
 * registrar.contact-deny, and the ports of this node's own services: of the API, of
 * figures, of the ng protocol, of the Redis that has its store
 *
 * A service of all addresses has those that this host has now.
 *
 * @return Their number
 */
size_t denied_fill(struct prefix v[DENIED], const struct config *c);

#endif
