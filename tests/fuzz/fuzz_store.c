/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes to the store from outside: Redis' URL in a configuration, a notice that
 * another node published, a row of the SQLite file's log. What is written is read
 * again the same */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "must.h"
#include "store/logop.h"
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

static void row(const char *p, size_t size)
{
	struct mbuf *mb = mbuf_alloc(size + 1);
	char kind[STORE_KIND_MAX + 1];
	struct logop o;
	size_t at = 0;

	MUST(mb);
	while (!logop_read(&o, p, size, at)) {
		struct store_op op = {.kind = kind,
				      .key = o.key,
				      .value = o.value,
				      .expires = o.expires};

		MUST(within(&o.kind, p, size) && within(&o.key, p, size));
		MUST(!o.value.p || within(&o.value, p, size));
		MUST(o.at == at && o.len <= size - at);
		memcpy(kind, o.kind.p, o.kind.l);
		kind[o.kind.l] = '\0';
		/* else its kind is none that is written */
		if (strlen(kind) == o.kind.l) {
			mbuf_rewind(mb);
			MUST(!logop_write(mb, &op));
			MUST(mb->end == o.len);
			MUST(!memcmp(mb->buf, p + at, o.len));
		}
		at += o.len;
	}
	mem_deref(mb);
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
	row(copy, size);
	url(copy, size);
	free(copy);

	return 0;
}
