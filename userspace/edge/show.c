/* SPDX-License-Identifier: BSD-2-Clause */
/* carom connections: who is connected */
#include <errno.h>
#include "edge/core.h"
#include "edge/show.h"

enum { SHOWN = 1000 /* connections in one reply */ };

struct show {
	struct odict *arr;
	const struct policy *policy;
	unsigned n;
};

static int put(struct odict *arr, const struct show *sh,
	       const struct stream_info *i)
{
	const struct policy_listener *l = &sh->policy->listenerv[i->listener];
	struct odict *o = NULL;
	char key[12], text[80];
	int err = odict_alloc(&o, 16);

	if (err)
		return err;
	err |= odict_entry_add(o, "transport", ODICT_STRING,
			       msg_transp_name(i->transp));
	(void)re_snprintf(text, sizeof(text), "%J", &i->peer);
	err |= odict_entry_add(o, "peer", ODICT_STRING, text);
	(void)re_snprintf(text, sizeof(text), "%J", &l->addr);
	err |= odict_entry_add(o, "listener", ODICT_STRING, text);
	err |= odict_entry_add(o, "made_by_us", ODICT_BOOL, i->active);
	err |= odict_entry_add(o, "open", ODICT_BOOL, i->open);
	err |= odict_entry_add(o, "age_ms", ODICT_INT, (int64_t)i->age);
	err |= odict_entry_add(o, "quiet_ms", ODICT_INT, (int64_t)i->quiet);
	err |= odict_entry_add(o, "received", ODICT_INT, (int64_t)i->in);
	err |= odict_entry_add(o, "sent", ODICT_INT, (int64_t)i->out);
	err |= odict_entry_add(o, "waiting_bytes", ODICT_INT,
			       (int64_t)i->waiting);
	/* an array's keys are never shown, yet must differ */
	(void)re_snprintf(key, sizeof(key), "%u", sh->n);
	err |= odict_entry_add(arr, key, ODICT_OBJECT, o);
	mem_deref(o);
	return err ? ENOMEM : 0;
}

static int each(const struct stream_info *i, void *arg)
{
	struct show *sh = arg;
	const int err = sh->n < SHOWN ? put(sh->arr, sh, i) : 0;

	++sh->n;
	return err;
}

int show_connections(const struct edge *e, struct odict *reply)
{
	struct show sh = {.policy = e->policy};
	int err = odict_alloc(&sh.arr, 256);

	if (!err)
		err = streams_list(e->streams, each, &sh);
	if (!err)
		err = odict_entry_add(reply, "connections", ODICT_ARRAY,
				      sh.arr);
	if (!err)
		err = odict_entry_add(reply, "total", ODICT_INT, (int64_t)sh.n);
	mem_deref(sh.arr);
	return err;
}
