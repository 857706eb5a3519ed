/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/relaytake.c  Allocations at the TURN server: taken by streams, given back, and
 *                          those of a former process
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/checks.h"
#include "media/relays_priv.h"
#include "media/terms.h"

enum { SETTLE_MS = 3000 /* RFC 8445 8.3.1 */ };

static struct entry *entry_of(const struct stream *s)
{
	struct relays *rs = s->party->call->m->relays;
	struct le *le;

	for (le = rs && s->relay ? list_head(&rs->l) : NULL; le;
	     le = le->next) {
		struct entry *e = le->data;

		if (e->rp == s->relay)
			return e;
	}

	return NULL;
}

/* A successor must not take a port for a relay that is another's by then */
static void forget(const struct stream *s)
{
	int err = call_store(s->party->call);

	if (err)
		log_warn("media: call %s: %m", s->party->call->id, err);
}

void relays_take(struct stream *s)
{
	struct relays *rs = s->party->call->m->relays;
	struct le *le;

	if (!rs || !s->iface || s->grp.joined ||
	    !sa_cmp(&s->iface->addr, &rs->ifc->addr, SA_ADDR))
		return;
	if (s->relay) {
		tmr_cancel(&entry_of(s)->settle);
		return;
	}
	for (le = list_head(&rs->l); le; le = le->next) {
		struct entry *e = le->data;

		if (!entry_spare(e) || relayport_state(e->rp) != TURN_UP)
			continue;
		relayport_own(e->rp, s);
		s->relay = e->rp;
		rs->short_ = false;
		relays_refill(rs);
		return;
	}
	++rs->st.missing;
	if (!rs->short_ && !rs->failures)
		log_warn("media: call %s: no relay is ready at %J: %s",
			 s->party->call->id, &rs->conf.server,
			 rs->st.allocated ? "more may be needed "
					    "(media.turn.ready)"
					  : "it has not answered yet");
	rs->short_ = true;
}

void relays_give(struct stream *s)
{
	struct entry *e = entry_of(s);

	if (!e)
		return;
	s->relay = NULL;
	if (e->rs->closing)
		return;
	tmr_cancel(&e->settle);
	e->ending = true;
	relayport_end(e->rp);
}

bool stream_relayed(const struct stream *s)
{
	return s && s->relay && s->terms && s->terms->ice &&
	       s->terms->pair_relayed && sa_isset(&s->terms->pair, SA_ALL);
}

void stream_relay_add(const struct stream *s, struct fp_leg_stats *st)
{
	const uint64_t now = media_now() * 1000000;
	struct relay_stats r;

	if (!s->relay)
		return;
	relayport_stats(s->relay, &r);
	st->packets += r.rx;
	st->bytes += r.rx_bytes;
	if (r.heard)
		st->age_ms = min(st->age_ms,
				 now > r.heard ? (now - r.heard) / 1000000 : 0);
}

uint64_t stream_relay_heard(const struct stream *s)
{
	struct relay_stats r = {.heard = 0};

	if (s->relay)
		relayport_stats(s->relay, &r);

	return r.heard;
}

static void settled(void *arg)
{
	struct entry *e = arg;
	struct stream *s = relayport_owner(e->rp);

	if (!s)
		return;
	if (stream_relayed(s)) {
		relayport_settle(e->rp);
		return;
	}
	relays_give(s);
	checks_relay_gone(s);
	forget(s);
}

void relays_nominated(struct stream *s)
{
	struct entry *e = entry_of(s);
	int err = 0;

	if (!e)
		return;
	if (stream_relayed(s))
		err = relayport_use(e->rp, &s->terms->pair);
	if (err)
		log_warn("media: call %s: %J by a relay: %m",
			 s->party->call->id, &s->terms->pair, err);
	tmr_start(&e->settle, SETTLE_MS, settled, e);
}

void relays_bereave(struct entry *e)
{
	struct stream *s = relayport_owner(e->rp);

	if (!s)
		return;
	log_warn("media: call %s: %J: its relay at %J is gone: %s %s",
		 s->party->call->id, &s->local, relayport_server(e->rp),
		 turn_why_name(turn_why(relayport_turn(e->rp))),
		 turn_said(relayport_turn(e->rp)));
	relayport_own(e->rp, NULL);
	s->relay = NULL;
	if (s->terms && s->terms->pair_relayed) {
		s->terms->pair_relayed = false;
		sa_init(&s->terms->pair, AF_UNSPEC);
	}
	checks_relay_gone(s);
	forget(s);
}

/* ---- those of a former process --------------------------------------------------- */

static void get_sa(struct sa *sa, const struct odict *o, const char *key)
{
	const char *text = odict_string(o, key);

	sa_init(sa, AF_UNSPEC);
	if (text)
		(void)sa_decode(sa, text, strlen(text));
}

static int resume(struct relays *rs, struct stream *s, const struct odict *o)
{
	const struct odict_entry *ch = odict_get_type(o, ODICT_INT, "channel");
	const char *user = odict_string(o, "user");
	char pass[TURN_USER + 1];
	struct turn_kept k;
	struct sa local;
	struct relayport_conf c = {
		.user = user, .pass = pass, .local = &local, .kept = &k};
	struct entry *e;
	int err = 0;

	if (!user)
		return EBADMSG;
	get_sa(&local, o, "local");
	get_sa(&c.server, o, "server");
	get_sa(&k.relayed, o, "relayed");
	get_sa(&k.mapped, o, "mapped");
	get_sa(&k.peer, o, "peer");
	k.channel = ch ? (uint16_t)ch->u.integer : 0;
	c.ifc = iface_by_addr(rs->m, &local);
	if (!c.ifc)
		return ENOENT;
	if (rs->secret)
		err = turn_password(pass, sizeof(pass), rs->secret, user);
	else
		str_ncpy(pass, rs->password, sizeof(pass));
	if (!err)
		err = relays_add(&e, rs, &c);
	if (err)
		return err;
	e->was_up = true;
	relayport_own(e->rp, s);
	s->relay = e->rp;
	if (s->terms && s->terms->pair_kept)
		relays_nominated(s);

	return 0;
}

void relays_resume(struct stream *s, const struct odict *o)
{
	struct relays *rs = s->party->call->m->relays;
	const struct odict_entry *x = odict_get_type(o, ODICT_OBJECT, "relay");
	int err = 0;

	if (x)
		err = rs ? resume(rs, s, x->u.odict) : ENOENT;
	if (err)
		log_warn("media: call %s: its relay is not taken over: %m",
			 s->party->call->id, err);
	/* a pair by what is no more is none: the checks begin again */
	if (s->terms && s->terms->pair_relayed && !s->relay) {
		s->terms->pair_relayed = s->terms->pair_kept = false;
		sa_init(&s->terms->pair, AF_UNSPEC);
	}
}
