/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sipmap.h  Keys and values of the maps that SIP is forwarded by
 *
 * Pinned beside the maps of carom/maps.h:
 *
 *   sip_conf      ARRAY[1]       struct sip_conf      agent writes
 *   sip_listeners ARRAY[64]      struct sip_listener  agent writes
 *   sip_hosts     HASH[hostport] struct sip_host      agent writes
 *   sip_exits     HASH[device]   __u32 listener       agent writes
 *   sip_nets      LPM[prefix]    struct sip_net       agent writes
 *   sip_domains   HASH[name]     __u32 id             agent writes
 *   sip_rules     ARRAY[64]      struct sip_rule      agent writes
 *   sip_sets      ARRAY[32]      struct sip_set       agent writes
 *   sip_slots     ARRAY          struct sip_slots     agent writes
 *   sip_targets   ARRAY          struct sip_target    agent writes, kernel counts
 *   sip_sticky    LRU[call]      struct sip_stick     kernel, agent write
 *   sip_users     HASH[user]     struct sip_user      agent writes
 *   sip_phones    HASH[hostport] struct sip_phone   agent writes
 *   sip_buckets   LRU[source]    struct sip_bucket    kernel writes
 *   sip_counts    PERCPU_ARRAY   struct sip_count     kernel writes
 *   sip_copies    RINGBUF        struct sip_copy      kernel writes
 *   sip_hops      RINGBUF        struct sip_copy      kernel writes
 *   sip_registrar  ARRAY[1]       struct sip_registrar agent writes
 *   sip_registrars HASH[hostport] __u32 1             agent writes
 *   sip_realms     HASH[name]     struct sip_realm    agent writes
 *
 * Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. Ports are in
 * host order. What the rules mean is said in docs/sip.md.
 */
#ifndef CAROM_SIPMAP_H
#define CAROM_SIPMAP_H

#include <linux/types.h>

#include "carom/sip.h"
#include "carom/siphash.h"

#define SIP_LISTENERS 64
#define SIP_HOSTS 65536
#define SIP_NETS 65536
#define SIP_DOMAINS 1024
#define SIP_RULES 64
#define SIP_SETS 32
#define SIP_SET_TARGETS 2048 /**< numbers of targets in a set are below  */
#define SIP_TARGETS (SIP_SETS * SIP_SET_TARGETS)
#define SIP_SLOTS 65536  /**< of a set's table, at most               */
#define SIP_SLOT_LINE 64 /**< slots in an entry of sip_slots          */
#define SIP_STICKY 262144
#define SIP_USERS 262144
#define SIP_PHONES 262144
#define SIP_USER_URI 200  /**< longest Request-URI that the kernel writes  */
#define SIP_USER_TOKEN 96 /**< longest token of a flow                     */
#define SIP_BUCKETS 65536
#define SIP_REGISTRARS 64
#define SIP_REALMS 64
#define SIP_REALM_ALGS 4 /**< places: a power of two                     */
#define SIP_REALM_TEXT 1024
#define SIP_COPY_BYTES (4u << 20)
/** For so long after a set has changed, calls are looked for where they went
 * before: longer than an INVITE may ring (RFC 3261 timer C is 180 s) */
#define SIP_STICKY_NS 300000000000ULL
#define SIP_NONE 0xffff /**< slot without a target, no set             */
#define SIP_DOMAIN_MAX 64
#define SIP_LINE_MAX 128 /**< text of a prebuilt header line            */

/** What a message is, for flood limits: told from its first bytes */
enum sip_class {
	SIP_CLASS_INVITE = 0,
	SIP_CLASS_REGISTER, /**< REGISTER, SUBSCRIBE, PUBLISH             */
	SIP_CLASS_DIALOG,   /**< ACK, BYE, CANCEL, NOTIFY, INFO, PRACK, UPDATE,
			     * REFER                                      */
	SIP_CLASS_OTHER,    /**< OPTIONS, MESSAGE, and any other name     */
	SIP_CLASS_RESPONSE,
	SIP_CLASS_JUNK, /**< keep-alives, and what is no SIP           */
	SIP_CLASS_MAX
};

