/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/codec_spandsp.c  G.726 and GSM, by spandsp
 */
#include <errno.h>
#include <spandsp.h>
#include "audio/codec_ops.h"

enum { GSM_SAMPLES = 160, GSM_BYTES = 33 };

/* ---- GSM full rate ------------------------------------------------------ */

static int gsm_enc_init(struct codec_enc *e, const struct codec_param *prm)
{
	(void)prm;
	e->st = gsm0610_init(NULL, GSM0610_PACKING_VOIP);

	return e->st ? 0 : ENOMEM;
}

static int gsm_dec_init(struct codec_dec *d, const struct codec_param *prm)
{
	(void)prm;
	d->st = gsm0610_init(NULL, GSM0610_PACKING_VOIP);

	return d->st ? 0 : ENOMEM;
}

static int gsm_enc(struct codec_enc *e, const int16_t *pcm, size_t n,
		   uint8_t *out, size_t *len)
{
	if (n % GSM_SAMPLES || n / GSM_SAMPLES * GSM_BYTES > CODEC_BYTES_MAX)
		return EINVAL;
	*len = (size_t)gsm0610_encode(e->st, out, pcm, (int)n);

	return 0;
}

static int gsm_dec(struct codec_dec *d, const uint8_t *p, size_t len,
		   int16_t *pcm, size_t *n)
{
	/* a frame begins with a signature */
	if (len % GSM_BYTES ||
	    len / GSM_BYTES * GSM_SAMPLES > CODEC_SAMPLES_MAX)
		return EBADMSG;
	for (size_t i = 0; i < len; i += GSM_BYTES) {
		if (p[i] >> 4 != 0xd)
			return EBADMSG;
	}
	*n = (size_t)gsm0610_decode(d->st, pcm, p, (int)len);

	return 0;
}

static void gsm_free(void *st)
{
	(void)gsm0610_free(st);
}

const struct codec_ops codec_gsm = {.enc_init = gsm_enc_init,
				    .encode = gsm_enc,
				    .enc_free = gsm_free,
				    .dec_init = gsm_dec_init,
				    .decode = gsm_dec,
				    .dec_free = gsm_free};

/* ---- G.726 -------------------------------------------------------------- */

/* Which of the table's entries a codec is says its rate and packing: RFC 3551's
 * starts at the low bits, I.366.2's (AAL2) at the high ones */
static bool g726_which(const struct codec_ops *ops, int *rate, int *packing)
{
	for (int i = 0; i < 4; i++) {
		if (ops != &codec_g726v[i] && ops != &codec_g726_aal2v[i])
			continue;
		*rate = 16000 + 8000 * i;
		*packing = ops == &codec_g726v[i] ? G726_PACKING_RIGHT
						  : G726_PACKING_LEFT;
		return true;
	}

	return false;
}

static void *g726_make(const struct codec *c)
{
	int rate, packing;

	return g726_which(c->ops, &rate, &packing)
		       ? g726_init(NULL, rate, G726_ENCODING_LINEAR, packing)
		       : NULL;
}

static int g726_enc_init(struct codec_enc *e, const struct codec_param *prm)
{
	e->st = g726_make(prm->codec);

	return e->st ? 0 : ENOMEM;
}

static int g726_dec_init(struct codec_dec *d, const struct codec_param *prm)
{
	d->st = g726_make(prm->codec);

	return d->st ? 0 : ENOMEM;
}

/* Eight samples fill whole bytes at each rate */
static int g726_enc(struct codec_enc *e, const int16_t *pcm, size_t n,
		    uint8_t *out, size_t *len)
{
	if (n % 8 || n > CODEC_BYTES_MAX)
		return EINVAL;
	*len = (size_t)g726_encode(e->st, out, pcm, (int)n);

	return 0;
}

static int g726_dec(struct codec_dec *d, const uint8_t *p, size_t len,
		    int16_t *pcm, size_t *n)
{
	if (len * 4 > CODEC_SAMPLES_MAX)
		return EBADMSG;
	*n = (size_t)g726_decode(d->st, pcm, p, (int)len);

	return *n ? 0 : EBADMSG;
}

static void g726_end(void *st)
{
	(void)g726_free(st);
}

#define G726                                                                   \
	{                                                                      \
		.enc_init = g726_enc_init, .encode = g726_enc,                 \
		.enc_free = g726_end, .dec_init = g726_dec_init,               \
		.decode = g726_dec, .dec_free = g726_end                       \
	}

const struct codec_ops codec_g726v[4] = {G726, G726, G726, G726};
const struct codec_ops codec_g726_aal2v[4] = {G726, G726, G726, G726};
