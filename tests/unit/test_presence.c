/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_presence.c  SUBSCRIBE, NOTIFY, PUBLISH as messages on the wire, with a clock
 *                        of the test's own
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/log.h"
#include "presence/presence.h"
#include "presence/xml.h"

enum { WAIT = 5000 /* ms until a test has failed */, GOT = 32 };

static uint64_t now;

static uint64_t clock_now(void)
{
	return now;
}

/* A phone: what it got, and how it answers a NOTIFY */
struct fix {
	struct sip_node *node;
	struct store *store;
	struct location *loc;
	struct presence *p;
	struct presence_conf conf;
	struct sa addr, phone;
	struct udp_sock *us;
	struct tcp_sock *ts;
	struct tcp_conn *tc;
	struct mbuf *stream;
	char *gotv[GOT];
	unsigned got, want;
	unsigned notify_code; /* 0: no answer */
	char totag[64];
	unsigned branch;
	bool done;
	char *path;
};

static const char *const domains[] = {"example.com", "other.example"};

static void late(void *arg)
{
	(void)arg;
	fail_msg("nothing came");
}

static void run(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, WAIT, late, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&tmr);
}

static void stop(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Nothing more comes for as long */
static void quiet(struct fix *f, uint64_t ms)
{
	const unsigned got = f->got;
	struct tmr tmr;

	f->want = 0;
	tmr_init(&tmr);
	tmr_start(&tmr, ms, stop, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&tmr);
	assert_int_equal(f->got, got);
}

static void header(char *buf, size_t sz, const char *text, const char *name)
{
	const char *p = strstr(text, name);
	size_t n;

	*buf = '\0';
	if (!p)
		return;
	p += strlen(name);
	n = strcspn(p, "\r\n");
	assert_true(n < sz);
	memcpy(buf, p, n);
	buf[n] = '\0';
}

static void note(struct fix *f, const char *p, size_t n)
{
	char tag[128], *t;

	assert_true(f->got < GOT);
	f->gotv[f->got] = malloc(n + 1);
	memcpy(f->gotv[f->got], p, n);
	f->gotv[f->got++][n] = '\0';
	if (!strncmp(p, "SIP/2.0 200", 11)) {
		header(tag, sizeof(tag), f->gotv[f->got - 1], "\r\nTo: ");
		t = strstr(tag, ";tag=");
		if (t)
			str_ncpy(f->totag, t + 5, sizeof(f->totag));
	}
	if (f->want && f->got >= f->want)
		re_cancel();
}

/* The headers of a request, for its answer */
static int echo(char *buf, size_t sz, const char *text, unsigned code)
{
	static const char *const namev[] = {
		"\r\nVia: ", "\r\nFrom: ", "\r\nTo: ", "\r\nCall-ID: ",
		"\r\nCSeq: "};
	int n = snprintf(buf, sz, "SIP/2.0 %u Whatever\r\n", code);
	char val[512];

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		header(val, sizeof(val), text, namev[i]);
		n += snprintf(buf + n, sz - (size_t)n, "%s%s\r\n", namev[i] + 2,
			      val);
	}
	return n +
	       snprintf(buf + n, sz - (size_t)n, "Content-Length: 0\r\n\r\n");
}

static void send_text(struct fix *f, const char *text)
{
	struct mbuf *mb = mbuf_alloc(strlen(text));

	assert_int_equal(mbuf_write_str(mb, text), 0);
	mb->pos = 0;
	assert_int_equal(udp_send(f->us, &f->addr, mb), 0);
	mem_deref(mb);
}

static void recv_udp(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct fix *f = arg;
	char reply[2048];
	(void)src;

	/* a retransmission of one that was not answered */
	if (!f->notify_code && f->got && mbuf_get_left(mb) > 7 &&
	    !strncmp((char *)mbuf_buf(mb), "NOTIFY", 6) &&
	    strlen(f->gotv[f->got - 1]) == mbuf_get_left(mb))
		return;
	note(f, (const char *)mbuf_buf(mb), mbuf_get_left(mb));
	if (f->notify_code && !strncmp(f->gotv[f->got - 1], "NOTIFY", 6)) {
		(void)echo(reply, sizeof(reply), f->gotv[f->got - 1],
			   f->notify_code);
		send_text(f, reply);
	}
}

/* ---- start ------------------------------------------------------------------- */

static void start(struct fix *f)
{
	assert_int_equal(store_open(&f->store, f->path, false), 0);
	assert_int_equal(location_alloc(&f->loc, f->store, clock_now), 0);
	assert_int_equal(presence_alloc(&f->p, &f->conf, f->node, f->store,
					f->loc, NULL),
			 0);
}

