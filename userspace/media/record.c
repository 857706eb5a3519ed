/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/record.c  Recordings: packets to a pcap, speech to WAV and Ogg/Opus
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include <re.h>
#include "base/log.h"
#include "audio/resample.h"
#include "media/media.h"
#include "base/pcap.h"
#include "media/oggopus.h"
#include "media/recname.h"
#include "media/record.h"
#include "media/wav.h"

enum {
	NAME_BYTES = 160, /* of a Call-ID in a file name            */
	NAME_TRIES = 10000,
	SAMPLES_MAX = 4096,     /* of one packet                          */
	STRAY = TRACK_RATE / 2, /* frames that timestamps may be off    */
	PT_PCMU = 0,
	PT_PCMA = 8,
	FORMATS = 3,
	ANEW = 3000, /* numbers that no packet is missing or late by */
	PASS_MS =
		1000, /* silence is written as it goes by: at the end of an hour
			   of it nobody has to wait for that */
};

/** Bit 1 << n of MEDIA_REC_* */
static const char *const endings[FORMATS] = {"pcap", "wav", "opus"};

#define FRAME_NS (1000000000ull / TRACK_RATE)

/** A payload type that is not G.711's own */
struct told {
	uint8_t pt;
	const struct codec *codec;
	char fmtp[RECORD_FMTP];
};

/** One party: where its RTP time stands on the recording's time line */
struct side {
	bool started;  /* ssrc and seq hold           */
	bool anchored; /* ts <-> pos hold             */
	uint32_t ssrc;
	uint32_t ts;  /* timestamp ...               */
	uint64_t pos; /* ... of this frame           */
	uint16_t seq_max;
	uint64_t seen;  /* bit n: seq_max - n came     */
	uint32_t clock; /* Hz of ts                    */
	struct told toldv[RECORD_CODECS];
	unsigned toldc;
	struct codec_dec *dec; /* of the last packet, or NULL */
	struct resample *rs;   /* from its rate; NULL: the track's */
	const struct told *of; /* whose it is                 */
};

struct record {
	struct pcap *pcap;
	struct track *track; /* what is said; NULL: neither of the next two */
	struct wav *wav;
	struct oggopus *ogg;
	char *pathv[FORMATS]; /* by format; NULL: not written */
	uint64_t wall;        /* ns to add to CLOCK_MONOTONIC */
	uint64_t zero;        /* ns: time of frame 0          */
	bool running;         /* zero holds                   */
	bool paused;
	struct tmr tmr; /* of a track that runs        */
	struct side side[2];
	struct record_stats st;
	uint64_t gap_frames;
};

/** What we want of an RTP packet (RFC 3550 5.1) */
struct rtp {
	uint8_t pt;
	uint16_t seq;
	uint32_t ts, ssrc;
	const uint8_t *data;
	size_t len;
};

static void record_destructor(void *arg)
{
	struct record *r = arg;

	tmr_cancel(&r->tmr);
	mem_deref(r->pcap);
	/* it gives on what it holds back */
	mem_deref(r->track);
	mem_deref(r->wav);
	mem_deref(r->ogg);
	for (unsigned i = 0; i < 2; i++) {
		mem_deref(r->side[i].dec);
		mem_deref(r->side[i].rs);
	}
	for (unsigned i = 0; i < FORMATS; i++)
		mem_deref(r->pathv[i]);
}

/* The track's next frames */
static int track_handler(const int16_t (*v)[TRACK_CH], size_t n, void *arg)
{
	struct record *r = arg;
	int err = 0, e;

	if (r->wav)
		err = wav_write(r->wav, v, n);
	if (r->ogg) {
		e = oggopus_write(r->ogg, v, n);
		err = err ? err : e;
	}

	return err;
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);

	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int open_file(struct record *r, unsigned format, int fd,
		     const char *name)
{
	switch (1u << format) {

	case MEDIA_REC_PCAP:
		return pcap_alloc(&r->pcap, fd);
	case MEDIA_REC_WAV:
		return wav_alloc(&r->wav, fd);
	default:
		return oggopus_alloc(&r->ogg, fd, name);
	}
}

