/* SPDX-License-Identifier: BSD-2-Clause */
/* REGISTERs as they come by the wire, and what is answered */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "location/priv.h"
#include "registrar/registrar.h"

enum { WAIT = 5000 /* ms until a test has failed */ };

struct fix {
	struct store *store;
	struct location *loc;
	struct extensions *ext;
	struct sip_node *node;
	struct registrar *r;
	struct registrar_conf conf;
	struct sa addr;
	struct udp_sock *us;
	char reply[8192];
	unsigned replies, done;
	unsigned branch;
	int err;
	unsigned blocked;
};

static const char *const domainv[] = {"example.com", "other.example"};

/* ---- the wire ---------------------------------------------------------------------- */

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

static void datagram(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct fix *f = arg;
	(void)src;

	(void)re_snprintf(f->reply, sizeof(f->reply), "%b", mbuf_buf(mb),
			  mbuf_get_left(mb));
	++f->replies;
	re_cancel();
}

static void send_text(struct fix *f, const char *text)
{
	struct mbuf *mb = mbuf_alloc(512);

	(void)mbuf_write_str(mb, text);
	mb->pos = 0;
	assert_int_equal(udp_send(f->us, &f->addr, mb), 0);
	mem_deref(mb);
}

static uint16_t code_of(const char *reply)
{
	return (uint16_t)strtoul(reply + 8, NULL, 10);
}

static uint16_t exchange(struct fix *f, const char *text)
{
	const unsigned before = f->replies;

	send_text(f, text);
	wait_for(&f->replies, before + 1);
	return code_of(f->reply);
}

/* A REGISTER of alice's, with further headers */
static char *make(struct fix *f, char text[8192], const char *user,
		  const char *callid, unsigned cseq, const char *hdrs)
{
	(void)re_snprintf(text, 8192,
			  "REGISTER sip:example.com SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 127.0.0.2:5999;rport;branch=z9hG4bK"
			  "%u\r\nFrom: <sip:%s>;tag=1\r\nTo: <sip:%s>\r\n"
			  "Call-ID: %s\r\nCSeq: %u REGISTER\r\n%s\r\n",
			  ++f->branch, user, user, callid, cseq, hdrs);
	return text;
}

static uint16_t reg(struct fix *f, const char *callid, unsigned cseq,
		    const char *hdrs)
{
	char text[8192];

	return exchange(f,
			make(f, text, "alice@example.com", callid, cseq, hdrs));
}

static bool has(const struct fix *f, const char *what)
{
	if (strstr(f->reply, what))
		return true;
	print_error("%s\nhas no: %s\n", f->reply, what);
	return false;
}

static unsigned contacts(const struct fix *f)
{
	const char *p = f->reply;
	unsigned n = 0;

	while ((p = strstr(p, "\r\nContact: "))) {
		++n;
		++p;
	}
	return n;
}

/* ---- fixture ----------------------------------------------------------------------- */

static void start(struct fix *f)
{
	char why[256] = "";

	assert_int_equal(location_alloc(&f->loc, f->store, NULL), 0);
	assert_int_equal(extensions_alloc(&f->ext, f->store), 0);
	assert_int_equal(registrar_alloc(&f->r, &f->conf, f->node, f->loc,
					 f->ext, why, sizeof(why)),
			 0);
}

static void stop(struct fix *f)
{
	f->r = mem_deref(f->r);
	f->ext = mem_deref(f->ext);
	f->loc = mem_deref(f->loc);
}

static int setup(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);
	const uint16_t port = (uint16_t)(20000 + getpid() % 20000);
	struct sip_listen lv[2] = {{.transp = MSG_UDP}, {.transp = MSG_TCP}};
	struct sip_trust net = {.bits = 32};
	struct sip_node_conf nc = {.listenv = lv,
				   .listenc = 2,
				   .trustv = &net,
				   .trustc = 1,
				   .connections = 10,
				   .per_source = 10,
				   .idle = 60};
	struct sa sa;
	char why[256] = "";

	assert_int_equal(libre_init(), 0);
	f->conf = (struct registrar_conf){
		.domainv = domainv,
		.domainc = 2,
		.min_expires = 60,
		.max_expires = 7200,
		.default_expires = 3600,
		.max_contacts = 3,
		.gruu = true,
		.nonce_lifetime = 300,
		.guesses = 5,
		.block = 60,
		.algv = {DIGEST_SHA512_256, DIGEST_SHA256, DIGEST_MD5},
		.algc = 3,
		.key = {1, 2},
	};
	assert_int_equal(sa_set_str(&f->addr, "127.0.0.1", port), 0);
	lv[0].addr = lv[1].addr = f->addr;
	assert_int_equal(sa_set_str(&net.addr, "127.0.0.9", 0), 0);
	assert_int_equal(sip_node_alloc(&f->node, &nc, why, sizeof(why)), 0);
	assert_int_equal(store_open(&f->store, ":memory:", false), 0);
	assert_int_equal(sa_set_str(&sa, "127.0.0.2", 0), 0);
	assert_int_equal(udp_listen(&f->us, &sa, datagram, f), 0);
	start(f);
	*state = f;
	return 0;
}

