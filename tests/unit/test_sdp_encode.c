/* SPDX-License-Identifier: BSD-2-Clause */
/* SDP that is written: what an edit names, and everything else byte for byte */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>
#include <re.h>

#include "media/sdp.h"
#include "sdp_util.h"

#define V "v=0\r\n"
#define O "o=alice 53 7 IN IP4 203.0.113.5\r\n"
#define S "s=call\r\n"
#define C "c=IN IP4 203.0.113.5\r\n"
#define T "t=0 0\r\n"
#define HEAD V O S C T
#define AUDIO "m=audio 4000 RTP/AVP 0 8 101\r\n"

static void encode(const char *in, const struct sdpx_edit *edit,
		   const char *out)
{
	struct mbuf *mb = mbuf_alloc(64);
	struct sdpx *sdp = parse(in);

	assert_int_equal(sdpx_encode(mb, sdp, edit), 0);
	assert_int_equal(mbuf_write_u8(mb, 0), 0);
	assert_string_equal((char *)mb->buf, out);

	mem_deref(sdp);
	mem_deref(mb);
}

static struct sa addr(const char *text, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, text, port), 0);

	return sa;
}

/* ---- kept byte for byte --------------------------------------------------- */

static void encode_nothing(void **state)
{
	static const char *const v[] = {
		"v=0",
		"v=0\n",
		"v=0\r\n\r\n",
		HEAD AUDIO,
		HEAD "m=audio 4000 RTP/AVP 0",
		"v=0\no=- 1 1 IN IP4 h\ns= \nc=IN IP4 192.0.2.1\nt=0 0\n"
		"m=audio  4000\tRTP/AVP  0  8 \na=sendrecv\n",
		HEAD AUDIO "\r\n\r\n",
		HEAD "\r\n" AUDIO "\n\na=x\r\n",
		HEAD "garbage\r\nz\r\n=\r\n  indented=1\r\n" AUDIO
		     "not a line at all\r\na\r\na=\r\na=:\r\nx=\r\n",
		HEAD AUDIO "a=sendrecv\r\r\n",
		HEAD AUDIO "a=rtcp-mux\ra=rtcp:9\r\n",
		V O S T AUDIO "a=rtpmap:0 PCMU/8000\r\na=sendonly\r\n" C
			      "b=AS:1\r\ni=late\r\n",
		V "t=0 0\r\n" C S O AUDIO,
		HEAD "m=audio 4000/2 RTP/AVP 0 0 8\r\na=rtcp:0\r\n"
		     "a=rtcp:4\r\na=ptime:x\r\na=rtpmap:\r\na=crypto:\r\n",
		HEAD AUDIO "a=x-\xc3\xa4\xff\x01 \x7f\r\n",
		HEAD "a=group:BUNDLE a\r\na=ice-lite\r\n" AUDIO
		     "a=candidate:1 1 UDP 1 192.0.2.1 1 typ host\r\n"
		     "a=setup:actpass\r\na=crypto:1 A inline:b\r\n"
		     "a=rtcp-mux-only\r\na=end-of-candidates\r\n",
	};
	static struct sdpx_edit none;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		encode(v[i], &none, v[i]);
}

static void encode_appends(void **state)
{
	static struct sdpx_edit none;
	struct mbuf *mb = mbuf_alloc(16);
	struct sdpx *sdp = parse(HEAD);

	(void)state;
	assert_int_equal(mbuf_write_str(mb, "before:"), 0);
	assert_int_equal(sdpx_encode(mb, sdp, &none), 0);
	assert_int_equal(mb->end, 7 + strlen(HEAD));
	assert_memory_equal(mb->buf, "before:" HEAD, mb->end);
	assert_int_equal(sdpx_encode(NULL, sdp, &none), EINVAL);
	assert_int_equal(sdpx_encode(mb, NULL, &none), EINVAL);
	assert_int_equal(sdpx_encode(mb, sdp, NULL), EINVAL);
	mem_deref(sdp);
	mem_deref(mb);
}

/* ---- session edits -------------------------------------------------------- */

