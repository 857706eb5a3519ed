/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/vec8.h  Eight samples at once
 *
 * What C's vectors lack: sums that saturate, products' high halves. Each x86-64 has
 * them (SSE2); elsewhere they are loops.
 */
#ifndef CAROM_AUDIO_VEC8_H
#define CAROM_AUDIO_VEC8_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef int16_t vec8 __attribute__((vector_size(16)));
typedef int32_t vec4 __attribute__((vector_size(16)));

static inline vec8 vec8_load(const int16_t *p)
{
	vec8 v;

	memcpy(&v, p, sizeof(v));

	return v;
}

static inline void vec8_store(int16_t *p, vec8 v)
{
	memcpy(p, &v, sizeof(v));
}

static inline vec8 vec8_all(int16_t x)
{
	return (vec8){x, x, x, x, x, x, x, x};
}

static inline int16_t vec_sat16(int32_t x)
{
	return (int16_t)(x > INT16_MAX   ? INT16_MAX
			 : x < INT16_MIN ? INT16_MIN
					 : x);
}

/** The low halves of a * b */
static inline vec8 vec8_mullo(vec8 a, vec8 b)
{
	typedef uint16_t vec8u __attribute__((vector_size(16)));

	return (vec8)((vec8u)a * (vec8u)b);
}

#ifdef __SSE2__

/** a + b, saturated */
static inline vec8 vec8_adds(vec8 a, vec8 b)
{
	return (vec8)_mm_adds_epi16((__m128i)a, (__m128i)b);
}

/** a * b >> 16 */
static inline vec8 vec8_mulhi(vec8 a, vec8 b)
{
	return (vec8)_mm_mulhi_epi16((__m128i)a, (__m128i)b);
}

/** The same of unsigned lanes */
static inline vec8 vec8_mulhiu(vec8 a, vec8 b)
{
	return (vec8)_mm_mulhi_epu16((__m128i)a, (__m128i)b);
}

/** Lane by lane products, neighbours added: 4 lanes */
static inline vec4 vec8_madd(vec8 a, vec8 b)
{
	return (vec4)_mm_madd_epi16((__m128i)a, (__m128i)b);
}

/** 4 and 4 lanes saturated to 8 */
static inline vec8 vec4_pack(vec4 a, vec4 b)
{
	return (vec8)_mm_packs_epi32((__m128i)a, (__m128i)b);
}

/** A bit for each lane of a, then of b, that is -1 and not 0 */
static inline uint32_t vec8_bits(vec8 a, vec8 b)
{
	return (uint32_t)_mm_movemask_epi8(
		_mm_packs_epi16((__m128i)a, (__m128i)b));
}

#else

static inline vec8 vec8_adds(vec8 a, vec8 b)
{
	for (int i = 0; i < 8; i++)
		a[i] = vec_sat16(a[i] + b[i]);

	return a;
}

static inline vec8 vec8_mulhi(vec8 a, vec8 b)
{
	for (int i = 0; i < 8; i++)
		a[i] = (int16_t)(a[i] * b[i] >> 16);

	return a;
}

static inline vec8 vec8_mulhiu(vec8 a, vec8 b)
{
	for (int i = 0; i < 8; i++)
		a[i] = (int16_t)((uint32_t)(uint16_t)a[i] * (uint16_t)b[i] >>
				 16);

	return a;
}

static inline vec4 vec8_madd(vec8 a, vec8 b)
{
	vec4 v;

	for (int i = 0; i < 4; i++)
		v[i] = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];

	return v;
}

static inline vec8 vec4_pack(vec4 a, vec4 b)
{
	vec8 v;

	for (int i = 0; i < 4; i++) {
		v[i] = vec_sat16(a[i]);
		v[i + 4] = vec_sat16(b[i]);
	}

	return v;
}

static inline uint32_t vec8_bits(vec8 a, vec8 b)
{
	uint32_t bits = 0;

	for (int i = 0; i < 8; i++)
		bits |= (a[i] ? 1u << i : 0) | (b[i] ? 256u << i : 0);

	return bits;
}

#endif
#endif
