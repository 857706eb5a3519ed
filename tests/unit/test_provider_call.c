/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_call.c  Calls through the proxy: a node and two carriers, scripted, on loopback
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <cmocka.h>
#include <re.h>
#include "base/log.h"
#include "provider/core.h"
#include "provider/outbound.h"
#include "store/store.h"
#include "fake_dns.h"
#include "route_util.h"

enum { ENOUGH = 20000 /* ms: a hang is a failure */, QUEUE = 16 };

/* Somebody with a socket, and what came to it */
struct party {
	struct udp_sock *us;
	struct sa addr;
	char *gotv[QUEUE];
	size_t n;
	char *last; /* that was waited for                                 */
};

static struct {
	struct fake_dns *dns;
	struct dns *client;
	struct store *store;
	struct providers *ps;
	struct sa proxy;
	struct party node, one, two;
	struct tmr end;
	const struct party *waiting;
	const char *begin;
	unsigned branch;
} t;

/* ---- parties ------------------------------------------------------------------ */

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static void received(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct party *p = arg;

	(void)src;
	/* probes are another test's */
	if (mbuf_get_left(mb) > 7 && begins((char *)mbuf_buf(mb), "OPTIONS"))
		return;
	assert_true(p->n < QUEUE);
	assert_int_equal(mbuf_strdup(mb, &p->gotv[p->n], mbuf_get_left(mb)), 0);
	p->n++;
	if (p == t.waiting)
		re_cancel();
}

static void open_party(struct party *p)
{
	assert_int_equal(sa_set_str(&p->addr, "127.0.0.1", 0), 0);
	assert_int_equal(udp_listen(&p->us, &p->addr, received, p), 0);
	assert_int_equal(udp_local_get(p->us, &p->addr), 0);
}

static void close_party(struct party *p)
{
	mem_deref(p->us);
	for (size_t i = 0; i < p->n; i++)
		mem_deref(p->gotv[i]);
	mem_deref(p->last);
	memset(p, 0, sizeof(*p));
}

static void give_up(void *arg)
{
	(void)arg;
	re_cancel();
}

/* The next message to it that begins so; retransmissions before it don't count */
static const char *await(struct party *p, const char *begin)
{
	tmr_start(&t.end, ENOUGH, give_up, NULL);
	for (;;) {
		while (p->n) {
			char *s = p->gotv[0];

			p->n--;
			memmove(p->gotv, p->gotv + 1, p->n * sizeof(char *));
			if (begins(s, begin)) {
				mem_deref(p->last);
				p->last = s;
				tmr_cancel(&t.end);
				return s;
			}
			mem_deref(s);
		}
		t.waiting = p;
		assert_int_equal(re_main(NULL), 0);
		t.waiting = NULL;
		if (!tmr_isrunning(&t.end))
			fail_msg("'%s' did not come", begin);
	}
}

