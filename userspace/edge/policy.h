/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/policy.h  What the agent forwards by: the same that the kernel is told
 *
 * Listeners, domains, networks, sets, rules (docs/sip.md). Filled once by the
 * configuration; sets change under it as the dispatcher does.
 */
#ifndef CAROM_EDGE_POLICY_H
#define CAROM_EDGE_POLICY_H

#include <re.h>
#include "carom/sipmap.h"
#include "base/prefix.h"
#include "dispatch/dispatch.h"
#include "locate/locate.h"
#include "sip/msg.h"

struct auth;
struct contact;

enum { POLICY_LISTENERS = 256 /**< two digits of a branch */ };

/** An address that we listen at by one transport */
struct policy_listener {
	enum msg_transp transp;
	struct sa addr;       /**< bound                                   */
	struct sa advertised; /**< what others are told                    */
	unsigned ifindex;     /**< device that has the address; 0: any     */
	bool own;    /**< no other edge has the address: what must come back
			here names it                              */
	bool silent; /**< nobody listens: for connections that we open    */
};

struct policy_set {
	struct ds_set *set; /**< NULL: not in the list                      */
	uint32_t flags;     /**< SIP_SET_*                                  */
};

struct policy_net {
	struct sa addr;
	unsigned bits;
	uint32_t flags; /**< SIP_NET_*                                  */
	uint32_t set;   /**< of a trunk; SIP_NONE                         */
	uint64_t until; /**< ms: it ends then; 0: never. By hand alone    */
};

struct policy {
	uint64_t key[2];
	bool force_rport;
	bool reverse_path; /**< kernel: trusted sources by their way back alone */
	unsigned datagram; /**< longest request for a datagram (18.1.1);
			      0: any                                     */
	struct policy_listener listenerv[POLICY_LISTENERS];
	size_t listenerc;
	char *domainv[SIP_DOMAINS]; /**< lower case; id is index + 1        */
	size_t domainc;
	struct policy_net *netv;
	size_t netc;
	struct prefix *denyv; /**< where no registered user is called      */
	size_t denyc;
	struct policy_set setv[SIP_SETS];
	struct sip_rule rulev[SIP_RULES];
	size_t rulec;
	/** Digest, for sets with SIP_SET_AUTH. NULL: nobody gets to them */
	struct auth *auth;
	/** Lately a node, and still one for calls under way; may be NULL */
	bool (*was_node)(const struct sa *addr, void *arg);
	/** Where it would have gone before the set changed, which was not long
	 * ago; NULL: never */
	bool (*before)(unsigned set, uint32_t hash, struct sa *dst, void *arg);
	/** Where a call went that began before its set changed; may be NULL */
	bool (*stuck)(unsigned set, uint64_t call, bool invite, struct sa *dst,
		      void *arg);
	/** An INVITE that begins a dialog goes to this target, stream: by TCP, for
	 *  it is too long; may be NULL */
	void (*remember)(unsigned set, const struct ds_target *t, uint64_t call,
			 bool stream, void *arg);
	/** Did the INVITE of this call go by TCP so? May be NULL */
	bool (*streamed)(unsigned set, uint64_t call, void *arg);
	/** Listener that a packet to dst leaves from, having come to `in` */
	unsigned (*leave)(const struct sa *dst, unsigned in, void *arg);
	/** Is it worth trying TCP for a request that is too long? May be NULL */
	bool (*try_tcp)(const struct sa *dst, void *arg);
	/** Address of a node that has this name in its URI, at the port (0: none is
	 * given); NULL: none; may be NULL */
	const struct sa *(*named)(const struct pl *host, uint16_t port,
				  void *arg);
	/** Where a name leads, as far as it is known: as locate_cached(); may be
	 * NULL */
	int (*locate)(const struct locate_want *w, struct locate_found *f,
		      void *arg);
	/** Names of nodes are still being looked up for the first time; may be
	 * NULL */
	bool (*unsettled)(void *arg);
	/** Contact of a registered user: as registered_find(); NULL: nobody is
	 *  registered */
	int (*registered)(struct contact **cp, const struct msg *m, void *arg);
	/** Is a registered user at the address, by UDP? May be NULL */
	bool (*phone)(const struct sa *addr, void *arg);
	/** Is the client's connection there, at the listener? May be NULL */
	bool (*connected)(enum msg_transp transp, const struct sa *peer,
			  unsigned listener, void *arg);
	void *arg;
};

/** @return 0 or ENOMEM */
int policy_alloc(struct policy **pp);

/** Is the address and port one of ours? @return its index, or -1 */
int policy_self(const struct policy *p, const struct sa *sa);
/** The listener of the transport and family whose address is this edge's alone;
 *  the only one, where none is said to be. @return its index, or -1 */
int policy_own_listener(const struct policy *p, enum msg_transp transp, int af);
/** Of a listener, whatever the port */
bool policy_own_addr(const struct policy *p, const struct sa *sa);
/** Network of the longest prefix that the address is in; NULL: none */
const struct policy_net *policy_net(const struct policy *p,
				    const struct sa *sa);
/** Target at the address and port; *set: the set's index */
struct ds_target *policy_node(const struct policy *p, const struct sa *sa,
			      unsigned *set);
/** Is it a node of a set that asks for digest, or one that has gone while some set
 *  does? */
bool policy_asks_auth(const struct policy *p, const struct sa *sa);
/** May send anywhere, and be sent to */
bool policy_trusted(const struct policy *p, const struct sa *sa);
/** Never to be sent to */
bool policy_forbidden(const struct policy *p, const struct sa *sa);
/** No registered user is called there: within denyv, and no node or trusted host, which
 *  counts for addresses at any port alone */
bool policy_denied(const struct policy *p, const struct sa *sa);
/** Transports that we have a listener of: 1 << enum msg_transp, of IPv4 and of
 *  IPv6 */
void policy_have(const struct policy *p, uint32_t have[2]);
/** Id of a domain of ours; 0: it is none */
uint32_t policy_domain(const struct policy *p, const struct pl *host);
/** The first rule that fits, behind `last` (NULL: of all); NULL: none */
const struct sip_rule *policy_rule(const struct policy *p, const struct msg *m,
				   uint32_t domain,
				   const struct sip_rule *last);

#endif
