/* SPDX-License-Identifier: BSD-2-Clause */
/* The API as the configuration wants it */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "api/api.h"
#include "base/log.h"
#include "daemon/privs.h"
#include "daemon/role_api.h"

static int listen_one(struct api *a, const struct config_api *c,
		      const struct config_api_listen *l,
		      const struct privs *privs)
{
	const struct api_tls tls = {c->certificate, c->key};
	const bool far = config_api_is_far(l);
	const struct api_listen how = {
		.path = l->path,
		.addr = &l->addr,
		.tls = far ? &tls : NULL,
		.open = l->path || (!far && !c->tokens),
	};
	int err = l->path ? privs_parent(privs, l->path) : 0;

	if (!err)
		err = api_listen(a, &how);
	/* nobody asked for it: another agent of this host has it */
	if (err && !c->given) {
		log_warn("api: without this listener; api.listen names others");
		err = 0;
	}

	return err;
}

int role_api_listen(struct api *a, const struct config *c,
		    const struct privs *privs)
{
	char why[512] = "";
	int err = 0;

	if (c->api.tokens) {
		err = api_tokens(a, c->api.tokens, why, sizeof(why));
		if (err)
			log_error("api: %s", why);
	}
	for (size_t i = 0; i < c->api.listenc && !err; i++)
		err = listen_one(a, &c->api, &c->api.listenv[i], privs);

	return err;
}
