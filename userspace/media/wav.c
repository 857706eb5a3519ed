/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/wav.c  Stereo WAV, 16 bits at 8 kHz, written by position
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
	WINDOW = 2 * WAV_RATE, /* frames held back                    */
	BATCH = WAV_RATE,      /* frames written at a time, if we can */
	FRAME = 4,             /* bytes                               */
	HEADER = 44,
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
	uint64_t written;        /* frames that left the ring         */
	uint64_t filed;          /* frames in the file: fewer when the
				disk was full                     */
	uint64_t end;            /* frames up to the last one placed  */
	int16_t ring[WINDOW][2]; /* frame n is at n % WINDOW      */
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
		.rate = htole32(WAV_RATE),
		.byte_rate = htole32(WAV_RATE * FRAME),
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

	(void)wav_flush(w);
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

/* Frames that leave the ring make room even if the disk is full. What could
 * not be written is a hole, silence, once there is room behind it again */
static int write_run(struct wav *w, uint32_t first, uint32_t n)
{
	off_t at = HEADER + (off_t)(w->written * FRAME);
	int err;

	for (uint32_t i = first; i < first + n; i++) {
		w->ring[i][0] = (int16_t)htole16((uint16_t)w->ring[i][0]);
		w->ring[i][1] = (int16_t)htole16((uint16_t)w->ring[i][1]);
	}

	if (w->written + n > FRAMES_MAX)
		err = EFBIG;
	else
		err = put(w->fd, w->ring[first], (size_t)n * FRAME, at);

	memset(w->ring[first], 0, (size_t)n * FRAME);
	w->written += n;
	if (!err)
		w->filed = w->written;
	else
		(void)ftruncate(w->fd, HEADER + (off_t)(w->filed * FRAME));

	return err;
}

static int write_upto(struct wav *w, uint64_t upto)
{
	int err = 0, e;

	if (upto <= w->written)
		return 0;

	while (w->written < upto) {
		uint32_t first = (uint32_t)(w->written % WINDOW);
		uint64_t n = upto - w->written;

		if (n > WINDOW - first)
			n = WINDOW - first;

		e = write_run(w, first, (uint32_t)n);
		if (e)
			err = e;
	}

	e = put_header(w);

	return err ? err : e;
}

int wav_place(struct wav *w, unsigned ch, uint64_t pos, const int16_t *sampv,
	      size_t sampc)
{
	int err = 0;

	if (!w || ch > 1 || sampc > WINDOW / 2)
		return EINVAL;

	if (pos + sampc > w->written + WINDOW) {
		uint64_t upto = pos + sampc - WINDOW + BATCH;

		err = write_upto(w, upto < pos ? upto : pos);
	}

	if (pos < w->written)
		return err ? err : ETIME;

	if (pos + sampc > w->written + WINDOW)
		return err ? err : EFBIG;

	for (size_t i = 0; i < sampc; i++)
		w->ring[(pos + i) % WINDOW][ch] = sampv[i];

	if (pos + sampc > w->end)
		w->end = pos + sampc;

	return err;
}

uint64_t wav_end(const struct wav *w)
{
	return w ? w->end : 0;
}

int wav_flush(struct wav *w)
{
	return w ? write_upto(w, w->end) : 0;
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
