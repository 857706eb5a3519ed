/* SPDX-License-Identifier: BSD-2-Clause */
/* carom(8): records of calls, whole and damaged */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/carom/callrec.h"

static const char whole[] =
	"{\"version\":1,\"created\":1795478836000000,\"answered\":true,"
	"\"recording\":3,\"delete_at\":0,\"parties\":["
	"{\"tag\":\"a\",\"answered\":true,\"streams\":[{\"idx\":0,"
	"\"iface\":\"phones\",\"local\":\"203.0.113.2:30000\","
	"\"cur\":{\"held\":true,\"type\":\"audio\"}}]},"
	"{\"branch\":\"z9hG4bK1\",\"streams\":[{\"idx\":0,"
	"\"local\":\"[2001:db8::2]:30002\"},{\"idx\":1}]}]}";

static int decode(struct callrec **rp, const char *s, size_t len)
{
	const struct pl id = PL("call@192.0.2.1");
	const struct pl json = {s, len};

	*rp = NULL;

	return callrec_decode(rp, &id, &json);
}

static void whole_record(void **state)
{
	const struct callrec_party *p;
	const struct callrec_stream *s;
	struct callrec *r;
	(void)state;

	assert_int_equal(decode(&r, whole, strlen(whole)), 0);
	assert_string_equal(r->id, "call@192.0.2.1");
	assert_true(r->created == 1795478836000000);
	assert_true(r->answered && r->recorded);
	assert_int_equal(list_count(&r->partyl), 2);

	p = list_head(&r->partyl)->data;
	assert_string_equal(p->tag, "a");
	assert_null(p->branch);
	s = list_head(&p->streaml)->data;
	assert_string_equal(s->type, "audio");
	assert_string_equal(s->iface, "phones");
	assert_true(s->held);

	p = list_tail(&r->partyl)->data;
	assert_null(p->tag);
	assert_string_equal(p->branch, "z9hG4bK1");
	assert_int_equal(list_count(&p->streaml), 2);
	s = list_tail(&p->streaml)->data;
	assert_int_equal(s->idx, 1);
	assert_false(sa_isset(&s->local, SA_ADDR));

	mem_deref(r);
}

static void has_leg(void **state)
{
	static const struct {
		const char *addr;
		uint16_t port;
		bool ours;
	} v[] = {
		{"203.0.113.2", 30000, true},  {"203.0.113.2", 30001, true},
		{"203.0.113.2", 29999, false}, {"203.0.113.2", 30002, false},
		{"203.0.113.3", 30000, false}, {"2001:db8::2", 30003, true},
	};
	struct callrec *r;
	struct sa sa;
	(void)state;

	assert_int_equal(decode(&r, whole, strlen(whole)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(sa_set_str(&sa, v[i].addr, v[i].port), 0);
		assert_int_equal(callrec_has_leg(r, &sa), v[i].ours);
	}
	mem_deref(r);
}

static void states(void **state)
{
	static const char *const v[][2] = {
		{"{\"version\":1,\"parties\":[]}", "offered"},
		{"{\"version\":1,\"answered\":true,\"parties\":[]}",
		 "answered"},
		{"{\"version\":1,\"answered\":true,\"delete_at\":9,"
		 "\"parties\":[]}",
		 "ending"},
		{"{\"version\":1,\"answered\":true,\"parties\":[{\"streams\":"
		 "[{\"cur\":{\"held\":true}}]}]}",
		 "held"},
		{"{\"version\":1,\"answered\":true,\"parties\":[{\"streams\":"
		 "[{\"cur\":{\"held\":true}},{\"cur\":{}}]}]}",
		 "answered"},
	};
	struct callrec *r;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(decode(&r, v[i][0], strlen(v[i][0])), 0);
		assert_string_equal(callrec_state(r), v[i][1]);
		mem_deref(r);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *json;
		int err;
	} v[] = {
		{"", EBADMSG},
		{"[]", EBADMSG},
		{"nonsense", EBADMSG},
		{"{\"version\":1}", EBADMSG},
		{"{\"version\":1,\"parties\":7}", EBADMSG},
		{"{\"version\":1,\"parties\":[7]}", EBADMSG},
		{"{\"version\":1,\"parties\":[{\"streams\":[7]}]}", EBADMSG},
		{"{\"version\":1,\"parties\":[{\"streams\":[{\"local\":"
		 "\"nowhere\"}]}]}",
		 EBADMSG},
		{"{\"version\":2,\"parties\":[]}", EPROTO},
	};
	struct callrec *r;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(decode(&r, v[i].json, strlen(v[i].json)),
				 v[i].err);
		assert_null(r);
	}
}

/* Cut anywhere, or with any one byte changed: refused or read, never worse */
static void damaged(void **state)
{
	char copy[sizeof(whole)];
	struct callrec *r;
	(void)state;

	for (size_t i = 0; i < strlen(whole) - 1; i++) {
		assert_int_not_equal(decode(&r, whole, i), 0);
		assert_null(r);
	}

	for (size_t i = 0; i < strlen(whole); i++) {
		memcpy(copy, whole, sizeof(copy));
		copy[i] ^= 0x15;
		if (decode(&r, copy, strlen(copy)))
			assert_null(r);
		mem_deref(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_record), cmocka_unit_test(has_leg),
		cmocka_unit_test(states),       cmocka_unit_test(refused),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
