/* SPDX-License-Identifier: BSD-2-Clause */
/* What the file may hold: types for libcyaml, ranges and words for people */
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "carom/maps.h"
#include "daemon/config.h"
#include "daemon/config_raw.h"
#include "plane/plane.h"

/* What the maps hold, and as many listeners as anybody may want. Lists are
 * looked through for doubles: they must not be endless */
enum { IFACES_MAX = CAROM_LOCALS / 4, LISTEN_MAX = 64 };

#define OPT (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define ENUM (OPT | CYAML_FLAG_STRICT)
#define STR(key, flags, type, member)                                          \
	CYAML_FIELD_STRING_PTR(key, flags, type, member, 0, CYAML_UNLIMITED)
#define NUM(key, member)                                                       \
	CYAML_FIELD_UINT_PTR(key, OPT, struct raw_media, member)

static const cyaml_schema_value_t string_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_strval_t levels[] = {
	{"error", LOG_ERROR},
	{"warning", LOG_WARN},
	{"info", LOG_INFO},
	{"debug", LOG_DEBUG},
};

static const cyaml_schema_field_t log_fields[] = {
	CYAML_FIELD_ENUM_PTR("level", ENUM, struct raw_log, level, levels,
			     CYAML_ARRAY_LEN(levels)),
	CYAML_FIELD_END};

static const cyaml_schema_field_t iface_fields[] = {
	STR("name", CYAML_FLAG_POINTER, struct raw_iface, name),
	STR("address", CYAML_FLAG_POINTER, struct raw_iface, address),
	STR("advertised", OPT, struct raw_iface, advertised),
	STR("ports", OPT, struct raw_iface, ports), CYAML_FIELD_END};

static const cyaml_schema_value_t iface_entry = {CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct raw_iface, iface_fields)};

static const cyaml_strval_t ssrc_modes[] = {{"keep", 0}, {"substitute", 1}};

static const cyaml_strval_t ice_modes[] = {{"lite", 0}, {"full", 1}};

static const cyaml_strval_t socket_modes[] = {
	{"auto", PLANE_AUTO}, {"xdp", PLANE_XDP}, {"plain", PLANE_PLAIN}};

static const cyaml_schema_field_t turn_fields[] = {
	STR("server", CYAML_FLAG_POINTER, struct raw_turn, server),
	STR("username", OPT, struct raw_turn, username),
	STR("password", OPT, struct raw_turn, password),
	STR("secret", OPT, struct raw_turn, secret),
	STR("interface", OPT, struct raw_turn, iface),
	CYAML_FIELD_UINT_PTR("ready", OPT, struct raw_turn, ready),
	CYAML_FIELD_END};

static const cyaml_schema_field_t media_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("interfaces", CYAML_FLAG_POINTER,
				   struct raw_media, ifacev, ifacec,
				   &iface_entry, 0, IFACES_MAX),
	NUM("legs", legs),
	NUM("ttl", ttl),
	NUM("timeout", timeout),
	NUM("silent-timeout", silent_timeout),
	NUM("final-timeout", final_timeout),
	NUM("offer-timeout", offer_timeout),
	NUM("delete-delay", delete_delay),
	NUM("latch-window", latch_window),
	NUM("latch-grace", latch_grace),
	NUM("max-sessions", max_sessions),
	NUM("max-load", max_load),
	NUM("max-bandwidth", max_bandwidth),
	NUM("jitter-buffer", jitter_buffer),
	NUM("moh-max-duration", moh_max_duration),
	NUM("moh-max-repeats", moh_max_repeats),
	NUM("workers", workers),
	NUM("worker-priority", worker_priority),
	CYAML_FIELD_ENUM_PTR("worker-sockets", ENUM, struct raw_media, sockets,
			     socket_modes, CYAML_ARRAY_LEN(socket_modes)),
	STR("dscp", OPT, struct raw_media, dscp),
	CYAML_FIELD_ENUM_PTR("ssrc", ENUM, struct raw_media, ssrc, ssrc_modes,
			     CYAML_ARRAY_LEN(ssrc_modes)),
	CYAML_FIELD_ENUM_PTR("ice", ENUM, struct raw_media, ice, ice_modes,
			     CYAML_ARRAY_LEN(ice_modes)),
	STR("recording-dir", OPT, struct raw_media, recording_dir),
	STR("sound-dir", OPT, struct raw_media, sound_dir),
	STR("dtls-certificate", OPT, struct raw_media, dtls_file),
	CYAML_FIELD_MAPPING_PTR("turn", OPT, struct raw_media, turn,
				turn_fields),
	CYAML_FIELD_END};

