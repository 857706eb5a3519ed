/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/cn.h  Comfort noise: what is heard while nothing is sent (RFC 3389)
 */
#ifndef CAROM_AUDIO_CN_H
#define CAROM_AUDIO_CN_H

#include <stddef.h>
#include <stdint.h>

enum {
	CN_ORDER = 10, /**< coefficients that are written, and used */
	CN_BYTES_MAX = 1 + CN_ORDER,
};

struct cn;

/**
 * Payload that describes samples of background noise: level and spectrum
 *
 * @param n    Samples, one channel; 10 ms or more describe noise well
 * @param out  CN_BYTES_MAX bytes
 *
 * @return Bytes written
 */
size_t cn_describe(const int16_t *pcm, size_t n, uint8_t *out);

/** Silent until a payload is taken. @return 0, ENOMEM */
int cn_alloc(struct cn **cp);

/**
 * Take a payload; its noise comes over some 10 ms, not at once
 *
 * @return 0, EBADMSG (empty)
 */
int cn_take(struct cn *c, const uint8_t *p, size_t len);

/** Make n samples of noise, one channel */
void cn_render(struct cn *c, int16_t *pcm, size_t n);

#endif
