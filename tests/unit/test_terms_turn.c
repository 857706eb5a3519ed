/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls whose parties are reached by a TURN server: allocations that are kept ready, what
 * each is told, the pair by the relay, and what becomes of it when one of the three ends */
#include "terms_fix.h"
#include "fake_turn.h"
#include "media/relays.h"
#include "media/terms.h"
#include "rtp/packet.h"

enum { TURNS = 2000, SERVERS = 64, QUEUE = 256, READY = 2 };

#define SERVER "198.51.100.7"

/** What is on its way to us */
struct queued {
	bool direct; /* to the port of Bob's leg; else: by a server  */
	struct sa local, src;
	uint8_t p[2048];
	size_t n;
};

/* A phone at the far end of one side's port. Direct: it hears us there, too */
struct phone {
	struct full *x;
	struct lite us;
	struct sa addr;
	bool direct;
	unsigned heard; /* that is no STUN                             */
};

/* An allocation each */
static struct fake_turn serverv[SERVERS];
static struct sa localv[SERVERS];
static unsigned serverc;
static bool mute; /* new ones, too */
static uint16_t fail_bind;
static struct sa alternate; /* that the server refers to */
static struct phone bob;
static struct queued queue[QUEUE];
static unsigned queued;
static struct sa leg;   /* Bob's leg, as he knows it */
static struct sa hello; /* where DTLS of a bundle's went last */

static void put_queue(bool direct, const struct sa *local, const struct sa *src,
		      const uint8_t *p, size_t n)
{
	struct queued *q = &queue[queued++];

	assert_true(queued <= QUEUE && n <= sizeof(q->p));
	q->direct = direct;
	q->local = *local;
	if (src)
		q->src = *src;
	memcpy(q->p, p, n);
	q->n = n;
}

static void to_client(const uint8_t *p, size_t n, void *arg)
{
	put_queue(false, arg, NULL, p, n);
}

static void bob_hears(bool relayed, const struct sa *src, const uint8_t *p,
		      size_t n)
{
	struct mbuf *no = NULL;

	if (rtp_kind(p, n) != RTP_STUN)
		++bob.heard;
	else if (bob.x && (relayed || bob.direct))
		(void)full_recv(bob.x, false, src, p, n, media_now(), &no);
	assert_null(no);
}

static void to_peer(const struct sa *peer, const uint8_t *p, size_t n,
		    void *arg)
{
	const unsigned i = (unsigned)((struct sa *)arg - localv);

	if (sa_cmp(peer, &bob.addr, SA_ALL))
		bob_hears(true, &serverv[i].relayed, p, n);
}

static struct fake_turn *server_at(const struct sa *local, const struct sa *at)
{
	struct fake_turn *f;
	unsigned i = 0;

	while (i < serverc && !sa_cmp(&localv[i], local, SA_ALL))
		++i;
	f = &serverv[i];
	if (i < serverc)
		return f;
	assert_true(serverc < SERVERS);
	++serverc;
	localv[i] = *local;
	fake_turn_init(f);
	sa_set_port(&f->relayed, (uint16_t)(49160 + i));
	f->mapped = *local;
	f->mute = mute;
	if (fail_bind) {
		f->fail[STUN_METHOD_CHANBIND] = fail_bind;
		f->fails = 100;
	}
	if (sa_isset(&alternate, SA_ALL) && !sa_cmp(&alternate, at, SA_ALL)) {
		f->alternate = alternate;
		f->fail[STUN_METHOD_ALLOCATE] = 300;
		f->fails = 100;
	}
	f->client = to_client;
	f->peer = to_peer;
	f->arg = &localv[i];

	return f;
}

static void sent_h(const struct sa *local, const struct sa *server,
		   const uint8_t *p, size_t n)
{
	struct fake_turn *f = server_at(local, server);

	f->now = media_now();
	fake_turn_recv(f, p, n);
}

static struct fake_turn *server_of(const struct sa *relayed)
{
	for (unsigned i = 0; i < serverc; i++) {
		if (sa_cmp(&serverv[i].relayed, relayed, SA_ALL))
			return &serverv[i];
	}

	return NULL;
}

