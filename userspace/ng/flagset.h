/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flagset.h  What the honoured rows of the flag table do
 *
 * Each setter takes the value as text ("" for a bare flag).
 * @return 0, EINVAL a bad value, EOVERFLOW too many of a list
 */
#ifndef CAROM_NG_FLAGSET_H
#define CAROM_NG_FLAGSET_H

#include "ng/flags.h"

/* clang-format never comes to rest on this list */
/* clang-format off */
#define NG_SETTERS(X) \
	X(asymmetric) X(symmetric) X(strict_source) X(port_latching) \
	X(trust_address) X(sip_source) X(record_call) X(no_rtcp_attribute) \
	X(ice_remove) X(ice_reject) X(ice_force) X(ice_optional) X(lite_forward) X(lite_backward) X(lite_both) X(lite_off) X(trickle_ice) X(fragment) X(dtls_off) X(dtls_passive) X(dtls_hash) X(sdes_off) X(sdes) X(loop_protect) X(dtmf_security) X(frequency) X(trigger_on) X(trigger_off) X(trigger) X(trigger_end) X(trigger_ms) X(trigger_digits) X(dtmf_delay) \
	X(replace_origin) X(replace_session_connection) X(replace_username) \
	X(replace_session_name) X(replace_sdp_version) \
	X(replace_zero_address) X(mux_offer) X(mux_require) X(mux_demux) \
	X(mux_accept) X(mux_reject) X(media_remove) X(echo_blackhole) X(echo_forward) X(echo_backwards) X(echo_both) X(strip) X(mask) X(offer) X(except) X(transcode) \
	X(direction) X(received_from) X(media_address) X(address_family) \
	X(transport) X(via_branch) X(tos) X(ptime) X(ptime_reverse) X(reuse_codecs) X(metadata) X(call_id) \
	X(t38_decode) X(t38_force) X(t38_stop) X(t38_fec) X(t38_no_ecm) \
	X(t38_no_v17) X(t38_no_v27ter) X(t38_no_v29) X(t38_no_iaf) \
	X(from_tag) X(to_tag) X(accept) X(consume) X(set) \
	X(always_transcode) X(generate_mid) X(strip_extmap) X(bundle_offer) X(bundle_require) X(bundle_reject) X(sdp_attr) \
	X(single_codec) X(replace_origin_full) X(force_version) X(delete_delay) X(limit) X(address) X(all) \
	X(fatal) X(pause) X(load_limit) X(rec_pcap) X(rec_wav) X(rec_ogg) \
	X(file) X(blob) X(db_id) X(moh) X(times) X(play_for) X(play_from) X(digit) X(digit_ms) X(volume) X(info_type) X(info_body) \
	X(dtmf_log) X(detect_dtmf) X(osrtp_offer) X(osrtp_accept)
/* clang-format on */

#define X(name) int ng_set_##name(struct ng_flags *f, const struct pl *val);
NG_SETTERS(X)
#undef X

/** A key of the dictionary "moh". @return 0, EINVAL */
int ng_moh(struct ng_flags *f, const struct pl *key, const struct pl *val);
/** yes, on and nothing at all; no and off. @return 0, EINVAL */
int ng_set_bool(bool *b, const struct pl *val);
/** A whole number of lo..hi. @return 0, EINVAL */
int ng_set_int(int64_t *np, const struct pl *val, int64_t lo, int64_t hi);

#endif
