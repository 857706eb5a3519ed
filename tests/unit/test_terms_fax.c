/* SPDX-License-Identifier: BSD-2-Clause */
/* T.38 for one party and sound for the other: what each is told, and what the media
 * workers are asked for */
#include "terms_fix.h"
#include "media/dict.h"
#include "media/terms.h"

#define T38_0                                                                  \
	"a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n"                       \
	"a=T38FaxRateManagement:transferredTCF\r\n"
#define REDUNDANCY "a=T38FaxUdpEC:t38UDPRedundancy\r\n"
#define FEC "a=T38FaxUdpEC:t38UDPFEC\r\n"
#define OURS T38_0 "a=T38FaxMaxBuffer:1800\r\na=T38FaxMaxDatagram:512\r\n"

static char *image(const char *addr, uint16_t port, const char *more)
{
	char *s = NULL;

	assert_int_equal(re_sdprintf(&s,
				     "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\n"
				     "c=IN IP4 %s\r\nt=0 0\r\n"
				     "m=image %u udptl t38\r\n%s",
				     addr, addr, port, more),
			 0);

	return s;
}

enum want { DECODE, FORCE, STOP };

static struct media_opts want(enum want w, const char *from, const char *to)
{
	struct media_opts o = opts("c", from, to);

	o.t38_decode = w == DECODE;
	o.t38_force = w == FORCE;
	o.t38_stop = w == STOP;

	return o;
}

static const struct fp_leg *leg(const struct fix *f, uint16_t port)
{
	return fake_leg(f->fp, EXT4, port);
}

static void in_agent(const struct fix *f, uint16_t a, uint16_t b)
{
	const struct fake_bridges *fb = fake_bridges();

	assert_int_equal(fb->n, 1);
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
	assert_int_equal(leg(f, b)->state, LEG_AGENT);
	assert_int_equal(leg(f, a)->why, LEG_WHY_FAX);
}

static void in_kernel(const struct fix *f, uint16_t a, uint16_t b,
		      enum leg_media media)
{
	assert_int_equal(fake_bridges()->n, 0);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
	assert_int_equal(leg(f, b)->state, LEG_RELAY);
	assert_int_equal(leg(f, a)->media, media);
	assert_int_equal(leg(f, b)->media, media);
}

/* Of a bridge's members the one that faces that port */
static const struct bridge_member *facing(uint16_t port)
{
	const struct fake_bridges *fb = fake_bridges();

	return &fb->mv[sa_port(&fb->mv[0].local) == port ? 0 : 1];
}

/* A call by sound: Bob's machine offers T.38, Alice hears it as sound */
static void decoded(struct fix *f, uint16_t *a, uint16_t *b, const char *t38)
{
	plain_call(f, "c", a, b);
	offer(f, want(DECODE, "B", "A"), image(BOB, 5000, t38));
	assert_int_equal(out_port(f, 0), *a);
	has(f, "m=audio ");
	has(f, " RTP/AVP 0 8\r\n");
	has(f, "a=rtcp:");
	has_not(f, "T38");
	has(f, "a=rtpmap:0 PCMU/8000\r\n");
	has(f, "a=rtpmap:8 PCMA/8000\r\n");
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "8", NULL));
	assert_int_equal(out_port(f, 0), *b);
	has(f, "m=image ");
	has(f, " udptl t38\r\n");
	has_not(f, "rtcp");
	has_not(f, "PCMA");
}

static void decode(void **state)
{
	struct fix *f = *state;
	const struct bridge_member *m;
	uint16_t a, b;

	decoded(f, &a, &b, T38_0 "a=T38FaxMaxDatagram:238\r\n" REDUNDANCY);
	has(f, OURS REDUNDANCY);
	in_agent(f, a, b);
	assert_int_equal(leg(f, b)->media, LEG_OTHER);
	assert_int_equal(leg(f, a)->media, LEG_RTP);
	assert_true(has_pt(leg(f, a), 8) && !has_pt(leg(f, a), 5));
	assert_true(leg(f, a)->pt_filter);

	m = facing(b);
	assert_true(m->t38);
	assert_sa(&m->remote, BOB, 5000);
	assert_int_equal(m->fax.ec, UDPTL_EC_REDUNDANCY);
	assert_int_equal(m->fax.max_datagram, 238);
	assert_int_equal(m->fax.max_buffer, 0);
	assert_int_equal(m->fax.bitrate, 14400);
	assert_false(m->fax.local_tcf || m->fax.no_ecm || m->fax.no_v17);
	assert_null(m->codec);
	m = facing(a);
	assert_false(m->t38);
	assert_sa(&m->remote, ALICE, 4000);
	assert_int_equal(m->ptv[8].act, BRIDGE_DECODE);
	assert_int_equal(m->ptv[0].act, BRIDGE_DROP);
	assert_string_equal(m->codecv[0].codec->name, "PCMA");
	assert_string_equal(m->codec->name, "PCMA");
	assert_int_equal(m->pt, 8);
}

