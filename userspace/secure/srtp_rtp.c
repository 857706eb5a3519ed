/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/srtp_rtp.c  RTP packets, protected and opened
 */
#include <errno.h>
#include <string.h>
#include <nettle/memops.h>
#include "secure/srtp_core.h"

#define INDEX_MAX (1ull << 48)

enum { PACKET_MAX = 2048 /* that is tried for several rollover counters */ };

/* Length of the header, which is not encrypted; 0: no RTP */
static size_t header_len(const uint8_t *p, size_t n)
{
	size_t len;

	if (n < RTP_MIN || p[0] >> 6 != 2)
		return 0;
	len = RTP_MIN + (size_t)(p[0] & 0x0f) * 4;
	if (p[0] & 0x10) {
		if (n < len + 4)
			return 0;
		len += 4 + ((size_t)p[len + 2] << 8 | p[len + 3]) * 4;
	}

	return len <= n ? len : 0;
}

static uint16_t seq_of(const uint8_t *p)
{
	return (uint16_t)(p[2] << 8 | p[3]);
}

/* RFC 3711 3.3.1: of three rollover counters the one that brings it next to the
 * highest */
static uint64_t guess_index(const struct stream_state *st, uint16_t seq)
{
	uint32_t roc = st->roc;

	if (!st->started)
		return seq;
	if (st->seq < 0x8000) {
		if (seq - st->seq > 0x8000 && roc)
			--roc;
	} else if (st->seq - 0x8000 > seq) {
		++roc;
	}

	return (uint64_t)roc << 16 | seq;
}

static uint64_t highest(const struct stream_state *st)
{
	return (uint64_t)st->roc << 16 | st->seq;
}

static void take_index(struct stream_state *st, uint64_t index)
{
	int64_t ahead = st->started ? (int64_t)(index - highest(st))
				    : SRTPX_WINDOW;

	srtpc_note(st->window, ahead);
	if (ahead > 0) {
		st->roc = (uint32_t)(index >> 16);
		st->seq = (uint16_t)index;
	}
	st->started = true;
}

static void gcm_iv(uint8_t iv[GCM_SALT], const uint8_t *salt, uint32_t ssrc,
		   uint64_t index)
{
	memcpy(iv, salt, GCM_SALT);
	for (unsigned i = 0; i < 4; i++)
		iv[2 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
	for (unsigned i = 0; i < 6; i++)
		iv[6 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

int srtpx_protect(struct srtpx *s, uint8_t *p, size_t *n, size_t room)
{
	size_t head = header_len(p, *n), mki = s->key.mki_len;
	const size_t tag = s->suite->tag;
	struct stream_state *st;
	uint8_t full[SHA1_LEN], iv[GCM_SALT];
	uint32_t ssrc;
	uint64_t index;

	if (!head)
		return EBADMSG;
	if (*n + tag + mki > room)
		return ENOBUFS;
	ssrc = get32(p + 8);
	st = srtpc_sending(s, ssrc);
	if (!st)
		return ENOSPC;
	index = guess_index(st, seq_of(p));
	if (index >= INDEX_MAX)
		return EKEYEXPIRED;
	/* the same index again would be the same key stream for another text */
	if (st->started && index <= highest(st) &&
	    srtpc_seen(st->window, highest(st) - index))
		return EALREADY;
	if (s->suite->gcm) {
		gcm_iv(iv, s->rtp.salt, ssrc, index);
		(void)srtpc_gcm(&s->rtp, true, iv, p, head, NULL, 0, p + head,
				*n - head, p + *n);
		memcpy(p + *n + tag, s->key.mki, mki);
	} else {
		srtpc_cm(&s->rtp, ssrc, index, p + head, *n - head);
		srtpc_hmac(&s->rtp, p, *n, (uint32_t)(index >> 16), full);
		memcpy(p + *n, s->key.mki, mki);
		memcpy(p + *n + mki, full, tag);
	}
	take_index(st, index);
	*n += tag + mki;

	return 0;
}

/* Authentic? Then it is decrypted, too */
static int open_packet(struct srtpx *s, uint8_t *p, size_t body, size_t head,
		       uint32_t ssrc, uint64_t index)
{
	const size_t tag = s->suite->tag, mki = s->key.mki_len;
	uint8_t full[SHA1_LEN], iv[GCM_SALT];

	if (s->suite->gcm) {
		if (!memeql_sec(p + body + tag, s->key.mki, mki))
			return EACCES;
		gcm_iv(iv, s->rtp.salt, ssrc, index);
		return srtpc_gcm(&s->rtp, false, iv, p, head, NULL, 0, p + head,
				 body - head, p + body)
			       ? 0
			       : EACCES;
	}
	srtpc_hmac(&s->rtp, p, body, (uint32_t)(index >> 16), full);
	if (!memeql_sec(p + body, s->key.mki, mki) ||
	    !memeql_sec(p + body + mki, full, tag))
		return EACCES;

	srtpc_cm(&s->rtp, ssrc, index, p + head, body - head);

	return 0;
}

/* Of a stream that began before us: which rollover counter does it have? GCM has
 * spoilt the packet when it says that it is not authentic */
static int open_resumed(struct srtpx *s, uint8_t *p, size_t *n, size_t body,
			size_t head, uint64_t *index)
{
	const uint16_t seq = seq_of(p);
	uint8_t was[PACKET_MAX];

	if (*n > sizeof(was))
		return EACCES;
	memcpy(was, p, *n);
	for (uint64_t roc = 0; roc < SRTPX_ROCS && s->resuming; roc++) {
		--s->resuming;
		*index = roc << 16 | seq;
		if (!open_packet(s, p, body, head, get32(p + 8), *index))
			return 0;
		memcpy(p, was, *n);
	}

	return EACCES;
}

int srtpx_unprotect(struct srtpx *s, uint8_t *p, size_t *n)
{
	const size_t trailer = (size_t)s->suite->tag + s->key.mki_len;
	struct stream_state *st, fresh;
	size_t head, body;
	uint32_t ssrc;
	uint64_t index;
	int err;

	if (*n < RTP_MIN + trailer)
		return EBADMSG;
	body = *n - trailer;
	head = header_len(p, body);
	if (!head)
		return EBADMSG;
	ssrc = get32(p + 8);
	st = srtpc_stream(s, ssrc);
	memset(&fresh, 0, sizeof(fresh));
	index = guess_index(st ? st : &fresh, seq_of(p));
	if (st && st->started && index <= highest(st) &&
	    srtpc_seen(st->window, highest(st) - index))
		return EALREADY;
	if (s->resuming && !(st && st->started))
		err = open_resumed(s, p, n, body, head, &index);
	else
		err = open_packet(s, p, body, head, ssrc, index);
	if (err)
		return err;
	/* only who knows the key is remembered */
	if (!st)
		st = srtpc_stream_new(s, ssrc);
	take_index(st, index);
	*n = body;

	return 0;
}
