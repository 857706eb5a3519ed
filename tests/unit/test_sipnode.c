/* SPDX-License-Identifier: BSD-2-Clause */
/* A node that answers, and one that asks it: by UDP, TCP and WebSocket */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "sip/sip.h"

enum { WAIT = 5000 /* ms until a test has failed */ };

struct fix {
	struct sip_node *a, *b;
	struct sa addr_a, addr_b;
	unsigned requests;
	struct sip_later *later;
	struct sip_kept *kept;
	char text[2048]; /* of what came last                             */
	int err;
	uint16_t code;
	struct sa src;
	bool direct;
	char tag[SIP_TAG_TEXT];
	unsigned closed;
	struct udp_sock *us;
	unsigned datagrams;
	struct mbuf *stun; /* if set: the datagram as it came              */
};

static void late(void *arg)
{
	(void)arg;
	fail_msg("nothing came");
}

static void wait_for(const unsigned *counter, unsigned want)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, WAIT, late, NULL);
	while (*counter < want)
		assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&tmr);
}

static void note(struct fix *f, const struct sip_in *in)
{
	(void)pl_strcpy(&in->m->text, f->text, sizeof(f->text));
	sa_cpy(&f->src, &in->src);
	f->direct = in->direct;
	str_ncpy(f->tag, in->tag, sizeof(f->tag));
	++f->requests;
	re_cancel();
}

static void answer_now(const struct sip_in *in, void *arg)
{
	note(arg, in);
	assert_int_equal(sip_answer(in, 200, "OK", "X-Seen: %d\r\n", 1), 0);
}

static void answer_later(const struct sip_in *in, void *arg)
{
	struct fix *f = arg;

	note(f, in);
	if (!f->later)
		assert_int_equal(sip_later(&f->later, in), 0);
}

static void keep(const struct sip_in *in, void *arg)
{
	struct fix *f = arg;

	note(f, in);
	assert_int_equal(sip_keep(&f->kept, in), 0);
}

static unsigned answers;

static void asked(int err, const struct sip_in *resp, void *arg)
{
	struct fix *f = arg;

	f->err = err;
	f->code = resp ? resp->m->code : 0;
	if (resp)
		(void)pl_strcpy(&resp->m->text, f->text, sizeof(f->text));
	++answers;
	re_cancel();
}

static void closed(const struct sip_flow *flow, void *arg)
{
	struct fix *f = arg;

	assert_true(flow->set);
	++f->closed;
	re_cancel();
}

static void alloc_node(struct sip_node **np, const struct sa *sa,
		       const char *trusted)
{
	struct sip_listen lv[2] = {{MSG_UDP, *sa}, {MSG_TCP, *sa}};
	struct sip_trust net = {.bits = 32};
	struct sip_node_conf conf = {.listenv = lv,
				     .listenc = 2,
				     .trustv = &net,
				     .trustc = trusted ? 1 : 0,
				     .agent = "test",
				     .connections = 100,
				     .per_source = 10,
				     .idle = 60};
	char why[256] = "";

	if (trusted)
		assert_int_equal(sa_set_str(&net.addr, trusted, 0), 0);
	assert_int_equal(sip_node_alloc(np, &conf, why, sizeof(why)), 0);
}

static int setup(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);
	const uint16_t port = (uint16_t)(20000 + getpid() % 20000);

	answers = 0;
	assert_int_equal(libre_init(), 0);
	assert_int_equal(sa_set_str(&f->addr_a, "127.0.0.1", port), 0);
	assert_int_equal(sa_set_str(&f->addr_b, "127.0.0.2", port), 0);
	alloc_node(&f->a, &f->addr_a, "127.0.0.9");
	alloc_node(&f->b, &f->addr_b, NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	mem_deref(f->later);
	mem_deref(f->kept);
	mem_deref(f->us);
	mem_deref(f->stun);
	mem_deref(f->a);
	mem_deref(f->b);
	mem_deref(f);
	tmr_debug();
	libre_close();
	return 0;
}

