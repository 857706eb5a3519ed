/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/keys.h  SRTP that ends here: keys of one m= line, by a=crypto
 */
#ifndef CAROM_MEDIA_KEYS_H
#define CAROM_MEDIA_KEYS_H

#include <re.h>
#include "media/media.h"
#include "media/sdp.h"
#include "secure/sdes.h"

enum { KEYS_OFFERS = 5 };

/** Of one party */
struct keys {
	bool on;             /**< its SRTP ends here                       */
	struct srtpx_key rx; /**< of what it sends                         */
	struct srtpx_key tx; /**< of what it is sent                       */
	struct sdes
		offerv[KEYS_OFFERS]; /**< what it was, or is, offered      */
	unsigned offerc;
	struct sdes asked; /**< its own offer that we take: key.suite not 0 */
};

/** Lines to offer to a party: what was offered before stays where it is the same.
 *  @return 0, ENOTSUP (no suite is left), ENOMEM */
int keys_offer(struct keys *k, const struct media_suites *wish);

/** Its answer to what it was offered. @return 0, ENOTSUP (none that was offered) */
int keys_answered(struct keys *k, const struct sdpx_media *sm);

/** What it offers: the first line that can be taken, of those that are preferred before
 *  any other. @return 0, ENOTSUP */
int keys_asked(struct keys *k, const struct sdpx_media *sm,
	       const struct media_suites *wish);

/** Answer what it offered: the line is offerv[0] then */
int keys_accept(struct keys *k);

/** Values of the lines to write, allocated strings; freed by keys_text_free() */
int keys_text(char *textv[KEYS_OFFERS], const struct keys *k, unsigned n);
void keys_text_free(char *textv[KEYS_OFFERS]);

#endif
