/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_route.c  Which provider a number goes by
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "route_util.h"

/* Health by the provider's name: "down-1", "off-1", "none-1" */
static enum route_health health(const char *provider, void *arg)
{
	(void)arg;
	return !strncmp(provider, "down", 4)   ? ROUTE_DOWN
	       : !strncmp(provider, "off", 3)  ? ROUTE_OFF
	       : !strncmp(provider, "none", 4) ? ROUTE_NONE
					       : ROUTE_UP;
}

static struct routes *table(const char *const *textv, size_t n)
{
	struct routes *t = NULL;

	assert_int_equal(routes_alloc(&t), 0);
	for (size_t i = 0; i < n; i++) {
		struct route *r = route_of(textv[i]);

		assert_int_equal(routes_put(t, r), 0);
		mem_deref(r);
	}
	return t;
}

/* "id+ id- id+": those taken have a + */
static const char *found(const struct routes *t, const struct route_ask *q)
{
	struct route_choice v[ROUTE_CHOICES];
	const size_t n = route_find(t, q, v);
	static char text[256];

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		(void)re_snprintf(text + strlen(text),
				  sizeof(text) - strlen(text), "%s%s%s",
				  i ? " " : "", v[i].route->id,
				  v[i].why == ROUTE_TAKEN ? "+" : "-");
	return text;
}

static enum route_why why(const struct routes *t, const struct route_ask *q,
			  const char *id)
{
	struct route_choice v[ROUTE_CHOICES];
	const size_t n = route_find(t, q, v);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].route->id, id))
			return v[i].why;
	fail_msg("%s does not fit", id);
	return ROUTE_TAKEN;
}

static void order(void **state)
{
	static const char *const v[] = {
		"{\"id\":\"all\",\"provider\":\"p0\"}",
		"{\"id\":\"de\",\"provider\":\"p1\",\"prefix\":\"+49\"}",
		"{\"id\":\"mob-2\",\"provider\":\"p2\",\"prefix\":\"+4915\","
		"\"priority\":2}",
		"{\"id\":\"mob-1\",\"provider\":\"p3\",\"prefix\":\"+4915\","
		"\"priority\":1}",
		"{\"id\":\"dear\",\"provider\":\"p4\",\"prefix\":\"+4915\","
		"\"priority\":1,\"cost\":0.5}",
		"{\"id\":\"cheap\",\"provider\":\"p5\",\"prefix\":\"+4915\","
		"\"priority\":1,\"cost\":0.1}",
		"{\"id\":\"heavy\",\"provider\":\"p6\",\"prefix\":\"+4915\","
		"\"priority\":1,\"cost\":9,\"weight\":1}",
		"{\"id\":\"fr\",\"provider\":\"p7\",\"prefix\":\"+33\"}",
	};
	struct route_ask q = {.called = "+491512345", .healthh = health};
	struct routes *t = table(v, ARRAY_SIZE(v));

	(void)state;
	assert_string_equal(found(t, &q),
			    "heavy+ mob-1+ cheap+ dear+ mob-2+ de+ all+");
	q.called = "+4930";
	assert_string_equal(found(t, &q), "de+ all+");
	q.called = "alice";
	assert_string_equal(found(t, &q), "all+");
	assert_int_equal(routes_del(t, "all"), 0);
	assert_string_equal(found(t, &q), "");
	mem_deref(t);
}

