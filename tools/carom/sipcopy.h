/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipcopy.h  A copied SIP message: shown, or put into a packet again
 */
#ifndef CAROM_SIPCOPY_H
#define CAROM_SIPCOPY_H

#include "carom.h"
#include "fastpath/sip.h"

enum { SIPCOPY_PACKET = 40 + 8 + 2048 /**< of the largest packet         */ };

/**
 * The packet that the message came in, from its IP header on: checksums right,
 * hop limit 64
 *
 * @param buf  SIPCOPY_PACKET bytes
 *
 * @return Length; 0 for a message that is too long
 */
size_t sipcopy_packet(uint8_t *buf, const struct sip_copy *c, const char *text);

/**
 * Print the message: who sent it, where it went or why it went to the agent, and
 * the text
 *
 * @param ns     When, ns since 1970
 * @param brief  Only the first line
 */
void sipcopy_print(FILE *f, const struct sip_copy *c, const char *text,
		   uint64_t ns, bool brief);

/** As an object. @return 0 or ENOMEM */
int sipcopy_json(struct odict **odp, const struct sip_copy *c, const char *text,
		 uint64_t ns);

#endif