static void end(struct fix *f)
{
	f->p = mem_deref(f->p);
	f->loc = mem_deref(f->loc);
	f->store = mem_deref(f->store);
}

static void node(struct fix *f)
{
	struct sip_listen lv[] = {{MSG_UDP, f->addr}, {MSG_TCP, f->addr}};
	struct sip_node_conf conf = {.listenv = lv,
				     .listenc = 2,
				     .agent = "test",
				     .connections = 10,
				     .per_source = 10,
				     .idle = 60};
	char why[256] = "";

	assert_int_equal(sip_node_alloc(&f->node, &conf, why, sizeof(why)), 0);
}

static int setup(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);
	char path[] = "/tmp/carom-presence-XXXXXX";
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	(void)close(fd);
	(void)unlink(path);
	now = (uint64_t)time(NULL);
	log_init(LOG_ERROR);
	assert_int_equal(libre_init(), 0);
	assert_int_equal(str_dup(&f->path, path), 0);
	assert_int_equal(sa_set_str(&f->addr, "127.0.0.1",
				    (uint16_t)(20000 + getpid() % 20000)),
			 0);
	assert_int_equal(sa_set_str(&f->phone, "127.0.0.2", 0), 0);
	assert_int_equal(udp_listen(&f->us, &f->phone, recv_udp, f), 0);
	udp_rxsz_set(f->us, 65536);
	assert_int_equal(udp_local_get(f->us, &f->phone), 0);
	f->notify_code = 200;
	f->conf = (struct presence_conf){.domainv = domains,
					 .domainc = 2,
					 .min_expires = 60,
					 .max_expires = 3600,
					 .default_expires = 600,
					 .interval = 0,
					 .subscriptions = 10,
					 .publications = 10,
					 .datagram = 1300,
					 .allow = PRESENCE_ALLOW_DOMAIN,
					 .now = clock_now};
	node(f);
	start(f);
	*state = f;
	return 0;
}

static void forget(struct fix *f)
{
	while (f->got)
		free(f->gotv[--f->got]);
}

static int teardown(void **state)
{
	struct fix *f = *state;
	char name[64];

	end(f);
	mem_deref(f->node);
	mem_deref(f->us);
	mem_deref(f->tc);
	mem_deref(f->ts);
	mem_deref(f->stream);
	forget(f);
	(void)unlink(f->path);
	(void)re_snprintf(name, sizeof(name), "%s-wal", f->path);
	(void)unlink(name);
	(void)re_snprintf(name, sizeof(name), "%s-shm", f->path);
	(void)unlink(name);
	mem_deref(f->path);
	mem_deref(f);
	libre_close();
	return 0;
}

/* ---- requests --------------------------------------------------------------------- */

/* One request and its answer, and n more messages */
static void ask(struct fix *f, unsigned more, const char *method,
		const char *ruri, const char *totag, unsigned cseq,
		const char *headers, const char *body)
{
	char text[8192], contact[80];

	(void)re_snprintf(contact, sizeof(contact), "%J", &f->phone);
	(void)snprintf(text, sizeof(text),
		       "%s %s SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP %s;branch=z9hG4bK%u;rport\r\n"
		       "Max-Forwards: 70\r\n"
		       "From: <sip:watcher@example.com>;tag=w1\r\n"
		       "To: <sip:bob@example.com>%s%s\r\n"
		       "Call-ID: c1\r\n"
		       "CSeq: %u %s\r\n"
		       "Contact: <sip:watcher@%s>\r\n"
		       "%sContent-Length: %zu\r\n\r\n%s",
		       method, ruri, contact, ++f->branch, totag ? ";tag=" : "",
		       totag ? totag : "", cseq, method, contact, headers,
		       strlen(body), body);
	forget(f);
	f->want = 1 + more;
	send_text(f, text);
	run();
}

static void subscribe(struct fix *f, const char *event, const char *headers)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "Event: %s\r\n%s", event, headers);
	ask(f, 1, "SUBSCRIBE", "sip:bob@example.com", NULL, 1, text, "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 200 OK"));
	assert_int_equal(strncmp(f->gotv[1], "NOTIFY ", 7), 0);
}

static void refused(struct fix *f, const char *method, const char *ruri,
		    const char *headers, const char *body, unsigned code)
{
	char want[32];

	(void)snprintf(want, sizeof(want), "SIP/2.0 %u ", code);
	ask(f, 0, method, ruri, NULL, 1, headers, body);
	if (strncmp(f->gotv[0], want, strlen(want)) != 0)
		fail_msg("%s: %s", want, f->gotv[0]);
}