static void left_out(void **state)
{
	static const char *const v[] = {
		"{\"id\":\"a\",\"provider\":\"down-1\",\"priority\":1}",
		"{\"id\":\"b\",\"provider\":\"off-1\",\"priority\":2}",
		"{\"id\":\"c\",\"provider\":\"none-1\",\"priority\":3}",
		"{\"id\":\"d\",\"provider\":\"p\",\"priority\":4,"
		"\"disabled\":true}",
		"{\"id\":\"e\",\"provider\":\"p\",\"priority\":5,"
		"\"caller_prefix\":\"+1\"}",
		"{\"id\":\"f\",\"provider\":\"p\",\"priority\":6}",
		"{\"id\":\"g\",\"provider\":\"p\",\"priority\":7}",
		"{\"id\":\"h\",\"provider\":\"p2\",\"priority\":8,"
		"\"rewrite\":{\"called\":[{\"match\":\".*\"}]}}",
		"{\"id\":\"i\",\"provider\":\"p3\",\"priority\":9,\"times\":{"
		"\"windows\":[{\"from\":\"08:00\",\"to\":\"09:00\"}]}}",
	};
	struct route_ask q = {.called = "1", .healthh = health};
	struct routes *t = table(v, ARRAY_SIZE(v));

	(void)state;
	assert_string_equal(found(t, &q), "a- b- c- d- e- f+ g- h- i-");
	assert_int_equal(why(t, &q, "a"), ROUTE_W_DOWN);
	assert_int_equal(why(t, &q, "b"), ROUTE_W_OFF);
	assert_int_equal(why(t, &q, "c"), ROUTE_W_NONE);
	assert_int_equal(why(t, &q, "d"), ROUTE_W_DISABLED);
	assert_int_equal(why(t, &q, "e"), ROUTE_W_CALLER);
	assert_int_equal(why(t, &q, "g"), ROUTE_W_AGAIN);
	assert_int_equal(why(t, &q, "h"), ROUTE_W_NUMBER);
	assert_int_equal(why(t, &q, "i"), ROUTE_W_TIME);
	q.caller = "+1212";
	q.when = 8 * 3600;
	assert_string_equal(found(t, &q), "a- b- c- d- e+ f- g- h- i+");
	for (enum route_why w = ROUTE_TAKEN; w <= ROUTE_W_NUMBER; w++)
		assert_string_not_equal(route_why(w), "?");
	mem_deref(t);
}

/* The same call always in the same order; first, and second among the rest, by
 * weight: within 5 standard deviations of 60,000 draws */
static void weights(void **state)
{
	static const char *const v[] = {
		"{\"id\":\"a\",\"provider\":\"pa\",\"weight\":60}",
		"{\"id\":\"b\",\"provider\":\"pb\",\"weight\":30}",
		"{\"id\":\"c\",\"provider\":\"pc\",\"weight\":10}",
	};
	enum { N = 60000 };
	struct route_choice cv[ROUTE_CHOICES];
	struct route_ask q = {.called = "1", .healthh = health};
	struct routes *t = table(v, ARRAY_SIZE(v));
	unsigned first[3] = {0}, second = 0, of_a = 0;
	char text[64];

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		q.hash = i * 0x9e3779b97f4a7c15ull;
		assert_int_equal(route_find(t, &q, cv), 3);
		++first[cv[0].route->id[0] - 'a'];
		if (cv[0].route->id[0] == 'a') {
			++of_a;
			second += cv[1].route->id[0] == 'b';
		}
	}
	assert_in_range(first[0], N * 60 / 100 - 600, N * 60 / 100 + 600);
	assert_in_range(first[1], N * 30 / 100 - 565, N * 30 / 100 + 565);
	assert_in_range(first[2], N * 10 / 100 - 370, N * 10 / 100 + 370);
	assert_in_range(second, of_a * 3 / 4 - 420, of_a * 3 / 4 + 420);

	q.hash = 12345;
	str_ncpy(text, found(t, &q), sizeof(text));
	assert_string_equal(found(t, &q), text);
	mem_deref(t);
}

/* ---- rewriting -------------------------------------------------------------- */

