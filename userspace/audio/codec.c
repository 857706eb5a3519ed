/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/codec.c  The codecs that there are
 */
#include <errno.h>
#include <string.h>
#include "audio/codec_ops.h"

static const struct codec codecv[] = {
	{"PCMU", 8000, 8000, 1, 0, 20, 1, &codec_pcmu},
	{"PCMA", 8000, 8000, 1, 8, 20, 1, &codec_pcma},
	/* RFC 3551 4.5.2: its clock is an error that stays */
	{"G722", 8000, 16000, 1, 9, 20, 1, &codec_g722},
	{"opus", 48000, 48000, 2, -1, 20, 10, &codec_opus},
	{"GSM", 8000, 8000, 1, 3, 20, 20, &codec_gsm},
	{"G726-16", 8000, 8000, 1, -1, 20, 1, &codec_g726v[0]},
	{"G726-24", 8000, 8000, 1, -1, 20, 1, &codec_g726v[1]},
	{"G726-32", 8000, 8000, 1, -1, 20, 1, &codec_g726v[2]},
	{"G726-40", 8000, 8000, 1, -1, 20, 1, &codec_g726v[3]},
	{"AAL2-G726-16", 8000, 8000, 1, -1, 20, 1, &codec_g726_aal2v[0]},
	{"AAL2-G726-24", 8000, 8000, 1, -1, 20, 1, &codec_g726_aal2v[1]},
	{"AAL2-G726-32", 8000, 8000, 1, -1, 20, 1, &codec_g726_aal2v[2]},
	{"AAL2-G726-40", 8000, 8000, 1, -1, 20, 1, &codec_g726_aal2v[3]},
	{"G729", 8000, 8000, 1, 18, 20, 10, &codec_g729},
	{"G729A", 8000, 8000, 1, -1, 20, 10, &codec_g729},
	{"L16", 8000, 8000, 1, -1, 20, 1, &codec_l16},
	{"L16", 16000, 16000, 1, -1, 20, 1, &codec_l16},
	{"L16", 32000, 32000, 1, -1, 10, 1, &codec_l16},
	{"L16", 48000, 48000, 1, -1, 10, 1, &codec_l16},
	{"L16", 44100, 44100, 1, 11, 10, 10, &codec_l16},
	{"L16", 44100, 44100, 2, 10, 5, 1, &codec_l16},
	{"telephone-event", 8000, 8000, 1, -1, 20, 1, NULL},
	{"telephone-event", 16000, 16000, 1, -1, 20, 1, NULL},
	{"telephone-event", 48000, 48000, 1, -1, 20, 1, NULL},
	{"CN", 8000, 8000, 1, 13, 20, 1, NULL},
	{"CN", 16000, 16000, 1, -1, 20, 1, NULL},
};

const struct codec *codec_nth(unsigned n)
{
	return n < ARRAY_SIZE(codecv) ? &codecv[n] : NULL;
}

const struct codec *codec_find(const struct pl *name, uint32_t clock,
			       unsigned ch)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecv); i++) {
		const struct codec *c = &codecv[i];

		if (!pl_strcasecmp(name, c->name) &&
		    (!clock || clock == c->clock) && (!ch || ch == c->ch))
			return c;
	}

	return NULL;
}

const struct codec *codec_static(int pt)
{
	for (size_t i = 0; pt >= 0 && i < ARRAY_SIZE(codecv); i++) {
		if (codecv[i].pt == pt)
			return &codecv[i];
	}

	return NULL;
}

bool codec_usable(const struct codec *c)
{
	return c && c->ops && (!c->ops->usable || c->ops->usable());
}

bool codec_fmtp(const struct pl *fmtp, const char *name, struct pl *val)
{
	struct pl rest = *fmtp;

	while (rest.l) {
		struct pl part = rest, key;
		const char *semi = pl_strchr(&rest, ';'), *eq;

		part.l = semi ? (size_t)(semi - rest.p) : rest.l;
		pl_advance(&rest, (ssize_t)(part.l + (semi ? 1 : 0)));
		while (part.l && (*part.p == ' ' || *part.p == '\t'))
			pl_advance(&part, 1);
		while (part.l && (part.p[part.l - 1] == ' ' ||
				  part.p[part.l - 1] == '\t'))
			--part.l;
		key = part;
		eq = pl_strchr(&part, '=');
		if (eq)
			key.l = (size_t)(eq - part.p);
		if (pl_strcasecmp(&key, name))
			continue;
		pl_advance(&part, (ssize_t)(key.l + (eq ? 1 : 0)));
		*val = part;
		return true;
	}

	return false;
}

