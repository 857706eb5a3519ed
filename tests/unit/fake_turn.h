/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file unit/fake_turn.h  A TURN server of one client, in the test's own time: it forgets
 *                         what is not renewed, and fails as it is told
 */
#ifndef TESTS_UNIT_FAKE_TURN_H
#define TESTS_UNIT_FAKE_TURN_H

#include <re.h>

enum {
	FAKE_TURN_PEERS = 40,
	FAKE_TURN_PERMIT = 300000,  /**< ms (RFC 8656 9)   */
	FAKE_TURN_CHANNEL = 600000, /**< ms (RFC 8656 12)  */
	FAKE_TURN_METHODS = 16,
};

struct fake_turn_peer {
	struct sa addr;
	uint16_t channel;
	uint64_t until;
};

struct fake_turn {
	/* as it is to be: */
	const char *user, *pass, *realm;  /**< user NULL: everybody         */
	uint32_t lifetime;                /**< s that it grants             */
	uint16_t fail[FAKE_TURN_METHODS]; /**< code for each method, 0 none  */
	unsigned fails;                   /**< times that it does so        */
	bool mute;                        /**< it is not there              */
	bool unsigned_;    /**< what it grants has no integrity             */
	struct sa relayed; /**< that it gives; port 0: none in particular   */
	struct sa mapped;
	struct sa alternate; /**< said with a refusal; AF_UNSPEC: none      */
	struct sa forbidden; /**< a peer's address that it does not serve   */
	void (*client)(const uint8_t *p, size_t n, void *arg);
	void (*peer)(const struct sa *peer, const uint8_t *p, size_t n,
		     void *arg);
	void *arg;
	/* as it is: */
	char nonce[32];
	unsigned nonces;
	bool up;
	uint8_t tid[STUN_TID_SIZE]; /**< of the request that it was made by */
	uint64_t until, now; /**< ms                                        */
	struct fake_turn_peer permitv[FAKE_TURN_PEERS],
		channelv[FAKE_TURN_PEERS];
	unsigned permits, channels;
	unsigned asked[FAKE_TURN_METHODS]; /**< requests of each method      */
	unsigned refused, dropped; /**< requests; packets of either side     */
	unsigned chandata;         /**< that came from the client            */
};

void fake_turn_init(struct fake_turn *f);
/** The nonce that it gave is stale from now on */
void fake_turn_stale(struct fake_turn *f);
/** It starts again, and knows nothing */
void fake_turn_restart(struct fake_turn *f);
/** A datagram of the client's; time is f->now */
void fake_turn_recv(struct fake_turn *f, const uint8_t *p, size_t n);
/** A datagram of a peer's, to f->relayed */
void fake_turn_peer(struct fake_turn *f, const struct sa *from,
		    const uint8_t *p, size_t n);
bool fake_turn_permits(const struct fake_turn *f, const struct sa *peer);

#endif