static const char *rewritten(const char *steps, const char *number)
{
	struct route_ask q = {.called = number, .healthh = health};
	struct route_choice cv[ROUTE_CHOICES];
	struct routes *t = NULL;
	static char text[80];
	char route[512];
	struct route *r;

	(void)re_snprintf(route, sizeof(route),
			  "{\"id\":\"r\",\"provider\":\"p\",\"rewrite\":{"
			  "\"called\":%s}}",
			  steps);
	r = route_of(route);
	assert_int_equal(routes_alloc(&t), 0);
	assert_int_equal(routes_put(t, r), 0);
	assert_int_equal(route_find(t, &q, cv), 1);
	str_ncpy(text, cv[0].why == ROUTE_TAKEN ? cv[0].called.s : "!",
		 sizeof(text));
	mem_deref(t);
	mem_deref(r);
	return text;
}

static void rewriting(void **state)
{
	char s[65];

	(void)state;
	assert_string_equal(rewritten("[]", "+49"), "+49");
	assert_string_equal(rewritten("[{\"strip\":1,\"add\":\"00\"}]", "+49"),
			    "0049");
	assert_string_equal(rewritten("[{\"strip\":9}]", "+49"), "+49");
	assert_string_equal(rewritten("[{\"strip\":3}]", "+49"), "!");
	assert_string_equal(rewritten("[{\"match\":\"^\\\\+49(3)(0)\","
				      "\"replace\":\"0\\\\2-\\\\1\\\\\\\\\"}]",
				      "+493012"),
			    "00-3\\12");
	assert_string_equal(rewritten("[{\"match\":\"^00\",\"replace\":\"+\"},"
				      "{\"match\":\"^\\\\+\",\"replace\":\"\"},"
				      "{\"add\":\"9\"}]",
				      "0049"),
			    "949");
	assert_string_equal(rewritten("[{\"match\":\"x\"}]", "12"), "12");
	/* what costs little may be long */
	assert_string_equal(
		rewritten("[{\"match\":\"^[0-9]+[]{}+]*([[:digit:]]+-)?(1+2+3+)"
			  "{1,"
			  "32}(4+5+6+7+8+9+){0,4}[^]+]+a{2,}$\",\"replace\":"
			  "\"y\"}]",
			  "0123456789xaa"),
		"y");
	/* a group that took no part is empty */
	assert_string_equal(rewritten("[{\"match\":\"^(a)?1\","
				      "\"replace\":\"<\\\\1>\"}]",
				      "12"),
			    "<>2");
	memset(s, '1', 64);
	s[64] = '\0';
	assert_string_equal(rewritten("[{\"strip\":1,\"add\":\"2\"}]", s) + 63,
			    "1");
	assert_string_equal(rewritten("[{\"add\":\"2\"}]", s), "!");
	assert_string_equal(rewritten("[{\"match\":\"1\",\"replace\":"
				      "\"22\"}]",
				      s),
			    "!");
}

/* From: <sip:anonymous@anonymous.invalid> stays that */
static void withheld(void **state)
{
	static const char *const v[] = {
		"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"caller\":["
		"{\"match\":\".*\",\"replace\":\"1\"}]}}"};
	struct route_ask q = {.called = "1", .healthh = health};
	struct routes *t = table(v, ARRAY_SIZE(v));
	struct route_choice cv[ROUTE_CHOICES];

	(void)state;
	q.caller = "Anonymous";
	assert_int_equal(route_find(t, &q, cv), 1);
	assert_string_equal(cv[0].caller.s, "Anonymous");
	q.caller = "alice";
	assert_int_equal(route_find(t, &q, cv), 1);
	assert_string_equal(cv[0].caller.s, "1");
	q.caller = NULL;
	assert_int_equal(route_find(t, &q, cv), 1);
	assert_string_equal(cv[0].caller.s, "");
	mem_deref(t);
}

