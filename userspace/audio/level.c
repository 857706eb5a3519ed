/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/level.c  How loud samples are
 */
#include <math.h>
#include "audio/level.h"

unsigned level_dbov(const int16_t *pcm, size_t n)
{
	uint64_t sum = 0;
	double db;

	for (size_t i = 0; i < n; i++)
		sum += (uint64_t)((int32_t)pcm[i] * pcm[i]);
	if (!sum)
		return LEVEL_SILENT;
	db = 10 * log10((double)n * 32768 * 32768 / (double)sum);
	/* the softest that there can be is no silence */
	return db < LEVEL_SILENT - 1 ? (unsigned)lrint(db) : LEVEL_SILENT - 1;
}

double level_rms(unsigned level)
{
	return level < LEVEL_SILENT ? 32768 * pow(10, -(double)level / 20) : 0;
}
