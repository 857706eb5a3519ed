/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/wav.c  Stereo WAV, 16 bits at 8 kHz
 */
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <re.h>
#include "media/wav.h"

enum {
	FRAME = 4, /* bytes */
	HEADER = 44,
	PART = 1024, /* frames written at once */
};

/* RIFF counts in 32 bits */
#define FRAMES_MAX ((UINT32_MAX - HEADER) / FRAME)

/* Little-endian throughout */
struct head {
	char riff[4];
	uint32_t size; /* of what follows */
	char wave[4], fmt[4];
	uint32_t fmt_size;
	uint16_t pcm, channels;
	uint32_t rate, byte_rate;
	uint16_t align, bits;
	char data[4];
	uint32_t data_size;
};

_Static_assert(sizeof(struct head) == HEADER, "as RIFF has it");

struct wav {
	int fd;
	uint64_t written; /* frames that were given             */
	uint64_t filed;   /* frames in the file: fewer when the disk was full */
};

static int put(int fd, const void *data, size_t len, off_t at)
{
	const uint8_t *d = data;

	while (len) {
		ssize_t n = pwrite(fd, d, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		d += n;
		at += n;
		len -= (size_t)n;
	}

	return 0;
}

/* Written after the data: it never promises more than there is */
static int put_header(const struct wav *w)
{
	uint32_t bytes = (uint32_t)(w->filed * FRAME);
	struct head h = {
		.riff = {'R', 'I', 'F', 'F'},
		.size = htole32(HEADER - 8 + bytes),
		.wave = {'W', 'A', 'V', 'E'},
		.fmt = {'f', 'm', 't', ' '},
		.fmt_size = htole32(16),
		.pcm = htole16(1),
		.channels = htole16(2),
		.rate = htole32(TRACK_RATE),
		.byte_rate = htole32(TRACK_RATE * FRAME),
		.align = htole16(FRAME),
		.bits = htole16(16),
		.data = {'d', 'a', 't', 'a'},
		.data_size = htole32(bytes),
	};

	return put(w->fd, &h, sizeof(h), 0);
}

static void wav_destructor(void *arg)
{
	struct wav *w = arg;

	(void)close(w->fd);
}

int wav_alloc(struct wav **wp, int fd)
{
	struct wav *w;
	int err;

	w = mem_zalloc(sizeof(*w), wav_destructor);
	if (!w) {
		(void)close(fd);
		return ENOMEM;
	}

	w->fd = fd;

	err = put_header(w);
	if (err)
		mem_deref(w);
	else
		*wp = w;

	return err;
}

static int write_part(struct wav *w, const int16_t (*v)[TRACK_CH], size_t n)
{
	const off_t at = HEADER + (off_t)(w->written * FRAME);
	uint16_t part[PART][TRACK_CH];
	int err;

	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < TRACK_CH; k++)
			part[i][k] = htole16((uint16_t)v[i][k]);
	}

	err = w->written + n > FRAMES_MAX ? EFBIG
					  : put(w->fd, part, n * FRAME, at);
	w->written += n;
	if (!err)
		w->filed = w->written;
	else
		(void)ftruncate(w->fd, HEADER + (off_t)(w->filed * FRAME));

	return err;
}

int wav_write(struct wav *w, const int16_t (*v)[TRACK_CH], size_t n)
{
	int err = 0, e;

	if (!w || !v)
		return EINVAL;

	while (n) {
		const size_t k = n > PART ? PART : n;

		e = write_part(w, v, k);
		if (e)
			err = e;
		v += k;
		n -= k;
	}

	e = put_header(w);

	return err ? err : e;
}

int16_t wav_ulaw(uint8_t u)
{
	int mag, seg;

	u = (uint8_t)~u;
	seg = (u >> 4) & 7;
	mag = ((((u & 0x0f) << 3) + 0x84) << seg) - 0x84;

	return (int16_t)(u & 0x80 ? -mag : mag);
}

int16_t wav_alaw(uint8_t a)
{
	int mag, seg;

	a ^= 0x55;
	seg = (a >> 4) & 7;
	mag = ((a & 0x0f) << 4) + 8;
	if (seg)
		mag = (mag + 0x100) << (seg - 1);

	return (int16_t)(a & 0x80 ? mag : -mag);
}
