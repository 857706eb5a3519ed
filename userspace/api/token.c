/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may do what: tokens by their SHA-256 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "api/core.h"

enum { HASH = 32, LINE_MAX_ = 512, TOKENS_MAX = 10000 };

struct token {
	struct le le;
	char name[64];
	unsigned scopes;
	uint8_t hash[HASH];
};

struct api_tokens {
	struct list list;
};

static void token_destructor(void *arg)
{
	struct token *t = arg;

	list_unlink(&t->le);
}

static void destructor(void *arg)
{
	struct api_tokens *t = arg;

	list_flush(&t->list);
}

/* ---- the file ------------------------------------------------------------- */

static int add(struct api_tokens *ts, const struct pl *name,
	       const struct pl *scopes, const struct pl *hash,
	       const char **what)
{
	struct token *t;
	struct le *le;
	char hex[2 * HASH + 1];

	*what = "a name has 1 to 63 letters, digits, '_', '-' and '.', each "
		"once";
	if (!name->l || name->l >= sizeof(t->name))
		return EBADMSG;
	LIST_FOREACH (&ts->list, le) {
		t = le->data;
		if (!pl_strcmp(name, t->name))
			return EBADMSG;
	}
	t = mem_zalloc(sizeof(*t), token_destructor);
	if (!t)
		return ENOMEM;
	list_append(&ts->list, &t->le, t);
	(void)pl_strcpy(name, t->name, sizeof(t->name));
	*what = "scopes are read, write, calls, events, admin, with ',' "
		"between them";
	if (api_scopes_of(&t->scopes, scopes))
		return EBADMSG;
	*what = "behind the scopes are the 64 hexadecimal digits of the "
		"token's SHA-256";
	if (hash->l != sizeof(hex) - 1)
		return EBADMSG;
	(void)pl_strcpy(hash, hex, sizeof(hex));

	return str_hex(t->hash, HASH, hex) ? EBADMSG : 0;
}

static int read_line(struct api_tokens *ts, const char *line, const char **what)
{
	struct pl name, scopes, hash;

	if (!*line || *line == '#')
		return 0;
	*what = "a line is NAME:SCOPE,...:SHA-256";
	if (re_regex(line, strlen(line),
		     "[a-zA-Z0-9_.\\-]+:[a-z,]+:[0-9a-fA-F]+", &name, &scopes,
		     &hash) ||
	    name.p != line || hash.p[hash.l])
		return EBADMSG;

	return add(ts, &name, &scopes, &hash, what);
}

static int read_file(struct api_tokens *ts, FILE *f, const char *path,
		     char *why, size_t size)
{
	char line[LINE_MAX_];
	const char *what = "";
	unsigned n = 0;
	int err = 0;

	while (!err && fgets(line, sizeof(line), f)) {
		const bool whole = strchr(line, '\n') || feof(f);

		++n;
		line[strcspn(line, "\r\n")] = '\0';
		what = "the line is too long";
		err = whole && n <= TOKENS_MAX ? read_line(ts, line, &what)
					       : EBADMSG;
	}
	if (err == EBADMSG)
		(void)re_snprintf(why, size, "%s:%u: %s", path, n, what);
	else if (err)
		(void)re_snprintf(why, size, "%s: %m", path, err);

	return err;
}

int api_tokens_load(struct api_tokens **tp, const char *path, char *why,
		    size_t size)
{
	struct api_tokens *ts;
	FILE *f = fopen(path, "re");
	int err;

	if (!f) {
		err = errno;
		(void)re_snprintf(why, size, "%s: %m", path, err);
		return err;
	}
	ts = mem_zalloc(sizeof(*ts), destructor);
	if (ts)
		list_init(&ts->list);
	err = ts ? read_file(ts, f, path, why, size) : ENOMEM;
	(void)fclose(f);
	if (err)
		mem_deref(ts);
	else
		*tp = ts;

	return err;
}

int api_tokens_check(const char *path, char *why, size_t size)
{
	struct api_tokens *ts = NULL;
	const int err = api_tokens_load(&ts, path, why, size);

	mem_deref(ts);

	return err;
}

/* ---- a request's ---------------------------------------------------------- */

unsigned api_token_scopes(const struct api_tokens *t, const struct pl *token,
			  char *who, size_t size)
{
	const struct token *found = NULL;
	uint8_t hash[EVP_MAX_MD_SIZE];
	struct le *le;

	if (!t ||
	    EVP_Digest(token->p, token->l, hash, NULL, EVP_sha256(), NULL) != 1)
		return 0;
	/* all of them, whichever it is */
	LIST_FOREACH (&t->list, le) {
		const struct token *one = le->data;

		if (!CRYPTO_memcmp(one->hash, hash, HASH))
			found = one;
	}
	str_ncpy(who, found ? found->name : "", size);

	return found ? found->scopes : 0;
}
