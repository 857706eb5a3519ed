/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/role_api.h  The API as the configuration wants it
 */
#ifndef CAROM_ROLE_API_H
#define CAROM_ROLE_API_H

#include "daemon/config.h"

struct api;
struct privs;

/**
 * Open the configured listeners, and those for Prometheus. Logged
 *
 * @param privs  Whom the sockets belong to
 */
int role_api_listen(struct api *a, const struct config *c,
		    const struct privs *privs);

/** Read tokens and certificate again, where there are files of them. Logged, and
 *  appended to said */
int role_api_renew(struct api *a, const struct config *c, struct mbuf *said);

#endif
