/* SPDX-License-Identifier: BSD-2-Clause */
/* The API: which resources this node has */
#include <re.h>

#include "api/api.h"
#include "api/presence.h"
#include "api/providers.h"
#include "api/registrar.h"
#include "daemon/core.h"
#include "daemon/ready.h"
#include "daemon/role_api.h"
#include "daemon/role_hep.h"
#include "fastpath/fastpath.h"
#include "media/media.h"

static int reload_post(struct api_req *req, void *arg)
{
	struct odict *o = NULL;
	char *text = NULL;
	int err = daemon_renew(arg, &text);

	if (err && text) {
		err = api_problem(req, 422, "bad-configuration", "%s", text);
	} else if (!err) {
		err = odict_alloc(&o, 2);
		if (!err)
			err = odict_entry_add(o, "text", ODICT_STRING, text);
		if (!err)
			err = api_reply(req, 200, o);
	}
	mem_deref(o);
	mem_deref(text);

	return err;
}

/* Of all rooms but the fast path */
static int figures(struct odict *o, void *arg)
{
	const struct daemon *d = arg;
	int err = media_figures(d->media, o);

	if (!err && d->registrar)
		err = registrar_figures(d->registrar->reg, o);
	if (!err)
		err = role_presence_figures(d->presence, o);
	return err ? err : role_hep_figures(d->hep, o);
}

static int api_registrar(struct daemon *d)
{
	int err = api_registrations(d->api, d->registrar->reg, d->location);

	if (!err)
		err = api_extensions(d->api, d->registrar->reg,
				     d->registrar->ext);
	api_role(d->api, "registrar");
	return err;
}

int daemon_open_api(struct daemon *d)
{
	const struct api_conf conf = {d->conf->node, d->store, d->events};
	const struct ready_conf parts = {
		.conf = d->conf,
		.fp = d->fp,
		.store = d->store,
		.edge = d->edge,
		.location = d->registrar ? d->location : NULL,
		.providers = d->providers,
	};
	int err = api_alloc(&d->api, &conf);

	if (!err)
		err = api_health(d->api);
	if (!err)
		err = ready_parts(d->api, &parts);
	if (!err)
		err = api_route(d->api, "POST", "/v1/reload", API_ADMIN,
				reload_post, d);
	if (!err)
		err = api_event_routes(d->api);
	if (!err && d->providers)
		err = api_providers(d->api, d->providers);
	if (!err && d->trunks)
		err = api_trunks(d->api, d->trunks);
	if (!err)
		err = api_presence(d->api, role_presence_room(d->presence));
	if (!err)
		err = api_nodes(d->api);
	if (!err)
		err = api_legs(d->api, d->fp, d->media);
	if (!err)
		err = api_media(d->api, d->media);
	if (!err)
		err = api_statistics(d->api, d->fp, figures, d);
	api_role(d->api, "media");
	if (!err && d->edge)
		err = api_edge(d->api, d->edge);
	if (d->edge)
		api_role(d->api, "edge");
	if (!err && d->registrar)
		err = api_registrar(d);
	if (!err)
		err = role_api_listen(d->api, d->conf, &d->privs);

	return err;
}
