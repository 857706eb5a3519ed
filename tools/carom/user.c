/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file user.c  carom user: who may log in at the edge
 */
#include <pwd.h>
#include "ask.h"
#include "digest/digest.h"
#include "password.h"
#include "userfile.h"

struct user {
	struct asking ask;
	const char *file, *realm;
};

static const struct opt optv[] = {
	{.name = "file",
	 .key = 'f',
	 .type = OPT_STR,
	 .off = offsetof(struct user, file),
	 .arg = "FILE",
	 .help = "file of users (default: sip.auth.users)"},
	{.name = "realm",
	 .key = 'r',
	 .type = OPT_STR,
	 .off = offsetof(struct user, realm),
	 .arg = "REALM",
	 .help = "default: sip.auth.realm"},
	ASK_OPTION,
	{0},
};

static const struct verb verbv[] = {
	{"add", 1, 1, "user add NAME"},
	{"delete", 1, 1, "user delete NAME"},
	{"reload", 0, 0, "user reload"},
	{0},
};

/* ---- the file ------------------------------------------------------------------ */

/* A line for each algorithm */
static int make_lines(struct mbuf *mb, const char *name, const char *realm,
		      const char *secret)
{
	struct digest *d = NULL;
	struct pl partv[3];
	int err = digest_alloc(&d);

	pl_set_str(&partv[0], name);
	pl_set_str(&partv[1], realm);
	pl_set_str(&partv[2], secret);
	for (int alg = DIGEST_FILED - 1; alg >= 0 && !err; alg--) {
		char hex[DIGEST_HEX + 1];

		err = digest_join(d, hex, (enum digest_alg)alg, partv, 3);
		if (!err)
			err = mbuf_printf(mb, "%s:%s:%s\n", name, realm, hex);
	}
	mem_deref(d);
	return err;
}

/* Whom caromd runs as: a new file is to be read by it */
static gid_t agent_group(const struct cli *cli)
{
	const char *name = cli->config ? cli->config->user : NULL;
	const struct passwd *pw = name ? getpwnam(name) : NULL;

	return pw ? pw->pw_gid : (gid_t)-1;
}

static int find_file(struct userfile *f, const struct cli *cli,
		     const struct user *u)
{
	const struct config_sip_auth *a = cli->config ? &cli->config->sip.auth
						      : NULL;

	f->path = u->file ? u->file : a ? a->users : NULL;
	f->realm = u->realm ? u->realm : a ? a->realm : NULL;
	f->group = agent_group(cli);
	if (f->path && f->realm)
		return 0;
	cli_error("user: the configuration has no section sip.auth; give %s",
		  f->path ? "--realm" : "--file and --realm");
	return EINVAL;
}

static int say(struct cli *cli, const char *fmt, ...)
{
	struct odict *od = NULL;
	char text[1024];
	va_list ap;
	int err;

	va_start(ap, fmt);
	(void)re_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!cli->json) {
		fprintf(cli->out, "%s\n", text);
		return CLI_OK;
	}
	err = odict_alloc(&od, 4);
	js_bool(&err, od, "ok", true);
	js_str(&err, od, "text", text);

	return cli_json(cli, err ? mem_deref(od) : od);
}

static int add(struct cli *cli, const struct userfile *f, const char *name)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct users_err e = {""};
	char secret[PASSWORD];
	unsigned had = 0;
	struct pl lines;
	int err;

	if (password_read(secret, "user add")) {
		mem_deref(mb);
		return CLI_FAIL;
	}
	err = mb ? make_lines(mb, name, f->realm, secret) : ENOMEM;
	explicit_bzero(secret, sizeof(secret));
	if (!err) {
		lines.p = (const char *)mb->buf;
		lines.l = mb->end;
		err = userfile_put(f, name, &lines, &had, &e);
	}
	mem_deref(mb);
	if (err) {
		cli_error("user add: %s", e.msg[0] ? e.msg : strerror(err));
		return CLI_FAIL;
	}
	return say(cli,
		   "%s: %s in %s, realm %s; a running agent reads it at: "
		   "carom user reload",
		   name, had ? "changed" : "added", f->path, f->realm);
}

static int delete (struct cli *cli, const struct userfile *f, const char *name)
{
	struct users_err e = {""};
	unsigned had = 0;
	const int err = userfile_put(f, name, &pl_null, &had, &e);

	if (err || !had) {
		cli_error("user delete: %s",
			  err ? e.msg : "there is no such user in the realm");
		return CLI_FAIL;
	}
	return say(cli,
		   "%s: gone from %s, realm %s; a running agent reads it "
		   "at: carom user reload",
		   name, f->path, f->realm);
}

static int reload(struct cli *cli, const struct user *u,
		  const struct verb *verb)
{
	struct odict *req = NULL, *reply = NULL;
	int err = ask_request(&req, "user", verb);
	int code = ask(cli, &u->ask, "user", err ? mem_deref(req) : req,
		       &reply);

	return code ? code : ask_print(cli, reply);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "user", argc, argv);
	const struct user *u = cfg;
	struct userfile f;
	int code;

	if (!argc)
		cli_error("user: add, delete or reload? See carom user "
			  "--help");
	if (!argc || !verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	if (!strcmp(verb->name, "reload"))
		return reload(cli, u, verb);
	if (find_file(&f, cli, u))
		return CLI_USAGE;
	if (!*argv[1] || strpbrk(argv[1], ":\n")) {
		cli_error("user: '%s' is no user name: it is empty, or has a "
			  "colon",
			  argv[1]);
		return CLI_USAGE;
	}

	return strcmp(verb->name, "add") ? delete (cli, &f, argv[1])
					 : add(cli, &f, argv[1]);
}

const struct cmd cmd_user = {
	.name = "user",
	.args = "add NAME | delete NAME | reload",
	.summary = "Change who may log in at the edge",
	.text = "add reads the password from standard input and writes what it "
		"hashes to, for\nSHA-256 and MD5, into the file of users; a "
		"user who is there gets the new one.\nreload: the agent reads "
		"the file; one with a fault changes nothing.",
	.example = "  carom user add alice\n  carom user add bob --file "
		   "/etc/carom/users --realm example.com <password",
	.optv = optv,
	.cfg_size = sizeof(struct user),
	.argc_max = 2,
	.run = run,
};
