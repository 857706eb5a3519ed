/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/turn.h  A TURN client's allocation (RFC 8656), by UDP
 *
 * Knows no socket and no clock: what is to be sent to the server is handed over, and the
 * time, in ms of any clock that does not go back, comes with each call. Requests are sent
 * again by RFC 8489 6.2.1; who we are is shown by its long-term credentials (9.2): MD5,
 * MESSAGE-INTEGRITY, and a nonce that may become stale. What has to be renewed is: the
 * allocation, permissions (300 s), channels (600 s).
 */
#ifndef CAROM_ICE_TURN_H
#define CAROM_ICE_TURN_H

#include <re.h>

enum {
	TURN_PEERS = 32,      /**< that may be sent to                     */
	TURN_LIFETIME = 600,  /**< s that are asked for                    */
	TURN_USER = 512,      /**< bytes of a name, RFC 8489 14.3: 508     */
	TURN_WORDS = 763,     /**< bytes of a realm or a nonce (14.9, .10) */
	TURN_DATAGRAM = 1600, /**< bytes that go to a peer, or come from one */
	TURN_PERMIT_MS = 240000, /**< until a permission is renewed           */
	TURN_BIND_MS = 540000,   /**< until a channel is                      */
	TURN_AGAIN_MS = 60000,   /**< until a peer that had no room is asked for
				   anew                                     */
};

enum turn_state {
	TURN_ASKING = 0, /**< there is no answer yet                        */
	TURN_UP,         /**< there is an address of ours at the server     */
	TURN_ENDING,     /**< it is given back                              */
	TURN_OVER,       /**< there is none, or none any more: turn_why()    */
};

/** Why it is over */
enum turn_why {
	TURN_RELEASED = 0, /**< we wanted it                               */
	TURN_SILENT,       /**< the server does not answer                 */
	TURN_DENIED,       /**< it does not know us: 401, 403, 441          */
	TURN_FULL,         /**< it has no more for us: 486, 508              */
	TURN_CLASH,        /**< our port has an allocation: 437             */
	TURN_UNFIT, /**< it cannot do what we ask: 300, 400, 420, 440, 442 */
	TURN_FAULT, /**< 500, and whatever else                      */
	TURN_LOST,  /**< it knows nothing of it any more: 437, 441    */
	TURN_WHYS
};

struct turn;

/** Sends to the server from the port that the allocation is of */
typedef void(turn_send_h)(const uint8_t *p, size_t n, void *arg);
/** A datagram that a peer sent to our address at the server */
typedef void(turn_data_h)(const struct sa *peer, const uint8_t *p, size_t n,
			  void *arg);

/** What outlives a process */
struct turn_kept {
	struct sa relayed, mapped;
	struct sa peer;   /**< that has the channel; AF_UNSPEC: none does     */
	uint16_t channel; /**< 0: none                                     */
};

struct turn_conf {
	const char *user, *pass;      /**< copied                            */
	int af;                       /**< of the address that is asked for */
	const struct turn_kept *kept; /**< go on with that; NULL: a new one */
	turn_send_h *sendh;
	turn_data_h *datah;
	void *arg;
};

/**
 * Begin: it asks with the first turn_tick()
 *
 * @param tp  Pointer to the object (mem_deref when done; see turn_end())
 *
 * @return 0, EINVAL (also: user or pass are too long), ENOMEM
 */
int turn_alloc(struct turn **tp, const struct turn_conf *conf);

/** A datagram of the server's. @return whether it was of use */
bool turn_recv(struct turn *t, const uint8_t *p, size_t n, uint64_t now);

/** Do what is due. @return ms until there is more to do, -1 never */
int64_t turn_tick(struct turn *t, uint64_t now);

enum turn_state turn_state(const struct turn *t);
enum turn_why turn_why(const struct turn *t);
const char *turn_why_name(enum turn_why why);
/** What the server said last when it refused something: "403 Forbidden"; "" nothing */
const char *turn_said(const struct turn *t);

/** Where it refers us to (300, RFC 8489 10); AF_UNSPEC: nowhere */
const struct sa *turn_alternate(const struct turn *t);

/** Our address at the server, and ours as it sees it; AF_UNSPEC: none yet */
const struct sa *turn_relayed(const struct turn *t);
const struct sa *turn_mapped(const struct turn *t);

/** Let a peer send to us: its permission is asked for with the next turn_tick().
 *  @return 0, EAFNOSUPPORT */
int turn_permit(struct turn *t, const struct sa *peer);

/** Have a channel for a peer, which makes what goes either way shorter.
 *  @return 0, EAFNOSUPPORT */
int turn_bind(struct turn *t, const struct sa *peer);
/** Its number; 0: none (yet) */
uint16_t turn_channel(const struct turn *t, const struct sa *peer);

/** The other peers are of no use any more: nothing of theirs is renewed */
void turn_only(struct turn *t, const struct sa *peer);

/**
 * Send to a peer, by its channel or in an indication. Until its permission is there one
 * datagram waits for it, the last
 *
 * @return 0, ENOTCONN (it is not up), EMSGSIZE, EAFNOSUPPORT, EACCES (refused), ENOMEM
 */
int turn_send(struct turn *t, const struct sa *peer, const uint8_t *p,
	      size_t n);

/** Give it back: TURN_ENDING until the server has answered, or for as long as it is asked.
 *  One that is not up is over at once */
void turn_end(struct turn *t);

/** What a successor goes on with. @return false: it is not up */
bool turn_keep(const struct turn *t, struct turn_kept *kept);

/**
 * A name and a password that hold until a certain time, made of a secret that the server
 * has, too (draft-uberti-behave-turn-rest-00 2.2)
 *
 * @param until  s since 1970
 * @param name   That the time is put before; may be ""
 *
 * @return 0, EOVERFLOW
 */
int turn_credentials(char *user, size_t user_size, char *pass, size_t pass_size,
		     const char *secret, const char *name, uint64_t until);
/** The password alone, of a name that was made before */
int turn_password(char *pass, size_t pass_size, const char *secret,
		  const char *user);

#endif
