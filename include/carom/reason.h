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
 * class: relay  the packet left by another leg
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
	X(LEG_SPARE, leg_spare, note, "not used")                              \
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
	X(TAPPED, tapped, note, "copied to the agent while being relayed")

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
