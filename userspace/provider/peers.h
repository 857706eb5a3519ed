/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/peers.h  Who speaks for a provider: whom its log-in may be shown to
 *
 * The Route and Request-URI of a request within a dialog are the caller's to write.
 * Whoever is named there is asked for a log-in, and may choose the nonce. So it goes
 * only to where the provider was found, and to where the provider itself has said that
 * a dialog goes on.
 */
#ifndef CAROM_PROVIDER_PEERS_H
#define CAROM_PROVIDER_PEERS_H

#include <re.h>

enum {
	PEERS = 16,     /**< that are remembered, the latest                 */
	PEER_HOST = 64, /**< bytes of a name, with its end                   */
};

struct peers;

/**
 * Remember one
 *
 * @param pp    Pointer to NULL or to those there are (mem_deref when done)
 * @param host  Name or address, IPv6 without brackets; one that is too long is not
 *              remembered
 *
 * @return 0 or ENOMEM
 */
int peers_add(struct peers **pp, const struct pl *host, uint16_t port);
int peers_add_addr(struct peers **pp, const struct sa *addr);

/** @param ps  NULL: there are none */
bool peers_have(const struct peers *ps, const struct pl *host, uint16_t port);
bool peers_have_addr(const struct peers *ps, const struct sa *addr);

#endif
