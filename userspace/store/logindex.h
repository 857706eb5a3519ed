/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/logindex.h  Where in the log the last word on each record is
 *
 * In memory, by a keyed hash of kind and key: 24 bytes for each, in a table that is
 * at most three quarters full. Two records with the same 64 bits would be taken for
 * one: of a million, one time in forty million starts.
 */
#ifndef CAROM_STORE_LOGINDEX_H
#define CAROM_STORE_LOGINDEX_H

#include "store/logop.h"

enum { LOGINDEX_KINDS = 256 };

struct logindex;

struct logplace {
	uint64_t hash;
	uint64_t row : 48; /**< of the log                                 */
	uint64_t kind : 16;
	uint32_t at, len; /**< in the row's text                          */
};

int logindex_alloc(struct logindex **ip);

/** Of kind and key */
uint64_t logindex_hash(const struct logindex *ix, const struct pl *kind,
		       const struct pl *key);

/** A number for a kind. @param make  Where it has none, it gets one
 *  @return UINT16_MAX: it has none, or there are too many */
uint16_t logindex_kind(struct logindex *ix, const struct pl *kind, bool make);

/** NULL: the record is not in the log. Valid until the index changes */
const struct logplace *logindex_find(const struct logindex *ix, uint64_t hash);

/** Room for so many more. @return 0, ENOMEM */
int logindex_reserve(struct logindex *ix, size_t n);

/** The record is there now; there must be room */
void logindex_set(struct logindex *ix, const struct logplace *p);

/** It is nowhere any more */
void logindex_remove(struct logindex *ix, uint64_t hash);

/** Bytes of the log that records of the index take */
uint64_t logindex_bytes(const struct logindex *ix);

/**
 * All of a kind, as they lie in the log
 *
 * @param vp  Result: mem_deref when done; NULL where there is none
 * @param np  Their number
 */
int logindex_list(const struct logindex *ix, uint16_t kind,
		  struct logplace **vp, size_t *np);

#endif
