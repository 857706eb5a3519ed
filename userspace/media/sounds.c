/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sounds.c  Files that are played: each is read once, and kept for a while
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <re.h>
#include "media/call.h"
#include "media/sounds.h"

enum {
	LOAD_MS = 5,          /* between two bits                         */
	LOAD_SOUND_MS = 1000, /* of sound a bit: some 5 ms of work, of Opus */
};

/** A file, as it was when it was read */
struct sound {
	struct le le; /* the one asked for last is the last */
	char *path;
	struct timespec mtime;
	off_t size;
	struct clip *clip;
	bool loading;
};

struct sounds {
	char *dir;
	struct list list;
	struct tmr tmr;
};

static void sounds_destructor(void *arg)
{
	struct sounds *s = arg;

	tmr_cancel(&s->tmr);
	list_flush(&s->list);
	mem_deref(s->dir);
}

static void sound_destructor(void *arg)
{
	struct sound *x = arg;

	list_unlink(&x->le);
	mem_deref(x->path);
	mem_deref(x->clip);
}

int sounds_alloc(struct sounds **sp, const char *dir)
{
	struct sounds *s = mem_zalloc(sizeof(*s), sounds_destructor);
	int err = 0;

	if (!s)
		return ENOMEM;
	tmr_init(&s->tmr);
	if (dir)
		err = str_dup(&s->dir, dir);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

/* A bit of each that is not whole */
static void load(void *arg)
{
	struct sounds *s = arg;
	bool more = false;

	for (struct le *le = list_head(&s->list); le; le = le->next) {
		struct sound *x = le->data;

		if (x->loading)
			x->loading = clip_load(x->clip, LOAD_SOUND_MS);
		more |= x->loading;
	}
	if (more)
		tmr_start(&s->tmr, LOAD_MS, load, s);
}

/* Those that nobody plays, from the one on that was asked for longest ago */
static void make_room(struct sounds *s)
{
	struct le *le;
	size_t sum = 0;

	for (le = list_tail(&s->list); le;) {
		struct sound *x = le->data;

		le = le->prev;
		sum += clip_len(x->clip) * sizeof(int16_t);
		if (sum > SOUNDS_BYTES && mem_nrefs(x->clip) == 1)
			mem_deref(x);
	}
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static struct sound *find(const struct sounds *s, const char *path,
			  const struct stat *st)
{
	for (struct le *le = list_head(&s->list); le; le = le->next) {
		struct sound *x = le->data;

		if (str_cmp(x->path, path))
			continue;
		if (x->size == st->st_size &&
		    same_time(&x->mtime, &st->st_mtim))
			return x;
		/* it has changed: who plays the old one keeps it */
		mem_deref(x);
		return NULL;
	}

	return NULL;
}

static int read_file(struct sound **xp, struct sounds *s, const char *path,
		     const struct stat *st, const char **why)
{
	struct sound *x = mem_zalloc(sizeof(*x), sound_destructor);
	int err;

	if (!x)
		return ENOMEM;
	x->size = st->st_size;
	x->mtime = st->st_mtim;
	err = str_dup(&x->path, path);
	if (!err)
		err = clip_open(&x->clip, path, why);
	if (err) {
		mem_deref(x);
		return err;
	}
	x->loading = clip_have(x->clip) < clip_len(x->clip);
	list_append(&s->list, &x->le, x);
	if (x->loading)
		tmr_start(&s->tmr, LOAD_MS, load, s);
	make_room(s);
	*xp = x;

	return 0;
}

static bool leads_out(const struct pl *name)
{
	const char *p = name->p, *end = name->p + name->l;

	for (; p + 1 < end; p++) {
		if (p[0] == '.' && p[1] == '.' &&
		    (p == name->p || p[-1] == '/') &&
		    (p + 2 == end || p[2] == '/'))
			return true;
	}

	return false;
}

static int path_of(char **path, const struct sounds *s, const struct pl *name,
		   struct media_err *e)
{
	if (!pl_isset(name) || memchr(name->p, '\0', name->l) ||
	    leads_out(name))
		return media_fail(e, EINVAL, "'%r' is no name of a file", name);
	if (name->p[0] == '/')
		return re_sdprintf(path, "%r", name);
	if (!s->dir)
		return media_fail(e, ENOENT,
				  "'%r': only names that begin with / are "
				  "known, as there is no media.sound-dir",
				  name);

	return re_sdprintf(path, "%s/%r", s->dir, name);
}

int sounds_get(struct clip **cp, struct sounds *s, const struct pl *name,
	       struct media_err *e)
{
	const char *why = NULL;
	char *path = NULL;
	struct sound *x;
	struct stat st;
	int err;

	err = path_of(&path, s, name, e);
	if (err || !path)
		return err;
	if (stat(path, &st)) {
		err = media_fail(e, errno, "%s: %m", path, errno);
		goto out;
	}
	x = find(s, path, &st);
	if (!x)
		err = read_file(&x, s, path, &st, &why);
	if (err) {
		(void)media_fail(e, err, "%s: %s", path,
				 why ? why : strerror(err));
		goto out;
	}
	list_unlink(&x->le);
	list_append(&s->list, &x->le, x);
	*cp = mem_ref(x->clip);

out:
	mem_deref(path);

	return err;
}
