/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sdp_util.h  SDP that a test writes as text
 */
#ifndef SDP_UTIL_H
#define SDP_UTIL_H

#include <re.h>
#include "media/sdp.h"

/** The session; the test fails where the text is none. mem_deref when done */
static inline struct sdpx *parse(const char *text)
{
	struct sdpx *sdp = NULL;
	struct sdpx_err e = {0, ""};
	struct pl pl;

	pl_set_str(&pl, text);
	if (sdpx_decode(&sdp, &pl, &e))
		fail_msg("line %u: %s\n%s", e.line, e.msg, text);

	return sdp;
}

#endif