/** A token bucket's measure; interval 0: no limit */
struct sip_limit {
	__u64 interval; /**< ns for a message                          */
	__u64 burst;    /**< ns: (messages at once - 1) * interval     */
};

/* sip_conf.flags */
#define SIP_CONF_ON (1u << 0) /**< the agent forwards: so may the kernel  */
#define SIP_CONF_FORCE_RPORT (1u << 1)
#define SIP_CONF_AUTH                                                          \
	(1u << 2) /**< some set asks for digest: what the untrusted send by
		     name outside a dialog is the agent's           */

#define SIP_CONF_USERS (1u << 4) /**< some rule is for registered users     */
#define SIP_CONF_USERS_LOST                                                    \
	(1u << 5) /**< sip_users did not take all of them: who is not in
		     it is the agent's to know                      */
#define SIP_CONF_REVERSE                                                       \
	(1u                                                                    \
	 << 3) /**< whom we trust has to come by the device that leads back */

/** One entry, index 0 */
struct sip_conf {
	__u64 key[2]; /**< shared by all edges                        */
	__u32 flags;
	__u32 rules;      /**< entries of sip_rules in use                */
	__u32 copy_every; /**< a copy of each n'th message; 0: none       */
	__u32 hop_every;  /**< both ends of the hop, of calls whose keyed hash
			     of the Call-ID it divides; 0: none          */
	struct sip_limit limit[SIP_CLASS_MAX];
};

/**
 * A UDP address that we listen on. The texts are ready to be put into a message:
 * "Via: SIP/2.0/UDP HOST:PORT;branch=z9hG4bK" and
 * "Record-Route: <sip:HOST:PORT;lr>\r\n", by the advertised address
 */
struct sip_listener {
	__u8 addr[16]; /**< of our own: what packets leave from        */
	__u16 port;
	__u16 v6;
	__u16 via_len, rr_len;
	__u32 used;
	__u32 ifindex; /**< of the device that has the address; 0: any */
	char via[SIP_LINE_MAX];
	char rr[SIP_LINE_MAX];
};

/** Key of sip_exits: which listener's address messages leave from by a device,
 * where the one that they came to is of another device */
struct sip_exit {
	__u32 ifindex; /**< 0: by those that have no entry             */
	__u32 v6;
};

/** sip_exit.ifindex of the address that is this edge's alone (SIP_SET_OWN) */
#define SIP_EXIT_OWN 0xffffffffu

struct sip_hostport {
	__u8 addr[16];
	__u16 port;
	__u16 pad;
};

enum __attribute__((packed)) sip_host_kind {
	SIP_HOST_NONE = 0,
	SIP_HOST_SELF, /**< ours: listening or advertised; index: listener,
			  SIP_LISTENERS where it is none of UDP's        */
	SIP_HOST_NODE, /**< a target; set and index: one it is in         */
};

struct sip_host {
	enum sip_host_kind kind;
	__u8 pad;
	__u16 set;
	__u32 index; /**< of sip_listeners, or of sip_targets        */
};

/** Key of sip_nets */
struct sip_prefix {
	__u32 bits; /**< 0..128; an IPv4 prefix has 96 more         */
	__u8 addr[16];
};

/* sip_net.flags */
#define SIP_NET_DENY (1u << 0)  /**< drop all                         */
#define SIP_NET_ALLOW (1u << 1) /**< no flood limits                  */
#define SIP_NET_TRUSTED                                                        \
	(1u << 2) /**< may send anywhere, and be sent to;
				     no digest challenge              */

struct sip_net {
	__u32 flags;
	__u32 set; /**< of a trunk: its new dialogs; SIP_NONE       */
};

