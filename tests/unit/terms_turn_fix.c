/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file terms_turn_fix.c  Calls to Bob, who is reached by a TURN server
 */
#include "terms_turn_fix.h"

/** What is on its way to us */
struct queued {
	bool direct; /* to the port of Bob's leg; else: by a server  */
	struct sa local, src;
	uint8_t p[2048];
	size_t n;
};

struct fake_turn serverv[SERVERS];
struct sa localv[SERVERS];
unsigned serverc;
bool mute;
uint16_t fail_bind;
struct sa alternate;
struct phone bob;
static struct queued queue[QUEUE];
static unsigned queued;
struct sa leg;
struct sa hello;

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

void bob_sends(const struct sa *dst, const uint8_t *p, size_t n, void *arg)
{
	struct fake_turn *f = server_of(dst);
	(void)arg;

	if (f)
		fake_turn_peer(f, &bob.addr, p, n);
	else if (bob.direct)
		put_queue(true, &leg, &bob.addr, p, n);
}

void talk(void)
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

static void configure(struct fix *f)
{
	f->conf.ice_full = true;
	assert_int_equal(sa_set_str(&f->conf.turn.server, SERVER, 3478), 0);
	f->conf.turn.username = "carom";
	f->conf.turn.password = "secret";
	f->conf.turn.ready = READY;
}

void start(struct fix *f)
{
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
}

int turn_setup(void **state)
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

int turn_teardown(void **state)
{
	int rc;

	bob.x = mem_deref(bob.x);
	rc = teardown(state);
	assert_int_equal(fake_bridges()->relays, 0);

	return rc;
}

struct relays_stats stats(const struct fix *f)
{
	struct relays_stats st;

	relays_stats(f->m->relays, &st);

	return st;
}

char *bob_body(void)
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

void bob_begin(const struct fix *f)
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

const struct fp_leg *leg_at(const struct fix *f, uint16_t port)
{
	return fake_leg(f->fp, EXT4, port);
}
