/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/clip.c  Sound from a file, to be played
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include <sndfile.h>
#include "audio/clip.h"

enum {
	CHANNELS_MAX = 8,
	RATE_MIN = 4000,
	RATE_MAX = 192000,
	FIRST_MS = 1000,
	PART = 1024, /* samples of each channel, read at once */
};

struct clip {
	SNDFILE *file; /* NULL: nothing is left to be read */
	int16_t *pcm;
	size_t len, have;
	uint32_t rate;
	unsigned ch;

	/* a file's bytes, of clip_mem() */
	uint8_t *mem;
	sf_count_t memc, at;
};

static void destructor(void *arg)
{
	struct clip *c = arg;

	if (c->file)
		(void)sf_close(c->file);
	mem_deref(c->pcm);
	mem_deref(c->mem);
}

/* ---- a file in memory ---------------------------------------------------- */

static sf_count_t mem_len(void *arg)
{
	return ((struct clip *)arg)->memc;
}

static sf_count_t mem_seek(sf_count_t off, int whence, void *arg)
{
	struct clip *c = arg;
	const sf_count_t from = whence == SEEK_CUR   ? c->at
				: whence == SEEK_END ? c->memc
						     : 0;

	if (off < -from || off > c->memc - from)
		return -1;
	c->at = from + off;

	return c->at;
}

static sf_count_t mem_read(void *p, sf_count_t n, void *arg)
{
	struct clip *c = arg;

	if (n > c->memc - c->at)
		n = c->memc - c->at;
	memcpy(p, c->mem + c->at, (size_t)n);
	c->at += n;

	return n;
}

static sf_count_t mem_tell(void *arg)
{
	return ((struct clip *)arg)->at;
}

/* ---- opened --------------------------------------------------------------- */

static int take(struct clip *c, const SF_INFO *info, const char **why)
{
	/* what has no end (a pipe) says so by a huge number, or none */
	if (info->frames <= 0) {
		if (why)
			*why = "it is empty, or does not say how long it is";
		return EBADMSG;
	}
	if (info->samplerate < RATE_MIN || info->samplerate > RATE_MAX ||
	    info->channels < 1 || info->channels > CHANNELS_MAX) {
		if (why)
			*why = "its rate or number of channels is none of "
			       "speech";
		return ENOTSUP;
	}
	if (info->frames > CLIP_BYTES_MAX / (sf_count_t)sizeof(int16_t)) {
		if (why)
			*why = "it is too long";
		return EFBIG;
	}
	c->rate = (uint32_t)info->samplerate;
	c->ch = (unsigned)info->channels;
	c->len = (size_t)info->frames;
	c->pcm = mem_alloc(c->len * sizeof(*c->pcm), NULL);

	return c->pcm ? 0 : ENOMEM;
}

static int opened(struct clip **cp, struct clip *c, const SF_INFO *info,
		  const char **why)
{
	int err;

	if (!c->file) {
		if (why)
			*why = sf_strerror(NULL);
		mem_deref(c);
		return EBADMSG;
	}
	err = take(c, info, why);
	if (err) {
		mem_deref(c);
		return err;
	}
	/* floats that are louder than full scale must not turn over */
	(void)sf_command(c->file, SFC_SET_CLIPPING, NULL, SF_TRUE);
	(void)clip_load(c, FIRST_MS);
	*cp = c;

	return 0;
}

/* Nothing but a file: a FIFO would make us wait for who writes it */
static int open_file(int *fdp, const char *path, const char **why)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		if (why)
			*why = "it is no regular file";
		return EBADMSG;
	}
	*fdp = fd;

	return 0;
}

int clip_open(struct clip **cp, const char *path, const char **why)
{
	SF_INFO info = {0};
	struct clip *c;
	int err, fd = -1;

	if (!cp || !path)
		return EINVAL;
	err = open_file(&fd, path, why);
	if (err)
		return err;
	c = mem_zalloc(sizeof(*c), destructor);
	if (!c) {
		(void)close(fd);
		return ENOMEM;
	}
	c->file = sf_open_fd(fd, SFM_READ, &info, SF_TRUE);

	return opened(cp, c, &info, why);
}

int clip_mem(struct clip **cp, const void *p, size_t n, const char **why)
{
	static SF_VIRTUAL_IO io = {
		.get_filelen = mem_len,
		.seek = mem_seek,
		.read = mem_read,
		.tell = mem_tell,
	};
	SF_INFO info = {0};
	struct clip *c;

	if (!cp || !p)
		return EINVAL;
	c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;
	c->mem = mem_alloc(n ? n : 1, NULL);
	if (!c->mem) {
		mem_deref(c);
		return ENOMEM;
	}
	memcpy(c->mem, p, n);
	c->memc = (sf_count_t)n;
	c->file = sf_open_virtual(&io, SFM_READ, &info, c);

	return opened(cp, c, &info, why);
}

/* ---- read ------------------------------------------------------------------ */

static void mix(int16_t *to, const int16_t *from, size_t n, unsigned ch)
{
	for (size_t i = 0; i < n; i++) {
		int32_t sum = 0;

		for (unsigned k = 0; k < ch; k++)
			sum += *from++;
		to[i] = (int16_t)(sum / (int32_t)ch);
	}
}

bool clip_load(struct clip *c, unsigned ms)
{
	int16_t part[PART * CHANNELS_MAX];
	size_t want = (size_t)((uint64_t)c->rate * ms / 1000);

	while (c->file && want) {
		size_t n = c->len - c->have;
		sf_count_t got;

		if (n > PART)
			n = PART;
		if (n > want)
			n = want;
		got = n ? sf_readf_short(c->file, part, (sf_count_t)n) : 0;
		if (got > 0) {
			mix(c->pcm + c->have, part, (size_t)got, c->ch);
			__atomic_store_n(&c->have, c->have + (size_t)got,
					 __ATOMIC_RELEASE);
			want -= (size_t)got;
		}
		if (got > 0 && c->have < c->len)
			continue;
		/* a file that was cut off is as long as what it has */
		__atomic_store_n(&c->len, c->have, __ATOMIC_RELEASE);
		(void)sf_close(c->file);
		c->file = NULL;
		c->mem = mem_deref(c->mem);
	}

	return c->file != NULL;
}

uint32_t clip_rate(const struct clip *c)
{
	return c->rate;
}

size_t clip_len(const struct clip *c)
{
	return __atomic_load_n(&c->len, __ATOMIC_ACQUIRE);
}

size_t clip_have(const struct clip *c)
{
	return __atomic_load_n(&c->have, __ATOMIC_ACQUIRE);
}

const int16_t *clip_pcm(const struct clip *c)
{
	return c->pcm;
}

uint64_t clip_ms(const struct clip *c)
{
	return (uint64_t)clip_len(c) * 1000 / c->rate;
}