/* Nothing stays of files of which one could not be had */
static void undo_files(struct record *r)
{
	r->pcap = mem_deref(r->pcap);
	r->wav = mem_deref(r->wav);
	r->ogg = mem_deref(r->ogg);
	for (unsigned i = 0; i < FORMATS; i++) {
		if (r->pathv[i])
			(void)unlink(r->pathv[i]);
		r->pathv[i] = mem_deref(r->pathv[i]);
	}
}

/* All files get the same number */
static int open_files(struct record *r, const char *dir, const char *name,
		      unsigned n, unsigned formats)
{
	int fd, err = 0;

	for (unsigned i = 0; i < FORMATS && !err; i++) {
		if (!(formats & 1u << i))
			continue;
		err = recname_create(&fd, &r->pathv[i], dir, name, n,
				     endings[i]);
		if (!err)
			err = open_file(r, i, fd, name);
	}
	if (err)
		undo_files(r);

	return err;
}

int record_alloc(struct record **rp, const char *dir, const struct pl *name,
		 unsigned formats)
{
	char safe[NAME_BYTES];
	struct record *r;
	int err;

	if (!rp || !dir || !dir[0])
		return EINVAL;

	formats &= MEDIA_REC_PCAP | MEDIA_REC_WAV | MEDIA_REC_OGG;
	if (!formats)
		formats = MEDIA_REC_PCAP | MEDIA_REC_WAV;

	r = mem_zalloc(sizeof(*r), record_destructor);
	if (!r)
		return ENOMEM;

	tmr_init(&r->tmr);
	r->wall = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	recname_safe(safe, sizeof(safe), name);

	err = recname_dirs(dir);
	for (unsigned n = 0; !err && n < NAME_TRIES; n++) {
		err = open_files(r, dir, safe, n, formats);
		if (err != EEXIST)
			break;
		err = n + 1 < NAME_TRIES ? 0 : EEXIST;
	}
	if (!err && (r->wav || r->ogg))
		err = track_alloc(&r->track, track_handler, r);

	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}

static void failed(struct record *r, int err)
{
	if (!err)
		return;
	++r->st.errors;
	r->st.error = err;
}

static bool rtp_parse(struct rtp *h, const struct tap *tap, const uint8_t *pkt)
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

static void side_start(struct side *s, const struct rtp *h)
{
	s->started = true;
	s->anchored = false;
	s->ssrc = h->ssrc;
	s->seq_max = h->seq;
	s->seen = 1;
}

/* @return how many packets are missing before this one, more than ANEW: the sender began
 * anew; -1: came late and fills a gap; -2: came before */
static int side_seq(struct side *s, const struct rtp *h)
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

static uint64_t arrival(const struct record *r, const struct tap *tap)
{
	return tap->time > r->zero ? (tap->time - r->zero) / FRAME_NS : 0;
}

/* Frames of the recording */
static int64_t frames(const struct side *s, int32_t units)
{
	return (int64_t)units * TRACK_RATE / s->clock;
}

static void anchor(struct side *s, const struct rtp *h, uint64_t pos)
{
	s->anchored = true;
	s->ts = h->ts;
	s->pos = pos;
}

