/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/scrape.h  Figures for Prometheus, by HTTP
 */
#ifndef CAROM_SCRAPE_H
#define CAROM_SCRAPE_H

#include <re.h>

struct fp;
struct scrape;

/** The agent's figures: media_figures() and more, into an empty object. @return 0 or
 *  errno */
typedef int(scrape_figures_h)(struct odict *figures, void *arg);

/**
 * Listen for scrapes: GET /metrics
 *
 * @param sp     Pointer to the object (mem_deref when done)
 * @param addrv  n addresses with ports; it is logged which of them cannot be had
 *
 * @return 0 or errno
 */
int scrape_alloc(struct scrape **sp, const struct sa *addrv, size_t n,
		 struct fp *fp, scrape_figures_h *h, void *arg);

#endif
