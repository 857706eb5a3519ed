/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/codec_ops.h  What a codec has to be able to do
 */
#ifndef CAROM_AUDIO_CODEC_OPS_H
#define CAROM_AUDIO_CODEC_OPS_H

#include "audio/codec.h"
#include "audio/plc.h"

struct codec_enc {
	const struct codec *codec;
	uint32_t rate;
	unsigned ch;
	void *st; /* the library's; freed by ops->enc_free */
};

struct codec_dec {
	const struct codec *codec;
	uint32_t rate;
	unsigned ch;
	void *st;
	struct plc *plc; /* of codecs without a concealment of their own */
};

/** A codec. State is made by *_init, which sets st, and may set rate and ch */
struct codec_ops {
	int (*enc_init)(struct codec_enc *e, const struct codec_param *prm);
	int (*encode)(struct codec_enc *e, const int16_t *pcm, size_t n,
		      uint8_t *out, size_t *len);
	void (*enc_free)(void *st);
	int (*dec_init)(struct codec_dec *d, const struct codec_param *prm);
	int (*decode)(struct codec_dec *d, const uint8_t *p, size_t len,
		      int16_t *pcm, size_t *n);
	/* NULL: plc.h does it */
	void (*conceal)(struct codec_dec *d, int16_t *pcm, size_t n,
			const uint8_t *next, size_t next_len);
	void (*dec_free)(void *st);
	bool (*usable)(void); /* NULL: always */
};

extern const struct codec_ops codec_pcmu, codec_pcma, codec_l16, codec_g722,
	codec_gsm, codec_opus, codec_g729;
/** G.726, by bits of a sample (2..5) and packing */
extern const struct codec_ops codec_g726v[4], codec_g726_aal2v[4];

#endif