static int setup_auth(void **state)
{
	struct fix *f;

	(void)setup(state);
	f = *state;
	f->conf.authenticate = true;
	stop(f);
	start(f);
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	stop(f);
	mem_deref(f->us);
	mem_deref(f->node);
	mem_deref(f->store);
	mem_deref(f);
	tmr_debug();
	libre_close();
	return 0;
}

/* ---- bindings ---------------------------------------------------------------------- */

static void one_contact(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@192.0.2.1>\r\n"), 200);
	assert_true(has(f, "\r\nContact: <sip:a@192.0.2.1>;expires=3600\r\n"));
	assert_true(has(f, "\r\nDate: "));
	assert_true(has(f, "\r\nSupported: path, outbound, gruu\r\n"));
	/* nothing but a question */
	assert_int_equal(reg(f, "other", 1, ""), 200);
	assert_int_equal(contacts(f), 1);
}

static void several_with_q(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		reg(f, "c", 1,
		    "Contact: <sip:a@h1>;q=0.5;expires=100, "
		    "\"B\" <sip:b@h2;transport=tcp>;q=1\r\n"
		    "m: sip:c@h3;q=0.123;expires=9999999999999\r\nExpires: 200"
		    "\r\n"),
		200);
	assert_true(has(f, "\r\nContact: <sip:b@h2;transport=tcp>;expires=200"
			   "\r\nContact: <sip:a@h1>;expires=100;q=0.500\r\n"
			   "Contact: <sip:c@h3>;expires=7200;q=0.123\r\n"));
	/* one of them goes */
	assert_int_equal(reg(f, "c", 2, "Contact: <sip:a@h1>;expires=0\r\n"),
			 200);
	assert_int_equal(contacts(f), 2);
	/* the same one, as 19.1.4 sees it */
	assert_int_equal(
		reg(f, "c", 3, "Contact: <sip:b@H2;Transport=TCP>;q=0.1\r\n"),
		200);
	assert_int_equal(contacts(f), 2);
	assert_true(has(f, "Contact: <sip:b@H2;Transport=TCP>;expires=3600;"
			   "q=0.100\r\n"));
}

static void star(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 5, "Contact: <sip:a@h1>, <sip:b@h2>\r\n"),
			 200);
	assert_int_equal(reg(f, "c", 6, "Contact: *\r\nExpires: 1\r\n"), 400);
	assert_int_equal(reg(f, "c", 6, "Contact: *\r\n"), 400);
	assert_int_equal(
		reg(f, "c", 6, "Contact: *, <sip:c@h>\r\nExpires: 0\r\n"), 400);
	assert_int_equal(reg(f, "c", 4, "Contact: *\r\nExpires: 0\r\n"), 500);
	assert_int_equal(reg(f, "q", 1, ""), 200);
	assert_int_equal(contacts(f), 2);
	assert_int_equal(reg(f, "c", 6, "Contact: *\r\nExpires: 0\r\n"), 200);
	assert_int_equal(contacts(f), 0);
	assert_int_equal(location_count(f->loc, NULL), 0);
	/* again, as it came */
	assert_int_equal(reg(f, "c", 6, "Contact: *\r\nExpires: 0\r\n"), 200);
}

