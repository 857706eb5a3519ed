/* SPDX-License-Identifier: BSD-2-Clause */
/* Flags and keys of the ng protocol: each class, each spelling */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "base/log.h"
#include "ng/flags.h"
#include "ng_util.h"

#define BASE "offer call=c from=f trust_address"

/* An offer with "flags": [flags] becomes this */
#define flags_ask(f, flags, want)                                              \
	asks(f, OFFER ",\"flags\":[" flags "]}", BASE want)

static void test_flags(void **state)
{
	struct fix *f = *state;

	flags_ask(f, "\"trust-address\"", "");
	flags_ask(f, "\"symmetric\"", " symmetric");
	flags_ask(f, "\"asymmetric\",\"strict source\"",
		  " strict_source asymmetric");
	flags_ask(f, "\"strict-source\"", " strict_source");
	flags_ask(f, "\"port_latching\"", " port_latching");
	flags_ask(f, "\"no rtcp attribute\"", " no_rtcp_attribute");
	flags_ask(f, "\"record-call\"", " record_call");
	flags_ask(f, "\"record call=no\"", "");
	flags_ask(f, "\"reject-ICE\"", " ice_reject");
	flags_ask(f, "\"DTLS=off\"", " dtls_off");
	flags_ask(f, "\"DTLS-reverse=passive\"", " dtls_passive");
	flags_ask(f, "\"ICE=force\"", " ice_force");
	flags_ask(f, "\"ICE=optional\"", " ice_optional");
	flags_ask(f, "\"ICE=remove\"", " ice_remove");
	asks(f, OFFER ",\"flags\":[\"fragment\"]}",
	     "candidates call=c from=f trust_address");
	flags_ask(f, "\"ICE-lite=forward\"", " ice_lite=1");
	flags_ask(f, "\"ICE lite=backward\"", " ice_lite=2");
	flags_ask(f, "\"ICE-lite-both\"", " ice_lite=3");
	flags_ask(f, "\"ICE-lite=off\",\"trickle ICE\"",
		  " trickle_ice ice_lite=4");
	flags_ask(f, "\"endpoint-learning-off\"", " asymmetric");
	flags_ask(f, "\"endpoint-learning=immediate\"", "");
	flags_ask(f, "\"TOS=184\"", " tos=184");
	flags_ask(f, "\"replace-origin\",\"replace-session-connection\"",
		  " replace_origin replace_session_connection");
	flags_ask(f, "\"media-address=203.0.113.9\"", " media=203.0.113.9");
	flags_ask(f, "\"address-family=IP6\"", " af=6");
	flags_ask(f, "\"direction=priv\",\"direction-pub\"",
		  " dir0=priv dir1=pub");
	flags_ask(f, "\"RTP/AVP\"", " transport=RTP/AVP");
	flags_ask(f, "\"received-from=IP4-192.0.2.7\"", " received=192.0.2.7");
	flags_ask(f, "\"metadata=a|b\",\"via-branch=z\"",
		  " branch=z metadata=a|b");
	flags_ask(f, "\"\"", "");

	asks(f,
	     OFFER ",\"flags\":[\"SIP-source-address\",\"trust-address\"],"
		   "\"received-from\":[\"IP6\",\"2001:db8::5\"]}",
	     "offer call=c from=f received=2001:db8::5");
}

static void test_attr(void **state)
{
	struct fix *f = *state;

	asks(f,
	     OFFER ",\"sdp-attr\":{\"audio\":{\"add\":[\"x\",\"y:1 2\"],"
		   "\"remove\":[\"ssrc:\"]},\"none\":{\"substitute\":"
		   "[[\"a\",\"b\"],[\"c\",\"d\"]]},\"global\":"
		   "{\"substitute\":[\"e\",\"f\"]}}}",
	     BASE " attr+audio:x attr+audio:y:1 2 attr-audio:ssrc: "
		  "attr>:a>b attr>:c>d attr>:e>f");
	flags_ask(f,
		  "\"sdp-attr-remove-audio-ptime:20\","
		  "\"SDP-attr=add-video-fmtp:97..x--1\","
		  "\"sdp-attr-substitute-none-a:1>b:2\"",
		  " attr-audio:ptime:20 attr+video:fmtp:97 x=1 "
		  "attr>:a:1>b:2");
	asks(f,
	     ANSWER ",\"rtpp-flags\":\"sdp-attr-add-audio-x "
		    "single-codec strip-extmap generate-mid\"}",
	     "answer call=c from=f to=t trust_address strip_extmap "
	     "single_codec attr+audio:x");
	asks(f, OFFER ",\"bundle\":[\"offer\",\"accept\"]}",
	     BASE " bundle_offer");
	flags_ask(f, "\"bundle-require\",\"bundle=reject\"",
		  " bundle_require bundle_reject");
	refused(f, OFFER ",\"bundle\":[\"strict\"]}", "bundle=strict");
	asks(f,
	     OFFER ",\"flags\":[\"single-codec\",\"generate mid\"],"
		   "\"replace\":[\"origin-full\","
		   "\"force-increment-sdp-ver\"]}",
	     BASE " replace_origin_full force_version generate_mid");
	/* of no consequence in other commands */
	asks(f,
	     "{\"command\":\"delete\",\"call-id\":\"c\",\"sdp-attr\":"
	     "{\"audio\":{\"erase\":[\"x\"]}}}",
	     "delete call=c delay=-1");
}

