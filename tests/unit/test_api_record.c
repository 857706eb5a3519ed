/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_api_record.c  Records by the API: changed when they are stored, and on what condition
 */
#include <openssl/evp.h>
#include "api_fix.h"

static const struct api_field thing_fieldv[] = {
	{"id", API_STRING, false, 1, 64, NULL},
	{"size", API_NUMBER, true, 1, 10, NULL},
	{"secret", API_STRING, false, 0, 0, NULL},
	{0},
};

static int thing_check(struct api_req *req, const char *id,
		       struct odict *stored, const struct odict *old, void *arg)
{
	(void)old;
	(void)arg;
	if (!strcmp(id, "bad"))
		api_fault(req, "/id", "is bad; allowed: good");
	return odict_entry_add(stored, "checked", ODICT_BOOL, 1);
}

static int thing_view(struct odict *view, const struct odict *stored, void *arg)
{
	uint64_t size = 0;
	int err;
	(void)arg;

	(void)odict_get_number(stored, &size, "size");
	err = odict_entry_add(view, "id", ODICT_STRING,
			      odict_string(stored, "id"));
	return err ? err
		   : odict_entry_add(view, "size", ODICT_INT, (int64_t)size);
}

static void thing_changed(const char *id, const struct odict *stored, void *arg)
{
	struct fix *f = arg;
	(void)id;

	f->changes += stored ? 1 : 100;
}

static const struct api_record things = {
	.path = "/v1/boxes",
	.name = "boxes",
	.kind = "box",
	.fieldv = thing_fieldv,
	.check = thing_check,
	.view = thing_view,
	.changed = thing_changed,
};

static void look_handler(void *arg)
{
	struct fix *f = arg;

	if (f->answers)
		re_cancel();
	else
		tmr_start(&f->look, 1, look_handler, f);
}

/* The answer comes when it is on the disk */
static unsigned change(struct fix *f, const char *method, const char *target,
		       const char *body)
{
	struct mbuf *mb;

	if (!ask(f, method, target, body)) {
		tmr_start(&f->look, 1, look_handler, f);
		assert_int_equal(re_main(NULL), 0);
	}
	mb = f->req->out.body;
	f->reply = mem_deref(f->reply);
	if (mb)
		assert_int_equal(json_decode_odict(&f->reply, 8,
						   (char *)mb->buf, mb->end, 8),
				 0);
	return f->req->out.status;
}

/* A tag is of what nobody is shown, too: who guesses at that can't tell by the tag */
static void test_tag(void **state)
{
	struct fix *f = fix_of(state);
	uint8_t hash[EVP_MAX_MD_SIZE];
	struct api_record r = things;
	char open[64], *text = NULL;
	struct pl key = PL("a");

	r.arg = f;
	assert_int_equal(api_records(f->a, &r), 0);
	assert_int_equal(change(f, "PUT", "/v1/boxes/a",
				"{\"size\":1,\"secret\":\"s\"}"),
			 201);
	assert_int_equal(store_get(f->st, r.kind, &key, &text), 0);
	assert_non_null(strstr(text, "secret"));
	assert_int_equal(
		EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL),
		1);
	(void)re_snprintf(open, sizeof(open), "\"%w\"", hash, (size_t)12);
	assert_string_not_equal(reply_header(f, "ETag"), open);
	mem_deref(text);
	/* every node of the store has the same */
	key = (struct pl)PL("etag");
	assert_int_equal(store_get(f->st, "api-key", &key, &text), 0);
	assert_int_equal(strlen(text), 64);
	assert_string_equal(text, f->a->etag_key);
	mem_deref(text);
}

