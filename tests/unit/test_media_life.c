/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_media_life.c  Calls end, time out, are stored and taken over
 */
#include <stdlib.h>
#include <unistd.h>
#include <sndfile.h>
#include "audio/codec.h"
#include "goertzel.h"
#include "media/load.h"
#include "media_fix.h"

static const struct guard drop = {.mode = GUARD_DROP}, off;

static int delete (struct fix *f, const char *id, const char *from,
		   const char *to, int delay)
{
	struct pl i, a, b = PL_INIT;

	pl_set_str(&i, id);
	pl_set_str(&a, from);
	if (to)
		pl_set_str(&b, to);

	return media_delete(f->m, &i, &a, &b, NULL, delay, NULL);
}

/** As if nobody looked before `s` seconds went by */
static bool later(struct fix *f, const char *id, uint64_t s)
{
	struct pl pl;

	pl_set_str(&pl, id);

	return call_check(call_find(f->m, &pl), media_now() + s * 1000);
}

static void ends(void **state)
{
	struct fix *f = *state;
	uint32_t used;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	ports_count(f->m->ifacev[0].ports, NULL, &used, NULL);
	assert_int_equal(used, 2);

	assert_int_equal(delete (f, "x", "A", "B", 0), ENOENT);
	assert_int_equal(delete (f, "c", "nobody", "B", 0), ENOENT);
	/* another phone that rang was busy */
	assert_int_equal(delete (f, "c", "A", "never seen", 0), ENOENT);
	assert_int_equal(fake_legs(f->fp), 4);
	assert_int_equal(delete (f, "c", "B", "A", 0), 0);
	assert_int_equal(media_calls(f->m), 0);
	assert_int_equal(fake_legs(f->fp), 0);
	ports_count(f->m->ifacev[0].ports, NULL, &used, NULL);
	assert_int_equal(used, 0);
	/* but a late packet must not reach another call */
	assert_true(ports_busy(f->m->ifacev[0].ports, a));
	assert_int_equal(delete (f, "c", "A", "B", 0), ENOENT);
}

static void delayed(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	assert_int_equal(delete (f, "c", "A", "B", 30), 0);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_false(later(f, "c", 29));
	assert_true(later(f, "c", 31));
	assert_int_equal(fake_legs(f->fp), 0);

	/* offered again, it lives */
	plain_call(f, "d", &a, &b);
	assert_int_equal(delete (f, "d", "A", "B", 30), 0);
	plain_call(f, "d", &a, &b);
	assert_false(later(f, "d", 31));
}

static void timeouts(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	assert_false(later(f, "c", 59));
	/* packets came in the meantime */
	fake_traffic(f->fp, EXT4, b, 10, (media_now() + 50000) * 1000000);
	assert_false(later(f, "c", 61));
	assert_false(later(f, "c", 109));
	assert_true(later(f, "c", 111));
	assert_int_equal(f->m->tot.timeout, 1);
	assert_int_equal(f->m->tot.oneway, 1);

	/* on hold, silence is to be expected */
	plain_call(f, "h", &a, &b);
	offer(f, opts("h", "A", "B"),
	      audio(ALICE, 4000, "8", "a=sendonly\r\n"));
	answer(f, opts("h", "A", "B"), audio(BOB, 5000, "8", "a=recvonly\r\n"));
	assert_false(later(f, "h", 3599));
	assert_true(later(f, "h", 3601));
	assert_int_equal(f->m->tot.silent, 1);

	offer(f, opts("o", "A", NULL), audio(ALICE, 4000, "8", NULL));
	assert_false(later(f, "o", 179));
	assert_true(later(f, "o", 181));
	assert_int_equal(f->m->tot.offer, 1);

	f->m->conf.final_timeout = 7200;
	plain_call(f, "f", &a, &b);
	fake_traffic(f->fp, EXT4, b, 10, (media_now() + 7190000) * 1000000);
	assert_false(later(f, "f", 7199));
	assert_true(later(f, "f", 7201));
	assert_int_equal(f->m->tot.final, 1);
	assert_int_equal(fake_legs(f->fp), 0);
}

