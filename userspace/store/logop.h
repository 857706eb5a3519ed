/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/logop.h  A change as the log of the SQLite file has it
 *
 * Little-endian: its length with all that follows (4 bytes), the key's length (4),
 * when it expires (8), 1 for a record and 0 for its removal (1), the kind's length
 * (1); then kind, key, and the value up to the end.
 */
#ifndef CAROM_STORE_LOGOP_H
#define CAROM_STORE_LOGOP_H

#include "store/store.h"

enum { LOGOP_HEAD = 18 /**< bytes in front of the kind */ };

struct logop {
	struct pl kind, key;
	struct pl value; /**< p NULL: the record is gone                    */
	uint64_t expires;
	size_t at, len; /**< where it lies in the text, and how long it is  */
};

/** Append. @return 0, ENOMEM, EOVERFLOW */
int logop_write(struct mbuf *mb, const struct store_op *op);

/**
 * Read the one that begins at an offset
 *
 * @param o  Points into p
 *
 * @return 0, ENOENT: there is none left, EBADMSG
 */
int logop_read(struct logop *o, const void *p, size_t n, size_t at);

#endif
