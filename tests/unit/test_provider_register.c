/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_register.c  The node registers with a carrier
 */
#include "provider_fix.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers),
		TEST(registers_in_vain),
	};

	return cmocka_run_group_tests(tests, all_up, all_down);
}
