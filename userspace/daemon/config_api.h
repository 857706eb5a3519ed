/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_api.h  The section `api`
 */
#ifndef CAROM_CONFIG_API_H
#define CAROM_CONFIG_API_H

#include <re.h>

/** Where the API is served: one of both */
struct config_api_listen {
	char *path;     /**< UNIX socket                                  */
	struct sa addr; /**< TCP                                          */
};

struct config_api {
	bool given; /**< the file says where; else what cannot be had is
			 no error                                       */
	struct config_api_listen *listenv;
	size_t listenc;
	char *certificate, *key; /**< PEM files; NULL no TLS               */
	char *tokens;            /**< NULL: none                           */
};

/** Is it an address that other hosts can reach? Such a listener has TLS */
bool config_api_is_far(const struct config_api_listen *l);

void config_api_free(struct config_api *a);
int config_api_print(struct re_printf *pf, const struct config_api *a);

#endif
