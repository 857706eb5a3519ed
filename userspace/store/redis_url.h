/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/redis_url.h  redis://[USER@]HOST[:PORT][,HOST[:PORT]...][/DB]
 */
#ifndef CAROM_STORE_REDIS_URL_H
#define CAROM_STORE_REDIS_URL_H

#include <re.h>

enum {
	REDIS_ADDRS = 8, /**< most addresses in one URL */
	REDIS_PORT = 6379,
};

struct redis_url {
	struct {
		char host[256]; /**< name or address, without brackets */
		uint16_t port;
	} addrv[REDIS_ADDRS];
	size_t addrc;
	char user[64]; /**< "" when there is none */
	unsigned db;
};

/** Whether a store's path is meant for us at all */
bool redis_is_url(const char *path);

/**
 * Take one apart
 *
 * @param why  Set to what is wrong with it, for "X: why"; may be NULL
 *
 * @return 0, EINVAL
 */
int redis_url_decode(struct redis_url *url, const char *text, const char **why);

#endif
