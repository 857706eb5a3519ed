/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_record.c  Recordings, byte for byte
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <re.h>
#include <sndfile.h>
#include "goertzel.h"
#include "media/media.h"
#include "media/record.h"
#include "media/wav.h"

enum { HEADER = 44, PTIME = 160, IPUDP = 28 };

#define MS 1000000ull
#define START (1000000 * MS)

struct fix {
	char dir[32];
	struct record *r;
	char *wav, *pcap; /* paths */
	uint8_t *data;
	size_t len;
};

static int setup(void **state)
{
	struct fix *f = test_calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/carom-rec-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;

	return 0;
}

static int teardown(void **state)
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

static void start(struct fix *f, unsigned formats)
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

static void slurp(struct fix *f, const char *path)
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

static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static int16_t sample(const struct fix *f, unsigned ch, size_t frame)
{
	const uint8_t *p = f->data + HEADER + frame * 4 + ch * 2;

	assert_true(HEADER + frame * 4 + 4 <= f->len);

	return (int16_t)(p[0] | p[1] << 8);
}

static size_t frames(const struct fix *f)
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

/* A packet of one side: seq, and the timestamp that goes with it */
static void packet(struct fix *f, unsigned side, uint64_t time, uint8_t pt,
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

static void assert_run(const struct fix *f, unsigned ch, size_t from, size_t to,
		       int16_t val)
{
	for (size_t i = from; i < to; i++)
		assert_int_equal(sample(f, ch, i), val);
}

/* ITU-T G.711 tables 1 and 2: the ends of the range, and both zeros */
static void g711(void **state)
{
	(void)state;
	assert_int_equal(wav_ulaw(0x80), 32124);
	assert_int_equal(wav_ulaw(0x00), -32124);
	assert_int_equal(wav_ulaw(0xff), 0);
	assert_int_equal(wav_ulaw(0x7f), 0);
	assert_int_equal(wav_ulaw(0xfe), 8);
	assert_int_equal(wav_ulaw(0xef), 132);
	assert_int_equal(wav_alaw(0xaa), 32256);
	assert_int_equal(wav_alaw(0x2a), -32256);
	assert_int_equal(wav_alaw(0xd5), 8);
	assert_int_equal(wav_alaw(0x55), -8);
	assert_int_equal(wav_alaw(0xc5), 264);
	assert_int_equal(wav_alaw(0xf5), 528);
}

/* The code whose value is nearest: what an encoder does, only slowly */
static uint8_t encode(int16_t (*dec)(uint8_t), double v)
{
	unsigned best = 0;

	for (unsigned c = 1; c < 256; c++) {
		if (fabs(dec((uint8_t)c) - v) < fabs(dec((uint8_t)best) - v))
			best = c;
	}

	return (uint8_t)best;
}

/* A tone to the left in A-law, another to the right in mu-law: they come out
 * as they went in, but for the coding's own error */
static void tones(void **state)
{
	struct fix *f = *state;
	uint8_t p[IPUDP + 12 + PTIME];
	struct tap tap;
	const unsigned packets = 150;

	start(f, MEDIA_REC_WAV);
	memset(&tap, 0, sizeof(tap));
	tap.caplen = sizeof(p);
	tap.payload = IPUDP;

	for (unsigned k = 0; k < packets; k++) {
		for (unsigned side = 0; side < 2; side++) {
			memset(p, 0, sizeof(p));
			p[IPUDP] = 0x80;
			p[IPUDP + 1] = side ? 0 : 8;
			p[IPUDP + 2] = (uint8_t)((k + 65500) >> 8);
			p[IPUDP + 3] = (uint8_t)(k + 65500);
			p[IPUDP + 4] = 0xff;
			p[IPUDP + 5] = 0xff;
			p[IPUDP + 6] = (uint8_t)(k * PTIME >> 8);
			p[IPUDP + 7] = (uint8_t)(k * PTIME);
			for (unsigned i = 0; i < PTIME; i++) {
				double t = (k * PTIME + i) / 8000.0;

				p[IPUDP + 12 + i] = encode(
					side ? wav_ulaw : wav_alaw,
					8000 * sin(2 * M_PI * t *
						   (side ? 1004 : 440)));
			}
			tap.time = START + k * 20 * MS;
			record_packet(f->r, side, &tap, p);
		}
	}
	f->r = mem_deref(f->r);

	slurp(f, f->wav);
	assert_int_equal(frames(f), packets * PTIME);
	for (unsigned i = 0; i < packets * PTIME; i++) {
		for (unsigned side = 0; side < 2; side++) {
			double want = 8000 * sin(2 * M_PI * i / 8000.0 *
						 (side ? 1004 : 440));

			assert_true(fabs(sample(f, side, i) - want) < 260);
		}
	}
}

/* A gap is silence of its length, counted; what comes behind is not shifted */
static void gap(void **state)
{
	struct fix *f = *state;
	const int16_t v = wav_ulaw(0x10);
	struct record_stats st;
	unsigned k;

	start(f, MEDIA_REC_WAV);
	for (k = 0; k < 200; k++) {
		if (k >= 50 && k < 53)
			continue;
		packet(f, 0, START + k * 20 * MS, 0, (uint16_t)(65500 + k),
		       0xffff0000u + k * PTIME, 0x10);
	}
	record_stats(f->r, &st);
	assert_int_equal(st.gaps, 3);
	assert_int_equal(st.gap_ms, 60);
	assert_int_equal(st.packets, 197);
	f->r = mem_deref(f->r);

	slurp(f, f->wav);
	assert_int_equal(frames(f), 200 * PTIME);
	assert_run(f, 0, 0, 50 * PTIME, v);
	assert_run(f, 0, 50 * PTIME, 53 * PTIME, 0);
	assert_run(f, 0, 53 * PTIME, 200 * PTIME, v);
	assert_run(f, 1, 0, 200 * PTIME, 0);
}

/* Who begins to count anew, from a lower number, is recorded: at once, and as no gap */
static void counted_anew(void **state)
{
	struct fix *f = *state;
	struct record_stats st;

	start(f, MEDIA_REC_WAV);
	for (unsigned k = 0; k < 20; k++)
		packet(f, 0, START + k * 20 * MS, 0, (uint16_t)(20000 + k),
		       5000000 + k * PTIME, 0x10);
	for (unsigned k = 0; k < 20; k++)
		packet(f, 0, START + (20 + k) * 20 * MS, 0, (uint16_t)(100 + k),
		       k * PTIME, 0x10);
	record_stats(f->r, &st);
	assert_int_equal(st.gaps, 0);
	f->r = mem_deref(f->r);

	slurp(f, f->wav);
	assert_int_equal(frames(f), 40 * PTIME);
	assert_run(f, 0, 0, 40 * PTIME, wav_ulaw(0x10));
}

/* Late, twice, and with jitter of arrival: each at its place, once */
static void disorder(void **state)
{
	static const uint8_t orderv[] = {0, 2, 1, 1, 3, 6, 5, 4, 7, 7, 8};
	struct fix *f = *state;
	struct record_stats st;

	start(f, MEDIA_REC_WAV);
	for (size_t i = 0; i < ARRAY_SIZE(orderv); i++) {
		unsigned k = orderv[i];

		packet(f, 0, START + i * 20 * MS + (i % 3) * 7 * MS, 8,
		       (uint16_t)k, k * PTIME, (uint8_t)(0x80 + k));
	}
	record_stats(f->r, &st);
	assert_int_equal(st.gaps, 0);
	assert_int_equal(st.gap_ms, 0);
	f->r = mem_deref(f->r);

	slurp(f, f->wav);
	assert_int_equal(frames(f), 9 * PTIME);
	for (unsigned k = 0; k < 9; k++)
		assert_run(f, 0, k * PTIME, (k + 1) * PTIME,
			   wav_alaw((uint8_t)(0x80 + k)));
}

/* Both sides on one time line; a pause in speaking is no gap */
static void one_time_line(void **state)
{
	struct fix *f = *state;
	const int16_t v = wav_ulaw(0x10);
	struct record_stats st;

	start(f, MEDIA_REC_WAV);
	packet(f, 0, START, 0, 1, 5000, 0x10);
	/* the other side begins 300 ms later, with its own numbers */
	packet(f, 1, START + 300 * MS, 0, 900, 77, 0x10);
	/* left was silent (DTX): its timestamp goes on, its sequence does not */
	packet(f, 0, START + 10000 * MS, 0, 2, 5000 + 80000, 0x10);
	/* a new SSRC, or a clock that jumped: arrival counts */
	packet(f, 1, START + 10100 * MS, 0, 901, 0x80000000, 0x10);
	record_stats(f->r, &st);
	assert_int_equal(st.gaps, 0);
	f->r = mem_deref(f->r);

	slurp(f, f->wav);
	assert_int_equal(frames(f), 80800 + PTIME);
	assert_run(f, 0, 0, PTIME, v);
	assert_run(f, 0, PTIME, 80000, 0);
	assert_run(f, 0, 80000, 80000 + PTIME, v);
	assert_run(f, 1, 0, 2400, 0);
	assert_run(f, 1, 2400, 2400 + PTIME, v);
	assert_run(f, 1, 2400 + PTIME, 80800, 0);
	assert_run(f, 1, 80800, 80800 + PTIME, v);
}

static void pauses(void **state)
{
	struct fix *f = *state;
	struct record_stats st;

	start(f, 0);
	for (unsigned k = 0; k < 100; k++) {
		if (k == 10)
			record_pause(f->r, true);
		if (k == 60)
			record_pause(f->r, false);
		packet(f, 0, START + k * 20 * MS, 0, (uint16_t)k, k * PTIME,
		       k < 10 ? 0x10 : 0x20);
	}
	record_stats(f->r, &st);
	assert_int_equal(st.packets, 50);
	assert_int_equal(st.gaps, 0);
	f->r = mem_deref(f->r);

	slurp(f, f->wav);
	assert_int_equal(frames(f), 50 * PTIME);
	assert_run(f, 0, 0, 10 * PTIME, wav_ulaw(0x10));
	assert_run(f, 0, 10 * PTIME, 50 * PTIME, wav_ulaw(0x20));
	slurp(f, f->pcap);
	assert_int_equal(f->len, 24 + 50 * (16 + IPUDP + 12 + PTIME));
}

/* What a crash would leave at any moment is a file that plays */
static void true_header(void **state)
{
	struct fix *f = *state;
	size_t last = 0;

	start(f, MEDIA_REC_WAV);
	for (unsigned k = 0; k < 500; k++) {
		packet(f, k % 2, START + k / 2 * 20 * MS, 0, (uint16_t)(k / 2),
		       k / 2 * PTIME, 0x10);
		slurp(f, f->wav);
		assert_true(frames(f) >= last);
		last = frames(f);
	}
	/* no more than two seconds are held back, and one more for the batch */
	assert_true(last >= 250 * PTIME - 3 * 8000);
	assert_true(last > 0);
}

static void pcap_bytes(void **state)
{
	struct fix *f = *state;
	struct timespec ts;
	uint64_t mono;
	uint8_t p[40] = {0x45, 0, 0, 50}; /* cut: 50 bytes on the wire */
	struct tap tap;

	start(f, MEDIA_REC_PCAP);
	assert_null(record_path(f->r, MEDIA_REC_WAV));
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	mono = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;

	memset(&tap, 0, sizeof(tap));
	tap.caplen = sizeof(p);
	tap.payload = 28;
	tap.time = mono;
	tap.flags = TAP_CUT;
	record_packet(f->r, 0, &tap, p);
	tap.time = mono + 20 * MS;
	tap.flags = TAP_RTCP;
	record_packet(f->r, 1, &tap, p);
	f->r = mem_deref(f->r);

	slurp(f, f->pcap);
	assert_int_equal(f->len, 24 + 2 * (16 + 40));
	assert_int_equal(le32(f->data), 0xa1b2c3d4);
	assert_int_equal(le32(f->data + 20), 101);
	assert_int_equal(le32(f->data + 24 + 8), 40);
	assert_int_equal(le32(f->data + 24 + 12), 50);
	assert_memory_equal(f->data + 40, p, sizeof(p));
	/* wall clock: not before this project was begun */
	assert_true(le32(f->data + 24) > 1750000000);
	assert_int_equal(
		((le32(f->data + 80) - le32(f->data + 24)) * 1000000ll +
		 le32(f->data + 84)) -
			le32(f->data + 28),
		20000);
}

static void others(void **state)
{
	struct fix *f = *state;
	struct record_stats st;
	uint8_t p[64] = {0};
	struct tap tap;

	start(f, 0);
	packet(f, 0, START, 0, 1, 0, 0x10);
	/* a DTMF event has a sequence number, but no sound of its own */
	packet(f, 0, START + 20 * MS, 101, 2, PTIME, 0x10);
	packet(f, 0, START + 40 * MS, 0, 3, 2 * PTIME, 0x10);

	/* no RTP, cut short, CSRCs and extension that lead out of the packet */
	memset(&tap, 0, sizeof(tap));
	tap.time = START;
	tap.payload = 28;
	tap.caplen = 28;
	record_packet(f->r, 0, &tap, p);
	tap.caplen = 39;
	p[28] = 0x80;
	record_packet(f->r, 0, &tap, p);
	tap.caplen = 41;
	p[28] = 0x8f;
	record_packet(f->r, 0, &tap, p);
	p[28] = 0x90;
	record_packet(f->r, 0, &tap, p);
	tap.caplen = 44;
	p[28 + 14] = 0xff;
	record_packet(f->r, 0, &tap, p);
	p[28] = 0xa0;
	p[43] = 200;
	record_packet(f->r, 0, &tap, p);
	record_packet(f->r, 2, &tap, p);

	record_stats(f->r, &st);
	assert_int_equal(st.gaps, 0);
	assert_int_equal(st.skipped, 7);
	f->r = mem_deref(f->r);
	slurp(f, f->wav);
	assert_int_equal(frames(f), 3 * PTIME);
}

static void names(void **state)
{
	struct fix *f = *state;
	struct pl evil = PL("../../etc/pass\nwd");
	struct record *again = NULL;
	struct stat st;

	assert_int_equal(record_alloc(&f->r, f->dir, &evil, 0), 0);
	assert_int_equal(str_dup(&f->wav, record_path(f->r, MEDIA_REC_WAV)), 0);
	assert_int_equal(str_dup(&f->pcap, record_path(f->r, MEDIA_REC_PCAP)),
			 0);
	assert_null(strstr(f->wav, ".."));
	assert_null(strchr(f->wav, '\n'));
	assert_int_equal(strncmp(f->wav, f->dir, strlen(f->dir)), 0);
	assert_null(strchr(f->wav + strlen(f->dir) + 1, '/'));

	/* never over another recording */
	assert_int_equal(record_alloc(&again, f->dir, &evil, MEDIA_REC_WAV), 0);
	assert_string_not_equal(record_path(again, MEDIA_REC_WAV), f->wav);
	assert_int_equal(unlink(record_path(again, MEDIA_REC_WAV)), 0);
	again = mem_deref(again);

	assert_int_equal(record_alloc(&again, "/dev/null/x", &evil, 0),
			 ENOTDIR);
	assert_null(again);
	assert_int_equal(stat(f->wav, &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
}

/* A disk that is full: counted, and what was written stays whole */
static void full_disk(void **state)
{
	struct rlimit was, small = {100000, 100000};
	struct fix *f = *state;
	struct record_stats st;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	start(f, 0);
	small.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);

	for (unsigned k = 0; k < 1000; k++)
		packet(f, 0, START + k * 20 * MS, 0, (uint16_t)k, k * PTIME,
		       0x10);
	record_stats(f->r, &st);
	f->r = mem_deref(f->r);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	(void)signal(SIGXFSZ, SIG_DFL);

	assert_true(st.errors > 0);
	assert_int_equal(st.packets, 1000);
	slurp(f, f->pcap);
	assert_int_equal((f->len - 24) % (16 + IPUDP + 12 + PTIME), 0);
	assert_true(f->len > 24 && f->len <= 100000);
	slurp(f, f->wav);
	assert_true(f->len <= 100000);
	assert_true(frames(f) > 0);
	assert_run(f, 0, 0, frames(f), wav_ulaw(0x10));
}

/* A second of a tone in a codec that the recorder was told of, one packet of it lost */
static void spoken(struct fix *f, unsigned side, const char *name, uint8_t pt,
		   double hz)
{
	struct codec_param prm = {.complexity = -1, .bitrate = 32000};
	uint8_t p[IPUDP + 12 + 1500] = {0};
	struct codec_enc *enc;
	int16_t pcm[960 * 2];
	struct tap tap;
	struct pl pl;
	size_t n, len;

	pl_set_str(&pl, name);
	prm.codec = codec_find(&pl, 0, 0);
	assert_int_equal(codec_enc_alloc(&enc, &prm), 0);
	record_codec(f->r, side, pt, prm.codec, "");
	n = codec_enc_rate(enc) / 50;
	for (unsigned i = 0; i < 50; i++) {
		const uint32_t ts = i * prm.codec->clock / 50;

		for (size_t k = 0; k < n; k++) {
			const double t = (double)(i * n + k) /
					 codec_enc_rate(enc);
			const int16_t v = (int16_t)lrint(
				8000 * sin(2 * M_PI * hz * t));

			for (unsigned c = 0; c < codec_enc_ch(enc); c++)
				pcm[k * codec_enc_ch(enc) + c] = v;
		}
		assert_int_equal(
			codec_encode(enc, pcm, n, p + IPUDP + 12, &len), 0);
		if (i == 10)
			continue;
		p[IPUDP] = 0x80;
		p[IPUDP + 1] = pt;
		p[IPUDP + 3] = (uint8_t)i;
		for (unsigned b = 0; b < 4; b++)
			p[IPUDP + 4 + b] = (uint8_t)(ts >> (24 - 8 * b));
		tap = (struct tap){.time = START + i * 20 * MS,
				   .payload = IPUDP,
				   .caplen = (uint16_t)(IPUDP + 12 + len)};
		record_packet(f->r, side, &tap, p);
	}
	mem_deref(enc);
}

/* Whatever can be decoded is heard, each on its side, in its time */
static void codecs(void **state)
{
	static int16_t pcm[2][8000];
	struct fix *f = *state;
	struct record_stats st;
	size_t n;

	start(f, MEDIA_REC_WAV);
	spoken(f, 0, "opus", 97, 440);
	spoken(f, 1, "G722", 9, 660);
	record_stats(f->r, &st);
	assert_int_equal(st.skipped, 0);
	assert_int_equal(st.gaps, 2);
	f->r = mem_deref(f->r);
	slurp(f, f->wav);
	n = frames(f);
	assert_in_range(n, 7990, 8010);
	for (size_t i = 0; i < 7990; i++) {
		pcm[0][i] = sample(f, 0, i);
		pcm[1][i] = sample(f, 1, i);
	}
	assert_in_range(goertzel(pcm[0] + 3990, 4000, 440, 8000), 6500, 9000);
	assert_in_range(goertzel(pcm[1] + 3990, 4000, 660, 8000), 6500, 9000);
	assert_in_range(goertzel(pcm[0] + 3990, 4000, 660, 8000), 0, 100);
	/* the lost packet is silence of its length, where it was */
	for (size_t i = 10 * 160; i < 11 * 160; i++) {
		assert_int_equal(pcm[0][i], 0);
		assert_int_equal(pcm[1][i], 0);
	}
}

/* L16 at 44.1 kHz: no decoder of ours gives 8 kHz of it by itself */
static void any_rate(void **state)
{
	static int16_t pcm[8000];
	struct fix *f = *state;

	start(f, MEDIA_REC_WAV);
	spoken(f, 0, "L16", 11, 440);
	f->r = mem_deref(f->r);
	slurp(f, f->wav);
	assert_in_range(frames(f), 7900, 8010);
	for (size_t i = 0; i < 7900; i++)
		pcm[i] = sample(f, 0, i);
	assert_in_range(goertzel(pcm + 3990, 3900, 440, 8000), 6500, 9000);
}

/* One channel of an Ogg/Opus file, by libsndfile, at 8 kHz */
static size_t heard(const char *path, unsigned ch, int16_t *pcm, size_t max)
{
	SF_INFO info = {0};
	SNDFILE *sf = sf_open(path, SFM_READ, &info);
	int16_t v[2];
	size_t n = 0;

	if (!sf)
		fail_msg("%s: %s", path, sf_strerror(NULL));
	assert_int_equal(info.channels, 2);
	while (n < max && sf_readf_short(sf, v, 1) == 1)
		pcm[n++] = v[ch];
	(void)sf_close(sf);

	return n;
}

/* Ogg/Opus of both, beside the WAV and of the same length; and of what a process that is
 * killed has written, all but the last two seconds */
static void ogg(void **state)
{
	static int16_t pcm[8000 * 12];
	struct fix *f = *state;
	char *path = NULL;
	size_t n;

	start(f, MEDIA_REC_WAV | MEDIA_REC_OGG);
	assert_int_equal(str_dup(&path, record_path(f->r, MEDIA_REC_OGG)), 0);
	assert_non_null(strstr(path, "/call.opus"));
	spoken(f, 0, "PCMA", 8, 440);
	spoken(f, 1, "G722", 9, 660);
	f->r = mem_deref(f->r);
	for (unsigned ch = 0; ch < 2; ch++) {
		const double hz = ch ? 660 : 440, other = ch ? 440 : 660;

		n = heard(path, ch, pcm, ARRAY_SIZE(pcm));
		assert_in_range(n, 7960, 8040);
		assert_in_range(goertzel(pcm + 4000, 3000, hz, 8000), 6500,
				9000);
		assert_in_range(goertzel(pcm + 4000, 3000, other, 8000), 0,
				300);
	}
	(void)unlink(path);
	(void)unlink(f->wav);
	path = mem_deref(path);
	f->wav = mem_deref(f->wav);

	start(f, MEDIA_REC_OGG);
	assert_int_equal(str_dup(&path, record_path(f->r, MEDIA_REC_OGG)), 0);
	for (unsigned k = 0; k < 500; k++)
		packet(f, 0, START + k * 20 * MS, 0, (uint16_t)k, k * PTIME,
		       0x10);
	/* the file as a crash would leave it now */
	n = heard(path, 0, pcm, ARRAY_SIZE(pcm));
	assert_in_range(n, 8000 * 7, 8000 * 10);
	f->r = mem_deref(f->r);
	n = heard(path, 0, pcm, ARRAY_SIZE(pcm));
	assert_in_range(n, 8000 * 10 - 100, 8000 * 10 + 100);
	(void)unlink(path);
	mem_deref(path);
}

/* Nobody said anything: a file of silence, and nothing worse. libopusenc looks at memory
 * that it has not set then, so that it is tried with all kinds of it */
static void ogg_of_nothing(void **state)
{
	static int16_t pcm[8000];
	struct fix *f = *state;
	char *path = NULL;

	for (int k = 1; k < 8; k++) {
		void *v[64];

		for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
			v[i] = malloc(1024 << (i % 8));
			assert_non_null(v[i]);
			memset(v[i], k * 37, 1024 << (i % 8));
		}
		for (size_t i = 0; i < ARRAY_SIZE(v); i++)
			free(v[i]);
		start(f, MEDIA_REC_OGG);
		assert_int_equal(
			str_dup(&path, record_path(f->r, MEDIA_REC_OGG)), 0);
		f->r = mem_deref(f->r);
		assert_in_range(heard(path, 0, pcm, ARRAY_SIZE(pcm)), 1, 400);
		(void)unlink(path);
		path = mem_deref(path);
	}
}

/* A full disk takes no page by half: what is there is read, up to the end */
static void ogg_full_disk(void **state)
{
	static int16_t pcm[8000 * 30];
	struct rlimit was, small = {20000, 20000};
	struct fix *f = *state;
	struct record_stats st;
	char *path = NULL;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	start(f, MEDIA_REC_OGG);
	assert_int_equal(str_dup(&path, record_path(f->r, MEDIA_REC_OGG)), 0);
	small.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (unsigned k = 0; k < 1000; k++)
		packet(f, 0, START + k * 20 * MS, 0, (uint16_t)k, k * PTIME,
		       (uint8_t)(k * 7));
	record_stats(f->r, &st);
	assert_true(st.errors > 0);
	assert_int_equal(st.error, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	/* there is room again: it goes on */
	for (unsigned k = 1000; k < 1400; k++)
		packet(f, 0, START + k * 20 * MS, 0, (uint16_t)k, k * PTIME,
		       0x10);
	f->r = mem_deref(f->r);
	assert_true(heard(path, 0, pcm, ARRAY_SIZE(pcm)) > 8000 * 6);
	(void)unlink(path);
	mem_deref(path);
}

static uint64_t mono(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000 * MS + (uint64_t)ts.tv_nsec;
}

static void turn_over(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Nobody says anything for long: that is in the file before somebody does */
static void silence_passes(void **state)
{
	enum { SILENT_S = 20, HELD_S = 2 };
	struct fix *f = *state;
	const uint64_t began = mono() - SILENT_S * 1000 * MS;
	struct tmr tmr;

	start(f, MEDIA_REC_WAV);
	packet(f, 0, began, 0, 1, 0, 0);
	tmr_init(&tmr);
	for (unsigned i = 0; i < 100; i++) {
		tmr_start(&tmr, 50, turn_over, NULL);
		(void)re_main(NULL);
		slurp(f, f->wav);
		if (f->len > HEADER)
			break;
	}
	assert_in_range(frames(f), (SILENT_S - HELD_S) * 8000,
			(SILENT_S + 10) * 8000);
	/* she is where she is by the clock, and while paused nothing passes */
	packet(f, 0, mono(), 0, 2, SILENT_S * 8000, 0);
	record_pause(f->r, true);
	f->r = mem_deref(f->r);
	slurp(f, f->wav);
	assert_in_range(frames(f), SILENT_S * 8000, (SILENT_S + 10) * 8000);
	assert_int_equal(sample(f, 0, frames(f) - 1), sample(f, 0, 0));
	assert_int_equal(sample(f, 0, 8000), 0);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(g711),          T(tones),          T(gap),
		T(counted_anew),  T(disorder),       T(one_time_line),
		T(pauses),        T(true_header),    T(pcap_bytes),
		T(others),        T(names),          T(codecs),
		T(full_disk),     T(any_rate),       T(ogg),
		T(ogg_full_disk), T(ogg_of_nothing), T(silence_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
