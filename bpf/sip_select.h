/* SPDX-License-Identifier: GPL-2.0-only */
/* Who gets a new dialog: the rule, its set, and in that the target by the hash of
 * the Call-ID */
#ifndef CAROM_BPF_SIP_SELECT_H
#define CAROM_BPF_SIP_SELECT_H

#include "sip_next.h"

#define SIP_REGISTERED 0xfffe /* no set: the user's contact              */

/* Kamailio's hash of the Call-ID, which is of 7-bit bytes: words of four, the
 * first byte highest (dispatcher, algorithm 0) */
__noinline __u32 sip_hash_kamailio(void)
{
	struct sip_work *w = sip_here();
	__u32 off, len, h = 0, v;

	if (!w)
		return 1;
	off = w->b.s.callid.off;
	len = w->b.s.callid.len;
	for (int i = 0; i < SCAN_TOKEN_WORDS * 2; i++) {
		if (len < 4)
			break;
		v = __builtin_bswap32(scan_word(&w->b, off));
		h += v ^ v >> 3;
		off += 4;
		len -= 4;
	}
	v = __builtin_bswap32(scan_keep(scan_word(&w->b, off), len & 3));
	v >>= (4 - (len & 3)) * 8 & 31;
	/* an empty rest is a word of zeroes */
	v = len & 3 ? v : 0;
	h += v ^ v >> 3;
	h = h + (h >> 11) + (h >> 13) + (h >> 23);
	return h ? h : 1;
}

static __always_inline __u64 sip_hash_call(struct sip_work *w,
					   const struct sip_conf *conf)
{
	struct siphash h;

	siphash_start(&h, conf->key[0], conf->key[1]);
	siphash_word(&h, SIP_KEY_CALL);
	sip_hash_span(&h, &w->b, w->b.s.callid.off, w->b.s.callid.len);
	return siphash_end(&h);
}

/* A URI's host in small letters: sip_work.domain. -1: too long */
__noinline int sip_host_name(__u32 which)
{
	struct sip_work *w = sip_here();
	__u32 off, len;
	__u64 *name;

	if (!w)
		return -1;
	which = scan_slot(which, SCAN_RURI);
	off = w->b.s.uri[which].host.off;
	len = w->b.s.uri[which].host.len;
	if (!len || len > SIP_DOMAIN_MAX)
		return -1;
	name = (__u64 *)w->domain.name;
	for (int i = 0; i < SIP_DOMAIN_MAX / 8; i++) {
		__u32 n = len < 8 ? len : 8;

		name[i] = n ? scan_keep(scan_lower(scan_word(&w->b, off)), n)
			    : 0;
		off += 8;
		len -= n;
	}
	return 0;
}

/* The Request-URI's host among our domains: its id, or 0 */
static __always_inline __u32 sip_our_domain(struct sip_work *w)
{
	const __u32 *id;

	if (sip_host_name(SCAN_RURI))
		return 0;
	id = bpf_map_lookup_elem(&sip_domains, &w->domain);
	return id ? *id : 0;
}

static __always_inline bool sip_rule_fits(const struct sip_work *w,
					  const struct sip_rule *r,
					  __u32 domain)
{
	const struct scan *s = &w->b.s;
	const struct scan_span *user = &s->uri[SCAN_RURI].user;
	__u64 u0 = 0, u1 = 0;

	if (r->methods && !(r->methods >> (s->method & 31) & 1))
		return false;
	if (r->domain && r->domain != domain)
		return false;
	if (r->flags & SIP_RULE_PRESENCE &&
	    (s->event.len < 8 ||
	     scan_lower(scan_word(&w->b, s->event.off)) !=
		     SCAN_W('p', 'r', 'e', 's', 'e', 'n', 'c', 'e')))
		return false;
	if (r->mask[0]) {
		u0 = scan_keep(scan_word(&w->b, user->off), user->len);
		u1 = user->len > 8 ? scan_keep(scan_word(&w->b, user->off + 8),
					       user->len - 8)
				   : 0;
	}
	return !((u0 ^ r->user[0]) & r->mask[0]) &&
	       !((u1 ^ r->user[1]) & r->mask[1]);
}

/* Index of the set that the rules name, SIP_REGISTERED with sip_work.rule where
 * the user is to be called, or SIP_NONE */
__noinline __u32 sip_rule_set(__u32 domain)
{
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();

	if (!w || !conf)
		return SIP_NONE;
	for (__u32 i = 0; i < SIP_RULES && i < conf->rules; i++) {
		__u32 key = i;
		const struct sip_rule *r = bpf_map_lookup_elem(&sip_rules,
							       &key);

		if (!r || !sip_rule_fits(w, r, domain))
			continue;
		if (!(r->flags & SIP_RULE_REGISTERED))
			return r->set;
		if (!(w->flags & WORK_USER))
			continue;
		w->rule = r->flags;
		return SIP_REGISTERED;
	}
	return SIP_NONE;
}

