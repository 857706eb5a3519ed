/* SPDX-License-Identifier: BSD-2-Clause */
/* SRTP and a=crypto: vectors of the RFCs, libre's SRTP as the other end */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <re.h>
#include <cmocka.h>
#include "secure/sdes.h"
#include <openssl/evp.h>
#include "srtp_roc.h"

enum { PAYLOAD = 160, ROOM = 400 };

static size_t hex(uint8_t *out, const char *s)
{
	size_t n = 0;
	unsigned v;

	for (; *s; s += 2) {
		while (*s == ' ')
			s++;
		if (sscanf(s, "%2x", &v) != 1)
			break;
		out[n++] = (uint8_t)v;
	}

	return n;
}

static void same(const uint8_t *p, size_t n, const char *want)
{
	uint8_t w[256];

	assert_int_equal(hex(w, want), n);
	assert_memory_equal(p, w, n);
}

/* RFC 3711 B.3 */
static void test_derivation(void **state)
{
	uint8_t master[30], out[94];
	const struct suite *s = srtpc_suite(SRTPX_AES_CM_128_HMAC_SHA1_80);
	(void)state;

	hex(master, "E1F97A0D3E018BE0D64FA32C06DE4139"
		    "0EC675AD498AFEEBB6960B3AABE6");
	srtpc_derive(s, master, 0, out, 16);
	same(out, 16, "C61E7A93744F39EE10734AFE3FF7A087");
	srtpc_derive(s, master, 2, out, 14);
	same(out, 14, "30CBBC08863D8C85D49DB34A9AE1");
	srtpc_derive(s, master, 1, out, 94);
	same(out, 94,
	     "CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE"
	     "E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25"
	     "6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2");
}

/* RFC 6188 7.4 */
static void test_derivation_256(void **state)
{
	uint8_t master[46], out[32];
	const struct suite *s = srtpc_suite(SRTPX_AES_256_CM_HMAC_SHA1_80);
	(void)state;

	hex(master, "f0f04914b513f2763a1b1fa130f10e29"
		    "98f6f6e43e4309d1e622a0e332b9f1b6"
		    "3b04803de51ee7c96423ab5b78d2");
	srtpc_derive(s, master, 0, out, 32);
	same(out, 32,
	     "5ba1064e30ec51613cad926c5a28ef73"
	     "1ec7fb397f70a960653caf06554cd8c4");
	srtpc_derive(s, master, 2, out, 14);
	same(out, 14, "fa31791685ca444a9e07c6c64e93");
}

/* RFC 7714 16.1.1: the session's keys are given, so they are put in place */
static void test_gcm_vector(void **state)
{
	struct srtpx_key key = {.suite = SRTPX_AEAD_AES_128_GCM};
	uint8_t p[128], k[16];
	struct srtpx *s;
	size_t n;
	(void)state;

	assert_int_equal(srtpx_alloc(&s, &key), 0);
	hex(k, "000102030405060708090a0b0c0d0e0f");
	assert_int_equal(srtpc_cipher(&s->rtp, s->suite, k), 0);
	hex(s->rtp.salt, "517569642070726f2071756f");
	n = hex(p,
		"8040f17b8041f8d35501a0b2"
		"47616c6c696120657374206f6d6e69732064697669736120696e20706172"
		"7465732074726573");
	assert_int_equal(srtpx_protect(s, p, &n, sizeof(p)), 0);
	same(p, n,
	     "8040f17b8041f8d35501a0b2"
	     "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b"
	     "36de3adf8833899d7f27beb16a9152cf765ee4390cce");
	mem_deref(s);
}

static size_t rtp(uint8_t *p, uint16_t seq, uint32_t ssrc)
{
	memset(p, 0, 12);
	p[0] = 0x80;
	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	put32(p + 4, seq * 160u);
	put32(p + 8, ssrc);
	for (unsigned i = 0; i < PAYLOAD; i++)
		p[12 + i] = (uint8_t)(seq + i * 7);

	return 12 + PAYLOAD;
}