static void order_of_cseq(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 7, "Contact: <sip:a@h1>;expires=500\r\n"),
			 200);
	/* overtaken: all or nothing, the new one too */
	assert_int_equal(reg(f, "c", 6,
			     "Contact: <sip:new@h>, <sip:a@h1>;expires=0"
			     "\r\n"),
			 500);
	/* once more: as it is, and nothing refreshed */
	assert_int_equal(reg(f, "c", 7, "Contact: <sip:a@h1>;expires=600\r\n"),
			 200);
	assert_int_equal(contacts(f), 1);
	assert_null(strstr(f->reply, "expires=600"));
	assert_int_equal(reg(f, "c", 8, "Contact: <sip:a@h1>;expires=600\r\n"),
			 200);
	assert_true(has(f, "expires=600"));
	/* a phone that was restarted */
	assert_int_equal(reg(f, "d", 1, "Contact: <sip:a@h1>;expires=700\r\n"),
			 200);
	assert_int_equal(contacts(f), 1);
	assert_true(has(f, "expires=700"));
}

static void bounds(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@h>;expires=59\r\n"),
			 423);
	assert_true(has(f, "\r\nMin-Expires: 60\r\n"));
	assert_int_equal(reg(f, "c", 2, "Contact: <sip:a@h>;expires=60\r\n"),
			 200);
	assert_int_equal(reg(f, "c", 3, "Contact: <sip:a@h>;expires=7201\r\n"),
			 200);
	assert_true(has(f, ";expires=7200\r\n"));
	/* 20.19: what is no number is the default */
	assert_int_equal(reg(f, "c", 4, "Contact: <sip:a@h>;expires=x\r\n"),
			 200);
	assert_true(has(f, ";expires=3600\r\n"));
}

static void too_many(void **state)
{
	struct fix *f = *state;
	char hdrs[64];

	for (unsigned i = 0; i < 3; i++) {
		(void)re_snprintf(hdrs, sizeof(hdrs),
				  "Contact: <sip:a@h%u>\r\n", i);
		assert_int_equal(reg(f, "c", i + 1, hdrs), 200);
	}
	assert_int_equal(reg(f, "c", 10, "Contact: <sip:a@h4>\r\n"), 503);
	assert_true(has(f, "\r\nRetry-After: "));
	/* one in another's place */
	assert_int_equal(reg(f, "c", 11,
			     "Contact: <sip:a@h4>, <sip:a@h0>;expires=0\r\n"),
			 200);
	assert_int_equal(contacts(f), 3);
	/* 1,000 at once */
	for (unsigned i = 0; i < 1000; i++) {
		(void)re_snprintf(hdrs, sizeof(hdrs),
				  "Contact: <sip:a@more%u>\r\n", i);
		assert_int_equal(reg(f, "c", 100 + i, hdrs), 503);
	}
	assert_int_equal(location_count(f->loc, NULL), 3);
}

static void refused(void **state)
{
	static const struct {
		uint16_t code;
		const char *hdrs;
	} v[] = {
		{400, "Contact: <sip:a@h\r\n"},
		{400, "Contact: <sip:@>\r\n"},
		{400, "Contact: <sip:a@h>;q=1.5\r\n"},
		{400, "Contact: <sip:a@h>;q=x\r\n"},
		{400, "Contact: <sip:a@h>;+sip.instance=x\r\n"},
		{400, "Contact: <sip:a@h>;reg-id=0\r\n"},
		{420, "Require: path, foo\r\nContact: <sip:a@h>\r\n"},
	};
	struct fix *f = *state;
	char text[8192];

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		assert_int_equal(reg(f, "c", 1, v[i].hdrs), v[i].code);
	assert_true(has(f, "\r\nUnsupported: foo\r\n"));
	assert_int_equal(
		exchange(f, make(f, text, "a@elsewhere.example", "c", 1, "")),
		404);
	assert_int_equal(exchange(f, make(f, text, "example.com", "c", 1, "")),
			 404);
	assert_int_equal(
		exchange(f, make(f, text, "a%20b@example.com", "c", 1, "")),
		404);
	assert_int_equal(location_count(f->loc, NULL), 0);
	send_text(f, "REGISTER sip:elsewhere.example SIP/2.0\r\nVia: SIP/2.0/"
		     "UDP h;rport;branch=z9hG4bKx\r\nFrom: <sip:a@example.com>"
		     ";tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: c\r\n"
		     "CSeq: 1 REGISTER\r\n\r\n");
	wait_for(&f->replies, f->replies + 1);
	assert_int_equal(code_of(f->reply), 403);
}

static void aor_as_meant(void **state)
{
	struct fix *f = *state;
	char text[8192];

	assert_int_equal(exchange(f, make(f, text, "%61lice@EXAMPLE.com;x=y",
					  "c", 1, "Contact: <sip:a@h>\r\n")),
			 200);
	assert_int_equal(reg(f, "d", 1, ""), 200);
	assert_int_equal(contacts(f), 1);
	/* the same user elsewhere is another */
	assert_int_equal(
		exchange(f, make(f, text, "alice@other.example", "c", 1, "")),
		200);
	assert_int_equal(contacts(f), 0);
}

