/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/watch.h  Messages shown to whoever captures, as they are on the wire
 */
#ifndef CAROM_SIP_WATCH_H
#define CAROM_SIP_WATCH_H

#include "sip/msg.h"

/** One that came in, or has been sent. Keep-alives are not left out */
struct sip_passed {
	enum msg_transp transp;
	struct sa src, dst;
	struct pl text;
};

/** p and what it points to are valid until this returns */
typedef void(sip_watch_h)(const struct sip_passed *p, void *arg);

/** Who watches; h NULL: nobody */
struct sip_watcher {
	sip_watch_h *h;
	void *arg;
};

/** w may be NULL, too */
static inline bool sip_watched(const struct sip_watcher *w)
{
	return w && w->h;
}

#endif
