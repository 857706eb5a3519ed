/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file srtp_roc.h  A stream's rollover counter, looked at and set by a test
 */
#ifndef CAROM_SRTP_ROC_H
#define CAROM_SRTP_ROC_H

#include <errno.h>
#include "secure/srtp_core.h"

/** With the highest sequence number. @return 0, ENOENT (no such SSRC) */
static inline int srtp_roc(const struct srtpx *s, uint32_t ssrc, uint32_t *roc,
			   uint16_t *seq)
{
	for (unsigned i = 0; i < SRTPX_STREAMS; i++) {
		const struct stream_state *st = &s->streamv[i];

		if (!st->used || st->ssrc != ssrc || !st->started)
			continue;
		*roc = st->roc;
		*seq = st->seq;
		return 0;
	}

	return ENOENT;
}

/** As if packets up to that one had been sent, or come */
static inline void srtp_roc_set(struct srtpx *s, uint32_t ssrc, uint32_t roc,
				uint16_t seq)
{
	struct stream_state *st = srtpc_stream(s, ssrc);

	if (!st)
		st = srtpc_stream_new(s, ssrc);
	st->roc = roc;
	st->seq = seq;
	st->started = true;
	st->window[0] = 1;
	st->window[1] = 0;
}

#endif
