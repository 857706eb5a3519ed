/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_auth_fits.c  What credentials are good for at the edge, and those that are odd
 */
#include "auth_fix.h"

/* What is the request's to say, and what is not */
static void test_fits(void **state)
{
	static const struct {
		uint16_t code; /* 0: it is sent on */
		struct answer a;
	} casev[] = {
		{0, {.uri = "sip:example.com"}},
		{0, {.uri = "sip:b@192.0.2.1;transport=udp"}},
		{0, {.uri = "SIP:b@EXAMPLE.com:5060"}},
		{400, {.uri = "sip:c@example.com"}},
		{400, {.uri = "sip:b@example.org"}},
		{400, {.uri = "sips:b@example.com"}},
		{400, {.uri = "garbage"}},
		{0, {.ruri = "tel:+1234"}},
		{400, {.ruri = "tel:+1234", .uri = "tel:+1235"}},
		{400, {.ruri = "tel:+1234", .uri = "tel:+1234;x"}},
		{403, {.from = "sip:bob@example.com"}},
		{403, {.from = "sip:alicea@example.com"}},
		{403, {.from = "sip:example.com"}},
		{0, {.from = "sip:%61lice@example.org"}},
		{0, {.from = "tel:alice;phone-context=+1"}},
		{403, {.from = "tel:alicea"}},
		{0, {.from = "sip:anonymous@anonymous.invalid"}},
		{403,
		 {.method = "REGISTER",
		  .ruri = "sip:example.com",
		  .to = "sip:bob@example.com>"}},
		{0,
		 {.method = "REGISTER",
		  .ruri = "sip:example.com",
		  .to = "sip:alice@example.com>"}},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct fix *f = edge();
		struct answer a = casev[i].a;
		char nonce[128];

		a.nc = 1;
		a.nonce = challenge(f, 1, nonce);
		ask(f, &a);
		if (f->code != casev[i].code ||
		    (!f->code && f->v != FORWARD_SEND))
			fail_msg("%zu: %u %s", i, f->code, f->why);
		close_edge(f);
	}
}

/* What anybody may send who has got a nonce, and what whoever has logged in: time
 * that grew with the square of it would be minutes here */
static void test_long(void **state)
{
	static const char *const unitv[] = {"a", "a:", ":", ";a", "\\\"", "<a"};
	struct fix *f = edge();
	char *text = malloc(65536);
	struct pl uri, from = PL("sip:alice@example.com");
	(void)state;

	assert_non_null(text);
	ask(f, &(struct answer){.nonce = NULL});
	for (size_t i = 0; i < ARRAY_SIZE(unitv); i++) {
		struct msg_header h = {.type = MSG_FROM};

		uri.p = text;
		uri.l = (size_t)sprintf(text, "sip:");
		while (uri.l < 65000)
			uri.l += (size_t)sprintf(text + uri.l, "%s", unitv[i]);
		h.val = uri;
		f->msg.first[MSG_FROM] = &h;
		f->msg.ruri = f->msg.uri.user = from;
		for (unsigned k = 0; k < 20; k++) {
			assert_false(auth_uri_fits(f->p, &f->msg, &uri));
			assert_false(auth_user_fits(&f->msg, &from));
		}
	}
	free(text);
	close_edge(f);
}

static void test_from_not_matched(void **state)
{
	struct fix *f = edge();
	struct answer a = {.nc = 1, .from = "sip:+1234@example.com"};
	char nonce[128];
	(void)state;

	f->conf.match_from = f->conf.bind_source = false;
	f->p->auth = mem_deref(f->p->auth);
	assert_int_equal(auth_alloc(&f->p->auth, &f->conf, NULL), 0);
	a.nonce = challenge(f, 1, nonce);
	a.src = "192.0.2.10";
	ask(f, &a);
	assert_sent(f);
	close_edge(f);
}

