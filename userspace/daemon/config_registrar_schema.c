/* SPDX-License-Identifier: BSD-2-Clause */
/* What the section `registrar` may hold, for libcyaml */
#include <stddef.h>

#include "daemon/config_registrar.h"
#include "daemon/config_registrar_raw.h"
#include "digest/digest.h"

enum { ALGORITHMS_MAX = 8 };

#define NEED CYAML_FLAG_POINTER
#define OPT (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define STR(key, flags, type, member)                                          \
	CYAML_FIELD_STRING_PTR(key, flags, type, member, 0, CYAML_UNLIMITED)
#define LIST(key, flags, member, count, max)                                   \
	CYAML_FIELD_SEQUENCE_COUNT(key, flags, struct raw_registrar, member,   \
				   count, &string_entry, 0, max)
#define NUM(key, type, member) CYAML_FIELD_UINT_PTR(key, OPT, type, member)

static const cyaml_schema_value_t string_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_strval_t algorithms[] = {{"MD5", DIGEST_MD5},
					    {"SHA-256", DIGEST_SHA256},
					    {"SHA-512-256", DIGEST_SHA512_256}};

static const cyaml_schema_value_t algorithm_entry = {CYAML_VALUE_ENUM(
	CYAML_FLAG_STRICT, int, algorithms, CYAML_ARRAY_LEN(algorithms))};

static const cyaml_strval_t challenges[] = {{"kernel", 0}, {"agent", 1}};

static const cyaml_schema_field_t auth_fields[] = {
	CYAML_FIELD_BOOL_PTR("required", OPT, struct raw_registrar_auth,
			     required),
	STR("realm", OPT, struct raw_registrar_auth, realm),
	STR("users", OPT, struct raw_registrar_auth, users),
	CYAML_FIELD_SEQUENCE_COUNT("algorithms", OPT, struct raw_registrar_auth,
				   algorithmv, algorithmc, &algorithm_entry, 0,
				   ALGORITHMS_MAX),
	NUM("nonce-lifetime", struct raw_registrar_auth, nonce_lifetime),
	NUM("guesses", struct raw_registrar_auth, guesses),
	NUM("block", struct raw_registrar_auth, block),
	CYAML_FIELD_ENUM_PTR("challenge", OPT | CYAML_FLAG_STRICT,
			     struct raw_registrar_auth, challenge, challenges,
			     CYAML_ARRAY_LEN(challenges)),
	CYAML_FIELD_END};

static const cyaml_schema_field_t alive_fields[] = {
	NUM("interval", struct raw_registrar_alive, interval),
	NUM("failures", struct raw_registrar_alive, failures), CYAML_FIELD_END};

const cyaml_schema_field_t config_registrar_fields[] = {
	LIST("listen", NEED, listenv, listenc, CONFIG_REGISTRAR_LISTENERS),
	LIST("domains", NEED, domainv, domainc, CONFIG_REGISTRAR_DOMAINS),
	LIST("trusted", OPT, trustv, trustc, CONFIG_REGISTRAR_TRUSTED),
	LIST("contact-deny", OPT, denyv, denyc, CONFIG_REGISTRAR_DENIED),
	STR("key-file", OPT, struct raw_registrar, key_file),
	NUM("min-expires", struct raw_registrar, min_expires),
	NUM("max-expires", struct raw_registrar, max_expires),
	NUM("default-expires", struct raw_registrar, default_expires),
	NUM("max-contacts", struct raw_registrar, max_contacts),
	CYAML_FIELD_BOOL_PTR("gruu", OPT, struct raw_registrar, gruu),
	CYAML_FIELD_BOOL_PTR("refresh-events", OPT, struct raw_registrar,
			     refresh_events),
	STR("service-route", OPT, struct raw_registrar, service_route),
	CYAML_FIELD_MAPPING_PTR("keep-alive", OPT, struct raw_registrar, alive,
				alive_fields),
	CYAML_FIELD_MAPPING_PTR("auth", OPT, struct raw_registrar, auth,
				auth_fields),
	CYAML_FIELD_MAPPING_PTR("tls", OPT, struct raw_registrar, tls,
				config_tls_fields),
	CYAML_FIELD_MAPPING_PTR("streams", OPT, struct raw_registrar, streams,
				config_streams_fields),
	CYAML_FIELD_END};
