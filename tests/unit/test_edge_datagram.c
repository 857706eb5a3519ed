/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_edge_datagram.c  Clients by UDP behind a NAT, what is too long for a datagram, and registered users
 */
#include "edge/contact.h"
#include "edge/key.h"
#include "flow_fix.h"

/* A set that asks for Path has it over UDP too: the token is an address, which any
 * edge may send to */
static void test_datagrams(void **state)
{
	static const char via[] = "SIP/2.0/UDP 10.0.0.1:5060;rport";
	(void)state;

	edge1->setv[0].flags = edge2->setv[0].flags = SIP_SET_RR | SIP_SET_PATH;
	assert_int_equal(put(edge1, UDP, CLIENT, 6000,
			     request("REGISTER", "sip:example.com", via,
				     "Contact: <sip:a@10.0.0.1>\n", false)),
			 FORWARD_SEND);
	has("Path: <sip:f0");
	has("@" VIP ":5060;lr>\r\n");
	(void)re_snprintf(top, sizeof(top), "Route: %b\n",
			  strstr(text, "Path: ") + 6,
			  strcspn(strstr(text, "Path: ") + 6, "\r"));
	assert_int_equal(
		put(edge2, UDP, FARM, 5060,
		    request("INVITE", "sip:a@10.0.0.1", FVIA, top, false)),
		FORWARD_SEND);
	goes_to(MSG_UDP, CLIENT, 6000);
	assert_int_equal(out.listener, UDP);
	/* and what comes later in the dialog finds him as well */
	record_route(top, sizeof(top), 0);
	record_route(bottom, sizeof(bottom), 1);
	assert_int_equal(put(edge1, UDP, FARM, 5060,
			     request("BYE", "sip:a@10.0.0.1", FVIA,
				     routes(bottom, top), true)),
			 FORWARD_SEND);
	goes_to(MSG_UDP, CLIENT, 6000);
	assert_int_equal(put(edge1, UDP, CLIENT, 6000,
			     request("BYE", "sip:b@" FARM, via,
				     routes(top, bottom), true)),
			 FORWARD_SEND);
	goes_to(MSG_UDP, FARM, 5060);
}

/* So has who calls from behind a NAT: his Contact is of no use to the far side */
static void test_natted(void **state)
{
	static const char via[] = "SIP/2.0/UDP 10.0.0.1:5060;rport";
	(void)state;

	edge1->setv[0].flags = edge2->setv[0].flags = SIP_SET_RR;
	assert_int_equal(
		put(edge1, UDP, CLIENT, 6000,
		    request("INVITE", "sip:b@example.com", via, "", false)),
		FORWARD_SEND);
	has("Record-Route: <sip:" VIP ":5060;lr>\r\n");
	has_not("Record-Route: <sip:f0");
	edge1->setv[0].flags = edge2->setv[0].flags = SIP_SET_RR | SIP_SET_PATH;
	/* not who is where he says */
	assert_int_equal(put(edge1, UDP, CLIENT, 5060,
			     request("INVITE", "sip:b@example.com",
				     "SIP/2.0/UDP " CLIENT, "", false)),
			 FORWARD_SEND);
	has_not("Record-Route: <sip:f0");
	assert_int_equal(
		put(edge1, UDP, CLIENT, 6000,
		    request("INVITE", "sip:b@example.com", via, "", false)),
		FORWARD_SEND);
	record_route(top, sizeof(top), 0);
	record_route(bottom, sizeof(bottom), 1);
	/* the farm's BYE finds him by any edge, whatever his Contact says */
	assert_int_equal(put(edge2, UDP, FARM, 5060,
			     request("BYE", "sip:a@10.0.0.1", FVIA,
				     routes(top, bottom), true)),
			 FORWARD_SEND);
	goes_to(MSG_UDP, CLIENT, 6000);
	/* and his goes to the farm, from whichever port he has by now */
	assert_int_equal(put(edge2, UDP, CLIENT, 6001,
			     request("BYE", "sip:b@" FARM, via,
				     routes(bottom, top), true)),
			 FORWARD_SEND);
	goes_to(MSG_UDP, FARM, 5060);
}

/* A target's own transport; and TCP for what is too long, unless it was refused */
static bool refused;

static bool try_tcp(const struct sa *dst, void *arg)
{
	(void)dst;
	(void)arg;
	return !refused;
}

/* What the edge remembers of a call */
static uint64_t by_tcp;

