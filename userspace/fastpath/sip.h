/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/sip.h  The maps that SIP is forwarded by
 *
 * What the agent tells the kernel (carom/sipmap.h), and what that counted.
 * Functions return 0 or an errno value unless said otherwise. Changes take
 * force at once, one entry after the other: who adds a target does so before it
 * gives it slots.
 */
#ifndef CAROM_FASTPATH_SIP_H
#define CAROM_FASTPATH_SIP_H

#include "fastpath/fastpath.h"
#include "carom/sipmap.h"

struct fp_sip;

/**
 * Open the maps
 *
 * @param sp        Pointer to the object (mem_deref when done)
 * @param pin_dir   NULL: CAROM_PIN_DIR
 * @param readonly  For views; writers get EACCES
 *
 * @return 0, ENOENT when nothing is attached (e says so), else errno
 */
int fp_sip_open(struct fp_sip **sp, const char *pin_dir, bool readonly,
		struct fp_err *e);

/** Forget all but the counters: nothing is forwarded until fp_sip_on() */
int fp_sip_clear(struct fp_sip *s);

/** The settings, mapped: the agent writes them in place. Flags last, by
 *  fp_sip_on() */
struct sip_conf *fp_sip_conf(struct fp_sip *s);

/** Forward from now on (SIP_CONF_ON), or leave all to the agent */
void fp_sip_on(struct fp_sip *s, bool on);

bool fp_sip_is_on(const struct fp_sip *s);

/** Number of UDP listeners that the kernel knows of */
unsigned fp_sip_listeners(const struct fp_sip *s);

/**
 * A UDP listener: its texts are made here
 *
 * @param i           0..SIP_LISTENERS - 1
 * @param laddr       Address and port that we are bound to
 * @param advertised  What others are told; NULL: the same
 * @param ifindex     Device that has the address; 0: any
 */
int fp_sip_listener(struct fp_sip *s, unsigned i, const struct sa *laddr,
		    const struct sa *advertised, unsigned ifindex);

/** An address and port of ours; of listener i, or SIP_LISTENERS where UDP is not
 *  listened for */
int fp_sip_self(struct fp_sip *s, const struct sa *sa, unsigned i);

/** What leaves by a device leaves from listener i, where what it came to is of
 *  another device. One for each family; device 0: by those that have none;
 *  SIP_EXIT_OWN: what goes to nodes of sets with SIP_SET_OWN */
int fp_sip_exit(struct fp_sip *s, unsigned ifindex, bool v6, unsigned i);

/**
 * A network
 *
 * @param bits   0..32 or 0..128
 * @param flags  SIP_NET_*
 * @param set    Index of the set for a trunk's new dialogs, or SIP_NONE
 */
int fp_sip_net(struct fp_sip *s, const struct sa *sa, unsigned bits,
	       uint32_t flags, uint32_t set);
int fp_sip_net_del(struct fp_sip *s, const struct sa *sa, unsigned bits);

/** A domain of ours, at most SIP_DOMAIN_MAX bytes; id from 1 */
int fp_sip_domain(struct fp_sip *s, const struct pl *name, uint32_t id);

/** It is none of ours any more; in small letters */
int fp_sip_domain_del(struct fp_sip *s, const struct pl *name);

/** Forget what sources have used up of their limits */
int fp_sip_forgive(struct fp_sip *s);

/** All rules at once, in order. @return E2BIG for more than SIP_RULES */
int fp_sip_rules(struct fp_sip *s, const struct sip_rule *v, size_t n);

/** The rule's prefix of users, at most 16 bytes */
int fp_sip_rule_user(struct sip_rule *r, const struct pl *prefix);

/**
 * Put a set's table in force: written beside the one that is, then swapped
 *
 * @param i      0..SIP_SETS - 1
 * @param id     Of the dispatcher list, for those who look
 * @param flags  SIP_SET_*
 * @param slotv  Numbers of targets, SIP_NONE for nobody
 * @param n      0..SIP_SLOTS
 */
int fp_sip_set(struct fp_sip *s, unsigned i, uint32_t id, uint32_t flags,
	       const uint16_t *slotv, size_t n);

/**
 * A target of a set: a node that may be sent to
 *
 * @param sa      Its address; NULL: it is no node any more, and calls that began
 *                with it find it by the address that stays in the entry
 * @param usable  Is it alive?
 */
int fp_sip_target(struct fp_sip *s, unsigned set, unsigned number,
		  const struct sa *sa, bool usable);

/** A target as the kernel sees it, with its figures; NULL out of range */
const struct sip_target *fp_sip_target_get(const struct fp_sip *s, unsigned set,
					   unsigned number);
const struct sip_set *fp_sip_set_get(const struct fp_sip *s, unsigned i);