static size_t rtcp(uint8_t *p, uint32_t ssrc)
{
	memset(p, 0, 28);
	p[0] = 0x80;
	p[1] = 200;
	p[3] = 6;
	put32(p + 4, ssrc);
	memset(p + 8, 0x5a, 20);

	return 28;
}

static struct srtpx *make(enum srtpx_suite suite, uint8_t mki)
{
	struct srtpx_key key = {.suite = suite, .mki_len = mki};
	struct srtpx *s;

	for (size_t i = 0; i < sizeof(key.key); i++)
		key.key[i] = (uint8_t)(i * 11 + 3);
	for (size_t i = 0; i < mki; i++)
		key.mki[i] = (uint8_t)(i + 1);
	assert_int_equal(srtpx_alloc(&s, &key), 0);

	return s;
}

/* Each suite: there and back over the wrap of the sequence number, RTCP too */
static void test_round_trip(void **state)
{
	(void)state;

	for (int suite = SRTPX_NONE + 1; suite < SRTPX_SUITES; suite++) {
		for (uint8_t mki = 0; mki <= 4; mki += 4) {
			struct srtpx *a = make(suite, mki);
			struct srtpx *b = make(suite, mki);
			uint8_t p[ROOM], was[ROOM];
			uint32_t roc;
			uint16_t seq;
			size_t n, len;

			for (unsigned i = 0; i < 200; i++) {
				len = n = rtp(p, (uint16_t)(65436 + i), 77);
				memcpy(was, p, n);
				assert_int_equal(
					srtpx_protect(a, p, &n, sizeof(p)), 0);
				assert_memory_equal(p, was, 12);
				assert_memory_not_equal(p + 12, was + 12,
							PAYLOAD);
				assert_int_equal(srtpx_unprotect(b, p, &n), 0);
				assert_int_equal(n, len);
				assert_memory_equal(p, was, n);
				len = n = rtcp(p, 77);
				memcpy(was, p, n);
				assert_int_equal(
					srtpx_protect_rtcp(a, p, &n, sizeof(p)),
					0);
				assert_int_equal(srtpx_unprotect_rtcp(b, p, &n),
						 0);
				assert_int_equal(n, len);
				assert_memory_equal(p, was, n);
			}
			assert_int_equal(srtp_roc(b, 77, &roc, &seq), 0);
			assert_int_equal(roc, 1);
			assert_int_equal(seq, 99);
			mem_deref(a);
			mem_deref(b);
		}
	}
}

/* SRTCP that is not encrypted: all of it, and its index, are what the tag is of
 * (RFC 7714 9.3). OpenSSL is asked what it should be */
static void test_gcm_tag_only(void **state)
{
	struct srtpx_key key = {.suite = SRTPX_AEAD_AES_256_GCM,
				.plain_srtcp = true};
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t p[128], k[32], iv[12], should[16], w[4] = {0, 0, 0, 1};
	struct srtpx *s;
	size_t n;
	int len;
	(void)state;

	for (unsigned i = 0; i < sizeof(k); i++)
		k[i] = (uint8_t)(i * 5 + 1);
	assert_int_equal(srtpx_alloc(&s, &key), 0);
	assert_int_equal(srtpc_cipher(&s->rtcp, s->suite, k), 0);
	n = rtcp(p, 0x5501a0b2);
	memcpy(iv, s->rtcp.salt, sizeof(iv));
	for (unsigned i = 0; i < 4; i++)
		iv[2 + i] ^= p[4 + i];
	iv[11] ^= 1;
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, k, iv),
			 1);
	assert_int_equal(EVP_EncryptUpdate(c, NULL, &len, p, (int)n), 1);
	assert_int_equal(EVP_EncryptUpdate(c, NULL, &len, w, sizeof(w)), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, should, &len), 1);
	assert_int_equal(
		EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, should), 1);
	assert_int_equal(srtpx_protect_rtcp(s, p, &n, sizeof(p)), 0);
	assert_int_equal(n, 28 + 16 + 4);
	assert_memory_equal(p + 28, should, 16);
	assert_memory_equal(p + 44, w, 4);
	EVP_CIPHER_CTX_free(c);
	mem_deref(s);
}

