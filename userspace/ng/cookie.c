/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/cookie.c  Replies kept for requests that are sent again
 */
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "ng/cookie.h"

struct entry {
	struct le he, le;
	struct sa src;
	uint64_t digest; /* of the request                       */
	size_t msglen;   /* its length                           */
	uint64_t time;   /* ms when it was answered              */
	struct pl reply; /* points behind the struct             */
};

struct cookies {
	struct hash *ht;
	struct list lst; /* oldest first                         */
	uint32_t count, max;
	size_t bytes, size;
	uint32_t ttl;
};

static void destructor(void *arg)
{
	struct cookies *c = arg;

	list_flush(&c->lst);
	mem_deref(c->ht);
}

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	hash_unlink(&e->he);
	list_unlink(&e->le);
}

/* FNV-1a: tells apart what one client sends, and nobody else's matter */
static uint64_t digest(const struct pl *pl)
{
	uint64_t h = 0xcbf29ce484222325ull;
	size_t i;

	for (i = 0; i < pl->l; i++)
		h = (h ^ (unsigned char)pl->p[i]) * 0x100000001b3ull;

	return h;
}

int cookies_alloc(struct cookies **cp, uint32_t max, size_t size, uint32_t ttl)
{
	struct cookies *c;
	int err;

	if (!cp || !max)
		return EINVAL;

	c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;

	c->max = max;
	c->size = size;
	c->ttl = ttl;

	err = hash_alloc(&c->ht, hash_valid_size(max));
	if (err)
		mem_deref(c);
	else
		*cp = c;

	return err;
}

static void drop_oldest(struct cookies *c)
{
	struct entry *e = list_ledata(list_head(&c->lst));

	if (!e)
		return;

	c->count--;
	c->bytes -= e->reply.l;
	mem_deref(e);
}

static void expire(struct cookies *c, uint64_t now)
{
	const struct entry *e;

	while ((e = list_ledata(list_head(&c->lst))) && now - e->time >= c->ttl)
		drop_oldest(c);
}

const struct pl *cookies_find(struct cookies *c, const struct sa *src,
			      const struct pl *msg, uint64_t now)
{
	uint64_t d;
	struct le *le;

	if (!c || !src || !msg)
		return NULL;

	expire(c, now);
	d = digest(msg);

	le = list_head(hash_list(c->ht, (uint32_t)d));
	for (; le; le = le->next) {

		const struct entry *e = le->data;

		if (e->digest == d && e->msglen == msg->l &&
		    sa_cmp(&e->src, src, SA_ALL))
			return &e->reply;
	}

	return NULL;
}

int cookies_add(struct cookies *c, const struct sa *src, const struct pl *msg,
		const struct pl *reply, uint64_t now)
{
	struct entry *e;

	if (!c || !src || !msg || !reply)
		return EINVAL;

	if (reply->l > c->size)
		return 0;

	expire(c, now);
	while (c->count >= c->max || c->bytes + reply->l > c->size)
		drop_oldest(c);

	e = mem_zalloc(sizeof(*e) + reply->l, entry_destructor);
	if (!e)
		return ENOMEM;

	e->src = *src;
	e->digest = digest(msg);
	e->msglen = msg->l;
	e->time = now;
	memcpy(e + 1, reply->p, reply->l);
	e->reply.p = (const char *)(e + 1);
	e->reply.l = reply->l;

	list_append(&c->lst, &e->le, e);
	hash_append(c->ht, (uint32_t)e->digest, &e->he, e);
	c->count++;
	c->bytes += reply->l;

	return 0;
}
