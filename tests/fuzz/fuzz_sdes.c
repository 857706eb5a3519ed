/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * a=crypto, a=fingerprint and what else SDP says of keys. What is taken is printed, and
 * read again says the same.
 */
#include <string.h>
#include "secure/fingerprint.h"
#include "secure/sdes.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void crypto(const struct pl *pl)
{
	char text[1024], once[1024];
	struct srtpx *ctx = NULL;
	struct sdes a, b;
	struct pl again;

	if (sdes_decode(&a, pl))
		return;
	MUST(re_snprintf(text, sizeof(text), "%H", sdes_print, &a) > 0);
	pl_set_str(&again, text);
	MUST(!sdes_decode(&b, &again));
	MUST(re_snprintf(once, sizeof(once), "%H", sdes_print, &b) > 0);
	MUST(!strcmp(text, once));
	MUST(!srtpx_alloc(&ctx, &a.key));
	mem_deref(ctx);
}

static void print(const struct pl *pl)
{
	struct fingerprint a, b;
	struct pl again;
	char text[256];

	if (fingerprint_decode(&a, pl))
		return;
	MUST(re_snprintf(text, sizeof(text), "%H", fingerprint_print, &a) > 0);
	pl_set_str(&again, text);
	MUST(!fingerprint_decode(&b, &again));
	MUST(!memcmp(&a, &b, sizeof(a)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size
				 : 1); /* so that a byte too far is seen */
	const struct pl pl = {copy, size};

	MUST(copy);
	memcpy(copy, data, size);
	crypto(&pl);
	print(&pl);
	MUST(setup_decode(&pl) <= SETUP_HOLDCONN);
	MUST(!tls_id_ok(&pl) || size >= 20);
	free(copy);
	return 0;
}
