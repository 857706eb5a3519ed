/* SPDX-License-Identifier: BSD-2-Clause */
/* DTLS-SRTP in calls: what each is told, the handshake with a phone of its own, and
 * the keys that the media workers get */
#include "terms_fix.h"
#include "media/terms.h"
#include "rtp/packet.h"

#define TLS "UDP/TLS/RTP/SAVPF"
#define NO_PRINT                                                               \
	"a=fingerprint:sha-256 "                                               \
	"00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:"   \
	"16:17:"                                                               \
	"18:19:1A:1B:1C:1D:1E:1F\r\n"

/* A phone at the far end of one side's port */
struct phone {
	struct dtlsx_cert *cert;
	struct dtlsx *d;
	unsigned side;
	struct sa addr;
};

static void send_h(const uint8_t *p, size_t n, void *arg)
{
	const struct phone *ph = arg;

	fake_event(ph->side, RTP_DTLS, &ph->addr, p, n);
}

static void phone_new(struct phone *ph, unsigned side, const char *addr,
		      uint16_t port)
{
	memset(ph, 0, sizeof(*ph));
	ph->side = side;
	assert_int_equal(sa_set_str(&ph->addr, addr, port), 0);
	assert_int_equal(dtlsx_cert_make(&ph->cert), 0);
}

static void phone_end(struct phone *ph)
{
	ph->d = mem_deref(ph->d);
	ph->cert = mem_deref(ph->cert);
}

/* Its lines, as it has them in its SDP */
static char *lines(const struct phone *ph, const char *role)
{
	struct fingerprint fp;
	char *s = NULL;

	assert_int_equal(dtlsx_cert_fingerprint(ph->cert, FP_SHA256, &fp), 0);
	assert_int_equal(re_sdprintf(&s,
				     "a=fingerprint:%H\r\na=setup:%s\r\n"
				     "a=rtcp-mux\r\n",
				     fingerprint_print, &fp, role),
			 0);

	return s;
}

static char *body(const struct phone *ph, uint16_t port, const char *role)
{
	char *more = lines(ph, role);
	char addr[64], *s;

	(void)re_snprintf(addr, sizeof(addr), "%j", &ph->addr);
	s = profile(addr, port, TLS, "0", more);
	mem_deref(more);

	return s;
}

/* What our SDP says of our fingerprint is what the phone looks for */
static void phone_ring(struct phone *ph, const struct fix *f, bool active)
{
	struct fingerprint fp;
	struct dtlsx_conf conf = {.cert = ph->cert,
				  .active = active,
				  .fpv = &fp,
				  .fpc = 1,
				  .sendh = send_h,
				  .arg = ph};
	struct pl val;

	assert_true(sdpx_attr(f->out, 0, "fingerprint", 0, &val));
	assert_int_equal(fingerprint_decode(&fp, &val), 0);
	ph->d = mem_deref(ph->d);
	assert_int_equal(dtlsx_alloc(&ph->d, &conf), 0);
}

/* Everything that was sent to the phone arrives, until nobody says anything more */
static void talk(struct phone *ph, const char *our, uint16_t port)
{
	struct fake_bridges *fb = fake_bridges();
	struct sa src;

	assert_int_equal(sa_set_str(&src, our, port), 0);
	dtlsx_start(ph->d);
	for (unsigned i = 0; i < fb->sentc; i++) {
		struct fake_datagram d = fb->sentv[i];

		assert_int_equal(d.side, ph->side);
		assert_true(sa_cmp(&d.dst, &ph->addr, SA_ALL));
		(void)dtlsx_recv(ph->d, &src, d.p, d.n);
	}
	fb->sentc = 0;
}

static void same_keys(const struct phone *ph)
{
	const struct bridge_member *m = &fake_bridges()->mv[ph->side];
	struct srtpx_key tx, rx;

	assert_int_equal(dtlsx_keys(ph->d, &tx, &rx), 0);
	assert_true(srtpx_same_key(&m->rx, &tx));
	assert_true(srtpx_same_key(&m->tx, &rx));
	assert_false(m->locked);
}

static struct media_opts to(const char *proto, struct media_opts o)
{
	pl_set_str(&o.transport, proto);

	return o;
}

