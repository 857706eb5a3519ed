/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fake_turn.h"

void fake_turn_init(struct fake_turn *f)
{
	memset(f, 0, sizeof(*f));
	f->user = "carom";
	f->pass = "secret";
	f->realm = "example.org";
	f->lifetime = 600;
	assert_int_equal(sa_set_str(&f->relayed, "198.51.100.7", 49160), 0);
	assert_int_equal(sa_set_str(&f->mapped, "192.0.2.1", 10000), 0);
	sa_init(&f->forbidden, AF_UNSPEC);
	sa_init(&f->alternate, AF_UNSPEC);
	fake_turn_stale(f);
}

void fake_turn_stale(struct fake_turn *f)
{
	(void)re_snprintf(f->nonce, sizeof(f->nonce), "nonce-%u", ++f->nonces);
}

void fake_turn_restart(struct fake_turn *f)
{
	f->up = false;
	f->permits = f->channels = 0;
	fake_turn_stale(f);
}

/* What was not renewed is gone */
static void forget(struct fake_turn *f)
{
	if (f->up && f->until <= f->now) {
		f->up = false;
		f->permits = f->channels = 0;
	}
	for (unsigned i = 0; i < f->permits;) {
		if (f->permitv[i].until > f->now)
			++i;
		else
			f->permitv[i] = f->permitv[--f->permits];
	}
	for (unsigned i = 0; i < f->channels;) {
		if (f->channelv[i].until > f->now)
			++i;
		else
			f->channelv[i] = f->channelv[--f->channels];
	}
}

bool fake_turn_permits(const struct fake_turn *f, const struct sa *peer)
{
	for (unsigned i = 0; i < f->permits; i++) {
		if (sa_cmp(&f->permitv[i].addr, peer, SA_ADDR) &&
		    f->permitv[i].until > f->now)
			return f->up;
	}

	return false;
}

static struct fake_turn_peer *channel_of(struct fake_turn *f,
					 const struct sa *peer)
{
	for (unsigned i = 0; i < f->channels; i++) {
		if (sa_cmp(&f->channelv[i].addr, peer, SA_ALL))
			return &f->channelv[i];
	}

	return NULL;
}

static struct fake_turn_peer *channel_no(struct fake_turn *f, uint16_t no)
{
	for (unsigned i = 0; i < f->channels; i++) {
		if (f->channelv[i].channel == no)
			return &f->channelv[i];
	}

	return NULL;
}

static void permit(struct fake_turn *f, const struct sa *peer)
{
	unsigned i = 0;

	while (i < f->permits && !sa_cmp(&f->permitv[i].addr, peer, SA_ADDR))
		++i;
	assert_true(i < FAKE_TURN_PEERS);
	f->permitv[i].addr = *peer;
	f->permitv[i].until = f->now + FAKE_TURN_PERMIT;
	if (i == f->permits)
		++f->permits;
}

/* ---- requests --------------------------------------------------------------- */

static void reply(struct fake_turn *f, const struct stun_msg *msg,
		  uint16_t code, bool shows, const uint8_t *key)
{
	struct stun_errcode ec = {.code = code, .reason = (char *)"Reason"};
	const uint16_t method = stun_msg_method(msg);
	const bool lives = !code && (method == STUN_METHOD_ALLOCATE ||
				     method == STUN_METHOD_REFRESH);
	const bool gives = !code && method == STUN_METHOD_ALLOCATE;
	struct mbuf *mb = mbuf_alloc(512);

	f->refused += code != 0;
	assert_int_equal(
		stun_msg_encode(
			mb, method,
			code ? STUN_CLASS_ERROR_RESP : STUN_CLASS_SUCCESS_RESP,
			stun_msg_tid(msg), code ? &ec : NULL,
			f->unsigned_ ? NULL : key,
			key && !f->unsigned_ ? MD5_SIZE : 0, true, 0, 6,
			STUN_ATTR_ALT_SERVER,
			code == 300 && sa_isset(&f->alternate, SA_ALL)
				? &f->alternate
				: NULL,
			STUN_ATTR_XOR_RELAY_ADDR, gives ? &f->relayed : NULL,
			STUN_ATTR_XOR_MAPPED_ADDR, gives ? &f->mapped : NULL,
			STUN_ATTR_LIFETIME, lives ? &f->lifetime : NULL,
			STUN_ATTR_REALM, shows ? f->realm : NULL,
			STUN_ATTR_NONCE, shows ? f->nonce : NULL),
		0);
	f->client(mb->buf, mb->end, f->arg);
	mem_deref(mb);
}

