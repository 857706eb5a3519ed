/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrar/challenge.h  401 by the kernel, as the registrar would have answered
 *
 * A REGISTER without credentials asks for nothing but a nonce, and a nonce takes no
 * memory (digest/nonce.h). So the kernel can answer it, from what is said here; the
 * REGISTER that comes with credentials then is the registrar's.
 */
#ifndef CAROM_REGISTRAR_CHALLENGE_H
#define CAROM_REGISTRAR_CHALLENGE_H

#include "carom/sipmap.h"
#include "registrar/registrar.h"

/**
 * What a REGISTER without credentials gets in the domain of number i
 *
 * @param domain  Result: in small letters; the registrar's
 *
 * @return 0; ENOENT: there are no more domains, or nobody is asked for credentials;
 *         EOVERFLOW: the kernel has no room for it; ENOMEM
 */
int registrar_challenge(const struct registrar *r, size_t i, struct pl *domain,
			struct sip_realm *realm);

#endif
