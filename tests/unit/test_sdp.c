/* SPDX-License-Identifier: BSD-2-Clause */
/* SDP that is read: what is understood, what is refused */
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

static void assert_pl(const struct pl *pl, const char *text)
{
	assert_int_equal(pl->l, strlen(text));
	assert_memory_equal(pl->p ? pl->p : "", text, pl->l);
}

static void assert_sa(const struct sa *sa, const char *addr, uint16_t port)
{
	char buf[64];

	assert_int_equal(sa_ntop(sa, buf, sizeof(buf)), 0);
	assert_string_equal(buf, addr);
	assert_int_equal(sa_port(sa), port);
}

static void decode_plain(void **state)
{
	struct sdpx *sdp = parse(HEAD AUDIO
				 "a=rtpmap:101 telephone-event/8000\r\n"
				 "a=ptime:20\r\n"
				 "a=mid:one\r\n");
	const struct sdpx_media *m = sdpx_media(sdp, 0);

	(void)state;
	assert_int_equal(sdpx_mediac(sdp), 1);
	assert_null(sdpx_media(sdp, 1));
	assert_pl(sdpx_origin(sdp), "alice 53 7 IN IP4 203.0.113.5");
	assert_false(sdpx_bundle(sdp));
	assert_pl(&m->type, "audio");
	assert_pl(&m->proto, "RTP/AVP");
	assert_pl(&m->mid, "one");
	assert_int_equal(m->port, 4000);
	assert_int_equal(m->nports, 1);
	assert_int_equal(m->ptime, 20);
	assert_int_equal(m->dir, SDP_SENDRECV);
	assert_true(m->rtp);
	assert_false(m->srtp || m->dtls || m->held || m->has_conn || m->ice ||
		     m->crypto || m->fingerprint || m->rtcp_mux ||
		     m->rtcp_attr);
	assert_sa(&m->raddr, "203.0.113.5", 4000);
	assert_sa(&m->rtcp, "203.0.113.5", 4001);
	assert_int_equal(m->text.l, strlen(AUDIO) + 35 + 12 + 11);
	mem_deref(sdp);
}

static void decode_formats(void **state)
{
	struct sdpx *sdp = parse(HEAD
				 "m=audio 4000 RTP/AVP 0 18 9 96 97 98 99\r\n"
				 "a=rtpmap:96 opus/48000/2\r\n"
				 "a=rtpmap:97  G7221/16000 \r\n"
				 "a=rtpmap:98 broken\r\n"
				 "a=rtpmap:9 G722/8000/1\r\n"
				 "a=rtpmap:44 unlisted/8000\r\n");
	const struct sdpx_fmt *f = sdpx_media(sdp, 0)->fmtv;

	(void)state;
	assert_int_equal(sdpx_media(sdp, 0)->fmtc, 7);
	assert_pl(&f[0].name, "PCMU");
	assert_int_equal(f[0].pt, 0);
	assert_int_equal(f[0].rate, 8000);
	assert_int_equal(f[0].ch, 1);
	assert_pl(&f[1].name, "G729");
	assert_int_equal(f[1].pt, 18);
	assert_pl(&f[2].name, "G722");
	assert_pl(&f[3].id, "96");
	assert_pl(&f[3].name, "opus");
	assert_int_equal(f[3].rate, 48000);
	assert_int_equal(f[3].ch, 2);
	assert_pl(&f[4].name, "G7221");
	assert_int_equal(f[4].rate, 16000);
	assert_pl(&f[5].name, "");
	assert_int_equal(f[5].pt, 98);
	assert_int_equal(f[5].rate, 0);
	assert_pl(&f[6].name, "");
	mem_deref(sdp);
}

