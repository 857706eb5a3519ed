/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_media_taps.c  Copies of what a call's legs relay: reports, and recordings
 */
#include <stdlib.h>
#include <unistd.h>
#include <sndfile.h>
#include "audio/codec.h"
#include "goertzel.h"
#include "media_fix.h"

static const struct odict_entry *path(const struct odict *o, const char *a,
				      const char *b, const char *c)
{
	const struct odict_entry *e = odict_lookup(o, a);

	if (b) {
		assert_non_null(e);
		e = odict_lookup(e->u.odict, b);
	}
	if (c) {
		assert_non_null(e);
		e = odict_lookup(e->u.odict, c);
	}
	assert_non_null(e);

	return e;
}

static void told(void **state)
{
	struct fix *f = *state;
	struct odict *o;
	struct pl id = PL("c"), nobody = PL("x");
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	fake_traffic(f->fp, EXT4, a, 50, media_now() * 1000000);
	fake_traffic(f->fp, EXT4, b + 1, 2, media_now() * 1000000);

	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(media_query(f->m, &nobody, NULL, NULL, o), ENOENT);
	assert_int_equal(media_query(f->m, &id, &nobody, NULL, o), ENOENT);
	assert_int_equal(media_query(f->m, &id, NULL, NULL, o), 0);
	assert_int_equal(path(o, "totals", "RTP", "packets")->u.integer, 50);
	assert_int_equal(path(o, "totals", "RTCP", "packets")->u.integer, 2);
	assert_string_equal(path(o, "tags", "A", "tag")->u.str, "A");
	assert_string_equal(path(o, "tags", "B", "in dialogue with")->u.str,
			    "A");
	mem_deref(o);

	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(media_list(f->m, 32, o), 0);
	assert_int_equal(odict_count(o, false), 1);
	mem_deref(o);

	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(media_statistics(f->m, o), 0);
	assert_int_equal(
		path(o, "currentstatistics", "sessionstotal", NULL)->u.integer,
		1);
	assert_int_equal(
		path(o, "totalstatistics", "relayedpackets", NULL)->u.integer,
		52);
	mem_deref(o);

	/* and when the call is gone, its packets still count */
	assert_int_equal(delete (f, "c", "A", "B", 0), 0);
	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(media_statistics(f->m, o), 0);
	assert_int_equal(
		path(o, "totalstatistics", "relayedpackets", NULL)->u.integer,
		52);
	assert_int_equal(
		path(o, "totalstatistics", "managedsessions", NULL)->u.integer,
		1);
	mem_deref(o);
}

/* Bob's receiver report (RFC 3550 6.4.2) judges what Alice sends */
static void heard(void **state)
{
	struct fix *f = *state;
	uint8_t pkt[28 + 32] = {0x45};
	struct pl id = PL("c");
	struct odict *o;
	struct tap tap;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	assert_true(fake_leg(f->fp, EXT4, b + 1)->tap_rtcp);
	fake_traffic(f->fp, EXT4, a, 50, media_now() * 1000000);

	pkt[28] = 0x81;
	pkt[29] = 201;
	pkt[31] = 7;
	pkt[35] = 9;
	pkt[38] = 0x12;
	pkt[39] = 0x34;
	memset(&tap, 0, sizeof(tap));
	tap.time = media_now() * 1000000;
	tap.caplen = sizeof(pkt);
	tap.payload = 28;
	tap.flags = TAP_RTCP;
	fake_tap(f->fp, EXT4, b + 1, &tap, pkt);
	/* half of the packets were lost */
	pkt[40] = 128;
	fake_tap(f->fp, EXT4, b + 1, &tap, pkt);
	/* garbage says nothing */
	pkt[31] = 99;
	fake_tap(f->fp, EXT4, b + 1, &tap, pkt);

	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(media_query(f->m, &id, NULL, NULL, o), 0);
	{
		const struct odict *q = path(o, "SSRC", "4660", NULL)->u.odict;
		int64_t high = path(q, "highest MOS", "MOS", NULL)->u.integer;
		int64_t low = path(q, "lowest MOS", "MOS", NULL)->u.integer;

		assert_int_equal(
			path(q, "average MOS", "samples", NULL)->u.integer, 2);
		assert_true(high >= 43 && high <= 45);
		assert_true(low >= 10 && low < 30);
	}
	mem_deref(o);
}

static long size_of(const char *dir, const char *name)
{
	char *file = NULL;
	FILE *fh;
	long n;

	assert_int_equal(re_sdprintf(&file, "%s/%s", dir, name), 0);
	fh = fopen(file, "r");
	n = fh && !fseek(fh, 0, SEEK_END) ? ftell(fh) : -1;
	if (fh)
		(void)fclose(fh);
	(void)unlink(file);
	mem_deref(file);

	return n;
}

