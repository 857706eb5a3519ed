/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and responses: who gets them (docs/sip.md) */
#include <errno.h>
#include <string.h>
#include "edge/edit.h"
#include "edge/forward.h"
#include "edge/key.h"

/* A request on its way */
struct way {
	const struct policy *p;
	const struct forward_in *in;
	struct msg *m;
	struct forward_out *out;
	struct edit e;
	bool trusted; /* its source                                */
	bool chosen;  /* by the rules                              */
	uint32_t set; /* that they chose; SIP_NONE                 */
	char in_token[KEY_TOKEN], out_token[KEY_TOKEN];
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
	edit_reply_addr(&out->dst, w->p, w->in, w->m);
	if (out->transp != MSG_UDP)
		sa_cpy(&out->dst, &w->in->src);
	return FORWARD_REPLY;
}

static enum forward_verdict reply(struct way *w, uint16_t code,
				  const char *reason)
{
	return reply_extra(w, code, reason, NULL);
}

static enum forward_verdict unsupported(struct way *w)
{
	char extra[512];
	int n = 0;

	for (size_t i = 0; i < w->m->hdrc && n >= 0; i++)
		if (w->m->hdrv[i].type == MSG_PROXY_REQUIRE)
			n += re_snprintf(extra + n, sizeof(extra) - (size_t)n,
					 "Unsupported: %r\r\n",
					 &w->m->hdrv[i].val);
	return reply_extra(w, 420, "Bad Extension", n > 0 ? extra : NULL);
}

/* ---- hosts ----------------------------------------------------------------- */

static uint16_t uri_port(const struct uri *u)
{
	struct pl t;

	if (u->port)
		return u->port;
	if (!pl_strcasecmp(&u->scheme, "sips"))
		return 5061;
	return msg_param(&u->params, "transport", &t) &&
			       (!pl_strcasecmp(&t, "tls") ||
				!pl_strcasecmp(&t, "wss"))
		       ? 5061
		       : 5060;
}

/* The literal address of a URI; a name has none */
static bool uri_addr(struct sa *sa, const struct uri *u)
{
	return u->host.l && !sa_set(sa, &u->host, uri_port(u));
}

static bool uri_own(const struct policy *p, const struct uri *u)
{
	struct sa sa;

	if (uri_addr(&sa, u))
		return policy_self(p, &sa) >= 0;
	return policy_domain(p, &u->host) != 0;
}