/* RFC 8489 9.2.4. @return 0, or a code */
static uint16_t admit(const struct fake_turn *f, const struct stun_msg *msg,
		      const uint8_t *key)
{
	const struct stun_attr *user = stun_msg_attr(msg, STUN_ATTR_USERNAME);
	const struct stun_attr *realm = stun_msg_attr(msg, STUN_ATTR_REALM);
	const struct stun_attr *nonce = stun_msg_attr(msg, STUN_ATTR_NONCE);

	if (!stun_msg_attr(msg, STUN_ATTR_MSG_INTEGRITY))
		return 401;
	if (!user || !realm || !nonce)
		return 400;
	if (strcmp(nonce->v.nonce, f->nonce))
		return 438;
	if (strcmp(user->v.username, f->user) ||
	    strcmp(realm->v.realm, f->realm) ||
	    stun_msg_chk_mi(msg, key, MD5_SIZE))
		return 401;

	return 0;
}

static uint16_t allocate(struct fake_turn *f, const struct stun_msg *msg)
{
	const struct stun_attr *a;

	a = stun_msg_attr(msg, STUN_ATTR_REQ_TRANSPORT);
	if (!a)
		return 400;
	if (a->v.req_transport != 17)
		return 442;
	a = stun_msg_attr(msg, STUN_ATTR_REQ_ADDR_FAMILY);
	if (a ? a->v.req_addr_family != 2 || sa_af(&f->relayed) != AF_INET6
	      : sa_af(&f->relayed) != AF_INET)
		return 440;
	/* what is sent again is answered again (RFC 8656 7.2) */
	if (f->up)
		return memcmp(f->tid, stun_msg_tid(msg), sizeof(f->tid)) ? 437
									 : 0;
	memcpy(f->tid, stun_msg_tid(msg), sizeof(f->tid));
	f->up = true;
	f->until = f->now + f->lifetime * 1000ULL;

	return 0;
}

static uint16_t refresh(struct fake_turn *f, const struct stun_msg *msg)
{
	const struct stun_attr *a = stun_msg_attr(msg, STUN_ATTR_LIFETIME);

	if (!f->up)
		return 437;
	if (a && !a->v.lifetime) {
		f->up = false;
		f->permits = f->channels = 0;
		return 0;
	}
	f->until = f->now + f->lifetime * 1000ULL;

	return 0;
}

static uint16_t create_permission(struct fake_turn *f, const struct sa *peer)
{
	if (!f->up)
		return 437;
	if (sa_af(peer) != sa_af(&f->relayed))
		return 443;
	if (sa_cmp(peer, &f->forbidden, SA_ADDR))
		return 403;
	permit(f, peer);

	return 0;
}

static uint16_t channel_bind(struct fake_turn *f, const struct stun_msg *msg,
			     const struct sa *peer)
{
	const struct stun_attr *a = stun_msg_attr(msg,
						  STUN_ATTR_CHANNEL_NUMBER);
	struct fake_turn_peer *c = channel_of(f, peer);

	if (!f->up)
		return 437;
	if (!a || a->v.channel_number < 0x4000 || a->v.channel_number > 0x4fff)
		return 400;
	/* one peer has one number, and one number one peer */
	if (c ? c->channel != a->v.channel_number
	      : channel_no(f, a->v.channel_number) != NULL)
		return 400;
	if (!c) {
		assert_true(f->channels < FAKE_TURN_PEERS);
		c = &f->channelv[f->channels++];
	}
	c->addr = *peer;
	c->channel = a->v.channel_number;
	c->until = f->now + FAKE_TURN_CHANNEL;
	permit(f, peer);

	return 0;
}

static uint16_t serve(struct fake_turn *f, const struct stun_msg *msg)
{
	const uint16_t method = stun_msg_method(msg);
	const struct stun_attr *peer = stun_msg_attr(msg,
						     STUN_ATTR_XOR_PEER_ADDR);

	if (f->fail[method & 15] && f->fails) {
		--f->fails;
		return f->fail[method & 15];
	}
	switch (method) {

	case STUN_METHOD_ALLOCATE:
		return allocate(f, msg);
	case STUN_METHOD_REFRESH:
		return refresh(f, msg);
	case STUN_METHOD_CREATEPERM:
		return peer ? create_permission(f, &peer->v.xor_peer_addr)
			    : 400;
	case STUN_METHOD_CHANBIND:
		return peer ? channel_bind(f, msg, &peer->v.xor_peer_addr)
			    : 400;
	default:
		return 400;
	}
}

