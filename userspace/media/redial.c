/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/redial.c  Digits that are silence at first, and dialled later
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/play.h"
#include "media/redial.h"
#include "rtp/event.h"

enum {
	DECIMAL = 10,
	LEAST_MS = 40, /* of a digit, and between two (ITU-T Q.24) */
};

struct redial {
	struct le le;
	struct stream *s; /* who has dialled it */
	struct tmr tmr;
	struct bridge_digit d;
};

static void destructor(void *arg)
{
	struct redial *r = arg;

	list_unlink(&r->le);
	tmr_cancel(&r->tmr);
}

/* @return false: nothing does */
static bool takes_place(struct bridge_digit *d, const struct guard *g)
{
	switch (g->mode) {
	case GUARD_OFF:
		return true;
	case GUARD_RANDOM:
		d->event = (uint8_t)((d->event % DECIMAL + 1 +
				      rand_u32() % (DECIMAL - 1)) %
				     DECIMAL);
		break;
	case GUARD_ZERO:
		d->event = 0;
		break;
	case GUARD_DIGIT:
		d->event = g->digit;
		break;
	default:
		return false;
	}
	d->volume = g->volume;

	return true;
}

static void fire(void *arg)
{
	struct redial *r = arg;
	struct media_call *c = r->s->party->call;
	struct stream *t = stream_peer(r->s);
	struct media_err e = {""};
	int err = ENOENT;

	if (t && takes_place(&r->d, &r->s->guard)) {
		err = play_dial(t, &r->d, &e);
		if (!err)
			err = call_apply(c);
		if (err)
			log_warn("media: call %s: a digit that was put off is "
				 "lost: %s",
				 c->id, e.msg[0] ? e.msg : strerror(err));
	}
	mem_deref(r);
}

void redial_digit(struct stream *s, const struct bridge_heard *h)
{
	const uint32_t delay = s->guard.delay_ms;
	struct redial *r;

	if (!delay || h->event >= EVENT_DIGITS)
		return;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return;
	r->s = s;
	tmr_init(&r->tmr);
	r->d.event = h->event;
	r->d.volume = h->volume;
	r->d.ms = h->ms < LEAST_MS            ? LEAST_MS
		  : h->ms > PLAY_DIGIT_MS_MAX ? PLAY_DIGIT_MS_MAX
					      : h->ms;
	r->d.pause_ms = LEAST_MS;
	list_append(&s->redials, &r->le, r);
	tmr_start(&r->tmr, delay > h->ms ? delay - h->ms : 0, fire, r);
}
