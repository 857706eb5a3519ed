/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_media_life.c  Calls end, time out, are stored and taken over
 */
#include "media/load.h"
#include "media_fix.h"

static const struct guard drop = {.mode = GUARD_DROP}, off;

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
		T(limits),
		cmocka_unit_test(ticks),
	};
	int n;

	assert_int_equal(libre_init(), 0);
	n = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();

	return n;
}
