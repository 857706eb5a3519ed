/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_record_codec.c  Recordings of other codecs than G.711, and as Ogg
 */
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sndfile.h>
#include "goertzel.h"
#include "record_fix.h"

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
	const struct CMUnitTest tests[] = {
		T(codecs),        T(any_rate),       T(ogg),
		T(ogg_full_disk), T(ogg_of_nothing), T(silence_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