static void nothing_came(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Nothing that begins so comes within some time */
static void quiet(struct party *p, const char *begin, unsigned ms)
{
	tmr_start(&t.end, ms, nothing_came, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&t.end);
	for (size_t i = 0; i < p->n; i++)
		if (begins(p->gotv[i], begin))
			fail_msg("%s", p->gotv[i]);
}

static void say(struct party *p, const char *text)
{
	struct mbuf *mb = mbuf_alloc(2048);

	assert_int_equal(mbuf_write_str(mb, text), 0);
	mb->pos = 0;
	assert_int_equal(udp_send(p->us, &t.proxy, mb), 0);
	mem_deref(mb);
}

/* Headers of a message: those of that name, with their line ends */
static char *headers(const char *msg, const char *name)
{
	static char v[8][2048];
	static unsigned i;
	char *out = v[i++ % 8];
	size_t n = 0;

	out[0] = '\0';
	for (const char *p = msg; p && *p; p = strstr(p, "\r\n")) {
		const char *end;

		if (begins(p, "\r\n"))
			p += 2;
		if (begins(p, "\r\n"))
			break;
		end = strstr(p, "\r\n");
		if (!end || !begins(p, name) || p[strlen(name)] != ':')
			continue;
		n += (size_t)re_snprintf(out + n, 2048 - n, "%b\r\n", p,
					 (size_t)(end - p));
	}
	return out;
}

static void answer_to(struct party *p, const char *req, const char *status,
		      const char *more)
{
	char text[4096];
	char to[512];

	str_ncpy(to, headers(req, "To"), sizeof(to));
	if (!strstr(to, ";tag=") && strncmp(status, "100", 3) != 0)
		(void)re_snprintf(to + strlen(to) - 2, 64, ";tag=callee\r\n");
	(void)re_snprintf(text, sizeof(text),
			  "SIP/2.0 %s\r\n%s%s%s%s%s%sContact: <sip:%J>\r\n%s"
			  "Content-Length: 0\r\n\r\n",
			  status, headers(req, "Via"),
			  headers(req, "Record-Route"), headers(req, "From"),
			  to, headers(req, "Call-ID"), headers(req, "CSeq"),
			  &p->addr, more);
	say(p, text);
}

/* The request that was waited for last */
static void answer(struct party *p, const char *status, const char *more)
{
	answer_to(p, p->last, status, more);
}

/* The node's request. @param routes  Headers, or "" */
static void request(const char *method, const char *uri, const char *cseq,
		    const char *to_tag, const char *more)
{
	char text[4096];

	(void)re_snprintf(
		text, sizeof(text),
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %J;branch=z9hG4bKn%u;rport\r\n"
		"%sMax-Forwards: 20\r\n"
		"From: \"A\" <sip:030@node.test>;tag=caller\r\n"
		"To: <sip:+4912@x>%s\r\nCall-ID: one@node\r\nCSeq: %s %s\r\n"
		"Contact: <sip:%J>\r\nContent-Length: 0\r\n\r\n",
		method, uri, &t.node.addr, t.branch, more, to_tag, cseq, method,
		&t.node.addr);
	say(&t.node, text);
}

static void invite(void)
{
	++t.branch;
	request("INVITE", "sip:+4912@proxy", "7", "", "");
}

/* Route headers of the dialog, out of the response that came to the node */
static const char *routes(void)
{
	static char text[1024];
	const char *rr = headers(t.node.last, "Record-Route");

	(void)re_snprintf(text, sizeof(text), "%s%s", *rr ? "Route" : "",
			  *rr ? rr + strlen("Record-Route") : "");
	return text;
}

/* ---- the house ------------------------------------------------------------------- */

static void add_provider(const char *id, const struct party *p,
			 const char *more)
{
	struct fields_err e = {"", ""};
	struct record *r = NULL;
	struct odict *o;
	char text[512];

	(void)re_snprintf(text, sizeof(text),
			  "{\"id\":\"%s\",\"hostname\":\"127.0.0.1\","
			  "\"port\":%u,\"transport\":\"udp\"%s}",
			  id, sa_port(&p->addr), more);
	o = json(text);
	if (record_decode(&r, o, providers_defaults(t.ps), &e))
		fail_msg("%s: %s", e.path, e.text);
	assert_int_equal(provider_put(t.ps, r), 0);
	mem_deref(o);
	mem_deref(r);
}

static void add_route(const char *text)
{
	struct route *r = route_of(text);

	assert_int_equal(routes_put(providers_routes(t.ps), r), 0);
	mem_deref(r);
}

static void make_house(bool always)
{
	static struct outbound_conf out;
	struct providers_conf conf = {
		.store = t.store,
		.dns = t.client,
		.dns_timeout = 500,
		.probe_wire = {.listenc = 1,
			       .cert = {.min_version = 12},
			       .connections = 16,
			       .idle = 60,
			       .connect = 5000},
		.rate = 100,
		.from = "sip:carom@carom.invalid",
		.def = {0, 5000, 2, 2},
		.outbound = &out,
	};
	char why[128] = "";

	memset(&out, 0, sizeof(out));
	out.wire = conf.probe_wire;
	out.wire.listenv[0].addr = t.proxy;
	out.wire.listenv[1].addr = t.proxy;
	out.wire.listenv[1].transp = MSG_TCP;
	out.wire.listenc = 2;
	out.record_route = always;
	out.calls = 4;
	out.trustc = 1;
	assert_int_equal(sa_set_str(&out.trustv[0].addr, "127.0.0.0", 0), 0);
	out.trustv[0].bits = 8;
	assert_int_equal(
		sa_set_str(&conf.probe_wire.listenv[0].addr, "0.0.0.0", 0), 0);
	if (providers_alloc(&t.ps, &conf, why, sizeof(why)))
		fail_msg("%s", why);
}

/* A port that is free: the socket that had it is closed again */
static void choose_port(void)
{
	struct udp_sock *us = NULL;

	assert_int_equal(sa_set_str(&t.proxy, "127.0.0.1", 0), 0);
	assert_int_equal(udp_listen(&us, &t.proxy, received, NULL), 0);
	assert_int_equal(udp_local_get(us, &t.proxy), 0);
	mem_deref(us);
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	tmr_init(&t.end);
	t.dns = fake_dns();
	t.client = fake_client(t.dns);
	assert_int_equal(store_open(&t.store, ":memory:", false), 0);
	choose_port();
	open_party(&t.node);
	open_party(&t.one);
	open_party(&t.two);
	make_house(false);
	add_provider("one", &t.one, "");
	add_provider("two", &t.two, "");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tmr_cancel(&t.end);
	t.ps = mem_deref(t.ps);
	t.store = mem_deref(t.store);
	t.client = mem_deref(t.client);
	t.dns = mem_deref(t.dns);
	close_party(&t.node);
	close_party(&t.one);
	close_party(&t.two);
	return 0;
}

static void contains(const char *msg, const char *what)
{
	if (!strstr(msg, what))
		fail_msg("'%s' is not in:\n%s", what, msg);
}

static void lacks(const char *msg, const char *what)
{
	if (strstr(msg, what))
		fail_msg("'%s' is in:\n%s", what, msg);
}

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

static void two_routes(const char *failover)
{
	char text[256];

	(void)re_snprintf(text, sizeof(text),
			  "{\"id\":\"a\",\"provider\":\"one\",\"priority\":1,"
			  "\"failover\":%s}",
			  failover);
	add_route(text);
	add_route("{\"id\":\"b\",\"provider\":\"two\",\"priority\":2}");
}

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

/* ---- dialogs ------------------------------------------------------------------------------- */

static void dialog(void **state)
{
	char other[1200], uri[64], *p;
	const char *m;

	(void)state;
	t.ps = mem_deref(t.ps);
	make_house(true);
	add_provider("one", &t.one, "");
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");
	(void)re_snprintf(uri, sizeof(uri), "sip:%J", &t.one.addr);
	++t.branch;
	request("ACK", uri, "7", ";tag=callee", routes());
	m = await(&t.one, "ACK sip:127.0.0.1:");
	lacks(m, "\r\nRoute:");
	/* some give it the branch of the INVITE */
	--t.branch;
	request("ACK", uri, "7", ";tag=callee", routes());
	await(&t.one, "ACK sip:127.0.0.1:");

	/* another process, with the same store */
	str_ncpy(other, routes(), sizeof(other));
	t.ps = mem_deref(t.ps);
	make_house(true);
	++t.branch;
	request("BYE", uri, "8", ";tag=callee", other);
	await(&t.one, "BYE sip:127.0.0.1:");
	answer(&t.one, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");

	/* a mark that does not fit, and no mark at all */
	p = strstr(other, "~one~");
	assert_non_null(p);
	p[5] = p[5] == '0' ? '1' : '0';
	++t.branch;
	request("BYE", uri, "9", ";tag=callee", other);
	await(&t.node, "SIP/2.0 403 ");
	(void)re_snprintf(other, sizeof(other), "Route: <sip:%J;lr>\r\n",
			  &t.proxy);
	++t.branch;
	request("BYE", uri, "9", ";tag=callee", other);
	await(&t.node, "SIP/2.0 403 ");
	quiet(&t.one, "BYE", 100);
}

static void strangers(void **state)
{
	(void)state;
	t.ps = mem_deref(t.ps);
	make_house(false);
	add_provider("one", &t.one, "");
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	/* 4 at a time */
	for (unsigned i = 0; i < 4; i++) {
		invite();
		await(&t.one, "INVITE");
	}
	invite();
	contains(await(&t.node, "SIP/2.0 503 Too Many Calls"), "Retry-After:");
	say(&t.node, "INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=1;"
		     "rport\r\nMax-Forwards: 0\r\nFrom: <sip:a@b>;tag=1\r\n"
		     "To: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
		     "Content-Length: 0\r\n\r\n");
	await(&t.node, "SIP/2.0 483 ");
	say(&t.node, "INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=1;"
		     "rport\r\nMax-Forwards: x\r\nFrom: <sip:a@b>;tag=1\r\n"
		     "To: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
		     "Content-Length: 0\r\n\r\n");
	await(&t.node, "SIP/2.0 400 ");
}

/* ---- registration -------------------------------------------------------------------- */

static const char *registration(void)
{
	static char text[512];
	struct odict *o = NULL;

	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(provider_status(o, provider_find(t.ps, "one")), 0);
	(void)re_snprintf(text, sizeof(text), "%H", json_encode_odict, o);
	mem_deref(o);
	return text;
}

static void registers(void **state)
{
	char answer_text[256];
	const char *m;

	(void)state;
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\","
		     "\"register\":{\"expires\":60,\"contact_user\":\"in\","
		     "\"domain\":\"reg.test\"}");
	m = await(&t.one, "REGISTER sip:reg.test SIP/2.0");
	contains(m, "To: <sip:u@reg.test>\r\n");
	contains(m, "Expires: 60\r\n");
	lacks(m, "Authorization");
	answer(&t.one, "401 Who",
	       "WWW-Authenticate: Digest realm=\"R\", nonce=\"n\"\r\n");
	/* one without qop: RFC 2069 */
	m = await(&t.one, "REGISTER");
	contains(m, "\r\nAuthorization: Digest username=\"u\"");
	lacks(m, "qop");
	answer(&t.one, "423 Too Short", "Min-Expires: 1800\r\n");
	m = await(&t.one, "REGISTER");
	contains(m, "Expires: 1800\r\n");
	/* our Contact among others', with a time of its own */
	(void)re_snprintf(answer_text, sizeof(answer_text),
			  "Contact: <sip:x@y>;expires=5, "
			  "<sip:in@%J>;q=1;expires=1200\r\n"
			  "Service-Route: <sip:%J;lr>\r\n",
			  &t.proxy, &t.two.addr);
	answer(&t.one, "200 OK", answer_text);
	quiet(&t.one, "REGISTER", 200);
	contains(registration(), "\"state\":\"registered\"");

	/* calls go by the Service-Route, and we stay in their path */
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	invite();
	m = await(&t.two, "INVITE sip:+4912@127.0.0.1:");
	(void)re_snprintf(answer_text, sizeof(answer_text),
			  "\r\nRoute: <sip:%J;lr>\r\n", &t.two.addr);
	contains(m, answer_text);
	contains(m, "\r\nRecord-Route: <sip:o0~");

	/* the last word */
	assert_int_equal(provider_del(t.ps, "one"), 0);
	contains(await(&t.one, "REGISTER"), "Expires: 0\r\n");
}

static void registers_in_vain(void **state)
{
	(void)state;
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\","
		     "\"register\":{}");
	await(&t.one, "REGISTER");
	answer(&t.one, "401 Who",
	       "WWW-Authenticate: Digest realm=\"other\", nonce=\"n\"\r\n");
	quiet(&t.one, "REGISTER", 300);
	contains(registration(), "its realm is 'other', not 'R'");
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"q\","
		     "\"register\":{}");
	for (unsigned i = 0; i < 2; i++) {
		await(&t.one, "REGISTER");
		answer(&t.one, "401 Who",
		       "WWW-Authenticate: Digest realm=\"R\", "
		       "nonce=\"n\"\r\n");
	}
	/* not for ever: who asks again and again locks himself out */
	quiet(&t.one, "REGISTER", 300);
	contains(registration(), "it does not take our log-in");
	contains(registration(), "\"state\":\"failed\"");
	/* nor a second more each time */
	add_provider("one", &t.one,
		     ",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\","
		     "\"register\":{}");
	await(&t.one, "REGISTER");
	answer(&t.one, "423 Too Short", "Min-Expires: 3601\r\n");
	contains(await(&t.one, "REGISTER"), "Expires: 3601\r\n");
	answer(&t.one, "423 Too Short", "Min-Expires: 3602\r\n");
	quiet(&t.one, "REGISTER", 300);
	contains(registration(), "423 Too Short");
}

