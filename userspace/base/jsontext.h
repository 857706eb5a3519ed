/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/jsontext.h  JSON objects from strangers (RFC 8259)
 *
 * libre's decoder is built for friendly input: it takes `{"a":1}rubbish`,
 * casts numbers beyond int64_t, and prints what it does not know on stdout.
 * So every document is first checked here, strictly; what libre then sees is
 * sound. The same check finds where a document ends in a TCP stream.
 */
#ifndef CAROM_JSONTEXT_H
#define CAROM_JSONTEXT_H

#include <re.h>

/**
 * Check one object at the start of a buffer
 *
 * @param depth  Levels that are taken
 * @param items  Values that are taken
 * @param used   Set to the number of bytes it took, or after which it is wrong
 *
 * @return 0; EAGAIN it is sound so far but cut short; EBADMSG not JSON, not
 *         an object, a number outside int64_t or double, a NUL in a string;
 *         EOVERFLOW deeper than `depth` or more than `items` values
 */
int jsontext_scan(const struct pl *pl, unsigned depth, unsigned items,
		  size_t *used);

/**
 * Decode one object at the start of a buffer
 *
 * @param op    The dictionary (mem_deref when done)
 * @param used  As for jsontext_scan(), or NULL
 *
 * @return as jsontext_scan(), ENOMEM
 */
int jsontext_decode(struct odict **op, const struct pl *pl, unsigned depth,
		    unsigned items, size_t *used);

#endif
