/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/prof_read.c  What a section says of its profile, keys and ICE
 */
#include <string.h>
#include <sys/types.h>
#include "media/profile.h"
#include "media/sdp_doc.h"

static const struct {
	const char *name;
	bool secure, tls, feedback;
} protos[] = {
	[PROTO_AVP] = {"RTP/AVP", false, false, false},
	[PROTO_AVPF] = {"RTP/AVPF", false, false, true},
	[PROTO_SAVP] = {"RTP/SAVP", true, false, false},
	[PROTO_SAVPF] = {"RTP/SAVPF", true, false, true},
	[PROTO_TLS_SAVP] = {"UDP/TLS/RTP/SAVP", true, true, false},
	[PROTO_TLS_SAVPF] = {"UDP/TLS/RTP/SAVPF", true, true, true},
	[PROTO_UDPTL] = {"udptl", false, false, false},
};

enum prof_proto prof_proto(const struct pl *text)
{
	for (size_t i = PROTO_AVP; i < ARRAY_SIZE(protos); i++) {
		if (!pl_strcasecmp(text, protos[i].name))
			return (enum prof_proto)i;
	}

	return PROTO_OTHER;
}

const char *prof_proto_name(enum prof_proto p)
{
	return protos[p].name;
}

bool prof_secure(enum prof_proto p)
{
	return protos[p].secure;
}

bool prof_tls(enum prof_proto p)
{
	return protos[p].tls;
}

bool prof_feedback(enum prof_proto p)
{
	return protos[p].feedback;
}

static void read_suites(struct prof_suites *l, const struct sdpx *sdp, size_t i)
{
	struct pl val, tag, name;

	for (unsigned n = 0; sdpx_attr(sdp, i, "crypto", n, &val); n++) {
		struct prof_suite *s = &l->v[l->n];

		if (l->n >= PROF_SUITES)
			return;
		if (!sdp_word(&val, &tag) || !sdp_word(&val, &name) ||
		    name.l >= sizeof(s->name) ||
		    sdp_uint(&s->tag, &tag, 999999999))
			continue;

		(void)pl_strcpy(&name, s->name, sizeof(s->name));
		s->src = (int)n;
		++l->n;
	}
}

static enum prof_role role_of(const struct pl *val)
{
	if (!pl_strcasecmp(val, "active"))
		return ROLE_ACTIVE;
	if (!pl_strcasecmp(val, "passive"))
		return ROLE_PASSIVE;

	return pl_strcasecmp(val, "actpass") ? ROLE_NONE : ROLE_ACTPASS;
}

void prof_read(struct prof_said *s, const struct sdpx *sdp, size_t i)
{
	const struct sdpx_media *sm = sdpx_media(sdp, i);
	struct pl val, rest, word;

	memset(s, 0, sizeof(*s));
	if (!sm)
		return;

	s->proto = prof_proto(&sm->proto);
	read_suites(&s->suites, sdp, i);
	s->fingerprint = sdpx_attr_for(sdp, i, "fingerprint", &val);
	if (sdpx_attr_for(sdp, i, "setup", &val) && sdp_word(&val, &word))
		s->setup = role_of(&word);
	s->ice = sdpx_attr_for(sdp, i, "ice-ufrag", &val);
	s->ice_lite = sdpx_attr(sdp, SDPX_SESSION, "ice-lite", 0, &val);

	if (!sdpx_attr_for(sdp, i, "ice-options", &rest))
		return;
	while (sdp_word(&rest, &word))
		s->trickle |= !pl_strcasecmp(&word, "trickle");
}
