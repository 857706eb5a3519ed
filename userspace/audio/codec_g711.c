/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/codec_g711.c  G.711 and linear samples: PCMU, PCMA, L16
 */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <spandsp.h>
#include "audio/codec_ops.h"

static int ulaw_encode(struct codec_enc *e, const int16_t *pcm, size_t n,
		       uint8_t *out, size_t *len)
{
	(void)e;
	if (n > CODEC_BYTES_MAX)
		return EINVAL;
	for (size_t i = 0; i < n; i++)
		out[i] = linear_to_ulaw(pcm[i]);
	*len = n;

	return 0;
}

static int ulaw_decode(struct codec_dec *d, const uint8_t *p, size_t len,
		       int16_t *pcm, size_t *n)
{
	(void)d;
	if (len > CODEC_SAMPLES_MAX)
		return EBADMSG;
	for (size_t i = 0; i < len; i++)
		pcm[i] = ulaw_to_linear(p[i]);
	*n = len;

	return 0;
}

static int alaw_encode(struct codec_enc *e, const int16_t *pcm, size_t n,
		       uint8_t *out, size_t *len)
{
	(void)e;
	if (n > CODEC_BYTES_MAX)
		return EINVAL;
	for (size_t i = 0; i < n; i++)
		out[i] = linear_to_alaw(pcm[i]);
	*len = n;

	return 0;
}

static int alaw_decode(struct codec_dec *d, const uint8_t *p, size_t len,
		       int16_t *pcm, size_t *n)
{
	(void)d;
	if (len > CODEC_SAMPLES_MAX)
		return EBADMSG;
	for (size_t i = 0; i < len; i++)
		pcm[i] = alaw_to_linear(p[i]);
	*n = len;

	return 0;
}

static int l16_enc_init(struct codec_enc *e, const struct codec_param *prm)
{
	e->ch = prm->codec->ch;

	return 0;
}

static int l16_dec_init(struct codec_dec *d, const struct codec_param *prm)
{
	d->ch = prm->codec->ch;

	return 0;
}

static int l16_encode(struct codec_enc *e, const int16_t *pcm, size_t n,
		      uint8_t *out, size_t *len)
{
	n *= e->ch;
	if (2 * n > CODEC_BYTES_MAX)
		return EINVAL;
	for (size_t i = 0; i < n; i++) {
		uint16_t w = htons((uint16_t)pcm[i]);

		memcpy(out + 2 * i, &w, 2);
	}
	*len = 2 * n;

	return 0;
}

static int l16_decode(struct codec_dec *d, const uint8_t *p, size_t len,
		      int16_t *pcm, size_t *n)
{
	if (len % (2u * d->ch) || len / 2 > CODEC_SAMPLES_MAX)
		return EBADMSG;
	for (size_t i = 0; i < len / 2; i++) {
		uint16_t w;

		memcpy(&w, p + 2 * i, 2);
		pcm[i] = (int16_t)ntohs(w);
	}
	*n = len / 2 / d->ch;

	return 0;
}

const struct codec_ops codec_pcmu = {.encode = ulaw_encode,
				     .decode = ulaw_decode};
const struct codec_ops codec_pcma = {.encode = alaw_encode,
				     .decode = alaw_decode};
const struct codec_ops codec_l16 = {.enc_init = l16_enc_init,
				    .encode = l16_encode,
				    .dec_init = l16_dec_init,
				    .decode = l16_decode};
