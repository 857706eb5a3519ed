/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_ends.c  Calls that end as nobody asked for: answered too late, given up while a
 * log-in is asked for, come back to us
 */
#include "provider/loop.h"
#include "provider/outbound.h"
#include "provider_fix.h"

/* ---- answered too late --------------------------------------------------------- */

/* Provider one is silent, two takes the call; then one answers. @return one's INVITE */
static char *answered_late(void)
{
	char *req;

	two_routes("{\"timeout\":150}");
	invite();
	req = mem_ref((void *)await(&t.one, "INVITE"));
	await(&t.two, "INVITE");
	answer(&t.two, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");
	answer_to(&t.one, req, "200 OK", "");
	await(&t.one, "ACK");
	return req;
}

/* Lost, a BYE comes again until it is answered (17.1.2) */
static void bye_again(void **state)
{
	char *req = answered_late(), *bye;

	(void)state;
	bye = mem_ref((void *)await(&t.one, "BYE"));
	contains(await(&t.one, "BYE"), headers(bye, "Via"));
	contains(await(&t.one, "BYE"), headers(bye, "CSeq"));
	answer(&t.one, "481 Who", "");
	quiet(&t.one, "BYE", 2500);
	assert_int_equal(transs_count(outbound_transs(t.ps->out)), 2);
	mem_deref(bye);
	mem_deref(req);
}

/* A 200 that comes again has its ACK again, and no other BYE; one of another callee (a
 * fork) both */
static void ack_again(void **state)
{
	char *req = answered_late(), text[4096];
	struct pl branch;

	(void)state;
	await(&t.one, "BYE");
	answer(&t.one, "200 OK", "");
	answer_to(&t.one, req, "200 OK", "");
	contains(await(&t.one, "ACK"), ";tag=callee\r\n");
	quiet(&t.one, "BYE", 100);

	assert_int_equal(re_regex(headers(req, "Via"),
				  strlen(headers(req, "Via")), "[^\r]+",
				  &branch),
			 0);
	(void)re_snprintf(text, sizeof(text),
			  "SIP/2.0 200 OK\r\n%s%sTo: <sip:a@b>;tag=fork\r\n"
			  "%s%sContact: <sip:%J>\r\nContent-Length: 0\r\n\r\n",
			  headers(req, "Via"), headers(req, "From"),
			  headers(req, "Call-ID"), headers(req, "CSeq"),
			  &t.two.addr);
	say(&t.one, text);
	/* straight to who says that he is there */
	contains(await(&t.two, "ACK"), ";tag=fork\r\n");
	contains(await(&t.two, "BYE"), ";tag=fork\r\n");
	answer(&t.two, "200 OK", "");
	mem_deref(req);
}

/* A carrier may ask who ends a call: once */
static void bye_logs_in(void **state)
{
	static const char asks[] = "Proxy-Authenticate: Digest realm=\"R\", "
				   "nonce=\"n\", qop=\"auth\"\r\n";
	char *req, *bye;

	(void)state;
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\"");
	req = answered_late();
	bye = mem_ref((void *)await(&t.one, "BYE"));
	lacks(bye, "Authorization");
	/* straight, not by the Record-Route that is our own */
	lacks(bye, "Route:");
	lacks(bye, "received=");
	answer(&t.one, "407 Who", asks);
	await(&t.one, "BYE");
	contains(t.one.last, "\r\nProxy-Authorization: Digest username=\"u\"");
	contains(t.one.last, "CSeq: 9 BYE\r\n");
	answer(&t.one, "407 Who", asks);
	quiet(&t.one, "BYE", 700);
	assert_int_equal(
		list_count(&transs_byes(outbound_transs(t.ps->out))->l), 0);
	mem_deref(bye);
	mem_deref(req);
}

/* ---- given up while a log-in is asked for ----------------------------------------- */