/* What the far end says of itself is honoured, and what is asked for */
static void options(void **state)
{
	struct fix *f = *state;
	const struct bridge_member *m;
	struct media_opts o = want(DECODE, "B", "A");
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	o.t38_fec = o.t38_no_ecm = o.t38_no_v17 = o.t38_no_iaf = true;
	o.t38_no_v27ter = o.t38_no_v29 = true;
	offer(f, o,
	      image(BOB, 5000,
		    "a=T38FaxVersion:3\r\na=T38MaxBitRate:9600\r\n"
		    "a=T38FaxRateManagement:localTCF\r\n"
		    "a=T38FaxFillBitRemoval\r\na=T38FaxTranscodingJBIG\r\n"
		    "a=T38FaxMaxBuffer:200\r\n" FEC));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	has(f, "a=T38FaxVersion:0\r\na=T38MaxBitRate:9600\r\n");
	has(f, "a=T38FaxRateManagement:localTCF\r\n");
	has(f, FEC);
	has_not(f, "FillBit");
	has_not(f, "JBIG");
	m = facing(b);
	assert_int_equal(m->fax.ec, UDPTL_EC_FEC);
	assert_int_equal(m->fax.version, 0);
	assert_int_equal(m->fax.bitrate, 9600);
	assert_int_equal(m->fax.max_buffer, 200);
	assert_true(m->fax.local_tcf && m->fax.no_ecm && m->fax.no_v17 &&
		    m->fax.no_v27ter && m->fax.no_v29 && m->fax.no_iaf);
	assert_false(m->fax.jbig || m->fax.fill_bit_removal || m->fax.mmr);
}

/* Alice's sound is offered as T.38; what Bob answers she gets as sound */
static void force(void **state)
{
	struct fix *f = *state;
	const struct bridge_member *m;
	uint16_t a, b;

	offer(f, want(FORCE, "A", NULL),
	      audio(ALICE, 4000, "96 8 0 101",
		    "a=rtpmap:96 opus/48000/2\r\n"
		    "a=rtpmap:101 telephone-event/8000\r\na=ptime:30\r\n"
		    "a=candidate:1 1 UDP 1 192.0.2.1 4 typ host\r\n"));
	b = out_port(f, 0);
	has(f, "m=image ");
	has(f, " udptl t38\r\n" OURS REDUNDANCY);
	has_not(f, "rtcp");
	has_not(f, "opus");
	has_not(f, "ptime");
	answer(f, opts("c", "A", "B"),
	       image(BOB, 5000,
		     T38_0 "a=T38FaxMaxBuffer:100\r\n"
			   "a=T38FaxMaxDatagram:300\r\n" FEC));
	a = out_port(f, 0);
	has(f, "m=audio ");
	/* not Opus, which she likes better: a modem does not survive it */
	has(f, " RTP/AVP 8\r\n");
	has(f, "a=rtpmap:8 PCMA/8000\r\n");
	has_not(f, "T38");
	in_agent(f, a, b);
	m = facing(b);
	assert_true(m->t38);
	/* it would like FEC, which was not offered */
	assert_int_equal(m->fax.ec, UDPTL_EC_REDUNDANCY);
	assert_int_equal(m->fax.max_datagram, 300);
	assert_int_equal(m->fax.max_buffer, 100);
	m = facing(a);
	assert_string_equal(m->codec->name, "PCMA");
	assert_int_equal(m->ptime, 30);
	assert_int_equal(m->ptv[101].act, BRIDGE_DROP);
}