static void path_and_route(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		reg(f, "c", 1,
		    "Contact: <sip:a@h>\r\nPath: <sip:e1;lr>, <sip:e2;lr>\r\n"
		    "Path: <sip:e3;lr>\r\nSupported: path\r\n"),
		200);
	assert_true(has(f, "\r\nPath: <sip:e1;lr>, <sip:e2;lr>,<sip:e3;lr>"
			   "\r\n"));
	f->conf.service_route = "<sip:edge.example.com;lr>";
	stop(f);
	start(f);
	assert_int_equal(reg(f, "c", 2, "Contact: <sip:a@h>\r\n"), 200);
	assert_true(has(f, "\r\nService-Route: <sip:edge.example.com;lr>\r\n"));
}

#define INSTANCE ";+sip.instance=\"<urn:uuid:1-2>\""
#define OUTBOUND "Supported: outbound, path, gruu\r\n"

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

/* ---- at once ------------------------------------------------------------------------ */

static void many_at_once(void **state)
{
	struct registrar_stats st;
	struct fix *f = *state;
	char text[8192], hdrs[64];

	for (unsigned i = 1; i <= 10; i++) {
		(void)re_snprintf(hdrs, sizeof(hdrs),
				  "Contact: <sip:a@h>;expires=%u\r\n", 100 + i);
		send_text(f, make(f, text, "alice@example.com", "c", i, hdrs));
	}
	wait_for(&f->replies, 10);
	/* each of them in turn, the last one last */
	assert_int_equal(code_of(f->reply), 200);
	assert_true(has(f, "expires=110\r\n"));
	assert_int_equal(location_count(f->loc, NULL), 1);
	/* a lot of one AOR: each is answered, those that could not wait too */
	for (unsigned i = 1; i <= 200; i++)
		send_text(f, make(f, text, "bob@example.com", "c", i,
				  "Contact: <sip:b@h>\r\n"));
	wait_for(&f->replies, 210);
	registrar_stats(f->r, &st);
	assert_true(st.failed < 100);
	/* one that waits is not answered for each time that it comes */
	send_text(f, make(f, text, "bob@example.com", "c", 300,
			  "Contact: <sip:b@h>\r\n"));
	(void)make(f, text, "bob@example.com", "c", 301,
		   "Contact: <sip:b@h>\r\n");
	for (unsigned i = 0; i < 20; i++)
		send_text(f, text);
	wait_for(&f->replies, 212);
	assert_int_equal(reg(f, "q", 1, ""), 200);
	assert_int_equal(f->replies, 213);
}

static void restart(void **state)
{
	struct fix *f = *state;

	assert_int_equal(reg(f, "c", 5, "Contact: <sip:a@h1>, <sip:b@h2>\r\n"),
			 200);
	stop(f);
	start(f);
	assert_int_equal(reg(f, "c", 4, "Contact: <sip:a@h1>\r\n"), 500);
	assert_int_equal(reg(f, "c", 6, "Contact: <sip:a@h1>\r\n"), 200);
	assert_int_equal(contacts(f), 2);
}

static void stopped_in_between(void **state)
{
	struct fix *f = *state;
	char text[8192];

	send_text(f, make(f, text, "alice@example.com", "c", 1,
			  "Contact: <sip:a@h>\r\n"));
	send_text(f, make(f, text, "alice@example.com", "c", 2,
			  "Contact: <sip:a@h>\r\n"));
	while (!location_busy(f->loc, &(struct pl)PL("alice@example.com"))) {
		struct tmr tmr;

		tmr_init(&tmr);
		tmr_start(&tmr, 1, (tmr_h *)re_cancel, NULL);
		assert_int_equal(re_main(NULL), 0);
		tmr_cancel(&tmr);
		if (f->replies)
			break;
	}
	stop(f);
	start(f);
	assert_int_equal(location_count(f->loc, NULL), 1);
}

/* ---- Digest -------------------------------------------------------------------------- */

static void extension_done(int err, void *arg)
{
	struct fix *f = arg;

	f->err = err;
	++f->done;
	re_cancel();
}

