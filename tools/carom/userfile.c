/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file userfile.c  A file of users, changed in place of the old one, whole or not
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "digest/users.h"
#include "userfile.h"

/* A file being changed */
struct change {
	const struct userfile *f;
	char path[PATH_MAX]; /* where a link leads to */
	struct stat st;
	bool there;
	struct mbuf *text;
};

static int failed(struct users_err *e, const char *path, int err)
{
	(void)re_snprintf(e->msg, sizeof(e->msg), "%s: %m", path, err);
	return err;
}

/* What is there; nothing is fine too */
static int load(struct change *c, struct mbuf *old)
{
	uint8_t buf[4096];
	ssize_t n;
	int fd, err = 0;

	if (!realpath(c->f->path, c->path)) {
		if (errno != ENOENT || strlen(c->f->path) >= sizeof(c->path))
			return errno;
		(void)re_snprintf(c->path, sizeof(c->path), "%s", c->f->path);
		return 0;
	}
	fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno;
	if (fstat(fd, &c->st))
		err = errno;
	else if (!S_ISREG(c->st.st_mode))
		err = EINVAL;
	c->there = true;
	while (!err) {
		n = read(fd, buf, sizeof(buf));
		if (n <= 0) {
			err = n < 0 ? errno : 0;
			break;
		}
		err = mbuf_write_mem(old, buf, (size_t)n);
	}
	(void)close(fd);
	return err;
}

/* All lines but the user's */
static int filter(struct change *c, const struct mbuf *old, const char *user,
		  unsigned *had)
{
	struct pl rest = {(const char *)old->buf, old->end};
	char *mine = NULL;
	size_t n;
	int err = re_sdprintf(&mine, "%s:%s:", user, c->f->realm);

	*had = 0;
	if (err)
		return err;
	n = strlen(mine);
	while (!err && rest.l) {
		const char *nl = memchr(rest.p, '\n', rest.l);
		struct pl line = {rest.p,
				  nl ? (size_t)(nl - rest.p) + 1 : rest.l};

		pl_advance(&rest, (ssize_t)line.l);
		if (line.l > n && !memcmp(line.p, mine, n)) {
			++*had;
			continue;
		}
		err = mbuf_write_pl(c->text, &line);
		if (!err && !nl)
			err = mbuf_write_u8(c->text, '\n');
	}
	mem_deref(mine);
	return err;
}

static int check(const struct change *c, const struct mbuf *mb,
		 struct users_err *e)
{
	const struct pl text = {(const char *)mb->buf, mb->end};
	struct users *u = NULL;
	int err = users_parse(&u, c->path, c->f->realm, &text, e);

	mem_deref(u);
	return err;
}

static int write_all(int fd, const struct mbuf *mb)
{
	size_t done = 0;

	while (done < mb->end) {
		const ssize_t n = write(fd, mb->buf + done, mb->end - done);

		if (n < 0)
			return errno;
		done += (size_t)n;
	}
	return fsync(fd) ? errno : 0;
}

/* Readable by root and by the agent, or as it was */
static int dress(const struct change *c, int fd)
{
	const mode_t mode = c->there ? c->st.st_mode & 07777 : 0640;
	const uid_t uid = c->there ? c->st.st_uid : (uid_t)-1;
	const gid_t gid = c->there ? c->st.st_gid : c->f->group;

	/* who is not root keeps what it may */
	if (fchown(fd, uid, gid) && (errno != EPERM || c->there))
		return errno;
	return fchmod(fd, mode) ? errno : 0;
}

static int replace(const struct change *c)
{
	char name[PATH_MAX + 8];
	int fd, err;

	(void)re_snprintf(name, sizeof(name), "%s.XXXXXX", c->path);
	fd = mkstemp(name);
	if (fd < 0)
		return errno;
	err = dress(c, fd);
	if (!err)
		err = write_all(fd, c->text);
	(void)close(fd);
	if (!err && rename(name, c->path))
		err = errno;
	if (err)
		(void)unlink(name);
	return err;
}

int userfile_put(const struct userfile *f, const char *user,
		 const struct pl *lines, unsigned *had, struct users_err *e)
{
	struct change c = {.f = f, .text = mbuf_alloc(1024)};
	struct mbuf *old = mbuf_alloc(1024);
	int err = c.text && old ? 0 : ENOMEM;

	if (!err)
		err = load(&c, old);
	if (err) {
		failed(e, f->path, err);
		goto out;
	}
	err = check(&c, old, e);
	if (err)
		goto out;
	err = filter(&c, old, user, had);
	if (!err && lines->l)
		err = mbuf_write_pl(c.text, lines);
	if (!err && (*had || lines->l)) {
		err = check(&c, c.text, e);
		if (err)
			goto out;
		err = replace(&c);
	}
	if (err)
		failed(e, c.path, err);
out:
	mem_deref(old);
	mem_deref(c.text);
	return err;
}
