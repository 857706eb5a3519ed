/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Payloads of any codec: packets of chosen length, some lost, at a chosen rate. Samples
 * or an error come out, within the room that there is; what is decoded can be encoded.
 */
#include <string.h>
#include "audio/codec.h"
#include "audio/plc.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** What the input says, byte by byte */
struct input {
	const uint8_t *p, *end;
};

static uint8_t take(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static void conceal(struct codec_dec *d, struct input *in, const uint8_t *next,
		    size_t len)
{
	const uint8_t how = take(in);
	const size_t n = codec_dec_rate(d) / 400 * (how >> 2);
	int16_t *pcm = malloc(n * codec_dec_ch(d) * sizeof(*pcm) + 1);

	MUST(pcm);
	codec_conceal(d, pcm, n, how & 1 ? next : NULL, len);
	free(pcm);
}

/* One packet, in memory of its own: a byte too far is seen */
static void packet(struct codec_dec *d, struct codec_enc *e, struct input *in,
		   int16_t *pcm)
{
	const uint8_t how = take(in);
	size_t len = (size_t)take(in) * (how & 1 ? 6 : 1), n = 0, outn;
	uint8_t out[CODEC_BYTES_MAX], *copy;

	if (len > (size_t)(in->end - in->p))
		len = (size_t)(in->end - in->p);
	copy = malloc(len + 1);
	MUST(copy);
	memcpy(copy, in->p, len);
	in->p += len;
	if (how & 2)
		conceal(d, in, copy, len);
	if (!codec_decode(d, copy, len, pcm, &n)) {
		MUST(n > 0 && n * codec_dec_ch(d) <= CODEC_SAMPLES_MAX);
		if (!codec_encode(e, pcm, n, out, &outn))
			MUST(outn <= sizeof(out));
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t ratev[] = {0, 8000, 16000, 48000};
	static const char *fmtpv[] = {"", "stereo=1;sprop-stereo=1",
				      "useinbandfec=1;usedtx=1;cbr=1",
				      "annexb=no"};
	struct input in = {data, data + size};
	struct codec_param prm = {.complexity = 0};
	struct codec_dec *d;
	struct codec_enc *e;
	int16_t *pcm;
	uint8_t how;

	prm.codec = codec_nth(take(&in));
	how = take(&in);
	prm.rate = ratev[how & 3];
	pl_set_str(&prm.fmtp, fmtpv[how >> 2 & 3]);
	if (!codec_usable(prm.codec))
		return 0;
	pcm = malloc(CODEC_SAMPLES_MAX * sizeof(*pcm));
	MUST(pcm);
	MUST(!codec_dec_alloc(&d, &prm));
	MUST(!codec_enc_alloc(&e, &prm));
	/* an hour of packets would show no more than these */
	for (int i = 0; i < 64 && in.p < in.end; i++)
		packet(d, e, &in, pcm);
	mem_deref(d);
	mem_deref(e);
	free(pcm);
	return 0;
}
