/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file config_files.c  carom config check: the files that a configuration names
 */
#include <errno.h>
#include "api/api.h"
#include "carom.h"
#include "dispatch/dispatch.h"
#include "sip/cert.h"
#include "digest/users.h"

static int read_list(const struct config *c, struct config_err *e)
{
	const struct config_sip *s = &c->sip;
	struct ds_list *list = NULL;
	struct ds_err d = {""};
	int err;

	if (!s->dispatcher)
		return 0;
	err = ds_list_load(&list, s->dispatcher, &d);
	mem_deref(list);
	(void)re_snprintf(e->msg, sizeof(e->msg), "sip.dispatcher: %s", d.msg);

	return err;
}

static int read_key(const struct config *c, struct config_err *e)
{
	uint64_t key[2];

	return c->sip.on ? config_read_key(key, c->sip.key_file, e) : 0;
}

static int read_users(const struct config *c, struct config_err *e)
{
	const struct config_sip *s = &c->sip;
	struct users *users = NULL;
	struct users_err d = {""};
	int err;

	if (!s->auth.realm)
		return 0;
	err = users_load(&users, s->auth.users, s->auth.realm, &d);
	mem_deref(users);
	(void)re_snprintf(e->msg, sizeof(e->msg), "sip.auth.users: %s", d.msg);

	return err;
}

static int check_cert(const struct cert_conf *conf, const char *key,
		      struct config_err *e)
{
	struct tls *tls = NULL;
	char why[200] = "";
	int err;

	if (!conf->certificate)
		return 0;
	err = cert_load(&tls, conf, why, sizeof(why));
	mem_deref(tls);
	(void)re_snprintf(e->msg, sizeof(e->msg), "%s: %s", key, why);

	return err;
}

static int read_tls(const struct config *c, struct config_err *e)
{
	const struct config_sip *s = &c->sip;
	const struct cert_conf conf = {s->tls.certificate, s->tls.key,
				       s->tls.ca, s->tls.min_version};

	return check_cert(&conf, "sip.tls", e);
}

static int read_api_tls(const struct config *c, struct config_err *e)
{
	const struct cert_conf conf = {.certificate = c->api.certificate,
				       .key = c->api.key};

	return check_cert(&conf, "api.tls", e);
}

static int read_tokens(const struct config *c, struct config_err *e)
{
	char why[400] = "";
	int err;

	if (!c->api.tokens)
		return 0;
	err = api_tokens_check(c->api.tokens, why, sizeof(why));
	(void)re_snprintf(e->msg, sizeof(e->msg), "api.tokens-file: %s", why);

	return err;
}

/* Secrets may be root's alone, and who looks a configuration through need not be
 * root: what he may not read is named, and no fault */
int config_files(const struct config *c, struct config_err *e)
{
	static int (*const readv[])(const struct config *,
				    struct config_err *) = {
		read_key, read_list,    read_users,
		read_tls, read_api_tls, read_tokens};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(readv); i++) {
		err = readv[i](c, e);
		if (err &&
		    (err == EACCES || strstr(e->msg, strerror(EACCES)))) {
			cli_error("%s: not looked at", e->msg);
			err = 0;
		}
	}

	return err;
}
