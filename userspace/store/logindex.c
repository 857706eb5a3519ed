/* SPDX-License-Identifier: BSD-2-Clause */
/* An open table; what is removed is closed up, so that nothing is left of it */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "carom/sipkey.h"
#include "store/logindex.h"

enum { FIRST = 64 };

struct logindex {
	uint64_t key[2];
	struct logplace *v; /* len 0: free */
	size_t mask, count;
	uint64_t bytes;
	char *kindv[LOGINDEX_KINDS];
	uint16_t kindc;
};

static void destructor(void *data)
{
	struct logindex *ix = data;

	for (uint16_t i = 0; i < ix->kindc; i++)
		mem_deref(ix->kindv[i]);
	mem_deref(ix->v);
}

int logindex_alloc(struct logindex **ip)
{
	struct logindex *ix = mem_zalloc(sizeof(*ix), destructor);

	if (!ix)
		return ENOMEM;
	ix->key[0] = rand_u64();
	ix->key[1] = rand_u64();
	ix->mask = FIRST - 1;
	ix->v = mem_zalloc(FIRST * sizeof(*ix->v), NULL);
	if (!ix->v) {
		mem_deref(ix);
		return ENOMEM;
	}
	*ip = ix;

	return 0;
}

uint64_t logindex_hash(const struct logindex *ix, const struct pl *kind,
		       const struct pl *key)
{
	struct siphash h;

	siphash_start(&h, ix->key[0], ix->key[1]);
	sipkey_mem(&h, kind->p, kind->l);
	sipkey_mem(&h, key->p, key->l);

	return siphash_end(&h);
}

uint16_t logindex_kind(struct logindex *ix, const struct pl *kind, bool make)
{
	for (uint16_t i = 0; i < ix->kindc; i++)
		if (!pl_strcmp(kind, ix->kindv[i]))
			return i;
	if (!make || ix->kindc == LOGINDEX_KINDS ||
	    pl_strdup(&ix->kindv[ix->kindc], kind))
		return UINT16_MAX;

	return ix->kindc++;
}

/* ---- the table ---------------------------------------------------------- */

static size_t slot_of(const struct logindex *ix, uint64_t hash)
{
	size_t i = hash & ix->mask;

	while (ix->v[i].len && ix->v[i].hash != hash)
		i = (i + 1) & ix->mask;

	return i;
}

const struct logplace *logindex_find(const struct logindex *ix, uint64_t hash)
{
	const struct logplace *p = &ix->v[slot_of(ix, hash)];

	return p->len ? p : NULL;
}

int logindex_reserve(struct logindex *ix, size_t n)
{
	size_t size = ix->mask + 1, old = size;
	struct logplace *v = ix->v;

	while (ix->count + n > size / 4 * 3)
		size *= 2;
	if (size == old)
		return 0;
	ix->v = mem_zalloc(size * sizeof(*v), NULL);
	if (!ix->v) {
		ix->v = v;
		return ENOMEM;
	}
	ix->mask = size - 1;
	for (size_t i = 0; i < old; i++)
		if (v[i].len)
			ix->v[slot_of(ix, v[i].hash)] = v[i];
	mem_deref(v);

	return 0;
}

void logindex_set(struct logindex *ix, const struct logplace *p)
{
	struct logplace *slot = &ix->v[slot_of(ix, p->hash)];

	ix->count += !slot->len;
	ix->bytes += p->len;
	ix->bytes -= slot->len;
	*slot = *p;
}

void logindex_remove(struct logindex *ix, uint64_t hash)
{
	size_t hole = slot_of(ix, hash);

	if (!ix->v[hole].len)
		return;
	--ix->count;
	ix->bytes -= ix->v[hole].len;
	/* whoever is behind it for its sake moves up */
	for (size_t i = (hole + 1) & ix->mask; ix->v[i].len;
	     i = (i + 1) & ix->mask) {
		const size_t home = ix->v[i].hash & ix->mask;

		if (((i - home) & ix->mask) < ((i - hole) & ix->mask))
			continue;
		ix->v[hole] = ix->v[i];
		hole = i;
	}
	ix->v[hole].len = 0;
}

uint64_t logindex_bytes(const struct logindex *ix)
{
	return ix->bytes;
}

static int by_place(const void *va, const void *vb)
{
	const struct logplace *a = va, *b = vb;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;

	return a->at < b->at ? -1 : a->at > b->at;
}

int logindex_list(const struct logindex *ix, uint16_t kind,
		  struct logplace **vp, size_t *np)
{
	struct logplace *v;
	size_t n = 0, most = 0;

	*vp = NULL;
	*np = 0;
	for (size_t i = 0; i <= ix->mask; i++)
		most += ix->v[i].len && ix->v[i].kind == kind;
	if (!most)
		return 0;
	v = mem_alloc(most * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;
	for (size_t i = 0; i <= ix->mask; i++)
		if (ix->v[i].len && ix->v[i].kind == kind)
			v[n++] = ix->v[i];
	qsort(v, n, sizeof(*v), by_place);
	*vp = v;
	*np = n;

	return 0;
}
