/* SPDX-License-Identifier: BSD-2-Clause */
/* Flow tokens in Routes; own addresses for what must come back */
#include <errno.h>
#include "edge/flow.h"
#include "edge/hop.h"

/* ---- Routes ------------------------------------------------------------------ */

static bool from_there(const struct policy *p, const struct forward_in *in,
		       const struct key_flow *f)
{
	return f->transp == p->listenerv[in->listener].transp &&
	       sa_cmp(&f->peer, &in->src, SA_ALL);
}

enum flow_what flow_where(const struct policy *p, const struct key_flow *f)
{
	if (f->transp != MSG_UDP && policy_self(p, &f->holder) < 0)
		return FLOW_AWAY;
	return f->listener < p->listenerc &&
			       p->listenerv[f->listener].transp == f->transp
		       ? FLOW_HERE
		       : FLOW_LOST;
}

/* The first one. @return whether it is to be popped */
static bool first_route(struct flow_routes *r, const struct policy *p,
			const struct forward_in *in, const struct uri *u)
{
	const int err = key_token_check(p, &u->user, &r->flow);
	const bool own = hop_own(p, u);

	if (own && err == EACCES)
		r->what = FLOW_FORGED;
	if (err)
		return own;
	if (from_there(p, in, &r->flow))
		return true;
	r->what = flow_where(p, &r->flow);
	return r->what != FLOW_AWAY;
}

void flow_routes(struct flow_routes *r, const struct policy *p,
		 const struct forward_in *in, const struct msg *m)
{
	struct key_flow back;

	*r = (struct flow_routes){.what = FLOW_NONE};
	if (!m->routec || !first_route(r, p, in, &m->routev[0].uri))
		return;
	r->pops = 1;
	if (m->routec > 1 &&
	    (hop_own(p, &m->routev[1].uri) ||
	     !key_token_check(p, &m->routev[1].uri.user, &back)))
		r->pops = 2;
}

/* ---- leaving ------------------------------------------------------------------ */

static bool by_connection(const struct policy *p, const struct forward_in *in)
{
	return p->listenerv[in->listener].transp != MSG_UDP;
}

bool flow_of_client(const struct policy *p, const struct forward_in *in,
		    bool trusted)
{
	return by_connection(p, in) && !trusted;
}

bool flow_natted(const struct policy *p, const struct forward_in *in,
		 const struct msg *m, bool trusted)
{
	const struct msg_via *v = &m->viav[0];
	struct sa via;

	if (by_connection(p, in) || trusted)
		return false;
	return sa_set(&via, &v->host, v->port ? v->port : 5060) ||
	       !sa_cmp(&via, &in->src, SA_ALL);
}

static bool fits(const struct policy_listener *l, enum msg_transp transp,
		 int af)
{
	return l->transp == transp &&
	       (af == AF_UNSPEC || sa_af(&l->addr) == af);
}

unsigned flow_listener(const struct policy *p, const struct forward_in *in,
		       const struct forward_out *out, bool relay)
{
	const int af = sa_isset(&out->dst, SA_ADDR) ? sa_af(&out->dst)
						    : AF_UNSPEC;
	const bool back = relay || by_connection(p, in) ||
			  out->transp != MSG_UDP;
	const int own = back ? policy_own_listener(p, out->transp, af) : -1;

	if (own >= 0)
		return (unsigned)own;
	if (out->transp == MSG_UDP && af != AF_UNSPEC && p->leave)
		return p->leave(&out->dst, in->listener, p->arg);
	if (fits(&p->listenerv[in->listener], out->transp, af))
		return in->listener;
	for (size_t i = 0; i < p->listenerc; i++)
		if (fits(&p->listenerv[i], out->transp, af))
			return (unsigned)i;
	return in->listener;
}

/* The listener that Record-Route names: one that listens; `back` where no other
 * edge will do */
static unsigned named(const struct policy *p, unsigned i, bool back)
{
	const struct policy_listener *l = &p->listenerv[i];
	int own = -1;

	if (l->silent)
		own = policy_own_listener(p, MSG_UDP, sa_af(&l->addr));
	else if (back)
		own = policy_own_listener(p, l->transp, sa_af(&l->addr));
	return own >= 0 ? (unsigned)own : i;
}

/* A token of a flow, for a Record-Route that names listener i */
static void token(char text[KEY_TOKEN], const struct policy *p, unsigned i,
		  enum msg_transp transp, const struct sa *peer,
		  unsigned listener)
{
	const int af = sa_af(&p->listenerv[i].addr);
	const int own = policy_own_listener(p, MSG_UDP, af);
	struct key_flow f = {.transp = transp, .listener = listener};

	sa_cpy(&f.peer, peer);
	sa_cpy(&f.holder,
	       &p->listenerv[own >= 0 ? (unsigned)own : i].advertised);
	key_token(text, p, &f);
}

void flow_leave(struct edit *e, const struct policy *p,
		const struct forward_in *in, const struct forward_out *out)
{
	const bool client = flow_of_client(p, in, e->trusted);

	e->in = in->listener;
	e->out = out->listener;
	e->rr_in = named(p, e->in, out->flow && out->transp != MSG_UDP);
	e->rr_out = named(p, e->out, client);
	e->token_in[0] = e->token_out[0] = '\0';
	if (client || e->path || e->natted)
		token(e->token_out, p, e->rr_out,
		      p->listenerv[in->listener].transp, &in->src,
		      in->listener);
	if (out->flow)
		token(e->token_in, p, e->rr_in, out->transp, &out->dst,
		      out->listener);
}
