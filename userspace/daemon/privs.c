/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cap-ng.h>
#include <re.h>

#include "base/log.h"
#include "daemon/privs.h"

int privs_user(struct privs *p, const char *user)
{
	const struct passwd *pw;

	memset(p, 0, sizeof(*p));
	p->user = user;
	p->uid = geteuid();
	p->gid = getegid();
	if (!user)
		return 0;

	errno = 0;
	pw = getpwnam(user);
	if (!pw) {
		log_error("user: there is no user %s on this system; run: "
			  "useradd --system --no-create-home %s",
			  user, user);
		return ENOENT;
	}

	p->change = pw->pw_uid != p->uid;
	if (p->change && p->uid) {
		log_error("user: only root can become %s", user);
		return EPERM;
	}
	p->uid = pw->pw_uid;
	p->gid = pw->pw_gid;

	return 0;
}

static int own(const struct privs *p, int fd, const char *path)
{
	if (!p->change || !fchown(fd, p->uid, p->gid))
		return 0;

	log_error("%s: cannot be given to %s: %m", path, p->user, errno);

	return errno;
}

/* Each directory of a path in turn; what is there already is good. Whoever we
 * become must get through those above the last one, whatever our umask says */
static int make_path(char *path)
{
	char *slash = path;
	mode_t mask;
	int err = 0;

	do {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		mask = umask(slash ? 0022 : 0027);
		if (mkdir(path, 0777) && errno != EEXIST)
			err = errno;
		(void)umask(mask);
		if (slash)
			*slash = '/';
	} while (!err && slash && slash[1]);

	return err;
}

static bool may_write(const struct privs *p, const struct stat *st)
{
	if (!p->uid || st->st_uid == p->uid)
		return true;

	return st->st_mode & S_IWOTH ||
	       (st->st_gid == p->gid && st->st_mode & S_IWGRP);
}

/* A directory that was there is not ours to give away: it may be /run */
static int check_dir(const struct privs *p, const char *path,
		     const struct stat *st)
{
	if (!S_ISDIR(st->st_mode)) {
		log_error("%s: %m", path, ENOTDIR);
		return ENOTDIR;
	}
	if (!may_write(p, st)) {
		log_error("%s: %s may not write there; run: chown -R %s %s",
			  path, p->user ? p->user : "we",
			  p->user ? p->user : "USER", path);
		return EACCES;
	}

	return 0;
}

int privs_dir(const struct privs *p, const char *path)
{
	char *copy = NULL;
	struct stat st;
	int fd, err;

	if (!stat(path, &st))
		return check_dir(p, path, &st);

	err = str_dup(&copy, path);
	if (err)
		return err;

	err = make_path(copy);
	mem_deref(copy);
	if (err) {
		log_error("%s: cannot be created: %m", path, err);
		return err;
	}

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		err = errno;
		log_error("%s: %m", path, err);
		return err;
	}
	err = own(p, fd, path);
	(void)close(fd);

	return err;
}

int privs_parent(const struct privs *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	const struct pl pl = {path, slash ? (size_t)(slash - path) : 0};
	char *dir = NULL;
	int err;

	if (!pl.l)
		return 0;

	err = pl_strdup(&dir, &pl);
	if (!err)
		err = privs_dir(p, dir);
	mem_deref(dir);

	return err;
}

int privs_file(const struct privs *p, const char *path, bool create)
{
	int fd, err;

	fd = open(path,
		  O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0),
		  0640);
	if (fd < 0) {
		err = errno;
		if (err == ENOENT && !create)
			return 0;
		log_error("%s: %m", path, err);
		return err;
	}

	err = own(p, fd, path);
	(void)close(fd);

	return err;
}

/* CAP_NET_ADMIN: next hops kept resolved. CAP_NET_RAW: AF_XDP sockets for devices
 * that are attached later */
static int keep_caps(const struct privs *p)
{
	int rc;

	capng_clear(CAPNG_SELECT_ALL);
	(void)capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			    CAP_NET_ADMIN, CAP_NET_RAW, -1);

	if (p->change)
		rc = capng_change_id((int)p->uid, (int)p->gid,
				     CAPNG_DROP_SUPP_GRP |
					     CAPNG_CLEAR_BOUNDING |
					     CAPNG_CLEAR_AMBIENT);
	else
		rc = capng_apply(geteuid() ? CAPNG_SELECT_CAPS
					   : CAPNG_SELECT_ALL);
	if (!rc)
		return 0;

	log_error("privileges cannot be dropped (libcap-ng: %d); is "
		  "CAP_NET_ADMIN and CAP_NET_RAW among those that we are "
		  "given?",
		  rc);

	return EPERM;
}

int privs_drop(const struct privs *p)
{
	int err;

	if (capng_get_caps_process() ||
	    !capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN) ||
	    !capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW)) {
		log_error("CAP_NET_ADMIN and CAP_NET_RAW are needed: start as "
			  "root, or by carom.service");
		return EPERM;
	}

	err = keep_caps(p);
	if (err)
		return err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		err = errno;
		log_error("no_new_privs: %m", err);
		return err;
	}

	/* trust, and look */
	if (geteuid() != p->uid || getuid() != p->uid || getegid() != p->gid ||
	    capng_get_caps_process() ||
	    capng_have_capability(CAPNG_PERMITTED, CAP_SYS_ADMIN)) {
		log_error("privileges were not dropped");
		return EPERM;
	}

	log_debug("runs as uid %u, gid %u, with CAP_NET_ADMIN and "
		  "CAP_NET_RAW alone",
		  (unsigned)p->uid, (unsigned)p->gid);

	return 0;
}
