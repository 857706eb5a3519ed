/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_registrar_outbound.c  Outbound, GRUUs, and where a REGISTER came from
 */
#include "registrar_fix.h"

/* ---- bindings ---------------------------------------------------------------------- */

static void outbound(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 1,
			     OUTBOUND "Contact: <sip:a@h1>;reg-id=1" INSTANCE
				      "\r\n"),
			 200);
	assert_true(has(f, "\r\nRequire: outbound\r\n"));
	assert_true(has(f, ";reg-id=1;"));
	/* the same flow from elsewhere, by another dialog: in its place */
	assert_int_equal(reg(f, "d", 1,
			     OUTBOUND "Contact: <sip:a@h2>;reg-id=1" INSTANCE
				      "\r\n"),
			 200);
	assert_int_equal(contacts(f), 1);
	assert_true(has(f, "<sip:a@h2>"));
	/* another flow beside it */
	assert_int_equal(reg(f, "d", 2,
			     OUTBOUND "Contact: <sip:a@h2>;reg-id=2" INSTANCE
				      "\r\n"),
			 200);
	assert_int_equal(contacts(f), 2);
	assert_int_equal(reg(f, "d", 3,
			     OUTBOUND "Contact: <sip:a@h2>;reg-id=2" INSTANCE
				      ", <sip:a@h3>;reg-id=3" INSTANCE "\r\n"),
			 400);
	/* who doesn't say that he can has none */
	assert_int_equal(
		reg(f, "e", 1, "Contact: <sip:a@h4>;reg-id=3" INSTANCE "\r\n"),
		200);
	assert_null(strstr(f->reply, "Require: outbound"));
	assert_null(strstr(f->reply, "reg-id=3"));
}

/* Behind an edge it takes an edge that keeps flows */
static void first_hop(void **state)
{
	static const char *const pathv[] = {"", "Path: <sip:e;lr>\r\n",
					    "Path: <sip:e;lr;ob>, <sip:f>\r\n",
					    "Path: <sip:f>, <sip:e;lr;ob>\r\n"};
	struct fix *f = *state;
	char text[2048];
	struct sa sa;

	f->us = mem_deref(f->us);
	assert_int_equal(sa_set_str(&sa, "127.0.0.9", 0), 0);
	assert_int_equal(udp_listen(&f->us, &sa, datagram, f), 0);
	for (unsigned i = 0; i < 4; i++) {
		(void)re_snprintf(
			text, sizeof(text),
			"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
			"127.0.0.9;rport;branch=z9hG4bK%u\r\nVia: SIP/2.0/TCP "
			"10.0.0.1;branch=z9hG4bK;received=192.0.2.77;rport=7"
			"\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:a@"
			"example.com>\r\nCall-ID: c\r\nCSeq: %u REGISTER\r\n"
			"%s" OUTBOUND "Contact: <sip:a@h>;reg-id=1" INSTANCE
			"\r\n\r\n",
			i, i + 1, pathv[i]);
		assert_int_equal(exchange(f, text), i < 3 ? 439 : 200);
	}
}

static bool from_there(const struct binding *b, void *arg)
{
	char text[64];

	(void)re_snprintf(text, sizeof(text), "%s %J %d",
			  msg_transp_name(b->transp), &b->src, b->direct);
	assert_string_equal(text, arg);
	return true;
}

static bool from_host(const struct binding *b, void *arg)
{
	char text[64];

	(void)re_snprintf(text, sizeof(text), "%s %j %d",
			  msg_transp_name(b->transp), &b->src, b->direct);
	assert_string_equal(text, arg);
	return true;
}

static void where_it_came_from(void **state)
{
	static char behind[] = "TCP 192.0.2.77:7 0";
	const struct pl aor = PL("a@example.com");

	first_hop(state);
	assert_true(location_find(((struct fix *)*state)->loc, &aor, from_there,
				  behind));
}

/* A Via that no edge can have written: the edge itself, and what is kept can be read
 * back */
static void unknown_transport(void **state)
{
	static char edge[] = "UDP 127.0.0.9 0";
	const struct pl aor = PL("a@example.com");
	struct fix *f = *state;
	struct sa sa;

	f->us = mem_deref(f->us);
	assert_int_equal(sa_set_str(&sa, "127.0.0.9", 0), 0);
	assert_int_equal(udp_listen(&f->us, &sa, datagram, f), 0);
	assert_int_equal(
		exchange(f, "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/"
			    "UDP 127.0.0.9;rport;branch=z9hG4bK1\r\nVia: SIP/"
			    "2.0/SCTP 10.0.0.1;branch=z9hG4bK\r\nFrom: <sip:a@"
			    "example.com>;tag=1\r\nTo: <sip:a@example.com>\r\n"
			    "Call-ID: c\r\nCSeq: 1 REGISTER\r\nPath: <sip:e>"
			    "\r\nContact: <sip:a@h>\r\n\r\n"),
		200);
	stop(f);
	start(f);
	assert_true(location_find(f->loc, &aor, from_host, edge));
}

