/* SPDX-License-Identifier: BSD-2-Clause */
/* Formats in another order, attributes by name, T.38: byte for byte */
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
#include "media/sdp_t38.h"
#include "sdp_util.h"

#define HEAD                                                                   \
	"v=0\r\no=alice 53 7 IN IP4 203.0.113.5\r\ns=call\r\n"                 \
	"c=IN IP4 203.0.113.5\r\nt=0 0\r\n"
#define OPUS "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 stereo=1\r\n"
#define EVENT "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
#define AUDIO "m=audio 4000 RTP/AVP 0  96 101\r\n" OPUS EVENT

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

static void refused(const char *in, const struct sdpx_edit *edit)
{
	struct mbuf *mb = mbuf_alloc(64);
	struct sdpx *sdp = parse(in);

	assert_int_equal(sdpx_encode(mb, sdp, edit), EINVAL);
	mem_deref(sdp);
	mem_deref(mb);
}

static void assert_pl(const struct pl *pl, const char *text)
{
	assert_int_equal(pl->l, strlen(text));
	assert_memory_equal(pl->p ? pl->p : "", text, pl->l);
}

/* ---- formats ---------------------------------------------------------------- */

static void formats_ordered(void **state)
{
	static const struct sdpx_add addv[] = {
		{.pt = 9, .name = "G722", .clock = 8000, .ch = 1, .fmtp = ""},
		{.pt = 97, .name = "L16", .clock = 44100, .ch = 2},
	};
	static const int orderv[] = {1, -1, 0, -2};
	struct sdpx_edit e = {.ice_remove = false};

	(void)state;
	e.mediav[0].addv = addv;
	e.mediav[0].addc = 2;
	e.mediav[0].orderv = orderv;
	e.mediav[0].orderc = 4;
	/* the blanks of a list that is written anew are single */
	encode(HEAD AUDIO "a=ptime:20\r\n", &e,
	       HEAD "m=audio 4000 RTP/AVP 96 9 0 97\r\n" OPUS "a=ptime:20\r\n"
		    "a=rtpmap:9 G722/8000\r\na=rtpmap:97 L16/44100/2\r\n");
}

static void formats_order_wrong(void **state)
{
	static const int beyond[] = {0, 3}, none_added[] = {0, -1};
	struct sdpx_edit e = {.ice_remove = false};

	(void)state;
	e.mediav[0].orderv = beyond;
	e.mediav[0].orderc = 2;
	refused(HEAD AUDIO, &e);
	e.mediav[0].orderv = none_added;
	refused(HEAD AUDIO, &e);
	e.mediav[0].orderc = 0;
	refused(HEAD AUDIO, &e);
}

/* ---- attributes ------------------------------------------------------------- */

#define ATTRS                                                                  \
	"a=foo:bar baz\r\na=foo:zap\r\na=x\r\na=foobar:1\r\na=ssrc:1 "         \
	"cname:x\r\n"

static void attrs(const struct sdpx_attrs *a, const char *out)
{
	struct sdpx_edit e = {.ice_remove = false};
	char in[512], want[512];

	e.mediav[0].attrs = a;
	(void)re_snprintf(in, sizeof(in), "%s", HEAD "a=x\r\n" AUDIO ATTRS);
	(void)re_snprintf(want, sizeof(want), "%s%s", HEAD "a=x\r\n" AUDIO,
			  out);
	encode(in, &e, want);
}

static void attr_removed(void **state)
{
	const struct pl name = PL("foo"), tag = PL("foo:bar"),
			whole = PL("ssrc:1 cname:x"), old = PL("foo:");

	(void)state;
	attrs(&(struct sdpx_attrs){.removev = &name, .removec = 1},
	      "a=x\r\na=foobar:1\r\na=ssrc:1 cname:x\r\n");
	attrs(&(struct sdpx_attrs){.removev = &old, .removec = 1},
	      "a=x\r\na=foobar:1\r\na=ssrc:1 cname:x\r\n");
	attrs(&(struct sdpx_attrs){.removev = &tag, .removec = 1},
	      "a=foo:zap\r\na=x\r\na=foobar:1\r\na=ssrc:1 cname:x\r\n");
	attrs(&(struct sdpx_attrs){.removev = &whole, .removec = 1},
	      "a=foo:bar baz\r\na=foo:zap\r\na=x\r\na=foobar:1\r\n");
}

