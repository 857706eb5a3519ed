/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digest/brake.h  Sources that guess passwords, slowed down
 *
 * A token bucket of wrong answers for each source (an IPv6 source is its /64). A
 * source that has spent it is not believed, nor answered, until the next token: it
 * has so many guesses a minute, and no more. One phone with a wrong password
 * behind a NAT stays far below, and its neighbours do not suffer for it. The table
 * is bounded; where it is full, the source that owes least is forgotten.
 */
#ifndef CAROM_DIGEST_BRAKE_H
#define CAROM_DIGEST_BRAKE_H

#include <re.h>

struct brake;

/**
 * Without a limit
 *
 * @param bp  Pointer to the object (mem_deref when done)
 *
 * @return 0, EINVAL, ENOMEM
 */
int brake_alloc(struct brake **bp);

/** @param per_minute  Wrong answers that a source may give, at once and then each
 *                     minute, 1..60000; 0: any number */
void brake_limit(struct brake *b, uint32_t per_minute);

/** Has the source spent all? @param now  ms, of a clock that never goes back */
bool brake_held(struct brake *b, const struct sa *src, uint64_t now);

/** It gave a wrong answer */
void brake_wrong(struct brake *b, const struct sa *src, uint64_t now);

#endif
