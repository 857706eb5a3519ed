/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flagtab.c  The one table of flags and keys
 *
 * docs/ng.md shows it to users; a unit test holds the two together.
 */
#include <re.h>
#include "ng/flagset.h"

#define OK(name, scopes, setter, why)                                          \
	{                                                                      \
		name, NULL, NG_HONOURED, scopes, ng_set_##setter, why          \
	}
#define OKV(name, value, scopes, setter, why)                                  \
	{                                                                      \
		name, value, NG_HONOURED, scopes, ng_set_##setter, why         \
	}
#define NIL(name, why)                                                         \
	{                                                                      \
		name, NULL, NG_HARMLESS, NG_ANY, NULL, why                     \
	}
#define NILV(name, value, why)                                                 \
	{                                                                      \
		name, value, NG_HARMLESS, NG_ANY, NULL, why                    \
	}
#define NO(name, why)                                                          \
	{                                                                      \
		name, NULL, NG_REFUSED, NG_SDP, NULL, why                      \
	}
#define NOV(name, value, why)                                                  \
	{                                                                      \
		name, value, NG_REFUSED, NG_SDP, NULL, why                     \
	}
/* Refused with other commands than offer and answer */
#define NOS(name, scopes, why)                                                 \
	{                                                                      \
		name, NULL, NG_REFUSED, scopes, NULL, why                      \
	}

#define GEN_RTCP "it is made where Carom encodes, relayed elsewhere"
#define GEN_KEYS "not offered"
#define NO_LABEL "parties cannot be selected by label"

