/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread: a node's name is one node's
 *
 * carom.node:NAME says who has it, as long as it is refreshed. Who that is, is
 * a boot of a machine and a network namespace in it: an agent that starts again
 * there is the same, and need not wait for the end of its own lease. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/redis.h"

static const char take[] =
	"local h = redis.call('GET', KEYS[1]) "
	"if h and h ~= ARGV[1] then return 1 end "
	"redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 0";
static const char leave[] = "if redis.call('GET', KEYS[1]) == ARGV[1] then "
			    "redis.call('DEL', KEYS[1]) end return 0";

int redis_lease_alloc(struct redis *r)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	char boot[40] = "";
	struct stat st;
	int err = 0;

	if (!f || !fgets(boot, sizeof(boot), f))
		err = f ? EIO : errno;
	if (f)
		(void)fclose(f);
	if (!err && stat("/proc/self/ns/net", &st))
		err = errno;
	boot[strcspn(boot, "\n")] = '\0';
	(void)re_snprintf(r->holder, sizeof(r->holder), "%s/%llu", boot,
			  (uint64_t)(err ? 0 : st.st_ino));

	return err;
}

/* Who has nothing of its own needs no name */
static bool needs_none(const struct redis *r)
{
	return r->readonly || !*r->own;
}

static redisReply *run(struct redis *r, const char *script)
{
	return redisCommand(r->c, "EVAL %s 1 carom.node:%s %s %d", script,
			    r->node, r->holder, REDIS_LEASE);
}

int redis_lease_take(struct redis *r, char *why, size_t size)
{
	redisReply *reply;
	int err = 0;

	if (needs_none(r))
		return 0;
	reply = run(r, take);
	if (!reply) {
		str_ncpy(why, r->c->errstr, size);
		err = EIO;
	} else if (reply->type == REDIS_REPLY_ERROR) {
		str_ncpy(why, reply->str, size);
		err = EIO;
	} else if (reply->integer) {
		(void)re_snprintf(why, size, "another node has the name %s",
				  r->node);
		err = EBUSY;
	}
	if (reply)
		freeReplyObject(reply);

	return err;
}

void redis_lease_leave(struct redis *r)
{
	redisReply *reply = needs_none(r) ? NULL : run(r, leave);

	if (reply)
		freeReplyObject(reply);
}
