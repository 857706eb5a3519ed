/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/opts.c  What the driver of an offer or answer asks for, looked at
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/absent.h"

int opts_ids(const struct media_opts *o, struct media_err *e)
{
	if (!pl_isset(&o->call_id))
		return media_fail(e, EINVAL, "No call-id in message");
	if (!pl_isset(&o->from_tag))
		return media_fail(e, EINVAL, "No from-tag in message");
	if (o->call_id.l > CALL_ID_MAX)
		return media_fail(e, EINVAL, "call-id is longer than %u bytes",
				  CALL_ID_MAX);
	if (o->from_tag.l > TAG_MAX || o->to_tag.l > TAG_MAX ||
	    o->via_branch.l > TAG_MAX)
		return media_fail(e, EINVAL,
				  "tag or via-branch is longer "
				  "than %u bytes",
				  TAG_MAX);

	return 0;
}

int opts_sdp(struct sdpx **sdpp, const struct media_opts *o,
	     const struct party *p, struct media_err *e)
{
	struct sdpx_err se = {0, ""};
	struct pl body = o->sdp;
	char *text = NULL;
	int err;

	if (!pl_isset(&o->sdp))
		return media_fail(e, EINVAL, "No SDP body in message");

	err = absent_fill(&text, &o->sdp, p);
	if (text)
		pl_set_str(&body, text);
	if (!err)
		err = sdpx_decode(sdpp, &body, &se);
	mem_deref(text);
	if (err == EBADMSG)
		return media_fail(e, err, "Failed to parse SDP: line %u: %s",
				  se.line, se.msg);
	if (!err && !o->bundle_reject)
		sdpx_bundle_accept(*sdpp);

	return err ? media_fail(e, err, "SDP: %m", err) : 0;
}

bool opts_changeable(const struct pl *proto)
{
	static const char *const namev[] = {
		"RTP/AVP",   "RTP/AVPF",         "RTP/SAVP",
		"RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"};

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		if (!pl_strcasecmp(proto, namev[i]))
			return true;
	}

	return false;
}

/* What we cannot do is refused, never ignored */
int opts_check(const struct media_opts *o, const struct sdpx *sdp, bool answer,
	       struct media_err *e)
{
	size_t i;

	/* an answer goes back in the transport that was offered: rtpengine
	 * takes no notice of the key there */
	if (answer || !pl_isset(&o->transport))
		return 0;

	for (i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(sdp, i);

		if (!sm->rtp || !sm->port)
			continue;

		if (pl_casecmp(&o->transport, &sm->proto) &&
		    (!opts_changeable(&o->transport) ||
		     !opts_changeable(&sm->proto)))
			return media_fail(e, ENOTSUP,
					  "transport-protocol %r: the SDP has "
					  "%r, and changing it is not "
					  "supported",
					  &o->transport, &sm->proto);
	}

	return 0;
}

int call_options(struct media_call *c, const struct media_opts *o)
{
	if ((guard_sounds(&o->guard) || o->trigger.begin.l) && !c->m->plane)
		return ENOTSUP;
	if (o->tos >= 0)
		c->dscp = (o->tos & 0xff) >> 2;
	c->detect_dtmf |= o->detect_dtmf;
	if (sa_isset(&o->dtmf_log, SA_ALL))
		c->dtmf_log = o->dtmf_log;

	if (!pl_isset(&o->metadata))
		return 0;

	c->metadata = mem_deref(c->metadata);

	return pl_strdup(&c->metadata, &o->metadata);
}
