/* SPDX-License-Identifier: BSD-2-Clause */
/* The API as a whole */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "api/core.h"
#include "base/log.h"

struct kept {
	struct le le;
	void *obj;
};

static void kept_destructor(void *arg)
{
	struct kept *k = arg;

	list_unlink(&k->le);
	mem_deref(k->obj);
}

int api_keep(struct api *a, void *obj)
{
	struct kept *k = a && obj ? mem_zalloc(sizeof(*k), kept_destructor)
				  : NULL;

	if (!k) {
		mem_deref(obj);
		return ENOMEM;
	}
	k->obj = obj;
	list_append(&a->kept, &k->le, k);
	return 0;
}

static void destructor(void *arg)
{
	struct api *a = arg;
	struct le *le;

	tmr_cancel(&a->bury);
	list_flush(&a->listeners);
	/* whose answer somebody still owes: it goes nowhere */
	while ((le = list_head(&a->reqs))) {
		struct api_req *req = le->data;

		list_unlink(le);
		api_abandon(req);
		req->a = NULL;
	}
	list_flush(&a->routes);
	list_flush(&a->records);
	list_flush(&a->parts);
	list_flush(&a->figures);
	api_node_end(a);
	list_flush(&a->kept);
	mem_deref(a->fp);
	mem_deref(a->tokens);
	mem_deref(a->node);
	mem_deref(a->conf.events);
	mem_deref(a->conf.store);
}

int api_alloc(struct api **ap, const struct api_conf *conf)
{
	struct api *a;
	int err;

	if (!ap || !conf || !conf->node)
		return EINVAL;
	a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;
	list_init(&a->routes);
	list_init(&a->reqs);
	list_init(&a->listeners);
	list_init(&a->parts);
	list_init(&a->records);
	list_init(&a->figures);
	list_init(&a->kept);
	a->patience = API_PATIENCE;
	a->slow = API_SLOW;
	tmr_init(&a->heartbeat);
	tmr_init(&a->bury);
	a->conf.store = mem_ref(conf->store);
	a->conf.events = mem_ref(conf->events);
	a->started = (uint64_t)time(NULL);
	err = str_dup(&a->node, conf->node);
	if (err)
		mem_deref(a);
	else
		*ap = a;

	return err;
}

void api_role(struct api *a, const char *role)
{
	if (a && role && a->rolec < ARRAY_SIZE(a->rolev))
		a->rolev[a->rolec++] = role;
}

struct store *api_store(const struct api *a)
{
	return a->conf.store;
}

struct events *api_events(const struct api *a)
{
	return a->conf.events;
}

const char *api_node(const struct api *a)
{
	return a->node;
}

int api_tokens(struct api *a, const char *path, char *why, size_t size)
{
	struct api_tokens *t = NULL;
	int err;

	if (!a || !path || !why)
		return EINVAL;
	err = api_tokens_load(&t, path, why, size);
	if (err)
		return err;
	mem_deref(a->tokens);
	a->tokens = t;

	return 0;
}
