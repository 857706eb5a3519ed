/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file presence/presence.h  Who is there: SUBSCRIBE, NOTIFY, PUBLISH
 *
 * RFC 6665, RFC 3903 and, for lists, RFC 4662; for presence (PIDF, 3856, 3863), dialog (4235), message-summary
 * (3842) and reg (3680). Of an address of record (AOR) there is an event state for each of
 * these packages, put together of what was published, of its registrations and of what
 * others here know (presence_dialog(), presence_mailbox()). Who subscribes has a dialog
 * with us, and is told of the state: at once, and when it changes.
 *
 * Subscriptions and publications are in the store before they are answered, and each NOTIFY
 * before it is sent: after a restart they go on with the next CSeq and the next version.
 *
 * One thread, that of the event loop.
 */
#ifndef CAROM_PRESENCE_H
#define CAROM_PRESENCE_H

#include <re.h>
#include "digest/verify.h"
#include "event/event.h"
#include "location/location.h"
#include "sip/sip.h"
#include "store/store.h"

enum {
	PRESENCE_DOMAINS = 64,
	PRESENCE_BODY = 65536,      /**< bytes of a PUBLISH's body           */
	PRESENCE_PUBLICATIONS = 16, /**< of an AOR and package               */
	PRESENCE_DIALOGS = 256,     /**< of an AOR                          */
	PRESENCE_LISTS = 256,
	PRESENCE_MEMBERS = 200, /**< of a list                              */
};

enum presence_package {
	PRESENCE_PRESENCE = 0, /**< "presence"                             */
	PRESENCE_DIALOG,       /**< "dialog"                               */
	PRESENCE_SUMMARY,      /**< "message-summary"                      */
	PRESENCE_REG,          /**< "reg": nobody publishes it             */
	PRESENCE_PACKAGES
};

/** Who may subscribe to presence and dialog. The other two are for the AOR itself */
enum presence_allow {
	PRESENCE_ALLOW_DOMAIN = 0, /**< users of the AOR's domain          */
	PRESENCE_ALLOW_USERS,      /**< users of any domain of ours         */
	PRESENCE_ALLOW_ALL,  /**< anybody, and nobody is asked who he is */
	PRESENCE_ALLOW_SELF, /**< the AOR itself alone               */
};

/** Does a user exist? */
typedef bool(presence_known_h)(const struct pl *user, const struct pl *domain,
			       void *arg);

/** A list (RFC 4662): one subscription to all of its members, for presence and dialog.
 *  Names are "user@domain", the domain in small letters */
struct presence_list {
	const char *aor; /**< of a domain of ours                         */
	const char *const *memberv;
	size_t memberc; /**< 1..PRESENCE_MEMBERS                            */
};

struct presence_conf {
	const char *const *domainv; /**< small letters; at least one       */
	size_t domainc;
	uint32_t min_expires, max_expires, default_expires; /**< s           */
	uint32_t
		interval; /**< ms at least between two NOTIFYs of a subscription,
			      but for the answer to a SUBSCRIBE             */
	uint32_t subscriptions; /**< in all, at most                        */
	uint32_t publications;  /**< in all, at most                        */
	uint32_t datagram; /**< bytes of a NOTIFY, above which it goes by TCP
				 where the subscriber takes it (RFC 3261 18.1.1);
				 0: never                                 */
	const struct presence_list *listv;
	size_t listc; /**< 0..PRESENCE_LISTS                                */
	enum presence_allow allow;
	bool partial; /**< dialog: tell what changed alone (RFC 4235 3.4)     */
	/* Digest; what edges have done is not asked for again */
	bool authenticate;
	const char *realm; /**< NULL: the user's domain                    */
	enum digest_alg algv[DIGEST_ALGS]; /**< most preferred first        */
	size_t algc;
	uint32_t nonce_lifetime; /**< s                                    */
	uint32_t guesses;   /**< wrong answers a minute of a source; 0: any */
	uint64_t key[2];    /**< of nonces                            */
	verify_ha1_h *ha1h; /**< with authenticate                     */
	presence_known_h *knownh; /**< NULL: whoever is asked for           */
	void *arg;                /**< of both                              */
	uint64_t (*now)(void);    /**< s since 1970; NULL: time(2)           */
};

