/* SPDX-License-Identifier: BSD-2-Clause */
/* carom(8): rates between two looks at the counters, over a table of ours */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/carom/snap.h"

enum { SLOTS = 1000 };

/* Where the fast path would be */
struct fp {
	struct leg legv[SLOTS];
	struct leg_aux auxv[SLOTS];
	struct reason_count reasonv[CAROM_R_MAX];
	int err;
};

uint32_t fp_slots(const struct fp *fp)
{
	(void)fp;
	return SLOTS;
}

const struct leg *fp_leg(const struct fp *fp, uint32_t slot)
{
	return slot < SLOTS ? &fp->legv[slot] : NULL;
}

const struct leg_aux *fp_leg_aux(const struct fp *fp, uint32_t slot)
{
	return slot < SLOTS ? &fp->auxv[slot] : NULL;
}

int fp_reason(const struct fp *fp, unsigned reason, struct reason_count *rc)
{
	*rc = fp->reasonv[reason];
	return fp->err;
}

static struct fp fp;
static struct snap *a, *b;
static struct snap_rate *rv;

static int setup(void **state)
{
	(void)state;
	memset(&fp, 0, sizeof(fp));
	a = b = NULL;
	rv = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mem_deref(rv);
	mem_deref(a);
	mem_deref(b);
	return 0;
}

static void leg(uint32_t slot, enum leg_state state, uint64_t packets,
		int32_t lost)
{
	fp.legv[slot].ctl.state = state;
	fp.legv[slot].packets = packets;
	fp.legv[slot].bytes = packets * 100;
	fp.auxv[slot].lost = lost;
}

/* Two looks, two seconds apart by their own clock */
static void look(struct snap **sp, uint64_t time)
{
	assert_int_equal(snap_take(sp, &fp), 0);
	(*sp)->time = time;
}

static void states_are_counted(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 200; i++)
		leg(i, LEG_RELAY, i, 0);
	leg(300, LEG_BLOCKED, 0, 0);
	leg(301, LEG_HELD, 0, 0);
	leg(302, LEG_FOREIGN, 0, 0);
	/* a newer program's state: neither counted nor shown */
	fp.legv[400].ctl.state = (enum leg_state)99;

	look(&a, 0);
	assert_int_equal(a->legc, 203);
	assert_int_equal(a->statec[LEG_RELAY], 200);
	assert_int_equal(a->statec[LEG_BLOCKED], 1);
	assert_int_equal(a->statec[LEG_HELD], 1);
	assert_int_equal(a->statec[LEG_FOREIGN], 1);
	assert_int_equal(a->statec[LEG_FREE], SLOTS - 204);
	assert_int_equal(a->legv[202].slot, 302);
}

static void failure_is_handed_on(void **state)
{
	(void)state;
	fp.err = EPERM;
	assert_int_equal(snap_take(&a, &fp), EPERM);
	assert_null(a);
}

static void rates_of_legs(void **state)
{
	(void)state;
	leg(1, LEG_RELAY, 100, 5);
	leg(3, LEG_RELAY, 500, 0);
	leg(5, LEG_RELAY, 10, 0);
	leg(9, LEG_RELAY, 50, 2);
	look(&a, 1000000000);

	leg(1, LEG_RELAY, 200, 7);
	leg(2, LEG_RELAY, 40, 1); /* new                            */
	leg(3, LEG_FREE, 0, 0);   /* gone                           */
	leg(5, LEG_RELAY, 4, 1);  /* freed and taken by another one */
	leg(9, LEG_RELAY, 50, 1); /* a late one came                */
	look(&b, 3000000000);

	assert_int_equal(snap_rates(&rv, a, b), 0);
	assert_int_equal(b->legc, 4);
	assert_true(rv[0].slot == 1 && rv[0].pps == 50 && rv[0].lost == 2);
	assert_true(rv[0].bps == 100 * 100 * 8 / 2);
	assert_true(rv[1].slot == 2 && rv[1].pps == 20 && rv[1].lost == 1);
	assert_true(rv[2].slot == 5 && rv[2].pps == 2 && rv[2].lost == 1);
	assert_true(rv[3].slot == 9 && rv[3].pps == 0 && rv[3].lost == -1);
}

static void rates_of_reasons(void **state)
{
	(void)state;
	fp.reasonv[CAROM_R_STRANGER].packets = 1000;
	fp.reasonv[CAROM_R_NO_LEG].packets = 70;
	look(&a, 0);
	fp.reasonv[CAROM_R_STRANGER].packets = 1500;
	fp.reasonv[CAROM_R_STRANGER].bytes = 1000;
	fp.reasonv[CAROM_R_NO_LEG].packets = 30; /* maps made anew */
	look(&b, 2000000000);

	assert_true(snap_reason_pps(a, b, CAROM_R_STRANGER) == 250);
	assert_true(snap_reason_bps(a, b, CAROM_R_STRANGER) == 4000);
	assert_true(snap_reason_pps(a, b, CAROM_R_NO_LEG) == 15);
	assert_true(snap_reason_pps(a, b, CAROM_R_HELD) == 0);
}

static void no_time_is_no_division(void **state)
{
	(void)state;
	look(&a, 5);
	look(&b, 5);
	assert_true(snap_seconds(a, b) > 0);
	assert_true(snap_reason_pps(a, b, CAROM_R_HELD) == 0);
}

static void busiest_first(void **state)
{
	struct snap_rate v[100];
	(void)state;

	/* 0, 37, 74, 11, ...: each of 0..99 once, in disorder */
	for (uint32_t i = 0; i < 100; i++)
		v[i] = (struct snap_rate){.slot = i, .pps = i * 37 % 100};

	snap_busiest(v, 100, 10);
	for (int i = 0; i < 10; i++)
		assert_true(v[i].pps == 99 - i);

	/* nothing is lost on the way */
	double sum = 0;
	for (int i = 0; i < 100; i++)
		sum += v[i].pps;
	assert_true(sum == 4950);

	snap_busiest(v, 100, 1000);
	for (int i = 0; i < 100; i++)
		assert_true(v[i].pps == 99 - i);

	snap_busiest(v, 0, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(states_are_counted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(failure_is_handed_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rates_of_legs, setup, teardown),
		cmocka_unit_test_setup_teardown(rates_of_reasons, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_time_is_no_division, setup,
						teardown),
		cmocka_unit_test(busiest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
