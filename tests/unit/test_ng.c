/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of the ng protocol, cookies, and messages that are none */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "base/log.h"
#include "ng/cookie.h"
#include "ng_util.h"

static void commands(struct fix *f)
{
	const struct odict_entry *e;

	request(f, "{\"command\":\"ping\"}");
	assert_string_equal(said(f, "result"), "pong");
	assert_int_equal(odict_count(f->reply, false), 1);

	asks(f, OFFER "}", "offer call=c from=f trust_address");
	assert_string_equal(said(f, "sdp"),
			    "v=0\r\ns=offer\r\nm=audio 9 RTP/AVP 0\r\n");

	asks(f, ANSWER ",\"via-branch\":\"z9\"}",
	     "answer call=c from=f to=t trust_address branch=z9");
	assert_string_equal(said(f, "sdp"),
			    "v=0\r\ns=answer\r\nm=audio 9 RTP/AVP 0\r\n");

	asks(f, "{\"command\":\"delete\",\"call-id\":\"c\"}",
	     "delete call=c delay=-1");
	assert_non_null(odict_get_type(f->reply, ODICT_INT, "created"));
	asks(f,
	     "{\"command\":\"delete\",\"call-id\":\"c\",\"from-tag\":\"f\","
	     "\"to-tag\":\"t\",\"via-branch\":\"b\",\"delete delay\":0}",
	     "delete call=c from=f to=t branch=b delay=0");
	asks(f,
	     "{\"command\":\"delete\",\"call-id\":\"c\","
	     "\"delete-delay\":30}",
	     "delete call=c delay=30");

	asks(f, "{\"command\":\"query\",\"call-id\":\"c\",\"from-tag\":\"f\"}",
	     "query call=c from=f");
	assert_non_null(odict_get_type(f->reply, ODICT_INT, "created"));

	asks(f, "{\"command\":\"list\"}", "list limit=32");
	f->m->list = 3;
	asks(f, "{\"command\":\"list\",\"limit\":2}", "list limit=2");
	e = odict_get_type(f->reply, ODICT_ARRAY, "calls");
	assert_non_null(e);
	assert_int_equal(odict_count(e->u.odict, false), 2);
	assert_string_equal(odict_string(e->u.odict, "1"),
			    "call-1@example.com");

	asks(f, "{\"command\":\"statistics\"}", "statistics");
	e = odict_get_type(f->reply, ODICT_OBJECT, "statistics");
	assert_non_null(e);
	assert_non_null(odict_get_type(e->u.odict, ODICT_INT, "sessions"));
}

static void test_commands(void **state)
{
	struct fix *f = *state;

	commands(f);
	f->bencode = true;
	commands(f);
}

static void test_recording(void **state)
{
	struct fix *f = *state;

	asks(f,
	     "{\"command\":\"start recording\",\"call-id\":\"c\","
	     "\"metadata\":\"a:b|c:d\"}",
	     "start call=c metadata=a:b|c:d");
	asks(f,
	     "{\"command\":\"start recording\",\"call-id\":\"c\","
	     "\"recording-format\":\"wav\"}",
	     "start call=c formats=2");
	asks(f,
	     "{\"command\":\"start recording\",\"call-id\":\"c\","
	     "\"recording-format\":[\"pcap\",\"wav\"]}",
	     "start call=c formats=3");
	asks(f, "{\"command\":\"pause recording\",\"call-id\":\"c\"}",
	     "pause call=c");
	asks(f, "{\"command\":\"stop recording\",\"call-id\":\"c\"}",
	     "stop call=c");
	asks(f,
	     "{\"command\":\"stop recording\",\"call-id\":\"c\","
	     "\"flags\":[\"pause\"]}",
	     "pause call=c");
	asks(f,
	     "{\"command\":\"stop recording\",\"call-id\":\"c\","
	     "\"pause\":\"yes\"}",
	     "pause call=c");
	refused(f,
		"{\"command\":\"start recording\",\"call-id\":\"c\","
		"\"output-destination\":\"/etc/passwd\"}",
		"output-destination");
	refused(f, "{\"command\":\"start recording\"}", "call-id");
}