/* What a PUBLISH of bob's own would be: From is bob */
static void publish(struct fix *f, unsigned more, const char *headers,
		    const char *body, unsigned code)
{
	char text[8192], contact[80], want[32];

	(void)re_snprintf(contact, sizeof(contact), "%J", &f->phone);
	(void)snprintf(text, sizeof(text),
		       "PUBLISH sip:bob@example.com SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP %s;branch=z9hG4bK%u;rport\r\n"
		       "Max-Forwards: 70\r\n"
		       "From: <sip:bob@example.com>;tag=p%u\r\n"
		       "To: <sip:bob@example.com>\r\n"
		       "Call-ID: p%u\r\n"
		       "CSeq: 1 PUBLISH\r\n"
		       "%sContent-Length: %zu\r\n\r\n%s",
		       contact, f->branch + 1, f->branch + 1, f->branch + 1,
		       headers, strlen(body), body);
	++f->branch;
	forget(f);
	f->want = 1 + more;
	send_text(f, text);
	run();
	(void)snprintf(want, sizeof(want), "SIP/2.0 %u ", code);
	if (strncmp(f->gotv[0], want, strlen(want)) != 0)
		fail_msg("%s: %s", want, f->gotv[0]);
}

#define PIDF "Event: presence\r\nContent-Type: application/pidf+xml\r\n"
#define DOC(tuples)                                                            \
	"<?xml version=\"1.0\"?><p:presence xmlns:p=\"urn:ietf:params:xml:ns:" \
	"pidf\" xmlns:r=\"urn:x\" entity=\"sip:bob@example.com\">" tuples      \
	"</p:presence>"
#define OPEN                                                                   \
	"<p:tuple id=\"t1\"><p:status><p:basic>open</p:basic><r:on/>"          \
	"</p:status></p:tuple>"

static void etag_of(struct fix *f, char *buf, size_t sz)
{
	header(buf, sz, f->gotv[0], "\r\nSIP-ETag: ");
	assert_true(strlen(buf) > 8);
}

/* ---- subscriptions ---------------------------------------------------------------- */

static void test_subscribe(void **state)
{
	struct fix *f = *state;
	char val[256];

	subscribe(f, "presence", "Accept: application/pidf+xml\r\n");
	header(val, sizeof(val), f->gotv[0], "\r\nExpires: ");
	assert_string_equal(val, "600");
	assert_non_null(strstr(f->gotv[0], "\r\nContact: <sip:127.0.0.1:"));
	header(val, sizeof(val), f->gotv[1], "\r\nSubscription-State: ");
	assert_string_equal(val, "active;expires=600");
	header(val, sizeof(val), f->gotv[1], "\r\nEvent: ");
	assert_string_equal(val, "presence");
	header(val, sizeof(val), f->gotv[1], "\r\nCSeq: ");
	assert_string_equal(val, "1 NOTIFY");
	header(val, sizeof(val), f->gotv[1], "\r\nFrom: ");
	assert_non_null(strstr(val, "<sip:bob@example.com>;tag="));
	assert_non_null(strstr(val, f->totag));
	header(val, sizeof(val), f->gotv[1], "\r\nTo: ");
	assert_string_equal(val, "<sip:watcher@example.com>;tag=w1");
	assert_non_null(
		strstr(f->gotv[1], "Content-Type: application/pidf+xml\r\n"));
	/* nobody is registered, nothing is published */
	assert_non_null(strstr(f->gotv[1], "<basic>closed</basic>"));

	/* refreshed: told again */
	ask(f, 1, "SUBSCRIBE", "sip:127.0.0.1", f->totag, 2,
	    "Event: presence\r\nExpires: 120\r\n", "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 200 OK"));
	assert_non_null(strstr(f->gotv[1], "active;expires=120"));
	header(val, sizeof(val), f->gotv[1], "\r\nCSeq: ");
	assert_string_equal(val, "2 NOTIFY");

	/* behind, and of no dialog */
	ask(f, 0, "SUBSCRIBE", "sip:127.0.0.1", f->totag, 2,
	    "Event: presence\r\nExpires: 120\r\n", "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 500 "));
	ask(f, 0, "SUBSCRIBE", "sip:127.0.0.1", "nonsense", 3,
	    "Event: presence\r\n", "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 481 "));
	ask(f, 0, "SUBSCRIBE", "sip:127.0.0.1", f->totag, 3,
	    "Event: dialog\r\n", "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 481 "));

	/* unsubscribed: a last one, and then it is no dialog */
	ask(f, 1, "SUBSCRIBE", "sip:127.0.0.1", f->totag, 4,
	    "Event: presence\r\nExpires: 0\r\n", "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 200 OK"));
	assert_non_null(strstr(f->gotv[1], "terminated;reason=timeout"));
	quiet(f, 50);
	ask(f, 0, "SUBSCRIBE", "sip:127.0.0.1", f->totag, 5,
	    "Event: presence\r\n", "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 481 "));
}

