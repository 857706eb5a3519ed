/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_probe.c  Providers asked by OPTIONS: scripted peers on loopback
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>
#include <cmocka.h>
#include <re.h>
#include "base/log.h"
#include "provider/provider.h"
#include "store/store.h"
#include "fake_dns.h"
#include "route_util.h"

enum { ENOUGH = 20000 /* ms: a hang is a failure */ };

/* A peer: what it answers, and from which request on */
struct peer {
	struct udp_sock *us;
	struct tcp_sock *ts;
	struct tcp_conn *tc;
	struct tls_conn *sc;
	struct tls *tls;
	struct sa addr;
	const char *status; /* NULL: silent                                 */
	unsigned from;      /* requests that it ignores                     */
	unsigned got;
	char branch[64]; /* of the last                                  */
	unsigned branches;
};

static struct {
	struct fake_dns *dns;
	struct dns *client;
	struct store *store;
	struct providers *ps;
	struct peer peer;
	struct probe_wait *wait;
	struct health_result result;
	unsigned results;
	struct tmr end;
	char events[256];
} t;

/* ---- the peer ----------------------------------------------------------------- */

static bool answer(struct peer *p, struct mbuf *mb, struct mbuf *out)
{
	struct pl via, from, to, callid, cseq, branch;

	++p->got;
	assert_int_equal(re_regex((char *)mbuf_buf(mb), mbuf_get_left(mb),
				  "\r\nVia: [^\r]+\r\n", &via),
			 0);
	assert_int_equal(re_regex(via.p, via.l, "branch=[^;]+", &branch), 0);
	if (pl_strcmp(&branch, p->branch)) {
		(void)pl_strcpy(&branch, p->branch, sizeof(p->branch));
		++p->branches;
	}
	if (!p->status || p->got <= p->from)
		return false;
	(void)re_regex((char *)mbuf_buf(mb), mbuf_get_left(mb),
		       "\r\nFrom: [^\r]+\r\nTo: [^\r]+\r\nCall-ID: "
		       "[^\r]+\r\nCSeq: [^\r]+\r\n",
		       &from, &to, &callid, &cseq);
	assert_int_equal(mbuf_printf(out,
				     "SIP/2.0 %s\r\nVia: %r\r\nFrom: %r\r\n"
				     "To: %r;tag=1\r\nCall-ID: %r\r\n"
				     "CSeq: %r\r\nContent-Length: 0\r\n\r\n",
				     p->status, &via, &from, &to, &callid,
				     &cseq),
			 0);
	out->pos = 0;
	return true;
}

static void udp_handler(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct peer *p = arg;
	struct mbuf *out = mbuf_alloc(512);

	if (answer(p, mb, out))
		(void)udp_send(p->us, src, out);
	mem_deref(out);
}

static void tcp_handler(struct mbuf *mb, void *arg)
{
	struct peer *p = arg;
	struct mbuf *out = mbuf_alloc(512);

	if (answer(p, mb, out))
		(void)tcp_send(p->tc, out);
	mem_deref(out);
}

static void tcp_closed(int err, void *arg)
{
	struct peer *p = arg;

	(void)err;
	p->sc = mem_deref(p->sc);
	p->tc = mem_deref(p->tc);
}

static void tcp_incoming(const struct sa *src, void *arg)
{
	struct peer *p = arg;

	(void)src;
	p->sc = mem_deref(p->sc);
	p->tc = mem_deref(p->tc);
	assert_int_equal(
		tcp_accept(&p->tc, p->ts, NULL, tcp_handler, tcp_closed, p), 0);
	if (p->tls)
		assert_int_equal(tls_start_tcp(&p->sc, p->tls, p->tc, 0), 0);
}

/* An IPv4 port; by TCP with `stream` */
static void listen_peer(bool stream)
{
	struct peer *p = &t.peer;

	assert_int_equal(sa_set_str(&p->addr, "127.0.0.1", 0), 0);
	if (stream) {
		assert_int_equal(tcp_listen(&p->ts, &p->addr, tcp_incoming, p),
				 0);
		assert_int_equal(tcp_local_get(p->ts, &p->addr), 0);
	} else {
		assert_int_equal(udp_listen(&p->us, &p->addr, udp_handler, p),
				 0);
		assert_int_equal(udp_local_get(p->us, &p->addr), 0);
	}
}

