/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/sipusers.h  A registrar for the bed: who is registered, and with what
 *
 * Users are of the domain example.com, which is the bed's only one, and of nothing
 * else. What is changed here is told to the kernel, as the edge does it.
 */
#ifndef TESTS_BPF_SIPUSERS_H
#define TESTS_BPF_SIPUSERS_H

#include "edge/registered.h"
#include "sipbed.h"

#define SU_DOMAIN "example.com"

/** There is a registrar, nobody registered yet, and no rule for it */
void su_source(struct sipbed *s);

/** After sb_reset(): the first rule is for registered users, with `flags`
 *  (SIP_RULE_*) besides; the second one is set 0's. Nobody is registered yet */
void su_open(struct sipbed *s, uint16_t flags);

/** Before sb_teardown(), or another su_open() */
void su_close(struct sipbed *s);

/**
 * The user has this contact too, and the latest one is the best
 *
 * @param user  NULL: there is none of the name any more
 * @param uri   NULL: he has no contact
 * @param path  NULL: none
 * @param src   Address that his REGISTER came from; NULL: as the URI says
 * @param life  s
 */
void su_bind(struct sipbed *s, const char *user, const char *uri,
	     const char *path, const char *src, uint16_t sport, int life);

/** He is known, and has no contacts any more */
void su_unbind(struct sipbed *s, const char *user);

/** There is nobody of the name */
void su_forget(struct sipbed *s, const char *user);

/** As the kernel sees him; false: it does not */
bool su_get(struct sipbed *s, const char *user, struct sip_user *u);

#endif
