/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/lookup.h  A next hop that is a name: whose lookup is whose right
 */
#ifndef CAROM_EDGE_LOOKUP_H
#define CAROM_EDGE_LOOKUP_H

#include "edge/forward.h"

/**
 * Address and transport for out->host
 *
 * The name of a node is where that node is, whoever asks. Any other is looked up
 * for trusted sources only, so that no stranger has us send packets to servers.
 * What is found has still to be permitted.
 *
 * @param out  host, port, transp, any, secure as the URI has them; dst and transp
 *             are filled
 *
 * @return 0; EAGAIN: it has to be asked for (lookup_want); EACCES: not for this
 *         source; EHOSTUNREACH: the name leads nowhere
 */
int lookup(const struct policy *p, const struct msg *m, bool trusted,
	   struct forward_out *out);

/** What is to be asked for, valid as long as the message */
void lookup_want(struct locate_want *w, const struct policy *p,
		 const struct msg *m, const struct forward_out *out);

#endif