static void numbers(void **state)
{
	static const struct {
		const char *user, *number;
		int err;
	} v[] = {
		{"+4930123", "+4930123", 0},
		{"+49-30.(123)", "+4930123", 0},
		{"alice.b-c", "alice.b-c", 0},
		{"123;phone-context=+49", "123", 0},
		{"%2B49", "+49", 0},
		{"%23100%", "#100%", 0},
		{"--", "--", 0},
		{"", "", EINVAL},
		{";x", "", EINVAL},
		{"1%00", "", EINVAL},
		{"1%0a", "", EINVAL},
		{"12345678901234567890123456789012345678901234567890123456789"
		 "012345",
		 "", EOVERFLOW},
	};
	struct number n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct pl pl;

		pl_set_str(&pl, v[i].user);
		assert_int_equal(number_decode(&n, &pl), v[i].err);
		if (!v[i].err)
			assert_string_equal(n.s, v[i].number);
	}
}

/* ---- the table --------------------------------------------------------------- */

static bool collect(struct route *r, void *arg)
{
	char *text = arg;

	strcat(text, r->id);
	return strlen(text) >= 3;
}

static void tables(void **state)
{
	struct route_ask q = {.called = "12", .healthh = health};
	struct routes *t = NULL;
	char text[512] = "";

	(void)state;
	assert_int_equal(routes_alloc(&t), 0);
	for (const char *p = "dbaec"; *p; p++) {
		struct route *r;

		(void)re_snprintf(text, sizeof(text),
				  "{\"id\":\"%c\",\"provider\":\"p%c\","
				  "\"prefix\":\"1\"}",
				  *p, *p);
		r = route_of(text);
		assert_int_equal(routes_put(t, r), 0);
		assert_int_equal(routes_put(t, r), 0);
		mem_deref(r);
	}
	assert_int_equal(routes_count(t), 5);
	assert_string_equal(found(t, &q), "a+ b+ c+ d+ e+");
	text[0] = '\0';
	assert_int_equal(routes_each(t, NULL, collect, text), 0);
	assert_string_equal(text, "abc");
	text[0] = '\0';
	assert_int_equal(routes_each(t, "c", collect, text), 0);
	assert_string_equal(text, "de");
	text[0] = '\0';
	assert_int_equal(routes_each(t, "bb", collect, text), 0);
	assert_string_equal(text, "cde");
	assert_string_equal(routes_use(t, "pd")->id, "d");
	assert_null(routes_use(t, "px"));

	/* another of the same id, of another prefix */
	{
		struct route *r = route_of("{\"id\":\"c\",\"provider\":\"pc\","
					   "\"prefix\":\"12\"}");

		assert_int_equal(routes_put(t, r), 0);
		mem_deref(r);
	}
	assert_int_equal(routes_count(t), 5);
	assert_string_equal(found(t, &q), "c+ a+ b+ d+ e+");
	assert_string_equal(routes_get(t, "c")->prefix, "12");
	assert_int_equal(routes_del(t, "c"), 0);
	assert_int_equal(routes_del(t, "c"), ENOENT);
	assert_null(routes_get(t, "c"));
	assert_string_equal(found(t, &q), "a+ b+ d+ e+");
	mem_deref(t);
}

/* ---- JSON ---------------------------------------------------------------------- */

static void there_and_back(void **state)
{
	static const char text[] =
		"{\"id\":\"a\",\"name\":\"A\",\"prefix\":\"+49\","
		"\"caller_prefix\":\"+1\",\"provider\":\"p\",\"priority\":3,"
		"\"weight\":4,\"cost\":0.25,\"disabled\":true,"
		"\"failover\":{\"codes\":[\"480\",\"500-599\"],"
		"\"timeout\":2000},\"times\":{\"zone\":\"Europe/Berlin\","
		"\"windows\":[{\"days\":[\"mon\",\"sun\"],\"from\":\"22:00\","
		"\"to\":\"06:05\"}]},\"rewrite\":{\"called\":[{\"strip\":1,"
		"\"add\":\"00\"},{\"match\":\"^a\",\"replace\":\"b\"}],"
		"\"caller\":[{\"add\":\"+\"}]}}";
	struct odict *o = NULL;
	struct route *r = route_of(text), *again;
	char *once = NULL, *twice = NULL;

	(void)state;
	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(route_json(o, r), 0);
	assert_int_equal(re_sdprintf(&once, "%H", json_encode_odict, o), 0);
	mem_deref(o);
	again = route_of(once);
	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(route_json(o, again), 0);
	assert_int_equal(re_sdprintf(&twice, "%H", json_encode_odict, o), 0);
	assert_string_equal(once, twice);
	assert_int_equal(again->windowv[0].to, 365);
	assert_int_equal(again->windowv[0].days, 3);
	assert_int_equal(again->failover.n, 2);
	assert_true(codes_have(&again->failover, 503));
	assert_false(codes_have(&again->failover, 408));
	assert_int_equal(again->timeout, 2000);
	mem_deref(o);
	mem_deref(once);
	mem_deref(twice);
	mem_deref(r);
	mem_deref(again);
}

