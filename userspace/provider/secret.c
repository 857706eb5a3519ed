/* SPDX-License-Identifier: BSD-2-Clause */
/* What to log in with */
#include <errno.h>
#include <string.h>
#include "provider/record.h"

void secret_reset(struct secret *s)
{
	s->username = mem_deref(s->username);
	s->realm = mem_deref(s->realm);
	explicit_bzero(s->ha1v, sizeof(s->ha1v));
}

bool secret_same(const struct secret *a, const struct secret *b)
{
	return !str_cmp(a->username ? a->username : "",
			b->username ? b->username : "") &&
	       !str_cmp(a->realm ? a->realm : "", b->realm ? b->realm : "") &&
	       !memcmp(a->ha1v, b->ha1v, sizeof(a->ha1v));
}

static int hash(struct secret *s, const char *password)
{
	struct digest *d = NULL;
	struct pl partv[3];
	int err = digest_alloc(&d);

	pl_set_str(&partv[0], s->username);
	pl_set_str(&partv[1], s->realm);
	pl_set_str(&partv[2], password);
	for (unsigned i = 0; i < DIGEST_ALGS && !err; i++)
		err = digest_join(d, s->ha1v[i], (enum digest_alg)i, partv, 3);
	mem_deref(d);
	return err;
}

static bool is_hash(const char *s, size_t len)
{
	return strlen(s) == len && strspn(s, "0123456789abcdef") == len;
}

static void read_ha1(struct secret *s, struct fields *f)
{
	const struct odict *o = fields_object(f, "ha1");
	struct fields in;
	char *text = NULL;

	if (!o)
		return;
	fields_inner(&in, f, "ha1", o);
	for (unsigned i = 0; i < DIGEST_ALGS; i++) {
		const char *name = digest_name((enum digest_alg)i);
		const size_t len = digest_len((enum digest_alg)i);

		fields_string(&in, name, &text, 0, DIGEST_HEX);
		if (in.err || !text)
			continue;
		if (!is_hash(text, len))
			(void)fields_bad(&in, name,
					 "allowed: %zu hexadecimal digits, "
					 "small letters",
					 len);
		else
			str_ncpy(s->ha1v[i], text, sizeof(s->ha1v[i]));
	}
	mem_deref(text);
	f->err = fields_done(&in);
}

/* It is sent in quotes */
static void read_quoted(struct fields *f, const char *key, char **s)
{
	fields_string(f, key, s, 0, 128);
	if (!f->err && *s && strpbrk(*s, "\"\\"))
		(void)fields_bad(f, key, "allowed: neither '\"' nor '\\'");
}

void secret_read(struct secret *s, struct fields *f)
{
	char *password = NULL;
	bool any = false;

	read_quoted(f, "username", &s->username);
	read_quoted(f, "realm", &s->realm);
	fields_string(f, "password", &password, 0, 256);
	read_ha1(s, f);
	for (unsigned i = 0; i < DIGEST_ALGS; i++)
		any |= s->ha1v[i][0] != '\0';
	if (f->err)
		goto out;
	if (password && any)
		(void)fields_bad(f, "password", "allowed: this or ha1");
	else if ((password || any) && !s->username)
		(void)fields_bad(f, "username", "is missing");
	else if ((password || any) && !s->realm)
		(void)fields_bad(f, "realm",
				 "is missing: what is kept of a password holds "
				 "for one realm alone");
	else if (s->username && !password && !any)
		(void)fields_bad(f, "password",
				 "is missing; allowed: a "
				 "password, or ha1");
	else if (password)
		f->err = hash(s, password);
out:
	if (password)
		explicit_bzero(password, strlen(password));
	mem_deref(password);
}

int secret_json(struct odict *o, const struct secret *s, bool secret)
{
	struct odict *in = NULL;
	int err = 0;

	if (!s->username)
		return 0;
	err = odict_entry_add(o, "username", ODICT_STRING, s->username);
	if (!err)
		err = odict_entry_add(o, "realm", ODICT_STRING, s->realm);
	if (err || !secret)
		return err;
	err = odict_alloc(&in, 4);
	for (unsigned i = 0; i < DIGEST_ALGS && !err; i++)
		if (s->ha1v[i][0])
			err = odict_entry_add(in,
					      digest_name((enum digest_alg)i),
					      ODICT_STRING, s->ha1v[i]);
	if (!err)
		err = odict_entry_add(o, "ha1", ODICT_OBJECT, in);
	mem_deref(in);
	return err;
}
