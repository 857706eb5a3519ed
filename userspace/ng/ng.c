/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/ng.c  One request in, one reply out
 */
#include <string.h>
#include <re.h>
#include "base/log.h"
#include "ng/bencode.h"
#include "ng/core.h"
#include "ng/json.h"

enum {
	CONNS = 64,
	IDLE = 300,
	COOKIES = 4096,
	COOKIE_TTL = 30000,
	COOKIE_BYTES = 16 * 1024 * 1024,
	WARNS = 10,
	WARN_MS = 10000,
};

/* How a request is coded, and so its reply */
enum coding { BENCODE, JSON, UNKNOWN };

static void destructor(void *arg)
{
	struct ng *ng = arg;

	list_flush(&ng->connl);
	list_flush(&ng->listenl);
	ng_warn_close(&ng->bad);
	ng_warn_close(&ng->odd);
	mem_deref(ng->cookies);
	mem_deref(ng->media);
}

int ng_alloc(struct ng **ngp, struct media *m, const struct ng_conf *conf)
{
	struct ng *ng;
	int err;

	if (!ngp || !m)
		return EINVAL;

	ng = mem_zalloc(sizeof(*ng), destructor);
	if (!ng)
		return ENOMEM;

	if (conf)
		ng->conf = *conf;
	if (!ng->conf.conns)
		ng->conf.conns = CONNS;
	if (!ng->conf.idle)
		ng->conf.idle = IDLE;
	if (!ng->conf.cookies)
		ng->conf.cookies = COOKIES;
	if (!ng->conf.cookie_ttl)
		ng->conf.cookie_ttl = COOKIE_TTL;

	if (!ng->conf.warns)
		ng->conf.warns = WARNS;
	if (!ng->conf.warn_ms)
		ng->conf.warn_ms = WARN_MS;

	/* One about the other's matter must not use up its lines */
	ng_warn_init(&ng->bad, "messages and connections", ng->conf.warns,
		     ng->conf.warn_ms);
	ng_warn_init(&ng->odd, "requests", ng->conf.warns, ng->conf.warn_ms);

	ng->media = mem_ref(m);
	(void)re_snprintf(ng->id, sizeof(ng->id), "%08x%08x", rand_u32(),
			  rand_u32());

	err = cookies_alloc(&ng->cookies, ng->conf.cookies, COOKIE_BYTES,
			    ng->conf.cookie_ttl);
	if (err)
		mem_deref(ng);
	else
		*ngp = ng;

	return err;
}

int ng_reply_error(struct odict *reply, const char *fmt, ...)
{
	char reason[512];
	va_list ap;
	int err;

	va_start(ap, fmt);
	(void)re_vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);

	err = odict_entry_add(reply, "result", ODICT_STRING, "error");
	err |= odict_entry_add(reply, "error-reason", ODICT_STRING, reason);

	return err ? ENOMEM : 0;
}

static int split(const struct pl *msg, struct pl *cookie, struct pl *body)
{
	const char *sp = memchr(msg->p, ' ', min(msg->l, NG_COOKIE_MAX + 1u));

	if (!sp || sp == msg->p)
		return EBADMSG;

	cookie->p = msg->p;
	cookie->l = (size_t)(sp - msg->p);
	body->p = sp + 1;
	body->l = msg->l - cookie->l - 1;

	return 0;
}

static enum coding coding_of(const struct pl *body)
{
	switch (body->l ? *body->p : '\0') {

	case 'd':
		return BENCODE;
	case '{':
		return JSON;
	default:
		return UNKNOWN;
	}
}

static int decode(struct odict **reqp, enum coding coding,
		  const struct pl *body)
{
	struct pl rest = *body;
	size_t used;
	int err;

	switch (coding) {

	case BENCODE:
		err = bencode_decode(reqp, body, &used);
		break;
	case JSON:
		err = ng_json_decode(reqp, body, &used);
		break;
	default:
		return EBADMSG;
	}
	if (err)
		return err == ENOMEM ? ENOMEM : EBADMSG;

	/* A dictionary, perhaps a line feed, and no more */
	pl_advance(&rest, (ssize_t)used);
	while (rest.l && strchr("\r\n ", *rest.p) && *rest.p)
		pl_advance(&rest, 1);

	if (rest.l) {
		*reqp = mem_deref(*reqp);
		return EBADMSG;
	}

	return 0;
}

static int encode(struct mbuf *mb, enum coding coding, const struct pl *cookie,
		  const struct odict *reply)
{
	return mbuf_printf(mb, "%r %H", cookie,
			   coding == JSON ? json_encode_odict : bencode_encode,
			   reply);
}

static int refuse_body(struct ng *ng, const struct sa *src, enum coding coding,
		       struct odict *reply)
{
	static const char *const why[] = {
		[BENCODE] = "Could not decode bencode dictionary",
		[JSON] = "Failed to parse JSON document",
		[UNKNOWN] = "Invalid NG data format",
	};

	ng_warn(&ng->bad, "%J: %s", src, why[coding]);

	return ng_reply_error(reply, "%s", why[coding]);
}

static int execute(struct ng *ng, const struct sa *src, enum coding coding,
		   const struct pl *body, struct odict *reply)
{
	struct odict *req = NULL;
	int err;

	err = decode(&req, coding, body);
	if (err == EBADMSG)
		return refuse_body(ng, src, coding, reply);

	if (!err)
		err = ng_command(ng, req, reply);
	mem_deref(req);

	return err;
}

/* The reply is more than the transport can carry: say so instead */
static int too_long(struct mbuf *mb, size_t start, enum coding coding,
		    const struct pl *cookie)
{
	struct odict *o;
	int err;

	mb->pos = mb->end = start;

	err = odict_alloc(&o, 8);
	if (err)
		return err;

	err = ng_reply_error(o, "The reply is too long for a datagram: "
				"ask for less, or over TCP");
	if (!err)
		err = encode(mb, coding, cookie, o);
	mem_deref(o);

	return err;
}

int ng_handle(struct ng *ng, const struct sa *src, const struct pl *msg,
	      size_t max, struct mbuf *reply)
{
	const uint64_t now = tmr_jiffies();
	const size_t start = reply ? reply->end : 0;
	struct odict *o = NULL;
	const struct pl *kept;
	struct pl cookie, body, out;
	enum coding coding;
	int err;

	if (!ng || !src || !msg || !msg->p || !reply)
		return EINVAL;

	err = split(msg, &cookie, &body);
	if (err)
		return err;

	reply->pos = start;
	kept = cookies_find(ng->cookies, src, msg, now);
	if (kept) {
		log_debug("ng: %J: request sent again", src);
		return mbuf_write_mem(reply, (const uint8_t *)kept->p, kept->l);
	}

	err = odict_alloc(&o, 32);
	if (err)
		return err;

	coding = coding_of(&body);
	err = execute(ng, src, coding, &body, o);
	if (!err)
		err = encode(reply, coding, &cookie, o);
	if (!err && reply->end - start > max)
		err = too_long(reply, start, coding, &cookie);
	if (err)
		goto out;

	out.p = (const char *)reply->buf + start;
	out.l = reply->end - start;
	err = cookies_add(ng->cookies, src, msg, &out, now);

out:
	mem_deref(o);

	return err;
}
