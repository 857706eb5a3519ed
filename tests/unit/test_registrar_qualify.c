/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_registrar_qualify.c  OPTIONS to an address's contacts, when somebody asks
 */
#include "registrar_fix.h"

static const struct pl alice = PL("alice@example.com");

struct told {
	unsigned n;
	int err;
	size_t answerc;
	struct registrar_answer v[4]; /* without their texts */
	char ids[4][64], reasons[4][96];
};

static void told(int err, const struct registrar_answer *v, size_t n, void *arg)
{
	struct told *t = arg;

	++t->n;
	t->err = err;
	t->answerc = n;
	for (size_t i = 0; i < n && i < ARRAY_SIZE(t->v); i++) {
		t->v[i] = v[i];
		(void)pl_strcpy(&v[i].uri, t->ids[i], sizeof(t->ids[i]));
		str_ncpy(t->reasons[i], v[i].reason, sizeof(t->reasons[i]));
	}
	re_cancel();
}

/* The phone answers the request that it was sent last */
static void answer(struct fix *f, const char *status)
{
	const char *rest = strstr(f->reply, "\r\n");
	char text[8192];

	assert_non_null(rest);
	(void)re_snprintf(text, sizeof(text), "SIP/2.0 %s%s", status, rest);
	send_text(f, text);
}

static bool take_rtt(const struct binding *b, void *arg)
{
	uint32_t *rtt = arg;

	*rtt = b->rtt;
	return true;
}

static void answered_by_one(void **state)
{
	struct fix *f = *state;
	struct told t = {0};
	uint32_t rtt = 0;

	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@10.9.9.9>\r\n"), 200);
	assert_int_equal(reg(f, "d", 1,
			     "Contact: <sip:b@h>;q=0.5\r\n"
			     "Path: <sip:edge.example;lr>\r\n"),
			 200);
	assert_int_equal(registrar_qualify(f->r, &alice, told, &t), 0);
	wait_for(&f->replies, 3);
	assert_ptr_equal(strstr(f->reply, "OPTIONS sip:a@10.9.9.9 SIP/2.0\r\n"),
			 f->reply);
	assert_int_equal(t.n, 0);
	answer(f, "486 Busy Here");
	wait_for(&t.n, 1);
	assert_int_equal(t.err, 0);
	assert_int_equal(t.answerc, 2);
	/* whatever it says, it is there */
	assert_string_equal(t.ids[0], "sip:a@10.9.9.9");
	assert_true(t.v[0].reachable);
	assert_int_equal(t.v[0].code, 486);
	assert_true(t.v[0].rtt > 0);
	assert_string_equal(t.reasons[0], "Busy Here");
	/* and why the other was not asked */
	assert_string_equal(t.ids[1], "sip:b@h");
	assert_false(t.v[1].reachable);
	assert_int_equal(t.v[1].code, 0);
	assert_non_null(strstr(t.reasons[1], "host is a name"));
	/* as a keep-alive's */
	(void)location_find(f->loc, &alice, take_rtt, &rtt);
	assert_int_equal(rtt, t.v[0].rtt);
}

/* Nobody is there: which is told, and takes nothing away */
static void answered_by_none(void **state)
{
	struct fix *f = *state;
	struct told t = {0};

	f->conf.alive_failures = 1;
	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@10.9.9.9>\r\n"), 200);
	f->us = mem_deref(f->us);
	assert_int_equal(registrar_qualify(f->r, &alice, told, &t), 0);
	wait_for(&t.n, 1);
	assert_int_equal(t.err, 0);
	assert_int_equal(t.answerc, 1);
	assert_false(t.v[0].reachable);
	assert_int_equal(t.v[0].code, 0);
	assert_true(t.reasons[0][0] != '\0');
	assert_int_equal(location_count(f->loc, NULL), 1);
}

/* An edge that could not reach it is not it */
static void answered_by_an_edge(void **state)
{
	struct fix *f = *state;
	struct told t = {0};
	char hdrs[128];
	struct sa sa;

	assert_int_equal(udp_local_get(f->us, &sa), 0);
	(void)re_snprintf(hdrs, sizeof(hdrs),
			  "Contact: <sip:a@h>\r\nPath: <sip:%J;lr>\r\n", &sa);
	assert_int_equal(reg(f, "c", 1, hdrs), 200);
	assert_int_equal(registrar_qualify(f->r, &alice, told, &t), 0);
	wait_for(&f->replies, 2);
	answer(f, "430 Flow Failed");
	wait_for(&t.n, 1);
	assert_false(t.v[0].reachable);
	assert_int_equal(t.v[0].code, 430);
	assert_string_equal(t.reasons[0], "Flow Failed");
}

static void nobody_registered(void **state)
{
	struct fix *f = *state;
	struct told t = {0};

	assert_int_equal(registrar_qualify(f->r, &alice, told, &t), ENOENT);
	assert_int_equal(t.n, 0);
}

/* The registrar goes: who waits is told, once */
static void gone(void **state)
{
	struct fix *f = *state;
	struct told t = {0};

	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@10.9.9.9>\r\n"), 200);
	assert_int_equal(registrar_qualify(f->r, &alice, told, &t), 0);
	stop(f);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.err, ECANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(answered_by_one),
		T(answered_by_none),
		T(answered_by_an_edge),
		T(nobody_registered),
		T(gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
