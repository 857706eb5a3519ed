/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/names.c  Names of reasons and states
 */
#include "fastpath/fastpath.h"
#include "fastpath/sip.h"

static const struct {
	const char *name, *class, *text;
} reasonv[CAROM_R_MAX] = {
#define X(id, name, class, text) [CAROM_R_##id] = {#name, #class, text},
	CAROM_REASONS(X)
#undef X
};

const char *fp_reason_name(unsigned reason)
{
	return reason < CAROM_R_MAX ? reasonv[reason].name : NULL;
}

const char *fp_reason_class(unsigned reason)
{
	return reason < CAROM_R_MAX ? reasonv[reason].class : NULL;
}

const char *fp_reason_text(unsigned reason)
{
	return reason < CAROM_R_MAX ? reasonv[reason].text : NULL;
}

const char *fp_sip_method(unsigned method)
{
	static const char *const v[SCAN_M_MAX] = {
#define X(name) #name,
		SCAN_METHODS(X)
#undef X
	};

	return method < SCAN_M_MAX ? v[method] : NULL;
}

const char *fp_sip_class(unsigned class)
{
	static const char *const v[SIP_CLASS_MAX] = {
		[SIP_CLASS_INVITE] = "invite",
		[SIP_CLASS_REGISTER] = "register",
		[SIP_CLASS_DIALOG] = "dialog",
		[SIP_CLASS_OTHER] = "other",
		[SIP_CLASS_RESPONSE] = "response",
		[SIP_CLASS_JUNK] = "junk",
	};

	return class < SIP_CLASS_MAX ? v[class] : NULL;
}

const char *fp_state_name(enum leg_state state)
{
	switch (state) {
	case LEG_FREE:
		return "free";
	case LEG_RELAY:
		return "relay";
	case LEG_BLOCKED:
		return "blocked";
	case LEG_HELD:
		return "held";
	case LEG_FOREIGN:
		return "foreign";
	case LEG_AGENT:
		return "agent";
	}
	return "?";
}

const char *fp_media_name(enum leg_media media)
{
	switch (media) {
	case LEG_RTP:
		return "rtp";
	case LEG_RTCP:
		return "rtcp";
	case LEG_SRTP:
		return "srtp";
	case LEG_OTHER:
		return "other";
	}
	return "?";
}

const char *fp_latch_name(enum leg_latch latch)
{
	switch (latch) {
	case LATCH_NONE:
		return "pinned";
	case LATCH_OPEN:
		return "open";
	case LATCH_DONE:
		return "latched";
	}
	return "?";
}

const char *fp_why_name(enum leg_why why)
{
	switch (why) {
	case LEG_WHY_NOTHING:
		return "";
	case LEG_WHY_TRANSCODING:
		return "transcoding";
	case LEG_WHY_SRTP:
		return "srtp";
	case LEG_WHY_ICE:
		return "ice";
	case LEG_WHY_PLAYING:
		return "playing";
	case LEG_WHY_FAX:
		return "fax";
	case LEG_WHY_JOINED:
		return "joined";
	case LEG_WHY_CONSENT:
		return "consent";
	case LEG_WHY_BUNDLE:
		return "bundle";
	case LEG_WHY_RELAY:
		return "relay";
	}
	return "?";
}
