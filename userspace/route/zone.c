/* SPDX-License-Identifier: BSD-2-Clause */
/* A time zone's file (TZif, RFC 8536) */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "route/zone.h"

enum {
	FILE_MAX = 65536,
	HEADER = 44,
	TYPE = 6, /* bytes of a local time type                         */
	CHANGES = 4096,
	DAY = 86400,
};

struct zone {
	int64_t *atv;     /* when it changes, rising                        */
	int32_t *offsetv; /* what to                                        */
	size_t n;
	int32_t first; /* before all of them                             */
	bool ruled;    /* has a rule for what comes after                */
	struct posixtz rule;
};

/* A block's counts, as its header has them */
struct block {
	uint32_t isut, isstd, leap, time, type, chars;
};

static void destructor(void *arg)
{
	struct zone *z = arg;

	mem_deref(z->atv);
	mem_deref(z->offsetv);
}

static uint64_t big(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static int header(struct block *b, const uint8_t *p, size_t n)
{
	if (n < HEADER || memcmp(p, "TZif", 4) != 0)
		return EBADMSG;
	b->isut = (uint32_t)big(p + 20, 4);
	b->isstd = (uint32_t)big(p + 24, 4);
	b->leap = (uint32_t)big(p + 28, 4);
	b->time = (uint32_t)big(p + 32, 4);
	b->type = (uint32_t)big(p + 36, 4);
	b->chars = (uint32_t)big(p + 40, 4);
	return b->time <= CHANGES && b->type && b->type <= 256 &&
			       b->chars <= 4096 && b->leap <= 256 &&
			       b->isut <= 256 && b->isstd <= 256
		       ? 0
		       : EBADMSG;
}

/* Bytes behind the header, with times of w bytes */
static size_t size(const struct block *b, size_t w)
{
	return b->time * (w + 1) + (size_t)b->type * TYPE + b->chars +
	       b->leap * (w + 4) + b->isstd + b->isut;
}

static int changes(struct zone *z, const struct block *b, const uint8_t *p)
{
	const uint8_t *indexv = p + (size_t)b->time * 8;
	const uint8_t *typev = indexv + b->time;

	z->atv = mem_zalloc((b->time + 1) * sizeof(*z->atv), NULL);
	z->offsetv = mem_zalloc((b->time + 1) * sizeof(*z->offsetv), NULL);
	if (!z->atv || !z->offsetv)
		return ENOMEM;
	z->n = b->time;
	z->first = (int32_t)big(typev, 4);
	for (size_t i = 0; i < z->n; i++) {
		if (indexv[i] >= b->type)
			return EBADMSG;
		z->atv[i] = (int64_t)big(p + i * 8, 8);
		z->offsetv[i] = (int32_t)big(typev + (size_t)indexv[i] * TYPE,
					     4);
		if ((i && z->atv[i] <= z->atv[i - 1]) ||
		    z->offsetv[i] < -2 * DAY || z->offsetv[i] > 2 * DAY)
			return EBADMSG;
	}
	return z->first < -2 * DAY || z->first > 2 * DAY ? EBADMSG : 0;
}

/* "\nRULE\n"; an empty one says nothing of later times */
static int footer(struct zone *z, const uint8_t *p, size_t n)
{
	struct pl rule = {(const char *)p + 1, 0};

	if (!n || *p != '\n')
		return EBADMSG;
	while (rule.l + 1 < n && rule.p[rule.l] != '\n')
		rule.l++;
	if (rule.l + 1 >= n)
		return EBADMSG;
	z->ruled = rule.l > 0;
	return z->ruled ? posixtz_decode(&z->rule, &rule) : 0;
}

static int fill(struct zone *z, const uint8_t *p, size_t n)
{
	struct block b;
	int err = header(&b, p, n);

	if (err)
		return err;
	/* the first block is for programs that know times of 4 bytes alone */
	if (p[4] < '2' || n - HEADER < size(&b, 4))
		return EBADMSG;
	n -= HEADER + size(&b, 4);
	p += HEADER + size(&b, 4);
	err = header(&b, p, n);
	if (err)
		return err;
	if (n - HEADER < size(&b, 8))
		return EBADMSG;
	err = changes(z, &b, p + HEADER);
	return err ? err
		   : footer(z, p + HEADER + size(&b, 8),
			    n - HEADER - size(&b, 8));
}

int zone_decode(struct zone **zp, const uint8_t *p, size_t n)
{
	struct zone *z;
	int err;

	if (!zp || !p)
		return EINVAL;
	z = mem_zalloc(sizeof(*z), destructor);
	if (!z)
		return ENOMEM;
	err = fill(z, p, n);
	if (err)
		mem_deref(z);
	else
		*zp = z;
	return err;
}

/* It becomes part of a path */
static bool is_name(const char *s)
{
	if (!isalpha((unsigned char)*s) || strlen(s) > 64)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("/_+-", *s))
			return false;
	return true;
}

int zone_load(struct zone **zp, const char *name)
{
	char path[128];
	struct mbuf *mb;
	ssize_t n;
	int err, fd;

	if (!zp || !name)
		return EINVAL;
	if (!is_name(name))
		return ENOENT;
	(void)re_snprintf(path, sizeof(path), ZONE_DIR "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR ? ENOENT : errno;
	mb = mbuf_alloc(FILE_MAX);
	n = mb ? read(fd, mb->buf, FILE_MAX) : 0;
	err = !mb               ? ENOMEM
	      : n >= 0          ? zone_decode(zp, mb->buf, (size_t)n)
	      : errno == EISDIR ? ENOENT
				: errno;
	(void)close(fd);
	mem_deref(mb);
	return err;
}

int32_t zone_offset(const struct zone *z, int64_t t)
{
	size_t lo = 0, hi = z ? z->n : 0;

	if (!z)
		return 0;
	/* the last change that is not after t */
	while (lo < hi) {
		const size_t mid = (lo + hi) / 2;

		if (z->atv[mid] <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == z->n && z->ruled)
		return posixtz_offset(&z->rule, t);
	return lo ? z->offsetv[lo - 1] : z->first;
}

void zone_wall(const struct zone *z, int64_t t, unsigned *wday,
	       unsigned *minute)
{
	const int64_t wall = t + zone_offset(z, t);
	int64_t day = wall / DAY, s = wall % DAY;

	if (s < 0) {
		s += DAY;
		day--;
	}
	*minute = (unsigned)(s / 60);
	*wday = (unsigned)(((day + 4) % 7 + 7) % 7);
}
