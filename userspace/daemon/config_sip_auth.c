/* SPDX-License-Identifier: BSD-2-Clause */
/* The section `sip.auth`: digest asked for at the edge */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"
#include "daemon/config_sip_raw.h"

const char *const config_sip_algv[CONFIG_SIP_ALGS] = {"MD5", "SHA-256"};

static int refuse(const struct config_src *src, const char *path,
		  const char *value, const char *what)
{
	return config_tree_refuse(src->tree, src->e, path, "'%s' %s", value,
				  what);
}

bool config_realm_ok(const char *s)
{
	const size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if ((uint8_t)s[i] < ' ' || (uint8_t)s[i] > '~' ||
		    strchr("\"\\:", s[i]))
			return false;
	return n > 0 && n <= CONFIG_SIP_REALM;
}

static int fill_algorithms(struct config_sip_auth *a,
			   const struct raw_sip_auth *r,
			   const struct config_src *src)
{
	char path[48];

	if (!r->algorithmc) {
		if (config_tree_has(src->tree, "sip.auth.algorithms"))
			return refuse(src, "sip.auth.algorithms", "[]",
				      "is empty");
		a->algv[0] = CONFIG_SIP_SHA256;
		a->algv[1] = CONFIG_SIP_MD5;
		a->algc = 2;
	}
	for (uint32_t i = 0; i < r->algorithmc; i++) {
		const unsigned alg = (unsigned)r->algorithmv[i];

		(void)re_snprintf(path, sizeof(path), "sip.auth.algorithms[%u]",
				  i);
		for (size_t k = 0; k < a->algc; k++)
			if (a->algv[k] == alg)
				return refuse(src, path, config_sip_algv[alg],
					      "twice");
		a->algv[a->algc++] = alg;
	}
	return 0;
}

/* Sets and rules that ask need somebody to ask of */
static int check_askers(const struct config_sip *s,
			const struct config_src *src)
{
	char path[32];

	for (size_t i = 0; i < s->rulec; i++) {
		if (!(s->rulev[i].rule.flags & SIP_RULE_AUTH))
			continue;
		(void)re_snprintf(path, sizeof(path), "sip.rules[%zu].auth", i);
		return refuse(src, path, "true", "needs a section sip.auth");
	}
	for (size_t i = 0; i < s->setc && !s->auth.realm; i++) {
		if (!s->setv[i].auth)
			continue;
		(void)re_snprintf(path, sizeof(path), "sip.sets[%zu].auth", i);
		return refuse(src, path, "true", "needs a section sip.auth");
	}
	return 0;
}

static uint32_t number(const uint32_t *v, const char *path)
{
	return v ? *v : config_rule(path)->def;
}

int config_fill_sip_auth(struct config_sip *s, const struct config_src *src)
{
	const struct raw_sip_auth *r = src->raw->sip->auth;
	struct config_sip_auth *a = &s->auth;
	int err;

	if (!r)
		return check_askers(s, src);
	if (!config_realm_ok(r->realm))
		return refuse(src, "sip.auth.realm", r->realm, "is no realm");
	if (*r->users != '/')
		return refuse(src, "sip.auth.users", r->users,
			      "is no absolute path");
	err = fill_algorithms(a, r, src);
	if (err)
		return err;
	a->nonce_lifetime = number(r->nonce_lifetime,
				   "sip.auth.nonce-lifetime");
	a->guesses = number(r->guesses, "sip.auth.guesses");
	a->bind_source = !r->bind_source || *r->bind_source;
	a->match_from = !r->match_from || *r->match_from;
	err = str_dup(&a->realm, r->realm);
	return err ? err : str_dup(&a->users, r->users);
}
