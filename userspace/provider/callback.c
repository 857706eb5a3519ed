/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes back: passed on, answered for the caller, or a reason to try another */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "provider/callcore.h"

enum { TIMER_M = 64 * TRANS_T1 /* ms in which a 2xx may come again */ };

static void over(void *arg)
{
	call_end(arg);
}

/* The response as the caller may see it */
static struct mbuf *passed(struct call *c, const struct msg *m)
{
	struct mbuf *mb = mbuf_alloc(m->text.l + 256);

	if (mb && relay_response(mb, m, call_msg(c)))
		mb = mem_deref(mb);
	return mb;
}

static void pass(struct call *c, const struct msg *m)
{
	struct mbuf *mb = passed(c, m);

	if (mb)
		strans_send(c->strans, m->code, mb);
	mem_deref(mb);
}

static bool invite(struct call *c)
{
	return !pl_strcmp(&call_msg(c)->met, "INVITE");
}

/* ---- a provider that wants a log-in --------------------------------------------------- */

/* @return whether it has been answered */
static bool log_in(struct call *c, const struct msg *m)
{
	struct provider *p = call_provider(c);
	struct challenge now;
	char why[HEALTH_REASON];

	if (!p || c->inbound || c->cancelled || !p->rec->secret.username)
		return false;
	if (!call_may_log_in(c)) {
		log_warn("provider %s: %u by %J, which is not its own",
			 p->rec->id, m->code, &c->to.addr);
		return false;
	}
	if (challenge_read(&now, m, &p->rec->secret, why, sizeof(why))) {
		log_warn("provider %s: %u: %s", p->rec->id, m->code, why);
		p->challenge = mem_deref(p->challenge);
		return false;
	}
	/* the second is one too many, unless the nonce was all that was wrong */
	if (c->tries++ >= (now.stale ? CALL_TRIES : 1)) {
		log_warn("provider %s: %u: it does not take our log-in",
			 p->rec->id, m->code);
		return false;
	}
	if (!p->challenge)
		p->challenge = mem_zalloc(sizeof(*p->challenge), NULL);
	if (!p->challenge)
		return false;
	*p->challenge = now;
	/* a request outside of a dialog that comes again with the same CSeq is taken
	 * for one that went round in a circle (RFC 3261 8.2.2.2); within one it
	 * need only not be lower */
	if (!c->within && call_msg(c)->cseq_num + c->cseq < INT32_MAX)
		++c->cseq;
	return !call_send(c);
}

/* ---- the end ------------------------------------------------------------------------------ */

static uint32_t retry_after(const struct msg *m)
{
	for (size_t i = 0; i < m->hdrc; i++)
		if (!pl_strcasecmp(&m->hdrv[i].name, "Retry-After"))
			return MIN(pl_u32(&m->hdrv[i].val), 3600u);
	return 0;
}

/* The better of what providers said: of 6xx nobody else will say otherwise, then the
 * lowest class (RFC 3261 16.7, 6.); that one is busy is not the number's fault */
static unsigned rank(uint16_t code)
{
	if (code == 503)
		return 8;
	return code >= 600 ? 1 : code / 100;
}

static void remember(struct call *c, const struct msg *m)
{
	struct mbuf *mb;

	if (c->best && rank(c->best) <= rank(m->code))
		return;
	mb = passed(c, m);
	if (!mb)
		return;
	mem_deref(c->best_mb);
	c->best_mb = mb;
	c->best = m->code;
}

/* A call has been heard: so it is alive, whatever it says of the number */
static void note(struct call *c, const struct msg *m)
{
	struct provider *p = call_provider(c);
	struct health_result r = {.ok = true, .code = m->code};

	if (!p || c->within || c->inbound)
		return;
	if (m->code == 503) {
		if (retry_after(m))
			provider_hold(p, retry_after(m));
		return;
	}
	/* it does not make one healthy whose probes fail */
	if (!p->health.fails ||
	    (p->health.state == HEALTH_DOWN && p->rec->probe.interval))
		return;
	(void)re_snprintf(r.reason, sizeof(r.reason), "a call: %u %r", m->code,
			  &m->phrase);
	provider_passive(p, &r);
}

/* A challenge that is ours to answer, and was not: the caller can do nothing about
 * it. One to whom we have no log-in may have the caller's */
static bool is_refusal(struct call *c, uint16_t code)
{
	const struct provider *p = call_provider(c);

	return (code == 401 || code == 407) && p && p->rec->secret.username;
}

static bool is_for_another(struct call *c, uint16_t code)
{
	return !c->within && !c->inbound && invite(c) &&
	       (is_refusal(c, code) ||
		codes_have(&c->candidatev[c->at].route->failover, code));
}

static void failure(struct call *c, const struct msg *m)
{
	struct provider *p = call_provider(c);
	char why[HEALTH_REASON];

	/* what was ours to answer, or to try elsewhere, says nothing to a caller who
	 * has given up */
	if (c->cancelled &&
	    (is_refusal(c, m->code) || is_for_another(c, m->code))) {
		call_refuse(c, 487, "Request Terminated");
		return;
	}
	if (!is_for_another(c, m->code)) {
		pass(c, m);
		call_end(c);
		return;
	}
	if (is_refusal(c, m->code)) {
		++p->failed;
		c->refused = true;
		call_next(c, NULL);
		return;
	}
	remember(c, m);
	(void)re_snprintf(why, sizeof(why), "%u %r", m->code, &m->phrase);
	/* a 503 says that it can't; any other that this call can't be */
	if (p && m->code != 503)
		++p->failed;
	call_next(c, m->code == 503 ? why : NULL);
}

static void success(struct call *c, const struct msg *m)
{
	pass(c, m);
	if (!invite(c)) {
		call_end(c);
		return;
	}
	if (!c->accepted && !c->within)
		++outbound_count(c->o)->answered;
	c->accepted = true;
	if (!timer_runs(&c->tmr))
		timer_start(wire_timers(outbound_wire(c->o)), &c->tmr, TIMER_M,
			    over, c);
}

static void failed(struct call *c, const char *why)
{
	/* after a 2xx there is nothing left to be said */
	if (c->accepted) {
		call_end(c);
	} else if (c->heard && !c->cancelled) {
		c->trans = trans_abandon(c->trans);
		call_refuse(c, 408, "Nobody Answers");
	} else {
		call_next(c, why);
	}
}

static void responded(struct call *c, const struct msg *m)
{
	if (m->code == 100)
		return;
	if (m->code < 300)
		call_learn(c, m);
	if (m->code < 200) {
		c->heard = true;
		pass(c, m);
		return;
	}
	c->heard = false;
	note(c, m);
	if (m->code < 300)
		success(c, m);
	else if ((m->code != 401 && m->code != 407) || !log_in(c, m))
		failure(c, m);
}

void call_response(int err, const char *why, const struct wire_in *in,
		   void *arg)
{
	/* it may end in here */
	struct call *c = mem_ref(arg);

	if (!call_msg(c))
		call_end(c);
	else if (err)
		failed(c, why);
	else
		responded(c, in->m);
	call_rest(c);
	mem_deref(c);
}
