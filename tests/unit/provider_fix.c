/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider_fix.c  The proxy to the providers: a node and two carriers, scripted, on loopback
 */
#include "provider_fix.h"
#include "base/log.h"
#include "fake_dns.h"
#include "provider/outbound.h"
#include "route_util.h"

struct house t;

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

void give_up(void *arg)
{
	(void)arg;
	re_cancel();
}

const char *await(struct party *p, const char *begin)
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

void quiet(struct party *p, const char *begin, unsigned ms)
{
	tmr_start(&t.end, ms, nothing_came, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&t.end);
	for (size_t i = 0; i < p->n; i++)
		if (begins(p->gotv[i], begin))
			fail_msg("%s", p->gotv[i]);
}

void say(struct party *p, const char *text)
{
	struct mbuf *mb = mbuf_alloc(2048);

	assert_int_equal(mbuf_write_str(mb, text), 0);
	mb->pos = 0;
	assert_int_equal(udp_send(p->us, &t.proxy, mb), 0);
	mem_deref(mb);
}

char *headers(const char *msg, const char *name)
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

void answer_to(struct party *p, const char *req, const char *status,
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

void answer(struct party *p, const char *status, const char *more)
{
	answer_to(p, p->last, status, more);
}

void request(const char *method, const char *uri, const char *cseq,
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

void invite(void)
{
	++t.branch;
	request("INVITE", "sip:+4912@proxy", "7", "", "");
}

const char *routes(void)
{
	static char text[1024];
	const char *rr = headers(t.node.last, "Record-Route");

	(void)re_snprintf(text, sizeof(text), "%s%s", *rr ? "Route" : "",
			  *rr ? rr + strlen("Record-Route") : "");
	return text;
}

/* ---- the house ------------------------------------------------------------------- */

void add_provider(const char *id, const struct party *p, const char *more)
{
	struct fields_err e = {"", ""};
	struct record *r = NULL;
	struct odict *o;
	char text[512];

	(void)re_snprintf(text, sizeof(text),
			  "{\"id\":\"%s\",\"hostname\":\"127.0.0.1\","
			  "\"port\":%u%s,\"transport\":\"udp\"}",
			  id, sa_port(&p->addr), more);
	o = json(text);
	if (record_decode(&r, o, providers_defaults(t.ps), &e))
		fail_msg("%s: %s", e.path, e.text);
	assert_int_equal(provider_put(t.ps, r), 0);
	mem_deref(o);
	mem_deref(r);
}

void add_route(const char *text)
{
	struct route *r = route_of(text);

	assert_int_equal(routes_put(providers_routes(t.ps), r), 0);
	mem_deref(r);
}

void make_house(bool always)
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

int set_up(void **state)
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

int tear_down(void **state)
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

void contains(const char *msg, const char *what)
{
	if (!strstr(msg, what))
		fail_msg("'%s' is not in:\n%s", what, msg);
}

void lacks(const char *msg, const char *what)
{
	if (strstr(msg, what))
		fail_msg("'%s' is in:\n%s", what, msg);
}

/* ---- the next one ----------------------------------------------------------------- */

void two_routes(const char *failover)
{
	char text[256];

	(void)re_snprintf(text, sizeof(text),
			  "{\"id\":\"a\",\"provider\":\"one\",\"priority\":1,"
			  "\"failover\":%s}",
			  failover);
	add_route(text);
	add_route("{\"id\":\"b\",\"provider\":\"two\",\"priority\":2}");
}

int all_up(void **state)
{
	(void)state;
	log_init(LOG_ERROR);
	return libre_init();
}

int all_down(void **state)
{
	(void)state;
	libre_close();
	return 0;
}
