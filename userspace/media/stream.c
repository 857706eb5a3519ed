/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/stream.c  One m= line of one party, and its pair of local ports
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/hairpin.h"
#include "media/relays.h"
#include "media/hello.h"

static void release_ports(struct stream *s)
{
	hello_close(s);
	relays_give(s);
	stream_legs_off(s);
	hash_unlink(&s->local_le);

	if (s->iface && !s->grp.joined)
		ports_give(s->iface->ports, sa_port(&s->local), media_now());
	s->iface = NULL;
	sa_init(&s->local, AF_UNSPEC);
}

static void stream_destructor(void *arg)
{
	struct stream *s = arg;

	hash_unlink(&s->tap_lev[0]);
	hash_unlink(&s->tap_lev[1]);
	stream_agent_off(s);
	mem_deref(s->hs);
	mem_deref(s->hs_rtcp);
	mem_deref(s->checks);
	release_ports(s);
	mem_deref(s->hello);
	mem_deref(s->terms);
	mem_deref(s->absent);
	mem_deref(s->note);
	mem_deref(s->next_note);
	mem_deref(s->play);
	mem_deref(s->digits);
	mem_deref(s->trigger);
	list_flush(&s->redials);
	list_unlink(&s->le);
}

struct stream *stream_find(const struct party *p, unsigned idx)
{
	struct le *le;

	for (le = list_head(&p->streams); le; le = le->next) {
		struct stream *s = le->data;

		if (s->idx == idx)
			return s;
	}

	return NULL;
}

int stream_get(struct stream **sp, struct party *p, unsigned idx)
{
	struct stream *s = stream_find(p, idx);

	if (!s) {
		s = mem_zalloc(sizeof(*s), stream_destructor);
		if (!s)
			return ENOMEM;

		s->party = p;
		s->idx = idx;
		s->cur.dtmf_pt = s->sent_dtmf = -1;
		s->ssrc_out = rand_u32();
		list_append(&p->streams, &s->le, s);
	}

	*sp = s;

	return 0;
}

static int find_slots(struct stream *s, struct fp *fp)
{
	struct sa rtcp = s->local;
	int err;

	sa_set_port(&rtcp, sa_port(&s->local) + 1);

	err = fp_slot(fp, &s->local, &s->slot[0]);
	if (!err)
		err = fp_slot(fp, &rtcp, &s->slot[1]);
	if (!err)
		hairpin_add(s);

	return err;
}

int stream_ports(struct stream *s, struct iface *ifc)
{
	uint16_t port;
	int err;

	if (s->iface == ifc)
		return 0;

	err = ports_take(ifc->ports, &port, media_now());
	if (err)
		return err;

	if (s->iface)
		release_ports(s);

	s->iface = ifc;
	s->local = ifc->addr;
	sa_set_port(&s->local, port);
	s->rearm = true;

	return find_slots(s, s->party->call->m->fp);
}

struct stream *stream_carrier(const struct stream *s)
{
	return stream_find(s->party, s->grp.joined ? s->grp.carrier : s->idx);
}

bool stream_carries(const struct stream *s)
{
	struct le *le;

	for (le = list_head(&s->party->streams); le; le = le->next) {
		const struct stream *o = le->data;

		if (o->grp.joined && o->grp.carrier == s->idx)
			return true;
	}

	return false;
}

bool stream_bundled(const struct stream *s)
{
	return s->grp.joined || stream_carries(s);
}

void stream_join(struct stream *s, const struct stream *carrier)
{
	stream_agent_off(s);
	release_ports(s);
	s->grp.joined = carrier != NULL;
	if (!carrier)
		return;
	s->grp.carrier = carrier->idx;
	s->iface = carrier->iface;
	s->local = carrier->local;
	memcpy(s->slot, carrier->slot, sizeof(s->slot));
}

struct stream *stream_peer(const struct stream *s)
{
	if (!s || !s->party->peer)
		return NULL;

	return stream_find(s->party->peer, s->idx);
}

void stream_commit(struct stream *s)
{
	const struct desc *n = &s->next;

	if (!s->staged)
		return;

	s->staged = false;
	mem_deref(s->note);
	s->note = s->next_note;
	s->next_note = NULL;

	/* on hold without an address, it is still where it was */
	if (n->held && s->cur.known && s->cur.active && n->active) {
		struct sa remote = s->cur.remote, rtcp = s->cur.rtcp;

		if (n->media != s->cur.media)
			s->rearm = true;
		s->cur = *n;
		s->cur.remote = remote;
		s->cur.rtcp = rtcp;
		return;
	}

	if (n->media != s->cur.media)
		s->rearm = true;

	s->cur = *n;
}