static void test_block(void **state)
{
	struct fix *f = *state;

	asks(f, "{\"command\":\"block media\",\"call-id\":\"c\"}",
	     "block call=c all on");
	asks(f,
	     "{\"command\":\"unblock media\",\"call-id\":\"c\","
	     "\"from-tag\":\"f\"}",
	     "block call=c from=f off");
	asks(f,
	     "{\"command\":\"block media\",\"call-id\":\"c\","
	     "\"from-tag\":\"f\",\"to-tag\":\"t\",\"flags\":[\"all\"]}",
	     "block call=c from=f to=t all on");
	asks(f,
	     "{\"command\":\"block DTMF\",\"call-id\":\"c\","
	     "\"address\":\"2001:db8::1\"}",
	     "dtmf call=c address=2001:db8::1 on guard=1");
	asks(f,
	     "{\"command\":\"unblock DTMF\",\"call-id\":\"c\","
	     "\"all\":\"flows\"}",
	     "dtmf call=c all off");
	refused(f,
		"{\"command\":\"block media\",\"call-id\":\"c\","
		"\"label\":\"x\"}",
		"label");
	asks(f,
	     "{\"command\":\"block DTMF\",\"call-id\":\"c\","
	     "\"DTMF-security\":\"tone\",\"frequencies\":[500,\"600,700\"],"
	     "\"volume\":-12}",
	     "dtmf call=c all on guard=3 digit=0 volume=12 hz=500 hz=600 "
	     "hz=700");
	asks(f,
	     "{\"command\":\"block DTMF\",\"call-id\":\"c\","
	     "\"DTMF-security\":\"DTMF\",\"digit\":\"#\"}",
	     "dtmf call=c all on guard=6 digit=11 volume=10");
	asks(f,
	     "{\"command\":\"block DTMF\",\"call-id\":\"c\","
	     "\"trigger\":\"*1\",\"DTMF-security-trigger\":\"silence\","
	     "\"trigger-end\":\"#\",\"trigger-end-time\":5000,"
	     "\"trigger-end-digits\":4}",
	     "dtmf call=c all off trigger=*1 end=# modes=2,0 ms=5000 digits=4");
	refused(f,
		"{\"command\":\"block DTMF\",\"call-id\":\"c\","
		"\"DTMF-security\":\"loud\"}",
		"DTMF-security=loud");
	refused(f,
		"{\"command\":\"block DTMF\",\"call-id\":\"c\","
		"\"DTMF-security\":\"DTMF\"}",
		"give digit");
	refused(f,
		"{\"command\":\"block DTMF\",\"call-id\":\"c\","
		"\"DTMF-security-trigger\":\"drop\"}",
		"give trigger");
	refused(f,
		"{\"command\":\"block DTMF\",\"call-id\":\"c\","
		"\"trigger\":\"1x\"}",
		"trigger=1x");
	refused(f,
		"{\"command\":\"block DTMF\",\"call-id\":\"c\","
		"\"frequency\":50}",
		"frequency=50");
	refused(f,
		"{\"command\":\"block media\",\"call-id\":\"c\","
		"\"all\":\"except-offer-answer\"}",
		"except-offer-answer");
	refused(f,
		"{\"command\":\"block media\",\"call-id\":\"c\","
		"\"address\":\"nowhere\"}",
		"address=nowhere");
	refused(f, "{\"command\":\"block media\"}", "call-id");
}

#define PLAY(cmd, keys) "{\"command\":\"" cmd "\",\"call-id\":\"c\"" keys "}"