static void test_keys(void **state)
{
	struct fix *f = *state;

	asks(f,
	     OFFER ",\"replace\":[\"origin\",\"session connection\","
		   "\"username\",\"session name\",\"SDP-version\","
		   "\"zero address\"]}",
	     BASE " replace_origin replace_session_connection "
		  "replace_username replace_session_name replace_sdp_version "
		  "replace_zero_address");
	asks(f, OFFER ",\"direction\":[\"a\",\"b\"]}", BASE " dir0=a dir1=b");
	asks(f,
	     OFFER
	     ",\"received from\":[\"IP4\",\"192.0.2.9\"],"
	     "\"address family\":\"IP4\",\"media address\":\"2001:db8::1\"}",
	     BASE " received=192.0.2.9 media=2001:db8::1 af=4");
	asks(f, OFFER ",\"transport protocol\":\"RTP/SAVPF\"}",
	     BASE " transport=RTP/SAVPF");
	asks(f, ANSWER ",\"transport-protocol\":\"accept\"}",
	     "answer call=c from=f to=t trust_address");
	asks(f, OFFER ",\"via-branch\":\"z9hG4bK\",\"TOS\":46,\"ptime\":30}",
	     BASE " branch=z9hG4bK tos=46 ptime=30");
	asks(f,
	     OFFER ",\"ptime reverse\":10,\"repacketize\":60,"
		   "\"flags\":[\"no codec renegotiation\","
		   "\"codec-ignore-GSM\"]}",
	     BASE " reuse_codecs ptime=60 ptime_reverse=10 strip=GSM");
	/* rtpengine: not in answers */
	asks(f, ANSWER ",\"ptime\":30}",
	     "answer call=c from=f to=t trust_address");
	asks(f, OFFER ",\"TOS\":-1}", BASE);
	asks(f, OFFER ",\"TOS\":256}", BASE);
	asks(f, OFFER ",\"ICE\":\"remove\",\"DTLS\":\"off\"}",
	     BASE " ice_remove dtls_off");
	asks(f, OFFER ",\"ICE\":\"default\"}", BASE);
	asks(f, OFFER ",\"record call\":\"yes\",\"metadata\":\"x\"}",
	     BASE " record_call metadata=x");
	asks(f, OFFER ",\"record call\":\"off\"}", BASE);
	asks(f, OFFER ",\"record-call\":true}", BASE " record_call");
	asks(f, OFFER ",\"DTMF-security\":\"drop\"}", BASE " guard=1");
	asks(f, OFFER ",\"supports\":[\"load limit\"]}", BASE);
	asks(f, OFFER ",\"DTMF-delay\":900}", BASE " delay=900");
	asks(f, OFFER ",\"DTMF-delay\":0,\"delay-buffer\":0}", BASE);
}

