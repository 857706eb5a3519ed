/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and responses: who gets them (docs/sip.md) */
#include <errno.h>
#include <string.h>
#include "edge/auth.h"
#include "edge/contact.h"
#include "edge/edit.h"
#include "edge/flow.h"
#include "edge/forward.h"
#include "edge/hop.h"
#include "edge/key.h"
#include "edge/lookup.h"

_Static_assert((int)DS_TCP == (int)MSG_TCP && (int)DS_TLS == (int)MSG_TLS,
	       "pick() takes one for the other");

/* A request on its way */
struct way {
	const struct policy *p;
	const struct forward_in *in;
	struct msg *m;
	struct forward_out *out;
	struct edit e;
	struct auth_out auth; /* what digest said                      */
	bool trusted;         /* its source                                */
	bool chosen;          /* by the rules                              */
	bool called;   /* by the rules, a registered user: out->contact */
	uint32_t asks; /* SIP_RULE_* of that rule                   */
	bool flow;     /* a token said where to                     */
	bool streamed; /* it ends what began by TCP                 */
	uint32_t set;  /* that they chose; SIP_NONE                 */
};

static enum forward_verdict drop(struct forward_out *out, const char *why)
{
	out->why = why;
	return FORWARD_DROP;
}

/* ---- replies -------------------------------------------------------------- */

static enum forward_verdict reply_extra(struct way *w, uint16_t code,
					const char *reason, const char *extra)
{
	struct forward_out *out = w->out;

	/* no answer to an ACK, ever (17.1.1.3) */
	if (!pl_strcmp(&w->m->met, "ACK"))
		return drop(out, reason);
	if (reply_make(&out->mb, w->p, w->in, w->m, code, reason, extra))
		return drop(out, "no memory");
	out->code = code;
	out->why = reason;
	out->transp = w->p->listenerv[w->in->listener].transp;
	out->listener = w->in->listener;
	out->flow = out->transp != MSG_UDP;
	edit_reply_addr(&out->dst, w->p, w->in, w->m);
	return FORWARD_REPLY;
}

static enum forward_verdict reply(struct way *w, uint16_t code,
				  const char *reason)
{
	return reply_extra(w, code, reason, NULL);
}

/* All that is asked for, be it as much as fits a message (8.2.2.3) */
static enum forward_verdict unsupported(struct way *w)
{
	struct mbuf *mb = mbuf_alloc(256);
	enum forward_verdict v;
	int err = mb ? 0 : ENOMEM;

	for (size_t i = 0; i < w->m->hdrc && !err; i++)
		if (w->m->hdrv[i].type == MSG_PROXY_REQUIRE)
			err = mbuf_printf(mb, "Unsupported: %r\r\n",
					  &w->m->hdrv[i].val);
	if (!err)
		err = mbuf_write_u8(mb, 0);
	v = err ? drop(w->out, "no memory")
		: reply_extra(w, 420, "Bad Extension", (char *)mb->buf);
	mem_deref(mb);
	return v;
}

/* ---- what is ours to see to ------------------------------------------------ */

static bool scheme_known(const struct msg *m)
{
	static const char *const v[] = {"sip", "sips", "tel"};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		if (!pl_strcasecmp(&m->uri.scheme, v[i]))
			return true;
	return false;
}

static bool hops_bad(const struct msg_header *h)
{
	if (!h->val.l || h->val.l > 9)
		return true;
	for (size_t i = 0; i < h->val.l; i++)
		if (h->val.p[i] < '0' || h->val.p[i] > '9')
			return true;
	return pl_u32(&h->val) > 255;
}

/* 16.3. FORWARD_SEND: nothing to say against it */
static enum forward_verdict validate(struct way *w)
{
	const struct msg *m = w->m;
	const struct msg_header *hops = m->first[MSG_MAX_FORWARDS];
	const bool tel = !pl_strcasecmp(&m->uri.scheme, "tel");
	char tag[KEY_TAG];
	struct sa via;