/* What `query` and `statistics` say, as text */
static char *asked_of(const struct fix *f, bool query)
{
	struct odict *o;
	struct pl id = PL("c");
	char *s = NULL;

	assert_int_equal(odict_alloc(&o, 16), 0);
	if (query)
		assert_int_equal(media_query(f->m, &id, NULL, NULL, o), 0);
	else
		assert_int_equal(media_statistics(f->m, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	mem_deref(o);

	return s;
}

static void says(const struct fix *f, bool query, const char *what)
{
	char *s = asked_of(f, query);

	if (!strstr(s, what))
		fail_msg("'%s' is not in:\n%s", what, s);
	mem_deref(s);
}

/* Alice has RTP, Bob DTLS: he is offered it and is the client */
static void offered(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	offer(f, to(TLS, opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, " " TLS " 0\r\n");
	has(f, "a=fingerprint:sha-256 ");
	has(f, "a=setup:actpass\r\n");
	has(f, "a=tls-id:");
	has(f, "a=rtcp-mux\r\n");
	has_not(f, "a=crypto");
	b = out_port(f, 0);
	phone_ring(&bob, f, true);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "fingerprint");
	has_not(f, "setup");
	assert_true(fb->mv[1].locked);
	assert_false(fb->mv[0].locked);
	assert_true(fake_leg(f->fp, EXT4, b)->alien);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->state, LEG_AGENT);
	says(f, true, "\"DTLS\":\"handshake\"");

	talk(&bob, EXT4, b);
	same_keys(&bob);
	says(f, true, "\"DTLS\":\"up\"");
	says(f, true, "\"why\":\"srtp\"");
	says(f, false, "\"media_userspace\":2");
	says(f, false, "\"received\":7");
	assert_int_equal(fb->mv[0].rx.suite, SRTPX_NONE);
	phone_end(&bob);
}

/* Alice offers DTLS and leaves it to us: we are the client, or the server if told */
static void asked_for(void **state, bool passive)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = to("RTP/AVP", opts("c", "A", NULL));
	struct phone alice;
	uint16_t a;

	phone_new(&alice, 0, ALICE, 4000);
	o.dtls_passive = passive;
	offer(f, o, body(&alice, 4000, "actpass"));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "fingerprint");
	has_not(f, "setup");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, " " TLS " 0\r\n");
	has(f, passive ? "a=setup:passive\r\n" : "a=setup:active\r\n");
	has(f, "a=rtcp-mux\r\n");
	assert_true(fb->mv[0].locked);
	a = out_port(f, 0);
	phone_ring(&alice, f, passive);
	talk(&alice, EXT4, a);
	same_keys(&alice);
	phone_end(&alice);
}

static void asked_active(void **state)
{
	asked_for(state, false);
}

static void asked_passive(void **state)
{
	asked_for(state, true);
}

static void call_bob(struct fix *f, struct phone *bob, uint16_t *b)
{
	offer(f, to(TLS, opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	*b = out_port(f, 0);
	phone_ring(bob, f, true);
	answer(f, opts("c", "A", "B"), body(bob, 5000, "active"));
	talk(bob, EXT4, *b);
	same_keys(bob);
}

/* RFC 8842: what says the same goes on, with its keys; another fingerprint is another
 * association, and until it is there nothing is sent */
static void again(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob, other;
	struct srtpx_key key;
	char *id;
	struct pl val;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	phone_new(&other, 1, BOB, 5000);
	call_bob(f, &bob, &b);
	key = fb->mv[1].rx;

	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, " " TLS " 0\r\n");
	has(f, "a=setup:actpass\r\n");
	assert_true(sdpx_attr(f->out, 0, "tls-id", 0, &val));
	assert_int_equal(pl_strdup(&id, &val), 0);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	assert_true(srtpx_same_key(&fb->mv[1].rx, &key));
	assert_false(fb->mv[1].locked);

	/* he offers himself: roles stay, and so does what we call it */
	offer(f, opts("c", "B", "A"), body(&bob, 5000, "actpass"));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	has(f, "a=setup:passive\r\n");
	assert_true(sdpx_attr(f->out, 0, "tls-id", 0, &val));
	assert_int_equal(pl_strcmp(&val, id), 0);
	assert_true(srtpx_same_key(&fb->mv[1].rx, &key));

	/* another phone has the call now */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	phone_ring(&other, f, true);
	answer(f, opts("c", "A", "B"), body(&other, 5000, "active"));
	assert_true(fb->mv[1].locked);
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_NONE);
	talk(&other, EXT4, b);
	same_keys(&other);
	assert_false(srtpx_same_key(&fb->mv[1].rx, &key));
	mem_deref(id);
	phone_end(&bob);
	phone_end(&other);
}