static void test_codec(void **state)
{
	struct fix *f = *state;
	char req[4096];
	size_t n;
	int i;

	asks(f,
	     OFFER ",\"codec\":{\"mask\":[\"all\"],\"except\":[\"PCMA\","
		   "\"opus/48000/2\"],\"strip\":[8,\"G729\"],\"offer\":"
		   "[\"PCMU\"]}}",
	     BASE " strip=8,G729 mask=all offer=PCMU "
		  "except=PCMA,opus/48000/2");
	flags_ask(f,
		  "\"codec-mask-PCMU\",\"codec-strip-opus/48000/2\","
		  "\"codec-offer-telephone-event\",\"codec-except-PCMA\"",
		  " strip=opus/48000/2 mask=PCMU offer=telephone-event "
		  "except=PCMA");

	asks(f, OFFER ",\"codec\":{\"transcode\":[\"PCMA\",\"opus/48000/2\"]}}",
	     BASE " transcode=PCMA,opus/48000/2");
	asks(f,
	     OFFER ",\"codec\":{\"set\":[\"opus/48000/2/16000\"],"
		   "\"accept\":[\"all\"],\"consume\":[\"G722\"]}}",
	     BASE " accept=all consume=G722 set=opus/48000/2/16000");
	flags_ask(f, "\"always transcode\"", " always_transcode");
	flags_ask(f, "\"detect DTMF\"", " detect_dtmf");
	asks(f, OFFER ",\"OSRTP\":[\"offer\",\"accept\"]}",
	     BASE " osrtp_offer osrtp_accept");
	asks(f,
	     OFFER ",\"moh\":{\"db-id\":42,\"mode\":\"sendrecv\","
		   "\"connection\":\"zero\"}}",
	     "offer call=c from=f trust_address moh.id=42 moh.sendrecv "
	     "moh.zero");
	asks(f, OFFER ",\"rtpp-flags\":\"moh=[file=/a.wav mode=sendonly]\"}",
	     "offer call=c from=f trust_address moh.file=/a.wav");
	refused(f, OFFER ",\"moh\":{\"mode\":\"sendonly\"}}", "give file");
	refused(f, OFFER ",\"moh\":{\"file\":\"a\",\"mode\":\"x\"}}",
		"moh: mode");
	refused(f, OFFER ",\"moh\":{\"file\":\"a\",\"x\":\"y\"}}", "moh: x");
	flags_ask(f, "\"DTMF-log-dest=192.0.2.7:99\"", " dtmf_log=192.0.2.7");
	refused(f, OFFER ",\"DTMF-log-dest\":\"192.0.2.7\"}",
		"DTMF-log-dest=192.0.2.7");
	asks(f, OFFER ",\"codec\":{\"ignore\":[\"opus\"]}}",
	     BASE " strip=opus");
	flags_ask(f, "\"codec-transcode-opus\"", " transcode=opus");
	flags_ask(f, "\"codec-accept-opus\",\"codec-consume-G722\"",
		  " accept=opus consume=G722");
	refused(f, OFFER ",\"codec\":{\"strip\":[\"\"]}}", "codec-strip");
	refused(f, OFFER ",\"codec\":{\"strip\":[[\"x\"]]}}", "codec-strip");

	n = (size_t)re_snprintf(req, sizeof(req),
				OFFER ",\"codec\":{\"strip\":[\"x\"");
	for (i = 0; i < MEDIA_CODECS_MAX; i++)
		n += (size_t)re_snprintf(req + n, sizeof(req) - n, ",\"x\"");
	re_snprintf(req + n, sizeof(req) - n, "]}}");
	refused(f, req, "too many");
}

static void test_mux(void **state)
{
	struct fix *f = *state;

	asks(f, OFFER ",\"rtcp-mux\":[\"offer\"]}", BASE " mux=offer");
	asks(f, OFFER ",\"rtcp-mux\":[\"require\"]}", BASE " mux=require");
	asks(f, OFFER ",\"rtcp-mux\":[\"demux\"]}", BASE " mux=demux");
	asks(f, OFFER ",\"rtcp-mux\":[\"accept\"]}", BASE " mux=accept");
	asks(f, OFFER ",\"rtcp-mux\":[\"reject\"]}", BASE " mux=reject");
	asks(f, OFFER ",\"rtcp-mux\":[]}", BASE);
	asks(f, OFFER ",\"rtcp-mux\":[\"accept\",\"offer\"]}",
	     BASE " mux=offer");
	flags_ask(f, "\"rtcp-mux-require\",\"rtcp-mux-offer\"", " mux=require");
	asks(f, OFFER ",\"rtcp-mux\":[\"offer\",\"reject\"]}",
	     BASE " mux=offer");
	refused(f, OFFER ",\"rtcp-mux\":[\"accept\",\"reject\"]}", "rtcp-mux");
	refused(f, OFFER ",\"rtcp-mux\":[\"demux\",\"require\"]}", "rtcp-mux");
}

