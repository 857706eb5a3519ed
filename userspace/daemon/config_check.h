/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_check.h  From what the file says to what it means
 */
#ifndef CAROM_CONFIG_CHECK_H
#define CAROM_CONFIG_CHECK_H

#include "daemon/config.h"
#include "daemon/config_raw.h"
#include "daemon/config_tree.h"

/** The raw file and where it stood, while it is looked through */
struct config_src {
	const struct raw_config *raw;
	const struct config_tree *tree;
	struct config_err *e;
};

/** All but the next two. @return 0, EBADMSG, ENOMEM */
int config_fill(struct config *c, const struct config_src *src);
/** An absolute path, or the default. @return 0, EBADMSG, ENOMEM */
int config_fill_path(char **out, const struct config_src *src, const char *key,
		     const char *value, const char *def);
/** `store`, `store-password`, `store-replicas` */
int config_fill_store(struct config *c, const struct config_src *src);
int config_print_store(struct re_printf *pf, const struct config *c);
/** Interfaces, their ports, and the leg table that they need */
int config_fill_media(struct config *c, const struct config_src *src);
/** `media.turn`, after the interfaces; none is fine */
int config_fill_turn(struct config *c, const struct config_src *src);
/** Listeners of the ng protocol; after the interfaces */
int config_fill_ng(struct config *c, const struct config_src *src);
/** Listeners for Prometheus; none is fine */
int config_fill_metrics(struct config *c, const struct config_src *src);
/** ADDRESS:PORT, an IPv6 address in brackets. @return 0, EINVAL */
int config_addr_port(struct sa *sa, const char *s);
/** Where the API is served; after `control` */
int config_fill_api(struct config *c, const struct config_src *src);
/** The section `presence`, after `registrar`; none is fine */
int config_fill_presence(struct config *c, const struct config_src *src);
/** The section `hep`; none is fine */
int config_fill_hep(struct config *c, const struct config_src *src);
/** The section `providers`; none is fine */
int config_fill_providers(struct config *c, const struct config_src *src);
/** The section `sip`; none is fine */
int config_fill_sip(struct config *c, const struct config_src *src);

/** The section `registrar`, after `sip`; none is fine */
int config_fill_registrar(struct config *c, const struct config_src *src);

/** May it stand between quotes in a header, and between colons in a file? */
bool config_realm_ok(const char *s);

/** `sip.dns`, defaults where it says nothing */
int config_fill_dns(struct config_sip *s, const struct config_src *src);
/** `sip.probe`, defaults where it says nothing; after the listeners */
int config_fill_probe(struct config_sip *s, const struct config_src *src);
/** Its part `sip.auth`, after the sets */
int config_fill_sip_auth(struct config_sip *s, const struct config_src *src);

/** `sip.tls`, `sip.streams`, `sip.tcp-above`; after the listeners */
int config_fill_streams(struct config_sip *s, const struct config_src *src);
/** No listener's port is one of media's */
int config_check_ports(const struct config *c, const struct config_src *src);

/** Print a text double-quoted, so that nothing in it is YAML's */
int config_quoted(struct re_printf *pf, const char *s);

/** "1024-2047" to its ends. @return 0 or EINVAL */
int config_port_range(const char *s, uint16_t *min, uint16_t *max);

#endif
