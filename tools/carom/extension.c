/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file extension.c  carom extension: who may register
 */
#include "apiask.h"
#include "password.h"

static const struct opt optv[] = {HTTP_OPTION, {0}};

static const struct verb verbv[] = {
	{"list", 0, 0, "extension list"},
	{"add", 1, 1, "extension add USER[@DOMAIN]"},
	{"delete", 1, 1, "extension delete USER[@DOMAIN]"},
	{0},
};

enum { VERB_ADD = 1 };

static const struct table_col colv[] = {{"EXTENSION", false, 0}};

static void row(const struct odict *o, void *arg)
{
	table_cell(arg, TINT_NONE, "%s", odict_string(o, "id"));
}

static const struct ask_list list = {
	.key = "extensions",
	.colv = colv,
	.colc = ARRAY_SIZE(colv),
	.row = row,
	.nothing = "no extensions",
};

static const struct apirecords records = {"extension", "/v1/extensions", &list};

/* Without a domain it is the first one's. @return 0 or exit code */
static int full_name(char *id, size_t size, const struct cli *cli,
		     const char *name)
{
	const struct config_registrar *r = cli->config ? &cli->config->registrar
						       : NULL;
	const char *domain = r && r->domainc ? r->domainv[0] : NULL;

	if (!strchr(name, '@') && !domain) {
		cli_error("extension: %s: of which domain? This configuration "
			  "has no registrar.domains; allowed: USER@DOMAIN",
			  name);
		return CLI_USAGE;
	}
	if (strchr(name, '@'))
		str_ncpy(id, name, size);
	else
		(void)re_snprintf(id, size, "%s@%s", name, domain);

	return CLI_OK;
}

/* What there is of it stays, but for its password */
static int put(struct cli *cli, const struct http_asking *a, const char *path,
	       const char *secret, bool *had)
{
	struct odict *body = NULL, *reply = NULL;
	int err = 0, code = apiask_there(cli, a, "extension", path, &body);

	if (code)
		return code;
	*had = body;
	if (!body)
		err = odict_alloc(&body, 4);
	js_str(&err, body, "password", secret);
	code = err ? CLI_FAIL
		   : apiask(cli, a, "extension", "PUT", path, body, &reply);
	mem_deref(reply);
	mem_deref(body);

	return code;
}

static int add(struct cli *cli, const struct http_asking *a, const char *id,
	       const char *path)
{
	char secret[PASSWORD];
	bool had = false;
	int code;

	if (password_read(secret, "extension add"))
		return CLI_FAIL;
	code = put(cli, a, path, secret, &had);
	explicit_bzero(secret, sizeof(secret));
	if (!code)
		fprintf(cli->out, "%s: %s\n", id, had ? "changed" : "added");

	return code;
}

static int delete_it(struct cli *cli, const struct http_asking *a,
		     const char *id, const char *path)
{
	struct odict *reply = NULL;
	const int code = apiask(cli, a, "extension", "DELETE", path, NULL,
				&reply);

	mem_deref(reply);
	if (!code)
		fprintf(cli->out, "%s: gone; contacts stay until they expire\n",
			id);

	return code;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "extension", argc, argv);
	char id[600], escaped[1800], path[1900];
	int code;

	if (!verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	if (verb == verbv)
		return apirecords_run(cli, cfg, &records, verb, argc, argv);
	code = full_name(id, sizeof(id), cli, argv[1]);
	if (code)
		return code;
	apiask_escape(escaped, sizeof(escaped), id);
	(void)re_snprintf(path, sizeof(path), "/v1/extensions/%s", escaped);

	return verb == &verbv[VERB_ADD] ? add(cli, cfg, id, path)
					: delete_it(cli, cfg, id, path);
}

const struct cmd cmd_extension = {
	.name = "extension",
	.args = "[list | add USER[@DOMAIN] | delete USER[@DOMAIN]]",
	.summary = "Show and change who may register",
	.text = "add reads the password from standard input; what the agent "
		"keeps is its hash for\neach algorithm. An extension that is "
		"there gets the new one. Without DOMAIN it is\nthe first of "
		"registrar.domains.",
	.example = "  carom extension add alice\n  carom extension add "
		   "bob@example.com <password\n  carom extension",
	.optv = optv,
	.cfg_size = sizeof(struct http_asking),
	.argc_max = 2,
	.run = run,
};