/* Somebody whose certificate is not the one that was named gets nowhere */
static void stranger(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob, mallory;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	phone_new(&mallory, 1, BOB, 5000);
	offer(f, to(TLS, opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	b = out_port(f, 0);
	phone_ring(&mallory, f, true);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	talk(&mallory, EXT4, b);
	assert_true(fb->mv[1].locked);
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_NONE);
	phone_end(&bob);
	phone_end(&mallory);
}

/* From DTLS to a=crypto, to nothing, and back: each time with keys that are new */
static void changes(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob;
	struct srtpx_key key;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	call_bob(f, &bob, &b);
	offer(f, to("RTP/AVP", opts("c", "A", "B")),
	      audio(ALICE, 4000, "0", NULL));
	has(f, " RTP/AVP 0\r\n");
	has_not(f, "fingerprint");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(fb->n, 0);
	assert_int_equal(fake_leg(f->fp, EXT4, b)->state, LEG_RELAY);
	assert_false(fake_leg(f->fp, EXT4, b)->alien);

	offer(f, to(TLS, opts("c", "A", "B")), audio(ALICE, 4000, "0", NULL));
	phone_ring(&bob, f, true);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	assert_true(fb->mv[1].locked);
	talk(&bob, EXT4, b);
	same_keys(&bob);
	key = fb->mv[1].tx;

	offer(f, to("RTP/SAVP", opts("c", "A", "B")),
	      audio(ALICE, 4000, "0", NULL));
	has(f, " RTP/SAVP 0\r\n");
	has(f, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:");
	has_not(f, "fingerprint");
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "0",
		       "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
		       "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"));
	assert_false(fb->mv[1].locked);
	assert_int_equal(fb->mv[1].rx.suite, SRTPX_AES_CM_128_HMAC_SHA1_80);
	assert_memory_equal(fb->mv[1].rx.key, "YS___semctl", 11);
	assert_false(srtpx_same_key(&fb->mv[1].tx, &key));
	phone_end(&bob);
}

/* An agent that starts again has the keys, and no association: the next offer begins
 * another one */
static void restart(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct phone bob;
	struct srtpx_key key;
	uint16_t b;

	phone_new(&bob, 1, BOB, 5000);
	call_bob(f, &bob, &b);
	key = fb->mv[1].rx;
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	mem_deref(f->conf.plane);
	assert_int_equal(fb->n, 1);
	assert_true(srtpx_same_key(&fb->mv[1].rx, &key));
	assert_false(fb->mv[1].locked);

	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	phone_ring(&bob, f, true);
	answer(f, opts("c", "A", "B"), body(&bob, 5000, "active"));
	talk(&bob, EXT4, b);
	same_keys(&bob);
	assert_false(srtpx_same_key(&fb->mv[1].rx, &key));
	phone_end(&bob);
}

static void refused(void **state)
{
	struct fix *f = *state;
	struct media_opts o = to(TLS, opts("c", "A", NULL));
	struct media_opts t = to("RTP/AVP", opts("c", "A", NULL));
	struct media_opts ans = opts("c", "A", "B");

	assert_int_equal(
		put(f, false, &t, profile(ALICE, 4000, TLS, "0", NULL)),
		EINVAL);
	assert_non_null(strstr(f->e.msg, "a=fingerprint"));
	assert_int_equal(put(f, false, &t,
			     profile(ALICE, 4000, TLS, "0",
				     NO_PRINT "a=setup:holdconn\r\n")),
			 EINVAL);
	assert_non_null(strstr(f->e.msg, "a=setup"));
	o.dtls_off = true;
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "DTLS=off"));

	o.dtls_off = false;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	assert_int_equal(put(f, true, &ans, profile(BOB, 5000, TLS, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "a=fingerprint"));
	assert_int_equal(put(f, true, &ans,
			     profile(BOB, 5000, TLS, "0",
				     NO_PRINT "a=setup:actpass\r\n")),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "a=setup"));
}

