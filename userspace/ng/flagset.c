/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flagset.c  What the honoured rows of the flag table do
 */
#include <string.h>
#include <re.h>
#include "ng/flagset.h"

enum {
	/** s: a week. More is a slip of the pen */
	DELAY_MAX = 7 * 24 * 3600,
};

/* Setters of a plain boolean, with or without a value */
#define FLAG(name, field, value)                                               \
	int ng_set_##name(struct ng_flags *f, const struct pl *val)            \
	{                                                                      \
		(void)val;                                                     \
		f->field = (value);                                            \
		return 0;                                                      \
	}

FLAG(asymmetric, o.asymmetric, true)
FLAG(symmetric, o.symmetric, true)
FLAG(strict_source, o.strict_source, true)
FLAG(port_latching, o.port_latching, true)
FLAG(trust_address, o.trust_address, true)
FLAG(sip_source, sip_source, true)
FLAG(no_rtcp_attribute, o.no_rtcp_attribute, true)
FLAG(ice_remove, o.ice_remove, true)
FLAG(ice_reject, o.ice_reject, true)
FLAG(ice_force, o.ice_force, true)
FLAG(ice_optional, o.ice_optional, true)
FLAG(lite_forward, o.ice_lite, ICE_LITE_FORWARD)
FLAG(lite_backward, o.ice_lite, ICE_LITE_BACKWARD)
FLAG(lite_both, o.ice_lite, ICE_LITE_BOTH)
FLAG(lite_off, o.ice_lite, ICE_LITE_OFF)
FLAG(trickle_ice, o.trickle_ice, true)
FLAG(fragment, fragment, true)
FLAG(dtls_off, o.dtls_off, true)
FLAG(dtls_passive, o.dtls_passive, true)
FLAG(sdes_off, sdes_off, true)
FLAG(echo_blackhole, o.echo, MEDIA_ECHO_BLACKHOLE)
FLAG(echo_forward, o.echo, MEDIA_ECHO_FORWARD)
FLAG(echo_backwards, o.echo, MEDIA_ECHO_BACKWARDS)
FLAG(echo_both, o.echo, MEDIA_ECHO_BOTH)
FLAG(loop_protect, loop_protect, true)
FLAG(osrtp_offer, o.osrtp_offer, true)
FLAG(osrtp_accept, o.osrtp_accept, true)
FLAG(detect_dtmf, o.detect_dtmf, true)
FLAG(replace_origin, o.replace_origin, true)
FLAG(replace_session_connection, o.replace_session_connection, true)
FLAG(replace_username, o.replace_username, true)
FLAG(replace_session_name, o.replace_session_name, true)
FLAG(replace_sdp_version, o.replace_sdp_version, true)
FLAG(replace_zero_address, o.replace_zero_address, true)
FLAG(replace_origin_full, o.replace_origin_full, true)
FLAG(force_version, o.force_version, true)
FLAG(t38_decode, o.t38_decode, true)
FLAG(t38_force, o.t38_force, true)
FLAG(t38_stop, o.t38_stop, true)
FLAG(t38_fec, o.t38_fec, true)
FLAG(t38_no_ecm, o.t38_no_ecm, true)
FLAG(t38_no_v17, o.t38_no_v17, true)
FLAG(t38_no_v27ter, o.t38_no_v27ter, true)
FLAG(t38_no_v29, o.t38_no_v29, true)
FLAG(t38_no_iaf, o.t38_no_iaf, true)
FLAG(always_transcode, o.always_transcode, true)
FLAG(generate_mid, o.generate_mid, true)
FLAG(strip_extmap, o.strip_extmap, true)
FLAG(bundle_offer, o.bundle_offer, true)
FLAG(bundle_require, o.bundle_require, true)
FLAG(bundle_reject, o.bundle_reject, true)
FLAG(reuse_codecs, o.reuse_codecs, true)
FLAG(single_codec, o.single_codec, true)
FLAG(mux_offer, rtcp_mux, f->rtcp_mux | 1u << RTCPMUX_OFFER)
FLAG(mux_require, rtcp_mux, f->rtcp_mux | 1u << RTCPMUX_REQUIRE)
FLAG(mux_demux, rtcp_mux, f->rtcp_mux | 1u << RTCPMUX_DEMUX)
FLAG(mux_accept, rtcp_mux, f->rtcp_mux | 1u << RTCPMUX_ACCEPT)
FLAG(mux_reject, rtcp_mux, f->rtcp_mux | 1u << RTCPMUX_REJECT)
FLAG(fatal, fatal, true)
FLAG(load_limit, load_limit, true)
FLAG(rec_pcap, o.rec_formats, f->o.rec_formats | MEDIA_REC_PCAP)
FLAG(rec_wav, o.rec_formats, f->o.rec_formats | MEDIA_REC_WAV)
FLAG(rec_ogg, o.rec_formats, f->o.rec_formats | MEDIA_REC_OGG)