static void test_refused(void **state)
{
	/* What is asked, and what the reason must name */
	static const char *const tab[][2] = {
		{"\"DTLS-fingerprint\":\"md5\"", "DTLS-fingerprint=md5"},
		{"\"SDES\":[\"only-AES_CM_128\"]", "SDES=only-AES_CM_128"},
		{"\"SDES\":[\"order:\"]", "SDES=order:"},
		{"\"SDES\":[\"offerer_pref:AES\"]", "SDES=offerer_pref:AES"},
		{"\"flags\":[\"SDES-no-F8_128_HMAC_SHA1_80\"]", "SDES=no-F8"},
		{"\"flags\":[\"SDES-unencrypted_srtp\"]", "SDES"},
		{"\"OSRTP\":[\"offer-legacy\"]", "OSRTP=offer-legacy"},
		{"\"flags\":[\"generate RTCP\"]", "generate RTCP"},
		{"\"generate RTCP\":\"on\"", "generate RTCP=on"},
		{"\"flags\":[\"media handover\"]", "media handover"},
		{"\"flags\":[\"SIPREC\"]", "SIPREC"},
		{"\"flags\":[\"RTCP mirror\"]", "RTCP mirror"},
		{"\"delay-buffer\":100", "delay-buffer=100"},
		{"\"DTMF-delay\":9000", "DTMF-delay=9000"},
		{"\"DTMF-delay\":100,\"DTMF-security\":\"tone\"", "DTMF-delay"},
		{"\"sdp-attr\":{\"audio\":{\"erase\":[\"x\"]}}", "sdp-attr"},
		{"\"sdp-attr\":{\"audio\":{\"add\":\"x\"}}", "sdp-attr"},
		{"\"sdp-attr\":{\"audio\":[\"x\"]}", "sdp-attr=audio"},
		{"\"sdp-attr\":{\"audio\":{\"add\":[\"x\\r\\nm=\"]}}",
		 "sdp-attr=audio"},
		{"\"sdp-attr\":{\"none\":{\"substitute\":[\"x\"]}}",
		 "sdp-attr=none"},
		{"\"sdp-attr\":{\"none\":{\"substitute\":[\"x\",7]}}",
		 "sdp-attr=none"},
		{"\"flags\":[\"sdp-attr-remove-audio\"]", "sdp-attr"},
		{"\"flags\":[\"sdp-attr-substitute-audio-x\"]", "sdp-attr"},
		{"\"media echo\":\"loud\"", "media echo=loud"},
		{"\"flags\":[\"media-echo\"]", "media-echo"},
		{"\"drop-traffic\":\"start\"", "drop-traffic=start"},
		{"\"direction\":[\"round-robin-calls\"]", "round-robin"},
		/* values that cannot be read */
		{"\"media-address\":\"example.com\"", "media-address"},
		{"\"received-from\":[\"IP6\",\"192.0.2.1\"]", "received-from"},
		{"\"received-from\":[\"IP4\",\"x\"]", "received-from"},
		{"\"address-family\":\"IPX\"", "address-family=IPX"},
		{"\"transport-protocol\":\"RTP/FOO\"", "RTP/FOO"},
		{"\"direction\":[\"a\",\"b\",\"c\"]", "direction"},
		{"\"TOS\":\"high\"", "TOS=high"},
		{"\"TOS\":{}", "TOS"},
		{"\"ptime\":-20", "ptime=-20"},
		{"\"ptime\":9", "ptime=9"},
		{"\"ptime-reverse\":61", "ptime-reverse=61"},
		{"\"record call\":\"perhaps\"", "record call=perhaps"},
		{"\"flags\":7", "cannot be read"},
		{"\"flags\":[[]]", "cannot be read"},
	};
	struct fix *f = *state;
	char req[1024];
	size_t i;

	for (i = 0; i < sizeof(tab) / sizeof(tab[0]); i++) {
		re_snprintf(req, sizeof(req), OFFER ",%s}", tab[i][0]);
		refused(f, req, tab[i][1]);
		re_snprintf(req, sizeof(req), ANSWER ",%s}", tab[i][0]);
		if (!strstr(tab[i][0], "\"ptime"))
			refused(f, req, tab[i][1]);
	}
}

static void test_media_echo(void **state)
{
	struct fix *f = *state;

	asks(f, OFFER ",\"media echo\":\"blackhole\"}", BASE " echo=1");
	asks(f, OFFER ",\"media-echo\":\"sinkhole\"}", BASE " echo=1");
	flags_ask(f, "\"media-echo=forward\"", " echo=2");
	flags_ask(f, "\"media-echo-backwards\"", " echo=3");
	flags_ask(f, "\"media-echo=backward\"", " echo=3");
	flags_ask(f, "\"media-echo=both\"", " echo=4");
}