/* ---- encoders ------------------------------------------------------------ */

static void enc_destructor(void *arg)
{
	struct codec_enc *e = arg;

	if (e->st && e->codec->ops->enc_free)
		e->codec->ops->enc_free(e->st);
}

static bool param_valid(const struct codec_param *prm)
{
	return prm && prm->codec && prm->ptime <= CODEC_PTIME_MAX &&
	       prm->complexity <= 10;
}

int codec_enc_alloc(struct codec_enc **ep, const struct codec_param *prm)
{
	struct codec_enc *e;
	int err = 0;

	if (!ep || !param_valid(prm))
		return EINVAL;
	if (!codec_usable(prm->codec))
		return ENOTSUP;
	e = mem_zalloc(sizeof(*e), enc_destructor);
	if (!e)
		return ENOMEM;
	e->codec = prm->codec;
	e->rate = prm->codec->rate;
	e->ch = 1;
	if (e->codec->ops->enc_init)
		err = e->codec->ops->enc_init(e, prm);
	if (err)
		mem_deref(e);
	else
		*ep = e;

	return err;
}

uint32_t codec_enc_rate(const struct codec_enc *e)
{
	return e->rate;
}

unsigned codec_enc_ch(const struct codec_enc *e)
{
	return e->ch;
}

int codec_encode(struct codec_enc *e, const int16_t *pcm, size_t n,
		 uint8_t *out, size_t *len)
{
	if (!n || n * e->ch > CODEC_SAMPLES_MAX)
		return EINVAL;

	return e->codec->ops->encode(e, pcm, n, out, len);
}

/* ---- decoders ------------------------------------------------------------ */

static void dec_destructor(void *arg)
{
	struct codec_dec *d = arg;

	mem_deref(d->plc);
	if (d->st && d->codec->ops->dec_free)
		d->codec->ops->dec_free(d->st);
}

int codec_dec_alloc(struct codec_dec **dp, const struct codec_param *prm)
{
	struct codec_dec *d;
	int err = 0;

	if (!dp || !param_valid(prm))
		return EINVAL;
	if (!codec_usable(prm->codec))
		return ENOTSUP;
	d = mem_zalloc(sizeof(*d), dec_destructor);
	if (!d)
		return ENOMEM;
	d->codec = prm->codec;
	d->rate = prm->codec->rate;
	d->ch = 1;
	if (d->codec->ops->dec_init)
		err = d->codec->ops->dec_init(d, prm);
	if (!err && !d->codec->ops->conceal && d->ch == 1)
		err = plc_alloc(&d->plc, d->rate);
	if (err)
		mem_deref(d);
	else
		*dp = d;

	return err;
}

uint32_t codec_dec_rate(const struct codec_dec *d)
{
	return d->rate;
}

unsigned codec_dec_ch(const struct codec_dec *d)
{
	return d->ch;
}

int codec_decode(struct codec_dec *d, const uint8_t *p, size_t len,
		 int16_t *pcm, size_t *n)
{
	int err;

	if (!len)
		return EBADMSG;
	err = d->codec->ops->decode(d, p, len, pcm, n);
	if (!err && d->plc)
		plc_good(d->plc, pcm, *n);

	return err;
}

void codec_conceal(struct codec_dec *d, int16_t *pcm, size_t n,
		   const uint8_t *next, size_t next_len)
{
	if (n * d->ch > CODEC_SAMPLES_MAX)
		n = CODEC_SAMPLES_MAX / d->ch;
	if (d->codec->ops->conceal)
		d->codec->ops->conceal(d, pcm, n, next, next_len);
	else if (d->plc)
		plc_lost(d->plc, pcm, n);
	else
		memset(pcm, 0, n * d->ch * sizeof(*pcm));
}