static void test_records(void **state)
{
	struct fix *f = fix_of(state);
	struct api_record r = things;
	char etag[64];

	r.arg = f;
	assert_int_equal(api_records(f->a, &r), 0);
	assert_int_equal(ask(f, "GET", "/v1/boxes/a", NULL), 404);
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":1}"), 201);
	assert_string_equal(reply_header(f, "Location"), "/v1/boxes/a");
	assert_int_equal(f->changes, 1);
	assert_null(odict_lookup(f->reply, "checked"));
	strcpy(etag, reply_header(f, "ETag"));
	assert_int_equal(strlen(etag), 26);
	/* the same again changes nothing */
	assert_int_equal(
		change(f, "PUT", "/v1/boxes/a", "{\"id\":\"a\",\"size\":1}"),
		200);
	assert_string_equal(reply_header(f, "ETag"), etag);
	assert_int_equal(f->changes, 1);
	assert_int_equal(
		change(f, "PUT", "/v1/boxes/a", "{\"id\":\"b\",\"size\":1}"),
		422);
	assert_int_equal(change(f, "PUT", "/v1/boxes/bad", "{\"size\":1}"),
			 422);
	assert_string_equal(fault(f, "/id"), "is bad; allowed: good");
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", NULL), 422);

	/* conditions */
	f->headerv[1] = (struct header){"If-None-Match", etag};
	assert_int_equal(ask(f, "GET", "/v1/boxes/a", NULL), 304);
	f->headerv[1] = (struct header){"If-None-Match", "*"};
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":2}"), 412);
	f->headerv[1] = (struct header){"If-Match", "\"x\""};
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":2}"), 412);
	assert_int_equal(change(f, "DELETE", "/v1/boxes/a", NULL), 412);
	assert_int_equal(change(f, "PUT", "/v1/boxes/b", "{\"size\":2}"), 412);
	f->headerv[1].value = etag;
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":2}"), 200);
	assert_int_equal(f->changes, 2);
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":3}"), 412);
	f->headerv[1].name = NULL;

	/* POST */
	assert_int_equal(
		change(f, "POST", "/v1/boxes", "{\"id\":\"x/y z\",\"size\":3}"),
		201);
	assert_string_equal(reply_header(f, "Location"), "/v1/boxes/x%2Fy%20z");
	assert_int_equal(ask(f, "GET", "/v1/boxes/x%2Fy%20z", NULL), 200);
	assert_int_equal(
		change(f, "POST", "/v1/boxes", "{\"id\":\"x/y z\",\"size\":3}"),
		200);
	assert_int_equal(
		change(f, "POST", "/v1/boxes", "{\"id\":\"x/y z\",\"size\":4}"),
		409);
	assert_int_equal(change(f, "POST", "/v1/boxes", "{\"size\":4}"), 201);
	assert_int_equal(strlen(text(f, "id")), 16);
	assert_int_equal(
		change(f, "POST", "/v1/boxes", "{\"id\":\"\",\"size\":4}"),
		422);

	assert_int_equal(ask(f, "GET", "/v1/boxes?limit=2", NULL), 200);
	assert_non_null(odict_lookup(f->reply, "next"));
	assert_int_equal(ask(f, "GET", "/v1/boxes?sort=1", NULL), 400);

	f->changes = 0;
	assert_int_equal(change(f, "DELETE", "/v1/boxes/a", NULL), 204);
	assert_int_equal(f->changes, 100);
	assert_int_equal(change(f, "DELETE", "/v1/boxes/a", NULL), 404);
}

/* The API goes while a change is on its way: it is made, and nobody told */
static void test_records_gone(void **state)
{
	struct fix *f = fix_of(state);
	struct api_record r = things;
	char *value = NULL;
	struct pl key;

	r.arg = f;
	assert_int_equal(api_records(f->a, &r), 0);
	assert_int_equal(ask(f, "PUT", "/v1/boxes/a", "{\"size\":1}"), 0);
	api_abandon(f->req);
	f->a = mem_deref(f->a);
	pl_set_str(&key, "a");
	assert_int_equal(store_get(f->st, "box", &key, &value), 0);
	mem_deref(value);
	f->st = mem_deref(f->st);
	assert_int_equal(f->changes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tag),
		T(test_records),
		T(test_records_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
