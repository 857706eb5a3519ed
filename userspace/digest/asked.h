/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digest/asked.h  The credentials of a request, for whoever answers it himself
 *
 * What a registrar and presence have in common, beside verify.h.
 */
#ifndef CAROM_DIGEST_ASKED_H
#define CAROM_DIGEST_ASKED_H

#include "digest/verify.h"
#include "sip/msg.h"

/**
 * The first Authorization of the realm, by an algorithm that is asked for; of many, those
 * behind the first sixteen are not looked at
 *
 * @param c  Result; valid as long as m
 *
 * @return 0; ENOENT: there is none; EBADMSG: it is malformed
 */
int asked_find(struct cred *c, const struct verify *v, const struct msg *m,
	       const struct pl *realm);

/**
 * What makes the request this one, and no other (verify_in). Credentials say nothing of
 * Contact, Expires or the body: who repeats them with others repeats nothing
 */
uint64_t asked_hash(const struct msg *m, const struct cred *c,
		    const uint64_t key[2]);

#endif
