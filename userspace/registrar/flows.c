/* SPDX-License-Identifier: BSD-2-Clause */
/* Contacts that are reached by the connection that they came by, and by no other:
 * outbound flows (RFC 5626) and WebSockets (RFC 7118). They go with it */
#include <errno.h>
#include <string.h>
#include "registrar/priv.h"

enum { BUCKETS = 4096 };

struct flows {
	struct registrar *r;
	struct location_watch *watch;
	struct hash *hash; /* struct flow, by peer */
};

struct flow {
	struct le le;
	struct sa peer;
	enum msg_transp transp;
	size_t aorl, idl;
	char text[]; /* AOR, id */
};

static void destructor(void *arg)
{
	struct flows *fs = arg;

	mem_deref(fs->watch);
	if (fs->r->node)
		sip_node_closed(fs->r->node, NULL, NULL);
	hash_flush(fs->hash);
	mem_deref(fs->hash);
}

static void flow_destructor(void *arg)
{
	struct flow *f = arg;

	hash_unlink(&f->le);
}

static bool is_flow(const struct binding *b)
{
	return b->direct && !b->elsewhere && b->transp != MSG_UDP &&
	       (b->reg_id || !msg_is_stream(b->transp));
}

static bool is(const struct flow *f, const struct binding *b)
{
	return f->transp == b->transp && sa_cmp(&f->peer, &b->src, SA_ALL) &&
	       f->aorl == b->aor.l && f->idl == b->id.l &&
	       !memcmp(f->text, b->aor.p, b->aor.l) &&
	       !memcmp(f->text + f->aorl, b->id.p, b->id.l);
}

/* One that is known is not kept twice; one that has gone meanwhile is found to be gone
 * when its connection closes */
static void changed(enum location_event ev, const struct binding *b, void *arg)
{
	struct flows *fs = arg;
	const uint32_t h = sa_hash(&b->src, SA_ALL);
	struct flow *f;
	struct le *le;

	if (ev > LOCATION_SHORTENED || !is_flow(b))
		return;
	for (le = list_head(hash_list(fs->hash, h)); le; le = le->next)
		if (is(le->data, b))
			return;
	f = mem_zalloc(sizeof(*f) + b->aor.l + b->id.l, flow_destructor);
	if (!f)
		return;
	sa_cpy(&f->peer, &b->src);
	f->transp = b->transp;
	f->aorl = b->aor.l;
	f->idl = b->id.l;
	memcpy(f->text, b->aor.p, b->aor.l);
	memcpy(f->text + b->aor.l, b->id.p, b->id.l);
	hash_append(fs->hash, h, &f->le, f);
}

static bool still(const struct binding *b, void *arg)
{
	return is_flow(b) && is(arg, b);
}

static void end(const struct flows *fs, struct flow *f)
{
	const struct pl aor = {f->text, f->aorl},
			id = {f->text + f->aorl, f->idl};

	/* its phone may have come by another in the meantime */
	if (location_find(fs->r->loc, &aor, still, f))
		(void)location_remove(fs->r->loc, &aor, &id, LOCATION_PROBATION,
				      NULL, NULL);
}

static void closed(const struct sip_flow *flow, void *arg)
{
	const struct flows *fs = arg;
	struct le *le = list_head(
		hash_list(fs->hash, sa_hash(&flow->peer, SA_ALL)));

	while (le) {
		struct flow *f = le->data;

		le = le->next;
		if (f->transp != flow->transp ||
		    !sa_cmp(&f->peer, &flow->peer, SA_ALL))
			continue;
		end(fs, f);
		mem_deref(f);
	}
}

int flows_alloc(struct flows **fp, struct registrar *r)
{
	struct flows *fs = mem_zalloc(sizeof(*fs), destructor);
	int err;

	if (!fs)
		return ENOMEM;
	fs->r = r;
	err = hash_alloc(&fs->hash, BUCKETS);
	if (!err)
		err = location_watch(&fs->watch, r->loc, changed, fs);
	if (err) {
		mem_deref(fs);
		return err;
	}
	sip_node_closed(r->node, closed, fs);
	*fp = fs;
	return 0;
}
