/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrar_fix.c  A registrar on loopback, and a phone that sends it what the test says
 */
#include <stdlib.h>
#include <unistd.h>
#include "registrar_fix.h"

const char *const domainv[2] = {"example.com", "other.example"};

/* ---- the wire ---------------------------------------------------------------------- */

static void late(void *arg)
{
	(void)arg;
	fail_msg("nothing came");
}

void wait_for(const unsigned *counter, unsigned want)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, WAIT, late, NULL);
	while (*counter < want)
		assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&tmr);
}

void datagram(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct fix *f = arg;
	(void)src;

	(void)re_snprintf(f->reply, sizeof(f->reply), "%b", mbuf_buf(mb),
			  mbuf_get_left(mb));
	++f->replies;
	re_cancel();
}

void send_text(struct fix *f, const char *text)
{
	struct mbuf *mb = mbuf_alloc(512);

	(void)mbuf_write_str(mb, text);
	mb->pos = 0;
	assert_int_equal(udp_send(f->us, &f->addr, mb), 0);
	mem_deref(mb);
}

uint16_t code_of(const char *reply)
{
	return (uint16_t)strtoul(reply + 8, NULL, 10);
}

uint16_t exchange(struct fix *f, const char *text)
{
	const unsigned before = f->replies;

	send_text(f, text);
	wait_for(&f->replies, before + 1);
	return code_of(f->reply);
}

char *make(struct fix *f, char text[8192], const char *user, const char *callid,
	   unsigned cseq, const char *hdrs)
{
	(void)re_snprintf(text, 8192,
			  "REGISTER sip:example.com SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 127.0.0.2:5999;rport;branch=z9hG4bK"
			  "%u\r\nFrom: <sip:%s>;tag=1\r\nTo: <sip:%s>\r\n"
			  "Call-ID: %s\r\nCSeq: %u REGISTER\r\n%s\r\n",
			  ++f->branch, user, user, callid, cseq, hdrs);
	return text;
}

uint16_t reg(struct fix *f, const char *callid, unsigned cseq, const char *hdrs)
{
	char text[8192];

	return exchange(f,
			make(f, text, "alice@example.com", callid, cseq, hdrs));
}

bool has(const struct fix *f, const char *what)
{
	if (strstr(f->reply, what))
		return true;
	print_error("%s\nhas no: %s\n", f->reply, what);
	return false;
}

unsigned contacts(const struct fix *f)
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

void start(struct fix *f)
{
	char why[256] = "";

	assert_int_equal(location_alloc(&f->loc, f->store, "here", NULL), 0);
	assert_int_equal(extensions_alloc(&f->ext, f->store), 0);
	assert_int_equal(registrar_alloc(&f->r, &f->conf, f->node, f->loc,
					 f->ext, why, sizeof(why)),
			 0);
}

void stop(struct fix *f)
{
	f->r = mem_deref(f->r);
	f->ext = mem_deref(f->ext);
	f->loc = mem_deref(f->loc);
}

int setup(void **state)
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

int teardown(void **state)
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

/* ---- flows ------------------------------------------------------------------------- */

void run_ms(unsigned ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, (tmr_h *)re_cancel, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&tmr);
}
