/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_registrar.c  REGISTERs as they come by the wire, and the bindings they make
 */
#include <stdlib.h>
#include <unistd.h>
#include "registrar_fix.h"

/* ---- bindings ---------------------------------------------------------------------- */

static void one_contact(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@192.0.2.1>\r\n"), 200);
	assert_true(has(f, "\r\nContact: <sip:a@192.0.2.1>;expires=3600\r\n"));
	assert_true(has(f, "\r\nDate: "));
	assert_true(has(f, "\r\nSupported: path, outbound, gruu\r\n"));
	/* nothing but a question */
	assert_int_equal(reg(f, "other", 1, ""), 200);
	assert_int_equal(contacts(f), 1);
}

static void several_with_q(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		reg(f, "c", 1,
		    "Contact: <sip:a@h1>;q=0.5;expires=100, "
		    "\"B\" <sip:b@h2;transport=tcp>;q=1\r\n"
		    "m: sip:c@h3;q=0.123;expires=9999999999999\r\nExpires: 200"
		    "\r\n"),
		200);
	assert_true(has(f, "\r\nContact: <sip:b@h2;transport=tcp>;expires=200"
			   "\r\nContact: <sip:a@h1>;expires=100;q=0.500\r\n"
			   "Contact: <sip:c@h3>;expires=7200;q=0.123\r\n"));
	/* one of them goes */
	assert_int_equal(reg(f, "c", 2, "Contact: <sip:a@h1>;expires=0\r\n"),
			 200);
	assert_int_equal(contacts(f), 2);
	/* the same one, as 19.1.4 sees it */
	assert_int_equal(
		reg(f, "c", 3, "Contact: <sip:b@H2;Transport=TCP>;q=0.1\r\n"),
		200);
	assert_int_equal(contacts(f), 2);
	assert_true(has(f, "Contact: <sip:b@H2;Transport=TCP>;expires=3600;"
			   "q=0.100\r\n"));
}

static void star(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 5, "Contact: <sip:a@h1>, <sip:b@h2>\r\n"),
			 200);
	assert_int_equal(reg(f, "c", 6, "Contact: *\r\nExpires: 1\r\n"), 400);
	assert_int_equal(reg(f, "c", 6, "Contact: *\r\n"), 400);
	assert_int_equal(
		reg(f, "c", 6, "Contact: *, <sip:c@h>\r\nExpires: 0\r\n"), 400);
	assert_int_equal(reg(f, "c", 4, "Contact: *\r\nExpires: 0\r\n"), 500);
	assert_int_equal(reg(f, "q", 1, ""), 200);
	assert_int_equal(contacts(f), 2);
	assert_int_equal(reg(f, "c", 6, "Contact: *\r\nExpires: 0\r\n"), 200);
	assert_int_equal(contacts(f), 0);
	assert_int_equal(location_count(f->loc, NULL), 0);
	/* again, as it came */
	assert_int_equal(reg(f, "c", 6, "Contact: *\r\nExpires: 0\r\n"), 200);
}

static void order_of_cseq(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 7, "Contact: <sip:a@h1>;expires=500\r\n"),
			 200);
	/* overtaken: all or nothing, the new one too */
	assert_int_equal(reg(f, "c", 6,
			     "Contact: <sip:new@h>, <sip:a@h1>;expires=0"
			     "\r\n"),
			 500);
	/* once more: as it is, and nothing refreshed */
	assert_int_equal(reg(f, "c", 7, "Contact: <sip:a@h1>;expires=600\r\n"),
			 200);
	assert_int_equal(contacts(f), 1);
	assert_null(strstr(f->reply, "expires=600"));
	assert_int_equal(reg(f, "c", 8, "Contact: <sip:a@h1>;expires=600\r\n"),
			 200);
	assert_true(has(f, "expires=600"));
	/* a phone that was restarted */
	assert_int_equal(reg(f, "d", 1, "Contact: <sip:a@h1>;expires=700\r\n"),
			 200);
	assert_int_equal(contacts(f), 1);
	assert_true(has(f, "expires=700"));
}

