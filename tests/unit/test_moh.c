/* SPDX-License-Identifier: BSD-2-Clause */
/* Music on hold: who hears it, from when on, and what each is told meanwhile */
#include "play_fix.h"

static struct media_opts with_moh(struct media_opts o, const char *name)
{
	o.moh.on = true;
	pl_set_str(&o.moh.sound.file, name);

	return o;
}

static void says(const struct fix *f, const char *what, bool yes)
{
	if (!strstr(f->text, what) == yes)
		fail_msg("'%s' is %sin: %s", what, yes ? "not " : "", f->text);
}

/* Bob's side has music: Alice hears it from the answer to his sendonly or inactive on,
 * whatever she would be told else, until he is back; what comes back to him fits what he
 * has offered */
static void music(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	uint16_t a;

	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "0", NULL));
	answer(f, with_moh(opts("c", "A", "B"), "tone.wav"),
	       audio(BOB, 5000, "0", NULL));
	a = out_port(f, 0);
	says(f, "a=sendonly", false);
	assert_int_equal(fb->n, 0);

	offer(f, opts("c", "B", "A"), audio(BOB, 5000, "0", "a=inactive\r\n"));
	says(f, "a=sendonly\r\n", true);
	says(f, "a=inactive", false);
	assert_int_equal(fb->n, 0);
	answer(f, opts("c", "B", "A"),
	       audio(ALICE, 4000, "0", "a=recvonly\r\n"));
	says(f, "a=inactive\r\n", true);
	assert_true(fb->playing[A]);
	assert_false(fb->playing[B]);
	assert_int_equal(fb->play[A].times, 3);
	assert_in_range(fb->play[A].max_ms, 1, 7000);
	assert_non_null(fb->play[A].clip);
	assert_int_equal(leg(f, a)->why, LEG_WHY_PLAYING);

	/* said once more, it goes on */
	fb->plays = 0;
	offer(f, opts("c", "B", "A"), audio(BOB, 5000, "0", "a=sendonly\r\n"));
	answer(f, opts("c", "B", "A"),
	       audio(ALICE, 4000, "0", "a=recvonly\r\n"));
	says(f, "a=recvonly\r\n", true);
	assert_int_equal(fb->plays, 0);
	assert_true(fb->playing[A]);

	offer(f, opts("c", "B", "A"), audio(BOB, 5000, "0", NULL));
	says(f, "a=send", false);
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	assert_false(fb->playing[A]);
	assert_int_equal(fb->n, 0);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);

	/* Alice has no music for Bob */
	offer(f, opts("c", "A", "B"),
	      audio(ALICE, 4000, "0", "a=sendonly\r\n"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", "a=recvonly\r\n"));
	assert_int_equal(fb->n, 0);
}

/* As other phones want it: sendrecv, and no address in any but the session's line */
static void music_modes(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = with_moh(opts("c", "A", NULL), "tone.wav");

	o.moh.sendrecv = o.moh.zero = true;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	offer(f, opts("c", "A", "B"),
	      audio(ALICE, 4000, "0", "a=sendonly\r\n"));
	says(f, "a=sendrecv\r\n", true);
	says(f, "c=IN IP4 0.0.0.0\r\n", true);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	says(f, "a=recvonly\r\n", true);
	says(f, "0.0.0.0", false);
	assert_true(fb->playing[B]);

	/* the old way to hold */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_false(fb->playing[B]);
	offer(f, opts("c", "A", "B"), audio("0.0.0.0", 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_true(fb->playing[B]);

	/* who does not listen hears nothing */
	offer(f, opts("c", "A", "B"),
	      audio(ALICE, 4000, "0", "a=inactive\r\n"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", "a=inactive\r\n"));
	assert_false(fb->playing[B]);

	/* no music is no call; and there may be another file */
	o = with_moh(opts("c", "A", "B"), "gone.wav");
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOENT);
	assert_non_null(strstr(f->e.msg, "gone.wav: No such file"));
}

/* Music goes on when the agent starts anew, and ends with the hold */
static void music_restarted(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();

	offer(f, with_moh(opts("c", "A", NULL), "tone.wav"),
	      audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	offer(f, opts("c", "A", "B"),
	      audio(ALICE, 4000, "0", "a=sendonly\r\n"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", "a=recvonly\r\n"));
	assert_true(fb->playing[B]);
	f->m = mem_deref(f->m);
	fb->playing[B] = false;
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	assert_true(fb->playing[B]);
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_false(fb->playing[B]);
	offer(f, opts("c", "A", "B"),
	      audio(ALICE, 4000, "0", "a=sendonly\r\n"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", "a=recvonly\r\n"));
	assert_true(fb->playing[B]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(music),
		T(music_modes),
		T(music_restarted),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