/* Keys by DTLS in a profile that is in the clear (RFC 8643), from who can do without */
static void best_effort(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	struct phone ph;
	char *more;

	phone_new(&ph, 0, ALICE, 4000);
	more = lines(&ph, "actpass");
	o.osrtp_accept = true;
	offer(f, o, audio(ALICE, 4000, "0", more));
	has_not(f, "fingerprint");
	has(f, "RTP/AVP 0\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "RTP/AVP 0\r\n");
	has(f, "a=setup:active\r\n");
	phone_ring(&ph, f, false);
	turn();
	talk(&ph, EXT4, out_port(f, 0));
	same_keys(&ph);

	/* not asked for: theirs */
	offer(f, opts("d", "A", NULL), audio(ALICE, 4000, "0", more));
	has(f, "a=setup:actpass\r\n");
	mem_deref(more);
	phone_end(&ph);
}

/* RTCP without rtcp-mux would need an association of its own: there is none, and it is said;
 * a driver that wants it so is refused */
static void unmuxed(void **state)
{
	struct fix *f = *state;
	const struct fake_bridges *fb = fake_bridges();
	struct media_opts o = to("RTP/AVP", opts("c", "A", NULL));
	struct phone alice;
	char *fp, *more, *text = NULL;
	struct pl id = PL("c");
	struct odict *q;

	phone_new(&alice, 0, ALICE, 4000);
	fp = lines(&alice, "actpass");
	more = strstr(fp, "a=rtcp-mux");
	assert_non_null(more);
	*more = '\0';
	offer(f, o, profile(ALICE, 4000, TLS, "0", fp));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has_not(f, "rtcp-mux");
	assert_true(sa_isset(&fb->mv[0].remote, SA_ALL));
	assert_false(sa_isset(&fb->mv[0].rtcp, SA_ALL));
	assert_true(sa_isset(&fb->mv[1].rtcp, SA_ALL));
	assert_int_equal(odict_alloc(&q, 8), 0);
	assert_int_equal(media_query(f->m, &id, NULL, NULL, q), 0);
	assert_int_equal(re_sdprintf(&text, "%H", json_encode_odict, q), 0);
	assert_non_null(strstr(text, "none: with DTLS it needs rtcp-mux"));
	mem_deref(text);
	mem_deref(q);
	mem_deref(fp);

	/* offered to Alice with it, it is not to be taken from her */
	o = to("RTP/AVP", opts("d", "A", NULL));
	offer(f, o, body(&alice, 4000, "actpass"));
	o = opts("d", "A", "B");
	o.rtcp_mux_reject = true;
	pl_set_str(&o.sdp, "");
	assert_int_equal(put(f, true, &o, audio(BOB, 5000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "rtcp-mux=reject"));
	o = to(TLS, opts("e", "A", NULL));
	o.rtcp_mux = RTCPMUX_DEMUX;
	assert_int_equal(put(f, false, &o, audio(ALICE, 4000, "0", NULL)),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "rtcp-mux=demux"));
	phone_end(&alice);
}

/* Nobody asked us to end it: it is theirs */
static void passes(void **state)
{
	struct fix *f = *state;
	struct phone alice;
	uint16_t a;

	phone_new(&alice, 0, ALICE, 4000);
	offer(f, opts("c", "A", NULL), body(&alice, 4000, "actpass"));
	has(f, "a=setup:actpass\r\n");
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, TLS, "0",
		       NO_PRINT "a=setup:active\r\na=rtcp-mux\r\n"));
	has(f, NO_PRINT);
	a = out_port(f, 0);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(fake_bridges()->n, 0);
	phone_end(&alice);
}

/* A browser: DTLS and ICE, no address of its own in its SDP yet. We are lite, and wait
 * for it to say where it is */
