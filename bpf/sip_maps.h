/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps that SIP is forwarded by, and a message on its way through. Who
 * writes what: carom/sipmap.h */
#ifndef CAROM_BPF_SIP_MAPS_H
#define CAROM_BPF_SIP_MAPS_H

#include "carom/sipaddr.h"
#include "carom/sipnonce.h"
#include "carom/sipmap.h"

#include "trip.h"

#define SIP_ARRAY(name, n, v)                                                  \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY);                              \
		__uint(map_flags, BPF_F_MMAPABLE);                             \
		__uint(max_entries, n);                                        \
		__type(key, __u32);                                            \
		__type(value, v);                                              \
	} name SEC(".maps")

#define SIP_HASH(name, kind, n, k_, v_)                                        \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_##kind);                             \
		__uint(max_entries, n);                                        \
		__type(key, k_);                                               \
		__type(value, v_);                                             \
	} name SEC(".maps")

SIP_ARRAY(sip_conf, 1, struct sip_conf);
SIP_ARRAY(sip_listeners, SIP_LISTENERS, struct sip_listener);
SIP_ARRAY(sip_rules, SIP_RULES, struct sip_rule);
SIP_ARRAY(sip_sets, SIP_SETS, struct sip_set);
SIP_ARRAY(sip_slots, SIP_SETS * 2 * (SIP_SLOTS / SIP_SLOT_LINE),
	  struct sip_slots);
SIP_ARRAY(sip_targets, SIP_TARGETS, struct sip_target);
SIP_HASH(sip_hosts, HASH, SIP_HOSTS, struct sip_hostport, struct sip_host);
SIP_HASH(sip_exits, HASH, 1024, struct sip_exit, __u32);
SIP_HASH(sip_domains, HASH, SIP_DOMAINS, struct sip_domain, __u32);
SIP_HASH(sip_sticky, LRU_HASH, SIP_STICKY, __u64, struct sip_stick);
SIP_HASH(sip_buckets, LRU_HASH, SIP_BUCKETS, struct addr, struct sip_bucket);
SIP_HASH(sip_counts, PERCPU_ARRAY, SIP_COUNT_MAX, __u32, struct sip_count);

SIP_ARRAY(sip_registrar, 1, struct sip_registrar);
SIP_HASH(sip_registrars, HASH, SIP_REGISTRARS, struct sip_hostport, __u32);

/* As large as there are users: in memory is what there is */
#define SIP_HASH_SPARSE(name, n, k_, v_)                                       \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_HASH);                               \
		__uint(map_flags, BPF_F_NO_PREALLOC);                          \
		__uint(max_entries, n);                                        \
		__type(key, k_);                                               \
		__type(value, v_);                                             \
	} name SEC(".maps")

SIP_HASH_SPARSE(sip_users, SIP_USERS, __u64, struct sip_user);
SIP_HASH_SPARSE(sip_phones, SIP_PHONES, struct sip_hostport, struct sip_phone);
SIP_HASH_SPARSE(sip_realms, SIP_REALMS, struct sip_domain, struct sip_realm);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SIP_NETS);
	__type(key, struct sip_prefix);
	__type(value, struct sip_net);
} sip_nets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SIP_COPY_BYTES);
} sip_copies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SIP_COPY_BYTES);
} sip_hops SEC(".maps");

/* A stretch of the message that leaves */
struct sip_piece {
	__u16 from; /* PIECE_*                                   */
	__u16 off, len;
	__u16 pad;
};

#define PIECE_BUF 0   /* of the message that came                   */
#define PIECE_TEXT 1  /* of sip_work.text                            */
#define PIECE_VIA 2   /* our Via, of listener `off`                  */
#define PIECE_RR 3    /* our Record-Route, of listener `off`         */
#define PIECE_URI 4   /* of sip_work.uri                           */
#define PIECE_REALM 5 /* of the realm of sip_work.domain            */
#define URI_TOKEN 256
#define URI_REST 391 /* an '@' first, then words                    */
#define RR_HEAD 19   /* "Record-Route: <sip:"                        */
#define PIECES                                                                 \
	16 /* start line with another URI, Via, its branch, two
			Record-Routes, one of them of three pieces, and what
			lies between four edits */

/* sip_work.flags */
#define WORK_TRUSTED (1u << 0) /* source may send anywhere          */
#define WORK_CHOSEN (1u << 1)  /* the rules chose the target        */
#define WORK_RR (1u << 2)
#define WORK_NATTED (1u << 3) /* its Via is not where it comes from   */
#define WORK_FLOW (1u << 4)   /* the set asks for tokens of flows     */
#define WORK_USER (1u << 5)   /* sip_work.user is a registered user's  */
#define WORK_CALLED (1u << 6) /* it goes to that user: sip_work.uri    */
#define WORK_OWN (1u << 8)    /* it leaves from this edge's own address     */
#define WORK_REGISTRAR (1u << 9) /* it is for the registrar             */
#define WORK_LIMITED (1u << 10)  /* the source has a limit to keep       */
#define WORK_TO_FLOW                                                           \
	(1u << 7) /* to the end of a flow: sip_work.peer, and from
		     sip_work.leave_by alone                         */

