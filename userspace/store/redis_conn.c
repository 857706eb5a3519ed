/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread's connections: found, held, lost */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/redis.h"

enum {
	RETRY_MS = 200,
	CHECK_MS = 1000,
};

static const struct timeval patience = {REDIS_TIMEOUT / 1000, 0};
/* an answer to WAIT may take its whole time */
static const struct timeval patience_reply = {2 * REDIS_TIMEOUT / 1000, 0};

/* ---- what is known of it -------------------------------------------------- */

static void set_state(struct redis *r, enum redis_state state, int err,
		      const char *why)
{
	const char *host = r->url.addrv[r->at].host;
	const uint16_t port = r->url.addrv[r->at].port;

	(void)pthread_mutex_lock(&r->lock);
	if (state == REDIS_DOWN && r->state != REDIS_DOWN)
		log_warn("store: Redis at %s port %u: %s", host, port, why);
	else if (state == REDIS_UP && r->state == REDIS_DOWN)
		log_info("store: Redis at %s port %u is there", host, port);
	r->state = state;
	r->err = err;
	(void)re_snprintf(r->why, sizeof(r->why),
			  "Redis at %s port %u is away: %s; what is written "
			  "waits, and is lost if this node dies meanwhile",
			  host, port, why);
	(void)pthread_cond_broadcast(&r->cond);
	(void)pthread_mutex_unlock(&r->lock);
}

static void hang_up(redisContext **cp)
{
	if (*cp)
		redisFree(*cp);
	*cp = NULL;
}

void redis_disconnect(struct redis *r, int err, const char *why)
{
	/* it may point into the context */
	set_state(r, REDIS_DOWN, err, why);
	hang_up(&r->c);
	hang_up(&r->sub);
	r->next_try = tmr_jiffies() + RETRY_MS;
}

/* ---- one command -------------------------------------------------------- */

static int err_of(const redisContext *c)
{
	if (!c)
		return ENOMEM;
	if (c->err == REDIS_ERR_IO)
		return errno == EAGAIN ? ETIMEDOUT : errno ? errno : EIO;

	return c->err == REDIS_ERR_EOF ? ECONNRESET : EIO;
}

static const char *why_of(const redisContext *c)
{
	if (c && c->err == REDIS_ERR_IO && errno == EAGAIN)
		return "no answer";

	return c ? c->errstr : "out of memory";
}

redisReply *redis_ask(struct redis *r, const struct resp *cmd)
{
	void *reply = NULL;

	if (cmd->failed) {
		redis_disconnect(r, ENOMEM, "out of memory");
		return NULL;
	}
	if (cmd->n)
		(void)redisAppendFormattedCommand(r->c, cmd->p, cmd->n);
	if (redisGetReply(r->c, &reply) != REDIS_OK) {
		redis_disconnect(r, err_of(r->c), why_of(r->c));
		return NULL;
	}

	return reply;
}

/* A setting, as text; "" when we may not know */
static void setting(redisContext *c, const char *name, char *buf, size_t size)
{
	redisReply *reply = redisCommand(c, "CONFIG GET %s", name);

	*buf = '\0';
	if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
		str_ncpy(buf, reply->element[1]->str, size);
	if (reply)
		freeReplyObject(reply);
}

/* A write is acknowledged when Redis says so: it must mean something */
static void check_durable(const struct redis *r)
{
	char aof[16], sync[16];

	setting(r->c, "appendonly", aof, sizeof(aof));
	setting(r->c, "appendfsync", sync, sizeof(sync));
	if (!strcmp(aof, "no"))
		log_warn("store: Redis keeps what is written in memory only: "
			 "set \"appendonly yes\" and \"appendfsync always\"");
	else if (*sync && strcmp(sync, "always") != 0)
		log_warn("store: Redis may lose the last second when it "
			 "crashes: set \"appendfsync always\"");
}

/* ---- connecting --------------------------------------------------------- */

/* 0, or what is wrong with the answer */
static int expect(redisContext *c, redisReply *reply, char *why, size_t size)
{
	int err = 0;

	if (!reply) {
		err = err_of(c);
		str_ncpy(why, why_of(c), size);
	} else if (reply->type == REDIS_REPLY_ERROR) {
		err = !strncmp(reply->str, "NOAUTH", 6) ||
				      !strncmp(reply->str, "WRONGPASS", 9) ||
				      !strncmp(reply->str, "NOPERM", 6)
			      ? EACCES
			      : EAGAIN;
		str_ncpy(why, reply->str, size);
	}
	if (reply)
		freeReplyObject(reply);

	return err;
}

