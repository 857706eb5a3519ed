/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file redis_srv.h  A redis-server of a test's own
 *
 * On the loopback of a network namespace of its own where we are root, else on
 * a port of this machine's. It dies with the test.
 */
#ifndef REDIS_SRV_H
#define REDIS_SRV_H

#include <stdbool.h>
#include <stdint.h>

struct redis_srv;

/** Whether Debian's redis-server is installed; enters the namespace, once */
bool redis_srv_can(void);

/**
 * Start one, with what it had in its directory, and wait until it answers
 *
 * @param srvp  Pointer to the object (mem_deref when done)
 * @param of    Whose replica it is; NULL: a master
 */
int redis_srv_start(struct redis_srv **srvp, const struct redis_srv *of);

/** Start a Sentinel, which makes a replica the master when it sees this one dead
 * for half a second; wait until it knows so many replicas */
int redis_srv_sentinel(struct redis_srv **srvp, const struct redis_srv *master,
		       unsigned replicas);

uint16_t redis_srv_port(const struct redis_srv *srv);

/** SIGKILL; start it again on its files and its port */
void redis_srv_kill(struct redis_srv *srv);
int redis_srv_again(struct redis_srv *srv);

/** SIGSTOP and SIGCONT */
void redis_srv_freeze(struct redis_srv *srv, bool freeze);

/** A command, its answer as text; "" when there is none. Words by blanks */
const char *redis_srv_ask(struct redis_srv *srv, const char *cmd);

#endif
