/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_presence_notify.c  When a NOTIFY is sent, and what the packages put into it
 */
#include "presence_fix.h"

/* ---- publications ------------------------------------------------------------------- */

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

/* ---- without a store ---------------------------------------------------------------- */

/* It takes nothing more until the event loop goes on */
static void fill(struct fix *f)
{
	const struct store_op op = {
		.kind = "test", .key = PL("k"), .value = PL("v")};
	int err = 0;

	while (!err)
		err = store_write(f->store, &op, 1, NULL, NULL);
	assert_int_equal(err, EAGAIN);
}

/* A subscription goes on, and ends as it should */
static void test_store_away(void **state)
{
	static const struct pl aor = PL("bob@example.com");
	const struct presence_dialog d = {.id = PL("d1")};
	struct fix *f = *state;
	struct presence_stats st;

	subscribe(f, "dialog", "");
	quiet(f, 20);
	forget(f);
	fill(f);
	f->want = 1;
	assert_int_equal(presence_dialog(f->p, &aor, &d), 0);
	run();
	assert_non_null(strstr(f->gotv[0], "CSeq: 2 NOTIFY"));
	assert_non_null(strstr(f->gotv[0], "<state>trying</state>"));
	quiet(f, 20);
	presence_stats(f->p, &st);
	assert_int_equal(st.subscriptions, 1);
	forget(f);
	fill(f);
	f->want = 1;
	presence_end(f->p, &aor, true);
	run();
	assert_non_null(strstr(f->gotv[0], "CSeq: 3 NOTIFY"));
	assert_non_null(strstr(f->gotv[0], "terminated;reason=noresource"));
	quiet(f, 20);
	presence_stats(f->p, &st);
	assert_int_equal(st.subscriptions, 0);
	assert_int_equal(st.notify_failed, 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_interval), TEST(test_order),   TEST(test_store_away),
		TEST(test_dialog),   TEST(test_partial), TEST(test_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
