/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file metrics/metrics.h  All figures, in the text format of Prometheus (version 0.0.4)
 */
#ifndef CAROM_METRICS_H
#define CAROM_METRICS_H

#include <re.h>
#include "fastpath/fastpath.h"

/** The text's media type, for who serves it by HTTP */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/**
 * Print them: the kernel's, then the agent's
 *
 * @param mb     Appended to
 * @param agent  Object of media_figures(); NULL: the agent does not answer
 *
 * @return 0, EINVAL, ENOMEM, or what fp_reason() says
 */
int metrics_print(struct mbuf *mb, const struct fp *fp,
		  const struct odict *agent);

#endif