/** Name in lower case, zeroes behind */
struct sip_domain {
	char name[SIP_DOMAIN_MAX];
};

/* sip_rule.flags */
#define SIP_RULE_PRESENCE (1u << 0) /**< Event begins with "presence"     */
#define SIP_RULE_REGISTERED                                                    \
	(1u << 1) /**< fits users of the registrar alone, and leads to
		     their contact: `set` is SIP_NONE               */
#define SIP_RULE_RR (1u << 2)   /**< of REGISTERED: Record-Route            */
#define SIP_RULE_AUTH (1u << 3) /**< of REGISTERED: digest of the untrusted */

/** Who gets a new dialog: the first rule that fits */
struct sip_rule {
	__u64 user[2], mask[2]; /**< Request-URI's user begins so, 16 bytes;
				   mask has 0xff for each that counts        */
	__u32 methods;          /**< bit of enum scan_method; 0: any         */
	__u32 domain;           /**< of sip_domains; 0: any of ours          */
	__u16 flags;
	__u16 set; /**< index in sip_sets                           */
	__u32 pad;
};

/* sip_set.flags */
#define SIP_SET_RR (1u << 0)   /**< Record-Route in what begins a dialog   */
#define SIP_SET_PATH (1u << 1) /**< Path in REGISTER: the agent's          */
#define SIP_SET_AUTH (1u << 2) /**< digest of the untrusted: the agent's   */
#define SIP_SET_KAMAILIO (1u << 3) /**< hash as Kamailio's algorithm 0      */
#define SIP_SET_OWN                                                            \
	(1u << 4) /**< its nodes have our shared addresses too: sent to from
		     the one that is this edge's alone              */

/** A dispatcher set. The table that is not active may be written */
struct sip_set {
	__u32 id;      /**< of the dispatcher list                      */
	__u32 flags;   /**< SIP_SET_*                                   */
	__u32 slots;   /**< of the active table; 0: nobody there        */
	__u32 active;  /**< 0 or 1                                      */
	__u64 changed; /**< CLOCK_MONOTONIC ns, when it became so      */
	__u32 before;  /**< slots of the other table: what was in force */
	__u32 pad;
};

/** Entry (set * 2 + table) * SIP_SLOTS / SIP_SLOT_LINE + slot / SIP_SLOT_LINE */
struct sip_slots {
	__u16 target[SIP_SLOT_LINE]; /**< number in the set, or SIP_NONE    */
};

/** Entry set * SIP_SET_TARGETS + number */
struct sip_target {
	__u8 addr[16];
	__u16 port;
	__u16 usable;    /**< 0: dead: a retransmitted INVITE leaves it      */
	__u32 gone;      /**< 1: no target any more                          */
	__u64 dialogs;   /**< INVITEs that the table sent to it       */
	__u64 requests;  /**< all requests sent to it                  */
	__u64 responses; /**< sent to it                              */
	__u64 received;  /**< messages that came from it               */
	__u64 spare;
};

/* sip_stick.flags */
#define SIP_STICK_STREAM                                                       \
	(1u << 0) /**< its INVITE was too long for a datagram: so CANCEL
		     and ACK are the agent's to send after it            */

/** Where a call went that began before its set changed, or the user's contact */
struct sip_stick {
	__u32 target; /**< entry of sip_targets, or sip_user.id        */
	__u32 flags;  /**< SIP_STICK_*                                 */
};

/**
 * A user of the registrar: who has an entry is known, and a rule for registered
 * users fits him. The key is a keyed hash of user and domain (sipkey.h), so that
 * the texts may be of any length. All is written by the agent
 */
