/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file hep/link.h  A connection to a collector: made again when it breaks, and what
 *                   waits for it
 */
#ifndef CAROM_HEP_LINK_H
#define CAROM_HEP_LINK_H

#include "hep/hep.h"

struct hep_link;

/**
 * @param tls    NULL: plain TCP
 * @param conf   dst, queue, ca; kept by the caller
 * @param count  Kept by the caller
 *
 * @return 0 or ENOMEM
 */
int hep_link_alloc(struct hep_link **lp, struct tls *tls,
		   const struct hep_conf *conf, struct hep_count *count);

/** Connect, and go on trying */
void hep_link_start(struct hep_link *l);

/** Send mb, which is referenced, or have it wait; connects where that has not been
 *  done. What there is no room for is counted as lost */
void hep_link_send(struct hep_link *l, struct mbuf *mb);

#endif