static char *query_text(struct fix *f, const char *id)
{
	struct odict *o;
	struct pl pl;
	char *s = NULL;

	pl_set_str(&pl, id);
	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(media_query(f->m, &pl, NULL, NULL, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	mem_deref(o);

	return s;
}

static void restart(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	struct media_sel sel;
	struct fp_leg before[4];
	uint16_t a, b, v, port, portv[4];
	char *was, *is;
	unsigned sets;
	struct sa sa;

	/* all that can be remembered: families, mux, flags, a staged offer */
	o.tos = 0xb8;
	o.rtcp_mux = RTCPMUX_DEMUX;
	o.address_family = AF_INET6;
	o.strict_source = true;
	o.replace_sdp_version = true;
	pl_set_str(&o.via_branch, "z9hG4bK\"\\\xc3\xa4");
	offer(f, o,
	      audio(ALICE, 4000, "0 101",
		    "a=rtcp-mux\r\na=rtpmap:101 telephone-event/8000"
		    "\r\n"));
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"), audio("2001:db8:9::9", 5000, "0", NULL));
	a = out_port(f, 0);
	fake_learn(f->fp, EXT6, b, "2001:db8:9::10", 5010);
	offer(f, opts("c", "B", "A"),
	      audio("2001:db8:9::9", 5000, "0",
		    "a=sendonly\r\nm=audio 5002 RTP/AVP 0\r\n"));
	v = out_port(f, 1);
	memset(&sel, 0, sizeof(sel));
	pl_set_str(&sel.call_id, "c");
	pl_set_str(&sel.from_tag, "A");
	assert_int_equal(media_block_dtmf(f->m, &sel, &drop, NULL, &f->e), 0);
	/* one that is going, and one that was only offered */
	plain_call(f, "going", &port, &port);
	assert_int_equal(delete (f, "going", "A", "B", 100), 0);
	offer(f, opts("pending", "A", NULL), audio(ALICE, 4000, "0", NULL));

	portv[0] = a;
	portv[1] = a + 1;
	for (int i = 0; i < 2; i++)
		before[i] = *fake_leg(f->fp, EXT4, portv[i]);
	before[2] = *fake_leg(f->fp, EXT6, b);
	was = query_text(f, "c");
	sets = fake_sets(f->fp);
	/* a leg that no call knows: the process died between two writes */
	(void)sa_set_str(&sa, INT4, 10500);
	{
		struct fp_leg l;

		memset(&l, 0, sizeof(l));
		l.state = LEG_HELD;
		l.local = sa;
		l.dscp = l.dtmf_pt = -1;
		assert_int_equal(fp_leg_set(f->fp, &l), 0);
	}

	f->m = mem_deref(f->m);
	fix_start(f);

	assert_int_equal(media_calls(f->m), 3);
	/* not one leg was touched but the stray one */
	assert_int_equal(fake_sets(f->fp), sets + 1);
	assert_null(fake_leg(f->fp, INT4, 10500));
	is = query_text(f, "c");
	assert_string_equal(is, was);
	mem_deref(is);
	mem_deref(was);

	/* its ports are taken */
	assert_true(ports_busy(f->m->ifacev[0].ports, a));
	assert_true(ports_busy(f->m->ifacev[2].ports, b));

	/* written again, every recipe is the same, and what was learnt holds */
	{
		struct pl id = PL("c");

		assert_int_equal(call_apply(call_find(f->m, &id)), 0);
	}
	for (int i = 0; i < 2; i++)
		assert_memory_equal(fake_leg(f->fp, EXT4, portv[i]), &before[i],
				    sizeof(before[i]));
	before[2].latch = false;
	assert_memory_equal(fake_leg(f->fp, EXT6, b), &before[2],
			    sizeof(before[2]));
	assert_sa(&fake_leg(f->fp, EXT4, a)->peer_remote, "2001:db8:9::10",
		  5010);

	/* the offer that was under way is answered to the new process */
	answer(f, opts("c", "B", "A"),
	       audio(ALICE, 4000, "0",
		     "a=recvonly\r\nm=audio 4002 RTP/AVP 0\r\n"));
	assert_int_equal(out_port(f, 0), b);
	assert_int_equal(fake_leg(f->fp, EXT4, v)->state, LEG_RELAY);

	assert_true(later(f, "going", 101));
	assert_int_equal(delete (f, "c", "A", "B", 0), 0);
	assert_int_equal(delete (f, "pending", "A", NULL, 0), 0);
	f->m = mem_deref(f->m);
	fix_start(f);
	assert_int_equal(media_calls(f->m), 0);
	assert_int_equal(fake_legs(f->fp), 0);
}

/* A fork that another answer took the place of stays known as such */
static void restart_fork(void **state)
{
	struct fix *f = *state;

	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	answer(f, opts("c", "A", "C"), audio(CAROL, 6000, "0", NULL));
	f->m = mem_deref(f->m);
	fix_start(f);

	assert_int_equal(delete (f, "c", "A", "B", 0), 0);
	assert_int_equal(media_calls(f->m), 1);
	assert_int_equal(delete (f, "c", "A", "C", 0), 0);
	assert_int_equal(media_calls(f->m), 0);
}

/* The maps are new (the machine booted), the store is not */
static void reboot(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	f->m = mem_deref(f->m);
	mem_deref(f->fp);
	f->fp = fake_fp();
	fix_start(f);
	assert_int_equal(fake_legs(f->fp), 4);
	assert_sa(&fake_leg(f->fp, EXT4, a)->peer_remote, BOB, 5000);
	assert_true(fake_leg(f->fp, EXT4, a)->latch);
}

static void bad_records(void **state)
{
	struct fix *f = *state;
	static const char *const badv[] = {
		"",
		"[]",
		"{}",
		"{\"version\":2,\"parties\":[]}",
		"{\"version\":1}",
		"{\"version\":1,\"parties\":[7]}",
		"{\"version\":1,\"parties\":[{\"tag\":\"A\",\"streams\":"
		"[{\"local\":\"192.0.2.9:10000\"}]}]}",
		"{\"version\":1,\"parties\":[{\"tag\":\"A\",\"streams\":"
		"[{\"local\":\"192.0.2.1:9\"}]}]}",
		"{\"version\":1,\"parties\":[{\"tag\":\"A\",\"streams\":[1]"
		"}]}",
		"{\"version\":1,\"parties\":[{\"tag\":\"A\",\"streams\":"
		"[{\"local\":\"192.0.2.1:10000\",\"idx\":0},"
		"{\"local\":\"192.0.2.1:10000\",\"idx\":1}]}]}",
	};
	uint32_t used;

	f->m = mem_deref(f->m);
	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		char id[8];
		struct pl key, val;

		(void)re_snprintf(id, sizeof(id), "%zu", i);
		pl_set_str(&key, id);
		pl_set_str(&val, badv[i]);
		assert_int_equal(store_put(f->store, "media", &key, &val), 0);
	}
	fix_start(f);
	assert_int_equal(media_calls(f->m), 0);
	assert_int_equal(fake_legs(f->fp), 0);
	ports_count(f->m->ifacev[0].ports, NULL, &used, NULL);
	assert_int_equal(used, 0);
}

static void exhaustion(void **state)
{
	struct fix *f = *state;
	char id[16];
	struct media_opts o;
	uint32_t used;
	int err = 0;
	unsigned n;

	/* 500 pairs on ext: an offer takes two of them */
	for (n = 0; !err && n < 1000; n++) {
		(void)re_snprintf(id, sizeof(id), "c%u", n);
		o = opts(id, "A", NULL);
		err = put(f, false, &o, audio(ALICE, 4000, "0", NULL));
	}

	assert_int_equal(err, ENOSPC);
	assert_int_equal(n, 251);
	assert_int_equal(media_calls(f->m), 250);
	assert_non_null(strstr(f->e.msg, "ext"));

	/* a call that needs one line more than there is leaves nothing */
	assert_int_equal(delete (f, "c7", "A", NULL, 0), 0);
	ports_count(f->m->ifacev[0].ports, NULL, &used, NULL);
	assert_int_equal(used, 498);
	o = opts("two", "A", NULL);
	assert_int_equal(
		put(f, false, &o,
		    audio(ALICE, 4000, "0", "m=video 4002 RTP/AVP 96\r\n")),
		ENOSPC);
	ports_count(f->m->ifacev[0].ports, NULL, &used, NULL);
	assert_int_equal(used, 498);
	o = opts("one", "A", NULL);
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)), 0);

	f->m->conf.max_sessions = 250;
	o = opts("quota", "A", NULL);
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 EDQUOT);
	assert_int_equal(f->m->tot.rejected, 1);
}

