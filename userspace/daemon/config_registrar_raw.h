/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_registrar_raw.h  The section `registrar` as the file has it
 */
#ifndef CAROM_CONFIG_REGISTRAR_RAW_H
#define CAROM_CONFIG_REGISTRAR_RAW_H

#include <stdbool.h>
#include <stdint.h>
#include <cyaml/cyaml.h>
#include "daemon/config_sip_raw.h"

struct raw_registrar_auth {
	bool *required;
	char *realm, *users;
	int *algorithmv; /* enum digest_alg */
	uint32_t algorithmc;
	uint32_t *nonce_lifetime, *guesses, *block;
	int *challenge; /* 0: kernel, 1: agent */
};

struct raw_registrar_alive {
	uint32_t *interval, *failures;
};

struct raw_registrar {
	char **listenv;
	uint32_t listenc;
	char **domainv;
	uint32_t domainc;
	char **trustv;
	uint32_t trustc;
	char **denyv;
	uint32_t denyc;
	char *key_file, *service_route;
	uint32_t *min_expires, *max_expires, *default_expires, *max_contacts;
	bool *gruu, *refresh_events;
	struct raw_registrar_alive *alive;
	struct raw_registrar_auth *auth;
	struct raw_sip_tls *tls;
	struct raw_sip_streams *streams;
};

/** Fields of a struct raw_registrar */
extern const cyaml_schema_field_t config_registrar_fields[];

#endif
