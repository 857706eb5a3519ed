/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/where.h  The address of a host, as a wire can reach it
 */
#ifndef CAROM_PROVIDER_WHERE_H
#define CAROM_PROVIDER_WHERE_H

#include "locate/locate.h"
#include "provider/wire.h"

struct where;

struct where_ask {
	struct locator *locator;
	const struct wire *wire;
	struct pl host;         /**< name or address, IPv6 without brackets */
	uint16_t port;          /**< 0: none is given                       */
	enum msg_transp transp; /**< MSG_TRANSP_MAX: none is given          */
	uint64_t key;           /**< chooses among equals                  */
};

/** @param why  In words, where f is NULL */
typedef void(where_h)(const struct locate_found *f, const char *why, void *arg);

/**
 * Find it. h is never called before this returns, and once
 *
 * @param wp  Pointer to the object (mem_deref to lose interest); set to NULL before
 *            h is called
 *
 * @return 0, EINVAL, ENOMEM
 */
int where_find(struct where **wp, const struct where_ask *a, where_h *h,
	       void *arg);

#endif
