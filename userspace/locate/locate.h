/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file locate/locate.h  From a SIP URI's name to address and transport (RFC 3263)
 *
 * NAPTR, SRV, A and AAAA, as 4.1 and 4.2 have it. One walk from the name to the
 * address is made over the cache alone; where a record is missing there, it is
 * asked for, and the walk is made anew. So a name that is known costs nothing but
 * the walk.
 *
 * We keep no state of a transaction, so the choice among equals is not random but
 * follows from the caller's key: the same for a retransmission, CANCEL and ACK
 * (RFC 3263 4.4, RFC 3261 16.11).
 */
#ifndef CAROM_LOCATE_H
#define CAROM_LOCATE_H

#include <re.h>
#include "dns/dns.h"
#include "sip/msg.h"

enum {
	LOCATE_DOWN = 30000,   /**< ms, that an address is avoided            */
	LOCATE_QUESTIONS = 32, /**< for one name, one after the other       */
};

struct locate_want {
	struct pl host;
	uint16_t port;          /**< 0: the URI has none                  */
	enum msg_transp transp; /**< of the URI; MSG_TRANSP_MAX: has none */
	bool secure;            /**< sips:                                */
	/** 1 << transport, where we have a listener of IPv4, of IPv6 */
	uint32_t have[2];
	uint64_t key;            /**< selects among equals                  */
	const struct sa *prefer; /**< address to stay with as long as it is one
				    of several; may be NULL               */
};

struct locate_found {
	struct sa addr;
	enum msg_transp transp;
	uint64_t expires; /**< ms: when a record that led here ends        */
};

/** The record that is missing */
struct locate_miss {
	struct pl name;
	uint16_t type;
	char text[DNS_NAME]; /**< that name may point to                  */
};

struct locator;

/**
 * @param lp       Pointer to the object (mem_deref when done)
 * @param dns      Referenced
 * @param timeout  ms, for a name with all its records; not 0
 *
 * @return 0, EINVAL, ENOMEM
 */
int locator_alloc(struct locator **lp, struct dns *dns, uint32_t timeout);

/** Another timeout, for lookups that begin from now on */
void locator_timeout(struct locator *l, uint32_t timeout);

/**
 * By what is in the cache
 *
 * @param miss  May be NULL
 *
 * @return 0; EAGAIN: miss has to be asked for; ENOENT: there is no such name, or
 *         it has no address; EHOSTUNREACH: its records say that there is no such
 *         service, or none by our transports; ETIMEDOUT, EPROTO: no usable answer
 *         came; EINVAL: that is no name
 */
int locate_cached(const struct locator *l, const struct locate_want *w,
		  struct locate_found *f, struct locate_miss *miss);

struct locating;

/** locate_cached() gives the result now, whatever it is; err: why not. The
 *  locating is gone */
typedef void(locate_h)(int err, void *arg);

/**
 * Have all records that it takes looked up
 *
 * @param lp  mem_deref to lose interest; set to NULL before h is called
 * @param w   Copied, but for prefer: NULL in the copy
 * @param h   Never called before this returns
 *
 * @return 0 or as dns_ask()
 */
int locate(struct locating **lp, struct locator *l, const struct locate_want *w,
	   locate_h *h, void *arg);

/** A message is sent to what has been found: from now on locate_refused() heeds
 *  the address */
void locate_given(struct locator *l, const struct locate_found *f);

/** The address refused or could not be reached: for LOCATE_DOWN it is taken only
 *  where there is no other */
void locate_refused(struct locator *l, const struct sa *addr);

/** Is it avoided at present? */
bool locate_down(const struct locator *l, const struct sa *addr);

/* order.c */

/**
 * The order in which SRV records are tried (RFC 2782): by priority, of equal ones
 * by weight, with the key for chance
 *
 * @param v    Of DNS_TYPE_SRV
 * @param orderv  Filled with set->recc indexes
 */
void locate_order_srv(uint8_t orderv[DNS_RECORDS], const struct dns_set *set,
		      uint64_t key);

/** The same for addresses, which have neither */
void locate_order_addr(uint8_t orderv[DNS_RECORDS], const struct dns_set *set,
		       uint64_t key);

#endif
