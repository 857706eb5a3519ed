/* SPDX-License-Identifier: BSD-2-Clause */
/* The API as the configuration wants it */
#include <errno.h>
#include <string.h>
#include <unistd.h>

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
	/* who is of the user's group may ask */
	if (!err && l->path && privs->change &&
	    lchown(l->path, privs->uid, privs->gid)) {
		err = errno;
		log_error("api: %s: %m", l->path, err);
	}
	/* nobody asked for it: another agent of this host has it */
	if (err && !c->given) {
		log_warn("api: without this listener; api.listen names others");
		err = 0;
	}

	return err;
}

/* What Prometheus is told, and nothing else */
static int listen_metrics(struct api *a, const struct sa *addr)
{
	const struct api_listen how = {
		.addr = addr, .open = true, .only = "/metrics"};

	return api_listen(a, &how);
}

static int role_api_tokens(struct api *a, const struct config *c,
			   struct mbuf *said)
{
	char why[512] = "";
	int err;

	if (!c->api.tokens)
		return 0;
	err = api_tokens(a, c->api.tokens, why, sizeof(why));
	if (err)
		log_error("api: %s", why);
	if (err && said)
		(void)mbuf_printf(said, "\n%s; the tokens are as before", why);

	return err;
}

int role_api_renew(struct api *a, const struct config *c, struct mbuf *said)
{
	int err = api_listen_renew(a);

	if (err)
		(void)mbuf_printf(said,
				  "\n%s, %s: %m; the certificate is as before",
				  c->api.certificate, c->api.key, err);

	return err ? err : role_api_tokens(a, c, said);
}

int role_api_listen(struct api *a, const struct config *c,
		    const struct privs *privs)
{
	int err = role_api_tokens(a, c, NULL);

	for (size_t i = 0; i < c->api.listenc && !err; i++)
		err = listen_one(a, &c->api, &c->api.listenv[i], privs);

	for (size_t i = 0; i < c->metricsc && !err; i++)
		err = listen_metrics(a, &c->metricsv[i]);

	return err;
}
