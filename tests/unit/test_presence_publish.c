/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_presence_publish.c  PUBLISH, and what its subscribers are told
 */
#include "presence_fix.h"

/* ---- requests --------------------------------------------------------------------- */

static void etag_of(struct fix *f, char *buf, size_t sz)
{
	header(buf, sz, f->gotv[0], "\r\nSIP-ETag: ");
	assert_true(strlen(buf) > 8);
}

/* ---- publications ------------------------------------------------------------------- */

static void test_publish(void **state)
{
	struct fix *f = *state;
	char etag[64], etag2[64], headers[256];

	subscribe(f, "presence", "");
	publish(f, 1, PIDF, DOC(OPEN), 200);
	etag_of(f, etag, sizeof(etag));
	assert_non_null(strstr(f->gotv[0], "\r\nExpires: 600\r\n"));
	/* the tuple, what is in it of others, the namespaces it needs */
	assert_non_null(strstr(f->gotv[1],
			       "<p:tuple xmlns:p=\"urn:ietf:params:xml:ns:pidf"
			       "\" xmlns:r=\"urn:x\" id=\"t1\"><p:status>"
			       "<p:basic>open</p:basic><r:on/></p:status>"
			       "</p:tuple>"));
	assert_null(strstr(f->gotv[1], "closed"));

	/* the same once more: nobody is told */
	(void)snprintf(headers, sizeof(headers),
		       "Event: presence\r\nSIP-If-Match: %s\r\n", etag);
	publish(f, 0, headers, "", 200);
	etag_of(f, etag2, sizeof(etag2));
	assert_string_not_equal(etag, etag2);
	quiet(f, 50);
	/* its tag has changed */
	publish(f, 0, headers, "", 412);
	publish(f, 0, PIDF "SIP-If-Match: nonsense\r\n", DOC(OPEN), 412);

	/* a second one beside it; an id stands once */
	publish(f, 1, PIDF,
		DOC(OPEN "<p:tuple id=\"t2\"><p:status><p:basic>closed"
			 "</p:basic></p:status></p:tuple>"),
		200);
	assert_non_null(strstr(f->gotv[1], "id=\"t2\""));
	assert_non_null(strstr(f->gotv[1], "id=\"t1\""));
	assert_null(strstr(strstr(f->gotv[1], "id=\"t1\"") + 1, "id=\"t1\""));
	etag_of(f, etag, sizeof(etag));

	/* withdrawn, one after the other */
	(void)snprintf(headers, sizeof(headers),
		       "Event: presence\r\nSIP-If-Match: %s\r\nExpires: 0\r\n",
		       etag);
	publish(f, 1, headers, "", 200);
	assert_null(strstr(f->gotv[1], "id=\"t2\""));
	(void)snprintf(headers, sizeof(headers),
		       "Event: presence\r\nSIP-If-Match: %s\r\nExpires: 0\r\n",
		       etag2);
	publish(f, 1, headers, "", 200);
	assert_non_null(strstr(f->gotv[1], "<basic>closed</basic>"));
}

static void test_publish_refused(void **state)
{
	struct fix *f = *state;

	publish(f, 0, PIDF "Expires: 5\r\n", DOC(OPEN), 423);
	publish(f, 0, PIDF, "", 400);
	publish(f, 0, PIDF "Expires: 0\r\n", DOC(OPEN), 400);
	publish(f, 0, "Event: presence\r\nContent-Type: text/plain\r\n", "x",
		415);
	assert_non_null(strstr(f->gotv[0], "Accept: application/pidf+xml\r\n"));
	publish(f, 0, "Event: presence\r\n", DOC(OPEN), 415);
	publish(f, 0, PIDF, "<presence", 400);
	publish(f, 0, PIDF, "<presence xmlns=\"urn:other\"/>", 400);
	publish(f, 0, PIDF,
		"<!DOCTYPE p [<!ENTITY a \"b\">]>"
		"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\">&a;"
		"</presence>",
		400);
	assert_non_null(strstr(f->gotv[0], "DOCTYPE"));
	publish(f, 0, "Event: what\r\n", "x", 489);
}