/* Of 16 connections half are for those that we make */
static void connections(void **state)
{
	int fdv[9];
	char c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fdv); i++) {
		fdv[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fdv[i], &t.proxy.u.sa, t.proxy.len))
			fail_msg("%zu: %s", i, strerror(errno));
		/* the queue of a listener is short */
		quiet(&t.node, "SIP", 20);
	}
	quiet(&t.node, "SIP", 300);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(recv(fdv[i], &c, 1, MSG_DONTWAIT), -1);
		assert_int_equal(errno, EAGAIN);
	}
	assert_int_equal(recv(fdv[8], &c, 1, MSG_DONTWAIT), 0);
	/* a place that is free again */
	close(fdv[0]);
	close(fdv[8]);
	quiet(&t.node, "SIP", 300);
	fdv[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fdv[0], &t.proxy.u.sa, t.proxy.len), 0);
	quiet(&t.node, "SIP", 300);
	assert_int_equal(recv(fdv[0], &c, 1, MSG_DONTWAIT), -1);
	for (size_t i = 0; i < 8; i++)
		close(fdv[i]);
}

static void is_over(int err, const char *why, const struct wire_in *in,
		    void *arg)
{
	int *errp = arg;

	(void)why;
	(void)in;
	*errp = err;
	re_cancel();
}

