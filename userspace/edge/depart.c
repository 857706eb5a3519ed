/* SPDX-License-Identifier: BSD-2-Clause */
/* A request leaves: who may go there, by which listener, and what is written into it */
#include <errno.h>
#include "edge/contact.h"
#include "edge/flow.h"
#include "edge/key.h"
#include "edge/lookup.h"
#include "edge/way.h"

/* In the first moments a node may be a stranger to us: what comes again later is
 * not told off */
static enum forward_verdict refuse(struct way *w)
{
	if (w->p->unsettled && w->p->unsettled(w->p->arg))
		return way_drop(w->out, "names of nodes are not known yet");
	return way_reply(w, 403, "Forbidden");
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
		return way_reply(w, 503, "Name Not Resolved");
	}
}

/* Inside a dialog a registered user's Contact is the next hop of whoever called him */
static bool to_phone(const struct way *w)
{
	return w->m->to_tag.l && w->out->transp == MSG_UDP && w->p->phone &&
	       w->p->phone(&w->out->dst, w->p->arg);
}

/* To a node by its name: what may only get to its set with credentials needs them
 * here too. Inside a dialog it does not; REGISTER and PUBLISH never are */
static bool sneaks(const struct way *w)
{
	return (!w->m->to_tag.l || !pl_strcmp(&w->m->met, "REGISTER") ||
		!pl_strcmp(&w->m->met, "PUBLISH")) &&
	       policy_asks_auth(w->p, &w->out->dst);
}

enum forward_verdict way_permit(struct way *w)
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
	if ((!out->target && policy_forbidden(w->p, &out->dst)) ||
	    (w->called && policy_denied(w->p, &out->dst)))
		return way_reply(w, 403, "Forbidden");
	if (sneaks(w))
		return way_authenticate(w);
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

enum forward_verdict way_leave(struct way *w)
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
		return way_drop(out, "no memory");
	/* who has registered by UDP is there by UDP */
	out->prefer_tcp = out->transp == MSG_UDP && !out->flow && !w->called &&
			  (w->streamed ||
			   (w->p->datagram &&
			    mbuf_get_left(out->mb) > w->p->datagram));
	if (out->prefer_tcp && sa_isset(&out->dst, SA_ADDR) && as_stream(w))
		return way_drop(out, "no memory");
	return FORWARD_SEND;
}