static void test_fetch(void **state)
{
	struct fix *f = *state;
	struct presence_stats st;

	subscribe(f, "presence;id=7", "Expires: 0\r\n");
	assert_non_null(strstr(f->gotv[1], "terminated;reason=timeout"));
	assert_non_null(strstr(f->gotv[1], "\r\nEvent: presence;id=7\r\n"));
	assert_non_null(strstr(f->gotv[1], "<basic>closed</basic>"));
	quiet(f, 50);
	presence_stats(f->p, &st);
	assert_int_equal(st.fetched, 1);
	assert_int_equal(st.subscriptions, 0);
}

static void test_refused(void **state)
{
	struct fix *f = *state;

	refused(f, "SUBSCRIBE", "sip:bob@example.com", "Event: nothing\r\n", "",
		489);
	assert_non_null(strstr(f->gotv[0], "Allow-Events: presence, dialog, "
					   "message-summary, reg\r\n"));
	refused(f, "SUBSCRIBE", "sip:bob@example.com", "", "", 489);
	refused(f, "SUBSCRIBE", "sip:bob@example.com",
		"Event: presence\r\nExpires: 59\r\n", "", 423);
	assert_non_null(strstr(f->gotv[0], "Min-Expires: 60\r\n"));
	refused(f, "SUBSCRIBE", "sip:bob@example.com",
		"Event: presence\r\nExpires: soon\r\n", "", 400);
	refused(f, "SUBSCRIBE", "sip:bob@elsewhere.example",
		"Event: presence\r\n", "", 404);
	refused(f, "SUBSCRIBE", "sip:example.com", "Event: presence\r\n", "",
		404);
	refused(f, "SUBSCRIBE", "sip:bob@example.com",
		"Event: presence\r\nAccept: text/plain\r\n", "", 406);
	refused(f, "SUBSCRIBE", "sip:bob@example.com",
		"Event: presence\r\nRequire: eventlist\r\n", "", 420);
	assert_non_null(strstr(f->gotv[0], "Unsupported: eventlist\r\n"));
	/* a user of another domain; and what is the AOR's alone */
	refused(f, "SUBSCRIBE", "sip:bob@other.example", "Event: presence\r\n",
		"", 403);
	refused(f, "SUBSCRIBE", "sip:bob@example.com",
		"Event: message-summary\r\n", "", 403);
	refused(f, "SUBSCRIBE", "sip:bob@example.com", "Event: reg\r\n", "",
		403);
	/* nobody publishes registrations, or another's state */
	refused(f, "PUBLISH", "sip:watcher@example.com",
		"Event: reg\r\nContent-Type: a/b\r\n", "x", 489);
	refused(f, "PUBLISH", "sip:bob@example.com", PIDF, DOC(OPEN), 403);
}

static void test_expiry(void **state)
{
	struct fix *f = *state;

	subscribe(f, "presence", "Expires: 100\r\n");
	quiet(f, 20);
	forget(f);
	now += 101;
	f->want = 1;
	run();
	assert_non_null(strstr(f->gotv[0], "terminated;reason=timeout"));
	quiet(f, 50);
	ask(f, 0, "SUBSCRIBE", "sip:127.0.0.1", f->totag, 2,
	    "Event: presence\r\n", "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 481 "));
}

/* A subscriber that knows nothing of it any more */
static void test_failed(void **state)
{
	struct fix *f = *state;
	struct presence_stats st;

	f->notify_code = 481;
	subscribe(f, "presence", "");
	quiet(f, 50);
	presence_stats(f->p, &st);
	assert_int_equal(st.subscriptions, 0);
	assert_int_equal(st.notify_failed, 1);
	/* one that has a bad moment stays */
	f->notify_code = 503;
	subscribe(f, "presence", "");
	quiet(f, 50);
	presence_stats(f->p, &st);
	assert_int_equal(st.subscriptions, 1);
}

