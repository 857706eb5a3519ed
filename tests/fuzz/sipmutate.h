/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fuzz/sipmutate.h  What a SIP message can be changed with
 */
#ifndef TESTS_FUZZ_SIPMUTATE_H
#define TESTS_FUZZ_SIPMUTATE_H

#include <stddef.h>
#include <stdint.h>

/** Words, header lines, and what divides them */
extern const char *const sip_wordv[];
extern const size_t sip_wordc;

/**
 * A line out (how 0), in once more (1), or to another place (2)
 *
 * @param n  More than 0
 *
 * @return The new length
 */
size_t sip_move_line(uint8_t *p, size_t n, size_t max, unsigned how,
		     unsigned *seed);

#endif