static const struct ng_flag table[] = {
	/* addresses and where packets come from */
	OK("trust-address", NG_SDP, trust_address, "the default"),
	OK("SIP-source-address", NG_SDP, sip_source,
	   "received-from instead of the SDP's addresses"),
	OK("received-from", NG_ANY, received_from, "SIP source address"),
	OK("media-address", NG_SDP, media_address, "advertised instead"),
	OK("address-family", NG_SDP, address_family, "IP4 or IP6"),
	OK("direction", NG_SDP, direction, "two interface names"),
	NOV("direction", "round-robin-calls", "interfaces are chosen by name"),
	OK("asymmetric", NG_SDP, asymmetric, "source is never learnt"),
	OK("symmetric", NG_SDP, symmetric, "undoes asymmetric"),
	OK("strict-source", NG_SDP, strict_source, "as signalled, no other"),
	OK("port-latching", NG_SDP, port_latching, "our ports stay"),
	NIL("no-port-latching", "concerns ICE only"),
	NO("media-handover", "lets a stranger take over a stream"),
	NO("NAT-wait", "not offered"),
	NO("pierce-NAT", "Carom sends no packets of its own"),
	OKV("endpoint-learning", "off", NG_SDP, asymmetric, "as asymmetric"),
	NILV("endpoint-learning", "immediate",
	     "Carom learns in a bounded window, the signalled address first"),
	NILV("endpoint-learning", "delayed", "as immediate"),
	NILV("endpoint-learning", "heuristic", "as immediate"),
	NIL("unidirectional", "one-way media is always in the kernel"),
	NIL("interface", "for publish and subscribe only"),

	/* SDP rewriting */
	OKV("replace", "origin", NG_SDP, replace_origin, "o= address"),
	OKV("replace", "session-connection", NG_SDP, replace_session_connection,
	    "session c= address"),
	OKV("replace", "username", NG_SDP, replace_username, "o= user name"),
	OKV("replace", "session-name", NG_SDP, replace_session_name, "s="),
	OKV("replace", "SDP-version", NG_SDP, replace_sdp_version,
	    "o= version, kept in step with changes"),
	OKV("replace", "zero-address", NG_SDP, replace_zero_address,
	    "0.0.0.0 becomes our address"),
	OKV("replace", "force-increment-sdp-ver", NG_SDP, force_version,
	    "o= version rises with each SDP"),
	OKV("replace", "origin-full", NG_SDP, replace_origin_full,
	    "o= stays the same, but for its version"),
	OK("transport-protocol", NG_SDP, transport,
	   "RTP/AVP, AVPF, SAVP, SAVPF, by DTLS (UDP/TLS/...) too, any to any"),
	NILV("transport-protocol", "accept", "the answer's protocol is kept"),
	NIL("original-sendrecv", "directions are always kept"),
	OK("loop-protect", NG_SDP, loop_protect, "a=rtpengine mark"),
	OK("no-rtcp-attribute", NG_SDP, no_rtcp_attribute, "no a=rtcp"),
	NIL("full-rtcp-attribute",
	    "RFC 3605: without an address, a=rtcp means that of c="),
	OK("generate-mid", NG_OFFER, generate_mid,
	   "a=mid in the sections of an offer that have none"),
	OK("strip-extmap", NG_SDP, strip_extmap, "a=extmap lines go"),
	OK("sdp-attr", NG_SDP, sdp_attr,
	   "attributes put in, taken out, exchanged"),
	OK("sdp-media-remove", NG_OFFER, media_remove,
	   "sections of a kind that who gets the offer is not shown: audio, "
	   "video, ..."),
	OK("moh", NG_SDP, moh,
	   "music for who is put on hold: file, blob or db-id, mode, "
	   "connection"),
	NILV("bundle", "accept", "the default: of who is answered by DTLS"),
	OKV("bundle", "offer", NG_OFFER, bundle_offer,
	    "what goes out by DTLS is offered as a bundle (RFC 9143)"),
	OKV("bundle", "require", NG_OFFER, bundle_require,
	    "the same, all sections but the first bundle-only"),
	OKV("bundle", "reject", NG_OFFER, bundle_reject,
	    "one that is offered is not taken"),
	NO("bundle", "accept, offer, require or reject"),
	OK("via-branch", NG_ANY, via_branch, "tells branches apart"),
	OK("call-id", NG_ANY, call_id, "as the key"),
	OK("from-tag", NG_ANY, from_tag, "as the key"),
	OK("to-tag", NG_ANY, to_tag, "as the key"),
	NIL("force-answer", "for the proxy itself"),
	NIL("directional", "from-tag and to-tag say it"),

	/* RTCP */
	OKV("rtcp-mux", "offer", NG_SDP, mux_offer, "offer it always"),
	OKV("rtcp-mux", "require", NG_SDP, mux_require, "no RTCP port"),
	OKV("rtcp-mux", "demux", NG_SDP, mux_demux, "muxed on one side only"),
	OKV("rtcp-mux", "accept", NG_SDP, mux_accept, "as offered"),
	OKV("rtcp-mux", "reject", NG_SDP, mux_reject, "refuse it"),
	NILV("generate-RTCP", "off", GEN_RTCP),
	NILV("generate-RTCP", "no", GEN_RTCP),
	NO("generate-RTCP", GEN_RTCP),
	NO("RTCP-mirror", "subscriptions are not offered"),
	NO("mirror-RTCP", "subscriptions are not offered"),

	/* ICE */
	OKV("ICE", "remove", NG_SDP, ice_remove, "ICE lines go"),
	NILV("ICE", "default", "as remove"),
	OKV("ICE", "force", NG_SDP, ice_force, "our candidate; theirs go"),
	OKV("ICE", "force-relay", NG_SDP, ice_force, "as force"),
	OKV("ICE", "optional", NG_SDP, ice_optional,
	    "as force where the offer has ICE"),
	OK("reject-ICE", NG_SDP, ice_reject,
	   "who offers ICE is answered without"),
	OKV("ICE-lite", "forward", NG_SDP, lite_forward,
	    "lite towards who gets the offer"),
	OKV("ICE-lite", "backward", NG_SDP, lite_backward,
	    "lite towards who made the offer"),
	OKV("ICE-lite", "both", NG_SDP, lite_both, "lite towards both"),
	OKV("ICE-lite", "off", NG_SDP, lite_off,
	    "checks of our own, towards both"),
	OK("trickle-ICE", NG_SDP, trickle_ice,
	   "a=ice-options:trickle, where we are not lite"),
	OK("fragment", NG_SDP, fragment,
	   "the SDP is a part of one, with candidates that came later"),
	NIL("reset", "nothing of ICE or SRTP is learnt"),

	/* encryption */
	OKV("DTLS", "off", NG_OFFER, dtls_off,
	    "an offer that needs it is refused"),
	OKV("DTLS", "no", NG_OFFER, dtls_off, "as DTLS-off"),
	OKV("DTLS", "disable", NG_OFFER, dtls_off, "as DTLS-off"),
	NILV("DTLS", "active", "offers are actpass (RFC 5763)"),
	NILV("DTLS", "passive", "offers are actpass (RFC 5763)"),
	OKV("DTLS-reverse", "passive", NG_OFFER, dtls_passive,
	    "we are the server towards who offers actpass"),
	NILV("DTLS-reverse", "active", "the default"),
	OK("DTLS-fingerprint", NG_SDP, dtls_hash,
	   "hash of ours: sha-256 by default, sha-1, sha-384, sha-512"),
	OKV("SDES", "off", NG_SDP, sdes_off, "refused where the SDP has keys"),
	OKV("SDES", "no", NG_SDP, sdes_off, "as SDES-off"),
	OKV("SDES", "disable", NG_SDP, sdes_off, "as SDES-off"),
	NILV("SDES", "nonew", "keys are made only where none pass"),
	NILV("SDES", "static", "keys of ours stay as they are"),
	NILV("SDES", "pad", "keys of ours need none"),
	NILV("SDES", "lifetime", "keys of ours have the longest"),
	OK("SDES", NG_SDP, sdes,
	   "of keys of ours: only-SUITE, no-SUITE, order:SUITE;SUITE, "
	   "offerer_pref:SUITE;SUITE"),
	NIL("pad-crypto", "keys of ours need none"),
	NO("recrypt", GEN_KEYS),
	NILV("OSRTP", "off", "the default"),
	NILV("OSRTP", "no", "the default"),
	OKV("OSRTP", "offer", NG_OFFER, osrtp_offer,
	    "a=crypto in RTP/AVP, which the answer may leave out (RFC 8643)"),
	OKV("OSRTP", "accept", NG_OFFER, osrtp_accept,
	    "a=crypto of who offers RTP/AVP is answered"),
	NO("OSRTP", GEN_KEYS),

	/* codecs */
	OK("codec-strip", NG_SDP, strip, "leaves the SDP"),
	OK("codec-mask", NG_SDP, mask, "the other party does not see it"),
	OK("codec-offer", NG_SDP, offer, "whitelist, in this order"),
	OK("codec-except", NG_SDP, except, "exempt from strip and mask"),
	OK("codec-transcode", NG_SDP, transcode,
	   "offered beside what there is, and transcoded"),
	OK("codec-accept", NG_OFFER, accept,
	   "taken from who offers, whatever the answer says"),
	OK("codec-consume", NG_OFFER, consume,
	   "as accept, and the other party does not see it"),
	OK("codec-set", NG_OFFER, set,
	   "bit rate and complexity of what is encoded for who offers"),
	OK("codec-ignore", NG_SDP, strip, "as codec-strip"),
	OK("transcode", NG_SDP, transcode, "as codec-transcode"),
	OK("always-transcode", NG_OFFER, always_transcode,
	   "as codec-accept of all"),
	NIL("allow-transcoding", "for subscriptions only"),
	OK("single-codec", NG_ANSWER, single_codec,
	   "the first codec of an answer, with its events"),
	OK("reuse-codecs", NG_OFFER, reuse_codecs,
	   "a re-offer has codecs in the order that they had"),
	OK("no-codec-renegotiation", NG_OFFER, reuse_codecs, "as reuse-codecs"),
	OK("ptime", NG_OFFER, ptime,
	   "10 to 60 ms: who gets the offer is asked for such packets, and is "
	   "sent them"),
	OK("ptime-reverse", NG_OFFER, ptime_reverse,
	   "the same for who made the offer"),
	OK("repacketize", NG_OFFER, ptime, "as ptime"),
	NILV("delay-buffer", "0", "the default"),
	NO("delay-buffer",
	   "packets are not delayed; DTMF-delay puts digits off"),
	NILV("audio-player", "off", "there is none"),
	NILV("audio-player", "default", "there is none"),
	NO("audio-player", "play media plays without preparation"),
	NIL("early-media", "for the audio player; media flows early anyway"),

	/* T.38 */
	OKV("T.38", "decode", NG_OFFER, t38_decode, "T.38 is offered as audio"),
	OKV("T.38", "force", NG_OFFER, t38_force, "audio is offered as T.38"),
	OKV("T.38", "stop", NG_OFFER, t38_stop,
	    "the gateway ends; what is offered passes"),
	OKV("T.38", "FEC", NG_OFFER, t38_fec,
	    "parities where the far end offers or takes them, not copies"),
	OKV("T.38", "no-ECM", NG_OFFER, t38_no_ecm, "no error correction mode"),
	OKV("T.38", "no-V.17", NG_OFFER, t38_no_v17, "9600 bit/s at most"),
	OKV("T.38", "no-V17", NG_OFFER, t38_no_v17, "the same"),
	OKV("T.38", "no-V.27ter", NG_OFFER, t38_no_v27ter,
	    "without this modem"),
	OKV("T.38", "no-V27ter", NG_OFFER, t38_no_v27ter, "the same"),
	OKV("T.38", "no-V.29", NG_OFFER, t38_no_v29, "without this modem"),
	OKV("T.38", "no-V29", NG_OFFER, t38_no_v29, "the same"),
	OKV("T.38", "no-IAF", NG_OFFER, t38_no_iaf,
	    "the far end is no fax machine at the network"),
	NILV("T.38", "no-V.34", "V.34 is never used"),
	NILV("T.38", "no-V34", "V.34 is never used"),

	/* DTMF */
	OK("DTMF-security", NG_SDP | NG_BLOCK, dtmf_security,
	   "what becomes of digits: drop, silence, tone, random, zero, DTMF, "
	   "off"),
	OK("DTMF-security-trigger", NG_SDP | NG_BLOCK, trigger_on,
	   "what becomes of them from trigger on"),
	OK("DTMF-security-trigger-end", NG_SDP | NG_BLOCK, trigger_off,
	   "and from trigger-end on; off by default"),
	OK("trigger", NG_SDP | NG_BLOCK, trigger,
	   "1 to 16 digits that change it"),
	OK("trigger-end", NG_SDP | NG_BLOCK, trigger_end,
	   "1 to 16 digits that change it again"),
	OK("end-trigger", NG_SDP | NG_BLOCK, trigger_end, "as trigger-end"),
	OK("trigger-end-time", NG_SDP | NG_BLOCK, trigger_ms,
	   "ms after which it changes again, whatever is dialled"),
	OK("trigger-end-digits", NG_SDP | NG_BLOCK, trigger_digits,
	   "digits after which it does"),
	OK("DTMF-delay", NG_SDP | NG_BLOCK, dtmf_delay,
	   "ms that digits are put off, 0 to 5000"),
	OK("DTMF-log-dest", NG_SDP, dtmf_log,
	   "ADDRESS:PORT that digits are told to"),
	NIL("inject-DTMF", "play DTMF needs no preparation"),
	OK("detect-DTMF", NG_SDP, detect_dtmf, "tones are listened for, too"),
	OK("frequency", NG_SDP | NG_BLOCK, frequency,
	   "Hz of DTMF-security=tone, 100 to 3400, 400 by default; a list is "
	   "gone through, digit by digit"),
	OK("frequencies", NG_SDP | NG_BLOCK, frequency, "as frequency"),

	/* playing */
	OK("file", NG_PLAY, file, "a name in media.sound-dir, or a whole path"),
	OK("blob", NG_PLAY, blob,
	   "the bytes of a file; in JSON they are in base64"),
	OK("db-id", NG_PLAY, db_id,
	   "a number: the file of that name in by-id of media.sound-dir"),
	OK("repeat-times", NG_PLAY, times, "times that it is played"),
	OK("repeat-duration", NG_PLAY, play_for,
	   "ms after which it ends, however often it was played"),
	OK("start-pos", NG_PLAY, play_from, "ms in the file to begin at"),
	NIL("block-egress", "the other is not heard meanwhile"),
	OK("code", NG_PLAY | NG_SDP | NG_BLOCK, digit,
	   "0 to 15, or 0-9 * # A-D; of play DTMF, and DTMF-security=DTMF"),
	OK("digit", NG_PLAY | NG_SDP | NG_BLOCK, digit, "as code"),
	OK("duration", NG_PLAY, digit_ms,
	   "ms of a digit, 100 to 5000, 250 by default"),
	OK("content-type", NG_PLAY, info_type,
	   "Carom's own: of a SIP INFO that play DTMF is to dial"),
	OK("body", NG_PLAY, info_body, "Carom's own: of the same"),
	OK("volume", NG_PLAY | NG_SDP | NG_BLOCK, volume,
	   "dBm0 of a digit, -8 by default; of what DTMF-security puts in its "
	   "place, -10"),

	/* media */
	OK("TOS", NG_SDP, tos, "of the call's packets"),
	OKV("media-echo", "blackhole", NG_SDP, echo_blackhole,
	    "neither is heard by anybody"),
	OKV("media-echo", "sinkhole", NG_SDP, echo_blackhole, "as blackhole"),
	OKV("media-echo", "forward", NG_SDP, echo_forward,
	    "who gets this hears itself, the other one is not heard"),
	OKV("media-echo", "backwards", NG_SDP, echo_backwards,
	    "who sends it does"),
	OKV("media-echo", "backward", NG_SDP, echo_backwards, "the same"),
	OKV("media-echo", "both", NG_SDP, echo_both, "each hears itself"),
	NO("media-echo", "blackhole, forward, backwards or both"),
	NOV("drop-traffic", "start", "use block media"),
	NILV("drop-traffic", "stop", "nothing is dropped"),
	NO("block-short", "not offered"),
	NO("block-short-packets", "not offered"),
	NO("egress", "not offered"),

	/* recording */
	OK("record-call", NG_SDP, record_call, "from the first packet on"),
	OK("metadata", NG_SDP | NG_RECORD, metadata,
	   "goes into the recording's description"),
	OK("pause", NG_RECORD | NG_PLAY, pause,
	   "stop recording pauses; ms behind a digit, 100 to 5000"),
	OKV("recording-format", "pcap", NG_SDP | NG_RECORD, rec_pcap,
	    "Carom's own: the formats that are named"),
	OKV("recording-format", "wav", NG_SDP | NG_RECORD, rec_wav,
	    "Carom's own: the formats that are named"),
	OKV("recording-format", "opus", NG_SDP | NG_RECORD, rec_ogg,
	    "Carom's own: the formats that are named"),
	NOS("exclude-recording", NG_SDP | NG_RECORD,
	    "recordings have both parties"),
	NOS("discard-recording", NG_SDP | NG_RECORD, "files are kept"),
	NOS("output-destination", NG_SDP | NG_RECORD,
	    "files go to the configured directory"),
	NOS("recording-file", NG_SDP | NG_RECORD,
	    "files go to the configured directory"),
	NOS("recording-dir", NG_SDP | NG_RECORD,
	    "files go to the configured directory"),
	NOS("recording-path", NG_SDP | NG_RECORD,
	    "files go to the configured directory"),
	NO("SIPREC", "not offered"),

	/* who is meant */
	OK("address", NG_BLOCK | NG_PLAY, address,
	   "party with this media address"),
	OK("all", NG_BLOCK | NG_PLAY, all, "the whole call"),
	NILV("all", "none", "the default"),
	{"all", "except-offer-answer", NG_REFUSED, NG_BLOCK | NG_PLAY, NULL,
	 "there are no subscriptions"},
	NOS("label", NG_BLOCK | NG_PLAY, NO_LABEL),
	NOS("from-label", NG_BLOCK | NG_PLAY, NO_LABEL),
	NOS("to-label", NG_BLOCK | NG_PLAY, NO_LABEL),
	NIL("set-label", "labels are not kept"),
	NIL("from-tags", "for subscriptions only"),
	NIL("inactive", "for subscriptions only"),

	/* the command itself */
	OK("delete-delay", NG_DELETE, delete_delay, "seconds"),
	OK("fatal", NG_DELETE, fatal, "an unknown call is an error"),
	OK("limit", NG_VIEW, limit, "of list; 32 by default"),
	OKV("supports", "load-limit", NG_ANY, load_limit,
	    "result \"load limit\" when full"),
	NIL("debug", "logging is not per call"),
	NIL("debugging", "logging is not per call"),
	NO("xmlrpc-callback", "there is no callback on timeout"),
};

size_t ng_flag_table(const struct ng_flag **tab)
{
	*tab = table;

	return ARRAY_SIZE(table);
}
