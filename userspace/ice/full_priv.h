/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/full_priv.h  Pairs, and the checks on them; private to userspace/ice
 */
#ifndef CAROM_ICE_FULL_PRIV_H
#define CAROM_ICE_FULL_PRIV_H

#include "ice/full.h"

enum pair_state {
	PAIR_WAITING = 0, /**< to be checked in its turn                   */
	PAIR_PROGRESS,    /**< a check is under way                        */
	PAIR_SUCCEEDED,
	PAIR_FAILED,
};

/** A check that waits for its answer */
struct trans {
	uint8_t tid[STUN_TID_SIZE];
	unsigned sent;    /**< times                                        */
	uint64_t due;     /**< ms: is sent again, or is given up             */
	uint64_t rto;     /**< ms                                           */
	bool use;         /**< it nominates                                 */
	bool controlling; /**< the role that it says                      */
};

/** Our candidate, and one of theirs */
struct pair {
	struct sa addr;
	bool relayed;  /**< ours is at the relay                        */
	uint32_t prio; /**< of their candidate                          */
	enum pair_state state;
	uint32_t queued; /**< place among triggered checks, 0 none           */
	bool nominated;  /**< controlled: they want it; else: we do          */
	struct trans t;
};

struct full {
	struct lite us;
	char ufrag[LITE_NAME_MAX + 1];
	char pwd[LITE_NAME_MAX + 1];
	bool peer_lite, controlling, ended;
	uint64_t tie;
	struct pair v[FULL_PAIRS];
	unsigned n;
	uint32_t queue; /**< last place that was given               */
	uint64_t paced; /**< ms: no check begins before                */
	uint64_t
		first_good; /**< ms: when a first pair was found to do, 0 none */
	uint64_t last_news; /**< ms: of a candidate, or our begin          */
	enum full_state state;
	struct sa selected;
	bool selected_relayed;
	uint64_t selected_prio;
	uint64_t consent_at;  /**< ms: the last answer                    */
	uint64_t consent_due; /**< ms: we ask again                       */
	uint8_t askedv[CONSENT_ASKED][STUN_TID_SIZE];
	unsigned asked;
	full_send_h *sendh, *relayh;
	void *arg;
};

enum {
	LOCAL_PREF =
		65535, /**< local preference (RFC 8445 5.1.2.1) of the host */
	RELAY_PREF =
		65534, /**< of the relay: the other side may learn of both by
			       checks, and then they are of one type       */
};

/* full_pairs.c */

/** RFC 8445 6.1.2.3 */
uint64_t pair_prio(const struct full *x, const struct pair *p);
struct pair *pair_find(struct full *x, bool relayed, const struct sa *addr);
/** One more, or the one that there is. @return NULL: no room */
struct pair *pair_add(struct full *x, bool relayed, const struct sa *addr,
		      uint32_t prio);
/** Put behind the triggered checks that wait (RFC 8445 6.1.4.1) */
void pair_trigger(struct full *x, struct pair *p);
/** Whose turn it is, or NULL */
struct pair *pair_next(struct full *x);
/** It is the one from now on, if none that is better is */
void pair_select(struct full *x, const struct pair *p, uint64_t now);
/** Who controls: nominate if it is time. @return ms when it will be, 0 nothing waits */
uint64_t pairs_nominate(struct full *x, uint64_t now);
/** Is any of them still hoped for? */
bool pairs_hope(const struct full *x);

/* full_check.c */

/** Begin a check, or send it again */
void check_begin(struct full *x, struct pair *p, uint64_t now);
void check_again(struct full *x, struct pair *p, uint64_t now);
/** Ask whether we may go on sending */
void consent_ask(struct full *x, uint64_t now);
/** An answer came */
bool check_answered(struct full *x, bool relayed, const struct sa *src,
		    const struct stun_msg *msg, uint64_t now);
/** A request came that is good by name and password */
void check_asked(struct full *x, bool relayed, const struct sa *src,
		 const struct stun_msg *msg, uint64_t now);

#endif