static void close_peer(void)
{
	t.peer.us = mem_deref(t.peer.us);
	t.peer.sc = mem_deref(t.peer.sc);
	t.peer.tc = mem_deref(t.peer.tc);
	t.peer.ts = mem_deref(t.peer.ts);
	t.peer.tls = mem_deref(t.peer.tls);
}

/* ---- the house ------------------------------------------------------------------- */

static void event(const char *type, const struct odict *data, void *arg)
{
	const char *id = odict_string(data, "id");

	(void)arg;
	assert_non_null(id);
	(void)re_snprintf(t.events + strlen(t.events),
			  sizeof(t.events) - strlen(t.events), "%s %s,", type,
			  id);
}

static void make_house(const char *ca)
{
	struct providers_conf conf = {
		.store = t.store,
		.dns = t.client,
		.dns_timeout = 500,
		.probe_wire = {.listenc = 2,
			       .cert = {.min_version = 12, .ca = ca},
			       .verify = ca != NULL,
			       .avoid = {{{1024, 64999}}, 1},
			       .connections = 16,
			       .idle = 60,
			       .connect = 5000},
		.rate = 100,
		.from = "sip:carom@carom.invalid",
		.def = {0, 5000, 2, 2},
		.eventh = event,
	};
	char why[128] = "";

	assert_int_equal(
		sa_set_str(&conf.probe_wire.listenv[0].addr, "0.0.0.0", 0), 0);
	assert_int_equal(sa_set_str(&conf.probe_wire.listenv[1].addr, "::", 0),
			 0);
	if (providers_alloc(&t.ps, &conf, why, sizeof(why)))
		fail_msg("%s", why);
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	tmr_init(&t.end);
	t.dns = fake_dns();
	t.client = fake_client(t.dns);
	assert_int_equal(store_open(&t.store, ":memory:", false), 0);
	make_house(NULL);
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
	close_peer();
	return 0;
}

static struct provider *add(const char *fmt, ...)
{
	struct fields_err e = {"", ""};
	struct record *r = NULL;
	struct odict *o;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	o = json(text);
	if (record_decode(&r, o, providers_defaults(t.ps), &e))
		fail_msg("%s: %s", e.path, e.text);
	assert_int_equal(provider_put(t.ps, r), 0);
	mem_deref(o);
	mem_deref(r);
	return provider_find(t.ps, "p");
}

static struct provider *add_peer(const char *transport, const char *more)
{
	return add("{\"id\":\"p\",\"hostname\":\"127.0.0.1\",\"port\":%u,"
		   "\"transport\":\"%s\"%s}",
		   sa_port(&t.peer.addr), transport, more);
}

static void give_up(void *arg)
{
	(void)arg;
	re_cancel();
}

static void probed(const struct health_result *r, void *arg)
{
	(void)arg;
	t.result = *r;
	++t.results;
	re_cancel();
}

static void run(void)
{
	tmr_start(&t.end, ENOUGH, give_up, NULL);
	assert_int_equal(re_main(NULL), 0);
	assert_true(tmr_isrunning(&t.end));
	tmr_cancel(&t.end);
}

static void probe(struct provider *p, bool count)
{
	const unsigned before = t.results;

	assert_int_equal(provider_probe(&t.wait, p, count, probed, NULL), 0);
	run();
	assert_int_equal(t.results, before + 1);
	assert_null(t.wait);
}

/* ---- answers ------------------------------------------------------------------------ */