struct sip_user {
	__u32 id;        /**< of the contact that requests go to; 0: none */
	__u16 uri_len;   /**< of uri; 0: the agent sends to him           */
	__u16 port;      /**< of addr                                     */
	__u8 addr[16];   /**< where the contact is, by UDP                */
	__u64 expires;   /**< CLOCK_MONOTONIC ns: then it is gone, or
			     renewed by the agent                         */
	__u64 changed;   /**< CLOCK_MONOTONIC ns, when id became so       */
	__u16 token_len; /**< of token; 0: it is where its URI says       */
	__u16 listener;  /**< with a token: the one to leave from         */
	__u32 pad;
	char uri[SIP_USER_URI];     /**< what becomes the Request-URI      */
	char token[SIP_USER_TOKEN]; /**< of the flow to a phone behind a NAT */
};

/** An address that a registered user is at by UDP: requests inside a dialog may go
 * there, whoever sends them */
struct sip_phone {
	__u64 expires; /**< CLOCK_MONOTONIC ns; agent writes               */
};

/** A source's buckets: when each would be empty again (GCRA), and what it lost */
struct sip_bucket {
	__u64 full[SIP_CLASS_MAX]; /**< CLOCK_MONOTONIC ns              */
	__u64 dropped;
};

/** Messages forwarded: by method, requests outside a dialog and inside one;
 * responses by hundreds */
#define SIP_COUNT_DIALOG SCAN_M_MAX
#define SIP_COUNT_RESPONSE (2 * SCAN_M_MAX) /**< + code / 100 - 1        */
#define SIP_COUNT_MAX (SIP_COUNT_RESPONSE + 6)

struct sip_count {
	__u64 packets, bytes;
};

/* sip_copy.flags */
#define SIP_COPY_LEFT (1u << 0) /**< as it left: src is ours, to says nothing */

/* sip_registrar.flags */
#define SIP_REGISTRAR_ON (1u << 0) /**< the kernel answers                */

/**
 * What the kernel answers a REGISTER without credentials by, at the addresses of
 * sip_registrars. One entry, index 0
 */
struct sip_registrar {
	__u32 flags;
	__u32 serial; /**< another one: what it is made of has changed     */
	__u64 until;  /**< CLOCK_MONOTONIC ns: then the agent is dead        */
	__u64 wall;   /**< ns since 1970 when CLOCK_MONOTONIC was 0          */
	__u64 chance; /**< in each nonce: two nodes make different ones      */
	struct siphash tag; /**< what To-tags of REGISTER have in common     */
};

/** A domain that is registered in, and what follows To, From, Call-ID and CSeq in
 * its 401: "Server: ...\r\nWWW-Authenticate: ...", up to the empty line */
struct sip_realm {
	struct siphash seed[SIP_REALM_ALGS]; /**< carom/sipnonce.h           */
	__u16 nonce[SIP_REALM_ALGS];         /**< where each stands in text  */
	__u16 nonces;
	__u16 len; /**< of text                                            */
	__u16 pad[2];
	char text[SIP_REALM_TEXT];
};

/** A copied message, as it came in, or, in sip_hops, as it left; the text
 * follows */
struct sip_copy {
	__u64 time; /**< CLOCK_MONOTONIC ns                            */
	__u8 src[16], dst[16];     /**< as it came in                  */
	__u8 to[16];               /**< where it went                  */
	__u16 sport, dport, tport; /**< host order                     */
	__u16 reason;              /**< enum carom_reason              */
	__u32 len;                 /**< of the text                    */
	__u32 flags;               /**< SIP_COPY_*                     */
};

_Static_assert(sizeof(struct sip_hostport) == 20, "no holes");
_Static_assert(sizeof(struct sip_prefix) == 20, "no holes");
_Static_assert(sizeof(struct sip_target) == 64, "a cache line");
_Static_assert(sizeof(struct sip_slots) == 128, "two cache lines");
_Static_assert(sizeof(struct sip_user) == 344, "no holes");
_Static_assert(sizeof(struct sip_registrar) == 64, "a cache line");
_Static_assert(sizeof(struct sip_realm) == 144 + SIP_REALM_TEXT, "no holes");

#endif
