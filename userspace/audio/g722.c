/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/g722.c  ITU-T G.722 at 64 kbit/s
 */
#include <errno.h>
#include <re.h>
#include "audio/g722.h"
#include "audio/g722_qmf.h"
#include "audio/vec8.h"

/* gcc thinks these too long to be had twice; a call would have the state go through
 * memory, at a third of the speed */
#define INLINE inline __attribute__((always_inline))

/** A band's adaptive predictor and step size (clause 3.5, 3.6) */
struct band {
	vec8 b, d;       /* six zeros: coefficients, and differences, newest
			   first; lanes 6 and 7 of b are 0 */
	int32_t a1, a2;  /* two poles */
	int32_t r1, r2;  /* reconstructed before */
	int32_t p1, p2;  /* signs of partly reconstructed before, 0 or -1 */
	int32_t s, sz;   /* predicted: in all, by the zeros */
	int32_t nb, det; /* step, its logarithm first */
};

struct g722_enc {
	struct band low, high;
	struct qmf qmf;
	bool narrow;
};

struct g722_dec {
	struct band low, high;
	struct qmf qmf;
	bool narrow;
};

/* Table 17/G.722: thresholds of the quantiser; shifted as the product wants it */
#define Q(x) (int16_t)(uint16_t)((x) << 4)
static const vec8 thresholds[4] = {
	{0, Q(35), Q(72), Q(110), Q(150), Q(190), Q(233), Q(276)},
	{Q(323), Q(370), Q(422), Q(473), Q(530), Q(587), Q(650), Q(714)},
	{Q(786), Q(858), Q(940), Q(1023), Q(1121), Q(1219), Q(1339), Q(1458)},
	{Q(1612), Q(1765), Q(1980), Q(2195), Q(2557), Q(2919), 0, 0},
};

/* Codes of what lies under a threshold, positive and negative */
static const uint8_t code_low[2][32] = {
	{0,  61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47,
	 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 0},
	{0,  63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19,
	 18, 17, 16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  0},
};

static const int16_t value6[64] = {
	-136,   -136,   -136,   -136,   -24808, -21904, -19008, -16704,
	-14984, -13512, -12280, -11192, -10232, -9360,  -8576,  -7856,
	-7192,  -6576,  -6000,  -5456,  -4944,  -4464,  -4008,  -3576,
	-3168,  -2776,  -2400,  -2032,  -1688,  -1360,  -1040,  -728,
	24808,  21904,  19008,  16704,  14984,  13512,  12280,  11192,
	10232,  9360,   8576,   7856,   7192,   6576,   6000,   5456,
	4944,   4464,   4008,   3576,   3168,   2776,   2400,   2032,
	1688,   1360,   1040,   728,    432,    136,    -432,   -136};
static const int16_t value4[16] = {0,     -20456, -12896, -8968, -6288, -4240,
				   -2584, -1200,  20456,  12896, 8968,  6288,
				   4240,  2584,   1200,   0};
static const int16_t value2[4] = {-7408, -1616, 7408, 1616};

/* How a code makes the step grow or shrink */
static const int16_t grow4[16] = {-60,  3042, 1198, 538, 334, 172, 58,  -30,
				  3042, 1198, 538,  334, 172, 58,  -30, -60};
static const int16_t grow2[4] = {798, -214, 798, -214};

/* 2048 * 2^(i / 32) */
static const int16_t power[32] = {
	2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543,
	2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228,
	3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};

enum {
	LOW_NB_MAX = 18432,
	HIGH_NB_MAX = 22528,
	LOW_SHIFT = 9,
	HIGH_SHIFT = 11
};

static inline int32_t clip(int32_t x, int32_t least, int32_t most)
{
	return x < least ? least : x > most ? most : x;
}

static INLINE int32_t step(struct band *n, int32_t grow, int32_t most,
			   int shift)
{
	n->nb = clip((n->nb * 127 >> 7) + grow, 0, most);

	return (power[n->nb >> 6 & 31] << 1 >> (shift - (n->nb >> 11))) << 2;
}

