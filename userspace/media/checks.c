/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/checks.c  The full side of ICE over a stream's RTP port
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/checks.h"
#include "media/relays.h"
#include "media/terms.h"

struct checks {
	struct stream *s;
	struct full *x;
	struct tmr tmr;
	struct lite us; /* that it began with, as ufrag and pwd           */
	char ufrag[LITE_NAME_MAX + 1], pwd[LITE_NAME_MAX + 1];
	enum full_state told; /* that the legs know of                     */
	bool mute; /* there was none, or none any more: until they are up */
};

static void destructor(void *arg)
{
	struct checks *k = arg;

	tmr_cancel(&k->tmr);
	mem_deref(k->x);
}

/* One that is lost is sent again */
void checks_send(const struct stream *s, bool relayed, const struct sa *dst,
		 const uint8_t *p, size_t n)
{
	if (!relayed)
		(void)agent_send(s, false, dst, p, n);
	else if (s->relay)
		(void)relayport_send(s->relay, dst, p, n);
}

static void send_handler(const struct sa *dst, const uint8_t *p, size_t n,
			 void *arg)
{
	const struct checks *k = arg;

	checks_send(k->s, false, dst, p, n);
}

static void relay_handler(const struct sa *dst, const uint8_t *p, size_t n,
			  void *arg)
{
	const struct checks *k = arg;

	checks_send(k->s, true, dst, p, n);
}

static bool silences(const struct checks *k, enum full_state state)
{
	return state == FULL_LOST || state == FULL_FAILED ||
	       (k->mute && state != FULL_UP);
}

bool stream_silenced(const struct stream *s)
{
	s = s ? stream_carrier(s) : NULL;

	return s && s->checks && silences(s->checks, s->checks->told);
}

/* What has changed is the legs' affair, too. They may be set anew by this, and the
 * checks be gone when it is back */
static void look(struct checks *k)
{
	struct stream *s = k->s;
	struct media_call *c = s->party->call;
	const enum full_state state = full_state(k->x), was = k->told;
	const struct sa pair = *full_selected(k->x);
	const bool relayed = full_selected_relayed(k->x);
	const bool silent = silences(k, state), before = silences(k, was);
	int err;

	k->told = state;
	k->mute = (k->mute || silent) && state != FULL_UP;
	if (s->terms)
		s->terms->controlling = full_controlling(k->x);
	if (silent && !before)
		log_warn("media: call %s: %J: ICE: %s; it is sent nothing",
			 c->id, &s->local, full_state_name(state));
	if (silent != before) {
		err = call_apply(c);
		if (err)
			log_warn("media: call %s: %m", c->id, err);
	}
	if (s->terms && state == FULL_UP)
		terms_ice_nominated(s, &pair, relayed);
	/* even if it is the pair that there was: a relay may be needed no more */
	if (state == FULL_UP && was != FULL_UP)
		relays_nominated(s);
}

static void tick(void *arg)
{
	struct checks *k = arg;
	const int64_t ms = full_tick(k->x, media_now());

	if (ms >= 0)
		tmr_start(&k->tmr, (uint64_t)ms, tick, k);
	look(k);
}

static int make(struct stream *s, bool mute)
{
	const struct terms *t = s->terms;
	struct full_conf conf = {.us = t->lite,
				 .controlling = t->controlling,
				 .ufrag = t->peer.ufrag,
				 .pwd = t->peer.pwd,
				 .peer_lite = t->peer.lite,
				 .sendh = send_handler,
				 .relayh = s->relay ? relay_handler : NULL};
	struct checks *k = mem_zalloc(sizeof(*k), destructor);
	int err;

	if (!k)
		return ENOMEM;
	k->s = s;
	k->mute = mute;
	k->us = t->lite;
	(void)re_snprintf(k->ufrag, sizeof(k->ufrag), "%s", t->peer.ufrag);
	(void)re_snprintf(k->pwd, sizeof(k->pwd), "%s", t->peer.pwd);
	conf.arg = k;
	err = full_alloc(&k->x, &conf, media_now());
	if (err) {
		mem_deref(k);
		return err;
	}
	if (t->pair_kept)
		full_resume(k->x, &t->pair, t->pair_relayed, media_now());
	s->terms->pair_kept = false;
	k->told = full_state(k->x);
	s->checks = k;

	return 0;
}

static bool is_of(const struct checks *k, const struct terms *t)
{
	return !strcmp(k->us.pwd, t->lite.pwd) &&
	       !strcmp(k->us.ufrag, t->lite.ufrag) &&
	       !strcmp(k->ufrag, t->peer.ufrag) && !strcmp(k->pwd, t->peer.pwd);
}

int checks_start(struct stream *s)
{
	const struct terms *t = s->terms;
	const bool mute = stream_silenced(s);
	int err;

	if (!t || !t->ice || !t->full) {
		s->checks = mem_deref(s->checks);
		return 0;
	}
	if (s->checks && !is_of(s->checks, t))
		s->checks = mem_deref(s->checks);
	if (!s->checks) {
		err = make(s, mute);
		if (err)
			return err;
	}
	for (unsigned i = 0; i < t->peer.candc; i++) {
		const struct sa *addr = &t->peer.candv[i].addr;

		if (sa_af(addr) != sa_af(&s->local))
			continue;
		(void)full_candidate(s->checks->x, addr, t->peer.candv[i].prio,
				     media_now());
		if (s->relay && full_state(s->checks->x) != FULL_UP)
			relayport_permit(s->relay, addr);
	}
	if (!t->peer.trickle || t->peer.ended)
		full_end(s->checks->x);
	/* once the legs are as they are to be */
	tmr_start(&s->checks->tmr, 1, tick, s->checks);

	return 0;
}

void checks_recv(struct stream *s, bool relayed, const struct sa *src,
		 const uint8_t *p, size_t n, struct mbuf **refusal)
{
	struct checks *k = s->checks;

	*refusal = NULL;
	if (!k || !full_recv(k->x, relayed, src, p, n, media_now(), refusal))
		return;
	tick(k);
}

bool checks_named(const struct stream *s, const struct lite *us)
{
	return s->checks && !strcmp(s->checks->us.ufrag, us->ufrag) &&
	       !strcmp(s->checks->us.pwd, us->pwd);
}

void checks_relay_gone(struct stream *s)
{
	if (!s->checks)
		return;
	full_relay_gone(s->checks->x);
	tick(s->checks);
}

const char *checks_text(const struct checks *k)
{
	return k ? full_state_name(full_state(k->x)) : NULL;
}

bool checks_controlling(const struct checks *k)
{
	return k && full_controlling(k->x);
}

int64_t checks_consent_ms(const struct checks *k)
{
	if (!k || full_state(k->x) != FULL_UP)
		return -1;

	return (int64_t)full_consent_age(k->x, media_now());
}