/* Entry of sip_targets by a table of n slots, or ~0 */
static __always_inline __u32 sip_slot_target(__u32 set, __u32 table, __u32 n,
					     __u32 hash)
{
	const struct sip_slots *line;
	__u32 slot, key, number;

	if (!n || n > SIP_SLOTS)
		return ~0u;
	slot = hash % n;
	key = (set * 2 + (table & 1)) * (SIP_SLOTS / SIP_SLOT_LINE) +
	      slot / SIP_SLOT_LINE;
	line = bpf_map_lookup_elem(&sip_slots, &key);
	if (!line)
		return ~0u;
	number = line->target[slot & (SIP_SLOT_LINE - 1)];
	return number < SIP_SET_TARGETS ? set * SIP_SET_TARGETS + number : ~0u;
}

/* A call that began before the set changed stays where it went: its entry of
 * sip_targets, or ~0 where that is not known here. The INVITE of a call that its
 * target never answered goes elsewhere once that is dead */
static __always_inline __u32 sip_stuck(const struct sip_work *w, __u64 call)
{
	const struct sip_stick *st = bpf_map_lookup_elem(&sip_sticky, &call);
	const struct sip_target *x;
	__u32 key;

	if (!st)
		return ~0u;
	key = st->target;
	x = bpf_map_lookup_elem(&sip_targets, &key);
	if (!x || !x->port || (w->b.s.method == SCAN_M_INVITE && !x->usable))
		return ~0u;
	return key;
}

/* CANCEL, and the ACK of a refusal: of the INVITE's transaction, which is known by
 * the transport in its Via, too (RFC 3261 9.1, 17.2.3) */
static __always_inline bool sip_ends_ringing(const struct sip_work *w)
{
	return w->b.s.method == SCAN_M_CANCEL || w->b.s.method == SCAN_M_ACK;
}

/* Did the INVITE go over a stream? */
static __always_inline bool sip_streamed(const struct sip_work *w, __u64 call)
{
	const struct sip_stick *st;

	if (!sip_ends_ringing(w))
		return false;
	st = bpf_map_lookup_elem(&sip_sticky, &call);
	return st && st->flags & SIP_STICK_STREAM;
}

/* What ends a call that rings, whose INVITE came by another edge: was it before
 * the set changed, or after? The agent asks both nodes */
static __always_inline bool sip_unsure(const struct sip_work *w, __u32 set,
				       const struct sip_set *s, __u32 hash,
				       __u32 target)
{
	__u32 old;

	if (!sip_ends_ringing(w))
		return false;
	old = sip_slot_target(set, !(s->active & 1), s->before, hash);
	return old != ~0u && old != target;
}

static __always_inline void sip_remember(__u64 call, __u32 target)
{
	const struct sip_stick *st = bpf_map_lookup_elem(&sip_sticky, &call);
	struct sip_stick now = {.target = target};

	if (!st || st->target != target)
		bpf_map_update_elem(&sip_sticky, &call, &now, BPF_ANY);
}

/* The target of a request that the rules decide on, into sip_work. Returns the
 * reason, CAROM_R_SIP_FORWARDED where there is one */
__noinline int sip_select(__u32 set)
{
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();
	struct trip *t = trip_here();
	const struct sip_set *s;
	struct sip_target *x;
	__u32 target, hash, stuck;
	__u64 call;

	if (!w || !t || !conf)
		return CAROM_R_SIP_NO_RULE;
	s = bpf_map_lookup_elem(&sip_sets, &set);
	if (!s)
		return CAROM_R_SIP_NO_RULE;
	if (s->flags & SIP_SET_AUTH && !(w->flags & WORK_TRUSTED) &&
	    w->b.s.method != SCAN_M_ACK && w->b.s.method != SCAN_M_CANCEL)
		return CAROM_R_SIP_AUTH;
	if (s->flags & SIP_SET_PATH && w->b.s.method == SCAN_M_REGISTER)
		return CAROM_R_SIP_FLOW;
	call = sip_hash_call(w, conf);
	hash = s->flags & SIP_SET_KAMAILIO ? sip_hash_kamailio() : (__u32)call;
	target = sip_slot_target(set, s->active, s->slots, hash);
	call ^= (__u64)set << 56;
	if (sip_streamed(w, call))
		return CAROM_R_SIP_TRANSPORT;
	if (t->now - s->changed < SIP_STICKY_NS) {
		stuck = sip_stuck(w, call);
		if (stuck == ~0u && sip_unsure(w, set, s, hash, target))
			return CAROM_R_SIP_MOVED;
		target = stuck == ~0u ? target : stuck;
	}
	x = bpf_map_lookup_elem(&sip_targets, &target);
	if (!x || !x->port)
		return CAROM_R_SIP_NOBODY;
	if (w->b.s.method == SCAN_M_INVITE && !w->b.s.to_tag.len) {
		sip_remember(call, target);
		__sync_fetch_and_add(&x->dialogs, 1);
	}
	__builtin_memcpy(w->next.addr, x->addr, 16);
	w->next.port = x->port;
	w->target = target;
	w->set = set;
	w->flags |= WORK_CHOSEN | (s->flags & SIP_SET_OWN ? WORK_OWN : 0);
	return CAROM_R_SIP_FORWARDED;
}

#endif
