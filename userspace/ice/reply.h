/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/reply.h  Checks of the other side: are they good, and what is answered
 *                    (RFC 8445 7.3, RFC 8489 6.3, 9.1.3)
 */
#ifndef CAROM_ICE_REPLY_H
#define CAROM_ICE_REPLY_H

#include <re.h>
#include "ice/lite.h"

enum { ICE_MSG_MAX = 1280 /**< bytes; longer ones are nothing to us */ };

/**
 * Decode a STUN message of ICE: Binding, with a cookie and a FINGERPRINT that is right
 *
 * @param msgp  Set to it (mem_deref when done)
 * @param ua    Attributes that have to be understood, and are not
 *
 * @return 0, EBADMSG, ENOMEM
 */
int ice_decode(struct stun_msg **msgp, struct stun_unknown_attr *ua,
	       const uint8_t *p, size_t n);

/**
 * Is a request one for us, by name and password? If not, the error is in out
 *
 * @return 0, EACCES (the answer is in out), ENOMEM
 */
int ice_admit(const struct lite *l, const struct stun_msg *msg,
	      const struct stun_unknown_attr *ua, struct mbuf *out);

/** The answer to a good one: where it came from. @return 0, ENOMEM */
int ice_succeed(struct mbuf *out, const struct stun_msg *msg,
		const struct lite *l, const struct sa *src);

/** An error; l NULL: without integrity. Nothing is written on failure.
 *  @return 0, ENOMEM */
int ice_refuse(struct mbuf *out, const struct stun_msg *msg, uint16_t code,
	       const char *why, const struct lite *l);

#endif
