/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_call.c  Calls through the proxy: one carrier, or the next
 */
#include "provider_fix.h"

/* ---- a call ------------------------------------------------------------------------ */

static void through(void **state)
{
	const char *m;
	char via[64];

	(void)state;
	add_route("{\"id\":\"r\",\"provider\":\"one\",\"rewrite\":{\"called\":["
		  "{\"strip\":1,\"add\":\"00\"}],\"caller\":[{\"strip\":1,"
		  "\"add\":\"+49\"}]}}");
	invite();
	await(&t.node, "SIP/2.0 100 ");
	m = await(&t.one, "INVITE sip:004912@127.0.0.1:");
	contains(m, "Max-Forwards: 19\r\n");
	contains(m, "From: \"A\" <sip:+4930@node.test>;tag=caller\r\n");
	contains(m, "CSeq: 7 INVITE\r\n");
	/* nothing that takes us: we are not there for what follows */
	lacks(m, "Record-Route");
	/* our Via before the node's, whose rport is filled in */
	(void)re_snprintf(via, sizeof(via),
			  "Via: SIP/2.0/UDP %J;branch=", &t.proxy);
	contains(m, via);
	(void)re_snprintf(via, sizeof(via),
			  "branch=z9hG4bKn%u;received=127.0.0.1;rport=%u\r\n",
			  t.branch, sa_port(&t.node.addr));
	contains(m, via);

	answer(&t.one, "100 Trying", "");
	answer(&t.one, "183 Session Progress", "X-Y: z\r\n");
	m = await(&t.node, "SIP/2.0 183 Session Progress\r\n");
	contains(m, "From: \"A\" <sip:030@node.test>;tag=caller\r\n");
	contains(m, "X-Y: z\r\n");
	(void)re_snprintf(via, sizeof(via), "%J;branch=z9hG4bKp", &t.proxy);
	lacks(m, via);
	/* the node's INVITE again: the last answer again, and no other INVITE */
	request("INVITE", "sip:+4912@proxy", "7", "", "");
	await(&t.node, "SIP/2.0 183 ");
	answer(&t.one, "200 OK", "");
	await(&t.node, "SIP/2.0 200 OK\r\n");
	/* a 200 that comes again, for its ACK was lost */
	answer(&t.one, "200 OK", "");
	await(&t.node, "SIP/2.0 200 OK\r\n");
	quiet(&t.one, "INVITE", 700);
}

/* A proxy before us stays: it would have to know the carrier's Contact */
static void behind_an_edge(void **state)
{
	const char *m;

	(void)state;
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	++t.branch;
	request("INVITE", "sip:+4912@proxy", "7", "",
		"Record-Route: <sip:edge.test;lr>\r\n");
	m = await(&t.one, "INVITE");
	m = strstr(m, "\r\nRecord-Route: <sip:o0~");
	assert_non_null(m);
	contains(m, "\r\nRecord-Route: <sip:edge.test;lr>\r\n");
}

/* Refused: the ACK is ours, and again when the failure comes again; the node's is
 * taken, and ends ours */
static void refused(void **state)
{
	(void)state;
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "486 Busy Here", "");
	await(&t.node, "SIP/2.0 486 Busy Here");
	contains(await(&t.one, "ACK sip:+4912@127.0.0.1:"), "CSeq: 7 ACK\r\n");
	(void)await(&t.node, "SIP/2.0 486 ");
	request("ACK", "sip:+4912@proxy", "7", ";tag=callee", "");
	quiet(&t.node, "SIP/2.0 486", 1200);
}

static void no_way(void **state)
{
	(void)state;
	add_route("{\"id\":\"r\",\"provider\":\"none\",\"prefix\":\"+4912\"}");
	invite();
	await(&t.node, "SIP/2.0 503 No Provider Is Up");
	assert_int_equal(routes_del(providers_routes(t.ps), "r"), 0);
	invite();
	await(&t.node, "SIP/2.0 404 No Route");
	++t.branch;
	request("INVITE", "sip:proxy", "7", "", "");
	await(&t.node, "SIP/2.0 484 ");
	++t.branch;
	request("MESSAGE", "sip:1@proxy", "7", "", "");
	contains(await(&t.node, "SIP/2.0 405 "), "Allow: INVITE");
	++t.branch;
	request("BYE", "sip:1@proxy", "7", ";tag=x", "");
	await(&t.node, "SIP/2.0 481 ");
	++t.branch;
	request("CANCEL", "sip:1@proxy", "7", "", "");
	await(&t.node, "SIP/2.0 481 ");
	++t.branch;
	request("INVITE", "sip:1@proxy", "7", "", "Proxy-Require: foo\r\n");
	contains(await(&t.node, "SIP/2.0 420 "), "Unsupported: foo\r\n");
}

