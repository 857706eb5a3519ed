/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/profile.h  Which profile, keys and ICE each party is told of, and what
 * its leg does then
 *
 * Pure functions: they describe; others make keys, certificates and candidates and
 * write the lines. An offer is taken in by prof_offer(), its answer by
 * prof_answer(). rtcp-mux is no affair of theirs.
 *
 * Rules, where the RFCs leave a choice:
 *   - RTP/SAVP and SAVPF are offered with SDES and DTLS beside one another, as
 *     rtpengine does; UDP/TLS/RTP/... with DTLS alone, which is what it says
 *     (RFC 5764 8; rtpengine offers SDES even there).
 *   - Who offers both gets DTLS. Towards who offers we are the DTLS client, if we
 *     may choose and nothing else is asked for; whom we offer chooses for us.
 *   - Suites that were offered go on under their tags, with their keys; ours
 *     follow under tags that are free. Is one of theirs chosen, then keys pass and
 *     nothing has to be opened.
 */
#ifndef CAROM_MEDIA_PROFILE_H
#define CAROM_MEDIA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>
#include "media/sdp.h"

enum {
	PROF_SUITES = 24, /**< a=crypto lines of one section            */
	PROF_SUITE = 40,  /**< bytes of a suite's name, with its NUL    */
};

enum prof_proto {
	PROTO_OTHER = 0, /**< passed on as it is */
	PROTO_AVP,
	PROTO_AVPF,
	PROTO_SAVP,
	PROTO_SAVPF,
	PROTO_TLS_SAVP,
	PROTO_TLS_SAVPF,
	PROTO_UDPTL,
};

enum prof_proto prof_proto(const struct pl *text);
/** As m= has it; NULL for PROTO_OTHER */
const char *prof_proto_name(enum prof_proto p);
bool prof_secure(enum prof_proto p);   /**< SAVP, SAVPF, with TLS or without */
bool prof_tls(enum prof_proto p);      /**< UDP/TLS/...                      */
bool prof_feedback(enum prof_proto p); /**< may have a=rtcp-fb               */

/** One a=crypto line */
struct prof_suite {
	char name[PROF_SUITE];
	uint32_t tag;
	int src; /**< line of the other party whose key passes; -1: ours   */
};

struct prof_suites {
	struct prof_suite v[PROF_SUITES];
	unsigned n;
};

enum prof_role { ROLE_NONE = 0, ROLE_ACTIVE, ROLE_PASSIVE, ROLE_ACTPASS };

/** What a section says */
struct prof_said {
	enum prof_proto proto;
	struct prof_suites suites; /**< src: its own index                 */
	bool fingerprint;
	enum prof_role setup;
	bool ice, ice_lite, trickle;
};

/** Read a section. Names that are too long and lines without a tag are left out */
void prof_read(struct prof_said *s, const struct sdpx *sdp, size_t i);

enum prof_ice {
	ICE_DEFAULT = 0,
	ICE_REMOVE,
	ICE_FORCE,
	ICE_FORCE_RELAY,
	ICE_OPTIONAL
};
enum prof_lite {
	LITE_UNSAID = 0,
	LITE_FORWARD,
	LITE_BACKWARD,
	LITE_BOTH,
	LITE_OFF
};
enum prof_dtls { DTLS_DEFAULT = 0, DTLS_ACTIVE, DTLS_PASSIVE, DTLS_OFF };

/** Names of suites: case does not matter */
struct prof_names {
	const struct pl *v;
	size_t n;
};

/** What the driver wants. Zeroed: as it comes */
struct prof_policy {
	enum prof_proto
		transport;     /**< of what goes on, PROTO_OTHER keeps     */
	bool transport_accept; /**< answer: its own protocol goes back     */
	bool sdes_off;
	bool sdes_nonew; /**< no suites of ours beside those offered          */
	bool sdes_static; /**< answer: the suite of before stays               */
	struct prof_names only, no, order,
		prefer;      /**< prefer: offerer_pref   */
	enum prof_dtls dtls; /**< answer: towards who answers          */
	enum prof_dtls
		dtls_reverse; /**< offer: towards who made it           */
	enum prof_ice ice;
	enum prof_lite lite;
	bool reject_ice, trickle;
	bool osrtp_offer,
		osrtp_accept; /**< RFC 8643                          */
	bool recrypt; /**< keys never pass                                     */
	struct prof_names
		ours; /**< suites that we have, the best first       */
};

/** One party's side: what it is told, and what its leg does */
struct prof_side {
	enum prof_proto proto;
	bool feedback;             /**< a=rtcp-fb lines may stay              */
	struct prof_suites suites; /**< a=crypto lines it is told; when it is
				      agreed, the one that holds              */
	bool sdes;                 /**< keys by a=crypto                      */
	bool dtls;                 /**< a=fingerprint and a=setup             */
	enum prof_role setup;      /**< that it is told: ours                 */
	bool pass_keys; /**< its SRTP is relayed as it comes: the keys are those
			    of the two parties                                */
	bool ice;       /**< candidates of ours                               */
	bool ice_lite;  /**< we are lite                                      */
	bool controlling;
	bool relay_only; /**< only our candidates: nothing else of theirs     */
	bool trickle;
};

/** An offer, until its answer is there */
struct prof_offer {
	struct prof_said said;
	struct prof_side to; /**< who gets it                          */
	struct prof_suites
		offered; /**< of the offerer, those that may be taken */
	enum prof_dtls dtls_reverse;
	bool reject_ice, osrtp_accept, recrypt, back_lite;
	struct prof_names ours;
};

struct prof_answer {
	struct prof_side from; /**< who offered: what goes back               */
	struct prof_side to;   /**< who answered                              */
};

struct prof_err {
	char msg[160];
};

/**
 * Take in an offer
 *
 * @param po  Filled. p->ours.v has to live as long as it
 *
 * @return 0; ENOTSUP the wishes leave no way to encrypt; EINVAL the offer is
 *         secure, and says not how
 */
int prof_offer(struct prof_offer *po, const struct prof_said *said,
	       const struct prof_policy *p, struct prof_err *e);

/**
 * Take in the answer to it
 *
 * @param before  Of the last answer, for sdes_static; or NULL
 *
 * @return 0; ENOTSUP it takes nothing that was offered
 */
int prof_answer(struct prof_answer *pa, const struct prof_offer *po,
		const struct prof_said *said, const struct prof_policy *p,
		const struct prof_answer *before, struct prof_err *e);

#endif
