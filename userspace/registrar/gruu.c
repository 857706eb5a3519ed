/* SPDX-License-Identifier: BSD-2-Clause */
/* GRUUs (RFC 5627): URIs that lead to one instance of an AOR, wherever it registers
 *
 * A temporary one holds for as long as its phone registers with the same Call-ID,
 * and nothing is remembered of it: its user is "tgruu." and, encrypted with the
 * registrar's key, the AOR's user, the instance and a hash of the Call-ID. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "carom/sipkey.h"
#include "registrar/priv.h"

#define TEMPORARY "tgruu."

enum {
	SALT = 8,
	PROOF = 8,
	HASH = 8,
	PLAIN = EXTENSION_PART + 300 + HASH,
};

/* ---- writing --------------------------------------------------------------------- */

/* What may stand in a user and in a parameter's value alike; else %HH */
static int escaped(struct mbuf *mb, const struct pl *pl)
{
	int err = 0;

	for (size_t i = 0; i < pl->l && !err; i++) {
		const char c = pl->p[i];

		if (isalnum((unsigned char)c) ||
		    (c && strchr("-_.!~*'()+$:", c)))
			err = mbuf_write_u8(mb, (uint8_t)c);
		else
			err = mbuf_printf(mb, "%%%02X", (uint8_t)c);
	}
	return err;
}

static void split(struct pl *user, struct pl *domain, const struct pl *aor)
{
	const char *at = pl_strrchr(aor, '@');

	user->p = aor->p;
	user->l = at ? (size_t)(at - aor->p) : 0;
	domain->p = user->p + user->l + 1;
	domain->l = aor->l - user->l - 1;
}

int gruu_public(struct mbuf *mb, const struct pl *aor,
		const struct pl *instance)
{
	struct pl user, domain;
	int err;

	split(&user, &domain, aor);
	err = mbuf_write_str(mb, "sip:");
	err = err ? err : escaped(mb, &user);
	err = err ? err : mbuf_printf(mb, "@%r;gr=", &domain);
	return err ? err : escaped(mb, instance);
}

/* ---- temporary ones -------------------------------------------------------------- */

static uint64_t derive(const struct registrar *r, uint64_t what, const void *p,
		       size_t n)
{
	struct siphash h;

	siphash_start(&h, r->conf.key[0], r->conf.key[1]);
	siphash_word(&h, 0x6772757500000000ULL | what);
	sipkey_mem(&h, p, n);
	return siphash_end(&h);
}

/* AES in counter mode: its own inverse */
static int crypt_it(const struct registrar *r, uint8_t *out, const uint8_t *in,
		    size_t n, const uint8_t salt[SALT])
{
	const uint64_t key[2] = {derive(r, 1, "", 0), derive(r, 2, "", 0)};
	uint8_t iv[AES_BLOCK_SIZE] = {0};
	struct aes *aes = NULL;
	int err;

	memcpy(iv, salt, SALT);
	err = aes_alloc(&aes, AES_MODE_CTR, (const uint8_t *)key, 128, iv);
	if (!err)
		err = aes_encr(aes, out, in, n);
	mem_deref(aes);
	return err;
}

int gruu_temporary(struct mbuf *mb, const struct registrar *r,
		   const struct binding *b)
{
	const uint64_t salt = rand_u64(),
		       call = derive(r, 3, b->callid.p, b->callid.l);
	uint8_t plain[PLAIN], out[SALT + PROOF + PLAIN];
	struct pl user, domain;
	uint64_t proof;
	size_t n;
	int err;

	split(&user, &domain, &b->aor);
	n = user.l + 1 + b->instance.l + HASH;
	if (n > sizeof(plain))
		return EOVERFLOW;
	memcpy(plain, user.p, user.l);
	plain[user.l] = '\0';
	memcpy(plain + user.l + 1, b->instance.p, b->instance.l);
	memcpy(plain + n - HASH, &call, HASH);
	memcpy(out, &salt, SALT);
	proof = derive(r, salt, plain, n);
	memcpy(out + SALT, &proof, PROOF);
	err = crypt_it(r, out + SALT + PROOF, plain, n, out);
	if (err)
		return err;
	return mbuf_printf(mb, "sip:" TEMPORARY "%w@%r;gr", out,
			   SALT + PROOF + n, &domain);
}

