/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_raw.h  The configuration as the file has it
 *
 * What libcyaml fills by the schema: a pointer is NULL where the file is
 * silent. Inside the config part of the daemon's room only.
 */
#ifndef CAROM_CONFIG_RAW_H
#define CAROM_CONFIG_RAW_H

#include <re.h>
#include <cyaml/cyaml.h>
#include "daemon/config_providers.h"
#include "daemon/config_registrar_raw.h"
#include "daemon/config_sip_raw.h"

struct raw_log {
	int *level; /**< enum log_level                          */
};

struct raw_iface {
	char *name;
	char *address;
	char *advertised;
	char *ports;
};

struct raw_turn {
	char *server, *username, *password, *secret, *iface;
	uint32_t *ready;
};

struct raw_media {
	uint32_t *legs, *ttl;
	struct raw_iface *ifacev;
	uint32_t ifacec;
	uint32_t *timeout, *silent_timeout, *final_timeout, *offer_timeout;
	uint32_t *delete_delay, *latch_window, *latch_grace, *max_sessions,
		*jitter_buffer, *moh_max_duration, *moh_max_repeats,
		*worker_priority, *max_load, *max_bandwidth;
	uint32_t *workers;
	int *sockets; /**< enum plane_mode                          */
	char *dscp;
	int *ice;  /**< 1: full                                  */
	int *ssrc; /**< 1: substitute                           */
	char *recording_dir;
	char *sound_dir;
	char *dtls_file;
	struct raw_turn *turn;
};

struct raw_ng {
	char **listenv;
	uint32_t listenc;
	char *dtmf_log;
};

struct raw_metrics {
	char **listenv;
	uint32_t listenc;
};

struct raw_api_tls {
	char *certificate, *key;
};

struct raw_api {
	char **listenv;
	uint32_t listenc;
	struct raw_api_tls *tls;
	char *tokens;
};

struct raw_hep {
	char *send, *password, *node_name, *sample, *ca;
	uint32_t *id, *queue;
	bool *sip, *rtcp, *log;
	int *large; /**< 1: by TCP                               */
};

struct raw_providers_tls {
	char *certificate, *key, *ca;
};

struct raw_providers_probe {
	uint32_t *rate, *interval, *timeout, *down, *up;
	char *from;
};

struct raw_providers {
	char **listenv, **trustedv, **sourcev;
	uint32_t listenc, trustedc, sourcec;
	char *inbound;
	uint32_t *calls;
	int *record_route; /**< 1: always                              */
	struct raw_providers_tls *tls;
	struct raw_providers_probe *probe;
};

struct raw_presence_list {
	char *name;
	char **memberv;
	uint32_t memberc;
};

struct raw_presence {
	int *allow, *partial;
	struct raw_presence_list *listv;
	uint32_t listc;
	uint32_t *min_expires, *max_expires, *default_expires, *interval,
		*subscriptions, *publications, *tcp_above;
};

struct raw_config {
	struct raw_log *log;
	char *user, *node, *pin_dir, *store, *store_password, *control;
	uint32_t *store_replicas;
	char **devicev;
	uint32_t devicec;
	struct raw_media *media;
	struct raw_ng *ng;
	struct raw_metrics *metrics;
	struct raw_api *api;
	struct raw_sip *sip;
	struct raw_hep *hep;
	struct raw_presence *presence;
	struct raw_providers *providers;
	struct raw_registrar *registrar;
};

/** Schema of the whole file: a struct raw_config */
extern const cyaml_schema_value_t config_schema;

/** What a value may be, beyond its type */
struct config_rule {
	const char *path;    /**< key path; "[]" for each entry of a list */
	const char *allowed; /**< in words                                */
	uint32_t min, max;   /**< of a number                             */
	uint32_t def;        /**< number when the file is silent          */
};

/** Rule of a key path, indexes in it ignored; NULL when there is none */
const struct config_rule *config_rule(const char *path);

#endif