static void bounds(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@h>;expires=59\r\n"),
			 423);
	assert_true(has(f, "\r\nMin-Expires: 60\r\n"));
	assert_int_equal(reg(f, "c", 2, "Contact: <sip:a@h>;expires=60\r\n"),
			 200);
	assert_int_equal(reg(f, "c", 3, "Contact: <sip:a@h>;expires=7201\r\n"),
			 200);
	assert_true(has(f, ";expires=7200\r\n"));
	/* 20.19: what is no number is the default */
	assert_int_equal(reg(f, "c", 4, "Contact: <sip:a@h>;expires=x\r\n"),
			 200);
	assert_true(has(f, ";expires=3600\r\n"));
}

static void too_many(void **state)
{
	struct fix *f = *state;
	char hdrs[64];

	for (unsigned i = 0; i < 3; i++) {
		(void)re_snprintf(hdrs, sizeof(hdrs),
				  "Contact: <sip:a@h%u>\r\n", i);
		assert_int_equal(reg(f, "c", i + 1, hdrs), 200);
	}
	assert_int_equal(reg(f, "c", 10, "Contact: <sip:a@h4>\r\n"), 503);
	assert_true(has(f, "\r\nRetry-After: "));
	/* one in another's place */
	assert_int_equal(reg(f, "c", 11,
			     "Contact: <sip:a@h4>, <sip:a@h0>;expires=0\r\n"),
			 200);
	assert_int_equal(contacts(f), 3);
	/* 1,000 at once */
	for (unsigned i = 0; i < 1000; i++) {
		(void)re_snprintf(hdrs, sizeof(hdrs),
				  "Contact: <sip:a@more%u>\r\n", i);
		assert_int_equal(reg(f, "c", 100 + i, hdrs), 503);
	}
	assert_int_equal(location_count(f->loc, NULL), 3);
}

static void refused(void **state)
{
	static const struct {
		uint16_t code;
		const char *hdrs;
	} v[] = {
		{400, "Contact: <sip:a@h\r\n"},
		{400, "Contact: <sip:@>\r\n"},
		{400, "Contact: <sip:a@h>;q=1.5\r\n"},
		{400, "Contact: <sip:a@h>;q=x\r\n"},
		{400, "Contact: <sip:a@h>;+sip.instance=x\r\n"},
		{400, "Contact: <sip:a@h>;reg-id=0\r\n"},
		{420, "Require: path, foo\r\nContact: <sip:a@h>\r\n"},
	};
	struct fix *f = *state;
	char text[8192];

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		assert_int_equal(reg(f, "c", 1, v[i].hdrs), v[i].code);
	assert_true(has(f, "\r\nUnsupported: foo\r\n"));
	assert_int_equal(
		exchange(f, make(f, text, "a@elsewhere.example", "c", 1, "")),
		404);
	assert_int_equal(exchange(f, make(f, text, "example.com", "c", 1, "")),
			 404);
	assert_int_equal(
		exchange(f, make(f, text, "a%20b@example.com", "c", 1, "")),
		404);
	assert_int_equal(location_count(f->loc, NULL), 0);
	send_text(f, "REGISTER sip:elsewhere.example SIP/2.0\r\nVia: SIP/2.0/"
		     "UDP h;rport;branch=z9hG4bKx\r\nFrom: <sip:a@example.com>"
		     ";tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: c\r\n"
		     "CSeq: 1 REGISTER\r\n\r\n");
	wait_for(&f->replies, f->replies + 1);
	assert_int_equal(code_of(f->reply), 403);
}

static void aor_as_meant(void **state)
{
	struct fix *f = *state;
	char text[8192];

	assert_int_equal(exchange(f, make(f, text, "%61lice@EXAMPLE.com;x=y",
					  "c", 1, "Contact: <sip:a@h>\r\n")),
			 200);
	assert_int_equal(reg(f, "d", 1, ""), 200);
	assert_int_equal(contacts(f), 1);
	/* the same user elsewhere is another */
	assert_int_equal(
		exchange(f, make(f, text, "alice@other.example", "c", 1, "")),
		200);
	assert_int_equal(contacts(f), 0);
}

static void path_and_route(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		reg(f, "c", 1,
		    "Contact: <sip:a@h>\r\nPath: <sip:e1;lr>, <sip:e2;lr>\r\n"
		    "Path: <sip:e3;lr>\r\nSupported: path\r\n"),
		200);
	assert_true(has(f, "\r\nPath: <sip:e1;lr>, <sip:e2;lr>,<sip:e3;lr>"
			   "\r\n"));
	f->conf.service_route = "<sip:edge.example.com;lr>";
	stop(f);
	start(f);
	assert_int_equal(reg(f, "c", 2, "Contact: <sip:a@h>\r\n"), 200);
	assert_true(has(f, "\r\nService-Route: <sip:edge.example.com;lr>\r\n"));
}