/* The zeros' coefficients follow the signs of the differences */
static INLINE vec8 zeros(const struct band *n, int32_t d)
{
	const vec8 by = {128, 128, 128, 128, 128, 128, 0, 0};
	const vec8 unlike = (n->d ^ vec8_all((int16_t)d)) >> 15;
	const vec8 any = vec8_all((int16_t) - (d != 0));

	return vec8_adds(n->b + vec8_mulhi(n->b, vec8_all(-256)),
			 ((by ^ unlike) - unlike) & any);
}

/* Sum of each zero's part, rounded down to whole numbers one by one */
static INLINE int32_t by_zeros(vec8 b, vec8 d)
{
	const vec8 d2 = vec8_adds(d, d);
	const vec8 high = vec8_mulhi(b, d2), low = vec8_mullo(b, d2);
	const vec8 carry = (low >> 15) & 1;
	vec4 sum = vec8_madd(high + high + carry, vec8_all(1));

	sum += __builtin_shufflevector(sum, sum, 2, 3, 0, 1);
	sum += __builtin_shufflevector(sum, sum, 1, 0, 3, 2);

	return vec_sat16(sum[0]);
}

static INLINE void poles(struct band *n, int32_t p)
{
	const int32_t unlike1 = p ^ n->p1, unlike2 = p ^ n->p2; /* 0 or -1 */
	int32_t lead = clip(n->a1 * 4, INT16_MIN, INT16_MAX), most;

	/* negative where the signs are alike; they change too often for the CPU
	 * to guess, so there is no branch */
	lead = (lead ^ ~unlike1) - ~unlike1;
	lead = lead < INT16_MAX ? lead : INT16_MAX;
	n->a2 = clip((128 ^ unlike2) - unlike2 + (lead >> 7) +
			     (n->a2 * 32512 >> 15),
		     -12288, 12288);
	most = 15360 - n->a2;
	n->a1 = clip((192 ^ unlike1) - unlike1 + (n->a1 * 32640 >> 15), -most,
		     most);
	n->p2 = n->p1;
	n->p1 = p;
}

/* d: the quantised difference between what was predicted and what came */
static INLINE void adapt(struct band *n, int32_t d)
{
	const int32_t r = vec_sat16(n->s + d);
	int32_t r1, r2;

	poles(n, vec_sat16(n->sz + d) >> 15);
	n->b = zeros(n, d);
	n->d = __builtin_shufflevector(n->d, n->d, 0, 0, 1, 2, 3, 4, 5, 6);
	n->d[0] = (int16_t)d;
	n->r2 = n->r1;
	n->r1 = r;
	r1 = vec_sat16(2 * n->r1);
	r2 = vec_sat16(2 * n->r2);
	n->sz = by_zeros(n->b, n->d);
	n->s = vec_sat16(vec_sat16((n->a1 * r1 >> 15) + (n->a2 * r2 >> 15)) +
			 n->sz);
}

/* ---- encoder ------------------------------------------------------------- */

static INLINE unsigned enc_low(struct band *n, int32_t x)
{
	const int32_t e = vec_sat16(x - n->s);
	const vec8 size = vec8_all((int16_t)(e ^ e >> 31));
	const vec8 det = vec8_all((int16_t)n->det);
	vec8 over[4];
	uint32_t bits;
	unsigned code;
	int32_t d;

	for (int i = 0; i < 4; i++)
		over[i] = vec8_mulhiu(thresholds[i], det) > size;
	bits = vec8_bits(over[0], over[1]) | vec8_bits(over[2], over[3]) << 16 |
	       1u << 30;
	code = code_low[e < 0][__builtin_ctz(bits)];
	d = n->det * value4[code >> 2] >> 15;
	n->det = step(n, grow4[code >> 2], LOW_NB_MAX, LOW_SHIFT);
	adapt(n, d);

	return code;
}

