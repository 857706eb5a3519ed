/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/srtp_crypto.c  SRTP's ciphers, over OpenSSL's
 *
 * SHA1_* rather than EVP_MAC: a state that is copied costs nothing, and EVP's
 * copies cost as much as the hash of a whole packet of speech.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <string.h>
#include "secure/srtp_core.h"

/* The IV of AES-CM: salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16 */
static void cm_iv(uint8_t iv[16], const uint8_t salt[CM_SALT], uint32_t ssrc,
		  uint64_t index)
{
	memcpy(iv, salt, CM_SALT);
	iv[14] = iv[15] = 0;
	for (unsigned i = 0; i < 4; i++)
		iv[4 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
	for (unsigned i = 0; i < 6; i++)
		iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

static bool cm_run(EVP_CIPHER_CTX *c, const uint8_t iv[16], uint8_t *p,
		   size_t n)
{
	int len;

	return EVP_EncryptInit_ex(c, NULL, NULL, NULL, iv) == 1 &&
	       EVP_EncryptUpdate(c, p, &len, p, (int)n) == 1;
}

int srtpc_cm(struct session *k, uint32_t ssrc, uint64_t index, uint8_t *p,
	     size_t n)
{
	uint8_t iv[16];

	cm_iv(iv, k->salt, ssrc, index);

	return cm_run(k->cipher, iv, p, n) ? 0 : EIO;
}

/* GCM's salt is shorter: zeroes follow it (RFC 7714 11) */
int srtpc_derive(const struct suite *suite, const uint8_t *master,
		 uint8_t label, uint8_t *out, size_t n)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t iv[16] = {0};
	bool ok;

	if (!c)
		return ENOMEM;
	memcpy(iv, master + suite->key, suite->salt);
	iv[7] ^= label;
	memset(out, 0, n);
	ok = EVP_EncryptInit_ex(c,
				suite->key == 32   ? EVP_aes_256_ctr()
				: suite->key == 24 ? EVP_aes_192_ctr()
						   : EVP_aes_128_ctr(),
				NULL, master, iv) == 1 &&
	     cm_run(c, iv, out, n);
	EVP_CIPHER_CTX_free(c);

	return ok ? 0 : EIO;
}

void srtpc_hmac(const struct session *k, const uint8_t *p, size_t n,
		uint32_t word, uint8_t tag[SHA1_LEN])
{
	uint8_t w[4];
	SHA_CTX c = k->inner;

	put32(w, word);
	(void)SHA1_Update(&c, p, n);
	(void)SHA1_Update(&c, w, sizeof(w));
	(void)SHA1_Final(tag, &c);
	c = k->outer;
	(void)SHA1_Update(&c, tag, SHA1_LEN);
	(void)SHA1_Final(tag, &c);
}

bool srtpc_gcm(struct session *k, bool encrypt, const uint8_t iv[GCM_SALT],
	       const uint8_t *aad, size_t aad_len, const uint8_t *more,
	       size_t more_len, uint8_t *p, size_t n, uint8_t tag[GCM_TAG])
{
	EVP_CIPHER_CTX *c = k->cipher;
	int len, last = 0;

	if (EVP_CipherInit_ex(c, NULL, NULL, NULL, iv, encrypt) != 1 ||
	    EVP_CipherUpdate(c, NULL, &len, aad, (int)aad_len) != 1)
		return false;
	if (more_len &&
	    EVP_CipherUpdate(c, NULL, &len, more, (int)more_len) != 1)
		return false;
	if (n && EVP_CipherUpdate(c, p, &len, p, (int)n) != 1)
		return false;
	if (!encrypt &&
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, GCM_TAG, tag) != 1)
		return false;
	if (EVP_CipherFinal_ex(c, p + n, &last) != 1)
		return false;

	return !encrypt ||
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, GCM_TAG, tag) == 1;
}