/* Next hop by a URI: address or name, transport */
static void next_uri(struct way *w, const struct uri *u)
{
	struct forward_out *out = w->out;
	struct pl t;

	out->secure = !pl_strcasecmp(&u->scheme, "sips");
	out->transp = out->secure ? MSG_TLS : MSG_UDP;
	if (msg_param(&u->params, "transport", &t)) {
		const enum msg_transp named = msg_transp(&t);

		if (named == MSG_TCP && out->secure)
			out->transp = MSG_TLS;
		else if (named != MSG_TRANSP_MAX)
			out->transp = named;
	}
	out->port = u->port;
	if (!uri_addr(&out->dst, u)) {
		sa_init(&out->dst, AF_UNSPEC);
		out->host = u->host;
	}
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

/* A token in an own Route: to that flow, unless it came from there */
static enum forward_verdict take_token(struct way *w, const struct pl *user)
{
	struct forward_out *out = w->out;
	enum msg_transp transp;
	struct sa peer;

	if (!user->l)
		return FORWARD_SEND;
	if (key_token_check(w->p, user, &transp, &peer))
		return reply(w, 403, "Flow Token Invalid");
	if (transp == w->p->listenerv[w->in->listener].transp &&
	    sa_cmp(&peer, &w->in->src, SA_ALL))
		return FORWARD_SEND;
	out->flow = true;
	out->transp = transp;
	sa_cpy(&out->dst, &peer);
	return FORWARD_SEND;
}

static enum forward_verdict pop_routes(struct way *w)
{
	const struct msg *m = w->m;
	enum forward_verdict v = FORWARD_SEND;

	for (size_t i = 0; i < 2 && i < m->routec && v == FORWARD_SEND; i++) {
		if (!uri_own(w->p, &m->routev[i].uri))
			break;
		w->e.pops++;
		v = take_token(w, &m->routev[i].uri.user);
	}
	return v;
}

/* ---- rules ------------------------------------------------------------------- */

static bool challenged(const struct way *w, uint32_t flags)
{
	return flags & SIP_SET_AUTH && !w->in->authed && !w->trusted &&
	       pl_strcmp(&w->m->met, "ACK") && pl_strcmp(&w->m->met, "CANCEL");
}

/* A target of the set: where the call went before, else by the table */
static enum forward_verdict pick(struct way *w, const struct policy_set *s)
{
	const bool invite = !pl_strcmp(&w->m->met, "INVITE");
	const uint64_t call = key_call(w->p, w->m);
	struct ds_target *t;

	w->out->transp = MSG_UDP;
	w->chosen = true;
	if (w->p->stuck &&
	    w->p->stuck(w->set, call, invite, &w->out->dst, w->p->arg))
		return FORWARD_SEND;
	t = ds_set_pick(s->set, s->flags & SIP_SET_KAMAILIO
					? ds_hash(&w->m->callid)
					: (uint32_t)call);
	if (!t || !ds_target_addr(t))
		return reply_extra(w, 503, "Service Unavailable",
				   "Retry-After: 5\r\n");
	sa_cpy(&w->out->dst, ds_target_addr(t));
	w->out->target = t;
	if (w->p->remember && invite && !w->m->to_tag.l)
		w->p->remember(w->set, t, call, w->p->arg);
	return FORWARD_SEND;
}

static enum forward_verdict choose(struct way *w, uint32_t domain)
{
	const struct policy_net *net = policy_net(w->p, &w->in->src);
	const struct policy_set *s;

	w->set = net && net->set != SIP_NONE ? net->set
					     : policy_rule(w->p, w->m, domain);
	if (w->set == SIP_NONE)
		return reply(w, 404, "Not Found");
	s = &w->p->setv[w->set & (SIP_SETS - 1)];
	if (challenged(w, s->flags)) {
		w->out->set = w->set;
		return FORWARD_AUTH;
	}
	return pick(w, s);
}

/* By the Request-URI, behind all Routes */
static enum forward_verdict by_uri(struct way *w)
{
	const struct msg *m = w->m;
	const bool tel = !pl_strcasecmp(&m->uri.scheme, "tel");
	struct sa sa;

	if (!tel && !uri_own(w->p, &m->uri)) {
		next_uri(w, &m->uri);
		return FORWARD_SEND;
	}
	if (!tel && uri_addr(&sa, &m->uri) && !m->uri.user.l &&
	    !pl_strcmp(&m->met, "OPTIONS"))
		return reply_extra(
			w, 200, "OK",
			"Accept: application/sdp\r\n"
			"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n");
	return choose(w, tel ? 0 : policy_domain(w->p, &m->uri.host));
}

/* ---- leaving ------------------------------------------------------------------ */

static enum forward_verdict permit(struct way *w)
{
	struct forward_out *out = w->out;
	unsigned set;

	if (w->chosen || out->flow)
		return FORWARD_SEND;
	if (!sa_isset(&out->dst, SA_ADDR))
		return w->trusted ? FORWARD_SEND : reply(w, 403, "Forbidden");
	if (policy_forbidden(w->p, &out->dst))
		return reply(w, 403, "Forbidden");
	out->target = policy_node(w->p, &out->dst, &set);
	if (out->target || w->trusted || policy_trusted(w->p, &out->dst))
		return FORWARD_SEND;
	return reply(w, 403, "Forbidden");
}

/* A listener of the transport and family that it leaves by */
static unsigned leave_by(const struct way *w)
{
	const struct policy *p = w->p;
	const struct forward_out *out = w->out;
	const unsigned in = w->in->listener;
	const int af = sa_isset(&out->dst, SA_ADDR) ? sa_af(&out->dst)
						    : AF_UNSPEC;
	unsigned best = in;

	if (out->transp == MSG_UDP && af != AF_UNSPEC && p->leave)
		return p->leave(&out->dst, in, p->arg);
	for (size_t i = p->listenerc; i-- > 0;) {
		const struct policy_listener *l = &p->listenerv[i];

		if (l->transp == out->transp &&
		    (af == AF_UNSPEC || sa_af(&l->addr) == af))
			best = (unsigned)i;
	}
	if (p->listenerv[in].transp == out->transp &&
	    (af == AF_UNSPEC || sa_af(&p->listenerv[in].addr) == af))
		best = in;
	return best;
}

static bool set_asks_rr(const struct way *w)
{
	unsigned set = SIP_NONE;

	if (w->chosen)
		set = w->set;
	else if (!w->out->target || !policy_node(w->p, &w->out->dst, &set))
		(void)policy_node(w->p, &w->in->src, &set);
	return set < SIP_SETS && w->p->setv[set].flags & SIP_SET_RR;
}

static bool begins_dialog(const struct msg *m)
{
	return !m->to_tag.l && (!pl_strcmp(&m->met, "INVITE") ||
				!pl_strcmp(&m->met, "SUBSCRIBE") ||
				!pl_strcmp(&m->met, "REFER"));
}

/* Tokens: for a client that only its own connection leads to */
static void tokens(struct way *w)
{
	const enum msg_transp transp = w->p->listenerv[w->in->listener].transp;

	w->e.in_token = w->in_token;
	w->e.out_token = w->out_token;
	if (transp != MSG_UDP && !w->trusted)
		key_token(w->in_token, w->p, transp, &w->in->src);
	if (w->out->flow)
		key_token(w->out_token, w->p, w->out->transp, &w->out->dst);
}

static enum forward_verdict leave(struct way *w)
{
	const struct msg *m = w->m;
	struct forward_out *out = w->out;

	out->listener = leave_by(w);
	w->e.in = w->in->listener;
	w->e.out = out->listener;
	tokens(w);
	w->e.record_route = begins_dialog(m) &&
			    (*w->in_token || *w->out_token || set_asks_rr(w));
	w->e.path = w->chosen && !pl_strcmp(&m->met, "REGISTER") &&
		    w->p->setv[w->set].flags & SIP_SET_PATH;
	if (edit_request(&out->mb, w->p, w->in, m, &w->e))
		return drop(out, "no memory");
	out->prefer_tcp = out->transp == MSG_UDP && w->p->mtu &&
			  mbuf_get_left(out->mb) + 200 > w->p->mtu;
	return FORWARD_SEND;
}

static enum forward_verdict request(struct way *w)
{
	const struct msg *m = w->m;
	enum forward_verdict v = validate(w);

	if (v == FORWARD_SEND)
		v = pop_routes(w);
	if (v != FORWARD_SEND)
		return v;
	w->trusted = policy_trusted(w->p, &w->in->src);
	if (w->out->flow) {
		/* the token says it all */
	} else if (m->routec > w->e.pops) {
		const struct msg_route *r = &m->routev[w->e.pops];

		w->e.strict = !r->lr;
		next_uri(w, &r->uri);
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
	if (policy_forbidden(p, &out->dst))
		return drop(out, "forbidden address");
	out->listener = (unsigned)listener;
	out->transp = next->transp < MSG_TRANSP_MAX ? next->transp : MSG_UDP;
	out->flow = out->transp != MSG_UDP;
	out->target = policy_node(p, &out->dst, NULL);
	return edit_response(&out->mb, m) ? drop(out, "no memory")
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
	dgram = p->listenerv[in->listener].transp == MSG_UDP;
	err = msg_decode(m, &in->text, dgram, &f);
	if (err == ENOENT)
		return drop(out, "not SIP");
	if (err && (m->code || !f.code || !m->viac || !m->viav[0].host.l))
		return drop(out, f.why ? f.why : "malformed");
	if (err)
		return reply(&w, f.code, f.why);
	return m->code ? response(p, m, out) : request(&w);
}
