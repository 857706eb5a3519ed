/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file record_fix.c  A recording in a directory of its own
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include "record_fix.h"

int setup(void **state)
{
	struct fix *f = test_calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/carom-rec-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;

	return 0;
}

int teardown(void **state)
{
	struct fix *f = *state;

	mem_deref(f->r);
	if (f->wav)
		(void)unlink(f->wav);
	if (f->pcap)
		(void)unlink(f->pcap);
	mem_deref(f->wav);
	mem_deref(f->pcap);
	free(f->data);
	(void)rmdir(f->dir);
	test_free(f);

	return 0;
}

void start(struct fix *f, unsigned formats)
{
	struct pl name = PL("call");

	assert_int_equal(record_alloc(&f->r, f->dir, &name, formats), 0);
	if (record_path(f->r, MEDIA_REC_WAV))
		assert_int_equal(
			str_dup(&f->wav, record_path(f->r, MEDIA_REC_WAV)), 0);
	if (record_path(f->r, MEDIA_REC_PCAP))
		assert_int_equal(
			str_dup(&f->pcap, record_path(f->r, MEDIA_REC_PCAP)),
			0);
}

void slurp(struct fix *f, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	free(f->data);
	f->len = (size_t)st.st_size;
	f->data = malloc(f->len + 1);
	assert_non_null(f->data);
	assert_int_equal(read(fd, f->data, f->len), f->len);
	(void)close(fd);
}

uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

int16_t sample(const struct fix *f, unsigned ch, size_t frame)
{
	const uint8_t *p = f->data + HEADER + frame * 4 + ch * 2;

	assert_true(HEADER + frame * 4 + 4 <= f->len);

	return (int16_t)(p[0] | p[1] << 8);
}

size_t frames(const struct fix *f)
{
	assert_true(f->len >= HEADER);
	assert_memory_equal(f->data, "RIFF", 4);
	assert_memory_equal(f->data + 8, "WAVEfmt ", 8);
	assert_memory_equal(f->data + 36, "data", 4);
	assert_int_equal(le32(f->data + 24), 8000);
	assert_int_equal(le32(f->data + 4), f->len - 8);
	assert_int_equal(le32(f->data + 40), f->len - HEADER);

	return (f->len - HEADER) / 4;
}

void packet(struct fix *f, unsigned side, uint64_t time, uint8_t pt,
	    uint16_t seq, uint32_t ts, uint8_t fill)
{
	uint8_t p[IPUDP + 12 + PTIME];
	struct tap tap;

	memset(p, fill, sizeof(p));
	memset(p, 0, IPUDP + 12);
	p[0] = 0x45;
	p[3] = sizeof(p);
	p[IPUDP] = 0x80;
	p[IPUDP + 1] = pt;
	p[IPUDP + 2] = (uint8_t)(seq >> 8);
	p[IPUDP + 3] = (uint8_t)seq;
	p[IPUDP + 4] = (uint8_t)(ts >> 24);
	p[IPUDP + 5] = (uint8_t)(ts >> 16);
	p[IPUDP + 6] = (uint8_t)(ts >> 8);
	p[IPUDP + 7] = (uint8_t)ts;
	p[IPUDP + 11] = (uint8_t)(side + 1);

	memset(&tap, 0, sizeof(tap));
	tap.time = time;
	tap.caplen = sizeof(p);
	tap.payload = IPUDP;
	record_packet(f->r, side, &tap, p);
}

uint64_t mono(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000 * MS + (uint64_t)ts.tv_nsec;
}