/* libre has an SRTP of its own */
static void test_peer(void **state)
{
	static const struct {
		enum srtpx_suite ours;
		enum srtp_suite theirs;
	} suitev[] = {
		{SRTPX_AES_CM_128_HMAC_SHA1_80, SRTP_AES_CM_128_HMAC_SHA1_80},
		{SRTPX_AES_CM_128_HMAC_SHA1_32, SRTP_AES_CM_128_HMAC_SHA1_32},
		{SRTPX_AES_256_CM_HMAC_SHA1_80, SRTP_AES_256_CM_HMAC_SHA1_80},
		{SRTPX_AES_256_CM_HMAC_SHA1_32, SRTP_AES_256_CM_HMAC_SHA1_32},
		{SRTPX_AEAD_AES_128_GCM, SRTP_AES_128_GCM},
		{SRTPX_AEAD_AES_256_GCM, SRTP_AES_256_GCM},
	};
	struct mbuf *mb = mbuf_alloc(ROOM);
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(suitev); i++) {
		struct srtpx *a = make(suitev[i].ours, 0);
		struct srtpx *b = make(suitev[i].ours, 0);
		struct srtp *tx, *rx;
		const size_t len = srtpx_key_len(suitev[i].ours) +
				   srtpx_salt_len(suitev[i].ours);

		assert_int_equal(
			srtp_alloc(&tx, suitev[i].theirs, a->key.key, len, 0),
			0);
		assert_int_equal(
			srtp_alloc(&rx, suitev[i].theirs, a->key.key, len, 0),
			0);
		for (unsigned k = 0; k < 100; k++) {
			uint8_t was[ROOM];
			size_t n = rtp(mb->buf, (uint16_t)(65500 + k), 5);

			memcpy(was, mb->buf, n);
			assert_int_equal(srtpx_protect(a, mb->buf, &n, ROOM),
					 0);
			mb->pos = 0;
			mb->end = n;
			assert_int_equal(srtp_decrypt(rx, mb), 0);
			assert_memory_equal(mb->buf, was, 12 + PAYLOAD);

			mb->pos = 0;
			mb->end = 12 + PAYLOAD;
			assert_int_equal(srtp_encrypt(tx, mb), 0);
			n = mb->end;
			assert_int_equal(srtpx_unprotect(b, mb->buf, &n), 0);
			assert_memory_equal(mb->buf, was, 12 + PAYLOAD);

			/* libre's tag of SRTCP is as short as that of SRTP; RFC
			 * 4568 6.2.2 wants 80 bits */
			if (srtpc_suite(suitev[i].ours)->tag == 4)
				continue;
			n = rtcp(mb->buf, 5);
			memcpy(was, mb->buf, n);
			assert_int_equal(
				srtpx_protect_rtcp(a, mb->buf, &n, ROOM), 0);
			mb->pos = 0;
			mb->end = n;
			assert_int_equal(srtcp_decrypt(rx, mb), 0);
			assert_memory_equal(mb->buf, was, 28);
			mb->pos = 0;
			mb->end = 28;
			assert_int_equal(srtcp_encrypt(tx, mb), 0);
			n = mb->end;
			assert_int_equal(srtpx_unprotect_rtcp(b, mb->buf, &n),
					 0);
			assert_memory_equal(mb->buf, was, 28);
		}
		mem_deref(tx);
		mem_deref(rx);
		mem_deref(a);
		mem_deref(b);
	}
	mem_deref(mb);
}

/* Late, twice, forged, cut: each with its own answer, and nothing is learnt of
 * what is not authentic */
