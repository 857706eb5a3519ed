/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/turn_priv.h  Requests and peers of an allocation; private to userspace/ice
 */
#ifndef CAROM_ICE_TURN_PRIV_H
#define CAROM_ICE_TURN_PRIV_H

#include "ice/turn.h"

enum {
	TURN_RTO = 500, /* ms until a request is sent again (RFC 8489 6.2.1) */
	TURN_TRIES = 7, /* and how often it is sent                        */
	TURN_PATIENCE = 16, /* times TURN_RTO, for the last one's answer      */
	TURN_DOORS = 4, /* times that a request is made anew for a nonce   */
};

struct turn_peer;

/** What a request asks for */
enum turn_ask { ASK_ALLOCATE = 0, ASK_REFRESH, ASK_PERMIT, ASK_BIND };

/** A request that waits for its answer */
struct turn_req {
	bool open;
	enum turn_ask ask;
	uint8_t tid[STUN_TID_SIZE];
	struct mbuf *mb;   /* as it is sent                              */
	bool keyed;        /* with credentials                           */
	unsigned sent;     /* times                                      */
	unsigned doors;    /* times that it was made                     */
	uint64_t rto, due; /* ms                                       */
};

struct turn_peer {
	struct sa addr;
	struct turn_req req;
	/* of all peers of one address the first has the permission */
	bool permitted, refused;
	uint64_t permit_due; /* ms: asked for anew                      */
	bool bind, bound;    /* a channel is wanted, is there          */
	uint16_t channel;    /* its number; 0: was given none           */
	uint64_t bind_due;   /* ms                                      */
	struct mbuf *held;   /* waits for the permission               */
};

struct turn {
	enum turn_state state;
	enum turn_why why;
	char said[160];
	char user[TURN_USER + 1], pass[TURN_USER + 1];
	char realm[TURN_WORDS + 1], nonce[TURN_WORDS + 1];
	uint8_t key[MD5_SIZE];
	int af;
	struct sa relayed, mapped, alternate;
	struct turn_req req;  /* of the allocation itself              */
	uint64_t refresh_due; /* ms                                    */
	struct turn_peer peerv[TURN_PEERS];
	unsigned peerc;
	uint16_t channels; /* numbers given so far: none is given twice */
	turn_send_h *sendh;
	turn_data_h *datah;
	void *arg;
};

/* turn_req.c */

/** Make a request and send it; p: of whom it is, or NULL */
void req_open(struct turn *t, struct turn_req *r, enum turn_ask ask,
	      const struct turn_peer *p, uint64_t now);
void req_close(struct turn_req *r);

enum req_got {
	REQ_OTHERS = 0, /* it is not its answer, or not to be believed */
	REQ_AGAIN,      /* asked anew, as the server wants it         */
	REQ_GRANTED,
	REQ_REFUSED, /* code says why                              */
};

/** An answer that came */
enum req_got req_answered(struct turn *t, struct turn_req *r,
			  const struct turn_peer *p, const struct stun_msg *msg,
			  uint16_t *code, uint64_t now);
/** Send it again if it is time. @return false: there will be no answer */
bool req_tick(struct turn *t, struct turn_req *r, uint64_t now);

/* turn_peer.c */

void peers_tick(struct turn *t, uint64_t now, uint64_t *next);
/** @return whether it was an answer to one of theirs */
bool peers_answered(struct turn *t, const struct stun_msg *msg, uint64_t now);
void peers_close(struct turn *t);
/** Go on with a channel of before */
void peers_resume(struct turn *t, const struct sa *addr, uint16_t channel);
bool peers_data(struct turn *t, const uint8_t *p, size_t n);
void peers_indicated(struct turn *t, const struct stun_msg *msg);

/* turn.c */

void turn_over(struct turn *t, enum turn_why why);
/** at UINT64_MAX: never */
void turn_sooner(uint64_t *next, uint64_t at);

#endif
