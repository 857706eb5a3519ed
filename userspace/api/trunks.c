/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/trunks */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "api/providers.h"
#include "provider/trunk.h"

/* What only all of them together can say */
static void look(struct api_req *req, const struct trunks *ts,
		 const struct trunk *t)
{
	const struct trunk *other;
	char pointer[32];

	if (t->netc && !trunks_has_set(ts, t->set))
		api_fault(req, "/set",
			  "%u; allowed: the id of one of the dispatcher's sets",
			  t->set);
	for (size_t i = 0; i < t->netc; i++) {
		other = trunks_net(ts, &t->netv[i], t->id);
		(void)re_snprintf(pointer, sizeof(pointer), "/prefixes/%zu", i);
		if (other)
			api_fault(req, pointer, "is trunk %s's", other->id);
	}
	other = trunks_user(ts, t->secret.username, t->id);
	if (other)
		api_fault(req, "/username", "is trunk %s's", other->id);
}

static int check(struct api_req *req, const char *id, struct odict *stored,
		 const struct odict *old, void *arg)
{
	struct fields_err e = {"", ""};
	struct trunk *t = NULL;
	struct odict *o = NULL;
	int err = api_keep_secret(stored, old);
	(void)id;

	if (!err)
		err = trunk_decode(&t, stored, &e);
	if (err == EBADMSG) {
		api_fault_fields(req, &e);
		return 0;
	}
	if (!err) {
		look(req, arg, t);
		err = odict_alloc(&o, 16);
	}
	if (!err)
		err = trunk_json(o, t, true);
	if (!err)
		err = api_become(stored, o);
	mem_deref(o);
	mem_deref(t);
	return err;
}

static int view(struct odict *v, const struct odict *stored, void *arg)
{
	const int err = api_become(v, stored);
	(void)arg;

	odict_entry_del(v, "ha1");
	return err;
}

static void changed(const char *id, const struct odict *stored, void *arg)
{
	struct trunks *ts = arg;
	struct fields_err e = {"", ""};
	struct trunk *t = NULL;

	if (!stored)
		(void)trunks_del(ts, id);
	else if (!trunk_decode(&t, stored, &e))
		(void)trunks_put(ts, t);
	mem_deref(t);
}

int api_trunks(struct api *a, struct trunks *ts)
{
	const struct api_record r = {.path = "/v1/trunks",
				     .name = "trunks",
				     .kind = "trunk",
				     .check = check,
				     .view = view,
				     .changed = changed,
				     .arg = ts};

	return api_records(a, &r);
}
