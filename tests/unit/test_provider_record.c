/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_record.c  A provider's description, and its health
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "provider/health.h"
#include "provider/record.h"
#include "route_util.h"

static const struct record_defaults def = {30, 5000, 3, 2};

static char *as_json(const struct record *r, bool secret)
{
	struct odict *o = NULL;
	char *text = NULL;

	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(record_json(o, r, secret), 0);
	assert_int_equal(re_sdprintf(&text, "%H", json_encode_odict, o), 0);
	mem_deref(o);
	return text;
}

static struct record *record_of(const char *text)
{
	struct fields_err e = {"", ""};
	struct odict *o = json(text);
	struct record *r = NULL;

	if (record_decode(&r, o, &def, &e))
		fail_msg("%s: %s", e.path, e.text);
	mem_deref(o);
	return r;
}

static void defaults(void **state)
{
	struct record *r = record_of("{\"id\":\"a\",\"hostname\":\"x.net\"}");

	(void)state;
	assert_int_equal(r->port, 0);
	assert_int_equal(r->transp, MSG_TRANSP_MAX);
	assert_int_equal(r->probe.interval, 30);
	assert_int_equal(r->probe.timeout, 5000);
	assert_int_equal(r->probe.down, 3);
	assert_int_equal(r->probe.up, 2);
	assert_int_equal(r->probe.codes.n, 0);
	assert_false(r->reg.on);
	mem_deref(r);
}

/* What is kept of a password is H(user:realm:password), and nobody is shown it */
static void secrets(void **state)
{
	struct record *r = record_of(
		"{\"id\":\"a\",\"hostname\":\"192.0.2.1\",\"port\":5070,"
		"\"transport\":\"tls\",\"username\":\"Mufasa\","
		"\"realm\":\"http-auth@example.org\","
		"\"password\":\"Circle of Life\",\"from_domain\":\"us.net\","
		"\"headers\":{\"X-Account\":\"12\"},"
		"\"register\":{\"expires\":600,\"contact_user\":\"in\"},"
		"\"probe\":{\"interval\":0,\"codes\":[\"200-299\",404]}}");
	char *kept = as_json(r, true), *shown = as_json(r, false);
	struct record *again = record_of(kept);
	char *twice = as_json(again, true);

	(void)state;
	/* RFC 7616 3.9.1 has this user, realm and password: A1 by MD5 and by
	 * SHA-256, computed elsewhere */
	assert_string_equal(r->secret.ha1v[DIGEST_MD5],
			    "3d78807defe7de2157e2b0b6573a855f");
	assert_string_equal(r->secret.ha1v[DIGEST_SHA256],
			    "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00"
			    "262392d7b4794232");
	assert_null(strstr(kept, "Circle"));
	assert_null(strstr(shown, "Circle"));
	assert_null(strstr(shown, "ha1"));
	assert_null(strstr(shown, "3d78807d"));
	assert_string_equal(kept, twice);
	assert_int_equal(again->headerc, 1);
	assert_string_equal(again->headerv[0].value, "12");
	assert_true(record_same_peer(r, again));
	assert_true(secret_same(&r->secret, &again->secret));
	mem_deref(kept);
	mem_deref(shown);
	mem_deref(twice);
	mem_deref(r);
	mem_deref(again);
}