static void any_answer_is_healthy(void **state)
{
	struct provider *p;

	(void)state;
	listen_peer(false);
	p = add_peer("udp", "");
	t.peer.status = "404 Not Found";
	probe(p, false);
	assert_true(t.result.ok);
	assert_int_equal(t.result.code, 404);
	assert_string_equal(t.result.reason, "404 Not Found");
	assert_true(t.result.rtt > 0);
	assert_int_equal(t.peer.got, 1);
	/* it was asked for by hand: nothing is counted */
	assert_int_equal(provider_health(p)->state, HEALTH_UNKNOWN);
	assert_int_equal(provider_health(p)->at, 0);
	probe(p, true);
	assert_int_equal(provider_health(p)->state, HEALTH_UP);
}

static void codes_that_are_wanted(void **state)
{
	struct provider *p;

	(void)state;
	listen_peer(false);
	p = add_peer("udp", ",\"probe\":{\"codes\":[\"200-299\"]}");
	t.peer.status = "503 Busy";
	probe(p, true);
	assert_false(t.result.ok);
	assert_int_equal(t.result.code, 503);
	t.peer.status = "200 OK";
	probe(p, true);
	assert_true(t.result.ok);
}

/* Lost twice: RFC 3261 17.1.2.2 sends it again, and it is one transaction */
static void sent_again(void **state)
{
	struct provider *p;

	(void)state;
	listen_peer(false);
	p = add_peer("udp", "");
	t.peer.status = "200 OK";
	t.peer.from = 2;
	probe(p, false);
	assert_true(t.result.ok);
	assert_int_equal(t.peer.got, 3);
	assert_int_equal(t.peer.branches, 1);
}

static void silence(void **state)
{
	struct provider *p;

	(void)state;
	listen_peer(false);
	p = add_peer("udp", ",\"probe\":{\"timeout\":700}");
	probe(p, true);
	assert_false(t.result.ok);
	assert_int_equal(t.result.code, 0);
	assert_non_null(strstr(t.result.reason, "no answer within "));
	assert_int_equal(t.peer.got, 2);
	assert_int_equal(provider_route_health(p), ROUTE_UP);
	probe(p, true);
	assert_int_equal(provider_health(p)->state, HEALTH_DOWN);
	assert_int_equal(provider_route_health(p), ROUTE_DOWN);
	assert_string_equal(t.events, "provider.down p,");

	/* and back, after two */
	t.peer.status = "200 OK";
	probe(p, true);
	assert_int_equal(provider_route_health(p), ROUTE_DOWN);
	probe(p, true);
	assert_int_equal(provider_route_health(p), ROUTE_UP);
	assert_string_equal(t.events, "provider.down p,provider.up p,");
}

/* A host that says there is no such port is not waited for */
static void icmp(void **state)
{
	struct provider *p;
	const uint64_t begun = tmr_jiffies();

	(void)state;
	listen_peer(false);
	p = add_peer("udp", ",\"probe\":{\"timeout\":15000}");
	close_peer();
	probe(p, false);
	assert_false(t.result.ok);
	assert_string_equal(t.result.reason, "unreachable (ICMP)");
	assert_true(tmr_jiffies() - begun < 15000);
}

static void tcp(void **state)
{
	struct provider *p;

	(void)state;
	listen_peer(true);
	p = add_peer("tcp", "");
	t.peer.status = "200 OK";
	probe(p, false);
	assert_true(t.result.ok);
	probe(p, false);
	assert_true(t.result.ok);
	assert_int_equal(t.peer.got, 2);
}

static void tcp_refused(void **state)
{
	struct provider *p;

	(void)state;
	listen_peer(true);
	p = add_peer("tcp", ",\"probe\":{\"timeout\":15000}");
	close_peer();
	probe(p, false);
	assert_false(t.result.ok);
	assert_non_null(strstr(t.result.reason, "refused"));
}

/* Key and certificate in one file; the caller unlinks it */
static void make_cert(char *name, const char *subject)
{
	char command[256];
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	(void)close(fd);
	(void)re_snprintf(command, sizeof(command),
			  "openssl req -x509 -newkey rsa:2048 -nodes -keyout "
			  "%s.key -subj /CN=%s -days 2 -out %s 2>/dev/null && "
			  "cat %s.key >>%s && rm %s.key",
			  name, subject, name, name, name, name);
	assert_int_equal(system(command), 0);
}