int ng_set_bool(bool *b, const struct pl *val)
{
	if (!val->l || ng_name_eq(val, "yes") || ng_name_eq(val, "on") ||
	    ng_name_eq(val, "true") || ng_name_eq(val, "1"))
		*b = true;
	else if (ng_name_eq(val, "no") || ng_name_eq(val, "off") ||
		 ng_name_eq(val, "false") || ng_name_eq(val, "0"))
		*b = false;
	else
		return EINVAL;

	return 0;
}

int ng_set_dtls_hash(struct ng_flags *f, const struct pl *val)
{
	static const char *const namev[] = {"sha-1", "sha-256", "sha-384",
					    "sha-512"};

	for (unsigned i = 0; i < ARRAY_SIZE(namev); i++) {
		if (ng_name_eq(val, namev[i])) {
			f->o.dtls_hash = i + 1;
			return 0;
		}
	}

	return EINVAL;
}

int ng_set_record_call(struct ng_flags *f, const struct pl *val)
{
	return ng_set_bool(&f->o.record_call, val);
}

/* Every flow here stems from an offer and its answer: three words, one set */
int ng_set_all(struct ng_flags *f, const struct pl *val)
{
	if (val->l && !ng_name_eq(val, "all") &&
	    !ng_name_eq(val, "offer-answer") && !ng_name_eq(val, "flows"))
		return EINVAL;

	f->all = true;

	return 0;
}

int ng_set_int(int64_t *np, const struct pl *val, int64_t lo, int64_t hi)
{
	const bool neg = val->l && *val->p == '-';
	int64_t n = 0;
	size_t i;

	if (val->l == neg || val->l > 18u + neg)
		return EINVAL;

	for (i = neg; i < val->l; i++) {
		if (val->p[i] < '0' || val->p[i] > '9')
			return EINVAL;
		n = n * 10 + (val->p[i] - '0');
	}
	if (neg)
		n = -n;
	if (n < lo || n > hi)
		return EINVAL;

	*np = n;

	return 0;
}

int ng_set_tos(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, INT64_MIN, INT64_MAX))
		return EINVAL;

	/* rtpengine: a negative one changes nothing, 256 and up the default */
	f->o.tos = n < 0 || n > 255 ? -1 : (int)n;

	return 0;
}

static int ptime(uint32_t *ms, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, 0, MEDIA_PTIME_MAX) ||
	    (n && n < MEDIA_PTIME_MIN))
		return EINVAL;
	*ms = (uint32_t)n;

	return 0;
}

int ng_set_ptime(struct ng_flags *f, const struct pl *val)
{
	return ptime(&f->o.ptime, val);
}

int ng_set_ptime_reverse(struct ng_flags *f, const struct pl *val)
{
	return ptime(&f->o.ptime_reverse, val);
}

int ng_set_delete_delay(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, 0, DELAY_MAX))
		return EINVAL;

	f->delete_delay = (int)n;

	return 0;
}

int ng_set_limit(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, 1, UINT32_MAX))
		return EINVAL;

	f->limit = (uint32_t)n;

	return 0;
}

static int append(struct pl *v, size_t *c, const struct pl *val)
{
	if (!val->l)
		return EINVAL;
	if (*c >= MEDIA_CODECS_MAX)
		return EOVERFLOW;

	v[(*c)++] = *val;

	return 0;
}

int ng_set_transcode(struct ng_flags *f, const struct pl *val)
{
	return append(f->o.transcode, &f->o.transcodec, val);
}