static void add_extension(struct fix *f, const char *user, const char *secret)
{
	const unsigned before = f->done;
	struct pl u, d = PL("Example.com"), s;

	pl_set_str(&u, user);
	pl_set_str(&s, secret);
	assert_int_equal(extension_put(f->ext, &u, &d, NULL, &s, NULL,
				       extension_done, f),
			 0);
	wait_for(&f->done, before + 1);
	assert_int_equal(f->err, 0);
}

/* An answer to the challenge of the algorithm in f->reply */
struct answer {
	const char *alg, *user, *secret, *realm;
	char nonce[64];
	unsigned nc;
};

static bool nonce_of(struct answer *a, const char *reply)
{
	char want[64];
	const char *p = reply, *end;

	(void)re_snprintf(want, sizeof(want), "algorithm=%s,", a->alg);
	while ((p = strstr(p, "nonce=\""))) {
		p += 7;
		end = strstr(p, "\r\n");
		if (strstr(p, want) && strstr(p, want) < end) {
			str_ncpy(a->nonce, p, 41);
			return true;
		}
	}
	return false;
}

static void credentials(char *hdr, size_t sz, const struct answer *a)
{
	char ha1[65], ha2[65], resp[65], nc[9];
	struct digest *d = NULL;
	struct pl alg, user, realm, secret, nonce, ncpl;
	enum digest_alg n;

	pl_set_str(&alg, a->alg);
	pl_set_str(&user, a->user);
	pl_set_str(&realm, a->realm);
	pl_set_str(&secret, a->secret);
	pl_set_str(&nonce, a->nonce);
	(void)re_snprintf(nc, sizeof(nc), "%08x", a->nc);
	pl_set_str(&ncpl, nc);
	n = digest_find(&alg);
	assert_int_equal(digest_alloc(&d), 0);
	(void)digest_join(d, ha1, n, (struct pl[]){user, realm, secret}, 3);
	(void)digest_join(d, ha2, n,
			  (struct pl[]){PL("REGISTER"), PL("sip:example.com")},
			  2);
	(void)digest_join(d, resp, n,
			  (struct pl[]){{ha1, strlen(ha1)},
					nonce,
					ncpl,
					PL("abc"),
					PL("auth"),
					{ha2, strlen(ha2)}},
			  6);
	mem_deref(d);
	(void)re_snprintf(hdr, sz,
			  "Contact: <sip:a@h>\r\nAuthorization: Digest "
			  "username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\""
			  "sip:example.com\", response=\"%s\", algorithm=%s, "
			  "qop=auth, nc=%s, cnonce=\"abc\"\r\n",
			  a->user, a->realm, a->nonce, resp, a->alg, nc);
}

static uint16_t login(struct fix *f, const struct answer *a, unsigned cseq)
{
	char hdrs[1024];

	credentials(hdrs, sizeof(hdrs), a);
	return reg(f, "c", cseq, hdrs);
}

static void each_algorithm(void **state)
{
	static const char *const algv[] = {"MD5", "SHA-256", "SHA-512-256"};
	struct fix *f = *state;
	struct answer a = {
		.user = "alice", .secret = "secret", .realm = "example.com"};

	add_extension(f, "alice", "secret");
	assert_int_equal(extensions_count(f->ext), 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(reg(f, "c", 10 * i, "Contact: <sip:a@h>\r\n"),
				 401);
		a.alg = algv[i];
		a.nc = 1;
		assert_true(nonce_of(&a, f->reply));
		assert_int_equal(login(f, &a, 10 * i + 1), 200);
		/* and once more, by the next count */
		a.nc = 2;
		assert_int_equal(login(f, &a, 10 * i + 2), 200);
	}
	/* the most preferred first (RFC 8760 2.4) */
	assert_int_equal(reg(f, "c", 100, ""), 401);
	assert_true(strstr(f->reply, "SHA-512-256") <
		    strstr(f->reply, "SHA-256,"));
	assert_true(strstr(f->reply, "SHA-256,") < strstr(f->reply, "MD5"));
}

static void replayed(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "alice",
			   .secret = "secret",
			   .realm = "example.com",
			   .nc = 1};
	char hdrs[1024], text[8192];

	add_extension(f, "alice", "secret");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	credentials(hdrs, sizeof(hdrs), &a);
	(void)make(f, text, "alice@example.com", "c", 2, hdrs);
	assert_int_equal(exchange(f, text), 200);
	/* a retransmission is no replay */
	assert_int_equal(exchange(f, text), 200);
	assert_int_equal(contacts(f), 1);
	/* the same count in another request is one */
	assert_int_equal(reg(f, "c", 3, hdrs), 401);
	assert_true(has(f, ", stale=true"));
	/* a nonce that nobody made */
	a.nonce[5] ^= 1;
	a.nc = 2;
	assert_int_equal(login(f, &a, 4), 401);
	assert_true(has(f, ", stale=true"));
}

