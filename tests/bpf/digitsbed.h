/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digitsbed.h  Digits of a phone into a bridge, and what comes out
 */
#ifndef CAROM_DIGITSBED_H
#define CAROM_DIGITSBED_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "../unit/goertzel.h"
#include "audio/digit.h"
#include "bridgebed.h"
#include "rtp/event.h"

#define T(f) cmocka_unit_test_teardown(f, bb_clear)

enum { SPEECH = 5, DIGIT = 10 /* packets of 20 ms */, STEP = 160 };

/** What the worker has told of digits */
extern struct bridge_heard heardv[8];
extern unsigned heardc;
/** The phone: PCMU, by 96 */
extern struct phone ph;

/** What the worker has told comes here */
void turn(void);

/** A bridge, whose side 0 has the phone */
void up(struct bridge_member mv[2]);

/** A digit by event: `n` packets, each 20 ms longer, and its end three times */
void dial(uint8_t event, unsigned n, unsigned lost);

/** The phone speaks: n packets */
void speak(unsigned n);

/** A phone that sends a digit as tones */
void dial_tones(struct tone *t, uint8_t event, unsigned n);

/** What came since the last look */
struct got {
	unsigned sound, begins, events, ends, len;
	uint8_t pt; /* of the last event */
	uint8_t event, volume;
	uint32_t ts; /* the same          */
};

/** Take it */
struct got look(void);

#endif