static void encode_session(void **state)
{
	const uint64_t version = 18446744073709551615ull;
	struct sdpx_edit e = {0};

	(void)state;
	e.origin = addr("2001:db8::10", 0);

	e.replace_origin = true;
	encode(HEAD, &e, V "o=alice 53 7 IN IP6 2001:db8::10\r\n" S C T);
	e.replace_origin = false;

	e.replace_session_conn = true;
	encode(HEAD, &e, V O S "c=IN IP6 2001:db8::10\r\n" T);
	encode(V O S T, &e, V O S T);
	e.replace_session_conn = false;

	e.replace_username = true;
	encode(HEAD, &e, V "o=- 53 7 IN IP4 203.0.113.5\r\n" S C T);
	e.replace_username = false;

	e.version = &version;
	encode("v=0\no=a  53 7 IN\tIP4 host.example.com \ns=x\n", &e,
	       "v=0\no=a  53 18446744073709551615 IN\tIP4"
	       " host.example.com \ns=x\n");
	e.version = NULL;

	e.replace_sess_name = true;
	encode(HEAD, &e, V O "s=-\r\n" C T);
	e.replace_sess_name = false;

	e.ice_remove = true;
	encode(HEAD "a=ice-lite\r\na=ice-options:x\r\na=group:BUNDLE a b\r\n"
		    "a=group:LS a b\r\na=x\r\n" AUDIO "a=ice-ufrag:kept\r\n",
	       &e,
	       HEAD "a=group:LS a b\r\na=x\r\n" AUDIO "a=ice-ufrag:kept\r\n");
}

static void encode_needs_an_origin(void **state)
{
	struct sdpx_edit e = {.replace_origin = true};
	struct mbuf *mb = mbuf_alloc(16);
	struct sdpx *sdp = parse(HEAD AUDIO);

	(void)state;
	assert_int_equal(sdpx_encode(mb, sdp, &e), EINVAL);
	e.replace_origin = false;
	e.mediav[0].set_addr = true;
	assert_int_equal(sdpx_encode(mb, sdp, &e), EINVAL);
	mem_deref(sdp);
	mem_deref(mb);
}

/* ---- section edits -------------------------------------------------------- */

static void encode_address_own_conn(void **state)
{
	struct sdpx_edit e = {0};

	(void)state;
	e.mediav[0].set_addr = true;
	e.mediav[0].addr = addr("192.0.2.10", 30000);
	encode(HEAD "m=audio 4000/2 RTP/AVP 0\r\ni=t\r\n"
		    "c=IN IP4 203.0.113.7/127\r\nb=AS:1\r\na=x\r\n",
	       &e,
	       HEAD "m=audio 30000 RTP/AVP 0\r\ni=t\r\n"
		    "c=IN IP4 192.0.2.10\r\nb=AS:1\r\na=x\r\n");

	/* every layer's address goes, wherever the line stands */
	encode(V O S T "m=audio 4000 RTP/AVP 0\na=x\nc=IN IP4 224.2.1.1/1\n"
		       "c=IN IP4 224.2.1.2/1",
	       &e,
	       V O S T "m=audio 30000 RTP/AVP 0\na=x\n"
		       "c=IN IP4 192.0.2.10\nc=IN IP4 192.0.2.10");
}

