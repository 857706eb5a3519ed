/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file hep/hep.h  What passes here is shown to a collector: HEPv3 (EEP)
 *
 * HOMER, heplify-server, Kamailio's sipcapture. A packet of HEP has one message in it,
 * who sent it to whom, when, and an id by which what belongs to one call is found.
 */
#ifndef CAROM_HEP_H
#define CAROM_HEP_H

#include <re.h>

enum {
	HEP_PACKET_MAX = 65535, /**< its length is a number of 16 bits     */
};

/** Chunk 11: what the payload is */
enum hep_type {
	HEP_SIP = 1,   /**< as it was on the wire                          */
	HEP_RTCP = 5,  /**< as JSON: hep_rtcp_json()                       */
	HEP_LOG = 100, /**< a line of text                                 */
};

/** Who we are, for the collector */
struct hep_node {
	uint32_t id;          /**< chunk 12                                */
	const char *name;     /**< chunk 19; NULL: none                    */
	const char *password; /**< chunk 14, in the clear; NULL: none      */
};

/** What is shown */
struct hep_packet {
	enum hep_type type;
	uint8_t proto; /**< IPPROTO_UDP; IPPROTO_TCP, of TLS and WebSocket too */
	const struct sa *src, *dst; /**< of one family                      */
	uint64_t time;         /**< us since 1970                           */
	struct pl correlation; /**< chunk 17: the Call-ID; unset: none      */
	struct pl payload;
};

/**
 * Put it into a packet of HEP
 *
 * @param mb  Appended to
 *
 * @return 0, ENOMEM, EAFNOSUPPORT, EMSGSIZE: longer than HEP_PACKET_MAX
 */
int hep_encode(struct mbuf *mb, const struct hep_node *node,
	       const struct hep_packet *p);

/**
 * A compound packet of RTCP (RFC 3550) as collectors want it: JSON with the last SR's
 * "sender_information", all "report_blocks", and SDES
 *
 * @param mb  Appended to
 *
 * @return 0, ENOMEM, EBADMSG: no RTCP, or neither SR, RR nor SDES
 */
int hep_rtcp_json(struct mbuf *mb, const uint8_t *p, size_t n);

/** A SIP message's Call-ID. @return 0 or ENOENT */
int hep_callid(struct pl *callid, const struct pl *text);

/* ---- sending --------------------------------------------------------------------- */

enum hep_transp { HEP_UDP = 0, HEP_TCP, HEP_TLS };

struct hep_conf {
	struct hep_node node; /**< strings are kept by the caller           */
	enum hep_transp transp;
	struct sa dst;
	bool large_by_tcp; /**< over UDP: what is longer than the path's MTU goes
			      by TCP to the same address; else IP fragments it */
	size_t queue;      /**< bytes that may wait for a connection        */
	const char *ca;    /**< TLS: who must have signed the certificate, which
			      must be of dst's address; NULL: it is not looked
			      at                                          */
};

/** Why a packet was lost */
enum hep_lost {
	HEP_LOST_QUEUE = 0, /**< the queue was full                         */
	HEP_LOST_LONG,      /**< does not fit into HEP, or into a datagram  */
	HEP_LOST_UNSENT, /**< the network would not have it, or the collector's
			       host said that nobody listens              */
	HEP_LOST_CLOSED, /**< it was being sent when the connection broke */
	HEP_LOST_MAX
};

struct hep_count {
	uint64_t packets, bytes; /**< sent                                  */
	uint64_t lost[HEP_LOST_MAX];
	uint64_t connects; /**< connections made                            */
	size_t queued;     /**< bytes that wait                             */
	bool up;           /**< connected; over UDP: nobody said otherwise  */
};

struct hep;

/**
 * @param hp  Pointer to the object (mem_deref when done: what waits is lost)
 *
 * @return 0 or errno; why says what is wrong
 */
int hep_alloc(struct hep **hp, const struct hep_conf *conf, char *why,
	      size_t sz);

/** Show it, or count why not. Logs on its own behalf are not shown */
void hep_send(struct hep *h, const struct hep_packet *p);

/** Is something being sent right now? Who sees it must not show what it sees */
bool hep_sending(const struct hep *h);

/** @param c  Result: counted since hep_alloc() */
void hep_count(const struct hep *h, struct hep_count *c);

/** "queue_full" for HEP_LOST_QUEUE */
const char *hep_lost_name(enum hep_lost lost);

#endif