static void bob_sends(const struct sa *dst, const uint8_t *p, size_t n,
		      void *arg)
{
	struct fake_turn *f = server_of(dst);
	(void)arg;

	if (f)
		fake_turn_peer(f, &bob.addr, p, n);
	else if (bob.direct)
		put_queue(true, &leg, &bob.addr, p, n);
}

/* Time passes, and what is on its way arrives */
static void talk(void)
{
	struct fake_bridges *fb = fake_bridges();
	struct queued q;

	turn();
	while (queued) {
		q = queue[0];
		memmove(&queue[0], &queue[1], --queued * sizeof(q));
		if (!q.direct)
			fake_relay_event(&q.local, RELAY_SERVER, q.p, q.n);
		else if (fb->last)
			fake_event(1, RTP_STUN, &q.src, q.p, q.n);
	}
	for (unsigned i = 0; i < fb->sentc; i++) {
		const struct fake_datagram d = fb->sentv[i];

		if (d.side == FAKE_BUNDLE && rtp_kind(d.p, d.n) == RTP_DTLS)
			hello = d.dst;
		if (d.side == 1 && sa_cmp(&d.dst, &bob.addr, SA_ALL) &&
		    bob.direct)
			bob_hears(false, &leg, d.p, d.n);
	}
	fb->sentc = 0;
	if (bob.x)
		(void)full_tick(bob.x, media_now());
}

#define talk_until(cond)                                                       \
	do {                                                                   \
		unsigned n_ = 0;                                               \
                                                                               \
		while (!(cond) && n_++ < TURNS)                                \
			talk();                                                \
		assert_true(cond);                                             \
	} while (0)

static void configure(struct fix *f)
{
	f->conf.ice_full = true;
	assert_int_equal(sa_set_str(&f->conf.turn.server, SERVER, 3478), 0);
	f->conf.turn.username = "carom";
	f->conf.turn.password = "secret";
	f->conf.turn.ready = READY;
}

static void start(struct fix *f)
{
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
}

static int turn_setup(void **state)
{
	struct fix *f = fix_new();

	serverc = queued = 0;
	mute = false;
	fail_bind = 0;
	sa_init(&alternate, AF_UNSPEC);
	sa_init(&hello, AF_UNSPEC);
	memset(&bob, 0, sizeof(bob));
	lite_make(&bob.us);
	assert_int_equal(sa_set_str(&bob.addr, BOB, 45678), 0);
	memset(fake_bridges(), 0, sizeof(*fake_bridges()));
	fake_relay_sent(sent_h);
	configure(f);
	start(f);
	*state = f;

	return 0;
}

static int turn_teardown(void **state)
{
	int rc;

	bob.x = mem_deref(bob.x);
	rc = teardown(state);
	assert_int_equal(fake_bridges()->relays, 0);

	return rc;
}

static struct relays_stats stats(const struct fix *f)
{
	struct relays_stats st;

	relays_stats(f->m->relays, &st);

	return st;
}

static struct media_opts forced(struct media_opts o)
{
	o.ice_force = true;

	return o;
}

static char *bob_body(void)
{
	char *lines = NULL, *s;

	assert_int_equal(re_sdprintf(&lines,
				     "a=rtcp-mux\r\na=ice-ufrag:%s\r\n"
				     "a=ice-pwd:%s\r\n"
				     "a=candidate:1 1 UDP 2130706431 " BOB
				     " 45678 typ host\r\n",
				     bob.us.ufrag, bob.us.pwd),
			 0);
	s = profile(BOB, 45678, "RTP/AVP", "0", lines);
	mem_deref(lines);

	return s;
}

/* Bob begins, with what he was told */
static void bob_begin(const struct fix *f)
{
	struct full_conf c = {.us = bob.us, .sendh = bob_sends};
	char ufrag[64], pwd[64];
	struct pl val;
	struct sa sa;
	uint32_t prio;

	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	assert_int_equal(pl_strcpy(&val, ufrag, sizeof(ufrag)), 0);
	assert_true(sdpx_attr(f->out, 0, "ice-pwd", 0, &val));
	assert_int_equal(pl_strcpy(&val, pwd, sizeof(pwd)), 0);
	c.ufrag = ufrag;
	c.pwd = pwd;
	bob.x = mem_deref(bob.x);
	assert_int_equal(full_alloc(&bob.x, &c, media_now()), 0);
	for (unsigned i = 0; sdpx_attr(f->out, 0, "candidate", i, &val); i++) {
		assert_int_equal(full_cand_decode(&sa, &prio, &val), 0);
		(void)full_candidate(bob.x, &sa, prio, media_now());
		if (!i)
			leg = sa;
	}
}