static const cyaml_schema_field_t ng_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("listen", OPT, struct raw_ng, listenv,
				   listenc, &string_entry, 0, LISTEN_MAX),
	STR("dtmf-log", OPT, struct raw_ng, dtmf_log), CYAML_FIELD_END};

static const cyaml_schema_field_t metrics_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("listen", OPT, struct raw_metrics, listenv,
				   listenc, &string_entry, 0, LISTEN_MAX),
	CYAML_FIELD_END};

static const cyaml_schema_field_t api_tls_fields[] = {
	STR("certificate", CYAML_FLAG_POINTER, struct raw_api_tls, certificate),
	STR("key", CYAML_FLAG_POINTER, struct raw_api_tls, key),
	CYAML_FIELD_END};

static const cyaml_schema_field_t api_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("listen", OPT, struct raw_api, listenv,
				   listenc, &string_entry, 0, LISTEN_MAX),
	CYAML_FIELD_MAPPING_PTR("tls", OPT, struct raw_api, tls,
				api_tls_fields),
	STR("tokens-file", OPT, struct raw_api, tokens), CYAML_FIELD_END};

static const cyaml_strval_t large_modes[] = {{"fragment", 0}, {"tcp", 1}};

#define HEP_BOOL(key, member)                                                  \
	CYAML_FIELD_BOOL_PTR(key, OPT, struct raw_hep, member)

static const cyaml_schema_field_t hep_fields[] = {
	STR("send", CYAML_FLAG_POINTER, struct raw_hep, send),
	CYAML_FIELD_UINT_PTR("id", OPT, struct raw_hep, id),
	STR("node-name", OPT, struct raw_hep, node_name),
	STR("password", OPT, struct raw_hep, password),
	HEP_BOOL("sip", sip),
	HEP_BOOL("rtcp", rtcp),
	HEP_BOOL("log", log),
	STR("sample", OPT, struct raw_hep, sample),
	CYAML_FIELD_ENUM_PTR("large", ENUM, struct raw_hep, large, large_modes,
			     CYAML_ARRAY_LEN(large_modes)),
	CYAML_FIELD_UINT_PTR("queue", OPT, struct raw_hep, queue),
	STR("ca", OPT, struct raw_hep, ca),
	CYAML_FIELD_END};

static const cyaml_strval_t stays[] = {{"needed", 0}, {"always", 1}};

static const cyaml_schema_field_t providers_tls_fields[] = {
	STR("certificate", OPT, struct raw_providers_tls, certificate),
	STR("key", OPT, struct raw_providers_tls, key),
	STR("ca", OPT, struct raw_providers_tls, ca), CYAML_FIELD_END};

#define PROBE(key, member)                                                     \
	CYAML_FIELD_UINT_PTR(key, OPT, struct raw_providers_probe, member)

static const cyaml_schema_field_t providers_probe_fields[] = {
	PROBE("rate", rate),
	PROBE("interval", interval),
	PROBE("timeout", timeout),
	PROBE("down", down),
	PROBE("up", up),
	STR("from", OPT, struct raw_providers_probe, from),
	CYAML_FIELD_END};

