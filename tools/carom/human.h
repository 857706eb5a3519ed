/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file human.h  Figures as people read them
 *
 * Each function writes into the caller's buffer and returns it.
 */
#ifndef CAROM_HUMAN_H
#define CAROM_HUMAN_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>

struct human {
	char s[64];
};

/** 0..9999 as they are, then "12.3 k", "1.2 M", "3.4 G", "5.6 T" */
const char *human_num(struct human *h, double n);
/** "1.2 Mbit/s" from bits a second */
const char *human_bits(struct human *h, double bps);
/** "never", "120 ms", "4.2 s", "3 m 12 s", "5 h 02 m", "3 d 04 h" */
const char *human_age(struct human *h, uint64_t ms);
/** "192.0.2.1:4000", "[2001:db8::1]:4000", "-" when not set */
const char *human_sa(struct human *h, const struct sa *sa);

#endif