static void attr_substituted_and_added(void **state)
{
	const struct sdpx_subst subst = {PL("foo:zap"), PL("foo:zip 1")};
	const struct pl addv[] = {PL("x"), PL("y:1"), PL("foo:zap")};
	const struct pl x = PL("x");

	(void)state;
	attrs(&(struct sdpx_attrs){.substv = &subst, .substc = 1},
	      "a=foo:bar baz\r\na=foo:zip 1\r\na=x\r\na=foobar:1\r\n"
	      "a=ssrc:1 cname:x\r\n");
	/* what is there is not put in again */
	attrs(&(struct sdpx_attrs){.addv = addv, .addc = 3}, ATTRS "a=y:1\r\n");
	/* unless it has just been taken out */
	attrs(&(struct sdpx_attrs){.addv = addv,
				   .addc = 1,
				   .removev = &x,
				   .removec = 1},
	      "a=foo:bar baz\r\na=foo:zap\r\na=foobar:1\r\na=ssrc:1 cname:x\r\n"
	      "a=x\r\n");
}

static void attr_session(void **state)
{
	const struct pl addv[] = {PL("tool:carom")}, removev[] = {PL("x")};
	const struct sdpx_attrs a = {
		.addv = addv, .addc = 1, .removev = removev, .removec = 1};
	const struct sdpx_edit e = {.attrs = &a};

	(void)state;
	encode(HEAD "a=x\r\na=z\r\n" AUDIO "a=x\r\n", &e,
	       HEAD "a=z\r\na=tool:carom\r\n" AUDIO "a=x\r\n");
	/* there may be no section at all, nor a last line end */
	encode("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-", &e,
	       "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\na=tool:carom\r\n");
}

static void attr_found(void **state)
{
	struct sdpx *sdp = parse(HEAD "a=setup:actpass\r\na=ice-lite\r\n"
				      "a=fingerprint:sha-256 AA\r\n" AUDIO
				      "a=setup:active\r\na=candidate:1 1\r\n"
				      "a=candidate:2 1\r\n");
	struct pl val;

	(void)state;
	assert_true(sdpx_attr(sdp, 0, "candidate", 1, &val));
	assert_pl(&val, "2 1");
	assert_false(sdpx_attr(sdp, 0, "candidate", 2, &val));
	assert_true(sdpx_attr_for(sdp, 0, "setup", &val));
	assert_pl(&val, "active");
	assert_true(sdpx_attr_for(sdp, 0, "fingerprint", &val));
	assert_pl(&val, "sha-256 AA");
	assert_false(sdpx_attr(sdp, 0, "fingerprint", 0, &val));
	assert_true(sdpx_attr(sdp, SDPX_SESSION, "ice-lite", 0, &val));
	assert_int_equal(val.l, 0);
	assert_false(sdpx_attr(sdp, 1, "setup", 0, &val));
	mem_deref(sdp);
}

/* ---- single lines ------------------------------------------------------------ */

static void mids(void **state)
{
	struct sdpx *sdp = parse(HEAD AUDIO "a=mid:2\r\n" AUDIO);
	const struct pl mid = PL("3");
	struct sdpx_edit e = {.ice_remove = false};
	char buf[8];

	(void)state;
	assert_int_equal(sdpx_mid_free(buf, sizeof(buf), sdp, 1), 0);
	assert_string_equal(buf, "1");
	assert_int_equal(sdpx_mid_free(buf, sizeof(buf), sdp, 2), 0);
	assert_string_equal(buf, "3");
	mem_deref(sdp);

	e.mediav[0].mid = e.mediav[1].mid = &mid;
	encode(HEAD AUDIO "a=mid:2\r\n" AUDIO, &e,
	       HEAD AUDIO "a=mid:2\r\n" AUDIO "a=mid:3\r\n");
}

static void extmap(void **state)
{
	struct sdpx_edit e = {.extmap_remove = true};

	(void)state;
	e.mediav[0].extmap_remove = true;
	encode(HEAD "a=extmap-allow-mixed\r\n" AUDIO
		    "a=extmap:1 urn:x\r\na=extmapx\r\n",
	       &e, HEAD AUDIO "a=extmapx\r\n");
}

static void bundle(void **state)
{
	const struct pl less = PL("a v"), none = PL("");
	struct sdpx_edit e = {.bundle = &less, .ice_remove = true};

	(void)state;
	encode(HEAD "a=group:BUNDLE a v w\r\na=group:LS a v\r\n" AUDIO, &e,
	       HEAD "a=group:BUNDLE a v\r\na=group:LS a v\r\n" AUDIO);
	e.bundle = &none;
	encode(HEAD "a=group:BUNDLE a v w\r\na=group:LS a v\r\n" AUDIO, &e,
	       HEAD "a=group:LS a v\r\n" AUDIO);
}

static void session_lines(void **state)
{
	const uint64_t id = 18446744073709551615u, version = 8;
	const struct sdpx_edit e = {
		.sess_id = &id, .version = &version, .dtls_remove = true};

	(void)state;
	encode("v=0\r\no=alice 53 7 IN IP4 203.0.113.5\r\ns=-\r\n"
	       "a=setup:active\r\na=fingerprint:x\r\na=tls-id:y\r\n",
	       &e,
	       "v=0\r\no=alice 18446744073709551615 8 IN IP4 203.0.113.5\r\n"
	       "s=-\r\n");
}

