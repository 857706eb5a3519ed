/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrar/registrar.h  REGISTER, answered (RFC 3261 10.3)
 *
 * Bindings of several contacts with q, by Call-ID and CSeq; expiry within bounds;
 * Path (RFC 3327), Outbound (5626), GRUU (5627), Service-Route (3608); Digest by
 * MD5, SHA-256, SHA-512-256 (8760). A 200 leaves when the binding is safe from a
 * loss of power (location.h), and not before. There is no transaction: who sends a
 * REGISTER again is answered again, with the bindings there are.
 */
#ifndef CAROM_REGISTRAR_H
#define CAROM_REGISTRAR_H

#include <re.h>
#include "digest/digest.h"
#include "location/location.h"
#include "registrar/extension.h"
#include "sip/sip.h"

enum {
	REGISTRAR_DOMAINS = 64,
	REGISTRAR_CONTACTS = 64, /**< of one REGISTER                     */
	REGISTRAR_ROUTE = 512,   /**< bytes of a Service-Route            */
};

struct registrar;

/** A source has guessed too often: keep it out for so many seconds */
typedef void(registrar_block_h)(const struct sa *src, uint32_t seconds,
				void *arg);

struct registrar_conf {
	const char *const *domainv; /**< small letters; at least one       */
	size_t domainc;
	uint32_t min_expires, max_expires, default_expires; /**< s           */
	uint32_t max_contacts;     /**< of an AOR                           */
	bool gruu;                 /**< give GRUUs to who asks for them     */
	const char *service_route; /**< value of Service-Route; NULL: none  */
	/* Digest; what edges have done is not asked for again */
	bool authenticate;
	const char *realm; /**< NULL: the AOR's domain                     */
	const char *users; /**< file (digest/users.h) of those that are no
				extensions; NULL: none                       */
	enum digest_alg algv[DIGEST_ALGS]; /**< most preferred first        */
	size_t algc;
	uint32_t nonce_lifetime; /**< s                                    */
	uint32_t guesses; /**< wrong answers a minute of a source; 0: any   */
	uint32_t block;   /**< s that one is kept out that goes on; 0: not  */
	/* OPTIONS to each contact */
	uint32_t alive_interval; /**< s between two; 0: none                */
	uint32_t alive_failures; /**< in a row, until a binding is removed  */
	bool refresh_events; /**< each refresh is an event (api/), not only one
				by which a contact has moved                */
	uint64_t key[2];     /**< of nonces and temporary GRUUs             */
};

/** What has come of REGISTERs */
struct registrar_stats {
	uint64_t accepted;   /**< 200                                       */
	uint64_t challenged; /**< 401 to who had no credentials             */
	uint64_t stale;      /**< 401: nonce is old, or was used            */
	uint64_t wrong;      /**< 401: wrong password, or no such user       */
	uint64_t held;       /**< not answered: the source guesses           */
	uint64_t blocked;    /**< sources kept out                          */
	uint64_t refused;    /**< 400, 403, 404, 420, 439, 500              */
	uint64_t brief;      /**< 423                                       */
	uint64_t full;       /**< 503: too many contacts                    */
	uint64_t failed;     /**< 503: the store could not keep it          */
	uint64_t alive_sent, alive_answered, alive_lost;
	uint64_t rtt_sum; /**< us of those that were answered                */
};

/**
 * @param rp    Pointer to the object (mem_deref when done, before node and location)
 * @param conf  Copied; users are read
 * @param node  Referenced: REGISTER becomes ours
 * @param loc   Referenced
 * @param ext   Referenced
 * @param why   Result: says what is wrong
 *
 * @return 0, EINVAL, ENOMEM, errno of the users' file
 */
int registrar_alloc(struct registrar **rp, const struct registrar_conf *conf,
		    struct sip_node *node, struct location *loc,
		    struct extensions *ext, char *why, size_t sz);

/** As a verify_ha1_h, for others who ask for the same secrets; arg: the registrar */
const char *registrar_ha1(const struct pl *user, const struct pl *domain,
			  const struct pl *realm, enum digest_alg alg,
			  void *arg);

/** Another configuration; nothing changes on an error. @return as registrar_alloc() */
int registrar_renew(struct registrar *r, const struct registrar_conf *conf,
		    char *why, size_t sz);

/** Be told of sources that guess too often. @param h  NULL: not any more */
void registrar_block(struct registrar *r, registrar_block_h *h, void *arg);

/** The realm of all; "": each domain's own */
const char *registrar_realm(const struct registrar *r);

/** conf.refresh_events, in force */
bool registrar_refresh_events(const struct registrar *r);

/** @param s  Result: counted since registrar_alloc() */
void registrar_stats(const struct registrar *r, struct registrar_stats *s);

/** What a contact said to an OPTIONS */
struct registrar_answer {
	struct pl id, uri; /**< of the binding                              */
	bool reachable;
	uint16_t code;      /**< of its answer; 0: none                     */
	uint32_t rtt;       /**< us; of an answer                           */
	const char *reason; /**< its phrase, or why there is no answer      */
};

/** Of all contacts, as location_find() has them, or ECANCELED: the registrar goes. Once.
 *  Texts are valid during the call */
typedef void(registrar_qualify_h)(int err, const struct registrar_answer *v,
				  size_t n, void *arg);

enum {
	REGISTRAR_QUALIFY = 8000,  /**< ms until no answer is one          */
	REGISTRAR_QUALIFIES = 256, /**< addresses that are asked at a time  */
};

/**
 * Send an OPTIONS to each contact of an AOR, now
 *
 * An answer is taken as a keep-alive's; that there is none is said, and counts for
 * nothing.
 *
 * @param h  Called later
 *
 * @return 0; ENOENT: nobody is registered there; EBUSY; ENOMEM
 */
int registrar_qualify(struct registrar *r, const struct pl *aor,
		      registrar_qualify_h *h, void *arg);

/**
 * The AOR that a URI of ours names, a GRUU too (RFC 5627)
 *
 * @param aor       Result, in buf
 * @param instance  Result, in buf: of a GRUU, else unset
 *
 * @return 0; ENOENT: no domain of ours, or a temporary GRUU that holds no more;
 *         EOVERFLOW
 */
int registrar_aor(const struct registrar *r, struct pl *aor,
		  struct pl *instance, char *buf, size_t sz,
		  const struct pl *uri);

#endif
