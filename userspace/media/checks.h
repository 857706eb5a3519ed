/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/checks.h  ICE as its full side, of one stream, over its RTP port
 *
 * The pair that it comes to is where the party is (terms.pair): legs and bridge follow.
 * Who does not consent any more is sent nothing. Private to userspace/media.
 */
#ifndef CAROM_MEDIA_CHECKS_H
#define CAROM_MEDIA_CHECKS_H

#include "ice/lite.h"
#include "media/call.h"

struct checks;

/** As the terms want it: begins, begins anew where a name or password is another one,
 *  hands over candidates that are new, ends. The stream has its bridge. @return 0, ENOMEM */
int checks_start(struct stream *s);

/** A STUN message that came to the stream's RTP port, or by its relay.
 *  @param refusal  As full_recv()'s */
void checks_recv(struct stream *s, bool relayed, const struct sa *src,
		 const uint8_t *p, size_t n, struct mbuf **refusal);
/** Send one from there */
void checks_send(const struct stream *s, bool relayed, const struct sa *dst,
		 const uint8_t *p, size_t n);

/** Are there checks under this name of ours? */
bool checks_named(const struct stream *s, const struct lite *us);
/** There is no relay any more: pairs by it are none */
void checks_relay_gone(struct stream *s);

/** How it stands, in a word or two; NULL: there are none */
const char *checks_text(const struct checks *k);
bool checks_controlling(const struct checks *k);
/** ms since it has consented; -1: no pair is up */
int64_t checks_consent_ms(const struct checks *k);

#endif
