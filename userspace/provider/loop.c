/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "carom/siphash.h"
#include "provider/loop.h"

enum {
	SUM = 16, /* digits of what it was routed by                     */
	SEAL = 8, /* digits by which we know our own                      */
};

int loop_init(struct loop *l)
{
	return getrandom(l->key, sizeof(l->key), 0) == sizeof(l->key) ? 0 : EIO;
}

/* Lengths, too: no two texts run into each other */
static void add(struct siphash *s, const struct pl *pl)
{
	siphash_word(s, pl->l);
	for (size_t i = 0; i < pl->l; i += 8) {
		uint64_t w = 0;

		memcpy(&w, pl->p + i, MIN(pl->l - i, sizeof(w)));
		siphash_word(s, w);
	}
}

/* The numbers choose the way; Call-ID and From tag say which call it is. CSeq is
 * raised on the way, hosts are each hop's own */
static uint64_t sum(const struct loop *l, const struct msg *m, bool inbound)
{
	struct pl from = PL_INIT, tag;
	struct uri uri = {.user = PL_INIT};
	struct siphash s;

	if (!msg_addr(&from, &tag, &m->first[MSG_FROM]->val))
		(void)msg_uri_decode(&uri, &from);
	siphash_start(&s, l->key[0], l->key[1]);
	siphash_word(&s, inbound);
	add(&s, &m->uri.user);
	add(&s, &uri.user);
	add(&s, &m->callid);
	add(&s, &m->from_tag);
	return siphash_end(&s);
}

static uint32_t seal(const struct loop *l, uint64_t sum)
{
	struct siphash s;

	siphash_start(&s, l->key[0], l->key[1]);
	siphash_word(&s, sum);
	return (uint32_t)siphash_end(&s);
}

void loop_mark(const struct loop *l, char mark[LOOP_MARK], const struct msg *m,
	       bool inbound)
{
	const uint64_t n = sum(l, m, inbound);

	(void)re_snprintf(mark, LOOP_MARK, "%016llx%08x", n, seal(l, n));
}

/* The mark of a Via of ours. @return false: it is none */
static bool read_mark(const struct loop *l, uint64_t *n,
		      const struct pl *branch)
{
	struct pl p = *branch;
	struct pl q;

	if (p.l < SUM + SEAL)
		return false;
	pl_advance(&p, (ssize_t)(p.l - SUM - SEAL));
	q = (struct pl){p.p + SUM, SEAL};
	p.l = SUM;
	*n = pl_x64(&p);
	return pl_x32(&q) == seal(l, *n);
}

bool loop_found(const struct loop *l, const struct msg *m, bool inbound)
{
	const uint64_t now = sum(l, m, inbound);
	unsigned turns = 0;
	uint64_t n;

	for (size_t i = 0; i < m->viac; i++) {
		if (!read_mark(l, &n, &m->viav[i].branch))
			continue;
		if (n == now || ++turns >= LOOP_TURNS)
			return true;
	}
	return false;
}
