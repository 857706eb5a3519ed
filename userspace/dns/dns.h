/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dns/dns.h  Names looked up, and remembered for as long as they hold
 *
 * A cache in front of libre's DNS client. Whoever needs a record looks into the
 * cache first (dns_cached, no allocation, no packet), and asks only where there is
 * none (dns_ask). Each question has a socket and a port of its own, so that an
 * answer is hard to forge (RFC 5452 9.2); the same question is asked once,
 * however many wait for it; an answer cut off is asked for by TCP (RFC 7766).
 *
 * Times are tmr_jiffies(). One thread.
 */
#ifndef CAROM_DNS_H
#define CAROM_DNS_H

#include <re.h>
#include "base/ports.h"

enum {
	DNS_SERVERS = 8,      /**< asked, the first before the others      */
	DNS_NAME = 254,       /**< a name in text, with its zero           */
	DNS_RECORDS = 64,     /**< of one name and type; more are left out */
	DNS_QUESTIONS = 64,   /**< at a time                               */
	DNS_TTL_FAILED = 5,   /**< s, for which a failure is remembered    */
	DNS_TTL_MISSING = 60, /**< s, at most, that a name is not there    */
};

struct dns_conf {
	struct sa serverv[DNS_SERVERS];
	uint32_t serverc;   /**< 0: those of /etc/resolv.conf         */
	uint32_t timeout;   /**< ms, of a question, 1..                */
	uint32_t ttl_min;   /**< s, that any record is kept, 1..       */
	uint32_t ttl_max;   /**< s, ttl_min..                          */
	uint32_t entries;   /**< of the cache, 1..; the longest unused
				      go first                              */
	struct ports avoid; /**< that no question is sent from          */
};

struct dns_record {
	struct sa addr;    /**< A, AAAA; port 0                             */
	uint16_t priority; /**< SRV; of NAPTR the order                     */
	uint16_t weight;   /**< SRV; of NAPTR the preference                */
	uint16_t port;     /**< SRV                                         */
	char *name;        /**< SRV: target, empty for "." (RFC 2782: there
			      is no such service); NAPTR: replacement      */
	char *service;     /**< NAPTR                                       */
};

/**
 * What is known of a name and type. Records are in an order that does not depend
 * on the one they came in: by priority, weight, port, name, address.
 */
struct dns_set {
	int err;          /**< 0; ENOENT: there are none; ETIMEDOUT: nobody
			     answered; EPROTO: a server failed or talked
			     nonsense                                      */
	uint64_t expires; /**< ms                                          */
	char *alias;      /**< CNAME whose records the answer did not have  */
	struct dns_record *recv;
	size_t recc;
};

struct dns;
struct dns_ask;

/**
 * @param dp    Pointer to the object (mem_deref when done: who waits is not
 *              called any more)
 * @param conf  Copied
 *
 * @return 0, EINVAL, ENOMEM. No server is no error: whoever asks is told
 */
int dns_alloc(struct dns **dp, const struct dns_conf *conf);

/** Another configuration, as good as that of dns_alloc(); dns_reload() by it.
 *  Questions under way go on by the old one */
void dns_renew(struct dns *d, const struct dns_conf *conf);

/** Read /etc/resolv.conf again where the servers are its, and forget all that
 *  was remembered */
void dns_reload(struct dns *d);

/**
 * What the cache has
 *
 * @param name  Any letter case, with or without a dot at its end
 * @param type  DNS_TYPE_A, _AAAA, _SRV, _NAPTR
 *
 * @return Valid until the next call of dns_cached() for the same, or until the
 *         event loop goes on; NULL: it has to be asked for
 */
const struct dns_set *dns_cached(struct dns *d, const struct pl *name,
				 uint16_t type);

/** The cache has an answer now, good or bad: dns_cached() for the same question
 *  finds it. The ask is gone */
typedef void(dns_ask_h)(void *arg);

/**
 * Ask
 *
 * Never calls h before it returns.
 *
 * @param ap    Pointer to the ask; mem_deref to lose interest. Set to NULL before
 *              h is called
 *
 * @return 0; EINVAL: no name that could be asked for; ENOTCONN: no server is
 *         known; EBUSY: DNS_QUESTIONS are under way; ENOMEM, errno
 */
int dns_ask(struct dns_ask **ap, struct dns *d, const struct pl *name,
	    uint16_t type, dns_ask_h *h, void *arg);

/** Could it be a host's name? Labels of letters, digits, - and _, 1..63 bytes
 *  each, 253 in all (RFC 1035 2.3.4) */
bool dns_name_ok(const struct pl *name);

#endif