/* Alice, who knows nothing of ICE, calls Bob. @return his leg's port */
static uint16_t call_bob(struct fix *f)
{
	uint16_t port;

	talk_until(stats(f).ready == READY);
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	port = out_port(f, 0);
	bob_begin(f);
	answer(f, opts("c", "A", "B"), bob_body());

	return port;
}

static const struct fp_leg *leg_at(const struct fix *f, uint16_t port)
{
	return fake_leg(f->fp, EXT4, port);
}

static struct stream *bob_stream(const struct fix *f)
{
	struct media_call *c = list_ledata(list_head(&f->m->calll));
	struct party *p = list_ledata(list_head(&c->parties)->next);

	return stream_find(p, 0);
}

static void says(const struct fix *f, const char *what)
{
	struct odict *o;
	struct pl id = PL("c");
	char *s = NULL;

	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(media_query(f->m, &id, NULL, NULL, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	if (!strstr(s, what))
		fail_msg("'%s' is not in:\n%s", what, s);
	mem_deref(o);
	mem_deref(s);
}

static const struct fake_relay *relay_of(const struct stream *s)
{
	for (unsigned i = 0; fake_relay(i); i++) {
		if (s->relay && sa_cmp(&fake_relay(i)->local,
				       relayport_local(s->relay), SA_ALL))
			return fake_relay(i);
	}

	return NULL;
}

/* ---- what is ready, and offered ------------------------------------------------ */

static void ready(void **state)
{
	struct fix *f = *state;
	const struct fp_leg *l;

	talk_until(stats(f).ready == READY);
	assert_int_equal(stats(f).allocated, READY);
	assert_int_equal(serverc, READY);
	l = leg_at(f, sa_port(&localv[0]));
	assert_int_equal(l->state, LEG_AGENT);
	assert_int_equal(l->why, LEG_WHY_RELAY);
	assert_int_equal(l->media, LEG_OTHER);
	assert_false(l->latch);
	assert_sa(&l->remote, SERVER, 3478);
	/* they are given back with the process, and their ports */
	f->m = mem_deref(f->m);
	assert_false(serverv[0].up);
	assert_false(serverv[1].up);
	assert_int_equal(fake_legs(f->fp), 0);
	start(f);
}

static void offered(void **state)
{
	struct fix *f = *state;

	talk_until(stats(f).ready == READY);
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, "a=candidate:2 1 UDP 16776959 198.51.100.7 49160 typ relay "
	       "raddr 192.0.2.1 rport ");
	assert_int_equal(stats(f).used, 1);
	/* another one takes its place */
	talk_until(stats(f).ready == READY);
	assert_int_equal(serverc, READY + 1);
	/* the same offer again is of the same */
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, "198.51.100.7 49160 typ relay");
	assert_int_equal(stats(f).used, 1);
}

/* Who is lite has no candidate but its own */
static void not_lite(void **state)
{
	struct fix *f = *state;
	struct media_opts o = forced(opts("c", "A", NULL));

	talk_until(stats(f).ready == READY);
	o.ice_lite = ICE_LITE_BOTH;
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	has(f, "typ host");
	has_not(f, "typ relay");
	assert_int_equal(stats(f).used, 0);
	assert_int_equal(stats(f).missing, 0);
}

/* In an answer, too, to who controls */
static void answered(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);

	talk_until(stats(f).ready == READY);
	o.ice_optional = true;
	offer(f, o, bob_body());
	answer(f, opts("c", "A", "B"), audio(CAROL, 4000, "0", NULL));
	has(f, "198.51.100.7 49161 typ relay");
}

/* More at once than are ready: the rest goes without, and this is counted */
static void missing(void **state)
{
	struct fix *f = *state;

	talk_until(stats(f).ready == READY);
	for (unsigned i = 0; i < READY + 1; i++) {
		char id[8];

		(void)re_snprintf(id, sizeof(id), "c%u", i);
		offer(f, forced(opts(id, "A", NULL)),
		      audio(ALICE, 4000, "0", NULL));
		if (i < READY)
			has(f, "typ relay");
		else
			has_not(f, "typ relay");
	}
	assert_int_equal(stats(f).missing, 1);
}