/* A refresh from either side needs no flag, and leaves the fax as it is */
static void goes_on(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct bridge_member was[2];
	uint16_t a, b;
	unsigned changes;

	decoded(f, &a, &b, T38_0 REDUNDANCY);
	memcpy(was, fb->mv, sizeof(was));
	changes = fb->changes;
	offer(f, opts("c", "B", "A"), image(BOB, 5000, T38_0 REDUNDANCY));
	has(f, "m=audio ");
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "8", NULL));
	has(f, "m=image ");
	in_agent(f, a, b);
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "8", NULL));
	has(f, "m=image ");
	has(f, OURS REDUNDANCY);
	in_agent(f, a, b);
	answer(f, opts("c", "A", "B"), image(BOB, 5000, T38_0 REDUNDANCY));
	has(f, "m=audio ");
	in_agent(f, a, b);
	assert_int_equal(fb->changes, changes);
	assert_memory_equal(&fb->mv[0].local, &was[0].local, sizeof(struct sa));

	/* she moves: her member changes, the other one's fax goes on */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4444, "8", NULL));
	answer(f, opts("c", "A", "B"), image(BOB, 5000, T38_0 REDUNDANCY));
	in_agent(f, a, b);
	assert_sa(&facing(a)->remote, ALICE, 4444);
	assert_true(facing(b)->t38);
}

/* Back to sound on both sides, as the one who spoke T.38 wants */
static void ends(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	decoded(f, &a, &b, T38_0 REDUNDANCY);
	offer(f, want(DECODE, "B", "A"), audio(BOB, 5000, "8 0", NULL));
	has(f, "m=audio ");
	/* until the answer comes the fax goes on */
	in_agent(f, a, b);
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "8", NULL));
	has(f, "m=audio ");
	has(f, " RTP/AVP 8\r\n");
	in_kernel(f, a, b, LEG_RTP);
	assert_int_equal(fake_bridges()->left, 1);

	/* and once more from the beginning */
	offer(f, want(DECODE, "B", "A"), image(BOB, 5000, T38_0 REDUNDANCY));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	in_agent(f, a, b);
}

