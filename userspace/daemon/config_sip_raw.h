/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_sip_raw.h  The section `sip` as the file has it
 */
#ifndef CAROM_CONFIG_SIP_RAW_H
#define CAROM_CONFIG_SIP_RAW_H

#include <stdbool.h>
#include <stdint.h>
#include <cyaml/cyaml.h>
#include "carom/sipmap.h"

struct raw_sip_listen {
	char *name, *address, *advertised;
	int *transport; /* index in config_sip_transpv */
	bool *own;
};

struct raw_sip_set {
	char *name;
	uint32_t id;
	int *mode; /* 1: kamailio */
	bool *record_route, *path, *auth, *own;
};

struct raw_sip_rule {
	char *set;
	char **methodv;
	uint32_t methodc;
	char *event, *user_prefix, *domain;
	bool *registered, *record_route, *auth;
};

struct raw_sip_net {
	char *prefix;
	int kind;
	char *set;
};

struct raw_sip_limit {
	uint32_t *rate, *burst;
};

struct raw_sip_limits {
	struct raw_sip_limit *v[SIP_CLASS_MAX];
};

struct raw_sip_probe {
	uint32_t *interval, *timeout, *down, *up;
	int *targets; /* 1: marked */
	char **accept;
	uint32_t acceptc;
	char *from, *listener;
};

struct raw_sip_tls {
	char *certificate, *key, *ca;
	int *min_version; /* 12, 13 */
};

struct raw_sip_streams {
	uint32_t *connections, *per_source, *idle;
};

struct raw_sip_auth {
	char *realm, *users;
	int *algorithmv;
	uint32_t algorithmc;
	uint32_t *nonce_lifetime, *guesses;
	bool *bind_source, *match_from;
};

struct raw_sip_dns {
	char **serverv;
	uint32_t serverc;
	uint32_t *timeout, *ttl_min, *ttl_max, *cache, *waiting;
};

struct raw_sip {
	struct raw_sip_listen *listenv;
	uint32_t listenc;
	char *key_file;
	char **domainv;
	uint32_t domainc;
	bool *force_rport, *reverse_path;
	char *dispatcher;
	struct raw_sip_set *setv;
	uint32_t setc;
	struct raw_sip_rule *rulev;
	uint32_t rulec;
	struct raw_sip_net *netv;
	uint32_t netc;
	struct raw_sip_limits *limits;
	struct raw_sip_probe *probe;
	uint32_t *copy, *tcp_above;
	struct raw_sip_tls *tls;
	struct raw_sip_streams *streams;
	struct raw_sip_auth *auth;
	struct raw_sip_dns *dns;
};

enum { RAW_NET_TRUSTED = 0, RAW_NET_TRUNK, RAW_NET_ALLOW, RAW_NET_DENY };

/** Fields of a struct raw_sip_tls, of a struct raw_sip_streams */
extern const cyaml_schema_field_t config_tls_fields[], config_streams_fields[];

/** Fields of a struct raw_sip */
extern const cyaml_schema_field_t config_sip_fields[];

#endif
