/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/tapsink.c  Copies from the fast path go to their recordings
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <arpa/inet.h>
#include <re.h>
#include "base/log.h"
#include "media/call.h"
#include "media/digits.h"
#include "media/note.h"
#include "media/terms.h"

enum { TAP_MS = 100, MENDED_MS = 3000, UDP_HEAD = 8 };

bool stream_tapped(const struct stream *s)
{
	const struct media_call *c = s->party->call;

	return c->rec && !c->rec_paused && s->cur.media != LEG_OTHER;
}

static bool slot_matches(struct le *le, void *arg)
{
	const struct stream *s = le->data;
	uint32_t slot = *(uint32_t *)arg;

	return s->slot[0] == slot || s->slot[1] == slot;
}

static struct stream *stream_by_slot(const struct media *m, uint32_t slot)
{
	return list_ledata(hash_lookup(m->taps, slot, slot_matches, &slot));
}

/* Left is whoever made the call's first offer */
unsigned tapsink_side(const struct stream *s)
{
	return s->party == list_ledata(list_head(&s->party->call->parties)) ? 0
									    : 1;
}

void media_rtcp_handler(struct media *m, media_rtcp_h *h, void *arg)
{
	const bool was = m && m->rtcph;
	struct le *le;

	if (!m)
		return;
	m->rtcph = h;
	m->rtcp_arg = arg;
	/* bridges that there are have to tell what they make; those that do so for
	 * nobody are told when their calls change next */
	for (le = h && !was ? list_head(&m->calll) : NULL; le; le = le->next)
		(void)agents_apply(le->data);
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* us since 1970 of a time of CLOCK_MONOTONIC in ns */
static uint64_t wall_us(uint64_t at)
{
	return (clock_ns(CLOCK_REALTIME) - (clock_ns(CLOCK_MONOTONIC) - at)) /
	       1000;
}

void tapsink_show(const struct stream *s, uint64_t at, const struct sa *src,
		  const struct sa *dst, const uint8_t *p, size_t n)
{
	const struct media *m = s->party->call->m;
	const struct media_rtcp r = {s->party->call->id, *src, *dst,
				     wall_us(at),        p,    n};

	if (m->rtcph)
		m->rtcph(&r, m->rtcp_arg);
}

void tapsink_report(struct stream *s, uint64_t at, const struct sa *src,
		    const struct sa *dst, const uint8_t *p, size_t n)
{
	const struct stream *t = stream_peer(s);

	tapsink_show(s, at, src, dst, p, n);
	if (!rtcpx_update(&s->reports, t ? &t->reports : NULL, at, p, n))
		quality_reported(s);
}

/* A full disk hurts no call, but somebody has to know; and when it is over */
static void look_at_disk(struct media_call *c, uint64_t errors)
{
	struct record_stats rs;

	record_stats(c->rec, &rs);
	if (rs.errors > errors) {
		c->m->tot.rec_errors += rs.errors - errors;
		if (!c->rec_failing)
			log_error("media: recording of call %s cannot be "
				  "written: %m; the call goes on, and what is "
				  "said now is lost",
				  c->id, rs.error);
		c->rec_failing = true;
		c->rec_failed_at = media_now();
	} else if (c->rec_failing &&
		   media_now() - c->rec_failed_at > MENDED_MS) {
		log_info("media: recording of call %s is written again", c->id);
		c->rec_failing = false;
	}
}

void tapsink_record(struct stream *s, const struct tap *tap, const uint8_t *pkt)
{
	struct media_call *c = s->party->call;
	struct record_stats rs;

	record_stats(c->rec, &rs);
	record_packet(c->rec, tapsink_side(s), tap, pkt);
	look_at_disk(c, rs.errors);
}

static uint16_t port_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Ends of a copied packet: UDP's header is right in front of the payload */
static void ends(struct sa *src, struct sa *dst, const struct tap *tap,
		 const uint8_t *pkt)
{
	const uint8_t *udp = pkt + tap->payload - UDP_HEAD;
	uint32_t v4[2];

	if (tap->flags & TAP_V6) {
		sa_set_in6(src, pkt + 8, port_at(udp));
		sa_set_in6(dst, pkt + 24, port_at(udp + 2));
		return;
	}
	memcpy(v4, pkt + 12, sizeof(v4));
	sa_set_in(src, ntohl(v4[0]), port_at(udp));
	sa_set_in(dst, ntohl(v4[1]), port_at(udp + 2));
}

static void report_handler(struct stream *s, const struct tap *tap,
			   const uint8_t *pkt)
{
	const size_t least = (tap->flags & TAP_V6 ? 40 : 20) + UDP_HEAD;
	struct sa src, dst;

	if (tap->payload < least)
		return;
	ends(&src, &dst, tap, pkt);
	tapsink_report(s, tap->time, &src, &dst, pkt + tap->payload,
		       (size_t)tap->caplen - tap->payload);
}

static void tap_handler(const struct tap *tap, const uint8_t *pkt, void *arg)
{
	struct media *m = arg;
	struct stream *s = stream_by_slot(m, tap->slot);

	if (!s)
		return;

	/* SRTCP is ciphertext to us */
	if ((tap->flags & TAP_RTCP) && s->cur.media == LEG_RTP)
		report_handler(s, tap, pkt);

	if (!(tap->flags & TAP_RTCP) && !stream_in_agent(s) &&
	    tap->caplen > tap->payload)
		digits_packet(s, pkt + tap->payload,
			      (size_t)tap->caplen - tap->payload);

	/* of what is opened the agent has better copies */
	if (stream_tapped(s) && !stream_opened(s))
		tapsink_record(s, tap, pkt);
}

/* What a stream's party sends may be of codecs that the recorder does not know by number */
static void tell_recorder(const struct stream *s)
{
	struct record *r = s->party->call->rec;
	struct formats f;

	if (!r)
		return;
	stream_told(&f, s);
	for (unsigned i = 0; i < f.n; i++) {
		const struct codec *c = format_codec(&f.v[i]);

		/* 0 and 8 are G.711 in any case: no decoder need be made */
		if (c && f.v[i].pt && f.v[i].pt != 8)
			record_codec(r, tapsink_side(s), f.v[i].pt, c,
				     f.v[i].fmtp);
	}
}

void tapsink_stream(struct stream *s)
{
	struct media *m = s->party->call->m;

	tell_recorder(s);

	for (unsigned i = 0; i < 2; i++) {
		hash_unlink(&s->tap_lev[i]);
		if (s->leg_on[0])
			hash_append(m->taps, s->slot[i], &s->tap_lev[i], s);
	}
}

int tapsink_init(struct media *m)
{
	return fp_tap_alloc(&m->tap, m->fp, TAP_MS, tap_handler, m);
}

/* Who talked to whom, and what the driver wants to be remembered */
static void write_description(const struct media_call *c)
{
	const char *path = record_path(c->rec, MEDIA_REC_PCAP);
	struct odict *o = NULL;
	const char *dot;
	char *name = NULL;
	FILE *f = NULL;
	size_t len;
	int err;

	if (!path)
		path = record_path(c->rec, MEDIA_REC_WAV);
	if (!path)
		path = record_path(c->rec, MEDIA_REC_OGG);
	if (!path)
		return;
	dot = strrchr(path, '.');
	len = dot ? (size_t)(dot - path) : strlen(path);

	err = re_sdprintf(&name, "%b.json", path, len);
	if (!err)
		err = odict_alloc(&o, 8);
	if (err)
		goto out;

	err |= odict_entry_add(o, "call-id", ODICT_STRING, c->id);
	err |= odict_entry_add(o, "created", ODICT_INT,
			       (int64_t)(c->created / 1000000));
	err |= odict_entry_add(o, "recording since", ODICT_INT,
			       (int64_t)time(NULL));
	if (c->metadata)
		err |= odict_entry_add(o, "metadata", ODICT_STRING,
				       c->metadata);
	if (err)
		goto out;

	f = fopen(name, "wx");
	if (!f) {
		err = errno;
		goto out;
	}
	(void)re_fprintf(f, "%H\n", json_encode_odict, o);

out:
	if (err)
		log_warn("media: description of the recording of %s: %m", c->id,
			 err);
	if (f)
		(void)fclose(f);
	mem_deref(name);
	mem_deref(o);
}

static int record_start(struct media_call *c, unsigned formats,
			struct media_err *e)
{
	struct pl name;
	int err;

	if (!c->m->recording_dir)
		return media_fail(e, ENOTSUP,
				  "no recording directory is configured");

	formats &= MEDIA_REC_PCAP | MEDIA_REC_WAV | MEDIA_REC_OGG;
	if (!formats)
		formats = MEDIA_REC_PCAP | MEDIA_REC_WAV;

	pl_set_str(&name, c->id);
	err = record_alloc(&c->rec, c->m->recording_dir, &name, formats);
	if (err)
		return media_fail(e, err, "recording in %s: %m",
				  c->m->recording_dir, err);

	c->rec_formats = formats;
	write_description(c);
	log_info("media: call %s is recorded", c->id);

	return 0;
}

static void record_stop(struct media_call *c)
{
	struct record_stats rs;

	if (!c->rec)
		return;

	if (c->m->tap)
		fp_tap_flush(c->m->tap);

	record_stats(c->rec, &rs);
	log_info("media: recording of call %s ends: %llu packets, %llu "
		 "missing, %llu write errors",
		 c->id, rs.packets, rs.gaps, rs.errors);
	c->rec = mem_deref(c->rec);
	c->rec_formats = 0;
	c->rec_paused = false;
}

int call_record(struct media_call *c, enum media_rec action, unsigned formats,
		const struct pl *metadata, struct media_err *e)
{
	int err;

	if (pl_isset(metadata)) {
		c->metadata = mem_deref(c->metadata);
		err = pl_strdup(&c->metadata, metadata);
		if (err)
			return err;
	}

	switch (action) {

	case REC_START:
		if (!c->rec) {
			err = record_start(c, formats, e);
			if (err)
				return err;
		}
		c->rec_paused = false;
		record_pause(c->rec, false);
		return 0;

	case REC_STOP:
		record_stop(c);
		return 0;

	case REC_PAUSE:
		if (!c->rec)
			return media_fail(e, ENOENT, "call is not recorded");
		if (c->m->tap)
			fp_tap_flush(c->m->tap);
		c->rec_paused = true;
		record_pause(c->rec, true);
		return 0;
	}

	return media_fail(e, EINVAL, "unknown recording action");
}
