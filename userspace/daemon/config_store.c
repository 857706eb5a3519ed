/* SPDX-License-Identifier: BSD-2-Clause */
/* Where records are kept: `store`, and what a Redis needs besides */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"
#include "store/redis_url.h"

enum { TEXT = 1000 };

static int refuse_alone(const struct config_src *src, const char *key)
{
	return config_tree_refuse(src->tree, src->e, key,
				  "store is a file, which has none");
}

int config_fill_store(struct config *c, const struct config_src *src)
{
	const struct raw_config *r = src->raw;
	const char *store = r->store ? r->store : CONFIG_STORE;
	const char *why = "";
	struct redis_url url;
	int err;

	c->store_shared = redis_is_url(store);
	if (c->store_shared && strlen(store) > TEXT)
		return config_tree_refuse(src->tree, src->e, "store",
					  "longer than %u characters", TEXT);
	if (c->store_shared && redis_url_decode(&url, store, &why))
		return config_tree_refuse(src->tree, src->e, "store", "%s",
					  why);
	if (!c->store_shared && r->store_password)
		return refuse_alone(src, "store-password");
	if (!c->store_shared && r->store_replicas)
		return refuse_alone(src, "store-replicas");

	c->store_replicas = r->store_replicas
				    ? *r->store_replicas
				    : config_rule("store-replicas")->def;
	err = c->store_shared ? str_dup(&c->store_path, store)
			      : config_fill_path(&c->store_path, src, "store",
						 r->store, CONFIG_STORE);
	if (!err && r->store_password)
		err = config_fill_path(&c->store_password, src,
				       "store-password", r->store_password,
				       NULL);

	return err;
}

int config_print_store(struct re_printf *pf, const struct config *c)
{
	int err = re_hprintf(pf, "store: %H\n", config_quoted, c->store_path);

	if (!err && c->store_password)
		err = re_hprintf(pf, "store-password: %H\n", config_quoted,
				 c->store_password);
	if (!err && c->store_shared)
		err = re_hprintf(pf, "store-replicas: %u\n", c->store_replicas);

	return err;
}

const char *config_lock(const struct config *c)
{
	return c->store_shared ? c->control : c->store_path;
}