static int ask(struct fix *f, struct sip_ask **ap, const char *method,
	       const char *param)
{
	char uri[64], lines[256];
	struct sip_way way = {.uri = {uri, 0}};
	struct pl pl;

	(void)re_snprintf(uri, sizeof(uri), "sip:a@%J%s", &f->addr_a, param);
	way.uri.l = strlen(uri);
	(void)re_snprintf(lines, sizeof(lines),
			  "From: <sip:b@b>;tag=1\r\nTo: <sip:a@a>\r\n"
			  "Call-ID: 1@b\r\nCSeq: 1 %s\r\n",
			  method);
	pl_set_str(&pl, lines);
	return sip_ask(ap, f->b, method, &way, &pl, NULL, asked, f);
}

static void by_each_transport(void **state)
{
	static const char *const paramv[] = {"", ";transport=tcp"};
	struct fix *f = *state;

	assert_int_equal(
		sip_node_handle(f->a, "REGISTER", SIP_STATELESS, answer_now, f),
		0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ask(f, NULL, "REGISTER", paramv[i]), 0);
		wait_for(&answers, i + 1);
		assert_int_equal(f->err, 0);
		assert_int_equal(f->code, 200);
		assert_non_null(strstr(f->text, "X-Seen: 1\r\n"));
		assert_non_null(strstr(f->text, ";received=127.0.0.2"));
		assert_non_null(strstr(f->text, "To: <sip:a@a>;tag=cm-"));
		assert_non_null(strstr(f->text, "Server: test\r\n"));
		assert_true(f->direct);
		assert_true(sa_cmp(&f->src, &f->addr_b, SA_ADDR));
	}
}

static void what_nobody_handles(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		sip_node_handle(f->a, "REGISTER", SIP_STATELESS, answer_now, f),
		0);
	assert_int_equal(ask(f, NULL, "MESSAGE", ""), 0);
	wait_for(&answers, 1);
	assert_int_equal(f->code, 405);
	assert_non_null(strstr(f->text, "Allow: OPTIONS, REGISTER\r\n"));
	assert_int_equal(ask(f, NULL, "OPTIONS", ""), 0);
	wait_for(&answers, 2);
	assert_int_equal(f->code, 200);
	assert_int_equal(
		sip_node_handle(f->a, "REGISTER", SIP_STATELESS, answer_now, f),
		EEXIST);
	assert_int_equal(
		sip_node_handle(f->a, "REGISTER", SIP_STATELESS, NULL, NULL),
		0);
	assert_int_equal(ask(f, NULL, "REGISTER", ""), 0);
	wait_for(&answers, 3);
	assert_int_equal(f->code, 405);
}

static void later(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		sip_node_handle(f->a, "PUBLISH", SIP_STATEFUL, answer_later, f),
		0);
	assert_int_equal(ask(f, NULL, "PUBLISH", ""), 0);
	wait_for(&f->requests, 1);
	assert_int_equal(
		sip_later_answer(f->later, 412, "Condition Failed", NULL), 0);
	wait_for(&answers, 1);
	assert_int_equal(f->code, 412);
}

static void kept(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		sip_node_handle(f->a, "PUBLISH", SIP_STATEFUL, keep, f), 0);
	assert_int_equal(ask(f, NULL, "PUBLISH", ";transport=tcp"), 0);
	wait_for(&f->requests, 1);
	sip_kept_again(f->kept, answer_now, f);
	wait_for(&answers, 1);
	assert_int_equal(f->code, 200);
}

static void connection_lost(void **state)
{
	struct fix *f = *state;

	sip_node_closed(f->a, closed, f);
	assert_int_equal(sip_node_handle(f->a, "PUBLISH", SIP_STATELESS,
					 answer_later, f),
			 0);
	assert_int_equal(ask(f, NULL, "PUBLISH", ";transport=tcp"), 0);
	wait_for(&f->requests, 1);
	f->b = mem_deref(f->b);
	wait_for(&f->closed, 1);
	assert_int_equal(sip_later_answer(f->later, 200, "OK", NULL), ENOTCONN);
}

