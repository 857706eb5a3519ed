/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and responses: who gets them (docs/sip.md) */
#include <errno.h>
#include <string.h>
#include "edge/flow.h"
#include "edge/forward.h"
#include "edge/hop.h"
#include "edge/key.h"
#include "edge/way.h"

enum forward_verdict way_drop(struct forward_out *out, const char *why)
{
	out->why = why;
	return FORWARD_DROP;
}

/* ---- replies -------------------------------------------------------------- */

enum forward_verdict way_reply_extra(struct way *w, uint16_t code,
				     const char *reason, const char *extra)
{
	struct forward_out *out = w->out;

	/* no answer to an ACK, ever (17.1.1.3) */
	if (!pl_strcmp(&w->m->met, "ACK"))
		return way_drop(out, reason);
	if (reply_make(&out->mb, w->p, w->in, w->m, code, reason, extra))
		return way_drop(out, "no memory");
	out->code = code;
	out->why = reason;
	out->transp = w->p->listenerv[w->in->listener].transp;
	out->listener = w->in->listener;
	out->flow = out->transp != MSG_UDP;
	edit_reply_addr(&out->dst, w->p, w->in, w->m);
	return FORWARD_REPLY;
}

enum forward_verdict way_reply(struct way *w, uint16_t code, const char *reason)
{
	return way_reply_extra(w, code, reason, NULL);
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
	v = err ? way_drop(w->out, "no memory")
		: way_reply_extra(w, 420, "Bad Extension", (char *)mb->buf);
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
		return way_reply(w, 400, "Malformed Max-Forwards");
	if (hops && !pl_u32(&hops->val))
		return way_reply(w, 483, "Too Many Hops");
	if (!scheme_known(m))
		return way_reply(w, 416, "Unsupported URI Scheme");
	if (!m->uri_ok && !tel)
		return way_reply(w, 400, "Malformed Request-URI");
	if (m->count[MSG_PROXY_REQUIRE])
		return unsupported(w);
	if (!sa_set(&via, &m->viav[0].host,
		    m->viav[0].port ? m->viav[0].port : 5060) &&
	    policy_self(w->p, &via) >= 0)
		return way_reply(w, 482, "Loop Detected");
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
		return way_reply(w, 403, "Flow Token Invalid");
	if (r.what == FLOW_LOST)
		return way_reply(w, 430, "Flow Failed");
	if (r.what == FLOW_NONE)
		return FORWARD_SEND;
	if (!may_flow(w, &r.flow))
		return way_reply(w, 403, "Forbidden");
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
		return way_reply(w, 403, "Forbidden");
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
		return way_reply(w, 430, "Flow Failed");
	}
}

/* ---- rules ------------------------------------------------------------------- */

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
		return way_reply_extra(
			w, 200, "OK",
			"Accept: application/sdp\r\n"
			"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n");
	return way_choose(w, tel ? 0 : policy_domain(w->p, &m->uri.host));
}

/* ---- leaving ------------------------------------------------------------------ */

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
		v = way_permit(w);
	return v == FORWARD_SEND ? way_leave(w) : v;
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
		return way_drop(out, "topmost Via is not ours");
	if (m->viac < 2)
		return FORWARD_LOCAL;
	listener = key_branch_listener(&v->branch);
	if (reply_addr(&out->dst, next))
		return way_drop(out, "next Via has no address");
	if (listener < 0 || (size_t)listener >= p->listenerc)
		return way_drop(out, "branch is not ours");
	key_branch(branch, p, m, next, &out->dst, (unsigned)listener);
	if (pl_strcmp(&v->branch, branch))
		return way_drop(out, "branch is not ours");
	out->target = policy_node(p, &out->dst, NULL);
	if (p->listenerv[listener].transp == MSG_UDP && !out->target &&
	    policy_forbidden(p, &out->dst))
		return way_drop(out, "forbidden address");
	out->listener = (unsigned)listener;
	out->transp = p->listenerv[listener].transp;
	out->flow = out->transp != MSG_UDP;
	if (msg_is_stream(out->transp) && (reply_addr_new(&out->reopen, next) ||
					   policy_forbidden(p, &out->reopen)))
		sa_init(&out->reopen, AF_UNSPEC);
	return edit_response(&out->mb, out, m) ? way_drop(out, "no memory")
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
		return way_drop(out, "not SIP");
	if (err && (m->code || !f.code || !m->viac || !m->viav[0].host.l))
		return way_drop(out, f.why ? f.why : "malformed");
	if (err)
		return way_reply(&w, f.code, f.why);
	return m->code ? response(p, m, out) : request(&w);
}
