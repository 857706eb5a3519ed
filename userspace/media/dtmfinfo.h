/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/dtmfinfo.h  Digits in the bodies of SIP INFO: application/dtmf-relay and
 *                         application/dtmf
 *
 * No RFC has them (RFC 6086 is about INFO packages, and has none for digits); they are as
 * phones and gateways write them:
 *
 *     application/dtmf-relay: "Signal=5\r\nDuration=160\r\n"
 *     application/dtmf:       "5"
 */
#ifndef CAROM_MEDIA_DTMFINFO_H
#define CAROM_MEDIA_DTMFINFO_H

#include <re.h>

enum {
	DTMFINFO_MS = 250,      /**< where the body says nothing, or 0        */
	DTMFINFO_MS_MIN = 100,  /**< shorter ones take so long; longer ones   */
	DTMFINFO_MS_MAX = 5000, /**< no longer than this                      */
};

struct dtmfinfo {
	uint8_t event; /**< 0..15: 0 to 9, *, #, A to D (RFC 4733 3.2)      */
	unsigned ms;   /**< DTMFINFO_MS_MIN.._MAX                           */
};

/**
 * Read a body
 *
 * @param type  Content-Type, with or without parameters
 * @param body  As it came. A digit is a character, or its number, 10 to 15; what is
 *              written like a line "Signal=" is taken under both types
 *
 * @return 0; ENOTSUP (another type, or a signal that is no digit, as a hook flash);
 *         EBADMSG
 */
int dtmfinfo_decode(struct dtmfinfo *d, const struct pl *type,
		    const struct pl *body);

/** Print a digit as the body of application/dtmf-relay: "%H". @return 0, or errors */
int dtmfinfo_print(struct re_printf *pf, const struct dtmfinfo *d);

#endif