/* With `stop`, whatever is offered passes: T.38 on both sides, or sound */
static void stop(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	decoded(f, &a, &b, T38_0 REDUNDANCY);
	offer(f, want(STOP, "B", "A"), image(BOB, 5000, T38_0 FEC));
	has(f, "m=image ");
	has(f, T38_0 FEC);
	answer(f, opts("c", "B", "A"), image(ALICE, 4000, T38_0));
	has(f, "m=image ");
	in_kernel(f, a, b, LEG_OTHER);

	offer(f, want(FORCE, "A", "B"), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"), image(BOB, 5000, T38_0));
	has(f, "m=audio ");
	in_agent(f, a, b);
	offer(f, want(STOP, "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, "m=audio ");
	has(f, " RTP/AVP 0\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	in_kernel(f, a, b, LEG_RTP);
}

/* Bob takes no T.38: Alice's line is refused, and the next offer passes */
static void rejected(void **state)
{
	struct fix *f = *state;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	offer(f, want(FORCE, "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, "m=image ");
	answer(f, opts("c", "A", "B"), image(BOB, 0, ""));
	assert_int_equal(out_port(f, 0), 0);
	/* as what she offered (RFC 3264 6) */
	has(f, "m=audio 0 RTP/AVP 0\r\n");
	assert_int_equal(fake_bridges()->n, 0);
	offer(f, want(STOP, "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, "m=audio ");
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "m=audio ");
	a = out_port(f, 0);
	in_kernel(f, a, b, LEG_RTP);

	offer(f, want(DECODE, "B", "A"), image(BOB, 5000, T38_0));
	answer(f, opts("c", "B", "A"), audio(ALICE, 0, "0", NULL));
	has(f, "m=image 0 udptl t38\r\n");
	has_not(f, "PCMU");
}

/* What cannot be is refused, before anything changes */
static void refused(void **state)
{
	struct fix *f = *state;
	struct media_opts o = want(FORCE, "A", "B");
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	assert_int_equal(
		put(f, false, &o,
		    audio(ALICE, 4000, "97", "a=rtpmap:97 EVS/16000\r\n")),
		ENOTSUP);
	assert_non_null(strstr(f->e.msg, "T.38"));
	o = want(DECODE, "B", "A");
	pl_set_str(&o.transport, "TCP/TLS");
	assert_int_equal(put(f, false, &o, image(BOB, 5000, T38_0)), ENOTSUP);
	assert_non_null(strstr(f->e.msg, "TCP/TLS"));

	offer(f, want(DECODE, "B", "A"), image(BOB, 5000, T38_0));
	o = opts("c", "B", "A");
	assert_int_equal(put(f, true, &o, image(ALICE, 4000, T38_0)), ENOTSUP);
	assert_int_equal(
		put(f, true, &o,
		    audio(ALICE, 4000, "97", "a=rtpmap:97 EVS/16000\r\n")),
		ENOTSUP);
	offer(f, want(FORCE, "A", "B"), audio(ALICE, 4000, "0", NULL));
	o = opts("c", "A", "B");
	assert_int_equal(put(f, true, &o, audio(BOB, 5000, "0", NULL)),
			 ENOTSUP);
	assert_int_equal(fake_bridges()->n, 0);
}

/* The audio side may have another profile, and another codec */
static void secure(void **state)
{
	struct fix *f = *state;
	struct media_opts o = want(DECODE, "B", "A");
	uint16_t a, b;

	plain_call(f, "c", &a, &b);
	pl_set_str(&o.transport, "RTP/SAVP");
	pl_set_str(&o.strip[o.stripc++], "PCMU");
	offer(f, o, image(BOB, 5000, T38_0 REDUNDANCY));
	has(f, " RTP/SAVP 8\r\n");
	has(f, "a=crypto:1 ");
	answer(f, opts("c", "B", "A"),
	       profile(ALICE, 4000, "RTP/SAVP", "8",
		       "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
		       "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"));
	has(f, " udptl t38\r\n");
	has_not(f, "crypto");
	in_agent(f, a, b);
	assert_int_not_equal(facing(a)->rx.suite, SRTPX_NONE);
	assert_int_not_equal(facing(a)->tx.suite, SRTPX_NONE);
	assert_false(facing(a)->locked);
	assert_int_equal(facing(b)->rx.suite, SRTPX_NONE);
}

/* Transcoded until the fax came, and relayed as T.38 then: UDPTL is no RTP */
static void passed_on(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	uint16_t a, b;

	pl_set_str(&o.transcode[o.transcodec++], "opus");
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	b = out_port(f, 0);
	answer(f, opts("c", "A", "B"),
	       audio(BOB, 5000, "97", "a=rtpmap:97 opus/48000/2\r\n"));
	a = out_port(f, 0);
	assert_int_equal(leg(f, a)->why, LEG_WHY_TRANSCODING);
	offer(f, opts("c", "A", "B"), image(ALICE, 4000, T38_0));
	answer(f, opts("c", "A", "B"), image(BOB, 5000, T38_0));
	in_kernel(f, a, b, LEG_OTHER);
	assert_false(leg(f, a)->pt_filter);
	/* and back */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	answer(f, opts("c", "A", "B"),
	       audio(BOB, 5000, "97", "a=rtpmap:97 opus/48000/2\r\n"));
	assert_int_equal(leg(f, a)->why, LEG_WHY_TRANSCODING);
}

/* An agent that starts again has the gateway of the call in its store */
static void restart(void **state)
{
	struct fix *f = *state;
	struct fax_conf was;
	uint16_t a, b;

	decoded(f, &a, &b,
		"a=T38FaxRateManagement:localTCF\r\n"
		"a=T38FaxMaxDatagram:200\r\n" REDUNDANCY);
	was = facing(b)->fax;
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	mem_deref(f->conf.plane);
	in_agent(f, a, b);
	assert_true(facing(b)->t38);
	assert_true(fax_conf_same(&facing(b)->fax, &was));
	assert_true(was.local_tcf);
	assert_string_equal(facing(a)->codec->name, "PCMA");
	/* it goes on without a flag, too */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "8", NULL));
	has(f, "m=image ");
}

int main(void)
{
#define TEST(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(decode), TEST(options),   TEST(force),    TEST(goes_on),
		TEST(ends),   TEST(stop),      TEST(rejected), TEST(refused),
		TEST(secure), TEST(passed_on), TEST(restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