static void test_media_remove(void **state)
{
	struct fix *f = *state;

	asks(f, OFFER ",\"sdp-media-remove\":[\"video\",\"image\"]}",
	     BASE " remove=video remove=image");
	flags_ask(f, "\"SDP-media-remove-video\"", " remove=video");
	asks(f, OFFER ",\"rtpp-flags\":\"sdp-media-remove=[video]\"}",
	     BASE " remove=video");
	refused(f,
		OFFER ",\"sdp-media-remove\":[\"1\",\"2\",\"3\",\"4\",\"5\","
		      "\"6\",\"7\",\"8\",\"9\"]}",
		"sdp-media-remove");
}

static void test_sdes(void **state)
{
	struct fix *f = *state;

	flags_ask(f, "\"SDES-off\"", "");
	flags_ask(f, "\"SDES-nonew\"", "");
	asks(f,
	     OFFER ",\"SDES\":[\"no-AEAD_AES_128_GCM\","
		   "\"only-AES_CM_128_HMAC_SHA1_32\"]}",
	     BASE " suites_no=80 suites_only=4");
	flags_ask(f, "\"SDES-order:AEAD_AES_256_GCM;aes_cm_128_hmac_sha1_32\"",
		  " suite1=8 suite2=2");
	flags_ask(f,
		  "\"SDES-offerer_pref:AEAD_AES_256_GCM;"
		  "aes_cm_128_hmac_sha1_32;\"",
		  " prefer1=8 prefer2=2");
	asks(f, OFFER ",\"SDES\":[\"offerer_pref:AEAD_AES_128_GCM\"]}",
	     BASE " prefer1=7");
	refused(f,
		"{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":"
		"\"f\",\"SDES\":[\"off\"],\"sdp\":\"v=0\\r\\nm=audio 9 "
		"RTP/SAVP 0\\r\\na=crypto:1 X inline:y\\r\\n\"}",
		"SDES=off");
}

/* Kamailio puts the same flags into offer, answer and delete */
static void test_scope(void **state)
{
	struct fix *f = *state;

	asks(f,
	     "{\"command\":\"delete\",\"call-id\":\"c\",\"ICE\":\"force\","
	     "\"flags\":[\"trust-address\",\"always-transcode\"],"
	     "\"direction\":[\"nonsense\"],\"replace\":[\"origin\"],"
	     "\"delete-delay\":\"7\"}",
	     "delete call=c delay=7");
}

static void test_unknown(void **state)
{
	struct fix *f = *state;
	char req[4096];
	size_t n, i;

	request(f, OFFER ",\"flags\":[\"trust-address\",\"make coffee\"],"
			 "\"milk\":\"yes\",\"codec\":{\"wash\":[\"x\"]},"
			 "\"ICE\":\"perhaps\",\"replace\":[\"everything\"]}");
	assert_string_equal(said(f, "result"), "ok");
	assert_string_equal(said(f, "warning"),
			    "unknown flag or key: 'make coffee', 'milk=yes', "
			    "'codec-wash=x', 'ICE=perhaps', "
			    "'replace=everything'");
	assert_string_equal(f->m->last, BASE);

	/* What a stranger sent is not echoed raw, nor without end */
	request(f, OFFER ",\"flags\":[\"a\\nb\\u00e9\\\"\"]}");
	assert_string_equal(said(f, "warning"), "unknown flag or key: 'a?b?"
						"?"
						"?'");
	n = (size_t)re_snprintf(req, sizeof(req), OFFER ",\"flags\":[\"x\"");
	for (i = 0; i < 50; i++)
		n += (size_t)re_snprintf(req + n, sizeof(req) - n,
					 ",\"flag-of-no-meaning-at-all-%zu\"",
					 i);
	re_snprintf(req + n, sizeof(req) - n, "]}");
	request(f, req);
	assert_string_equal(said(f, "result"), "ok");
	assert_true(strlen(said(f, "warning")) < 512);
	assert_true(strlen(said(f, "warning")) > 300);
}

