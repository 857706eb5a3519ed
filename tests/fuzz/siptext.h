/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fuzz/siptext.h  SIP messages for the fuzzers
 *
 * An input is a byte that says how, one that says from where, and the message.
 * Linking this gives a target a mutator that knows lines and headers, and the
 * torture messages to start from.
 */
#ifndef TESTS_FUZZ_SIPTEXT_H
#define TESTS_FUZZ_SIPTEXT_H

#include "edge/forward.h"

/** What the first byte says */
enum {
	HOW_FORCE_RPORT = 0x01,
	HOW_UNSIGNED = 0x02, /**< a response's branch stays as it is      */
};

/**
 * Put the right branch into a response's topmost Via, where one of ours could
 * be: else no mutation would ever get as far as being forwarded
 */
void siptext_sign(const struct policy *p, char *text, size_t n);

/** What left must be a message for the next hop too. @return Whether all of it was
 *  looked at */
bool siptext_read(struct msg *m, const struct pl *text);

/** What holds for each request that leaves. in: as it came; text: as it leaves */
void siptext_check_request(const struct policy *p, const struct msg *in,
			   const struct pl *text);

/** And for each response */
void siptext_check_response(const struct msg *in, const struct pl *text);

#endif