static void bad(void **state)
{
	static const struct {
		const char *text, *path;
	} v[] = {
		{"{\"hostname\":\"x\"}", "id"},
		{"{\"id\":\"a\"}", "hostname"},
		{"{\"id\":\"a\",\"hostname\":\"x y\"}", "hostname"},
		{"{\"id\":\"a\",\"hostname\":\"x>\"}", "hostname"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"port\":70000}", "port"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"transport\":\"ws\"}",
		 "transport"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"username\":\"u\"}",
		 "password"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"username\":\"u\","
		 "\"password\":\"p\"}",
		 "realm"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"realm\":\"r\","
		 "\"password\":\"p\"}",
		 "username"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"username\":\"u\","
		 "\"realm\":\"r\",\"ha1\":{\"MD5\":\"12\"}}",
		 "ha1.MD5"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"username\":\"u\","
		 "\"realm\":\"r\",\"ha1\":{\"SHA-1\":\"12\"}}",
		 "ha1.SHA-1"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"headers\":{\"Via\":\"x\"}"
		 "}",
		 "headers"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"headers\":{\"X y\":\"x\"}"
		 "}",
		 "headers"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"headers\":{\"X\":\"a\\r\\n"
		 "b\"}}",
		 "headers.X"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"register\":{}}",
		 "register"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"register\":{\"user\":"
		 "\"a@b\"}}",
		 "register.user"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"probe\":{\"down_after\":"
		 "0}}",
		 "probe.down_after"},
		{"{\"id\":\"a\",\"hostname\":\"x\",\"probe\":{\"codes\":"
		 "[\"abc\"]}}",
		 "probe.codes"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct fields_err e = {"", ""};
		struct odict *o = json(v[i].text);
		struct record *r = NULL;

		assert_int_equal(record_decode(&r, o, &def, &e), EBADMSG);
		assert_string_equal(e.path, v[i].path);
		assert_true(str_isset(e.text));
		mem_deref(o);
	}
}

/* ---- health ----------------------------------------------------------------- */

static const struct health_result good = {true, 200, 1000, "200 OK"};
static const struct health_result none = {false, 0, 0, "no answer"};

static void thresholds(void **state)
{
	struct health h = {HEALTH_UNKNOWN};

	(void)state;
	assert_true(health_take(&h, &good, 3, 2, 10));
	assert_int_equal(h.state, HEALTH_UP);
	assert_false(health_take(&h, &none, 3, 2, 11));
	assert_false(health_take(&h, &none, 3, 2, 12));
	/* an answer between: the count begins anew */
	assert_false(health_take(&h, &good, 3, 2, 13));
	assert_false(health_take(&h, &none, 3, 2, 14));
	assert_false(health_take(&h, &none, 3, 2, 15));
	assert_int_equal(h.state, HEALTH_UP);
	assert_true(health_take(&h, &none, 3, 2, 16));
	assert_int_equal(h.state, HEALTH_DOWN);
	assert_int_equal(h.changed, 16);
	assert_false(health_take(&h, &none, 3, 2, 17));
	assert_false(health_take(&h, &good, 3, 2, 18));
	assert_false(health_take(&h, &none, 3, 2, 19));
	assert_false(health_take(&h, &good, 3, 2, 20));
	assert_true(health_take(&h, &good, 3, 2, 21));
	assert_int_equal(h.state, HEALTH_UP);
	assert_int_equal(h.rtt_avg, 1000);
	assert_int_equal(h.answers, 5);
	assert_int_equal(h.failures, 7);
}

static void from_unknown(void **state)
{
	struct health h = {HEALTH_UNKNOWN};

	(void)state;
	assert_false(health_take(&h, &none, 2, 3, 10));
	assert_int_equal(h.state, HEALTH_UNKNOWN);
	assert_true(health_take(&h, &none, 2, 3, 10));
	assert_int_equal(h.state, HEALTH_DOWN);
}

/* Another node's finding is ours where we have found nothing to the contrary */
static void others(void **state)
{
	struct health h = {HEALTH_UNKNOWN};

	(void)state;
	assert_false(health_adopt(&h, HEALTH_UNKNOWN, "", 0, 5));
	assert_true(health_adopt(&h, HEALTH_DOWN, "no answer", 0, 5));
	assert_int_equal(h.state, HEALTH_DOWN);
	assert_false(health_adopt(&h, HEALTH_DOWN, "no answer", 0, 6));
	assert_false(health_take(&h, &good, 3, 2, 7));
	assert_true(health_adopt(&h, HEALTH_UP, "200 OK", 200, 8));
	assert_false(health_adopt(&h, HEALTH_DOWN, "no answer", 0, 9));
	assert_false(health_take(&h, &none, 3, 2, 10));
	assert_true(health_adopt(&h, HEALTH_DOWN, "no answer", 0, 11));
	assert_int_equal(h.changed, 11);
}

static void kept(void **state)
{
	struct health h = {HEALTH_UNKNOWN}, again;
	struct odict *o = NULL;

	(void)state;
	assert_true(health_take(&h, &none, 1, 1, 99));
	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(health_json(o, &h), 0);
	assert_int_equal(health_load(&again, o), 0);
	assert_int_equal(again.state, HEALTH_DOWN);
	assert_int_equal(again.changed, 99);
	assert_string_equal(again.last.reason, "no answer");
	mem_deref(o);
	o = json("{}");
	assert_int_equal(health_load(&again, o), EBADMSG);
	assert_int_equal(again.state, HEALTH_UNKNOWN);
	mem_deref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),     cmocka_unit_test(secrets),
		cmocka_unit_test(bad),          cmocka_unit_test(thresholds),
		cmocka_unit_test(from_unknown), cmocka_unit_test(others),
		cmocka_unit_test(kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
