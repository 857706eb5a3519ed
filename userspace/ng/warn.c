/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/warn.c  Warnings that a peer can cause at will
 */
#include <re.h>
#include "base/log.h"
#include "ng/warn.h"

void ng_warn_init(struct ng_warn *w, const char *what, uint32_t max,
		  uint32_t ms)
{
	w->what = what;
	w->max = max;
	w->ms = ms;
	w->said = 0;
	w->held = 0;
	tmr_init(&w->tmr);
}

void ng_warn_close(struct ng_warn *w)
{
	tmr_cancel(&w->tmr);

	if (w->held)
		log_warn("ng: %u more warnings about %s were not logged",
			 w->held, w->what);
	w->said = 0;
	w->held = 0;
}

static void window_ends(void *arg)
{
	ng_warn_close(arg);
}

void ng_warn(struct ng_warn *w, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (w->said >= w->max) {
		w->held++;
		return;
	}
	if (!w->said++)
		tmr_start(&w->tmr, w->ms, window_ends, w);

	va_start(ap, fmt);
	(void)re_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	log_warn("ng: %s", text);
}