/* Who listens has the credentials too: they are good for no other contact */
static void replayed_with_another_contact(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "alice",
			   .secret = "secret",
			   .realm = "example.com",
			   .nc = 1};
	char hdrs[1024], text[8192], *contact;

	add_extension(f, "alice", "secret");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	credentials(hdrs, sizeof(hdrs), &a);
	(void)make(f, text, "alice@example.com", "c", 2, hdrs);
	assert_int_equal(exchange(f, text), 200);
	contact = strstr(text, "<sip:a@h>");
	assert_non_null(contact);
	contact[5] = 'x';
	assert_int_equal(exchange(f, text), 401);
	assert_true(has(f, ", stale=true"));
	assert_int_equal(location_count(f->loc, NULL), 1);
}

/* Domains that share a realm: each has its alice, with her own password */
static void one_realm(void **state)
{
	static const char *const secretv[] = {"one", "two"};
	const struct pl alice = PL("alice"), realm = PL("all.example");
	struct fix *f = *state;
	struct answer a = {
		.alg = "SHA-256", .user = "alice", .realm = "all.example"};
	char hdrs[1024], text[8192], aor[64], why[64];
	struct pl d, s;

	f->conf.realm = a.realm;
	assert_int_equal(registrar_renew(f->r, &f->conf, why, sizeof(why)), 0);
	for (unsigned i = 0; i < 2; i++) {
		pl_set_str(&d, domainv[i]);
		pl_set_str(&s, secretv[i]);
		assert_int_equal(extension_put(f->ext, &alice, &d, &realm, &s,
					       NULL, extension_done, f),
				 0);
		wait_for(&f->done, i + 1);
		assert_int_equal(f->err, 0);
	}
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	for (unsigned i = 0; i < 4; i++) {
		a.secret = secretv[i & 1];
		++a.nc;
		credentials(hdrs, sizeof(hdrs), &a);
		(void)re_snprintf(aor, sizeof(aor), "alice@%s",
				  domainv[i >> 1]);
		(void)make(f, text, aor, "c", 10 + i, hdrs);
		assert_int_equal(exchange(f, text),
				 (i & 1) == i >> 1 ? 200 : 401);
	}
}

static void others(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "bob",
			   .secret = "hush",
			   .realm = "example.com",
			   .nc = 1};

	add_extension(f, "bob", "hush");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	/* who he is, but not who he registers */
	assert_int_equal(login(f, &a, 2), 403);
	/* another realm than ours: as if there were none */
	a.realm = "elsewhere.example";
	a.nc = 2;
	assert_int_equal(login(f, &a, 3), 401);
	assert_null(strstr(f->reply, "stale"));
	assert_int_equal(location_count(f->loc, NULL), 0);
}

static const char *inet_text(const struct sa *sa)
{
	static char text[64];

	(void)re_snprintf(text, sizeof(text), "%j", sa);
	return text;
}

static void block_handler(const struct sa *src, uint32_t s, void *arg)
{
	struct fix *f = arg;

	assert_int_equal(s, 60);
	assert_true(!strcmp(inet_text(src), "127.0.0.2"));
	++f->blocked;
	re_cancel();
}

static void guesses(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "alice",
			   .secret = "wrong",
			   .realm = "example.com",
			   .nc = 1};
	char hdrs[1024], text[8192];
	struct registrar_stats st;

	registrar_block(f->r, block_handler, f);
	add_extension(f, "alice", "secret");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(login(f, &a, 2 + i), 401);
		assert_null(strstr(f->reply, "stale"));
	}
	/* no answer any more, and in the end no hearing */
	credentials(hdrs, sizeof(hdrs), &a);
	for (unsigned i = 0; i < 100; i++)
		send_text(f, make(f, text, "alice@example.com", "c", 50 + i,
				  hdrs));
	wait_for(&f->blocked, 1);
	registrar_stats(f->r, &st);
	assert_int_equal(st.wrong, 5);
	assert_int_equal(st.held, 100);
	assert_int_equal(st.blocked, 1);
}

