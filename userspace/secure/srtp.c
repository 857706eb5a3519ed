/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/srtp.c  SRTP contexts: suites, streams, replay windows
 */
#include <errno.h>
#include <string.h>
#include "secure/srtp_core.h"

enum { TRIES = 16 /* packets that all rollover counters are tried for */ };

static const struct suite suitev[SRTPX_SUITES] = {
	[SRTPX_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 16,
					   CM_SALT, 10, 10, false},
	[SRTPX_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 16,
					   CM_SALT, 4, 10, false},
	[SRTPX_AES_192_CM_HMAC_SHA1_80] = {"AES_192_CM_HMAC_SHA1_80", 24,
					   CM_SALT, 10, 10, false},
	[SRTPX_AES_192_CM_HMAC_SHA1_32] = {"AES_192_CM_HMAC_SHA1_32", 24,
					   CM_SALT, 4, 10, false},
	[SRTPX_AES_256_CM_HMAC_SHA1_80] = {"AES_256_CM_HMAC_SHA1_80", 32,
					   CM_SALT, 10, 10, false},
	[SRTPX_AES_256_CM_HMAC_SHA1_32] = {"AES_256_CM_HMAC_SHA1_32", 32,
					   CM_SALT, 4, 10, false},
	[SRTPX_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 16, GCM_SALT, GCM_TAG,
				    GCM_TAG, true},
	[SRTPX_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", 32, GCM_SALT, GCM_TAG,
				    GCM_TAG, true},
};

const struct suite *srtpc_suite(enum srtpx_suite suite)
{
	return suite > SRTPX_NONE && suite < SRTPX_SUITES ? &suitev[suite]
							  : NULL;
}

const char *srtpx_suite_name(enum srtpx_suite suite)
{
	const struct suite *s = srtpc_suite(suite);

	return s ? s->name : NULL;
}

enum srtpx_suite srtpx_suite_find(const struct pl *name)
{
	for (int i = SRTPX_NONE + 1; i < SRTPX_SUITES; i++) {
		if (!pl_strcasecmp(name, suitev[i].name))
			return (enum srtpx_suite)i;
	}

	return SRTPX_NONE;
}

size_t srtpx_key_len(enum srtpx_suite suite)
{
	const struct suite *s = srtpc_suite(suite);

	return s ? s->key : 0;
}

size_t srtpx_salt_len(enum srtpx_suite suite)
{
	const struct suite *s = srtpc_suite(suite);

	return s ? s->salt : 0;
}

bool srtpx_same_key(const struct srtpx_key *a, const struct srtpx_key *b)
{
	return a->suite == b->suite &&
	       !memcmp(a->key, b->key, sizeof(a->key)) &&
	       !memcmp(a->mki, b->mki, sizeof(a->mki)) &&
	       a->mki_len == b->mki_len && a->plain_srtcp == b->plain_srtcp;
}

/* ---- keys --------------------------------------------------------------- */

static void destructor(void *arg)
{
	struct srtpx *s = arg;

	srtpc_session_close(&s->rtp);
	srtpc_session_close(&s->rtcp);
	explicit_bzero(s, sizeof(*s));
}

int srtpx_alloc(struct srtpx **sp, const struct srtpx_key *key)
{
	const struct suite *suite;
	struct srtpx *s;
	int err;

	suite = key ? srtpc_suite(key->suite) : NULL;
	if (!sp || !suite || key->mki_len > SRTPX_MKI_MAX)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	s->suite = suite;
	s->key = *key;
	err = srtpc_session(&s->rtp, suite, key->key, 0);
	if (!err)
		err = srtpc_session(&s->rtcp, suite, key->key, 3);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

/* ---- streams ------------------------------------------------------------ */

struct stream_state *srtpc_stream(struct srtpx *s, uint32_t ssrc)
{
	for (unsigned i = 0; i < SRTPX_STREAMS; i++) {
		struct stream_state *st = &s->streamv[i];

		if (st->used && st->ssrc == ssrc) {
			st->last = ++s->uses;
			return st;
		}
	}

	return NULL;
}

struct stream_state *srtpc_stream_new(struct srtpx *s, uint32_t ssrc)
{
	struct stream_state *st = &s->streamv[0];

	for (unsigned i = 0; i < SRTPX_STREAMS; i++) {
		struct stream_state *x = &s->streamv[i];

		if (!x->used) {
			st = x;
			break;
		}
		if (x->last < st->last)
			st = x;
	}
	memset(st, 0, sizeof(*st));
	st->used = true;
	st->ssrc = ssrc;
	st->last = ++s->uses;
	st->rtcp_index = s->rtcp_first;

	return st;
}

bool srtpx_full(const struct srtpx *s, uint32_t ssrc)
{
	for (unsigned i = 0; i < SRTPX_STREAMS; i++) {
		if (!s->streamv[i].used || s->streamv[i].ssrc == ssrc)
			return false;
	}

	return true;
}

/* What was sent under a key must never be forgotten: the same index for another text would
 * give both away */
struct stream_state *srtpc_sending(struct srtpx *s, uint32_t ssrc)
{
	struct stream_state *st = srtpc_stream(s, ssrc);

	if (st || srtpx_full(s, ssrc))
		return st;

	return srtpc_stream_new(s, ssrc);
}

bool srtpc_seen(const uint64_t window[2], uint64_t back)
{
	if (back >= SRTPX_WINDOW)
		return true;

	return window[back / 64] >> (back % 64) & 1;
}

void srtpc_note(uint64_t window[2], int64_t ahead)
{
	if (ahead <= 0) {
		window[(uint64_t)-ahead / 64] |= 1ull
						 << ((uint64_t)-ahead % 64);
		return;
	}
	if (ahead >= SRTPX_WINDOW) {
		window[0] = window[1] = 0;
	} else if (ahead >= 64) {
		window[1] = window[0] << (ahead - 64);
		window[0] = 0;
	} else {
		window[1] = window[1] << ahead | window[0] >> (64 - ahead);
		window[0] <<= ahead;
	}
	window[0] |= 1;
}

void srtpx_resume(struct srtpx *s, uint32_t rtcp_first)
{
	s->resuming = TRIES * SRTPX_ROCS;
	s->rtcp_first = rtcp_first;
}

bool srtpx_ssrc(const struct srtpx *s, unsigned n, uint32_t *ssrc)
{
	for (unsigned i = 0; i < SRTPX_STREAMS; i++) {
		if (!s->streamv[i].used || n--)
			continue;
		*ssrc = s->streamv[i].ssrc;
		return true;
	}

	return false;
}
