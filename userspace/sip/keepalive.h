/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/keepalive.h  Datagrams that only keep a NAT's binding
 */
#ifndef CAROM_SIP_KEEPALIVE_H
#define CAROM_SIP_KEEPALIVE_H

#include <re.h>

/**
 * Is it one: a STUN Binding (RFC 5626 4.4.2), line ends, zeroes?
 *
 * @param reply  Result: the answer, the caller's; NULL: none is due. To line ends
 *               there is none over UDP
 * @param src    Who gets told it
 */
bool keepalive(struct mbuf **reply, const struct sa *src,
	       const struct pl *text);

#endif
