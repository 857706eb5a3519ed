/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file config_fix.c  Configurations that are loaded from a file of their own
 */
#include "config_fix.h"

char path[] = "/tmp/carom-config-XXXXXX";

int load_bytes(struct config **cp, const char *p, size_t n,
	       struct config_err *e)
{
	int fd, err;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	assert_int_equal(close(fd), 0);
	e->msg[0] = '\0';
	err = config_load(cp, path, e);
	assert_int_equal(unlink(path), 0);
	return err;
}

int load(struct config **cp, const char *text, struct config_err *e)
{
	return load_bytes(cp, text, strlen(text), e);
}

struct config *good(const char *text)
{
	struct config *c = NULL;
	struct config_err e;

	if (load(&c, text, &e))
		fail_msg("%s", e.msg);
	assert_non_null(c);
	return c;
}