static void decode_static_table(void **state)
{
	struct sdpx *sdp = parse(HEAD
				 "m=video 4000 RTP/AVP 31 34 10 1 200\r\n");
	const struct sdpx_fmt *f = sdpx_media(sdp, 0)->fmtv;

	(void)state;
	assert_pl(&f[0].name, "H261");
	assert_int_equal(f[1].rate, 90000);
	assert_pl(&f[2].name, "L16");
	assert_int_equal(f[2].ch, 2);
	assert_int_equal(f[2].rate, 44100);
	assert_pl(&f[3].name, "");
	/* no such payload type, though the number is well formed */
	assert_int_equal(f[4].pt, -1);
	mem_deref(sdp);
}

static void decode_addresses(void **state)
{
	struct sdpx *sdp = parse(HEAD "m=audio 4000/2 RTP/AVP 0\r\n"
				      "c=IN IP4 224.2.1.1/127/3\r\n"
				      "c=IN IP4 224.2.1.9/127\r\n"
				      "m=audio 4004 RTP/AVP 0\r\n"
				      "c=IN IP6 2001:db8::5\r\n"
				      "a=rtcp:5999 IN IP4 203.0.113.9\r\n"
				      "m=audio 65535 RTP/AVP 0\r\n"
				      "m=audio 4006 RTP/AVP 0\r\n"
				      "a=rtcp:53020\r\n"
				      "m=audio 0 RTP/AVP 0\r\n"
				      "m=audio 4008 RTP/AVP 0\r\n"
				      "c=IN IP6 ff15::101/3\r\n");

	(void)state;
	assert_int_equal(sdpx_mediac(sdp), 6);
	assert_sa(&sdpx_media(sdp, 0)->raddr, "224.2.1.1", 4000);
	assert_int_equal(sdpx_media(sdp, 0)->nports, 2);
	assert_true(sdpx_media(sdp, 0)->has_conn);
	assert_sa(&sdpx_media(sdp, 1)->raddr, "2001:db8::5", 4004);
	assert_sa(&sdpx_media(sdp, 1)->rtcp, "203.0.113.9", 5999);
	assert_true(sdpx_media(sdp, 1)->rtcp_attr);
	assert_sa(&sdpx_media(sdp, 2)->rtcp, "203.0.113.5", 0);
	assert_sa(&sdpx_media(sdp, 3)->rtcp, "203.0.113.5", 53020);
	assert_sa(&sdpx_media(sdp, 4)->raddr, "203.0.113.5", 0);
	assert_sa(&sdpx_media(sdp, 4)->rtcp, "203.0.113.5", 0);
	assert_sa(&sdpx_media(sdp, 5)->raddr, "ff15::101", 4008);
	mem_deref(sdp);
}

static void decode_hold(void **state)
{
	struct sdpx *sdp = parse(V O S "c=IN IP4 0.0.0.0\r\n" T AUDIO
				       "m=audio 4002 RTP/AVP 0\r\n"
				       "c=IN IP6 ::\r\n"
				       "m=audio 4004 RTP/AVP 0\r\n" C);

	(void)state;
	assert_true(sdpx_media(sdp, 0)->held);
	assert_true(sdpx_media(sdp, 1)->held);
	assert_false(sdpx_media(sdp, 2)->held);
	assert_sa(&sdpx_media(sdp, 0)->raddr, "0.0.0.0", 4000);
	mem_deref(sdp);
}

static void decode_direction(void **state)
{
	struct sdpx *sdp = parse(HEAD "a=recvonly\r\n"
				      "m=audio 4000 RTP/AVP 0\r\n"
				      "m=audio 4002 RTP/AVP 0\r\n"
				      "a=sendonly \r\n"
				      "m=audio 4004 RTP/AVP 0\r\n"
				      "a=inactive\r\n"
				      "m=audio 4006 RTP/AVP 0\r\n"
				      "a=sendrecv\r\n");

	(void)state;
	assert_int_equal(sdpx_media(sdp, 0)->dir, SDP_RECVONLY);
	assert_int_equal(sdpx_media(sdp, 1)->dir, SDP_SENDONLY);
	assert_int_equal(sdpx_media(sdp, 2)->dir, SDP_INACTIVE);
	assert_int_equal(sdpx_media(sdp, 3)->dir, SDP_SENDRECV);
	mem_deref(sdp);
}

