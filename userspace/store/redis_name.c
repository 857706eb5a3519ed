/* SPDX-License-Identifier: BSD-2-Clause */
/* What things are called in Redis */
#include <string.h>

#include "carom/sipkey.h"
#include "store/redis.h"

bool redis_is_own(const struct redis *r, const char *kind)
{
	const size_t len = strlen(kind);
	const char *p = r->own;

	while ((p = strstr(p, kind))) {
		if ((p == r->own || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
			return true;
		p += len;
	}

	return false;
}

const char *redis_kind(const struct redis *r, const char *kind,
		       char buf[REDIS_KIND])
{
	if (!redis_is_own(r, kind))
		return kind;
	(void)re_snprintf(buf, REDIS_KIND, "%s@%s", kind, r->node);

	return buf;
}

void redis_cmd_record(struct resp *cmd, const char *kind, const struct pl *key)
{
	const struct pl partv[] = {
		PL("carom:"), {kind, strlen(kind)}, PL(":"), *key};

	resp_join(cmd, partv, ARRAY_SIZE(partv));
}

void redis_cmd_index(struct resp *cmd, const char *kind)
{
	const struct pl partv[] = {PL("carom.index:"), {kind, strlen(kind)}};

	resp_join(cmd, partv, ARRAY_SIZE(partv));
}

uint64_t redis_hash(const struct redis *r, const struct pl *pl)
{
	struct siphash h;

	siphash_start(&h, r->hash_key[0], r->hash_key[1]);
	sipkey_mem(&h, pl->p, pl->l);

	return siphash_end(&h);
}
