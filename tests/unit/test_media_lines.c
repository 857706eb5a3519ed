/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_media_lines.c  The lines of a body: kinds of media, profiles, what is refused and what is edited
 */
#include <stdio.h>
#include "media_fix.h"

static void lines(void **state)
{
	struct fix *f = *state;
	const struct fp_leg *l;
	uint16_t a0, a1, b0, b1;

	offer(f, opts("c", "A", NULL),
	      audio(ALICE, 4000, "0",
		    "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
		    "m=message 4004 TCP/MSRP *\r\na=path:msrp://x\r\n"
		    "m=image 0 udptl t38\r\n"));
	b0 = out_port(f, 0);
	b1 = out_port(f, 1);
	assert_int_not_equal(b0, b1);
	/* what is no UDP stays the peer's business */
	assert_int_equal(out_port(f, 2), 4004);
	assert_out(f, 2, ALICE);
	assert_int_equal(out_port(f, 3), 0);

	/* video is refused */
	answer(f, opts("c", "A", "B"),
	       audio(BOB, 5000, "0",
		     "m=video 0 RTP/AVP 96\r\nm=message 0 TCP/MSRP *\r\n"
		     "m=image 0 udptl t38\r\n"));
	a0 = out_port(f, 0);
	assert_int_equal(out_port(f, 1), 0);
	assert_int_equal(fake_legs(f->fp), 4);
	assert_null(fake_leg(f->fp, EXT4, b1));

	/* and taken later, with the port that was offered then */
	offer(f, opts("c", "A", "B"),
	      audio(ALICE, 4000, "0",
		    "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"));
	assert_int_equal(out_port(f, 0), b0);
	assert_int_equal(out_port(f, 1), b1);
	answer(f, opts("c", "A", "B"),
	       audio(BOB, 5000, "0",
		     "m=video 5002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"));
	assert_int_equal(out_port(f, 0), a0);
	a1 = out_port(f, 1);
	l = fake_leg(f->fp, EXT4, a1);
	assert_int_equal(l->clock_rate, 90000);
	assert_true(l->latch);
	assert_sa(&l->peer_remote, BOB, 5002);
	assert_true(has_pt(l, 96) && !has_pt(l, 0));
	assert_int_equal(fake_legs(f->fp), 8);
}

static void t38(void **state)
{
	struct fix *f = *state;
	const char *img = "v=0\r\no=- 1 2 IN IP4 " BOB "\r\ns=-\r\n"
			  "c=IN IP4 " BOB "\r\nt=0 0\r\n"
			  "m=image 5000 udptl t38\r\na=T38FaxVersion:0\r\n";
	char *body = NULL;
	const struct fp_leg *l;
	uint16_t a, b;

	plain_call(f, "c", &a, &b);

	assert_int_equal(str_dup(&body, img), 0);
	offer(f, opts("c", "B", "A"), body);
	assert_int_equal(out_port(f, 0), a);
	assert_null(strstr(f->text, "a=rtcp"));
	/* speech goes on until the fax is agreed */
	assert_int_equal(fake_leg(f->fp, EXT4, b)->media, LEG_RTP);

	body = NULL;
	assert_int_equal(re_sdprintf(&body,
				     "v=0\r\no=- 1 2 IN IP4 %s\r\ns=-"
				     "\r\nc=IN IP4 %s\r\nt=0 0\r\nm=image 4010 "
				     "udptl t38\r\n",
				     ALICE, ALICE),
			 0);
	answer(f, opts("c", "B", "A"), body);
	assert_int_equal(out_port(f, 0), b);

	l = fake_leg(f->fp, EXT4, a);
	assert_int_equal(l->media, LEG_OTHER);
	assert_int_equal(l->state, LEG_RELAY);
	assert_false(l->pt_filter);
	assert_sa(&l->remote, ALICE, 4010);
	assert_sa(&l->peer_remote, BOB, 5000);
	/* no RTCP with UDPTL */
	assert_int_equal(fake_legs(f->fp), 2);
}

static void sources(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	const struct fp_leg *l;

	o.strict_source = true;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	o = opts("c", "A", "B");
	o.asymmetric = true;
	answer(f, o, audio(BOB, 5000, "0", NULL));

	l = fake_leg(f->fp, EXT4, out_port(f, 0));
	assert_false(l->latch || l->any_src);
	/* Bob's leg is the one that sends to Alice */
	l = fake_leg(f->fp, EXT4, sa_port(&l->peer_local));
	assert_true(l->any_src && l->src_fixed && l->latch);

	/* a phone behind NAT: its SDP has an address of its home */
	offer(f, opts("n", "A", NULL), audio("192.168.1.9", 4000, "0", NULL));
	o = opts("n", "A", "B");
	o.trust_address = false;
	assert_int_equal(sa_set_str(&o.received_from, CAROL, 5060), 0);
	answer(f, o, audio("10.0.0.7", 5000, "0", NULL));
	l = fake_leg(f->fp, EXT4, out_port(f, 0));
	assert_true(l->latch);
	assert_int_equal(l->latch_grace, 0);
	assert_sa(&l->peer_remote, CAROL, 5000);
}

