/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file record_fix.h  A recording in a directory of its own
 */
#ifndef CAROM_RECORD_FIX_H
#define CAROM_RECORD_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <re.h>
#include "media/media.h"
#include "media/record.h"

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

enum { HEADER = 44, PTIME = 160, IPUDP = 28 };

#define MS 1000000ull
#define START (1000000 * MS)

struct fix {
	char dir[32];
	struct record *r;
	char *wav, *pcap; /* paths */
	uint8_t *data;
	size_t len;
};

/** For cmocka */
int setup(void **state);

/** For cmocka: and what was recorded is gone */
int teardown(void **state);

/** A recording begins. @param formats  MEDIA_REC_* */
void start(struct fix *f, unsigned formats);

/** Read a file: f->data, f->len */
void slurp(struct fix *f, const char *path);

/** 32 bits, the lowest first */
uint32_t le32(const uint8_t *p);

/** A sample of a WAV file that was read; ch 0, 1 */
int16_t sample(const struct fix *f, unsigned ch, size_t frame);

/** How many frames a WAV file has that was read; its header is right */
size_t frames(const struct fix *f);

/** A packet of one side: seq, and the timestamp that goes with it */
void packet(struct fix *f, unsigned side, uint64_t time, uint8_t pt,
	    uint16_t seq, uint32_t ts, uint8_t fill);

/** ns, of the clock that packets are stamped by */
uint64_t mono(void);

#endif
