/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/strans.h  Server transactions over a wire (RFC 3261 17.2, RFC 6026)
 */
#ifndef CAROM_PROVIDER_STRANS_H
#define CAROM_PROVIDER_STRANS_H

#include "provider/trans.h"

struct strans;
struct stranss;

/** The request was cancelled (of an INVITE), or its transaction is over; arg may be
 *  gone from then on */
typedef void(strans_cancel_h)(void *arg);

int stranss_alloc(struct stranss **sp, struct wire *w);

/**
 * Does the request belong to a transaction that is there? A retransmission has its
 * last response again, an ACK for a failure ends it, a CANCEL is answered and told
 *
 * @return Whether it was settled so: nothing else is to be done with it
 */
bool stranss_take(struct stranss *ss, const struct wire_in *in);

/**
 * Begin one
 *
 * @param sp  Pointer to the object (strans_release when done)
 * @param h   An INVITE was cancelled; may be NULL
 *
 * @return 0; EINVAL: its Via can't be used; ENOMEM
 */
int strans_alloc(struct strans **sp, struct stranss *ss,
		 const struct wire_in *in, strans_cancel_h *h, void *arg);

/** Nobody is interested any more; it goes on by itself as long as it must.
 *  @return NULL */
void *strans_release(struct strans *s);

/** Send a response, which is a reference; code is its status */
void strans_send(struct strans *s, uint16_t code, struct mbuf *mb);

/**
 * Answer it ourselves
 *
 * @param lines  Further headers, each with its CRLF; NULL: none
 */
int strans_answer(struct strans *s, const struct msg *req, uint16_t code,
		  const char *phrase, const char *lines);

/** Answer a request that has no transaction */
int stranss_answer(struct stranss *ss, const struct wire_in *in, uint16_t code,
		   const char *phrase, const char *lines);

/** Where responses go */
const struct sa *strans_peer(const struct strans *s);

size_t stranss_count(const struct stranss *ss);

#endif
