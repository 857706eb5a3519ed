/* SPDX-License-Identifier: BSD-2-Clause */
/* A request's way by the rules: a set and its target, or a registered user; and who may */
#include <errno.h>
#include "edge/contact.h"
#include "edge/key.h"
#include "edge/way.h"

_Static_assert((int)DS_TCP == (int)MSG_TCP && (int)DS_TLS == (int)MSG_TLS,
	       "pick() takes one for the other");

static enum forward_verdict challenge(struct way *w)
{
	char lines[AUTH_CHALLENGE];
	enum forward_verdict v;

	if (auth_challenge(w->p->auth, lines, w->in, w->auth.stale))
		return way_drop(w->out, "no memory");
	v = way_reply_extra(w, 407, "Proxy Authentication Required", lines);
	w->out->why = w->auth.why;
	return v;
}

/* FORWARD_SEND: nobody asks, or the credentials are good. ACK and CANCEL can't be
 * sent again with credentials (22.1) */
enum forward_verdict way_authenticate(struct way *w)
{
	if (w->trusted || !pl_strcmp(&w->m->met, "ACK") ||
	    !pl_strcmp(&w->m->met, "CANCEL"))
		return FORWARD_SEND;
	if (!w->p->auth)
		return way_reply(w, 403, "Forbidden");
	switch (auth_check(w->p->auth, &w->auth, w->p, w->in, w->m)) {
	case AUTH_PASS:
		w->e.stripv = w->auth.stripv;
		w->e.stripc = w->auth.stripc;
		return FORWARD_SEND;
	case AUTH_CHALLENGED:
		return challenge(w);
	case AUTH_REFUSED:
		return way_reply(w, w->auth.code, w->auth.why);
	case AUTH_HELD:
		break;
	}
	return way_drop(w->out, w->auth.why);
}

/* CANCEL, and the ACK of a refusal: of the INVITE's transaction */
static bool ends_ringing(const struct msg *m)
{
	return !pl_strcmp(&m->met, "CANCEL") || !pl_strcmp(&m->met, "ACK");
}

/* What ends a call that rings, whose INVITE came by another edge: was it before
 * the set changed, or after? Both nodes get it; who has no such call does not
 * mind an ACK, and has no say in what a CANCEL does (RFC 3261 9.1) */
static void also_before(struct way *w, uint32_t hash)
{
	struct forward_out *out = w->out;
	struct sa old;

	if (!ends_ringing(w->m) || out->transp != MSG_UDP || !w->p->before ||
	    !w->p->before(w->set, hash, &old, w->p->arg) ||
	    sa_cmp(&old, &out->dst, SA_ALL) || sa_af(&old) != sa_af(&out->dst))
		return;
	sa_cpy(&out->also, &old);
}

/* A target of the set: where the call went before, else by the table */
static enum forward_verdict pick(struct way *w, const struct policy_set *s)
{
	const bool invite = !pl_strcmp(&w->m->met, "INVITE");
	const uint64_t call = key_call(w->p, w->m);
	const uint32_t hash = s->flags & SIP_SET_KAMAILIO
				      ? ds_hash(&w->m->callid)
				      : (uint32_t)call;
	struct ds_target *t;

	w->out->transp = MSG_UDP;
	w->chosen = true;
	w->streamed = ends_ringing(w->m) && w->p->streamed &&
		      w->p->streamed(w->set, call, w->p->arg);
	if (w->p->stuck &&
	    w->p->stuck(w->set, call, invite, &w->out->dst, w->p->arg))
		return FORWARD_SEND;
	t = ds_set_pick(s->set, hash);
	if (!t || !ds_target_addr(t))
		return way_reply_extra(w, 503, "Service Unavailable",
				       "Retry-After: 5\r\n");
	sa_cpy(&w->out->dst, ds_target_addr(t));
	w->out->transp = (enum msg_transp)ds_target_transp(t);
	w->out->target = t;
	also_before(w, hash);
	if (w->p->remember && invite && !w->m->to_tag.l)
		w->p->remember(w->set, t, call, false, w->p->arg);
	return FORWARD_SEND;
}

/* To a registered user. *known: there is one of this name */
static enum forward_verdict call_user(struct way *w, const struct sip_rule *r,
				      bool *known)
{
	const struct policy *p = w->p;
	struct contact *c = NULL;
	const int err = p->registered ? p->registered(&c, w->m, p->arg)
				      : ENOENT;
	enum forward_verdict v;

	*known = err != ENOENT;
	if (!*known)
		return FORWARD_SEND;
	v = r->flags & SIP_RULE_AUTH ? way_authenticate(w) : FORWARD_SEND;
	if (v == FORWARD_SEND && err)
		v = err == ENOMEM
			    ? way_drop(w->out, "no memory")
			    : way_reply(w, 480, "Temporarily Unavailable");
	if (v == FORWARD_SEND) {
		contact_out(w->out, c);
		w->called = true;
		w->asks = r->flags;
		w->e.uri = c->uri;
		w->e.routes = c->routes;
	}
	mem_deref(c);
	return v;
}

enum forward_verdict way_choose(struct way *w, uint32_t domain)
{
	const struct policy_net *net = policy_net(w->p, &w->in->src);
	const struct sip_rule *r = NULL;
	const struct policy_set *s;
	enum forward_verdict v;
	bool known = false;

	if (net && net->set != SIP_NONE)
		w->set = net->set;
	while (w->set == SIP_NONE && (r = policy_rule(w->p, w->m, domain, r))) {
		if (!(r->flags & SIP_RULE_REGISTERED)) {
			w->set = r->set;
			break;
		}
		v = call_user(w, r, &known);
		if (known)
			return v;
	}
	if (w->set == SIP_NONE)
		return way_reply(w, 404, "Not Found");
	s = &w->p->setv[w->set & (SIP_SETS - 1)];
	v = s->flags & SIP_SET_AUTH ? way_authenticate(w) : FORWARD_SEND;
	return v == FORWARD_SEND ? pick(w, s) : v;
}