static void blocking(void **state)
{
	struct fix *f = *state;
	struct media_sel sel;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	memset(&sel, 0, sizeof(sel));
	pl_set_str(&sel.call_id, "c");
	pl_set_str(&sel.from_tag, "A");
	assert_int_equal(media_block(f->m, &sel, true, &f->e), 0);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_BLOCKED);
	assert_int_equal(fake_leg(f->fp, EXT4, a + 1)->state, LEG_RELAY);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->state, LEG_RELAY);

	pl_set_str(&sel.from_tag, "nobody");
	assert_int_equal(media_block(f->m, &sel, false, &f->e), ENOENT);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_BLOCKED);

	sel.from_tag = pl_null;
	sel.all = true;
	assert_int_equal(media_block(f->m, &sel, false, &f->e), 0);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);

	sel.all = false;
	assert_int_equal(sa_set_str(&sel.address, BOB, 0), 0);
	assert_int_equal(media_block_dtmf(f->m, &sel, &drop, NULL, &f->e), 0);
	assert_true(fake_leg(f->fp, EXT4, b)->dtmf_block);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->dtmf_pt, 101);
	assert_false(fake_leg(f->fp, EXT4, a)->dtmf_block);
	assert_int_equal(media_block_dtmf(f->m, &sel, &off, NULL, &f->e), 0);
	assert_false(fake_leg(f->fp, EXT4, b)->dtmf_block);

	pl_set_str(&sel.call_id, "x");
	assert_int_equal(media_block(f->m, &sel, true, &f->e), ENOENT);
}

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

