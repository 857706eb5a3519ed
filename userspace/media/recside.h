/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/recside.h  One party of a recording: its packets, decoded, and where they
 *                        belong on the time line. Private to userspace/media
 */
#ifndef CAROM_MEDIA_RECSIDE_H
#define CAROM_MEDIA_RECSIDE_H

#include "audio/resample.h"
#include "media/media.h"
#include "media/record.h"

/** A payload type that is not G.711's own */
struct rectold {
	uint8_t pt;
	const struct codec *codec;
	char fmtp[RECORD_FMTP];
};

/** One party: where its RTP time stands on the recording's time line */
struct recside {
	bool started;  /* ssrc and seq hold           */
	bool anchored; /* ts <-> pos hold             */
	uint32_t ssrc;
	uint32_t ts;  /* timestamp ...               */
	uint64_t pos; /* ... of this frame           */
	uint16_t seq_max;
	uint64_t seen;  /* bit n: seq_max - n came     */
	uint32_t clock; /* Hz of ts                    */
	struct rectold toldv[RECORD_CODECS];
	unsigned toldc;
	struct codec_dec *dec;    /* of the last packet, or NULL */
	struct resample *rs;      /* from its rate; NULL: the track's */
	const struct rectold *of; /* whose it is                 */
};

/** What we want of an RTP packet (RFC 3550 5.1) */
struct recrtp {
	uint8_t pt;
	uint16_t seq;
	uint32_t ts, ssrc;
	const uint8_t *data;
	size_t len;
};

/** A packet that was copied. @param pkt  tap->caplen bytes; h points into it.
 *  @return Whether it is RTP */
bool recside_parse(struct recrtp *h, const struct tap *tap, const uint8_t *pkt);

/**
 * It is the next one of the party
 *
 * @return How many are missing before it; -1: it came late and fills a gap; -2: it came
 *         before, or is too late
 */
int recside_take(struct recside *s, const struct recrtp *h);

/**
 * Decode it, at TRACK_RATE, one channel
 *
 * @param sampv  Room for CODEC_SAMPLES_MAX
 *
 * @return Samples, 0: it does not go into the track
 */
size_t recside_decode(struct recside *s, const struct recrtp *h,
		      int16_t *sampv);

/**
 * Its first frame. Timestamps say where; when they stray from the clock, arrival does
 *
 * @param came  Frame of the moment that it came at
 */
uint64_t recside_place(struct recside *s, const struct recrtp *h,
		       uint64_t came);

/** As record_codec() */
void recside_codec(struct recside *s, uint8_t pt, const struct codec *codec,
		   const char *fmtp);

/** No more comes */
void recside_end(struct recside *s);

#endif
