/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/key.h  Branches, tags and tokens: what the shared key vouches for
 */
#ifndef CAROM_EDGE_KEY_H
#define CAROM_EDGE_KEY_H

#include "carom/sipkey.h"
#include "edge/policy.h"

enum {
	KEY_BRANCH = SIP_COOKIE_LEN + SIP_HEX_LEN + 2 + 1,
	KEY_TAG = SIP_TAG_LEN + SIP_HEX_LEN + 1,
	KEY_TOKEN = 1 + 1 + 2 + 2 * (1 + 32 + 4) + SIP_HEX_LEN + 1,
};

/** What a flow's token says (RFC 5626 5.1): the connection, or the source of
 *  datagrams, that leads to a client; and which edge it ends at */
struct key_flow {
	enum msg_transp transp;
	unsigned listener; /**< that the client came to                    */
	struct sa peer;    /**< the client, as seen from there             */
	struct sa holder;  /**< advertised address of the edge's own       */
};

/**
 * The branch of our Via in front of `next` (docs/sip.md)
 *
 * @param reply     Where the response will go by it
 * @param listener  That the request came to
 */
void key_branch(char text[KEY_BRANCH], const struct policy *p,
		const struct msg *m, const struct msg_via *next,
		const struct sa *reply, unsigned listener);

/** The listener that a branch of ours names; -1: it is none of ours */
int key_branch_listener(const struct pl *branch);

/** The tag of our own reply to the request (8.2.7: the same each time) */
void key_tag(char text[KEY_TAG], const struct policy *p, const struct msg *m);

/** Keyed hash of the Call-ID: what selects a target, and finds it again */
uint64_t key_call(const struct policy *p, const struct msg *m);

/** A flow's token: the user part of a URI */
void key_token(char text[KEY_TOKEN], const struct policy *p,
	       const struct key_flow *f);

/** @return 0; EBADMSG: no token; EACCES: not one that the edges have made */
int key_token_check(const struct policy *p, const struct pl *text,
		    struct key_flow *f);

#endif