static void encode_address_session_conn(void **state)
{
	struct sdpx_edit e = {0};

	(void)state;
	e.mediav[0].set_addr = true;
	e.mediav[0].addr = addr("192.0.2.10", 30000);

	/* behind m= and i=, before everything else */
	encode(HEAD "m=audio 4000 RTP/AVP 0\r\ni=t\r\nb=AS:1\r\na=x\r\n", &e,
	       HEAD "m=audio 30000 RTP/AVP 0\r\ni=t\r\n"
		    "c=IN IP4 192.0.2.10\r\nb=AS:1\r\na=x\r\n");
	encode(HEAD "m=audio 4000 RTP/AVP 0", &e,
	       HEAD "m=audio 30000 RTP/AVP 0\r\nc=IN IP4 192.0.2.10\r\n");
	encode("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\nm=x 0 y z\n",
	       &e,
	       "v=0\nc=IN IP4 192.0.2.1\nm=audio 30000 RTP/AVP 0\n"
	       "c=IN IP4 192.0.2.10\nm=x 0 y z\n");

	/* the session's new address says it already */
	e.replace_session_conn = true;
	e.origin = addr("192.0.2.10", 0);
	encode(HEAD "m=audio 4000 RTP/AVP 0\r\n", &e,
	       V O S "c=IN IP4 192.0.2.10\r\n" T "m=audio 30000 RTP/AVP 0\r\n");

	/* it says something else */
	e.mediav[0].addr = addr("2001:db8::10", 30000);
	encode(HEAD "m=audio 4000 RTP/AVP 0\r\n", &e,
	       V O S "c=IN IP4 192.0.2.10\r\n" T "m=audio 30000 RTP/AVP 0\r\n"
		     "c=IN IP6 2001:db8::10\r\n");
}

static void encode_hold(void **state)
{
	struct sdpx_edit e = {0};

	(void)state;
	e.replace_session_conn = true;
	e.origin = addr("192.0.2.10", 0);
	e.mediav[0].set_addr = true;
	e.mediav[0].keep_zero_addr = true;
	e.mediav[0].addr = addr("192.0.2.10", 30000);

	encode(V "c=IN IP4 0.0.0.0\r\n" AUDIO, &e,
	       V "c=IN IP4 192.0.2.10\r\nm=audio 30000 RTP/AVP 0 8 101\r\n"
		 "c=IN IP4 0.0.0.0\r\n");
	encode(V AUDIO "c=IN IP4 0.0.0.0\r\n", &e,
	       V "m=audio 30000 RTP/AVP 0 8 101\r\nc=IN IP4 0.0.0.0\r\n");

	/* across families */
	e.mediav[0].addr = addr("2001:db8::10", 30000);
	encode(V AUDIO "c=IN IP4 0.0.0.0\r\n", &e,
	       V "m=audio 30000 RTP/AVP 0 8 101\r\nc=IN IP6 ::\r\n");

	/* not on hold */
	encode(V AUDIO C, &e,
	       V "m=audio 30000 RTP/AVP 0 8 101\r\n"
		 "c=IN IP6 2001:db8::10\r\n");

	e.mediav[0].keep_zero_addr = false;
	encode(V AUDIO "c=IN IP6 ::\r\n", &e,
	       V "m=audio 30000 RTP/AVP 0 8 101\r\n"
		 "c=IN IP6 2001:db8::10\r\n");
}

static void encode_reject(void **state)
{
	struct sdpx_edit e = {0};

	(void)state;
	e.mediav[1].reject = true;
	encode(HEAD AUDIO "a=x\r\nm=video 4002/2 RTP/AVP 31\r\n" C "a=y\r\n",
	       &e, HEAD AUDIO "a=x\r\nm=video 0 RTP/AVP 31\r\n" C "a=y\r\n");

	/* an address given as well changes nothing */
	e.mediav[1].set_addr = true;
	e.mediav[1].addr = addr("192.0.2.10", 30000);
	encode(HEAD AUDIO "m=video 4002/2 RTP/AVP 31\r\na=y\r\n", &e,
	       HEAD AUDIO "m=video 0 RTP/AVP 31\r\na=y\r\n");
}

