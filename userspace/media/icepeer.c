/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/icepeer.c  What a party says of its side of ICE
 */
#include <string.h>
#include <re.h>
#include "ice/lite.h"
#include "media/icepeer.h"

enum { UFRAG_MIN = 4, PWD_MIN = 22 };

static bool is_known(const struct ice_peer *p, const struct sa *addr)
{
	for (unsigned i = 0; i < p->candc; i++) {
		if (sa_cmp(&p->candv[i].addr, addr, SA_ALL))
			return true;
	}

	return false;
}

void icepeer_add(struct ice_peer *p, const struct sdpx *sdp, size_t i)
{
	struct pl val;
	uint32_t prio;
	struct sa addr;

	for (unsigned n = 0;
	     p->candc < FULL_CANDS && sdpx_attr(sdp, i, "candidate", n, &val);
	     n++) {
		if (full_cand_decode(&addr, &prio, &val) || is_known(p, &addr))
			continue;
		p->candv[p->candc].addr = addr;
		p->candv[p->candc++].prio = prio;
	}
	if (sdpx_attr(sdp, i, "end-of-candidates", 0, &val))
		p->ended = true;
}

static bool has_option(const struct sdpx *sdp, size_t i, const char *name)
{
	struct pl val, word;

	if (!sdpx_attr_for(sdp, i, "ice-options", &val))
		return false;
	while (!re_regex(val.p, val.l, "[^ ]+", &word)) {
		if (!pl_strcasecmp(&word, name))
			return true;
		pl_advance(&val, word.p + word.l - val.p);
	}

	return false;
}

bool icepeer_read(struct ice_peer *p, const struct sdpx *sdp, size_t i)
{
	const struct sdpx_media *sm = sdpx_media(sdp, i);
	struct pl val;

	memset(p, 0, sizeof(*p));
	if (!sdpx_attr_for(sdp, i, "ice-ufrag", &val) ||
	    !lite_word_ok(&val, UFRAG_MIN) ||
	    pl_strcpy(&val, p->ufrag, sizeof(p->ufrag)))
		return false;
	if (sdpx_attr_for(sdp, i, "ice-pwd", &val) &&
	    lite_word_ok(&val, PWD_MIN))
		(void)pl_strcpy(&val, p->pwd, sizeof(p->pwd));
	if (sm->mid.l)
		(void)pl_strcpy(&sm->mid, p->mid, sizeof(p->mid));
	p->lite = sdpx_attr(sdp, SDPX_SESSION, "ice-lite", 0, &val);
	p->trickle = has_option(sdp, i, "trickle");
	icepeer_add(p, sdp, i);
	if (sdpx_attr(sdp, SDPX_SESSION, "end-of-candidates", 0, &val))
		p->ended = true;

	return true;
}
