/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_presence.c  SUBSCRIBE as it comes by the wire, and who may
 */
#include "presence_fix.h"

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
		"Event: presence\r\nRequire: recipient-list-subscribe\r\n", "",
		420);
	assert_non_null(strstr(f->gotv[0],
			       "Unsupported: recipient-list-subscribe\r\n"));
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

/* Where nobody may be: the subscriber's Contact, a Record-Route, where it came from */
static void test_denied(void **state)
{
	static const char hdrs[] = "Event: presence\r\n";
	struct fix *f = *state;
	struct prefix net = {.bits = 16};
	const struct sip_node_conf nc = {.denyv = &net, .denyc = 1};
	char why[64];

	assert_int_equal(sa_set_str(&net.addr, "169.254.0.0", 0), 0);
	assert_int_equal(sip_node_renew(f->node, &nc, why, sizeof(why)), 0);
	refused(f, "SUBSCRIBE", "sip:bob@example.com",
		"Event: presence\r\nRecord-Route: <sip:e;lr>, "
		"<sip:169.254.169.254;lr>\r\n",
		"", 403);
	assert_non_null(strstr(f->gotv[0], "403 Contact Address Denied\r\n"));
	quiet(f, 20);
	subscribe(f, "presence", "");
	quiet(f, 20);
	/* its Contact is at 127.0.0.2; a refresh finds that out, too */
	assert_int_equal(sa_set_str(&net.addr, "127.0.0.0", 0), 0);
	assert_int_equal(sip_node_renew(f->node, &nc, why, sizeof(why)), 0);
	refused(f, "SUBSCRIBE", "sip:bob@example.com", hdrs, "", 403);
	ask(f, 0, "SUBSCRIBE", "sip:bob@example.com", f->totag, 2, hdrs, "");
	assert_non_null(strstr(f->gotv[0], "403 Contact Address Denied\r\n"));
	quiet(f, 20);
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

/* ---- packages ----------------------------------------------------------------------- */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_subscribe), TEST(test_fetch),  TEST(test_refused),
		TEST(test_denied),    TEST(test_expiry), TEST(test_failed),
		TEST(test_ended),     TEST(test_auth),   TEST(test_registered),
		TEST(test_restart),   TEST(test_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
