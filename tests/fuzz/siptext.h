/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fuzz/siptext.h  SIP messages for the fuzzers
 *
 * An input is a byte that says how, one that says from where, and the message or a
 * recipe for one.
 */
#ifndef TESTS_FUZZ_SIPTEXT_H
#define TESTS_FUZZ_SIPTEXT_H

#include "edge/forward.h"

/** What the first byte says */
enum {
	HOW_FORCE_RPORT = 0x01,
	HOW_UNSIGNED = 0x02, /**< a response's branch stays as it is      */
};

/** And the second: no message follows, but what to change in a good one. Else
 *  next to nothing of what is tried would be forwarded */
#define SIPTEXT_RECIPE 0x80

#define SIPTEXT_HEAD 2 /* bytes in front of the message */

#define SIPTEXT_MAX 2300

/**
 * The message that an input stands for, signed where it is a response
 *
 * @param text  SIPTEXT_MAX bytes
 *
 * @return Its length; 0: there is none
 */
size_t siptext_make(char *text, const struct policy *p, const uint8_t *data,
		    size_t size);

/** What left must be a message for the next hop too. @return Whether all of it was
 *  looked at */
bool siptext_read(struct msg *m, const struct pl *text);

/** What holds for each request that leaves. in: as it came; text: as it leaves */
void siptext_check_request(const struct policy *p, const struct msg *in,
			   const struct pl *text);

/** And for each response */
void siptext_check_response(const struct msg *in, const struct pl *text);

#endif
