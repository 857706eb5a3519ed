/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file turn_fix.c  A client and a TURN server, in a time of their own, over a wire that may lose
 */
#include "turn_fix.h"

struct packet {
	bool up; /* to the server */
	uint8_t p[2048];
	size_t n;
	uint64_t at;
};

struct fake_turn server;

struct turn *client;
static struct packet wire[WIRE];

unsigned wirec;
unsigned sent, lose;
static uint32_t chance;
uint64_t now;

struct sa peer, peer2;

struct sa from;

char got[64], heard[64];

unsigned gots, heards;

static void put(bool up, const uint8_t *p, size_t n)
{
	struct packet *k = &wire[wirec];

	++sent;
	chance = chance * 1664525 + 1013904223;
	if (chance / 65536 % 100 < lose)
		return;
	assert_true(wirec < WIRE && n <= sizeof(k->p));
	++wirec;
	k->up = up;
	memcpy(k->p, p, n);
	k->n = n;
	k->at = now + DELAY;
}

void send_h(const uint8_t *p, size_t n, void *arg)
{
	(void)arg;
	put(true, p, n);
}

static void client_h(const uint8_t *p, size_t n, void *arg)
{
	(void)arg;
	put(false, p, n);
}

static void keep(char *to, size_t size, const uint8_t *p, size_t n)
{
	n = min(n, size - 1);
	memcpy(to, p, n);
	to[n] = '\0';
}

void data_h(const struct sa *src, const uint8_t *p, size_t n, void *arg)
{
	(void)arg;
	from = *src;
	keep(got, sizeof(got), p, n);
	++gots;
}

static void peer_h(const struct sa *dst, const uint8_t *p, size_t n, void *arg)
{
	(void)arg;
	(void)dst;
	keep(heard, sizeof(heard), p, n);
	++heards;
}

static void deliver(void)
{
	for (unsigned i = 0; i < wirec;) {
		struct packet k = wire[i];

		if (k.at > now) {
			++i;
			continue;
		}
		memmove(&wire[i], &wire[i + 1], (--wirec - i) * sizeof(k));
		if (k.up)
			fake_turn_recv(&server, k.p, k.n);
		else
			(void)turn_recv(client, k.p, k.n, now);
	}
}

void pass(uint64_t ms)
{
	const uint64_t end = now + ms;

	while (now < end) {
		const int64_t wait = turn_tick(client, now);

		server.now = now;
		if (wirec || (wait >= 0 && wait < STEP))
			now += STEP;
		else
			now = wait < 0 ? end : min(end, now + (uint64_t)wait);
		server.now = now;
		deliver();
	}
	(void)turn_tick(client, now);
}

void begin(const struct turn_kept *kept)
{
	const struct turn_conf c = {.user = "carom",
				    .pass = "secret",
				    .af = sa_af(&server.relayed),
				    .kept = kept,
				    .sendh = send_h,
				    .datah = data_h};

	client = mem_deref(client);
	assert_int_equal(turn_alloc(&client, &c), 0);
}

int setup(void **state)
{
	(void)state;
	fake_turn_init(&server);
	server.client = client_h;
	server.peer = peer_h;
	wirec = sent = lose = gots = heards = 0;
	chance = 1;
	got[0] = heard[0] = '\0';
	now = BEGIN;
	assert_int_equal(sa_set_str(&peer, "203.0.113.10", 4000), 0);
	assert_int_equal(sa_set_str(&peer2, "203.0.113.20", 4000), 0);
	begin(NULL);

	return 0;
}

int teardown(void **state)
{
	(void)state;
	client = mem_deref(client);

	return 0;
}

void is_up(void)
{
	assert_int_equal(turn_state(client), TURN_UP);
	assert_true(sa_cmp(turn_relayed(client), &server.relayed, SA_ALL));
	assert_true(sa_cmp(turn_mapped(client), &server.mapped, SA_ALL));
}

void is_over(enum turn_why why)
{
	assert_int_equal(turn_state(client), TURN_OVER);
	assert_string_equal(turn_why_name(turn_why(client)),
			    turn_why_name(why));
	assert_int_equal(turn_tick(client, now), -1);
}

int say(const char *s)
{
	return turn_send(client, &peer, (const uint8_t *)s, strlen(s));
}
