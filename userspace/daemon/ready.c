/* SPDX-License-Identifier: BSD-2-Clause */
/* What has to be there, so that calls may be sent to this node */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "api/api.h"
#include "daemon/ready.h"
#include "daemon/role_store.h"
#include "edge/edge.h"
#include "fastpath/fastpath.h"
#include "location/location.h"
#include "provider/provider.h"

static bool maps_ready(char *text, size_t size, void *arg)
{
	const struct ready_conf *c = arg;

	if (!fp_closed(c->fp)) {
		(void)re_snprintf(text, size, "%u legs", fp_slots(c->fp));
		return true;
	}
	(void)re_snprintf(text, size, "`carom detach` took the maps away");

	return false;
}

static bool store_ready(char *text, size_t size, void *arg)
{
	const struct ready_conf *c = arg;

	return role_store_ready(text, size, c->store);
}

/* Those that `carom attach` takes by itself */
static bool devices_ready(char *text, size_t size, void *arg)
{
	const struct config *c = ((const struct ready_conf *)arg)->conf;

	for (size_t i = 0; i < c->devicec; i++) {
		if (fp_dev_mode(c->devicev[i]) != FP_NONE)
			continue;
		(void)re_snprintf(text, size,
				  "%s: no XDP program; carom attach %s",
				  c->devicev[i], c->devicev[i]);
		return false;
	}
	(void)re_snprintf(text, size, "%zu of the configuration, all attached",
			  c->devicec);

	return true;
}

/* ---- roles ---------------------------------------------------------------- */

static bool media_ready(char *text, size_t size, void *arg)
{
	const struct config *c = ((const struct ready_conf *)arg)->conf;

	(void)re_snprintf(text, size, "%zu ng listener%s", c->ngc,
			  c->ngc == 1 ? "" : "s");

	return true;
}

struct targets {
	unsigned all, usable;
};

static void count_target(struct targets *t, const struct odict *o)
{
	const char *state = odict_string(o, "state");

	++t->all;
	t->usable += !str_cmp(state, "active") || !str_cmp(state, "trying");
}

/* A call has to go somewhere: where there are sets, some target has to be alive */
static bool edge_ready(char *text, size_t size, void *arg)
{
	const struct ready_conf *c = arg;
	const struct odict_entry *arr;
	struct odict *req = NULL, *reply = NULL;
	struct targets t = {0};
	struct le *le;
	int err = odict_alloc(&req, 2);

	if (!err)
		err = odict_alloc(&reply, 8);
	if (!err)
		err = edge_control(c->edge, "dispatcher list", req, reply);
	arr = err ? NULL : odict_get_type(reply, ODICT_ARRAY, "targets");
	for (le = arr ? list_head(&arr->u.odict->lst) : NULL; le;
	     le = le->next) {
		const struct odict_entry *e = le->data;

		count_target(&t, e->u.odict);
	}
	(void)re_snprintf(text, size, "%zu listeners, %u of %u targets usable",
			  c->conf->sip.listenc, t.usable, t.all);
	mem_deref(reply);
	mem_deref(req);

	return !err && (t.usable || !t.all);
}

static bool registrar_ready(char *text, size_t size, void *arg)
{
	const struct ready_conf *c = arg;
	size_t aors = 0;
	const size_t n = location_count(c->location, &aors);

	(void)re_snprintf(text, size,
			  "%zu listeners, %zu contacts of %zu addresses",
			  c->conf->registrar.listenc, n, aors);

	return true;
}

struct carriers {
	unsigned all, up, down;
};

static bool count_provider(struct provider *p, void *arg)
{
	const struct health *h = provider_health(p);
	struct carriers *n = arg;

	if (provider_record(p)->disabled)
		return false;
	++n->all;
	n->up += h->state == HEALTH_UP;
	n->down += h->state == HEALTH_DOWN;

	return false;
}

/* Carriers that are down are no fault of this node, and down for the others, too */
static bool providers_ready(char *text, size_t size, void *arg)
{
	const struct ready_conf *c = arg;
	struct carriers n = {0};

	providers_each(c->providers, count_provider, &n);
	(void)re_snprintf(text, size, "%u of %u providers up, %u down", n.up,
			  n.all, n.down);

	return true;
}

/* --------------------------------------------------------------------------- */

int ready_parts(struct api *a, const struct ready_conf *conf)
{
	struct ready_conf *c = mem_zalloc(sizeof(*c), NULL);
	int err;

	if (!c)
		return ENOMEM;
	*c = *conf;
	err = api_ready(a, "maps", maps_ready, c);
	if (!err)
		err = api_ready(a, "store", store_ready, c);
	if (!err && c->conf->devicec)
		err = api_ready(a, "devices", devices_ready, c);
	if (!err)
		err = api_ready(a, "media", media_ready, c);
	if (!err && c->edge)
		err = api_ready(a, "edge", edge_ready, c);
	if (!err && c->location)
		err = api_ready(a, "registrar", registrar_ready, c);
	if (!err && c->providers)
		err = api_ready(a, "providers", providers_ready, c);
	if (!err)
		err = api_keep(a, c);
	else
		mem_deref(c);

	return err;
}
