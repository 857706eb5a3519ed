/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file play_fix.h  Calls that something is played to, and a directory of sounds
 */
#ifndef TESTS_UNIT_PLAY_FIX_H
#define TESTS_UNIT_PLAY_FIX_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "terms_fix.h"
#include "media/play.h"
#include "media/terms.h"
#include "wavfile.h"

enum { A = 0, B = 1, RATE = 8000, SAMPLES = 4000 };

static char dir[] = "/tmp/test_play.XXXXXX";

static inline void write_wav(const char *name, size_t n)
{
	uint8_t *wav = malloc(WAV_HEAD + 2 * n);
	char path[64];
	size_t len;
	FILE *fp;

	assert_non_null(wav);
	len = wav_tone(wav, RATE, 1, n, 440, 8000);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fp = fopen(path, "w");
	assert_non_null(fp);
	assert_int_equal(fwrite(wav, 1, len, fp), len);
	assert_int_equal(fclose(fp), 0);
	free(wav);
}

static inline int begin(void **state)
{
	struct fix *f;

	assert_int_equal(libre_init(), 0);
	assert_int_equal(setup(state), 0);
	f = *state;
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	f->conf.sound_dir = dir;
	f->conf.moh_max_duration = 7;
	f->conf.moh_max_repeats = 3;
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);

	return 0;
}

static inline int end(void **state)
{
	int rc = teardown(state);

	libre_close();

	return rc;
}

static const struct fp_leg *leg(const struct fix *f, uint16_t port)
{
	return fake_leg(f->fp, EXT4, port);
}

static inline int group_setup(void **state)
{
	char path[64];
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	write_wav("tone.wav", SAMPLES);
	write_wav("other.wav", SAMPLES);
	write_wav("empty.wav", 0);
	(void)snprintf(path, sizeof(path), "%s/by-id", dir);
	if (mkdir(path, 0700))
		return -1;
	write_wav("by-id/42", SAMPLES);

	return 0;
}

static inline int group_teardown(void **state)
{
	static const char *const namev[] = {"tone.wav", "other.wav",
					    "empty.wav", "by-id/42"};
	char path[64];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, namev[i]);
		(void)unlink(path);
	}

	(void)snprintf(path, sizeof(path), "%s/by-id", dir);

	return rmdir(path) | rmdir(dir);
}

#endif