/* Timestamps say where; when they stray from the clock, arrival does */
static uint64_t place_of(struct record *r, struct side *s, const struct rtp *h,
			 const struct tap *tap)
{
	uint64_t came = arrival(r, tap);
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

static void count_gap(struct record *r, int missing, size_t samples)
{
	if (missing > 0) {
		r->st.gaps += (uint64_t)missing;
		r->gap_frames += (uint64_t)missing * samples;
	} else if (missing == -1 && r->st.gaps) {
		--r->st.gaps;
		r->gap_frames -= samples < r->gap_frames ? samples
							 : r->gap_frames;
	}

	r->st.gap_ms = r->gap_frames * 1000 / TRACK_RATE;
}

static const struct told *told_of(const struct side *s, uint8_t pt)
{
	for (unsigned i = 0; i < s->toldc; i++) {
		if (s->toldv[i].pt == pt)
			return &s->toldv[i];
	}

	return NULL;
}

void record_codec(struct record *r, unsigned side, uint8_t pt,
		  const struct codec *codec, const char *fmtp)
{
	struct side *s;
	struct told *t = NULL;

	if (!r || side > 1 || !codec)
		return;
	s = &r->side[side];
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
static void set_clock(struct side *s, uint32_t clock)
{
	if (s->clock != clock)
		s->anchored = false;
	s->clock = clock;
}

static size_t decode_g711(struct side *s, const struct rtp *h, int16_t *sampv)
{
	if (h->len > SAMPLES_MAX)
		return 0;
	set_clock(s, TRACK_RATE);
	for (size_t i = 0; i < h->len; i++)
		sampv[i] = h->pt == PT_PCMU ? wav_ulaw(h->data[i])
					    : wav_alaw(h->data[i]);

	return h->len;
}

static bool take_decoder(struct side *s, const struct told *t)
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

/* @return samples, 0: it does not go into the WAV */
static size_t decode(struct side *s, const struct rtp *h, int16_t *sampv)
{
	const struct told *t = told_of(s, h->pt);
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

/* A packet may be on its way to us: nothing is given on before it could be placed */
static void pass(void *arg)
{
	struct record *r = arg;
	const uint64_t now = clock_ns(CLOCK_MONOTONIC);

	tmr_start(&r->tmr, PASS_MS, pass, r);
	if (now > r->zero)
		failed(r, track_pass(r->track, (now - r->zero) / FRAME_NS));
}

static void track_packet(struct record *r, unsigned n, const struct tap *tap,
			 const uint8_t *pkt)
{
	struct side *s = &r->side[n];
	int16_t sampv[CODEC_SAMPLES_MAX];
	struct rtp h;
	int missing = 0, err;
	size_t count;

	if (!rtp_parse(&h, tap, pkt)) {
		++r->st.skipped;
		return;
	}

	if (!r->running) {
		r->running = true;
		r->zero = tap->time - track_end(r->track) * FRAME_NS;
		tmr_start(&r->tmr, PASS_MS, pass, r);
	}

	if (!s->started || s->ssrc != h.ssrc) {
		side_start(s, &h);
	} else {
		missing = side_seq(s, &h);
		if (missing == -2)
			return;
		/* not a loss: the sender began anew */
		if (missing > ANEW) {
			side_start(s, &h);
			missing = 0;
		}
	}

	count = decode(s, &h, sampv);
	if (!count) {
		count_gap(r, missing, 0);
		++r->st.skipped;
		return;
	}

	count_gap(r, missing, count);
	err = track_place(r->track, n, place_of(r, s, &h, tap), sampv, count);
	if (err && err != ETIME)
		failed(r, err);
}

static size_t orig_len(const struct tap *tap, const uint8_t *pkt)
{
	size_t len = tap->caplen;

	if (tap->caplen < 6)
		return len;

	if (tap->flags & TAP_V6)
		len = 40 + (size_t)(pkt[4] << 8 | pkt[5]);
	else
		len = (size_t)(pkt[2] << 8 | pkt[3]);

	return len > tap->caplen ? len : tap->caplen;
}

void record_packet(struct record *r, unsigned side, const struct tap *tap,
		   const uint8_t *pkt)
{
	if (!r || side > 1 || !tap || !pkt || r->paused)
		return;

	if (r->pcap) {
		failed(r, pcap_write(r->pcap, tap->time + r->wall, pkt,
				     tap->caplen, orig_len(tap, pkt)));
	}

	if (r->track && !(tap->flags & TAP_RTCP))
		track_packet(r, side, tap, pkt);

	++r->st.packets;
}

void record_pause(struct record *r, bool pause)
{
	if (!r || r->paused == pause)
		return;

	r->paused = pause;
	if (!pause)
		return;

	if (r->pcap)
		failed(r, pcap_flush(r->pcap));
	if (r->track)
		failed(r, track_flush(r->track));

	/* the next packet goes where the track stands, and is no gap */
	r->running = false;
	tmr_cancel(&r->tmr);
	r->side[0].started = r->side[1].started = false;
}

void record_stats(const struct record *r, struct record_stats *st)
{
	if (r && st)
		*st = r->st;
}

const char *record_path(const struct record *r, unsigned format)
{
	if (!r)
		return NULL;

	for (unsigned i = 0; i < FORMATS; i++) {
		if (format == 1u << i)
			return r->pathv[i];
	}

	return NULL;
}
