/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/oggopus.c  Stereo Ogg/Opus (RFC 7845), of samples at TRACK_RATE
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <re.h>
#include <opusenc.h>
#include "media/oggopus.h"

enum {
	BITRATE = 32000, /* bit/s of both channels: speech, hardly to be told
			    from the original */
	COMPLEXITY = 3,  /* the signalling loop does it */
	SOME = TRACK_RATE / 50,
	MUXING = 48000, /* samples at 48 kHz that a page waits for */
};

struct oggopus {
	OggOpusEnc *enc;
	int fd;
	bool any; /* sound was written */
	off_t at; /* behind the last whole page */
	int err;  /* of the disk, since it was asked last */
};

/* libopusenc gives up for good when it is told of an error: it is not */
static int write_page(void *arg, const unsigned char *p, opus_int32 len)
{
	struct oggopus *o = arg;
	const off_t end = o->at + len;

	while (o->at < end) {
		const ssize_t n = pwrite(o->fd, p, (size_t)(end - o->at),
					 o->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			o->err = n ? errno : EIO;
			/* no half pages */
			o->at = end - len;
			(void)ftruncate(o->fd, o->at);
			return 0;
		}
		p += n;
		o->at += n;
	}

	return 0;
}

static int close_stream(void *arg)
{
	(void)arg;

	return 0;
}

static void destructor(void *arg)
{
	static const int16_t silence[SOME][TRACK_CH];
	struct oggopus *o = arg;

	/* libopusenc 0.2.1 aborts at the end of a stream that had no sound */
	if (o->enc && !o->any)
		(void)ope_encoder_write(o->enc, silence[0], SOME);
	if (o->enc) {
		(void)ope_encoder_drain(o->enc);
		ope_encoder_destroy(o->enc);
	}
	(void)close(o->fd);
}

static int begin(struct oggopus *o, const char *title)
{
	static const OpusEncCallbacks cb = {write_page, close_stream};
	OggOpusComments *comments = ope_comments_create();
	int e = OPE_OK;

	if (!comments)
		return ENOMEM;
	if (title)
		(void)ope_comments_add(comments, "TITLE", title);
	o->enc = ope_encoder_create_callbacks(&cb, o, comments, TRACK_RATE,
					      TRACK_CH, 0, &e);
	ope_comments_destroy(comments);
	if (!o->enc)
		return e == OPE_ALLOC_FAIL ? ENOMEM : EIO;
	(void)ope_encoder_ctl(o->enc, OPUS_SET_BITRATE(BITRATE));
	(void)ope_encoder_ctl(o->enc, OPUS_SET_COMPLEXITY(COMPLEXITY));
	(void)ope_encoder_ctl(o->enc, OPE_SET_MUXING_DELAY(MUXING));
	(void)ope_encoder_ctl(o->enc, OPE_SET_DECISION_DELAY(0));
	/* headers at once: a file is what it says from the start */
	if (ope_encoder_flush_header(o->enc) != OPE_OK)
		return EIO;

	return o->err;
}

int oggopus_alloc(struct oggopus **op, int fd, const char *title)
{
	struct oggopus *o = mem_zalloc(sizeof(*o), destructor);
	int err;

	if (!o) {
		(void)close(fd);
		return ENOMEM;
	}
	o->fd = fd;
	err = begin(o, title);
	if (err)
		mem_deref(o);
	else
		*op = o;

	return err;
}

int oggopus_write(struct oggopus *o, const int16_t (*v)[TRACK_CH], size_t n)
{
	int err;

	if (!o || !v)
		return EINVAL;
	o->any |= n > 0;
	if (n && ope_encoder_write(o->enc, v[0], (int)n) != OPE_OK)
		return EIO;
	err = o->err;
	o->err = 0;

	return err;
}
