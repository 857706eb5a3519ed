/* SPDX-License-Identifier: BSD-2-Clause */
/* What the section `sip` may hold, for libcyaml */
#include <stddef.h>

#include "daemon/config_sip.h"
#include "daemon/config_sip_raw.h"
#include "dns/dns.h"

enum {
	DOMAINS_MAX = SIP_DOMAINS,
	NETS_MAX = 4096,
	METHODS_MAX = 16,
	ACCEPT_MAX = 32,
	ALGORITHMS_MAX = 8
};

#define NEED CYAML_FLAG_POINTER
#define OPT (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define STR(key, flags, type, member)                                          \
	CYAML_FIELD_STRING_PTR(key, flags, type, member, 0, CYAML_UNLIMITED)
#define SEQ(key, member, count, entry, max)                                    \
	CYAML_FIELD_SEQUENCE_COUNT(key, OPT, struct raw_sip, member, count,    \
				   &(entry), 0, max)

static const cyaml_schema_value_t string_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_strval_t transports[] = {
	{"udp", 0}, {"tcp", 1}, {"tls", 2}, {"ws", 3}, {"wss", 4}};

static const cyaml_schema_field_t listen_fields[] = {
	STR("name", NEED, struct raw_sip_listen, name),
	STR("address", NEED, struct raw_sip_listen, address),
	STR("advertised", OPT, struct raw_sip_listen, advertised),
	CYAML_FIELD_ENUM_PTR("transport", OPT | CYAML_FLAG_STRICT,
			     struct raw_sip_listen, transport, transports,
			     CYAML_ARRAY_LEN(transports)),
	CYAML_FIELD_BOOL_PTR("own", OPT, struct raw_sip_listen, own),
	CYAML_FIELD_END};

static const cyaml_schema_value_t listen_entry = {CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct raw_sip_listen, listen_fields)};

static const cyaml_strval_t modes[] = {{"rendezvous", 0}, {"kamailio", 1}};

static const cyaml_schema_field_t set_fields[] = {
	STR("name", NEED, struct raw_sip_set, name),
	CYAML_FIELD_UINT("id", CYAML_FLAG_DEFAULT, struct raw_sip_set, id),
	CYAML_FIELD_ENUM_PTR("mode", OPT | CYAML_FLAG_STRICT,
			     struct raw_sip_set, mode, modes,
			     CYAML_ARRAY_LEN(modes)),
	CYAML_FIELD_BOOL_PTR("record-route", OPT, struct raw_sip_set,
			     record_route),
	CYAML_FIELD_BOOL_PTR("path", OPT, struct raw_sip_set, path),
	CYAML_FIELD_BOOL_PTR("auth", OPT, struct raw_sip_set, auth),
	CYAML_FIELD_BOOL_PTR("own", OPT, struct raw_sip_set, own),
	CYAML_FIELD_END};

static const cyaml_schema_value_t set_entry = {CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct raw_sip_set, set_fields)};

static const cyaml_schema_field_t rule_fields[] = {
	STR("set", OPT, struct raw_sip_rule, set),
	CYAML_FIELD_BOOL_PTR("registered", OPT, struct raw_sip_rule,
			     registered),
	CYAML_FIELD_BOOL_PTR("record-route", OPT, struct raw_sip_rule,
			     record_route),
	CYAML_FIELD_BOOL_PTR("auth", OPT, struct raw_sip_rule, auth),
	CYAML_FIELD_SEQUENCE_COUNT("methods", OPT, struct raw_sip_rule, methodv,
				   methodc, &string_entry, 0, METHODS_MAX),
	STR("event", OPT, struct raw_sip_rule, event),
	STR("user-prefix", OPT, struct raw_sip_rule, user_prefix),
	STR("domain", OPT, struct raw_sip_rule, domain),
	CYAML_FIELD_END};

static const cyaml_schema_value_t rule_entry = {CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct raw_sip_rule, rule_fields)};

static const cyaml_strval_t kinds[] = {{"trusted", RAW_NET_TRUSTED},
				       {"trunk", RAW_NET_TRUNK},
				       {"allow", RAW_NET_ALLOW},
				       {"deny", RAW_NET_DENY}};

static const cyaml_schema_field_t net_fields[] = {
	STR("prefix", NEED, struct raw_sip_net, prefix),
	CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, struct raw_sip_net, kind,
			 kinds, CYAML_ARRAY_LEN(kinds)),
	STR("set", OPT, struct raw_sip_net, set), CYAML_FIELD_END};

static const cyaml_schema_value_t net_entry = {CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct raw_sip_net, net_fields)};

static const cyaml_schema_field_t limit_fields[] = {
	CYAML_FIELD_UINT_PTR("rate", OPT, struct raw_sip_limit, rate),
	CYAML_FIELD_UINT_PTR("burst", OPT, struct raw_sip_limit, burst),
	CYAML_FIELD_END};

#define LIMIT(key, i)                                                          \
	CYAML_FIELD_MAPPING_PTR(key, OPT, struct raw_sip_limits, v[i],         \
				limit_fields)

static const cyaml_schema_field_t limits_fields[] = {
	LIMIT("invite", SIP_CLASS_INVITE),
	LIMIT("register", SIP_CLASS_REGISTER),
	LIMIT("dialog", SIP_CLASS_DIALOG),
	LIMIT("other", SIP_CLASS_OTHER),
	LIMIT("response", SIP_CLASS_RESPONSE),
	LIMIT("junk", SIP_CLASS_JUNK),
	CYAML_FIELD_END};

