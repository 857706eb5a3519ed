/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_record.c  Recordings, byte for byte
 */
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include "goertzel.h"
#include "media/wav.h"
#include "record_fix.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(g711),       T(tones),         T(gap),    T(counted_anew),
		T(disorder),   T(one_time_line), T(pauses), T(true_header),
		T(pcap_bytes), T(others),        T(names),  T(full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
