/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/recname.c  Files of recordings: where they are, and what they are called
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <re.h>
#include "media/recname.h"

int recname_dirs(const char *dir)
{
	char *path = NULL, *p;
	int err;

	err = str_dup(&path, dir);
	if (err)
		return err;

	for (p = path; !err && p;) {
		p = strchr(p + 1, '/');
		if (p)
			*p = '\0';
		if (mkdir(path, 0750) && errno != EEXIST)
			err = errno;
		if (p)
			*p = '/';
	}

	mem_deref(path);

	return err;
}

void recname_safe(char *buf, size_t size, const struct pl *name)
{
	size_t n = 0;

	for (size_t i = 0; name && i < name->l && n + 1 < size; i++) {
		unsigned char c = (unsigned char)name->p[i];
		bool ok = isalnum(c) ||
			  (c && c < 0x80 && strchr("-_@+=,", c)) ||
			  (c == '.' && n && buf[n - 1] != '.');

		buf[n++] = ok ? (char)c : '_';
	}

	if (!n)
		buf[n++] = '_';
	buf[n] = '\0';
}

int recname_create(int *fdp, char **pathp, const char *dir, const char *name,
		   unsigned n, const char *ending)
{
	int err;

	if (n)
		err = re_sdprintf(pathp, "%s/%s-%u.%s", dir, name, n, ending);
	else
		err = re_sdprintf(pathp, "%s/%s.%s", dir, name, ending);
	if (err)
		return err;

	*fdp = open(*pathp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (*fdp < 0) {
		err = errno;
		*pathp = mem_deref(*pathp);
	}

	return err;
}