static void remember(unsigned set, const struct ds_target *t, uint64_t call,
		     bool stream, void *arg)
{
	(void)set;
	(void)t;
	(void)arg;
	by_tcp = stream ? call : 0;
}

static bool streamed(unsigned set, uint64_t call, void *arg)
{
	(void)set;
	(void)arg;
	return by_tcp == call;
}

/* CANCEL is short, and yet goes where its INVITE went, by the same transport (RFC
 * 3261 9.1): else it is of no transaction that the node knows */
static void test_cancel_follows(void **state)
{
	static const char via[] = "SIP/2.0/UDP " CLIENT ":5060";
	char branch[64];
	struct pl pl;
	(void)state;

	edge1->try_tcp = try_tcp;
	edge1->remember = remember;
	edge1->streamed = streamed;
	by_tcp = 0;
	for (unsigned i = 0; i < 2; i++) {
		refused = i;
		edge1->datagram = 200;
		put(edge1, UDP, CLIENT, 5060,
		    request("INVITE", "sip:b@example.com", via, "", false));
		out.datagram = mem_deref(out.datagram);
		goes_to(refused ? MSG_UDP : MSG_TCP, FARM, 5060);
		assert_int_equal(
			re_regex(text, strlen(text), "branch=[^\r]+", &pl), 0);
		assert_int_equal(pl_strcpy(&pl, branch, sizeof(branch)), 0);
		edge1->datagram = 1300;
		put(edge1, UDP, CLIENT, 5060,
		    request("CANCEL", "sip:b@example.com", via, "", false));
		out.datagram = mem_deref(out.datagram);
		goes_to(refused ? MSG_UDP : MSG_TCP, FARM, 5060);
		has(branch);
		put(edge1, UDP, CLIENT, 5060,
		    request("ACK", "sip:b@example.com", via, "", true));
		out.datagram = mem_deref(out.datagram);
		goes_to(refused ? MSG_UDP : MSG_TCP, FARM, 5060);
		put(edge1, UDP, CLIENT, 5060,
		    request("MESSAGE", "sip:b@example.com", via, "", false));
		goes_to(MSG_UDP, FARM, 5060);
	}
}

static void test_too_long(void **state)
{
	const char *m = request("MESSAGE", "sip:b@example.com",
				"SIP/2.0/UDP " CLIENT ":5060", "", false);
	(void)state;

	edge1->datagram = 200;
	edge1->try_tcp = try_tcp;
	for (unsigned i = 0; i < 2; i++) {
		refused = i;
		assert_int_equal(put(edge1, UDP, CLIENT, 5060, m),
				 FORWARD_SEND);
		goes_to(refused ? MSG_UDP : MSG_TCP, FARM, 5060);
		has(refused ? "Via: SIP/2.0/UDP " VIP ":5060;"
			    : "Via: SIP/2.0/TCP " VIP ":5060;");
		assert_int_equal(!!out.datagram, !refused);
		out.datagram = mem_deref(out.datagram);
	}
}

static void test_response(void **state)
{
	char reply[2000];
	(void)state;

	call();
	(void)re_snprintf(reply, sizeof(reply),
			  "SIP/2.0 180 Ringing\n%bVia: " CVIA
			  ";branch=z9hG4bK1;rport=40000;received=" CLIENT
			  "\nFrom: <sip:a@example.com>;tag=1\n"
			  "To: <sip:b@example.com>;tag=2\nCall-ID: c\n"
			  "CSeq: 1 INVITE\n\n",
			  strstr(text, "Via:"),
			  strcspn(strstr(text, "Via:"), "\r") + 2);
	for (char *p = reply; (p = strchr(p, '\r'));)
		memmove(p, p + 1, strlen(p));
	assert_int_equal(put(edge1, OWN, FARM, 5060, reply), FORWARD_SEND);
	assert_true(out.flow);
	goes_to(MSG_TCP, CLIENT, 40000);
	assert_int_equal(out.listener, TCP);
	/* a stream needs it (18.3) */
	has("Content-Length: 0\r\n");
	/* when the connection is gone (18.2.2) */
	assert_int_equal(sa_port(&out.reopen), 5061);
}

/* A registered user who came to edge 1 by TCP: his Path is a token of it */
static char path[200];

