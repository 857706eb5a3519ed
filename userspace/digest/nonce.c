/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include "digest/nonce.h"

void nonce_seed(struct siphash *h, const uint64_t key[2],
		const struct pl *realm, enum digest_alg alg)
{
	siphash_start(h, key[0], key[1]);
	siphash_word(h, SIP_KEY_NONCE);
	siphash_word(h, alg);
	sipkey_mem(h, realm->p, realm->l);
}

void nonce_make(char text[NONCE_LEN + 1], const struct nonce_scope *s,
		uint64_t now, uint64_t chance)
{
	uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};
	__u64 words[SIP_NONCE_WORDS];
	struct siphash seed;

	if (s->src && sa_af(s->src) == AF_INET6)
		memcpy(addr, &s->src->u.in6.sin6_addr, 16);
	else if (s->src)
		memcpy(addr + 12, &s->src->u.in.sin_addr, 4);
	nonce_seed(&seed, s->key, &s->realm, s->alg);
	sipnonce_text(words, &seed, (uint32_t)now, chance, addr,
		      s->src != NULL);
	memcpy(text, words, NONCE_LEN);
	text[NONCE_LEN] = '\0';
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