static void gruu(void **state)
{
	struct fix *f = *state;
	char buf[1024], first[512];
	struct pl uri, aor, instance, reply;

	assert_int_equal(
		reg(f, "c", 1, OUTBOUND "Contact: <sip:a@h1>" INSTANCE "\r\n"),
		200);
	assert_true(has(f, ";pub-gruu=\"sip:alice@example.com;gr=urn:uuid:1-2\""
			   ";temp-gruu=\"sip:tgruu."));
	pl_set_str(&uri, "sip:alice@Example.com;gr=urn:uuid:1-2");
	assert_int_equal(
		registrar_aor(f->r, &aor, &instance, buf, sizeof(buf), &uri),
		0);
	assert_int_equal(pl_strcmp(&aor, "alice@example.com"), 0);
	assert_int_equal(pl_strcmp(&instance, "urn:uuid:1-2"), 0);
	pl_set_str(&reply, f->reply);
	assert_int_equal(
		re_regex(reply.p, reply.l, "temp-gruu=\"[^\"]+\"", &uri), 0);
	assert_int_equal(pl_strcpy(&uri, first, sizeof(first)), 0);
	pl_set_str(&uri, first);
	assert_int_equal(
		registrar_aor(f->r, &aor, &instance, buf, sizeof(buf), &uri),
		0);
	assert_int_equal(pl_strcmp(&aor, "alice@example.com"), 0);
	assert_int_equal(pl_strcmp(&instance, "urn:uuid:1-2"), 0);
	/* another of the same registration; both hold */
	assert_int_equal(
		reg(f, "c", 2, OUTBOUND "Contact: <sip:a@h1>" INSTANCE "\r\n"),
		200);
	assert_null(strstr(f->reply, first));
	assert_int_equal(
		registrar_aor(f->r, &aor, &instance, buf, sizeof(buf), &uri),
		0);
	/* forged */
	first[20] ^= 1;
	assert_int_equal(
		registrar_aor(f->r, &aor, &instance, buf, sizeof(buf), &uri),
		ENOENT);
	first[20] ^= 1;
	/* of a registration that is over (3.1.2) */
	assert_int_equal(reg(f, "new", 1,
			     OUTBOUND "Contact: <sip:a@h1>" INSTANCE "\r\n"),
			 200);
	assert_int_equal(
		registrar_aor(f->r, &aor, &instance, buf, sizeof(buf), &uri),
		ENOENT);
	/* nobody who did not ask */
	assert_int_equal(
		reg(f, "new", 2, "Contact: <sip:a@h1>" INSTANCE "\r\n"), 200);
	assert_null(strstr(f->reply, "gruu="));
	pl_set_str(&uri, "sip:a@elsewhere.example");
	assert_int_equal(
		registrar_aor(f->r, &aor, &instance, buf, sizeof(buf), &uri),
		ENOENT);
}

/* ---- flows ------------------------------------------------------------------------- */

static void tcp_up(void *arg)
{
	(void)arg;
	re_cancel();
}

static void tcp_came(struct mbuf *mb, void *arg)
{
	struct fix *f = arg;

	(void)re_snprintf(f->reply, sizeof(f->reply), "%b", mbuf_buf(mb),
			  mbuf_get_left(mb));
	++f->replies;
	re_cancel();
}

static void tcp_down(int err, void *arg)
{
	(void)err;
	(void)arg;
}

static void reg_by(struct fix *f, struct tcp_conn *tc, unsigned cseq,
		   const char *hdrs)
{
	struct mbuf *mb = mbuf_alloc(512);
	const unsigned before = f->replies;

	(void)mbuf_printf(
		mb,
		"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP "
		"127.0.0.1;branch=z9hG4bK%u\r\nFrom: <sip:alice@"
		"example.com>;tag=1\r\nTo: <sip:alice@example.com>"
		"\r\nCall-ID: c\r\nCSeq: %u REGISTER\r\n%s"
		"Content-Length: 0\r\n\r\n",
		++f->branch, cseq, hdrs);
	mb->pos = 0;
	assert_int_equal(tcp_send(tc, mb), 0);
	mem_deref(mb);
	wait_for(&f->replies, before + 1);
	assert_int_equal(code_of(f->reply), 200);
}

/* An outbound contact goes with its connection, but not one that came anew, nor one
 * that can be connected to */
static void flows(void **state)
{
	static const char flow[] = OUTBOUND
		"Contact: <sip:a@h;transport=tcp>;reg-id=1" INSTANCE "\r\n";
	struct fix *f = *state;
	struct tcp_conn *v[3] = {NULL};

	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(tcp_connect(&v[i], &f->addr, tcp_up, tcp_came,
					     tcp_down, f),
				 0);
		assert_int_equal(re_main(NULL), 0);
	}
	reg_by(f, v[0], 1, flow);
	assert_true(has(f, "\r\nFlow-Timer: 40\r\n"));
	reg_by(f, v[1], 2, flow);
	reg_by(f, v[2], 3, "Contact: <sip:b@h;transport=tcp>\r\n");
	assert_int_equal(location_count(f->loc, NULL), 2);
	mem_deref(v[0]);
	mem_deref(v[2]);
	/* what comes later is answered later */
	assert_int_equal(reg(f, "q", 1, ""), 200);
	run_ms(50);
	assert_int_equal(location_count(f->loc, NULL), 2);
	mem_deref(v[1]);
	while (location_count(f->loc, NULL) == 2)
		run_ms(10);
	assert_int_equal(reg(f, "q", 2, ""), 200);
	assert_int_equal(contacts(f), 1);
	assert_true(has(f, "<sip:b@h;transport=tcp>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(outbound),          T(first_hop), T(where_it_came_from),
		T(unknown_transport), T(gruu),      T(flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
