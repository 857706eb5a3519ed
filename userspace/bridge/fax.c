/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/fax.c  One member speaks by sound, the other one T.38
 *
 * The gateway is the T.38 member's. What the other one says is put into it as it comes;
 * what that one hears is asked of it each 20 ms, by the worker's clock.
 */
#include <errno.h>
#include <string.h>
#include "bridge/member.h"

enum {
	TICK_MS = 20,
	TICK = FAX_RATE / 1000 * TICK_MS, /* samples                        */
	LATE_MAX = 5, /* ticks that are made up for at once              */
	NS_PER_MS = 1000000,
};

static bool send_handler(const uint8_t *p, size_t n, void *arg)
{
	struct member *m = arg;
	const struct program *prog = m->prog;
	uint8_t *out;

	if (!prog->dst || prog->conf.silent || n > PLANE_PAYLOAD_MAX)
		return false;
	out = plane_reserve(m->port, prog->dst);
	if (!out)
		return false;
	memcpy(out, p, n);
	plane_commit(m->port, prog->dst, n);
	++m->st.sent;

	return true;
}

int fax_alloc(struct gateway **gp, struct member *m,
	      const struct bridge_member *conf)
{
	return conf->t38 ? gateway_alloc(gp, &conf->fax, send_handler, m) : 0;
}

/* The other one has nothing to hear by, or is held: time goes on all the same */
static void speak(struct member *m)
{
	struct member *to = m->other;
	int16_t pcm[TICK * 2];

	gateway_speak(m->fax, pcm, TICK);
	if (!to->prog->enc)
		return;
	if (codec_enc_ch(to->prog->enc) == 2)
		resample_stereo(pcm, TICK);
	send_samples(to, pcm, TICK);
}

static void tick(void *arg)
{
	struct member *m = arg;
	const uint64_t now = plane_now(m->port) / NS_PER_MS;

	for (unsigned i = 0; i < LATE_MAX && m->fax_at <= now; i++) {
		speak(m);
		m->fax_at += TICK_MS;
	}
	if (m->fax_at <= now)
		m->fax_at = now + TICK_MS;
	plane_tmr_at(&m->fax_tmr, m->port, m->fax_at, tick, m);
}

void fax_start(struct member *m)
{
	if (!m->fax || m->fax_at)
		return;
	m->fax_at = plane_now(m->port) / NS_PER_MS + TICK_MS;
	plane_tmr_at(&m->fax_tmr, m->port, m->fax_at, tick, m);
}

void fax_receive(struct member *m, const struct plane_pkt *pkt)
{
	++m->st.packets;
	if (gateway_receive(m->fax, pkt->data, pkt->len))
		++m->st.malformed;
}

void fax_missing(struct member *m, uint32_t units, uint32_t clock)
{
	gateway_missing(m->fax, (size_t)((uint64_t)units * FAX_RATE / clock));
}

bool bridge_fax(const struct bridge *b, unsigned side, struct fax_stats *st)
{
	if (!b || side > 1 || !b->mv[side].fax)
		return false;
	gateway_stats(b->mv[side].fax, st);

	return true;
}
