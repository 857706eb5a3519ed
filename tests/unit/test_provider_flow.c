/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_flow.c  A registration whose flow is kept (RFC 5626), by UDP and by TCP
 */
#include "provider_fix.h"
#include "provider/uac.h"

#define FLOW                                                                   \
	",\"username\":\"u\",\"realm\":\"R\",\"password\":\"p\","              \
	"\"register\":{\"outbound\":true}"
#define AGREED "Require: outbound\r\nFlow-Timer: 1\r\n"

/* The registrar, with sockets of its own */
static struct registrar {
	struct party p; /* UDP                                             */
	struct tcp_sock *ts;
	struct tcp_conn *tc;
	struct sa mapped; /* what a Binding says; unset: nothing           */
	unsigned bindings, pings, conns;
	bool pongs;
	unsigned *until, count; /* the loop ends when it is so many         */
} r;

/* ---- waiting ---------------------------------------------------------------------- */

static void counted(unsigned *n)
{
	++*n;
	if (n == r.until && *n >= r.count)
		re_cancel();
}

static void wait_for(unsigned *n, unsigned count)
{
	if (*n >= count)
		return;
	r.until = n;
	r.count = count;
	tmr_start(&t.end, ENOUGH, give_up, NULL);
	assert_int_equal(re_main(NULL), 0);
	r.until = NULL;
	if (!tmr_isrunning(&t.end))
		fail_msg("%u of %u came", *n, count);
	tmr_cancel(&t.end);
}

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

/* ---- by UDP ------------------------------------------------------------------------- */

static void bind_answer(const struct sa *src, struct mbuf *mb)
{
	struct stun_unknown_attr ua;
	struct stun_msg *msg = NULL;
	struct mbuf *out = mbuf_alloc(128);

	assert_int_equal(stun_msg_decode(&msg, mb, &ua), 0);
	assert_int_equal(stun_msg_method(msg), STUN_METHOD_BINDING);
	if (sa_isset(&r.mapped, SA_ALL)) {
		assert_int_equal(stun_msg_encode(out, STUN_METHOD_BINDING,
						 STUN_CLASS_SUCCESS_RESP,
						 stun_msg_tid(msg), NULL, NULL,
						 0, false, 0x00, 1,
						 STUN_ATTR_XOR_MAPPED_ADDR,
						 &r.mapped),
				 0);
		out->pos = 0;
		(void)udp_send(r.p.us, src, out);
	}
	mem_deref(out);
	mem_deref(msg);
	counted(&r.bindings);
}

static void udp_handler(const struct sa *src, struct mbuf *mb, void *arg)
{
	(void)arg;
	if (mbuf_get_left(mb) >= 20 && *mbuf_buf(mb) < 0x40) {
		bind_answer(src, mb);
		return;
	}
	assert_true(r.p.n < QUEUE);
	assert_int_equal(mbuf_strdup(mb, &r.p.gotv[r.p.n++], mbuf_get_left(mb)),
			 0);
	if (t.waiting == &r.p)
		re_cancel();
}

static void open_udp(void)
{
	memset(&r, 0, sizeof(r));
	assert_int_equal(sa_set_str(&r.p.addr, "127.0.0.1", 0), 0);
	assert_int_equal(sa_set_str(&r.mapped, "192.0.2.7", 1234), 0);
	assert_int_equal(udp_listen(&r.p.us, &r.p.addr, udp_handler, NULL), 0);
	assert_int_equal(udp_local_get(r.p.us, &r.p.addr), 0);
}

static int down(void **state)
{
	const int err = tear_down(state);

	for (size_t i = 0; i < r.p.n; i++)
		mem_deref(r.p.gotv[i]);
	mem_deref(r.p.last);
	mem_deref(r.p.us);
	mem_deref(r.tc);
	mem_deref(r.ts);
	return err;
}

static void by_udp(void **state)
{
	char *instance, *first;

	(void)state;
	open_udp();
	add_provider("one", &r.p, FLOW);
	first = mem_ref((void *)await(&r.p, "REGISTER"));
	contains(first, "Supported: path, outbound\r\n");
	contains(first, ";reg-id=1;+sip.instance=\"<urn:uuid:");
	answer(&r.p, "200 OK", AGREED "Expires: 600\r\n");
	wait_for(&r.bindings, 3);
	contains(registration(), "\"state\":\"registered\"");

	/* a NAT gives us another address: it is made anew, of the same instance */
	assert_int_equal(sa_set_str(&r.mapped, "192.0.2.7", 1235), 0);
	instance = strstr(first, "+sip.instance");
	*strchr(instance, '>') = '\0';
	contains(await(&r.p, "REGISTER"), instance);
	contains(registration(), "a NAT has changed its mind");
	answer(&r.p, "200 OK", AGREED);
	wait_for(&r.bindings, 5);
	contains(registration(), "\"state\":\"registered\"");
	mem_deref(first);
}