int ng_set_accept(struct ng_flags *f, const struct pl *val)
{
	return append(f->o.accept, &f->o.acceptc, val);
}

int ng_set_consume(struct ng_flags *f, const struct pl *val)
{
	return append(f->o.consume, &f->o.consumec, val);
}

int ng_set_set(struct ng_flags *f, const struct pl *val)
{
	return append(f->o.set, &f->o.setc, val);
}

int ng_set_media_remove(struct ng_flags *f, const struct pl *val)
{
	if (!val->l)
		return EINVAL;
	if (f->o.removec >= MEDIA_REMOVES_MAX)
		return EOVERFLOW;
	f->o.removev[f->o.removec++] = *val;

	return 0;
}

int ng_set_strip(struct ng_flags *f, const struct pl *val)
{
	return append(f->o.strip, &f->o.stripc, val);
}

int ng_set_mask(struct ng_flags *f, const struct pl *val)
{
	return append(f->o.mask, &f->o.maskc, val);
}

int ng_set_offer(struct ng_flags *f, const struct pl *val)
{
	return append(f->o.offer, &f->o.offerc, val);
}

int ng_set_except(struct ng_flags *f, const struct pl *val)
{
	return append(f->o.except, &f->o.exceptc, val);
}

int ng_set_direction(struct ng_flags *f, const struct pl *val)
{
	if (!val->l)
		return EINVAL;
	if (f->directionc >= ARRAY_SIZE(f->o.direction))
		return EOVERFLOW;

	f->o.direction[f->directionc++] = *val;

	return 0;
}

static int set_addr(struct sa *sa, const struct pl *val)
{
	return sa_set(sa, val, 0) ? EINVAL : 0;
}

static int family(const struct pl *val)
{
	if (ng_name_eq(val, "IP4") || ng_name_eq(val, "IPv4") ||
	    ng_name_eq(val, "inet"))
		return AF_INET;
	if (ng_name_eq(val, "IP6") || ng_name_eq(val, "IPv6") ||
	    ng_name_eq(val, "inet6"))
		return AF_INET6;

	return AF_UNSPEC;
}

int ng_set_address_family(struct ng_flags *f, const struct pl *val)
{
	f->o.address_family = family(val);

	return f->o.address_family == AF_UNSPEC ? EINVAL : 0;
}

/* Comes as "IP4", then "192.0.2.1"; in a string also as one: "IP4-192.0.2.1" */
int ng_set_received_from(struct ng_flags *f, const struct pl *val)
{
	struct pl addr = *val;
	const struct pl af = {val->p, 3};

	if (family(val) != AF_UNSPEC) {
		f->recv_af = *val;
		return 0;
	}

	if (val->l > 4 && family(&af) != AF_UNSPEC) {
		f->recv_af = af;
		pl_advance(&addr, 4);
	}

	if (set_addr(&f->o.received_from, &addr))
		return EINVAL;

	if (f->recv_af.l && family(&f->recv_af) != sa_af(&f->o.received_from))
		return EINVAL;

	return 0;
}

int ng_set_media_address(struct ng_flags *f, const struct pl *val)
{
	return set_addr(&f->o.media_address, val);
}

int ng_set_address(struct ng_flags *f, const struct pl *val)
{
	return set_addr(&f->address, val);
}

int ng_set_transport(struct ng_flags *f, const struct pl *val)
{
	static const char *const protos[] = {
		"RTP/AVP",   "RTP/AVPF",         "RTP/SAVP",
		"RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF",
		"UDPTL",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		if (!pl_strcasecmp(val, protos[i])) {
			f->o.transport = *val;
			return 0;
		}
	}

	return EINVAL;
}

/* Texts that are kept as they are. A bare flag of that name says nothing */
#define TEXT(name)                                                             \
	int ng_set_##name(struct ng_flags *f, const struct pl *val)            \
	{                                                                      \
		if (val->l)                                                    \
			f->o.name = *val;                                      \
		return 0;                                                      \
	}

TEXT(via_branch)
TEXT(metadata)
TEXT(call_id)
TEXT(from_tag)
TEXT(to_tag)
