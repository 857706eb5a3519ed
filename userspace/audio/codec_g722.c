/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/codec_g722.c  G.722 as a codec of the table
 */
#include <errno.h>
#include "audio/codec_ops.h"
#include "audio/g722.h"

/* Narrow band on the other side: G.722's lower band has just that, and is the
 * samples at 8 kHz. No filter and no other rate are needed, and the upper band is
 * silent */
static bool narrow(uint32_t wanted, uint32_t *rate)
{
	if (wanted == 8000)
		*rate = 8000;

	return wanted == 8000;
}

static int enc_init(struct codec_enc *e, const struct codec_param *prm)
{
	struct g722_enc *g = NULL;
	const int err = g722_enc_alloc(&g, narrow(prm->rate, &e->rate));

	e->st = g;

	return err;
}

static int encode(struct codec_enc *e, const int16_t *pcm, size_t n,
		  uint8_t *out, size_t *len)
{
	const size_t each = e->rate / 8000;

	if (n % each || n / each > CODEC_BYTES_MAX)
		return EINVAL;
	*len = n / each;
	g722_enc_run(e->st, pcm, *len, out);

	return 0;
}

static int dec_init(struct codec_dec *d, const struct codec_param *prm)
{
	struct g722_dec *g = NULL;
	const int err = g722_dec_alloc(&g, narrow(prm->rate, &d->rate));

	d->st = g;

	return err;
}

static int decode(struct codec_dec *d, const uint8_t *p, size_t len,
		  int16_t *pcm, size_t *n)
{
	if (2 * len > CODEC_SAMPLES_MAX)
		return EBADMSG;
	g722_dec_run(d->st, p, len, pcm);
	*n = len * (d->rate / 8000);

	return 0;
}

static void end(void *st)
{
	mem_deref(st);
}

const struct codec_ops codec_g722 = {.enc_init = enc_init,
				     .encode = encode,
				     .enc_free = end,
				     .dec_init = dec_init,
				     .decode = decode,
				     .dec_free = end};