#define PROBE(key, member)                                                     \
	CYAML_FIELD_UINT_PTR(key, OPT, struct raw_sip_probe, member)

static const cyaml_strval_t probed[] = {{"all", 0}, {"marked", 1}};

static const cyaml_schema_field_t probe_fields[] = {
	PROBE("interval", interval),
	PROBE("timeout", timeout),
	PROBE("down", down),
	PROBE("up", up),
	CYAML_FIELD_ENUM_PTR("targets", OPT | CYAML_FLAG_STRICT,
			     struct raw_sip_probe, targets, probed,
			     CYAML_ARRAY_LEN(probed)),
	CYAML_FIELD_SEQUENCE_COUNT("accept", OPT, struct raw_sip_probe, accept,
				   acceptc, &string_entry, 0, ACCEPT_MAX),
	STR("from", OPT, struct raw_sip_probe, from),
	STR("listener", OPT, struct raw_sip_probe, listener),
	CYAML_FIELD_END};

static const cyaml_strval_t versions[] = {{"1.2", 12}, {"1.3", 13}};

const cyaml_schema_field_t config_tls_fields[] = {
	STR("certificate", NEED, struct raw_sip_tls, certificate),
	STR("key", NEED, struct raw_sip_tls, key),
	STR("ca", OPT, struct raw_sip_tls, ca),
	CYAML_FIELD_ENUM_PTR("min-version", OPT | CYAML_FLAG_STRICT,
			     struct raw_sip_tls, min_version, versions,
			     CYAML_ARRAY_LEN(versions)),
	CYAML_FIELD_END};

#define STREAMS(key, member)                                                   \
	CYAML_FIELD_UINT_PTR(key, OPT, struct raw_sip_streams, member)

const cyaml_schema_field_t config_streams_fields[] = {
	STREAMS("connections", connections), STREAMS("per-source", per_source),
	STREAMS("idle", idle), CYAML_FIELD_END};

static const cyaml_strval_t algorithms[] = {{"MD5", CONFIG_SIP_MD5},
					    {"SHA-256", CONFIG_SIP_SHA256}};

static const cyaml_schema_value_t algorithm_entry = {CYAML_VALUE_ENUM(
	CYAML_FLAG_STRICT, int, algorithms, CYAML_ARRAY_LEN(algorithms))};

static const cyaml_schema_field_t auth_fields[] = {
	STR("realm", NEED, struct raw_sip_auth, realm),
	STR("users", NEED, struct raw_sip_auth, users),
	CYAML_FIELD_SEQUENCE_COUNT("algorithms", OPT, struct raw_sip_auth,
				   algorithmv, algorithmc, &algorithm_entry, 0,
				   ALGORITHMS_MAX),
	CYAML_FIELD_UINT_PTR("nonce-lifetime", OPT, struct raw_sip_auth,
			     nonce_lifetime),
	CYAML_FIELD_UINT_PTR("guesses", OPT, struct raw_sip_auth, guesses),
	CYAML_FIELD_BOOL_PTR("bind-source", OPT, struct raw_sip_auth,
			     bind_source),
	CYAML_FIELD_BOOL_PTR("match-from", OPT, struct raw_sip_auth,
			     match_from),
	CYAML_FIELD_END};

#define DNS(key, member)                                                       \
	CYAML_FIELD_UINT_PTR(key, OPT, struct raw_sip_dns, member)

static const cyaml_schema_field_t dns_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("servers", OPT, struct raw_sip_dns, serverv,
				   serverc, &string_entry, 0, DNS_SERVERS),
	DNS("timeout", timeout),
	DNS("ttl-min", ttl_min),
	DNS("ttl-max", ttl_max),
	DNS("cache", cache),
	DNS("waiting", waiting),
	CYAML_FIELD_END};

const cyaml_schema_field_t config_sip_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("listen", NEED, struct raw_sip, listenv,
				   listenc, &listen_entry, 0, SIP_LISTENERS),
	STR("key-file", NEED, struct raw_sip, key_file),
	SEQ("domains", domainv, domainc, string_entry, DOMAINS_MAX),
	CYAML_FIELD_BOOL_PTR("force-rport", OPT, struct raw_sip, force_rport),
	CYAML_FIELD_BOOL_PTR("reverse-path", OPT, struct raw_sip, reverse_path),
	STR("dispatcher", OPT, struct raw_sip, dispatcher),
	SEQ("sets", setv, setc, set_entry, SIP_SETS),
	SEQ("rules", rulev, rulec, rule_entry, SIP_RULES),
	SEQ("networks", netv, netc, net_entry, NETS_MAX),
	CYAML_FIELD_MAPPING_PTR("limits", OPT, struct raw_sip, limits,
				limits_fields),
	CYAML_FIELD_MAPPING_PTR("probe", OPT, struct raw_sip, probe,
				probe_fields),
	CYAML_FIELD_MAPPING_PTR("auth", OPT, struct raw_sip, auth, auth_fields),
	CYAML_FIELD_MAPPING_PTR("dns", OPT, struct raw_sip, dns, dns_fields),
	CYAML_FIELD_UINT_PTR("copy", OPT, struct raw_sip, copy),
	CYAML_FIELD_MAPPING_PTR("tls", OPT, struct raw_sip, tls,
				config_tls_fields),
	CYAML_FIELD_MAPPING_PTR("streams", OPT, struct raw_sip, streams,
				config_streams_fields),
	CYAML_FIELD_UINT_PTR("tcp-above", OPT, struct raw_sip, tcp_above),
	CYAML_FIELD_END};