static void flow_that_is_gone(void **state)
{
	struct fix *f = *state;
	const struct pl lines = PL("From: <sip:b@b>;tag=1\r\nTo: <sip:a@a>\r\n"
				   "Call-ID: 1@b\r\nCSeq: 1 OPTIONS\r\n");
	struct sip_way way = {.uri = PL("sip:a@host.example"),
			      .flow = {true, MSG_TCP, f->addr_a}};
	struct sip_ask *a = NULL;

	assert_int_equal(
		sip_ask(&a, f->b, "OPTIONS", &way, &lines, NULL, asked, f),
		ENOTCONN);
	way.flow.set = false;
	assert_int_equal(
		sip_ask(&a, f->b, "OPTIONS", &way, &lines, NULL, asked, f),
		EDESTADDRREQ);
	assert_int_equal(ask(f, &a, "OPTIONS", ";transport=tls"), EAFNOSUPPORT);
	assert_null(a);
}

/* Of what can't be sent tells the error, and nobody besides: whoever asked has let go
 * of it by then */
static void fails_while_sending(void **state)
{
	const struct pl lines = PL("From: <sip:b@b>;tag=1\r\nTo: <sip:a@a>\r\n"
				   "Call-ID: 1@b\r\nCSeq: 1 OPTIONS\r\n");
	static char text[65536];
	const struct pl body = {text, sizeof(text)};
	struct sip_way way = {.uri = PL("sip:a@host.example")};
	struct fix *f = *state;
	unsigned asks = 0;
	int err;

	assert_int_equal(ask(f, NULL, "OPTIONS", ";transport=tcp"), 0);
	wait_for(&answers, 1);
	answers = 0;
	memset(text, 'x', sizeof(text));
	way.flow = (struct sip_flow){true, MSG_TCP, f->addr_a};
	/* the peer does not read: it has no turn */
	do {
		err = sip_ask(NULL, f->b, "OPTIONS", &way, &lines, &body, asked,
			      f);
		asks += !err;
	} while (!err && asks < 4096);
	assert_int_equal(err, ENOSPC);
	assert_true(asks > 0);
	assert_int_equal(answers, asks);
	assert_int_equal(f->err, ENOTCONN);
}

static void refused(void **state)
{
	struct fix *f = *state;
	struct sip_ask *a = NULL;

	f->a = mem_deref(f->a);
	assert_int_equal(ask(f, &a, "OPTIONS", ""), 0);
	wait_for(&answers, 1);
	assert_int_equal(f->err, ECONNREFUSED);
	mem_deref(a);
	a = NULL;
	assert_int_equal(ask(f, &a, "OPTIONS", ""), 0);
	mem_deref(a);
}

/* ---- raw datagrams ----------------------------------------------------------------- */

static void datagram(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct fix *f = arg;
	(void)src;

	(void)re_snprintf(f->text, sizeof(f->text), "%b", mbuf_buf(mb),
			  mbuf_get_left(mb));
	if (f->stun)
		(void)mbuf_write_mem(f->stun, mbuf_buf(mb), mbuf_get_left(mb));
	++f->datagrams;
	re_cancel();
}

static void send_from(struct fix *f, const char *host, const char *text)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct sa sa;

	if (!f->us) {
		assert_int_equal(sa_set_str(&sa, host, 0), 0);
		assert_int_equal(udp_listen(&f->us, &sa, datagram, f), 0);
	}
	(void)mbuf_write_str(mb, text);
	mb->pos = 0;
	assert_int_equal(udp_send(f->us, &f->addr_a, mb), 0);
	mem_deref(mb);
}

#define REST                                                                   \
	"From: <sip:b@b>;tag=1\r\nTo: <sip:a@a>\r\nCall-ID: 1@b\r\n"           \
	"CSeq: 1 PUBLISH\r\n\r\n"