	key_tag(tag, w->p, m);
	if (!pl_strcmp(&m->met, "ACK") && !pl_strcmp(&m->to_tag, tag))
		return FORWARD_ABSORB;
	if (hops && hops_bad(hops))
		return reply(w, 400, "Malformed Max-Forwards");
	if (hops && !pl_u32(&hops->val))
		return reply(w, 483, "Too Many Hops");
	if (!scheme_known(m))
		return reply(w, 416, "Unsupported URI Scheme");
	if (!m->uri_ok && !tel)
		return reply(w, 400, "Malformed Request-URI");
	if (m->count[MSG_PROXY_REQUIRE])
		return unsupported(w);
	if (!sa_set(&via, &m->viav[0].host,
		    m->viav[0].port ? m->viav[0].port : 5060) &&
	    policy_self(w->p, &via) >= 0)
		return reply(w, 482, "Loop Detected");
	return FORWARD_SEND;
}

/* ---- routes ----------------------------------------------------------------- */

/* Who has seen a token in a Record-Route may not use it himself; but phones that are
 * registered with us talk to each other by theirs, inside a dialog */
static bool may_flow(const struct way *w, const struct key_flow *f)
{
	const struct policy *p = w->p;

	return w->trusted ||
	       (w->m->to_tag.l && p->phone &&
		((f->transp == MSG_UDP && p->phone(&f->peer, p->arg)) ||
		 p->phone(&w->in->src, p->arg)));
}

/* Down the flow, or to the edge that has it */
static void to_flow(struct way *w, bool here, const struct key_flow *f)
{
	struct forward_out *out = w->out;

	w->flow = true;
	out->flow = here;
	out->transp = here ? f->transp : MSG_UDP;
	out->listener = f->listener;
	sa_cpy(&out->dst, here ? &f->peer : &f->holder);
}

/* Own Routes off the top, and the flow that the topmost one may name */
static enum forward_verdict pop_routes(struct way *w)
{
	struct flow_routes r;

	flow_routes(&r, w->p, w->in, w->m);
	w->e.pops = r.pops;
	if (r.what == FLOW_FORGED)
		return reply(w, 403, "Flow Token Invalid");
	if (r.what == FLOW_LOST)
		return reply(w, 430, "Flow Failed");
	if (r.what == FLOW_NONE)
		return FORWARD_SEND;
	if (!may_flow(w, &r.flow))
		return reply(w, 403, "Forbidden");
	to_flow(w, r.what == FLOW_HERE, &r.flow);
	return FORWARD_SEND;
}

/* By the topmost Route that is not ours to pop. Behind an edge's own ones there may be
 * that of another edge, or of this one again, which has the flow to the far side */
static enum forward_verdict by_route(struct way *w)
{
	const struct msg_route *r = &w->m->routev[w->e.pops];
	struct key_flow f;

	w->e.strict = !r->lr;
	if (key_token_check(w->p, &r->uri.user, &f)) {
		hop_uri(w->out, &r->uri);
		return FORWARD_SEND;
	}
	if (!may_flow(w, &f))
		return reply(w, 403, "Forbidden");
	switch (flow_where(w->p, &f)) {
	case FLOW_HERE:
		w->e.pops++;
		w->e.strict = false;
		to_flow(w, true, &f);
		return FORWARD_SEND;
	case FLOW_AWAY:
		to_flow(w, false, &f);
		return FORWARD_SEND;
	default:
		return reply(w, 430, "Flow Failed");
	}
}

/* ---- rules ------------------------------------------------------------------- */

static enum forward_verdict challenge(struct way *w)
{
	char lines[AUTH_CHALLENGE];
	enum forward_verdict v;

	if (auth_challenge(w->p->auth, lines, w->in, w->auth.stale))
		return drop(w->out, "no memory");
	v = reply_extra(w, 407, "Proxy Authentication Required", lines);
	w->out->why = w->auth.why;
	return v;
}

/* FORWARD_SEND: nobody asks, or the credentials are good. ACK and CANCEL can't be
 * sent again with credentials (22.1) */
