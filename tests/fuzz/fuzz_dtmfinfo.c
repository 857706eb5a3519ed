/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digits in bodies of SIP INFO: the first byte says which type. What is taken is in
 * bounds, and printed and read again it says the same.
 */
#include <string.h>
#include "media/dtmfinfo.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const bool plain = size && data[0] & 1;
	const size_t n = size ? size - 1 : 0;
	char *copy = malloc(n ? n : 1); /* so that a byte too far is seen */
	struct pl type = PL("application/dtmf-relay"), pl = {copy, n};
	struct dtmfinfo a, b;
	char text[64];

	MUST(copy);
	memcpy(copy, data + (size ? 1 : 0), n);
	if (plain)
		pl_set_str(&type, "application/dtmf; x=y");
	if (!dtmfinfo_decode(&a, &type, &pl)) {
		MUST(a.event < 16);
		MUST(a.ms >= DTMFINFO_MS_MIN && a.ms <= DTMFINFO_MS_MAX);
		MUST(re_snprintf(text, sizeof(text), "%H", dtmfinfo_print, &a) >
		     0);
		pl_set_str(&type, "application/dtmf-relay");
		pl_set_str(&pl, text);
		MUST(!dtmfinfo_decode(&b, &type, &pl));
		MUST(a.event == b.event && a.ms == b.ms);
	}
	pl = (struct pl){copy, n};
	(void)dtmfinfo_decode(&a, &pl, &pl);
	free(copy);
	return 0;
}