/* What is handled once is answered as often as it is asked */
static void retransmitted(void **state)
{
	static const char text[] = "PUBLISH sip:a@a SIP/2.0\r\n"
				   "Via: SIP/2.0/UDP h;rport;branch=z9hG4bK1"
				   "\r\n" REST;
	struct fix *f = *state;
	char first[2048];

	assert_int_equal(
		sip_node_handle(f->a, "PUBLISH", SIP_STATEFUL, answer_later, f),
		0);
	send_from(f, "127.0.0.3", text);
	wait_for(&f->requests, 1);
	send_from(f, "127.0.0.3", text);
	send_from(f, "127.0.0.3",
		  "OPTIONS sip:a@a SIP/2.0\r\nVia: SIP/2.0/UDP "
		  "h;rport;branch=z9hG4bK2\r\nFrom: <sip:b@b>"
		  ";tag=1\r\nTo: <sip:a@a>\r\nCall-ID: 1@b\r\n"
		  "CSeq: 1 OPTIONS\r\n\r\n");
	wait_for(&f->datagrams, 1);
	assert_non_null(strstr(f->text, "OPTIONS"));
	assert_int_equal(f->requests, 1);
	assert_int_equal(sip_later_answer(f->later, 200, "OK", NULL), 0);
	wait_for(&f->datagrams, 2);
	str_ncpy(first, f->text, sizeof(first));
	send_from(f, "127.0.0.3", text);
	wait_for(&f->datagrams, 3);
	assert_string_equal(f->text, first);
	assert_int_equal(f->requests, 1);
}

static void malformed(void **state)
{
	struct fix *f = *state;

	send_from(f, "127.0.0.3", "junk");
	send_from(f, "127.0.0.3",
		  "PUBLISH sip:a@a SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch="
		  "z9hG4bK1\r\nFrom: <sip:b@b>;tag=1\r\nTo: <sip:a@a>\r\n"
		  "CSeq: 1 PUBLISH\r\n\r\n");
	wait_for(&f->datagrams, 1);
	assert_non_null(strstr(f->text, "SIP/2.0 400 A mandatory header"));
	/* who can't be answered is not */
	send_from(f, "127.0.0.3",
		  "PUBLISH sip:a@a SIP/2.0\r\nVia: SIP/2.0/UDP\r\n" REST);
	send_from(f, "127.0.0.3",
		  "PUBLISH sip:a@a SIP/2.0\r\nVia: SIP/2.0/UDP h "
		  "h;rport\r\n" REST);
	wait_for(&f->datagrams, 2);
	assert_non_null(strstr(f->text, "SIP/2.0 400 Malformed Via"));
}

/* RFC 5626 4.4.2 */
static void stun(void **state)
{
	static const uint8_t tid[STUN_TID_SIZE] = {1, 2, 3};
	struct fix *f = *state;
	struct stun_msg *msg = NULL;
	struct stun_unknown_attr ua;
	struct mbuf *mb = mbuf_alloc(64);
	struct stun_attr *a;
	struct sa own;

	send_from(f, "127.0.0.3", "\r\n\r\n"); /* opens the socket */
	assert_int_equal(stun_msg_encode(mb, STUN_METHOD_BINDING,
					 STUN_CLASS_REQUEST, tid, NULL, NULL, 0,
					 false, 0, 0),
			 0);
	mb->pos = 0;
	f->stun = mbuf_alloc(256);
	assert_int_equal(udp_send(f->us, &f->addr_a, mb), 0);
	wait_for(&f->datagrams, 1);
	f->stun->pos = 0;
	assert_int_equal(stun_msg_decode(&msg, f->stun, &ua), 0);
	assert_int_equal(stun_msg_class(msg), STUN_CLASS_SUCCESS_RESP);
	a = stun_msg_attr(msg, STUN_ATTR_XOR_MAPPED_ADDR);
	assert_non_null(a);
	assert_int_equal(udp_local_get(f->us, &own), 0);
	assert_true(sa_cmp(&a->v.xor_mapped_addr, &own, SA_ALL));
	mem_deref(msg);
	mem_deref(mb);
}