static enum forward_verdict authenticate(struct way *w)
{
	if (w->trusted || !pl_strcmp(&w->m->met, "ACK") ||
	    !pl_strcmp(&w->m->met, "CANCEL"))
		return FORWARD_SEND;
	if (!w->p->auth)
		return reply(w, 403, "Forbidden");
	switch (auth_check(w->p->auth, &w->auth, w->p, w->in, w->m)) {
	case AUTH_PASS:
		w->e.stripv = w->auth.stripv;
		w->e.stripc = w->auth.stripc;
		return FORWARD_SEND;
	case AUTH_CHALLENGED:
		return challenge(w);
	case AUTH_REFUSED:
		return reply(w, w->auth.code, w->auth.why);
	case AUTH_HELD:
		break;
	}
	return drop(w->out, w->auth.why);
}

/* To a node by its name: what may only get to its set with credentials needs them
 * here too. Inside a dialog it does not; REGISTER and PUBLISH never are */
static bool sneaks(const struct way *w)
{
	return (!w->m->to_tag.l || !pl_strcmp(&w->m->met, "REGISTER") ||
		!pl_strcmp(&w->m->met, "PUBLISH")) &&
	       policy_asks_auth(w->p, &w->out->dst);
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
		return reply_extra(w, 503, "Service Unavailable",
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
	v = r->flags & SIP_RULE_AUTH ? authenticate(w) : FORWARD_SEND;
	if (v == FORWARD_SEND && err)
		v = err == ENOMEM ? drop(w->out, "no memory")
				  : reply(w, 480, "Temporarily Unavailable");
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

static enum forward_verdict choose(struct way *w, uint32_t domain)
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
		return reply(w, 404, "Not Found");
	s = &w->p->setv[w->set & (SIP_SETS - 1)];
	v = s->flags & SIP_SET_AUTH ? authenticate(w) : FORWARD_SEND;
	return v == FORWARD_SEND ? pick(w, s) : v;
}

/* By the Request-URI, behind all Routes */
static enum forward_verdict by_uri(struct way *w)
{
	const struct msg *m = w->m;
	const bool tel = !pl_strcasecmp(&m->uri.scheme, "tel");
	struct sa sa;

	if (!tel && !hop_own(w->p, &m->uri)) {
		hop_uri(w->out, &m->uri);
		return FORWARD_SEND;
	}
	if (!tel && hop_addr(&sa, &m->uri) && !m->uri.user.l &&
	    !pl_strcmp(&m->met, "OPTIONS"))
		return reply_extra(
			w, 200, "OK",
			"Accept: application/sdp\r\n"
			"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n");
	return choose(w, tel ? 0 : policy_domain(w->p, &m->uri.host));
}

/* ---- leaving ------------------------------------------------------------------ */

/* In the first moments a node may be a stranger to us: what comes again later is
 * not told off */
static enum forward_verdict refuse(struct way *w)
{
	if (w->p->unsettled && w->p->unsettled(w->p->arg))
		return drop(w->out, "names of nodes are not known yet");
	return reply(w, 403, "Forbidden");
}

static enum forward_verdict by_name(struct way *w)
{
	/* a user that may register is believed to know where he is */
	switch (lookup(w->p, w->m, w->trusted || w->called, w->out)) {
	case 0:
		return FORWARD_SEND;
	case EACCES:
		return refuse(w);
	case EAGAIN:
		if (!w->in->looked_up)
			return FORWARD_LOOKUP;
		/* fall through */
	default:
		return reply(w, 503, "Name Not Resolved");
	}
}

/* Inside a dialog a registered user's Contact is the next hop of whoever called him */
static bool to_phone(const struct way *w)
{
	return w->m->to_tag.l && w->out->transp == MSG_UDP && w->p->phone &&
	       w->p->phone(&w->out->dst, w->p->arg);
}

static enum forward_verdict permit(struct way *w)
{
	struct forward_out *out = w->out;
	unsigned set;

	if (w->chosen || w->flow || (w->called && sa_isset(&out->dst, SA_ADDR)))
		return FORWARD_SEND;
	/* 0.0.0.0 is no name */
	if (out->host.l && !sa_isset(&out->dst, SA_ADDR)) {
		const enum forward_verdict v = by_name(w);

		if (v != FORWARD_SEND)
			return v;
	}
	out->target = policy_node(w->p, &out->dst, &set);
	/* a node may be of this host: the dispatcher list says so */
	if (!out->target && policy_forbidden(w->p, &out->dst))
		return reply(w, 403, "Forbidden");
	if (sneaks(w))
		return authenticate(w);
	if (out->target || w->trusted || w->called ||
	    policy_trusted(w->p, &out->dst) || to_phone(w))
		return FORWARD_SEND;
	return refuse(w);
}

/* SIP_SET_* of the set that the dialog is with */
static uint32_t set_asks(const struct way *w)
{
	unsigned set = SIP_NONE;

	if (w->called)
		return w->asks & SIP_RULE_RR ? SIP_SET_RR | SIP_SET_PATH : 0;
	if (w->chosen)
		set = w->set;
	else if (!w->out->target || !policy_node(w->p, &w->out->dst, &set))
		(void)policy_node(w->p, &w->in->src, &set);
	return set < SIP_SETS ? w->p->setv[set].flags : 0;
}

static bool begins_dialog(const struct msg *m)
{
	return !m->to_tag.l && (!pl_strcmp(&m->met, "INVITE") ||
				!pl_strcmp(&m->met, "SUBSCRIBE") ||
				!pl_strcmp(&m->met, "REFER"));
}

/* Over TCP what is too long for a datagram, as long as that has not been refused
 * (18.1.1); the datagram is kept for the case that it is */
static int as_stream(struct way *w)
{
	struct forward_out *out = w->out;
	const int own = policy_own_listener(w->p, MSG_TCP, sa_af(&out->dst));

	if (own < 0 || !w->p->try_tcp || !w->p->try_tcp(&out->dst, w->p->arg))
		return 0;
	out->datagram = out->mb;
	out->datagram_listener = out->listener;
	out->mb = NULL;
	out->transp = MSG_TCP;
	out->listener = (unsigned)own;
	flow_leave(&w->e, w->p, w->in, out);
	/* CANCEL has to take the same way (9.1) */
	if (w->chosen && out->target && w->p->remember && !w->m->to_tag.l &&
	    !pl_strcmp(&w->m->met, "INVITE"))
		w->p->remember(w->set, out->target, key_call(w->p, w->m), true,
			       w->p->arg);
	return edit_request(&out->mb, w->p, w->in, w->m, &w->e);
}

/* To the edge that has the user's connection */
static bool relayed(const struct way *w)
{
	return w->called && w->out->contact->relay;
}

/* Does it begin a dialog that is to come through here again, and who is called back
 * by a token then? */
static void record_route(struct way *w)
{
	const bool begins = begins_dialog(w->m);
	const uint32_t asks = begins ? set_asks(w) : 0;

	const bool client = flow_of_client(w->p, w->in, w->trusted);

	w->e.natted = asks & SIP_SET_RR && asks & SIP_SET_PATH &&
		      flow_natted(w->p, w->in, w->m, w->trusted);
	w->e.record_route = begins &&
			    (w->out->flow || asks & SIP_SET_RR || client);
	/* the edge that has the flow stays in the dialog; another one need not,
	 * but for a caller whom only a token leads to */
	if (relayed(w) && !client && !w->e.natted)
		w->e.record_route = false;
}

/* To a node that has our shared addresses, too: from them it would take nothing */
static bool to_twin(const struct way *w)
{
	unsigned set = w->chosen ? w->set : SIP_NONE;

	if (!w->chosen && w->out->target)
		(void)policy_node(w->p, &w->out->dst, &set);
	return set < SIP_SETS && w->p->setv[set].flags & SIP_SET_OWN;
}

static enum forward_verdict leave(struct way *w)
{
	const struct msg *m = w->m;
	struct forward_out *out = w->out;

	if (!out->flow)
		out->listener = flow_listener(
			w->p, w->in, out, w->flow || relayed(w) || to_twin(w));
	w->e.path = !pl_strcmp(&m->met, "REGISTER") &&
		    ((w->chosen && w->p->setv[w->set].flags & SIP_SET_PATH) ||
		     flow_of_client(w->p, w->in, w->trusted));
	w->e.trusted = w->trusted;
	record_route(w);
	flow_leave(&w->e, w->p, w->in, out);
	if (edit_request(&out->mb, w->p, w->in, m, &w->e))
		return drop(out, "no memory");
	/* who has registered by UDP is there by UDP */
	out->prefer_tcp = out->transp == MSG_UDP && !out->flow && !w->called &&
			  (w->streamed ||
			   (w->p->datagram &&
			    mbuf_get_left(out->mb) > w->p->datagram));
	if (out->prefer_tcp && sa_isset(&out->dst, SA_ADDR) && as_stream(w))
		return drop(out, "no memory");
	return FORWARD_SEND;
}

static enum forward_verdict request(struct way *w)
{
	const struct msg *m = w->m;
	enum forward_verdict v = validate(w);

	w->trusted = policy_trusted(w->p, &w->in->src);
	if (v == FORWARD_SEND)
		v = pop_routes(w);
	if (v != FORWARD_SEND)
		return v;
	if (w->flow) {
		/* the token says it all */
	} else if (m->routec > w->e.pops) {
		v = by_route(w);
	} else {
		v = by_uri(w);
	}
	if (v == FORWARD_SEND)
		v = permit(w);
	return v == FORWARD_SEND ? leave(w) : v;
}

/* ---- responses ------------------------------------------------------------------ */

static enum forward_verdict response(const struct policy *p, struct msg *m,
				     struct forward_out *out)
{
	const struct msg_via *v = &m->viav[0], *next = &m->viav[1];
	char branch[KEY_BRANCH];
	struct sa via;
	int listener;

	if (sa_set(&via, &v->host,
		   v->port                ? v->port
		   : v->transp == MSG_TLS ? 5061
					  : 5060) ||
	    policy_self(p, &via) < 0)
		return drop(out, "topmost Via is not ours");
	if (m->viac < 2)
		return FORWARD_LOCAL;
	listener = key_branch_listener(&v->branch);
	if (reply_addr(&out->dst, next))
		return drop(out, "next Via has no address");
	if (listener < 0 || (size_t)listener >= p->listenerc)
		return drop(out, "branch is not ours");
	key_branch(branch, p, m, next, &out->dst, (unsigned)listener);
	if (pl_strcmp(&v->branch, branch))
		return drop(out, "branch is not ours");
	out->target = policy_node(p, &out->dst, NULL);
	if (p->listenerv[listener].transp == MSG_UDP && !out->target &&
	    policy_forbidden(p, &out->dst))
		return drop(out, "forbidden address");
	out->listener = (unsigned)listener;
	out->transp = p->listenerv[listener].transp;
	out->flow = out->transp != MSG_UDP;
	if (msg_is_stream(out->transp) && (reply_addr_new(&out->reopen, next) ||
					   policy_forbidden(p, &out->reopen)))
		sa_init(&out->reopen, AF_UNSPEC);
	return edit_response(&out->mb, out, m) ? drop(out, "no memory")
					       : FORWARD_SEND;
}

enum forward_verdict forward(const struct policy *p,
			     const struct forward_in *in, struct msg *m,
			     struct forward_out *out)
{
	struct way w = {.p = p, .in = in, .m = m, .out = out, .set = SIP_NONE};
	struct msg_fault f;
	bool dgram;
	int err;

	memset(out, 0, sizeof(*out));
	sa_init(&out->dst, AF_UNSPEC);
	sa_init(&out->reopen, AF_UNSPEC);
	dgram = !msg_is_stream(p->listenerv[in->listener].transp);
	err = msg_decode(m, &in->text, dgram, &f);
	if (err == ENOENT)
		return drop(out, "not SIP");
	if (err && (m->code || !f.code || !m->viac || !m->viav[0].host.l))
		return drop(out, f.why ? f.why : "malformed");
	if (err)
		return reply(&w, f.code, f.why);
	return m->code ? response(p, m, out) : request(&w);
}
