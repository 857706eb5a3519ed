/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/hairpin.c  Calls of ours that meet one another
 *
 * Where two proxies, one behind the other, ask us for the same media, a party of one call is
 * a port of another. The kernel takes a packet from leg to leg of its own; what the agent
 * sends it never sees, so all calls that are joined to one that the agent has are the
 * agent's, too: its packets go from port to port without a wire.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/hairpin.h"
#include "media/terms.h"

enum {
	HOPS = 8,        /* calls in a row                    */
	NEIGHBOURS = 32, /* of a call that ends               */
};

static bool is_slot(struct le *le, void *arg)
{
	const struct stream *s = le->data;

	return s->slot[0] == *(uint32_t *)arg;
}

void hairpin_add(struct stream *s)
{
	hash_unlink(&s->local_le);
	hash_append(s->party->call->m->locals, s->slot[0], &s->local_le, s);
}

/* Who sits at the far end of its wire, if it is one of ours */
static struct stream *far_end(const struct stream *s)
{
	const struct media *m = s->party->call->m;
	const struct sa remote = stream_whereabouts(s, 0);
	struct stream *u;
	uint32_t slot;

	if (!sa_isset(&remote, SA_ALL) || fp_slot(m->fp, &remote, &slot))
		return NULL;
	u = list_ledata(hash_lookup(m->locals, slot, is_slot, &slot));

	return u != s ? u : NULL;
}

bool hairpin_agent(const struct stream *s)
{
	for (unsigned i = 0; i < HOPS; i++) {
		const struct stream *u = far_end(s), *t = stream_peer(u);

		if (!u || !t || stream_peer(t) != u)
			return false;
		if (agent_why_alone(u))
			return true;
		s = t;
	}

	return false;
}

/* Is it where it should be? */
static bool settled(const struct stream *s)
{
	return (stream_state(s) == LEG_AGENT) == agent_serves(s);
}

static struct media_call *neighbour(const struct stream *s)
{
	const struct stream *u = far_end(s);

	return u && u->party->call != s->party->call ? u->party->call : NULL;
}

/* Each call once, however they are joined */
void hairpins_apply(struct media_call *c)
{
	struct le *pe, *se;

	c->applying = true;
	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		const struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct media_call *o = neighbour(se->data);

			if (o && !o->applying && !settled(far_end(se->data)))
				(void)call_apply(o);
		}
	}
	c->applying = false;
}

void hairpins_drop(struct media_call *c)
{
	struct media_call *v[NEIGHBOURS];
	struct le *pe, *se;
	unsigned n = 0;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		const struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct media_call *o = neighbour(se->data);

			if (o && n < NEIGHBOURS)
				v[n++] = mem_ref(o);
		}
	}
	mem_deref(c);
	for (unsigned i = 0; i < n; i++) {
		(void)call_apply(v[i]);
		mem_deref(v[i]);
	}
}