static void filters(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);

	pl_set_str(&o.strip[o.stripc++], "pcmu");
	offer(f, o, audio(ALICE, 4000, "0 8 101", DTMF));
	assert_non_null(strstr(f->text, "RTP/AVP 8 101\r\n"));

	o = opts("d", "A", NULL);
	pl_set_str(&o.mask[o.maskc++], "all");
	pl_set_str(&o.except[o.exceptc++], "PCMA/8000");
	offer(f, o, audio(ALICE, 4000, "0 8 101", DTMF));
	assert_non_null(strstr(f->text, "RTP/AVP 8\r\n"));
	assert_null(strstr(f->text, "telephone-event"));

	o = opts("e", "A", NULL);
	pl_set_str(&o.strip[o.stripc++], "all");
	pl_set_str(&o.offer[o.offerc++], "PCMU");
	offer(f, o, audio(ALICE, 4000, "0 8 101", DTMF));
	assert_non_null(strstr(f->text, "RTP/AVP 0\r\n"));

	o = opts("g", "A", NULL);
	pl_set_str(&o.strip[o.stripc++], "PCMU");
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOTSUP);
	assert_int_equal(media_calls(f->m), 3);
}

static void srtp(void **state)
{
	struct fix *f = *state;
	const struct fp_leg *l;
	char *body = NULL;
	const char *fmt =
		"v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\na=ice-lite\r\n"
		"t=0 0\r\na=group:BUNDLE 0\r\nm=audio %u UDP/TLS/RTP/SAVPF 111"
		"\r\nc=IN IP4 "
		"%s\r\na=ice-ufrag:x\r\na=ice-pwd:yyyyyyyyyyyyyyyyyyyyyyyy"
		"\r\na=candidate:1 1 UDP 1 %s 4000 typ host\r\n"
		"a=fingerprint:sha-256 AA:BB\r\na=rtcp-mux\r\n"
		"a=rtpmap:111 opus/48000/2\r\n";

	(void)re_sdprintf(&body, fmt, ALICE, 4000, ALICE, ALICE);
	offer(f, opts("c", "A", NULL), body);
	assert_null(strstr(f->text, "candidate"));
	assert_null(strstr(f->text, "ice-"));
	assert_null(strstr(f->text, "BUNDLE"));
	assert_non_null(strstr(f->text, "a=fingerprint:sha-256 AA:BB"));

	body = NULL;
	(void)re_sdprintf(&body, fmt, BOB, 5000, BOB, BOB);
	answer(f, opts("c", "A", "B"), body);
	l = fake_leg(f->fp, EXT4, out_port(f, 0));
	assert_int_equal(l->media, LEG_SRTP);
	assert_false(l->pt_filter);
	assert_true(l->rtcp_ok);
	assert_int_equal(l->clock_rate, 48000);
}

static void refused(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	char longtag[TAG_MAX + 2];
	char *garbage = NULL;
	unsigned sets;
	uint16_t a, b;

	pl_set_str(&o.transport, "RTP/SAVP");
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "media.workers"));
	pl_set_str(&o.transport, "TCP/RTP/AVP");
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "TCP/RTP/AVP"));

	o = opts("c", "", NULL);
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 EINVAL);
	o = opts("c", "A", NULL);
	assert_int_equal(str_dup(&garbage, "INVITE sip:x"), 0);
	assert_int_equal(put(f, false, &o, garbage), EBADMSG);

	memset(longtag, 'x', sizeof(longtag));
	longtag[sizeof(longtag) - 1] = '\0';
	o = opts("c", longtag, NULL);
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 EINVAL);

	o = opts("c", "A", "B");
	assert_int_equal(put(f, true, &o, audio(BOB, 5000, "0", NULL)), ENOENT);
	assert_int_equal(media_calls(f->m), 0);
	assert_int_equal(fake_legs(f->fp), 0);

	plain_call(f, "c", &a, &b);
	sets = fake_sets(f->fp);
	o = opts("c", "A", "B");
	assert_int_equal(
		put(f, true, &o,
		    audio(BOB, 5000, "0", "m=video 5002 RTP/AVP 96\r\n")),
		EBADMSG);
	o = opts("c", "X", "B");
	assert_int_equal(put(f, true, &o, audio(BOB, 5000, "0", NULL)), ENOENT);
	o = opts("c", "A", "A");
	assert_int_equal(put(f, false, &o, audio(BOB, 5000, "0", NULL)),
			 EINVAL);
	assert_int_equal(fake_sets(f->fp), sets);

	/* the fast path says no: the new call is not there */
	o = opts("d", "A", NULL);
	fake_fail(f->fp, EIO);
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)), EIO);
	assert_int_equal(media_calls(f->m), 1);
	assert_int_equal(fake_legs(f->fp), 4);
}