static void test_refused(void **state)
{
	uint8_t kept[300][ROOM], p[ROOM];
	size_t lenv[300], n;
	(void)state;

	for (int suite = SRTPX_NONE + 1; suite < SRTPX_SUITES; suite++) {
		struct srtpx *a = make(suite, 0), *b = make(suite, 0);
		uint32_t ssrc;

		for (unsigned i = 0; i < 300; i++) {
			lenv[i] = rtp(kept[i], (uint16_t)(65300 + i), 9);
			assert_int_equal(
				srtpx_protect(a, kept[i], &lenv[i], ROOM), 0);
		}
		/* forged: before anything that is authentic, and another SSRC */
		memcpy(p, kept[0], lenv[0]);
		p[20] ^= 1;
		n = lenv[0];
		assert_int_equal(srtpx_unprotect(b, p, &n), EACCES);
		assert_false(srtpx_ssrc(b, 0, &ssrc));
#define TAKE(i)                                                                \
	(memcpy(p, kept[i], lenv[i]), n = lenv[i], srtpx_unprotect(b, p, &n))
		assert_int_equal(TAKE(0), 0);
		assert_int_equal(TAKE(0), EALREADY);
		/* out of order, over the wrap */
		assert_int_equal(TAKE(240), 0);
		assert_int_equal(TAKE(230), 0);
		assert_int_equal(TAKE(235), 0);
		assert_int_equal(TAKE(230), EALREADY);
		assert_int_equal(TAKE(240), EALREADY);
		assert_int_equal(TAKE(113), 0);
		assert_int_equal(TAKE(113), EALREADY);
		assert_int_equal(TAKE(112), EALREADY); /* beyond the window */
		assert_int_equal(TAKE(299), 0);
		/* as if far ahead: does not move the window */
		memcpy(p, kept[298], lenv[298]);
		p[2] ^= 0x10;
		n = lenv[298];
		assert_int_equal(srtpx_unprotect(b, p, &n), EACCES);
		assert_int_equal(TAKE(298), 0);
		for (n = 0; n < 12u + srtpc_suite(suite)->tag; n++) {
			size_t len = n;

			memcpy(p, kept[1], n);
			assert_int_equal(srtpx_unprotect(b, p, &len), EBADMSG);
		}
		n = rtcp(p, 9);
		assert_int_equal(srtpx_protect_rtcp(a, p, &n, ROOM), 0);
		memcpy(kept[0], p, n);
		lenv[0] = n;
		p[9] ^= 4;
		assert_int_equal(srtpx_unprotect_rtcp(b, p, &n), EACCES);
		n = lenv[0];
		memcpy(p, kept[0], n);
		assert_int_equal(srtpx_unprotect_rtcp(b, p, &n), 0);
		n = lenv[0];
		memcpy(p, kept[0], n);
		assert_int_equal(srtpx_unprotect_rtcp(b, p, &n), EALREADY);
		mem_deref(a);
		mem_deref(b);
	}
}

/* The shortest sender report */
static size_t rtcp_of(uint8_t *p, uint8_t ssrc)
{
	memset(p, 0, 28);
	p[0] = 0x80;
	p[1] = 200;
	p[3] = 6;
	p[7] = ssrc;

	return 28;
}