static void test_play(void **state)
{
	struct fix *f = *state;

	asks(f, PLAY("play media", ",\"from-tag\":\"f\",\"file\":\"a.wav\""),
	     "play call=c from=f file=a.wav start=0 times=1 max=0");
	assert_int_equal(
		odict_get_type(f->reply, ODICT_INT, "duration")->u.integer,
		4711);
	asks(f,
	     PLAY("play media",
		  ",\"all\":\"all\",\"file\":\"a\",\"repeat-times\":3,"
		  "\"start-pos\":\"250\",\"repeat-duration\":9000"),
	     "play call=c all file=a start=250 times=3 max=9000");
	/* for so long, as often as it takes */
	asks(f,
	     PLAY("play media", ",\"address\":\"192.0.2.9\",\"file\":\"a\","
				"\"repeat-duration\":9000"),
	     "play call=c address=192.0.2.9 file=a start=0 times=0 max=9000");
	asks(f, PLAY("stop media", ",\"from-tag\":\"f\""),
	     "play_stop call=c from=f");
	assert_int_equal(odict_get_type(f->reply, ODICT_INT, "last-frame-pos")
				 ->u.integer,
			 815);
	asks(f, PLAY("play DTMF", ",\"from-tag\":\"f\",\"code\":11"),
	     "play_dtmf call=c from=f event=11 volume=8 ms=250 pause=100");
	asks(f,
	     PLAY("play DTMF",
		  ",\"from-tag\":\"f\",\"digit\":\"*\","
		  "\"volume\":-12,\"duration\":100,\"pause\":5000"),
	     "play_dtmf call=c from=f event=10 volume=12 ms=100 pause=5000");
	asks(f,
	     PLAY("play DTMF", ",\"from-tag\":\"f\",\"code\":\"d\","
			       "\"volume\":12"),
	     "play_dtmf call=c from=f event=15 volume=12 ms=250 pause=100");
	asks(f,
	     PLAY("play DTMF", ",\"from-tag\":\"f\",\"content-type\":"
			       "\"application/dtmf-relay\","
			       "\"body\":\"Signal=5\\r\\n\""),
	     "dtmf_info call=c from=f type=application/dtmf-relay "
	     "body=Signal=5\r\n");
	asks(f, PLAY("silence media", ""), "silence call=c all on");
	asks(f, PLAY("unsilence media", ",\"from-tag\":\"f\""),
	     "silence call=c from=f off");

	refused(f, PLAY("play media", ",\"file\":\"a\""), "participant");
	refused(f, PLAY("play media", ",\"from-tag\":\"f\""), "give file");
	asks(f, PLAY("play media", ",\"all\":\"all\",\"blob\":\"UklGRg==\""),
	     "play call=c all blob=UklGRg== start=0 times=1 max=0");
	asks(f, PLAY("play media", ",\"all\":\"all\",\"db-id\":4711"),
	     "play call=c all id=4711 start=0 times=1 max=0");
	refused(f,
		PLAY("play media", ",\"from-tag\":\"f\",\"file\":\"a\","
				   "\"repeat-times\":0"),
		"repeat-times=0");
	refused(f, PLAY("stop media", ""), "participant");
	refused(f, PLAY("play DTMF", ",\"from-tag\":\"f\""), "give code");
	refused(f, PLAY("play DTMF", ",\"from-tag\":\"f\",\"code\":16"),
		"code=16");
	refused(f, PLAY("play DTMF", ",\"from-tag\":\"f\",\"code\":\"x\""),
		"code=x");
	refused(f,
		PLAY("play DTMF", ",\"from-tag\":\"f\",\"code\":1,"
				  "\"duration\":99"),
		"duration=99");
	refused(f,
		PLAY("play DTMF", ",\"from-tag\":\"f\",\"code\":1,"
				  "\"volume\":64"),
		"volume=64");
}

