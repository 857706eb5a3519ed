/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/full.h  ICE as its full side does it (RFC 8445), for one data stream of one
 *                   component: checks of our own, nomination, and the consent of who is
 *                   sent to (RFC 7675)
 *
 * Knows no socket and no clock: what is to be sent is handed over, and the time, in ms
 * of any clock that does not go back, comes with each call. We have one address, a host
 * candidate, so a pair is as good as the candidate of the other side that is in it; and
 * perhaps another one at a TURN server, whose pairs come behind all of these.
 * Each stream has its checks for itself: none is frozen for another one's sake.
 */
#ifndef CAROM_ICE_FULL_H
#define CAROM_ICE_FULL_H

#include <re.h>
#include "ice/lite.h"

enum {
	FULL_CANDS = 32, /**< of the other side; what is more is left out */
	FULL_PAIRS = 2 * FULL_CANDS, /**< with a relay                        */
	FULL_TA = 50,        /**< ms between checks (RFC 8445 14.2)         */
	FULL_RTO = 500,      /**< ms, at least, until one is sent again      */
	FULL_TRIES = 7,      /**< and how often at most (RFC 8489 6.2.1)     */
	FULL_PATIENCE = 16,  /**< times RTO, for the last one's answer       */
	FULL_NOMINATE = 300, /**< ms that a pair waits for a better one     */
	FULL_NOMINATE_RELAY = 700, /**< the same, of one by a relay: until the
				      others' checks were sent twice       */
	FULL_FAIL = 39500,    /**< ms that we wait for candidates and checks  */
	CONSENT_EVERY = 5000, /**< ms, 0.8 to 1.2 times (RFC 7675 5.1)      */
	CONSENT_LIFE = 30000, /**< ms without an answer, then it is lost    */
	CONSENT_ASKED = 8,    /**< whose answers may still come            */
};

enum full_state {
	FULL_CHECKING = 0, /**< no pair is selected                         */
	FULL_UP,           /**< one is, and who is there wants what we send */
	FULL_FAILED,       /**< there was none in all the time               */
	FULL_LOST, /**< consent has ended: nothing may be sent until ICE begins
			anew, with another name and password               */
};

struct full;

/** Sends to dst from our address */
typedef void(full_send_h)(const struct sa *dst, const uint8_t *p, size_t n,
			  void *arg);

/** Our address at a TURN server, and ours as the server sees it */
struct full_relay {
	struct sa relayed, mapped;
};

struct full_conf {
	struct lite us;    /**< our name and password                       */
	bool controlling;  /**< as of now: a conflict may change it         */
	const char *ufrag; /**< theirs: copied                              */
	const char *pwd;
	bool peer_lite; /**< it makes no checks: we are controlling           */
	full_send_h *sendh;
	full_send_h *relayh; /**< sends by the relay; NULL: there is none     */
	void *arg;
};

/**
 * Begin
 *
 * @param xp  Pointer to the object (mem_deref when done)
 *
 * @return 0, EINVAL, ENOMEM
 */
int full_alloc(struct full **xp, const struct full_conf *conf, uint64_t now);

/**
 * A candidate of the other side (RFC 8445 5.3, 6.1.2.2): known ones and ones of another
 * family than the first are left out
 *
 * @param prio  Its priority, 1..2^31-1
 *
 * @return 0, ENOSPC
 */
int full_candidate(struct full *x, const struct sa *addr, uint32_t prio,
		   uint64_t now);

/** There will be no more of them (RFC 8838 13) */
void full_end(struct full *x);

/** Go on where a former process was: with a pair that was selected. The other side has
 *  given its consent as of now
 *
 *  @param relayed  It is by the relay */
void full_resume(struct full *x, const struct sa *pair, bool relayed,
		 uint64_t now);

/** There is no relay any more: FULL_LOST if the pair that is selected was by it */
void full_relay_gone(struct full *x);

/**
 * Take in a STUN message that came to our address
 *
 * Requests are answered at once by the send handler; refusals of who has not our
 * password are handed to who calls, who bounds them.
 *
 * @param relayed  It came by the relay
 * @param refusal  Set to an error that may be sent to src (mem_deref), or NULL
 *
 * @return Whether it was for us and good: state and pair may have changed
 */
bool full_recv(struct full *x, bool relayed, const struct sa *src,
	       const uint8_t *p, size_t n, uint64_t now, struct mbuf **refusal);

/** Do what is due. @return ms until there is more to do, -1 never */
int64_t full_tick(struct full *x, uint64_t now);

enum full_state full_state(const struct full *x);
const char *full_state_name(enum full_state state);

/** The pair that is selected: where the other side is. AF_UNSPEC: none */
const struct sa *full_selected(const struct full *x);
/** Is it by the relay? */
bool full_selected_relayed(const struct full *x);

bool full_controlling(const struct full *x);

/** ms since the other side has last consented, of a pair that is selected */
uint64_t full_consent_age(const struct full *x, uint64_t now);

/**
 * Read "FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE ..." of
 * a=candidate (RFC 8839 5.1)
 *
 * @return 0; EBADMSG; ENOTSUP one that nothing can be done with: another component than
 *         the first, TCP, a name instead of an address
 */
int full_cand_decode(struct sa *addr, uint32_t *prio, const struct pl *val);

/** Priority of our candidate at the relay (RFC 8445 5.1.2.1) */
uint32_t full_relay_priority(void);
/** "candidate:..." of it (RFC 8839 5.1), for re_printf's %H; arg: struct full_relay */
int full_relay_candidate(struct re_printf *pf, const struct full_relay *r);

#endif