/* One on whom the connection breaks while it is sent is told so, but not before it is
 * there */
static void breaks(void **state)
{
	static const struct linger at_once = {1, 0};
	struct transs *ts = outbound_transs(t.ps->out);
	int first = 0, second = 0, lfd, fd;
	struct trans *a = NULL, *b = NULL;
	struct trans_req r = {.method = "INFO", .transp = MSG_TCP};

	(void)state;
	assert_int_equal(sa_set_str(&r.dst, "127.0.0.1", 0), 0);
	lfd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(lfd, &r.dst.u.sa, r.dst.len), 0);
	assert_int_equal(getsockname(lfd, &r.dst.u.sa, &r.dst.len), 0);
	assert_int_equal(listen(lfd, 1), 0);
	pl_set_str(&r.uri, "sip:x");
	pl_set_str(&r.rest, "Content-Length: 0\r\n\r\n");
	assert_int_equal(trans_send(&a, ts, &r, is_over, &first), 0);
	fd = accept(lfd, NULL, NULL);
	assert_true(fd >= 0);
	/* until it has come, it is sent where it waits for the connection */
	for (char c; recv(fd, &c, 1, MSG_DONTWAIT) != 1;)
		quiet(&t.node, "SIP", 10);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
				    sizeof(at_once)),
			 0);
	close(fd);
	close(lfd);
	assert_int_equal(trans_send(&b, ts, &r, is_over, &second), 0);
	assert_int_equal(first, EHOSTUNREACH);
	assert_int_equal(second, 0);
	tmr_start(&t.end, ENOUGH, give_up, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&t.end);
	assert_int_equal(second, EHOSTUNREACH);
	trans_release(a);
	trans_release(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(through),   TEST(refused),      TEST(behind_an_edge),
		TEST(no_way),    TEST(by_code),      TEST(told_to_wait),
		TEST(late),      TEST(rings),        TEST(cancelled),
		TEST(logs_in),   TEST(shows_nobody), TEST(shows_its_own),
		TEST(not_taken), TEST(callers_own),  TEST(cancelled_in_vain),
		TEST(dialog),    TEST(strangers),    TEST(connections),
		TEST(breaks),    TEST(registers),    TEST(registers_in_vain),
	};
	int failed;

	if (libre_init())
		return 1;
	log_init(LOG_ERROR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