static void test_ssrcs(void **state)
{
	struct srtpx *a = make(SRTPX_AES_CM_128_HMAC_SHA1_80, 0);
	struct srtpx *b = make(SRTPX_AES_CM_128_HMAC_SHA1_80, 0);
	uint8_t p[ROOM];
	size_t n;
	(void)state;

	for (unsigned i = 0; i < SRTPX_STREAMS; i++) {
		n = rtp(p, 1, i);
		assert_int_equal(srtpx_protect(a, p, &n, ROOM), 0);
		assert_int_equal(srtpx_unprotect(b, p, &n), 0);
	}
	/* the same number again: the key stream must not serve twice */
	n = rtp(p, 1, 9);
	assert_int_equal(srtpx_protect(a, p, &n, ROOM), EALREADY);
	n = rtp(p, 2, 9);
	assert_int_equal(srtpx_protect(a, p, &n, ROOM), 0);
	/* who sends has no room for one more, and forgets none: RTP and RTCP */
	assert_true(srtpx_full(a, 99));
	assert_false(srtpx_full(a, 9));
	n = rtp(p, 1, 99);
	assert_int_equal(srtpx_protect(a, p, &n, ROOM), ENOSPC);
	n = rtp(p, 1, 0);
	assert_int_equal(srtpx_protect(a, p, &n, ROOM), EALREADY);
	n = rtcp_of(p, 99);
	assert_int_equal(srtpx_protect_rtcp(a, p, &n, ROOM), ENOSPC);
	n = rtp(p, 3, 3);
	assert_int_equal(srtpx_protect(a, p, &n, 12 + PAYLOAD + 5), ENOBUFS);
	mem_deref(a);
	/* who receives takes the place of the eldest */
	a = make(SRTPX_AES_CM_128_HMAC_SHA1_80, 0);
	n = rtp(p, 1, 99);
	assert_int_equal(srtpx_protect(a, p, &n, ROOM), 0);
	assert_int_equal(srtpx_unprotect(b, p, &n), 0);
	/* continued by another context */
	n = rtp(p, 7, 3);
	srtp_roc_set(a, 3, 5, 6);
	srtp_roc_set(b, 3, 5, 6);
	assert_int_equal(srtpx_protect(a, p, &n, ROOM), 0);
	assert_int_equal(srtpx_unprotect(b, p, &n), 0);
	mem_deref(a);
	mem_deref(b);
}

/* A receiver that starts anew in the middle of a stream finds its rollover counter, and
 * keeps it; strangers cost no more than they may; what it sends of RTCP goes on */
static void resumed(void **state)
{
	static const enum srtpx_suite suitev[] = {SRTPX_AES_CM_128_HMAC_SHA1_80,
						  SRTPX_AEAD_AES_128_GCM};
	(void)state;

	for (size_t k = 0; k < ARRAY_SIZE(suitev); k++) {
		struct srtpx *a = make(suitev[k], 0), *b = make(suitev[k], 0),
			     *c = make(suitev[k], 0);
		uint8_t p[ROOM], was[ROOM];
		uint32_t roc;
		uint16_t seq;
		size_t n, len;

		srtpx_resume(c, 1000);
		srtp_roc_set(a, 77, 9, 40000);
		len = n = rtp(was, 40001, 77);
		memcpy(p, was, n);
		assert_int_equal(srtpx_protect(a, p, &n, ROOM), 0);
		{
			uint8_t q[ROOM];
			size_t m = n;

			memcpy(q, p, n);
			assert_int_equal(srtpx_unprotect(b, q, &m), EACCES);
		}
		assert_int_equal(srtpx_unprotect(c, p, &n), 0);
		assert_int_equal(n, len);
		assert_memory_equal(p, was, n);
		assert_int_equal(srtp_roc(c, 77, &roc, &seq), 0);
		assert_int_equal(roc, 9);
		/* over the next turn, and a copy of what came */
		for (unsigned s = 40002; s < 65536 + 10; s++) {
			n = rtp(p, (uint16_t)s, 77);
			assert_int_equal(srtpx_protect(a, p, &n, ROOM), 0);
			memcpy(was, p, n);
			len = n;
			assert_int_equal(srtpx_unprotect(c, p, &n), 0);
		}
		assert_int_equal(srtpx_unprotect(c, was, &len), EALREADY);
		assert_int_equal(srtp_roc(c, 77, &roc, &seq), 0);
		assert_int_equal(roc, 10);
		/* forged, of streams that nobody knows: no guess is left then, and who
		 * begins at 0 is heard all the same */
		for (unsigned i = 0; i < 40; i++) {
			struct srtpx *x = make(suitev[k], 0);

			n = rtp(p, 1, 1000 + i);
			assert_int_equal(srtpx_protect(x, p, &n, ROOM), 0);
			mem_deref(x);
			p[n - 1] ^= 1;
			assert_int_equal(srtpx_unprotect(c, p, &n), EACCES);
		}
		n = rtp(p, 5, 2000);
		assert_int_equal(srtpx_protect(a, p, &n, ROOM), 0);
		assert_int_equal(srtpx_unprotect(c, p, &n), 0);
		/* RTCP: who had 999 of ours takes the next */
		memset(p, 0, 28);
		p[0] = 0x80;
		p[1] = 200;
		p[3] = 6;
		n = 28;
		assert_int_equal(srtpx_protect_rtcp(c, p, &n, ROOM), 0);
		len = n - 4 - (suitev[k] == SRTPX_AEAD_AES_128_GCM ? 0 : 10);
		assert_int_equal((p[len] & 0x7f) << 24 | p[len + 1] << 16 |
					 p[len + 2] << 8 | p[len + 3],
				 1001);
		mem_deref(a);
		mem_deref(b);
		mem_deref(c);
	}
}