static void tls_peer(void)
{
	char name[] = "/tmp/peer-XXXXXX";

	make_cert(name, "peer.test");
	listen_peer(true);
	assert_int_equal(tls_alloc(&t.peer.tls, TLS_METHOD_SSLV23, name, NULL),
			 0);
	(void)unlink(name);
	t.peer.status = "200 OK";
}

static void tls_unverified(void **state)
{
	struct provider *p;

	(void)state;
	tls_peer();
	p = add_peer("tls", "");
	probe(p, false);
	if (!t.result.ok)
		fail_msg("%s", t.result.reason);
}

/* Its certificate was signed by nobody we know: said as OpenSSL says it */
static void tls_bad_certificate(void **state)
{
	char name[] = "/tmp/ca-XXXXXX";
	struct provider *p;

	(void)state;
	make_cert(name, "other.test");
	t.ps = mem_deref(t.ps);
	make_house(name);
	(void)unlink(name);
	tls_peer();
	p = add_peer("tls", "");
	probe(p, false);
	assert_false(t.result.ok);
	if (!strstr(t.result.reason, "certificate: self"))
		fail_msg("%s", t.result.reason);
}

/* ---- names ---------------------------------------------------------------------------- */

static void names(void **state)
{
	struct provider *p;
	char line[128];

	(void)state;
	listen_peer(false);
	t.peer.status = "200 OK";
	(void)re_snprintf(
		line, sizeof(line),
		"_sip._udp.carrier.test 60 SRV 1 1 %u gw.carrier.test",
		sa_port(&t.peer.addr));
	fake_dns_add(t.dns, line);
	fake_dns_add(t.dns, "gw.carrier.test 60 A 127.0.0.1");
	p = add("{\"id\":\"p\",\"hostname\":\"carrier.test\","
		"\"transport\":\"udp\"}");
	probe(p, false);
	if (!t.result.ok)
		fail_msg("%s", t.result.reason);
	p = add("{\"id\":\"p\",\"hostname\":\"nowhere.test\"}");
	probe(p, false);
	assert_false(t.result.ok);
	assert_string_equal(t.result.reason, "there is no such name");
}

/* ---- who asks ---------------------------------------------------------------------------- */

static void two_ask_at_once(void **state)
{
	struct probe_wait *other = NULL;
	struct provider *p;

	(void)state;
	listen_peer(false);
	t.peer.status = "200 OK";
	p = add_peer("udp", "");
	assert_int_equal(provider_probe(&other, p, false, probed, NULL), 0);
	assert_int_equal(provider_probe(&t.wait, p, false, probed, NULL), 0);
	run();
	assert_int_equal(t.results, 2);
	assert_int_equal(t.peer.got, 1);
	assert_null(other);
	assert_null(t.wait);
}

/* Who asks may lose interest, and the provider may go, at any time */
static void interest_is_lost(void **state)
{
	struct probe_wait *v[PROBES_ASKED] = {NULL}, *more = NULL;
	struct provider *p;

	(void)state;
	listen_peer(false);
	p = add_peer("udp", "");
	for (size_t i = 0; i < PROBES_ASKED; i++)
		assert_int_equal(provider_probe(&v[i], p, false, probed, NULL),
				 0);
	assert_int_equal(provider_probe(&more, p, false, probed, NULL), EBUSY);
	for (size_t i = 1; i < PROBES_ASKED; i++)
		v[i] = mem_deref(v[i]);
	assert_int_equal(t.results, 0);
	assert_int_equal(provider_del(t.ps, "p"), 0);
	assert_int_equal(t.results, 1);
	assert_false(t.result.ok);
	assert_null(v[0]);
	assert_null(provider_find(t.ps, "p"));
	assert_int_equal(provider_del(t.ps, "p"), ENOENT);
}

/* ---- the store ------------------------------------------------------------------------------ */

static bool look(struct provider *p, void *arg)
{
	unsigned *n = arg;

	(void)p;
	++*n;
	return false;
}

