/* SPDX-License-Identifier: BSD-2-Clause */
/* What the policy asks of those that know: the kernel, names, streams, registered users */
#include <errno.h>
#include "edge/core.h"
#include "edge/leave.h"

static bool was_node(const struct sa *addr, void *arg)
{
	const struct edge *e = arg;

	return publish_knows(e->publish, addr);
}

static bool before(unsigned set, uint32_t hash, struct sa *dst, void *arg)
{
	const struct edge *e = arg;

	return !fp_sip_before(e->sip, set, hash, dst);
}

static bool stuck(unsigned set, uint64_t call, bool invite, struct sa *dst,
		  void *arg)
{
	const struct edge *e = arg;

	return !fp_sip_stuck(e->sip, set, call, invite, dst);
}

static bool streamed(unsigned set, uint64_t call, void *arg)
{
	const struct edge *e = arg;

	return fp_sip_streamed(e->sip, set, call);
}

static void remember(unsigned set, const struct ds_target *t, uint64_t call,
		     bool stream, void *arg)
{
	struct edge *e = arg;

	/* the kernel must not send there by UDP */
	if (ds_target_transp(t) == DS_UDP)
		(void)fp_sip_remember(e->sip, set, ds_target_number(t), call,
				      stream);
}

static unsigned leave_from(const struct sa *dst, unsigned in, void *arg)
{
	const struct edge *e = arg;

	return leave_by(e->policy, dst, in);
}

static bool try_tcp(const struct sa *dst, void *arg)
{
	struct edge *e = arg;

	return streams_worth(e->streams, dst);
}

static const struct sa *named(const struct pl *host, uint16_t port, void *arg)
{
	const struct edge *e = arg;

	return names_node(e->names, host, port);
}

static int locate_name(const struct locate_want *w, struct locate_found *f,
		       void *arg)
{
	struct edge *e = arg;

	return names_locate(e->names, w, f);
}

static bool unsettled(void *arg)
{
	const struct edge *e = arg;

	return names_unsettled(e->names);
}

static int find_user(struct contact **cp, const struct msg *m, void *arg)
{
	struct edge *e = arg;

	return registered_find(e->registered, cp, m);
}

static bool is_phone(const struct sa *addr, void *arg)
{
	const struct edge *e = arg;

	return registered_at(e->registered, addr);
}

static bool connected(enum msg_transp transp, const struct sa *peer,
		      unsigned listener, void *arg)
{
	struct edge *e = arg;

	return streams_has(e->streams, transp, peer, listener);
}

void edge_answer(struct edge *e)
{
	struct policy *p = e->policy;

	p->was_node = was_node;
	p->stuck = stuck;
	p->before = before;
	p->remember = remember;
	p->streamed = streamed;
	p->leave = leave_from;
	p->try_tcp = try_tcp;
	p->named = named;
	p->locate = locate_name;
	p->unsettled = unsettled;
	p->registered = find_user;
	p->phone = is_phone;
	p->connected = connected;
	p->arg = e;
}

/* ---- registered users --------------------------------------------------------- */

int edge_registered(struct edge *e, const struct registered_source *source)
{
	int err;

	if (!e)
		return EINVAL;
	if (!source) {
		e->registered = mem_deref(e->registered);
		return 0;
	}
	if (e->registered)
		return EALREADY;
	err = registered_alloc(&e->registered, e->policy, e->sip, source);
	if (!err)
		registered_start(e->registered);
	return err;
}

int edge_registered_changed(struct edge *e, const struct pl *user,
			    const struct pl *domain,
			    const struct contact_binding *b)
{
	return e ? registered_changed(e->registered, user, domain, b) : EINVAL;
}
