/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/resp.h  Commands as Redis wants them, many in one buffer
 *
 * Memory of the C library: threads write here, and libre's is the loop's.
 */
#ifndef CAROM_STORE_RESP_H
#define CAROM_STORE_RESP_H

#include <re.h>

struct resp {
	char *p;
	size_t n, room;
	bool failed; /* no memory: what is there is of no use */
};

/** Begin a command of so many words, its name included */
void resp_cmd(struct resp *r, unsigned argc);

/** The next word, or the next word in two or three parts */
void resp_pl(struct resp *r, const struct pl *pl);
void resp_str(struct resp *r, const char *s);
void resp_u64(struct resp *r, uint64_t n);
void resp_join(struct resp *r, const struct pl *plv, size_t plc);

/** Forget the commands, keep the buffer; or free it */
void resp_clear(struct resp *r);
void resp_free(struct resp *r);

#endif