static void test_ended(void **state)
{
	static const struct pl aor = PL("bob@example.com");
	struct fix *f = *state;

	subscribe(f, "presence", "");
	quiet(f, 20);
	forget(f);
	f->want = 1;
	presence_end(f->p, &aor, true);
	run();
	assert_non_null(strstr(f->gotv[0], "terminated;reason=noresource"));
	assert_non_null(strstr(f->gotv[0], "Content-Length: 0\r\n"));
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

/* Changes that come fast are told together, and the last state is what is told */
static void test_interval(void **state)
{
	static const struct pl aor = PL("bob@example.com");
	struct fix *f = *state;
	struct presence_stats st;

	f->conf.interval = 300;
	assert_int_equal(presence_renew(f->p, &f->conf), 0);
	subscribe(f, "dialog", "");
	quiet(f, 20);
	forget(f);
	for (int i = 0; i < 3; i++) {
		const struct presence_dialog d = {
			.id = PL("d1"), .state = (enum presence_call)i};

		assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	}
	f->want = 1;
	run();
	assert_non_null(strstr(f->gotv[0], "<state>early</state>"));
	assert_non_null(strstr(f->gotv[0], "version=\"1\""));
	quiet(f, 400);
	presence_stats(f->p, &st);
	assert_int_equal(st.notified, 2);
	assert_int_equal(st.coalesced, 2);
}

/* One at a time: while one is not answered, the next one waits */
static void test_order(void **state)
{
	static const struct pl aor = PL("bob@example.com");
	struct presence_dialog d = {.id = PL("d1")};
	struct fix *f = *state;
	char reply[2048], *first;

	f->notify_code = 0;
	subscribe(f, "dialog", "");
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	d.state = PRESENCE_CONFIRMED;
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	first = strdup(f->gotv[1]);
	quiet(f, 100);
	(void)echo(reply, sizeof(reply), first, 200);
	free(first);
	f->notify_code = 200;
	forget(f);
	f->want = 1;
	send_text(f, reply);
	run();
	assert_non_null(strstr(f->gotv[0], "CSeq: 2 NOTIFY"));
	assert_non_null(strstr(f->gotv[0], "<state>confirmed</state>"));
	quiet(f, 50);
}

/* ---- packages ----------------------------------------------------------------------- */

static void test_dialog(void **state)
{
	static const struct pl aor = PL("bob@example.com");
	struct presence_dialog d = {.id = PL("d<1>"),
				    .call_id = PL("c\"1"),
				    .local_tag = PL("l"),
				    .remote_tag = PL("r"),
				    .recipient = true,
				    .state = PRESENCE_EARLY,
				    .remote = PL("sip:alice@example.com"),
				    .display = PL("Alice & Co")};
	struct fix *f = *state;

	subscribe(f, "dialog", "");
	assert_non_null(strstr(f->gotv[1], "version=\"0\" state=\"full\" "
					   "entity=\"sip:bob@example.com\">"
					   "\r\n</dialog-info>"));
	quiet(f, 20);
	forget(f);
	f->want = 1;
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	run();
	assert_non_null(
		strstr(f->gotv[0],
		       "id=\"d&lt;1&gt;\" call-id=\"c&quot;1\" local-tag=\"l\" "
		       "remote-tag=\"r\" direction=\"recipient\"><state>early"
		       "</state><remote><identity display=\"Alice &amp; Co\">"
		       "sip:alice@example.com</identity>"));
	/* nothing new */
	quiet(f, 20);
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	quiet(f, 50);
	d.state = PRESENCE_TERMINATED;
	forget(f);
	f->want = 1;
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	run();
	assert_non_null(strstr(f->gotv[0], "version=\"2\" state=\"full\""));
	assert_null(strstr(f->gotv[0], "<dialog "));
}

static void test_partial(void **state)
{
	static const struct pl aor = PL("bob@example.com");
	struct presence_dialog d = {.id = PL("d1"), .state = PRESENCE_EARLY};
	struct fix *f = *state;

	f->conf.partial = true;
	assert_int_equal(presence_renew(f->p, &f->conf), 0);
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	subscribe(f, "dialog", "");
	assert_non_null(strstr(f->gotv[1], "state=\"full\""));
	assert_non_null(strstr(f->gotv[1], "id=\"d1\""));
	quiet(f, 20);
	/* only the one that is new */
	pl_set_str(&d.id, "d2");
	forget(f);
	f->want = 1;
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	run();
	assert_non_null(strstr(f->gotv[0], "version=\"1\" state=\"partial\""));
	assert_non_null(strstr(f->gotv[0], "id=\"d2\""));
	assert_null(strstr(f->gotv[0], "id=\"d1\""));
	quiet(f, 20);
	/* and the end of the other */
	pl_set_str(&d.id, "d1");
	d.state = PRESENCE_TERMINATED;
	forget(f);
	f->want = 1;
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	run();
	assert_non_null(strstr(f->gotv[0], "id=\"d1\"><state>terminated"));
	assert_null(strstr(f->gotv[0], "id=\"d2\""));
}

static unsigned calls;

static void set_done(int err, void *arg)
{
	(void)arg;
	assert_int_equal(err, 0);
	++calls;
}

static void test_summary(void **state)
{
	static const struct pl aor = PL("watcher@example.com");
	const struct presence_mailbox m = {2, 8, 0, 1};
	struct fix *f = *state;

	calls = 0;
	ask(f, 1, "SUBSCRIBE", "sip:watcher@example.com", NULL, 1,
	    "Event: message-summary\r\n", "");
	assert_non_null(strstr(f->gotv[1], "Messages-Waiting: no\r\n"));
	quiet(f, 20);
	forget(f);
	f->want = 1;
	assert_int_equal(presence_mailbox(f->p, &aor, &m, set_done, NULL), 0);
	run();
	assert_int_equal(calls, 1);
	assert_non_null(strstr(f->gotv[0],
			       "Messages-Waiting: yes\r\n"
			       "Message-Account: sip:watcher@example.com\r\n"
			       "Voice-Message: 2/8 (0/1)\r\n"));
}

static void bound(int err, void *arg)
{
	(void)arg;
	assert_int_equal(err, 0);
}

/* Registered: presence and reg know it */
static void test_registered(void **state)
{
	static const struct pl aor = PL("watcher@example.com");
	struct fix *f = *state;
	struct location_op op = {.event = LOCATION_CREATED,
				 .b = {.aor = PL("watcher@example.com"),
				       .id = PL("sip:w@192.0.2.1"),
				       .uri = PL("sip:w@192.0.2.1"),
				       .callid = PL("r1"),
				       .agent = PL("x"),
				       .q = 500,
				       .cseq = 3,
				       .since = now,
				       .refreshed = now,
				       .expires = now + 300}};

	op.b.src = f->phone;
	ask(f, 1, "SUBSCRIBE", "sip:watcher@example.com", NULL, 1,
	    "Event: reg\r\n", "");
	assert_non_null(strstr(f->gotv[1], "aor=\"sip:watcher@example.com\""));
	assert_non_null(strstr(f->gotv[1], "state=\"terminated\""));
	quiet(f, 20);
	forget(f);
	f->want = 1;
	assert_int_equal(location_change(f->loc, &aor, &op, 1, bound, NULL), 0);
	run();
	assert_non_null(strstr(f->gotv[0], "version=\"1\" state=\"full\""));
	assert_non_null(strstr(f->gotv[0],
			       "state=\"active\" event=\"registered\" "
			       "expires=\"300\" q=\"0.500\" callid=\"r1\" "
			       "cseq=\"3\"><uri>sip:w@192.0.2.1</uri>"));
	quiet(f, 20);
	ask(f, 1, "SUBSCRIBE", "sip:watcher@example.com", NULL, 1,
	    "Event: presence\r\n", "");
	assert_non_null(strstr(f->gotv[1], "<basic>open</basic>"));
}

/* ---- restart -------------------------------------------------------------------------- */

static void test_restart(void **state)
{
	static const struct pl aor = PL("bob@example.com");
	struct presence_dialog d = {.id = PL("d1"), .state = PRESENCE_EARLY};
	struct fix *f = *state;
	struct presence_stats st;
	char totag[64];

	publish(f, 0,
		"Event: dialog\r\nContent-Type: application/dialog-info+xml\r\n"
		"Expires: 1000\r\n",
		"<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
		"version=\"4\" state=\"full\" entity=\"sip:bob@example.com\">"
		"<dialog id=\"p1\"><state>confirmed</state></dialog>"
		"</dialog-info>",
		200);
	subscribe(f, "dialog", "Expires: 500\r\n");
	str_ncpy(totag, f->totag, sizeof(totag));
	assert_non_null(strstr(f->gotv[1], "id=\"p1\""));
	quiet(f, 50);
	end(f);
	now += 10;
	start(f);
	presence_stats(f->p, &st);
	assert_int_equal(st.subscriptions, 1);
	assert_int_equal(st.publications, 1);
	/* it was told that already */
	quiet(f, 100);
	forget(f);
	f->want = 1;
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	run();
	/* the same dialog, the next CSeq, the next version */
	assert_non_null(strstr(f->gotv[0], "CSeq: 2 NOTIFY\r\n"));
	assert_non_null(strstr(f->gotv[0], totag));
	assert_non_null(strstr(f->gotv[0], "version=\"1\""));
	assert_non_null(strstr(f->gotv[0], "id=\"p1\""));
	assert_non_null(strstr(f->gotv[0], "id=\"d1\""));
	assert_non_null(strstr(f->gotv[0], "active;expires=490"));
	quiet(f, 20);
	/* it may be refreshed */
	ask(f, 1, "SUBSCRIBE", "sip:127.0.0.1", totag, 2, "Event: dialog\r\n",
	    "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 200 OK"));
	quiet(f, 20);

	/* what has changed while it was away is told */
	end(f);
	now += 2000;
	start(f);
	forget(f);
	f->want = 1;
	run();
	assert_non_null(strstr(f->gotv[0], "CSeq: 4 NOTIFY\r\n"));
	assert_non_null(strstr(f->gotv[0], "terminated;reason=timeout"));
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

/* ---- who may ---------------------------------------------------------------------------- */

static const char *ha1(const struct pl *user, const struct pl *domain,
		       const struct pl *realm, enum digest_alg alg, void *arg)
{
	(void)arg;
	assert_true(!pl_strcmp(domain, "example.com"));
	(void)realm;
	/* MD5("watcher:example.com:secret") */
	return alg == DIGEST_MD5 && !pl_strcmp(user, "watcher")
		       ? "34107942dab2014e0bfe1055e010ed61"
		       : NULL;
}

static bool known(const struct pl *user, const struct pl *domain, void *arg)
{
	(void)arg;
	(void)domain;
	return !pl_strcmp(user, "bob");
}

static void test_auth(void **state)
{
	struct fix *f = *state;
	struct presence_stats st;

	f->conf.authenticate = true;
	f->conf.algv[0] = DIGEST_SHA256;
	f->conf.algv[1] = DIGEST_MD5;
	f->conf.algc = 2;
	f->conf.nonce_lifetime = 300;
	f->conf.ha1h = ha1;
	f->conf.knownh = known;
	assert_int_equal(presence_renew(f->p, &f->conf), 0);
	refused(f, "SUBSCRIBE", "sip:bob@example.com", "Event: presence\r\n",
		"", 401);
	assert_non_null(strstr(f->gotv[0], "WWW-Authenticate: Digest "));
	assert_non_null(strstr(f->gotv[0], "algorithm=SHA-256"));
	assert_non_null(strstr(f->gotv[0], "realm=\"example.com\""));
	refused(f, "SUBSCRIBE", "sip:bob@example.com",
		"Event: presence\r\nAuthorization: Digest username=\"watcher\","
		" realm=\"example.com\", nonce=\"x\", uri=\"sip:bob@example.com"
		"\", response=\"00000000000000000000000000000000\","
		" qop=auth, nc=00000001, cnonce=\"a\"\r\n",
		"", 401);
	presence_stats(f->p, &st);
	assert_int_equal(st.challenged, 2);
	/* nobody is asked where all may: but whom there is none of */
	f->conf.allow = PRESENCE_ALLOW_ALL;
	assert_int_equal(presence_renew(f->p, &f->conf), 0);
	refused(f, "SUBSCRIBE", "sip:carl@example.com", "Event: presence\r\n",
		"", 404);
	subscribe(f, "presence", "");
}

/* ---- XML ---------------------------------------------------------------------------------- */

static void test_xml(void **state)
{
	static const char *const badv[] = {
		"",
		"<a>",
		"<a></b>",
		"<a><b></a></b>",
		"<a>\x80</a>",
		"<!DOCTYPE a><a/>",
		"<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
		"<a>&x;</a>",
		"<a xmlns:b=\"\"/>",
		"<b:a/>",
		"<a/><a/>",
		"<a x=\"1\" x=\"2\"/>",
	};
	static const char good[] =
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
		"<!-- -->\r\n<a xmlns=\"u&amp;v\" xmlns:p=\"w\" entity=\"e\">"
		"text<b id=\"1\"/><p:c xmlns:p=\"other\"><basic> open\n</basic>"
		"<basic>closed</basic></p:c><![CDATA[<d/>]]></a>";
	struct xml *x = NULL;
	const struct xml_child *c;
	const char *why = NULL;
	struct pl text;
	char *deep;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		pl_set_str(&text, badv[i]);
		why = NULL;
		assert_int_equal(xml_decode(&x, &text, &why), EBADMSG);
		assert_non_null(why);
	}
	pl_set_str(&text, good);
	assert_int_equal(xml_decode(&x, &text, &why), 0);
	assert_string_equal(x->root, "a");
	assert_string_equal(x->ns, "u&v");
	assert_string_equal(x->entity, "e");
	assert_int_equal(list_count(&x->children), 2);
	c = list_ledata(list_head(&x->children));
	assert_string_equal(c->text, "<b xmlns=\"u&amp;v\" xmlns:p=\"w\" "
				     "id=\"1\"/>");
	assert_string_equal(c->id, "1");
	c = list_ledata(list_tail(&x->children));
	assert_string_equal(c->ns, "other");
	assert_string_equal(c->text,
			    "<p:c xmlns=\"u&amp;v\" xmlns:p=\"other\"><basic> "
			    "open\n</basic><basic>closed</basic></p:c>");
	assert_string_equal(c->inner[XML_BASIC], "open");
	x = mem_deref(x);

	/* bounds */
	deep = calloc(1, XML_BYTES + 8);
	for (int i = 0; i <= XML_DEPTH; i++)
		strcat(deep, "<a>");
	pl_set_str(&text, deep);
	assert_int_equal(xml_decode(&x, &text, &why), EMSGSIZE);
	strcpy(deep, "<a>");
	for (int i = 0; i <= XML_CHILDREN; i++)
		strcat(deep, "<b/>");
	strcat(deep, "</a>");
	pl_set_str(&text, deep);
	assert_int_equal(xml_decode(&x, &text, &why), EMSGSIZE);
	/* a namespace is not copied into any number of children */
	strcpy(deep, "<a xmlns:p=\"");
	memset(deep + strlen(deep), '>', XML_BYTES / 2);
	strcat(deep, "\">");
	for (int i = 0; i < XML_CHILDREN; i++)
		strcat(deep, "<b/>");
	strcat(deep, "</a>");
	pl_set_str(&text, deep);
	assert_int_equal(xml_decode(&x, &text, &why), EMSGSIZE);
	memset(deep, ' ', XML_BYTES + 1);
	text.l = XML_BYTES + 1;
	assert_int_equal(xml_decode(&x, &text, &why), EMSGSIZE);
	free(deep);
}

