/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/digits.c  Digits that parties dial, heard in copies of their packets
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "audio/digit.h"
#include "audio/resample.h"
#include "base/log.h"
#include "media/digits.h"
#include "media/note.h"
#include "media/redial.h"
#include "media/terms.h"
#include "media/trigger.h"
#include "rtp/event.h"

enum {
	BEHIND = 100, /* packets that come late; more is a new start */
};

struct digits {
	struct stream *s;
	struct event_rx events;
	char last[DIGITS_KEPT + 1];

	/* tones: */
	struct codec_dec *dec; /* of `pt`; NULL: none can be made */
	struct digit_rx *rx;
	bool tried, started;
	uint8_t pt;
	uint16_t seq;
};

static void destructor(void *arg)
{
	struct digits *d = arg;

	mem_deref(d->dec);
	mem_deref(d->rx);
}

static struct digits *get(struct stream *s)
{
	if (!s->digits) {
		s->digits = mem_zalloc(sizeof(*s->digits), destructor);
		if (s->digits)
			s->digits->s = s;
	}

	return s->digits;
}

bool digits_wanted(const struct stream *s)
{
	const struct media_call *c = s->party->call;

	return c->detect_dtmf || s->trigger || s->guard.delay_ms ||
	       c->m->dialledh || sa_isset(&c->dtmf_log, SA_ALL) ||
	       sa_isset(&c->m->conf.dtmf_log, SA_ALL);
}

bool digits_tones_wanted(const struct stream *s)
{
	return (s->party->call->detect_dtmf || s->trigger) &&
	       s->cur.media == LEG_RTP && !str_casecmp(s->cur.type, "audio");
}

void media_dialled_handler(struct media *m, media_dialled_h *h, void *arg)
{
	if (!m)
		return;
	m->dialledh = h;
	m->dialled_arg = arg;
}

static void tell(const struct stream *s, const struct bridge_heard *h)
{
	const struct media_dialled d = {
		.call_id = s->party->call->id,
		.tag = s->party->tag,
		.digit = {.event = h->event, .volume = h->volume, .ms = h->ms},
		.tone = h->tone,
	};
	const struct media *m = s->party->call->m;

	if (m->dialledh && h->event < EVENT_DIGITS)
		m->dialledh(&d, m->dialled_arg);
}

void digits_dialled(struct stream *s, const struct bridge_heard *h)
{
	struct digits *d = get(s);
	size_t n;

	if (!d)
		return;
	n = strlen(d->last);
	if (n == DIGITS_KEPT)
		memmove(d->last, d->last + 1, n--);
	d->last[n] = event_char(h->event);
	d->last[n + 1] = '\0';
	digitlog_send(s->party->call->m->digitlog, s, h);
	tell(s, h);
	if (h->event < EVENT_DIGITS)
		news_dialled(s->party->call, s->party->tag,
			     event_char(h->event), h->ms);
	redial_digit(s, h);
	trigger_digit(s, h->event);
}

const char *digits_last(const struct stream *s)
{
	return s->digits ? s->digits->last : "";
}

/* ---- events ----------------------------------------------------------------- */

/* What the party sends under a payload type */
static bool sent_as(struct format *f, const struct stream *s, uint8_t pt)
{
	const struct format *x;
	struct formats all;

	stream_told(&all, s);
	x = formats_pt(&all, pt);
	if (x)
		*f = *x;

	return x != NULL;
}

static void take_event(struct digits *d, const struct rtp_head *h,
		       const uint8_t *pay, uint32_t clock)
{
	struct bridge_heard heard;
	struct rtp_event ev, done;

	if (!clock || rtp_event_read(&ev, pay, h->len) ||
	    !event_rx_put(&d->events, h->ts, &ev, &done))
		return;
	memset(&heard, 0, sizeof(heard));
	heard.event = done.event;
	heard.volume = done.volume;
	heard.ms = (uint32_t)((uint64_t)done.len * 1000 / clock);
	digits_dialled(d->s, &heard);
}

/* ---- tones ------------------------------------------------------------------- */

static void tone_heard(uint8_t event, unsigned volume, uint32_t ms, void *arg)
{
	struct digits *d = arg;
	struct bridge_heard heard;

	if (!ms)
		return;
	memset(&heard, 0, sizeof(heard));
	heard.event = event;
	heard.volume = (uint8_t)volume;
	heard.tone = true;
	heard.ms = ms;
	digits_dialled(d->s, &heard);
}

/* Digits are of the telephone's band: no more than 8 kHz is decoded where that can be */
static void begin_tones(struct digits *d, const struct format *f)
{
	struct codec_param prm = {
		.codec = format_codec(f), .rate = 8000, .complexity = -1};

	d->dec = mem_deref(d->dec);
	d->rx = mem_deref(d->rx);
	d->tried = true;
	d->pt = f->pt;
	if (!prm.codec)
		return;
	pl_set_str(&prm.fmtp, f->fmtp);
	if (codec_dec_alloc(&d->dec, &prm))
		return;
	if (digit_rx_alloc(&d->rx, codec_dec_rate(d->dec), tone_heard, d))
		d->dec = mem_deref(d->dec);
}

/* One that is behind is too late; after a jump the other's numbers have begun anew */
static bool follows(struct digits *d, uint16_t seq)
{
	const int16_t ahead = (int16_t)(seq - d->seq);

	if (d->started && ahead <= 0 && ahead > -BEHIND)
		return false;
	d->started = true;
	d->seq = seq;

	return true;
}

static void take_sound(struct digits *d, const struct rtp_head *h,
		       const uint8_t *pay, const struct format *f)
{
	int16_t pcm[CODEC_SAMPLES_MAX];
	size_t n;

	if (!d->tried || d->pt != f->pt)
		begin_tones(d, f);
	if (!d->dec || !follows(d, h->seq) ||
	    codec_decode(d->dec, pay, h->len, pcm, &n))
		return;
	if (codec_dec_ch(d->dec) == 2)
		resample_mono(pcm, n);
	digit_rx_put(d->rx, pcm, n);
}

void digits_packet(struct stream *s, const uint8_t *p, size_t n)
{
	struct digits *d = digits_wanted(s) ? get(s) : NULL;
	struct format f;
	struct rtp_head h;

	if (!d || rtp_kind(p, n) != RTP_MEDIA || rtp_read(&h, p, n) ||
	    !sent_as(&f, s, h.pt))
		return;
	if (!str_casecmp(f.name, "telephone-event"))
		take_event(d, &h, p + h.off, f.clock);
	else if (digits_tones_wanted(s) && !format_aside(&f) && h.len)
		take_sound(d, &h, p + h.off, &f);
}
