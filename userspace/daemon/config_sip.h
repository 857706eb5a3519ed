/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_sip.h  The section `sip`
 */
#ifndef CAROM_CONFIG_SIP_H
#define CAROM_CONFIG_SIP_H

#include <re.h>
#include "carom/sipmap.h"
#include "dns/dns.h"

struct config_sip_listen {
	char *name;
	struct sa addr, advertised;
	unsigned transp; /**< index in config_sip_transpv             */
	bool own;        /**< no other edge has the address            */
};

struct config_sip_set {
	char *name;
	uint32_t id; /**< in the dispatcher list */
	bool kamailio, record_route, path, auth, own;
};

struct config_sip_rule {
	struct sip_rule rule; /**< set is the index in setv; domain the index in
				 domainv + 1                             */
};

struct config_sip_net {
	struct sa addr;
	unsigned bits;
	uint32_t flags; /**< SIP_NET_*                                  */
	uint32_t set;   /**< index in setv, or SIP_NONE                  */
};

/** Codes of answers, from min to max */
struct config_sip_codes {
	uint16_t min, max;
};

enum { CONFIG_SIP_MD5 = 0, CONFIG_SIP_SHA256, CONFIG_SIP_ALGS };
enum { CONFIG_SIP_REALM = 128 /**< bytes, at most */ };

struct config_sip_auth {
	char *realm; /**< NULL: no section `auth`                          */
	char *users; /**< path                                            */
	unsigned algv[CONFIG_SIP_ALGS]; /**< most preferred first          */
	size_t algc;
	uint32_t nonce_lifetime; /**< s                                   */
	uint32_t guesses; /**< wrong answers a minute; 0: no limit         */
	bool bind_source, match_from;
};

struct config_sip {
	bool on; /**< the section is there                              */
	struct config_sip_listen *listenv;
	size_t listenc;
	char *key_file;
	char **domainv;
	size_t domainc;
	bool force_rport, reverse_path;
	char *dispatcher;
	struct config_sip_set *setv;
	size_t setc;
	struct config_sip_rule *rulev;
	size_t rulec;
	struct config_sip_net *netv;
	size_t netc;
	struct {
		uint32_t rate, burst; /**< messages a second; 0: no limit */
	} limitv[SIP_CLASS_MAX];
	struct {
		uint32_t interval, timeout, down, up; /**< s, ms          */
		bool marked; /**< only those whose flags have 8           */
		struct config_sip_codes *acceptv; /**< alive              */
		size_t acceptc;
		char *from;
		unsigned listener;  /**< index in listenv; ~0: any       */
		unsigned listener6; /**< the same for IPv6               */
	} probe;
	struct config_sip_auth auth;
	struct dns_conf dns;
	uint32_t dns_waiting; /**< messages at a time              */
	uint32_t copy; /**< a copy of each n'th message; 0: none           */
	uint32_t tcp_above; /**< bytes of a request, 18.1.1; 0: never     */
	struct {
		char *certificate, *key; /**< NULL: there is no TLS        */
		char *ca;                /**< NULL: servers are not verified */
		unsigned min_version;    /**< 12, 13                        */
	} tls;
	struct {
		uint32_t connections, per_source;
		uint32_t idle; /**< s                                    */
	} streams;
};

enum {
	CONFIG_UDP = 0,
	CONFIG_TCP,
	CONFIG_TLS,
	CONFIG_WS,
	CONFIG_WSS,
	CONFIG_TRANSPS
};

/** "udp", "tcp", "tls", "ws", "wss" */
extern const char *const config_sip_transpv[CONFIG_TRANSPS];
/** "MD5" for CONFIG_SIP_MD5 */
extern const char *const config_sip_algv[CONFIG_SIP_ALGS];

struct config_err;

/** 32 hexadecimal digits. @param e  On error says what is wrong.
 *  @return 0, EBADMSG, or errno of open(2) */
int config_read_key(uint64_t key[2], const char *path, struct config_err *e);

void config_sip_free(struct config_sip *s);

/** `sip.dns` alone. @return 0 or errno */
int config_print_dns(struct re_printf *pf, const struct config_sip *s);

/** @return 0 or errno */
int config_sip_print(struct re_printf *pf, const struct config_sip *s);

#endif
