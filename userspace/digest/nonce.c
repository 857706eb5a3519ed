/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include "carom/sipkey.h"
#include "digest/nonce.h"

static void address_in(struct siphash *h, const struct sa *sa)
{
	uint8_t a[16] = {[10] = 0xff, [11] = 0xff};

	if (sa && sa_af(sa) == AF_INET6)
		memcpy(a, &sa->u.in6.sin6_addr, 16);
	else if (sa)
		memcpy(a + 12, &sa->u.in.sin_addr, 4);
	/* not the port: NATs change it between a challenge and its answer */
	siphash_word(h, sa != NULL);
	sipkey_addr(h, a, 0);
}

static uint64_t proof(const struct nonce_scope *s, uint32_t when,
		      uint64_t chance)
{
	struct siphash h;

	siphash_start(&h, s->key[0], s->key[1]);
	siphash_word(&h, SIP_KEY_NONCE);
	siphash_word(&h, when);
	siphash_word(&h, chance);
	siphash_word(&h, s->alg);
	sipkey_mem(&h, s->realm.p, s->realm.l);
	address_in(&h, s->src);
	return siphash_end(&h);
}

void nonce_make(char text[NONCE_LEN + 1], const struct nonce_scope *s,
		uint64_t now, uint64_t chance)
{
	const uint32_t when = (uint32_t)now;

	(void)re_snprintf(text, NONCE_LEN + 1, "%08x%016llx%016llx", when,
			  chance, proof(s, when, chance));
}

/* Hexadecimal digits in small letters, as we write them */
static bool digits(const char *p, size_t n, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		const char c = p[i];

		if (c >= '0' && c <= '9')
			*v = *v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*v = *v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

enum nonce_verdict nonce_check(const struct nonce_scope *s,
			       const struct pl *text, uint64_t now,
			       uint32_t lifetime, uint64_t *id,
			       uint64_t *expires)
{
	char want[NONCE_LEN + 1];
	const struct pl again = {want, NONCE_LEN};
	uint64_t when, chance;
	int64_t age;

	if (text->l != NONCE_LEN || !digits(text->p, 8, &when) ||
	    !digits(text->p + 8, 16, &chance) || !digits(text->p + 24, 16, id))
		return NONCE_FOREIGN;
	nonce_make(want, s, when, chance);
	if (!digest_same(text, &again))
		return NONCE_FOREIGN;
	age = (int32_t)((uint32_t)now - (uint32_t)when);
	*expires = now - (uint64_t)age + lifetime;
	if (age < -NONCE_SKEW)
		return NONCE_FOREIGN;
	return age > (int64_t)lifetime ? NONCE_OLD : NONCE_GOOD;
}
