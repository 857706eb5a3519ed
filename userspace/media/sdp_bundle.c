/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_bundle.c  a=group:BUNDLE (RFC 9143): which sections share a transport
 */
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"

static const char mid_uri[] = "urn:ietf:params:rtp-hdrext:sdes:mid";

/* Sections that share a mid are told apart by nobody */
static bool by_mid(const struct sdpx *doc, const struct pl *mid, size_t *i)
{
	size_t found = 0;

	for (size_t k = 0; k < doc->mediac; k++) {
		if (!doc->mediav[k].mid.l || pl_cmp(&doc->mediav[k].mid, mid))
			continue;
		*i = k;
		++found;
	}

	return found == 1;
}

static bool has(const struct sdpx *doc, size_t i)
{
	for (size_t k = 0; k < doc->groupc; k++) {
		if (doc->groupv[k] == i)
			return true;
	}

	return false;
}

/* The first group alone: further ones are let be, their sections have transports of
 * their own */
void sdp_bundle_read(struct sdpx *doc)
{
	struct pl val, word;
	size_t i;

	for (unsigned n = 0; sdpx_attr(doc, SDPX_SESSION, "group", n, &val);
	     n++) {
		if (!sdp_word(&val, &word) || pl_strcmp(&word, "BUNDLE"))
			continue;
		while (sdp_word(&val, &word)) {
			if (by_mid(doc, &word, &i) && !has(doc, i))
				doc->groupv[doc->groupc++] = i;
		}
		return;
	}
}

size_t sdpx_group(const struct sdpx *sdp, const size_t **v)
{
	*v = sdp->groupv;

	return sdp->groupc;
}

bool sdpx_bundle_only(const struct sdpx *sdp, size_t i)
{
	struct pl val;

	return sdpx_attr(sdp, i, "bundle-only", 0, &val);
}

/* What the tagged section says of the transport holds for the others, too */
static void inherit(struct sdpx *sdp, size_t i, const struct sdpx_media *tag)
{
	struct sdpx_media *m = &sdp->mediav[i];

	m->ice |= tag->ice;
	m->fingerprint |= tag->fingerprint;
	m->rtcp_mux |= tag->rtcp_mux;
	if (m->port || !sdpx_bundle_only(sdp, i) || !m->fmtc)
		return;
	m->port = tag->port;
	m->raddr = tag->raddr;
	m->rtcp = tag->rtcp;
	m->has_conn |= tag->has_conn;
	m->held = tag->held;
}

void sdpx_bundle_accept(struct sdpx *sdp)
{
	const struct sdpx_media *tag;

	if (!sdp || !sdp->groupc)
		return;
	tag = &sdp->mediav[sdp->groupv[0]];
	sdp->bundled = true;
	for (size_t k = 1; k < sdp->groupc; k++)
		inherit(sdp, sdp->groupv[k], tag);
}

size_t sdpx_place(const struct sdpx *sdp, size_t i, const char *name)
{
	struct pl val;

	if (sdpx_attr(sdp, i, name, 0, &val))
		return i;
	if (sdp->bundled && has(sdp, i) &&
	    sdpx_attr(sdp, sdp->groupv[0], name, 0, &val))
		return sdp->groupv[0];

	return SDPX_SESSION;
}

/* "4 URI" or "4/sendonly URI" (RFC 8285 5) */
static uint8_t ext_id(struct pl val, bool *mid)
{
	struct pl num, uri;
	const char *slash;
	uint32_t id;

	*mid = false;
	if (!sdp_word(&val, &num))
		return 0;
	slash = pl_strchr(&num, '/');
	if (slash)
		num.l = (size_t)(slash - num.p);
	if (sdp_uint(&id, &num, UINT8_MAX))
		return 0;
	*mid = sdp_word(&val, &uri) && !pl_strcmp(&uri, mid_uri);

	return (uint8_t)id;
}

uint8_t sdpx_mid_ext(const struct sdpx *sdp, size_t i)
{
	struct pl val;
	bool mid;

	for (unsigned n = 0; sdpx_attr(sdp, i, "extmap", n, &val); n++) {
		const uint8_t id = ext_id(val, &mid);

		if (mid && id <= SDPX_EXT_MAX)
			return id;
	}

	return 0;
}

uint8_t sdpx_ext_free(const struct sdpx *sdp)
{
	uint32_t used = 1; /* 0 is padding */
	struct pl val;
	bool mid;

	for (size_t i = 0; i < sdp->mediac; i++) {
		for (unsigned n = 0; sdpx_attr(sdp, i, "extmap", n, &val);
		     n++) {
			const uint8_t id = ext_id(val, &mid);

			if (id <= SDPX_EXT_MAX)
				used |= 1u << id;
		}
	}
	for (unsigned id = 1; id <= SDPX_EXT_MAX; id++) {
		if (!(used & 1u << id))
			return (uint8_t)id;
	}

	return 0;
}

int sdpx_mid_ext_print(char **line, uint8_t id)
{
	return re_sdprintf(line, "extmap:%u %s", id, mid_uri);
}

unsigned sdpx_ssrcs(const struct sdpx *sdp, size_t i, uint32_t *v, unsigned max)
{
	unsigned k = 0;
	struct pl val, word;
	uint32_t ssrc;

	for (unsigned n = 0; k < max && sdpx_attr(sdp, i, "ssrc", n, &val);
	     n++) {
		bool known = false;

		if (!sdp_word(&val, &word) ||
		    sdp_uint(&ssrc, &word, UINT32_MAX))
			continue;
		for (unsigned j = 0; j < k; j++)
			known |= v[j] == ssrc;
		if (!known)
			v[k++] = ssrc;
	}

	return k;
}
