/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread: what other nodes did, as it happens and all at once */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/notice.h"
#include "store/redis.h"

/* ---- news for the loop ----------------------------------------------------- */

static void bring(struct redis *r, enum news_type type, const struct pl *kind,
		  const struct pl *key, const struct pl *value)
{
	const size_t klen = key ? key->l : 0, vlen = value ? value->l : 0;
	struct news *n = calloc(1, sizeof(*n) + klen + vlen);
	char *p;

	if (!n) {
		r->resync_at = tmr_jiffies() + REDIS_PATIENCE;
		return;
	}
	p = (char *)&n[1];
	n->type = type;
	n->seen = r->seen;
	(void)pl_strcpy(kind, n->kind, sizeof(n->kind));
	if (klen && key->p)
		memcpy(p, key->p, klen);
	n->key.p = p;
	n->key.l = klen;
	if (value && value->p) {
		if (vlen)
			memcpy(p + klen, value->p, vlen);
		n->value.p = p + klen;
		n->value.l = vlen;
	}
	(void)pthread_mutex_lock(&r->lock);
	list_append(&r->news, &n->le, n);
	(void)pthread_mutex_unlock(&r->lock);
}

/* ---- as it happens -------------------------------------------------------- */

static void heard(struct redis *r, const redisReply *reply)
{
	const redisReply *text;
	struct notice n;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
	    reply->element[2]->type != REDIS_REPLY_STRING)
		return;
	text = reply->element[2];
	if (notice_decode(&n, text->str, (size_t)text->len)) {
		log_debug("store: a notice that makes no sense");
		return;
	}
	if (!pl_strcmp(&n.id, r->id))
		r->seen = n.seq > r->seen ? n.seq : r->seen;
	else
		bring(r, NEWS_CHANGE, &n.kind, &n.key, &n.value);
}

void redis_listen(struct redis *r)
{
	struct pollfd fd = {.fd = r->sub ? r->sub->fd : -1, .events = POLLIN};
	void *reply = NULL;
	bool any = false;

	while (r->sub && poll(&fd, 1, 0) > 0) {
		if (redisBufferRead(r->sub)) {
			redis_disconnect(r, ECONNRESET, r->sub->errstr);
			break;
		}
		while (!redisGetReplyFromReader(r->sub, &reply) && reply) {
			heard(r, reply);
			freeReplyObject(reply);
			any = true;
		}
		if (r->sub->err)
			redis_disconnect(r, EPROTO, r->sub->errstr);
	}
	if (!any)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->seen_last = r->seen;
	(void)pthread_mutex_unlock(&r->lock);
	queue_tell(r->q);
}

/* ---- all at once ---------------------------------------------------------- */

static redisReply *ask_array(struct redis *r)
{
	redisReply *reply = redis_ask(r, &r->out);

	if (reply && reply->type != REDIS_REPLY_ARRAY) {
		redis_disconnect(r, EIO,
				 reply->str ? reply->str : "no list of keys");
		freeReplyObject(reply);
		reply = NULL;
	}

	return reply;
}

static struct pl text_of(const redisReply *reply)
{
	struct pl pl = {reply->str, (size_t)reply->len};

	if (reply->type != REDIS_REPLY_STRING)
		pl.p = NULL;

	return pl;
}

/* Keys from i on, at most a page of them */
static bool sync_page(struct redis *r, const struct pl *kind,
		      const redisReply *keys, size_t i)
{
	const size_t n = min(keys->elements - i, (size_t)REDIS_PAGE);
	redisReply *values;
	char name[STORE_KIND_MAX + 1];

	(void)pl_strcpy(kind, name, sizeof(name));
	resp_clear(&r->out);
	resp_cmd(&r->out, (unsigned)n + 1);
	resp_str(&r->out, "MGET");
	for (size_t k = 0; k < n; k++) {
		const struct pl key = text_of(keys->element[i + k]);

		redis_cmd_record(&r->out, name, &key);
	}
	values = ask_array(r);
	if (!values)
		return false;
	for (size_t k = 0; k < n && k < values->elements; k++) {
		const struct pl key = text_of(keys->element[i + k]);
		const struct pl value = text_of(values->element[k]);

		if (value.p)
			bring(r, NEWS_RECORD, kind, &key, &value);
	}
	freeReplyObject(values);
	queue_tell(r->q);

	return true;
}

static bool sync_kind(struct redis *r, const char *name)
{
	redisReply *keys;
	bool ok = true;
	struct pl kind;

	pl_set_str(&kind, name);
	bring(r, NEWS_BEGIN, &kind, NULL, NULL);
	resp_clear(&r->out);
	resp_cmd(&r->out, 4);
	resp_str(&r->out, "ZRANGE");
	redis_cmd_index(&r->out, name);
	resp_str(&r->out, "0");
	resp_str(&r->out, "-1");
	keys = ask_array(r);
	if (!keys)
		return false;
	for (size_t i = 0; i < keys->elements && ok; i += REDIS_PAGE) {
		/* nobody who registers waits for the end of it */
		ok = sync_page(r, &kind, keys, i) && redis_do_jobs(r);
	}
	freeReplyObject(keys);
	if (ok)
		bring(r, NEWS_END, &kind, NULL, NULL);
	queue_tell(r->q);

	return ok;
}

void redis_resync(struct redis *r)
{
	char(*kindv)[STORE_KIND_MAX + 1];
	const struct le *first = r->todo.head;
	size_t kindc;
	bool ok = true;

	r->resync_at = 0;
	/* notices of what was done are lost, or were never sent */
	if (r->fresh)
		r->seen = first ? ((struct job *)first->data)->seq - 1
				: r->finished;
	r->fresh = false;

	(void)pthread_mutex_lock(&r->lock);
	kindc = r->watchedc;
	kindv = calloc(kindc + 1, sizeof(*kindv));
	if (kindv && kindc)
		memcpy(kindv, r->watchedv, kindc * sizeof(*kindv));
	r->watched = false;
	(void)pthread_mutex_unlock(&r->lock);

	for (size_t i = 0; kindv && i < kindc && ok; i++)
		ok = sync_kind(r, kindv[i]);
	free(kindv);
	if (!ok)
		r->resync_at = tmr_jiffies();
}

/* ---- what expired --------------------------------------------------------- */

/* The key of a record that went away by itself is left in the index */
static const char script[] =
	"local r = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', 500) "
	"for i = 1, #r[2], 2 do "
	"if redis.call('EXISTS', ARGV[2] .. r[2][i]) == 0 then "
	"redis.call('ZREM', KEYS[1], r[2][i]) end end "
	"return r[1]";

void redis_sweep(struct redis *r)
{
	static const struct pl none = {"", 0};
	struct redis_sweep *s;
	redisReply *reply;

	if (!r->sweepc)
		return;
	s = &r->sweepv[r->sweep_at++ % r->sweepc];
	resp_clear(&r->out);
	resp_cmd(&r->out, 6);
	resp_str(&r->out, "EVAL");
	resp_str(&r->out, script);
	resp_str(&r->out, "1");
	redis_cmd_index(&r->out, s->kind);
	resp_u64(&r->out, s->cursor);
	redis_cmd_record(&r->out, s->kind, &none);
	reply = redis_ask(r, &r->out);
	if (!reply)
		return;
	s->cursor = reply->type == REDIS_REPLY_STRING
			    ? strtoull(reply->str, NULL, 10)
			    : 0;
	freeReplyObject(reply);
}
