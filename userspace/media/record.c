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
#include "media/media.h"
#include "base/pcap.h"
#include "media/oggopus.h"
#include "media/recname.h"
#include "media/recside.h"
#include "media/record.h"
#include "media/wav.h"

enum {
	NAME_BYTES = 160, /* of a Call-ID in a file name            */
	NAME_TRIES = 10000,
	FORMATS = 3,
	PASS_MS =
		1000, /* silence is written as it goes by: at the end of an hour
			   of it nobody has to wait for that */
};

/** Bit 1 << n of MEDIA_REC_* */
static const char *const endings[FORMATS] = {"pcap", "wav", "opus"};

#define FRAME_NS (1000000000ull / TRACK_RATE)

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
	struct recside side[2];
	struct record_stats st;
	uint64_t gap_frames;
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
	for (unsigned i = 0; i < 2; i++)
		recside_end(&r->side[i]);
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

static uint64_t arrival(const struct record *r, const struct tap *tap)
{
	return tap->time > r->zero ? (tap->time - r->zero) / FRAME_NS : 0;
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

void record_codec(struct record *r, unsigned side, uint8_t pt,
		  const struct codec *codec, const char *fmtp)
{
	if (r && side < 2 && codec)
		recside_codec(&r->side[side], pt, codec, fmtp);
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
	struct recside *s = &r->side[n];
	int16_t sampv[CODEC_SAMPLES_MAX];
	struct recrtp h;
	int missing, err;
	size_t count;

	if (!recside_parse(&h, tap, pkt)) {
		++r->st.skipped;
		return;
	}

	if (!r->running) {
		r->running = true;
		r->zero = tap->time - track_end(r->track) * FRAME_NS;
		tmr_start(&r->tmr, PASS_MS, pass, r);
	}

	missing = recside_take(s, &h);
	if (missing == -2)
		return;

	count = recside_decode(s, &h, sampv);
	if (!count) {
		count_gap(r, missing, 0);
		++r->st.skipped;
		return;
	}

	count_gap(r, missing, count);
	err = track_place(r->track, n, recside_place(s, &h, arrival(r, tap)),
			  sampv, count);
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
