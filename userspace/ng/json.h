/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/json.h  JSON objects from strangers (RFC 8259)
 *
 * libre's decoder is built for friendly input: it takes `{"a":1}rubbish`,
 * casts numbers beyond int64_t, and prints what it does not know on stdout.
 * So every document is first checked here, strictly; what libre then sees is
 * sound. The same check finds where a document ends in a TCP stream.
 */
#ifndef CAROM_NG_JSON_H
#define CAROM_NG_JSON_H

#include <re.h>

/**
 * Check one object at the start of a buffer
 *
 * @param used  Set to the number of bytes it took
 *
 * @return 0; EAGAIN it is sound so far but cut short; EBADMSG not JSON, not
 *         an object, a number outside int64_t or double, a NUL in a string;
 *         EOVERFLOW deeper than NG_DEPTH_MAX or more than NG_ITEMS_MAX values
 */
int ng_json_scan(const struct pl *pl, size_t *used);

/**
 * Decode one object at the start of a buffer
 *
 * @param op    The dictionary (mem_deref when done)
 * @param used  Set to the number of bytes it took, or NULL
 *
 * @return as ng_json_scan(), ENOMEM
 */
int ng_json_decode(struct odict **op, const struct pl *pl, size_t *used);

#endif
