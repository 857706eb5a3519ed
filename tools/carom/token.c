/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file token.c  carom token: who may use the API from elsewhere
 */
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include "api/api.h"
#include "ask.h"

enum { SECRET = 32 /* bytes */, HASH = 32 };

struct token_cmd {
	const char *file, *scope;
};

static const struct opt optv[] = {
	{.name = "file",
	 .key = 'f',
	 .type = OPT_STR,
	 .off = offsetof(struct token_cmd, file),
	 .arg = "FILE",
	 .help = "file of tokens (default: api.tokens-file)"},
	{.name = "scope",
	 .key = 's',
	 .type = OPT_STR,
	 .off = offsetof(struct token_cmd, scope),
	 .arg = "SCOPE,...",
	 .help = "read, write, calls, events, admin (default: read)"},
	{0},
};

static const struct verb verbv[] = {
	{"list", 0, 0, "token list"},
	{"add", 1, 1, "token add NAME --scope SCOPE,..."},
	{"delete", 1, 1, "token delete NAME"},
	{0},
};

/* ---- the file ------------------------------------------------------------- */

static int load(struct mbuf *mb, const char *path, struct stat *st)
{
	uint8_t buf[4096];
	size_t n;
	FILE *f = fopen(path, "re");
	int err = 0;

	if (!f)
		return errno;
	if (fstat(fileno(f), st))
		err = errno;
	while (!err && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		err = mbuf_write_mem(mb, buf, n);
	(void)fclose(f);

	return err;
}

/* In place of the old one, whole or not at all */
static int store(const struct mbuf *mb, const char *path, const struct stat *st,
		 gid_t group)
{
	char name[PATH_MAX];
	FILE *f;
	int fd, err = 0;

	if (re_snprintf(name, sizeof(name), "%s.XXXXXX", path) < 0)
		return ENAMETOOLONG;
	fd = mkstemp(name);
	if (fd < 0)
		return errno;
	/* who is not root keeps what it may */
	if (fchown(fd, st->st_nlink ? st->st_uid : (uid_t)-1,
		   st->st_nlink ? st->st_gid : group) &&
	    errno != EPERM)
		err = errno;
	if (!err && fchmod(fd, st->st_nlink ? st->st_mode & 07777 : 0640))
		err = errno;
	f = fdopen(fd, "w");
	if (!f) {
		(void)close(fd);
		(void)unlink(name);
		return errno;
	}
	if (!err && (fwrite(mb->buf, 1, mb->end, f) != mb->end || fflush(f) ||
		     fsync(fd)))
		err = errno;
	if (fclose(f) && !err)
		err = errno;
	if (!err && rename(name, path))
		err = errno;
	if (err)
		(void)unlink(name);

	return err;
}

/* A token's line at the front of the rest; false: no more lines */
static bool next_line(struct pl *rest, struct pl *line, struct pl *name,
		      struct pl *scopes)
{
	while (rest->l) {
		const char *nl = memchr(rest->p, '\n', rest->l);
		struct pl hash;

		*line = (struct pl){rest->p,
				    nl ? (size_t)(nl - rest->p) + 1 : rest->l};
		pl_advance(rest, (ssize_t)line->l);
		*name = *scopes = pl_null;
		if (!re_regex(line->p, line->l, "[^:#]+:[^:]+:[0-9a-fA-F]+",
			      name, scopes, &hash) &&
		    name->p == line->p)
			return true;
		*name = pl_null;
		return true; /* a comment: kept as it is */
	}

	return false;
}

/* All lines but the token's. *had: it was there */
static int without(struct mbuf *out, const struct mbuf *in, const char *who,
		   bool *had)
{
	struct pl rest = {(char *)in->buf, in->end}, line, name, scopes;
	int err = 0;

	*had = false;
	while (!err && next_line(&rest, &line, &name, &scopes)) {
		if (name.p && !pl_strcmp(&name, who)) {
			*had = true;
			continue;
		}
		err = mbuf_write_pl(out, &line);
		if (!err && line.p[line.l - 1] != '\n')
			err = mbuf_write_u8(out, '\n');
	}

	return err;
}

/* ---- verbs ---------------------------------------------------------------- */

static bool scopes_are(const char *s)
{
	unsigned scopes;
	struct pl list;

	pl_set_str(&list, s);

	return !api_scopes_of(&scopes, &list);
}

static bool name_is(const char *s)
{
	return *s && strlen(s) < 64 &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")];
}

/* 256 bits of chance need no salt, and no slow hash */
static int make(char secret[2 * SECRET + 1], char hash[2 * HASH + 1])
{
	uint8_t raw[SECRET], h[EVP_MAX_MD_SIZE];

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return EIO;
	(void)re_snprintf(secret, 2 * SECRET + 1, "%w", raw, sizeof(raw));
	if (EVP_Digest(secret, strlen(secret), h, NULL, EVP_sha256(), NULL) !=
	    1)
		return EIO;
	(void)re_snprintf(hash, 2 * HASH + 1, "%w", h, (size_t)HASH);

	return 0;
}

static gid_t agents_group(const struct cli *cli)
{
	const struct passwd *pw = cli->config && cli->config->user
					  ? getpwnam(cli->config->user)
					  : NULL;

	return pw ? pw->pw_gid : (gid_t)-1;
}

static int change(struct cli *cli, const struct token_cmd *t, const char *path,
		  const char *name, bool adding)
{
	struct mbuf *in = mbuf_alloc(1024), *out = mbuf_alloc(1024);
	char secret[2 * SECRET + 1], hash[2 * HASH + 1];
	struct stat st = {0};
	bool had = false;
	int err = in && out ? load(in, path, &st) : ENOMEM;

	if (err == ENOENT && adding)
		err = 0;
	if (!err)
		err = without(out, in, name, &had);
	if (!err && adding == had)
		err = adding ? EEXIST : ESRCH;
	if (!err && adding)
		err = make(secret, hash);
	if (!err && adding)
		err = mbuf_printf(out, "%s:%s:%s\n", name, t->scope, hash);
	if (!err)
		err = store(out, path, &st, agents_group(cli));
	mem_deref(in);
	mem_deref(out);
	if (err == EEXIST)
		cli_error("token add: %s is there already; delete it first",
			  name);
	else if (err == ESRCH)
		cli_error("token delete: %s: no token %s", path, name);
	else if (err)
		cli_error("token: %s: %m", path, err);
	else if (adding)
		/* this once: the file has its hash alone */
		fprintf(cli->out, "%s\n", secret);
	explicit_bzero(secret, sizeof(secret));

	return err ? CLI_FAIL : CLI_OK;
}

static int list(struct cli *cli, const char *path)
{
	struct pl rest, line, name, scopes;
	struct mbuf *in = mbuf_alloc(1024);
	struct odict *od = NULL, *arr;
	struct stat st;
	int err = in ? load(in, path, &st) : ENOMEM;

	if (err) {
		cli_error("token list: %s: %m", path, err);
		mem_deref(in);
		return CLI_FAIL;
	}
	err = odict_alloc(&od, 4);
	arr = js_arr(&err, od, "tokens");
	rest = (struct pl){(char *)in->buf, in->end};
	while (!err && next_line(&rest, &line, &name, &scopes)) {
		struct odict *o;
		char buf[128];

		if (!name.p)
			continue;
		if (!cli->json) {
			fprintf(cli->out, "%.*s\t%.*s\n", (int)name.l, name.p,
				(int)scopes.l, scopes.p);
			continue;
		}
		o = js_obj(&err, arr, NULL);
		(void)pl_strcpy(&name, buf, sizeof(buf));
		js_str(&err, o, "name", buf);
		(void)pl_strcpy(&scopes, buf, sizeof(buf));
		js_str(&err, o, "scopes", buf);
	}
	mem_deref(in);
	if (cli->json)
		return cli_json(cli, err ? mem_deref(od) : od);
	mem_deref(od);

	return err ? CLI_FAIL : CLI_OK;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "token", argc, argv);
	struct token_cmd *t = cfg;
	const char *path = t->file;
	int code;

	if (!verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	if (!path && cli->config)
		path = cli->config->api.tokens;
	if (!path) {
		cli_error("token: the configuration has no api.tokens-file; "
			  "name one by --file");
		return CLI_FAIL;
	}
	if (!strcmp(verb->name, "list"))
		return list(cli, path);
	t->scope = t->scope ? t->scope : "read";
	if (!name_is(argv[1])) {
		cli_error("token: '%s' is no name: allowed: 1 to 63 letters, "
			  "digits, '_', '-' and '.'",
			  argv[1]);
		return CLI_USAGE;
	}
	if (!scopes_are(t->scope)) {
		cli_error("token: '%s' are no scopes: allowed: read, write, "
			  "calls, events, admin, with ',' between them",
			  t->scope);
		return CLI_USAGE;
	}

	return change(cli, t, path, argv[1], !strcmp(verb->name, "add"));
}

const struct cmd cmd_token = {
	.name = "token",
	.args = "[list | add NAME | delete NAME]",
	.summary = "Give and take tokens for the API",
	.text = "add prints the token, this once: the file has its hash. "
		"`carom "
		"reload` puts it in\nforce. Scopes: read (look at all but "
		"events), events, write (what is configured), calls,\nadmin "
		"(states of targets, networks, limits, reload).",
	.example = "  carom token add grafana --scope read,events\n"
		   "  carom token delete grafana",
	.optv = optv,
	.cfg_size = sizeof(struct token_cmd),
	.argc_max = 2,
	.run = run,
};
