/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file siptop.h  SIP in one look of carom top
 */
#ifndef CAROM_SIPTOP_H
#define CAROM_SIPTOP_H

#include "sipsnap.h"

enum { SIPTOP_TARGETS = 8 /**< the busiest ones that are shown */ };

/** Lines of siptop_print() */
unsigned siptop_lines(const struct sipsnap *s);

/** Rates by kind of message, and the busiest targets; nothing where there is no
 *  SIP. @return 0 or ENOMEM */
int siptop_print(const struct cli *cli, FILE *f, const struct sipsnap *a,
		 const struct sipsnap *b);

/** The same, as object "sip" */
void siptop_json(int *err, struct odict *od, const struct sipsnap *a,
		 const struct sipsnap *b);

#endif