struct presence_stats {
	uint64_t subscribed, refreshed, unsubscribed,
		fetched;               /**< SUBSCRIBEs */
	uint64_t published, withdrawn; /**< PUBLISHs   */
	uint64_t challenged, refused;  /**< both: 401; 4xx and 5xx            */
	uint64_t notified, notify_failed, coalesced; /**< NOTIFYs; changes that
							went with another     */
	uint64_t expired; /**< subscriptions and publications               */
	size_t subscriptions, publications; /**< now                        */
};

struct presence;

/**
 * @param pp      Pointer to the object (mem_deref when done, before node, store and loc)
 * @param conf    Copied
 * @param node    Referenced: SUBSCRIBE and PUBLISH become ours
 * @param store   Kept by the caller
 * @param loc     Referenced; NULL: nothing is known of registrations
 * @param events  Referenced: presence.changed is told there; NULL: nowhere
 *
 * @return 0, EINVAL, ENOMEM, errno of the store
 */
int presence_alloc(struct presence **pp, const struct presence_conf *conf,
		   struct sip_node *node, struct store *store,
		   struct location *loc, struct events *events);

/** Another configuration; nothing changes on an error. @return 0, EINVAL, ENOMEM */
int presence_renew(struct presence *p, const struct presence_conf *conf);

/** @param s  Result: counted since presence_alloc() */
void presence_stats(const struct presence *p, struct presence_stats *s);

/** "presence", ...; NULL: no such */
const char *presence_name(enum presence_package pkg);

/* ---- what others here know (known.c) ------------------------------------------- */

/** RFC 4235 3.7.1 */
enum presence_call {
	PRESENCE_TRYING = 0,
	PRESENCE_PROCEEDING,
	PRESENCE_EARLY,
	PRESENCE_CONFIRMED,
	PRESENCE_TERMINATED, /**< it is forgotten once it has been told        */
};

/** A call of an AOR */
struct presence_dialog {
	struct pl id; /**< that tells it from others of the AOR; 1..255 bytes */
	struct pl call_id, local_tag, remote_tag; /**< or unset             */
	bool recipient; /**< it was called                                  */
	enum presence_call state;
	struct pl remote,
		display; /**< URI and name of the other side; or unset */
};

/** A call begins, changes or ends. @return 0, EINVAL, ENOSPC, ENOMEM */
int presence_dialog(struct presence *p, const struct pl *aor,
		    const struct presence_dialog *d);

/** Messages in a mailbox */
struct presence_mailbox {
	uint32_t fresh, old, urgent_fresh, urgent_old;
};

/** Called once it is safe in the store, or could not be: ENOSPC, EIO */
typedef void(presence_done_h)(int err, void *arg);

/**
 * A mailbox's counts, in place of what was published; m NULL: not known any more
 *
 * @param h  May be NULL
 *
 * @return 0, EINVAL, ENOMEM, errno of store_write(): h will not be called
 */
int presence_mailbox(struct presence *p, const struct pl *aor,
		     const struct presence_mailbox *m, presence_done_h *h,
		     void *arg);

/**
 * What is known of an AOR, as JSON: "presence" {"basic", "notes", "tuples"}, "dialogs",
 * "mailbox", "subscriptions" (numbers by package)
 *
 * @param op  mem_deref when done
 *
 * @return 0, ENOENT (nothing is), ENOMEM
 */
int presence_get(struct odict **op, const struct presence *p,
		 const struct pl *aor);

/**
 * Set a state of presence by hand, as if it had been published; until it is set again
 *
 * @param basic  "open", "closed"; NULL: not set any more
 * @param note   Or NULL
 * @param h      May be NULL
 *
 * @return 0, EINVAL, ENOMEM, errno of store_write(): h will not be called
 */
int presence_set(struct presence *p, const struct pl *aor, const char *basic,
		 const char *note, presence_done_h *h, void *arg);

/** Each AOR of which something is known, or somebody wants to know. Return true to stop */
typedef bool(presence_aor_h)(const struct pl *aor, void *arg);
/** @return Whether the handler stopped it */
bool presence_each(const struct presence *p, presence_aor_h *h, void *arg);

/** End all subscriptions to an AOR: there is none any more ("noresource"), or
 *  an operator wants them to be made anew ("deactivated") */
void presence_end(struct presence *p, const struct pl *aor, bool gone);

#endif