static int log_in(const struct redis *r, redisContext *c, char *why,
		  size_t size)
{
	int err = 0;

	if (r->password && *r->url.user)
		err = expect(
			c,
			redisCommand(c, "AUTH %s %s", r->url.user, r->password),
			why, size);
	else if (r->password)
		err = expect(c, redisCommand(c, "AUTH %s", r->password), why,
			     size);
	if (!err)
		err = expect(c, redisCommand(c, "SELECT %u", r->url.db), why,
			     size);

	return err;
}

static int open_one(const struct redis *r, redisContext **cp, char *why,
		    size_t size)
{
	redisContext *c;
	int err = 0;

	c = redisConnectWithTimeout(r->url.addrv[r->at].host,
				    r->url.addrv[r->at].port, patience);
	if (!c || c->err) {
		err = err_of(c);
		str_ncpy(why, why_of(c), size);
	} else {
		(void)redisSetTimeout(c, patience_reply);
		(void)redisEnableKeepAlive(c);
		err = log_in(r, c, why, size);
	}
	if (err && c)
		redisFree(c);
	else
		*cp = c;

	return err;
}

static int check_role(redisContext *c, char *why, size_t size)
{
	redisReply *reply = redisCommand(c, "ROLE");
	int err = 0;

	if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements &&
	    reply->element[0]->type == REDIS_REPLY_STRING) {
		if (strcmp(reply->element[0]->str, "master") != 0) {
			str_ncpy(why, "it is no master", size);
			err = EROFS;
		}
		freeReplyObject(reply);
		return err;
	}

	/* an old server, or one that does not let us know, is taken at its
	 * word: a replica refuses what is written */
	if (reply && reply->type == REDIS_REPLY_ERROR &&
	    strncmp(reply->str, "LOADING", 7) != 0) {
		freeReplyObject(reply);
		return 0;
	}

	return expect(c, reply, why, size);
}

static int check_version(const struct redis *r, redisContext *c, char *why,
			 size_t size)
{
	redisReply *reply;
	int err = 0;

	if (!r->readonly)
		err = expect(c,
			     redisCommand(c, "SET carom.version %d NX",
					  REDIS_VERSION),
			     why, size);
	if (err)
		return err;
	reply = redisCommand(c, "GET carom.version");
	if (reply && reply->type == REDIS_REPLY_STRING &&
	    strtol(reply->str, NULL, 10) != REDIS_VERSION) {
		str_ncpy(why, "written by a newer version of carom", size);
		freeReplyObject(reply);
		return EPROTO;
	}

	return expect(c, reply, why, size);
}

static int subscribe(struct redis *r, char *why, size_t size)
{
	int err = open_one(r, &r->sub, why, size);

	return err ? err
		   : expect(r->sub,
			    redisCommand(r->sub, "SUBSCRIBE %s", r->channel),
			    why, size);
}

static int try_one(struct redis *r, char *why, size_t size)
{
	int err = open_one(r, &r->c, why, size);

	if (!err)
		err = check_role(r->c, why, size);
	if (!err)
		err = check_version(r, r->c, why, size);
	if (!err)
		err = redis_lease_take(r, why, size);
	if (!err && !r->readonly)
		err = subscribe(r, why, size);

	return err;
}

bool redis_connect(struct redis *r)
{
	char why[160] = "";

	int err = EINVAL;

	for (size_t i = 0; i < r->url.addrc; i++) {
		err = try_one(r, why, sizeof(why));
		if (!err)
			break;
		hang_up(&r->c);
		hang_up(&r->sub);
		if (i + 1 < r->url.addrc)
			r->at = (r->at + 1) % r->url.addrc;
	}
	if (err) {
		redis_disconnect(r, err, why);
		r->at = (r->at + 1) % r->url.addrc;
		return false;
	}

	if (!r->readonly)
		check_durable(r);
	r->checked = tmr_jiffies();
	r->fresh = true;
	set_state(r, REDIS_UP, 0, "");

	return true;
}

void redis_resubscribe(struct redis *r)
{
	char why[160] = "";
	int err;

	hang_up(&r->sub);
	err = subscribe(r, why, sizeof(why));
	if (err)
		redis_disconnect(r, err, why);
	else
		r->fresh = true;
}

void redis_check(struct redis *r)
{
	const uint64_t now = tmr_jiffies();
	char why[160] = "";
	int err;

	if (now < r->checked + CHECK_MS)
		return;
	r->checked = now;
	err = check_role(r->c, why, sizeof(why));
	if (!err)
		err = redis_lease_take(r, why, sizeof(why));
	if (err)
		redis_disconnect(r, err, why);
}