/* A Binding that nobody answers comes again; then the flow is gone */
static void silent(void **state)
{
	unsigned n;

	(void)state;
	open_udp();
	sa_init(&r.mapped, AF_INET);
	add_provider("one", &r.p, FLOW);
	await(&r.p, "REGISTER");
	answer(&r.p, "200 OK", AGREED);
	wait_for(&r.bindings, 5);
	n = r.bindings;
	await(&r.p, "REGISTER");
	assert_int_equal(r.bindings, n);
	contains(registration(), "no answer to a keep-alive");
}

/* One that has not said that it can answers nothing: the way is kept open */
static void plain(void **state)
{
	const char *m;

	(void)state;
	open_udp();
	add_provider("one", &r.p, FLOW);
	await(&r.p, "REGISTER");
	/* no proxy on the way could do it */
	answer(&r.p, "439 First Hop Lacks Outbound Support", "");
	m = await(&r.p, "REGISTER");
	lacks(m, "reg-id");
	lacks(m, "outbound");
	answer(&r.p, "200 OK", "");
	quiet(&r.p, "REGISTER", 300);
	contains(registration(), "\"state\":\"registered\"");
	assert_int_equal(r.bindings, 0);
}

/* ---- by TCP --------------------------------------------------------------------------- */

static void tcp_text(struct mbuf *mb)
{
	static const char ok[] =
		"SIP/2.0 200 OK\r\n%s%s%s%s%sContact: <sip:x>\r\n"
		"Require: outbound\r\nFlow-Timer: 1\r\n"
		"Content-Length: 0\r\n\r\n";
	struct mbuf *out = mbuf_alloc(2048);
	char *req = NULL;

	assert_int_equal(mbuf_strdup(mb, &req, mbuf_get_left(mb)), 0);
	contains(req, "REGISTER");
	assert_int_equal(mbuf_printf(out, ok, headers(req, "Via"),
				     headers(req, "From"), headers(req, "To"),
				     headers(req, "Call-ID"),
				     headers(req, "CSeq")),
			 0);
	out->pos = 0;
	(void)tcp_send(r.tc, out);
	mem_deref(out);
	mem_deref(req);
}

static void tcp_handler(struct mbuf *mb, void *arg)
{
	struct mbuf pong = {.buf = (uint8_t *)"\r\n", .size = 2, .end = 2};

	(void)arg;
	if (*mbuf_buf(mb) != '\r') {
		tcp_text(mb);
		return;
	}
	assert_int_equal(mbuf_get_left(mb), 4);
	assert_memory_equal(mbuf_buf(mb), "\r\n\r\n", 4);
	if (r.pongs)
		(void)tcp_send(r.tc, &pong);
	counted(&r.pings);
}

static void conn_handler(const struct sa *peer, void *arg)
{
	(void)peer;
	(void)arg;
	r.tc = mem_deref(r.tc);
	assert_int_equal(tcp_accept(&r.tc, r.ts, NULL, tcp_handler, NULL, NULL),
			 0);
	counted(&r.conns);
}

static void open_tcp(void)
{
	memset(&r, 0, sizeof(r));
	r.pongs = true;
	assert_int_equal(sa_set_str(&r.p.addr, "127.0.0.1", 0), 0);
	assert_int_equal(tcp_listen(&r.ts, &r.p.addr, conn_handler, NULL), 0);
	assert_int_equal(tcp_local_get(r.ts, &r.p.addr), 0);
	add_provider("one", &r.p, ",\"transport\":\"tcp\"" FLOW);
}

static void by_tcp(void **state)
{
	(void)state;
	open_tcp();
	wait_for(&r.pings, 3);
	assert_int_equal(r.conns, 1);
	contains(registration(), "\"state\":\"registered\"");
	/* it ends: the next one is there at once, not when the time is up */
	r.tc = mem_deref(r.tc);
	wait_for(&r.conns, 2);
	wait_for(&r.pings, 5);
	contains(registration(), "\"state\":\"registered\"");
}

/* It hangs */
static void no_pong(void **state)
{
	(void)state;
	open_tcp();
	r.pongs = false;
	wait_for(&r.pings, 1);
	while (!strstr(registration(), "\"state\":\"registering\""))
		quiet(&t.node, "X", 200);
	contains(registration(), "no answer to a keep-alive");
}

#define FLOW_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FLOW_TEST(by_udp), FLOW_TEST(silent),  FLOW_TEST(plain),
		FLOW_TEST(by_tcp), FLOW_TEST(no_pong),
	};

	return cmocka_run_group_tests(tests, all_up, all_down);
}
