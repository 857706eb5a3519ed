/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file location/location.h  Who is where: bindings of addresses to contacts
 *
 * RFC 3261 10: an address of record (AOR) has bindings, each a contact's URI with
 * what is known about it. All are in memory; each change is in the store, safe from
 * a loss of power, before anybody here is told of it. Other nodes' changes come
 * from the store (store_watch).
 *
 * An AOR is "user@domain": the user without escapes, the domain in small letters.
 * Times are s since 1970.
 */
#ifndef CAROM_LOCATION_H
#define CAROM_LOCATION_H

#include <re.h>
#include "sip/msg.h"
#include "store/store.h"

enum {
	LOCATION_AOR = 512,   /**< bytes of an AOR, at most                */
	LOCATION_TEXT = 1024, /**< of any other text                       */
	LOCATION_Q = 1000,    /**< q=1, in thousandths                      */
	LOCATION_NODE = 63,   /**< bytes of a node's name                   */
};

#define LOCATION_KIND "registration" /**< of its records in the store */

struct location;

/** A binding. Texts are valid until the event loop goes on, or the table changes */
struct binding {
	struct pl aor;
	/** Which of the AOR's: its URI as it came first, or with outbound
	 *  "INSTANCE REG-ID" (RFC 5626 6) */
	struct pl id;
	struct pl uri; /**< of the contact, without brackets          */
	struct pl
		instance; /**< +sip.instance without quotes and brackets; unset */
	struct pl path;   /**< Path (RFC 3327): entries with commas; unset */
	struct pl callid; /**< of the REGISTER, as cseq                   */
	struct pl agent;  /**< User-Agent; unset                         */
	struct sa src; /**< the host that registered, as seen from outside its
				 NAT                                          */
	enum msg_transp transp; /**< by which it came from there             */
	bool direct;            /**< to us: no Path, src is the way back     */
	uint32_t cseq;
	uint32_t reg_id; /**< RFC 5626; 0: none                            */
	uint16_t q;      /**< 0..LOCATION_Q                                */
	uint64_t since;  /**< first registered                             */
	uint64_t refreshed;
	uint64_t expires;
	/* of this node alone, kept nowhere */
	uint32_t rtt;   /**< us of the last keep-alive's answer; 0: none yet */
	uint8_t failed; /**< keep-alives in a row without an answer         */
	bool moved; /**< as watchers are told of a refresh: it is reached another
				way now, or preferred otherwise             */
	bool elsewhere; /**< another node wrote it last: it is that one's to ask
				whether it is still there                    */
};

/**
 * Read what the store has
 *
 * @param lp     Pointer to the object (mem_deref when done, before the store)
 * @param store  Kept by the caller
 * @param node   This node's name, by which it knows its own bindings among those of
 *               others in the same store; NULL: there are no others
 * @param now    s since 1970; NULL: time(2)
 *
 * @return 0, EINVAL, ENOMEM, errno of the store
 */
int location_alloc(struct location **lp, struct store *store, const char *node,
		   uint64_t (*now)(void));

/** Return true to stop */
typedef bool(binding_h)(const struct binding *b, void *arg);

/** Bindings of an AOR that have not expired, the highest q first, of the same q the
 *  one refreshed last. @return Whether the handler stopped it */
bool location_find(const struct location *l, const struct pl *aor, binding_h *h,
		   void *arg);

/** All, in no order. The handler changes nothing in its call. @return Whether it
 *  stopped it */
bool location_each(const struct location *l, binding_h *h, void *arg);

/**
 * Some of them, so that all are seen by and by
 *
 * @param at  Where to go on, 0 at first; moved on, from the end to 0
 * @param n   So many, or a few more
 * @param h   May start changes; what it returns is of no effect
 */
void location_some(const struct location *l, size_t *at, size_t n, binding_h *h,
		   void *arg);

/** How many bindings there are, and of how many AORs */
size_t location_count(const struct location *l, size_t *aors);

/** Bytes that they take, of tables too */
size_t location_memory(const struct location *l);

/* ---- changes (change.c) --------------------------------------------------------- */

/** What happened to a binding; RFC 3680 5.3 has the same words */
enum location_event {
	LOCATION_CREATED = 0,
	LOCATION_REFRESHED, /**< also with another q, path, ...           */
	LOCATION_SHORTENED, /**< refreshed, to expire sooner than it would have */
	LOCATION_UNREGISTERED, /**< by its phone                          */
	LOCATION_EXPIRED,
	LOCATION_PROBATION,   /**< it does not answer keep-alives          */
	LOCATION_DEACTIVATED, /**< by an operator, or another in its place  */
	LOCATION_EVENTS
};

/** "created", ... */
const char *location_event_name(enum location_event ev);

struct location_op {
	enum location_event
		event;    /**< CREATED..SHORTENED put b, others remove the
					binding with its id                     */
	struct binding b; /**< of those that remove, id alone               */
};

/** 0: it is so, and watchers have been told. Else nothing has changed: ENOSPC, EIO;
 *  ECANCELED: the table is gone. Once, later */
typedef void(location_done_h)(int err, void *arg);

/**
 * Change an AOR's bindings, all or none
 *
 * @param opv  Copied
 * @param h    May be NULL
 *
 * @return 0; EBUSY: a change of this AOR is under way; EINVAL; ENOMEM; errno of
 *         store_write(): the handler will not be called
 */
int location_change(struct location *l, const struct pl *aor,
		    const struct location_op *opv, size_t opc,
		    location_done_h *h, void *arg);

/** Is a change of the AOR under way? */
bool location_busy(const struct location *l, const struct pl *aor);

/**
 * Remove one binding, or all of an AOR
 *
 * @param id  NULL: all
 * @param ev  Why: UNREGISTERED..DEACTIVATED
 *
 * @return as location_change(); ENOENT: there is none
 */
int location_remove(struct location *l, const struct pl *aor,
		    const struct pl *id, enum location_event ev,
		    location_done_h *h, void *arg);

/** A keep-alive's outcome, in memory alone. @param rtt  us; 0: no answer.
 *  @return how many have failed in a row */
unsigned location_alive(struct location *l, const struct pl *aor,
			const struct pl *id, uint32_t rtt);

/* ---- watching (watch.c) --------------------------------------------------------- */

struct location_watch;

/** b of what is gone is as it was */
typedef void(location_watch_h)(enum location_event ev, const struct binding *b,
			       void *arg);

/** Be told of each change, whoever makes it, once it is safe.
 *  @param wp  Pointer to the watch (mem_deref when done). @return 0, EINVAL, ENOMEM */
int location_watch(struct location_watch **wp, struct location *l,
		   location_watch_h *h, void *arg);

#endif
