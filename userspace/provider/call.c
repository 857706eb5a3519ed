/* SPDX-License-Identifier: BSD-2-Clause */
/* One request: who is asked, and who next */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "provider/callcore.h"

static void destructor(void *arg)
{
	struct call *c = arg;

	timer_stop(&c->tmr);
	if (c->le.list)
		--outbound_count(c->o)->now;
	list_unlink(&c->le);
	mem_deref(c->where);
	trans_release(c->trans);
	strans_release(c->strans);
	for (size_t i = 0; i < c->candidatec; i++)
		mem_deref(c->candidatev[i].route);
	mem_deref(c->best_mb);
	mem_deref(c->m);
	mem_deref(c->text);
}

const struct msg *call_msg(struct call *c)
{
	const struct pl text = {c->text, c->len};
	struct msg_fault fault = {0, NULL};

	if (c->m)
		return c->m;
	c->m = mem_zalloc(sizeof(*c->m), NULL);
	/* it has been read before: it can be */
	if (c->m)
		(void)msg_decode(c->m, &text, true, &fault);
	return c->m;
}

void call_rest(struct call *c)
{
	c->m = mem_deref(c->m);
}

void call_end(struct call *c)
{
	mem_deref(c);
}

struct provider *call_provider(struct call *c)
{
	const struct providers *ps = outbound_providers(c->o);

	if (c->inbound)
		return NULL;
	if (c->within)
		return c->dialog.forth != c->dialog.inbound
			       ? provider_find(ps, c->dialog.provider)
			       : NULL;
	return c->at < c->candidatec
		       ? provider_find(ps, c->candidatev[c->at].route->provider)
		       : NULL;
}

void call_refuse(struct call *c, uint16_t code, const char *phrase)
{
	if (c->strans && call_msg(c))
		(void)strans_answer(c->strans, call_msg(c), code, phrase, NULL);
	call_end(c);
}

/* ---- who is tried ------------------------------------------------------------ */

static void located(const struct locate_found *f, const char *why, void *arg)
{
	struct call *c = arg;
	int err;

	if (!f) {
		call_next(c, why);
		return;
	}
	c->to = *f;
	err = call_send(c);
	if (err)
		call_next(c, strerror(err));
}

void call_try(struct call *c)
{
	struct where_ask a = {.locator = outbound_providers(c->o)->locator,
			      .wire = outbound_wire(c->o),
			      .transp = MSG_TRANSP_MAX};
	int err = call_msg(c) ? call_hop(c, &a) : ENOMEM;

	if (!err)
		a.key = provider_hash(outbound_providers(c->o),
				      call_msg(c)->callid.p,
				      call_msg(c)->callid.l);
	if (!err)
		err = where_find(&c->where, &a, located, c);
	if (err)
		call_refuse(c, 500, "No Way There");
}

static void all_failed(struct call *c)
{
	if (c->best_mb) {
		strans_send(c->strans, c->best, c->best_mb);
		call_end(c);
		return;
	}
	if (c->refused)
		call_refuse(c, 500, "No Provider Takes Our Log-In");
	else
		call_refuse(c, 408, "No Provider Answered");
}

void call_next(struct call *c, const char *why)
{
	struct provider *p = call_provider(c);
	const struct health_result r = {.ok = false};
	struct health_result failed = r;

	c->trans = trans_abandon(c->trans);
	if (c->within || c->inbound) {
		call_refuse(c, c->within ? 408 : 480, "Not Reached");
		return;
	}
	if (p && why) {
		++p->failed;
		(void)re_snprintf(failed.reason, sizeof(failed.reason),
				  "a call: %s", why);
		provider_passive(p, &failed);
	}
	if (c->cancelled) {
		call_refuse(c, 487, "Request Terminated");
		return;
	}
	do
		c->at++;
	while (c->at < c->candidatec &&
	       provider_route_health(call_provider(c)) != ROUTE_UP);
	c->tries = 0;
	c->cseq = 0;
	if (c->at < c->candidatec) {
		++outbound_count(c->o)->failovers;
		call_try(c);
	} else {
		all_failed(c);
	}
}

int call_send(struct call *c)
{
	struct mbuf *uri = mbuf_alloc(256);
	struct mbuf *rest = mbuf_alloc(1024 + c->len);
	char *method = NULL, mark[LOOP_MARK];
	struct provider *p = call_provider(c);
	struct trans_req r = {.transp = c->to.transp,
			      .dst = c->to.addr,
			      .host = call_host(c),
			      .owner = p ? p->rec->id : NULL};
	int err = uri && rest && call_msg(c)
			  ? pl_strdup(&method, &call_msg(c)->met)
			  : ENOMEM;

	if (!err)
		err = call_compose(c, uri, rest);
	if (err)
		goto out;
	r.method = method;
	r.uri = (struct pl){(char *)uri->buf, uri->end};
	r.rest = (struct pl){(char *)rest->buf, rest->end};
	if (!c->strans) {
		(void)trans_forget(outbound_wire(c->o), &r);
		call_end(c);
		goto out;
	}
	if (!c->within) {
		loop_mark(outbound_loop(c->o), mark, call_msg(c), c->inbound);
		r.mark = mark;
	}
	if (!c->within && !c->inbound)
		r.timeout = c->candidatev[c->at].route->timeout;
	c->trans = trans_release(c->trans);
	err = trans_send(&c->trans, outbound_transs(c->o), &r, call_response,
			 c);
	if (!err && p && !c->within && !c->tries) {
		++p->calls;
		provider_found(p, &c->to.addr);
	}
	call_rest(c);
out:
	mem_deref(method);
	mem_deref(uri);
	mem_deref(rest);
	return err;
}

