/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/relayport.c  A media port of ours that has an allocation at the TURN server
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/dict.h"
#include "media/relayport.h"
#include "media/terms.h"
#include "rtp/packet.h"

struct relayport {
	struct media *m;
	struct iface *ifc; /* NULL: its port is not ours (yet)      */
	struct sa local, server;
	struct relay *r;
	struct turn *t;
	struct tmr tmr;
	char user[TURN_USER + 1];
	struct stream *s;   /* whose it is                           */
	struct sa peer;     /* of the pair that is selected          */
	uint16_t channel;   /* that the worker knows of              */
	bool leg_on, stays; /* stays: the leg outlives us            */
	enum turn_state told;
	relayport_h *changedh;
	void *arg;
};

static void destructor(void *arg)
{
	struct relayport *rp = arg;

	tmr_cancel(&rp->tmr);
	mem_deref(rp->t);
	mem_deref(rp->r);
	if (rp->leg_on && !rp->stays)
		(void)fp_leg_del(rp->m->fp, &rp->local);
	if (rp->ifc && !rp->stays)
		ports_give(rp->ifc->ports, sa_port(&rp->local), media_now());
}

/* The worker has to know of a channel that is bound, or no more */
static void follow_channel(struct relayport *rp)
{
	const uint16_t channel = sa_isset(&rp->peer, SA_ALL)
					 ? turn_channel(rp->t, &rp->peer)
					 : 0;

	if (!rp->s || !sa_isset(&rp->peer, SA_ALL) || channel == rp->channel)
		return;
	if (!relay_way(rp->r, &rp->s->local, channel))
		rp->channel = channel;
}

static void tick(void *arg);

/* It may be gone when this is back */
static void look(struct relayport *rp)
{
	const int64_t ms = turn_tick(rp->t, media_now());
	const enum turn_state state = turn_state(rp->t);

	if (ms >= 0)
		tmr_start(&rp->tmr, (uint64_t)ms, tick, rp);
	else
		tmr_cancel(&rp->tmr);
	follow_channel(rp);
	if (state == rp->told)
		return;
	rp->told = state;
	rp->changedh(rp, rp->arg);
}

static void tick(void *arg)
{
	look(arg);
}

/* What has to be asked is asked when whoever calls is done */
static void soon(struct relayport *rp)
{
	tmr_start(&rp->tmr, 0, tick, rp);
}

static void send_handler(const uint8_t *p, size_t n, void *arg)
{
	struct relayport *rp = arg;

	/* one that is lost is sent again */
	(void)relay_send(rp->r, p, n);
}

/* What comes before its channel is there, or by none, goes the same way in the end */
static void data_handler(const struct sa *peer, const uint8_t *p, size_t n,
			 void *arg)
{
	struct relayport *rp = arg;

	if (rp->s && rtp_kind(p, n) == RTP_STUN)
		terms_ice_recv(rp->s, true, peer, p, n);
	else if (rp->s && sa_cmp(peer, &rp->peer, SA_ALL))
		(void)relay_pass(rp->r, p, n);
}

static void event_handler(unsigned type, const uint8_t *p, size_t n, void *arg)
{
	struct relayport *rp = arg;

	if (type == RELAY_LEG)
		(void)relayport_send(rp, &rp->peer, p, n);
	else if (turn_recv(rp->t, p, n, media_now()))
		look(rp);
}

/* Whatever the server sends, and nobody else */
static int put_leg(struct relayport *rp)
{
	struct fp_leg l;
	int err;

	memset(&l, 0, sizeof(l));
	l.state = LEG_AGENT;
	l.why = LEG_WHY_RELAY;
	l.media = LEG_OTHER;
	l.local = rp->local;
	l.remote = rp->server;
	l.plain = relay_plain(rp->r);
	l.dtmf_pt = -1;
	l.dscp = rp->m->conf.dscp;
	err = fp_leg_set(rp->m->fp, &l);
	rp->leg_on = !err;

	return err;
}

static int take_port(struct relayport *rp, const struct relayport_conf *c)
{
	uint16_t port = c->local ? sa_port(c->local) : 0;
	int err;

	err = c->local ? ports_mark(c->ifc->ports, port)
		       : ports_take(c->ifc->ports, &port, media_now());
	if (err)
		return err;
	rp->ifc = c->ifc;
	rp->local = c->ifc->addr;
	sa_set_port(&rp->local, port);

	return 0;
}