static void request(struct fake_turn *f, const struct stun_msg *msg)
{
	uint8_t key[MD5_SIZE];
	uint16_t code = 0;

	++f->asked[stun_msg_method(msg) & 15];
	assert_int_equal(stun_msg_chk_fingerprint(msg), 0);
	if (f->user) {
		(void)md5_printf(key, "%s:%s:%s", f->user, f->realm, f->pass);
		code = admit(f, msg, key);
	}
	if (code)
		reply(f, msg, code, code == 401 || code == 438, NULL);
	else
		reply(f, msg, serve(f, msg), false, f->user ? key : NULL);
}

/* ---- data ------------------------------------------------------------------- */

static void to_peer(struct fake_turn *f, const struct sa *peer,
		    const uint8_t *p, size_t n)
{
	if (fake_turn_permits(f, peer))
		f->peer(peer, p, n, f->arg);
	else
		++f->dropped;
}

static void chandata(struct fake_turn *f, const uint8_t *p, size_t n)
{
	const struct fake_turn_peer *c;
	size_t len;

	assert_true(n >= 4);
	len = (size_t)p[2] << 8 | p[3];
	assert_true(len <= n - 4);
	c = channel_no(f, (uint16_t)(p[0] << 8 | p[1]));
	if (!c) {
		++f->dropped;
		return;
	}
	++f->chandata;
	to_peer(f, &c->addr, p + 4, len);
}

static void indication(struct fake_turn *f, const struct stun_msg *msg)
{
	const struct stun_attr *peer, *data;

	assert_int_equal(stun_msg_method(msg), STUN_METHOD_SEND);
	peer = stun_msg_attr(msg, STUN_ATTR_XOR_PEER_ADDR);
	data = stun_msg_attr(msg, STUN_ATTR_DATA);
	assert_non_null(peer);
	assert_non_null(data);
	to_peer(f, &peer->v.xor_peer_addr, mbuf_buf(&data->v.data),
		mbuf_get_left(&data->v.data));
}

void fake_turn_recv(struct fake_turn *f, const uint8_t *p, size_t n)
{
	struct stun_unknown_attr ua;
	struct stun_msg *msg = NULL;
	struct mbuf *mb;

	forget(f);
	if (f->mute)
		return;
	if (n && p[0] >> 6 == 1) {
		chandata(f, p, n);
		return;
	}
	mb = mbuf_alloc(n);
	assert_int_equal(mbuf_write_mem(mb, p, n), 0);
	mb->pos = 0;
	assert_int_equal(stun_msg_decode(&msg, mb, &ua), 0);
	if (stun_msg_class(msg) == STUN_CLASS_REQUEST)
		request(f, msg);
	else
		indication(f, msg);
	mem_deref(msg);
	mem_deref(mb);
}

void fake_turn_peer(struct fake_turn *f, const struct sa *from,
		    const uint8_t *p, size_t n)
{
	const struct fake_turn_peer *c = channel_of(f, from);
	struct mbuf *mb, d = {.buf = (uint8_t *)p, .size = n, .end = n};
	uint8_t tid[STUN_TID_SIZE];

	forget(f);
	if (f->mute || !fake_turn_permits(f, from)) {
		++f->dropped;
		return;
	}
	mb = mbuf_alloc(n + 128);
	if (c) {
		assert_int_equal(mbuf_write_u16(mb, htons(c->channel)), 0);
		assert_int_equal(mbuf_write_u16(mb, htons((uint16_t)n)), 0);
		assert_int_equal(mbuf_write_mem(mb, p, n), 0);
	} else {
		rand_bytes(tid, sizeof(tid));
		assert_int_equal(stun_msg_encode(mb, STUN_METHOD_DATA,
						 STUN_CLASS_INDICATION, tid,
						 NULL, NULL, 0, false, 0, 2,
						 STUN_ATTR_XOR_PEER_ADDR, from,
						 STUN_ATTR_DATA, &d),
				 0);
	}
	f->client(mb->buf, mb->end, f->arg);
	mem_deref(mb);
}
