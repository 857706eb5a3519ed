/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_terms_turn.c  Allocations at a TURN server that are kept ready, and what each side is told of them
 */
#include "terms_turn_fix.h"

/* ---- what is ready, and offered ------------------------------------------------ */

static void ready(void **state)
{
	struct fix *f = *state;
	const struct fp_leg *l;

	talk_until(stats(f).ready == READY);
	assert_int_equal(stats(f).allocated, READY);
	assert_int_equal(serverc, READY);
	l = leg_at(f, sa_port(&localv[0]));
	assert_int_equal(l->state, LEG_AGENT);
	assert_int_equal(l->why, LEG_WHY_RELAY);
	assert_int_equal(l->media, LEG_OTHER);
	assert_false(l->latch);
	assert_sa(&l->remote, SERVER, 3478);
	/* they are given back with the process, and their ports */
	f->m = mem_deref(f->m);
	assert_false(serverv[0].up);
	assert_false(serverv[1].up);
	assert_int_equal(fake_legs(f->fp), 0);
	start(f);
}

static void offered(void **state)
{
	struct fix *f = *state;

	talk_until(stats(f).ready == READY);
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, "a=candidate:2 1 UDP 16776959 198.51.100.7 49160 typ relay "
	       "raddr 192.0.2.1 rport ");
	assert_int_equal(stats(f).used, 1);
	/* another one takes its place */
	talk_until(stats(f).ready == READY);
	assert_int_equal(serverc, READY + 1);
	/* the same offer again is of the same */
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, "198.51.100.7 49160 typ relay");
	assert_int_equal(stats(f).used, 1);
}

/* Who is lite has no candidate but its own */
static void not_lite(void **state)
{
	struct fix *f = *state;
	struct media_opts o = forced(opts("c", "A", NULL));

	talk_until(stats(f).ready == READY);
	o.ice_lite = ICE_LITE_BOTH;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	has(f, "typ host");
	has_not(f, "typ relay");
	assert_int_equal(stats(f).used, 0);
	assert_int_equal(stats(f).missing, 0);
}

/* In an answer, too, to who controls */
static void answered(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);

	talk_until(stats(f).ready == READY);
	o.ice_optional = true;
	offer(f, o, bob_body());
	answer(f, opts("c", "A", "B"), audio(CAROL, 4000, "0", NULL));
	has(f, "198.51.100.7 49161 typ relay");
}

/* More at once than are ready: the rest goes without, and this is counted */
static void missing(void **state)
{
	struct fix *f = *state;

	talk_until(stats(f).ready == READY);
	for (unsigned i = 0; i < READY + 1; i++) {
		char id[8];

		(void)re_snprintf(id, sizeof(id), "c%u", i);
		offer(f, forced(opts(id, "A", NULL)),
		      audio(ALICE, 4000, "0", NULL));
		if (i < READY)
			has(f, "typ relay");
		else
			has_not(f, "typ relay");
	}
	assert_int_equal(stats(f).missing, 1);
}

static void no_server(void **state)
{
	struct fix *f = *state;
	uint16_t port;

	f->m = mem_deref(f->m);
	mute = true;
	start(f);
	for (unsigned i = 0; i < 10; i++)
		talk();
	bob.direct = true;
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has_not(f, "typ relay");
	assert_int_equal(stats(f).missing, 1);
	port = out_port(f, 0);
	bob_begin(f);
	answer(f, opts("c", "A", "B"), bob_body());
	talk_until(leg_at(f, port)->state == LEG_RELAY);
	assert_sa(&leg_at(f, port)->remote, BOB, 45678);
}

/* It does not know us: said, counted, and asked again more rarely */
static void denied(void **state)
{
	struct fix *f = *state;

	f->m = mem_deref(f->m);
	f->conf.turn.password = "wrong";
	start(f);
	talk_until(stats(f).failed[TURN_DENIED] == READY);
	assert_string_equal(relays_text(f->m->relays), "denied");
	assert_int_equal(stats(f).ready, 0);
	/* one at a time from now on */
	talk_until(stats(f).failed[TURN_DENIED] == READY + 1);
	assert_int_equal(fake_bridges()->relays, 0);
	f->conf.turn.password = "secret";
}

/* It refers us to another one, until that one fails */
static void elsewhere(void **state)
{
	struct fix *f = *state;

	f->m = mem_deref(f->m);
	assert_int_equal(sa_set_str(&alternate, "198.51.100.8", 3478), 0);
	start(f);
	talk_until(stats(f).ready == READY);
	assert_sa(&fake_relay(0)->server, "198.51.100.8", 3478);
	assert_string_equal(relays_text(f->m->relays), "up");
	assert_int_equal(stats(f).failed[TURN_UNFIT], 0);
	/* the next one is asked for there at once, and there is none */
	mute = true;
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, "typ relay");
	talk_until(fake_bridges()->relays == READY + 1);
	assert_sa(&fake_relay(READY)->server, "198.51.100.8", 3478);
}

static void by_secret(void **state)
{
	struct fix *f = *state;
	unsigned failed;

	f->m = mem_deref(f->m);
	f->conf.turn.password = NULL;
	f->conf.turn.secret = "north";
	start(f);
	/* this server has another idea of users: it is told another name */
	talk_until(stats(f).failed[TURN_DENIED]);
	failed = (unsigned)stats(f).failed[TURN_DENIED];
	assert_in_range(failed, 1, READY);
	f->conf.turn.secret = NULL;
	f->conf.turn.password = "secret";
}

/* ---- figures ---------------------------------------------------------------------- */

static void figures(void **state)
{
	struct fix *f = *state;
	struct odict *o;
	char *s = NULL;

	talk_until(stats(f).ready == READY);
	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(media_figures(f->m, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	assert_non_null(strstr(s, "\"carom_turn_ready_allocations\""));
	assert_non_null(strstr(s, "\"label\":\"lost\""));
	s = mem_deref(s);
	o = mem_deref(o);
	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(media_statistics(f->m, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	assert_non_null(strstr(s, "\"turn\":{\"server\":\"" SERVER
				  ":3478\",\"state\":\"up\",\"ready\":2,"));
	mem_deref(s);
	mem_deref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ready),     T(offered),   T(not_lite), T(answered),
		T(missing),   T(no_server), T(denied),   T(elsewhere),
		T(by_secret), T(figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
