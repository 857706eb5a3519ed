/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_presence_list.c  Lists: one subscription to many (RFC 4662)
 */
#include "presence_fix.h"

#define TEAM "sip:team@example.com"
#define TAKES "Event: presence\r\nSupported: eventlist\r\n"

static const char *const membersv[] = {"bob@example.com", "carl@example.com",
				       "eve@elsewhere.test"};
static const char *const fewerv[] = {"bob@example.com"};
static const struct presence_list team = {"team@example.com", membersv, 3};
static const struct presence_list small = {"team@example.com", fewerv, 1};

static void have(struct fix *f, const struct presence_list *l)
{
	f->conf.listv = l;
	f->conf.listc = l != NULL;
	f->conf.datagram = 0;
	assert_int_equal(presence_renew(f->p, &f->conf), 0);
}

static void has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("'%s' is not in:\n%s", what, text);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		++n;
	}
	return n;
}

/* Parts as many as that, each begun by its boundary, and an end */
static void parts(const char *notify, unsigned n)
{
	char boundary[64], line[160];
	const char *p = strstr(notify, "boundary=\"");

	assert_non_null(p);
	p += strlen("boundary=\"");
	assert_true(strcspn(p, "\"") < sizeof(boundary));
	(void)snprintf(boundary, sizeof(boundary), "%.*s",
		       (int)strcspn(p, "\""), p);
	(void)snprintf(line, sizeof(line), "--%s\r\n", boundary);
	assert_int_equal(count(notify, line), n);
	(void)snprintf(line, sizeof(line), "--%s--\r\n", boundary);
	assert_int_equal(count(notify, line), 1);
	assert_string_equal(notify + strlen(notify) - strlen(line), line);
	/* the root is the one that Content-Type names */
	(void)snprintf(line, sizeof(line), "start=\"<list.%s@carom>\"",
		       boundary);
	has(notify, line);
	(void)snprintf(line, sizeof(line), "Content-ID: <list.%s@carom>\r\n",
		       boundary);
	has(notify, line);
}

static void subscribe_list(struct fix *f, const char *headers)
{
	ask(f, 1, "SUBSCRIBE", TEAM, NULL, 1, headers, "");
	has(f->gotv[0], "SIP/2.0 200 OK");
	has(f->gotv[0], "Require: eventlist\r\n");
	has(f->gotv[1], "NOTIFY ");
	has(f->gotv[1], "Require: eventlist\r\n");
	has(f->gotv[1], "Content-Type: multipart/related;"
			"type=\"application/rlmi+xml\";");
}

static void test_told(void **state)
{
	static const struct pl carl = PL("carl@example.com");
	struct fix *f = *state;
	char tag[64];
	const char *m;

	have(f, &team);
	subscribe_list(f,
		       TAKES "Accept: multipart/related, application/rlmi+xml, "
			     "application/pidf+xml\r\n");
	str_ncpy(tag, f->totag, sizeof(tag));
	m = f->gotv[1];
	parts(m, 3);
	has(m, "uri=\"sip:team@example.com\" version=\"0\" fullState=\"true\"");
	has(m, "<resource uri=\"sip:bob@example.com\"><instance id=\"1\" "
	       "state=\"active\" cid=\"0.");
	has(m, "<resource uri=\"sip:eve@elsewhere.test\"><instance id=\"1\" "
	       "state=\"terminated\" reason=\"noresource\"/>");
	has(m, "entity=\"sip:bob@example.com\"");
	has(m, "entity=\"sip:carl@example.com\"");
	assert_int_equal(count(m, "<basic>closed</basic>"), 2);

	/* one changes: the list has a new version */
	publish(f, 1, PIDF, DOC(OPEN), 200);
	m = f->gotv[1];
	parts(m, 3);
	has(m, "version=\"1\" fullState=\"true\"");
	has(m, "<p:basic>open</p:basic>");
	assert_int_equal(count(m, "<basic>closed</basic>"), 1);
	forget(f);
	f->want = 1;
	assert_int_equal(
		presence_set(f->p, &carl, "open", NULL, set_done, NULL), 0);
	run();
	has(f->gotv[0], "version=\"2\"");
	assert_int_equal(count(f->gotv[0], "basic>open<"), 2);

	/* and it ends */
	ask(f, 1, "SUBSCRIBE", TEAM, tag, 2, TAKES "Expires: 0\r\n", "");
	has(f->gotv[1], "terminated;reason=timeout");
	parts(f->gotv[1], 3);
}