static void recorded(void **state)
{
	struct fix *f = *state;
	char dir[] = "/tmp/carom-record-XXXXXX";
	struct pl id = PL("c@x"), meta = PL("who: me");
	uint8_t pkt[28 + 172] = {0x45, 0, 0, 200};
	struct tap tap;
	uint16_t a, b;

	plain_call(f, "c@x", &a, &b);
	assert_int_equal(media_record(f->m, &id, REC_START, 0, NULL, &f->e),
			 ENOTSUP);

	f->m = mem_deref(f->m);
	assert_non_null(mkdtemp(dir));
	f->conf.recording_dir = dir;
	fix_start(f);

	assert_int_equal(media_record(f->m, &id, REC_PAUSE, 0, NULL, &f->e),
			 ENOENT);
	assert_false(fake_leg(f->fp, EXT4, a)->tap);
	assert_int_equal(media_record(f->m, &id, REC_START, 0, &meta, &f->e),
			 0);
	assert_true(fake_leg(f->fp, EXT4, a)->tap);
	assert_true(fake_leg(f->fp, EXT4, b + 1)->tap_rtcp);

	pkt[28] = 0x80;
	memset(&tap, 0, sizeof(tap));
	tap.time = media_now() * 1000000;
	tap.caplen = sizeof(pkt);
	tap.payload = 28;
	fake_tap(f->fp, EXT4, a, &tap, pkt);
	fake_tap(f->fp, EXT4, b, &tap, pkt);

	assert_int_equal(media_record(f->m, &id, REC_PAUSE, 0, NULL, &f->e), 0);
	assert_false(fake_leg(f->fp, EXT4, a)->tap);
	fake_tap(f->fp, EXT4, a, &tap, pkt);
	assert_int_equal(media_record(f->m, &id, REC_START, 0, NULL, &f->e), 0);
	assert_int_equal(media_record(f->m, &id, REC_STOP, 0, NULL, &f->e), 0);
	assert_false(fake_leg(f->fp, EXT4, a)->tap);
	fake_tap(f->fp, EXT4, a, &tap, pkt);

	assert_int_equal(size_of(dir, "c@x.pcap"), 24 + 2 * (16 + 200));
	assert_int_equal(size_of(dir, "c@x.wav"), 44 + 160 * 4);
	assert_true(size_of(dir, "c@x.json") > 0);

	/* Ogg/Opus alone, with a description of its own */
	assert_int_equal(
		media_record(f->m, &id, REC_START, MEDIA_REC_OGG, NULL, &f->e),
		0);
	assert_int_equal(media_record(f->m, &id, REC_STOP, 0, NULL, &f->e), 0);
	assert_true(size_of(dir, "c@x.opus") > 0);
	assert_true(size_of(dir, "c@x.json") > 0);

	/* one that is under way when the process goes is taken up again */
	assert_int_equal(
		media_record(f->m, &id, REC_START, MEDIA_REC_PCAP, NULL, &f->e),
		0);
	fake_tap(f->fp, EXT4, a, &tap, pkt);
	f->m = mem_deref(f->m);
	fix_start(f);
	fake_tap(f->fp, EXT4, a, &tap, pkt);
	assert_int_equal(delete (f, "c@x", "A", "B", 0), 0);
	assert_int_equal(size_of(dir, "c@x.pcap"), 24 + 16 + 200);
	assert_int_equal(size_of(dir, "c@x-1.pcap"), 24 + 16 + 200);
	assert_int_equal(size_of(dir, "c@x.wav"), -1);
	(void)size_of(dir, "c@x.json");
	(void)size_of(dir, "c@x-1.json");
	assert_int_equal(rmdir(dir), 0);
}

/* The kernel relays a call in G.722: its recording knows what that is */
static void recorded_relayed(void **state)
{
	struct fix *f = *state;
	char dir[] = "/tmp/carom-record-XXXXXX", path[64];
	struct codec_param prm = {.complexity = -1};
	uint8_t pkt[28 + 12 + 160] = {0x45, 0, 0, 200};
	int16_t pcm[320], v[2 * 8000];
	struct pl id = PL("c"), name = PL("G722");
	SF_INFO info = {0};
	struct codec_enc *enc;
	struct tap tap;
	SNDFILE *sf;
	uint16_t a;
	size_t len;

	f->m = mem_deref(f->m);
	assert_non_null(mkdtemp(dir));
	f->conf.recording_dir = dir;
	fix_start(f);
	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "9 0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "9", NULL));
	a = out_port(f, 0);
	assert_int_equal(
		media_record(f->m, &id, REC_START, MEDIA_REC_WAV, NULL, &f->e),
		0);
	prm.codec = codec_find(&name, 0, 0);
	assert_int_equal(codec_enc_alloc(&enc, &prm), 0);
	assert_int_equal(codec_enc_rate(enc), 16000);
	pkt[28] = 0x80;
	pkt[29] = 9;
	for (unsigned i = 0; i < 50; i++) {
		const uint32_t ts = i * 160;

		for (unsigned k = 0; k < 320; k++)
			pcm[k] = (int16_t)lrint(
				8000 *
				sin(2 * M_PI * 440 * (i * 320 + k) / 16000));
		assert_int_equal(codec_encode(enc, pcm, 320, pkt + 40, &len),
				 0);
		pkt[31] = (uint8_t)i;
		pkt[34] = (uint8_t)(ts >> 8);
		pkt[35] = (uint8_t)ts;
		memset(&tap, 0, sizeof(tap));
		tap.time = media_now() * 1000000 + i * 20000000ull;
		tap.caplen = (uint16_t)(40 + len);
		tap.payload = 28;
		fake_tap(f->fp, EXT4, a, &tap, pkt);
	}
	assert_int_equal(media_record(f->m, &id, REC_STOP, 0, NULL, &f->e), 0);
	(void)re_snprintf(path, sizeof(path), "%s/c.wav", dir);
	sf = sf_open(path, SFM_READ, &info);
	assert_non_null(sf);
	assert_in_range(info.frames, 7900, 8000);
	assert_true(sf_readf_short(sf, v, 7900) == 7900);
	(void)sf_close(sf);
	for (unsigned i = 0; i < 7900; i++)
		v[i] = v[2 * i];
	assert_in_range(goertzel(v + 3900, 4000, 440, 8000), 6500, 9000);
	mem_deref(enc);
	(void)size_of(dir, "c.wav");
	(void)size_of(dir, "c.json");
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_setup, fix_teardown)
	const struct CMUnitTest tests[] = {
		T(told),
		T(heard),
		T(recorded),
		T(recorded_relayed),
	};
	int n;

	assert_int_equal(libre_init(), 0);
	n = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();

	return n;
}
