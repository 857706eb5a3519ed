/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes to the Redis backend from outside: the URL of a configuration, a
 * notice that another node published. What is written is read again the same */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "must.h"
#include "store/notice.h"
#include "store/redis_url.h"

static bool within(const struct pl *pl, const char *p, size_t n)
{
	return pl->p >= p && pl->p + pl->l <= p + n;
}

static void notice(const char *p, size_t size)
{
	struct notice n, again;
	char head[NOTICE_HEAD], *text;
	size_t len;

	if (notice_decode(&n, p, size))
		return;
	MUST(within(&n.id, p, size) && n.id.l);
	MUST(within(&n.kind, p, size) && n.kind.l);
	MUST(within(&n.key, p, size));
	MUST(!n.value.p || within(&n.value, p, size));
	MUST(n.key.p + n.key.l + n.value.l == p + size);

	len = notice_head(head, &n);
	MUST(len > 0 && len < NOTICE_HEAD);
	text = malloc(len + n.key.l + n.value.l);
	MUST(text);
	memcpy(text, head, len);
	memcpy(text + len, n.key.p, n.key.l + n.value.l);
	MUST(!notice_decode(&again, text, len + n.key.l + n.value.l));
	MUST(again.seq == n.seq && again.key.l == n.key.l);
	MUST(!again.value.p == !n.value.p && again.value.l == n.value.l);
	MUST(!pl_cmp(&again.id, &n.id) && !pl_cmp(&again.kind, &n.kind));
	free(text);
}

static void url(const char *p, size_t size)
{
	char *text = malloc(size + 1);
	const char *why = NULL;
	struct redis_url u;

	MUST(text);
	if (size)
		memcpy(text, p, size);
	text[size] = '\0';
	if (redis_url_decode(&u, text, &why)) {
		MUST(why);
	} else {
		MUST(u.addrc && u.addrc <= REDIS_ADDRS && u.db <= 65535);
		for (size_t i = 0; i < u.addrc; i++)
			MUST(*u.addrv[i].host && u.addrv[i].port);
		MUST(redis_is_url(text));
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of that size: what is read behind its end is seen */
	char *copy = malloc(size);

	if (size)
		memcpy(copy, data, size);
	notice(copy, size);
	url(copy, size);
	free(copy);

	return 0;
}