static void test_publish_limit(void **state)
{
	struct fix *f = *state;

	for (unsigned i = 0; i < 10; i++)
		publish(f, 0, PIDF, DOC(OPEN), 200);
	publish(f, 0, PIDF, DOC(OPEN), 503);
	assert_non_null(strstr(f->gotv[0], "Retry-After: "));
}

static void test_publish_expires(void **state)
{
	struct fix *f = *state;

	publish(f, 0, PIDF "Expires: 100\r\n", DOC(OPEN), 200);
	subscribe(f, "presence", "");
	assert_non_null(strstr(f->gotv[1], "<p:basic>open"));
	quiet(f, 20);
	forget(f);
	now += 101;
	f->want = 1;
	run();
	assert_non_null(strstr(f->gotv[0], "<basic>closed</basic>"));
	assert_non_null(strstr(f->gotv[0], "active;expires=499"));
}

/* ---- large bodies --------------------------------------------------------------------- */

static void recv_tcp(struct mbuf *mb, void *arg)
{
	struct fix *f = arg;
	char reply[2048], *text;
	size_t n;

	assert_int_equal(
		mbuf_write_mem(f->stream, mbuf_buf(mb), mbuf_get_left(mb)), 0);
	text = malloc(f->stream->end + 1);
	memcpy(text, f->stream->buf, f->stream->end);
	text[f->stream->end] = '\0';
	if (strstr(text, "</presence>\r\n")) {
		note(f, text, strlen(text));
		n = (size_t)echo(reply, sizeof(reply), text, 200);
		mbuf_rewind(f->stream);
		assert_int_equal(mbuf_write_mem(f->stream, (uint8_t *)reply, n),
				 0);
		f->stream->pos = 0;
		assert_int_equal(tcp_send(f->tc, f->stream), 0);
		mbuf_rewind(f->stream);
	}
	free(text);
}

static void gone(int err, void *arg)
{
	(void)err;
	(void)arg;
}

static void come(const struct sa *peer, void *arg)
{
	struct fix *f = arg;
	(void)peer;

	assert_int_equal(tcp_accept(&f->tc, f->ts, NULL, recv_tcp, gone, f), 0);
}

static void large(char *body, size_t sz, int c)
{
	char fill[1500];

	memset(fill, c, sizeof(fill));
	fill[sizeof(fill) - 1] = '\0';
	(void)snprintf(body, sz,
		       DOC("<p:tuple id=\"t1\"><p:status><p:basic>open"
			   "</p:basic></p:status><p:note>%s</p:note>"
			   "</p:tuple>"),
		       fill);
}

static void test_large(void **state)
{
	struct fix *f = *state;
	struct presence_stats st;
	char body[4096];

	large(body, sizeof(body), 'x');
	subscribe(f, "presence", "");
	quiet(f, 20);
	/* nobody takes TCP there: a large datagram */
	publish(f, 1, PIDF, body, 200);
	assert_non_null(strstr(f->gotv[1], "Via: SIP/2.0/UDP"));
	quiet(f, 20);
	/* somebody does */
	f->stream = mbuf_alloc(4096);
	large(body, sizeof(body), 'y');
	assert_int_equal(tcp_listen(&f->ts, &f->phone, come, f), 0);
	publish(f, 1, PIDF, body, 200);
	assert_non_null(strstr(f->gotv[1], "Via: SIP/2.0/TCP"));
	quiet(f, 50);
	presence_stats(f->p, &st);
	assert_int_equal(st.notified, 3);
	assert_int_equal(st.notify_failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_publish),       TEST(test_publish_refused),
		TEST(test_publish_limit), TEST(test_publish_expires),
		TEST(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
