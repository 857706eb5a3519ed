/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file topview.h  One look of carom top
 */
#ifndef CAROM_TOPVIEW_H
#define CAROM_TOPVIEW_H

#include "carom.h"
#include "siptop.h"
#include "snap.h"

struct topview {
	struct cli *cli;
	const struct fp *fp;
	const struct snap *old, *new; /**< start and end of the interval     */
	const struct sipsnap *sip_old, *sip_new; /**< the same; may be NULL  */
	size_t legs; /**< busiest legs to show              */
};

/** Lines of topview_print() beside the legs themselves */
unsigned topview_overhead(const struct snap *s, const struct sipsnap *sip);

/** @return 0 or errno */
int topview_print(const struct topview *v, FILE *f);

/** Print as a line of JSON. @return exit code */
int topview_json(const struct topview *v);

#endif
