/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks in force: the file's, and those set by hand */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "edge/nets.h"

/* Entries in order of cmp(), each prefix once */
struct table {
	struct policy_net *v;
	size_t c;
};

struct nets {
	struct policy *policy;
	struct fp_sip *sip;
	struct table file, hand;
	size_t timed; /* of those by hand, how many have an end       */
	struct tmr end;
	nets_node_h *nodeh;
	void *arg;
};

static void destructor(void *arg)
{
	struct nets *n = arg;

	tmr_cancel(&n->end);
	mem_deref(n->file.v);
	mem_deref(n->hand.v);
	mem_deref(n->sip);
}

/* As the wire has them, so that a net's hosts are beside each other */
static int cmp_addr(const struct sa *a, const struct sa *b)
{
	uint8_t x[16] = {0}, y[16] = {0};

	if (sa_af(a) != sa_af(b))
		return sa_af(a) - sa_af(b);
	if (sa_af(a) == AF_INET) {
		memcpy(x, &a->u.in.sin_addr, 4);
		memcpy(y, &b->u.in.sin_addr, 4);
	} else {
		sa_in6(a, x);
		sa_in6(b, y);
	}
	return memcmp(x, y, sizeof(x));
}

static int cmp(const void *pa, const void *pb)
{
	const struct policy_net *a = pa, *b = pb;
	const int order = cmp_addr(&a->addr, &b->addr);

	return order ? order : (int)a->bits - (int)b->bits;
}

static struct policy_net *find(const struct table *t,
			       const struct policy_net *key)
{
	return t->v ? bsearch(key, t->v, t->c, sizeof(*t->v), cmp) : NULL;
}

static struct policy_net *vector(size_t c)
{
	return mem_zalloc((c + 1) * sizeof(struct policy_net), NULL);
}

static bool is_host(const struct policy_net *net)
{
	return net->bits == (sa_af(&net->addr) == AF_INET ? 32u : 128u);
}

/* ---- in force -------------------------------------------------------------- */

/* Both tables, the one set by hand where a prefix is in both */
static int merge(struct table *t, const struct table *file,
		 const struct table *hand)
{
	t->c = 0;
	t->v = vector(file->c + hand->c);
	if (!t->v)
		return ENOMEM;
	for (size_t i = 0; file->v && i < file->c; i++)
		if (!find(hand, &file->v[i]))
			t->v[t->c++] = file->v[i];
	for (size_t i = 0; hand->v && i < hand->c; i++)
		t->v[t->c++] = hand->v[i];
	qsort(t->v, t->c, sizeof(*t->v), cmp);
	return 0;
}

/* Nothing is named here any more: the kernel's table has nothing, or the node */
static int drop(const struct nets *n, const struct policy_net *net)
{
	if (is_host(net) && n->nodeh(&net->addr, n->arg))
		return fp_sip_net(n->sip, &net->addr, net->bits,
				  SIP_NET_TRUSTED, SIP_NONE);
	return fp_sip_net_del(n->sip, &net->addr, net->bits);
}

/* What comes, then what goes: no source is without its network in between */
static int tell(const struct nets *n, const struct table *old,
		const struct table *now)
{
	int err = 0, e;

	for (size_t i = 0; i < now->c; i++) {
		const struct policy_net *net = &now->v[i];
		const struct policy_net *had = find(old, net);

		if (had && had->flags == net->flags && had->set == net->set)
			continue;
		e = fp_sip_net(n->sip, &net->addr, net->bits, net->flags,
			       net->set);
		err = err ? err : e;
	}
	for (size_t i = 0; old->v && i < old->c; i++) {
		if (find(now, &old->v[i]))
			continue;
		e = drop(n, &old->v[i]);
		err = err || e == ENOENT ? err : e;
	}
	return err;
}

/* Put the tables in force, in place of those that are. They are ours then */
static int enforce(struct nets *n, struct table file, struct table hand)
{
	struct policy *p = n->policy;
	/* at first the policy has what nobody was told of */
	const struct table old = {n->file.v ? p->netv : NULL,
				  n->file.v ? p->netc : 0};
	struct table now;
	int err;

	if (merge(&now, &file, &hand))
		return ENOMEM;
	err = tell(n, &old, &now);
	mem_deref(p->netv);
	p->netv = now.v;
	p->netc = now.c;
	if (n->file.v != file.v)
		mem_deref(n->file.v);
	if (n->hand.v != hand.v)
		mem_deref(n->hand.v);
	n->file = file;
	n->hand = hand;
	return err;
}