static void encode_rtcp(void **state)
{
	static const char in[] = V C AUDIO "a=x\r\na=rtcp:9 IN IP4 192.0.2.1"
					   "\r\na=rtcp-mux\r\na=y\r\n"
					   "a=rtcp:8\r\na=rtcp-mux\r\n"
					   "a=rtcp-mux-only\r\n";
	static const char plain[] = V C AUDIO "a=x";
	struct sdpx_edit e = {0};
	struct sdpx_medit *me = &e.mediav[0];

	(void)state;
	me->rtcp_addr = addr("192.0.2.10", 30001);

	me->rtcp = SDPX_RTCP_PORT;
	encode(in, &e, V C AUDIO "a=x\r\na=rtcp:30001\r\na=y\r\n");
	encode(plain, &e, V C AUDIO "a=x\r\na=rtcp:30001\r\n");

	me->rtcp = SDPX_RTCP_MUX_OFFER;
	encode(in, &e,
	       V C AUDIO "a=x\r\na=rtcp:30001\r\na=rtcp-mux\r\n"
			 "a=y\r\n");
	encode(plain, &e, V C AUDIO "a=x\r\na=rtcp:30001\r\na=rtcp-mux\r\n");

	me->rtcp = SDPX_RTCP_MUX;
	encode(plain, &e, V C AUDIO "a=x\r\na=rtcp:4000\r\na=rtcp-mux\r\n");
	me->rtcp = SDPX_RTCP_MUX_ONLY;
	encode(in, &e,
	       V C AUDIO "a=x\r\na=rtcp-mux\r\na=y\r\n"
			 "a=rtcp-mux-only\r\n");
	encode(plain, &e, V C AUDIO "a=x\r\na=rtcp-mux\r\n");

	me->rtcp = SDPX_RTCP_NONE;
	encode(in, &e, V C AUDIO "a=x\r\na=y\r\n");
	encode(plain, &e, plain);

	/* the port that RTP got; RTCP that went elsewhere names its address */
	me->set_addr = true;
	me->addr = addr("192.0.2.10", 30000);
	e.replace_session_conn = true;
	e.origin = me->addr;
	me->rtcp = SDPX_RTCP_MUX;
	encode(V C "m=audio 4000 RTP/AVP 0\r\n", &e,
	       V "c=IN IP4 192.0.2.10\r\nm=audio 30000 RTP/AVP 0\r\n"
		 "a=rtcp:30000\r\na=rtcp-mux\r\n");
	me->rtcp = SDPX_RTCP_PORT;
	me->rtcp_addr = addr("2001:db8::9", 30003);
	encode(V C "m=audio 4000 RTP/AVP 0\r\n\r\n", &e,
	       V "c=IN IP4 192.0.2.10\r\nm=audio 30000 RTP/AVP 0\r\n"
		 "a=rtcp:30003 IN IP6 2001:db8::9\r\n\r\n");
}

static void encode_formats(void **state)
{
	const bool drop[] = {true, false, true, false};
	const bool all[] = {true, true, true, true};
	struct sdpx_edit e = {0};
	struct mbuf *mb = mbuf_alloc(16);
	struct sdpx *sdp;

	(void)state;
	e.mediav[0].fmt_drop = drop;
	encode(HEAD "m=audio 4000 RTP/AVP  0 96  97 98 \r\n"
		    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:96 a/8000\r\n"
		    "a=rtpmap:97 b/8000\r\na=fmtp:97 x\r\n"
		    "a=rtcp-fb:97 nack\r\na=rtcp-fb:* nack\r\n"
		    "a=fmtp:96 apt=97\r\na=fmtp:9 7\r\n",
	       &e,
	       HEAD "m=audio 4000 RTP/AVP 96 98 \r\n"
		    "a=rtpmap:96 a/8000\r\na=rtcp-fb:* nack\r\n"
		    "a=fmtp:96 apt=97\r\na=fmtp:9 7\r\n");

	/* written twice, one of them stays: so does what describes it */
	encode(HEAD "m=audio 4000 RTP/AVP 0 0 96 1\r\na=rtpmap:0 x/8000\r\n",
	       &e, HEAD "m=audio 4000 RTP/AVP 0 1\r\na=rtpmap:0 x/8000\r\n");

	/* an m= line without formats is none */
	e.mediav[0].fmt_drop = all;
	sdp = parse(HEAD "m=audio 4000 RTP/AVP 0 8 9 18\r\n");
	assert_int_equal(sdpx_encode(mb, sdp, &e), EINVAL);
	mem_deref(sdp);
	mem_deref(mb);
}

static void encode_proto(void **state)
{
	const struct pl savp = PL("RTP/SAVP");
	struct sdpx_edit e = {0};

	(void)state;
	e.mediav[0].proto = &savp;
	encode(HEAD AUDIO, &e, HEAD "m=audio 4000 RTP/SAVP 0 8 101\r\n");
}

