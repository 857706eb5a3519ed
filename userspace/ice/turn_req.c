/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/turn_req.c  Requests to a TURN server, sent again and answered (RFC 8489 6.2.1,
 *                       9.2)
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "ice/turn_priv.h"

enum {
	MSG_SIZE = 512,
	UDP = 17,
	FAMILY_IPV6 = 2,
	TRY_ALTERNATE = 300,
	UNAUTHENTICATED = 401,
	STALE_NONCE = 438,
};

static uint16_t method_of(enum turn_ask ask)
{
	switch (ask) {

	case ASK_ALLOCATE:
		return STUN_METHOD_ALLOCATE;
	case ASK_REFRESH:
		return STUN_METHOD_REFRESH;
	case ASK_PERMIT:
		return STUN_METHOD_CREATEPERM;
	case ASK_BIND:
		break;
	}

	return STUN_METHOD_CHANBIND;
}

/* Attributes that are NULL are left out. Before the server has said what it wants to be
 * shown, nothing is */
static int encode(struct mbuf *mb, const struct turn *t,
		  const struct turn_req *r, const struct turn_peer *p)
{
	const uint32_t life = t->state == TURN_ENDING ? 0 : TURN_LIFETIME;
	const bool lives = r->ask == ASK_ALLOCATE || r->ask == ASK_REFRESH;
	const bool allocates = r->ask == ASK_ALLOCATE;
	const uint8_t udp = UDP, v6 = FAMILY_IPV6;

	return stun_msg_encode(
		mb, method_of(r->ask), STUN_CLASS_REQUEST, r->tid, NULL,
		r->keyed ? t->key : NULL, r->keyed ? sizeof(t->key) : 0, true,
		0x00, 8, STUN_ATTR_REQ_TRANSPORT, allocates ? &udp : NULL,
		STUN_ATTR_REQ_ADDR_FAMILY,
		allocates && t->af == AF_INET6 ? &v6 : NULL, STUN_ATTR_LIFETIME,
		lives ? &life : NULL, STUN_ATTR_CHANNEL_NUMBER,
		r->ask == ASK_BIND ? &p->channel : NULL,
		STUN_ATTR_XOR_PEER_ADDR, p ? &p->addr : NULL,
		STUN_ATTR_USERNAME, r->keyed ? t->user : NULL, STUN_ATTR_REALM,
		r->keyed ? t->realm : NULL, STUN_ATTR_NONCE,
		r->keyed ? t->nonce : NULL);
}

static void make(struct turn *t, struct turn_req *r, const struct turn_peer *p,
		 uint64_t now)
{
	mem_deref(r->mb);
	r->mb = mbuf_alloc(MSG_SIZE);
	r->keyed = t->nonce[0];
	r->sent = 1;
	r->rto = TURN_RTO;
	r->due = now + r->rto;
	++r->doors;
	rand_bytes(r->tid, sizeof(r->tid));
	if (!r->mb || encode(r->mb, t, r, p))
		return; /* as one that was lost; it is not sent again */
	t->sendh(r->mb->buf, r->mb->end, t->arg);
}

void req_open(struct turn *t, struct turn_req *r, enum turn_ask ask,
	      const struct turn_peer *p, uint64_t now)
{
	r->open = true;
	r->ask = ask;
	r->doors = 0;
	make(t, r, p, now);
}

void req_close(struct turn_req *r)
{
	r->open = false;
	r->mb = mem_deref(r->mb);
}

bool req_tick(struct turn *t, struct turn_req *r, uint64_t now)
{
	if (!r->open || r->due > now)
		return true;
	if (r->sent >= TURN_TRIES) {
		req_close(r);
		return false;
	}
	++r->sent;
	r->rto *= 2;
	r->due = now + (r->sent == TURN_TRIES
				? (uint64_t)TURN_RTO * TURN_PATIENCE
				: r->rto);
	if (r->mb && r->mb->end)
		t->sendh(r->mb->buf, r->mb->end, t->arg);

	return true;
}

/* ---- answers --------------------------------------------------------------- */

static bool take_word(char *to, const struct stun_msg *msg, uint16_t type)
{
	const struct stun_attr *a = stun_msg_attr(msg, type);

	if (!a || !a->v.str || !a->v.str[0] || strlen(a->v.str) > TURN_WORDS)
		return false;
	str_ncpy(to, a->v.str, TURN_WORDS + 1);

	return true;
}

/* What the server wants to be shown. @return false: it does not say */
static bool learn(struct turn *t, const struct stun_msg *msg)
{
	const bool realm = take_word(t->realm, msg, STUN_ATTR_REALM);

	if (!take_word(t->nonce, msg, STUN_ATTR_NONCE) ||
	    (!realm && !t->realm[0]))
		return false;

	return !md5_printf(t->key, "%s:%s:%s", t->user, t->realm, t->pass);
}

/* Of what is refused the server may not know who asks; what is granted it must */
static bool credible(const struct turn *t, const struct turn_req *r,
		     const struct stun_msg *msg, bool granted)
{
	if (!r->keyed)
		return true;
	if (!stun_msg_attr(msg, STUN_ATTR_MSG_INTEGRITY))
		return !granted;

	return !stun_msg_chk_mi(msg, t->key, sizeof(t->key));
}

static enum req_got refused(struct turn *t, struct turn_req *r,
			    const struct turn_peer *p,
			    const struct stun_msg *msg, uint16_t code,
			    uint64_t now)
{
	const bool asks = code == STALE_NONCE ||
			  (code == UNAUTHENTICATED && !r->keyed);
	const struct stun_attr *a = stun_msg_attr(msg, STUN_ATTR_ERR_CODE);
	const struct stun_attr *alt;

	if (asks && r->doors < TURN_DOORS && learn(t, msg)) {
		make(t, r, p, now);
		return REQ_AGAIN;
	}
	/* what has no integrity anybody could have written */
	alt = stun_msg_attr(msg, STUN_ATTR_ALT_SERVER);
	if (code == TRY_ALTERNATE && alt &&
	    (!r->keyed || stun_msg_attr(msg, STUN_ATTR_MSG_INTEGRITY)))
		t->alternate = alt->v.alt_server;
	(void)re_snprintf(t->said, sizeof(t->said), "%u %s", code,
			  a && a->v.err_code.reason ? a->v.err_code.reason
						    : "");
	req_close(r);

	return REQ_REFUSED;
}

enum req_got req_answered(struct turn *t, struct turn_req *r,
			  const struct turn_peer *p, const struct stun_msg *msg,
			  uint16_t *code, uint64_t now)
{
	const bool granted = stun_msg_class(msg) == STUN_CLASS_SUCCESS_RESP;
	const struct stun_attr *a = stun_msg_attr(msg, STUN_ATTR_ERR_CODE);

	if (!r->open || memcmp(r->tid, stun_msg_tid(msg), sizeof(r->tid)) ||
	    stun_msg_method(msg) != method_of(r->ask) ||
	    !credible(t, r, msg, granted))
		return REQ_OTHERS;
	if (granted) {
		req_close(r);
		return REQ_GRANTED;
	}
	*code = a ? a->v.err_code.code : 500;

	return refused(t, r, p, msg, *code, now);
}