static void cancel_meets_challenge(void **state)
{
	char *req;

	(void)state;
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\"");
	two_routes("{}");
	invite();
	req = mem_ref((void *)await(&t.one, "INVITE"));
	request("CANCEL", "sip:+4912@proxy", "7", "", "");
	await(&t.node, "SIP/2.0 200 OK");
	answer_to(&t.one, req, "407 Log In",
		  "Proxy-Authenticate: Digest realm=\"R\", nonce=\"n\"\r\n");
	await(&t.one, "ACK");
	contains(await(&t.node, "SIP/2.0 487 "), "CSeq: 7 INVITE\r\n");
	quiet(&t.one, "INVITE", 700);
	quiet(&t.two, "INVITE", 1);
	mem_deref(req);
}

/* Nor is another tried, on what would else be a reason to */
static void cancel_meets_failure(void **state)
{
	char *req;

	(void)state;
	two_routes("{}");
	invite();
	req = mem_ref((void *)await(&t.one, "INVITE"));
	request("CANCEL", "sip:+4912@proxy", "7", "", "");
	await(&t.node, "SIP/2.0 200 OK");
	answer_to(&t.one, req, "500 Oh", "");
	await(&t.node, "SIP/2.0 487 ");
	/* another code is the callee's word */
	request("ACK", "sip:+4912@proxy", "7", ";tag=callee", "");
	invite();
	mem_deref(req);
	req = mem_ref((void *)await(&t.one, "INVITE"));
	request("CANCEL", "sip:+4912@proxy", "7", "", "");
	answer_to(&t.one, req, "486 Busy", "");
	await(&t.node, "SIP/2.0 486 ");
	quiet(&t.two, "INVITE", 300);
	mem_deref(req);
}

/* ---- come back to us ------------------------------------------------------------------ */

/* Send what came to a carrier on, to us, as a proxy would.
 * @param user  That is called, instead of +4912 */
static void comes_back(struct party *p, const char *req, const char *user)
{
	const char *rest = strstr(req, "\r\n") + 2;
	char text[8192];

	(void)re_snprintf(text, sizeof(text),
			  "INVITE sip:%s@back SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP %J;branch=z9hG4bKback%u\r\n%s",
			  user, &p->addr, ++t.branch, rest);
	say(p, text);
}

static void comes_round(void **state)
{
	char *first;

	(void)state;
	two_routes("{}");
	invite();
	first = mem_ref((void *)await(&t.one, "INVITE"));
	comes_back(&t.one, first, "+4912");
	contains(await(&t.one, "SIP/2.0 482 Loop"), "z9hG4bKback");
	quiet(&t.one, "INVITE", 100);
	/* and the call is as it was */
	answer_to(&t.one, first, "500 Oh", "");
	await(&t.two, "INVITE");
	mem_deref(first);
}

/* What comes back changed may go on: a spiral (16.3), but not for ever */
static void spiral(void **state)
{
	char user[16];
	char *req;

	(void)state;
	t.ps = mem_deref(t.ps);
	make_house(false);
	add_provider("one", &t.one, "");
	add_route("{\"id\":\"a\",\"provider\":\"one\"}");
	invite();
	for (unsigned i = 1; i < LOOP_TURNS; i++) {
		req = mem_ref((void *)await(&t.one, "INVITE"));
		(void)re_snprintf(user, sizeof(user), "%u", i);
		comes_back(&t.one, req, user);
		mem_deref(req);
	}
	req = mem_ref((void *)await(&t.one, "INVITE"));
	comes_back(&t.one, req, "x");
	await(&t.one, "SIP/2.0 482 ");
	mem_deref(req);
}

/* Another call of the same numbers is none; nor is a Via that only looks like ours */
static void no_loop(void **state)
{
	(void)state;
	two_routes("{}");
	++t.branch;
	request("INVITE", "sip:+4912@proxy", "7", "",
		"Via: SIP/2.0/UDP 127.0.0.1;"
		"branch=z9hG4bKp0123456789abcdef.0123456789abcdef01234567\r\n");
	await(&t.one, "INVITE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bye_again),
		TEST(ack_again),
		TEST(bye_logs_in),
		TEST(cancel_meets_challenge),
		TEST(cancel_meets_failure),
		TEST(comes_round),
		TEST(spiral),
		TEST(no_loop),
	};

	return cmocka_run_group_tests(tests, all_up, all_down);
}