/* ---- beginning ----------------------------------------------------------------- */

/* Of an INVITE that is under way, or that waits for a name */
static void cancelled(void *arg)
{
	struct call *c = arg;

	c->cancelled = true;
	if (c->trans)
		trans_cancel(c->trans);
	else
		call_refuse(c, 487, "Request Terminated");
}

static int alloc(struct call **cp, struct outbound *o, const struct wire_in *in,
		 unsigned pop)
{
	struct call *c = mem_zalloc(sizeof(*c), destructor);
	int err;

	if (!c)
		return ENOMEM;
	c->o = o;
	c->pop = pop;
	c->peer = in->peer;
	c->transp = in->transp;
	err = pl_strdup(&c->text, &in->m->text);
	c->len = in->m->text.l;
	if (!err && !call_msg(c))
		err = ENOMEM;
	if (!err && pl_strcmp(&in->m->met, "ACK"))
		err = strans_alloc(&c->strans, outbound_stranss(o), in,
				   cancelled, c);
	if (err) {
		mem_deref(c);
		return err;
	}
	list_append(outbound_calls(o), &c->le, c);
	++outbound_count(o)->now;
	*cp = c;
	return 0;
}

static struct call *begin(struct outbound *o, const struct wire_in *in,
			  unsigned pop)
{
	struct call *c = NULL;

	if (pl_strcmp(&in->m->met, "ACK") &&
	    outbound_count(o)->now >= outbound_conf(o)->calls) {
		++outbound_count(o)->refused;
		(void)stranss_answer(outbound_stranss(o), in, 503,
				     "Too Many Calls", "Retry-After: 5\r\n");
		return NULL;
	}
	if (alloc(&c, o, in, pop)) {
		(void)stranss_answer(outbound_stranss(o), in, 500,
				     "Server Internal Error", NULL);
		return NULL;
	}
	if (!pl_strcmp(&in->m->met, "INVITE"))
		(void)strans_answer(c->strans, call_msg(c), 100, "Trying",
				    NULL);
	return c;
}

/* ---- out ------------------------------------------------------------------------ */

static void caller_of(const struct msg *m, struct number *n)
{
	struct pl uri, tag;
	struct uri u;

	n->s[0] = '\0';
	if (msg_addr(&uri, &tag, &m->first[MSG_FROM]->val) ||
	    msg_uri_decode(&u, &uri) || number_decode(n, &u.user))
		n->s[0] = '\0';
}

static void choose(struct call *c, const struct number *called)
{
	struct route_choice v[ROUTE_CHOICES];
	struct number caller;
	size_t n;

	caller_of(call_msg(c), &caller);
	n = provider_choose(outbound_providers(c->o), called->s, caller.s,
			    time(NULL), &call_msg(c)->callid, v);
	for (size_t i = 0; i < n; i++) {
		struct candidate *k = &c->candidatev[c->candidatec];

		if (v[i].why != ROUTE_TAKEN)
			continue;
		k->route = mem_ref(v[i].route);
		k->called = v[i].called;
		k->caller = v[i].caller;
		k->from = strcmp(k->caller.s, caller.s) != 0;
		++c->candidatec;
	}
	if (c->candidatec)
		return;
	++outbound_count(c->o)->unrouted;
	/* there is a way, but it is not open now */
	if (n)
		(void)strans_answer(c->strans, call_msg(c), 503,
				    "No Provider Is Up", "Retry-After: 30\r\n");
	else
		(void)strans_answer(c->strans, call_msg(c), 404, "No Route",
				    NULL);
}

void call_out(struct outbound *o, const struct wire_in *in, unsigned pop)
{
	struct call *c = begin(o, in, pop);
	struct number called;

	if (!c)
		return;
	++outbound_count(o)->calls;
	if (number_decode(&called, &call_msg(c)->uri.user)) {
		call_refuse(c, 484, "Address Incomplete");
		return;
	}
	choose(c, &called);
	if (c->candidatec)
		call_try(c);
	else
		call_end(c);
}

/* ---- in, and within ---------------------------------------------------------------- */

void call_in(struct outbound *o, const struct wire_in *in, const char *provider)
{
	struct provider *p = provider_find(outbound_providers(o), provider);
	struct call *c = begin(o, in, 0);

	if (!c)
		return;
	++outbound_count(o)->inbound;
	c->inbound = true;
	str_ncpy(c->dialog.provider, provider, sizeof(c->dialog.provider));
	if (p)
		provider_found(p, &in->peer);
	c->to.addr = outbound_conf(o)->inbound;
	c->to.transp = outbound_conf(o)->inbound_transp;
	if (call_send(c))
		call_refuse(c, 480, "Not Reached");
}

void call_within(struct outbound *o, const struct wire_in *in, unsigned pop,
		 const struct outbound_dialog *d)
{
	struct call *c = begin(o, in, pop);

	if (!c)
		return;
	c->within = true;
	c->dialog = *d;
	/* the callee's CSeqs are its own */
	c->cseq = d->forth ? d->cseq : 0;
	call_try(c);
}
