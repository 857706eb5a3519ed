/* SPDX-License-Identifier: GPL-2.0-only */
/* A request: what is ours to see to, and where it goes (docs/sip.md) */
#ifndef CAROM_BPF_SIP_REQUEST_H
#define CAROM_BPF_SIP_REQUEST_H

#include "sip_flow.h"
#include "sip_user.h"

/* What is the agent's, before it is asked where the message goes */
static __always_inline int sip_request_plain(const struct sip_work *w)
{
	const struct scan *s = &w->b.s;

	if (s->flags & (SCAN_REQUIRE | SCAN_PROXY_REQUIRE))
		return CAROM_R_SIP_REQUIRE;
	if (!s->maxfwd.len || s->maxfwd.len > 3 || !s->max_forwards)
		return CAROM_R_SIP_MAX_FORWARDS;
	/* a received, or a filled rport, is not the sender's to write */
	if (!(s->via[0].flags & SCAN_VIA_COOKIE) || s->via[0].received.len ||
	    s->via[0].flags & SCAN_VIA_FILLED)
		return CAROM_R_SIP_SYNTAX;
	/* the ACK of a reply that the agent gave */
	if (s->method == SCAN_M_ACK && s->to_tag.len == SIP_TAG_LEN + 16 &&
	    scan_keep(scan_word(&w->b, s->to_tag.off), SIP_TAG_LEN) ==
		    SCAN_W('c', 'm', '-', 0, 0, 0, 0, 0))
		return CAROM_R_SIP_LOCAL;
	return CAROM_R_SIP_FORWARDED;
}

/* Own Routes on top, one or two of them: sip_work.pops. The user part of the first
 * may be a flow's token. That of the second one leads back to where the request
 * comes from; there, a token of another edge is to be taken out all the same */
static __always_inline int sip_routes(void)
{
	struct sip_work *w = sip_here();
	__u32 n;

	if (!w)
		return CAROM_R_SIP_SYNTAX;
	w->pops = 0;
	n = w->b.s.routes;
	for (__u32 i = 0; i < 2 && i < n; i++) {
		const struct scan_uri *u = &w->b.s.uri[scan_slot(i, SCAN_RURI)];
		long kind = sip_lookup_uri(w, i);

		if (kind < 0)
			return CAROM_R_SIP_HOST;
		if ((kind & 0xffff) != SIP_HOST_SELF) {
			if (u->user.len >= SIP_TOKEN_MIN)
				return CAROM_R_SIP_FLOW;
			break;
		}
		if (u->user.len && !i) {
			int rc = sip_by_token(w);

			if (rc != CAROM_R_SIP_FORWARDED)
				return rc;
		}
		w->pops++;
	}
	return CAROM_R_SIP_FORWARDED;
}

/* To the host of a Route or of the Request-URI, whose address and kind
 * sip_lookup() has told */
static __always_inline int sip_to_host(struct sip_work *w, long kind)
{
	const struct sip_set *s;
	__u32 set;

	if (kind < 0)
		return CAROM_R_SIP_HOST;
	if ((kind & 0xffff) != SIP_HOST_NODE)
		return CAROM_R_SIP_FORWARDED;
	w->target = kind >> 16;
	set = w->target / SIP_SET_TARGETS;
	s = bpf_map_lookup_elem(&sip_sets, &set);
	if (s && s->flags & SIP_SET_OWN)
		w->flags |= WORK_OWN;
	return CAROM_R_SIP_FORWARDED;
}

/* By the Request-URI, behind all Routes */
static __always_inline int sip_by_uri(struct sip_work *w)
{
	const struct sip_conf *conf = sip_settings();
	const struct scan_uri *u = &w->b.s.uri[SCAN_RURI];
	long kind = sip_lookup_uri(w, SCAN_RURI);
	__u32 set, domain = 0;

	if (kind >= 0 && (kind & 0xffff) != SIP_HOST_SELF)
		return sip_to_host(w, kind);
	if (kind < 0) {
		domain = sip_our_domain(w);
		if (!domain)
			return CAROM_R_SIP_HOST;
	} else if (w->b.s.method == SCAN_M_OPTIONS && !u->user.len) {
		return CAROM_R_SIP_LOCAL;
	}
	set = w->set;
	if (set == SIP_NONE && conf && conf->flags & SIP_CONF_USERS)
		sip_user_find(domain);
	if (set == SIP_NONE)
		set = sip_rule_set(domain);
	if (set == SIP_NONE)
		return CAROM_R_SIP_NO_RULE;
	return set == SIP_REGISTERED ? sip_call_user() : sip_select(set);
}

