/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/notice.h  What nodes publish about a record that they changed
 *
 * A line "1 ID SEQ KIND KEYLEN VALUELEN|-" and LF, then the bytes of the key,
 * then those of the value. ID is the writer's, a word; "-": it was removed.
 */
#ifndef CAROM_STORE_NOTICE_H
#define CAROM_STORE_NOTICE_H

#include <re.h>

enum { NOTICE_HEAD = 160 }; /**< most bytes of the line, its NUL included */

struct notice {
	struct pl id, kind, key;
	struct pl value; /**< p NULL: removed */
	uint64_t seq;    /**< of the job, in its node */
};

/** The line. @return its length */
size_t notice_head(char buf[NOTICE_HEAD], const struct notice *n);

/** Pointers into the text. @return 0, EBADMSG, EPROTO (another version) */
int notice_decode(struct notice *n, const char *p, size_t len);

#endif
