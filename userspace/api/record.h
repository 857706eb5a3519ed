/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/record.h  Records of the store as resources: their two files
 */
#ifndef CAROM_API_RECORD_H
#define CAROM_API_RECORD_H

#include "api/api.h"

enum { RECORD_ETAG = 32 /* bytes of an entity tag with its end */ };

struct record {
	struct le le; /**< in api.records                                 */
	struct api *a;
	struct api_record r;
	char *item; /**< pattern of one                                   */
};

/** Read the key of entity tags, which all nodes of a store have; made where there is
 *  none. @return 0 or store_get()'s */
int record_etag_key(struct api *a);
/** A text holds hashes of passwords that nobody is shown: nor can anybody who has no key
 *  try passwords by its tag */
void record_etag(char etag[RECORD_ETAG], const struct api *a, const char *text);

/**
 * If-Match and If-None-Match of a request that changes it
 *
 * @param text  What is there; NULL nothing
 *
 * @return 0; EINVAL: it was answered
 */
int record_condition(struct api_req *req, const char *text);

/** What the store has. @return 0, ENOENT, EIO */
int record_read(const struct record *rec, const char *id, char **text,
		struct odict **o);
/** A copy with another "id", in front. What is inside is shared */
int record_copy(struct odict **op, const struct odict *from, const char *id);
int record_view(const struct record *rec, struct odict **vp,
		const struct odict *stored);
/** Answer with a view and the tag of a text */
int record_reply(const struct record *rec, struct api_req *req, unsigned status,
		 const char *text, const struct odict *stored);

/* ---- recordset.c: handlers that change them ------------------------------ */

api_h record_put, record_post, record_delete;

#endif
