/* SPDX-License-Identifier: BSD-2-Clause */
/* Dispatcher sets, told to the kernel: nodes first, then the table that leads to
 * them */
#include <errno.h>
#include <string.h>
#include "edge/publish.h"

/* An address that is, or was lately, a node's */
struct node {
	struct le le;
	struct sa addr;
	unsigned set;
	uint16_t number;
	bool here;     /* in the set, as of the last look       */
	uint64_t gone; /* ms, when it went; 0: it has not       */
};

struct publish {
	const struct policy *policy;
	struct fp_sip *sip;
	struct list nodes;
};

static void node_destructor(void *arg)
{
	struct node *n = arg;

	list_unlink(&n->le);
}

static void destructor(void *arg)
{
	struct publish *p = arg;

	list_flush(&p->nodes);
	mem_deref(p->sip);
}

int publish_alloc(struct publish **pp, struct fp_sip *sip,
		  const struct policy *policy)
{
	struct publish *p;

	if (!pp || !sip || !policy)
		return EINVAL;
	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;
	list_init(&p->nodes);
	p->sip = mem_ref(sip);
	p->policy = policy;
	*pp = p;
	return 0;
}

static unsigned bits(const struct sa *sa)
{
	return sa_af(sa) == AF_INET ? 32 : 128;
}

/* Does the configuration say what the address is? Then it need not be a node's
 * for it (policy_trusted) */
static bool named(const struct publish *p, const struct sa *addr)
{
	const struct policy_net *n = policy_net(p->policy, addr);

	return n && n->bits == bits(addr);
}

static struct node *node_find(const struct publish *p, unsigned set,
			      const struct sa *addr, uint16_t number)
{
	struct le *le;

	LIST_FOREACH (&p->nodes, le) {
		struct node *n = le->data;

		if (n->set == set && n->number == number &&
		    sa_cmp(&n->addr, addr, SA_ALL))
			return n;
	}
	return NULL;
}

static bool usable(const struct ds_target *t)
{
	const enum ds_state st = ds_target_status(t)->state;

	return st == DS_ACTIVE || st == DS_TRYING;
}

static int put_target(struct publish *p, unsigned set, struct ds_target *t)
{
	const struct sa *addr = ds_target_addr(t);
	const uint16_t number = ds_target_number(t);
	struct node *n;
	int err;

	/* a name that does not resolve now is no node */
	if (!addr)
		return 0;
	n = node_find(p, set, addr, number);
	if (!n) {
		n = mem_zalloc(sizeof(*n), node_destructor);
		if (!n)
			return ENOMEM;
		sa_cpy(&n->addr, addr);
		n->set = set;
		n->number = number;
		list_append(&p->nodes, &n->le, n);
	}
	n->here = true;
	n->gone = 0;
	err = named(p, addr) ? 0
			     : fp_sip_net(p->sip, addr, bits(addr),
					  SIP_NET_TRUSTED, SIP_NONE);
	/* the kernel speaks UDP: calls for another target are the agent's */
	if (!err)
		err = fp_sip_target(p->sip, set, number,
				    ds_target_transp(t) == DS_UDP ? addr : NULL,
				    usable(t));
	return err;
}

/* Does another entry hold the target's number, or trust in the address? */
static bool number_taken(const struct publish *p, const struct node *n)
{
	struct le *le;

	LIST_FOREACH (&p->nodes, le) {
		const struct node *o = le->data;

		if (o != n && o->here && o->set == n->set &&
		    o->number == n->number)
			return true;
	}
	return false;
}

static bool address_taken(const struct publish *p, const struct node *n)
{
	struct le *le;

	LIST_FOREACH (&p->nodes, le) {
		const struct node *o = le->data;

		if (o != n && sa_cmp(&o->addr, &n->addr, SA_ADDR))
			return true;
	}
	return false;
}

static void retire(struct publish *p, unsigned set, uint64_t now_ms)
{
	struct le *le;

	LIST_FOREACH (&p->nodes, le) {
		struct node *n = le->data;

		if (n->set != set || n->here || n->gone)
			continue;
		n->gone = now_ms ? now_ms : 1;
		if (!number_taken(p, n))
			(void)fp_sip_target(p->sip, set, n->number, NULL,
					    false);
	}
}

/* The table, without the targets that the kernel can't speak to: it leaves theirs to
 * the agent. An entry of sip_targets keeps its last address, which is another's */
static int put_table(struct publish *p, unsigned i, const struct ds_set *set,
		     uint32_t flags)
{
	bool agent[SIP_SET_TARGETS] = {false}, any = false;
	const uint16_t *slotv = NULL;
	uint16_t *v = NULL;
	uint32_t n = 0;
	int err;

	for (size_t k = 0; k < ds_set_count(set); k++) {
		const struct ds_target *t = ds_set_target(set, k);
		const uint16_t number = ds_target_number(t);

		if (ds_target_transp(t) == DS_UDP || number >= SIP_SET_TARGETS)
			continue;
		agent[number] = any = true;
	}
	if (set)
		slotv = ds_set_slots(set, &n);
	if (any && n) {
		v = mem_alloc(n * sizeof(*v), NULL);
		if (!v)
			return ENOMEM;
	}
	for (uint32_t k = 0; v && k < n; k++)
		v[k] = slotv[k] < SIP_SET_TARGETS && agent[slotv[k]] ? SIP_NONE
								     : slotv[k];
	err = fp_sip_set(p->sip, i, ds_set_id(set), flags, v ? v : slotv, n);
	mem_deref(v);
	return err;
}

int publish_set(struct publish *p, unsigned i, const struct ds_set *set,
		uint32_t flags, uint64_t now_ms)
{
	struct le *le;
	int err = 0;

	if (!p)
		return EINVAL;
	LIST_FOREACH (&p->nodes, le) {
		struct node *node = le->data;

		if (node->set == i)
			node->here = false;
	}
	for (size_t k = 0; k < ds_set_count(set) && !err; k++)
		err = put_target(p, i, ds_set_target(set, k));
	if (err)
		return err;
	err = put_table(p, i, set, flags);
	retire(p, i, now_ms);
	return err;
}

bool publish_knows(const struct publish *p, const struct sa *addr)
{
	struct le *le;

	if (!p)
		return false;
	LIST_FOREACH (&p->nodes, le) {
		const struct node *n = le->data;

		if (sa_cmp(&n->addr, addr, SA_ADDR))
			return true;
	}
	return false;
}

void publish_expire(struct publish *p, uint64_t now_ms)
{
	struct le *le = p ? list_head(&p->nodes) : NULL;

	while (le) {
		struct node *n = le->data;

		le = le->next;
		if (!n->gone || now_ms - n->gone < PUBLISH_LINGER)
			continue;
		if (!address_taken(p, n) && !named(p, &n->addr))
			(void)fp_sip_net_del(p->sip, &n->addr, bits(&n->addr));
		mem_deref(n);
	}
}
