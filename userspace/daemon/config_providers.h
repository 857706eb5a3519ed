/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_providers.h  The section `providers`
 */
#ifndef CAROM_CONFIG_PROVIDERS_H
#define CAROM_CONFIG_PROVIDERS_H

#include <re.h>

enum { CONFIG_PROVIDERS_LISTEN = 8, CONFIG_PROVIDERS_NETS = 256 };

struct config_providers_listen {
	unsigned transp; /**< index in config_sip_transpv: UDP, TCP, TLS      */
	struct sa addr;
};

struct config_providers {
	bool on; /**< the section is there                                */
	/** Where calls come and registrations start; none: probes alone */
	struct config_providers_listen listenv[CONFIG_PROVIDERS_LISTEN];
	size_t listenc;
	struct {
		struct sa addr;
		unsigned bits;
	} trustv[CONFIG_PROVIDERS_NETS];
	size_t trustc;
	struct config_providers_listen inbound; /**< its addr unset: none   */
	uint32_t calls;
	bool record_route;
	struct {
		char *certificate, *key; /**< NULL: none                    */
		bool ca_given; /**< the file says which                  */
		char *ca; /**< NULL: no provider's certificate is verified */
	} tls;
	struct {
		struct sa sourcev[2]; /**< unspecified: the system's choice  */
		size_t sourcec;
		uint32_t rate, interval, timeout, down, up;
		char *from;
	} probe;
};

void config_providers_free(struct config_providers *p);

/** @return 0 or errno */
int config_providers_print(struct re_printf *pf,
			   const struct config_providers *p);

#endif