/* A nonce is no good to another source: guesses whose source is forged hurt nobody */
static void forged_source(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "alice",
			   .secret = "wrong",
			   .realm = "example.com",
			   .nc = 1};
	struct registrar_stats st;
	struct udp_sock *us = f->us;
	struct sa sa;

	add_extension(f, "alice", "secret");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	assert_int_equal(sa_set_str(&sa, "127.0.0.3", 0), 0);
	assert_int_equal(udp_listen(&f->us, &sa, datagram, f), 0);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(login(f, &a, 2 + i), 401);
		assert_true(has(f, ", stale=true"));
	}
	a.secret = "secret";
	assert_int_equal(login(f, &a, 10), 401);
	assert_true(nonce_of(&a, f->reply));
	assert_int_equal(login(f, &a, 11), 200);
	registrar_stats(f->r, &st);
	assert_int_equal(st.wrong, 0);
	assert_int_equal(st.held, 0);
	mem_deref(us);
}

/* ---- extensions ------------------------------------------------------------------------ */

static void extension_records(void **state)
{
	const struct pl alice = PL("alice"), domain = PL("example.com"),
			bad = PL("a b");
	struct fix *f = *state;
	struct odict *o = NULL, *more = NULL;
	char *text = NULL;
	char hash[65];

	add_extension(f, "alice", "secret");
	str_ncpy(hash,
		 extension_ha1(f->ext, &alice, &domain, &domain,
			       DIGEST_SHA512_256),
		 sizeof(hash));
	assert_int_equal(strlen(hash), 64);
	assert_int_equal(store_get(f->store, EXTENSION_KIND,
				   &(struct pl)PL("alice@example.com"), &text),
			 0);
	assert_null(strstr(text, "secret"));
	mem_deref(text);
	/* more of it, the password as it was */
	assert_int_equal(odict_alloc(&more, 4), 0);
	assert_int_equal(odict_entry_add(more, "note", ODICT_STRING, "x"), 0);
	assert_int_equal(extension_put(f->ext, &alice, &domain, NULL, NULL,
				       more, extension_done, f),
			 0);
	wait_for(&f->done, 2);
	mem_deref(more);
	stop(f);
	start(f);
	assert_string_equal(extension_ha1(f->ext, &alice, &domain, &domain,
					  DIGEST_SHA512_256),
			    hash);
	assert_int_equal(extension_get(&o, f->ext, &alice, &domain), 0);
	assert_string_equal(odict_string(o, "note"), "x");
	assert_string_equal(odict_string(o, "id"), "alice@example.com");
	assert_null(odict_lookup(o, "ha1"));
	mem_deref(o);
	assert_int_equal(extension_put(f->ext, &bad, &domain, NULL, &bad, NULL,
				       NULL, NULL),
			 EINVAL);
	assert_int_equal(extension_put(f->ext, &domain, &domain, NULL, NULL,
				       NULL, NULL, NULL),
			 ENOENT);
	assert_int_equal(extension_del(f->ext, &domain, &domain, NULL, NULL),
			 ENOENT);
	assert_int_equal(
		extension_del(f->ext, &alice, &domain, extension_done, f), 0);
	wait_for(&f->done, 3);
	assert_null(
		extension_ha1(f->ext, &alice, &domain, &domain, DIGEST_MD5));
}

/* ---- keep-alive ------------------------------------------------------------------------ */