int relayport_alloc(struct relayport **rpp, const struct relayport_conf *c)
{
	struct turn_conf tc = {.user = c->user,
			       .pass = c->pass,
			       .af = sa_af(&c->server),
			       .kept = c->kept,
			       .sendh = send_handler,
			       .datah = data_handler};
	struct relayport *rp = mem_zalloc(sizeof(*rp), destructor);
	int err;

	if (!rp)
		return ENOMEM;
	rp->m = c->m;
	rp->server = c->server;
	rp->changedh = c->changedh;
	rp->arg = c->arg;
	sa_init(&rp->peer, AF_UNSPEC);
	str_ncpy(rp->user, c->user, sizeof(rp->user));
	tc.arg = rp;
	err = take_port(rp, c);
	if (!err)
		err = relay_alloc(&rp->r, c->m->plane, plane_least(c->m->plane),
				  &rp->local, &rp->server, event_handler, rp);
	if (!err)
		err = turn_alloc(&rp->t, &tc);
	if (!err)
		err = put_leg(rp);
	if (err) {
		mem_deref(rp);
		return err;
	}
	rp->told = turn_state(rp->t);
	if (c->m->net)
		(void)fp_net_want(c->m->net, &rp->server, &rp->local);
	soon(rp);
	*rpp = rp;

	return 0;
}

/* ---- views -------------------------------------------------------------------- */

enum turn_state relayport_state(const struct relayport *rp)
{
	return turn_state(rp->t);
}

const struct turn *relayport_turn(const struct relayport *rp)
{
	return rp->t;
}

const struct sa *relayport_local(const struct relayport *rp)
{
	return &rp->local;
}

const struct sa *relayport_server(const struct relayport *rp)
{
	return &rp->server;
}

void relayport_stats(const struct relayport *rp, struct relay_stats *st)
{
	relay_stats(rp->r, st);
}

struct stream *relayport_owner(const struct relayport *rp)
{
	return rp->s;
}

struct full_relay relayport_candidate(const struct relayport *rp)
{
	return (struct full_relay){.relayed = *turn_relayed(rp->t),
				   .mapped = *turn_mapped(rp->t)};
}

/* ---- what a stream does with it ------------------------------------------------- */

void relayport_own(struct relayport *rp, struct stream *s)
{
	rp->s = s;
	rp->channel = 0;
	sa_init(&rp->peer, AF_UNSPEC);
	(void)relay_way(rp->r, NULL, 0);
}

void relayport_permit(struct relayport *rp, const struct sa *peer)
{
	if (!turn_permit(rp->t, peer))
		soon(rp);
}

int relayport_send(struct relayport *rp, const struct sa *peer,
		   const uint8_t *p, size_t n)
{
	int err = turn_send(rp->t, peer, p, n);

	if (!err)
		soon(rp); /* it may wait for a permission */

	return err;
}

int relayport_use(struct relayport *rp, const struct sa *peer)
{
	int err = turn_bind(rp->t, peer);

	if (err || !rp->s)
		return err ? err : ENOTCONN;
	rp->peer = *peer;
	rp->channel = turn_channel(rp->t, peer);
	soon(rp);

	return relay_way(rp->r, &rp->s->local, rp->channel);
}

void relayport_settle(struct relayport *rp)
{
	if (sa_isset(&rp->peer, SA_ALL))
		turn_only(rp->t, &rp->peer);
}

void relayport_end(struct relayport *rp)
{
	relayport_own(rp, NULL);
	turn_end(rp->t);
	soon(rp);
}

void relayport_close(struct relayport *rp)
{
	relayport_own(rp, NULL);
	turn_end(rp->t);
	(void)turn_tick(rp->t, media_now());
}

void relayport_leave(struct relayport *rp)
{
	rp->s = NULL;
	rp->stays = true;
}

/* ---- the store ------------------------------------------------------------------ */

static int put_sa(struct odict *o, const char *key, const struct sa *sa)
{
	char buf[80];

	if (!sa_isset(sa, SA_ALL))
		return 0;
	(void)re_snprintf(buf, sizeof(buf), "%J", sa);

	return dict_str(o, key, buf);
}

int relayport_put(struct odict *o, const struct relayport *rp)
{
	struct turn_kept k;
	struct odict *x;
	int err;

	if (!rp || !turn_keep(rp->t, &k))
		return 0;
	err = dict_add(&x, o, "relay", ODICT_OBJECT);
	if (err)
		return err;
	err |= put_sa(x, "local", &rp->local);
	err |= put_sa(x, "server", &rp->server);
	err |= dict_str(x, "user", rp->user);
	err |= put_sa(x, "relayed", &k.relayed);
	err |= put_sa(x, "mapped", &k.mapped);
	err |= put_sa(x, "peer", &k.peer);
	err |= dict_int(x, "channel", k.channel);

	return err;
}