/* An edge's word counts, a stranger's does not */
static void behind_an_edge(void **state)
{
	static const char text[] =
		"PUBLISH sip:a@a SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9;"
		"branch=z9hG4bK1;rport, SIP/2.0/TLS 10.0.0.1:4000;branch="
		"z9hG4bK0;received=192.0.2.77;rport=4321\r\n" REST;
	struct fix *f = *state;
	struct sa want;

	assert_int_equal(sa_set_str(&want, "192.0.2.77", 4321), 0);
	assert_int_equal(
		sip_node_handle(f->a, "PUBLISH", SIP_STATELESS, answer_now, f),
		0);
	send_from(f, "127.0.0.9", text);
	wait_for(&f->requests, 1);
	assert_false(f->direct);
	assert_true(sa_cmp(&f->src, &want, SA_ALL));
	wait_for(&f->datagrams, 1);
	assert_non_null(strstr(f->text, ", SIP/2.0/TLS 10.0.0.1:4000;branch="
					"z9hG4bK0;received=192.0.2.77;"
					"rport=4321\r\n"));
	f->us = mem_deref(f->us);
	send_from(f, "127.0.0.8", text);
	wait_for(&f->requests, 2);
	assert_true(f->direct);
	assert_int_equal(sa_set_str(&want, "127.0.0.8", 0), 0);
	assert_true(sa_cmp(&f->src, &want, SA_ADDR));
}

static void same_uri(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} v[] = {
		/* RFC 3261 19.1.4 */
		{"sip:%61lice@atlanta.com;transport=TCP",
		 "sip:alice@AtLanTa.CoM;Transport=tcp", true},
		{"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5",
		 true},
		{"sip:carol@chicago.com;security=on",
		 "sip:carol@chicago.com;newparam=5", true},
		{"SIP:ALICE@AtLanTa.CoM;Transport=udp",
		 "sip:alice@AtLanTa.CoM;Transport=UDP", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp",
		 false},
		{"sip:carol@chicago.com;security=on",
		 "sip:carol@chicago.com;security=off", false},
		{"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next",
		 false},
		{"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false},
		{"sips:a@b", "sip:a@b", false},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct pl a, b;

		pl_set_str(&a, v[i].a);
		pl_set_str(&b, v[i].b);
		assert_int_equal(sip_uri_same(&a, &b), v[i].same);
		assert_int_equal(sip_uri_same(&b, &a), v[i].same);
	}
}

static void options(void **state)
{
	static const char text[] =
		"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1"
		"\r\nFrom: <sip:b@b>;tag=1\r\nTo: <sip:a@a>\r\nCall-ID: 1\r\n"
		"CSeq: 1 REGISTER\r\nk: gruu,\r\n path\r\nSupported: outbound"
		"\r\nRequire: path, x\r\nrequire: y\r\n\r\n";
	struct msg *m = mem_zalloc(sizeof(*m), NULL);
	struct msg_fault fault;
	struct pl pl, val;
	size_t at = 0;
	(void)state;

	pl_set_str(&pl, text);
	assert_int_equal(msg_decode(m, &pl, true, &fault), 0);
	assert_true(sip_option(m, "Supported", 'k', "path"));
	assert_true(sip_option(m, "Supported", 'k', "Outbound"));
	assert_false(sip_option(m, "Supported", 'k', "out"));
	assert_true(sip_requires_other(m, "path outbound", &val));
	assert_int_equal(pl_strcmp(&val, "x"), 0);
	assert_true(sip_requires_other(m, "path x", &val));
	assert_int_equal(pl_strcmp(&val, "y"), 0);
	assert_false(sip_requires_other(m, "x path y", &val));
	assert_true(sip_header(m, "Supported", 'k', &at, &val));
	assert_true(sip_header(m, "Supported", 'k', &at, &val));
	assert_int_equal(pl_strcmp(&val, "outbound"), 0);
	assert_false(sip_header(m, "Supported", 'k', &at, &val));
	mem_deref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
		T(by_each_transport),
		T(what_nobody_handles),
		T(later),
		T(kept),
		T(connection_lost),
		T(flow_that_is_gone),
		T(fails_while_sending),
		T(refused),
		T(retransmitted),
		T(malformed),
		T(behind_an_edge),
		T(stun),
		T(same_uri),
		T(options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
