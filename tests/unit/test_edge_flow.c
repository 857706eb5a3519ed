/* SPDX-License-Identifier: BSD-2-Clause */
/* Flow tokens: requests that find a client's connection, on whichever edge it
 * ends, and those of the client that must not come back to him */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "edge/contact.h"
#include "edge/forward.h"
#include "edge/key.h"

#define VIP "192.0.2.100"
#define OWN1 "192.0.2.11"
#define OWN2 "192.0.2.12"
#define FARM "192.0.2.31"
#define CLIENT "198.51.100.7"

enum { UDP = 0, OWN, TCP, WS };

static struct policy *edge1, *edge2;
static struct ds_sets *sets;
static struct msg msg;
static struct forward_out out;
static char text[8192]; /* what left */

static struct sa addr(const char *ip, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, ip, port), 0);
	return sa;
}

static void listener(struct policy *p, enum msg_transp t, const char *ip,
		     uint16_t port, bool own)
{
	struct policy_listener *l = &p->listenerv[p->listenerc++];

	l->transp = t;
	l->addr = l->advertised = addr(ip, port);
	l->own = own;
}

static struct policy *edge(const char *own)
{
	struct policy *p = NULL;

	assert_int_equal(policy_alloc(&p), 0);
	p->key[0] = 1;
	p->key[1] = 2;
	listener(p, MSG_UDP, VIP, 5060, false);
	listener(p, MSG_UDP, own, 5060, true);
	listener(p, MSG_TCP, VIP, 5060, false);
	listener(p, MSG_WS, VIP, 8080, false);
	p->setv[0].set = mem_ref(ds_sets_find(sets, 1));
	p->setv[0].flags = SIP_SET_RR;
	p->rulec = 1;
	assert_int_equal(str_dup(&p->domainv[0], "example.com"), 0);
	p->domainc = 1;
	p->netv = mem_zalloc(2 * sizeof(*p->netv), NULL);
	assert_non_null(p->netv);
	for (unsigned i = 0; i < 2; i++)
		p->netv[i] = (struct policy_net){
			.addr = addr(i ? OWN2 : OWN1, 0),
			.bits = 32,
			.flags = SIP_NET_TRUSTED,
			.set = SIP_NONE};
	p->netc = 2;
	return p;
}

static int setup(void **state)
{
	struct ds_list *list = NULL;
	struct pl pl = PL("1 sip:" FARM ":5060\n");
	(void)state;

	assert_int_equal(ds_list_parse(&list, "list", &pl, NULL), 0);
	assert_int_equal(ds_sets_alloc(&sets, NULL), 0);
	assert_int_equal(ds_sets_merge(sets, list, 1, NULL), 0);
	mem_deref(list);
	edge1 = edge(OWN1);
	edge2 = edge(OWN2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	edge1 = mem_deref(edge1);
	edge2 = mem_deref(edge2);
	sets = mem_deref(sets);
	return 0;
}

/* A message with plain line ends */
static enum forward_verdict put(const struct policy *p, unsigned in,
				const char *ip, uint16_t port, const char *m)
{
	static char crlf[8192];
	struct forward_in i = {.listener = in, .src = addr(ip, port)};
	enum forward_verdict v;
	size_t n = 0;

	for (; *m; m++) {
		if (*m == '\n')
			crlf[n++] = '\r';
		crlf[n++] = *m;
	}
	i.text = (struct pl){crlf, n};
	v = forward(p, &i, &msg, &out);
	text[0] = '\0';
	if (out.mb)
		(void)re_snprintf(text, sizeof(text), "%b", mbuf_buf(out.mb),
				  mbuf_get_left(out.mb));
	out.mb = mem_deref(out.mb);
	return v;
}

static void has(const char *what)
{
	if (!strstr(text, what))
		fail_msg("no '%s' in:\n%s", what, text);
}

static void has_not(const char *what)
{
	if (strstr(text, what))
		fail_msg("'%s' in:\n%s", what, text);
}

static void goes_to(enum msg_transp t, const char *ip, uint16_t port)
{
	const struct sa want = addr(ip, port);

	assert_int_equal(out.transp, t);
	if (!sa_cmp(&out.dst, &want, SA_ALL)) {
		char have[80];

		re_snprintf(have, sizeof(have), "%J", &out.dst);
		fail_msg("goes to %s", have);
	}
}

static const char *request(const char *method, const char *uri, const char *via,
			   const char *more, bool tag)
{
	static char m[4096];

	(void)re_snprintf(
		m, sizeof(m),
		"%s %s SIP/2.0\nVia: %s;branch=z9hG4bK1\n%s"
		"From: <sip:a@example.com>;tag=1\nTo: <sip:b@example.com>%s\n"
		"Call-ID: c\nCSeq: 1 %s\nMax-Forwards: 70\n"
		"Content-Length: 0\n\n",
		method, uri, via, more, tag ? ";tag=2" : "", method);
	return m;
}

#define CVIA "SIP/2.0/TCP 10.0.0.1:5061"
#define FVIA "SIP/2.0/UDP " FARM ":5060"

/* The n'th Record-Route of what left, without the name */
static void record_route(char *to, size_t sz, unsigned n)
{
	const char *p = text;

	for (unsigned i = 0; i <= n; i++) {
		p = strstr(i ? p + 1 : p, "Record-Route: ");
		assert_non_null(p);
	}
	p += strlen("Record-Route: ");
	(void)re_snprintf(to, sz, "%b", p, strcspn(p, "\r"));
}

static char top[200], bottom[200]; /* as the farm sees them */

/* The client calls the farm through edge 1 */
static void call(void)
{
	assert_int_equal(
		put(edge1, TCP, CLIENT, 40000,
		    request("INVITE", "sip:b@example.com", CVIA, "", false)),
		FORWARD_SEND);
	goes_to(MSG_UDP, FARM, 5060);
	assert_int_equal(out.listener, OWN);
	record_route(top, sizeof(top), 0);
	record_route(bottom, sizeof(bottom), 1);
}

static const char *routes(const char *a, const char *b)
{
	static char r[500];

	(void)re_snprintf(r, sizeof(r), "Route: %s\nRoute: %s\n", a, b);
	return r;
}

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
		cmocka_unit_test_setup_teardown(test_record_route, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_to_the_client, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_from_the_client, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_wrong_edge, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_forged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_routes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_called, setup, teardown),
		cmocka_unit_test_setup_teardown(test_datagrams, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_natted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel_follows, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_response, setup, teardown),
		cmocka_unit_test_setup_teardown(test_registered, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