static void test_missing(void **state)
{
	struct fix *f = *state;

	refused(f, "{}", "\"command\"");
	refused(f, "{\"command\":7}", "\"command\"");
	refused(f, "{\"command\":\"frobnicate\"}", "Unrecognized command");
	refused(f, "{\"command\":\"publish\"}", "\"publish\"");
	refused(f, "{\"command\":\"subscribe request\"}", "not offered");
	refused(f, "{\"command\":\"offer\"}", "sdp");
	refused(f, "{\"command\":\"offer\",\"sdp\":\"v=0\"}", "call-id");
	refused(f, "{\"command\":\"offer\",\"sdp\":\"v=0\",\"call-id\":\"\"}",
		"call-id");
	refused(f, "{\"command\":\"offer\",\"sdp\":\"v=0\",\"call-id\":\"c\"}",
		"from-tag");
	refused(f,
		"{\"command\":\"answer\",\"sdp\":\"v=0\","
		"\"call-id\":\"c\",\"from-tag\":\"f\"}",
		"to-tag");
	refused(f, "{\"command\":\"delete\"}", "call-id");
	refused(f, "{\"command\":\"query\"}", "call-id");
	refused(f, "{\"command\":\"list\",\"limit\":0}", "limit=0");
	refused(f, "{\"command\":\"list\",\"limit\":\"ten\"}", "limit=ten");
	refused(f,
		"{\"command\":\"delete\",\"call-id\":\"c\","
		"\"delete-delay\":-1}",
		"delete-delay=-1");
}

static void test_media_errors(void **state)
{
	struct fix *f = *state;

	f->m->err = ENOENT;
	request(f, ANSWER "}");
	assert_string_equal(said(f, "error-reason"), "Unknown call-id");
	request(f, "{\"command\":\"query\",\"call-id\":\"c\"}");
	assert_string_equal(said(f, "error-reason"), "Unknown call-id");

	request(f, "{\"command\":\"delete\",\"call-id\":\"c\"}");
	assert_string_equal(said(f, "result"), "ok");
	assert_string_equal(said(f, "warning"),
			    "Call-ID not found or tags didn't match");
	request(f, "{\"command\":\"delete\",\"call-id\":\"c\","
		   "\"flags\":[\"fatal\"]}");
	assert_string_equal(said(f, "result"), "error");

	f->m->err = ENOTSUP;
	strcpy(f->m->msg, "transport RTP/SAVP is not the SDP's");
	request(f, OFFER ",\"transport-protocol\":\"RTP/SAVP\"}");
	assert_string_equal(said(f, "result"), "error");
	assert_string_equal(said(f, "error-reason"), f->m->msg);
	assert_null(odict_lookup(f->reply, "sdp"));

	f->m->err = EDQUOT;
	strcpy(f->m->msg, "too many sessions");
	request(f, OFFER "}");
	assert_string_equal(said(f, "result"), "error");
	request(f, OFFER ",\"supports\":[\"load limit\"]}");
	assert_string_equal(said(f, "result"), "load limit");
	assert_string_equal(said(f, "message"), "too many sessions");
	assert_null(odict_lookup(f->reply, "sdp"));
}

static void test_loop(void **state)
{
	struct fix *f = *state;
	char *sdp, *line, req[1024];

	f->m->raw_sdp = true;
	request(f, "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":"
		   "\"f\",\"flags\":[\"loop-protect\"],\"sdp\":\"v=0\\r\\n"
		   "s=-\\r\\nm=audio 9 RTP/AVP 0\\r\\na=x\\r\\n\"}");
	assert_string_equal(said(f, "result"), "ok");
	str_dup(&sdp, said(f, "sdp"));

	/* At session level, once, and all else as it was */
	line = strstr(sdp, "a=rtpengine:");
	assert_non_null(line);
	assert_ptr_equal(line, sdp + strlen("v=0\r\ns=-\r\n"));
	assert_string_equal(strstr(line, "\r\n"),
			    "\r\nm=audio 9 RTP/AVP 0\r\na=x\r\n");

	/* It comes round again: media is not asked, nothing is changed */
	f->m->calls = 0;
	re_snprintf(req, sizeof(req),
		    "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":"
		    "\"f\",\"flags\":[\"loop protect\"],\"sdp\":\"%H\"}",
		    utf8_encode, sdp);
	request(f, req);
	assert_string_equal(said(f, "sdp"), sdp);
	assert_int_equal(f->m->calls, 0);

	/* Without the flag it is an SDP like any other */
	re_snprintf(req, sizeof(req),
		    "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":"
		    "\"f\",\"sdp\":\"%H\"}",
		    utf8_encode, sdp);
	request(f, req);
	assert_int_equal(f->m->calls, 1);
	mem_deref(sdp);
}

