/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/utf8.h  Text from strangers that goes into JSON (RFC 8259 section 8.1)
 */
#ifndef CAROM_UTF8_H
#define CAROM_UTF8_H

#include <stddef.h>

/** Bytes at the front that are UTF-8 (RFC 3629: shortest form, no surrogates, nothing
 *  beyond U+10FFFF); n: all of it is */
size_t utf8_valid(const char *p, size_t n);

/** Put '?' in place of each byte that is not of UTF-8. @return how many */
size_t utf8_scrub(char *p, size_t n);

#endif
