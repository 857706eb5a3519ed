/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/codec_opus.c  Opus (RFC 6716) in RTP (RFC 7587)
 */
#include <errno.h>
#include <opus/opus.h>
#include "audio/codec_ops.h"

enum { BITRATE_MIN = 6000, BITRATE_MAX = 510000 };

/* Opus runs at any of these, whatever the other end does */
static uint32_t rate_of(uint32_t wanted)
{
	switch (wanted) {
	case 8000:
	case 12000:
	case 16000:
	case 24000:
		return wanted;
	default:
		return 48000;
	}
}

static bool number(const struct pl *fmtp, const char *name, uint32_t *v)
{
	struct pl val;

	if (!codec_fmtp(fmtp, name, &val) || !val.l || val.l > 9)
		return false;
	*v = pl_u32(&val);

	return true;
}

static bool is_set(const struct pl *fmtp, const char *name)
{
	uint32_t v;

	return number(fmtp, name, &v) && v == 1;
}

/* What the receiver can play is all that it is sent (RFC 7587 6.1) */
static int bandwidth(uint32_t rate)
{
	return rate <= 8000    ? OPUS_BANDWIDTH_NARROWBAND
	       : rate <= 12000 ? OPUS_BANDWIDTH_MEDIUMBAND
	       : rate <= 16000 ? OPUS_BANDWIDTH_WIDEBAND
	       : rate <= 24000 ? OPUS_BANDWIDTH_SUPERWIDEBAND
			       : OPUS_BANDWIDTH_FULLBAND;
}

static void set_bitrate(OpusEncoder *o, const struct codec_param *prm)
{
	uint32_t most, rate = prm->bitrate;

	if (number(&prm->fmtp, "maxaveragebitrate", &most) &&
	    most >= BITRATE_MIN && most <= BITRATE_MAX &&
	    (!rate || rate > most))
		rate = most;
	if (rate)
		(void)opus_encoder_ctl(o, OPUS_SET_BITRATE((int)rate));
}

static int enc_init(struct codec_enc *e, const struct codec_param *prm)
{
	const struct pl *fmtp = &prm->fmtp;
	uint32_t play;
	OpusEncoder *o;
	int err;

	e->rate = rate_of(prm->rate);
	e->ch = is_set(fmtp, "stereo") && e->rate == 48000 ? 2 : 1;
	o = opus_encoder_create((int)e->rate, (int)e->ch, OPUS_APPLICATION_VOIP,
				&err);
	if (!o)
		return ENOMEM;
	e->st = o;
	if (number(fmtp, "maxplaybackrate", &play) && play >= 8000)
		(void)opus_encoder_ctl(o,
				       OPUS_SET_MAX_BANDWIDTH(bandwidth(play)));
	set_bitrate(o, prm);
	if (prm->complexity >= 0)
		(void)opus_encoder_ctl(o, OPUS_SET_COMPLEXITY(prm->complexity));
	(void)opus_encoder_ctl(o, OPUS_SET_VBR(!is_set(fmtp, "cbr")));
	(void)opus_encoder_ctl(o, OPUS_SET_DTX(is_set(fmtp, "usedtx")));
	if (is_set(fmtp, "useinbandfec")) {
		(void)opus_encoder_ctl(o, OPUS_SET_INBAND_FEC(1));
		(void)opus_encoder_ctl(o, OPUS_SET_PACKET_LOSS_PERC(5));
	}

	return 0;
}

/* 30 and 50 ms are no packets of Opus', but two of them in one are not known to
 * everybody: who asks for them gets EINVAL, and chooses another ptime */
static int encode(struct codec_enc *e, const int16_t *pcm, size_t n,
		  uint8_t *out, size_t *len)
{
	int rc = opus_encode(e->st, pcm, (int)n, out, CODEC_BYTES_MAX);

	if (rc < 0)
		return rc == OPUS_BAD_ARG ? EINVAL : EIO;
	/* RFC 7587 3.1.3: two bytes or less need not be sent */
	*len = rc <= 2 ? 0 : (size_t)rc;

	return 0;
}

static void enc_free(void *st)
{
	opus_encoder_destroy(st);
}

static int dec_init(struct codec_dec *d, const struct codec_param *prm)
{
	int err;

	d->rate = rate_of(prm->rate);
	d->ch = is_set(&prm->fmtp, "sprop-stereo") && d->rate == 48000 ? 2 : 1;
	d->st = opus_decoder_create((int)d->rate, (int)d->ch, &err);

	return d->st ? 0 : ENOMEM;
}

static int decode(struct codec_dec *d, const uint8_t *p, size_t len,
		  int16_t *pcm, size_t *n)
{
	int rc = opus_decode(d->st, p, (opus_int32)len, pcm,
			     CODEC_SAMPLES_MAX / (int)d->ch, 0);

	if (rc <= 0)
		return EBADMSG;
	*n = (size_t)rc;

	return 0;
}

static void conceal(struct codec_dec *d, int16_t *pcm, size_t n,
		    const uint8_t *next, size_t next_len)
{
	int rc = -1;

	if (next)
		rc = opus_decode(d->st, next, (opus_int32)next_len, pcm, (int)n,
				 1);
	if (rc < 0)
		rc = opus_decode(d->st, NULL, 0, pcm, (int)n, 0);
	for (size_t i = rc > 0 ? (size_t)rc * d->ch : 0; i < n * d->ch; i++)
		pcm[i] = 0;
}

static void dec_free(void *st)
{
	opus_decoder_destroy(st);
}

const struct codec_ops codec_opus = {.enc_init = enc_init,
				     .encode = encode,
				     .enc_free = enc_free,
				     .dec_init = dec_init,
				     .decode = decode,
				     .conceal = conceal,
				     .dec_free = dec_free};
