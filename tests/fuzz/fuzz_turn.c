/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes to the port of an allocation at a TURN server: as it is; as the answer to what
 * was asked last, with an integrity that is right whatever is in it; from a peer, in
 * ChannelData and in indications. Between these what a call does: peers are let in, get
 * channels, are sent to. It may only ever send so much, and hand out what was in.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "ice/chandata.h"
#include "ice/turn.h"
#include "must.h"

enum { HEADER = 20, MOST = 2048, MI = 24, ATTRS = 255 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bed {
	struct turn *t;
	uint8_t asked[HEADER]; /* of the last request */
	uint8_t key[16];
	unsigned sent;
	const uint8_t *in; /* that is being looked at */
	size_t n;
	uint64_t now;
};

static void send_h(const uint8_t *p, size_t n, void *arg)
{
	struct bed *b = arg;

	MUST(p && n >= CHANDATA_HDR && n <= MOST);
	MUST(p[0] >> 6 == 1 ? n <= CHANDATA_HDR + TURN_DATAGRAM : n >= HEADER);
	if (n >= HEADER && !(p[0] & 1) && !(p[1] & 0x10))
		memcpy(b->asked, p, HEADER);
	++b->sent;
}

static void data_h(const struct sa *peer, const uint8_t *p, size_t n, void *arg)
{
	const struct bed *b = arg;
	uint8_t sum = 0;

	MUST(n < b->n);
	MUST(peer);
	for (size_t i = 0; i < n; i++)
		sum ^= p[i];
	*(volatile uint8_t *)&sum;
}

/* An answer of any kind to what was asked last */
static size_t sealed(const struct bed *b, uint8_t *p, uint8_t cls,
		     const uint8_t *attrs, size_t n)
{
	n &= ~(size_t)3;
	memcpy(p, b->asked, HEADER);
	p[0] |= 1;
	p[1] = (uint8_t)((p[1] & 0x0f) | (cls & 1 ? 0x10 : 0));
	memcpy(p + HEADER, attrs, n);
	n += HEADER;
	p[2] = (uint8_t)((n - HEADER + MI) >> 8);
	p[3] = (uint8_t)(n - HEADER + MI);
	memcpy(p + n, "\0\x08\0\x14", 4);
	hmac_sha1(b->key, sizeof(b->key), p, n, p + n + 4, 20);

	return n + MI;
}

static void recv_it(struct bed *b, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	MUST(copy);
	memcpy(copy, p, n);
	b->in = copy;
	b->n = n + 1;
	(void)turn_recv(b->t, copy, n, b->now);
	free(copy);
}

static void answer(struct bed *b, uint8_t how, const uint8_t *p, size_t n)
{
	uint8_t msg[HEADER + ATTRS + MI];

	recv_it(b, msg, sealed(b, msg, how, p, n));
}

/* The first answer says who it is, so that what comes next is looked into */
static void welcome(struct bed *b)
{
	static const uint8_t who[] = "\0\x09\0\x04\0\0\x04\x01"
				     "\0\x14\0\x04real"
				     "\0\x15\0\x04once";
	uint8_t msg[HEADER + sizeof(who)];

	memcpy(msg, b->asked, HEADER);
	msg[0] |= 1;
	msg[1] |= 0x10;
	msg[2] = 0;
	msg[3] = sizeof(who) - 1;
	memcpy(msg + HEADER, who, sizeof(who) - 1);
	recv_it(b, msg, HEADER + sizeof(who) - 1);
}

static void step(struct bed *b, uint8_t what, const uint8_t *p, size_t n)
{
	struct turn_kept kept;
	struct sa peer;

	sa_set_in(&peer, 0xc0000200 + (what >> 5), 4000 + (what >> 4 & 1));
	switch (what & 15) {

	case 0:
	case 1:
		recv_it(b, p, n);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		answer(b, what, p, n);
		break;
	case 6:
		(void)turn_permit(b->t, &peer);
		break;
	case 7:
		(void)turn_bind(b->t, &peer);
		break;
	case 8:
		(void)turn_send(b->t, &peer, p, n);
		break;
	case 9:
		turn_only(b->t, &peer);
		break;
	case 10:
		b->now += TURN_PERMIT_MS;
		break;
	case 11:
		if (turn_keep(b->t, &kept))
			MUST(sa_isset(&kept.relayed, SA_ALL));
		break;
	case 15:
		turn_end(b->t);
		break;
	default:
		b->now += 500;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bed b = {.now = 1000};
	struct turn_kept kept = {.channel = 0x4000};
	struct turn_conf conf = {.user = "user",
				 .pass = "pass",
				 .af = AF_INET,
				 .sendh = send_h,
				 .datah = data_h,
				 .arg = &b};

	if (size < 1 || size > 16 * MOST)
		return 0;
	(void)md5_printf(b.key, "user:real:pass");
	sa_set_in(&kept.relayed, 0xc6336407, 49160);
	sa_set_in(&kept.peer, 0xc0000200, 4000);
	conf.kept = data[0] & 1 ? &kept : NULL;
	MUST(!turn_alloc(&b.t, &conf));
	(void)turn_tick(b.t, b.now);
	welcome(&b);
	++data;
	--size;
	while (size >= 2) {
		const size_t n = data[1] < size - 2 ? data[1] : size - 2;
		const unsigned before = b.sent;

		step(&b, data[0], data + 2, n);
		MUST(b.sent - before <= TURN_PEERS + 1);
		MUST(turn_tick(b.t, b.now) >= -1);
		MUST(b.sent - before <= 3 * (TURN_PEERS + 1));
		MUST(turn_state(b.t) != TURN_UP ||
		     sa_isset(turn_relayed(b.t), SA_ALL));
		data += 2 + n;
		size -= 2 + n;
	}
	mem_deref(b.t);

	return 0;
}