static void no_server(void **state)
{
	struct fix *f = *state;
	uint16_t port;

	f->m = mem_deref(f->m);
	mute = true;
	start(f);
	for (unsigned i = 0; i < 10; i++)
		talk();
	bob.direct = true;
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has_not(f, "typ relay");
	assert_int_equal(stats(f).missing, 1);
	port = out_port(f, 0);
	bob_begin(f);
	answer(f, opts("c", "A", "B"), bob_body());
	talk_until(leg_at(f, port)->state == LEG_RELAY);
	assert_sa(&leg_at(f, port)->remote, BOB, 45678);
}

/* It does not know us: said, counted, and asked again more rarely */
static void denied(void **state)
{
	struct fix *f = *state;

	f->m = mem_deref(f->m);
	f->conf.turn.password = "wrong";
	start(f);
	talk_until(stats(f).failed[TURN_DENIED] == READY);
	assert_string_equal(relays_text(f->m->relays), "denied");
	assert_int_equal(stats(f).ready, 0);
	/* one at a time from now on */
	talk_until(stats(f).failed[TURN_DENIED] == READY + 1);
	assert_int_equal(fake_bridges()->relays, 0);
	f->conf.turn.password = "secret";
}

/* It refers us to another one, until that one fails */
static void elsewhere(void **state)
{
	struct fix *f = *state;

	f->m = mem_deref(f->m);
	assert_int_equal(sa_set_str(&alternate, "198.51.100.8", 3478), 0);
	start(f);
	talk_until(stats(f).ready == READY);
	assert_sa(&fake_relay(0)->server, "198.51.100.8", 3478);
	assert_string_equal(relays_text(f->m->relays), "up");
	assert_int_equal(stats(f).failed[TURN_UNFIT], 0);
	/* the next one is asked for there at once, and there is none */
	mute = true;
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, "typ relay");
	talk_until(fake_bridges()->relays == READY + 1);
	assert_sa(&fake_relay(READY)->server, "198.51.100.8", 3478);
}

static void by_secret(void **state)
{
	struct fix *f = *state;
	unsigned failed;

	f->m = mem_deref(f->m);
	f->conf.turn.password = NULL;
	f->conf.turn.secret = "north";
	start(f);
	/* this server has another idea of users: it is told another name */
	talk_until(stats(f).failed[TURN_DENIED]);
	failed = (unsigned)stats(f).failed[TURN_DENIED];
	assert_in_range(failed, 1, READY);
	f->conf.turn.secret = NULL;
	f->conf.turn.password = "secret";
}

/* ---- the pair ------------------------------------------------------------------- */

static void relayed(void **state)
{
	struct fix *f = *state;
	const uint16_t port = call_bob(f);
	const struct stream *s = bob_stream(f);
	const struct fake_relay *r;
	const struct fp_leg *b = leg_at(f, port), *a;
	struct relay_stats rs = {.rx = 50, .rx_bytes = 8600};
	uint8_t rtp[172] = {0x80};
	char addr[80];

	assert_int_equal(b->why, LEG_WHY_ICE);
	talk_until(stream_relayed(s));
	talk_until(full_state(bob.x) == FULL_UP);
	assert_sa(full_selected(bob.x), SERVER, sa_port(&serverv[0].relayed));
	r = relay_of(s);
	assert_non_null(r);
	assert_true(sa_cmp(&r->leg, &s->local, SA_ALL));
	talk_until(r->channel);
	/* both legs stay here, and say why; Bob's party is at the port of the relay */
	assert_int_equal(b->state, LEG_AGENT);
	assert_int_equal(b->why, LEG_WHY_RELAY);
	assert_true(sa_cmp(&b->remote, &r->local, SA_ALL));
	assert_false(b->latch);
	a = leg_at(f, out_port(f, 0));
	assert_int_equal(a->state, LEG_AGENT);
	assert_int_equal(a->why, LEG_WHY_RELAY);
	assert_true(sa_cmp(&a->peer_remote, &r->local, SA_ALL));
	assert_true(sa_cmp(&fake_bridges()->mv[1].remote, &r->local, SA_ALL));
	assert_true(sa_cmp(&fake_bridges()->mv[1].rtcp, &r->local, SA_ALL));
	/* and the pair is what SDP says */
	says(f, "\"ICE\":\"" BOB ":45678\"");
	(void)re_snprintf(addr, sizeof(addr),
			  "\"relay\":{\"address\":\"%J\",\"server\":\"" SERVER
			  ":3478\",\"selected\":true",
			  &serverv[0].relayed);
	says(f, addr);
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, "a=remote-candidates:1 " BOB " 45678\r\n");
	assert_int_equal(stats(f).pairs, 1);
	/* what the worker counts is the call's */
	fake_bridges()->relay_st = rs;
	says(f, "\"stats\":{\"packets\":50,\"bytes\":8600,");
	/* what a leg sends before its channel is there goes in an indication */
	fake_relay_event(&r->local, RELAY_LEG, rtp, sizeof(rtp));
	assert_int_equal(bob.heard, 1);
}