static void remembered(void **state)
{
	static const char text[] = "{\"id\":\"p\",\"hostname\":\"192.0.2.1\"}";
	const struct pl key = PL("p"), junk = PL("junk");
	const struct pl value = {text, sizeof(text) - 1};
	const struct health_result r = {.reason = "no answer"};
	unsigned n = 0;

	(void)state;
	assert_int_equal(store_put(t.store, "provider", &key, &value), 0);
	assert_int_equal(store_put(t.store, "provider", &junk, &junk), 0);
	t.ps = mem_deref(t.ps);
	make_house(NULL);
	providers_each(t.ps, look, &n);
	assert_int_equal(n, 1);
	assert_int_equal(providers_count(t.ps), 1);
	provider_passive(provider_find(t.ps, "p"), &r);
	provider_passive(provider_find(t.ps, "p"), &r);
	assert_int_equal(provider_route_health(provider_find(t.ps, "p")),
			 ROUTE_DOWN);

	t.ps = mem_deref(t.ps);
	make_house(NULL);
	assert_int_equal(provider_route_health(provider_find(t.ps, "p")),
			 ROUTE_DOWN);
	assert_string_equal(
		provider_health(provider_find(t.ps, "p"))->last.reason,
		"no answer");
	/* another address: what was known is of no use */
	add("{\"id\":\"p\",\"hostname\":\"192.0.2.2\"}");
	assert_int_equal(provider_health(provider_find(t.ps, "p"))->state,
			 HEALTH_UNKNOWN);
	t.ps = mem_deref(t.ps);
	make_house(NULL);
	assert_int_equal(provider_health(provider_find(t.ps, "p"))->state,
			 HEALTH_UNKNOWN);
}

/* ---- turns ------------------------------------------------------------------------------------ */

static void watch(void *arg)
{
	(void)arg;
	/* every one of 300 was asked, at the rate that is set: 100 a second */
	if (t.peer.got >= 300)
		re_cancel();
	else
		tmr_start(&t.end, 20, watch, NULL);
}

static void in_turn(void **state)
{
	const uint64_t begun = tmr_jiffies();
	char id[16];

	(void)state;
	listen_peer(false);
	t.peer.status = "200 OK";
	for (unsigned i = 0; i < 300; i++) {
		(void)re_snprintf(id, sizeof(id), "p%u", i);
		add("{\"id\":\"%s\",\"hostname\":\"127.0.0.1\",\"port\":%u,"
		    "\"transport\":\"udp\",\"probe\":{\"interval\":60}}",
		    id, sa_port(&t.peer.addr));
	}
	watch(NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&t.end);
	assert_int_equal(t.peer.got, 300);
	assert_int_equal(t.peer.branches, 300);
	/* no more at once than a tick's share */
	assert_true(tmr_jiffies() - begun >= 2800);
	assert_string_equal(t.events, "");
}

static void watch_down(void *arg)
{
	if (provider_route_health(arg) == ROUTE_DOWN)
		re_cancel();
	else
		tmr_start(&t.end, 20, watch_down, arg);
}

/* One that fails is asked again soon, whatever its interval */
static void soon(void **state)
{
	struct provider *p;
	const struct health_result r = {.reason = "a call had no answer"};
	const uint64_t begun = tmr_jiffies();

	(void)state;
	listen_peer(false);
	p = add_peer("udp", ",\"probe\":{\"interval\":3600,\"timeout\":200,"
			    "\"down_after\":3}");
	provider_passive(p, &r);
	watch_down(p);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&t.end);
	assert_true(tmr_jiffies() - begun < ENOUGH);
	assert_int_equal(t.peer.branches, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_answer_is_healthy),
		TEST(codes_that_are_wanted),
		TEST(sent_again),
		TEST(silence),
		TEST(icmp),
		TEST(tcp),
		TEST(tcp_refused),
		TEST(tls_unverified),
		TEST(tls_bad_certificate),
		TEST(names),
		TEST(two_ask_at_once),
		TEST(interest_is_lost),
		TEST(remembered),
		TEST(in_turn),
		TEST(soon),
	};
	int failed;

	if (libre_init())
		return 1;
	log_init(LOG_WARN);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
