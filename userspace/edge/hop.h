/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/hop.h  What a URI says of the next hop
 */
#ifndef CAROM_EDGE_HOP_H
#define CAROM_EDGE_HOP_H

#include "edge/forward.h"

/** The literal address and port of a URI. @return false: its host is a name */
bool hop_addr(struct sa *sa, const struct uri *u);

/** Is it the address of a listener, or one of our domains? */
bool hop_own(const struct policy *p, const struct uri *u);

/** Next hop by a URI: address or name, port, transport (19.1.2) */
void hop_uri(struct forward_out *out, const struct uri *u);

#endif