static void alive(void **state)
{
	struct fix *f = *state;
	struct registrar_stats st;
	char why[64], hdrs[128];
	struct sa sa;

	assert_int_equal(udp_local_get(f->us, &sa), 0);
	(void)re_snprintf(hdrs, sizeof(hdrs), "Contact: <sip:a@10.9.9.9>\r\n");
	assert_int_equal(reg(f, "c", 1, hdrs), 200);
	f->conf.alive_interval = 1;
	f->conf.alive_failures = 1;
	assert_int_equal(registrar_renew(f->r, &f->conf, why, sizeof(why)), 0);
	/* to where it came from, whatever the contact says */
	wait_for(&f->replies, 2);
	assert_ptr_equal(strstr(f->reply, "OPTIONS sip:a@10.9.9.9 SIP/2.0\r\n"),
			 f->reply);
	registrar_stats(f->r, &st);
	assert_int_equal(st.alive_sent, 1);
	/* nobody is there any more: ICMP says so */
	f->us = mem_deref(f->us);
	while (location_count(f->loc, NULL)) {
		struct tmr tmr;

		tmr_init(&tmr);
		tmr_start(&tmr, 50, (tmr_h *)re_cancel, NULL);
		assert_int_equal(re_main(NULL), 0);
		tmr_cancel(&tmr);
	}
	registrar_stats(f->r, &st);
	assert_true(st.alive_lost >= 1);
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

static void run_ms(unsigned ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, (tmr_h *)re_cancel, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&tmr);
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

/* What can't be asked is not gone for that */
static void alive_unasked(void **state)
{
	struct fix *f = *state;
	struct registrar_stats st;
	struct tmr tmr;
	char why[64];

	f->conf.max_contacts = 100;
	f->conf.alive_interval = 1;
	f->conf.alive_failures = 1;
	assert_int_equal(registrar_renew(f->r, &f->conf, why, sizeof(why)), 0);
	assert_int_equal(reg(f, "c", 1,
			     "Contact: <sip:a@h>\r\nPath: <sip:edge.example;lr>"
			     "\r\n"),
			 200);
	assert_int_equal(reg(f, "d", 1, "Contact: <sip:b@h>\r\n"), 200);
	tmr_init(&tmr);
	do {
		tmr_start(&tmr, 50, (tmr_h *)re_cancel, NULL);
		assert_int_equal(re_main(NULL), 0);
		tmr_cancel(&tmr);
		registrar_stats(f->r, &st);
	} while (st.alive_sent < 3);
	assert_int_equal(location_count(f->loc, NULL), 2);
	assert_int_equal(st.alive_lost, 0);
}

/* A connection to another node is that one's: this one has none, and that says
 * nothing */
static void alive_elsewhere(void **state)
{
	const struct pl key = PL("bob@example.com sip:b@h;transport=tcp");
	const struct pl record = PL("1\t4000000000\t1\t1\t1\t1\t1000\t1\td\t"
				    "192.0.2.7:5062\t\t\t\tc\t");
	struct fix *f = *state;
	struct registrar_stats st;
	char why[64];

	f->conf.alive_interval = 1;
	f->conf.alive_failures = 1;
	assert_int_equal(registrar_renew(f->r, &f->conf, why, sizeof(why)), 0);
	change_foreign(LOCATION_KIND, &key, &record, f->loc);
	assert_int_equal(reg(f, "c", 1,
			     "Contact: <sip:a@h>\r\nPath: <sip:edge.example;lr>"
			     "\r\n"),
			 200);
	assert_int_equal(reg(f, "d", 1, "Contact: <sip:b@h>\r\n"), 200);
	do {
		run_ms(50);
		registrar_stats(f->r, &st);
	} while (st.alive_sent < 3 && !st.alive_lost);
	assert_int_equal(st.alive_lost, 0);
	assert_int_equal(location_count(f->loc, NULL), 3);
}

/* A store that can't be written to: nothing is acknowledged */
static void not_stored(void **state)
{
	static char path[] = "/tmp/carom-registrar-XXXXXX";
	struct fix *f = *state;
	struct registrar_stats st;

	stop(f);
	mem_deref(f->store);
	assert_non_null(mkdtemp(path));
	(void)chdir(path);
	assert_int_equal(store_open(&f->store, "db", false), 0);
	mem_deref(f->store);
	assert_int_equal(store_open(&f->store, "db", true), 0);
	start(f);
	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@h>\r\n"), 503);
	assert_true(has(f, "\r\nRetry-After: "));
	assert_int_equal(location_count(f->loc, NULL), 0);
	registrar_stats(f->r, &st);
	assert_int_equal(st.failed, 1);
	assert_int_equal(st.accepted, 0);
	(void)system("rm -rf /tmp/carom-registrar-??????");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
#define A(x) cmocka_unit_test_setup_teardown(x, setup_auth, teardown)
		T(one_contact),
		T(several_with_q),
		T(star),
		T(order_of_cseq),
		T(bounds),
		T(too_many),
		T(refused),
		T(aor_as_meant),
		T(path_and_route),
		T(outbound),
		T(first_hop),
		T(where_it_came_from),
		T(unknown_transport),
		T(gruu),
		T(many_at_once),
		T(restart),
		T(stopped_in_between),
		A(each_algorithm),
		A(replayed),
		A(replayed_with_another_contact),
		A(one_realm),
		A(others),
		A(guesses),
		A(forged_source),
		T(extension_records),
		T(alive),
		T(flows),
		T(alive_unasked),
		T(alive_elsewhere),
		T(not_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