static int raw(struct fix *f, const char *msg, size_t len, struct mbuf *out)
{
	char *copy = malloc(len ? len : 1);
	struct pl pl = {copy, len};
	int err;

	memcpy(copy, msg, len);
	mbuf_rewind(out);
	err = ng_handle(f->ng, &f->src, &pl, NG_DGRAM_MAX, out);
	free(copy);

	return err;
}

static bool is(const struct mbuf *mb, const char *str)
{
	return mb->end == strlen(str) && !memcmp(mb->buf, str, mb->end);
}

static void test_garbage(void **state)
{
	struct fix *f = *state;
	struct mbuf *out = mbuf_alloc(64);
	char junk[600];

	assert_int_equal(raw(f, "", 0, out), EBADMSG);
	assert_int_equal(raw(f, " ", 1, out), EBADMSG);
	assert_int_equal(raw(f, "nospace", 7, out), EBADMSG);
	assert_int_equal(raw(f, " d7:command4:pinge", 18, out), EBADMSG);
	memset(junk, 'a', sizeof(junk));
	junk[500] = ' ';
	assert_int_equal(raw(f, junk, sizeof(junk), out), EBADMSG);

	assert_int_equal(raw(f, "a ", 2, out), 0);
	assert_true(is(out, "a d6:result5:error12:error-reason22:"
			    "Invalid NG data formate"));
	assert_int_equal(raw(f, "b [1]", 5, out), 0);
	assert_true(is(out, "b d6:result5:error12:error-reason22:"
			    "Invalid NG data formate"));
	assert_int_equal(raw(f, "c d7:command4:pin", 17, out), 0);
	assert_true(is(out, "c d6:result5:error12:error-reason35:"
			    "Could not decode bencode dictionarye"));
	assert_int_equal(raw(f, "d d7:command4:pingejunk", 23, out), 0);
	assert_true(is(out, "d d6:result5:error12:error-reason35:"
			    "Could not decode bencode dictionarye"));
	assert_int_equal(raw(f, "e {\"command\":\"ping\",}", 21, out), 0);
	assert_true(is(out, "e {\"result\":\"error\",\"error-reason\":"
			    "\"Failed to parse JSON document\"}"));
	assert_int_equal(raw(f, "f d7:command4:pinge\r\n", 21, out), 0);
	assert_true(is(out, "f d6:result4:ponge"));
	assert_int_equal(f->m->calls, 0);
	mem_deref(out);
}

/* Cut short at any byte, a real request is refused and reaches no call */
static void test_truncated(void **state)
{
	static const char msg[] =
		"27_1 d3:sdp69:v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
		"t=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n3:ICE6:remove9:direction"
		"l4:pub14:pub2e5:flagsl13:trust-addresse7:replacel6:origin"
		"18:session-connectione7:call-id12:1@192.0.2.10"
		"13:received-froml3:IP49:192.0.2.1e8:from-tag2:ft"
		"7:command5:offere";
	struct fix *f = *state;
	struct mbuf *out = mbuf_alloc(64);
	size_t i;

	for (i = 0; i < sizeof(msg) - 1; i++) {
		const int err = raw(f, msg, i, out);

		assert_int_equal(err, i < 5 ? EBADMSG : 0);
		assert_int_equal(f->m->calls, 0);
	}
	assert_int_equal(raw(f, msg, i, out), 0);
	assert_int_equal(f->m->calls, 1);
	assert_string_equal(f->m->last,
			    "offer call=1@192.0.2.10 from=ft trust_address "
			    "dir0=pub1 dir1=pub2 received=192.0.2.1 "
			    "replace_origin replace_session_connection "
			    "ice_remove");
	mem_deref(out);
}

