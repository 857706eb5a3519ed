/* SPDX-License-Identifier: BSD-2-Clause */
/* All that the edge does with names */
#include <errno.h>
#include "edge/names.h"
#include "edge/pin.h"

struct names {
	struct dns *dns;
	struct locator *locator;
	struct pins *pins;
	struct dsnames *targets;
	struct waiting *waiting;
};

static void destructor(void *arg)
{
	struct names *n = arg;

	mem_deref(n->waiting);
	mem_deref(n->targets);
	mem_deref(n->pins);
	mem_deref(n->locator);
	mem_deref(n->dns);
}

int names_alloc(struct names **np, const struct names_conf *conf,
		const struct policy *policy, dsname_h *changed,
		waiting_h *waited, void *arg)
{
	struct names *n;
	int err;

	if (!np || !conf)
		return EINVAL;
	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;
	err = dns_alloc(&n->dns, &conf->dns);
	if (!err)
		err = locator_alloc(&n->locator, n->dns, conf->dns.timeout);
	if (!err)
		err = pins_alloc(&n->pins);
	if (!err)
		err = dsnames_alloc(&n->targets, n->locator, policy, changed,
				    arg);
	if (!err)
		err = waiting_alloc(&n->waiting, n->locator, conf->waiting,
				    waited, arg);
	if (err)
		mem_deref(n);
	else
		*np = n;
	return err;
}

void names_update(struct names *n)
{
	dsnames_update(n->targets);
}

void names_renew(struct names *n, const struct names_conf *conf)
{
	if (!n)
		return;
	dns_renew(n->dns, &conf->dns);
	locator_timeout(n->locator, conf->dns.timeout);
	waiting_max(n->waiting, conf->waiting);
	dsnames_renew(n->targets);
}

void names_reload(struct names *n)
{
	if (!n)
		return;
	dns_reload(n->dns);
	dsnames_renew(n->targets);
}

const struct sa *names_node(const struct names *n, const struct pl *host,
			    uint16_t port)
{
	return n ? dsnames_find(n->targets, host, port) : NULL;
}

bool names_unsettled(const struct names *n)
{
	return n && !dsnames_settled(n->targets);
}

int names_locate(struct names *n, const struct locate_want *w,
		 struct locate_found *f)
{
	const uint64_t now = tmr_jiffies();
	int err;

	if (pins_find(n->pins, w, f, now) && !locate_down(n->locator, &f->addr))
		return 0;
	err = locate_cached(n->locator, w, f, NULL);
	if (err)
		return err;
	pins_put(n->pins, w, f, now);
	locate_given(n->locator, f);
	return 0;
}

int names_wait(struct names *n, const struct forward_in *in,
	       const struct locate_want *w)
{
	return n ? waiting_add(n->waiting, in, w) : ENOTSUP;
}

void names_refused(struct names *n, const struct sa *addr)
{
	if (n)
		locate_refused(n->locator, addr);
}