/* ---- changes ----------------------------------------------------------------- */

int nets_file(struct nets *n, const struct policy_net *v, size_t c)
{
	struct table file = {vector(c), c};
	int err;

	if (!n || (c && !v) || !file.v) {
		mem_deref(file.v);
		return n && (v || !c) ? ENOMEM : EINVAL;
	}
	if (c)
		memcpy(file.v, v, c * sizeof(*v));
	for (size_t i = 0; i < c; i++)
		file.v[i].until = 0;
	qsort(file.v, c, sizeof(*v), cmp);
	err = enforce(n, file, n->hand);
	if (n->file.v != file.v)
		mem_deref(file.v);
	return err;
}

/* Is its time up? */
static bool ended(const struct policy_net *net, uint64_t now)
{
	return net->until && net->until <= now;
}

static void end(void *arg);

/* Wait for the next one that ends */
static void arm(struct nets *n)
{
	const uint64_t now = tmr_jiffies();
	uint64_t first = 0;

	n->timed = 0;
	for (size_t i = 0; n->hand.v && i < n->hand.c; i++) {
		const uint64_t until = n->hand.v[i].until;

		if (!until)
			continue;
		n->timed++;
		if (!first || until < first)
			first = until;
	}
	if (first)
		tmr_start(&n->end, first > now ? first - now : 1, end, n);
	else
		tmr_cancel(&n->end);
}

/* A copy of the table, `skip` left out and those whose time is up, `add` put in */
static int change(struct nets *n, const struct policy_net *skip,
		  const struct policy_net *add)
{
	struct table hand = {vector(n->hand.c + 1), 0};
	const uint64_t now = tmr_jiffies();
	int err;

	if (!hand.v)
		return ENOMEM;
	for (size_t i = 0; n->hand.v && i < n->hand.c; i++)
		if ((!skip || cmp(&n->hand.v[i], skip) != 0) &&
		    !ended(&n->hand.v[i], now))
			hand.v[hand.c++] = n->hand.v[i];
	if (add)
		hand.v[hand.c++] = *add;
	qsort(hand.v, hand.c, sizeof(*hand.v), cmp);
	err = enforce(n, n->file, hand);
	if (n->hand.v != hand.v)
		mem_deref(hand.v);
	arm(n);
	return err;
}

static void end(void *arg)
{
	(void)change(arg, NULL, NULL);
}

int nets_set(struct nets *n, const struct policy_net *net)
{
	int err;

	if (!n || !net)
		return EINVAL;
	if (!find(&n->hand, net) &&
	    (n->hand.c >= NETS_HAND_MAX ||
	     (net->until && n->timed >= NETS_TIMED_MAX)))
		return ENOSPC;
	err = change(n, net, net);
	/* what the kernel would not take is not in force here either */
	if (err && err != ENOMEM)
		(void)change(n, net, NULL);
	return err;
}

const struct policy_net *nets_by_hand(const struct nets *n,
				      const struct sa *addr, unsigned bits)
{
	struct policy_net key = {.bits = bits};

	if (!n || !addr)
		return NULL;
	key.addr = *addr;
	return find(&n->hand, &key);
}

int nets_unset(struct nets *n, const struct sa *addr, unsigned bits)
{
	struct policy_net key = {.bits = bits};

	if (!n || !addr)
		return EINVAL;
	key.addr = *addr;
	return nets_by_hand(n, addr, bits) ? change(n, &key, NULL) : ENOENT;
}

const struct policy_net *nets_at(const struct nets *n, size_t i, bool *hand)
{
	const struct policy_net *net;

	if (!n || i >= n->policy->netc)
		return NULL;
	net = &n->policy->netv[i];
	if (hand)
		*hand = find(&n->hand, net);
	return net;
}

int nets_alloc(struct nets **np, struct policy *policy, struct fp_sip *sip,
	       nets_node_h *nodeh, void *arg)
{
	struct nets *n;

	if (!np || !policy || !sip || !nodeh)
		return EINVAL;
	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;
	n->policy = policy;
	n->sip = mem_ref(sip);
	n->nodeh = nodeh;
	n->arg = arg;
	*np = n;
	return 0;
}
