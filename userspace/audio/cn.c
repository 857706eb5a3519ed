/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/cn.c  Comfort noise (RFC 3389)
 *
 * The spectrum is that of an all-pole filter told by its reflection coefficients. White
 * noise goes through it as a lattice, which is stable whatever comes in a packet, as
 * each coefficient is less than 1.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <re.h>
#include "audio/cn.h"
#include "audio/level.h"

/** RFC 3389 3.2: a coefficient in 8 bits, and one that means nothing */
enum { ZERO = 127, STEP = 258, RESERVED = 255, RAMP = 80 };

struct cn {
	double k[CN_ORDER];
	double past[CN_ORDER + 1]; /* the lattice's backward path       */
	double gain, wanted;       /* of the white noise; moves to wanted */
	uint32_t seed;
};

/* ---- describing ----------------------------------------------------------- */

static void correlate(const int16_t *pcm, size_t n, double r[CN_ORDER + 1])
{
	for (size_t lag = 0; lag <= CN_ORDER; lag++) {
		r[lag] = 0;
		for (size_t i = lag; i < n; i++)
			r[lag] += (double)pcm[i] * pcm[i - lag];
	}
	/* a floor 40 dB down: a pure tone is no noise, and makes no resonance */
	r[0] = r[0] * 1.0001 + 1;
}

/* Levinson and Durbin: reflection coefficients from a correlation */
static void reflect(const double r[CN_ORDER + 1], double k[CN_ORDER])
{
	double a[CN_ORDER + 1] = {1}, b[CN_ORDER + 1], err = r[0];

	for (int m = 1; m <= CN_ORDER; m++) {
		double sum = 0;

		for (int i = 0; i < m; i++)
			sum += a[i] * r[m - i];
		k[m - 1] = -sum / err;
		memcpy(b, a, sizeof(b));
		for (int i = 1; i <= m; i++)
			a[i] = b[i] + k[m - 1] * b[m - i];
		err *= 1 - k[m - 1] * k[m - 1];
	}
}

size_t cn_describe(const int16_t *pcm, size_t n, uint8_t *out)
{
	double r[CN_ORDER + 1], k[CN_ORDER];

	out[0] = (uint8_t)level_dbov(pcm, n);
	if (out[0] == LEVEL_SILENT)
		return 1;
	correlate(pcm, n, r);
	reflect(r, k);
	for (int i = 0; i < CN_ORDER; i++) {
		const long v = lrint(k[i] * 32768 / STEP) + ZERO;

		out[1 + i] = (uint8_t)(v < 0           ? 0
				       : v >= RESERVED ? RESERVED - 1
						       : v);
	}

	return CN_BYTES_MAX;
}

/* ---- rendering ------------------------------------------------------------ */

int cn_alloc(struct cn **cp)
{
	struct cn *c;

	if (!cp)
		return EINVAL;
	c = mem_zalloc(sizeof(*c), NULL);
	if (!c)
		return ENOMEM;
	c->seed = 1;
	*cp = c;

	return 0;
}

int cn_take(struct cn *c, const uint8_t *p, size_t len)
{
	double gain;

	if (!len)
		return EBADMSG;
	gain = level_rms(p[0] & 127);
	for (size_t i = 0; i < CN_ORDER; i++) {
		/* who sends fewer means white from there on; what more there is
		 * says nothing that is heard */
		const uint8_t v = i + 1 < len ? p[1 + i] : ZERO;

		c->k[i] = v == RESERVED ? 0 : STEP * (v - ZERO) / 32768.0;
		gain *= sqrt(1 - c->k[i] * c->k[i]);
	}
	c->wanted = gain;

	return 0;
}

/* White, with a power of 1 */
static double white(struct cn *c)
{
	c->seed ^= c->seed << 13;
	c->seed ^= c->seed >> 17;
	c->seed ^= c->seed << 5;

	return (int32_t)c->seed * (1.7320508 / 2147483648.0);
}

static double filter(struct cn *c, double f)
{
	for (int i = CN_ORDER; i > 0; i--) {
		f -= c->k[i - 1] * c->past[i - 1];
		c->past[i] = c->past[i - 1] + c->k[i - 1] * f;
	}
	c->past[0] = f;

	return f;
}

void cn_render(struct cn *c, int16_t *pcm, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double s;

		c->gain += (c->wanted - c->gain) / RAMP;
		s = filter(c, white(c) * c->gain);
		s = s > INT16_MAX ? INT16_MAX : s < INT16_MIN ? INT16_MIN : s;
		pcm[i] = (int16_t)s;
	}
}
