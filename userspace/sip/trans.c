/* SPDX-License-Identifier: BSD-2-Clause */
/* Server transactions but of INVITE (17.2.2): what is asked again is answered as it
 * was, and while there is no answer yet, not handled twice */
#include <errno.h>
#include <string.h>
#include "carom/sipkey.h"
#include "sip/priv.h"

enum { BUCKETS = 4096, MOST = 65536, TICK = 1000 };

struct sip_trans {
	struct le he, le;
	uint64_t key;
	uint64_t over; /* ms */
	struct mbuf *answer;
	struct sa dst;
	unsigned listener;
};

struct transes {
	struct sip_node *node;
	struct hash *hash;
	struct list list; /* in the order of their ends */
	unsigned count;
	struct tmr tick;
};

static void destructor(void *arg)
{
	struct transes *ts = arg;
	struct sip_trans *t;

	tmr_cancel(&ts->tick);
	while ((t = list_ledata(list_head(&ts->list)))) {
		hash_unlink(&t->he);
		list_unlink(&t->le);
		mem_deref(t);
	}
	mem_deref(ts->hash);
}

static void trans_destructor(void *arg)
{
	struct sip_trans *t = arg;

	mem_deref(t->answer);
}

static void tick_handler(void *arg)
{
	struct transes *ts = arg;
	const uint64_t now = tmr_jiffies();
	struct sip_trans *t;

	tmr_start(&ts->tick, TICK, tick_handler, ts);
	while ((t = list_ledata(list_head(&ts->list))) && t->over <= now) {
		hash_unlink(&t->he);
		list_unlink(&t->le);
		--ts->count;
		mem_deref(t);
	}
}

int transes_alloc(struct transes **tp, struct sip_node *n)
{
	struct transes *ts = mem_zalloc(sizeof(*ts), destructor);
	int err;

	if (!ts)
		return ENOMEM;
	ts->node = n;
	tmr_init(&ts->tick);
	err = hash_alloc(&ts->hash, BUCKETS);
	if (err) {
		mem_deref(ts);
		return err;
	}
	tmr_start(&ts->tick, TICK, tick_handler, ts);
	*tp = ts;
	return 0;
}

/* Who has no branch of RFC 3261 is told apart by the rest (17.2.3) */
static uint64_t key_of(const struct transes *ts, const struct sip_in *in)
{
	const struct msg *m = in->m;
	const struct pl partv[] = {
		m->met,  m->viav[0].sentby, m->viav[0].branch, m->callid,
		m->cseq, m->from_tag,       m->to_tag};
	struct siphash h;

	siphash_start(&h, ts->node->key[0], ts->node->key[1]);
	for (size_t i = 0; i < ARRAY_SIZE(partv); i++)
		sipkey_mem(&h, partv[i].p, partv[i].l);
	return siphash_end(&h);
}

static bool is(struct le *le, void *arg)
{
	const struct sip_trans *t = le->data;

	return t->key == *(const uint64_t *)arg;
}

bool trans_again(struct sip_trans **tp, struct transes *ts,
		 const struct sip_in *in)
{
	uint64_t key = key_of(ts, in);
	struct sip_trans *t = list_ledata(
		hash_lookup(ts->hash, (uint32_t)key, is, &key));

	*tp = NULL;
	if (t) {
		if (t->answer)
			(void)node_answer(ts->node, t->listener, &t->dst,
					  t->answer);
		return true;
	}
	if (ts->count >= MOST)
		return false;
	t = mem_zalloc(sizeof(*t), trans_destructor);
	if (!t)
		return false;
	t->key = key;
	t->listener = in->listener;
	t->over = tmr_jiffies() + SIP_FOREVER_MS;
	hash_append(ts->hash, (uint32_t)key, &t->he, t);
	list_append(&ts->list, &t->le, t);
	++ts->count;
	*tp = t;
	return false;
}

void trans_answered(struct sip_trans *t, struct mbuf *mb, const struct sa *dst)
{
	mem_deref(t->answer);
	t->answer = mem_ref(mb);
	sa_cpy(&t->dst, dst);
}
