/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/carrier.c  Streams of a party that share a transport, and its port on a
 *                        media worker
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/checks.h"
#include "media/handshake.h"
#include "media/hello.h"
#include "media/play.h"
#include "media/terms.h"
#include "rtp/packet.h"

static struct stream *carrier_of(const struct party *p)
{
	struct le *le;

	for (le = list_head(&p->streams); le; le = le->next) {
		struct stream *s = le->data;

		if (stream_carries(s))
			return s;
	}

	return NULL;
}

/* What comes to the port for none of the sections: DTLS and STUN */
static void event_handler(unsigned type, const struct sa *src, const uint8_t *p,
			  size_t n, void *arg)
{
	struct stream *s = carrier_of(arg);

	if (s && type == RTP_DTLS)
		handshake_recv(s, false, src, p, n);
	else if (s && type == RTP_STUN)
		terms_ice_recv(s, false, src, p, n);
}

/* Bridges that have the port, or are about to have it, are made anew. Keys that were in
 * use have counters that go with them: they are found again */
static void clear(const struct party *p)
{
	struct le *le;

	for (le = list_head(&p->streams); le; le = le->next) {
		struct stream *s = le->data, *t = stream_peer(s);

		if (!s->agent)
			continue;
		play_suspend(s);
		if (t)
			play_suspend(t);
		if (s->terms && s->terms->keys.rx.suite != SRTPX_NONE)
			s->terms->resumed = true;
		stream_agent_off(s);
	}
}

static void off(struct party *p)
{
	if (!p->bundle)
		return;
	clear(p);
	bundle_close(p->bundle);
	p->bundle = NULL;
}

/* Whose port is on which worker is decided by the first bundle of a call: a stream may be
 * bundled on both sides */
static unsigned worker_of(const struct media_call *c)
{
	struct le *le;

	for (le = list_head(&c->parties); le; le = le->next) {
		const struct party *p = le->data;

		if (p->bundle)
			return bundle_worker(p->bundle);
	}

	return plane_least(c->m->plane);
}

unsigned carrier_worker(const struct stream *s, const struct stream *t)
{
	const struct party *p = s->party;

	if (p->bundle)
		return bundle_worker(p->bundle);

	return t->party->bundle ? bundle_worker(t->party->bundle)
				: plane_least(p->call->m->plane);
}

static int party_apply(struct party *p)
{
	struct media *m = p->call->m;
	struct stream *s = carrier_of(p);
	const bool want = s && s->iface && s->terms && m->plane;
	int err;

	if (p->bundle &&
	    (!want || !sa_cmp(bundle_local(p->bundle), &s->local, SA_ALL)))
		off(p);
	if (!want || p->bundle)
		return 0;
	clear(p);
	hello_close(s);
	err = bundle_alloc(&p->bundle, m->plane, worker_of(p->call), &s->local,
			   event_handler, p);
	if (err)
		log_warn("media: call %s: the agent cannot take %J: %m",
			 p->call->id, &s->local, err);

	return err;
}

int carriers_apply(struct media_call *c)
{
	struct le *le;
	int err = 0;

	for (le = list_head(&c->parties); le && !err; le = le->next)
		err = party_apply(le->data);

	return err;
}

int carriers_start(struct media_call *c)
{
	struct le *le;
	int err = 0;

	for (le = list_head(&c->parties); le && !err; le = le->next) {
		const struct party *p = le->data;
		struct stream *s = p->bundle ? carrier_of(p) : NULL;

		if (!s)
			continue;
		err = handshake_start(s);
		if (!err)
			err = checks_start(s);
	}

	return err;
}