/* ---- T.38 --------------------------------------------------------------------- */

#define T38                                                                    \
	"a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n"                       \
	"a=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxBuffer:1800\r\n"  \
	"a=T38FaxMaxDatagram:512\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"

/* An audio line becomes a fax line: nothing of the audio is left */
static void audio_to_image(void **state)
{
	static const struct sdpx_add t38 = {.id = "t38"};
	static const int orderv[] = {-1};
	const struct pl image = PL("image"), udptl = PL("udptl");
	char text[T38_LINES][T38_TEXT];
	struct pl v[T38_LINES];
	struct sdpx_attrs a = {.addv = v};
	struct sdpx_edit e = {.ice_remove = false};
	struct sdpx_medit *me = &e.mediav[0];

	(void)state;
	a.addc = t38_lines(&t38_default, text, v);
	me->type = &image;
	me->proto = &udptl;
	me->addv = &t38;
	me->addc = 1;
	me->orderv = orderv;
	me->orderc = 1;
	me->attr_clear = true;
	me->attrs = &a;
	encode(HEAD AUDIO
	       "a=rtcp:4001\r\na=sendrecv\r\na=mid:1\r\na=ptime:20\r\n"
	       "b=AS:64\r\na=rtcp-fb:* nack\r\n",
	       &e,
	       HEAD "m=image 4000 udptl t38\r\na=sendrecv\r\na=mid:1\r\n"
		    "b=AS:64\r\n" T38);
}

static void image_to_audio(void **state)
{
	static const struct sdpx_add addv[] = {
		{.pt = 0, .name = "PCMU", .clock = 8000, .ch = 1}};
	static const int orderv[] = {-1};
	const struct pl audio = PL("audio"), avp = PL("RTP/AVP");
	struct sdpx_edit e = {.ice_remove = false};
	struct sdpx_medit *me = &e.mediav[0];

	(void)state;
	me->type = &audio;
	me->proto = &avp;
	me->addv = addv;
	me->addc = 1;
	me->orderv = orderv;
	me->orderc = 1;
	me->attr_clear = true;
	encode(HEAD "m=image 4000 udptl t38\r\n" T38, &e,
	       HEAD "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n");
}

static void t38_read(void **state)
{
	struct sdpx *sdp = parse(
		HEAD "m=image 4000 UDPTL T38\r\n"
		     "a=t38faxversion:3\r\na=T38MaxBitRate:33600\r\n"
		     "a=T38FaxFillBitRemoval\r\n"
		     "a=T38FaxTranscodingMMR:0\r\n"
		     "a=T38FaxTranscodingJBIG:1\r\n"
		     "a=T38FaxRateManagement:localTCF\r\n"
		     "a=T38FaxMaxDatagram:99999999999\r\n"
		     "a=T38FaxUdpEC:t38UDPFEC\r\n" AUDIO);
	struct t38_sdp t, can = t38_default, a;

	(void)state;
	assert_true(t38_section(sdpx_media(sdp, 0)));
	assert_false(t38_section(sdpx_media(sdp, 1)));
	t38_decode(&t, sdp, 0);
	assert_int_equal(t.version, 3);
	assert_int_equal(t.bitrate, 33600);
	assert_true(t.fill_bit_removal && !t.mmr && t.jbig && t.local_tcf);
	assert_int_equal(t.max_datagram, 0);
	assert_int_equal(t.ec, T38_EC_FEC);

	can.jbig = true;
	t38_answer(&a, &t, &can);
	assert_int_equal(a.version, 0);
	assert_int_equal(a.bitrate, 14400);
	assert_true(a.jbig && a.local_tcf && !a.fill_bit_removal);
	assert_int_equal(a.ec, T38_EC_REDUNDANCY);
	t.ec = T38_EC_NONE;
	t38_answer(&a, &t, &can);
	assert_int_equal(a.ec, T38_EC_NONE);
	mem_deref(sdp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_ordered),
		cmocka_unit_test(formats_order_wrong),
		cmocka_unit_test(attr_removed),
		cmocka_unit_test(attr_substituted_and_added),
		cmocka_unit_test(attr_session),
		cmocka_unit_test(attr_found),
		cmocka_unit_test(mids),
		cmocka_unit_test(extmap),
		cmocka_unit_test(bundle),
		cmocka_unit_test(session_lines),
		cmocka_unit_test(audio_to_image),
		cmocka_unit_test(image_to_audio),
		cmocka_unit_test(t38_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
