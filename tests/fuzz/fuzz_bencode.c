/* SPDX-License-Identifier: BSD-2-Clause */
/* Bencode: scan and decode agree, and what is encoded decodes to the same */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "ng/bencode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pl pl = {(const char *)data, size};
	struct odict *o = NULL, *o2 = NULL;
	struct mbuf *mb;
	struct pl pl2;
	size_t u1 = 0, u2 = 0;
	int err;

	if (!size)
		return 0;

	err = bencode_decode(&o, &pl, &u1);
	if (err != bencode_scan(&pl, &u2) || u1 != u2)
		abort();
	if (err)
		return 0;

	/* Bytes are kept in base64, as JSON has them: another spelling */
	if (memmem(data, u1, "4:" NG_BYTES, sizeof("4:" NG_BYTES) - 1)) {
		mem_deref(o);
		return 0;
	}

	/* All of it is kept, and bencode has one spelling of a value */
	mb = mbuf_alloc(size);
	if (!mb || mbuf_printf(mb, "%H", bencode_encode, o))
		abort();
	if (mb->end != u1 || memcmp(mb->buf, data, u1))
		abort();

	pl2 = (struct pl){(const char *)mb->buf, mb->end};
	if (bencode_decode(&o2, &pl2, &u2) || u1 != u2)
		abort();
	if (odict_count(o, true) != odict_count(o2, true))
		abort();

	mem_deref(o2);
	mem_deref(mb);
	mem_deref(o);

	return 0;
}
