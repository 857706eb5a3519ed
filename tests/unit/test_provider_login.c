/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_login.c  A carrier that wants to know who calls
 */
#include "provider_fix.h"

#define CHALLENGE                                                              \
	"Proxy-Authenticate: Digest realm=\"else\", nonce=\"x\"\r\n"           \
	"Proxy-Authenticate: Digest realm=\"r, \\\"1\", nonce=\"x\"\r\n"       \
	"Proxy-Authenticate: Digest realm=\"R\", nonce=\"n1\", qop=\"auth\", " \
	"algorithm=MD5\r\n"                                                    \
	"Proxy-Authenticate: Digest algorithm=SHA-256,realm=\"R\","            \
	"qop=\"auth-int,auth\",nonce=\"n2\",opaque=\"o\"\r\n"

static void logs_in(void **state)
{
	const char *m;
	char uri[64];

	(void)state;
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\"");
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	invite();
	m = await(&t.one, "INVITE");
	lacks(m, "Proxy-Authorization");
	contains(m, "Record-Route: <sip:o0~");
	answer(&t.one, "407 Log In", CHALLENGE);
	await(&t.one, "ACK");
	m = await(&t.one, "INVITE");
	/* a loop to a server that knows the rules, were it the same (8.2.2.2) */
	contains(m, "CSeq: 8 INVITE\r\n");
	contains(m, "Record-Route: <sip:o1~");
	contains(m, "realm=\"R\", nonce=\"n2\"");
	contains(m, "algorithm=SHA-256, qop=auth, nc=00000001");
	contains(m, "opaque=\"o\"");
	answer(&t.one, "183 Progress", "Require: 100rel\r\nRSeq: 5\r\n");
	m = await(&t.node, "SIP/2.0 183 ");
	contains(m, "CSeq: 7 INVITE\r\n");

	++t.branch;
	(void)re_snprintf(uri, sizeof(uri), "sip:%J", &t.one.addr);
	{
		char more[1200];

		(void)re_snprintf(more, sizeof(more), "%sRAck: 5 7 INVITE\r\n",
				  routes());
		request("PRACK", uri, "8", ";tag=callee", more);
	}
	m = await(&t.one, "PRACK");
	contains(m, "CSeq: 9 PRACK\r\n");
	contains(m, "RAck: 5 8 INVITE\r\n");
	contains(m, "nc=00000002");
	lacks(m, "Route: <sip:o1~");
	answer(&t.one, "407 Again", CHALLENGE);
	/* within the dialog the same will do (12.2.2) */
	m = await(&t.one, "PRACK");
	contains(m, "CSeq: 9 PRACK\r\n");
	contains(m, "nc=00000001");
	answer(&t.one, "200 OK", "");
	contains(await(&t.node, "SIP/2.0 200 "), "CSeq: 8 PRACK\r\n");
}

/* Where a request within a dialog goes is the caller's to say: whoever is there is not
 * shown our log-in, whatever nonce he likes best */
static void shows_nobody(void **state)
{
	char more[1300];

	(void)state;
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\"");
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "407 Log In", CHALLENGE);
	await(&t.one, "ACK");
	await(&t.one, "INVITE");
	answer(&t.one, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");
	++t.branch;
	(void)re_snprintf(more, sizeof(more), "%sRoute: <sip:%J;lr>\r\n",
			  routes(), &t.two.addr);
	request("REGISTER", "sip:provider.test", "8", ";tag=callee", more);
	lacks(await(&t.two, "REGISTER"), "Authorization");
	answer(&t.two, "407 Log In", CHALLENGE);
	await(&t.node, "SIP/2.0 407 ");
	quiet(&t.two, "REGISTER", 300);
}

/* ... but for whom the provider has named: another host that takes its dialogs */
static void shows_its_own(void **state)
{
	char uri[64], more[1300], req[4096];

	(void)state;
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\"");
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "407 Log In", CHALLENGE);
	await(&t.one, "ACK");
	/* in front of ours */
	(void)re_snprintf(req, sizeof(req), "Record-Route: <sip:%J;lr>\r\n%s",
			  &t.two.addr, strstr(await(&t.one, "INVITE"), "Via:"));
	answer_to(&t.one, req, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");
	++t.branch;
	(void)re_snprintf(uri, sizeof(uri), "sip:%J", &t.one.addr);
	(void)re_snprintf(more, sizeof(more), "%sRoute: <sip:%J;lr>\r\n",
			  strstr(headers(t.one.last, "Record-Route"), "Route:"),
			  &t.two.addr);
	request("BYE", uri, "8", ";tag=callee", more);
	contains(await(&t.two, "BYE"), "nc=00000002");
}

static void not_taken(void **state)
{
	(void)state;
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\"");
	two_routes("{}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "407 Log In", CHALLENGE);
	await(&t.one, "ACK");
	await(&t.one, "INVITE");
	answer(&t.one, "407 Log In", CHALLENGE);
	/* to the other one: a caller can do nothing about it */
	await(&t.two, "INVITE");
	answer(&t.two, "500 No", "");
	contains(await(&t.node, "SIP/2.0 500 "), "500 No\r\n");
}

/* It is the caller who has a log-in there */
static void callers_own(void **state)
{
	const char *m;

	(void)state;
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	++t.branch;
	request("INVITE", "sip:+4912@proxy", "7", "",
		"Route: <sip:elsewhere.test;lr>, <sip:b;lr>\r\n"
		"Proxy-Authorization: Digest username=\"x\"\r\n");
	m = await(&t.one, "INVITE");
	contains(m, "Proxy-Authorization: Digest username=\"x\"\r\n");
	/* we are who says where it goes */
	lacks(m, "elsewhere.test");
	lacks(m, "\r\nRoute:");
	answer(&t.one, "407 Log In", CHALLENGE);
	contains(await(&t.node, "SIP/2.0 407 "), "nonce=\"n2\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(logs_in),   TEST(shows_nobody), TEST(shows_its_own),
		TEST(not_taken), TEST(callers_own),
	};

	return cmocka_run_group_tests(tests, all_up, all_down);
}
