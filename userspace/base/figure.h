/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/figure.h  A figure of a room: one line of /metrics, one number in JSON
 *
 * media_figures() makes a dictionary with an array "figures"; the other rooms add theirs
 * to it.
 */
#ifndef CAROM_BASE_FIGURE_H
#define CAROM_BASE_FIGURE_H

#include <stdint.h>
#include <re.h>

enum figure_kind {
	FIGURE_COUNTER = 0,
	FIGURE_GAUGE,
	FIGURE_MICROSECONDS, /**< a counter of them: seconds go out          */
};

/** Those of one metric follow one another */
struct figure {
	const char *group;  /**< of the room, in JSON                       */
	const char *key;    /**< in the group                               */
	const char *label;  /**< tells it from others of its metric; or NULL */
	const char *metric; /**< its name for Prometheus                    */
	const char *help;   /**< of the metric, a sentence without its dot  */
	enum figure_kind kind;
	uint64_t value;
};

/**
 * Add figures
 *
 * @param figures  Of media_figures(); nothing is added where it has no array
 *
 * @return 0 or ENOMEM
 */
int figure_add(struct odict *figures, const struct figure *v, size_t n);

#endif
