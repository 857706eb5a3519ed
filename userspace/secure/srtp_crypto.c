/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/srtp_crypto.c  SRTP's ciphers, over Nettle's
 *
 * Nettle rather than OpenSSL: its keys lie in our own structures, where they are few
 * lines of memory, and to begin a packet costs nothing. OpenSSL 3 takes longer to set
 * an IV than to encrypt 20 ms of speech.
 */
#include <errno.h>
#include <string.h>
#include <nettle/ctr.h>
#include <nettle/memops.h>
#include "secure/srtp_core.h"

enum { SHA1_BLOCK = SHA1_BLOCK_SIZE, AES_BLOCK = AES_BLOCK_SIZE };

/* ---- AES in counter mode -------------------------------------------------- */

static void set_key(struct cipher *c, size_t len, const uint8_t *key)
{
	switch (len) {
	case AES256_KEY_SIZE:
		aes256_set_encrypt_key(&c->key.aes256, key);
		c->encrypt = (nettle_cipher_func *)aes256_encrypt;
		break;
	case AES192_KEY_SIZE:
		aes192_set_encrypt_key(&c->key.aes192, key);
		c->encrypt = (nettle_cipher_func *)aes192_encrypt;
		break;
	default:
		aes128_set_encrypt_key(&c->key.aes128, key);
		c->encrypt = (nettle_cipher_func *)aes128_encrypt;
		break;
	}
}

static void ctr(const struct cipher *c, uint8_t iv[AES_BLOCK], uint8_t *p,
		size_t n)
{
	ctr_crypt(&c->key, c->encrypt, AES_BLOCK, iv, n, p, p);
}

void srtpc_cm(const struct session *k, uint32_t ssrc, uint64_t index,
	      uint8_t *p, size_t n)
{
	/* salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16 */
	uint8_t iv[AES_BLOCK] = {0};

	memcpy(iv, k->salt, CM_SALT);
	for (unsigned i = 0; i < 4; i++)
		iv[4 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
	for (unsigned i = 0; i < 6; i++)
		iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
	ctr(&k->cipher, iv, p, n);
}

/* GCM's salt is shorter: zeroes follow it (RFC 7714 11) */
void srtpc_derive(const struct suite *suite, const uint8_t *master,
		  uint8_t label, uint8_t *out, size_t n)
{
	uint8_t iv[AES_BLOCK] = {0};
	struct cipher c;

	set_key(&c, suite->key, master);
	memcpy(iv, master + suite->key, suite->salt);
	iv[7] ^= label;
	memset(out, 0, n);
	ctr(&c, iv, out, n);
	explicit_bzero(&c, sizeof(c));
}

/* ---- HMAC-SHA1 ------------------------------------------------------------ */

/* What a hash is when it has eaten one block: the key, padded by `pad` */
static void hmac_key(uint32_t state[SHA1_WORDS], const uint8_t key[SHA1_LEN],
		     uint8_t pad)
{
	uint8_t block[SHA1_BLOCK];
	struct sha1_ctx c;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (i < SHA1_LEN ? key[i] : 0) ^ pad;
	sha1_init(&c);
	sha1_update(&c, sizeof(block), block);
	memcpy(state, c.state, sizeof(c.state));
	explicit_bzero(block, sizeof(block));
	explicit_bzero(&c, sizeof(c));
}

static void go_on(struct sha1_ctx *c, const uint32_t state[SHA1_WORDS])
{
	memcpy(c->state, state, sizeof(c->state));
	c->count = 1;
	c->index = 0;
}

void srtpc_hmac(const struct session *k, const uint8_t *p, size_t n,
		uint32_t word, uint8_t tag[SHA1_LEN])
{
	struct sha1_ctx c;
	uint8_t w[4];

	put32(w, word);
	go_on(&c, k->inner);
	sha1_update(&c, n, p);
	sha1_update(&c, sizeof(w), w);
	sha1_digest(&c, SHA1_LEN, tag);
	go_on(&c, k->outer);
	sha1_update(&c, SHA1_LEN, tag);
	sha1_digest(&c, SHA1_LEN, tag);
}

/* ---- AES-GCM -------------------------------------------------------------- */

/* What is given in pieces has to be in whole blocks, but for the last */
static void authenticate(struct gcm_ctx *g, const struct gcm_key *key,
			 const uint8_t *p, size_t n, const uint8_t *more,
			 size_t more_len)
{
	uint8_t tail[AES_BLOCK + INDEX_LEN];
	const size_t whole = more_len ? n / AES_BLOCK * AES_BLOCK : n;

	gcm_update(g, key, whole, p);
	if (!more_len)
		return;
	memcpy(tail, p + whole, n - whole);
	memcpy(tail + (n - whole), more, more_len);
	gcm_update(g, key, n - whole + more_len, tail);
}

bool srtpc_gcm(const struct session *k, bool encrypt,
	       const uint8_t iv[GCM_SALT], const uint8_t *aad, size_t aad_len,
	       const uint8_t *more, size_t more_len, uint8_t *p, size_t n,
	       uint8_t tag[GCM_TAG])
{
	const struct cipher *c = &k->cipher;
	uint8_t should[GCM_TAG];
	struct gcm_ctx g;

	gcm_set_iv(&g, k->gcm, GCM_SALT, iv);
	authenticate(&g, k->gcm, aad, aad_len, more, more_len);
	if (encrypt) {
		gcm_encrypt(&g, k->gcm, &c->key, c->encrypt, n, p, p);
		gcm_digest(&g, k->gcm, &c->key, c->encrypt, GCM_TAG, tag);
		return true;
	}
	gcm_decrypt(&g, k->gcm, &c->key, c->encrypt, n, p, p);
	gcm_digest(&g, k->gcm, &c->key, c->encrypt, GCM_TAG, should);

	return memeql_sec(should, tag, GCM_TAG);
}

/* ---- keys ----------------------------------------------------------------- */

int srtpc_cipher(struct session *k, const struct suite *suite,
		 const uint8_t *key)
{
	set_key(&k->cipher, suite->key, key);
	if (!suite->gcm)
		return 0;
	if (!k->gcm)
		k->gcm = mem_zalloc(sizeof(*k->gcm), NULL);
	if (!k->gcm)
		return ENOMEM;
	gcm_set_key(k->gcm, &k->cipher.key, k->cipher.encrypt);

	return 0;
}

/* Labels: cipher, authentication, salt; RTCP's are 3 further (RFC 3711 4.3.2) */
int srtpc_session(struct session *k, const struct suite *suite,
		  const uint8_t *master, uint8_t label)
{
	uint8_t key[AES256_KEY_SIZE], auth[SHA1_LEN];
	int err;

	srtpc_derive(suite, master, label, key, suite->key);
	srtpc_derive(suite, master, label + 1, auth, sizeof(auth));
	srtpc_derive(suite, master, label + 2, k->salt, suite->salt);
	hmac_key(k->inner, auth, 0x36);
	hmac_key(k->outer, auth, 0x5c);
	err = srtpc_cipher(k, suite, key);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(auth, sizeof(auth));

	return err;
}

void srtpc_session_close(struct session *k)
{
	if (k->gcm)
		explicit_bzero(k->gcm, sizeof(*k->gcm));
	k->gcm = mem_deref(k->gcm);
}
