/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/record.h  Recordings written from taps while packets are relayed
 *
 * pcap: the packets as received (link type RAW, from the IP header on).
 * WAV and Ogg/Opus: stereo at 8 kHz; G.711 decoded, and the codecs that record_codec()
 * tells of; left is the first party, right the second. Time comes from the RTP timestamps
 * anchored at arrival, so that a lost packet is silence of its length (counted), and the
 * channels stay in step. A file in the making is complete after a crash up to the last
 * second or two (the WAV header is kept true as it grows, Ogg pages are written whole).
 */
#ifndef CAROM_RECORD_H
#define CAROM_RECORD_H

#include <re.h>
#include "audio/codec.h"
#include "carom/maps.h"

enum { RECORD_CODECS = 8, RECORD_FMTP = 128 };

struct record;

struct record_stats {
	uint64_t packets; /**< written                                  */
	uint64_t gaps;    /**< packets missing by sequence number       */
	uint64_t gap_ms;  /**< silence put in their place               */
	uint64_t skipped; /**< not decoded: in the pcap, not in the WAV */
	uint64_t errors;  /**< writes that failed (disk full)           */
	int error;        /**< why the last one did, errno              */
};

/**
 * @param dir      Existing or creatable directory
 * @param name     File name without ending; made safe (no '/', no control
 *                 characters); a number is added where the name is taken
 * @param formats  MEDIA_REC_*
 */
int record_alloc(struct record **rp, const char *dir, const struct pl *name,
		 unsigned formats);

/**
 * Say what a payload type is, so that it goes into the WAV. G.711's own are known.
 * Once more the same changes nothing; only RECORD_CODECS of a side are remembered
 *
 * @param side  0 left, 1 right
 */
void record_codec(struct record *r, unsigned side, uint8_t pt,
		  const struct codec *codec, const char *fmtp);

/**
 * One packet from a tap
 *
 * @param side  0 left, 1 right: who sent it
 * @param pkt   From the IP header on; tap->payload is the UDP payload's offset
 */
void record_packet(struct record *r, unsigned side, const struct tap *tap,
		   const uint8_t *pkt);

/** While paused nothing is written to the pcap, and what is said stands still */
void record_pause(struct record *r, bool pause);

void record_stats(const struct record *r, struct record_stats *st);
/** Path of the file of one format, or NULL */
const char *record_path(const struct record *r, unsigned format);

/** Flush and finalise happen in mem_deref(r) */

#endif
