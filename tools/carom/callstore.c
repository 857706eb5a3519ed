/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file callstore.c  Calls read from the agent's store
 */
#include "callstore.h"

#define KIND "media"

static int open_store(const struct cli *cli, struct store **sp)
{
	const char *path = cli_store_path(cli);
	const struct config *c = cli->config;
	const struct store_conf conf = {
		.path = path,
		.readonly = true,
		.node = c ? c->node : NULL,
		.own = KIND,
		.password_file = c ? c->store_password : NULL,
	};
	int err = store_open_conf(sp, &conf);

	switch (err) {
	case 0:
		return CLI_OK;
	case ENOENT:
		cli_error("%s: no store there; caromd makes it when it first "
			  "starts, where `store` in the configuration says "
			  "(--config FILE)",
			  path);
		break;
	case EACCES:
		cli_error("%s: %m; run carom as root", path, err);
		break;
	case EPROTO:
		cli_error("%s: written by a newer version of Carom", path);
		break;
	case EIO:
		cli_error("%s: cannot be read: damaged, or no store of caromd",
			  path);
		break;
	default:
		cli_error("%s: %m", path, err);
		break;
	}

	return CLI_FAIL;
}

static void say_bad(const struct pl *id, int err)
{
	if (err == EPROTO)
		cli_error("call %r: written by a newer version of Carom", id);
	else
		cli_error("call %r: its record makes no sense: %m", id, err);
}

static bool each_h(const struct pl *key, const struct pl *value, void *arg)
{
	struct list *recl = arg;
	struct callrec *rec;
	int err = callrec_decode(&rec, key, value);

	if (err)
		say_bad(key, err);
	else
		list_append(recl, &rec->le, rec);

	return false;
}

int callstore_all(const struct cli *cli, struct list *recl)
{
	struct store *s = NULL;
	int err, code = open_store(cli, &s);

	if (code)
		return code;

	err = store_each(s, KIND, each_h, recl);
	if (err) {
		cli_error("%s: %m", cli_store_path(cli), err);
		code = CLI_FAIL;
	}

	mem_deref(s);

	return code;
}

int callstore_find(const struct cli *cli, const char *id, struct callrec **rp)
{
	struct store *s = NULL;
	struct pl key, val;
	char *json = NULL;
	int err, code = open_store(cli, &s);

	if (code)
		return code;

	pl_set_str(&key, id);
	err = store_get(s, KIND, &key, &json);
	if (err == ENOENT) {
		cli_error("no call %s; `carom calls` lists them", id);
	} else if (err) {
		cli_error("%s: %m", cli_store_path(cli), err);
	} else {
		pl_set_str(&val, json);
		err = callrec_decode(rp, &key, &val);
		if (err)
			say_bad(&key, err);
	}

	mem_deref(json);
	mem_deref(s);

	return err ? CLI_FAIL : CLI_OK;
}