static void browser(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct phone alice;
	struct lite us = {"", ""};
	struct stun_unknown_attr ua;
	struct stun_msg *msg;
	struct mbuf *mb = mbuf_alloc(256);
	const uint32_t prio = 1;
	const uint64_t tie = 7;
	char user[64], *fp = NULL;
	struct pl val;
	uint16_t a;

	phone_new(&alice, 0, ALICE, 45678);
	fp = lines(&alice, "actpass");
	{
		char *more = NULL;

		assert_int_equal(
			re_sdprintf(&more,
				    "%sa=ice-ufrag:abcd\r\n"
				    "a=ice-pwd:0123456789abcdef01234567\r\n"
				    "a=ice-options:trickle\r\n",
				    fp),
			0);
		offer(f, to("RTP/AVP", opts("c", "A", NULL)),
		      profile("0.0.0.0", 9, TLS, "0", more));
		mem_deref(more);
		mem_deref(fp);
	}
	has_not(f, "a=ice-");
	has_not(f, "candidate");
	has(f, "c=IN IP4 " EXT4 "\r\n");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=ice-lite\r\n");
	has(f, "a=setup:active\r\n");
	has(f, "a=end-of-candidates\r\n");
	has(f, "a=rtcp-mux\r\n");
	a = out_port(f, 0);
	assert_true(sdpx_attr(f->out, 0, "candidate", 0, &val));
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	(void)pl_strcpy(&val, us.ufrag, sizeof(us.ufrag));
	assert_true(sdpx_attr(f->out, 0, "ice-pwd", 0, &val));
	(void)pl_strcpy(&val, us.pwd, sizeof(us.pwd));
	assert_int_equal(fb->sentc, 0);
	assert_true(fake_leg(f->fp, EXT4, a)->alien);

	(void)re_snprintf(user, sizeof(user), "%s:abcd", us.ufrag);
	assert_int_equal(
		stun_msg_encode(
			mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
			(const uint8_t *)"0123456789ab", NULL,
			(const uint8_t *)us.pwd, strlen(us.pwd), true, 0, 4,
			STUN_ATTR_USERNAME, user, STUN_ATTR_PRIORITY, &prio,
			STUN_ATTR_CONTROLLING, &tie, STUN_ATTR_USE_CAND, &tie),
		0);
	phone_ring(&alice, f, false);
	fake_event(0, RTP_STUN, &alice.addr, mb->buf, mb->end);
	/* the answer, and as the client's first flight goes to where it was heard from */
	assert_int_equal(fb->sentc, 2);
	mem_deref(mb);
	mb = mbuf_alloc(fb->sentv[0].n);
	assert_int_equal(mbuf_write_mem(mb, fb->sentv[0].p, fb->sentv[0].n), 0);
	mb->pos = 0;
	assert_int_equal(stun_msg_decode(&msg, mb, &ua), 0);
	assert_int_equal(stun_msg_class(msg), STUN_CLASS_SUCCESS_RESP);
	assert_true(sa_cmp(&fb->mv[0].remote, &alice.addr, SA_ALL));
	assert_sa(&fake_leg(f->fp, EXT4, a)->remote, ALICE, 45678);
	talk(&alice, EXT4, a);
	same_keys(&alice);
	/* whoever asks without our password gets a few refusals, and no more */
	us.pwd[0] ^= 1;
	mem_deref(mb);
	mb = mbuf_alloc(256);
	assert_int_equal(
		stun_msg_encode(mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
				(const uint8_t *)"0123456789ab", NULL,
				(const uint8_t *)us.pwd, strlen(us.pwd), true,
				0, 1, STUN_ATTR_USERNAME, user),
		0);
	for (unsigned i = 0; i < 40; i++)
		fake_event(0, RTP_STUN, &alice.addr, mb->buf, mb->end);
	assert_in_range(fb->sentc, 1, 10);
	mem_deref(msg);
	mem_deref(mb);
	phone_end(&alice);
}

/* A check that nominates, from an address; @return datagrams that were sent for it */
static unsigned nominate(const struct lite *us, const char *addr, uint16_t port)
{
	struct fake_bridges *fb = fake_bridges();
	struct mbuf *mb = mbuf_alloc(256);
	const unsigned before = fb->sentc;
	const uint32_t prio = 1;
	const uint64_t tie = 7;
	char user[64];
	struct sa src;

	assert_int_equal(sa_set_str(&src, addr, port), 0);
	(void)re_snprintf(user, sizeof(user), "%s:abcd", us->ufrag);
	assert_int_equal(
		stun_msg_encode(
			mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
			(const uint8_t *)"0123456789ab", NULL,
			(const uint8_t *)us->pwd, strlen(us->pwd), true, 0, 4,
			STUN_ATTR_USERNAME, user, STUN_ATTR_PRIORITY, &prio,
			STUN_ATTR_CONTROLLING, &tie, STUN_ATTR_USE_CAND, &tie),
		0);
	fake_event(0, RTP_STUN, &src, mb->buf, mb->end);
	mem_deref(mb);

	return fb->sentc - before;
}

