/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/srtp.h  SRTP and SRTCP (RFC 3711, RFC 6188, RFC 7714)
 *
 * A context has one master key and knows the streams (SSRCs) of one direction. It
 * may be used by one thread at a time. After srtpx_alloc() nothing is allocated.
 * Packets are worked on in place. libre owns the names "srtp_*".
 */
#ifndef CAROM_SECURE_SRTP_H
#define CAROM_SECURE_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>

enum {
	SRTPX_KEY_MAX = 46, /**< bytes of a master key with its salt  */
	SRTPX_GROWTH = 32,  /**< bytes a packet grows by, at most     */
	SRTPX_STREAMS = 16, /**< SSRCs that are remembered            */
	SRTPX_WINDOW = 128, /**< packets of the replay window         */
	SRTPX_MKI_MAX = 8,
	SRTPX_ROCS = 256, /**< that are tried: four days of speech    */
};

enum srtpx_suite {
	SRTPX_NONE = 0,
	SRTPX_AES_CM_128_HMAC_SHA1_80,
	SRTPX_AES_CM_128_HMAC_SHA1_32,
	SRTPX_AES_192_CM_HMAC_SHA1_80,
	SRTPX_AES_192_CM_HMAC_SHA1_32,
	SRTPX_AES_256_CM_HMAC_SHA1_80,
	SRTPX_AES_256_CM_HMAC_SHA1_32,
	SRTPX_AEAD_AES_128_GCM,
	SRTPX_AEAD_AES_256_GCM,
	SRTPX_SUITES
};

/** Name as in a=crypto (RFC 4568, RFC 6188, RFC 7714); NULL out of range */
const char *srtpx_suite_name(enum srtpx_suite suite);
/** By its name; SRTPX_NONE: not one of ours */
enum srtpx_suite srtpx_suite_find(const struct pl *name);
/** Bytes of master key, and of salt behind it */
size_t srtpx_key_len(enum srtpx_suite suite);
size_t srtpx_salt_len(enum srtpx_suite suite);

/** What a context is made of */
struct srtpx_key {
	enum srtpx_suite suite;
	uint8_t key[SRTPX_KEY_MAX]; /**< master key, salt behind it      */
	uint8_t mki[SRTPX_MKI_MAX]; /**< comes and goes with each packet */
	uint8_t mki_len;            /**< 0: none                         */
	bool plain_srtcp;           /**< UNENCRYPTED_SRTCP               */
};

struct srtpx;

/** The same key, used the same way? */
bool srtpx_same_key(const struct srtpx_key *a, const struct srtpx_key *b);

/** @return 0, EINVAL (no such suite, MKI too long), ENOMEM. The key is copied */
int srtpx_alloc(struct srtpx **sp, const struct srtpx_key *key);

/**
 * Encrypt an RTP packet and append its tag
 *
 * @param p    The packet, `*n` bytes, room for `room` bytes
 *
 * @return 0; EBADMSG no RTP; ENOBUFS too little room; EKEYEXPIRED 2^48 packets;
 *         EALREADY it was sent before, or is older than the window: its key stream
 *         must not serve twice; ENOSPC it is the 17th SSRC (SRTPX_STREAMS) under this
 *         key, and none that was sent is forgotten
 */
int srtpx_protect(struct srtpx *s, uint8_t *p, size_t *n, size_t room);

/** Is there no room for this SSRC under the key, which has sent others? */
bool srtpx_full(const struct srtpx *s, uint32_t ssrc);

/**
 * Check and decrypt an SRTP packet
 *
 * @return 0; EBADMSG too short, no RTP; EACCES not authentic, or another MKI;
 *         EALREADY it came before, or is older than the window
 */
int srtpx_unprotect(struct srtpx *s, uint8_t *p, size_t *n);

/** The same for RTCP: a compound packet. EKEYEXPIRED after 2^31 */
int srtpx_protect_rtcp(struct srtpx *s, uint8_t *p, size_t *n, size_t room);
int srtpx_unprotect_rtcp(struct srtpx *s, uint8_t *p, size_t *n);

/**
 * The key has served before, in a process that is gone: what comes may have any rollover
 * counter up to SRTPX_ROCS, and is tried for it; a stranger is tried so often, and no more.
 * What we send has to be of SSRCs that were never sent
 *
 * @param rtcp_first  Index that our SRTCP goes on with: above all that were sent
 */
void srtpx_resume(struct srtpx *s, uint32_t rtcp_first);

/** The n'th SSRC that it knows. @return false where there are fewer */
bool srtpx_ssrc(const struct srtpx *s, unsigned n, uint32_t *ssrc);

#endif
