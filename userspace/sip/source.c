/* SPDX-License-Identifier: BSD-2-Clause */
/* Sources of connections, in a hash table by address */
#include <errno.h>
#include <string.h>
#include "carom/sipclass.h"
#include "sip/source.h"

enum { BUCKETS = 4096 };

struct source {
	struct le le;
	struct sources *all;
	struct sa key;
	unsigned joined;
	bool free;
	struct sip_bucket bucket;
};

struct sources {
	struct hash *hash;
	const struct sip_limit *limitv;
	unsigned most, count;
};

static void source_destructor(void *arg)
{
	struct source *src = arg;

	hash_unlink(&src->le);
	--src->all->count;
}

static void destructor(void *arg)
{
	struct sources *s = arg;

	hash_flush(s->hash);
	mem_deref(s->hash);
}

int sources_alloc(struct sources **sp,
		  const struct sip_limit limitv[SIP_CLASS_MAX], unsigned most)
{
	struct sources *s;
	int err;

	if (!sp || !limitv)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	s->limitv = limitv;
	s->most = most;
	err = hash_alloc(&s->hash, BUCKETS);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

static void key_of(struct sa *key, const struct sa *sa)
{
	uint8_t raw[16];

	if (sa_af(sa) == AF_INET) {
		sa_set_in(key, sa_in(sa), 0);
		return;
	}
	memcpy(raw, &sa->u.in6.sin6_addr, 8);
	memset(raw + 8, 0, 8);
	sa_set_in6(key, raw, 0);
}

static bool is(struct le *le, void *arg)
{
	const struct source *src = le->data;

	return sa_cmp(&src->key, arg, SA_ADDR);
}

static struct source *find(struct sources *s, struct sa *key)
{
	const uint32_t h = sa_hash(key, SA_ADDR);
	struct source *src = list_ledata(hash_lookup(s->hash, h, is, key));

	if (src || s->count >= SOURCES_MAX)
		return src;
	src = mem_zalloc(sizeof(*src), source_destructor);
	if (!src)
		return NULL;
	src->all = s;
	sa_cpy(&src->key, key);
	hash_append(s->hash, h, &src->le, src);
	++s->count;
	return src;
}

struct source *source_join(struct sources *s, const struct sa *sa, bool free)
{
	struct source *src;
	struct sa key;

	if (!s || !sa)
		return NULL;
	key_of(&key, sa);
	src = find(s, &key);
	if (!src || (!free && src->joined >= s->most))
		return NULL;
	src->free = free;
	++src->joined;
	return src;
}

void source_leave(struct source *src)
{
	if (src && src->joined)
		--src->joined;
}

bool source_take(struct source *src, const char *p, size_t n, uint64_t now)
{
	const struct sip_limit *l;
	uint32_t class, head = 0;

	if (!src || src->free)
		return true;
	memcpy(&head, p, min(n, sizeof(head)));
	class = sip_class(head);
	l = &src->all->limitv[class];
	return !l->interval || sip_bucket_take(&src->bucket, class, l, now);
}

static bool idle(const struct source *src, uint64_t now)
{
	for (unsigned i = 0; i < SIP_CLASS_MAX; i++)
		if (src->bucket.full[i] > now)
			return false;
	return !src->joined;
}

void sources_expire(struct sources *s, uint64_t now)
{
	for (uint32_t i = 0; s && i < hash_bsize(s->hash); i++) {
		struct le *le = list_head(hash_list(s->hash, i));

		while (le) {
			struct source *src = le->data;

			le = le->next;
			if (idle(src, now))
				mem_deref(src);
		}
	}
}
