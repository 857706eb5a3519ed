/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_registrar.h  The section `registrar`
 */
#ifndef CAROM_CONFIG_REGISTRAR_H
#define CAROM_CONFIG_REGISTRAR_H

#include <re.h>
#include "base/prefix.h"
#include "digest/digest.h"

enum {
	CONFIG_REGISTRAR_LISTENERS = 16,
	CONFIG_REGISTRAR_DOMAINS = 64,
	CONFIG_REGISTRAR_TRUSTED = 64,
	CONFIG_REGISTRAR_DENIED = 64,
	CONFIG_REGISTRAR_ROUTE = 511, /**< bytes */
};

struct config_registrar_listen {
	unsigned transp; /**< index in config_sip_transpv                  */
	struct sa addr;
};

struct config_registrar_net {
	struct sa addr;
	unsigned bits;
};

struct config_registrar {
	bool on; /**< the section is there                                */
	struct config_registrar_listen listenv[CONFIG_REGISTRAR_LISTENERS];
	size_t listenc;
	char *domainv[CONFIG_REGISTRAR_DOMAINS];
	size_t domainc;
	struct config_registrar_net trustv[CONFIG_REGISTRAR_TRUSTED];
	size_t trustc;
	/** Where no contact may be; there without the section, too: for edges */
	struct prefix denyv[CONFIG_REGISTRAR_DENIED];
	size_t denyc;
	char *key_file; /**< NULL: a key by chance, at each start          */
	char *service_route;
	uint32_t min_expires, max_expires, default_expires, max_contacts;
	bool gruu, refresh_events;
	uint32_t alive_interval, alive_failures;
	struct {
		bool required;
		char *realm, *users; /**< NULL: the domain; none            */
		enum digest_alg algv[DIGEST_ALGS];
		size_t algc;
		uint32_t nonce_lifetime, guesses, block;
		bool kernel; /**< asks, where it can                      */
	} auth;
	struct {
		char *certificate, *key, *ca; /**< NULL: there is no TLS    */
		unsigned min_version;
	} tls;
	uint32_t connections, per_source, idle;
};

void config_registrar_free(struct config_registrar *r);

/** @return 0 or errno */
int config_registrar_print(struct re_printf *pf,
			   const struct config_registrar *r);

#endif