static INLINE unsigned enc_high(struct band *n, int32_t x)
{
	const int32_t e = vec_sat16(x - n->s);
	const bool large = (e ^ e >> 31) >= 564 * n->det >> 12;
	const unsigned code = (e < 0 ? 0u : 2u) | !large;
	const int32_t d = n->det * value2[code] >> 15;

	n->det = step(n, grow2[code], HIGH_NB_MAX, HIGH_SHIFT);
	adapt(n, d);

	return code;
}

static void start(struct band *low, struct band *high)
{
	low->det = 32;
	high->det = 8;
}

int g722_enc_alloc(struct g722_enc **ep, bool narrow)
{
	struct g722_enc *e = mem_zalloc(sizeof(*e), NULL);

	if (!e)
		return ENOMEM;
	start(&e->low, &e->high);
	e->narrow = narrow;
	*ep = e;

	return 0;
}

static void enc_wide(struct g722_enc *e, const int16_t *pcm, size_t n,
		     uint8_t *out)
{
	struct band low = e->low, high = e->high;
	int16_t x[QMF_BLOCK], y[QMF_BLOCK];

	qmf_split(&e->qmf, pcm, n, x, y);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(enc_high(&high, y[i]) << 6 |
				   enc_low(&low, x[i]));
	e->low = low;
	e->high = high;
}

void g722_enc_run(struct g722_enc *e, const int16_t *pcm, size_t n,
		  uint8_t *out)
{
	size_t k;

	if (e->narrow) {
		struct band low = e->low;

		for (size_t i = 0; i < n; i++)
			out[i] = (uint8_t)(0xc0 | enc_low(&low, pcm[i] >> 1));
		e->low = low;
		return;
	}
	for (size_t i = 0; i < n; i += k) {
		k = n - i < QMF_BLOCK ? n - i : QMF_BLOCK;
		enc_wide(e, pcm + 2 * i, k, out + i);
	}
}

/* ---- decoder ------------------------------------------------------------- */

static INLINE int16_t dec_low(struct band *n, unsigned code)
{
	const int32_t s = n->s, det = n->det;

	n->det = step(n, grow4[code >> 2], LOW_NB_MAX, LOW_SHIFT);
	adapt(n, det * value4[code >> 2] >> 15);

	return (int16_t)clip(s + (det * value6[code] >> 15), -16384, 16383);
}

static INLINE int16_t dec_high(struct band *n, unsigned code)
{
	const int32_t s = n->s, d = n->det * value2[code] >> 15;

	n->det = step(n, grow2[code], HIGH_NB_MAX, HIGH_SHIFT);
	adapt(n, d);

	return (int16_t)clip(s + d, -16384, 16383);
}

int g722_dec_alloc(struct g722_dec **dp, bool narrow)
{
	struct g722_dec *d = mem_zalloc(sizeof(*d), NULL);

	if (!d)
		return ENOMEM;
	start(&d->low, &d->high);
	d->narrow = narrow;
	*dp = d;

	return 0;
}

static void dec_wide(struct g722_dec *d, const uint8_t *p, size_t n,
		     int16_t *pcm)
{
	struct band low = d->low, high = d->high;
	int16_t x[QMF_BLOCK], y[QMF_BLOCK];

	for (size_t i = 0; i < n; i++) {
		x[i] = dec_low(&low, p[i] & 63);
		y[i] = dec_high(&high, p[i] >> 6);
	}
	d->low = low;
	d->high = high;
	qmf_join(&d->qmf, x, y, n, pcm);
}

void g722_dec_run(struct g722_dec *d, const uint8_t *p, size_t n, int16_t *pcm)
{
	size_t k;

	if (d->narrow) {
		struct band low = d->low;

		for (size_t i = 0; i < n; i++)
			pcm[i] = (int16_t)(dec_low(&low, p[i] & 63) * 2);
		d->low = low;
		return;
	}
	for (size_t i = 0; i < n; i += k) {
		k = n - i < QMF_BLOCK ? n - i : QMF_BLOCK;
		dec_wide(d, p + i, k, pcm + 2 * i);
	}
}
