/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_edge_flow.c  Flow tokens: requests that find a client's connection, on whichever edge it ends
 */
#include "flow_fix.h"

static void test_record_route(void **state)
{
	(void)state;
	call();
	has("Via: SIP/2.0/UDP " OWN1 ":5060;branch=");
	has("@" OWN1 ":5060;lr>\r\nRecord-Route: <sip:" VIP
	    ":5060;transport=tcp;lr>\r\n");
	/* how the response finds the connection */
	has(CVIA ";branch=z9hG4bK1;rport=40000;received=" CLIENT "\r\n");
}

static void test_to_the_client(void **state)
{
	(void)state;
	call();
	assert_int_equal(put(edge1, OWN, FARM, 5060,
			     request("BYE", "sip:a@10.0.0.1:5061", FVIA,
				     routes(top, bottom), true)),
			 FORWARD_SEND);
	assert_true(out.flow);
	goes_to(MSG_TCP, CLIENT, 40000);
	assert_int_equal(out.listener, TCP);
	has_not("Route:");
	has("Via: SIP/2.0/TCP " VIP ":5060;");
}

static void test_from_the_client(void **state)
{
	(void)state;
	call();
	for (unsigned again = 0; again < 2; again++) {
		/* the same connection; another one, at the other edge */
		assert_int_equal(put(again ? edge2 : edge1, TCP, CLIENT,
				     again ? 40001 : 40000,
				     request("BYE", "sip:b@" FARM, CVIA,
					     routes(bottom, top), true)),
				 FORWARD_SEND);
		assert_false(out.flow);
		goes_to(MSG_UDP, FARM, 5060);
		has_not("Route:");
		has(again ? "Via: SIP/2.0/UDP " OWN2 ":5060;"
			  : "Via: SIP/2.0/UDP " OWN1 ":5060;");
	}
}

static void test_wrong_edge(void **state)
{
	char vip[200], *host;
	(void)state;

	call();
	assert_int_equal(put(edge2, UDP, FARM, 5060,
			     request("BYE", "sip:a@10.0.0.1:5061", FVIA,
				     routes(top, bottom), true)),
			 FORWARD_SEND);
	goes_to(MSG_UDP, OWN1, 5060);
	assert_int_equal(out.listener, OWN);
	has(top);
	/* the token says it, whatever the host is */
	str_ncpy(vip, top, sizeof(vip));
	host = strstr(vip, OWN1);
	str_ncpy(host, VIP ":5060;lr>", sizeof(vip) - (size_t)(host - vip));
	assert_int_equal(put(edge2, UDP, FARM, 5060,
			     request("BYE", "sip:a@10.0.0.1:5061", FVIA,
				     routes(vip, bottom), true)),
			 FORWARD_SEND);
	goes_to(MSG_UDP, OWN1, 5060);
	has(vip);
	/* and from there on it is at home */
	assert_int_equal(put(edge1, OWN, OWN2, 5060,
			     request("BYE", "sip:a@10.0.0.1:5061",
				     "SIP/2.0/UDP " OWN2 ":5060",
				     routes(vip, bottom), true)),
			 FORWARD_SEND);
	goes_to(MSG_TCP, CLIENT, 40000);
}

static void test_forged(void **state)
{
	char bad[200];
	(void)state;

	call();
	str_ncpy(bad, top, sizeof(bad));
	bad[strlen("<sip:f1024c6336407")] ^= 1; /* another port */
	assert_int_equal(put(edge1, OWN, FARM, 5060,
			     request("BYE", "sip:a@10.0.0.1:5061", FVIA,
				     routes(bad, bottom), true)),
			 FORWARD_REPLY);
	has("SIP/2.0 403 ");
	/* a good one, in the wrong hands */
	assert_int_equal(put(edge1, OWN, "203.0.113.5", 5060,
			     request("MESSAGE", "sip:a@10.0.0.1:5061",
				     "SIP/2.0/UDP 203.0.113.5:5060",
				     routes(top, bottom), false)),
			 FORWARD_REPLY);
	has("SIP/2.0 403 ");
	/* somebody else's user part is no token */
	assert_int_equal(put(edge1, OWN, FARM, 5060,
			     request("BYE", "sip:a@" FARM, FVIA,
				     "Route: <sip:edge@" OWN1 ";lr>\n", true)),
			 FORWARD_SEND);
	assert_false(out.flow);
}

/* Of more Routes than are kept none is lost when ours is taken off */
static void test_many_routes(void **state)
{
	char more[1024] = "Route: <sip:edge@" OWN1 ";lr>\n";
	char last[] = "Route: <sip:10.9.9.9;lr>\r\n";
	(void)state;

	for (unsigned i = 1; i <= 9; i++)
		(void)re_snprintf(more + strlen(more),
				  sizeof(more) - strlen(more),
				  "Route: <sip:10.9.9.%u;lr>\n", i);
	assert_int_equal(put(edge1, OWN, FARM, 5060,
			     request("BYE", "sip:a@" FARM, FVIA, more, true)),
			 FORWARD_SEND);
	has_not("edge@");
	for (char i = '1'; i <= '9'; i++) {
		last[19] = i;
		has(last);
	}
}

static void test_called(void **state)
{
	(void)state;
	/* REGISTER leaves a Path ... */
	assert_int_equal(
		put(edge1, WS, CLIENT, 50000,
		    request("REGISTER", "sip:example.com",
			    "SIP/2.0/WS x.invalid",
			    "Contact: <sip:a@x.invalid>;reg-id=1\n", false)),
		FORWARD_SEND);
	has("@" OWN1 ":5060;lr;ob>\r\n");
	(void)re_snprintf(top, sizeof(top), "%b", strstr(text, "Path: ") + 6,
			  strcspn(strstr(text, "Path: ") + 6, "\r"));
	/* ... by which the farm calls */
	(void)re_snprintf(bottom, sizeof(bottom), "Route: %s\n", top);
	assert_int_equal(
		put(edge1, OWN, FARM, 5060,
		    request("INVITE", "sip:a@x.invalid", FVIA, bottom, false)),
		FORWARD_SEND);
	goes_to(MSG_WS, CLIENT, 50000);
	has("Via: SIP/2.0/WS " VIP ":8080;");
	has("Record-Route: <sip:" VIP ":8080;transport=ws;lr>\r\n"
	    "Record-Route: <sip:f3");
	/* what the client sees first leads to us, and back to the farm */
	record_route(top, sizeof(top), 0);
	record_route(bottom, sizeof(bottom), 1);
	assert_int_equal(
		put(edge2, WS, CLIENT, 50001,
		    request("BYE", "sip:b@" FARM, "SIP/2.0/WS x.invalid",
			    routes(top, bottom), true)),
		FORWARD_SEND);
	goes_to(MSG_UDP, FARM, 5060);
	/* without reg-id it is no outbound registration */
	assert_int_equal(put(edge1, WS, CLIENT, 50000,
			     request("REGISTER", "sip:example.com",
				     "SIP/2.0/WS x.invalid",
				     "Contact: <sip:a@x.invalid>\n", false)),
			 FORWARD_SEND);
	has("@" OWN1 ":5060;lr>\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_record_route),    T(test_to_the_client),
		T(test_from_the_client), T(test_wrong_edge),
		T(test_forged),          T(test_many_routes),
		T(test_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