struct holds {
	struct pl instance;
	uint64_t call;
	const struct registrar *r;
};

static bool still_holds(const struct binding *b, void *arg)
{
	const struct holds *h = arg;

	return !pl_cmp(&b->instance, &h->instance) &&
	       derive(h->r, 3, b->callid.p, b->callid.l) == h->call;
}

static size_t unhex(uint8_t *raw, size_t most, struct pl text)
{
	size_t n = 0;

	if (text.l % 2 || text.l / 2 > most)
		return 0;
	for (; text.l; pl_advance(&text, 2), n++) {
		const char *hi = text.p, *lo = hi + 1;

		if (!isxdigit((unsigned char)*hi) ||
		    !isxdigit((unsigned char)*lo))
			return 0;
		raw[n] = (uint8_t)(ch_hex(*hi) << 4 | ch_hex(*lo));
	}
	return n;
}

/* @return bytes of the text in buf: user, a zero, instance; 0: it is none of ours */
static size_t open_it(const struct registrar *r, uint8_t *plain, uint64_t *call,
		      const struct pl *user)
{
	uint8_t raw[SALT + PROOF + PLAIN];
	uint64_t salt, proof;
	struct pl text = *user;
	size_t n;

	pl_advance(&text, (ssize_t)strlen(TEMPORARY));
	n = unhex(raw, sizeof(raw), text);
	if (n < SALT + PROOF + HASH + 2)
		return 0;
	n -= SALT + PROOF;
	if (crypt_it(r, plain, raw + SALT + PROOF, n, raw))
		return 0;
	memcpy(&salt, raw, SALT);
	memcpy(&proof, raw + SALT, PROOF);
	if (derive(r, salt, plain, n) != proof)
		return 0;
	memcpy(call, plain + n - HASH, HASH);
	return n - HASH;
}

static int temporary(const struct registrar *r, struct pl *aor,
		     struct pl *instance, char *buf, size_t sz,
		     const struct uri *uri, const char *domain)
{
	struct holds h = {.r = r};
	uint8_t plain[PLAIN];
	const uint8_t *zero;
	size_t n, userl;

	n = open_it(r, plain, &h.call, &uri->user);
	zero = n ? memchr(plain, '\0', n) : NULL;
	if (!zero)
		return ENOENT;
	userl = (size_t)(zero - plain);
	if (re_snprintf(buf, sz, "%b@%s %b", plain, userl, domain, zero + 1,
			n - userl - 1) < 0)
		return EOVERFLOW;
	aor->p = buf;
	aor->l = userl + 1 + strlen(domain);
	instance->p = buf + aor->l + 1;
	instance->l = n - userl - 1;
	h.instance = *instance;
	return location_find(r->loc, aor, still_holds, &h) ? 0 : ENOENT;
}

/* ---- reading --------------------------------------------------------------------- */

int registrar_aor(const struct registrar *r, struct pl *aor,
		  struct pl *instance, char *buf, size_t sz,
		  const struct pl *text)
{
	const char *domain;
	struct pl gr = pl_null;
	struct uri uri;
	size_t n;
	int err;

	*instance = pl_null;
	if (msg_uri_decode(&uri, text) || !uri.host.l)
		return ENOENT;
	domain = registrar_domain(r, &uri.host);
	if (!domain)
		return ENOENT;
	if (msg_param(&uri.params, "gr", &gr) && !gr.l &&
	    uri.user.l > strlen(TEMPORARY) &&
	    !strncasecmp(uri.user.p, TEMPORARY, strlen(TEMPORARY)))
		return temporary(r, aor, instance, buf, sz, &uri, domain);
	err = aor_make(aor, buf, sz, &uri, domain);
	if (err || !gr.l)
		return err;
	n = aor->l;
	instance->p = buf + n;
	while (gr.l && n < sz)
		buf[n++] = msg_uri_char(&gr);
	instance->l = n - aor->l;
	return gr.l ? EOVERFLOW : 0;
}