static const struct {
	const char *val;
	enum sdes_verdict verdict;
} linev[] = {
	{"1 AES_CM_128_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 "
	 "FEC_ORDER=FEC_SRTP",
	 SDES_PARAMETER},
	{"1 AES_CM_128_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4",
	 SDES_OK},
	{"2 aes_cm_128_hmac_sha1_32\t"
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|1048576",
	 SDES_OK},
	{"3 AES_CM_128_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|1:1 WSH=64 -new",
	 SDES_OK},
	{"3 AES_CM_128_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz KDR=1",
	 SDES_PARAMETER},
	{"3 AES_CM_128_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz UNENCRYPTED_SRTP",
	 SDES_PARAMETER},
	{"3 AES_CM_128_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz unknown",
	 SDES_PARAMETER},
	{"4 F8_128_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
	 SDES_SUITE},
	{"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwg", SDES_KEY},
	{"1 AES_256_CM_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
	 SDES_KEY},
	{"1 AES_CM_128_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^49",
	 SDES_KEY},
	{"1 AES_CM_128_HMAC_SHA1_80 "
	 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|300:1",
	 SDES_KEY},
	{"x AES_CM_128_HMAC_SHA1_80 inline:W", SDES_SYNTAX},
	{"1 AES_CM_128_HMAC_SHA1_80", SDES_SYNTAX},
	{"1", SDES_SYNTAX},
	{"", SDES_SYNTAX},
	{"9999999999 AES_CM_128_HMAC_SHA1_80 inline:W", SDES_SYNTAX},
};

static void test_sdes(void **state)
{
	struct sdes s, again;
	struct pl pl;
	char *text = NULL;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(linev); i++) {
		enum sdes_verdict v;

		pl_set_str(&pl, linev[i].val);
		v = sdes_decode(&s, &pl);
		if (v != linev[i].verdict)
			fail_msg("%s: %s", linev[i].val, sdes_verdict_name(v));
	}
	pl_set_str(&pl, linev[1].val);
	(void)sdes_decode(&s, &pl);
	assert_int_equal(s.lifetime, 1 << 20);
	assert_int_equal(s.key.mki_len, 4);
	same(s.key.mki, 4, "00000001");
	assert_memory_equal(s.key.key, "YS___semctl () {\t220;}\n}\nunles", 30);

	for (int suite = SRTPX_NONE + 1; suite < SRTPX_SUITES; suite++) {
		assert_int_equal(sdes_make(&s, suite, 7), 0);
		assert_int_equal(re_sdprintf(&text, "%H", sdes_print, &s), 0);
		pl_set_str(&pl, text);
		assert_int_equal(sdes_decode(&again, &pl), SDES_OK);
		assert_memory_equal(&s, &again, sizeof(s));
		text = mem_deref(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resumed),
		cmocka_unit_test(test_derivation),
		cmocka_unit_test(test_derivation_256),
		cmocka_unit_test(test_gcm_vector),
		cmocka_unit_test(test_gcm_tag_only),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_ssrcs),
		cmocka_unit_test(test_sdes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