static void test_large(void **state)
{
	struct fix *f = *state;
	struct mbuf *mb = mbuf_alloc(70000), *out = mbuf_alloc(64);

	mbuf_printf(mb, "ck d7:command5:offer7:call-id1:c8:from-tag1:f"
			"3:sdp65000:");
	mbuf_fill(mb, 'x', 65000);
	mbuf_write_str(mb, "e");
	f->m->raw_sdp = true;
	assert_int_equal(raw(f, (char *)mb->buf, mb->end, out), 0);
	assert_int_equal(f->m->calls, 1);
	assert_true(out->end > 65000);

	/* A reply that a datagram cannot carry becomes an error */
	f->m->list = 4000;
	assert_int_equal(raw(f, "l d7:command4:list5:limiti9999ee", 32, out),
			 0);
	assert_true(out->end < 200);
	assert_memory_equal(out->buf, "l d6:result5:error", 18);
	mem_deref(mb);
	mem_deref(out);
}

static void test_resent(void **state)
{
	static const char msg[] = "42_7 " OFFER "}";
	static const char other[] = "42_7 " OFFER ",\"TOS\":5}";
	struct fix *f = *state;
	struct mbuf *one = mbuf_alloc(64), *two = mbuf_alloc(64);

	assert_int_equal(raw(f, msg, sizeof(msg) - 1, one), 0);
	assert_int_equal(f->m->calls, 1);

	/* The same again: the same reply, though media would now refuse */
	f->m->err = ENOSPC;
	assert_int_equal(raw(f, msg, sizeof(msg) - 1, two), 0);
	assert_int_equal(f->m->calls, 1);
	assert_int_equal(one->end, two->end);
	assert_memory_equal(one->buf, two->buf, one->end);

	/* Another body, another source: another request */
	f->m->err = 0;
	assert_int_equal(raw(f, other, sizeof(other) - 1, two), 0);
	assert_int_equal(f->m->calls, 2);
	sa_set_port(&f->src, 5001);
	assert_int_equal(raw(f, msg, sizeof(msg) - 1, two), 0);
	assert_int_equal(f->m->calls, 3);
	mem_deref(one);
	mem_deref(two);
}

static void keep(struct cookies *c, const struct sa *src, const char *msg,
		 const char *reply, uint64_t now)
{
	struct pl m, r;

	pl_set_str(&m, msg);
	pl_set_str(&r, reply);
	assert_int_equal(cookies_add(c, src, &m, &r, now), 0);
}

static bool kept(struct cookies *c, const struct sa *src, const char *msg,
		 const char *reply, uint64_t now)
{
	const struct pl *r;
	struct pl m;

	pl_set_str(&m, msg);
	r = cookies_find(c, src, &m, now);

	return r && !pl_strcmp(r, reply);
}

static void test_cookies(void **state)
{
	struct cookies *c = NULL;
	struct sa src;
	(void)state;

	sa_set_str(&src, "2001:db8::1", 7);
	assert_int_equal(cookies_alloc(&c, 3, 10, 1000), 0);

	keep(c, &src, "a", "1", 100);
	assert_true(kept(c, &src, "a", "1", 1099));
	assert_false(kept(c, &src, "a", "1", 1100));

	/* by number */
	keep(c, &src, "a", "1", 2000);
	keep(c, &src, "b", "2", 2000);
	keep(c, &src, "c", "3", 2000);
	keep(c, &src, "d", "4", 2000);
	assert_false(kept(c, &src, "a", "1", 2000));
	assert_true(kept(c, &src, "b", "2", 2000));
	assert_true(kept(c, &src, "d", "4", 2000));

	/* by size: what is larger than all is not kept, and costs nothing */
	keep(c, &src, "e", "12345678901", 2000);
	assert_false(kept(c, &src, "e", "12345678901", 2000));
	assert_true(kept(c, &src, "b", "2", 2000));
	keep(c, &src, "f", "123456789", 2000);
	assert_true(kept(c, &src, "f", "123456789", 2000));
	assert_false(kept(c, &src, "c", "3", 2000));
	assert_true(kept(c, &src, "d", "4", 2000));
	mem_deref(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fix_up, fix_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_commands),  T(test_recording),
		T(test_block),     T(test_play),
		T(test_missing),   T(test_media_errors),
		T(test_loop),      T(test_garbage),
		T(test_truncated), T(test_large),
		T(test_resent),    cmocka_unit_test(test_cookies),
	};

	/* What is refused here is refused on purpose */
	log_init(LOG_ERROR);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
