/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/json.h  JSON objects from strangers (RFC 8259)
 *
 * As base/jsontext.h has it, in the bounds that bencode has here, too.
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