static void bad(void **state)
{
	static const struct {
		const char *text, *path;
	} v[] = {
		{"{\"provider\":\"p\"}", "id"},
		{"{\"id\":\"a b\",\"provider\":\"p\"}", "id"},
		{"{\"id\":\"a\"}", "provider"},
		{"{\"id\":1,\"provider\":\"p\"}", "id"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"prefix\":\"sip:1\"}",
		 "prefix"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"priority\":-1}",
		 "priority"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"weight\":1001}", "weight"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"cost\":\"1\"}", "cost"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"colour\":1}", "colour"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"failover\":{\"codes\":"
		 "[\"199\"]}}",
		 "failover.codes"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"failover\":{\"timeout\":"
		 "1}}",
		 "failover.timeout"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"times\":{\"zone\":"
		 "\"Mars\"}}",
		 "times.zone"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"times\":{\"windows\":["
		 "{\"from\":\"08:00\",\"to\":\"09:00\"},{\"from\":\"8\","
		 "\"to\":\"09:00\"}]}}",
		 "times.windows[1].from"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"times\":{\"windows\":"
		 "[1]}}",
		 "times.windows[0]"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"called\":["
		 "{\"match\":\"(\"}]}}",
		 "rewrite.called[0].match"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"called\":["
		 "{\"match\":\"(a)\\\\1\"}]}}",
		 "rewrite.called[0].match"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"called\":["
		 "{\"match\":\"((a{1,32}){1,32}){1,32}\"}]}}",
		 "rewrite.called[0].match"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"called\":["
		 "{\"match\":\"(((((a{32,}){32,}){32,}){32,}){32,})\"}]}}",
		 "rewrite.called[0].match"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"called\":["
		 "{\"match\":\"(((((((((((((((((((((((((((((((((((a+)+)+)+)+)+)"
		 "+)+)+)+)"
		 "+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+\"}]}}",
		 "rewrite.called[0].match"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"called\":["
		 "{\"match\":\"a{33}\"}]}}",
		 "rewrite.called[0].match"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"called\":["
		 "{\"match\":\"a\",\"replace\":\"\\\\1\"}]}}",
		 "rewrite.called[0].replace"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"called\":["
		 "{\"match\":\"a\",\"strip\":1}]}}",
		 "rewrite.called[0].strip"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"called\":["
		 "{}]}}",
		 "rewrite.called[0]"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"rewrite\":{\"to\":[]}}",
		 "rewrite.to"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"times\":[]}", "times"},
		{"{\"id\":\"a\",\"provider\":\"p\",\"disabled\":0}",
		 "disabled"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct fields_err e = {"", ""};
		struct odict *o = json(v[i].text);
		struct route *r = NULL;

		assert_int_equal(route_decode(&r, o, &e), EBADMSG);
		assert_string_equal(e.path, v[i].path);
		assert_true(str_isset(e.text));
		assert_null(r);
		mem_deref(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),          cmocka_unit_test(left_out),
		cmocka_unit_test(weights),        cmocka_unit_test(rewriting),
		cmocka_unit_test(numbers),        cmocka_unit_test(withheld),
		cmocka_unit_test(tables),         cmocka_unit_test(bad),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
