/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "digest/users.h"

enum { FILE_MAX = 256 << 20, USER_MAX = 256 };

struct user {
	struct pl name;
	enum digest_alg alg;
	unsigned line;
	char *ha1;
};

struct users {
	char *text; /* what the users point into */
	struct user *userv;
	size_t userc;
	uint32_t
		*slotv; /* by name: index of the first of it, from 1; 0: free */
	size_t mask;
};

struct reader {
	const char *name;
	struct pl realm;
	unsigned line;
	struct users_err *e;
};

static void destructor(void *arg)
{
	struct users *u = arg;

	mem_deref(u->slotv);
	mem_deref(u->userv);
	mem_deref(u->text);
}

static int refuse(const struct reader *r, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	(void)re_snprintf(r->e->msg, sizeof(r->e->msg),
			  "%s:%u: %s; allowed: user:realm:HA1, HA1 of 32 "
			  "hexadecimal digits (MD5) or 64 (SHA-256)",
			  r->name, r->line, what);
	return EBADMSG;
}

/* To small letters. @return whether all are hexadecimal digits */
static bool lower_hex(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] >= 'A' && p[i] <= 'F')
			p[i] |= 0x20;
		if (!p[i] || !strchr("0123456789abcdef", p[i]))
			return false;
	}
	return true;
}

static bool printable(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++)
		if ((uint8_t)pl->p[i] < ' ' || pl->p[i] == 0x7f)
			return false;
	return pl->l > 0;
}

/* A line without its end */
static int entry(struct users *u, const struct reader *r, char *line, size_t n)
{
	const struct pl whole = {line, n};
	const char *first = pl_strchr(&whole, ':'),
		   *last = pl_strrchr(&whole, ':');
	struct user *x = &u->userv[u->userc];
	struct pl realm;
	size_t hex;

	if (!first || first == last)
		return refuse(r, "a line without two colons");
	x->name = (struct pl){line, (size_t)(first - line)};
	realm = (struct pl){first + 1, (size_t)(last - first) - 1};
	if (!printable(&x->name) || x->name.l > USER_MAX)
		return refuse(r, "no user name of 1 to %u bytes", USER_MAX);
	if (!printable(&realm) || pl_strchr(&realm, ':'))
		return refuse(r, "no realm, or one with a colon");
	x->ha1 = line + (last + 1 - line);
	x->line = r->line;
	hex = n - (size_t)(last + 1 - line);
	x->alg = hex == digest_len(DIGEST_MD5)      ? DIGEST_MD5
		 : hex == digest_len(DIGEST_SHA256) ? DIGEST_SHA256
						    : DIGEST_ALGS;
	if (x->alg == DIGEST_ALGS)
		return refuse(r, "an HA1 of %zu characters", hex);
	if (!lower_hex(x->ha1, hex))
		return refuse(r, "an HA1 with other characters");
	u->userc += !pl_cmp(&realm, &r->realm);
	return 0;
}

static int compare(const void *va, const void *vb)
{
	const struct user *a = va, *b = vb;
	const size_t n = min(a->name.l, b->name.l);
	const int c = memcmp(a->name.p, b->name.p, n);

	if (c)
		return c;
	if (a->name.l != b->name.l)
		return a->name.l < b->name.l ? -1 : 1;
	return (int)a->alg - (int)b->alg;
}

static int twice(const struct users *u, struct reader *r)
{
	for (size_t i = 1; i < u->userc; i++) {
		const struct user *a = &u->userv[i - 1], *b = a + 1;

		if (compare(a, b))
			continue;
		r->line = max(a->line, b->line);
		return refuse(r, "%s of user '%r' is in line %u already",
			      digest_name(a->alg), &a->name,
			      min(a->line, b->line));
	}
	return 0;
}

static int lines(struct users *u, struct reader *r, size_t n)
{
	char *p = u->text, *end = u->text + n, *nl;
	int err = 0;

	for (; p < end && !err; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl ? nl : end;
		r->line++;
		if (p < nl && *p != '#')
			err = entry(u, r, p, (size_t)(nl - p));
		/* whoever reads an HA1 finds its end */
		*nl = '\0';
	}
	return err;
}

/* ---- by name ---------------------------------------------------------------------- */