static const cyaml_schema_field_t providers_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("listen", OPT, struct raw_providers, listenv,
				   listenc, &string_entry, 0,
				   CONFIG_PROVIDERS_LISTEN),
	CYAML_FIELD_SEQUENCE_COUNT("trusted", OPT, struct raw_providers,
				   trustedv, trustedc, &string_entry, 0,
				   CONFIG_PROVIDERS_NETS),
	CYAML_FIELD_SEQUENCE_COUNT("probe-source", OPT, struct raw_providers,
				   sourcev, sourcec, &string_entry, 0, 2),
	STR("inbound", OPT, struct raw_providers, inbound),
	CYAML_FIELD_UINT_PTR("calls", OPT, struct raw_providers, calls),
	CYAML_FIELD_ENUM_PTR("record-route", ENUM, struct raw_providers,
			     record_route, stays, CYAML_ARRAY_LEN(stays)),
	CYAML_FIELD_MAPPING_PTR("tls", OPT, struct raw_providers, tls,
				providers_tls_fields),
	CYAML_FIELD_MAPPING_PTR("probe", OPT, struct raw_providers, probe,
				providers_probe_fields),
	CYAML_FIELD_END};

/* By enum presence_allow */
static const cyaml_strval_t allow_modes[] = {
	{"domain", 0}, {"users", 1}, {"all", 2}, {"self", 3}};
static const cyaml_strval_t dialog_modes[] = {{"full", 0}, {"partial", 1}};

#define PRESENCE(key, member)                                                  \
	CYAML_FIELD_UINT_PTR(key, OPT, struct raw_presence, member)

static const cyaml_schema_field_t presence_list_fields[] = {
	STR("name", CYAML_FLAG_POINTER, struct raw_presence_list, name),
	CYAML_FIELD_SEQUENCE_COUNT("members", CYAML_FLAG_POINTER,
				   struct raw_presence_list, memberv, memberc,
				   &string_entry, 0, CONFIG_PRESENCE_MEMBERS),
	CYAML_FIELD_END};

static const cyaml_schema_value_t presence_list_entry = {CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct raw_presence_list, presence_list_fields)};

static const cyaml_schema_field_t presence_fields[] = {
	CYAML_FIELD_ENUM_PTR("allow", ENUM, struct raw_presence, allow,
			     allow_modes, CYAML_ARRAY_LEN(allow_modes)),
	CYAML_FIELD_ENUM_PTR("dialog-state", ENUM, struct raw_presence, partial,
			     dialog_modes, CYAML_ARRAY_LEN(dialog_modes)),
	PRESENCE("min-expires", min_expires),
	PRESENCE("max-expires", max_expires),
	PRESENCE("default-expires", default_expires),
	PRESENCE("interval", interval),
	PRESENCE("subscriptions", subscriptions),
	PRESENCE("publications", publications),
	PRESENCE("tcp-above", tcp_above),
	CYAML_FIELD_SEQUENCE_COUNT("lists", OPT, struct raw_presence, listv,
				   listc, &presence_list_entry, 0,
				   CONFIG_PRESENCE_LISTS),
	CYAML_FIELD_END};

static const cyaml_schema_field_t top_fields[] = {
	CYAML_FIELD_MAPPING_PTR("log", OPT, struct raw_config, log, log_fields),
	STR("user", OPT, struct raw_config, user),
	STR("node", OPT, struct raw_config, node),
	STR("pin-dir", OPT, struct raw_config, pin_dir),
	STR("store", OPT, struct raw_config, store),
	STR("store-password", OPT, struct raw_config, store_password),
	CYAML_FIELD_UINT_PTR("store-replicas", OPT, struct raw_config,
			     store_replicas),
	STR("control", OPT, struct raw_config, control),
	CYAML_FIELD_SEQUENCE_COUNT("devices", OPT, struct raw_config, devicev,
				   devicec, &string_entry, 0, CAROM_DEVICES),
	CYAML_FIELD_MAPPING_PTR("media", CYAML_FLAG_POINTER, struct raw_config,
				media, media_fields),
	CYAML_FIELD_MAPPING_PTR("ng", OPT, struct raw_config, ng, ng_fields),
	CYAML_FIELD_MAPPING_PTR("metrics", OPT, struct raw_config, metrics,
				metrics_fields),
	CYAML_FIELD_MAPPING_PTR("api", OPT, struct raw_config, api, api_fields),
	CYAML_FIELD_MAPPING_PTR("sip", OPT, struct raw_config, sip,
				config_sip_fields),
	CYAML_FIELD_MAPPING_PTR("hep", OPT, struct raw_config, hep, hep_fields),
	CYAML_FIELD_MAPPING_PTR("providers", OPT, struct raw_config, providers,
				providers_fields),
	CYAML_FIELD_MAPPING_PTR("registrar", OPT, struct raw_config, registrar,
				config_registrar_fields),
	CYAML_FIELD_MAPPING_PTR("presence", OPT, struct raw_config, presence,
				presence_fields),
	CYAML_FIELD_END};

