/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/recside.c  One party of a recording: its packets, decoded, and where they
 *                        belong on the time line
 */
#include <string.h>
#include "media/recside.h"
#include "media/track.h"
#include "media/wav.h"

enum {
	SAMPLES_MAX = 4096,     /* of one packet                          */
	STRAY = TRACK_RATE / 2, /* frames that timestamps may be off    */
	PT_PCMU = 0,
	PT_PCMA = 8,
	ANEW = 3000, /* numbers that no packet is missing or late by */
};

bool recside_parse(struct recrtp *h, const struct tap *tap, const uint8_t *pkt)
{
	const uint8_t *p = pkt + tap->payload;
	size_t len, n;

	if (tap->payload >= tap->caplen)
		return false;

	len = (size_t)tap->caplen - tap->payload;
	if (len < 12 || p[0] >> 6 != 2)
		return false;

	h->pt = p[1] & 0x7f;
	h->seq = (uint16_t)(p[2] << 8 | p[3]);
	h->ts = (uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 |
		(uint32_t)p[6] << 8 | p[7];
	h->ssrc = (uint32_t)p[8] << 24 | (uint32_t)p[9] << 16 |
		  (uint32_t)p[10] << 8 | p[11];

	n = 12 + (size_t)(p[0] & 0x0f) * 4;
	if (p[0] & 0x10) {
		if (n + 4 > len)
			return false;
		n += 4 + (size_t)(p[n + 2] << 8 | p[n + 3]) * 4;
	}
	if (n > len)
		return false;

	/* the copy of a long packet ends before its padding does */
	if (p[0] & 0x20 && !(tap->flags & TAP_CUT)) {
		if (!p[len - 1] || n + p[len - 1] > len)
			return false;
		len -= p[len - 1];
	}

	h->data = p + n;
	h->len = len - n;

	return true;
}

static void side_start(struct recside *s, const struct recrtp *h)
{
	s->started = true;
	s->anchored = false;
	s->ssrc = h->ssrc;
	s->seq_max = h->seq;
	s->seen = 1;
}

/* @return how many packets are missing before this one, more than ANEW: the sender began
 * anew; -1: came late and fills a gap; -2: came before */
static int side_seq(struct recside *s, const struct recrtp *h)
{
	int16_t d = (int16_t)(h->seq - s->seq_max);

	if (d > 0) {
		s->seen = d < 64 ? s->seen << d | 1 : 1;
		s->seq_max = h->seq;
		return d - 1;
	}

	if (-d > ANEW)
		return -d;
	if (-d >= 64)
		return -2;

	if (s->seen >> -d & 1)
		return -2;
	s->seen |= 1ull << -d;

	return -1;
}

int recside_take(struct recside *s, const struct recrtp *h)
{
	int missing = 0;

	if (s->started && s->ssrc == h->ssrc)
		missing = side_seq(s, h);
	/* not a loss: the sender began anew */
	if (!s->started || s->ssrc != h->ssrc || missing > ANEW) {
		side_start(s, h);
		missing = 0;
	}

	return missing;
}

/* Frames of the recording */
static int64_t frames(const struct recside *s, int32_t units)
{
	return (int64_t)units * TRACK_RATE / s->clock;
}

static void anchor(struct recside *s, const struct recrtp *h, uint64_t pos)
{
	s->anchored = true;
	s->ts = h->ts;
	s->pos = pos;
}

uint64_t recside_place(struct recside *s, const struct recrtp *h, uint64_t came)
{
	int64_t pos;

	if (!s->anchored)
		anchor(s, h, came);

	pos = (int64_t)s->pos + frames(s, (int32_t)(h->ts - s->ts));

	if (pos < 0 || pos > (int64_t)came + STRAY ||
	    pos + STRAY < (int64_t)came) {
		anchor(s, h, came);
		pos = (int64_t)came;
	} else if ((int32_t)(h->ts - s->ts) > 0) {
		s->ts = h->ts;
		s->pos = (uint64_t)pos;
	}

	return (uint64_t)pos;
}

static const struct rectold *told_of(const struct recside *s, uint8_t pt)
{
	for (unsigned i = 0; i < s->toldc; i++) {
		if (s->toldv[i].pt == pt)
			return &s->toldv[i];
	}

	return NULL;
}

void recside_codec(struct recside *s, uint8_t pt, const struct codec *codec,
		   const char *fmtp)
{
	struct rectold *t = NULL;

	for (unsigned i = 0; i < s->toldc; i++) {
		if (s->toldv[i].pt == pt)
			t = &s->toldv[i];
	}
	if (t && t->codec == codec && !str_cmp(t->fmtp, fmtp))
		return;
	if (!t && s->toldc == RECORD_CODECS)
		return;
	if (!t)
		t = &s->toldv[s->toldc++];
	if (s->of == t)
		s->of = NULL;
	t->pt = pt;
	t->codec = codec;
	(void)re_snprintf(t->fmtp, sizeof(t->fmtp), "%s", fmtp ? fmtp : "");
}

/* Another clock is another time line */
static void set_clock(struct recside *s, uint32_t clock)
{
	if (s->clock != clock)
		s->anchored = false;
	s->clock = clock;
}

static size_t decode_g711(struct recside *s, const struct recrtp *h,
			  int16_t *sampv)
{
	if (h->len > SAMPLES_MAX)
		return 0;
	set_clock(s, TRACK_RATE);
	for (size_t i = 0; i < h->len; i++)
		sampv[i] = h->pt == PT_PCMU ? wav_ulaw(h->data[i])
					    : wav_alaw(h->data[i]);

	return h->len;
}

static bool take_decoder(struct recside *s, const struct rectold *t)
{
	struct codec_param prm = {
		.codec = t->codec, .rate = TRACK_RATE, .complexity = -1};

	if (s->of == t)
		return s->dec != NULL;
	s->dec = mem_deref(s->dec);
	s->rs = mem_deref(s->rs);
	s->of = t;
	pl_set_str(&prm.fmtp, t->fmtp);
	if (codec_dec_alloc(&s->dec, &prm))
		return false;
	if (codec_dec_rate(s->dec) != TRACK_RATE &&
	    resample_alloc(&s->rs, codec_dec_rate(s->dec), TRACK_RATE, 1))
		s->dec = mem_deref(s->dec);

	return s->dec != NULL;
}

size_t recside_decode(struct recside *s, const struct recrtp *h, int16_t *sampv)
{
	const struct rectold *t = told_of(s, h->pt);
	int16_t wide[CODEC_SAMPLES_MAX];
	int16_t *v;
	size_t n, room = CODEC_SAMPLES_MAX;

	if (!t && (h->pt == PT_PCMU || h->pt == PT_PCMA))
		return decode_g711(s, h, sampv);
	if (!t || !h->len || !take_decoder(s, t))
		return 0;
	v = s->rs ? wide : sampv;
	if (codec_decode(s->dec, h->data, h->len, v, &n))
		return 0;
	set_clock(s, t->codec->clock);
	if (codec_dec_ch(s->dec) == 2)
		resample_mono(v, n);
	if (!s->rs)
		return n;
	resample_run(s->rs, wide, n, sampv, &room);

	return room;
}

void recside_end(struct recside *s)
{
	s->dec = mem_deref(s->dec);
	s->rs = mem_deref(s->rs);
}
