/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/reason.h  Why a packet was dropped, passed up, or relayed
 *
 * One list for the XDP program, the agent, the CLI, the metrics and the
 * documentation (docs/reasons.md is generated from it by `make docs`).
 * The reasons that can be charged to one leg come first: struct leg_aux has a
 * counter for each of them. Numbers are never reused: append, and retire a
 * name by renaming it to UNUSEDn.
 */
#ifndef CAROM_REASON_H
#define CAROM_REASON_H

/**
 * X(ID, name, class, text)
 *
 * class: relay  the packet left by another leg, or its answer did
 *        drop   the packet ended here
 *        punt   the packet went up to the host unmodified
 *        note   counted beside one of the above; no verdict of its own
 */
#define CAROM_REASONS(X)                                                       \
	/* charged to a leg as well */                                         \
	X(RELAYED, relayed, relay, "relayed to the peer leg")                  \
	X(STRANGER, stranger, drop, "source is not the leg's peer")            \
	X(PT_FILTER, pt_filter, drop, "RTP payload type was not negotiated")   \
	X(BLOCKED, blocked, drop, "media of this leg is blocked")              \
	X(HELD, held, drop, "the peer leg has no address to send to")          \
	X(NOT_RTP, not_rtp, drop, "neither RTP nor RTCP on an RTP leg")        \
	X(STUN, stun, drop, "STUN on a leg without ICE")                       \
	X(RTP_SHORT, rtp_short, drop, "RTP or RTCP header is cut short")       \
	X(NO_ROUTE, no_route, drop, "no route towards the peer")               \
	X(NO_NEIGH, no_neigh, drop, "the next hop's MAC address is not known") \
	X(NO_DEVICE, no_device, drop, "the next hop's device is not attached") \
	X(TOO_BIG, too_big, drop, "longer than the next hop's MTU")            \
	X(DTMF_BLOCKED, dtmf_blocked, drop, "DTMF event, and DTMF is blocked") \
	X(LATCHED, latched, note, "leg learnt its peer's real source")         \
	X(TAP_LOST, tap_lost, note, "copy for the agent lost: ring full")      \
	X(AGENT_ABSENT, agent_absent, drop,                                    \
	  "for the agent, and no worker listens on this queue")                \
	/* not charged to a leg */                                             \
	X(NO_LEG, no_leg, drop, "no leg owns this port of the media range")    \
	X(MALFORMED, malformed, drop,                                          \
	  "IP or UDP lengths contradict each other")                           \
	X(TTL, ttl, drop, "TTL or hop limit is used up")                       \
	X(FRAGMENT, fragment, punt, "IP fragment for a media address")         \
	X(IP_OPTIONS, ip_options, punt, "IP options or extension headers")     \
	X(VLAN_DEPTH, vlan_depth, punt, "more than two VLAN tags")             \
	X(HEADROOM, headroom, punt,                                            \
	  "the driver left no room to grow the frame")                         \
	X(TRUNCATED, truncated, punt,                                          \
	  "frame is shorter than its IP header says")                          \
	X(NH_STALE, nh_stale, note, "refresh failed; last good next hop used") \
	X(NH_REFRESH, nh_refresh, note,                                        \
	  "next hop looked up in the kernel's FIB")                            \
	X(TAPPED, tapped, note, "copied to the agent while being relayed")     \
	/* SIP */                                                              \
	X(SIP_FORWARDED, sip_forwarded, relay, "SIP message forwarded")        \
	X(SIP_DENIED, sip_denied, drop, "source is in a denied network")       \
	X(SIP_FLOOD, sip_flood, drop, "source is over its limit of messages")  \
	X(SIP_NOT_OURS, sip_not_ours, drop,                                    \
	  "response whose topmost Via is not ours")                            \
	X(SIP_FORGED, sip_forged, drop,                                        \
	  "response whose branch we have not made")                            \
	X(SIP_NOT_SIP, sip_not_sip, punt, "keep-alive, STUN, or no SIP")       \
	X(SIP_LONG, sip_long, punt,                                            \
	  "longer, or of more lines, than is looked at")                       \
	X(SIP_START, sip_start, punt, "start line is not plain SIP/2.0")       \
	X(SIP_URI, sip_uri, punt, "URI is not sip:, has escapes or headers")   \
	X(SIP_LINE, sip_line, punt,                                            \
	  "a line that is no header, or without CRLF")                         \
	X(SIP_FOLDED, sip_folded, punt, "a header goes on in the next line")   \
	X(SIP_SYNTAX, sip_syntax, punt, "a header that matters is not plain")  \
	X(SIP_TWICE, sip_twice, punt, "a header twice that there is one of")   \
	X(SIP_MISSING, sip_missing, punt,                                      \
	  "a header that each message has is missing")                         \
	X(SIP_LENGTH, sip_length, punt, "Content-Length is not what came")     \
	X(SIP_CSEQ, sip_cseq, punt, "CSeq names another method")               \
	X(SIP_TRANSPORT, sip_transport, punt,                                  \
	  "maddr, or a transport other than UDP")                              \
	X(SIP_CHECKSUM, sip_checksum, punt, "no UDP checksum, over IPv6")      \
	X(SIP_MAX_FORWARDS, sip_max_forwards, punt,                            \
	  "Max-Forwards is missing or used up")                                \
	X(SIP_REQUIRE, sip_require, punt,                                      \
	  "asks proxies for an extension, or the other end for an unknown "    \
	  "one")                                                               \
	X(SIP_LOCAL, sip_local, punt, "for the agent itself")                  \
	X(SIP_HOST, sip_host, punt, "next hop is a name, or none of ours")     \
	X(SIP_STRICT, sip_strict, punt, "a Route of a strict router")          \
	X(SIP_FLOW, sip_flow, punt, "a flow's token, or one is to be made")    \
	X(SIP_AUTH, sip_auth, punt, "set asks for digest authentication")      \
	X(SIP_NO_RULE, sip_no_rule, punt, "no rule for this request")          \
	X(SIP_NOBODY, sip_nobody, punt,                                        \
	  "no target of the set is usable, or it is not spoken to by UDP")     \
	X(SIP_MOVED, sip_moved, punt,                                          \
	  "set has changed: two may have the call")                            \
	X(SIP_REFUSED, sip_refused, punt, "next hop is not one we send to")    \
	X(SIP_DEST, sip_dest, punt,                                            \
	  "next hop is no unicast address of others")                          \
	X(SIP_FAMILY, sip_family, punt, "next hop is of the other IP family")  \
	X(SIP_ROUTE, sip_route, punt, "next hop's way out is not known")       \
	X(SIP_BIG, sip_big, punt, "would be longer than the next hop's MTU")   \
	X(SIP_COPIED, sip_copied, note, "copied for carom capture")            \
	X(SIP_COPY_LOST, sip_copy_lost, note,                                  \
	  "copy for the agent lost: ring full")                                \
	X(SIP_SPOOFED, sip_spoofed, drop,                                      \
	  "a trusted source, by a device that does not lead back to it")       \
	/* RTP again */                                                        \
	X(AGENT, agent, relay, "handed to the agent's media workers")          \
	/* SIP again */                                                        \
	X(SIP_CONTACT, sip_contact, punt,                                      \
	  "registered user's contact is the agent's to find")                  \
	X(SIP_HOP, sip_hop, note, "copied for HEP, as it came or as it left")  \
	X(SIP_HOP_LOST, sip_hop_lost, note, "copy for HEP lost: ring full")    \
	X(SIP_CHALLENGED, sip_challenged, relay,                               \
	  "REGISTER without credentials, answered by 401")

enum carom_reason {
#define X(id, name, class, text) CAROM_R_##id,
	CAROM_REASONS(X)
#undef X
		CAROM_R_MAX
};

/** Reasons below this one have a counter in each leg */
#define CAROM_R_LEG_MAX 16

_Static_assert(CAROM_R_NO_LEG == CAROM_R_LEG_MAX,
	       "reasons charged to a leg come first");

#endif