/* Someone who asks for a call */
static int asks_for(struct fix *f, const char *call)
{
	struct media_opts o = opts(call, "A", NULL);

	return put(f, false, &o, audio(ALICE, 4000, "0", NULL));
}

/* Ticks of the processors, as the kernel has them */
static void ticks(void **state)
{
	uint64_t busy, all;
	(void)state;

	assert_int_equal(
		load_ticks("cpu  10 20 30 400 50 6 7 8 99 99\n", &busy, &all),
		0);
	assert_int_equal(all, 531);
	assert_int_equal(busy, 81);
	assert_int_equal(load_ticks("cpu  1 2 3 4\n", &busy, &all), 0);
	assert_int_equal(busy, 6);
	assert_int_equal(load_ticks("cpu0 1 2 3 4\n", &busy, &all), EBADMSG);
	assert_int_equal(load_ticks("", &busy, &all), EBADMSG);
}

/* A node that is busy takes no new calls; those that there are go on */
static void limits(void **state)
{
	struct fix *f = *state;
	struct odict *d;
	char *text = NULL;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	f->m->conf.max_bandwidth = 1000;
	load_look(f->m);
	assert_int_equal(asks_for(f, "d"), 0);
	/* 2,000 packets of 200 bytes on each leg, in a second: 6,400 kbit/s */
	f->m->load.at -= 1000;
	fake_traffic(f->fp, EXT4, a, 2000, 1);
	fake_traffic(f->fp, EXT4, b, 2000, 1);
	load_look(f->m);
	assert_in_range(f->m->load.kbits, 6000, 6500);
	assert_int_equal(asks_for(f, "e"), EDQUOT);
	assert_non_null(strstr(f->e.msg, "limit of bandwidth reached: "));
	/* a re-offer of the call that there is */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	/* it is quiet again */
	f->m->load.at -= 1000;
	load_look(f->m);
	assert_int_equal(f->m->load.kbits, 0);
	assert_int_equal(asks_for(f, "e"), 0);
	/* what a call had moved is not lost with it: nothing is counted twice */
	assert_int_equal(delete (f, "c", "A", "B", 0), 0);
	f->m->load.at -= 1000;
	load_look(f->m);
	assert_int_equal(f->m->load.kbits, 0);

	f->m->conf.max_load = 50;
	f->m->load.percent = 49;
	assert_int_equal(asks_for(f, "g"), 0);
	f->m->load.percent = 50;
	assert_int_equal(asks_for(f, "h"), EDQUOT);
	assert_string_equal(f->e.msg, "limit of load reached: the processors "
				      "are 50 % busy, 50 % are allowed");
	f->m->load.percent = 0;
	f->m->load.worker_percent = 77;
	assert_int_equal(asks_for(f, "h"), EDQUOT);
	assert_non_null(strstr(f->e.msg, "the media workers are 77 % busy"));

	assert_int_equal(odict_alloc(&d, 8), 0);
	assert_int_equal(media_statistics(f->m, d), 0);
	assert_int_equal(re_sdprintf(&text, "%H", json_encode_odict, d), 0);
	assert_non_null(strstr(text, "\"rejected for load\":2"));
	assert_non_null(strstr(text, "\"rejected for bandwidth\":1"));
	assert_non_null(strstr(text, "\"rejectedsessions\":3"));
	mem_deref(text);
	mem_deref(d);
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
		T(ends),
		T(delayed),
		T(timeouts),
		T(restart),
		T(restart_fork),
		T(reboot),
		T(bad_records),
		T(exhaustion),
		T(blocking),
		T(told),
		T(heard),
		T(recorded),
		T(recorded_relayed),
		T(limits),
		cmocka_unit_test(ticks),
	};
	int n;

	assert_int_equal(libre_init(), 0);
	n = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();

	return n;
}
