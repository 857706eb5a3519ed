/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/srtp_core.h  What the files of SRTP share. libre has its own "srtp_*",
 *                           which would take the place of ours
 */
#ifndef CAROM_SECURE_SRTP_CORE_H
#define CAROM_SECURE_SRTP_CORE_H

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/sha1.h>
#include "secure/srtp.h"

enum {
	SHA1_LEN = SHA1_DIGEST_SIZE,
	SHA1_WORDS = SHA1_LEN / 4,
	GCM_TAG = 16,
	GCM_SALT = 12,
	CM_SALT = 14,
	RTP_MIN = 12,
	RTCP_MIN = 8,
	INDEX_LEN = 4, /* E bit and SRTCP index */
};

struct suite {
	const char *name;
	uint8_t key, salt;
	uint8_t tag, rtcp_tag;
	bool gcm;
};

/** AES with a key of the suite's length */
struct cipher {
	nettle_cipher_func *encrypt;
	union {
		struct aes128_ctx aes128;
		struct aes192_ctx aes192;
		struct aes256_ctx aes256;
	} key;
};

/** Keys of one kind of packet, RTP or RTCP. HMAC's inner and outer hash have eaten
 *  their pad already: a packet costs two hashes less */
struct session {
	uint8_t salt[CM_SALT];
	uint32_t inner[SHA1_WORDS], outer[SHA1_WORDS];
	struct cipher cipher;
	struct gcm_key *gcm; /* NULL: no GCM. Powers of its hash's key */
};

/** What came, or was sent, of one SSRC */
struct stream_state {
	bool used;
	uint32_t ssrc;
	uint32_t roc;
	uint16_t seq;       /* highest */
	bool started;       /* seq holds */
	uint64_t window[2]; /* bit n: highest - n came */
	bool rtcp_started;
	uint32_t rtcp_index; /* highest */
	uint64_t rtcp_window[2];
	uint64_t last; /* use */
};

struct srtpx {
	const struct suite *suite;
	struct srtpx_key key;
	struct session rtp, rtcp;
	struct stream_state streamv[SRTPX_STREAMS];
	uint64_t uses;
	unsigned resuming;   /* guesses at rollover counters that are left */
	uint32_t rtcp_first; /* index of a stream's first SRTCP packet     */
};

const struct suite *srtpc_suite(enum srtpx_suite suite);

/** Bytes of label `label` (RFC 3711 4.3.1) from a master key */
void srtpc_derive(const struct suite *suite, const uint8_t *master,
		  uint8_t label, uint8_t *out, size_t n);
/** A session's key for its cipher. 0, ENOMEM */
int srtpc_cipher(struct session *k, const struct suite *suite,
		 const uint8_t *key);
/** Derive a session's keys from a master key (RFC 3711 4.3): label is that of its
 *  cipher. 0, ENOMEM */
int srtpc_session(struct session *k, const struct suite *suite,
		  const uint8_t *master, uint8_t label);
void srtpc_session_close(struct session *k);

/** Encrypt or decrypt in place by AES-CM (4.1.1); index: of the packet, 48 bits */
void srtpc_cm(const struct session *k, uint32_t ssrc, uint64_t index,
	      uint8_t *p, size_t n);
/** HMAC-SHA1 over p and, behind it, a word in network order */
void srtpc_hmac(const struct session *k, const uint8_t *p, size_t n,
		uint32_t word, uint8_t tag[SHA1_LEN]);
/** AES-GCM over p; aad and what follows it, at most INDEX_LEN bytes, are
 *  authenticated too. Decrypting: false, not authentic */
bool srtpc_gcm(const struct session *k, bool encrypt,
	       const uint8_t iv[GCM_SALT], const uint8_t *aad, size_t aad_len,
	       const uint8_t *more, size_t more_len, uint8_t *p, size_t n,
	       uint8_t tag[GCM_TAG]);

/** The state of an SSRC; NULL: not known */
struct stream_state *srtpc_stream(struct srtpx *s, uint32_t ssrc);
/** A new one, in the place of the one that was not used for longest */
struct stream_state *srtpc_stream_new(struct srtpx *s, uint32_t ssrc);
/** The same of what is sent: none is forgotten. @return NULL: there are too many */
struct stream_state *srtpc_sending(struct srtpx *s, uint32_t ssrc);

/** Is the packet `back` behind the highest in the window? */
bool srtpc_seen(const uint64_t window[2], uint64_t back);
/** Note one that is `ahead` of the highest (negative: behind) */
void srtpc_note(uint64_t window[2], int64_t ahead);

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static inline void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

#endif