/* WORK_RR, WORK_FLOW */
static __always_inline __u32 sip_set_asks(__u32 set)
{
	const struct sip_set *s = bpf_map_lookup_elem(&sip_sets, &set);

	if (!s || !(s->flags & SIP_SET_RR))
		return 0;
	return s->flags & SIP_SET_PATH ? WORK_RR | WORK_FLOW : WORK_RR;
}

/* Does it begin a dialog that is to come through here again? */
static __always_inline void sip_record_route(struct sip_work *w)
{
	__u32 m = w->b.s.method, set = SIP_NONE;

	if (w->b.s.to_tag.len ||
	    (m != SCAN_M_INVITE && m != SCAN_M_SUBSCRIBE && m != SCAN_M_REFER))
		return;
	if (w->flags & WORK_CALLED)
		w->flags |= (w->rule & SIP_RULE_RR ? WORK_RR | WORK_FLOW : 0) |
			    (w->token_len ? WORK_RR : 0);
	else if (w->flags & WORK_CHOSEN)
		set = w->set;
	else if (w->target != ~0u)
		set = w->target / SIP_SET_TARGETS;
	else if (w->from != ~0u)
		set = w->from / SIP_SET_TARGETS;
	if (set != SIP_NONE)
		w->flags |= sip_set_asks(set);
}

/* Who is behind a NAT is called back by a token, which the agent makes */
static __always_inline bool sip_wants_token(const struct sip_work *w)
{
	const __u32 all = WORK_RR | WORK_FLOW | WORK_NATTED;

	return (w->flags & all) == all && !(w->flags & WORK_TRUSTED);
}

/* By its name to somebody whom we trust, outside a dialog, while some set asks for
 * digest: the agent knows whether it is, or lately was, a node of that set. REGISTER
 * and PUBLISH are never inside */
static __always_inline bool sip_sneaks(const struct sip_work *w)
{
	const struct sip_conf *conf = sip_settings();
	__u32 m = w->b.s.method;

	return conf && conf->flags & SIP_CONF_AUTH &&
	       !(w->flags & (WORK_TRUSTED | WORK_CHOSEN)) && m != SCAN_M_ACK &&
	       m != SCAN_M_CANCEL &&
	       (!w->b.s.to_tag.len || m == SCAN_M_REGISTER ||
		m == SCAN_M_PUBLISH);
}

/* Is the topmost Via, which sip_lookup() has read, another place than the source? */
static __always_inline bool sip_natted(const struct sip_work *w)
{
	return *(__u64 *)w->next.addr != *(__u64 *)w->src.addr ||
	       *(__u64 *)(w->next.addr + 8) != *(__u64 *)(w->src.addr + 8) ||
	       w->next.port != w->src.port;
}

/* The reason, CAROM_R_SIP_FORWARDED with sip_work.next */
__noinline int sip_request(void)
{
	struct sip_work *w = sip_here();
	long kind;
	__u32 i;
	int rc;

	if (!w)
		return CAROM_R_SIP_SYNTAX;
	rc = sip_request_plain(w);
	if (rc != CAROM_R_SIP_FORWARDED)
		return rc;
	kind = sip_lookup(w->b.s.via[0].host.off, w->b.s.via[0].host.len,
			  w->b.s.via[0].flags & SCAN_VIA_V6,
			  w->b.s.via[0].port);
	if (kind < 0 && w->b.s.via[0].flags & SCAN_VIA_V6)
		return CAROM_R_SIP_SYNTAX;
	if ((kind & 0xffff) == SIP_HOST_SELF)
		return CAROM_R_SIP_LOCAL; /* a loop: 482 */
	if (kind < 0 || sip_natted(w))
		w->flags |= WORK_NATTED;
	rc = sip_routes();
	if (rc != CAROM_R_SIP_FORWARDED)
		return rc;
	sip_sender(w);
	i = w->pops;
	if (w->flags & WORK_TO_FLOW) {
		w->next = w->peer;
		return CAROM_R_SIP_FORWARDED;
	}
	if (w->b.s.routes > i) {
		/* of another edge, which has the flow to the far side */
		if (w->b.s.uri[scan_slot(i, SCAN_RURI)].user.len >=
		    SIP_TOKEN_MIN)
			return CAROM_R_SIP_FLOW;
		if (!(w->b.s.uri[scan_slot(i, SCAN_RURI)].flags & SCAN_URI_LR))
			return CAROM_R_SIP_STRICT;
		rc = sip_to_host(w, sip_lookup_uri(w, i));
	} else {
		rc = sip_by_uri(w);
	}
	if (rc != CAROM_R_SIP_FORWARDED)
		return rc;
	if (!sip_may_send(w))
		return CAROM_R_SIP_REFUSED;
	if (sip_sneaks(w))
		return CAROM_R_SIP_AUTH;
	sip_record_route(w);
	return sip_wants_token(w) ? CAROM_R_SIP_FLOW : CAROM_R_SIP_FORWARDED;
}

#endif
