/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/codec.h  Speech codecs: packets to samples and back
 *
 * An encoder or decoder belongs to one thread at a time; it allocates when it is
 * made and never after. Samples are 16 bits, channels interleaved.
 */
#ifndef CAROM_AUDIO_CODEC_H
#define CAROM_AUDIO_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>

enum {
	CODEC_PTIME_MAX = 60,             /**< ms of one packet       */
	CODEC_SAMPLES_MAX = 48 * 120 * 2, /**< of one packet, decoded: an
						   Opus packet has up to 120 ms */
	CODEC_BYTES_MAX = 1500,           /**< of one packet, encoded */
};

/** A codec as SDP names it */
struct codec {
	const char *name;
	uint32_t clock; /**< Hz of RTP's timestamps                     */
	uint32_t rate;  /**< Hz of its samples, when nothing is asked for */
	uint8_t ch;     /**< channels in a=rtpmap                       */
	int pt;         /**< static payload type (RFC 3551), -1 none    */
	uint8_t ptime;  /**< ms that a packet has by default            */
	uint8_t frame;  /**< ms: a packet has a whole number of these   */
	const struct codec_ops *ops; /**< NULL: cannot be transcoded     */
};

/**
 * @param clock  0: any
 * @param ch     0: any
 *
 * @return NULL: not known
 */
const struct codec *codec_find(const struct pl *name, uint32_t clock,
			       unsigned ch);
/** By a static payload type; NULL: not known */
const struct codec *codec_static(int pt);
/** The n'th that there is; NULL: there are fewer */
const struct codec *codec_nth(unsigned n);
/** Can packets of it be made and read on this machine? */
bool codec_usable(const struct codec *c);

/** What an encoder or decoder is made of */
struct codec_param {
	const struct codec *codec;
	struct pl fmtp;   /**< of who receives (encoder), or sends (decoder) */
	uint32_t rate;    /**< Hz of the samples wanted, 0: codec's own; who
			       cannot do it does its own                    */
	uint32_t bitrate; /**< bit/s, 0: codec's own choice               */
	int complexity;   /**< 0..10, -1: codec's own choice              */
	unsigned ptime;   /**< ms of a packet, 0: codec's own             */
};

struct codec_enc;
struct codec_dec;

/** @return 0, EINVAL, ENOTSUP (cannot be transcoded), ENOMEM */
int codec_enc_alloc(struct codec_enc **ep, const struct codec_param *prm);
int codec_dec_alloc(struct codec_dec **dp, const struct codec_param *prm);

/** Hz and channels of the samples that it takes, or gives */
uint32_t codec_enc_rate(const struct codec_enc *e);
unsigned codec_enc_ch(const struct codec_enc *e);
uint32_t codec_dec_rate(const struct codec_dec *d);
unsigned codec_dec_ch(const struct codec_dec *d);

/**
 * Encode one packet
 *
 * @param n    Samples of each channel: a whole number of frames
 * @param out  CODEC_BYTES_MAX bytes
 * @param len  Bytes written; 0: nothing need be sent (DTX)
 *
 * @return 0, EINVAL (n does not fit the codec), EIO
 */
int codec_encode(struct codec_enc *e, const int16_t *pcm, size_t n,
		 uint8_t *out, size_t *len);

/**
 * Decode one packet
 *
 * @param pcm  CODEC_SAMPLES_MAX samples
 * @param n    Samples of each channel
 *
 * @return 0, EBADMSG (not of this codec)
 */
int codec_decode(struct codec_dec *d, const uint8_t *p, size_t len,
		 int16_t *pcm, size_t *n);

/**
 * What a lost packet may have been
 *
 * @param n     Samples of each channel that are wanted
 * @param next  The packet after it, which may have a copy of it (Opus' in-band
 *              FEC), or NULL
 */
void codec_conceal(struct codec_dec *d, int16_t *pcm, size_t n,
		   const uint8_t *next, size_t next_len);

/** A value of fmtp: "useinbandfec". @return false where it is not there */
bool codec_fmtp(const struct pl *fmtp, const char *name, struct pl *val);

#endif