static void encode_removals(void **state)
{
	static const char in[] = HEAD AUDIO
		"a=ice-ufrag:u\r\na=ice-pwd:p\r\na=icey:x\r\n"
		"a=candidate:1 1 UDP 1 192.0.2.1 1 typ host\r\n"
		"a=end-of-candidates\r\na=remote-candidates:1\r\n"
		"a=ice2\r\na=fingerprint:sha-1 AA\r\n"
		"a=setup:active\r\na=tls-id:x\r\n"
		"a=crypto:1 A inline:k\r\na=crypto:2 B inline:k\r\n"
		"a=ice-\r\n";
	struct sdpx_edit e = {0};
	struct sdpx_medit *me = &e.mediav[0];

	(void)state;
	me->ice_remove = true;
	encode(in, &e,
	       HEAD AUDIO "a=icey:x\r\na=fingerprint:sha-1 AA\r\n"
			  "a=setup:active\r\na=tls-id:x\r\n"
			  "a=crypto:1 A inline:k\r\n"
			  "a=crypto:2 B inline:k\r\na=ice-\r\n");
	me->dtls_remove = true;
	encode(in, &e,
	       HEAD AUDIO "a=icey:x\r\na=crypto:1 A inline:k\r\n"
			  "a=crypto:2 B inline:k\r\na=ice-\r\n");
	me->crypto_remove = true;
	encode(in, &e, HEAD AUDIO "a=icey:x\r\na=ice-\r\n");
}

static void encode_ptime_and_direction(void **state)
{
	const enum sdp_dir inactive = SDP_INACTIVE, sendrecv = SDP_SENDRECV;
	struct sdpx_edit e = {0};
	struct sdpx_medit *me = &e.mediav[0];

	(void)state;
	me->ptime = 40;
	encode(HEAD AUDIO "a=ptime:20\na=x\r\na=ptime:30\r\n", &e,
	       HEAD AUDIO "a=ptime:40\na=x\r\n");
	encode(HEAD AUDIO "a=x\r\n\r\n", &e,
	       HEAD AUDIO "a=x\r\na=ptime:40\r\n\r\n");
	me->ptime = 0;

	me->dir = &inactive;
	encode(HEAD AUDIO "a=sendonly\r\na=x\r\na=recvonly\r\n", &e,
	       HEAD AUDIO "a=inactive\r\na=x\r\n");
	me->dir = &sendrecv;
	encode(HEAD "a=inactive\r\n" AUDIO, &e,
	       HEAD "a=inactive\r\n" AUDIO "a=sendrecv\r\n");
}

static void encode_only_what_is_named(void **state)
{
	static const char second[] = "m=video 4002 RTP/AVP 31\r\n" C
				     "a=rtcp-mux\r\na=sendonly\r\n";
	struct sdpx_edit e = {0};
	char in[512], out[512];

	(void)state;
	e.mediav[0].set_addr = true;
	e.mediav[0].addr = addr("192.0.2.10", 30000);
	(void)re_snprintf(in, sizeof(in), "%s%s%s%s", HEAD, AUDIO, C, second);
	(void)re_snprintf(out, sizeof(out),
			  "%sm=audio 30000 RTP/AVP 0 8 101"
			  "\r\nc=IN IP4 192.0.2.10\r\n%s",
			  HEAD, second);
	encode(in, &e, out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encode_nothing),
		cmocka_unit_test(encode_appends),
		cmocka_unit_test(encode_session),
		cmocka_unit_test(encode_needs_an_origin),
		cmocka_unit_test(encode_address_own_conn),
		cmocka_unit_test(encode_address_session_conn),
		cmocka_unit_test(encode_hold),
		cmocka_unit_test(encode_reject),
		cmocka_unit_test(encode_rtcp),
		cmocka_unit_test(encode_formats),
		cmocka_unit_test(encode_proto),
		cmocka_unit_test(encode_removals),
		cmocka_unit_test(encode_ptime_and_direction),
		cmocka_unit_test(encode_only_what_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