/* A message on its way through. `copy` and the two words that scan_buf begins
 * with are a struct sip_copy, its text right behind */
struct sip_work {
	__u8 copy[sizeof(struct sip_copy) - 8];
	struct scan_buf b;
	struct sip_hostport src;    /* where it came from               */
	struct sip_hostport dst;    /* where it came to                 */
	struct sip_hostport next;   /* where it goes                    */
	struct sip_hostport peer;   /* of a flow's token                */
	struct sip_hostport holder; /* the same                       */
	struct sip_prefix prefix;   /* key of a lookup                  */
	struct sip_domain domain;   /* the same                         */
	__u32 flags;                /* WORK_*                           */
	__u32 in, out; /* listeners that it came to, and leaves by    */
	__u32 set;     /* of its rule, or of a trunk; SIP_NONE        */
	__u32 target;  /* entry of sip_targets that it goes to; ~0    */
	__u32 from;    /* the same that it came from                  */
	__u32 pops;    /* own Routes to be taken out                  */
	__u32 pieces;
	__u32 done; /* bytes of the message that pieces stand for     */
	__u32 len;  /* of all pieces                                  */
	__u32 front_len;
	__u32 texts;
	__u32 ifindex;   /* egress                                      */
	__u32 way;       /* entry of sip_ways                           */
	__u64 user;      /* key of sip_users: WORK_USER                 */
	__u32 rule;      /* flags of the rule that fits                 */
	__u32 uri_len;   /* of uri                                      */
	__u32 token_len; /* of the token in uri; 0: none              */
	__u32 leave_by;  /* listener of a flow                        */
	__u32 serial;    /* of sip_registrar, when it was looked at    */
	__u32 nonces;    /* that this CPU has made: never set back     */
	struct sip_piece piece[PIECES];
	/* WORK_CALLED: the Request-URI to leave with, the token of the flow, and
	 * at URI_REST what stands behind it in its Record-Route */
	__u8 uri[512 + 32];
	__u8 text[256];
	struct sip_copy left;     /* of the message that leaves, in front  */
	__u8 front[2 * SCAN_BUF]; /* pieces put together: sip_gather()    */
};

_Static_assert(__builtin_offsetof(struct sip_work, b.data) ==
		       sizeof(struct sip_copy),
	       "text follows the copy's header");
_Static_assert(__builtin_offsetof(struct sip_work, front) -
			       __builtin_offsetof(struct sip_work, left) ==
		       sizeof(struct sip_copy),
	       "text follows the copy's header here too");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sip_work);
} sip_works SEC(".maps");

static __always_inline struct sip_work *sip_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sip_works, &zero);
}

static __always_inline struct sip_conf *sip_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sip_conf, &zero);
}

/* An address as SIP's maps have it */
static __always_inline void sip_addr(__u8 to[16], const struct addr *a, bool v6)
{
	__be32 w[4];

	w[0] = v6 ? a->w[0] : 0;
	w[1] = v6 ? a->w[1] : 0;
	w[2] = v6 ? a->w[2] : bpf_htonl(0xffff);
	w[3] = v6 ? a->w[3] : a->w[0];
	__builtin_memcpy(to, w, sizeof(w));
}

/* The other way round; returns whether it is IPv6 */
static __always_inline bool sip_addr_back(struct addr *a, const __u8 from[16])
{
	__be32 w[4];

	__builtin_memcpy(w, from, sizeof(w));
	if (w[0] || w[1] || w[2] != bpf_htonl(0xffff)) {
		__builtin_memcpy(a, w, sizeof(w));
		return true;
	}
	__builtin_memset(a, 0, sizeof(*a));
	a->w[0] = w[3];
	return false;
}

/* sipkey_span(), where the offset is masked in each turn: the verifier sees one
 * state behind all of them */
static __always_inline void sip_hash_span(struct siphash *h,
					  const struct scan_buf *b, __u64 off,
					  __u64 len)
{
	__u64 words = len >> 3;

	siphash_word(h, len);
	off &= SCAN_BUF - 1;
	asm volatile("" : "+r"(words));
	for (__u64 i = 0; i < SCAN_TOKEN_WORDS && i < words; i++) {
		siphash_word(h, scan_word(b, off));
		off = (off + 8) & (SCAN_BUF - 1);
	}
	if (len & 7)
		siphash_word(h, scan_keep(scan_word(b, off), len & 7));
}

#endif
