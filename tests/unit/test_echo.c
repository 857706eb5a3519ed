/* SPDX-License-Identifier: BSD-2-Clause */
/* media-echo: who hears itself, who is heard by nobody, and where that is done */
#include "terms_fix.h"

#define KEY "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define CRYPTO "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n"

static struct media_opts echo(struct media_opts o, enum media_echo what)
{
	o.echo = what;

	return o;
}

static const struct fp_leg *leg(const struct fix *f, uint16_t port)
{
	return fake_leg(f->fp, EXT4, port);
}

/* Its RTP, and its RTCP by the port behind, go back under a name of ours, and follow it */
static void is_echoed(const struct fix *f, uint16_t port, const char *party,
		      uint16_t at)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct fp_leg *l = leg(f, (uint16_t)(port + i));

		assert_int_equal(l->state, LEG_RELAY);
		assert_sa(&l->peer_local, EXT4, (uint16_t)(port + i));
		assert_sa(&l->peer_remote, party, (uint16_t)(at + i));
		assert_sa(&l->follow[0], EXT4, (uint16_t)(port + i));
		assert_int_equal(sa_af(&l->follow[1]), AF_UNSPEC);
		assert_sa(&l->said, EXT4, port);
		assert_sa(&l->heard, EXT4, port);
	}
	assert_true(leg(f, port)->ssrc_rewrite);
}

static void is_sunk(const struct fix *f, uint16_t port)
{
	assert_int_equal(leg(f, port)->state, LEG_BLOCKED);
	assert_int_equal(leg(f, (uint16_t)(port + 1))->state, LEG_BLOCKED);
}

static void call_with(struct fix *f, enum media_echo in_offer,
		      enum media_echo in_answer, uint16_t *a, uint16_t *b)
{
	offer(f, echo(opts("c", "A", NULL), in_offer),
	      audio(ALICE, 4000, "0", NULL));
	*b = out_port(f, 0);
	answer(f, echo(opts("c", "A", "B"), in_answer),
	       audio(BOB, 5000, "0", NULL));
	*a = out_port(f, 0);
}

static void forward(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	call_with(f, MEDIA_ECHO_FORWARD, MEDIA_ECHO_NONE, &a, &b);
	is_echoed(f, b, BOB, 5000);
	is_sunk(f, a);
	/* no word of it: it stays, for the next process too */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5002, "0", NULL));
	is_echoed(f, b, BOB, 5002);
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	offer(f, opts("c", "B", "A"), audio(BOB, 5000, "0", NULL));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	is_echoed(f, b, BOB, 5000);
	is_sunk(f, a);
	assert_int_equal(fake_bridges()->n, 0);
	/* on hold it has no address */
	offer(f, opts("c", "B", "A"), audio("0.0.0.0", 5000, "0", NULL));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	assert_int_equal(leg(f, b)->state, LEG_HELD);
}

static void backwards(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	call_with(f, MEDIA_ECHO_NONE, MEDIA_ECHO_FORWARD, &a, &b);
	is_echoed(f, a, ALICE, 4000);
	is_sunk(f, b);
	offer(f, echo(opts("c", "A", "B"), MEDIA_ECHO_BACKWARDS),
	      audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	is_echoed(f, a, ALICE, 4000);
	is_sunk(f, b);
}

static void both(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	call_with(f, MEDIA_ECHO_BOTH, MEDIA_ECHO_NONE, &a, &b);
	is_echoed(f, a, ALICE, 4000);
	is_echoed(f, b, BOB, 5000);
	offer(f, echo(opts("c", "A", "B"), MEDIA_ECHO_BLACKHOLE),
	      audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	is_sunk(f, a);
	is_sunk(f, b);
}

/* Codecs that differ need not be changed for it */
static void codecs(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	offer(f,
	      echo(transcode(opts("c", "A", NULL), "PCMU", NULL),
		   MEDIA_ECHO_BOTH),
	      audio(ALICE, 4000, "8", NULL));
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	a = out_port(f, 0);
	is_echoed(f, a, ALICE, 4000);
	is_echoed(f, b, BOB, 5000);
	assert_int_equal(fake_bridges()->n, 0);
}

/* What is encrypted is opened here, though both could do without us: it goes back under
 * other keys */
static void encrypted(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = echo(opts("c", "A", NULL), MEDIA_ECHO_FORWARD);
	uint16_t a, b;

	offer(f, o, profile(ALICE, 4000, "RTP/SAVP", "0", CRYPTO));
	has_not(f, KEY);
	has(f, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:");
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "0", CRYPTO));
	a = out_port(f, 0);
	assert_int_equal(leg(f, b)->state, LEG_AGENT);
	is_sunk(f, a);
	assert_int_equal(fb->n, 1);
	assert_true(fb->mv[1].echo);
	assert_false(fb->mv[0].echo);
	assert_int_equal(fb->mv[1].ptv[0].act, BRIDGE_PASS);
	assert_null(fb->mv[1].codec);

	/* too late: whose keys they are was said in the offer */
	offer(f, opts("d", "A", NULL),
	      profile(ALICE, 4000, "RTP/SAVP", "0", CRYPTO));
	has(f, KEY);
	o = echo(opts("d", "A", "B"), MEDIA_ECHO_BOTH);
	assert_int_equal(
		put(f, true, &o, profile(BOB, 5000, "RTP/SAVP", "0", CRYPTO)),
		ENOTSUP);
	assert_non_null(strstr(f->e.msg, "media-echo"));
}

/* While something is played to it the agent has it, and then the kernel again */
static void played(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const struct media_digit d = {.event = 1, .ms = 100};
	struct media_sel sel = {.call_id = PL("c"), .from_tag = PL("A")};
	uint16_t a, b;

	call_with(f, MEDIA_ECHO_FORWARD, MEDIA_ECHO_NONE, &a, &b);
	assert_int_equal(media_play_dtmf(f->m, &sel, &d, &f->e), 0);
	assert_int_equal(leg(f, b)->state, LEG_AGENT);
	assert_int_equal(leg(f, a)->state, LEG_BLOCKED);
	assert_true(fb->mv[1].echo);
	fb->playing[1] = false;
	fake_event(1, BRIDGE_PLAYED, NULL, NULL, 0);
	for (unsigned i = 0; i < 100 && fb->n; i++)
		turn();
	assert_int_equal(fb->n, 0);
	is_echoed(f, b, BOB, 5000);
	is_sunk(f, a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(forward), TEST(backwards), TEST(both),
		TEST(codecs),  TEST(encrypted), TEST(played),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
