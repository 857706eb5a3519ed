/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store_fix.h  A store for a test, and waiting for what it says
 */
#ifndef STORE_FIX_H
#define STORE_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <re.h>

#include "store/store.h"

enum {
	PATIENCE = 30000, /* ms: the test hangs, it is not slow */
};

struct fix {
	char dir[64], path[96];
	struct store *s;
	struct tmr tmr;
	unsigned done; /* handlers called */
	unsigned want;
	int err;   /* the last one's */
	int first; /* error of all, if any */
	char order[128];
};

static inline int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	strcpy(f->dir, "/tmp/carom-write-XXXXXX");
	if (!mkdtemp(f->dir) || libre_init())
		return -1;
	(void)re_snprintf(f->path, sizeof(f->path), "%s/a.db", f->dir);
	tmr_init(&f->tmr);
	*state = f;

	return store_open(&f->s, f->path, false);
}

/* What a store leaves in the directory */
static inline void fix_remove(struct fix *f)
{
	static const char *const namev[] = {"a.db", "lost.db"};
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char name[128];

	f->s = mem_deref(f->s);
	for (size_t i = 0; i < ARRAY_SIZE(namev) * ARRAY_SIZE(ends); i++) {
		(void)re_snprintf(name, sizeof(name), "%s/%s%s", f->dir,
				  namev[i % 2], ends[i / 2]);
		(void)unlink(name);
	}
	(void)unlink(f->path);
}

static inline int teardown(void **state)
{
	struct fix *f = *state;

	fix_remove(f);
	tmr_cancel(&f->tmr);
	libre_close();
	if (rmdir(f->dir))
		return -1;
	free(f);

	return 0;
}

/* ---- waiting ------------------------------------------------------------ */

static inline void done_h(int err, void *arg)
{
	struct fix *f = arg;

	f->err = err;
	if (err)
		f->first = err;
	if (++f->done == f->want)
		re_cancel();
}

static inline void too_long(void *arg)
{
	struct fix *f = arg;

	f->want = 0;
	re_cancel();
}

static inline void wait_for(struct fix *f, unsigned n)
{
	if (f->done == n)
		return;
	f->want = n;
	tmr_start(&f->tmr, PATIENCE, too_long, f);
	(void)re_main(NULL);
	tmr_cancel(&f->tmr);
	assert_int_equal(f->done, n);
}

/* ---- one line each -------------------------------------------------------- */

static inline struct store_op op(const char *kind, const char *key,
				 const char *value)
{
	struct store_op o = {.kind = kind};

	pl_set_str(&o.key, key);
	if (value)
		pl_set_str(&o.value, value);

	return o;
}

static inline void put(struct fix *f, const char *key, const char *value)
{
	const struct store_op o = op("m", key, value);

	assert_int_equal(store_write(f->s, &o, 1, done_h, f), 0);
}

static inline void assert_value(struct fix *f, const char *key,
				const char *value)
{
	char *v = NULL;
	struct pl k;

	pl_set_str(&k, key);
	assert_int_equal(store_get(f->s, "m", &k, &v), value ? 0 : ENOENT);
	if (value)
		assert_string_equal(v, value);
	mem_deref(v);
}

static inline bool collect(const struct pl *key, const struct pl *value,
			   void *arg)
{
	char *out = arg;
	size_t n = strlen(out);

	(void)re_snprintf(out + n, 128 - n, "%r=%r ", key, value);

	return false;
}

#endif
