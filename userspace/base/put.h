/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/put.h  Text into a buffer, where a format would cost more than the text
 *
 * For what is written for each message. All return 0 or ENOMEM.
 */
#ifndef CAROM_PUT_H
#define CAROM_PUT_H

#include <re.h>

/** A text that is written out in the source */
#define PUT(mb, text)                                                          \
	mbuf_write_mem((mb), (const uint8_t *)(text), sizeof(text) - 1)

/** A zero-terminated one */
int put_str(struct mbuf *mb, const char *s);

int put_u64(struct mbuf *mb, uint64_t n);

/** At least so many digits, at most 20, zeroes in front */
int put_digits(struct mbuf *mb, uint64_t n, unsigned digits);

/** Address, as "%j" */
int put_host(struct mbuf *mb, const struct sa *sa);

/** Address and port, as "%J" */
int put_addr(struct mbuf *mb, const struct sa *sa);

/** "2026-11-28T03:04:05", UTC, and nothing behind */
int put_time(struct mbuf *mb, uint64_t when);

#endif