/* Media of Bob's that the server has no channel for yet */
static void early_data(void **state)
{
	struct fix *f = *state;
	uint8_t rtp[172] = {0x80};
	const struct fake_relay *r;

	fail_bind = 400;
	(void)call_bob(f);
	talk_until(stream_relayed(bob_stream(f)));
	r = relay_of(bob_stream(f));
	talk();
	assert_int_equal(r->channel, 0);
	bob_sends(&serverv[0].relayed, rtp, sizeof(rtp), NULL);
	talk_until(r->passed);
	fake_relay_event(&r->local, RELAY_LEG, rtp, sizeof(rtp));
	assert_int_equal(bob.heard, 1);
}

static void direct_is_better(void **state)
{
	struct fix *f = *state;
	uint16_t port;

	bob.direct = true;
	port = call_bob(f);
	talk_until(leg_at(f, port)->state == LEG_RELAY);
	assert_sa(&leg_at(f, port)->remote, BOB, 45678);
	assert_false(stream_relayed(bob_stream(f)));
	/* it is not needed, and goes after a while (RFC 8445 8.3.1) */
	talk_until(!bob_stream(f)->relay);
	talk_until(!serverv[0].up);
	talk_until(!leg_at(f, sa_port(&localv[0])));
	assert_int_equal(full_state(bob.x), FULL_UP);
	assert_int_equal(leg_at(f, port)->state, LEG_RELAY);
	/* the next process knows of none either */
	f->m = mem_deref(f->m);
	start(f);
	assert_null(bob_stream(f)->relay);
	assert_int_equal(leg_at(f, port)->state, LEG_RELAY);
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has_not(f, "typ relay");
	assert_int_equal(stats(f).missing, 0);
}

/* Bob begins ICE anew: with a relay, which is not needed this time either, though the pair is
 * the one that it was */
static void begun_anew(void **state)
{
	struct fix *f = *state;
	uint16_t port;

	bob.direct = true;
	port = call_bob(f);
	talk_until(leg_at(f, port)->state == LEG_RELAY);
	talk_until(!bob_stream(f)->relay);
	lite_make(&bob.us);
	bob.x = mem_deref(bob.x);
	talk_until(stats(f).ready == READY);
	offer(f, opts("c", "B", "A"), bob_body());
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	has(f, "typ relay");
	assert_non_null(bob_stream(f)->relay);
	bob_begin(f);
	talk_until(full_state(bob.x) == FULL_UP);
	talk_until(!bob_stream(f)->relay);
	assert_int_equal(leg_at(f, port)->state, LEG_RELAY);
}

static void call_ends(void **state)
{
	struct fix *f = *state;
	struct pl id = PL("c");

	(void)call_bob(f);
	talk_until(stream_relayed(bob_stream(f)));
	assert_int_equal(media_delete(f->m, &id, NULL, NULL, NULL, 0, NULL), 0);
	talk_until(!serverv[0].up);
	talk_until(!leg_at(f, sa_port(&localv[0])));
	assert_int_equal(stats(f).used, 0);
	assert_int_equal(fake_legs(f->fp), READY);
}

/* Its answer has no ICE: nothing is to be relayed */
static void no_ice_answered(void **state)
{
	struct fix *f = *state;

	talk_until(stats(f).ready == READY);
	offer(f, forced(opts("c", "A", NULL)), audio(ALICE, 4000, "0", NULL));
	has(f, "typ relay");
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(stats(f).used, 0);
	talk_until(!serverv[0].up);
}

