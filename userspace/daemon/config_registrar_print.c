/* SPDX-License-Identifier: BSD-2-Clause */
/* The section `registrar` in force */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

static int text(struct re_printf *pf, const char *key, const char *s)
{
	return s ? re_hprintf(pf, "%s: %H\n", key, config_quoted, s) : 0;
}

static int lists(struct re_printf *pf, const struct config_registrar *r)
{
	int err = re_hprintf(pf, "registrar:\n  listen:\n");

	for (size_t i = 0; i < r->listenc && !err; i++)
		err = re_hprintf(pf, "    - \"%s:%J\"\n",
				 config_sip_transpv[r->listenv[i].transp],
				 &r->listenv[i].addr);
	if (!err)
		err = re_hprintf(pf, "  domains:\n");
	for (size_t i = 0; i < r->domainc && !err; i++)
		err = re_hprintf(pf, "    - %H\n", config_quoted,
				 r->domainv[i]);
	if (!err)
		err = re_hprintf(pf, "  trusted:%s\n", r->trustc ? "" : " []");
	for (size_t i = 0; i < r->trustc && !err; i++)
		err = re_hprintf(pf, "    - \"%j/%u\"\n", &r->trustv[i].addr,
				 r->trustv[i].bits);
	if (!err)
		err = re_hprintf(pf, "  contact-deny:%s\n",
				 r->denyc ? "" : " []");
	for (size_t i = 0; i < r->denyc && !err; i++)
		err = re_hprintf(pf, "    - \"%j/%u\"\n", &r->denyv[i].addr,
				 r->denyv[i].bits);
	return err;
}

static int auth(struct re_printf *pf, const struct config_registrar *r)
{
	int err = re_hprintf(pf, "  auth:\n    required: %s\n",
			     r->auth.required ? "true" : "false");

	err = err ? err : text(pf, "    realm", r->auth.realm);
	err = err ? err : text(pf, "    users", r->auth.users);
	if (!err)
		err = re_hprintf(pf, "    algorithms:\n");
	for (size_t i = 0; i < r->auth.algc && !err; i++)
		err = re_hprintf(pf, "      - %s\n",
				 digest_name(r->auth.algv[i]));
	return err ? err
		   : re_hprintf(pf,
				"    nonce-lifetime: %u\n"
				"    guesses: %u\n"
				"    block: %u\n"
				"    challenge: %s\n",
				r->auth.nonce_lifetime, r->auth.guesses,
				r->auth.block,
				r->auth.kernel ? "kernel" : "agent");
}

static int tls(struct re_printf *pf, const struct config_registrar *r)
{
	int err;

	if (!r->tls.certificate)
		return 0;
	err = re_hprintf(pf, "  tls:\n");
	err = err ? err : text(pf, "    certificate", r->tls.certificate);
	err = err ? err : text(pf, "    key", r->tls.key);
	err = err ? err : text(pf, "    ca", r->tls.ca);
	return err ? err
		   : re_hprintf(pf, "    min-version: \"1.%u\"\n",
				r->tls.min_version % 10);
}

int config_registrar_print(struct re_printf *pf,
			   const struct config_registrar *r)
{
	int err;

	if (!r->on)
		return 0;
	err = lists(pf, r);
	err = err ? err : text(pf, "  key-file", r->key_file);
	if (!err)
		err = re_hprintf(pf,
				 "  min-expires: %u\n"
				 "  max-expires: %u\n"
				 "  default-expires: %u\n"
				 "  max-contacts: %u\n"
				 "  gruu: %s\n"
				 "  refresh-events: %s\n",
				 r->min_expires, r->max_expires,
				 r->default_expires, r->max_contacts,
				 r->gruu ? "true" : "false",
				 r->refresh_events ? "true" : "false");
	err = err ? err : text(pf, "  service-route", r->service_route);
	if (!err)
		err = re_hprintf(pf,
				 "  keep-alive:\n"
				 "    interval: %u\n"
				 "    failures: %u\n",
				 r->alive_interval, r->alive_failures);
	err = err ? err : auth(pf, r);
	err = err ? err : tls(pf, r);
	return err ? err
		   : re_hprintf(pf,
				"  streams:\n"
				"    connections: %u\n"
				"    per-source: %u\n"
				"    idle: %u\n",
				r->connections, r->per_source, r->idle);
}
