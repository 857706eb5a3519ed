/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON: what passes the check, libre decodes; what libre encodes, passes */
#include <stdint.h>
#include <stdlib.h>
#include <re.h>
#include "ng/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pl pl = {(const char *)data, size};
	struct odict *o = NULL, *o2 = NULL;
	struct mbuf *mb;
	struct pl pl2;
	size_t u1 = 0, u2 = 0;

	if (!size || ng_json_scan(&pl, &u1))
		return 0;
	if (u1 > size || ng_json_decode(&o, &pl, &u2) || u1 != u2)
		abort();

	mb = mbuf_alloc(size);
	if (!mb || mbuf_printf(mb, "%H", json_encode_odict, o))
		abort();

	/* A double prints to 6 places, and may so grow beyond the check: what
	 * counts is that the text is sound to the end, or refused */
	pl2 = (struct pl){(const char *)mb->buf, mb->end};
	if (!ng_json_decode(&o2, &pl2, &u2)) {
		if (u2 != mb->end ||
		    odict_count(o, true) != odict_count(o2, true))
			abort();
	}

	mem_deref(o2);
	mem_deref(mb);
	mem_deref(o);

	return 0;
}