/* Of a dialog each document is whole, and its version grows */
static void test_dialogs(void **state)
{
	static const struct pl carl = PL("carl@example.com");
	struct presence_dialog d = {.id = PL("d1")};
	struct fix *f = *state;

	f->conf.partial = true;
	have(f, &team);
	subscribe_list(f, "Event: dialog\r\nSupported: eventlist\r\n");
	forget(f);
	f->want = 1;
	assert_int_equal(presence_dialog(f->p, &carl, &d), 0);
	run();
	has(f->gotv[0], "version=\"1\" state=\"full\" "
			"entity=\"sip:carl@example.com\"");
	has(f->gotv[0], "<state>trying</state>");
}

static void stranger(struct fix *f)
{
	char text[1024], contact[80];

	(void)re_snprintf(contact, sizeof(contact), "%J", &f->phone);
	(void)snprintf(
		text, sizeof(text),
		"SUBSCRIBE " TEAM " SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %s;branch=z9hG4bKstranger;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:x@elsewhere.test>;tag=x\r\n"
		"To: <" TEAM ">\r\nCall-ID: x\r\nCSeq: 1 SUBSCRIBE\r\n"
		"Contact: <sip:x@%s>\r\n" TAKES "Content-Length: 0\r\n\r\n",
		contact, contact);
	forget(f);
	f->want = 1;
	send_text(f, text);
	run();
}

static void test_refused(void **state)
{
	struct fix *f = *state;

	have(f, &team);
	refused(f, "SUBSCRIBE", TEAM, "Event: presence\r\n", "", 421);
	has(f->gotv[0], "Require: eventlist\r\n");
	refused(f, "SUBSCRIBE", TEAM, TAKES "Accept: application/pidf+xml\r\n",
		"", 406);
	has(f->gotv[0], "Accept: multipart/related, application/rlmi+xml, "
			"application/pidf+xml");
	/* a package that is the user's own has no lists */
	refused(f, "SUBSCRIBE", TEAM,
		"Event: message-summary\r\nSupported: eventlist\r\n", "", 403);
	f->conf.allow = PRESENCE_ALLOW_SELF;
	have(f, &team);
	refused(f, "SUBSCRIBE", TEAM, TAKES, "", 403);
	f->conf.allow = PRESENCE_ALLOW_ALL;
	have(f, &team);
	/* nobody has it sent to somebody else */
	stranger(f);
	assert_int_equal(strncmp(f->gotv[0], "SIP/2.0 403 ", 12), 0);
	/* who is no list is told as ever, whatever he supports */
	subscribe(f, "presence", "Supported: eventlist\r\n");
	has(f->gotv[1], "Content-Type: application/pidf+xml\r\n");
}

/* A member whose domain is another one of ours is not for all who see the list */
static void test_hidden(void **state)
{
	static const char *const v[] = {"bob@example.com", "dan@other.example"};
	static const struct presence_list mixed = {"team@example.com", v, 2};
	struct fix *f = *state;

	have(f, &mixed);
	subscribe_list(f, TAKES);
	parts(f->gotv[1], 2);
	has(f->gotv[1],
	    "<resource uri=\"sip:dan@other.example\"><instance id=\"1\" "
	    "state=\"terminated\" reason=\"rejected\"/>");
	assert_null(strstr(f->gotv[1], "entity=\"sip:dan@other.example\""));
}

/* It goes on after a restart; a list that is none any more, or another one, is to be
 * subscribed to anew */
static void test_restart(void **state)
{
	struct fix *f = *state;

	have(f, &team);
	subscribe_list(f, TAKES);
	quiet(f, 50);
	end(f);
	start(f);
	publish(f, 1, PIDF, DOC(OPEN), 200);
	has(f->gotv[1], "version=\"1\" fullState=\"true\"");
	parts(f->gotv[1], 3);
	quiet(f, 50);
	end(f);
	f->conf.listc = 0;
	forget(f);
	f->want = 1;
	start(f);
	run();
	has(f->gotv[0], "terminated;reason=deactivated");
}

static void test_reload(void **state)
{
	struct fix *f = *state;
	struct presence_stats st;

	have(f, &team);
	subscribe_list(f, TAKES);
	quiet(f, 50);
	/* the same: nobody is told anything */
	have(f, &team);
	forget(f);
	quiet(f, 100);
	f->want = 1;
	have(f, &small);
	run();
	has(f->gotv[0], "terminated;reason=deactivated");
	subscribe_list(f, TAKES);
	parts(f->gotv[1], 2);
	forget(f);
	f->want = 1;
	have(f, NULL);
	run();
	has(f->gotv[0], "terminated;reason=deactivated");
	quiet(f, 50);
	presence_stats(f->p, &st);
	assert_int_equal(st.subscriptions, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_told),   TEST(test_dialogs), TEST(test_refused),
		TEST(test_hidden), TEST(test_restart), TEST(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