/**
 * Where a call went that began before its set changed; only for SIP_STICKY_NS
 * after it did
 *
 * @param call    Keyed hash of the Call-ID
 * @param invite  An INVITE, which leaves a target that is dead
 *
 * @return 0, ENOENT
 */
int fp_sip_stuck(const struct fp_sip *s, unsigned set, uint64_t call,
		 bool invite, struct sa *dst);

/**
 * Where the table that was in force before a set changed has a call; only for
 * SIP_STICKY_NS after it did
 *
 * @param hash  What the set spreads calls by
 *
 * @return 0, ENOENT
 */
int fp_sip_before(const struct fp_sip *s, unsigned set, uint32_t hash,
		  struct sa *dst);

/** Did the call's INVITE go over a stream, as fp_sip_remember() was told? */
bool fp_sip_streamed(const struct fp_sip *s, unsigned set, uint64_t call);

/** The call went to this target; stream: not as a datagram */
int fp_sip_remember(struct fp_sip *s, unsigned set, unsigned number,
		    uint64_t call, bool stream);

/* sipuser.c */

/**
 * A user of the registrar, by the keyed hash of his name (SIP_KEY_USER)
 *
 * @param u  Written as it is; its `changed` stays what it was where the entry has
 *           the same id already, else it is now
 *
 * @return 0; E2BIG: the table is full. Until the next fp_sip_clear() all who are not
 *         in it are the agent's to know
 */
int fp_sip_user(struct fp_sip *s, uint64_t key, struct sip_user *u);
/** @return 0, ENOENT */
int fp_sip_user_get(const struct fp_sip *s, uint64_t key, struct sip_user *u);
void fp_sip_user_del(struct fp_sip *s, uint64_t key);

/**
 * A registered user is at the address by UDP
 *
 * @param expires  CLOCK_MONOTONIC ns; a later one that the entry has stays
 *
 * @return 0, E2BIG
 */
int fp_sip_phone(struct fp_sip *s, const struct sa *sa, uint64_t expires);

/** Is one there now? */
bool fp_sip_phone_at(const struct fp_sip *s, const struct sa *sa);

/** Take out entries that have expired, of the next `most` in the table, round and
 *  round. @return how many went */
size_t fp_sip_phones_sweep(struct fp_sip *s, size_t most);

/** The contact that a call went to: sip_user.id. @param call  Keyed hash of the
 *  Call-ID, and the user's key over it. @return 0, ENOENT */
int fp_sip_called(const struct fp_sip *s, uint64_t call, uint32_t *id);
int fp_sip_call(struct fp_sip *s, uint64_t call, uint32_t id);

/* sipregistrar.c */

/** The kernel answers for no registrar any more, and knows of none */
int fp_sip_registrar_clear(struct fp_sip *s);

/** A registrar of ours is asked at this address by UDP. @return 0, EINVAL, E2BIG */
int fp_sip_registrar_at(struct fp_sip *s, const struct sa *sa);

/**
 * A domain that is registered in, and what REGISTER without credentials is answered by
 *
 * @return 0, EINVAL (name or text is too long), E2BIG
 */
int fp_sip_realm(struct fp_sip *s, const struct pl *domain,
		 const struct sip_realm *realm);

/** The kernel answers from now on, for as long as fp_sip_registrar_alive() says so */
void fp_sip_registrar_on(struct fp_sip *s, const struct siphash *tag,
			 uint64_t chance);

/** The agent is alive, for so many ms more */
void fp_sip_registrar_alive(struct fp_sip *s, uint32_t ms);

/** CLOCK_MONOTONIC ns, as the kernel's programs read it */
uint64_t fp_sip_now(void);

/** "INVITE" for SCAN_M_INVITE, "OTHER" for SCAN_M_OTHER; NULL: no such */
const char *fp_sip_method(unsigned method);
/** "invite" for SIP_CLASS_INVITE; NULL: no such */
const char *fp_sip_class(unsigned class);

/** Messages of a kind (SIP_COUNT_*), all CPUs together */
int fp_sip_count(const struct fp_sip *s, unsigned kind, struct sip_count *c);

/** One copied message; text holds c->len bytes */
typedef void(fp_sip_copy_h)(const struct sip_copy *c, const char *text,
			    void *arg);

/** Hand over the copies that the ring sip_copies holds. For one reader on the host:
 *  carom capture */
int fp_sip_copies(struct fp_sip *s, fp_sip_copy_h *h, void *arg);

/** Those of sip_hops: what sip_conf.hop_every asks for. For one reader on the host:
 *  the agent */
int fp_sip_hops(struct fp_sip *s, fp_sip_copy_h *h, void *arg);

/** An address of SIP's maps */
void fp_sip_addr(struct sa *sa, const uint8_t addr[16], uint16_t port);

#endif