/* The server has forgotten it */
static void lost(void **state)
{
	struct fix *f = *state;
	uint16_t port, a;
	struct lite was;

	fail_bind = 437;
	port = call_bob(f);
	a = out_port(f, 0);
	was = bob_stream(f)->terms->lite;
	talk_until(stats(f).failed[TURN_LOST]);
	assert_null(bob_stream(f)->relay);
	assert_false(stream_relayed(bob_stream(f)));
	assert_true(stream_silenced(bob_stream(f)));
	assert_int_equal(leg_at(f, a)->state, LEG_HELD);
	assert_int_equal(leg_at(f, a)->why, LEG_WHY_CONSENT);
	says(f, "\"ICE\":\"consent lost\"");
	/* the next offer begins anew, under another name and with another relay */
	fail_bind = 0;
	for (unsigned i = 0; i < serverc; i++)
		serverv[i].fails = 0;
	talk_until(stats(f).ready == READY);
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0", NULL));
	has(f, "typ relay");
	has_not(f, was.ufrag);
	bob_begin(f);
	answer(f, opts("c", "A", "B"), bob_body());
	talk_until(stream_relayed(bob_stream(f)));
	talk_until(leg_at(f, port)->why == LEG_WHY_RELAY);
	assert_int_equal(leg_at(f, a)->state, LEG_AGENT);
}

/* Calls end when nothing is heard, by a relay either */
static void timeouts(void **state)
{
	struct fix *f = *state;
	struct media_call *c;
	const uint64_t at = 5000;

	(void)call_bob(f);
	talk_until(stream_relayed(bob_stream(f)));
	c = list_ledata(list_head(&f->m->calll));
	assert_int_equal(call_last_packet(c, media_now()), 0);
	fake_bridges()->relay_st.heard = at * 1000000;
	assert_int_equal(call_last_packet(c, media_now()), at);
}

/* Sound and pictures by one port of Bob's: one relay is enough for both */
static void bundled(void **state)
{
	static const char print[] =
		"sha-256 "
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
	struct fix *f = *state;
	struct media_opts o = forced(opts("c", "A", NULL));
	const struct sa *at;
	char *s = NULL;

	talk_until(stats(f).ready == READY);
	o.bundle_offer = true;
	pl_set_str(&o.transport, "UDP/TLS/RTP/SAVPF");
	assert_int_equal(re_sdprintf(&s, "v=0\r\no=- 1 1 IN IP4 " ALICE
					 "\r\ns=-\r\nc=IN IP4 " ALICE
					 "\r\nt=0 0\r\n"
					 "m=audio 4000 RTP/AVP 0\r\n"
					 "m=video 4002 RTP/AVP 96\r\n"
					 "a=rtpmap:96 VP8/90000\r\n"),
			 0);
	offer(f, o, s);
	assert_int_equal(stats(f).used, 2);
	bob_begin(f);
	s = NULL;
	assert_int_equal(
		re_sdprintf(
			&s,
			"v=0\r\no=- 1 1 IN IP4 " BOB "\r\ns=-\r\n"
			"c=IN IP4 " BOB "\r\nt=0 0\r\n"
			"a=group:BUNDLE 1 2\r\n"
			"m=audio 45678 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n"
			"a=rtcp-mux\r\na=fingerprint:%s\r\n"
			"a=setup:passive\r\na=ice-ufrag:%s\r\n"
			"a=ice-pwd:%s\r\na=candidate:1 1 UDP 2130706431 " BOB
			" 45678 typ host\r\n"
			"m=video 45678 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\n"
			"a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n",
			print, bob.us.ufrag, bob.us.pwd),
		0);
	answer(f, opts("c", "A", "B"), s);
	assert_int_equal(stats(f).used, 1);
	assert_int_equal(fake_bridges()->bundles, 1);
	talk_until(stream_relayed(bob_stream(f)));
	at = relayport_local(bob_stream(f)->relay);
	for (unsigned i = 0; i < 2; i++)
		assert_true(sa_cmp(&fake_member(i, 1)->remote, at, SA_ALL));
	assert_true(sa_cmp(&relay_of(bob_stream(f))->leg, &bob_stream(f)->local,
			   SA_ALL));
	/* our ClientHello goes to where they are */
	talk_until(sa_cmp(&hello, at, SA_ALL));
}