static void session_options(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	struct sa sa;

	o.tos = 0xb8;
	o.replace_origin = true;
	o.replace_sdp_version = true;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	assert_non_null(strstr(f->text, "o=- 1 1 IN IP4 " EXT4 "\r\n"));
	assert_int_equal(sa_set_str(&o.media_address, "203.0.113.200", 0), 0);
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	assert_non_null(strstr(f->text, "o=- 1 2 IN IP4 203.0.113.200\r\n"));
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	assert_non_null(strstr(f->text, "o=- 1 2 IN IP4 203.0.113.200\r\n"));
	assert_int_equal(sa_set_str(&sa, "203.0.113.200", 0), 0);
	assert_true(sa_cmp(&sdpx_media(f->out, 0)->raddr, &sa, SA_ADDR));

	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_out(f, 0, EXT4);
	assert_int_equal(fake_leg(f->fp, EXT4, out_port(f, 0))->dscp, 46);
}

/* Lines that change what is said of a session, and not the media */
static void plain_edits(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	const char *more = "a=mid:1\r\na=extmap:1 urn:x\r\na=x:1\r\n"
			   "m=video 4010 RTP/AVP 97\r\n"
			   "a=rtpmap:97 H264/90000\r\na=x:1\r\n";

	o.generate_mid = o.strip_extmap = true;
	offer(f, o, audio(ALICE, 4000, "0", more));
	assert_non_null(strstr(f->text, "a=mid:1\r\na=x:1\r\na=rtcp:"));
	assert_non_null(strstr(f->text, "\r\na=mid:2\r\n"));
	assert_null(strstr(f->text, "extmap"));

	o = opts("d", "A", NULL);
	o.attrv[0] = (struct media_attr){ATTR_SUBSTITUTE, PL("video"), PL("x"),
					 PL("y:2")};
	o.attrv[1] = (struct media_attr){ATTR_ADD, PL_INIT, PL("tool:z"),
					 PL_INIT};
	/* the port is ours already when this comes */
	o.attrv[2] = (struct media_attr){ATTR_REMOVE, PL("audio"), PL("rtcp"),
					 PL_INIT};
	o.attrc = 3;
	offer(f, o, audio(ALICE, 4000, "0", more));
	assert_non_null(strstr(f->text, "t=0 0\r\na=tool:z\r\nm=audio"));
	assert_non_null(strstr(f->text, "urn:x\r\na=x:1\r\nm=video"));
	assert_non_null(strstr(f->text, "H264/90000\r\na=y:2\r\na=rtcp:"));

	o = opts("e", "A", NULL);
	o.attrv[0] = (struct media_attr){ATTR_ADD, PL("audio"), PL("rtcp:x"),
					 PL_INIT};
	o.attrc = 1;
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 EINVAL);
	assert_non_null(strstr(f->e.msg, "sdp-attr"));
	assert_int_equal(media_calls(f->m), 2);
}

/* o= is ours, and the same in all that one party is told */
static void origins(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	unsigned long long id1, id2, id3, ver;
	const char *fmt = "v=0\r\no=- %llu %llu IN IP4 " EXT4 "\r\n";

	o.replace_origin_full = true;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	assert_int_equal(sscanf(f->text, fmt, &id1, &ver), 2);
	assert_int_equal(ver, 1);
	pl_set_str(&o.to_tag, "B");
	answer(f, o, audio(BOB, 5000, "0", NULL));
	assert_int_equal(sscanf(f->text, fmt, &id2, &ver), 2);
	assert_true(id1 != id2);
	/* Bob moves the call: Alice's o= goes on from what she has seen */
	o.from_tag = o.to_tag;
	pl_set_str(&o.to_tag, "A");
	offer(f, o, audio(BOB, 5000, "0 8", NULL));
	assert_int_equal(sscanf(f->text, fmt, &id3, &ver), 2);
	assert_true(id3 == id2 && ver == 2);
	offer(f, o, audio(BOB, 5000, "0 8", NULL));
	assert_int_equal(sscanf(f->text, fmt, &id3, &ver), 2);
	assert_int_equal(ver, 2);
	o.force_version = true;
	offer(f, o, audio(BOB, 5000, "0 8", NULL));
	assert_int_equal(sscanf(f->text, fmt, &id3, &ver), 2);
	assert_int_equal(ver, 3);
}

static void one_codec(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", "B");

	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "0 8 101", DTMF));
	o.single_codec = true;
	answer(f, o, audio(BOB, 5000, "8 101 0", DTMF));
	assert_non_null(strstr(f->text, "RTP/AVP 8 101\r\n"));
	assert_non_null(strstr(f->text, "a=rtpmap:101"));
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_setup, fix_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lines),   T(t38),       T(sources),         T(filters),
		T(srtp),    T(refused),   T(session_options), T(plain_edits),
		T(origins), T(one_codec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