/* ---- for those who look --------------------------------------------------------------- */

static void test_view(void **state)
{
	static const struct pl aor = PL("bob@example.com");
	struct presence_dialog d = {.id = PL("d1"), .state = PRESENCE_EARLY};
	const struct presence_mailbox m = {1, 0, 0, 0};
	struct fix *f = *state;
	struct odict *o = NULL;
	char *text = NULL;

	assert_int_equal(presence_get(&o, f->p, &aor), ENOENT);
	calls = 0;
	assert_int_equal(
		presence_set(f->p, &aor, "open", "at <lunch>", set_done, NULL),
		0);
	assert_int_equal(presence_mailbox(f->p, &aor, &m, set_done, NULL), 0);
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	while (calls < 2)
		quiet(f, 10);
	assert_int_equal(presence_get(&o, f->p, &aor), 0);
	assert_int_equal(re_sdprintf(&text, "%H", json_encode_odict, o), 0);
	assert_non_null(
		strstr(text, "\"basic\":\"open\",\"registered\":false"));
	assert_non_null(strstr(text, "\"note\":\"at <lunch>\""));
	assert_non_null(strstr(text, "\"state\":\"early\""));
	assert_non_null(strstr(text, "\"mailbox\":{\"fresh\":1"));
	mem_deref(text);
	mem_deref(o);
	/* it is there after a restart, and goes when it is taken back */
	end(f);
	start(f);
	assert_int_equal(presence_get(&o, f->p, &aor), 0);
	mem_deref(o);
	assert_int_equal(presence_mailbox(f->p, &aor, NULL, set_done, NULL), 0);
	assert_int_equal(presence_set(f->p, &aor, NULL, NULL, set_done, NULL),
			 0);
	while (calls < 4)
		quiet(f, 10);
	assert_int_equal(presence_get(&o, f->p, &aor), ENOENT);
	assert_int_equal(presence_set(f->p, &aor, "away", NULL, NULL, NULL),
			 EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xml),
		TEST(test_subscribe),
		TEST(test_fetch),
		TEST(test_refused),
		TEST(test_expiry),
		TEST(test_failed),
		TEST(test_ended),
		TEST(test_publish),
		TEST(test_publish_refused),
		TEST(test_publish_limit),
		TEST(test_publish_expires),
		TEST(test_interval),
		TEST(test_order),
		TEST(test_dialog),
		TEST(test_partial),
		TEST(test_summary),
		TEST(test_registered),
		TEST(test_restart),
		TEST(test_large),
		TEST(test_auth),
		TEST(test_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
