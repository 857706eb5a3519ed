/* SPDX-License-Identifier: GPL-2.0-only */
/* A registered user, by the name that he is called by, and his contact */
#ifndef CAROM_BPF_SIP_USER_H
#define CAROM_BPF_SIP_USER_H

#include "sip_select.h"

/* Key of the Request-URI's user: sip_work.user. WORK_USER where he is known. An
 * address of ours may be a domain of users, too: its name has not been read then */
__noinline int sip_user_find(__u32 domain)
{
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();
	const struct scan_uri *u;
	const __u64 *name;
	struct siphash h;

	if (!w || !conf)
		return 0;
	/* whoever they name, they are for the registrar, or the presence agent */
	if (w->b.s.method == SCAN_M_REGISTER || w->b.s.method == SCAN_M_PUBLISH)
		return 0;
	u = &w->b.s.uri[SCAN_RURI];
	if (!u->user.len || (!domain && sip_host_name(SCAN_RURI)))
		return 0;
	siphash_start(&h, conf->key[0], conf->key[1]);
	siphash_word(&h, SIP_KEY_USER);
	sip_hash_span(&h, &w->b, u->user.off, u->user.len);
	name = (__u64 *)w->domain.name;
	for (int i = 0; i < SIP_DOMAIN_MAX / 8; i++)
		siphash_word(&h, name[i]);
	w->user = siphash_end(&h);
	if (u->flags & SCAN_URI_GR || conf->flags & SIP_CONF_USERS_LOST ||
	    bpf_map_lookup_elem(&sip_users, &w->user))
		w->flags |= WORK_USER;
	return 0;
}

/* May the user's contact have been another one when the call began? The INVITE's
 * retransmission, its CANCEL and the ACK of a refusal go where that went, with the
 * same Request-URI (RFC 3261 16.11): the agent knows it, for a while */
static __always_inline bool sip_user_moved(const struct sip_work *w,
					   const struct sip_user *u, __u64 call,
					   __u64 now)
{
	const struct sip_stick *st;

	if (now - u->changed >= SIP_STICKY_NS)
		return false;
	st = bpf_map_lookup_elem(&sip_sticky, &call);
	return st ? st->target != u->id : sip_ends_ringing(w);
}

/* Where the user is, into sip_work. Returns the reason, CAROM_R_SIP_FORWARDED where
 * that is known here */
__noinline int sip_call_user(void)
{
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();
	struct trip *t = trip_here();
	const volatile struct sip_user *again;
	const struct sip_user *u;
	__u32 id;
	__u64 call;

	if (!w || !t || !conf)
		return CAROM_R_SIP_CONTACT;
	if (w->rule & SIP_RULE_AUTH && !(w->flags & WORK_TRUSTED) &&
	    w->b.s.method != SCAN_M_ACK && w->b.s.method != SCAN_M_CANCEL)
		return CAROM_R_SIP_AUTH;
	u = bpf_map_lookup_elem(&sip_users, &w->user);
	if (!u || !u->uri_len || u->uri_len > SIP_USER_URI ||
	    u->token_len > SIP_USER_TOKEN ||
	    (__s64)(u->expires - t->now) <= 0 ||
	    w->b.s.uri[SCAN_RURI].flags & SCAN_URI_GR)
		return CAROM_R_SIP_CONTACT;
	id = u->id;
	call = sip_hash_call(w, conf) ^ w->user;
	if (sip_user_moved(w, u, call, t->now))
		return CAROM_R_SIP_MOVED;
	__builtin_memcpy(w->next.addr, u->addr, 16);
	w->next.port = u->port;
	w->uri_len = u->uri_len;
	__builtin_memcpy(w->uri, u->uri, SIP_USER_URI);
	w->token_len = u->token_len;
	w->leave_by = u->listener;
	if (w->token_len)
		__builtin_memcpy(w->uri + URI_TOKEN, u->token, SIP_USER_TOKEN);
	/* an entry that is taken out may be another user's at once */
	again = u;
	if (again->id != id || again->uri_len != w->uri_len)
		return CAROM_R_SIP_CONTACT;
	if (w->b.s.method == SCAN_M_INVITE && !w->b.s.to_tag.len)
		sip_remember(call, id);
	w->flags |= WORK_CHOSEN | WORK_CALLED;
	if (w->token_len) {
		w->peer = w->next;
		w->flags |= WORK_TO_FLOW;
	}
	return CAROM_R_SIP_FORWARDED;
}

#endif
