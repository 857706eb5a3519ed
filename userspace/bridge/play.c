/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/play.c  Players, made and handed over on the signalling loop
 */
#include <errno.h>
#include <string.h>
#include "bridge/member.h"
#include "bridge/player.h"

enum {
	PART_MS = 10, /* of a clip that is converted at once */
	TONES_HZ = 8000,
	MIDDLE_HZ = 16000,
};

static void destructor(void *arg)
{
	struct player *p = arg;

	mem_deref(p->enc);
	mem_deref(p->rs);
	mem_deref(p->tone);
	mem_deref(p->pcm);
	mem_deref(p->conf.clip);
}

/* A narrow file needs no wide encoder */
static uint32_t rate_for(const struct bridge_play *conf)
{
	const uint32_t rate = conf->clip ? clip_rate(conf->clip) : TONES_HZ;

	if (rate > MIDDLE_HZ || conf->codec->rate < rate)
		return conf->codec->rate;

	return rate > TONES_HZ ? MIDDLE_HZ : TONES_HZ;
}

static int take_codec(struct player *p)
{
	const struct bridge_play *conf = &p->conf;
	struct codec_param prm = {.codec = conf->codec,
				  .bitrate = conf->bitrate,
				  .complexity = conf->complexity,
				  .ptime = conf->ptime};
	uint32_t rate;
	int err;

	if (!conf->codec)
		return 0;
	pl_set_str(&prm.fmtp, conf->fmtp);
	prm.rate = rate_for(conf);
	err = codec_enc_alloc(&p->enc, &prm);
	if (err)
		return err;
	rate = codec_enc_rate(p->enc);
	p->frame = (size_t)rate * conf->ptime / 1000;
	/* an encoder may have two channels: they come to stand here */
	p->pcm = mem_alloc((p->frame + rate * PART_MS / 1000 + 2) * 2 *
				   sizeof(*p->pcm),
			   NULL);
	if (!p->pcm)
		return ENOMEM;
	if (conf->clip && clip_rate(conf->clip) != rate)
		err = resample_alloc(&p->rs, clip_rate(conf->clip), rate, 1);

	return err ? err : tone_alloc(&p->tone, rate);
}

static void take_clip(struct player *p)
{
	const struct bridge_play *conf = &p->conf;
	const struct clip *c = conf->clip;
	uint64_t start;

	p->ended = !c;
	p->left = UINT64_MAX;
	p->times = conf->times;
	if (!c)
		return;
	mem_ref(conf->clip);
	start = conf->start_ms * clip_rate(c) / 1000;
	p->ended = start >= clip_len(c);
	p->pos = p->ended ? 0 : (size_t)start;
	if (conf->max_ms)
		p->left = conf->max_ms * clip_rate(c) / 1000;
}

static bool valid_digit(const struct bridge_digit *d)
{
	return d->event <= 15 && d->volume <= 63 && d->ms &&
	       d->ms <= PLAY_DIGIT_MS_MAX && d->pause_ms <= PLAY_DIGIT_MS_MAX;
}

/* Its pauses may be all that is left of them */
static bool valid_dialling(const struct bridge_dialling *dial)
{
	if (dial->n > PLAY_DIGITS)
		return false;
	for (unsigned i = 0; i < dial->n; i++) {
		struct bridge_digit d = dial->v[i];

		d.ms += !d.ms;
		if (!valid_digit(&d))
			return false;
	}

	return true;
}

static bool valid(const struct bridge_play *p)
{
	if (!valid_dialling(&p->dial))
		return false;
	if (p->ptime < 10 || p->ptime > CODEC_PTIME_MAX || p->event_pt > 127)
		return false;
	/* something has to be sent, in some way */
	if (!p->codec)
		return !p->clip && !p->silence && p->event_pt >= 0;

	return p->event_pt < 0 || p->event_clock;
}

static int player_alloc(struct player **pp, const struct bridge_play *conf)
{
	struct player *p = mem_zalloc(sizeof(*p), destructor);
	int err;

	if (!p)
		return ENOMEM;
	p->conf = *conf;
	p->digitc = conf->dial.n;
	memcpy(p->digitv, conf->dial.v, conf->dial.n * sizeof(*p->digitv));
	take_clip(p);
	err = take_codec(p);
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}

/* ---- handed over ---------------------------------------------------------- */

struct handing {
	struct member *m;
	struct player *p; /* goes in, comes out */
};

static void hand_call(void *arg)
{
	struct handing *h = arg;
	struct player *old = h->m->player;

	player_stop(h->m);
	if (h->p)
		player_start(h->m, h->p);
	h->p = old;
}

int bridge_play(struct bridge *b, unsigned side, const struct bridge_play *p)
{
	struct handing h;
	int err;

	if (!b || side > 1 || !p || !valid(p))
		return EINVAL;
	err = player_alloc(&h.p, p);
	if (err)
		return err;
	h.m = &b->mv[side];
	plane_call(b->pl, b->worker, hand_call, &h);
	mem_deref(h.p);

	return 0;
}

bool bridge_play_stop(struct bridge *b, unsigned side, struct bridge_left *left)
{
	struct handing h = {.p = NULL};
	bool played;

	if (!b || side > 1 || !b->mv[side].player)
		return false;
	h.m = &b->mv[side];
	plane_call(b->pl, b->worker, hand_call, &h);
	played = !h.p->over;
	if (left)
		player_left(h.p, left);
	mem_deref(h.p);

	return played;
}

bool bridge_playing(const struct bridge *b, unsigned side)
{
	const struct player *p = b && side < 2 ? b->mv[side].player : NULL;

	return p && !__atomic_load_n(&p->over, __ATOMIC_ACQUIRE);
}

struct dialling {
	struct member *m;
	struct bridge_digit d;
	int err;
};

static void digit_call(void *arg)
{
	struct dialling *d = arg;
	struct player *p = d->m->player;

	if (!p || p->over) {
		d->err = ENOENT;
	} else if (p->digitc == PLAY_DIGITS) {
		d->err = ENOSPC;
	} else {
		p->digitv[(p->head + p->digitc) % PLAY_DIGITS] = d->d;
		++p->digitc;
	}
}

int bridge_digit(struct bridge *b, unsigned side, const struct bridge_digit *d)
{
	struct dialling x;

	if (!b || side > 1 || !d || !valid_digit(d))
		return EINVAL;
	x = (struct dialling){.m = &b->mv[side], .d = *d};
	plane_call(b->pl, b->worker, digit_call, &x);

	return x.err;
}
