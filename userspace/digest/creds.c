/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/stat.h>
#include "base/log.h"
#include "digest/creds.h"
#include "digest/users.h"

struct creds {
	char *path, *realm;
	struct users *users;
};

static void destructor(void *arg)
{
	struct creds *c = arg;

	mem_deref(c->users);
	mem_deref(c->realm);
	mem_deref(c->path);
}

int creds_reload(struct creds *c, struct users_err *e)
{
	struct users *users = NULL;
	struct stat st;
	int err = users_load(&users, c->path, c->realm, e);

	if (err)
		return err;
	mem_deref(c->users);
	c->users = users;
	/* who has an HA1 needs no password */
	if (!stat(c->path, &st) && st.st_mode & S_IRWXO)
		log_warn("%s: others may read it: chmod o= is advised",
			 c->path);
	if (!users_count(users))
		log_warn("%s: no line of realm %s", c->path, c->realm);
	log_info("%s: %zu lines of realm %s", c->path, users_count(users),
		 c->realm);
	return 0;
}

int creds_alloc(struct creds **cp, const char *path, const char *realm,
		struct users_err *e)
{
	struct creds *c;
	int err;

	if (!cp || !path || !realm || !e)
		return EINVAL;
	c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;
	err = str_dup(&c->path, path);
	if (!err)
		err = str_dup(&c->realm, realm);
	if (!err)
		err = creds_reload(c, e);
	if (err)
		mem_deref(c);
	else
		*cp = c;
	return err;
}

size_t creds_count(const struct creds *c)
{
	return users_count(c->users);
}

const char *creds_path(const struct creds *c)
{
	return c->path;
}

const char *creds_ha1(const struct pl *user, enum digest_alg alg, void *arg)
{
	const struct creds *c = arg;

	return users_ha1(c->users, user, alg);
}
