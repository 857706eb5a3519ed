/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/codec_g729.c  G.729 and its annexes A and B, by bcg729, where that
 *                           library is installed: it is looked for when needed
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include "audio/codec_ops.h"

enum { FRAME = 80, FRAME_BYTES = 10, SID_BYTES = 2 };

#define LIBRARY "libbcg729.so.0"

/** The library and a channel of it */
struct g729 {
	void *lib, *ch;
	void (*close)(void *ch);
	void (*encode)(void *ch, const int16_t in[], uint8_t out[],
		       uint8_t *len);
	void (*decode)(void *ch, const uint8_t in[], uint8_t len,
		       uint8_t erased, uint8_t sid, uint8_t cn, int16_t out[]);
};

static bool usable(void)
{
	void *lib = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);

	if (!lib)
		return false;
	(void)dlclose(lib);

	return true;
}

static void destructor(void *arg)
{
	struct g729 *g = arg;

	if (g->ch)
		g->close(g->ch);
	if (g->lib)
		(void)dlclose(g->lib);
}

/* A function of the library; POSIX wants object pointers to hold them */
static bool symbol(void *lib, const char *name, void *fn)
{
	void *p = dlsym(lib, name);

	memcpy(fn, &p, sizeof(p));

	return p != NULL;
}

static struct g729 *load(const char *close)
{
	struct g729 *g = mem_zalloc(sizeof(*g), destructor);

	if (!g)
		return NULL;
	g->lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!g->lib || !symbol(g->lib, close, &g->close))
		return mem_deref(g);

	return g;
}

static bool has_vad(const struct pl *fmtp)
{
	struct pl val;

	/* yes by default (RFC 4856 2.1.9) */
	return !codec_fmtp(fmtp, "annexb", &val) || pl_strcasecmp(&val, "no");
}

static int enc_init(struct codec_enc *e, const struct codec_param *prm)
{
	struct g729 *g = load("closeBcg729EncoderChannel");
	void *(*init)(uint8_t vad);

	if (!g)
		return ENOTSUP;
	if (!symbol(g->lib, "initBcg729EncoderChannel", &init) ||
	    !symbol(g->lib, "bcg729Encoder", &g->encode)) {
		mem_deref(g);
		return ENOTSUP;
	}
	g->ch = init(has_vad(&prm->fmtp));
	e->st = g;

	return g->ch ? 0 : ENOMEM;
}

static int dec_init(struct codec_dec *d, const struct codec_param *prm)
{
	struct g729 *g = load("closeBcg729DecoderChannel");
	void *(*init)(void);
	(void)prm;

	if (!g)
		return ENOTSUP;
	if (!symbol(g->lib, "initBcg729DecoderChannel", &init) ||
	    !symbol(g->lib, "bcg729Decoder", &g->decode)) {
		mem_deref(g);
		return ENOTSUP;
	}
	g->ch = init();
	d->st = g;

	return g->ch ? 0 : ENOMEM;
}

/* A frame of annex B (silence) is the last one of a packet (RFC 3551 4.5.6) */
static int encode(struct codec_enc *e, const int16_t *pcm, size_t n,
		  uint8_t *out, size_t *len)
{
	struct g729 *g = e->st;
	uint8_t bytes = FRAME_BYTES;

	if (n % FRAME || n / FRAME * FRAME_BYTES > CODEC_BYTES_MAX)
		return EINVAL;
	*len = 0;
	for (size_t i = 0; i < n; i += FRAME) {
		if (bytes != FRAME_BYTES && *len)
			break;
		g->encode(g->ch, pcm + i, out + *len, &bytes);
		*len += bytes;
	}

	return 0;
}

static int decode(struct codec_dec *d, const uint8_t *p, size_t len,
		  int16_t *pcm, size_t *n)
{
	struct g729 *g = d->st;

	if ((len % FRAME_BYTES && len % FRAME_BYTES != SID_BYTES) ||
	    (len / FRAME_BYTES + 1) * FRAME > CODEC_SAMPLES_MAX)
		return EBADMSG;
	*n = 0;
	while (len) {
		bool sid = len == SID_BYTES;
		uint8_t bytes = sid ? SID_BYTES : FRAME_BYTES;

		g->decode(g->ch, p, bytes, 0, sid, 0, pcm + *n);
		*n += FRAME;
		p += bytes;
		len -= bytes;
	}

	return 0;
}

static void conceal(struct codec_dec *d, int16_t *pcm, size_t n,
		    const uint8_t *next, size_t next_len)
{
	struct g729 *g = d->st;
	int16_t frame[FRAME];
	(void)next;
	(void)next_len;

	for (size_t i = 0; i < n; i += FRAME) {
		size_t k = n - i < FRAME ? n - i : FRAME;

		g->decode(g->ch, NULL, 0, 1, 0, 0, frame);
		memcpy(pcm + i, frame, k * sizeof(*pcm));
	}
}

static void end(void *st)
{
	mem_deref(st);
}

const struct codec_ops codec_g729 = {.enc_init = enc_init,
				     .encode = encode,
				     .enc_free = end,
				     .dec_init = dec_init,
				     .decode = decode,
				     .conceal = conceal,
				     .dec_free = end,
				     .usable = usable};
