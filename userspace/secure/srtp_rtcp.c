/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/srtp_rtcp.c  RTCP packets, protected and opened (RFC 3711 3.4,
 *                           RFC 7714 9)
 */
#include <errno.h>
#include <string.h>
#include <nettle/memops.h>
#include "secure/srtp_core.h"

#define E_BIT 0x80000000u
#define RTCP_INDEX_MAX 0x7fffffffu

static bool is_rtcp(const uint8_t *p, size_t n)
{
	return n >= RTCP_MIN && p[0] >> 6 == 2 && p[1] >= 192 && p[1] <= 223;
}

static void gcm_iv(uint8_t iv[GCM_SALT], const uint8_t *salt, uint32_t ssrc,
		   uint32_t index)
{
	memcpy(iv, salt, GCM_SALT);
	for (unsigned i = 0; i < 4; i++) {
		iv[2 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
		iv[8 + i] ^= (uint8_t)(index >> (24 - 8 * i));
	}
}

static bool gcm(struct srtpx *s, bool encrypt, uint32_t word, uint8_t *p,
		size_t n, uint8_t *tag)
{
	uint32_t ssrc = get32(p + 4);
	uint8_t iv[GCM_SALT], w[INDEX_LEN];

	put32(w, word);
	gcm_iv(iv, s->rtcp.salt, ssrc, word & ~E_BIT);
	/* not encrypted, all of it is authenticated only */
	if (!(word & E_BIT))
		return srtpc_gcm(&s->rtcp, encrypt, iv, p, n, w, sizeof(w), tag,
				 0, tag);

	return srtpc_gcm(&s->rtcp, encrypt, iv, p, RTCP_MIN, w, sizeof(w),
			 p + RTCP_MIN, n - RTCP_MIN, tag);
}

int srtpx_protect_rtcp(struct srtpx *s, uint8_t *p, size_t *n, size_t room)
{
	const size_t tag = s->suite->rtcp_tag, mki = s->key.mki_len;
	uint8_t full[SHA1_LEN], *at = p + *n;
	struct stream_state *st;
	uint32_t ssrc, word;

	if (!is_rtcp(p, *n))
		return EBADMSG;
	if (*n + INDEX_LEN + tag + mki > room)
		return ENOBUFS;
	ssrc = get32(p + 4);
	st = srtpc_sending(s, ssrc);
	if (!st)
		return ENOSPC;
	if (st->rtcp_index >= RTCP_INDEX_MAX)
		return EKEYEXPIRED;
	word = ++st->rtcp_index | (s->key.plain_srtcp ? 0 : E_BIT);
	if (s->suite->gcm) {
		(void)gcm(s, true, word, p, *n, at);
		put32(at + tag, word);
		memcpy(at + tag + INDEX_LEN, s->key.mki, mki);
	} else {
		if (word & E_BIT)
			srtpc_cm(&s->rtcp, ssrc, st->rtcp_index, p + RTCP_MIN,
				 *n - RTCP_MIN);
		srtpc_hmac(&s->rtcp, p, *n, word, full);
		put32(at, word);
		memcpy(at + INDEX_LEN, s->key.mki, mki);
		memcpy(at + INDEX_LEN + mki, full, tag);
	}
	*n += INDEX_LEN + tag + mki;

	return 0;
}

static int open_rtcp(struct srtpx *s, uint8_t *p, size_t body, uint32_t word)
{
	const size_t tag = s->suite->rtcp_tag, mki = s->key.mki_len;
	uint8_t full[SHA1_LEN];

	if (s->suite->gcm) {
		if (!memeql_sec(p + body + tag + INDEX_LEN, s->key.mki, mki))
			return EACCES;
		return gcm(s, false, word, p, body, p + body) ? 0 : EACCES;
	}
	srtpc_hmac(&s->rtcp, p, body, word, full);
	if (!memeql_sec(p + body + INDEX_LEN, s->key.mki, mki) ||
	    !memeql_sec(p + body + INDEX_LEN + mki, full, tag))
		return EACCES;
	if (word & E_BIT)
		srtpc_cm(&s->rtcp, get32(p + 4), word & ~E_BIT, p + RTCP_MIN,
			 body - RTCP_MIN);

	return 0;
}

int srtpx_unprotect_rtcp(struct srtpx *s, uint8_t *p, size_t *n)
{
	const size_t tag = s->suite->rtcp_tag;
	const size_t trailer = INDEX_LEN + tag + s->key.mki_len;
	struct stream_state *st;
	uint32_t word, index;
	size_t body;
	int err;

	if (*n < RTCP_MIN + trailer || !is_rtcp(p, *n))
		return EBADMSG;
	body = *n - trailer;
	word = get32(p + body + (s->suite->gcm ? tag : 0));
	index = word & ~E_BIT;
	st = srtpc_stream(s, get32(p + 4));
	if (st && st->rtcp_started && index <= st->rtcp_index &&
	    srtpc_seen(st->rtcp_window, st->rtcp_index - index))
		return EALREADY;
	err = open_rtcp(s, p, body, word);
	if (err)
		return err;
	if (!st)
		st = srtpc_stream_new(s, get32(p + 4));
	if (!st->rtcp_started || index > st->rtcp_index) {
		srtpc_note(st->rtcp_window,
			   st->rtcp_started ? (int64_t)index - st->rtcp_index
					    : SRTPX_WINDOW);
		st->rtcp_index = index;
		st->rtcp_started = true;
	} else {
		srtpc_note(st->rtcp_window, (int64_t)index - st->rtcp_index);
	}
	*n = body;

	return 0;
}