static void decode_protocols(void **state)
{
	static const struct {
		const char *proto;
		bool rtp, srtp, dtls;
	} v[] = {
		{"RTP/AVP", true, false, false},
		{"RTP/AVPF", true, false, false},
		{"rtp/avp", true, false, false},
		{"RTP/SAVP", true, true, false},
		{"RTP/SAVPF", true, true, false},
		{"UDP/TLS/RTP/SAVP", true, true, true},
		{"UDP/TLS/RTP/SAVPF", true, true, true},
		{"UDP/TLS/UDPTL", false, false, true},
		{"UDP/DTLS/SCTP", false, false, true},
		{"udptl", false, false, false},
		{"TCP/MSRP", false, false, false},
		{"TCP/RTP/AVP", false, false, false},
		{"x-unknown", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		const struct sdpx_media *m;
		struct sdpx *sdp;
		char text[256];

		(void)re_snprintf(text, sizeof(text), "%sm=x 9 %s 5\r\n", HEAD,
				  v[i].proto);
		sdp = parse(text);
		m = sdpx_media(sdp, 0);
		assert_pl(&m->proto, v[i].proto);
		assert_int_equal(m->rtp, v[i].rtp);
		assert_int_equal(m->srtp, v[i].srtp);
		assert_int_equal(m->dtls, v[i].dtls);
		assert_int_equal(m->fmtv[0].pt, v[i].rtp ? 5 : -1);
		mem_deref(sdp);
	}
}

static void decode_security(void **state)
{
	struct sdpx *sdp = parse(HEAD "m=audio 4000 RTP/SAVP 0\r\n"
				      "a=crypto:1 AES_CM_128_HMAC_SHA1_80 x\r\n"
				      "a=rtcp-mux\r\n"
				      "m=audio 4002 UDP/TLS/RTP/SAVPF 0\r\n"
				      "a=fingerprint:sha-256 AA\r\n"
				      "a=candidate:1 1 UDP 1 192.0.2.1 1\r\n"
				      "m=audio 4004 RTP/AVP 0\r\n");

	(void)state;
	assert_true(sdpx_media(sdp, 0)->crypto);
	assert_true(sdpx_media(sdp, 0)->rtcp_mux);
	assert_false(sdpx_media(sdp, 0)->ice);
	assert_true(sdpx_media(sdp, 1)->fingerprint);
	assert_true(sdpx_media(sdp, 1)->ice);
	assert_false(sdpx_media(sdp, 1)->crypto);
	assert_false(sdpx_media(sdp, 2)->fingerprint);
	assert_false(sdpx_media(sdp, 2)->ice);
	mem_deref(sdp);

	sdp = parse(HEAD "a=group:BUNDLE a b\r\na=ice-ufrag:x\r\n"
			 "a=fingerprint:sha-256 AA\r\n" AUDIO);
	assert_true(sdpx_bundle(sdp));
	assert_true(sdpx_media(sdp, 0)->ice);
	assert_true(sdpx_media(sdp, 0)->fingerprint);
	mem_deref(sdp);

	sdp = parse(HEAD "a=group:LS a b\r\n" AUDIO);
	assert_false(sdpx_bundle(sdp));
	mem_deref(sdp);
}

static void decode_other_media(void **state)
{
	struct sdpx *sdp = parse(HEAD "m=image 4000 udptl t38\r\n"
				      "a=T38FaxVersion:0\r\n"
				      "m=message 7654 TCP/MSRP *\r\n"
				      "a=path:msrp://203.0.113.5:7654/x;tcp\r\n"
				      "m=audio 0 RTP/AVP\r\n");
	const struct sdpx_media *m = sdpx_media(sdp, 0);

	(void)state;
	assert_pl(&m->fmtv[0].id, "t38");
	assert_int_equal(m->fmtv[0].pt, -1);
	assert_pl(&m->fmtv[0].name, "");
	assert_pl(&sdpx_media(sdp, 1)->fmtv[0].id, "*");
	assert_int_equal(sdpx_media(sdp, 2)->fmtc, 0);
	mem_deref(sdp);
}

static void decode_without_media_or_origin(void **state)
{
	struct sdpx *sdp = parse("v=0\r\n");

	(void)state;
	assert_int_equal(sdpx_mediac(sdp), 0);
	assert_null(sdpx_origin(sdp));
	mem_deref(sdp);

	/* a refused section needs no address */
	sdp = parse(V O S T "m=audio 0 RTP/AVP 0\r\n");
	assert_false(sdpx_media(sdp, 0)->held);
	assert_false(sa_isset(&sdpx_media(sdp, 0)->raddr, SA_ADDR));
	mem_deref(sdp);
}

static void refuse(const char *text, size_t len, unsigned line,
		   const char *what)
{
	struct sdpx *sdp = NULL;
	struct sdpx_err e = {0, ""};
	struct pl pl = {text, len};

	assert_int_equal(sdpx_decode(&sdp, &pl, &e), EBADMSG);
	assert_null(sdp);
	assert_int_equal(e.line, line);
	if (!strstr(e.msg, what))
		fail_msg("\"%s\" does not say \"%s\"", e.msg, what);
	assert_int_equal(sdpx_decode(&sdp, &pl, NULL), EBADMSG);
}

static void decode_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *what;
	} v[] = {
		{"", 1, "empty"},
		{"\r\n", 1, "v=0"},
		{"hello\r\n", 1, "v=0"},
		{O S C T AUDIO, 1, "v=0"},
		{"v=0\ro=- 1 1 IN IP4 192.0.2.1\rs=-\r", 1, "CR"},
		{"v=1\r\n" O S C T AUDIO, 1, "version 0"},
		{V "o=alice 53 7 IN IP4\r\n" S C T AUDIO, 2, "6"},
		{V O O S C T AUDIO, 3, "second o="},
		{V O S T AUDIO, 5, "no c="},
		{V O S "c=IN IP4 host.example.com\r\n" T AUDIO, 4,
		 "host names"},
		{V O S "c=IN IP4 203.0.113.256\r\n" T AUDIO, 4, "address"},
		{V O S "c=IN IP4 2001:db8::1\r\n" T AUDIO, 4, "family"},
		{V O S "c=IN IP6 203.0.113.5\r\n" T AUDIO, 4, "family"},
		{V O S "c=IN IP5 203.0.113.5\r\n" T AUDIO, 4, "IN IP4"},
		{V O S "c=PSTN E164 +441134960123\r\n" T AUDIO, 4, "IN IP4"},
		{V O S "c=IN IP4\r\n" T AUDIO, 4, "IN IP4"},
		{V O S "c=\r\n" T AUDIO, 4, "IN IP4"},
		{V O S "c=IN IP4 224.2.1.1/x\r\n" T AUDIO, 4, "address"},
		{V O S "c=IN IP4 224.2.1.1/1/2/3\r\n" T AUDIO, 4, "address"},
		{V O S "c=IN IP4 224.2.1.1/\r\n" T AUDIO, 4, "address"},
		{V O S "c=IN IP6 ff15::101/1/2\r\n" T AUDIO, 4, "address"},
		{HEAD AUDIO "c=IN IP4 example.com\r\n", 7, "host names"},
		{HEAD "m=\r\n", 6, "needs"},
		{HEAD "m=audio\r\n", 6, "needs"},
		{HEAD "m=audio 4000\r\n", 6, "needs"},
		{HEAD "m=audio 4000 RTP/AVP\r\n", 6, "no format"},
		{HEAD "m=audio 65536 RTP/AVP 0\r\n", 6, "65535"},
		{HEAD "m=audio 99999999999999999999 RTP/AVP 0\r\n", 6, "65535"},
		{HEAD "m=audio -1 RTP/AVP 0\r\n", 6, "65535"},
		{HEAD "m=audio x RTP/AVP 0\r\n", 6, "65535"},
		{HEAD "m=audio 4000/0 RTP/AVP 0\r\n", 6, "65535"},
		{HEAD "m=audio 4000/ RTP/AVP 0\r\n", 6, "65535"},
		{HEAD "m=audio 65534/3 RTP/AVP 0\r\n", 6, "65535"},
		{HEAD AUDIO "a=x\r\na=rtcp:70000\r\n", 8, "65535"},
		{HEAD AUDIO "a=rtcp:\r\n", 7, "65535"},
		{HEAD AUDIO "a=rtcp:4001 IN IP4 example.com\r\n", 7,
		 "host names"},
		{HEAD AUDIO "a=rtcp:4001 IN\r\n", 7, "IN IP4"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		refuse(v[i].text, strlen(v[i].text), v[i].line, v[i].what);
}

static void decode_limits(void **state)
{
	static const char nul[] = HEAD AUDIO "a=x\0y\r\n";
	struct mbuf *mb = mbuf_alloc(70000);
	struct sdpx *sdp;

	(void)state;
	refuse(nul, sizeof(nul) - 1, 7, "NUL");

	/* a line as long as may be, then one byte more */
	(void)mbuf_write_str(mb, HEAD AUDIO "a=");
	(void)mbuf_fill(mb, 'x', 8192 - 4);
	(void)mbuf_write_str(mb, "\r\n");
	(void)mbuf_write_u8(mb, 0);
	sdp = parse((char *)mb->buf);
	assert_int_equal(sdpx_mediac(sdp), 1);
	mem_deref(sdp);

	mb->pos = mb->end = strlen(HEAD AUDIO);
	(void)mbuf_fill(mb, 'x', 8192 - 1);
	(void)mbuf_write_str(mb, "\r\n");
	refuse((char *)mb->buf, mb->end, 7, "longer");

	mbuf_rewind(mb);
	(void)mbuf_write_str(mb, HEAD);
	for (int i = 0; i < SDPX_MEDIA_MAX; i++)
		(void)mbuf_write_str(mb, AUDIO);
	(void)mbuf_write_u8(mb, 0);
	sdp = parse((char *)mb->buf);
	assert_int_equal(sdpx_mediac(sdp), SDPX_MEDIA_MAX);
	mem_deref(sdp);
	mb->pos = mb->end = mb->end - 1;
	(void)mbuf_write_str(mb, AUDIO);
	refuse((char *)mb->buf, mb->end, 5 + SDPX_MEDIA_MAX + 1, "m= lines");

	mbuf_rewind(mb);
	(void)mbuf_write_str(mb, HEAD "m=audio 4000 RTP/AVP");
	for (int i = 0; i <= SDPX_FMT_MAX; i++)
		(void)mbuf_printf(mb, " %d", i);
	refuse((char *)mb->buf, mb->end, 6, "formats");

	mbuf_rewind(mb);
	(void)mbuf_write_str(mb, HEAD);
	while (mb->end <= 65536)
		(void)mbuf_write_str(mb, "a=x\r\n");
	refuse((char *)mb->buf, mb->end, 1, "65536");

	mem_deref(mb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_plain),
		cmocka_unit_test(decode_formats),
		cmocka_unit_test(decode_static_table),
		cmocka_unit_test(decode_addresses),
		cmocka_unit_test(decode_hold),
		cmocka_unit_test(decode_direction),
		cmocka_unit_test(decode_protocols),
		cmocka_unit_test(decode_security),
		cmocka_unit_test(decode_other_media),
		cmocka_unit_test(decode_without_media_or_origin),
		cmocka_unit_test(decode_refused),
		cmocka_unit_test(decode_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