/* ---- at once ------------------------------------------------------------------------ */

static void many_at_once(void **state)
{
	struct registrar_stats st;
	struct fix *f = *state;
	char text[8192], hdrs[64];

	for (unsigned i = 1; i <= 10; i++) {
		(void)re_snprintf(hdrs, sizeof(hdrs),
				  "Contact: <sip:a@h>;expires=%u\r\n", 100 + i);
		send_text(f, make(f, text, "alice@example.com", "c", i, hdrs));
	}
	wait_for(&f->replies, 10);
	/* each of them in turn, the last one last */
	assert_int_equal(code_of(f->reply), 200);
	assert_true(has(f, "expires=110\r\n"));
	assert_int_equal(location_count(f->loc, NULL), 1);
	/* a lot of one AOR: each is answered, those that could not wait too */
	for (unsigned i = 1; i <= 200; i++)
		send_text(f, make(f, text, "bob@example.com", "c", i,
				  "Contact: <sip:b@h>\r\n"));
	wait_for(&f->replies, 210);
	registrar_stats(f->r, &st);
	assert_true(st.failed < 100);
	/* one that waits is not answered for each time that it comes */
	send_text(f, make(f, text, "bob@example.com", "c", 300,
			  "Contact: <sip:b@h>\r\n"));
	(void)make(f, text, "bob@example.com", "c", 301,
		   "Contact: <sip:b@h>\r\n");
	for (unsigned i = 0; i < 20; i++)
		send_text(f, text);
	wait_for(&f->replies, 212);
	assert_int_equal(reg(f, "q", 1, ""), 200);
	assert_int_equal(f->replies, 213);
}

static void restart(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 5, "Contact: <sip:a@h1>, <sip:b@h2>\r\n"),
			 200);
	stop(f);
	start(f);
	assert_int_equal(reg(f, "c", 4, "Contact: <sip:a@h1>\r\n"), 500);
	assert_int_equal(reg(f, "c", 6, "Contact: <sip:a@h1>\r\n"), 200);
	assert_int_equal(contacts(f), 2);
}

static void stopped_in_between(void **state)
{
	struct fix *f = *state;
	char text[8192];

	send_text(f, make(f, text, "alice@example.com", "c", 1,
			  "Contact: <sip:a@h>\r\n"));
	send_text(f, make(f, text, "alice@example.com", "c", 2,
			  "Contact: <sip:a@h>\r\n"));
	while (!location_busy(f->loc, &(struct pl)PL("alice@example.com"))) {
		struct tmr tmr;

		tmr_init(&tmr);
		tmr_start(&tmr, 1, (tmr_h *)re_cancel, NULL);
		assert_int_equal(re_main(NULL), 0);
		tmr_cancel(&tmr);
		if (f->replies)
			break;
	}
	stop(f);
	start(f);
	assert_int_equal(location_count(f->loc, NULL), 1);
}

/* ---- flows ------------------------------------------------------------------------- */

/* A store that can't be written to: nothing is acknowledged */
static void not_stored(void **state)
{
	static char path[] = "/tmp/carom-registrar-XXXXXX";
	struct fix *f = *state;
	struct registrar_stats st;

	stop(f);
	mem_deref(f->store);
	assert_non_null(mkdtemp(path));
	(void)chdir(path);
	assert_int_equal(store_open(&f->store, "db", false), 0);
	mem_deref(f->store);
	assert_int_equal(store_open(&f->store, "db", true), 0);
	start(f);
	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@h>\r\n"), 503);
	assert_true(has(f, "\r\nRetry-After: "));
	assert_int_equal(location_count(f->loc, NULL), 0);
	registrar_stats(f->r, &st);
	assert_int_equal(st.failed, 1);
	assert_int_equal(st.accepted, 0);
	(void)system("rm -rf /tmp/carom-registrar-??????");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_contact),   T(several_with_q), T(star),
		T(order_of_cseq), T(bounds),         T(too_many),
		T(refused),       T(aor_as_meant),   T(path_and_route),
		T(many_at_once),  T(restart),        T(stopped_in_between),
		T(not_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
