/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sounds.c  Files that are played: each is read once, and kept for a while
 */
#include <ctype.h>
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
	ID_MAX = 20,
};

/** A file, as it was when it was read */
struct sound {
	struct le le; /* the one asked for last is the last */
	char *path;   /* NULL: it came as a blob */
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

/* Those that nobody plays, from the one on that was asked for longest ago; blobs, which
 * nobody can ask for again, at once */
static void make_room(struct sounds *s, const struct sound *keep)
{
	struct le *le;
	size_t sum = 0;

	for (le = list_tail(&s->list); le;) {
		struct sound *x = le->data;

		le = le->prev;
		sum += clip_len(x->clip) * sizeof(int16_t);
		if (x != keep && (sum > SOUNDS_BYTES || !x->path) &&
		    mem_nrefs(x->clip) == 1)
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

		if (!x->path || str_cmp(x->path, path))
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

/* It has its first second */
static void add(struct sounds *s, struct sound *x)
{
	x->loading = clip_have(x->clip) < clip_len(x->clip);
	list_append(&s->list, &x->le, x);
	if (x->loading)
		tmr_start(&s->tmr, LOAD_MS, load, s);
	make_room(s, x);
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
	add(s, x);
	*xp = x;

	return 0;
}

/* libre takes whatever looks like it */
static bool is_base64(const struct pl *pl)
{
	size_t n = pl->l;

	for (unsigned i = 0; i < 2 && n && pl->p[n - 1] == '='; i++)
		--n;
	for (size_t i = 0; i < n; i++) {
		const char c = pl->p[i];

		if (!isalnum((unsigned char)c) && c != '+' && c != '/')
			return false;
	}

	return pl->l % 4 == 0;
}

static int read_blob(struct sound **xp, struct sounds *s, const struct pl *blob,
		     const char **why)
{
	size_t n = blob->l / 4 * 3 + 3;
	uint8_t *p = mem_alloc(n, NULL);
	struct sound *x;
	int err;

	x = p ? mem_zalloc(sizeof(*x), sound_destructor) : NULL;
	if (!x) {
		mem_deref(p);
		return ENOMEM;
	}
	err = is_base64(blob) ? base64_decode(blob->p, blob->l, p, &n) : EINVAL;
	if (err || !n) {
		*why = "no base64";
		err = EINVAL;
	} else {
		err = clip_mem(&x->clip, p, n, why);
	}
	mem_deref(p);
	if (err) {
		mem_deref(x);
		return err;
	}
	add(s, x);
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

static bool is_number(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return false;
	}

	return pl->l && pl->l < ID_MAX;
}

int sounds_name(char **name, const struct media_sound *x, struct media_err *e)
{
	if (x->blob.l)
		return 0;
	if (!x->id.l)
		return pl_strdup(name, &x->file);
	if (!is_number(&x->id))
		return media_fail(e, EINVAL, "db-id '%r' is no number", &x->id);

	return re_sdprintf(name, "by-id/%r", &x->id);
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

static int get_file(struct sound **xp, struct sounds *s, const char *path,
		    const char **why)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	*xp = find(s, path, &st);

	return *xp ? 0 : read_file(xp, s, path, &st, why);
}

int sounds_get(struct clip **cp, struct sounds *s,
	       const struct media_sound *what, struct media_err *e)
{
	const char *why = NULL;
	char *name = NULL, *path = NULL;
	struct sound *x = NULL;
	struct pl pl;
	int err;

	err = sounds_name(&name, what, e);
	if (!err && name) {
		pl_set_str(&pl, name);
		err = path_of(&path, s, &pl, e);
	}
	mem_deref(name);
	if (err)
		return err;
	err = path ? get_file(&x, s, path, &why)
		   : read_blob(&x, s, &what->blob, &why);
	if (err || !x) {
		(void)media_fail(e, err, "%s: %s", path ? path : "blob",
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