/* ICE alone is no reason to stay in the agent: once it is known where she is, the kernel
 * relays. Checks are answered all the same, and followed; what is played takes the legs
 * for as long; and an agent that starts anew hears checks, too */
static void ice_relayed(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);
	const struct media_digit d = {.event = 1, .ms = 100};
	struct media_sel sel = {.call_id = PL("c"), .from_tag = PL("B")};
	struct lite us = {"", ""};
	struct pl val;
	uint16_t a;

	o.ice_optional = true;
	offer(f, o,
	      profile(ALICE, 4000, "RTP/AVP", "0",
		      "a=rtcp-mux\r\na=ice-ufrag:abcd\r\n"
		      "a=ice-pwd:0123456789abcdef01234567\r\n"));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	a = out_port(f, 0);
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	(void)pl_strcpy(&val, us.ufrag, sizeof(us.ufrag));
	assert_true(sdpx_attr(f->out, 0, "ice-pwd", 0, &val));
	(void)pl_strcpy(&val, us.pwd, sizeof(us.pwd));
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_AGENT);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->why, LEG_WHY_ICE);

	assert_int_equal(nominate(&us, ALICE, 45678), 1);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->why, LEG_WHY_NOTHING);
	assert_true(fake_leg(f->fp, EXT4, a)->alien);
	assert_sa(&fake_leg(f->fp, EXT4, a)->remote, ALICE, 45678);
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->left, 1);

	/* consent, and another pair */
	assert_int_equal(nominate(&us, ALICE, 45678), 1);
	assert_int_equal(nominate(&us, ALICE, 50000), 1);
	assert_sa(&fake_leg(f->fp, EXT4, a)->remote, ALICE, 50000);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(fb->left, 1);

	assert_int_equal(media_play_dtmf(f->m, &sel, &d, &f->e), 0);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_AGENT);
	assert_true(fb->mv[0].go_on);
	fb->playing[0] = false;
	fake_event(0, BRIDGE_PLAYED, NULL, NULL, 0);
	for (unsigned i = 0; i < 100 && fb->left < 2; i++)
		turn();
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(fb->n, 1);

	f->m = mem_deref(f->m);
	assert_int_equal(fb->n, 0);
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	assert_int_equal(fb->n, 1);
	assert_int_equal(fake_leg(f->fp, EXT4, a)->state, LEG_RELAY);
	assert_int_equal(nominate(&us, ALICE, 50000), 1);
}

/* Who has no use for it is told nothing of it */
static void ice_wanted(void **state)
{
	static const char ice[] = "a=ice-ufrag:abcd\r\n"
				  "a=ice-pwd:0123456789abcdef01234567\r\n";
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	char *id;
	struct pl val;

	offer(f, o, profile(ALICE, 4000, "RTP/AVP", "0", ice));
	has_not(f, "ice");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has_not(f, "ice");
	assert_int_equal(fake_bridges()->n, 0);

	o = opts("d", "A", NULL);
	o.ice_force = true;
	offer(f, o, profile(ALICE, 4000, "RTP/AVP", "0", ice));
	has(f, "a=ice-lite\r\n");
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	assert_int_equal(pl_strdup(&id, &val), 0);
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, "a=ice-lite\r\n");
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	assert_int_not_equal(pl_strcmp(&val, id), 0);
	assert_int_equal(fake_bridges()->n, 1);
	mem_deref(id);

	/* another name of theirs begins it anew */
	assert_int_equal(pl_strdup(&id, &val), 0);
	offer(f, opts("d", "A", "B"),
	      profile(ALICE, 4000, "RTP/AVP", "0",
		      "a=ice-ufrag:efgh\r\n"
		      "a=ice-pwd:0123456789abcdef01234567\r\n"));
	answer(f, opts("d", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	assert_int_not_equal(pl_strcmp(&val, id), 0);
	mem_deref(id);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(offered),     TEST(asked_active), TEST(asked_passive),
		TEST(again),       TEST(stranger),     TEST(changes),
		TEST(restart),     TEST(refused),      TEST(passes),
		TEST(unmuxed),     TEST(browser),      TEST(ice_wanted),
		TEST(ice_relayed), TEST(best_effort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
