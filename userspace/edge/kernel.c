/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel is told of the configuration: listeners, domains, limits, networks, rules */
#include "base/log.h"
#include "edge/core.h"
#include "edge/leave.h"

/* How many of the listeners stand at the address? */
static int listeners_at(const struct policy *p, const struct sa *addr)
{
	int n = 0;

	for (size_t i = 0; i < p->listenerc; i++)
		n += p->listenerv[i].transp == MSG_UDP &&
		     sa_cmp(&p->listenerv[i].addr, addr, SA_ADDR);
	return n;
}

/* Its address and the advertised one are ours, unless UDP's listener, which comes
 * first, has said so already */
static int tell_self(struct edge *e, const struct sa *sa, unsigned i)
{
	const struct policy *p = e->policy;
	const bool udp = p->listenerv[i].transp == MSG_UDP;

	for (size_t k = 0; !udp && k < p->listenerc; k++) {
		const struct policy_listener *l = &p->listenerv[k];

		if (l->transp == MSG_UDP &&
		    (sa_cmp(sa, &l->addr, SA_ALL) ||
		     sa_cmp(sa, &l->advertised, SA_ALL)))
			return 0;
	}
	return fp_sip_self(e->sip, sa, udp ? i : SIP_LISTENERS);
}

/* Of those that messages may leave from by listener i's device, the first one */
static unsigned first_at(const struct policy *p, unsigned i)
{
	const struct policy_listener *v = p->listenerv;

	for (unsigned k = 0; k < i; k++)
		if (v[k].transp == MSG_UDP &&
		    sa_af(&v[k].addr) == sa_af(&v[i].addr) &&
		    (!v[k].ifindex || v[k].ifindex == v[i].ifindex))
			return k;
	return i;
}

static int tell_listener(struct edge *e, unsigned i)
{
	struct policy_listener *l = &e->policy->listenerv[i];
	const bool v6 = sa_af(&l->addr) == AF_INET6;
	int err;

	if (leave_device_of(&l->ifindex, &l->addr))
		log_warn("edge: %j is no address of this host", &l->addr);
	err = tell_self(e, &l->addr, i);
	if (!err)
		err = tell_self(e, &l->advertised, i);
	if (err || l->transp != MSG_UDP || i >= SIP_LISTENERS)
		return err;
	err = fp_sip_listener(e->sip, i, &l->addr, &l->advertised, l->ifindex);
	return err ? err
		   : fp_sip_exit(e->sip, l->ifindex, v6,
				 first_at(e->policy, i));
}

/* Which address is this edge's alone? */
static int tell_own(struct edge *e, int af)
{
	const int own = policy_own_listener(e->policy, MSG_UDP, af);

	return own < 0 || own >= SIP_LISTENERS
		       ? 0
		       : fp_sip_exit(e->sip, SIP_EXIT_OWN, af == AF_INET6,
				     (unsigned)own);
}

/* All but the sets: they come with the list */
int edge_tell(struct edge *e)
{
	const struct policy *p = e->policy;
	struct sip_conf *c = fp_sip_conf(e->sip);
	int err = fp_sip_clear(e->sip);

	c->key[0] = p->key[0];
	c->key[1] = p->key[1];
	c->flags = (p->force_rport ? SIP_CONF_FORCE_RPORT : 0) |
		   (p->reverse_path ? SIP_CONF_REVERSE : 0) |
		   (p->auth ? SIP_CONF_AUTH : 0);
	c->copy_every = e->conf.copy_every;
	for (size_t i = 0; i < p->listenerc && !err; i++)
		err = tell_listener(e, (unsigned)i);
	if (!err)
		err = tell_own(e, AF_INET);
	if (!err)
		err = tell_own(e, AF_INET6);
	for (size_t i = 0; i < p->domainc && !err; i++) {
		struct pl name;

		pl_set_str(&name, p->domainv[i]);
		err = fp_sip_domain(e->sip, &name, (uint32_t)i + 1);
	}
	limits_file(&e->limits, e->conf.limitv);
	if (!err)
		err = nets_file(e->nets, p->netv, p->netc);
	if (!err)
		err = fp_sip_rules(e->sip, p->rulev, p->rulec);
	return err;
}

int edge_announce(struct edge *e)
{
	const struct policy *p = e->policy;
	int err = 0;

	for (size_t i = 0; i < p->listenerc && !err; i++)
		err = fp_local_sip(e->fp, &p->listenerv[i].addr,
				   listeners_at(p, &p->listenerv[i].addr));
	return err;
}