const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, top_fields)};

static const char path_words[] = "an absolute path";
static const char seconds[] = "a number of seconds, 1..604800";

static const char sip_address[] =
	"ADDRESS:PORT, a unicast address, an IPv6 one "
	"in brackets, each once";
static const char sip_methods[] =
	"a list of INVITE, ACK, CANCEL, BYE, REGISTER, OPTIONS, SUBSCRIBE, "
	"NOTIFY, PUBLISH, MESSAGE, REFER, INFO, PRACK, UPDATE";

#define SIP_LIMIT(class)                                                       \
	{"sip.limits." class ".rate",                                          \
	 "messages a second of one source, 0..1000000; 0 no limit", 0,         \
	 1000000, 0},                                                          \
	{                                                                      \
		"sip.limits." class ".burst", "a number, 0..1000000", 0,       \
			1000000, 0                                             \
	}

enum { WEEK = 604800, YEAR = 31536000 };

static const struct config_rule rules[] = {
	{"user", "the name of a user of this system", 0, 0, 0},
	{"node", "1 to 63 letters, digits, '_', '-' and '.'", 0, 0, 0},
	{"pin-dir", "an absolute path on a BPF file system", 0, 0, 0},
	{"store",
	 "an absolute path, or "
	 "redis://[USER@]HOST[:PORT][,HOST[:PORT]...][/DB]",
	 0, 0, 0},
	{"store-password",
	 "an absolute path of a file whose first line is Redis' password", 0, 0,
	 0},
	{"store-replicas", "a number, 0..8", 0, 8, 0},
	{"control", "an absolute path of at most 107 bytes", 0, 0, 0},
	{"devices", "a list of network devices", 0, 0, 0},
	{"devices[]",
	 "the name of a network device, at most 15 characters, "
	 "each once",
	 0, 0, 0},
	{"media", "a section with at least interfaces", 0, 0, 0},
	{"media.interfaces", "a list of at least one interface", 0, 0, 0},
	{"media.interfaces[]", "name, address, advertised, ports", 0, 0, 0},
	{"media.interfaces[].name",
	 "up to 31 letters, digits, '_', '-' and "
	 "'.', each name once per address family",
	 0, 0, 0},
	{"media.interfaces[].address",
	 "a unicast IPv4 or IPv6 address of this "
	 "host",
	 0, 0, 0},
	{"media.interfaces[].advertised",
	 "a unicast address of the same "
	 "family as address",
	 0, 0, 0},
	{"media.interfaces[].ports",
	 "MIN-MAX in 1024..65535, MIN even and "
	 "less than MAX; one range for an "
	 "address, shared only by interfaces that "
	 "advertise different addresses",
	 0, 0, 0},
	{"media.legs",
	 "a number, 64..4194304, more than all interfaces' ports "
	 "together",
	 64, 4194304, 65536},
	{"media.ttl", "a number, 0..255; 0 decrements the packet's own", 0, 255,
	 64},
	{"media.timeout", seconds, 1, WEEK, 60},
	{"media.silent-timeout", seconds, 1, WEEK, 3600},
	{"media.final-timeout", "a number of seconds, 0..31536000; 0 never", 0,
	 YEAR, 0},
	{"media.offer-timeout", seconds, 1, WEEK, 3600},
	{"media.delete-delay", "a number of seconds, 0..3600", 0, 3600, 30},
	{"media.latch-window", "a number of milliseconds, 0..60000", 0, 60000,
	 5000},
	{"media.latch-grace",
	 "a number of milliseconds, 0..60000, at most "
	 "latch-window",
	 0, 60000, 250},
	{"media.max-load", "a number, 0..100; 0 no limit", 0, 100, 0},
	{"media.max-bandwidth", "a number, 0..4294967295; 0 no limit", 0,
	 UINT32_MAX, 0},
	{"media.jitter-buffer", "a number, 0..200; 0 none", 0, 200, 0},
	{"media.moh-max-duration", "a number of seconds, 0..604800; 0 no limit",
	 0, WEEK, 1800},
	{"media.moh-max-repeats", "a number, 0..1000000; 0 no limit", 0,
	 1000000, 999},
	{"media.max-sessions", "a number, 0..1000000; 0 no limit", 0, 1000000,
	 0},
	{"media.workers",
	 "a number, 0..64; 0 as many as there are processors, at most 8", 0,
	 PLANE_WORKERS_MAX, 0},
	{"media.worker-priority", "a number, 0..99; 0 ordinary", 0, 99, 1},
	{"media.worker-sockets", "auto, xdp, plain", 0, 0, 0},
	{"media.ice", "lite, full", 0, 0, 0},
	{"media.dscp", "keep, or a number, 0..63", 0, 63, 0},
	{"media.recording-dir", path_words, 0, 0, 0},
	{"media.sound-dir", path_words, 0, 0, 0},
	{"media.dtls-certificate", path_words, 0, 0, 0},
	{"media.turn",
	 "a section with server, username, and password or secret", 0, 0, 0},
	{"media.turn.server",
	 "udp:ADDRESS:PORT, an IPv6 address in brackets, of the family of an "
	 "interface",
	 0, 0, 0},
	{"media.turn.username", "1 to 508 bytes; with a secret 0 to 487", 0, 0,
	 0},
	{"media.turn.password", "at most 508 bytes; or a secret instead", 0, 0,
	 0},
	{"media.turn.secret", "at most 508 bytes; or a password instead", 0, 0,
	 0},
	{"media.turn.interface",
	 "the name of an interface with an address of the server's family", 0,
	 0, 0},
	{"media.turn.ready", "a number, 1..256", 1, 256, 8},
	{"ng.listen", "a list of listeners", 0, 0, 0},
	{"ng.listen[]",
	 "[udp:|tcp:]ADDRESS:PORT, an IPv6 address in brackets, "
	 "outside the media ports, each once",
	 0, 0, 0},
	{"ng.dtmf-log",
	 "ADDRESS:PORT, an IPv6 address in brackets; none without it", 0, 0, 0},
	{"metrics.listen", "a list of listeners", 0, 0, 0},
	{"metrics.listen[]",
	 "ADDRESS:PORT, an IPv6 address in brackets, each once", 0, 0, 0},
	{"api.listen", "a list of listeners", 0, 0, 0},
	{"api.listen[]",
	 "unix:PATH, an absolute one of at most 107 bytes, or ADDRESS:PORT, an "
	 "IPv6 address in brackets, each once; one that is no loopback address "
	 "with api.tls and api.tokens-file",
	 0, 0, 0},
	{"api.tls", "certificate, key", 0, 0, 0},
	{"api.tls.certificate", "an absolute path; a PEM file with the chain",
	 0, 0, 0},
	{"api.tls.key", "an absolute path; a PEM file", 0, 0, 0},
	{"api.tokens-file", path_words, 0, 0, 0},
	{"hep", "a section with at least send", 0, 0, 0},
	{"hep.send",
	 "[udp:|tcp:|tls:]ADDRESS:PORT, an IPv6 address in brackets", 0, 0, 0},
	{"hep.id", "a number, 0..4294967295", 0, UINT32_MAX, 0},
	{"hep.node-name", "a name of at most 255 bytes", 0, 0, 0},
	{"hep.password", "a text of at most 255 bytes", 0, 0, 0},
	{"hep.sample", "1/N, N of 1..1000000: one of N calls", 0, 0, 0},
	{"hep.large", "fragment, tcp", 0, 0, 0},
	{"hep.queue", "a number of bytes, 65536..1073741824", 65536, 1 << 30,
	 8 << 20},
	{"hep.ca", "an absolute path; a PEM file, with tls: in hep.send", 0, 0,
	 0},
	{"sip.listen", "a list of at least one listener", 0, 0, 0},
	{"sip.listen[].name", "a name, each once", 0, 0, 0},
	{"sip.listen[].address", sip_address, 0, 0, 0},
	{"sip.listen[].advertised", sip_address, 0, 0, 0},
	{"sip.listen[].transport", "udp, tcp, tls, ws, wss", 0, 0, 0},
	{"sip.listen[].own",
	 "true for at most one listener of a transport and family", 0, 0, 0},
	{"sip.tls.certificate", "an absolute path; a PEM file with the chain",
	 0, 0, 0},
	{"sip.tls.key", "an absolute path; a PEM file", 0, 0, 0},
	{"sip.tls.ca", "an absolute path; a PEM file", 0, 0, 0},
	{"sip.streams.connections", "a number, 1..1000000", 1, 1000000, 10000},
	{"sip.streams.per-source", "a number, 1..1000000", 1, 1000000, 200},
	{"sip.streams.idle", "a number of seconds, 10..86400", 10, 86400, 600},
	{"sip.tcp-above", "a number of bytes, 0..65535; 0 never", 0, 65535,
	 1300},
	{"sip.key-file", "an absolute path; the file has 32 hexadecimal digits",
	 0, 0, 0},
	{"sip.domains[]",
	 "a host name of at most 64 small letters, digits, '-' "
	 "and '.', each once",
	 0, 0, 0},
	{"sip.dispatcher", path_words, 0, 0, 0},
	{"sip.sets[].name", "a name, each once", 0, 0, 0},
	{"sip.sets[].id", "a number, 0..2147483647, each once", 0, INT32_MAX,
	 0},
	{"sip.rules[].set",
	 "the name of one of sip.sets, or registered: true without it", 0, 0,
	 0},
	{"sip.rules[].record-route", "true, false, with registered: true", 0, 0,
	 0},
	{"sip.rules[].auth",
	 "true, false, with registered: true and a section sip.auth", 0, 0, 0},
	{"sip.rules[].methods", sip_methods, 0, 0, 0},
	{"sip.rules[].methods[]", sip_methods, 0, 0, 0},
	{"sip.rules[].event", "presence", 0, 0, 0},
	{"sip.rules[].user-prefix", "1 to 16 bytes", 0, 0, 0},
	{"sip.rules[].domain", "one of sip.domains", 0, 0, 0},
	{"sip.networks[].prefix",
	 "ADDRESS/BITS, zeroes behind the prefix, each once", 0, 0, 0},
	{"sip.networks[].set", "with kind trunk: the name of one of sip.sets",
	 0, 0, 0},
	SIP_LIMIT("invite"),
	SIP_LIMIT("register"),
	SIP_LIMIT("dialog"),
	SIP_LIMIT("other"),
	SIP_LIMIT("response"),
	SIP_LIMIT("junk"),
	{"sip.probe.interval", "a number of seconds, 0..3600; 0 never", 0, 3600,
	 10},
	{"sip.probe.timeout", "a number of milliseconds, 100..60000", 100,
	 60000, 2000},
	{"sip.probe.down", "a number, 1..100", 1, 100, 3},
	{"sip.probe.up", "a number, 1..100", 1, 100, 1},
	{"sip.probe.accept", "a list of 1 to 32 codes or ranges of codes", 0, 0,
	 0},
	{"sip.probe.accept[]", "a code or MIN-MAX, 200..699", 0, 0, 0},
	{"sip.probe.from", "a sip: URI", 0, 0, 0},
	{"sip.probe.listener", "the name of one of sip.listen, of UDP", 0, 0,
	 0},
	{"sip.auth.realm",
	 "1 to 128 printable ASCII characters without '\"', '\\' and ':'", 0, 0,
	 0},
	{"sip.auth.users", path_words, 0, 0, 0},
	{"sip.auth.algorithms", "a list of SHA-256, MD5, each once", 0, 0, 0},
	{"sip.auth.algorithms[]", "SHA-256, MD5, each once", 0, 0, 0},
	{"sip.auth.nonce-lifetime", "a number of seconds, 10..86400", 10, 86400,
	 300},
	{"sip.auth.guesses",
	 "wrong passwords a minute of one source, 0..60000; 0 no limit", 0,
	 60000, 20},
	{"sip.sets[].auth", "true with a section sip.auth, false", 0, 0, 0},
	{"sip.dns.servers", "a list of at most 8 servers", 0, 0, 0},
	{"sip.dns.servers[]",
	 "ADDRESS or ADDRESS:PORT, an IPv6 address with a port in brackets, "
	 "unicast, each once",
	 0, 0, 0},
	{"sip.dns.timeout", "a number of milliseconds, 100..30000", 100, 30000,
	 4000},
	{"sip.dns.ttl-min", "a number of seconds, 1..3600", 1, 3600, 1},
	{"sip.dns.ttl-max", "a number of seconds, 1..86400", 1, 86400, 3600},
	{"sip.dns.cache", "a number of entries, 16..100000", 16, 100000, 4096},
	{"sip.dns.waiting", "a number of messages, 1..100000", 1, 100000, 1000},
	{"providers.listen[]",
	 "udp:, tcp: or tls:ADDRESS:PORT, an IPv6 address in brackets, each "
	 "once",
	 0, 0, 0},
	{"providers.trusted[]", "ADDRESS/BITS, zeroes behind the prefix", 0, 0,
	 0},
	{"providers.inbound", "udp:, tcp: or tls:ADDRESS:PORT", 0, 0, 0},
	{"providers.calls", "a number, 1..1000000", 1, 1000000, 20000},
	{"providers.record-route", "needed, always", 0, 0, 0},
	{"providers.tls", "certificate with key, ca", 0, 0, 0},
	{"providers.tls.certificate",
	 "an absolute path; a PEM file with the chain", 0, 0, 0},
	{"providers.tls.key", "an absolute path; a PEM file", 0, 0, 0},
	{"providers.tls.ca", "an absolute path; a PEM file; none", 0, 0, 0},
	{"providers.probe-source[]",
	 "an address of this host, or ADDRESS:PORT, one of a family", 0, 0, 0},
	{"providers.probe.rate", "probes a second, 1..10000", 1, 10000, 100},
	{"providers.probe.interval", "a number of seconds, 0..86400; 0 never",
	 0, 86400, 30},
	{"providers.probe.timeout", "a number of milliseconds, 100..32000", 100,
	 32000, 5000},
	{"providers.probe.down", "a number, 1..100", 1, 100, 3},
	{"providers.probe.up", "a number, 1..100", 1, 100, 2},
	{"providers.probe.from", "a sip: URI", 0, 0, 0},
	{"sip.copy", "a number, 0..1000000; 0 none, 1 all", 0, 1000000, 0},
	{"presence", "a section, beside the section registrar", 0, 0, 0},
	{"presence.allow", "domain, users, all, self", 0, 0, 0},
	{"presence.dialog-state", "full, partial", 0, 0, 0},
	{"presence.min-expires", "a number of seconds, 1..3600", 1, 3600, 60},
	{"presence.max-expires",
	 "a number of seconds, 60..604800, no less than min-expires", 60, WEEK,
	 7200},
	{"presence.default-expires",
	 "a number of seconds, min-expires..max-expires", 1, WEEK, 3600},
	{"presence.interval", "a number of milliseconds, 0..60000", 0, 60000,
	 1000},
	{"presence.subscriptions", "a number, 1..1000000", 1, 1000000, 100000},
	{"presence.publications", "a number, 1..1000000", 1, 1000000, 100000},
	{"presence.lists", "a list of lists", 0, 0, 0},
	{"presence.lists[].name", "USER@DOMAIN, of one of registrar.domains", 0,
	 0, 0},
	{"presence.lists[].members", "a list of 1..200 USER@DOMAIN", 0, 0, 0},
	{"presence.lists[].members[]", "USER@DOMAIN", 0, 0, 0},
	{"presence.tcp-above", "a number of bytes, 0..65535; 0 never", 0, 65535,
	 1300},
	{"registrar.listen", "a list of at least one listener", 0, 0, 0},
	{"registrar.listen[]",
	 "udp:, tcp:, tls:, ws: or wss:, and ADDRESS:PORT, a unicast address, "
	 "an IPv6 one in brackets, each once; tls and wss with registrar.tls "
	 "or "
	 "sip.tls",
	 0, 0, 0},
	{"registrar.domains", "a list of at least one domain", 0, 0, 0},
	{"registrar.domains[]",
	 "a host name of small letters, digits, '-' and '.', or an address, "
	 "each once",
	 0, 0, 0},
	{"registrar.trusted[]",
	 "ADDRESS/BITS, zeroes behind the prefix, each once", 0, 0, 0},
	{"registrar.contact-deny[]",
	 "ADDRESS/BITS, zeroes behind the prefix, each once", 0, 0, 0},
	{"registrar.key-file",
	 "an absolute path; the file has 32 hexadecimal digits", 0, 0, 0},
	{"registrar.min-expires", "a number of seconds, 1..3600", 1, 3600, 60},
	{"registrar.max-expires",
	 "a number of seconds, 60..604800, no less than min-expires", 60, WEEK,
	 7200},
	{"registrar.default-expires",
	 "a number of seconds, min-expires..max-expires", 1, WEEK, 3600},
	{"registrar.max-contacts", "a number, 1..1000", 1, 1000, 10},
	{"registrar.service-route",
	 "URIs in <>, with commas, at most 511 bytes", 0, 0, 0},
	{"registrar.keep-alive.interval",
	 "a number of seconds, 0..3600; 0 none", 0, 3600, 0},
	{"registrar.keep-alive.failures", "a number, 1..100", 1, 100, 3},
	{"registrar.auth.realm",
	 "1 to 128 printable ASCII characters without '\"', '\\' and ':'", 0, 0,
	 0},
	{"registrar.auth.users", path_words, 0, 0, 0},
	{"registrar.auth.algorithms",
	 "a list of SHA-512-256, SHA-256, MD5, each once", 0, 0, 0},
	{"registrar.auth.algorithms[]", "SHA-512-256, SHA-256, MD5, each once",
	 0, 0, 0},
	{"registrar.auth.nonce-lifetime", "a number of seconds, 10..86400", 10,
	 86400, 300},
	{"registrar.auth.guesses",
	 "wrong passwords a minute of one source, 0..60000; 0 no limit", 0,
	 60000, 20},
	{"registrar.auth.block",
	 "a number of seconds, 0..604800; 0: nobody is kept out", 0, WEEK, 600},
	{"registrar.auth.challenge", "kernel, agent", 0, 0, 0},
	{"registrar.tls.certificate",
	 "an absolute path; a PEM file with the chain", 0, 0, 0},
	{"registrar.tls.key", "an absolute path; a PEM file", 0, 0, 0},
	{"registrar.tls.ca", "an absolute path; a PEM file", 0, 0, 0},
	{"registrar.streams.connections", "a number, 1..1000000", 1, 1000000,
	 10000},
	{"registrar.streams.per-source", "a number, 1..1000000", 1, 1000000,
	 200},
	{"registrar.streams.idle", "a number of seconds, 10..86400", 10, 86400,
	 600},
};

/* Compares "a[12].b" with "a[].b" */
static bool same_path(const char *path, const char *pattern)
{
	for (; *path && *path == *pattern; path++, pattern++) {
		if (*path == '[')
			path += strspn(path + 1, "0123456789");
	}

	return !*path && !*pattern;
}

const struct config_rule *config_rule(const char *path)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		if (same_path(path, rules[i].path))
			return &rules[i];
	}

	return NULL;
}
