/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/lite.h  ICE as its lite side sees it (RFC 8445 2.5, 7.3): checks of the other
 *                   side are answered, and it says which pair holds
 *
 * A lite agent has one address that everybody can reach, and makes no checks of its
 * own. So there is nothing to remember but a name and a password, and an agent that
 * starts again goes on.
 */
#ifndef CAROM_ICE_LITE_H
#define CAROM_ICE_LITE_H

#include <re.h>

enum {
	LITE_UFRAG = 8, /**< characters that we make; 4..256 are allowed */
	LITE_PWD = 24,  /**< 22..256                                    */
	LITE_NAME_MAX = 256,
};

/** Our side of one data stream */
struct lite {
	char ufrag[LITE_UFRAG + 1];
	char pwd[LITE_PWD + 1];
};

/** New name and password, 128 bits of chance in the latter (RFC 8445 5.3). */
void lite_make(struct lite *l);

/** What came */
enum lite_got {
	LITE_CHECK,     /**< a good check: the answer is in out            */
	LITE_NOMINATED, /**< the same, and its pair is to be used          */
	LITE_REFUSED,   /**< an error is in out                            */
	LITE_NOTHING,   /**< nothing to answer                             */
};

/**
 * Take in a STUN message that came to our port
 *
 * Only a Binding request with our name and a MESSAGE-INTEGRITY of our password is a
 * check. It is answered with the address that it came from; this goes on for as long
 * as the stream lives, which is what consent asks for (RFC 7675).
 *
 * @param out  Answer, at its position; nothing is written for LITE_NOTHING
 */
enum lite_got lite_recv(const struct lite *l, const struct sa *src,
			const uint8_t *p, size_t n, struct mbuf *out);

/** Is this what a=ice-ufrag or a=ice-pwd may hold (RFC 8839 5.4)? */
bool lite_word_ok(const struct pl *word, size_t least);

/** Priority of our one candidate: of the host (RFC 8445 5.1.2.1) */
uint32_t lite_priority(void);

/** "candidate:..." of our one address (RFC 8839 5.1), for re_printf's %H; arg: struct sa */
int lite_candidate(struct re_printf *pf, const struct sa *addr);

#endif
