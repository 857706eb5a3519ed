/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file speech.h  What the benchmark's calls say
 */
#ifndef CAROM_BENCH_SPEECH_H
#define CAROM_BENCH_SPEECH_H

#include <stddef.h>
#include <stdint.h>

#define SPEECH_PACKETS 50 /**< of 20 ms: then it begins anew */
#define SPEECH_STEP 960   /**< 20 ms of Opus' clock          */

/** Make it: a second of something like speech in Opus, 24 kbit/s; or die */
void speech_init(void);

/** Write the packet of Opus that has this number, at most BENCH_VOICE bytes. Returns its
 *  length */
size_t speech_opus(uint8_t *p, uint16_t seq);

/** Write the 20 ms of that timestamp of clock 8000: BENCH_VOICE bytes of noise, which each
 *  codec but Opus takes for speech */
void speech_noise(uint8_t *p, uint32_t ts);

#endif
