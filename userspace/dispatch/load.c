/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/load.c  A dispatcher.list from its file
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/list.h"

/* One byte more than allowed, when there are as many: so it is seen */
static int slurp(struct mbuf *mb, const char *path)
{
	struct stat st;
	ssize_t n = 0;
	int err = 0, fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno;

	if (fstat(fd, &st) < 0)
		err = errno;
	else if (!S_ISREG(st.st_mode))
		err = EINVAL;

	while (!err && mb->end < mb->size) {
		n = read(fd, mb->buf + mb->end, mb->size - mb->end);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		mb->end += (size_t)n;
	}
	if (n < 0)
		err = errno;

	(void)close(fd);

	return err;
}

int ds_list_load(struct ds_list **lp, const char *path, struct ds_err *e)
{
	struct ds_where w = {path, 0, e};
	struct mbuf *mb;
	struct pl text;
	int err;

	if (!lp || !path)
		return EINVAL;

	mb = mbuf_alloc(DS_FILE_MAX + 1);
	if (!mb)
		return ENOMEM;

	err = slurp(mb, path);
	if (err) {
		(void)ds_bad(&w, "%m; allowed: a file that can be read", err);
		goto out;
	}

	text = (struct pl){(const char *)mb->buf, mb->end};
	err = ds_list_parse(lp, path, &text, e);

out:
	mem_deref(mb);

	return err;
}