static int find_user(struct contact **cp, const struct msg *m, void *arg)
{
	struct contact_binding b = {.uri = PL("sip:u@10.0.0.1:5061"),
				    .expires = 1};
	(void)m;

	pl_set_str(&b.path, path);
	sa_init(&b.received, AF_UNSPEC);
	return contact_alloc(cp, arg, &b);
}

static bool phone(const struct sa *sa, void *arg)
{
	const struct sa caller = addr("203.0.113.5", 5060);
	(void)arg;

	return sa_cmp(sa, &caller, SA_ALL);
}

static void registered(struct policy *p)
{
	p->rulev[0] = (struct sip_rule){
		.flags = SIP_RULE_REGISTERED | SIP_RULE_RR, .set = SIP_NONE};
	p->registered = find_user;
	p->phone = phone;
	p->arg = p;
}

#define UVIA "SIP/2.0/UDP 203.0.113.5:5060"
#define NVIA "SIP/2.0/UDP 10.0.0.5:5060"

static void test_registered(void **state)
{
	struct key_flow f = {.transp = MSG_TCP, .listener = TCP};
	char token[KEY_TOKEN], caller[KEY_TOKEN], list[512];
	(void)state;

	f.peer = addr(CLIENT, 40000);
	f.holder = addr(OWN1, 5060);
	key_token(token, edge1, &f);
	(void)re_snprintf(path, sizeof(path), "<sip:%s@" OWN1 ":5060;lr;ob>",
			  token);
	registered(edge1);
	registered(edge2);

	/* at the edge that has the connection */
	assert_int_equal(
		put(edge1, UDP, "203.0.113.5", 5060,
		    request("INVITE", "sip:u@example.com", UVIA, "", false)),
		FORWARD_SEND);
	goes_to(MSG_TCP, CLIENT, 40000);
	assert_true(out.flow);
	has("INVITE sip:u@10.0.0.1:5061 SIP/2.0\r\n");
	has_not("\r\nRoute:");
	has(token);
	out.contact = mem_deref(out.contact);

	/* at the other one: to that, which does what there is to record */
	assert_int_equal(
		put(edge2, UDP, "203.0.113.5", 5060,
		    request("INVITE", "sip:u@example.com", UVIA, "", false)),
		FORWARD_SEND);
	goes_to(MSG_UDP, OWN1, 5060);
	assert_int_equal(out.listener, OWN);
	has("INVITE sip:u@10.0.0.1:5061 SIP/2.0\r\n");
	has("\r\nRoute: <sip:f");
	has_not("Record-Route:");
	out.contact = mem_deref(out.contact);

	/* but for a caller behind a NAT */
	assert_int_equal(
		put(edge2, UDP, "203.0.113.5", 5060,
		    request("INVITE", "sip:u@example.com", NVIA, "", false)),
		FORWARD_SEND);
	has("Record-Route:");
	out.contact = mem_deref(out.contact);
	f = (struct key_flow){.transp = MSG_UDP, .listener = UDP};
	f.peer = addr("203.0.113.5", 5060);
	f.holder = addr(OWN2, 5060);
	key_token(caller, edge2, &f);
	(void)re_snprintf(list, sizeof(list),
			  "Route: <sip:" VIP ":5060;lr>\n"
			  "Route: <sip:%s@" OWN2 ":5060;lr>\n"
			  "Route: <sip:%s@" OWN1 ":5060;lr>\n",
			  caller, token);
	/* whose ACK comes to either edge */
	assert_int_equal(
		put(edge1, UDP, "203.0.113.5", 5060,
		    request("ACK", "sip:u@10.0.0.1:5061", NVIA, list, true)),
		FORWARD_SEND);
	goes_to(MSG_TCP, CLIENT, 40000);
	has_not("Route:");
	assert_int_equal(
		put(edge2, UDP, "203.0.113.5", 5060,
		    request("ACK", "sip:u@10.0.0.1:5061", NVIA, list, true)),
		FORWARD_SEND);
	goes_to(MSG_UDP, OWN1, 5060);
	assert_int_equal(out.listener, OWN);
	has("\r\nRoute: <sip:f");
	has_not(VIP ":5060;lr");
	/* and is not for who has only read the tokens */
	assert_int_equal(
		put(edge1, UDP, "203.0.113.6", 5060,
		    request("BYE", "sip:u@10.0.0.1:5061", NVIA, list, true)),
		FORWARD_REPLY);
	assert_int_equal(out.code, 403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_datagrams),      T(test_natted),   T(test_too_long),
		T(test_cancel_follows), T(test_response), T(test_registered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
