/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/g722_qmf.c  G.722's filters: one signal to two bands and back
 *
 * 24 coefficients that are the same backwards (table 11/G.722). The samples of even
 * number meet one half of them, the others the other half, so each phase has a filter
 * of twelve; eight results at once.
 */
#include <string.h>
#include "audio/g722_qmf.h"
#include "audio/vec8.h"

enum { TAPS = 12 };

static const int16_t fwd[TAPS] = {3,    -11,  12,  32,   -210, 951,
				  3876, -805, 362, -156, 53,   -11};
static const int16_t rev[TAPS] = {-11, 53,   -156, 362, -805, 3876,
				  951, -210, 32,   12,  -11,  3};

/* Eight results from x on: 0..3 in a, 4..7 in b */
static inline void fir(const int16_t *x, const int16_t c[TAPS], vec4 *a,
		       vec4 *b)
{
	vec4 lo = {0}, hi = {0};

	for (int i = 0; i < TAPS; i += 2) {
		const vec8 u = vec8_load(x + i), v = vec8_load(x + i + 1);
		const vec8 w = {c[i], c[i + 1], c[i], c[i + 1],
				c[i], c[i + 1], c[i], c[i + 1]};
		const vec8 uv = __builtin_shufflevector(u, v, 0, 8, 1, 9, 2, 10,
							3, 11);
		const vec8 vu = __builtin_shufflevector(u, v, 4, 12, 5, 13, 6,
							14, 7, 15);

		lo += vec8_madd(uv, w);
		hi += vec8_madd(vu, w);
	}
	*a = lo;
	*b = hi;
}

/* This block's last samples are the next one's past */
static void age(struct qmf *q, size_t n)
{
	memmove(q->even, q->even + n, QMF_PAST * sizeof(q->even[0]));
	memmove(q->odd, q->odd + n, QMF_PAST * sizeof(q->odd[0]));
}

void qmf_split(struct qmf *q, const int16_t *pcm, size_t n, int16_t *low,
	       int16_t *hi)
{
	for (size_t i = 0; i < n; i++) {
		q->even[QMF_PAST + i] = pcm[2 * i];
		q->odd[QMF_PAST + i] = pcm[2 * i + 1];
	}
	/* 12 bits of gain, a bit for the sum, one for the 15 bits inside */
	for (size_t i = 0; i < n; i += 8) {
		vec4 e0, e1, o0, o1;

		fir(q->even + i, fwd, &e0, &e1);
		fir(q->odd + i, rev, &o0, &o1);
		vec8_store(low + i,
			   vec4_pack((o0 + e0) >> 14, (o1 + e1) >> 14));
		vec8_store(hi + i, vec4_pack((o0 - e0) >> 14, (o1 - e1) >> 14));
	}
	age(q, n);
}

void qmf_join(struct qmf *q, const int16_t *low, const int16_t *hi, size_t n,
	      int16_t *pcm)
{
	int16_t a[QMF_BLOCK], b[QMF_BLOCK];

	for (size_t i = 0; i < n; i++) {
		q->even[QMF_PAST + i] = (int16_t)(low[i] + hi[i]);
		q->odd[QMF_PAST + i] = (int16_t)(low[i] - hi[i]);
	}
	for (size_t i = 0; i < n; i += 8) {
		vec4 e0, e1, o0, o1;

		fir(q->odd + i, rev, &o0, &o1);
		fir(q->even + i, fwd, &e0, &e1);
		vec8_store(a + i, vec4_pack(o0 >> 11, o1 >> 11));
		vec8_store(b + i, vec4_pack(e0 >> 11, e1 >> 11));
	}
	for (size_t i = 0; i < n; i++) {
		pcm[2 * i] = a[i];
		pcm[2 * i + 1] = b[i];
	}
	age(q, n);
}