static void test_malformed(void **state)
{
	static const struct {
		uint16_t code;
		const char *extra;
	} casev[] = {
		{400, "Proxy-Authorization: Digest\r\n"},
		{400,
		 "Proxy-Authorization: Digest realm=\"" REALM "\", \"\r\n"},
		{400, "Proxy-Authorization: Digest realm=\"" REALM "\"\r\n"},
		{400, "Proxy-Authorization: Digest username=\"a\"\r\n"},
		{407, "Proxy-Authorization: Digest realm=\"x\", \"\r\n"},
		{407, "Proxy-Authorization: Digest realm=\"EXAMPLE.com\"\r\n"},
		{407, "Proxy-Authorization: Bearer x\r\n"},
		{407, "Proxy-Authorization: \r\n"},
		{407, "Proxy-Authorization: Digest realm=\"" REALM
		      "\", algorithm=SHA-512-256\r\n"},
		{407, "Authorization: Digest realm=\"" REALM "\"\r\n"},
	};
	struct fix *f = edge();
	char many[2048] = "";
	size_t n = 0;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		ask(f, &(struct answer){.extra = casev[i].extra});
		if (f->code != casev[i].code)
			fail_msg("%s: %u %s", casev[i].extra, f->code, f->why);
	}
	for (unsigned i = 0; i <= AUTH_CREDS; i++)
		n += (size_t)re_snprintf(
			many + n, sizeof(many) - n,
			"Proxy-Authorization: Digest realm=\"" REALM
			"\", nonce=n\r\n");
	ask(f, &(struct answer){.extra = many});
	assert_int_equal(f->code, 400);
	assert_string_equal(f->why, "Too Many Credentials");
	close_edge(f);
}

static bool was_node(const struct sa *addr, void *arg)
{
	struct sa gone;
	(void)arg;

	return !sa_set_str(&gone, "192.0.2.51", 5060) &&
	       sa_cmp(addr, &gone, SA_ADDR);
}

/* Who is asked, and who is not */
static void test_asked(void **state)
{
	static const struct {
		uint16_t code;
		struct answer a;
	} casev[] = {
		{407, {.method = "REGISTER"}},
		{407, {.method = "BYE", .to = URI ">;tag=2"}},
		{0, {.method = "ACK"}},
		{0, {.method = "CANCEL"}},
		{0, {.src = "192.0.2.31"}},
		/* to a node by its name, or by a Route of the client's */
		{407, {.ruri = "sip:b@192.0.2.31"}},
		{407,
		 {.ruri = "sip:b@192.0.2.31",
		  .method = "REGISTER",
		  .to = "sip:a@x>;tag=1"}},
		{407, {.extra = "Route: <sip:192.0.2.31;lr>\r\n"}},
		{407,
		 {.extra = "Route: <sip:192.0.2.1;lr>, "
			   "<sip:192.0.2.31;lr>\r\n"}},
		{0, {.ruri = "sip:b@192.0.2.31", .to = URI ">;tag=2"}},
		{0, {.ruri = "sip:b@192.0.2.31", .method = "ACK"}},
		{0, {.ruri = "sip:b@192.0.2.41"}},
		/* one that has gone is there for its calls */
		{407, {.ruri = "sip:b@192.0.2.51"}},
		{0, {.ruri = "sip:b@192.0.2.51", .to = URI ">;tag=2"}},
		{403, {.ruri = "sip:b@192.0.2.61"}},
	};
	struct fix *f = edge();
	char nonce[128];
	struct answer a = {.nc = 1, .ruri = "sip:b@192.0.2.31"};
	(void)state;

	f->p->was_node = was_node;
	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		ask(f, &casev[i].a);
		if (f->code != casev[i].code ||
		    (!f->code && f->v != FORWARD_SEND))
			fail_msg("%zu: %u %s", i, f->code, f->why);
	}
	a.nonce = challenge(f, 1, nonce);
	ask(f, &a);
	assert_sent(f);
	assert_null(strstr(f->out, nonce));
	/* the set asks, and nobody can check */
	f->p->auth = mem_deref(f->p->auth);
	ask(f, &(struct answer){.nonce = NULL});
	assert_int_equal(f->code, 403);
	close_edge(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_from_not_matched),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