/* ---- the next one ----------------------------------------------------------------- */

static void by_code(void **state)
{
	(void)state;
	two_routes("{\"codes\":[500]}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "500 No", "");
	await(&t.one, "ACK");
	await(&t.two, "INVITE");
	answer(&t.two, "404 Not Found", "");
	/* the better of the two: who knows the number says that it is none */
	await(&t.node, "SIP/2.0 404 Not Found");
	/* it has said no, and is alive */
	assert_int_equal(provider_route_health(provider_find(t.ps, "one")),
			 ROUTE_UP);
}

static void told_to_wait(void **state)
{
	(void)state;
	two_routes("{}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "503 Busy", "Retry-After: 60\r\n");
	await(&t.two, "INVITE");
	answer(&t.two, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");
	assert_int_equal(provider_route_health(provider_find(t.ps, "one")),
			 ROUTE_DOWN);
	/* the next call does not even try */
	invite();
	await(&t.two, "INVITE");
	quiet(&t.one, "INVITE", 100);
}

/* Silence: whoever rings after all is cancelled, whoever answers hung up on */
static void late(void **state)
{
	const char *m;

	(void)state;
	two_routes("{\"timeout\":150}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "100 Trying", "");
	await(&t.two, "INVITE");
	/* it has said Trying: it is cancelled at once */
	contains(await(&t.one, "CANCEL sip:+4912@"), "CSeq: 7 CANCEL\r\n");
	answer(&t.one, "200 OK", "");
	answer(&t.two, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");

	/* no word at all, and then an answer out of the blue */
	invite();
	await(&t.one, "INVITE");
	await(&t.two, "INVITE");
	answer(&t.two, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");
	assert_int_equal(provider_route_health(provider_find(t.ps, "one")),
			 ROUTE_DOWN);
	answer(&t.one, "200 OK", "Record-Route: <sip:rr.test;lr>\r\n");
	m = await(&t.one, "ACK sip:127.0.0.1:");
	contains(m, "Route: <sip:rr.test;lr>\r\n");
	contains(m, "CSeq: 7 ACK\r\n");
	m = await(&t.one, "BYE sip:127.0.0.1:");
	contains(m, "CSeq: 8 BYE\r\n");
	contains(m, ";tag=callee\r\n");
}

static void rings(void **state)
{
	(void)state;
	two_routes("{\"timeout\":150}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "180 Ringing", "");
	await(&t.node, "SIP/2.0 180 ");
	/* nobody else is tried */
	quiet(&t.two, "INVITE", 400);
}

/* ---- given up -------------------------------------------------------------------------- */

static void cancelled(void **state)
{
	char *req;

	(void)state;
	two_routes("{}");
	invite();
	await(&t.one, "INVITE");
	request("CANCEL", "sip:+4912@proxy", "7", "", "");
	await(&t.node, "SIP/2.0 200 OK");
	/* not before it has been heard (RFC 3261 9.1) */
	quiet(&t.one, "CANCEL", 300);
	req = mem_ref((void *)await(&t.one, "INVITE"));
	answer(&t.one, "180 Ringing", "");
	await(&t.one, "CANCEL");
	answer(&t.one, "200 OK", "");
	answer_to(&t.one, req, "487 Terminated", "");
	contains(await(&t.node, "SIP/2.0 487 "), "CSeq: 7 INVITE\r\n");
	await(&t.one, "ACK");
	mem_deref(req);
	quiet(&t.two, "INVITE", 200);
}

/* ---- a log-in ----------------------------------------------------------------------------- */

/* Given up before anybody was heard, and then nobody is there: no other is tried */
static void cancelled_in_vain(void **state)
{
	(void)state;
	two_routes("{}");
	invite();
	await(&t.one, "INVITE");
	request("CANCEL", "sip:+4912@proxy", "7", "", "");
	await(&t.node, "SIP/2.0 200 OK");
	/* the INVITE that comes again has an ICMP error for an answer */
	t.one.us = mem_deref(t.one.us);
	await(&t.node, "SIP/2.0 487 ");
	quiet(&t.two, "INVITE", 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(through),        TEST(refused),
		TEST(behind_an_edge), TEST(no_way),
		TEST(by_code),        TEST(told_to_wait),
		TEST(late),           TEST(rings),
		TEST(cancelled),      TEST(cancelled_in_vain),
	};

	return cmocka_run_group_tests(tests, all_up, all_down);
}