static size_t slot_of(const struct users *u, const struct pl *name)
{
	size_t i = hash_joaat((const uint8_t *)name->p, name->l) & u->mask;

	while (u->slotv[i] &&
	       pl_cmp(&u->userv[u->slotv[i] - 1].name, name) != 0)
		i = (i + 1) & u->mask;
	return i;
}

/* Of many users a search would look at twenty, each somewhere else in memory */
static int hash_them(struct users *u)
{
	size_t n = 4;

	while (n < 2 * u->userc)
		n *= 2;
	u->slotv = mem_zalloc(n * sizeof(*u->slotv), NULL);
	if (!u->slotv)
		return ENOMEM;
	u->mask = n - 1;
	for (size_t i = 0; i < u->userc; i++) {
		const size_t at = slot_of(u, &u->userv[i].name);

		if (!u->slotv[at])
			u->slotv[at] = (uint32_t)i + 1;
	}
	return 0;
}

/* Takes the text, which has room for a zero behind it */
static int parse(struct users **up, const char *name, const char *realm,
		 char *text, size_t n, struct users_err *e)
{
	struct reader r = {.name = name, .e = e};
	struct users *u = mem_zalloc(sizeof(*u), destructor);
	size_t count = 1;
	int err = 0;

	if (!u) {
		mem_deref(text);
		return ENOMEM;
	}
	u->text = text;
	pl_set_str(&r.realm, realm);
	for (size_t i = 0; i < n; i++)
		count += text[i] == '\n';
	/* one more: where an entry is tried that is not kept */
	u->userv = mem_zalloc((count + 1) * sizeof(*u->userv), NULL);
	if (!u->userv)
		err = ENOMEM;
	if (!err)
		err = lines(u, &r, n);
	if (!err) {
		qsort(u->userv, u->userc, sizeof(*u->userv), compare);
		err = twice(u, &r);
	}
	if (!err)
		err = hash_them(u);
	if (err)
		mem_deref(u);
	else
		*up = u;
	return err;
}

int users_parse(struct users **up, const char *name, const char *realm,
		const struct pl *text, struct users_err *e)
{
	char *copy;

	if (!up || !name || !realm || !text || !e)
		return EINVAL;
	copy = mem_zalloc(text->l + 1, NULL);
	if (!copy)
		return ENOMEM;
	if (text->l)
		memcpy(copy, text->p, text->l);
	return parse(up, name, realm, copy, text->l, e);
}

static int slurp(char **textp, size_t *np, int fd)
{
	struct stat st;
	char *text;
	size_t n = 0;
	ssize_t got;
	int err;

	if (fstat(fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EINVAL;
	if (st.st_size > FILE_MAX)
		return EFBIG;
	text = mem_zalloc((size_t)st.st_size + 1, NULL);
	if (!text)
		return ENOMEM;
	do {
		got = read(fd, text + n, (size_t)st.st_size - n);
		n += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	if (got < 0) {
		err = errno;
		mem_deref(text);
		return err;
	}
	*textp = text;
	*np = n;
	return 0;
}

int users_load(struct users **up, const char *path, const char *realm,
	       struct users_err *e)
{
	char *text = NULL;
	size_t n = 0;
	int fd, err = 0;

	if (!up || !path || !realm || !e)
		return EINVAL;
	/* a FIFO would have us wait for its writer */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		err = errno;
	if (!err) {
		err = slurp(&text, &n, fd);
		(void)close(fd);
	}
	if (err) {
		(void)re_snprintf(e->msg, sizeof(e->msg), "%s: %m%s", path, err,
				  err == ENOENT ? "; carom user add makes it"
						: "");
		return err;
	}
	return parse(up, path, realm, text, n, e);
}

size_t users_count(const struct users *u)
{
	return u ? u->userc : 0;
}

const char *users_ha1(const struct users *u, const struct pl *user,
		      enum digest_alg alg)
{
	size_t i;

	if (!u || !u->userc)
		return NULL;
	i = u->slotv[slot_of(u, user)];
	/* one name has an entry for each algorithm, side by side */
	for (; i && i <= u->userc && !pl_cmp(&u->userv[i - 1].name, user); i++)
		if (u->userv[i - 1].alg == alg)
			return u->userv[i - 1].ha1;
	return NULL;
}
