/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipmsg.h  SIP messages of the benchmark: what passes an edge most
 */
#ifndef CAROM_BENCH_SIPMSG_H
#define CAROM_BENCH_SIPMSG_H

#include "common.h"

#define SIPMSG_KEY0 0x0706050403020100ull /**< bench-edge has the same */
#define SIPMSG_KEY1 0x0f0e0d0c0b0a0908ull
#define SIPMSG_NEAR_PORT 5062 /**< of the phone that asks                  */
#define SIPMSG_FAR_PORT 5070  /**< of the phone that is answered           */

enum sipmsg_kind { SIPMSG_DIALOG, SIPMSG_INVITE, SIPMSG_RESPONSE };

/** Addresses in text */
struct sipmsg_addr {
	const char *near, *edge, *far;
	const char *user; /**< that an INVITE is for; NULL: bob             */
	uint16_t port;    /**< of the phone that asks; 0: SIPMSG_NEAR_PORT   */
};

/** Kind by name, or die */
enum sipmsg_kind sipmsg_kind(const char *name);

/**
 * The n'th message. All of a kind have the same length
 *
 * @param run  Tells runs apart: Call-IDs differ
 *
 * @return Bytes written to text
 */
size_t sipmsg_make(char *text, size_t sz, enum sipmsg_kind kind,
		   const struct sipmsg_addr *a, uint32_t run, uint32_t n);

/** Source port of the kind's messages */
uint16_t sipmsg_sport(enum sipmsg_kind kind);

#endif
