/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/warn.h  Warnings that a peer can cause at will
 *
 * Each window of time has a budget of lines. What goes beyond is counted, and
 * the count is logged when the window ends: a flood costs neither the disk
 * nor the event loop, and nothing is kept silent.
 */
#ifndef CAROM_NG_WARN_H
#define CAROM_NG_WARN_H

#include <re.h>

struct ng_warn {
	const char *what; /* what the lines are about                      */
	uint32_t max;     /* lines in a window                             */
	uint32_t ms;      /* length of a window                            */
	uint32_t said;    /* lines of this window                          */
	uint32_t held;    /* those that were counted instead               */
	struct tmr tmr;   /* end of this window                            */
};

void ng_warn_init(struct ng_warn *w, const char *what, uint32_t max,
		  uint32_t ms);

/** log_warn() with "ng: " in front, or one more in the count */
void ng_warn(struct ng_warn *w, const char *fmt, ...);

/** End the window now: log the count, if there is one */
void ng_warn_close(struct ng_warn *w);

#endif
