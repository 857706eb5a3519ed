/* SPDX-License-Identifier: BSD-2-Clause */
/* The store as the configuration wants it */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "base/log.h"
#include "daemon/role_store.h"

/* Calls are in this node's kernel, events are counted by node, a subscription is a
 * dialog with this node: of no use, and no business, to others that have the same
 * Redis */
static const char own[] = "media event event-seq subscription";

static int take_lock(struct lock **lp, const struct config *c,
		     const struct privs *privs)
{
	char *name = NULL;
	int err;

	err = privs_parent(privs, config_lock(c));
	if (!err)
		err = re_sdprintf(&name, "%s.lock", config_lock(c));
	if (!err)
		err = lock_take(lp, name);
	mem_deref(name);

	return err;
}

/* SQLite gives its log and shared memory the owner of the database; those that
 * an earlier run as root left are given along */
static int give_files(const struct config *c, const struct privs *privs)
{
	static const char *const endv[] = {"", "-wal", "-shm"};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(endv) && !err; i++) {
		char *name = NULL;

		err = re_sdprintf(&name, "%s%s", c->store_path, endv[i]);
		if (!err)
			err = privs_file(privs, name, !i);
		mem_deref(name);
	}

	return err;
}

static void say(const struct config *c, int err)
{
	if (err == EPROTO)
		log_error("%s: written by a newer version of carom",
			  c->store_path);
	else if (c->store_shared && err == EBUSY)
		log_error("%s: another node has the name %s: give this one a "
			  "node of its own",
			  c->store_path, c->node);
	else if (c->store_shared)
		log_error("%s: %m: a node does not start without its store, "
			  "where the calls are that its kernel has",
			  c->store_path, err);
	else if (err == EIO)
		log_error("%s: cannot be read: damaged, or no store of ours; "
			  "move it away, with its -wal and -shm, to start "
			  "without the calls in it",
			  c->store_path);
	else
		log_error("%s: %m", c->store_path, err);
}

int role_store(struct store **sp, struct lock **lp, const struct config *c,
	       const struct privs *privs)
{
	const struct store_conf conf = {
		.path = c->store_path,
		.node = c->node,
		.own = own,
		.replicas = c->store_replicas,
		.password_file = c->store_password,
	};
	int err;

	err = take_lock(lp, c, privs);
	if (!err && !c->store_shared)
		err = give_files(c, privs);
	if (err)
		return err;

	err = store_open_conf(sp, &conf);
	if (err)
		say(c, err);

	return err;
}

bool role_store_ready(char *why, size_t size, void *arg)
{
	const char *reason = "";
	const bool degraded = store_degraded(arg, &reason);

	str_ncpy(why, reason, size);

	return !degraded;
}