/* ---- another process ------------------------------------------------------------ */

static void restored(void **state)
{
	struct fix *f = *state;
	const uint16_t port = call_bob(f);
	const struct fake_relay *r;
	unsigned allocates;
	uint16_t channel;
	struct sa local;

	talk_until(stream_relayed(bob_stream(f)));
	talk_until(relay_of(bob_stream(f))->channel);
	local = relay_of(bob_stream(f))->local;
	channel = relay_of(bob_stream(f))->channel;
	allocates = serverv[0].asked[STUN_METHOD_ALLOCATE];
	f->m = mem_deref(f->m);
	assert_true(serverv[0].up);
	assert_non_null(leg_at(f, sa_port(&local)));
	start(f);
	assert_true(stream_relayed(bob_stream(f)));
	r = relay_of(bob_stream(f));
	assert_non_null(r);
	assert_true(sa_cmp(&r->local, &local, SA_ALL));
	assert_true(sa_cmp(&r->leg, &bob_stream(f)->local, SA_ALL));
	assert_int_equal(r->channel, channel);
	assert_int_equal(leg_at(f, port)->why, LEG_WHY_RELAY);
	assert_int_equal(leg_at(f, sa_port(&local))->why, LEG_WHY_RELAY);
	talk_until(serverv[0].asked[STUN_METHOD_REFRESH]);
	talk_until(stats(f).ready == READY);
	assert_true(serverv[0].up);
	assert_int_equal(serverv[0].asked[STUN_METHOD_ALLOCATE], allocates);
	assert_true(stream_relayed(bob_stream(f)));
	assert_int_equal(full_state(bob.x), FULL_UP);
}

/* The server, too, began again */
static void restored_lost(void **state)
{
	struct fix *f = *state;

	(void)call_bob(f);
	talk_until(stream_relayed(bob_stream(f)));
	f->m = mem_deref(f->m);
	fake_turn_restart(&serverv[0]);
	start(f);
	assert_true(stream_relayed(bob_stream(f)));
	talk_until(stats(f).failed[TURN_LOST]);
	assert_true(stream_silenced(bob_stream(f)));
	says(f, "\"ICE\":\"consent lost\"");
}

/* The configuration knows of no server any more */
static void restored_without(void **state)
{
	struct fix *f = *state;
	const uint16_t port = call_bob(f);
	struct sa local;

	talk_until(stream_relayed(bob_stream(f)));
	local = *relayport_local(bob_stream(f)->relay);
	f->m = mem_deref(f->m);
	sa_init(&f->conf.turn.server, AF_UNSPEC);
	start(f);
	assert_null(bob_stream(f)->relay);
	assert_false(sa_isset(&bob_stream(f)->terms->pair, SA_ALL));
	assert_int_equal(leg_at(f, port)->why, LEG_WHY_ICE);
	/* nobody owns the relay's leg */
	assert_null(leg_at(f, sa_port(&local)));
}

/* ---- figures ---------------------------------------------------------------------- */

static void figures(void **state)
{
	struct fix *f = *state;
	struct odict *o;
	char *s = NULL;

	talk_until(stats(f).ready == READY);
	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(media_figures(f->m, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	assert_non_null(strstr(s, "\"carom_turn_ready_allocations\""));
	assert_non_null(strstr(s, "\"label\":\"lost\""));
	s = mem_deref(s);
	o = mem_deref(o);
	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(media_statistics(f->m, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	assert_non_null(strstr(s, "\"turn\":{\"server\":\"" SERVER
				  ":3478\",\"state\":\"up\",\"ready\":2,"));
	mem_deref(s);
	mem_deref(o);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, turn_setup, turn_teardown)
	const struct CMUnitTest tests[] = {
		T(ready),      T(offered),       T(not_lite),
		T(answered),   T(missing),       T(no_server),
		T(denied),     T(elsewhere),     T(by_secret),
		T(relayed),    T(early_data),    T(direct_is_better),
		T(begun_anew), T(call_ends),     T(no_ice_answered),
		T(lost),       T(timeouts),      T(bundled),
		T(restored),   T(restored_lost), T(restored_without),
		T(figures),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