static void test_rtpp_flags(void **state)
{
	struct fix *f = *state;

	asks(f,
	     OFFER ",\"rtpp-flags\":\" trust-address replace-origin  "
		   "ICE=remove direction=priv direction=pub codec-mask=all "
		   "codec-except=[PCMA PCMU] RTP/AVP via-branch=b1 to-tag "
		   "rtcp-mux-demux TOS=8\"}",
	     BASE " branch=b1 dir0=priv dir1=pub transport=RTP/AVP mux=demux "
		  "replace_origin ice_remove tos=8 mask=all except=PCMA,PCMU");
}

static void test_rtpp_lists(void **state)
{
	struct fix *f = *state;

	asks(f,
	     OFFER ",\"rtpp_flags\":\"replace=[origin zero-address] "
		   "codec-strip=[G729 opus/48000]\"}",
	     BASE " replace_origin replace_zero_address "
		  "strip=G729,opus/48000");
	asks(f, OFFER ",\"flags\":\"asymmetric record-call\"}",
	     BASE " asymmetric record_call");
	refused(f, OFFER ",\"rtpp-flags\":\"replace-origin bundle=force\"}",
		"bundle=force");
	asks(f, OFFER ",\"rtpp-flags\":\"T.38=[decode FEC] T.38-no-V17\"}",
	     BASE " t38_decode t38_fec t38_no_v17");
	asks(f,
	     OFFER ",\"T.38\":[\"force\",\"no-ECM\",\"no-V.27ter\","
		   "\"no-V.29\",\"no-V.34\",\"no-IAF\"]}",
	     BASE " t38_force t38_no_ecm t38_no_v27ter t38_no_v29 t38_no_iaf");
	asks(f, OFFER ",\"T.38\":\"stop\"}", BASE " t38_stop");
	request(f, OFFER ",\"rtpp-flags\":\"[ ] = =x x= a=[ ]b] ]]\"}");
	assert_string_equal(said(f, "result"), "ok");
	assert_true(strlen(said(f, "warning")) > 0);
}

/* Every spelling of every row of the table reaches that row */
static void test_table(void **state)
{
	const struct ng_flag *tab;
	const size_t n = ng_flag_table(&tab);
	struct fix *f = *state;
	char req[1024];
	size_t i;

	assert_true(n > 100);

	for (i = 0; i < n; i++) {

		const struct ng_flag *r = &tab[i];

		assert_non_null(r->why);
		assert_true((r->fate == NG_HONOURED) == (r->set != NULL));
		assert_int_not_equal(r->scopes, 0);

		if (r->fate == NG_HONOURED || !(r->scopes & NG_OFFER))
			continue;

		re_snprintf(req, sizeof(req), OFFER ",\"flags\":[\"%s%s%s\"]}",
			    r->name, r->value ? "-" : "",
			    r->value ? r->value : "");
		request(f, req);
		assert_string_equal(said(f, "warning"), "");
		assert_string_equal(said(f, "result"),
				    r->fate == NG_REFUSED ? "error" : "ok");
		if (r->fate == NG_REFUSED)
			assert_non_null(
				strstr(said(f, "error-reason"), r->why));
	}
}

/* The user's page has a line for every row */
static void test_documented(void **state)
{
	const struct ng_flag *tab;
	const size_t n = ng_flag_table(&tab);
	static char text[65536];
	char want[160];
	size_t i, len;
	FILE *fp;
	(void)state;

	fp = fopen(TEST_DATA "/../docs/ng.md", "r");
	assert_non_null(fp);
	len = fread(text, 1, sizeof(text) - 1, fp);
	(void)fclose(fp);
	assert_true(len > 0 && len < sizeof(text) - 1);

	for (i = 0; i < n; i++) {
		static const char *const fate[] = {
			"honoured",
			"no effect",
			"refused",
		};

		re_snprintf(want, sizeof(want), "| `%s%s%s` | %s | %s |",
			    tab[i].name, tab[i].value ? "=" : "",
			    tab[i].value ? tab[i].value : "", fate[tab[i].fate],
			    tab[i].why);
		if (!strstr(text, want))
			fail_msg("docs/ng.md lacks: %s", want);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, fix_up, fix_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_flags),
		T(test_keys),
		T(test_codec),
		T(test_mux),
		T(test_refused),
		T(test_media_remove),
		T(test_media_echo),
		T(test_sdes),
		T(test_scope),
		T(test_unknown),
		T(test_attr),
		T(test_rtpp_flags),
		T(test_rtpp_lists),
		T(test_table),
		cmocka_unit_test(test_documented),
	};

	/* What is refused here is refused on purpose */
	log_init(LOG_ERROR);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
